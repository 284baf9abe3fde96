namespace Acquire.Service.Gantry;

/// <summary>What a run takes, before it is armed.</summary>
public abstract record RunSettings
{
    /// <summary>Heads that count: BOTH, 1 or 2.</summary>
    public string Heads { get; init; } = "BOTH";
    /// <summary>List mode beside the frames.</summary>
    public bool ListMode { get; init; }
    /// <summary>What the run does when the lease is lost: CONT, HOLD, ABOR.</summary>
    public string OnLoss { get; init; } = "CONT";
}

/// <summary>One image per head and window.</summary>
/// <param name="Seconds">Time; infinity for none.</param>
/// <param name="Counts">Counts of one head's first window; null for none. Whichever comes first.</param>
public sealed record StaticRun(double Seconds, double? Counts = null) : RunSettings;

/// <summary>One phase of a dynamic run.</summary>
/// <param name="Frames">Frames.</param>
/// <param name="Seconds">Time per frame.</param>
/// <param name="PauseSeconds">Pause after each.</param>
public sealed record DynamicPhase(int Frames, double Seconds, double PauseSeconds = 0);

/// <summary>Frames in time.</summary>
/// <param name="Phases">Phases, 1 to 16.</param>
public sealed record DynamicRun(IReadOnlyList<DynamicPhase> Phases) : RunSettings;

/// <summary>Frames over the cardiac or breathing cycle.</summary>
/// <param name="Bins">Bins per cycle, 2 to 64.</param>
/// <param name="Source">ECG, RESP, SIM.</param>
/// <param name="LowPercent">Shortest cycle accepted, percent of the mean.</param>
/// <param name="HighPercent">Longest.</param>
/// <param name="Seconds">Time.</param>
public sealed record GatedRun(int Bins, string Source, double LowPercent, double HighPercent, double Seconds) : RunSettings;

/// <summary>The table moves through.</summary>
/// <param name="StartMm">Table position at the start.</param>
/// <param name="EndMm">At the end.</param>
/// <param name="MmPerSecond">Speed.</param>
public sealed record WholeBodyRun(double StartMm, double EndMm, double MmPerSecond) : RunSettings;

/// <summary>The gantry turns.</summary>
/// <param name="StartDeg">Machine angle of the first stop.</param>
/// <param name="ArcDeg">Angle the gantry turns.</param>
/// <param name="Views">Stops per head.</param>
/// <param name="Seconds">Time per stop.</param>
/// <param name="Continuous">Turning while counting; false: step and shoot.</param>
/// <param name="Clockwise">The machine angle grows.</param>
/// <param name="BodyContour">Radius follows the body; false: circular.</param>
public sealed record TomoRun(double StartDeg, double ArcDeg, int Views, double Seconds, bool Continuous, bool Clockwise, bool BodyContour) : RunSettings
{
    /// <summary>Gated per view; null for not.</summary>
    public GatedRun? Gate { get; init; }
}

/// <summary>What ACQuire:CHECk? says of the settings.</summary>
/// <param name="Verdict">OK or reasons joined by _.</param>
/// <param name="Frames">Frames it would make.</param>
/// <param name="Bytes">Bytes of them.</param>
/// <param name="Seconds">Time it takes.</param>
public sealed record RunCheck(string Verdict, long Frames, long Bytes, double Seconds);

/// <summary>Runs: configured, checked, armed, started, ended, their ledger.</summary>
public sealed class GantryAcquisition(GantryDriver gantry)
{
    /// <summary>Sends the settings of a run and reads every one back. The heads' matrix and windows are set beside it.</summary>
    /// <param name="id">Identity of the run.</param>
    /// <param name="run">Settings.</param>
    /// <param name="cancellation">Cancellation.</param>
    public async Task ConfigureAsync(Guid id, RunSettings run, CancellationToken cancellation)
    {
        await SetAsync("ACQuire:ID", "the run's id", cancellation, id);
        gantry.Session.Selected = id;
        await SetAsync("ACQuire:MODE", "the kind of run", cancellation, run switch
        {
            StaticRun => "STAT", DynamicRun => "DYN", GatedRun => "GAT", WholeBodyRun => "WBOD", TomoRun { Gate: not null } => "GTOM", TomoRun => "TOMO",
            _ => throw new ArgumentException($"{run.GetType().Name} is no kind of run the gantry has", nameof(run)),
        });
        await SetAsync("ACQuire:HEADs", "the heads that count", cancellation, run.Heads);
        await SetAsync("ACQuire:ONLoss", "what happens when the lease is lost", cancellation, run.OnLoss);
        if (run.ListMode) await SetAsync("ACQuire:LIST", "list mode", cancellation, true);
        await (run switch
        {
            StaticRun r => LimitsAsync(r.Seconds, r.Counts, cancellation),
            DynamicRun r => PhasesAsync(r.Phases, cancellation),
            GatedRun r => GateAsync(r, cancellation),
            WholeBodyRun r => WholeBodyAsync(r, cancellation),
            _ => TomoAsync((TomoRun)run, cancellation),
        });
    }

    /// <summary>A label beside the id: a key, never a name (<see cref="WireText.Label"/>).</summary>
    public Task LabelAsync(string key, CancellationToken cancellation) => SetAsync("ACQuire:LABel", "the label", cancellation, WireText.Label(key));

    /// <summary>Would it run.</summary>
    public async Task<RunCheck> CheckAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("ACQ:CHEC?", 4, cancellation);
        return new RunCheck(string.Join('_', f[..^3]), GantryReply.Whole<long>(f[^3]), GantryReply.Whole<long>(f[^2]), GantryReply.Number(f[^1]));
    }

    /// <summary>Freezes the settings and reserves the store. Repeating it is safe: an armed run is seen, not armed again.</summary>
    public async Task ArmAsync(CancellationToken cancellation)
    {
        try
        {
            await gantry.CommandAsync("ACQ:ARM", cancellation);
        }
        catch (GantryRefusedException e) when (e.Code == -221)
        {
            // Refused because it is armed already: the answer to the first try was lost.
            if ((await StateAsync(cancellation)).State != "ARM") throw;
        }
    }

    /// <summary>Starts the armed run, exactly once.</summary>
    public Task StartAsync(Guid id, CancellationToken cancellation) => gantry.StartAsync($"{id:D}", $"ACQ:STAR \"{id:D}\"", cancellation);

    /// <summary>Stops counting; the run stays.</summary>
    public Task PauseAsync(CancellationToken cancellation) => gantry.CommandAsync("ACQ:PAUS", cancellation);

    /// <summary>Goes on after a pause or a hold, exactly once.</summary>
    public Task ResumeAsync(string operation, CancellationToken cancellation) => gantry.StartAsync(operation, $"ACQ:RES \"{operation}\"", cancellation);

    /// <summary>Ends now and keeps all counts.</summary>
    public Task StopAsync(CancellationToken cancellation) => gantry.CommandAsync("ACQ:STOP", cancellation);

    /// <summary>Stops motion, run and exposure; frames are kept, marked partial.</summary>
    public Task AbortAsync(CancellationToken cancellation) => gantry.CommandAsync("ABOR", cancellation);

    /// <summary>State of the run selected by this session, or the current one.</summary>
    public async Task<AcquisitionState> StateAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("ACQ:STAT?", 7, cancellation);
        return new AcquisitionState(f[0], f[1], GantryReply.Number(f[2]), GantryReply.Number(f[3]), (int)GantryReply.Number(f[4]), (long)GantryReply.Number(f[5]), (long)GantryReply.Number(f[6]));
    }

    /// <summary>Ledger of the selected run; null when the gantry counted nothing for it.</summary>
    public async Task<GantryLedger?> LedgerIfAnyAsync(CancellationToken cancellation)
    {
        try
        {
            string[] f = await gantry.FieldsAsync("ACQ:LEDG?", 3, cancellation);
            int heads = GantryReply.Whole<int>(f[2]);
            if (heads is < 1 or > 8 || f.Length < 4 + (4 * heads)) throw new GantryProtocolException($"a ledger of {heads} heads has {4 + (4 * heads)} fields, {f.Length} came");
            long[] Longs(int at) => [.. f.Skip(at).Take(heads).Select(GantryReply.Whole<long>)];
            return new GantryLedger(Guid.Parse(f[0]), GantryReply.Whole<long>(f[1]), Longs(3), Longs(3 + (2 * heads)),
                [.. f.Skip(3 + (3 * heads)).Take(heads).Select(GantryReply.Number)], GantryReply.Whole<uint>(f[3 + (4 * heads)])) { ListWordsPerHead = Longs(3 + heads) };
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
            return await gantry.QueryAsync("ACQ:LEDG:REAS?", cancellation);
        }
        catch (GantryRefusedException e) when (e.Code == 430)
        {
            return "NONE";
        }
    }

    private async Task LimitsAsync(double seconds, double? counts, CancellationToken cancellation)
    {
        await SetAsync("ACQuire:LIMit:TIME", "the time limit", cancellation, seconds);
        await SetAsync("ACQuire:LIMit:COUNts", "the count limit", cancellation, counts ?? double.PositiveInfinity);
    }

    private async Task PhasesAsync(IReadOnlyList<DynamicPhase> phases, CancellationToken cancellation)
    {
        await gantry.CommandAsync("ACQ:DYN:CLE", cancellation);
        for (int p = 1; p <= phases.Count; p++)
        {
            object[] values = phases[p - 1].PauseSeconds > 0 ? [phases[p - 1].Frames, phases[p - 1].Seconds, phases[p - 1].PauseSeconds] : [phases[p - 1].Frames, phases[p - 1].Seconds];
            await gantry.Settings.SetAsync("ACQuire:DYNamic:PHASe#", [p], $"phase {p}", cancellation, values);
        }
    }

    private async Task GateAsync(GatedRun run, CancellationToken cancellation)
    {
        await SetAsync("ACQuire:GATE:BINS", "the number of gate bins", cancellation, run.Bins);
        await SetAsync("ACQuire:GATE:SOURce", "the gate's source", cancellation, run.Source);
        await SetAsync("ACQuire:GATE:WINDow", "the gate's window", cancellation, run.LowPercent, run.HighPercent);
        if (run.Seconds > 0) await SetAsync("ACQuire:LIMit:TIME", "the time limit", cancellation, run.Seconds);
    }

    private async Task WholeBodyAsync(WholeBodyRun run, CancellationToken cancellation)
    {
        await SetAsync("ACQuire:WBODy:RANGe", "the range of the table", cancellation, run.StartMm, run.EndMm);
        await SetAsync("ACQuire:WBODy:SPEed", "the speed of the table", cancellation, run.MmPerSecond);
    }

    private async Task TomoAsync(TomoRun run, CancellationToken cancellation)
    {
        await SetAsync("ACQuire:TOMO:STARt", "the first angle", cancellation, run.StartDeg);
        await SetAsync("ACQuire:TOMO:ARC", "the arc", cancellation, run.ArcDeg);
        await SetAsync("ACQuire:TOMO:VIEWs", "the number of stops", cancellation, run.Views);
        await SetAsync("ACQuire:TOMO:TIME", "the time per stop", cancellation, run.Seconds);
        await SetAsync("ACQuire:TOMO:MODE", "the way of turning", cancellation, run.Continuous ? "CONT" : "STEP");
        await SetAsync("ACQuire:TOMO:DIRection", "the direction", cancellation, run.Clockwise ? "CW" : "CCW");
        await SetAsync("ACQuire:TOMO:ORBit", "the orbit", cancellation, run.BodyContour ? "CONT" : "CIRC");
        if (run.Gate is { } gate) await GateAsync(gate with { Seconds = 0 }, cancellation);
    }

    private Task SetAsync(string header, string what, CancellationToken cancellation, params object[] values) => gantry.Settings.SetAsync(header, [], what, cancellation, values);
}
