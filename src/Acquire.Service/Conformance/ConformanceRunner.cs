using System.Net.Sockets;

namespace Acquire.Service.Conformance;

/// <summary>Runs the clauses one after the other against a gantry.</summary>
internal sealed class ConformanceRunner(CheckBench bench, TimeProvider time)
{
    /// <summary>What the gantry answered to *IDN?.</summary>
    public string Identity { get; private set; } = "";

    /// <summary>Checks; results come one by one, in the order of the clauses.</summary>
    /// <exception cref="AcquireException">Nobody answers there.</exception>
    public IEnumerable<ClauseResult> Run(IReadOnlyList<Clause> clauses)
    {
        try
        {
            Identity = bench.Meet();
        }
        catch (ClauseFailedException e)
        {
            throw new AcquireException($"no gantry answers: {e.Message}", ExitCodes.Gantry, e);
        }
        foreach (Clause clause in clauses) yield return Run(clause);
        bench.Leave();
    }

    private ClauseResult Run(Clause clause)
    {
        Needs missing = clause.Needs & (Needs.Motion | Needs.Counting | Needs.Exposure) & ~bench.Allowed;
        if (missing != 0) return new ClauseResult(clause, Outcome.Skipped, "not allowed: " + Words(missing), "", [], 0);
        if (clause.Feature.Length > 0 && !bench.Features.Contains(clause.Feature)) return new ClauseResult(clause, Outcome.NotApplicable, "the gantry has no feature " + clause.Feature, "", [], 0);
        if ((clause.Needs & Needs.Simulator) != 0 && !bench.IsSimulated) return new ClauseResult(clause, Outcome.NotApplicable, "needs faults made by name (feature SIM)", "", [], 0);
        long began = time.GetTimestamp();
        ClauseResult result = Judge(clause, () => time.GetElapsedTime(began).TotalSeconds);
        bench.End(result.Outcome is Outcome.Pass or Outcome.NotApplicable);
        return result;
    }

    private ClauseResult Judge(Clause clause, Func<double> seconds)
    {
        ClauseResult Result(Outcome outcome, string expected = "", string came = "") => new(clause, outcome, expected, came, [.. bench.Notes.Lines], seconds());
        try
        {
            bench.Begin();
            clause.Check(bench);
            return Result(Outcome.Pass);
        }
        catch (ClauseFailedException e)
        {
            return Result(Outcome.Fail, e.Expected, e.Came);
        }
        catch (ClauseBlockedException e)
        {
            return Result(Outcome.Blocked, e.Message);
        }
        catch (ClauseNotApplicableException e)
        {
            return Result(Outcome.NotApplicable, e.Message);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return Result(Outcome.Fail, "a connection", e.Message);
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException or OverflowException or ArgumentException)
        {
            return Result(Outcome.Fail, "a reply of the form the reference gives", e.Message + " in the last reply above");
        }
    }

    private static string Words(Needs needs) =>
        string.Join(", ", ((Needs Bit, string Word)[])[(Needs.Motion, "motion"), (Needs.Exposure, "exposure"), (Needs.Counting, "counting")] is var all ? all.Where(p => (needs & p.Bit) != 0).Select(p => p.Word) : []);
}
