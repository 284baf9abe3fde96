using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Tests.Clinical;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Tests.Timeline;

public sealed class StudyTimelineTests
{
    private static readonly DateTimeOffset Injected = StudyWalk.Begin.AddMinutes(10);
    private static AcquisitionProtocol Facet => FacetProtocol.Protocol;

    private static StudyTimeline At(double minutes, PatientFactors? patient, params StudyEvent[] events) =>
        StudyTimeline.Derive(Facet, patient ?? new PatientFactors(), events, Injected.AddMinutes(minutes));

    private static StudyEvent[] Taken(string step, double fromMinutes, double toMinutes, Ending ending = Ending.Complete)
    {
        var id = Guid.NewGuid();
        return [new AcquisitionStarted(Injected.AddMinutes(fromMinutes), "tech", step, id, 0), new AcquisitionEnded(Injected.AddMinutes(toMinutes), "gantry", step, id, ending, ending == Ending.Complete ? "" : "stop pressed")];
    }

    private static readonly TracerInjected Injection = new TracerInjected(Injected, "tech", 700);

    private static PromptAnswered Void(double minutes) => new PromptAnswered(Injected.AddMinutes(minutes), "tech", "void", "done");

    [Fact]
    public void Next_FollowedToTheEnd_TakesTheWholeStudyInOrder()
    {
        var walk = new StudyWalk(Facet, new PatientFactors());
        walk.Run();
        StudyTimeline timeline = walk.Timeline;
        Assert.All(timeline.Items, i => Assert.Equal(ItemState.Done, i.State));
        Assert.Equal(["flow", "pool", "delayed-posterior", "delayed-oblique-right", "delayed-oblique-left", "spect", "ct"], walk.Events.OfType<AcquisitionStarted>().Select(s => s.StepId));
        DateTimeOffset injected = timeline.InjectedAt!.Value;
        Assert.Equal(injected.AddSeconds(-8), walk.Events.OfType<AcquisitionStarted>().First().At);
        Assert.InRange((timeline.Find("pool")!.EndedAt!.Value - injected).TotalMinutes, 5, 10);
        Assert.InRange((timeline.Find("delayed")!.StartedAt!.Value - injected).TotalMinutes, 180, 182);
        Assert.Equal([NextKind.MeasureResidual], walk.Taken.Where(k => k == NextKind.MeasureResidual));
        Assert.DoesNotContain(NextKind.RepeatOrSkip, walk.Taken);
        Assert.True(timeline.IsClosed);
        Assert.Equal(NextKind.Nothing, timeline.Next.Kind);
    }

    [Fact]
    public void Next_BeforeInjection_AsksChecksMeasuresStartsTheFlowThenInjects()
    {
        var walk = new StudyWalk(Facet, new PatientFactors());
        walk.RunUntil(n => n.Kind == NextKind.Inject);
        Assert.Equal(Enumerable.Repeat(NextKind.AnswerQuestion, Facet.Preparation.Count(q => q.Required)).Concat([NextKind.CheckReadiness, NextKind.MeasureDose, NextKind.StartAcquisition]), walk.Taken);
        NextAction inject = walk.Timeline.Next;
        Assert.Equal(8, inject.Countdown!.Value.TotalSeconds, 6);
        Assert.All(walk.Timeline.Items.Where(i => i.Id != "flow"), i => Assert.Equal(ItemState.Waiting, i.State));
        Assert.All(walk.Timeline.Items, i => Assert.Null(i.TargetAt));
    }

    [Fact]
    public void Next_BlockingAnswer_NeedsAPhysicianBeforeAnythingIsInjected()
    {
        var walk = new StudyWalk(Facet, new PatientFactors());
        walk.Answers["pregnancy"] = "Yes";
        walk.RunUntil(n => n.Kind == NextKind.PhysicianDecides);
        Assert.Equal("pregnancy", walk.Timeline.Next.ItemId);
        Assert.DoesNotContain(walk.Timeline.Items, i => i.CanStart);
        walk.Step();
        Assert.NotEqual(NextKind.PhysicianDecides, walk.Timeline.Next.Kind);
    }

    [Theory]
    // docs: clinical 2.3 / 10 (D): 60: 210, 45: 240, 30: 270, 15: 300 min
    [InlineData(100, 180)]
    [InlineData(60.1, 180)]
    [InlineData(60, 210)]
    [InlineData(50, 210)]
    [InlineData(45, 240)]
    [InlineData(20, 270)]
    [InlineData(15, 300)]
    [InlineData(4, 300)]
    public void Derive_RenalFunction_MovesDelayedAndWhatFollows(double gfr, double target)
    {
        StudyTimeline timeline = At(20, new PatientFactors { GfrMlPerMin = gfr }, Injection);
        double shift = target - 180;
        Assert.Equal(target, timeline.Find("delayed")!.Target.TotalMinutes);
        Assert.Equal(300 + shift, timeline.Find("delayed")!.Closes.TotalMinutes);
        Assert.Equal(200 + shift, timeline.Find("spect")!.Target.TotalMinutes);
        Assert.Equal(220 + shift, timeline.Find("ct")!.Target.TotalMinutes);
        Assert.Equal(170 + shift, timeline.Find("void")!.Target.TotalMinutes);
        Assert.Equal(160 + shift, timeline.Find("come-back")!.Target.TotalMinutes);
        Assert.Equal(15, timeline.Find("drink-first")!.Target.TotalMinutes);
        Assert.Equal(1.5, timeline.Find("pool")!.Target.TotalMinutes);
        Assert.Equal(shift > 0, timeline.Remarks.Any(r => r.Contains("clearance", StringComparison.Ordinal)));
    }

    [Fact]
    public void Derive_AnswersInTheJournal_ChangeThePatientsFactors()
    {
        StudyTimeline timeline = At(20, null, new QuestionAnswered(Injected, "tech", "egfr", "dialysis"), new QuestionAnswered(Injected, "tech", "weight-kg", "81.5"),
            new QuestionAnswered(Injected, "tech", "fluid-restriction", "yes"), Injection);
        Assert.Equal((81.5, true, true), (timeline.Patient.WeightKg, timeline.Patient.OnDialysis, timeline.Patient.FluidRestricted));
        Assert.Equal(300, timeline.Find("delayed")!.Target.TotalMinutes);
        Assert.Contains("ward's plan", timeline.Find("drink-first")!.Title, StringComparison.Ordinal);
        Assert.DoesNotContain("litre", timeline.Find("drink-second")!.Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Derive_Child_NamesFluidByWeight() =>
        Assert.Contains("300 to 450 mL", At(20, new PatientFactors { AgeYears = 9, WeightKg = 30 }, Injection).Find("drink-first")!.Title, StringComparison.Ordinal);

    [Theory]
    [InlineData(0.5, ItemState.Waiting)]
    [InlineData(1.2, ItemState.Open)]
    [InlineData(1.5, ItemState.Due)]
    [InlineData(4.9, ItemState.Due)]
    [InlineData(5.1, ItemState.Late)]
    [InlineData(10, ItemState.Late)]
    [InlineData(10.1, ItemState.Missed)]
    public void Derive_PoolNotStarted_GoesThroughItsStates(double minutes, ItemState state) =>
        Assert.Equal(state, At(minutes, null, [.. Taken("flow", -0.13, 1.0), Injection]).Find("pool")!.State);

    [Fact]
    public void Derive_MissedPool_DoesNotStopTheStudy()
    {
        StudyTimeline timeline = At(11, null, [.. Taken("flow", -0.13, 1), Injection, new ResidualMeasured(Injected, "tech", 3)]);
        Assert.Contains("cannot be repeated", timeline.Find("pool")!.Reason, StringComparison.Ordinal);
        Assert.Equal(NextKind.Wait, timeline.Next.Kind);
        Assert.Equal("drink-first", timeline.Next.ItemId);
        Assert.Equal(TimeSpan.FromMinutes(4), timeline.Next.Countdown);
    }

    [Fact]
    public void Derive_VoidGate_HoldsDelayedUntilAnswered()
    {
        StudyEvent[] before = [.. Taken("flow", -0.13, 1), .. Taken("pool", 1.5, 6.5), Injection];
        TimelineItem delayed = At(181, null, before).Find("delayed")!;
        Assert.Equal((ItemState.Due, false), (delayed.State, delayed.CanStart));
        Assert.Equal(["void"], delayed.BlockedBy);
        Assert.Contains("waits for: void", delayed.Reason, StringComparison.Ordinal);
        TimelineItem ready = At(181, null, [.. before, Void(175)]).Find("delayed")!;
        Assert.Equal((ItemState.Due, true), (ready.State, ready.CanStart));
    }

    [Fact]
    public void Derive_VoidAnswerRunsOut_BringsThePromptBackAndHoldsThePhase()
    {
        StudyEvent[] events = [.. Taken("flow", -0.13, 1), .. Taken("pool", 1.5, 6.5), Injection, Void(171)];
        Assert.True(At(200.9, null, events).Find("delayed")!.CanStart);
        StudyTimeline late = At(201, null, events);
        Assert.False(late.Find("delayed")!.CanStart);
        Assert.Equal([(1, ItemState.Done), (2, ItemState.Due)], late.Items.Where(i => i.Id == "void").Select(i => (i.Round, i.State)));
        StudyTimeline again = At(203, null, [.. events, Void(202)]);
        Assert.True(again.Find("delayed")!.CanStart);
        Assert.Equal([ItemState.Done, ItemState.Done], again.Items.Where(i => i.Id == "void").Select(i => i.State));
    }

    [Fact]
    public void Derive_PhaseStartedWithoutItsGate_SaysSo()
    {
        StudyTimeline timeline = At(190, null, [Injection, .. Taken("delayed-posterior", 181, 186)]);
        Assert.Equal(ItemState.Missed, timeline.Find("void")!.State);
        Assert.Contains("went ahead without it", timeline.Find("void")!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Derive_OneOfThreeViewsStopped_IsNotDone()
    {
        StudyEvent[] events = [.. Taken("flow", -0.13, 1), .. Taken("pool", 1.5, 6.5), Injection, Void(175),
            .. Taken("delayed-posterior", 180, 185), .. Taken("delayed-oblique-right", 185, 186, Ending.Stopped), .. Taken("delayed-oblique-left", 187, 192)];
        StudyTimeline timeline = At(193, null, events);
        TimelineItem delayed = timeline.Find("delayed")!;
        Assert.Equal(ItemState.Incomplete, delayed.State);
        Assert.Contains("2 of 3 complete", delayed.Reason, StringComparison.Ordinal);
        Assert.Contains("stopped (stop pressed)", delayed.Reason, StringComparison.Ordinal);
        Assert.Equal(["delayed-oblique-right"], delayed.StepsToDo);
        Assert.Equal((NextKind.RepeatOrSkip, "delayed-oblique-right"), (timeline.Next.Kind, timeline.Next.StepId));
        Assert.Equal(ItemState.Done, At(200, null, [.. events, .. Taken("delayed-oblique-right", 194, 199)]).Find("delayed")!.State);
        TimelineItem skipped = At(200, null, [.. events, new PhaseSkipped(Injected.AddMinutes(194), "tech", "delayed", "pain")]).Find("delayed")!;
        Assert.Equal(ItemState.Skipped, skipped.State);
        Assert.Contains("2 of 3 complete", skipped.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Derive_FlowAborted_IsIncompleteForGoodAndTheStudyGoesOn()
    {
        StudyEvent[] flowRun = Taken("flow", -0.13, 0.3, Ending.Aborted);
        StudyTimeline timeline = At(1.6, null, flowRun[0], Injection, flowRun[1]);
        TimelineItem flow = timeline.Find("flow")!;
        Assert.Equal((ItemState.Incomplete, false), (flow.State, flow.CanStart));
        Assert.Contains("what was counted is kept", At(1.2, null, flowRun[0], Injection, flowRun[1]).Find("flow")!.Reason, StringComparison.Ordinal);
        Assert.Equal((NextKind.StartAcquisition, "pool"), (timeline.Next.Kind, timeline.Next.StepId));
    }

    [Fact]
    public void Derive_FlowEndedBeforeTheInjection_MayBeTakenAgain()
    {
        var walk = new StudyWalk(Facet, new PatientFactors());
        walk.RunUntil(n => n.Kind == NextKind.Inject);
        AcquisitionStarted armed = walk.Events.OfType<AcquisitionStarted>().Single();
        walk.Now = walk.Now.AddSeconds(30);
        walk.Events.Add(new AcquisitionEnded(walk.Now, "gantry", "flow", armed.AcquisitionId, Ending.Aborted, "emergency stop"));
        Assert.Equal((NextKind.StartAcquisition, "flow"), (walk.Timeline.Next.Kind, walk.Timeline.Next.StepId));
        walk.Run();
        Assert.Equal(ItemState.Done, walk.Timeline.Find("flow")!.State);
    }

    [Fact]
    public void Derive_PoolEndedLate_SaysByHowMuch() =>
        Assert.Contains("ended 90 s after its window closed", At(12, null, [Injection, .. Taken("pool", 6.5, 11.5)]).Find("pool")!.Reason, StringComparison.Ordinal);

    [Fact]
    public void Derive_FlowStartedAfterTheInjection_SaysTheFirstPassageMayBeCut() =>
        Assert.Contains("started 6 s after the injection", At(3, null, [Injection, .. Taken("flow", 0.1, 1.2)]).Find("flow")!.Reason, StringComparison.Ordinal);

    [Fact]
    public void Derive_PatientAwayForHours_OffersTheMissedPhasesWithAReason()
    {
        var walk = new StudyWalk(Facet, new PatientFactors());
        walk.RunUntil(n => n is { Kind: NextKind.AnswerPrompt, ItemId: "come-back" });
        walk.Now = Injected.AddHours(7);
        walk.RunUntil(n => n.Kind == NextKind.RepeatOrSkip);
        TimelineItem delayed = walk.Timeline.Find("delayed")!;
        Assert.Equal((ItemState.Missed, true, true), (delayed.State, delayed.CanStart, delayed.NeedsReason));
        walk.Run();
        Assert.Equal(ItemState.Done, walk.Timeline.Find("ct")!.State);
        Assert.Contains("after its window closed", walk.Timeline.Find("spect")!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Derive_SpectFailsEveryTime_IsSkippedWithAReasonAndTheStudyEnds()
    {
        var walk = new StudyWalk(Facet, new PatientFactors()) { EndingOf = n => n.StepId == "spect" ? Ending.Failed : Ending.Complete };
        walk.Run();
        Assert.Equal(ItemState.Skipped, walk.Timeline.Find("spect")!.State);
        Assert.Equal(ItemState.Done, walk.Timeline.Find("ct")!.State);
    }

    [Fact]
    public void Derive_RestartWhileRunning_StillRunsUntilItsEndIsRecorded()
    {
        StudyEvent[] events = [Injection, Void(175), Taken("delayed-posterior", 180, 185)[0], new ServiceRestarted(Injected.AddMinutes(182), "console", "power")];
        Assert.Equal(ItemState.Running, At(183, null, events).Find("delayed")!.State);
        Assert.Equal(NextKind.WaitForEnd, At(183, null, events).Next.Kind);
    }

    [Fact]
    public void Derive_SecondStartWithoutAnEnd_LeavesTheFirstIncomplete()
    {
        StudyTimeline timeline = At(182, null, [Injection, Taken("pool", 2, 7)[0], Taken("delayed-posterior", 180, 185)[0]]);
        Assert.Contains("no end was recorded", timeline.Find("pool")!.Reason, StringComparison.Ordinal);
        Assert.Equal(ItemState.Incomplete, timeline.Find("pool")!.State);
        Assert.Equal(ItemState.Running, timeline.Find("delayed")!.State);
    }

    [Fact]
    public void Derive_Closed_LeavesNothingOpen()
    {
        StudyTimeline timeline = At(30, null, [Injection, .. Taken("pool", 2, 7), new StudyEnded(Injected.AddMinutes(20), "tech", Ending.Aborted, "patient left")]);
        Assert.Equal(ItemState.Done, timeline.Find("pool")!.State);
        Assert.All(timeline.Items.Where(i => i.Id != "pool"), i => Assert.Equal(ItemState.Missed, i.State));
        Assert.Equal(NextKind.Nothing, timeline.Next.Kind);
    }
}
