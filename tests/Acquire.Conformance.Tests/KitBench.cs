using Acquire.Service.Conformance;
using Acquire.Simulator.Gantry;
using Acquire.Simulator.Tests.Gantry;

namespace Acquire.Conformance.Tests;

/// <summary>A simulator in this process, broken in one place or in none, and the kit run against it over TCP.</summary>
internal static class KitBench
{
    static KitBench() => PlainLink.PatienceMs = 6_000;

    /// <summary>Runs clauses against a fresh simulator.</summary>
    public static async Task<IReadOnlyList<ClauseResult>> Check(string? broken, IReadOnlyList<Clause> clauses, Needs allowed = Needs.Motion | Needs.Counting | Needs.Exposure)
    {
        string folder = Directory.CreateTempSubdirectory("kit").FullName;
        try
        {
            var options = new SimulatorOptions { StoreFolder = folder, Seed = 7, StoreCapacityBytes = 1L << 30, Scenario = "uniform", Break = broken };
            await using SimulatorHost host = SimulatorHost.Start(options, new UniformScene(7, cpsPerWindow: 4_000), TimeProvider.System);
            var notes = new WireNotes();
            int port = host.Port;
            using var bench = new CheckBench(who => new TcpPlainLink("127.0.0.1", port, who, notes), (p, who) => new TcpPlainLink("127.0.0.1", p, who, notes), allowed, TimeProvider.System, notes);
            return await Task.Factory.StartNew(() => (IReadOnlyList<ClauseResult>)[.. new ConformanceRunner(bench, TimeProvider.System).Run(clauses)], CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What came, for a person who has to find out why.</summary>
    public static string Describe(IEnumerable<ClauseResult> results) =>
        string.Join("\n", results.Where(r => r.Outcome is Outcome.Fail or Outcome.Blocked).Select(r => ConformanceReport.Line(r) + "\n    " + string.Join("\n    ", r.Transcript.TakeLast(12))));
}
