using Acquire.Protocols.Clinical;

namespace Acquire.Protocols.Timeline;

/// <summary>What is due, early, late or missed in a study at one moment, why, and what comes next. A pure function of its four inputs.</summary>
/// <remarks>
/// The camera is one: phases are done in the order of the protocol, and at most one is open, due, late or running at a time. Facts win
/// over plans: an acquisition that was started out of order or outside its window is shown as what it was. Events count in the order of
/// the journal; their <see cref="StudyEvent.At"/> places them in time.
/// </remarks>
public sealed record StudyTimeline
{
    /// <summary>Injection: time zero of every window; null before.</summary>
    public required DateTimeOffset? InjectedAt { get; init; }
    /// <summary>Phases and prompts in the order of their targets.</summary>
    public required IReadOnlyList<TimelineItem> Items { get; init; }
    /// <summary>The one next action.</summary>
    public required NextAction Next { get; init; }
    /// <summary>What still stands between now and the injection, in words; empty when it may be given, or was.</summary>
    public required IReadOnlyList<string> BeforeInjection { get; init; }
    /// <summary>Things people should know: entries that fit nothing, adaptations to the patient.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }
    /// <summary>The patient's factors used, answers included.</summary>
    public required PatientFactors Patient { get; init; }
    /// <summary>True after the study was closed.</summary>
    public required bool IsClosed { get; init; }

    /// <summary>The item of that id: for a prompt that came back, its last round. Null when the protocol has none.</summary>
    public TimelineItem? Find(string id) => Items.LastOrDefault(i => i.Id == id);

    /// <summary>Derives the timeline.</summary>
    /// <param name="protocol">The protocol the study is done by.</param>
    /// <param name="patient">What is known of the patient beforehand; answers in <paramref name="events"/> add to it.</param>
    /// <param name="events">The journal, in the order written.</param>
    /// <param name="now">Console time.</param>
    /// <returns>The timeline. Never throws on any order or selection of events.</returns>
    public static StudyTimeline Derive(AcquisitionProtocol protocol, PatientFactors patient, IReadOnlyList<StudyEvent> events, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(patient);
        ArgumentNullException.ThrowIfNull(events);
        StudyFacts facts = StudyFacts.From(protocol, events);
        PatientFactors factors = patient.With(events);
        IReadOnlyList<StudyWindow> windows = StudyWindow.Of(protocol, factors);
        string[] unmet = facts.Injected is null ? [.. Unmet(protocol, facts, now).Select(u => u.Text)] : [];
        List<TimelineItem> injections = [];
        List<TimelineItem> phases = PhaseItems(protocol, windows, facts, factors, now, unmet, injections);
        List<TimelineItem> prompts = [.. PromptItems(protocol, windows, phases, facts, factors, now), .. PremedicationItems(protocol, facts, injections)];
        return new StudyTimeline
        {
            InjectedAt = facts.Injected,
            Items = [.. phases.Concat(injections).Concat(prompts).OrderBy(i => FromFirst(protocol, i)).ThenBy(i => i.Round)],
            Next = NextOf(protocol, facts, phases, prompts, injections, now),
            BeforeInjection = unmet,
            Remarks = [.. facts.Remarks, .. windows.Where(w => w.Shift > TimeSpan.Zero).Take(1).Select(w => w.ShiftReason), .. Adaptations(protocol, facts, factors, phases)],
            Patient = factors,
            IsClosed = facts.Closed is not null,
        };
    }

    /// <summary>Planned time of an item from the first injection, to put items of all tracers in one order.</summary>
    private static TimeSpan FromFirst(AcquisitionProtocol protocol, TimelineItem item)
    {
        string? tracer = item.Injects is not null ? null : protocol.Phases.FirstOrDefault(p => p.Id == item.Id)?.TracerId ?? protocol.Prompts.FirstOrDefault(p => p.Id == item.Id)?.TracerId;
        return item.Target + (protocol.LaterTracers.FirstOrDefault(t => t.Id == tracer)?.Target ?? TimeSpan.Zero);
    }

    private static IEnumerable<string> Adaptations(AcquisitionProtocol protocol, StudyFacts facts, PatientFactors patient, List<TimelineItem> phases)
    {
        if (patient.OnDialysis) yield return "on dialysis: haemodialysis 15 min to 5 h after the injection brings blood and soft tissue close to normal; agree with nephrology (EANM16, S)";
        if (patient.FluidRestricted) yield return "fluid is restricted: no prompt to drink (clinical 2.1, X)";
        if (facts.Extravasated) yield return "tracer went beside the vein: SUV is not quantitative, keep the arm out of the field (clinical 2.5, X)";
        foreach (TimelineItem missed in phases.Where(p => p.State == ItemState.Missed && protocol.Phases.Any(l => l.OnlyWhen?.Missed == p.Id)))
            yield return $"'{missed.Title}' was missed; the plan was changed for it";
    }

    private static IEnumerable<NextAction> Unmet(AcquisitionProtocol protocol, StudyFacts facts, DateTimeOffset now)
    {
        foreach (PreparationQuestion q in protocol.Preparation)
        {
            if (!facts.Answers.TryGetValue(q.Id, out string? answer))
            {
                if (q.Required) yield return new NextAction(NextKind.AnswerQuestion, q.Text, q.Id);
            }
            else if (q.BlockingAnswer is { } blocking && answer.Trim().Equals(blocking, StringComparison.OrdinalIgnoreCase))
            {
                yield return new NextAction(NextKind.PhysicianDecides, $"A physician decides: \"{answer}\" to: {q.Text}", q.Id);
            }
        }
        if (protocol.Kind == ProtocolKind.CameraCheck)
        {
            if (!facts.Syringes.ContainsKey("")) yield return new NextAction(NextKind.MeasureDose, "Measure the source, or read its certificate");
            if (!facts.Ready) yield return new NextAction(NextKind.CheckReadiness, "Put the source in place and run the readiness checks");
            yield break;
        }
        if (Before(protocol.Tracer, facts, now) is { } first) yield return first;
        if (!facts.Ready) yield return new NextAction(NextKind.CheckReadiness, "Run the readiness checks");
        if (!facts.Syringes.ContainsKey("")) yield return new NextAction(NextKind.MeasureDose, "Measure the syringe");
    }

    /// <summary>What has to be given, or waited for, before a tracer; null when nothing is left.</summary>
    private static NextAction? Before(Tracer tracer, StudyFacts facts, DateTimeOffset now)
    {
        if (tracer.Premedication is not { } before) return null;
        if (facts.PromptAnswers.FirstOrDefault(a => a.Id == before.Id) is not { } given)
            return new NextAction(NextKind.AnswerPrompt, FormattableString.Invariant($"Give {before.AmountMg:0.##} mg {before.Agent}"), before.Id);
        DateTimeOffset ready = StudyFacts.Plus(given.At, before.Wait);
        return now < ready ? new NextAction(NextKind.Wait, $"Wait {ProtocolRules.Words(before.Wait)} after {before.Agent}", before.Id, "", ready, ready - now) : null;
    }

    private static IEnumerable<TimelineItem> PremedicationItems(AcquisitionProtocol protocol, StudyFacts facts, List<TimelineItem> injections)
    {
        foreach ((string tracer, Premedication before) in StudyFacts.Premedications(protocol))
        {
            PromptAnswered[] given = [.. facts.PromptAnswers.Where(a => a.Id == before.Id)];
            TimelineItem? injection = injections.FirstOrDefault(i => i.Injects == tracer);
            bool injected = facts.ZeroOf(tracer) is not null;
            (ItemState state, string reason) = given.Length > 0 ? (ItemState.Done, $"given by {given[0].By}")
                : injected ? (ItemState.Missed, "the tracer was given without it")
                : injection is { State: ItemState.Skipped or ItemState.Missed } ? (ItemState.Skipped, $"'{injection.Title}' is not given")
                : facts.Closed is not null ? (ItemState.Missed, "the study was closed before it was given")
                : (ItemState.Waiting, $"{ProtocolRules.Words(before.Wait)} before the tracer");
            for (int round = 1; round <= Math.Max(1, given.Length); round++)
            {
                yield return new TimelineItem
                {
                    Id = before.Id, Round = round, Title = FormattableString.Invariant($"Give {before.AmountMg:0.##} mg {before.Agent}"), Prompt = PromptKind.Note, Opens = -before.Latest, Target = -before.Wait,
                    LatestStart = -before.Wait, Closes = -before.Wait, State = state, Reason = reason, EndedAt = given.Length > 0 ? given[round - 1].At : null, Answer = given.Length > 0 ? given[round - 1].Answer : null,
                };
            }
        }
    }

    /// <summary>The injection of a later tracer: it waits until the images of those before are over, and has a window of its own from the first injection.</summary>
    private static TimelineItem InjectionItem(LaterTracer tracer, StudyFacts facts, List<TimelineItem> phases, DateTimeOffset now)
    {
        var item = new TimelineItem
        {
            Id = tracer.Id, Injects = tracer.Id, Title = $"Injection of {tracer.Title}", Opens = tracer.Opens, Target = tracer.Target, LatestStart = tracer.Closes, Closes = tracer.Closes,
            OpensAt = facts.AfterInjection(tracer.Opens), TargetAt = facts.AfterInjection(tracer.Target), LatestStartAt = facts.AfterInjection(tracer.Closes), ClosesAt = facts.AfterInjection(tracer.Closes),
            State = ItemState.Waiting, Reason = "",
        };
        if (facts.ZeroOf(tracer.Id) is { } given) return item with { State = ItemState.Done, Reason = "injected", StartedAt = given, EndedAt = given };
        if (facts.Skipped.TryGetValue(tracer.Id, out string? why)) return item with { State = ItemState.Skipped, Reason = $"skipped: {why}" };
        if (facts.Closed is not null) return item with { State = ItemState.Missed, Reason = "the study was closed before it was given" };
        if (facts.Injected is null) return item with { Reason = "counts from the first injection" };
        if (now > item.ClosesAt) return item with { State = ItemState.Missed, Reason = $"its window closed {ProtocolRules.Words(tracer.Closes)} after the first injection; a new visit has to be planned" };
        if (phases.FirstOrDefault(p => !p.IsOver) is { } open) return item with { Reason = $"after: {open.Title}" };
        if (now < item.OpensAt) return item with { Reason = $"opens {ProtocolRules.Words(tracer.Opens)} after the first injection" };
        return now < item.TargetAt
            ? item with { State = ItemState.Open, Reason = $"open; wanted {ProtocolRules.Words(tracer.Target)} after the first injection" }
            : item with { State = ItemState.Due, Reason = $"wanted since {ProtocolRules.Words(tracer.Target)} after the first injection", CanStart = true };
    }

    /// <summary>Whether a phase is wanted: null yes, else its state and why.</summary>
    private static (ItemState State, string Reason)? NotWanted(StudyPhase phase, StudyFacts facts, PatientFactors patient, List<TimelineItem> before)
    {
        if (facts.Decision(phase.Id) is { } decided && decided.Answer.TrimStart().StartsWith("no", StringComparison.OrdinalIgnoreCase)) return (ItemState.Skipped, $"decided by {decided.By}: {decided.Answer}");
        if (phase.OnlyWhen is not { } only) return null;
        if (only.ClearanceUpToMlPerMin is { } limit && (patient.OnDialysis ? 0 : patient.GfrMlPerMin) <= limit) return null;
        string? answer = only.Question is null ? null : facts.Answers.GetValueOrDefault(only.Question);
        if (answer is not null && answer.Trim().Equals(only.Answer, StringComparison.OrdinalIgnoreCase)) return null;
        TimelineItem? other = only.Missed is null ? null : before.FirstOrDefault(p => p.Id == only.Missed);
        if (other?.State is ItemState.Missed or ItemState.Incomplete) return null; // what was not taken whole within its window is missed too
        if (other is { IsOver: false }) return (ItemState.Waiting, $"only if '{other.Title}' is missed");
        if (only.Question is not null && answer is null && facts.Injected is null) return (ItemState.Waiting, "waits for the answer whether it is wanted");
        return (ItemState.Skipped, "not asked for");
    }

    private static List<TimelineItem> PhaseItems(AcquisitionProtocol protocol, IReadOnlyList<StudyWindow> windows, StudyFacts facts, PatientFactors patient, DateTimeOffset now, string[] unmet, List<TimelineItem> injections)
    {
        List<TimelineItem> items = [];
        string? holder = null;
        if (facts.Running is { } running) holder = windows.FirstOrDefault(w => w.Phase.Id == running.PhaseId)?.Phase.Title;
        foreach (StudyWindow window in windows)
        {
            TimelineItem? injection = null;
            if (window.Phase.TracerId.Length > 0 && protocol.LaterTracers.FirstOrDefault(t => t.Id == window.Phase.TracerId) is { } tracer)
            {
                injection = injections.FirstOrDefault(i => i.Injects == tracer.Id);
                if (injection is null) injections.Add(injection = InjectionItem(tracer, facts, items, now));
            }
            TimelineItem item = PhaseItem(window, facts, now, unmet, injection);
            if (item.StartedAt is null && item.State != ItemState.Skipped && NotWanted(window.Phase, facts, patient, items) is { } not && (not.State == ItemState.Skipped || !item.IsOver))
            {
                items.Add(item with { State = not.State, Reason = not.Reason, CanStart = false, NeedsReason = false });
                continue;
            }
            if (window.Phase.OnlyWhen?.Missed is { } replaced && items.FirstOrDefault(i => i.Id == replaced) is { State: ItemState.Missed } gone && !item.IsOver) item = item with { Reason = $"{item.Reason}; '{gone.Title}' was missed" };
            if (item.State is ItemState.Open or ItemState.Due or ItemState.Late or ItemState.Waiting)
            {
                if (holder is not null)
                    item = item with { State = ItemState.Waiting, CanStart = false, Reason = facts.Running is not null ? $"the camera is busy: {holder}" : $"after: {holder}" };
                else
                    holder = window.Phase.Title;
            }
            else if (item is { State: ItemState.Incomplete, CanStart: true })
            {
                bool movedOn = windows.SkipWhile(w => w != window).Skip(1).Any(w => facts.Attempts(w.Phase).Any());
                if (holder is null && !movedOn && !(now > item.ClosesAt)) holder = window.Phase.Title;
                else item = item with { CanStart = false };
            }
            items.Add(item);
        }
        if (holder is null && facts.Closed is null && facts.Injected is not null && !injections.Exists(i => !i.IsOver))
        {
            // Nothing else is waiting for the camera: what was missed or left incomplete may still be taken late, with a reason.
            int late = items.FindIndex(i => i.State is ItemState.Missed or ItemState.Incomplete && windows.Single(w => w.Phase.Id == i.Id).Phase.Repeatable);
            if (late >= 0 && facts.ZeroOf(windows.Single(w => w.Phase.Id == items[late].Id).Phase.TracerId) is not null) items[late] = items[late] with { CanStart = items[late].BlockedBy.Count == 0, NeedsReason = true };
        }
        if (facts is { Away: { } away, Running: null })
            for (int i = 0; i < items.Count; i++)
                if (!items[i].IsOver) items[i] = items[i] with { CanStart = false, Reason = $"{items[i].Reason}; the patient is away ({away.Reason})" };
        return items;
    }

    private static TimelineItem PhaseItem(StudyWindow window, StudyFacts facts, DateTimeOffset now, string[] unmet, TimelineItem? injection)
    {
        StudyPhase phase = window.Phase;
        string tracer = phase.TracerId;
        Attempt[] attempts = [.. facts.Attempts(phase)];
        string[] complete = [.. phase.Acquisitions.Select(a => a.Id).Where(id => attempts.Any(a => a.StepId == id && a.IsComplete))];
        string[] untried = [.. phase.Acquisitions.Select(a => a.Id).Where(id => attempts.All(a => a.StepId != id))];
        string[] failed = [.. phase.Acquisitions.Select(a => a.Id).Except(complete).Except(untried)];
        TimeSpan toDo = phase.Acquisitions.Where(a => !complete.Contains(a.Id)).Aggregate(TimeSpan.Zero, (sum, a) => sum + a.NominalDuration);
        var item = new TimelineItem
        {
            Id = phase.Id,
            Title = phase.Title,
            Opens = window.Opens,
            Target = window.Target,
            LatestStart = window.Closes - toDo,
            Closes = window.Closes,
            OpensAt = facts.AfterInjection(window.Opens, tracer),
            TargetAt = facts.AfterInjection(window.Target, tracer),
            LatestStartAt = facts.AfterInjection(window.Closes - toDo, tracer),
            ClosesAt = facts.AfterInjection(window.Closes, tracer),
            State = ItemState.Waiting,
            Reason = "",
            StartedAt = attempts.Length > 0 ? attempts.Min(a => a.Start) : null,
            EndedAt = attempts.Length > 0 && attempts.All(a => a.End is not null) ? attempts.Max(a => a.End) : null,
            StepsToDo = [.. untried, .. failed],
            BlockedBy = attempts.Length > 0 ? [] : facts.ClosedGates(phase.Id, now),
        };
        string count = $"{complete.Length} of {phase.Acquisitions.Count} complete";
        if (facts.Running is { } running && running.PhaseId == phase.Id)
        {
            PlannedAcquisition? step = phase.Acquisitions.FirstOrDefault(a => a.Id == running.StepId);
            return item with { State = ItemState.Running, Reason = $"counting: {step?.Title ?? running.StepId}; {count}", EndedAt = null };
        }
        if (complete.Length == phase.Acquisitions.Count && phase.Acquisitions.Count > 0)
            return item with { State = ItemState.Done, Reason = $"{count}{Outside(item, facts)}" };
        if (facts.Skipped.TryGetValue(phase.Id, out string? skipReason))
            return item with { State = ItemState.Skipped, Reason = attempts.Length == 0 ? $"skipped: {skipReason}" : $"rest skipped: {skipReason}; {count}, what was counted is kept" };
        string trouble = string.Join("; ", attempts.Where(a => !a.IsComplete).Select(a => $"{a.StepId} {a.Words}"));
        if (facts.Closed is not null)
            return attempts.Length == 0
                ? item with { State = ItemState.Missed, Reason = "the study was closed before it was taken" }
                : item with { State = ItemState.Incomplete, Reason = $"{count} when the study was closed{Prefixed(trouble)}" };
        if (injection is { State: ItemState.Skipped or ItemState.Missed }) return item with { State = injection.State, Reason = $"{injection.Title}: {injection.Reason}" };
        if (facts.ZeroOf(tracer) is null)
        {
            if (injection is not null) return item with { Reason = $"counts from the {char.ToLowerInvariant(injection.Title[0])}{injection.Title[1..]}" };
            if (window.Opens >= TimeSpan.Zero) return item with { Reason = "counts from the injection" };
            if (unmet.Length > 0) return item with { Reason = $"before the injection: {unmet[0]}" };
            return item with { State = ItemState.Open, Reason = "ready: start it, then inject", CanStart = true };
        }
        bool closed = now > item.ClosesAt;
        if (attempts.Length > 0 && (closed || untried.Length == 0))
        {
            bool mayRepeat = phase.Repeatable || now <= item.LatestStartAt;
            string rest = closed ? $"; its window closed {ProtocolRules.Words(window.Closes)} after the injection" : mayRepeat ? "; repeat it or skip the rest with a reason" : "; it cannot be repeated, what was counted is kept";
            return item with { State = ItemState.Incomplete, Reason = $"{count}{Prefixed(trouble)}{rest}", CanStart = mayRepeat && !(closed && !phase.Repeatable), NeedsReason = true };
        }
        if (closed)
            return item with { State = ItemState.Missed, Reason = $"its window closed {ProtocolRules.Words(window.Closes)} after the injection{(phase.Repeatable ? "; it may still be taken late with a reason" : "; it cannot be repeated")}" };
        ItemState state = now < item.OpensAt ? ItemState.Waiting : now > item.LatestStartAt ? ItemState.Late : now >= item.TargetAt ? ItemState.Due : ItemState.Open;
        if (attempts.Length > 0 && (state is ItemState.Waiting or ItemState.Open)) state = ItemState.Due;
        string why = state switch
        {
            ItemState.Waiting => $"opens {ProtocolRules.Words(window.Opens)} after the injection",
            ItemState.Open => $"open; wanted {ProtocolRules.Words(window.Target)} after the injection",
            ItemState.Late => $"would end after its window closes, {ProtocolRules.Words(window.Closes)} after the injection",
            _ => $"wanted since {ProtocolRules.Words(window.Target)} after the injection",
        };
        if (attempts.Length > 0) why = $"{count}{Prefixed(trouble)}; {why}";
        if (item.BlockedBy.Count > 0) why += $"; waits for: {string.Join(", ", item.BlockedBy)}";
        if (window.Shift > TimeSpan.Zero) why += $"; {window.ShiftReason}";
        return item with { State = state, Reason = why, CanStart = state != ItemState.Waiting && item.BlockedBy.Count == 0 };
    }

    private static string Prefixed(string text) => text.Length == 0 ? "" : $"; {text}";

    private static string Outside(TimelineItem item, StudyFacts facts)
    {
        string words = "";
        if (item.StartedAt is { } start && start < item.OpensAt) words += $"; started {ProtocolRules.Words(item.OpensAt.Value - start)} before its window opened";
        if (item.EndedAt is { } end && end > item.ClosesAt) words += $"; ended {ProtocolRules.Words(end - item.ClosesAt.Value)} after its window closed";
        if (item.Opens < TimeSpan.Zero && item.StartedAt > facts.Injected) words += $"; started {ProtocolRules.Words(item.StartedAt.Value - facts.Injected!.Value)} after the injection, the first passage may be cut";
        return words;
    }

    private static List<TimelineItem> PromptItems(AcquisitionProtocol protocol, IReadOnlyList<StudyWindow> windows, List<TimelineItem> phases, StudyFacts facts, PatientFactors factors, DateTimeOffset now)
    {
        List<TimelineItem> items = [];
        foreach (Prompt prompt in protocol.Prompts)
        {
            StudyWindow? gated = windows.FirstOrDefault(w => w.Phase.Id == prompt.GateFor);
            TimelineItem? phase = phases.FirstOrDefault(p => p.Id == prompt.GateFor);
            TimeSpan shift = windows.FirstOrDefault(w => w.Phase.Id == prompt.MovesWith)?.Shift ?? TimeSpan.Zero;
            TimeSpan at = prompt.At + shift;
            TimeSpan closes = gated?.Target ?? windows.Where(w => w.Phase.TracerId == prompt.TracerId && w.Target > at).Select(w => w.Target).DefaultIfEmpty(at + TimeSpan.FromMinutes(30)).Min();
            if (closes < at) closes = at;
            PromptAnswered[] answers = [.. facts.PromptAnswers.Where(a => a.Id == prompt.Id)];
            string title = TextFor(prompt, factors);
            TimelineItem Item(int round, TimeSpan due, ItemState state, string reason, PromptAnswered? answer) => new()
            {
                Id = prompt.Id,
                Round = round,
                Title = title,
                Prompt = prompt.Kind,
                Opens = due,
                Target = due,
                LatestStart = due > closes ? due : closes,
                Closes = due > closes ? due : closes,
                OpensAt = facts.AfterInjection(due, prompt.TracerId),
                TargetAt = facts.AfterInjection(due, prompt.TracerId),
                LatestStartAt = facts.AfterInjection(due > closes ? due : closes, prompt.TracerId),
                ClosesAt = facts.AfterInjection(due > closes ? due : closes, prompt.TracerId),
                State = state,
                Reason = reason,
                StartedAt = facts.PromptsShown.Where(s => s.Id == prompt.Id).Skip(round - 1).Select(s => (DateTimeOffset?)s.At).FirstOrDefault(),
                EndedAt = answer?.At,
                Answer = answer?.Answer,
            };

            for (int i = 0; i < answers.Length; i++)
            {
                string until = prompt.ValidFor is { } valid ? $"; counts for {ProtocolRules.Words(valid)}" : "";
                items.Add(Item(i + 1, at, ItemState.Done, $"answered by {answers[i].By}{until}", answers[i]));
            }
            TimeSpan dueAgain = at;
            if (answers.Length > 0)
            {
                // The last answer stands unless it is a gate's, its validity is over and the phase has not begun.
                if (prompt.ValidFor is not { } valid || phase is null || phase.StartedAt is not null || facts.ZeroOf(prompt.TracerId) is not { } injected || facts.Closed is not null) continue;
                DateTimeOffset runsOut = answers.Select(a => StudyFacts.Plus(a.At, valid)).Max();
                if (now < runsOut || phase.State == ItemState.Skipped) continue;
                if (!gated!.Phase.Repeatable && runsOut > phase.ClosesAt) continue;
                if (runsOut - injected > dueAgain) dueAgain = runsOut - injected;
            }
            (ItemState state, string reason) = Unanswered(prompt, phase, gated, facts, dueAgain, closes, answers.Length > 0, now);
            if (state is not (ItemState.Missed or ItemState.Skipped) && NotYet(prompt, phases, facts) is { } not) (state, reason) = not;
            items.Add(Item(answers.Length + 1, dueAgain, state, reason, null));
        }
        return items;
    }

    /// <summary>A prompt that has its time but not its occasion; null when it has both.</summary>
    private static (ItemState State, string Reason)? NotYet(Prompt prompt, List<TimelineItem> phases, StudyFacts facts)
    {
        if (prompt.OnlyAfter == PromptOccasion.Extravasation && !facts.Extravasated) return (ItemState.Skipped, "only after an extravasation");
        if (prompt.OnlyAfter == PromptOccasion.MissedPool)
        {
            TimelineItem[] pools = [.. phases.Where(p => p.Id == "pool")];
            if (!Array.Exists(pools, p => p.State is ItemState.Missed or ItemState.Incomplete)) return Array.Exists(pools, p => !p.IsOver) ? (ItemState.Waiting, "only if the pool is missed") : (ItemState.Skipped, "the pool was not missed");
        }
        return prompt.After is not null && phases.FirstOrDefault(p => p.Id == prompt.After) is { IsOver: false } first ? (ItemState.Waiting, $"after: {first.Title}") : null;
    }

    private static (ItemState State, string Reason) Unanswered(Prompt prompt, TimelineItem? phase, StudyWindow? gated, StudyFacts facts, TimeSpan due, TimeSpan closes, bool again, DateTimeOffset now)
    {
        if (phase?.StartedAt is not null) return (ItemState.Missed, $"'{phase.Title}' went ahead without it");
        if (phase?.State == ItemState.Skipped) return (ItemState.Skipped, $"'{phase.Title}' was skipped");
        if (facts.Closed is not null) return (ItemState.Missed, "the study was closed before it was answered");
        if (facts.AfterInjection(due, prompt.TracerId) is not { } dueAt) return (ItemState.Waiting, "counts from the injection");
        if (phase?.State == ItemState.Missed && !gated!.Phase.Repeatable) return (ItemState.Missed, $"'{phase.Title}' was missed");
        string before = again ? "the last answer has run out; " : "";
        if (now < dueAt) return (ItemState.Waiting, $"{before}due {ProtocolRules.Words(due)} after the injection");
        return now > facts.AfterInjection(closes, prompt.TracerId) && closes > due
            ? (ItemState.Late, $"{before}not answered since {ProtocolRules.Words(due)} after the injection{(prompt.GateFor is not null ? $"; '{phase?.Title}' waits for it" : "")}")
            : (ItemState.Due, $"{before}to be done now{(prompt.GateFor is not null ? $", before '{phase?.Title}'" : "")}");
    }

    /// <summary>The prompt's text for this patient: fluid restriction replaces it, a child's amount goes by weight (docs: clinical 2.1 and 2.2, X).</summary>
    private static string TextFor(Prompt prompt, PatientFactors patient)
    {
        if (prompt.Kind != PromptKind.Hydration) return prompt.Text;
        if (patient.FluidRestricted) return "Fluid is restricted: no prompt to drink. Follow the ward's plan.";
        return patient is { AgeYears: < 18, WeightKg: { } kg }
            ? $"{prompt.Text} For this child about {kg * 10:0} to {kg * 15:0} mL (10 to 15 mL per kg) instead of the adult amount."
            : prompt.Text;
    }

    private static NextAction NextOf(AcquisitionProtocol protocol, StudyFacts facts, List<TimelineItem> phases, List<TimelineItem> prompts, List<TimelineItem> injections, DateTimeOffset now)
    {
        if (facts.Closed is not null) return new NextAction(NextKind.Nothing, "The study is closed");
        if (facts.Injected is null)
        {
            if (facts.Running is { } armed)
            {
                FlowAcquisition? flow = protocol.Phases.SelectMany(p => p.Acquisitions).OfType<FlowAcquisition>().FirstOrDefault(a => a.Id == armed.StepId);
                if (flow is null) return WaitForEnd(protocol, armed, now);
                DateTimeOffset wanted = StudyFacts.Plus(armed.Start, flow.PreRoll);
                return new NextAction(NextKind.Inject, "Inject: the flow is counting", armed.PhaseId, armed.StepId, wanted, wanted - now);
            }
            if (Unmet(protocol, facts, now).FirstOrDefault() is { } unmet) return unmet;
            if (phases.FirstOrDefault(p => p.CanStart) is { } first)
                return new NextAction(NextKind.StartAcquisition, $"Start: {first.Title}, then inject", first.Id, first.StepsToDo[0]);
            return new NextAction(NextKind.Inject, "Inject");
        }
        if (facts.Running is { } running) return WaitForEnd(protocol, running, now);

        TimelineItem? wantedNow = phases.FirstOrDefault(p => p.State is ItemState.Due or ItemState.Late);
        if (wantedNow is { CanStart: true }) return Start(wantedNow, now);
        if (facts.Away is { } away && wantedNow is { BlockedBy.Count: 0, ClosesAt: { } closes, LatestStartAt: { } latest } && now <= closes)
        {
            DateTimeOffset look = latest > now ? latest : StudyFacts.Plus(closes, TimeSpan.FromSeconds(1));
            return new NextAction(NextKind.Wait, $"The patient is away ({away.Reason}): call back for {wantedNow.Title}", wantedNow.Id, "", look, look - now);
        }
        if (injections.Find(i => i.CanStart) is { } injection)
        {
            string id = injection.Injects!;
            if (Before(protocol.TracerOf(id), facts, now) is { } before) return before;
            return facts.Syringes.ContainsKey(id)
                ? new NextAction(NextKind.Inject, $"Inject: {injection.Title}", id, "", injection.TargetAt, injection.TargetAt - now)
                : new NextAction(NextKind.MeasureDose, $"Measure the syringe: {injection.Title}", id);
        }
        if (phases.FirstOrDefault(p => p is { State: ItemState.Incomplete, CanStart: true, NeedsReason: true }) is { } broken && phases.Any(p => !p.IsOver))
            return RepeatOrSkip(broken);
        if (prompts.FirstOrDefault(p => p.State is ItemState.Due or ItemState.Late) is { } prompt)
            return new NextAction(NextKind.AnswerPrompt, prompt.Title, prompt.Id, "", prompt.TargetAt, prompt.TargetAt - now);

        TimelineItem[] ahead = [.. phases.Concat(injections).Concat(prompts).Where(i => i.State is ItemState.Waiting or ItemState.Open && i.TargetAt > now).OrderBy(i => i.TargetAt)];
        bool phaseAhead = phases.Any(p => !p.IsOver);
        string? unread = protocol.Kind == ProtocolKind.CameraCheck ? null : facts.Injections.Keys.FirstOrDefault(t => !facts.Residuals.ContainsKey(t));
        if (unread is not null && (!phaseAhead || ahead.Length == 0 || ahead[0].TargetAt - now > TimeSpan.FromMinutes(2)))
            return new NextAction(NextKind.MeasureResidual, "Measure the emptied syringe", unread);
        if (phaseAhead && ahead.FirstOrDefault() is { } next)
            return new NextAction(NextKind.Wait, next.State == ItemState.Open ? $"{next.Title} may start; wanted at its target" : $"Wait for: {next.Title}", next.Id, next.IsPrompt || next.StepsToDo.Count == 0 ? "" : next.StepsToDo[0], next.TargetAt, next.TargetAt - now);
        // A phase whose target is past but that may not start (a gate not yet due) is reached through its prompt.
        if (wantedNow is not null && prompts.FirstOrDefault(p => wantedNow.BlockedBy.Contains(p.Id) && p.State is not ItemState.Done) is { } gate)
            return new NextAction(NextKind.AnswerPrompt, gate.Title, gate.Id, "", gate.TargetAt, gate.TargetAt - now);
        if (phases.FirstOrDefault(p => p is { NeedsReason: true, IsOver: true, State: ItemState.Missed or ItemState.Incomplete }) is { } late) return RepeatOrSkip(late);
        bool tomo = protocol.Phases.SelectMany(p => p.Acquisitions).OfType<TomoAcquisition>().Any(t => facts.Counted.Any(a => a.StepId == t.Id));
        if (tomo && !facts.Reconstructed) return new NextAction(NextKind.Reconstruct, "Reconstruct the SPECT");
        if (facts.Verdict is null) return new NextAction(NextKind.JudgeQuality, "Run the quality checks");
        return new NextAction(NextKind.EndStudy, "Close the study");
    }

    private static NextAction Start(TimelineItem phase, DateTimeOffset now) =>
        new(NextKind.StartAcquisition, $"Start: {phase.Title}", phase.Id, phase.StepsToDo[0], phase.TargetAt, phase.TargetAt - now);

    private static NextAction RepeatOrSkip(TimelineItem phase) =>
        new(NextKind.RepeatOrSkip, $"{phase.Title}: {phase.Reason}", phase.Id, phase.StepsToDo.Count > 0 ? phase.StepsToDo[0] : "");

    private static NextAction WaitForEnd(AcquisitionProtocol protocol, Attempt running, DateTimeOffset now)
    {
        PlannedAcquisition? step = protocol.Phases.SelectMany(p => p.Acquisitions).FirstOrDefault(a => a.Id == running.StepId);
        DateTimeOffset end = StudyFacts.Plus(running.Start, step?.NominalDuration ?? TimeSpan.Zero);
        return new NextAction(NextKind.WaitForEnd, $"Counting: {step?.Title ?? running.StepId}", running.PhaseId, running.StepId, end, end - now);
    }
}
