using System.Collections.Concurrent;
using System.Globalization;
using Acquire.Service.Conformance;
using Acquire.Simulator.Breaks;
using Acquire.Testing;

namespace Acquire.Conformance.Tests;

/// <summary>The kit passes a sound simulator, and finds each way in which a simulator can be broken.</summary>
public sealed class ConformanceTests
{
    /// <summary>Measured figures and minutes of waiting prove nothing on a busy machine; these clauses only run against their own break.</summary>
    private const Needs Runs = Needs.Motion | Needs.Counting | Needs.Exposure;
    private const Needs NotHere = Needs.Timing | Needs.Patience;

    /// <summary>Clauses that cannot but fail together: they ask the same question, or the break is seen wherever frames or states are.</summary>
    private static readonly Dictionary<string, string[]> Together = new(StringComparer.Ordinal)
    {
        ["GCI-2.1"] = ["GCI-2.14", "GCI-2.65"],
        ["GCI-2.65"] = ["GCI-2.1", "GCI-2.14"],
        ["GCI-2.74"] = ["GCI-2.75"],
        ["GCI-2.39"] = ["GCI-2.55"],
        ["GCI-2.43"] = ["GCI-4.7"],
        ["GCI-2.56"] = ["GCI-2.57"],
        ["GCI-4.1"] = ["GCI-4.11"],
        ["GCI-4.8"] = ["GCI-2.40"],
        ["GCI-12.1"] = [.. Enumerable.Range(2, 9).Select(n => string.Create(CultureInfo.InvariantCulture, $"GCI-12.{n}"))],
        ["GCI-12.6"] = ["GCI-12.7", "GCI-12.8", "GCI-12.9", "GCI-12.10"],
        ["GCI-9.53"] = ["GCI-7.11", "GCI-7.12"],
        ["GCI-10.2"] = ["GCI-9.46"],
    };

    [Fact]
    public async Task Simulator_PassesEveryClause()
    {
        IReadOnlyList<ClauseResult> results = await KitBench.Check(null, [.. ClauseList.All.Where(c => (c.Needs & Needs.Timing) == 0)]);

        Assert.True(results.All(r => r.Outcome is Outcome.Pass or Outcome.NotApplicable), KitBench.Describe(results));
        Assert.Equal(NotApplicableHere, results.Where(r => r.Outcome == Outcome.NotApplicable).Select(r => r.Clause.Id).Order(StringComparer.Ordinal));
    }

    /// <summary>What a dual-head simulator with everything on TCP has no part in.</summary>
    private static readonly string[] NotApplicableHere = ["GCI-7.7"];

    [Fact]
    public async Task EveryBreak_IsFound_AndNothingElse()
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(BreakList.All, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (b, _) =>
        {
            // A break of the grammar is looked for with everything that neither moves nor counts: runs would take minutes and say nothing new.
            bool isLight = (ClauseList.All.Single(c => c.Id == b.Id).Needs & Runs) == 0;
            Clause[] clauses = [.. ClauseList.All.Where(c => c.Id == b.Id || ((c.Needs & NotHere) == 0 && (!isLight || (c.Needs & Runs) == 0)))];
            IReadOnlyList<ClauseResult> results = await KitBench.Check(b.Id, clauses);
            string[] allowed = [b.Id, .. Together.GetValueOrDefault(b.Id, [])];
            ClauseResult own = results.Single(r => r.Clause.Id == b.Id);
            string[] others = [.. results.Where(r => r.Outcome is Outcome.Fail or Outcome.Blocked && !allowed.Contains(r.Clause.Id)).Select(r => r.Clause.Id)];
            if (own.Outcome != Outcome.Fail) wrong.Add($"{b.Id} ({b.What}) was not found: {own.Outcome} {own.Expected}");
            if (others.Length > 0) wrong.Add($"{b.Id} ({b.What}) also failed {string.Join(", ", others)}\n{KitBench.Describe(results.Where(r => others.Contains(r.Clause.Id)).Take(2))}");
        });
        Assert.True(wrong.IsEmpty, string.Join("\n", wrong));
    }

    [Fact]
    public void EveryClause_HasAtLeastOneBreak()
    {
        Assert.DoesNotContain(BreakList.All, b => ClauseList.All.All(c => c.Id != b.Id));
        Assert.Equal(BreakList.All.Count, BreakList.All.Select(b => b.Id).Distinct().Count());
        Assert.Equal(Unbroken, ClauseList.All.Select(c => c.Id).Where(id => BreakList.Find(id) is null).Order(StringComparer.Ordinal));
    }

    /// <summary>Over serial only.</summary>
    private static readonly string[] Unbroken = ["GCI-7.7"];

    [Fact]
    public async Task WithoutAllow_NothingMovesCountsOrExposes()
    {
        IReadOnlyList<ClauseResult> results = await KitBench.Check(null, [.. ClauseList.All.Where(c => (c.Needs & NotHere) == 0)], Needs.Nothing);

        Assert.DoesNotContain(results, r => r.Outcome == Outcome.Fail);
        Assert.All(results.Where(r => (r.Clause.Needs & (Needs.Motion | Needs.Counting | Needs.Exposure)) != 0), r => Assert.Equal(Outcome.Skipped, r.Outcome));
        string[] started = ["MOT:STAR \"", "MOT:HOME \"", "ACQ:STAR \"", "CT:EXP:STAR \"", "CT:WARM \""];
        int tried = 0;
        foreach (ClauseResult r in results)
            for (int i = 0; i + 2 < r.Transcript.Count; i++)
                if (started.Any(s => r.Transcript[i].Contains(s, StringComparison.Ordinal)))
                {
                    tried++;
                    Assert.DoesNotContain("← 0,", r.Transcript[i + 2], StringComparison.Ordinal); // whatever was tried had to be refused
                }
        Assert.True(tried > 3);
    }

    [Fact]
    public void Document_HoldsTheClauseListAsItIs()
    {
        string document = File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "docs", "conformance.md"));

        Assert.EndsWith(ConformanceDocument.Markdown(), document.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_AreUniqueAndInSectionsThatHaveAName()
    {
        Assert.Equal(ClauseList.All.Count, ClauseList.All.Select(c => c.Id).Distinct().Count());
        Assert.All(ClauseList.All, c => Assert.True(ConformanceDocument.Sections.ContainsKey(c.Section), c.Id));
        Assert.All(ClauseList.All, c => Assert.Matches(@"^GCI-\d+\.\d+$", c.Id));
        Assert.True(BreakList.All.Count >= 60, BreakList.All.Count.ToString(CultureInfo.InvariantCulture));
    }
}
