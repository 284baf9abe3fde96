using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Planning;

namespace Acquire.Benchmarks;

/// <summary>The day planner: time to optimality, latency of planning again, and how days turn out.</summary>
internal static class PlannerBench
{
    public static int Optimality(string[] args)
    {
        int days = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100;
        int patients = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 20;
        DayPlanner.Plan(SyntheticDay.Make(0, patients));
        var times = new List<double>();
        int proven = 0;
        for (int seed = 1; seed <= days; seed++)
        {
            DayRequest day = SyntheticDay.Make(seed, patients);
            long start = Stopwatch.GetTimestamp();
            DayPlan plan = DayPlanner.Plan(day);
            double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            times.Add(ms);
            if (plan.IsOptimal) proven++;
            if (days <= 30 || !plan.IsOptimal) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seed,4}: objective {plan.Objective,5} bound {plan.LowerBound,5} gap {plan.Gap,3} evaluations {plan.Evaluations,6} branches {plan.Branches,5} {ms,7:F0} ms"));
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"proven {proven} of {days}; median {times[days / 2]:F0} ms, 95 % {times[(int)(days * 0.95)]:F0} ms, max {times[^1]:F0} ms"));
        return 0;
    }
}
