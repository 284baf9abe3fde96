using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;
using Acquire.Service.Studies;
using Acquire.Service.StudyRecords;
using Spectre.Console;

namespace Acquire.Service.Cli;

/// <summary>How a demo study is run; kept in the journal so that <c>resume</c> runs it the same way.</summary>
/// <param name="Seed">Seed of everything random.</param>
/// <param name="Speed">Virtual seconds per wall second, at the most.</param>
/// <param name="Scenario">Simulated patient.</param>
/// <param name="Port">Port of the simulator; 0 for any free one.</param>
/// <param name="Gantry">HOST:PORT of a gantry that runs already; null to start a simulator.</param>
/// <param name="Trace">Keep the wire trace in the data folder.</param>
public sealed record DemoOptions(int Seed, double Speed, string Scenario, int Port, string? Gantry, bool Trace = true)
{
    /// <summary>How the protocol stood when the study was opened, when it was not approved; empty when it was.</summary>
    public string Standing { get; init; } = "";
    /// <summary>Why a study is done by it nevertheless; empty when none was given.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What does not go as planned.</summary>
    public DemoStory Story { get; init; }
    /// <summary>Why an activity beyond the limits is given nevertheless; empty: it is not given.</summary>
    public string DoseReason { get; init; } = "";

    private const string FactName = "demo";

    /// <summary>To the journal's form.</summary>
    public (string Name, string Value) AsFact() => (FactName, JsonSerializer.Serialize(this));

    /// <summary>From the journal; null when the study was no demo.</summary>
    public static DemoOptions? From(StudyFacts facts) => facts.Text(FactName) is { } text ? JsonSerializer.Deserialize<DemoOptions>(text) : null;
}

/// <summary>One process's work on one study: simulator, gantry, clock, conductor, and what comes after the last acquisition.</summary>
public sealed class StudySession
{
    private readonly DataFolder _data;
    private readonly string _studyKey;
    private readonly DemoOptions _options;
    private readonly TimeProvider _wall = TimeProvider.System;
    private volatile bool _stop;

    private StudySession(DataFolder data, string studyKey, DemoOptions options)
    {
        _data = data;
        _studyKey = studyKey;
        _options = options;
    }

    /// <summary>Opens a new study in a data folder.</summary>
    /// <param name="data">Data folder.</param>
    /// <param name="scheduled">Worklist entry.</param>
    /// <param name="protocolYaml">Text of the protocol file, as <see cref="ReadProtocol"/> gave it.</param>
    /// <param name="options">Options.</param>
    public static StudySession Create(DataFolder data, ScheduledStudy scheduled, string protocolYaml, DemoOptions options)
    {
        if (FindOpen(data) is { } open) throw new AcquireException($"study {open} in {data.Path} is still open: `acquire resume --data {data.Path}` goes on with it", ExitCodes.BadInput);
        string key = StudyKey(options.Seed, scheduled.StudyInstanceUid, data.Journal.Studies().Count);
        DateTimeOffset created = scheduled.ScheduledStart ?? DefaultEpoch;
        data.Journal.AddStudy(key, created, ScheduledStudyJson.Write(scheduled), protocolYaml, options.AsFact());
        return new StudySession(data, key, options);
    }

    /// <summary>Takes up the open study of a data folder; null when there is none.</summary>
    public static StudySession? Resume(DataFolder data, double? speed, string doseReason = "")
    {
        if (FindOpen(data) is not { } key) return null;
        DemoOptions options = DemoOptions.From(new StudyFacts(data.Journal, key)) ?? throw new AcquireException($"study {key} was not started by the demo; this version resumes demo studies", ExitCodes.BadInput);
        if (doseReason.Trim().Length > 0) options = options with { DoseReason = doseReason };
        return new StudySession(data, key, speed is { } s ? options with { Speed = s } : options);
    }

    /// <summary>A valid protocol file as one text that stands for itself: what is kept with the study, whatever becomes of the files.</summary>
    /// <exception cref="AcquireException">It is not: all problems at once.</exception>
    public static string ReadProtocol(string file, out AcquisitionProtocol protocol)
    {
        ProtocolResult result = ProtocolFile.Read(file);
        protocol = result.Protocol!;
        return result.IsValid ? result.Resolved.Yaml : throw new AcquireException(string.Join(Environment.NewLine + "acquire: ", result.Problems), ExitCodes.BadInput);
    }

    /// <summary>Runs or continues the study to its end.</summary>
    /// <param name="plain">Plain lines instead of the live display.</param>
    /// <param name="outage">Virtual time the console was away before it goes on.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <returns>Exit code.</returns>
    public async Task<int> RunAsync(bool plain, TimeSpan outage, CancellationToken cancellation)
    {
        AcquisitionProtocol protocol = StudyReading.Protocol(_data, _studyKey);
        DateTimeOffset epoch = LastKnownTime() ?? _data.Journal.Study(_studyKey)!.Value.Created;
        SimulatorProcess? simulator;
        try
        {
            simulator = _options.Gantry is null
                ? await SimulatorProcess.FindOrStartAsync(Path.Combine(_data.Path, "gantry"), new SimulatorOptions(_options.Seed, _options.Scenario, _options.Port, epoch), _wall, cancellation)
                : null;
        }
        catch (AcquireException) when (StudyReading.Events(_data, _studyKey).Count == 0)
        {
            // Nothing happened yet: a study that cannot even begin must not bar the folder for the next, rightly called one.
            _data.Journal.Withdraw(_studyKey);
            throw;
        }
        GantryAddress address = simulator?.Address ?? GantryAddress.Parse(_options.Gantry!, _wall);
        await using WireTrace? trace = OpenTrace();
        await using GantryDriver gantry = await GantryDriver.OpenAsync(address, _wall, cancellation, trace);
        await using GantryStopLine stopLine = await GantryStopLine.OpenAsync(address.Transport, _wall, cancellation, gantry, trace: trace);
        SteppedClock clock = await SteppedClock.StartAsync(gantry, _wall, _options.Speed, cancellation);
        if (outage > TimeSpan.Zero) await clock.PassAsync(outage, cancellation);
        bool simulated = gantry.Identity.Contains("simulated", StringComparison.OrdinalIgnoreCase);
        if (_options.Standing.Length > 0 && !simulated && string.IsNullOrWhiteSpace(_options.Reason))
            throw new AcquireException($"the protocol is {_options.Standing}: a study of a patient by it needs --reason. Nothing was started", ExitCodes.BadInput);

        bool live = !plain && AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;
        IStudyDisplay display = live ? new LiveDisplay(_studyKey) : new PlainDisplay(Console.Out);
        gantry.Notice = said => display.Say(clock.GetUtcNow(), null, said);
        if (trace is not null) trace.Failed = said => display.Say(clock.GetUtcNow(), null, said);
        void OnStop(PosixSignalContext signal)
        {
            if (_stop) return; // a second one ends the process; the journal is safe anyway
            signal.Cancel = true;
            _stop = true;
            _ = StopAsync(stopLine, display, clock);
        }
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStop);
        try
        {
            if (_options.Standing.Length > 0) display.Say(clock.GetUtcNow(), null, $"protocol {_options.Standing}{(simulated ? "; simulation" : $"; reason: {_options.Reason}")}");
            Task<int> work = WorkAsync(protocol, gantry, clock, display, cancellation);
            if (display is LiveDisplay drawn) await drawn.WhileAsync(work);
            int code = await work;
            simulator?.End();
            return code;
        }
        catch (GantryLinkLostException e)
        {
            throw new AcquireException($"{e.Message}; what was acknowledged is stored, `acquire resume --data {_data.Path}` goes on", ExitCodes.Gantry, e);
        }
        catch (Exception e) when (e is GantryRefusedException or GantryProtocolException or GantryControlLostException)
        {
            throw new AcquireException($"{e.Message}; what was acknowledged is stored, `acquire resume --data {_data.Path}` goes on", ExitCodes.Gantry, e);
        }
        finally
        {
            simulator?.Dispose();
        }
    }

    /// <summary>The wire trace of the data folder; on unless the options say otherwise.</summary>
    private WireTrace? OpenTrace()
    {
        if (!_options.Trace) return null;
        try
        {
            return WireTrace.Open(Path.Combine(_data.Path, "trace"), _wall);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.Describe(_data.Path, e);
        }
    }

    private static async Task StopAsync(GantryStopLine stopLine, IStudyDisplay display, StudyClock clock)
    {
        try
        {
            await stopLine.AbortAsync();
            display.Say(clock.GetUtcNow(), null, "Stop: the gantry confirmed; what was counted is kept");
        }
        catch (Exception e) when (e is GantryLinkLostException or GantryRefusedException)
        {
            display.Say(clock.GetUtcNow(), null, "STOP WAS NOT CONFIRMED: use the stop at the gantry");
        }
    }

    private async Task<int> WorkAsync(AcquisitionProtocol protocol, GantryDriver gantry, SteppedClock clock, IStudyDisplay display, CancellationToken cancellation)
    {
        var conductor = new StudyConductor(new StudyContext(_data, _studyKey, protocol, gantry, clock, new DemoPeople(gantry, clock, _options.Seed, protocol, _options.Story, _options.DoseReason), display, () => _stop));
        await using LiveSpect live = conductor.Live;
        (Ending ending, string reason) = await conductor.RunAsync(cancellation);
        return await StudyFinish.RunAsync(_data, _studyKey, conductor, clock, ending, reason, display, cancellation);
    }

    private static DateTimeOffset DefaultEpoch { get; } = new(2026, 1, 15, 8, 0, 0, TimeSpan.Zero);

    private DateTimeOffset? LastKnownTime()
    {
        IReadOnlyList<StudyEvent> events = StudyReading.Events(_data, _studyKey);
        if (events.Count == 0) return null;
        DateTimeOffset last = events.Max(e => e.At);
        var facts = new StudyFacts(_data.Journal, _studyKey);
        FrameStore store = _data.Frames(_studyKey);
        IReadOnlyDictionary<ulong, ClockAnchor> clocks = facts.Clocks();
        foreach (Acquisition.RunPlan plan in facts.Plans())
        {
            if (StoredSeries.CountedBetween(plan, store, clocks) is { } counted && counted.End > last) last = counted.End;
        }
        return last + TimeSpan.FromMinutes(1); // a gantry that lost power takes at least that long to come back
    }

    private static string? FindOpen(DataFolder data) =>
        data.Journal.Studies().LastOrDefault(key => !StudyReading.Events(data, key).OfType<StudyEnded>().Any());

    private static string StudyKey(int seed, string studyUid, int ordinal)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"demo|{seed}|{studyUid}|{ordinal}")));
        return "S" + Convert.ToHexStringLower(hash)[..10];
    }
}
