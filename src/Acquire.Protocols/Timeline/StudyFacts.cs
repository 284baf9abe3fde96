using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Protocols.Timeline;

/// <summary>One try at a step.</summary>
internal sealed record Attempt(string PhaseId, string StepId, Guid AcquisitionId, DateTimeOffset Start)
{
    public DateTimeOffset? End { get; init; }
    public Ending Ending { get; init; } = Ending.Open;
    public string Reason { get; init; } = "";
    public bool IsComplete => Ending == Ending.Complete;
    /// <summary>"stopped (patient in pain)".</summary>
    public string Words => Reason.Length == 0 ? Ending.ToString().ToLowerInvariant() : $"{Ending.ToString().ToLowerInvariant()} ({Reason})";
}

/// <summary>What the journal says, folded once.</summary>
internal sealed class StudyFacts
{
    private readonly List<Attempt> _attempts = [];
    private readonly AcquisitionProtocol _protocol;
    private int _running = -1;

    private StudyFacts(AcquisitionProtocol protocol) => _protocol = protocol;

    public Dictionary<string, string> Answers { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, string> Skipped { get; } = new(StringComparer.Ordinal);
    public List<PromptAnswered> PromptAnswers { get; } = [];
    public List<PromptShown> PromptsShown { get; } = [];
    public List<string> Remarks { get; } = [];
    public bool Ready { get; private set; }
    /// <summary>Full syringe by tracer id, MBq.</summary>
    public Dictionary<string, double> Syringes { get; } = new(StringComparer.Ordinal);
    /// <summary>Residual by tracer id, MBq.</summary>
    public Dictionary<string, double> Residuals { get; } = new(StringComparer.Ordinal);
    /// <summary>Injection by tracer id.</summary>
    public Dictionary<string, DateTimeOffset> Injections { get; } = new(StringComparer.Ordinal);
    /// <summary>Time zero of the first tracer; of a camera check the moment the source was in place and the camera ready.</summary>
    public DateTimeOffset? Injected => ZeroOf("");
    public bool Extravasated { get; private set; }
    public PatientAway? Away { get; private set; }
    public bool Reconstructed { get; private set; }
    public string? Verdict { get; private set; }
    public StudyEnded? Closed { get; private set; }

    /// <summary>The acquisition that has started and not ended; there is only one camera.</summary>
    public Attempt? Running => _running >= 0 ? _attempts[_running] : null;

    /// <summary>Tries that count for the study: what ended before the injection saw no tracer and may be taken again.</summary>
    public IEnumerable<Attempt> Counted => _attempts.Where((a, i) => i == _running || (ZeroOf(_protocol.Phases.First(p => p.Id == a.PhaseId).TracerId) is { } zero && a.End > zero));

    public IEnumerable<Attempt> Attempts(StudyPhase phase) => Counted.Where(a => a.PhaseId == phase.Id);

    /// <summary>Time zero of a tracer; null before.</summary>
    public DateTimeOffset? ZeroOf(string tracerId) => Injections.TryGetValue(tracerId, out DateTimeOffset at) ? at : null;

    public DateTimeOffset? AfterInjection(TimeSpan span, string tracerId = "") => ZeroOf(tracerId) is { } at ? Plus(at, span) : null;

    /// <summary>The answer that decides about a phase; null when none was asked or given.</summary>
    public PromptAnswered? Decision(string phaseId) =>
        _protocol.Prompts.FirstOrDefault(p => p.Kind == PromptKind.Decision && p.GateFor == phaseId) is { } prompt ? PromptAnswers.LastOrDefault(a => a.Id == prompt.Id) : null;

    /// <summary>Time plus span, held within what a time can be.</summary>
    public static DateTimeOffset Plus(DateTimeOffset at, TimeSpan span)
    {
        long ticks = at.UtcTicks;
        if (span.Ticks > 0 && ticks > DateTimeOffset.MaxValue.UtcTicks - span.Ticks) return DateTimeOffset.MaxValue;
        if (span.Ticks < 0 && ticks < DateTimeOffset.MinValue.UtcTicks - span.Ticks) return DateTimeOffset.MinValue;
        return new DateTimeOffset(ticks + span.Ticks, TimeSpan.Zero);
    }

    /// <summary>Gates of a phase without an answer that counts now.</summary>
    public IReadOnlyList<string> ClosedGates(string phaseId, DateTimeOffset now) =>
    [
        .. _protocol.Prompts.Where(p => p.GateFor == phaseId
            && !PromptAnswers.Any(a => a.Id == p.Id && (p.ValidFor is not { } valid || now < Plus(a.At, valid)))).Select(p => p.Id),
    ];

    public static StudyFacts From(AcquisitionProtocol protocol, IReadOnlyList<StudyEvent> events)
    {
        var facts = new StudyFacts(protocol);
        foreach (StudyEvent e in events) facts.Apply(e);
        return facts;
    }

    private void Apply(StudyEvent e)
    {
        switch (e)
        {
            case QuestionAnswered q: Answers[q.Id] = q.Answer; break;
            case ReadinessPassed r:
                Ready = true;
                if (_protocol.Kind == ProtocolKind.CameraCheck) Injections.TryAdd("", r.At);
                break;
            case DoseMeasured d: Syringes[d.TracerId] = d.MBq; break;
            case ResidualMeasured r: Residuals[r.TracerId] = r.MBq; break;
            case TracerInjected i when i.TracerId.Length > 0 && _protocol.LaterTracers.All(t => t.Id != i.TracerId):
                Remarks.Add($"an injection of '{i.TracerId}' was recorded, which the protocol does not know");
                break;
            case TracerInjected i:
                if (!Injections.TryAdd(i.TracerId, i.At)) Remarks.Add("a second injection was recorded; the first is time zero");
                Away = null;
                break;
            case ExtravasationNoted: Extravasated = true; break;
            case PatientAway away: Away = away; break;
            case PatientBack: Away = null; break;
            case PromptShown p: PromptsShown.Add(p); break;
            case PromptAnswered p:
                if (_protocol.Prompts.Any(known => known.Id == p.Id) || Premedications(_protocol).Any(m => m.Before.Id == p.Id)) PromptAnswers.Add(p);
                else Remarks.Add($"an answer was recorded to '{p.Id}', which the protocol does not ask");
                break;
            case AcquisitionStarted s: Start(s); break;
            case AcquisitionEnded ended: End(ended); break;
            case PhaseSkipped skipped: Skipped[skipped.PhaseId] = skipped.Reason; break;
            case ReconstructionDone: Reconstructed = true; break;
            case QualityJudged judged: Verdict = judged.Verdict; break;
            case StudyEnded closed when Closed is null:
                Closed = closed;
                Abandon(closed.At, "no end was recorded before the study was closed");
                break;
            case StudyEnded: Remarks.Add("the study was closed twice; the first counts"); break;
            default: break;
        }
    }

    private void Start(AcquisitionStarted s)
    {
        if (Closed is not null)
        {
            Remarks.Add($"'{s.StepId}' was started after the study was closed and does not count");
            return;
        }
        if (PhaseOf(s.StepId) is not { } phase) return;
        if (_attempts.FindIndex(a => a.AcquisitionId == s.AcquisitionId && a.StepId == s.StepId && a.End is null) is var same && same >= 0 && same == _running) return;
        Abandon(s.At, $"no end was recorded before '{s.StepId}' was started");
        Skipped.Remove(phase.Id);
        _attempts.Add(new Attempt(phase.Id, s.StepId, s.AcquisitionId, s.At));
        _running = _attempts.Count - 1;
        Away = null;
    }

    private void End(AcquisitionEnded ended)
    {
        int index = _attempts.FindLastIndex(a => a.AcquisitionId == ended.AcquisitionId && a.StepId == ended.StepId);
        if (index < 0)
        {
            if (Closed is not null || PhaseOf(ended.StepId) is not { } phase) return;
            Remarks.Add($"the end of '{ended.StepId}' was recorded without its start");
            _attempts.Add(new Attempt(phase.Id, ended.StepId, ended.AcquisitionId, ended.At));
            index = _attempts.Count - 1;
        }
        Ending how = ended.Ending == Ending.Open ? Ending.Failed : ended.Ending;
        _attempts[index] = _attempts[index] with { End = ended.At, Ending = how, Reason = ended.Ending == Ending.Open ? "ended in a way that was not recorded" : ended.Reason };
        if (index == _running) _running = -1;
    }

    private void Abandon(DateTimeOffset at, string reason)
    {
        if (_running < 0) return;
        _attempts[_running] = _attempts[_running] with { End = at, Ending = Ending.Failed, Reason = reason };
        _running = -1;
    }

    /// <summary>What is given before a tracer, by tracer id.</summary>
    public static IEnumerable<(string TracerId, Premedication Before)> Premedications(AcquisitionProtocol protocol) =>
        protocol.LaterTracers.Select(t => (t.Id, t.Tracer.Premedication)).Prepend(("", protocol.Tracer.Premedication)).Where(t => t.Premedication is not null).Select(t => (t.Item1, t.Premedication!));

    private StudyPhase? PhaseOf(string stepId)
    {
        StudyPhase? phase = _protocol.Phases.FirstOrDefault(p => p.Acquisitions.Any(a => a.Id == stepId));
        if (phase is null) Remarks.Add($"'{stepId}' is not a step of this protocol");
        return phase;
    }
}
