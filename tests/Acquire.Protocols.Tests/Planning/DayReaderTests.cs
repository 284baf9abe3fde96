using Acquire.Protocols.Clinical;
using Acquire.Protocols.Planning;
using Acquire.Protocols.Tests.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Planning;

public sealed class DayReaderTests
{
    private static readonly string Folder = Path.Combine(SharedData.ProjectRoot, "demo", "days");
    private static readonly string Thursday = File.ReadAllText(Path.Combine(Folder, "thursday.yaml"));

    private static ProtocolResult Protocol(string name) => ProtocolReader.Read(File.ReadAllText(Path.Combine(SharedData.ProjectRoot, name)), name, path => new ProtocolText(File.ReadAllText(Path.Combine(SharedData.ProjectRoot, path))));

    private static DayResult Read(string text) => DayReader.Read(text, "day.yaml", Protocol);

    [Fact]
    public void Read_EveryDayShipped_IsValidAndHasAFeasiblePlan()
    {
        string[] days = [.. Directory.GetFiles(Folder, "*.yaml").Where(f => !f.EndsWith("-slips.yaml", StringComparison.Ordinal))];
        Assert.NotEmpty(days);
        foreach (string file in days)
        {
            DayResult day = Read(File.ReadAllText(file));
            Assert.Equal([], day.Problems);
            Assert.Equal([], PlanRecount.Wrong(DayPlanner.Plan(day.Request!, new PlanBudget(200, 4, 100))));
        }
    }

    [Fact]
    public void Read_Protocol_DerivesVisitsAndWindowsFromIt()
    {
        PlanStudy study = PlanStudies.Of(FacetProtocol.Protocol, new Acquire.Protocols.Timeline.PatientFactors(), 5, 5);
        PlanStudy slow = PlanStudies.Of(FacetProtocol.Protocol, new Acquire.Protocols.Timeline.PatientFactors { GfrMlPerMin = 40 }, 5, 5);

        // Pool from 1.5 min for 5 min, rounded up, and 5 to get off; views, SPECT and CT from 180 to 220 min and the CT's rotation.
        Assert.Equal((6, 12), (study.FirstLeadMinutes, study.FirstTailMinutes));
        Assert.Equal((120, 180), (study.OpensMinutes, study.TargetMinutes));
        Assert.InRange(study.LaterMinutes, 45, 47);
        Assert.InRange(study.LatestCountMinutes, 280, 300);
        Assert.Equal(study.TargetMinutes + 60, slow.TargetMinutes);
        Assert.Equal(["ct", "spect"], study.Needs);
    }

    [Theory]
    [InlineData("mounted: LEHR", "mounted: LEXX", 13, "has no collimator 'LEXX'")]
    [InlineData("closes: \"18:00\"", "closes: \"7h\"", 16, "'closes' is \"7h\"")]
    [InlineData("closes: \"18:00\"", "closes: \"06:00\"", 10, "closes at or before it opens")]
    [InlineData("slot: \"01\"", "slot: \"Mary Miller\"", 60, "'slot' is no slot")]
    [InlineData("slot: \"02\"", "slot: \"01\"", 60, "slot '01' is given 2 times")]
    [InlineData("study: delayed, ready: \"08:10\"", "study: delaied, ready: \"08:10\"", 61, "there is no study 'delaied'")]
    [InlineData("study: delayed, ready: \"08:10\"", "study: delayed, raedy: \"08:10\"", 61, "unknown key 'raedy'")]
    [InlineData("priority: urgent", "priority: asap", 60, "unknown priority 'asap'")]
    [InlineData("of: 99mTc-MDP, ready", "of: HDP, ready", 0, "")]
    [InlineData("life: 6 h, activity: 20 GBq", "life: 6 h, activity: 20 Bq", 46, "'activity' is \"20 Bq\"")]
    [InlineData("staff: 2\n  rooms", "staff: none\n  rooms", 35, "'staff' is \"none\"")]
    [InlineData("opens: 120 min, target: 180 min, closes: 300 min}", "opens: 200 min, target: 180 min, closes: 300 min}", 53, "does not fit its window")]
    [InlineData("earliest: \"11:00\", latest: \"12:15\"", "earliest: \"13:00\", latest: \"12:15\"", 18, "'latest' start is before its 'earliest'")]
    [InlineData("needs: [ct], later: 40 min", "needs: [pet], later: 40 min", 79, "no camera has MEGP and pet")]
    public void Read_Wrong_NamesPlaceAndRight(string right, string wrong, int line, string what)
    {
        Assert.Contains(right, Thursday, StringComparison.Ordinal);
        int at = Thursday.IndexOf(right, StringComparison.Ordinal);
        DayResult day = Read(string.Concat(Thursday.AsSpan(0, at), wrong, Thursday.AsSpan(at + right.Length)));
        if (what.Length == 0)
        {
            Assert.Empty(day.Problems);
            return;
        }
        Assert.Null(day.Request);
        ProtocolProblem problem = Assert.Single(day.Problems, p => p.What.Contains(what, StringComparison.Ordinal));
        Assert.NotEmpty(problem.Right);
        int written = Thursday[..at].Count(c => c == '\n') + 1;
        Assert.InRange(problem.Line, Math.Min(line, written) - 12, Math.Max(line, written) + 12);
        Assert.True(problem.Column >= 1);
    }

    [Fact]
    public void Read_TextsThatAreNoDay_AreProblemsNotExceptions()
    {
        string[] texts = ["", "[]", "day: [", "day: 2026-01-15", "cameras: 3\npatients: x", "\t", "a: &b 1", new string('x', 2_000_000)];
        foreach (string text in texts) Assert.NotEmpty(Read(text).Problems);
        var random = new Random(5);
        for (int n = 0; n < 300; n++)
        {
            char[] broken = Thursday.ToCharArray();
            for (int k = 0; k < 4; k++) broken[random.Next(broken.Length)] = "\n:{}[]\"x0 -"[random.Next(11)];
            DayResult day = Read(new string(broken));
            Assert.True(day.Request is null == day.Problems.Count > 0);
        }
    }

    [Fact]
    public void Draw_Plan_IsReadableAtHundredColumnsAndHasNoNames()
    {
        DayPlan plan = DayPlanner.Plan(Read(Thursday).Request!, new PlanBudget(300, 5, 200));
        string[] lines = [.. PlanText.Draw(plan, [], 100).Select(l => string.Concat(l.Select(t => t.Text)))];
        string svg = PlanSvg.Draw(plan, PlanAdvice.For(plan, new PlanBudget(50, 2, 20)));

        Assert.All(lines.Where(l => !l.StartsWith("  ", StringComparison.Ordinal)), l => Assert.True(l.Length <= 100, l));
        Assert.All(plan.Patients, p => Assert.Contains(lines, l => l.StartsWith(p.Slot, StringComparison.Ordinal)));
        System.Xml.Linq.XDocument.Parse(svg);
        Assert.Contains($"objective {plan.Objective} points", svg, StringComparison.Ordinal);
        System.Text.Json.JsonDocument.Parse(PlanJson.Write(plan, []));
    }

    [Fact]
    public void Events_Wrong_AreNamedWithTheirPlace()
    {
        DayRequest day = Read(Thursday).Request!;
        (IReadOnlyList<DayEvent> _, IReadOnlyList<ProtocolProblem> problems) = DayEventReader.Read("events:\n  - {at: \"9:5\", what: late, slot: \"77\", until: \"10:00\"}\n  - {at: \"09:00\", what: gone, slot: \"01\"}\n", "e.yaml", day);

        Assert.Equal(3, problems.Count);
        Assert.Equal((2, 3), (problems[0].Line, problems[^1].Line));
        Assert.Equal(3, DayEventReader.Read(File.ReadAllText(Path.Combine(Folder, "thursday-slips.yaml")), "s", day).Events.Count);
    }
}
