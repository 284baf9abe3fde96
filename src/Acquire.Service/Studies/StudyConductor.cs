using Acquire.Service.StudyRecords;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Nuclides;
using Acquire.Protocols.Timeline;
using Acquire.Service.Acquisition;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;

namespace Acquire.Service.Studies;

/// <summary>What a conductor works with.</summary>
/// <param name="Data">Data folder.</param>
/// <param name="StudyKey">Study.</param>
/// <param name="Protocol">Protocol as it was read at the start of the study.</param>
/// <param name="Gantry">Gantry.</param>
/// <param name="Clock">Study time.</param>
/// <param name="People">People.</param>
/// <param name="Display">Display.</param>
/// <param name="StopRequested">True once the operator pressed Stop.</param>
public sealed record StudyContext(DataFolder Data, string StudyKey, AcquisitionProtocol Protocol, GantryDriver Gantry, StudyClock Clock,
    IStudyPeople People, IStudyDisplay Display, Func<bool> StopRequested);

/// <summary>Takes a study from the worklist to its last acquisition. All it knows it reads from the journal, so a process that is killed anywhere is continued by the next one.</summary>
public sealed class StudyConductor
{
    private const string StoppedFact = "stopped";

    /// <summary>Flow started later than this after the injection has lost its arterial phase (clinical 3.3, X).</summary>
    private const double LateStartToleranceSeconds = 5;
    private readonly StudyContext _c;
    private readonly StudyFacts _facts;
    private readonly AcquisitionRun _run;
    private readonly List<StudyEvent> _events;
    private readonly ConcurrentQueue<string> _restored = new();
    private double _tableMm;

    /// <summary>Reads the journal of the study.</summary>
    public StudyConductor(StudyContext context)
    {
        _c = context;
        _facts = new StudyFacts(context.Data.Journal, context.StudyKey);
        _events = [.. context.Data.Journal.Events(context.StudyKey).Select(StudyEventJson.Deserialize)];
        _run = new AcquisitionRun(context.Gantry, context.Data, context.StudyKey, context.Clock)
        {
            Progress = progress =>
            {
                context.Display.Show(progress);
                TimeSpan? left = Left(progress);
                context.Display.Next(left is null ? $"Counting {progress.Title}" : $"Counting {progress.Title}, done", left, Now, Injected is { } zero ? Now - zero : null);
            },
            StopRequested = context.StopRequested,
            BetweenPolls = AnswerDuePromptsAsync,
        };
        Live = new LiveSpect(context.Data, context.StudyKey, context.Protocol, TimeProvider.System, line => context.Display.Say(Now, Injected is { } zero ? Now - zero : null, line));
        _run.Stored = Live.Stored;
    }

    /// <summary>Predicted time left of a running acquisition; null when nothing can be said yet.</summary>
    private TimeSpan? Left(RunProgress progress) => _c.Protocol.Phases.SelectMany(p => p.Acquisitions).Single(a => a.Id == progress.StepId) switch
    {
        TomoAcquisition when progress.FramesStored > 0 => TimeSpan.FromSeconds(progress.ElapsedSeconds * (progress.FramesExpected - progress.FramesStored) / progress.FramesStored), // with the moves so far
        TomoAcquisition or CtAcquisition => null,
        PlannedAcquisition fixedTime => fixedTime.NominalDuration - TimeSpan.FromSeconds(progress.ElapsedSeconds),
    };

    /// <summary>The SPECT as it grows; what follows the last acquisition takes its images from there when they stand.</summary>
    public LiveSpect Live { get; }

    private DateTimeOffset Now => _c.Clock.GetUtcNow();

    private DateTimeOffset? Injected => _events.OfType<TracerInjected>().Select(e => (DateTimeOffset?)e.At).FirstOrDefault();

    /// <summary>Runs the study from wherever it stands to the end of its acquisitions.</summary>
    /// <returns>How the acquisitions ended; <see cref="StudyEnded"/> is written by the caller after reconstruction and quality.</returns>
    public async Task<(Ending Ending, string Reason)> RunAsync(CancellationToken cancellation)
    {
        _facts.KeepClock(await _c.Gantry.ClockAsync(cancellation));
        _facts.KeepText("gantry", _c.Gantry.Identity);
        _c.Gantry.Reconnected = _restored.Enqueue; // told on whatever thread restored it, written on ours
        if (_events.Count == 0) Append(new StudyOpened(Now, _c.People.Role, _c.Protocol.Id, _c.Protocol.ContentHash), $"study {_c.StudyKey} opened, protocol {_c.Protocol.Id} {_c.Protocol.Version}");
        else Append(new ServiceRestarted(Now, "console", "continued from the journal"), "console restarted: going on from the journal");
        if (_facts.Text(StoppedFact) is { } stopped) return (Ending.Stopped, stopped);
        while (!_c.StopRequested())
        {
            try
            {
                return await GoOnAsync(cancellation);
            }
            catch (GantryRestartedException e)
            {
                await FollowRestartAsync(e, cancellation);
            }
            catch (OperationCanceledException) when (_c.StopRequested())
            {
                // Stop ends the loop; what was counted is on disk, and the ending says so below.
            }
        }
        return StoppedByOperator();
    }

    private static string Words(StudyEvent seen) => seen switch
    {
        ExtravasationNoted { Percent: { } percent } => string.Create(CultureInfo.InvariantCulture, $"tracer went beside the vein, about {percent:0} % of it: no SUV"),
        ExtravasationNoted => "tracer went beside the vein: no SUV",
        PatientAway away => $"the patient is away: {away.Reason}",
        PatientBack => "the patient is back",
        _ => throw new ArgumentOutOfRangeException(nameof(seen), seen.GetType().Name, "people notice extravasation, absence and return only"),
    };

    private (Ending Ending, string Reason) StoppedByOperator()
    {
        const string Reason = "stopped by the operator";
        _facts.KeepText(StoppedFact, Reason); // a process that dies before the study is closed must not make the next one go on
        return (Ending.Stopped, Reason);
    }

    private void NoteRestoredLinks()
    {
        while (_restored.TryDequeue(out string? reason)) Append(new Note(Now, "console", $"link restored: {reason}"), $"link to the gantry restored ({reason})");
    }

    /// <summary>The gantry was restarted under us: what it forgot is given anew, as after a restart of our own.</summary>
    private async Task FollowRestartAsync(GantryRestartedException restart, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await _c.Clock.GantryRestartedAsync(cancellation);
                _facts.KeepClock(await _c.Gantry.ClockAsync(cancellation));
                Append(new Note(Now, "console", restart.Message), restart.Message);
                return;
            }
            catch (GantryRestartedException again)
            {
                restart = again;
            }
        }
    }

    private async Task<(Ending Ending, string Reason)> GoOnAsync(CancellationToken cancellation)
    {
        await BringUpAsync(cancellation);
        while (!_c.StopRequested())
        {
            cancellation.ThrowIfCancellationRequested();
            NoteRestoredLinks();
            while (_c.People.Noticed(_events, Now) is { } seen) Append(seen, Words(seen));
            NextAction next = TimelineNow().Next;
            _c.Display.Next(next.Text, next.Countdown, Now, Injected is { } zero ? Now - zero : null);
            switch (next.Kind)
            {
                case NextKind.AnswerQuestion:
                    await AskAsync(next.ItemId, cancellation);
                    break;
                case NextKind.PhysicianDecides:
                    throw new AcquireException($"the answer to '{next.ItemId}' needs a physician's decision before the injection; nothing was given", ExitCodes.StudyNotComplete);
                case NextKind.CheckReadiness:
                    await ReadyAsync(cancellation);
                    break;
                case NextKind.MeasureDose:
                    await MeasureDoseAsync(next.ItemId, cancellation);
                    break;
                case NextKind.Inject when next.StepId.Length > 0:
                    // A flow was started by the process before this one. Whether it still counts only the gantry knows: nobody injects before that is seen.
                    await TakeAsync(next.StepId, cancellation);
                    break;
                case NextKind.Inject:
                    if (next.ItemId.Length > 0) await ReadyCameraAsync(_c.Protocol.LaterTracers.Single(t => t.Id == next.ItemId).Collimator, cancellation);
                    await InjectAsync(next.ItemId);
                    break;
                case NextKind.MeasureResidual:
                    await MeasureResidualAsync(next.ItemId, cancellation);
                    break;
                case NextKind.AnswerPrompt:
                    await AnswerAsync(next.ItemId, next.Text, cancellation);
                    break;
                case NextKind.StartAcquisition or NextKind.WaitForEnd:
                    await TakeAsync(next.StepId, cancellation);
                    break;
                case NextKind.RepeatOrSkip when ResultOf(LastPlan(next.StepId)) is { Ending: Ending.Stopped or Ending.Aborted } ended:
                    return (ended.Ending, $"{next.StepId}: {ended.Reason}"); // a person stopped it: only a person starts it again
                case NextKind.RepeatOrSkip:
                    await RepeatOrSkipAsync(next, cancellation);
                    break;
                case NextKind.Wait:
                    await WaitAsync(next, cancellation);
                    break;
                default:
                    return Summary();
            }
        }
        return StoppedByOperator();
    }

    /// <summary>True when such an event is in the journal.</summary>
    public bool Has<T>() where T : StudyEvent => _events.OfType<T>().Any();

    /// <summary>The last event of that kind; null when there is none.</summary>
    public T? Last<T>() where T : StudyEvent => _events.OfType<T>().LastOrDefault();

    /// <summary>Appends an event, durably, and says it.</summary>
    public void Append(StudyEvent happened, string line)
    {
        _c.Data.Journal.Append(_c.StudyKey, happened.At, happened.GetType().Name, StudyEventJson.Serialize(happened));
        _events.Add(happened);
        _c.Display.Say(happened.At, Injected is { } zero ? happened.At - zero : null, line);
    }

    private async Task AskAsync(string questionId, CancellationToken cancellation)
    {
        PreparationQuestion question = _c.Protocol.Preparation.Single(q => q.Id == questionId);
        string answer = await _c.People.AnswerAsync(question, cancellation);
        Append(new QuestionAnswered(Now, _c.People.Role, question.Id, answer), $"{question.Text} {answer}");
    }

    /// <summary>What every process has to find in order before it goes on, after a restart too.</summary>
    private async Task BringUpAsync(CancellationToken cancellation)
    {
        GantryStatus state = await _c.Gantry.StatusAsync(cancellation);
        if (state.Interlock != "OK")
        {
            string causes = string.Join(", ", await _c.Gantry.InterlockCausesAsync(cancellation));
            throw new AcquireException($"the gantry's interlock says {state.Interlock} ({causes}); free the cause at the gantry, then `acquire resume`", ExitCodes.Gantry);
        }
        for (int waited = 0; state.Gantry == "MOV"; waited++)
        {
            // The process before this one left a move running; it ends by itself.
            if (waited > 300) throw new AcquireException("the gantry has been moving for five minutes; stop it at the gantry, then `acquire resume`", ExitCodes.Gantry);
            await _c.Clock.PassAsync(TimeSpan.FromSeconds(1), cancellation);
            state = await _c.Gantry.StatusAsync(cancellation);
        }
        if (state.Gantry == "HOLD")
        {
            // The gantry held because nobody spoke to it any more. Whoever runs `resume` stands beside it; this moves nothing.
            await _c.Gantry.Motion.ResumeAsync(string.Create(CultureInfo.InvariantCulture, $"release-{_events.Count}"), cancellation);
            state = await _c.Gantry.StatusAsync(cancellation);
        }
        if (state.Gantry == "UNH")
        {
            string operation = string.Create(CultureInfo.InvariantCulture, $"home-{_events.Count}");
            await _c.Gantry.Motion.HomeAsync(operation, cancellation);
            await _run.WaitForOperationAsync(operation, 120, cancellation);
        }
        for (int head = 1; head <= 2; head++) await RampHighVoltageAsync(head, cancellation);
        _tableMm = await _c.People.LayDownAsync(_c.Protocol, cancellation);
    }

    private async Task ReadyAsync(CancellationToken cancellation)
    {
        await ReadyCameraAsync(_c.Protocol.Collimator, cancellation);
        TimeSpan offset = (await _c.Gantry.ClockAsync(cancellation)).Utc - Now;
        if (offset.Duration() > TimeSpan.FromMinutes(1))
            throw new AcquireException(string.Create(CultureInfo.InvariantCulture, $"the gantry's clock differs by {offset.TotalSeconds:F0} s from the console's; 60 s are allowed (clinical 10, clock_max_s). Set the clocks first"), ExitCodes.Gantry);
        Append(new ClockCompared(Now, "console", ClockCompared.Gantry, offset.TotalSeconds, 1), string.Create(CultureInfo.InvariantCulture, $"clock of the gantry: {offset.TotalSeconds:+0.0;-0.0;0.0} s against the console's"));
        long bytes = ProtocolNeeds.Of(_c.Protocol).Bytes;
        _c.Data.RequireSpace(bytes, "the study");
        string said = string.Create(CultureInfo.InvariantCulture,
            $"ready: {_facts.Text(CollimatorFact)} latched on both heads, high voltage on, interlock OK, clocks {offset.TotalSeconds:F1} s apart, {_c.Data.FreeBytes() / 1048576.0:N0} MB free for {bytes / 1048576.0:N0} MB");
        if (_c.Protocol.Source is not null) await _c.People.PlaceSourceAsync(_events.OfType<DoseMeasured>().Last().MBq, cancellation);
        Append(new ReadinessPassed(Now, "console"), said);
    }

    private const string CollimatorFact = "collimator";

    /// <summary>The collimator a tracer needs is latched on both heads. A simulator carries one: what it has is used, said, and written with the frames.</summary>
    private async Task ReadyCameraAsync(string wanted, CancellationToken cancellation)
    {
        bool simulated = (await _c.Gantry.FeaturesAsync(cancellation)).Contains("SIM");
        for (int head = 1; head <= 2; head++)
        {
            (string name, _, string latch) = await _c.Gantry.Detectors.CollimatorAsync(head, cancellation);
            bool fits = name.Contains(wanted, StringComparison.OrdinalIgnoreCase);
            if (latch != "LATC" || (!fits && !simulated))
                throw new AcquireException($"head {head} has collimator {name} ({latch}); the protocol needs {wanted}, latched. Nothing was started", ExitCodes.Gantry);
            if (!fits && head == 1) Append(new Note(Now, "console", $"simulated with collimator {name}; the protocol needs {wanted}"), $"simulated with collimator {name}; the protocol needs {wanted}");
            if (head == 1) _facts.KeepText(CollimatorFact, fits ? wanted : name);
        }
    }

    private async Task MeasureDoseAsync(string tracerId, CancellationToken cancellation)
    {
        Tracer tracer = _c.Protocol.TracerOf(tracerId);
        PatientFactors patient = new PatientFactors().With(_events);
        Prescription prescription = _c.Protocol.PrescriptionFor(tracerId, patient.WeightKg, patient.AgeYears);
        if (prescription.Refusal.Length > 0) throw new AcquireException($"{prescription.Refusal}. Nothing was given", ExitCodes.StudyNotComplete);
        if (_events.OfType<ClockCompared>().All(c => c.Clock != ClockCompared.DoseCalibrator))
        {
            (TimeSpan offset, TimeSpan tolerance) = await _c.People.CompareCalibratorClockAsync(cancellation);
            Append(new ClockCompared(Now, _c.People.Role, ClockCompared.DoseCalibrator, offset.TotalSeconds, tolerance.TotalSeconds), string.Create(CultureInfo.InvariantCulture, $"clock of the dose calibrator: {offset.TotalSeconds:+0;-0;0} s against the console's, +/-{tolerance.TotalSeconds:0} s"));
        }
        (double mbq, DateTimeOffset at) = await _c.People.MeasureSyringeAsync(prescription.MBq, cancellation);
        PrescriptionCheck check = PrescriptionCheck.Of(mbq, prescription.MBq, tracer);
        string reason = "";
        if (check.Verdict == PrescriptionVerdict.NeedsReason)
        {
            reason = (await _c.People.ReasonForActivityAsync(check.Words, cancellation)).Trim();
            if (reason.Length == 0) throw new AcquireException($"{check.Words}, and none was given. Nothing was injected; `acquire resume` measures again", ExitCodes.StudyNotComplete);
        }
        string warning = check.Verdict == PrescriptionVerdict.Warn ? ", differs from the prescription" : "";
        string rule = prescription.Child is null ? "" : $" ({prescription.Words})";
        Append(new DoseMeasured(at, _c.People.Role, mbq, tracerId, reason), string.Create(CultureInfo.InvariantCulture, $"syringe {mbq:F1} MBq {tracer.Radiopharmaceutical}, prescribed {prescription.MBq:F0} MBq ({check.DeviationPercent:+0.0;-0.0} %){warning}{rule}{(reason.Length > 0 ? $"; given nevertheless, reason: {reason}" : "")}"));
    }

    /// <summary>A flow that has run past its injection while no console was there would miss the bolus: it is ended before anybody injects.</summary>
    private async Task<bool> FlowRanWithoutInjectionAsync(PlannedAcquisition planned, CancellationToken cancellation)
    {
        if (planned is not FlowAcquisition flow || Injected is not null) return false;
        AcquisitionState state = await _c.Gantry.Acquisition.StateAsync(cancellation);
        if (state.ElapsedSeconds <= flow.PreRoll.TotalSeconds + LateStartToleranceSeconds) return false;
        if (await _c.People.WasInjectedAsync(cancellation)) return false;
        if (state.State is "RUNN" or "PAUS" or "HOLD") await _c.Gantry.Acquisition.StopAsync(cancellation);
        return true;
    }

    private Task InjectAsync() => InjectAsync("");

    private async Task InjectAsync(string tracerId)
    {
        DoseMeasured dose = _events.OfType<DoseMeasured>().Last(d => d.TracerId == tracerId);
        Radionuclide nuclide = Radionuclide.Find(_c.Protocol.TracerOf(tracerId).Nuclide)!;
        TimeSpan offset = TimeSpan.FromSeconds(_events.OfType<ClockCompared>().LastOrDefault(c => c.Clock == ClockCompared.DoseCalibrator)?.OffsetSeconds ?? 0);
        // Nothing may come between the needle and the journal: no cancellation here.
        DateTimeOffset at = await _c.People.InjectAsync(tracerId, nuclide.ActivityAt(dose.MBq, dose.At - offset, Now), CancellationToken.None);
        double mbq = nuclide.ActivityAt(dose.MBq, dose.At - offset, at);
        Append(new TracerInjected(at, _c.People.Role, mbq, tracerId), string.Create(CultureInfo.InvariantCulture, $"injected {mbq:F1} MBq: time zero of every window{(tracerId.Length > 0 ? $" of {tracerId}" : "")}"));
    }

    private async Task RampHighVoltageAsync(int head, CancellationToken cancellation)
    {
        for (int waited = 0; (await _c.Gantry.Detectors.HighVoltageAsync(head, cancellation)).State != "ON"; waited += 5)
        {
            if (waited == 0) await _c.Gantry.Detectors.SetHighVoltageAsync(head, true, cancellation);
            if (waited > 120) throw new AcquireException($"the high voltage of head {head} is not on after two minutes", ExitCodes.Gantry);
            await _c.Clock.PassAsync(TimeSpan.FromSeconds(5), cancellation);
        }
    }

    private async Task WaitAsync(NextAction next, CancellationToken cancellation)
    {
        // In pieces of a minute (of ten, hours before), so that a display can count down and a new event is seen.
        TimeSpan left = next.At is { } at ? at - Now : TimeSpan.FromSeconds(1);
        if (left <= TimeSpan.Zero) left = TimeSpan.FromSeconds(1);
        TimeSpan piece = left > TimeSpan.FromHours(2) ? TimeSpan.FromMinutes(10) : TimeSpan.FromMinutes(1);
        await _c.Clock.PassAsync(left < piece ? left : piece, cancellation);
    }

    private async Task AnswerAsync(string promptId, string text, CancellationToken cancellation)
    {
        Prompt prompt = _c.Protocol.Prompts.FirstOrDefault(p => p.Id == promptId) ?? new Prompt(promptId, PromptKind.Note, text, TimeSpan.Zero, null, null); // a premedication
        Append(new PromptShown(Now, "console", promptId), $"prompt: {text}");
        string answer = await _c.People.AcknowledgeAsync(prompt, cancellation);
        Append(new PromptAnswered(Now, _c.People.Role, promptId, answer), $"answer: {answer}");
    }

    private async Task AnswerDuePromptsAsync(CancellationToken cancellation)
    {
        NoteRestoredLinks();
        foreach (TimelineItem item in TimelineNow().Items)
        {
            if (item.Prompt is PromptKind.Hydration or PromptKind.Note && item.State is ItemState.Due or ItemState.Late && item.EndedAt is null)
                await AnswerAsync(item.Id, item.Title, cancellation);
        }
    }

    private async Task RepeatOrSkipAsync(NextAction next, CancellationToken cancellation)
    {
        const int MaxAttempts = 4;
        StudyPhase phase = _c.Protocol.Phases.Single(p => p.Id == next.ItemId);
        PlannedAcquisition planned = phase.Acquisitions.Single(a => a.Id == next.StepId);
        int attempts = _facts.Plans().Count(p => p.StepId == next.StepId);
        bool exposure = planned is CtAcquisition; // a person decides about more dose
        if (phase.Repeatable && !exposure && attempts < MaxAttempts)
        {
            await TakeAsync(next.StepId, cancellation);
            return;
        }
        string why = ResultOf(LastPlan(next.StepId))?.Reason ?? next.Text;
        string reason = exposure ? $"{why}; not exposed again without a person's decision"
            : phase.Repeatable ? $"{why}; given up after {attempts} attempts" : $"{why}; cannot be repeated";
        Append(new PhaseSkipped(Now, "console", phase.Id, reason), $"{phase.Title}: {reason}");
    }

    private StudyTimeline TimelineNow() => StudyTimeline.Derive(_c.Protocol, new PatientFactors().With(_events), _events, Now);

    private RunPlan? LastPlan(string stepId) => _facts.Plans().LastOrDefault(p => p.StepId == stepId);

    private RunResult? ResultOf(RunPlan? plan) => plan is null ? null : _facts.Results().GetValueOrDefault(plan.AcquisitionId);

    private async Task TakeAsync(string stepId, CancellationToken cancellation)
    {
        PlannedAcquisition planned = _c.Protocol.Phases.SelectMany(p => p.Acquisitions).Single(a => a.Id == stepId);
        RunPlan? last = LastPlan(planned.Id);
        RunResult? kept = ResultOf(last);
        if (last is not null && kept is not null && !_events.OfType<AcquisitionEnded>().Any(e => e.AcquisitionId == last.AcquisitionId))
        {
            // The process before this one died between the result and its event: the run is over, it is not taken again.
            SayEnded(last, planned, kept, CountedBetween(last));
            return;
        }
        RunPlan? open = kept is null ? last : null;
        RunPlan plan = open ?? MakePlan(planned);
        bool found = open is not null && await PickUpAsync(plan, cancellation);
        if (!found && !await BeginAsync(plan, planned, cancellation)) return;
        if (found) _c.Display.Say(Now, Injected is { } zero ? Now - zero : null, $"{planned.Title}: found at the gantry, going on");
        bool tooLate = await FlowRanWithoutInjectionAsync(planned, cancellation);
        if (planned is TomoAcquisition tomo) Live.Begin(tomo, plan, [.. _facts.Plans().Where(p => p.StepId == planned.Id)], _facts);
        RunResult result = await _run.FollowAsync(plan, tooLate ? [] : Moments(planned), cancellation);
        if (tooLate) result = result with { Ending = Ending.Failed, Reason = "failed because the console was away at the planned injection; the flow is taken again" };
        _c.Display.Ended();
        (DateTimeOffset Start, DateTimeOffset End)? counted = CountedBetween(plan);
        SayStarted(plan, planned, counted?.Start ?? Now, "had been started");
        _facts.KeepResult(plan.AcquisitionId, result);
        SayEnded(plan, planned, result, counted);
        if (planned is TomoAcquisition && result.Ending == Ending.Complete) Live.LastViewStored();
    }

    private (DateTimeOffset Start, DateTimeOffset End)? CountedBetween(RunPlan plan) => StoredSeries.CountedBetween(plan, _c.Data.Frames(_c.StudyKey), _facts.Clocks());

    private void SayEnded(RunPlan plan, PlannedAcquisition planned, RunResult result, (DateTimeOffset Start, DateTimeOffset End)? counted)
    {
        string taken = planned is CtAcquisition
            ? $"{result.Ledger.FramesStored} slices"
            : string.Create(CultureInfo.InvariantCulture, $"{result.Ledger.FramesStored} frames, {result.Ledger.CountsStored / 1000.0:N0} kcounts");
        DateTimeOffset at = counted?.End is { } end && end < Now ? end : Now; // when counting ended, not when we heard of it
        Append(new AcquisitionEnded(at, "console", planned.Id, plan.AcquisitionId, result.Ending, result.Reason),
            result.Ending == Ending.Complete ? $"{planned.Title}: complete, {taken}, ledger equal" : $"{planned.Title}: {result.Reason}");
    }

    /// <summary>Writes that a run started, unless the journal has it: a process may die between the start and the event.</summary>
    private void SayStarted(RunPlan plan, PlannedAcquisition planned, DateTimeOffset at, string how)
    {
        if (_events.OfType<AcquisitionStarted>().Any(e => e.AcquisitionId == plan.AcquisitionId)) return;
        ulong tick = _facts.Clocks().Values.MaxBy(c => c.Utc)?.TickAt(at) ?? 0;
        Append(new AcquisitionStarted(at, _c.People.Role, planned.Id, plan.AcquisitionId, tick), $"{planned.Title}: {how}");
    }

    /// <summary>Picks up a run the process before this one left at the gantry: started if only armed, resumed if held.</summary>
    /// <returns>False when the gantry counted nothing for it and does not count: it has to be begun.</returns>
    private async Task<bool> PickUpAsync(RunPlan plan, CancellationToken cancellation)
    {
        if (!await _c.Gantry.Frames.SelectAsync(plan.AcquisitionId, cancellation)) return false;
        if (plan.Kind == AcquisitionKind.Ct)
            return await _c.Gantry.Acquisition.LedgerIfAnyAsync(cancellation) is not null || (await _c.Gantry.Ct.StateAsync(cancellation)).State == "EXP";
        AcquisitionState state = await _c.Gantry.Acquisition.StateAsync(cancellation);
        if (state.State == "ARM") await _c.Gantry.Acquisition.StartAsync(plan.AcquisitionId, cancellation);
        if (state.State is "HOLD" or "PAUS")
            await _c.Gantry.Acquisition.ResumeAsync(string.Create(CultureInfo.InvariantCulture, $"resume-{plan.AcquisitionId:D}-{_events.Count}"), cancellation);
        return state.State != "IDLE" || state.Reason != "NONE" || (await _c.Gantry.Acquisition.LedgerIfAnyAsync(cancellation))?.Frames > 0;
    }

    /// <summary>Positions, configures and starts.</summary>
    /// <returns>False when the protocol locks the exposure: nothing was started and the phase is skipped.</returns>
    private async Task<bool> BeginAsync(RunPlan plan, PlannedAcquisition planned, CancellationToken cancellation)
    {
        double rotation = planned switch
        {
            FlowAcquisition f => f.RotationDeg,
            StaticAcquisition s => s.RotationDeg,
            WholeBodyAcquisition w => w.RotationDeg,
            TomoAcquisition t => t.RotationAtStopDeg(plan.FirstStop, plan.Detectors),
            _ => 0,
        };
        double table = _tableMm - planned.TableOffsetMm; // the table goes out towards the head
        await _run.PositionAsync(rotation, table, () => planned is CtAcquisition
            ? Task.FromResult<IReadOnlyList<double>>([AcquisitionRun.RetractedMm, AcquisitionRun.RetractedMm])
            : _c.People.BringHeadsCloseAsync(cancellation), string.Create(CultureInfo.InvariantCulture, $"move-{plan.AcquisitionId:D}-{_events.Count}"), cancellation);
        _facts.KeepClock(await _c.Gantry.ClockAsync(cancellation));
        _facts.KeepPlan(plan);
        if (planned is CtAcquisition ct)
        {
            string locked = "";
            double ctdi, dlp;
            try
            {
                (ctdi, dlp) = await _run.StartCtAsync(plan, ct, table, ReleaseAsync, cancellation);
            }
            catch (AcquireException) when (locked.Length > 0)
            {
                Append(new PhaseSkipped(Now, "console", _c.Protocol.PhaseOf(ct.Id).Id, locked), $"{ct.Title}: {locked}");
                return false;
            }
            SayStarted(plan, planned, Now, string.Create(CultureInfo.InvariantCulture, $"exposing, CTDIvol {ctdi:0.##} mGy, DLP {dlp:0.#} mGy cm confirmed"));
            return true;

            async Task<bool> ReleaseAsync(double ctdiMGy, double dlpMGyCm)
            {
                if (ctdiMGy > ct.CtdiLockMGy || dlpMGyCm > ct.DlpLockMGyCm)
                {
                    // No person releases it: the protocol locks it (a child's CT).
                    locked = string.Create(CultureInfo.InvariantCulture, $"CTDIvol {ctdiMGy:0.##} mGy, DLP {dlpMGyCm:0.#} mGy cm is above the lock of the protocol; not exposed");
                    return false;
                }
                bool alert = ctdiMGy > ct.CtdiAlertMGy || dlpMGyCm > ct.DlpAlertMGyCm;
                if (alert && !await _c.People.ReleaseDoseAsync(ctdiMGy, dlpMGyCm, cancellation)) return false;
                // Before the beam: a process that dies while it is on must not take the dose with it.
                _facts.KeepCt(new CtFacts(plan.AcquisitionId, ct.Id, ct.Kv, ct.MA, ct.RotationTime.TotalSeconds, ct.Pitch, ct.SliceMm, ctdiMGy, dlpMGyCm, Now, Ending.Open, plan.ExpectedFrames));
                return true;
            }
        }
        await _run.StartAsync(plan, planned, cancellation);
        SayStarted(plan, planned, Now, string.Create(CultureInfo.InvariantCulture, $"armed and started, {plan.ExpectedFrames} frames"));
        return true;
    }

    private List<(double AtSeconds, Func<Task> Do)> Moments(PlannedAcquisition planned) =>
        planned is FlowAcquisition flow && Injected is null ? [(flow.PreRoll.TotalSeconds, InjectAsync)] : [];

    private async Task MeasureResidualAsync(string tracerId, CancellationToken cancellation)
    {
        (double mbq, DateTimeOffset at) = await _c.People.MeasureResidualAsync(cancellation);
        Append(new ResidualMeasured(at, _c.People.Role, mbq, tracerId), string.Create(CultureInfo.InvariantCulture, $"residual {mbq:F1} MBq"));
    }

    private RunPlan MakePlan(PlannedAcquisition planned)
    {
        const int Detectors = 2;
        List<RunPlan> earlier = [.. _facts.Plans().Where(p => p.StepId == planned.Id)];
        StudyPhase phase = _c.Protocol.PhaseOf(planned.Id);
        IReadOnlyList<EnergyWindow> all = _c.Protocol.WindowsOf(phase);
        IReadOnlyList<EnergyWindow> windows = planned is FlowAcquisition ? [all[0]] : planned is CtAcquisition ? [] : all;
        int firstStop = 0;
        if (planned is TomoAcquisition)
        {
            foreach (RunPlan plan in earlier)
            {
                int whole = _c.Data.Frames(_c.StudyKey).ReadAll(plan.AcquisitionId, (_, _) => { }).Count(f => !f.Header.Flags.HasFlag(Acquire.Protocols.Gantry.FrameFlags.Partial));
                firstStop = plan.FirstStop + (whole / (Detectors * windows.Count));
            }
        }
        int expected = planned switch
        {
            FlowAcquisition flow => AcquisitionRun.FlowFrames(flow) * Detectors * windows.Count,
            StaticAcquisition or WholeBodyAcquisition => Detectors * windows.Count,
            TomoAcquisition tomo => (tomo.StopsPerHead(Detectors) - firstStop) * Detectors * windows.Count,
            CtAcquisition ct => (int)Math.Round(ct.LengthMm / ct.SliceMm),
            _ => 0,
        };
        double poll = planned switch { FlowAcquisition flow => flow.FrameTime.TotalSeconds, StaticAcquisition => 10, TomoAcquisition => 6, _ => 1 };
        return new RunPlan(RunId(_c.StudyKey, planned.Id, earlier.Count), planned.Id, planned.Title, planned.Kind, windows, planned is CtAcquisition ? 1 : Detectors,
            _facts.Text(CollimatorFact) ?? _c.Protocol.CollimatorOf(phase), expected, firstStop, poll);
    }

    /// <summary>Identity of a run: the same study, step and attempt always give the same.</summary>
    private static Guid RunId(string studyKey, string stepId, int attempt)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{studyKey}|{stepId}|{attempt}"));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80); // version 8: our own construction (RFC 9562)
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }

    private (Ending, string) Summary()
    {
        var wrong = new List<string>();
        StudyTimeline timeline = TimelineNow();
        foreach (StudyPhase phase in _c.Protocol.Phases)
        {
            // A phase that was not wanted for this patient, or decided against, is not missing.
            if (timeline.Find(phase.Id) is { State: ItemState.Skipped, StartedAt: null } && !_events.OfType<PhaseSkipped>().Any(s => s.PhaseId == phase.Id)) continue;
            foreach (PlannedAcquisition planned in phase.Acquisitions)
            {
                RunPlan? last = _facts.Plans().LastOrDefault(p => p.StepId == planned.Id);
                RunResult? result = last is null ? null : _facts.Results().GetValueOrDefault(last.AcquisitionId);
                if (result is null) wrong.Add($"{planned.Title} was not taken");
                else if (result.Ending != Ending.Complete) wrong.Add($"{planned.Title}: {result.Reason}");
            }
        }
        return wrong.Count == 0 ? (Ending.Complete, "") : (Ending.Failed, string.Join("; ", wrong));
    }
}
