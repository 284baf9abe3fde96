using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Tests.Timeline;

/// <summary>A conductor that does what the timeline says next, on a clock of its own.</summary>
internal sealed class StudyWalk(AcquisitionProtocol protocol, PatientFactors patient)
{
    public static readonly DateTimeOffset Begin = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
    public List<StudyEvent> Events { get; init; } = [new StudyOpened(Begin, "console")];
    public DateTimeOffset Now { get; set; } = Begin;
    public Dictionary<string, string> Answers { get; } = new() { ["identity"] = "yes", ["egfr"] = "unknown", ["weight-kg"] = "80" };
    public List<NextKind> Taken { get; } = [];
    public Func<NextAction, Ending> EndingOf { get; set; } = _ => Ending.Complete;

    public StudyTimeline Timeline => StudyTimeline.Derive(protocol, patient, Events, Now);

    /// <summary>Does the next action; false when the study is closed.</summary>
    public bool Step()
    {
        NextAction next = Timeline.Next;
        Taken.Add(next.Kind);
        switch (next.Kind)
        {
            case NextKind.Nothing: return false;
            case NextKind.AnswerQuestion: Add(new QuestionAnswered(Later(5), "tech", next.ItemId, Answers.GetValueOrDefault(next.ItemId, "no"))); break;
            case NextKind.PhysicianDecides: Add(new QuestionAnswered(Later(5), "physician", next.ItemId, "decided: go ahead")); break;
            case NextKind.CheckReadiness: Add(new ReadinessPassed(Later(5), "console")); break;
            case NextKind.MeasureDose: Add(new DoseMeasured(Later(5), "tech", 705, next.ItemId)); break;
            case NextKind.StartAcquisition:
            case NextKind.RepeatOrSkip when EndingOf(next) == Ending.Complete:
                Add(new AcquisitionStarted(Later(2), "tech", next.StepId, Guid.NewGuid(), 1)); break;
            case NextKind.RepeatOrSkip: Add(new PhaseSkipped(Later(2), "tech", next.ItemId, "patient cannot lie any longer")); break;
            case NextKind.Inject: Until(next.At); Add(new TracerInjected(Now, "tech", 700, next.StepId.Length > 0 ? "" : next.ItemId)); break;
            case NextKind.WaitForEnd:
                Until(next.At);
                AcquisitionStarted started = Events.OfType<AcquisitionStarted>().Last(e => e.StepId == next.StepId);
                Ending ending = EndingOf(next);
                Add(new AcquisitionEnded(Now, "gantry", started.StepId, started.AcquisitionId, ending, ending == Ending.Complete ? "" : "stop pressed"));
                break;
            case NextKind.MeasureResidual: Add(new ResidualMeasured(Later(20), "tech", 5, next.ItemId)); break;
            case NextKind.AnswerPrompt: Add(new PromptShown(Now, "console", next.ItemId)); Add(new PromptAnswered(Later(60), "tech", next.ItemId, "done")); break;
            case NextKind.Wait: Until(next.At); break;
            case NextKind.Reconstruct: Add(new ReconstructionDone(Later(5), "console")); break;
            case NextKind.JudgeQuality: Add(new QualityJudged(Later(1), "console", "pass")); break;
            case NextKind.EndStudy: Add(new StudyEnded(Later(1), "tech", Ending.Complete, "")); break;
            default: throw new InvalidOperationException($"{next.Kind}");
        }
        return true;
    }

    public void Run()
    {
        for (int i = 0; i < 400; i++)
            if (!Step()) return;
        Assert.Fail($"the study did not end in 400 actions: {string.Join(' ', Taken.TakeLast(20))}; {Timeline.Next}");
    }

    public void RunUntil(Func<NextAction, bool> stop)
    {
        for (int i = 0; i < 200; i++)
        {
            if (stop(Timeline.Next)) return;
            if (!Step()) break;
        }
        Assert.Fail("the study never came to that point");
    }

    private void Add(StudyEvent e) => Events.Add(e);

    private DateTimeOffset Later(double seconds) => Now = Now.AddSeconds(seconds);

    private void Until(DateTimeOffset? at)
    {
        if (at > Now) Now = at.Value;
    }
}
