using System.Text.Json;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Tests.Timeline;

public sealed class StudyEventJsonTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 2, 9, 30, 15, 123, TimeSpan.FromHours(1));
    private static readonly Guid Id = new("01234567-89ab-cdef-0123-456789abcdef");

    /// <summary>The stored form of every event: a change here breaks journals that exist.</summary>
    public static TheoryData<StudyEvent, string> Forms() => new()
    {
        { new StudyOpened(At, "console", "bone/facet", "ab12"), """{"type":"study-opened","protocolId":"bone/facet","protocolHash":"ab12",#}""" },
        { new QuestionAnswered(At, "tech", "pregnancy", "no"), """{"type":"question-answered","id":"pregnancy","answer":"no",#}""" },
        { new ReadinessPassed(At, "console"), """{"type":"readiness-passed",#}""" },
        { new DoseMeasured(At, "tech", 712.5), """{"type":"dose-measured","mBq":712.5,"tracerId":"","reason":"",#}""" },
        { new TracerInjected(At, "tech", 700.25), """{"type":"tracer-injected","netMBq":700.25,"tracerId":"","site":"",#}""" },
        { new ResidualMeasured(At, "tech", 4.5), """{"type":"residual-measured","mBq":4.5,"tracerId":"",#}""" },
        { new PromptShown(At, "console", "void"), """{"type":"prompt-shown","id":"void",#}""" },
        { new PromptAnswered(At, "tech", "void", "done"), """{"type":"prompt-answered","id":"void","answer":"done",#}""" },
        { new AcquisitionStarted(At, "tech", "flow", Id, ulong.MaxValue), """{"type":"acquisition-started","stepId":"flow","acquisitionId":"01234567-89ab-cdef-0123-456789abcdef","startTickUs":18446744073709551615,#}""" },
        { new AcquisitionEnded(At, "gantry", "flow", Id, Ending.Stopped, "stop pressed"), """{"type":"acquisition-ended","stepId":"flow","acquisitionId":"01234567-89ab-cdef-0123-456789abcdef","ending":"Stopped","reason":"stop pressed",#}""" },
        { new PhaseSkipped(At, "tech", "delayed", "pain"), """{"type":"phase-skipped","phaseId":"delayed","reason":"pain",#}""" },
        { new ReconstructionDone(At, "console"), """{"type":"reconstruction-done",#}""" },
        { new QualityJudged(At, "console", "warn"), """{"type":"quality-judged","verdict":"warn",#}""" },
        { new StudyEnded(At, "tech", Ending.Complete, ""), """{"type":"study-ended","ending":"Complete","reason":"",#}""" },
        { new ServiceRestarted(At, "console", "power"), """{"type":"service-restarted","reason":"power",#}""" },
        { new Note(At, "tech", "arm moved \"once\"\n"), """{"type":"note","text":"arm moved \u0022once\u0022\n",#}""" },
        { new ClockCompared(At, "tech", ClockCompared.DoseCalibrator, 20, 5), """{"type":"clock-compared","clock":"dose-calibrator","offsetSeconds":20,"toleranceSeconds":5,#}""" },
        { new ExtravasationNoted(At, "tech", 8), """{"type":"extravasation-noted","percent":8,#}""" },
        { new PatientAway(At, "tech", "ward"), """{"type":"patient-away","reason":"ward",#}""" },
        { new PatientBack(At, "tech"), """{"type":"patient-back",#}""" },
    };

    /// <summary>Forms written before a protocol could have several tracers.</summary>
    [Theory]
    [InlineData("""{"type":"dose-measured","mBq":712.5,"at":"2026-03-02T09:30:15+01:00","by":"x"}""")]
    [InlineData("""{"type":"tracer-injected","netMBq":700.25,"at":"2026-03-02T09:30:15+01:00","by":"x"}""")]
    [InlineData("""{"type":"residual-measured","mBq":4.5,"at":"2026-03-02T09:30:15+01:00","by":"x"}""")]
    public void Deserialize_EarlierForms_AreOfTheFirstTracer(string json) =>
        Assert.Equal("", StudyEventJson.Deserialize(json) switch { DoseMeasured d => d.TracerId, TracerInjected i => i.TracerId, ResidualMeasured r => r.TracerId, _ => "?" });

    [Theory]
    [MemberData(nameof(Forms))]
    public void Serialize_EveryEvent_HasItsStableForm(StudyEvent e, string form)
    {
        string expected = form.Replace("#", $"\"at\":\"2026-03-02T09:30:15.123+01:00\",\"by\":\"{e.By}\"", StringComparison.Ordinal);
        Assert.Equal(expected, StudyEventJson.Serialize(e));
        Assert.Equal(e, StudyEventJson.Deserialize(expected));
    }

    [Fact]
    public void Forms_OfTheTest_CoverEveryEvent()
    {
        Type[] events = [.. typeof(StudyEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(StudyEvent)))];
        Assert.Equal(events.Select(t => t.Name).Order(), Forms().Select(f => f.Data.Item1.GetType().Name).Order());
    }

    [Theory]
    [InlineData("""{"type":"tea-served","at":"2026-03-02T09:30:15+01:00","by":"x"}""")]
    [InlineData("""{"at":"2026-03-02T09:30:15+01:00","by":"x"}""")]
    [InlineData("""{"type":"dose-measured","at":"2026-03-02T09:30:15+01:00","by":"x"}""")]
    [InlineData("""{"type":"note","at":"2026-03-02T09:30:15+01:00","by":"x","text":null}""")]
    [InlineData("null")]
    [InlineData("{")]
    public void Deserialize_NotAnEvent_ThrowsJsonException(string json) => Assert.ThrowsAny<JsonException>(() => StudyEventJson.Deserialize(json));

    [Fact]
    public void Deserialize_TypeNotFirst_IsStillRead() =>
        Assert.IsType<Note>(StudyEventJson.Deserialize("""{"at":"2026-03-02T09:30:15+01:00","text":"t","by":"x","type":"note"}"""));
}
