using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Protocols.Imaging;
using Polly;
using Polly.Retry;

namespace Acquire.Service.Gantry;

/// <summary>Where the gantry is and who we are to it.</summary>
/// <param name="Host">Host.</param>
/// <param name="Port">Control port.</param>
/// <param name="SessionName">Session name; a new process with the same name and secret takes over where the last one died.</param>
/// <param name="SessionSecret">Keeps honest clients apart; no security.</param>
public sealed record GantryAddress(string Host, int Port, string SessionName, string SessionSecret);

/// <summary>State of an acquisition as ACQuire:STATe? tells it.</summary>
/// <param name="State">IDLE, ARM, RUNN, PAUS, HOLD, DRA.</param>
/// <param name="Reason">NONE, DONE, STOP, ABOR, POW, INT, STOR.</param>
/// <param name="ElapsedSeconds">Since start.</param>
/// <param name="LiveSeconds">Live.</param>
/// <param name="Step">Step now.</param>
/// <param name="FramesDone">Complete frames.</param>
/// <param name="FramesAcknowledged">Acknowledged frames.</param>
public sealed record AcquisitionState(string State, string Reason, double ElapsedSeconds, double LiveSeconds, int Step, long FramesDone, long FramesAcknowledged);

/// <summary>Ledger of a run as ACQuire:LEDGer? tells it.</summary>
/// <param name="AcquisitionId">Acquisition.</param>
/// <param name="Frames">Frames made.</param>
/// <param name="CountsPerHead">Counts per head.</param>
/// <param name="LostPerHead">Lost events per head.</param>
/// <param name="LiveSecondsPerHead">Live seconds per head.</param>
/// <param name="Crc">CRC-32 over the little-endian CRC-32 of every whole frame in order.</param>
public sealed record GantryLedger(Guid AcquisitionId, long Frames, IReadOnlyList<long> CountsPerHead, IReadOnlyList<long> LostPerHead, IReadOnlyList<double> LiveSecondsPerHead, uint Crc);

/// <summary>Gantry time: tick since boot, UTC of that tick, and the boot it belongs to.</summary>
/// <param name="BootId">Boot id.</param>
/// <param name="TickUs">Tick, microseconds.</param>
/// <param name="Utc">The gantry's UTC at that tick.</param>
public sealed record ClockAnchor(ulong BootId, ulong TickUs, DateTimeOffset Utc)
{
    /// <summary>UTC of another tick of the same boot.</summary>
    public DateTimeOffset At(ulong tickUs) => Utc + TimeSpan.FromMicroseconds((double)tickUs - TickUs);

    /// <summary>Tick of a time of the same boot; 0 before it.</summary>
    public ulong TickAt(DateTimeOffset at) => (ulong)Math.Max(0, TickUs + (at - Utc).TotalMicroseconds);
}

/// <summary>Verbs of the gantry. Reads back what it set and refuses hard when the gantry says otherwise.</summary>
public sealed class GantryDriver : IAsyncDisposable
{
    private readonly GantryAddress _address;
    private readonly TimeProvider _wall;
    private readonly ResiliencePipeline _reconnect;
    private GantryLink _link;

    private GantryDriver(GantryAddress address, TimeProvider wall, GantryLink link)
    {
        _address = address;
        _wall = wall;
        _link = link;
        _reconnect = ReconnectPolicy(wall);
    }

    /// <summary>Who the gantry says it is (*IDN?).</summary>
    public string Identity { get; private set; } = "";

    /// <summary>Called after the link was lost and found again, with the reason.</summary>
    public Action<string>? Reconnected { get; set; }

    /// <summary>Connects, opens the session and takes the control lease.</summary>
    /// <exception cref="AcquireException">No gantry there, another console holds it, or an unknown major version.</exception>
    public static async Task<GantryDriver> OpenAsync(GantryAddress address, TimeProvider wall, CancellationToken cancellation)
    {
        try
        {
            GantryLink link = await ReconnectPolicy(wall).ExecuteAsync(async token => await GantryLink.ConnectAsync(address.Host, address.Port, wall, token), cancellation);
            var driver = new GantryDriver(address, wall, link);
            await driver.OpenSessionAsync(cancellation);
            return driver;
        }
        catch (GantryLinkLostException e)
        {
            throw new AcquireException($"{e.Message}; start the gantry or simulator, or give its address with --gantry HOST:PORT", ExitCodes.Gantry, e);
        }
        catch (GantryRefusedException e)
        {
            throw new AcquireException($"{e.Message}; another console may hold the control lease", ExitCodes.Gantry, e);
        }
    }

    /// <summary>A command; the link is restored and the command sent again when it breaks. Only for commands that may be repeated.</summary>
    public Task CommandAsync(string command, CancellationToken cancellation) =>
        RestoringAsync(async link => { await link.CommandAsync(command, cancellation); return true; }, cancellation);

    /// <summary>A command that must not be sent twice: when the link breaks it is restored, and the caller has to ask what became of it.</summary>
    /// <exception cref="GantryLinkLostException">The link broke; the command may or may not have been done.</exception>
    public async Task CommandOnceAsync(string command, CancellationToken cancellation)
    {
        try
        {
            await _link.CommandAsync(command, cancellation);
        }
        catch (GantryLinkLostException e)
        {
            await RestoreAsync(e.Message, cancellation);
            throw;
        }
    }

    /// <summary>A query; the link is restored when it breaks.</summary>
    public Task<string> QueryAsync(string query, CancellationToken cancellation, TimeSpan? deadline = null) =>
        RestoringAsync(link => link.QueryAsync(query, cancellation, deadline), cancellation);

    /// <summary>Gantry time now.</summary>
    public async Task<ClockAnchor> ClockAsync(CancellationToken cancellation)
    {
        string[] tick = Fields(await QueryAsync("SYST:TICK?", cancellation), 2);
        string[] boot = Fields(await QueryAsync("SYST:BOOT?", cancellation));
        return new ClockAnchor(Whole<ulong>(boot[0]), Whole<ulong>(tick[0]),
            DateTimeOffset.TryParse(tick[1], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset utc) ? utc : throw new GantryProtocolException("a UTC time was expected, something else came"));
    }

    /// <summary>Moves a stepped simulator's clock on to a tick. Safe against a broken link: what has passed is asked, never repeated.</summary>
    /// <returns>The tick reached; less than the target when a stop cut it short.</returns>
    public async Task<ulong> AdvanceToAsync(ulong fromTickUs, ulong targetTickUs, CancellationToken cancellation)
    {
        while (fromTickUs < targetTickUs)
        {
            try
            {
                string reply = await _link.QueryAsync(FormattableString.Invariant($"DIAG:SIM:ADV? {(targetTickUs - fromTickUs) / 1e6:0.######}"), cancellation, TimeSpan.FromMinutes(2));
                return Whole<ulong>(reply);
            }
            catch (GantryLinkLostException e)
            {
                await RestoreAsync(e.Message, cancellation);
                fromTickUs = (await ClockAsync(cancellation)).TickUs;
            }
        }
        return fromTickUs;
    }

    /// <summary>State of the acquisition selected by this session, or the current one.</summary>
    public async Task<AcquisitionState> AcquisitionStateAsync(CancellationToken cancellation)
    {
        string[] f = Fields(await QueryAsync("ACQ:STAT?", cancellation), 7);
        return new AcquisitionState(f[0], f[1], Number(f[2]), Number(f[3]), (int)Number(f[4]), (long)Number(f[5]), (long)Number(f[6]));
    }

    /// <summary>Name and latch state of a head's collimator.</summary>
    public async Task<(string Name, string Latch)> CollimatorAsync(int head, CancellationToken cancellation)
    {
        string[] f = Fields(await QueryAsync(FormattableString.Invariant($"HEAD{head}:COLL?"), cancellation), 3);
        return (f[0], f[2]);
    }

    /// <summary>Total count rate of a head, cps.</summary>
    public async Task<double> CountRateAsync(int head, CancellationToken cancellation) =>
        Number(Fields(await QueryAsync(FormattableString.Invariant($"HEAD{head}:RATE?"), cancellation))[0]);

    /// <summary>Sets energy windows of a head and reads them back.</summary>
    /// <exception cref="AcquireException">The gantry holds other limits than asked for.</exception>
    public async Task SetWindowsAsync(int head, IReadOnlyList<EnergyWindow> windows, CancellationToken cancellation)
    {
        await CommandAsync(FormattableString.Invariant($"HEAD{head}:ENER:CLE"), cancellation);
        for (int w = 1; w <= windows.Count; w++)
        {
            EnergyWindow window = windows[w - 1];
            await CommandAsync(FormattableString.Invariant($"HEAD{head}:ENER:WIND{w} \"{window.Name}\",{window.LowerLimitKeV:0.###},{window.UpperLimitKeV:0.###}"), cancellation);
            string[] back = Fields(await QueryAsync(FormattableString.Invariant($"HEAD{head}:ENER:WIND{w}?"), cancellation), 3);
            if (back[0] != window.Name || Math.Abs(Number(back[1]) - window.LowerLimitKeV) > 0.05 || Math.Abs(Number(back[2]) - window.UpperLimitKeV) > 0.05)
                throw new AcquireException(FormattableString.Invariant($"head {head} holds window {w} as {back[1]} to {back[2]} keV, asked were {window.LowerLimitKeV} to {window.UpperLimitKeV} keV; nothing was started"), ExitCodes.Gantry);
        }
    }

    /// <summary>Next frame that is complete and not acknowledged; null when there is none.</summary>
    /// <exception cref="AcquireException">The frame arrived damaged three times.</exception>
    public async Task<byte[]?> NextFrameAsync(CancellationToken cancellation)
    {
        string[] f = Fields(await QueryAsync("FRAM:NEXT?", cancellation), 3);
        long number = Whole<long>(f[0]);
        if (number == 0) return null;
        int length = Whole<int>(f[1]);
        uint crc = Whole<uint>(f[2]);
        string wrong = "";
        for (int attempt = 0; attempt < 3; attempt++)
        {
            byte[] frame = await RestoringAsync(link => link.QueryBytesAsync(FormattableString.Invariant($"FRAM:DATA? {number}"), cancellation), cancellation);
            if (frame.Length != length) wrong = $"{frame.Length} bytes came, {length} were announced";
            else if (Crc32.Of(frame) != crc) wrong = "the CRC-32 is not the one announced";
            else if (FrameHeader.Check(frame, out FrameHeader? header) is { } w) wrong = w;
            else if (header!.Number != number) wrong = $"it says it is frame {header.Number}";
            else return frame;
        }
        throw new AcquireException($"frame {number} arrived damaged three times: {wrong}; it was not acknowledged, the gantry keeps it for `acquire resume`", ExitCodes.Gantry);
    }

    /// <summary>Frames up to this number are on our disk.</summary>
    public Task AcknowledgeAsync(uint number, CancellationToken cancellation) =>
        CommandAsync(FormattableString.Invariant($"FRAM:ACKN {number}"), cancellation);

    /// <summary>Selects the acquisition the frame and ledger queries of this session mean. False when the gantry does not know it.</summary>
    public async Task<bool> SelectAsync(Guid acquisition, CancellationToken cancellation)
    {
        try
        {
            await CommandAsync($"FRAM:SEL \"{acquisition:D}\"", cancellation);
            _selected = acquisition;
            return true;
        }
        catch (GantryRefusedException e) when (e.Code == 430)
        {
            return false;
        }
    }

    private Guid? _selected;

    /// <summary>Ledger of the selected acquisition.</summary>
    public async Task<GantryLedger> LedgerAsync(CancellationToken cancellation)
    {
        string[] f = Fields(await QueryAsync("ACQ:LEDG?", cancellation), 3);
        int heads = Whole<int>(f[2]);
        if (heads is < 1 or > 8 || f.Length < 4 + (4 * heads)) throw new GantryProtocolException($"a ledger of {heads} heads has {4 + (4 * heads)} fields, {f.Length} came");
        long[] Longs(int at) => [.. f.Skip(at).Take(heads).Select(s => Whole<long>(s))];
        return new GantryLedger(Guid.Parse(f[0]), Whole<long>(f[1]), Longs(3), Longs(3 + (2 * heads)),
            [.. f.Skip(3 + (3 * heads)).Take(heads).Select(Number)], Whole<uint>(f[3 + (4 * heads)]));
    }

    /// <summary>Ledger of the selected run; null when the gantry counted nothing for it.</summary>
    public async Task<GantryLedger?> LedgerIfAnyAsync(CancellationToken cancellation)
    {
        try
        {
            return await LedgerAsync(cancellation);
        }
        catch (GantryRefusedException e) when (e.Code == 430)
        {
            return null;
        }
    }

    /// <summary>How the selected run ended, in the gantry's word; NONE when it counted nothing for it.</summary>
    public async Task<string> EndReasonAsync(CancellationToken cancellation)
    {
        try
        {
            return await QueryAsync("ACQ:LEDG:REAS?", cancellation);
        }
        catch (GantryRefusedException e) when (e.Code == 430)
        {
            return "NONE";
        }
    }

    /// <summary>Splits a reply at commas outside quotes and takes the quotes off.</summary>
    /// <param name="reply">Reply.</param>
    /// <param name="atLeast">Fields it must have.</param>
    /// <exception cref="GantryProtocolException">It has fewer.</exception>
    public static string[] Fields(string reply, int atLeast = 1)
    {
        var fields = new List<string>();
        var current = new System.Text.StringBuilder();
        bool quoted = false;
        foreach (char c in reply)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                fields.Add(current.ToString());
                current.Clear();
            }
            else current.Append(c);
        }
        fields.Add(current.ToString());
        return fields.Count >= atLeast ? [.. fields] : throw new GantryProtocolException($"{atLeast} fields were expected, {fields.Count} came");
    }

    /// <summary>A number as SCPI writes it.</summary>
    /// <exception cref="GantryProtocolException">It is none.</exception>
    public static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : throw new GantryProtocolException("a number was expected, something else came");

    private static T Whole<T>(string text) where T : System.Numerics.IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out T? number) ? number : throw new GantryProtocolException("a whole number was expected, something else came");

    private static ResiliencePipeline ReconnectPolicy(TimeProvider wall) => new ResiliencePipelineBuilder { TimeProvider = wall }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<GantryLinkLostException>(),
            MaxRetryAttempts = 6,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    private async Task OpenSessionAsync(CancellationToken cancellation)
    {
        string version = await _link.QueryAsync("SYST:GCI:VERS?", cancellation);
        if (!version.StartsWith("1.", StringComparison.Ordinal))
            throw new AcquireException($"the gantry speaks GCI {version}; this console knows 1.x", ExitCodes.Gantry);
        Identity = await _link.QueryAsync("*IDN?", cancellation);
        await _link.CommandAsync($"SYST:SESS:OPEN \"{_address.SessionName}\",CONT,\"{_address.SessionSecret}\"", cancellation);
        await _link.CommandAsync("*CLS", cancellation);
        await _link.CommandAsync("SYST:CONT:REQ", cancellation);
        if (_selected is { } selected) await _link.CommandAsync($"FRAM:SEL \"{selected:D}\"", cancellation);
    }

    private async Task RestoreAsync(string reason, CancellationToken cancellation)
    {
        await _reconnect.ExecuteAsync(async token =>
        {
            await _link.DisposeAsync();
            _link = await GantryLink.ConnectAsync(_address.Host, _address.Port, _wall, token);
            await OpenSessionAsync(token);
        }, cancellation);
        Reconnected?.Invoke(reason);
    }

    private async Task<T> RestoringAsync<T>(Func<GantryLink, Task<T>> action, CancellationToken cancellation)
    {
        try
        {
            return await action(_link);
        }
        catch (GantryLinkLostException e)
        {
            await RestoreAsync(e.Message, cancellation);
            return await action(_link);
        }
        catch (GantryRefusedException e) when (e.Code == -203)
        {
            // The lease ran out while nothing was said: ask for it again once.
            await _link.CommandAsync("SYST:CONT:REQ", cancellation);
            return await action(_link);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _link.DisposeAsync();
}

/// <summary>Stop on a connection of its own: it never waits behind anything (house rule 2).</summary>
public sealed class GantryStopLine : IAsyncDisposable
{
    private readonly GantryAddress _address;
    private readonly TimeProvider _wall;
    private GantryLink _link;

    private GantryStopLine(GantryAddress address, TimeProvider wall, GantryLink link)
    {
        _address = address;
        _wall = wall;
        _link = link;
    }

    /// <summary>Opens the line while all is well, so that it is there when needed.</summary>
    public static async Task<GantryStopLine> OpenAsync(GantryAddress address, TimeProvider wall, CancellationToken cancellation) =>
        new(address, wall, await GantryLink.ConnectAsync(address.Host, address.Port, wall, cancellation));

    /// <summary>Ends motion, acquisition and exposure; frames are kept, marked partial. Any role may, in any state. A broken line is opened anew once.</summary>
    /// <exception cref="GantryLinkLostException">The gantry did not confirm: its own stop has to be used.</exception>
    public async Task AbortAsync()
    {
        try
        {
            await _link.CommandAsync("ABOR", CancellationToken.None);
        }
        catch (GantryLinkLostException)
        {
            await _link.DisposeAsync();
            _link = await GantryLink.ConnectAsync(_address.Host, _address.Port, _wall, CancellationToken.None);
            await _link.CommandAsync("ABOR", CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _link.DisposeAsync();
}
