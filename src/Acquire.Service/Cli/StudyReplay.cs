using Acquire.Protocols.Clinical;
using Acquire.Service.Acquisition;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;
using Acquire.Service.Studies;

namespace Acquire.Service.Cli;

/// <summary>Drives conductor and driver once more through a study, with the recorded gantry, and looks whether the same commands come out.</summary>
internal static class StudyReplay
{
    /// <summary>Replays.</summary>
    /// <param name="data">Data folder of the study: its journal says what the study was asked to do, its frames stand for the blocks of the trace.</param>
    /// <param name="run">First run of the program of the trace.</param>
    /// <param name="protocolYaml">Another protocol than the study's; null for the study's own.</param>
    /// <param name="cancellation">Cancellation.</param>
    public static async Task<ReplayTransport> RunAsync(string data, IReadOnlyList<WireRecord> run, string? protocolYaml, CancellationToken cancellation)
    {
        string scratch = Path.Combine(Path.GetTempPath(), "acquire-replay-" + Guid.NewGuid().ToString("N"));
        try
        {
            string key, scheduled, yaml;
            DateTimeOffset created;
            DemoOptions options;
            using (var journal = new Journal(Path.Combine(data, "journal.db")))
            {
                key = journal.Studies()[0];
                (scheduled, yaml, created) = journal.Study(key)!.Value;
                options = DemoOptions.From(new StudyFacts(journal, key)) ?? throw new AcquireException($"study {key} was not started by the demo; this version replays demo studies", ExitCodes.BadInput);
            }
            using DataFolder folder = DataFolder.Open(scratch);
            folder.Journal.AddStudy(key, created, scheduled, protocolYaml ?? yaml, options.AsFact());
            AcquisitionProtocol protocol = StudyReading.Protocol(folder, key);
            var transport = new ReplayTransport(run, (id, number) =>
            {
                string file = new FrameStore(Path.Combine(data, "studies", key, "frames")).PathOf(id, number);
                return File.Exists(file) ? File.ReadAllBytes(file) : null;
            });
            try
            {
                await ConductAsync(folder, key, protocol, options, transport, cancellation);
            }
            catch (Exception e) when (e is AcquireException or GantryLinkLostException or GantryRefusedException or GantryProtocolException or GantryControlLostException or GantryRestartedException)
            {
                // Either the recording ended there too, or a difference was found, or the study ended so when it was recorded.
            }
            return transport;
        }
        finally
        {
            if (Directory.Exists(scratch)) Directory.Delete(scratch, recursive: true); // it holds a copy of the worklist entry
        }
    }

    private static async Task ConductAsync(DataFolder folder, string key, AcquisitionProtocol protocol, DemoOptions options, ReplayTransport transport, CancellationToken cancellation)
    {
        TimeProvider wall = TimeProvider.System;
        await using GantryDriver gantry = await GantryDriver.OpenAsync(transport, new GantryDriverOptions { WithEvents = false, KeepAlive = false, FirstAttempts = 1, RestoreAttempts = 3 }, wall, cancellation);
        SteppedClock clock = await SteppedClock.StartAsync(gantry, wall, options.Speed, cancellation, paced: false);
        var conductor = new StudyConductor(new StudyContext(folder, key, protocol, gantry, clock, new DemoPeople(gantry, clock, options.Seed, protocol), new Silent(), () => transport.StopReached));
        await conductor.RunAsync(cancellation);
    }

    private sealed class Silent : IStudyDisplay
    {
        public void Say(DateTimeOffset at, TimeSpan? sinceInjection, string line) { }
        public void Show(RunProgress progress) { }
        public void Ended() { }
        public void Next(string what, TimeSpan? countdown, DateTimeOffset now, TimeSpan? sinceInjection) { }
    }
}
