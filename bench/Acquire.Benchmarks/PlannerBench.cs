using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Planning;

namespace Acquire.Benchmarks;

/// <summary>The day planner: time to optimality, latency of planning again, and how days turn out against a fixed list.</summary>
internal static class PlannerBench
{
    /// <summary>Time to a proof, and the gap where there is none.</summary>
    public static int Optimality(string[] args)
    {
        int days = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100;
        foreach (int patients in (int[])[10, 15, 20])
        {
            for (int warm = 0; warm < 3; warm++) DayPlanner.Plan(SyntheticDay.Make(warm, patients));
            var times = new List<double>();
            var gaps = new List<double>();
            var live = new List<double>();
            int proven = 0;
            for (int seed = 1; seed <= days; seed++)
            {
                DayRequest day = SyntheticDay.Make(seed, patients);
                long start = Stopwatch.GetTimestamp();
                DayPlan plan = DayPlanner.Plan(day, PlanBudget.Full with { Stop = () => Stopwatch.GetElapsedTime(start).TotalSeconds > 2 });
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                if (plan.IsOptimal) proven++;
                gaps.Add(plan.Gap);
                // Something slips in the middle of the day: the patients due for injection is half an hour late, and a camera is down for half an hour.
                int now = 600 + (seed * 7 % 240);
                string late = plan.Patients[seed % patients].Slot;
                DayRequest rest = DayProgress.At(plan, now, [new PatientLate(now, late, now + 30), new CameraDown(now, "B", now + 30)]);
                start = Stopwatch.GetTimestamp();
                DayPlan again = DayPlanner.Plan(rest, PlanBudget.Live with { Stop = () => Stopwatch.GetElapsedTime(start).TotalMilliseconds > 90 }, plan);
                live.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                _ = again;
            }
            string Of(List<double> x, string unit)
            {
                double[] s = [.. x.Order()];
                return string.Create(CultureInfo.InvariantCulture, $"median {s[s.Length / 2]:F0}, 95 % {s[(int)(s.Length * 0.95)]:F0}, max {s[^1]:F0} {unit}");
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{patients} patients, {days} days: proven optimal {100.0 * proven / days:F0} %; {Of(times, "ms")}; gap {Of(gaps, "points")}; planning again {Of(live, "ms")}"));
        }
        return 0;
    }

    /// <summary>Days with random lateness: the share of later visits outside their window, list against planner.</summary>
    public static int Outcomes(string[] args)
    {
        int days = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        var list = new DayOutcome[days];
        var planner = new DayOutcome[days];
        Parallel.For(0, days, n =>
        {
            DayRequest day = SyntheticDay.Make(n + 1, 20, gallium: 0);
            list[n] = DaySimulation.RunList(day, n + 1);
            planner[n] = DaySimulation.RunPlanner(day, n + 1, new PlanBudget(200, 3, 400), new PlanBudget(10, 1, 60));
        });
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
