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

    /// <summary>Told of every frame of a run once it is stored and acknowledged; must not block or throw.</summary>
    public Action<RunPlan, StoredFrame>? Stored { get; set; }

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
        GantryMotion motion = gantry.Motion;
        if (!await motion.IsAtRotationAsync(rotationDeg, cancellation) || !await motion.IsAtTableAsync(tableMm, cancellation))
        {
            await motion.ClearTargetsAsync(cancellation);
            await MoveAsync([RetractedMm, RetractedMm], $"{operation}-out", cancellation);
            await motion.TargetGeometryAsync("H180", cancellation);
            await motion.TargetRotationAsync(rotationDeg, cancellation);
            await motion.TargetTableAsync(tableMm, cancellation);
            await MoveAsync([RetractedMm, RetractedMm], $"{operation}-turn", cancellation);
        }
        IReadOnlyList<double> radiusMm = await bringHeads();
        await MoveAsync(radiusMm, $"{operation}-in", cancellation);
        await motion.VerifyRotationAsync(rotationDeg, cancellation);
        await motion.VerifyTableAsync(tableMm, cancellation);
        await motion.VerifyGeometryAsync("H180", cancellation);
        for (int head = 1; head <= radiusMm.Count; head++) await motion.VerifyRadiusAsync(head, radiusMm[head - 1], cancellation);
    }

    private async Task MoveAsync(IReadOnlyList<double> radiusMm, string operation, CancellationToken cancellation)
    {
        for (int head = 1; head <= radiusMm.Count; head++) await gantry.Motion.TargetRadiusAsync(head, radiusMm[head - 1], cancellation);
        MovePlan plan = await gantry.Motion.PlanAsync(cancellation);
        if (!plan.IsPossible) throw new AcquireException($"the gantry cannot move there: {plan.Verdict}; nothing was moved", ExitCodes.Gantry);
        if (plan.Seconds <= 0) return;
        if (StopRequested()) throw Stopped();
        await gantry.Motion.StartAsync(operation, plan, cancellation);
        await WaitForOperationAsync(operation, plan.Seconds, cancellation);
    }

    private static OperationCanceledException Stopped() => new("stopped by the operator");

    /// <summary>Configures the gantry for a planned acquisition, checks that it can be stored, arms and starts it.</summary>
    /// <remarks>The plan must be in the journal already: a process that dies in here is continued from it.</remarks>
    public async Task StartAsync(RunPlan plan, PlannedAcquisition planned, CancellationToken cancellation)
    {
        await SendSettingsAsync(plan, planned, cancellation);
        RunCheck check = await gantry.Acquisition.CheckAsync(cancellation);
        if (check.Verdict != "OK") throw new AcquireException($"the gantry cannot take {plan.Title}: {check.Verdict}; nothing was started", ExitCodes.Gantry);
        if (check.Frames != plan.ExpectedFrames)
            throw new AcquireException($"the gantry would take {check.Frames} frames for {plan.Title}, planned were {plan.ExpectedFrames}; nothing was started", ExitCodes.Gantry);
        data.RequireSpace(check.Bytes, plan.Title);
        if (StopRequested()) throw Stopped();
        await gantry.Acquisition.ArmAsync(cancellation);
        await gantry.Acquisition.StartAsync(plan.AcquisitionId, cancellation);
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
        await gantry.Ct.ConfigureAsync(plan.AcquisitionId, new CtHelical(ct.Kv, ct.MA, centreTableMm - (ct.LengthMm / 2), centreTableMm + (ct.LengthMm / 2),
            ct.RotationTime.TotalSeconds, ct.Pitch, ct.SliceMm), cancellation);
        CtDose dose = await gantry.Ct.DoseAsync(cancellation);
        double ctdi = dose.CtdiMGy;
        double dlp = dose.DlpMGyCm;
        if (!await release(ctdi, dlp))
            throw new AcquireException(FormattableString.Invariant($"the CT was not released: estimated CTDIvol {ctdi} mGy, DLP {dlp} mGy cm"), ExitCodes.StudyNotComplete);
        data.RequireSpace(plan.ExpectedFrames * (512L * 512 * 2), plan.Title);
        if (StopRequested()) throw Stopped();
        await gantry.Ct.ConfirmAndArmAsync(dose, cancellation);
        await gantry.Ct.ExposeAsync(plan.AcquisitionId, cancellation);
        return (ctdi, dlp);
    }

    /// <summary>Takes the frames of a run that was started (by this process or one before it) until none are left, and compares the ledger.</summary>
    /// <param name="plan">Plan.</param>
    /// <param name="moments">Things to do at given study seconds after the start of counting, ascending (the injection, prompts).</param>
    /// <param name="cancellation">Cancellation.</param>
    public async Task<RunResult> FollowAsync(RunPlan plan, IReadOnlyList<(double AtSeconds, Func<Task> Do)> moments, CancellationToken cancellation)
    {
        if (!await gantry.Frames.SelectAsync(plan.AcquisitionId, cancellation))
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
            while (await gantry.Frames.NextAsync(cancellation) is { } bytes)
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
                await gantry.Frames.AcknowledgeAsync(header.Number, cancellation);
                Stored?.Invoke(plan, new StoredFrame(header, bytes, 0));
                counts += (long)header.Sum;
                stored++;
            }
            AcquisitionState state = await StateAsync(plan, cancellation);
            double rate = plan.Kind == AcquisitionKind.Ct ? 0 : (await gantry.Detectors.RateAsync(1, cancellation)).TotalCps;
            Progress?.Invoke(new RunProgress(plan.StepId, plan.Title, stored, plan.ExpectedFrames, plan.Kind == AcquisitionKind.Ct ? -1 : counts, state.ElapsedSeconds, rate));
            if (state.State == "IDLE") return await EndAsync(plan, state, cancellation);
            if (state.State == "DRA") continue;
            if (StopRequested())
            {
                // The stop line's abort may have come before this run was started, or not at all: it is said again here, and does no harm twice.
                await gantry.Acquisition.AbortAsync(cancellation);
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
            (string state, int code) = await gantry.OperationAsync(operation, cancellation);
            if (state == "DONE") return;
            if (state is not "RUNN" && StopRequested()) throw Stopped();
            if (state is not "RUNN") throw new AcquireException($"the gantry ended the operation with {state} (code {code})", ExitCodes.Gantry);
            if (waited > (expectedSeconds * 2) + 30)
                throw new AcquireException(FormattableString.Invariant($"the gantry did not finish a move of {expectedSeconds:F0} s within {waited:F0} s"), ExitCodes.Gantry);
            await clock.PassAsync(TimeSpan.FromSeconds(step), cancellation);
            waited += step;
        }
    }

    private async Task<AcquisitionState> StateAsync(RunPlan plan, CancellationToken cancellation)
    {
        if (plan.Kind != AcquisitionKind.Ct) return await gantry.Acquisition.StateAsync(cancellation);
        CtState ct = await gantry.Ct.StateAsync(cancellation);
        FrameRange range = await gantry.Frames.RangeAsync(cancellation);
        bool exposing = ct.State == "EXP";
        string reason = exposing || range.AnyLeft ? "NONE" : await gantry.Acquisition.EndReasonAsync(cancellation);
        return new AcquisitionState(exposing ? "RUNN" : range.AnyLeft ? "DRA" : "IDLE", reason, 0, 0, 0, range.LastComplete, 0);
    }

    private async Task<RunResult> EndAsync(RunPlan plan, AcquisitionState state, CancellationToken cancellation)
    {
        GantryLedger? ledger = await gantry.Acquisition.LedgerIfAnyAsync(cancellation);
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
        double table = planned is WholeBodyAcquisition ? await gantry.Motion.TableAsync(cancellation) : 0;
        (int matrix, double zoom, RunSettings settings) = planned switch
        {
            FlowAcquisition flow => (flow.Matrix, flow.Zoom, (RunSettings)new DynamicRun([new DynamicPhase(FlowFrames(flow), flow.FrameTime.TotalSeconds)])),
            StaticAcquisition view => (view.Matrix, view.Zoom, new StaticRun(view.TimeLimit.TotalSeconds, view.CountLimit)),
            WholeBodyAcquisition body => (body.Columns, 1, Travelling(body, table)),
            TomoAcquisition tomo => (tomo.Matrix, tomo.Zoom, Turning(plan, tomo)),
            _ => throw new AcquireException($"{plan.Title}: this kind of acquisition is not known to the gantry driver", ExitCodes.BadInput),
        };
        for (int head = 1; head <= plan.Detectors; head++)
        {
            await gantry.Detectors.VerifyCollimatorAsync(head, plan.Collimator, cancellation);
            await gantry.Detectors.SetMatrixAsync(head, matrix, zoom, cancellation);
            await gantry.Detectors.SetWindowsAsync(head, plan.EnergyWindows, cancellation);
        }
        await gantry.Acquisition.ConfigureAsync(plan.AcquisitionId, settings, cancellation);
    }

    private static TomoRun Turning(RunPlan plan, TomoAcquisition tomo)
    {
        int left = tomo.StopsPerHead(plan.Detectors) - plan.FirstStop;
        return new TomoRun(tomo.RotationAtStopDeg(plan.FirstStop, plan.Detectors), tomo.StepDeg(plan.Detectors) * left, left, tomo.StopTime.TotalSeconds,
            tomo.Continuous, tomo.Clockwise, tomo.BodyContour) { OnLoss = "HOLD" };
    }

    private static WholeBodyRun Travelling(WholeBodyAcquisition body, double middleMm)
    {
        const double Travel = 2100; // GCI's range of the table, mm
        double start = Math.Clamp(middleMm - (body.LengthMm / 2), 0, Travel), end = Math.Clamp(middleMm + (body.LengthMm / 2), 0, Travel);
        return new WholeBodyRun(start, end, body.SpeedCmPerMin / 6);
    }

    /// <summary>Frames of a flow with its pre-roll.</summary>
    public static int FlowFrames(FlowAcquisition flow) => flow.Frames + (int)Math.Ceiling(flow.PreRoll / flow.FrameTime);

    private async Task WarmTubeAsync(RunPlan plan, CancellationToken cancellation)
    {
        string state = (await gantry.Ct.StateAsync(cancellation)).State;
        if (state == "ARM") await gantry.Ct.StopAsync(cancellation); // armed by a process that died: settings are taken only in standby
        // Started warming by a process that died: its operation may be another plan's, so the state is asked.
        for (; state == "WARM"; state = (await gantry.Ct.StateAsync(cancellation)).State) await clock.PassAsync(TimeSpan.FromSeconds(1), cancellation);
        if (state != "OFF") return;
        string operation = $"warm-{plan.AcquisitionId:D}";
        await gantry.Ct.WarmUpAsync(operation, cancellation);
        await WaitForOperationAsync(operation, 300, cancellation);
    }
}
