using System.Globalization;

namespace Acquire.Service.Gantry;

/// <summary>A gantry at work: session, verbs by subject, events. One implementation for TCP and serial.</summary>
/// <remarks>What may be repeated is repeated when the link breaks; what must not be is asked for (GCI 1.0 section 8). Settings are read back and a gantry that
/// holds something else is refused hard. After a restart of the gantry every caller under way gets a <see cref="GantryRestartedException"/> once.</remarks>
public sealed class GantryDriver : IAsyncDisposable
{
    private readonly GantrySession _session;

    private GantryDriver(GantrySession session, GantryEventFeed? events)
    {
        _session = session;
        Events = events;
        Settings = new GantrySettings(this);
        Motion = new GantryMotion(this);
        Detectors = new GantryDetectors(this);
        Acquisition = new GantryAcquisition(this);
        Frames = new GantryFrames(this);
        Ct = new GantryCt(this);
    }

    /// <summary>Who the gantry says it is (*IDN?).</summary>
    public string Identity => _session.Identity;

    /// <summary>Boot id of the gantry as last seen.</summary>
    public ulong BootId => _session.BootId;

    /// <summary>Settings, written from the command table and read back.</summary>
    public GantrySettings Settings { get; }
    /// <summary>Axes, moves, hold-to-run.</summary>
    public GantryMotion Motion { get; }
    /// <summary>Heads: voltage, collimator, windows, matrix, peaking, rates.</summary>
    public GantryDetectors Detectors { get; }
    /// <summary>Runs.</summary>
    public GantryAcquisition Acquisition { get; }
    /// <summary>Frames.</summary>
    public GantryFrames Frames { get; }
    /// <summary>CT.</summary>
    public GantryCt Ct { get; }
    /// <summary>Events; null when they were not wanted.</summary>
    public GantryEventFeed? Events { get; }

    /// <summary>Called after the link was lost and found again, with the reason.</summary>
    public Action<string>? Reconnected
    {
        get => _session.Restored;
        set => _session.Restored = value;
    }

    /// <summary>Called with what people should know of lease and session, one line each.</summary>
    public Action<string>? Notice
    {
        get => _session.Notice;
        set => _session.Notice = value;
    }

    /// <summary>Operations that were started and whose end was not heard of.</summary>
    public IReadOnlyList<string> UnfinishedOperations => _session.Unfinished;

    /// <summary>Fate of each unfinished operation as asked when the link was last restored; UNKN after a restart of the gantry.</summary>
    public IReadOnlyDictionary<string, string> FatesAfterRestore => _session.FatesAfterRestore;

    internal GantrySession Session => _session;

    /// <summary>Connects, opens the session and, in the control role, takes the lease.</summary>
    /// <exception cref="AcquireException">No gantry there, another console holds it, or an unknown major version.</exception>
    public static Task<GantryDriver> OpenAsync(GantryAddress address, TimeProvider wall, CancellationToken cancellation, WireTrace? trace = null) =>
        OpenAsync(address.Transport, new GantryDriverOptions { SessionName = address.SessionName, SessionSecret = address.SessionSecret, Trace = trace }, wall, cancellation);

    /// <summary>Connects, opens the session and, in the control role, takes the lease.</summary>
    /// <exception cref="AcquireException">No gantry there, another console holds it, or an unknown major version.</exception>
    public static async Task<GantryDriver> OpenAsync(IGantryTransport transport, GantryDriverOptions options, TimeProvider wall, CancellationToken cancellation)
    {
        var session = new GantrySession(transport, options, wall);
        try
        {
            await session.OpenAsync(cancellation);
            GantryEventFeed? events = options.WithEvents ? new GantryEventFeed(session, options, wall) : null;
            return new GantryDriver(session, events);
        }
        catch (Exception e)
        {
            await session.DisposeAsync();
            throw e switch
            {
                GantryLinkLostException or Polly.CircuitBreaker.BrokenCircuitException => new AcquireException(
                    $"{(e is GantryLinkLostException ? e.Message : $"no gantry answers at {transport.Name}")}; start the gantry or simulator, or give its address with --gantry HOST:PORT", ExitCodes.Gantry, e),
                GantryRefusedException { Code: 102 } r => new AcquireException($"another console holds the control lease ({r.Text}); end it or let it release the lease", ExitCodes.Gantry, e),
                GantryRefusedException => new AcquireException($"{e.Message}; another console may use this session's name", ExitCodes.Gantry, e),
                GantryProtocolException => new AcquireException(e.Message, ExitCodes.Gantry, e),
                _ => e,
            };
        }
    }

    /// <summary>A command; the link is restored and the command sent again when it breaks. Only for commands that may be repeated.</summary>
    public Task CommandAsync(string command, CancellationToken cancellation) =>
        _session.RestoringAsync(async link => { await link.CommandAsync(command, cancellation); return true; }, cancellation);

    /// <summary>A command that must not be sent twice: when the link breaks it is restored, and the caller has to ask what became of it.</summary>
    /// <exception cref="GantryLinkLostException">The link broke or no answer came; the command may or may not have been done.</exception>
    public Task CommandOnceAsync(string command, CancellationToken cancellation) =>
        _session.OnceAsync(async link => { await link.CommandAsync(command, cancellation); return true; }, cancellation);

    /// <summary>Starts an operation (a ▶ command), exactly once whatever the link does.</summary>
    /// <param name="operation">Operation id, the caller's own.</param>
    /// <param name="command">The command with the id in it.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <exception cref="GantryRefusedException">The gantry refused it.</exception>
    /// <exception cref="GantryRestartedException">The gantry restarted; whether it was begun before is for the caller to find out, it is not sent again.</exception>
    public Task StartAsync(string operation, string command, CancellationToken cancellation) => _session.StartAsync(operation, command, cancellation);

    /// <summary>State (RUNN, DONE, REF, FAIL, STOP, UNKN) and code of an operation.</summary>
    public Task<(string State, int Code)> OperationAsync(string operation, CancellationToken cancellation) => _session.OperationAsync(operation, cancellation);

    /// <summary>A query; the link is restored when it breaks.</summary>
    public Task<string> QueryAsync(string query, CancellationToken cancellation, TimeSpan? deadline = null) =>
        _session.RestoringAsync(link => link.QueryAsync(query, cancellation, deadline), cancellation);

    /// <summary>A query whose answer is a block.</summary>
    /// <param name="query">Query.</param>
    /// <param name="expectedBytes">Length the block will about have: its deadline follows from it.</param>
    /// <param name="cancellation">Cancellation.</param>
    public Task<byte[]> QueryBlockAsync(string query, long expectedBytes, CancellationToken cancellation) =>
        _session.RestoringAsync(link => link.QueryBytesAsync(query, cancellation, link.Deadlines.Block(expectedBytes)), cancellation);

    /// <summary>A frame or a part of one, on the channel for bulk where there is one (serial).</summary>
    /// <param name="query">FRAM:DATA? with its parameters.</param>
    /// <param name="expectedBytes">Length.</param>
    /// <param name="cancellation">Cancellation.</param>
    public Task<byte[]> QueryFrameAsync(string query, long expectedBytes, CancellationToken cancellation) =>
        _session.RestoringAsync(link => link.QueryFrameAsync(query, expectedBytes, cancellation), cancellation);

    /// <summary>Fields of a query's answer.</summary>
    public async Task<string[]> FieldsAsync(string query, int atLeast, CancellationToken cancellation) => GantryReply.Fields(await QueryAsync(query, cancellation), atLeast);

    /// <summary>All states at once.</summary>
    public async Task<GantryStatus> StatusAsync(CancellationToken cancellation)
    {
        string[] f = await FieldsAsync("SYST:STAT?", 5, cancellation);
        return new GantryStatus(f[0], f[1], f[2], f[3], f[4]);
    }

    /// <summary>What opened the safety chain, in the gantry's words; empty when nothing did.</summary>
    public async Task<IReadOnlyList<string>> InterlockCausesAsync(CancellationToken cancellation) =>
        [.. (await FieldsAsync("INT:CAUS?", 1, cancellation)).Where(w => w is not ("NONE" or ""))];

    /// <summary>Closes a safety chain whose causes are gone; the gantry is then in HOLD and moves nothing.</summary>
    public Task ResetInterlockAsync(CancellationToken cancellation) => CommandAsync("INT:RES", cancellation);

    /// <summary>Features the gantry has: STAT, DYN, GATE, WB, TOMO.STEP, TOMO.CONT, LIST, CT, STORE.NV, SIM.</summary>
    public async Task<IReadOnlyList<string>> FeaturesAsync(CancellationToken cancellation) => GantryReply.Fields(await QueryAsync("SYST:GCI:FEAT?", cancellation))[0].Split(',');

    /// <summary>Gantry time now.</summary>
    public async Task<ClockAnchor> ClockAsync(CancellationToken cancellation)
    {
        string[] tick = await FieldsAsync("SYST:TICK?", 2, cancellation);
        string[] boot = await FieldsAsync("SYST:BOOT?", 1, cancellation);
        return new ClockAnchor(GantryReply.Whole<ulong>(boot[0]), GantryReply.Whole<ulong>(tick[0]),
            DateTimeOffset.TryParse(tick[1], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset utc) ? utc : throw new GantryProtocolException("a UTC time was expected, something else came"));
    }

    /// <summary>Moves a stepped simulator's clock on to a tick. Safe against a broken link: what has passed is asked, never repeated.</summary>
    /// <returns>The tick reached; less than the target when a stop cut it short.</returns>
    /// <exception cref="GantryRestartedException">The simulator restarted: its ticks begin anew.</exception>
    public async Task<ulong> AdvanceToAsync(ulong fromTickUs, ulong targetTickUs, CancellationToken cancellation)
    {
        while (fromTickUs < targetTickUs)
        {
            string advance = FormattableString.Invariant($"DIAG:SIM:ADV? {(targetTickUs - fromTickUs) / 1e6:0.######}");
            try
            {
                return GantryReply.Whole<ulong>(await _session.OnceAsync(link => link.QueryAsync(advance, cancellation, TimeSpan.FromMinutes(2)), cancellation));
            }
            catch (GantryLinkLostException)
            {
                fromTickUs = (await ClockAsync(cancellation)).TickUs;
            }
        }
        return fromTickUs;
    }

    /// <summary>Closes the session's connections; the session itself lives on at the gantry for a minute.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Events is not null) await Events.DisposeAsync();
        await _session.DisposeAsync();
    }
}
