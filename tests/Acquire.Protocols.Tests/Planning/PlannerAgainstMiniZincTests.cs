using System.Diagnostics;
using System.Globalization;
using System.Text;
using Acquire.Protocols.Planning;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Planning;

/// <summary>The planner's optimum against an independent solver: small days as a MiniZinc model (tests/peers/day.mzn) solved by Gecode.</summary>
public sealed class PlannerAgainstMiniZincTests(ITestOutputHelper output)
{
    private const string MiniZinc = "/usr/bin/minizinc";

    /// <summary>Days compared: ACQUIRE_PLANNER_DAYS, 6 without it.</summary>
    private static readonly int Days = int.TryParse(Environment.GetEnvironmentVariable("ACQUIRE_PLANNER_DAYS"), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 6;

    [Fact]
    public void Plan_SmallDays_HaveTheOptimumGecodeProves()
    {
        Assert.SkipUnless(File.Exists(MiniZinc), "needs MiniZinc (Debian: apt-get install minizinc)");
        string model = Path.Combine(SharedData.ProjectRoot, "tests", "peers", "day.mzn");
        int compared = 0, unfinished = 0;
        for (int seed = 1; compared < Days && seed < Days * 3; seed++)
        {
            DayRequest day = SmallDay.Make(seed, 5 + (seed % 4));
            SlotProblem problem = new DayGrid(day).Problem;
            SlotResult ours = SlotSearch.Solve(problem, PlanBudget.Full);
            int? theirs = Solve(model, problem);
            if (theirs is null)
            {
                unfinished++;
                continue;
            }
            output.WriteLine($"day {seed}: {day.Patients.Count} slots, {day.Cameras.Count} cameras, ours {ours.Objective} (bound {ours.LowerBound}), Gecode {theirs}");
            Assert.True(ours.LowerBound <= theirs, $"day {seed}: bound {ours.LowerBound} above the optimum {theirs}");
            Assert.True(ours.Objective == theirs, $"day {seed}: ours {ours.Objective}, Gecode {theirs}");
            compared++;
        }
        output.WriteLine($"{compared} days compared, {unfinished} left out because Gecode did not prove its optimum in time");
        Assert.Equal(Days, compared);
    }

    /// <summary>The optimum, or null when it was not proven within a minute.</summary>
    private static int? Solve(string model, SlotProblem problem)
    {
        string data = Path.Combine(Path.GetTempPath(), $"acquire-day-{Environment.ProcessId}.dzn");
        File.WriteAllText(data, Data(problem));
        try
        {
            var start = new ProcessStartInfo(MiniZinc, ["--solver", "gecode", "-O2", "--time-limit", "60000", model, data]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"minizinc: {errors.Result}");
            Assert.DoesNotContain("UNSATISFIABLE", text, StringComparison.Ordinal);
            string[] totals = [.. text.Split('\n').Where(l => l.StartsWith("total=", StringComparison.Ordinal))];
            return text.Contains("==========", StringComparison.Ordinal) && totals.Length > 0 ? int.Parse(totals[^1][6..], CultureInfo.InvariantCulture) : null;
        }
        finally
        {
            File.Delete(data);
        }
    }

    private static string Data(SlotProblem p)
    {
        var text = new StringBuilder();
        void One(string name, object value) => text.Append(CultureInfo.InvariantCulture, $"{name} = {value};\n");
        string Word(bool b) => b ? "true" : "false";
        void List<T>(string name, IEnumerable<T> values, string index)
        {
            string all = string.Join(", ", values.Select(v => v is bool b ? Word(b) : Convert.ToString(v, CultureInfo.InvariantCulture)));
            text.Append(CultureInfo.InvariantCulture, $"{name} = {(index.Length > 0 ? $"{index}, [{all}])" : $"[{all}]")};\n");
        }
        string S(int rows) => string.Create(CultureInfo.InvariantCulture, $"array2d(1..{rows}, 0..{p.Slots - 1}");
        int cameras = p.Cameras.Length, jobs = p.Jobs.Length, kits = p.Kits.Length;
        int lags = Math.Max(1, p.Jobs.Max(j => j.LagCost.Length));
        One("slots", p.Slots);
        One("cameras", cameras);
        One("collimators", p.Collimators.Length);
        One("jobs", jobs);
        One("kits", kits);
        List("has", p.Cameras.SelectMany(c => Enumerable.Range(0, p.Collimators.Length).Select(k => c.LocalCollimator(k) >= 0)), $"array2d(1..{cameras}, 1..{p.Collimators.Length}");
        List("mounted", p.Cameras.Select(c => c.Collimators[c.Mounted] + 1), "");
        List("exchangeSlots", p.Cameras.Select(c => c.ExchangeSlots), "");
        List("exchangeCost", p.Cameras.Select(c => c.ExchangeCost), "");
        List("open", p.Cameras.SelectMany(c => c.Open), S(cameras));
        List("regularEnd", p.Cameras.Select(c => c.RegularEnd), "");
        List("overtimeCost", p.Cameras.Select(c => c.OvertimeCost), "");
        List("overtimeEvery", p.Cameras.Select(c => c.OvertimeEvery), "");
        List("skipCost", p.Cameras.Select(c => c.SkippedBreakCost), "");
        (int Camera, SlotBreak Break)[] breaks = [.. p.Cameras.SelectMany((c, n) => c.Breaks.Select(b => (n + 1, b)))];
        One("breaks", breaks.Length);
        List("breakCamera", breaks.Select(b => b.Camera), "");
        List("breakEarliest", breaks.Select(b => b.Break.Earliest), "");
        List("breakLatest", breaks.Select(b => b.Break.Latest), "");
        List("breakLength", breaks.Select(b => b.Break.Length), "");
        List("staff", p.Staff, $"array1d(0..{p.Slots - 1}");
        List("rooms", p.Rooms, $"array1d(0..{p.Slots - 1}");
        List("content", p.Kits, "");
        int[] never = [.. Enumerable.Repeat(SlotProblem.Never, p.Slots)];
        int[] barred = [.. Enumerable.Repeat(SlotProblem.Never, cameras)];
        List("dropCost", p.Jobs.Select(j => j.DropCost), "");
        List("injects", p.Jobs.Select(j => j.Injects), "");
        List("injectionCost", p.Jobs.SelectMany(j => j.Injects ? j.InjectionCost : never), S(jobs));
        List("staffLead", p.Jobs.Select(j => j.StaffLead), "");
        List("staffTail", p.Jobs.Select(j => j.StaffTail), "");
        List("needsRoom", p.Jobs.Select(j => j.NeedsRoom), "");
        List("needsKit", p.Jobs.Select(j => j.KitNeed.Length > 0), "");
        List("kitNeed", p.Jobs.SelectMany(j => Enumerable.Range(0, kits).SelectMany(k => j.KitNeed.Length > 0 ? j.KitNeed[k] : [.. Enumerable.Repeat(-1, p.Slots)])), $"array3d(1..{jobs}, 1..{kits}, 0..{p.Slots - 1}");
        List("firstLead", p.Jobs.Select(j => j.FirstLead), "");
        List("firstTail", p.Jobs.Select(j => j.FirstTail), "");
        List("firstCamera", p.Jobs.SelectMany(j => j.FirstCamera.Length > 0 ? j.FirstCamera : barred), $"array2d(1..{jobs}, 1..{cameras}");
        List("firstCollimator", p.Jobs.Select(j => j.FirstCollimator + 1), "");
        List("laterSlots", p.Jobs.Select(j => j.LaterSlots), "");
        List("minLag", p.Jobs.Select(j => j.MinLag), "");
        List("maxLag", p.Jobs.Select(j => j.MinLag + j.LagCost.Length - 1), "");
        One("lagColumns", lags);
        List("lagCost", p.Jobs.SelectMany(j => Enumerable.Range(0, lags).Select(n => n < j.LagCost.Length ? j.LagCost[n] : 0)), $"array2d(1..{jobs}, 0..{lags - 1}");
        List("laterCost", p.Jobs.SelectMany(j => j.LaterCost.Length > 0 ? j.LaterCost : never), S(jobs));
        List("laterCamera", p.Jobs.SelectMany(j => j.LaterCamera.Length > 0 ? j.LaterCamera : barred), $"array2d(1..{jobs}, 1..{cameras}");
        List("laterCollimator", p.Jobs.Select(j => j.LaterCollimator + 1), "");
        List("followSlots", p.Jobs.Select(j => j.FollowSlots), "");
        return text.ToString();
    }
}
