using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Tests.Clinical;
using Acquire.Protocols.Timeline;
using Acquire.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Timeline;

public sealed class StudyTimelineProperties
{
    /// <summary>Every shipped protocol: one and several tracers, conditions, decisions, premedication, camera checks.</summary>
    private static readonly AcquisitionProtocol[] All = [FacetProtocol.Protocol, .. ShippedProtocols.Files.Select(f => ShippedProtocols.Read(f).Protocol!)];
    private static readonly DateTimeOffset Base = StudyWalk.Begin;
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(600).WithReplay(42, 4711);
    private static readonly Guid[] Ids = [.. Enumerable.Range(1, 5).Select(i => new Guid(i, 0, 0, new byte[8]))];

    private static string[] PromptsOf(AcquisitionProtocol p) => [.. p.Prompts.Select(x => x.Id), .. p.LaterTracers.Select(t => t.Tracer.Premedication?.Id).Append(p.Tracer.Premedication?.Id).OfType<string>()];

    private static Gen<StudyEvent> AnyEvent(AcquisitionProtocol protocol)
    {
        string[] steps = [.. protocol.Phases.SelectMany(p => p.Acquisitions).Select(a => a.Id), "not-a-step"], prompts = [.. PromptsOf(protocol), "not-a-prompt"], tracers = ["", .. protocol.LaterTracers.Select(t => t.Id), "x"];
        int span = protocol.LaterTracers.Count > 0 ? 6000 : 400;
        Gen<DateTimeOffset> at = Gen.Choose(-30 * 60, span * 60).Select(s => Base.AddSeconds(s));
        Gen<StudyEvent> started = at.SelectMany(t => Gen.Elements(steps).SelectMany(s => Gen.Elements(Ids).Select(id => (StudyEvent)new AcquisitionStarted(t, "tech", s, id, 0))));
        Gen<StudyEvent> ended = at.SelectMany(t => Gen.Elements(steps).SelectMany(s => Gen.Elements(Ids).SelectMany(id => Gen.Elements(Enum.GetValues<Ending>()).Select(e => (StudyEvent)new AcquisitionEnded(t, "gantry", s, id, e, "why")))));
        Gen<StudyEvent> answered = at.SelectMany(t => Gen.Elements(prompts).SelectMany(p => Gen.Elements("done", "no, not needed").Select(x => (StudyEvent)new PromptAnswered(t, "tech", p, x))));
        Gen<StudyEvent> question = at.SelectMany(t => Gen.Elements(protocol.Preparation.Select(q => q.Id)).SelectMany(q => Gen.Elements("yes", "no", "40", "dialysis", "-1e9", "").Select(a => (StudyEvent)new QuestionAnswered(t, "tech", q, a))));
        Gen<StudyEvent> skipped = at.SelectMany(t => Gen.Elements([.. protocol.Phases.Select(p => p.Id), .. tracers]).Select(p => (StudyEvent)new PhaseSkipped(t, "tech", p, "why")));
        Gen<StudyEvent> other = at.SelectMany(t => Gen.Elements<StudyEvent>(new StudyOpened(t, "c"), new ReadinessPassed(t, "c"), new DoseMeasured(t, "t", 700), new ResidualMeasured(t, "t", 4), new ExtravasationNoted(t, "t", 5), new PatientAway(t, "t", "lunch"), new PatientBack(t, "t"), new ClockCompared(t, "t", ClockCompared.DoseCalibrator, 20, 5),
            new PromptShown(t, "c", "void"), new ReconstructionDone(t, "c"), new QualityJudged(t, "c", "pass"), new ServiceRestarted(t, "c", "power"), new Note(t, "t", "text")));
        return Gen.Frequency((24, started), (24, ended), (16, answered), (8, question), (4, skipped), (12, other),
            (8, at.SelectMany(t => Gen.Elements(tracers).Select(x => (StudyEvent)new TracerInjected(t, "t", 700, x)))), (1, at.Select(t => (StudyEvent)new StudyEnded(t, "t", Ending.Complete, ""))));
    }

    /// <summary>Lists of events in any order, about half of them with an early injection so that windows are open.</summary>
    private static Gen<StudyEvent[]> AnyJournal(AcquisitionProtocol protocol) => AnyEvent(protocol).ArrayOf().SelectMany(events => Gen.Elements(true, false).Select(early => early ? [new TracerInjected(Base, "t", 700), .. events] : events));

    private static Gen<DateTimeOffset> AnyTime() => Gen.OneOf(Gen.Choose(-40 * 60, 450 * 60).Select(s => Base.AddSeconds(s)), Gen.Choose(0, 6500 * 60).Select(s => Base.AddSeconds(s)), Gen.Elements(DateTimeOffset.MinValue, DateTimeOffset.MaxValue));

    private sealed record Case(AcquisitionProtocol Protocol, StudyEvent[] Events, DateTimeOffset A, DateTimeOffset B);

    private static Arbitrary<Case> Cases() => Gen.Elements(All).SelectMany(p =>
        AnyJournal(p).SelectMany(e => AnyTime().SelectMany(a => AnyTime().Select(b => a <= b ? new Case(p, e, a, b) : new Case(p, e, b, a))))).ToArbitrary();

    private static StudyTimeline Derive(Case c, DateTimeOffset now, StudyEvent[]? events = null) => StudyTimeline.Derive(c.Protocol, new PatientFactors(), events ?? c.Events, now);

    private static void Holds(Func<Case, bool> property) => Check.One(Config, Prop.ForAll(Cases(), property));

    [Fact]
    public void Derive_AnyOrderOfEvents_ShowsEveryItemAndOneNextAction() => Holds(c =>
    {
        StudyTimeline timeline = Derive(c, c.A);
        return timeline.Next.Text.Length > 0
            && c.Protocol.Phases.All(p => timeline.Items.Count(i => i.Id == p.Id && !i.IsPrompt) == 1)
            && timeline.Items.All(i => i.Reason.Length > 0 && i.Title.Length > 0 && i.Opens <= i.Target && i.Target <= i.Closes);
    });

    [Fact]
    public void Derive_AnyOrderOfEvents_NeverOpensTwoExclusivePhases() => Holds(c =>
    {
        TimelineItem[] phases = [.. Derive(c, c.A).Items.Where(i => !i.IsPrompt && i.Injects is null)];
        bool running = phases.Any(i => i.State == ItemState.Running);
        return phases.Count(i => i.State is ItemState.Open or ItemState.Due or ItemState.Late or ItemState.Running) <= 1
            && phases.Count(i => i.CanStart) <= (running ? 0 : 1);
    });

    [Fact]
    public void Derive_AnyOrderOfEvents_NeverLosesAPrompt() => Holds(c =>
    {
        StudyTimeline timeline = Derive(c, c.B);
        return PromptsOf(c.Protocol).All(p =>
        {
            TimelineItem[] rounds = [.. timeline.Items.Where(i => i.Id == p)];
            int answers = c.Events.OfType<PromptAnswered>().Count(a => a.Id == p);
            return rounds.Length >= Math.Max(1, answers) && rounds.Count(r => r.State == ItemState.Done) == answers && rounds.Select(r => r.Round).SequenceEqual(Enumerable.Range(1, rounds.Length));
        });
    });

    [Fact]
    public void Derive_GrowingTime_NeverGoesBack() => Holds(c =>
    {
        StudyTimeline before = Derive(c, c.A), after = Derive(c, c.B);
        return before.Items.All(i => after.Items.SingleOrDefault(j => j.Id == i.Id && j.Round == i.Round) is { } j && Rank(i, j));
        static bool Rank(TimelineItem early, TimelineItem late) =>
            early.State is ItemState.Running or ItemState.Done or ItemState.Skipped || late.State is ItemState.Running or ItemState.Done or ItemState.Skipped
                ? early.State == late.State
                : Order(early.State) <= Order(late.State) && (Order(early.State) < 4 || early.State == late.State);
        static int Order(ItemState state) => state switch { ItemState.Waiting => 0, ItemState.Open => 1, ItemState.Due => 2, ItemState.Late => 3, _ => 4 };
    });

    [Fact]
    public void Derive_PhaseShownAsDone_HasACompleteEndForEveryStep() => Holds(c =>
    {
        StudyTimeline timeline = Derive(c, c.A);
        return timeline.Items.Where(i => !i.IsPrompt && i.Injects is null && i.State == ItemState.Done).All(i => c.Protocol.Phases.Single(p => p.Id == i.Id).Acquisitions.All(a =>
            c.Events.OfType<AcquisitionEnded>().Any(e => e.StepId == a.Id && e.Ending == Ending.Complete && e.At > ZeroOf(c, i.Id))));
    });

    private static DateTimeOffset? ZeroOf(Case c, string phase)
    {
        string tracer = c.Protocol.Phases.Single(p => p.Id == phase).TracerId;
        return c.Protocol.Kind == ProtocolKind.CameraCheck ? c.Events.OfType<ReadinessPassed>().Select(e => (DateTimeOffset?)e.At).Concat(c.Events.OfType<TracerInjected>().Where(e => e.TracerId.Length == 0).Select(e => (DateTimeOffset?)e.At)).Min()
            : c.Events.OfType<TracerInjected>().Where(e => e.TracerId == tracer).Select(e => (DateTimeOffset?)e.At).FirstOrDefault();
    }

    [Fact]
    public void Derive_JournalReadBack_GivesTheSameTimeline() => Holds(c =>
    {
        StudyEvent[] read = [.. c.Events.Select(e => StudyEventJson.Deserialize(StudyEventJson.Serialize(e)))];
        StudyTimeline a = Derive(c, c.B), b = Derive(c, c.B, read);
        return read.SequenceEqual(c.Events) && a.Next == b.Next && a.Items.Select(i => (i.Id, i.State, i.Reason)).SequenceEqual(b.Items.Select(i => (i.Id, i.State, i.Reason)));
    });

    /// <summary>Following the next action from any beginning of a study always leads to its end.</summary>
    [Fact]
    public void Next_AnyEndingsOfAcquisitions_AlwaysReachesTheEndOfTheStudy()
    {
        Gen<(AcquisitionProtocol Protocol, int Seed, int FailPercent, int Gfr)> gen = Gen.Elements(All).SelectMany(p => Gen.Choose(0, 1_000_000).SelectMany(s => Gen.Choose(0, 100).SelectMany(f => Gen.Elements(100, 50, 20, 5).Select(g => (p, s, f, g)))));
        Check.One(Config.WithMaxTest(100), Prop.ForAll(gen.ToArbitrary(), c =>
        {
            var random = new Random(c.Seed);
            var walk = new StudyWalk(c.Protocol, new PatientFactors { GfrMlPerMin = c.Gfr });
            int acts = 0;
            walk.EndingOf = _ => ++acts < 60 && random.Next(100) < c.FailPercent ? Ending.Stopped : Ending.Complete;
            walk.Run();
            return walk.Timeline.IsClosed && walk.Timeline.Items.All(i => i.IsOver);
        }));
    }

    /// <summary>A study taken up again after any past, however odd, can be brought to its end by doing what is next.</summary>
    [Fact]
    public void Next_TakenUpAfterAnyPast_AlwaysReachesTheEndOfTheStudy() =>
        Check.One(Config.WithMaxTest(150), Prop.ForAll(Gen.Elements(All).SelectMany(p => AnyJournal(p).Select(e => (Protocol: p, Events: e))).ToArbitrary(), c =>
        {
            var walk = new StudyWalk(c.Protocol, new PatientFactors()) { Events = [.. c.Events], Now = c.Events.Select(e => e.At).Append(Base).Max() };
            walk.Run();
            return walk.Timeline.IsClosed && walk.Timeline.Items.All(i => i.IsOver);
        }));
}
