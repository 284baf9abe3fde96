using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Planning;

namespace Acquire.Benchmarks;

/// <summary>The day planner: time to optimality, latency of planning again, and how days turn out against a fixed list.</summary>
internal static class PlannerBench
{
    /// <summary>Seeds of days nobody tuned with begin here.</summary>
    private const int FirstSeed = 100_000;

    /// <summary>Time to a proof, the gap where there is none, and the latency of planning again.</summary>
    public static int Optimality(string[] args)
    {
        int days = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 30;
        int[] sizes = args.Length > 1 ? [int.Parse(args[1], CultureInfo.InvariantCulture)] : [10, 15, 20];
        foreach (int patients in sizes)
        {
            for (int warm = 0; warm < 3; warm++) DayPlanner.Plan(SyntheticDay.Make(warm, patients), new PlanBudget(2000, 100, 1000));
            var proofs = new List<double>();
            var gaps = new List<double>();
            var shares = new List<double>();
            var live = new List<double>();
            for (int n = 0; n < days; n++)
            {
                DayRequest day = SyntheticDay.Make(FirstSeed + n, patients);
                long start = Stopwatch.GetTimestamp();
                DayPlan plan = DayPlanner.Plan(day, PlanBudget.Full with { Stop = () => Stopwatch.GetElapsedTime(start).TotalSeconds > 1.9 });
                double took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                if (plan.IsOptimal && took < 2000) proofs.Add(took);
                gaps.Add(plan.Gap);
                shares.Add(plan.Objective > 0 ? 100.0 * plan.Gap / plan.Objective : 0);
                // Something slips in the middle of the day: the patient due for injection is half an hour late, and a camera is down for half an hour.
                int now = 600 + (n * 7 % 240);
                string late = plan.Patients[n % patients].Slot;
                DayRequest rest = DayProgress.At(plan, now, [new PatientLate(now, late, now + 30), new CameraDown(now, "B", now + 30)]);
                start = Stopwatch.GetTimestamp();
                DayPlanner.Plan(rest, PlanBudget.Live with { Stop = () => Stopwatch.GetElapsedTime(start).TotalMilliseconds > 70 }, plan);
                live.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{patients} patients, days {FirstSeed} to {FirstSeed + days - 1}: proven optimal within 2 s {proofs.Count} of {days}; time to the proof where there is one {Of(proofs, "ms")}; gap {Of(gaps, "points")}; {Of(shares, "% of the plan's points")}; planning again {Of(live, "ms")}, under 100 ms {live.Count(x => x < 100)} of {days}"));
        }
        return 0;
    }

    private static string Of(List<double> values, string unit)
    {
        if (values.Count == 0) return "(none)";
        double[] s = [.. values.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"median {s[s.Length / 2]:F0}, 95 % {s[(int)(s.Length * 0.95)]:F0}, max {s[^1]:F0} {unit}");
    }

    /// <summary>Days with random lateness: the share of later visits outside their window, list against planner.</summary>
    public static int Outcomes(string[] args)
    {
        int days = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        var list = new DayOutcome[days];
        var planner = new DayOutcome[days];
        long start = Stopwatch.GetTimestamp();
        Parallel.For(0, days, n =>
        {
            int seed = FirstSeed + n;
            DayRequest day = SyntheticDay.Make(seed, 20, gallium: 0);
            list[n] = DaySimulation.RunList(day, seed);
            planner[n] = DaySimulation.RunPlanner(day, seed, new PlanBudget(200, 3, 400), new PlanBudget(10, 1, 60));
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"days {FirstSeed} to {FirstSeed + days - 1}, {days / Stopwatch.GetElapsedTime(start).TotalMinutes:F0} days a minute on {Environment.ProcessorCount} cores"));
        Print("fixed list", list);
        Print("planner, planned again when something slips", planner);
        double a = Share(list), b = Share(planner);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio {(b > 0 ? a / b : double.PositiveInfinity):F1}"));
        return 0;
    }

    private static double Share(DayOutcome[] days) => (double)days.Sum(d => d.Outside) / days.Sum(d => d.Scans);

    private static void Print(string name, DayOutcome[] days)
    {
        int[] ends = [.. days.Select(d => d.LastEndMinute).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {days.Sum(d => d.Outside)} of {days.Sum(d => d.Scans)} scans outside their window, {100 * Share(days):F2} %; not injected {days.Sum(d => d.NotInjected)}; waiting {days.Sum(d => (double)d.WaitedMinutes) / days.Sum(d => d.Scans):F0} min per patient; last end median {ClockText.Write(ends[ends.Length / 2])}; planned again {days.Average(d => d.Replans):F0} times a day"));
    }
}
