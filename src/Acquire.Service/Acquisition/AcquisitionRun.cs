using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Gantry;
using Acquire.Protocols.Imaging;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Acquisition;

/// <summary>What one run takes, frozen before it is armed; kept in the journal so that a later process can finish it.</summary>
/// <param name="AcquisitionId">Identity on the wire.</param>
/// <param name="StepId">Step of the protocol.</param>
/// <param name="Title">For people.</param>
/// <param name="Kind">Kind.</param>
/// <param name="EnergyWindows">Windows as set and read back.</param>
/// <param name="Detectors">Heads taking part.</param>
/// <param name="Collimator">Collimator as read back.</param>
/// <param name="ExpectedFrames">Frames a complete run has.</param>
/// <param name="FirstStop">First stop of the protocol's rotation this run takes, from 0 (a resumed tomo starts later).</param>
/// <param name="PollSeconds">How often the run looks at the gantry, study seconds.</param>
public sealed record RunPlan(Guid AcquisitionId, string StepId, string Title, AcquisitionKind Kind, IReadOnlyList<EnergyWindow> EnergyWindows,
    int Detectors, string Collimator, int ExpectedFrames, int FirstStop, double PollSeconds);

/// <summary>How a run ended.</summary>
/// <param name="Ending">In one word.</param>
/// <param name="Reason">In words; empty when complete.</param>
/// <param name="Ledger">Stored sums against the gantry's ledger.</param>
public sealed record RunResult(Ending Ending, string Reason, LedgerComparison Ledger);

/// <summary>What people may watch of a run.</summary>
/// <param name="StepId">Step.</param>
/// <param name="Title">For people.</param>
/// <param name="FramesStored">Frames on disk and acknowledged.</param>
/// <param name="FramesExpected">Frames a complete run has.</param>
/// <param name="Counts">Counts stored so far, photopeak and scatter together; -1 for a CT, whose slices have none.</param>
/// <param name="ElapsedSeconds">As the gantry says.</param>
/// <param name="CountRateCps">Rate of head 1 now.</param>
public sealed record RunProgress(string StepId, string Title, int FramesStored, int FramesExpected, long Counts, double ElapsedSeconds, double CountRateCps)
{
    /// <summary>What there is so far, in words; slices of a CT have no counts.</summary>
    public string InWords => Counts < 0
        ? $"{FramesStored}/{FramesExpected} slices stored"
        : string.Create(CultureInfo.InvariantCulture, $"{FramesStored}/{FramesExpected} frames stored, {Counts / 1000.0:N0} kcounts");
}

/// <summary>The acquisition run: configure, arm, start, then store every frame durably before acknowledging it, and compare with the ledger.</summary>
public sealed class AcquisitionRun(GantryDriver gantry, DataFolder data, string studyKey, StudyClock clock)
{
    private readonly FrameStore _store = data.Frames(studyKey);

    /// <summary>Told of progress; display only.</summary>
    public Action<RunProgress>? Progress { get; set; }

    /// <summary>Called between two looks at the gantry, while nothing waits: prompts to people.</summary>
    public Func<CancellationToken, Task> BetweenPolls { get; set; } = _ => Task.CompletedTask;

    /// <summary>True once a person pressed Stop: the ending then says so.</summary>
    public Func<bool> StopRequested { get; set; } = () => false;

    /// <summary>Distance of the heads from the axis while gantry or table move and while the CT runs, mm: out of the way, within every gantry's range.</summary>
    public const double RetractedMm = 300;

    /// <summary>Moves to where a planned acquisition starts and reads the positions back: heads out, gantry and table, heads in.</summary>
    /// <param name="rotationDeg">Machine angle.</param>
    /// <param name="tableMm">Table position.</param>
    /// <param name="bringHeads">Asked when gantry and table stand: distance per head, mm.</param>
    /// <param name="operation">Operation id these moves start with.</param>
    /// <param name="cancellation">Cancellation.</param>
    public async Task PositionAsync(double rotationDeg, double tableMm, Func<Task<IReadOnlyList<double>>> bringHeads, string operation, CancellationToken cancellation)
    {
        if (!await IsAtAsync("GANT:ROT:ACT?", rotationDeg, RotationToleranceDeg, cancellation) || !await IsAtAsync("TABL:LONG:ACT?", tableMm, TableToleranceMm, cancellation))
        {
            await gantry.CommandAsync("MOT:CLE", cancellation);
            await MoveAsync([RetractedMm, RetractedMm], $"{operation}-out", cancellation);
            await gantry.CommandAsync("GANT:GEOM H180", cancellation);
            await gantry.CommandAsync(FormattableString.Invariant($"GANT:ROT {rotationDeg:0.##}"), cancellation);
            await gantry.CommandAsync(FormattableString.Invariant($"TABL:LONG {tableMm:0.#}"), cancellation);
            await MoveAsync([RetractedMm, RetractedMm], $"{operation}-turn", cancellation);
        }
        await MoveAsync(await bringHeads(), $"{operation}-in", cancellation);
        await VerifyPositionAsync("GANT:ROT:ACT?", rotationDeg, RotationToleranceDeg, "gantry rotation", "deg", cancellation);
        await VerifyPositionAsync("TABL:LONG:ACT?", tableMm, TableToleranceMm, "table", "mm", cancellation);
    }

    private const double RotationToleranceDeg = 0.1;
    private const double TableToleranceMm = 0.5;

    private async Task MoveAsync(IReadOnlyList<double> radiusMm, string operation, CancellationToken cancellation)
    {
        for (int head = 1; head <= radiusMm.Count; head++)
            await gantry.CommandAsync(FormattableString.Invariant($"HEAD{head}:RAD {radiusMm[head - 1]:0.#}"), cancellation);
        string[] plan = GantryDriver.Fields(await gantry.QueryAsync("MOT:PLAN?", cancellation));
        if (plan[0] != "OK" || plan.Length < 3) throw new AcquireException($"the gantry cannot move there: {plan[0]}; nothing was moved", ExitCodes.Gantry);
        double seconds = GantryDriver.Number(plan[1]);
        if (seconds <= 0) return;
        if (StopRequested()) throw Stopped();
        await gantry.CommandAsync($"MOT:STAR \"{operation}\",{plan[2]}", cancellation);
        await WaitForOperationAsync(operation, seconds, cancellation);
    }

    private static OperationCanceledException Stopped() => new("stopped by the operator");

    private async Task<bool> IsAtAsync(string query, double wanted, double tolerance, CancellationToken cancellation) =>
        Math.Abs(GantryDriver.Number(GantryDriver.Fields(await gantry.QueryAsync(query, cancellation))[0]) - wanted) <= tolerance;

    /// <summary>Configures the gantry for a planned acquisition, checks that it can be stored, arms and starts it.</summary>
    /// <remarks>The plan must be in the journal already: a process that dies in here is continued from it.</remarks>
    public async Task StartAsync(RunPlan plan, PlannedAcquisition planned, CancellationToken cancellation)
    {
        await SendSettingsAsync(plan, planned, cancellation);
        string[] check = GantryDriver.Fields(await gantry.QueryAsync("ACQ:CHEC?", cancellation), 4);
        if (check[0] != "OK") throw new AcquireException($"the gantry cannot take {plan.Title}: {check[0]}; nothing was started", ExitCodes.Gantry);
        if ((int)GantryDriver.Number(check[^3]) != plan.ExpectedFrames)
            throw new AcquireException($"the gantry would take {check[^3]} frames for {plan.Title}, planned were {plan.ExpectedFrames}; nothing was started", ExitCodes.Gantry);
        data.RequireSpace((long)GantryDriver.Number(check[^2]), plan.Title);
        if (StopRequested()) throw Stopped();
        await gantry.CommandAsync("ACQ:ARM", cancellation);
        await gantry.CommandAsync($"ACQ:STAR \"{plan.AcquisitionId:D}\"", cancellation);
    }

    /// <summary>Configures, confirms the dose and starts a CT. Returns CTDIvol (mGy) and DLP (mGy cm) as the gantry estimates them.</summary>
    /// <param name="plan">Plan, in the journal already.</param>
    /// <param name="ct">Settings.</param>
    /// <param name="centreTableMm">Table position of the middle of the scan.</param>
    /// <param name="release">Told CTDIvol (mGy) and DLP (mGy cm) before the beam; true to go on.</param>
    /// <param name="cancellation">Cancellation.</param>
    public async Task<(double CtdiMGy, double DlpMGyCm)> StartCtAsync(RunPlan plan, CtAcquisition ct, double centreTableMm,
        Func<double, double, Task<bool>> release, CancellationToken cancellation)
    {
        await WarmTubeAsync(plan, cancellation);
        await gantry.CommandAsync($"CT:ID \"{plan.AcquisitionId:D}\"", cancellation);
        await gantry.CommandAsync("CT:MODE HEL", cancellation);
        await gantry.CommandAsync(FormattableString.Invariant($"CT:KV {ct.Kv:0}"), cancellation);
        await gantry.CommandAsync(FormattableString.Invariant($"CT:MA {ct.MA:0.#}"), cancellation);
        await gantry.CommandAsync(FormattableString.Invariant($"CT:ROT {ct.RotationTime.TotalSeconds:0.###} S"), cancellation);
        await gantry.CommandAsync(FormattableString.Invariant($"CT:PITC {ct.Pitch:0.###}"), cancellation);
        await gantry.CommandAsync(FormattableString.Invariant($"CT:SLIC {ct.SliceMm:0.###} MM"), cancellation);
        await gantry.CommandAsync(FormattableString.Invariant($"CT:RANG {centreTableMm - (ct.LengthMm / 2):0.#},{centreTableMm + (ct.LengthMm / 2):0.#}"), cancellation);
        string[] dose = GantryDriver.Fields(await gantry.QueryAsync("CT:DOSE?", cancellation), 2);
        double ctdi = GantryDriver.Number(dose[0]);
        double dlp = GantryDriver.Number(dose[1]);
        if (!await release(ctdi, dlp))
            throw new AcquireException(FormattableString.Invariant($"the CT was not released: estimated CTDIvol {ctdi} mGy, DLP {dlp} mGy cm"), ExitCodes.StudyNotComplete);
        data.RequireSpace(plan.ExpectedFrames * (512L * 512 * 2), plan.Title);
        if (StopRequested()) throw Stopped();
        await gantry.CommandAsync($"CT:DOSE:CONF {dose[0]},{dose[1]}", cancellation);
        await gantry.CommandAsync("CT:ARM", cancellation);
        await gantry.CommandAsync($"CT:EXP:STAR \"{plan.AcquisitionId:D}\"", cancellation);
        return (ctdi, dlp);
    }

    /// <summary>Takes the frames of a run that was started (by this process or one before it) until none are left, and compares the ledger.</summary>
    /// <param name="plan">Plan.</param>
    /// <param name="moments">Things to do at given study seconds after the start of counting, ascending (the injection, prompts).</param>
    /// <param name="cancellation">Cancellation.</param>
    public async Task<RunResult> FollowAsync(RunPlan plan, IReadOnlyList<(double AtSeconds, Func<Task> Do)> moments, CancellationToken cancellation)
    {
        if (!await gantry.SelectAsync(plan.AcquisitionId, cancellation))
            return new RunResult(Ending.Failed, "the gantry does not know the run", Compare(plan, null));
        int moment = 0;
        long counts = 0;
        int stored = 0;
        foreach (StoredFrame frame in _store.ReadAll(plan.AcquisitionId, (_, _) => { }))
        {
            counts += (long)frame.Header.Sum;
            stored++;
        }
        while (true)
        {
            while (await gantry.NextFrameAsync(cancellation) is { } bytes)
            {
                FrameHeader.TryRead(bytes, out FrameHeader? header);
                if (header!.AcquisitionId != plan.AcquisitionId)
                    throw new AcquireException($"the gantry sent a frame of run {header.AcquisitionId} instead of {plan.AcquisitionId}; it was not acknowledged", ExitCodes.Gantry);
                try
                {
                    _store.Store(header, bytes);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw DataFolder.Describe(data.Path, e);
                }
                await gantry.AcknowledgeAsync(header.Number, cancellation);
                counts += (long)header.Sum;
                stored++;
            }
            AcquisitionState state = await StateAsync(plan, cancellation);
            double rate = plan.Kind == AcquisitionKind.Ct ? 0 : await gantry.CountRateAsync(1, cancellation);
            Progress?.Invoke(new RunProgress(plan.StepId, plan.Title, stored, plan.ExpectedFrames, plan.Kind == AcquisitionKind.Ct ? -1 : counts, state.ElapsedSeconds, rate));
            if (state.State == "IDLE") return await EndAsync(plan, state, cancellation);
            if (state.State == "DRA") continue;
            if (StopRequested())
            {
                // The stop line's abort may have come before this run was started, or not at all: it is said again here, and does no harm twice.
                await gantry.CommandAsync("ABOR", cancellation);
                continue;
            }
            if (state.State is "HOLD")
                throw new AcquireException($"the gantry holds {plan.Title} ({state.Reason}); what was counted is stored. Free the cause, then `acquire resume`", ExitCodes.Gantry);
            double wait = plan.PollSeconds;
            if (moment < moments.Count)
            {
                double until = moments[moment].AtSeconds - state.ElapsedSeconds;
                if (until <= 1e-6)
                {
                    await moments[moment++].Do();
                    continue;
                }
                wait = Math.Min(wait, until);
            }
            await BetweenPolls(cancellation);
            await clock.PassAsync(TimeSpan.FromSeconds(wait), cancellation);
        }
    }

    /// <summary>Sums of what is on disk against a ledger; null ledger when the gantry has none.</summary>
    public LedgerComparison Compare(RunPlan plan, GantryLedger? ledger)
    {
        long frames = 0, counts = 0;
        uint chain = 0;
        Span<byte> link = stackalloc byte[4];
        // A frame that is damaged on disk is not stored: frames, counts and chain then differ from the ledger.
        foreach (StoredFrame frame in _store.ReadAll(plan.AcquisitionId, (_, _) => { }))
        {
            frames++;
            counts += (long)frame.Header.Sum;
            BinaryPrimitives.WriteUInt32LittleEndian(link, frame.Crc);
            chain = Crc32.Append(chain, link);
        }
        return new LedgerComparison(plan.StepId, plan.Title, frames, ledger?.Frames ?? 0, counts, ledger?.CountsPerHead.Sum() ?? 0, ledger is null ? frames == 0 : ledger.Crc == chain);
    }

    /// <summary>Waits for an operation of the gantry to be done.</summary>
    public async Task WaitForOperationAsync(string operation, double expectedSeconds, CancellationToken cancellation)
    {
        double waited = 0;
        double step = Math.Clamp(expectedSeconds, 0.1, 5);
        while (true)
        {
            string[] state = GantryDriver.Fields(await gantry.QueryAsync($"SYST:OPER? \"{operation}\"", cancellation), 2);
            if (state[0] == "DONE") return;
            if (state[0] is not "RUNN" && StopRequested()) throw Stopped();
            if (state[0] is not "RUNN") throw new AcquireException($"the gantry ended the operation with {state[0]} (code {state[1]})", ExitCodes.Gantry);
            if (waited > (expectedSeconds * 2) + 30)
                throw new AcquireException(FormattableString.Invariant($"the gantry did not finish a move of {expectedSeconds:F0} s within {waited:F0} s"), ExitCodes.Gantry);
            await clock.PassAsync(TimeSpan.FromSeconds(step), cancellation);
            waited += step;
        }
    }

    private async Task<AcquisitionState> StateAsync(RunPlan plan, CancellationToken cancellation)
    {
        if (plan.Kind != AcquisitionKind.Ct) return await gantry.AcquisitionStateAsync(cancellation);
        string[] ct = GantryDriver.Fields(await gantry.QueryAsync("CT:STAT?", cancellation));
        string[] range = GantryDriver.Fields(await gantry.QueryAsync("FRAM:RANG?", cancellation), 3);
        bool exposing = ct[0] == "EXP";
        bool left = GantryDriver.Number(range[0]) != 0 && GantryDriver.Number(range[0]) <= GantryDriver.Number(range[1]);
        string reason = exposing || left ? "NONE" : await gantry.EndReasonAsync(cancellation);
        return new AcquisitionState(exposing ? "RUNN" : left ? "DRA" : "IDLE", reason, 0, 0, 0, (long)GantryDriver.Number(range[1]), 0);
    }

    private async Task<RunResult> EndAsync(RunPlan plan, AcquisitionState state, CancellationToken cancellation)
    {
        GantryLedger? ledger = await gantry.LedgerIfAnyAsync(cancellation);
        LedgerComparison comparison = Compare(plan, ledger);
        // A view that was held in the middle comes as two frames: there may be more than planned, never fewer.
        bool complete = state.Reason is "DONE" or "NONE" && comparison.FramesStored >= plan.ExpectedFrames;
        string taken = FormattableString.Invariant($"{comparison.FramesStored} of {plan.ExpectedFrames} frames kept");
        (Ending ending, string reason) = state.Reason switch
        {
            _ when !comparison.Equal => (Ending.Failed, $"failed because stored sums and the gantry's ledger differ; {taken}"),
            _ when StopRequested() && !complete => (Ending.Stopped, $"stopped by the operator; {taken}"),
            _ when complete => (Ending.Complete, ""),
            "POW" => (Ending.Failed, $"failed because the gantry lost power; {taken}"),
            "STOP" => (Ending.Stopped, $"stopped; {taken}"),
            "INT" => (Ending.Aborted, $"aborted by an interlock; {taken}"),
            "STOR" => (Ending.Failed, $"failed because the gantry's store was full; {taken}"),
            "ABOR" => (Ending.Aborted, $"aborted; {taken}"),
            _ => (Ending.Failed, $"failed because frames are missing; {taken}"),
        };
        return new RunResult(ending, reason, comparison);
    }

    private async Task SendSettingsAsync(RunPlan plan, PlannedAcquisition planned, CancellationToken cancellation)
    {
        var settings = new List<string> { $"ACQ:ID \"{plan.AcquisitionId:D}\"", "ACQ:HEAD BOTH" };
        int matrix;
        switch (planned)
        {
            case FlowAcquisition flow:
                matrix = flow.Matrix;
                int frames = FlowFrames(flow);
                settings.Add("ACQ:MODE DYN");
                settings.Add("ACQ:DYN:CLE");
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"ACQ:DYN:PHAS1 {frames},{flow.FrameTime.TotalSeconds:0.###}"));
                settings.Add("ACQ:ONL CONT");
                break;
            case StaticAcquisition view:
                matrix = view.Matrix;
                settings.Add("ACQ:MODE STAT");
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"ACQ:LIM:TIME {view.TimeLimit.TotalSeconds:0.###} S"));
                settings.Add(view.CountLimit is { } limit ? string.Create(CultureInfo.InvariantCulture, $"ACQ:LIM:COUN {limit}") : "ACQ:LIM:COUN INF");
                settings.Add("ACQ:ONL CONT");
                break;
            case TomoAcquisition tomo:
                matrix = tomo.Matrix;
                int left = tomo.StopsPerHead(plan.Detectors) - plan.FirstStop;
                settings.Add("ACQ:MODE TOMO");
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"ACQ:TOMO:STAR {tomo.RotationAtStopDeg(plan.FirstStop, plan.Detectors):0.##}"));
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"ACQ:TOMO:ARC {tomo.StepDeg(plan.Detectors) * left:0.###}"));
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"ACQ:TOMO:VIEW {left}"));
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"ACQ:TOMO:TIME {tomo.StopTime.TotalSeconds:0.###} S"));
                settings.Add(tomo.Continuous ? "ACQ:TOMO:MODE CONT" : "ACQ:TOMO:MODE STEP");
                settings.Add(tomo.Clockwise ? "ACQ:TOMO:DIR CW" : "ACQ:TOMO:DIR CCW");
                settings.Add(tomo.BodyContour ? "ACQ:TOMO:ORB CONT" : "ACQ:TOMO:ORB CIRC");
                settings.Add("ACQ:ONL HOLD");
                break;
            default:
                throw new AcquireException($"{plan.Title}: this kind of acquisition is not known to the gantry driver", ExitCodes.BadInput);
        }
        for (int head = 1; head <= plan.Detectors; head++)
        {
            await gantry.CommandAsync(string.Create(CultureInfo.InvariantCulture, $"HEAD{head}:MATR {matrix}"), cancellation);
            await gantry.CommandAsync(string.Create(CultureInfo.InvariantCulture, $"HEAD{head}:ZOOM 1"), cancellation);
            await gantry.SetWindowsAsync(head, plan.EnergyWindows, cancellation);
        }
        foreach (string setting in settings) await gantry.CommandAsync(setting, cancellation);
    }

    /// <summary>Frames of a flow with its pre-roll.</summary>
    public static int FlowFrames(FlowAcquisition flow) => flow.Frames + (int)Math.Ceiling(flow.PreRoll / flow.FrameTime);

    private async Task WarmTubeAsync(RunPlan plan, CancellationToken cancellation)
    {
        string[] state = GantryDriver.Fields(await gantry.QueryAsync("CT:STAT?", cancellation));
        if (state[0] == "ARM") await gantry.CommandAsync("CT:EXP:STOP", cancellation); // armed by a process that died: settings are taken only in standby
        if (state[0] != "OFF") return;
        string operation = $"warm-{plan.AcquisitionId:D}";
        await gantry.CommandAsync($"CT:WARM \"{operation}\"", cancellation);
        await WaitForOperationAsync(operation, 300, cancellation);
    }

    private async Task VerifyPositionAsync(string query, double wanted, double tolerance, string what, string unit, CancellationToken cancellation)
    {
        double actual = GantryDriver.Number(GantryDriver.Fields(await gantry.QueryAsync(query, cancellation))[0]);
        if (Math.Abs(actual - wanted) > tolerance)
            throw new AcquireException(FormattableString.Invariant($"the {what} reads back {actual} {unit}, asked was {wanted} {unit}; nothing was started"), ExitCodes.Gantry);
    }
}
