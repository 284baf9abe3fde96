using Acquire.Protocols.Planning;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Planning;

public sealed class DayPlannerTests
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20260115, 4711);
    private static readonly PlanBudget Budget = new(6000, 400, 200);

    private static Arbitrary<(int Seed, int Visits)> Days() => Gen.Choose(1, 1_000_000).SelectMany(s => Gen.Choose(1, 12).Select(v => (s, v))).ToArbitrary();

    private static DayRequest Quiet(params PlanPatient[] patients) => SmallDay.Make(1, 1) with
    {
        Cameras = [new PlanCamera { Id = "A", Collimators = ["LEHR", "MEGP"], Features = ["ct"], Mounted = "LEHR", OpensMinute = 480, ClosesMinute = 1080, OvertimeUntilMinute = 1200 }],
        Injection = new InjectionTeam { Staff = 1, Rooms = 1, LeadMinutes = 0, TailMinutes = 15, OpensMinute = 480, ClosesMinute = 1080 },
        Kits = [new TracerKit("K1", "MDP", "Tc-99m", 480, 360, 20_000)],
        KnockOn = Lateness.None,
        Patients = patients,
    };

    private static PlanPatient Patient(string slot, int ready, PlanStudy? study = null, PlanPriority priority = PlanPriority.Routine) =>
        new() { Slot = slot, Study = study ?? SmallDay.Delayed, ReadyMinute = ready, Priority = priority };

    private static PlanStudy Short => SmallDay.Delayed with { LaterMinutes = 10 };

    [Fact]
    public void Plan_AnyDay_IsFeasibleAndItsPointsAreWhatTheDocumentSays() => Check.One(Config, Prop.ForAll(Days(), d =>
    {
        DayPlan plan = DayPlanner.Plan(SmallDay.Make(d.Seed, d.Visits), Budget);
        Assert.Equal([], PlanRecount.Wrong(plan));
        Assert.Equal(plan.Objective, PlanRecount.Points(plan));
        Assert.Equal(plan.Objective, plan.Parts.Sum(p => p.Points));
        return plan.LowerBound <= plan.Objective && plan.LowerBound >= 0;
    }));

    [Fact]
    public void Plan_LargeDay_IsFeasibleAndItsPointsAreWhatTheDocumentSays()
    {
        for (int seed = 1; seed <= 6; seed++)
        {
            DayPlan plan = DayPlanner.Plan(SyntheticDay.Make(seed), new PlanBudget(300, 5, 200));
            Assert.Equal([], PlanRecount.Wrong(plan));
            Assert.Equal(plan.Objective, PlanRecount.Points(plan));
        }
    }

    [Fact]
    public void Plan_OneMorePatient_NeverImprovesTheOptimum() => Check.One(Config, Prop.ForAll(Days(), d =>
    {
        DayRequest day = SmallDay.Make(d.Seed, Math.Min(8, d.Visits));
        if (day.Patients.Count < 2) return true;
        DayPlan all = DayPlanner.Plan(day, Budget), fewer = DayPlanner.Plan(day with { Patients = [.. day.Patients.SkipLast(1)] }, Budget);
        return !all.IsOptimal || !fewer.IsOptimal || fewer.Objective <= all.Objective;
    }));

    [Fact]
    public void Plan_Relaxed_NeverGetsWorse() => Check.One(Config, Prop.ForAll(Days(), d =>
    {
        DayRequest day = SmallDay.Make(d.Seed, Math.Min(8, d.Visits));
        DayPlan plan = DayPlanner.Plan(day, Budget);
        DayRequest[] relaxed =
        [
            day with { Injection = day.Injection with { Staff = 3, Rooms = 3 } },
            day with { Cameras = [.. day.Cameras.Select(c => c with { Blocked = [], Breaks = [] })] },
            day with { Kits = [.. day.Kits.Select(k => k with { ActivityMBq = k.ActivityMBq * 3 })] },
            day with { Cameras = [.. day.Cameras, day.Cameras[0] with { Id = "Z" }] },
            day with { Patients = [.. day.Patients.Select(p => p with { FixedMinute = null, LeavesMinute = null })] },
        ];
        foreach (DayRequest r in relaxed)
        {
            DayPlan better = DayPlanner.Plan(r, Budget);
            if (better.IsOptimal && plan.IsOptimal) Assert.True(better.Objective <= plan.Objective);
            Assert.True(better.LowerBound <= plan.Objective);
        }
        return true;
    }));

    [Fact]
    public void Plan_SameDay_GivesTheSamePlan()
    {
        DayRequest day = SyntheticDay.Make(7);
        var budget = new PlanBudget(800, 10, 300);
        DayPlan a = DayPlanner.Plan(day, budget), b = DayPlanner.Plan(day, budget);

        Assert.Equal(a.Patients, b.Patients);
        Assert.Equal((a.Objective, a.LowerBound, a.Evaluations), (b.Objective, b.LowerBound, b.Evaluations));
    }

    [Fact]
    public void Plan_StoppedFromOutside_GivesAPlanWithAnHonestBound()
    {
        DayRequest day = SyntheticDay.Make(7);
        DayPlan stopped = DayPlanner.Plan(day, PlanBudget.Full with { Stop = () => true });

        Assert.Equal([], PlanRecount.Wrong(stopped));
        Assert.True(stopped.LowerBound <= DayPlanner.Plan(day, new PlanBudget(2000, 30, 1000)).Objective);
    }

    // Days whose optimum is known by hand.

    [Fact]
    public void Plan_NobodyThere_CostsNothing()
    {
        DayPlan plan = DayPlanner.Plan(Quiet());

        Assert.Equal((0, true), (plan.Objective, plan.IsOptimal));
    }

    [Fact]
    public void Plan_OnePatient_IsInjectedWhenReadyAndImagedAtTheTarget()
    {
        DayPlan plan = DayPlanner.Plan(Quiet(Patient("01", 480)));

        Assert.Equal((0, true, 480), (plan.Objective, plan.IsOptimal, plan.Patients[0].InjectionMinute));
        Assert.InRange(plan.Patients[0].Later!.FromMinute + 5 - 480, 150, 210);
    }

    /// <summary>One person injects for 15 min: of three ready at 8:00 the last waits 30 min, a quarter beyond the free one; with weights 4, 2 and 1 it is the routine one.</summary>
    [Fact]
    public void Plan_ThreeAtOnce_LetsTheLeastUrgentWait()
    {
        DayPlan plan = DayPlanner.Plan(Quiet(Patient("01", 480, Short), Patient("02", 480, Short, PlanPriority.Urgent), Patient("03", 480, Short, PlanPriority.Soon)));

        Assert.Equal((1, true, 510), (plan.Objective, plan.IsOptimal, plan.Find("01")!.InjectionMinute));
    }

    /// <summary>A visit with MEGP among visits with LEHR: put first or last it takes one exchange when the camera may stay so, two between others.</summary>
    [Fact]
    public void Plan_OtherCollimatorLast_TakesOneExchange()
    {
        PlanStudy megp = SmallDay.Delayed with { Collimator = "MEGP", Radiopharmaceutical = "", TargetMinutes = 900, OpensMinutes = 60, ClosesMinutes = 3000 };
        PlanPatient gallium = Patient("09", 480, megp) with { Progress = new VisitProgress { InjectedMinute = 0 } };
        DayPlan plan = DayPlanner.Plan(Quiet(Patient("01", 480), gallium));

        Assert.Equal((1, true), (plan.Objective, plan.IsOptimal));
        Assert.Single(plan.Steps, s => s.Kind == CameraStepKind.Exchange);
    }

    /// <summary>A kit with two doses at 8:00 (1400 MBq) cannot give the second one later than 8:00: decay makes later doses need more.</summary>
    [Theory]
    [InlineData(1400, 1)]
    [InlineData(1430, 2)]
    public void Plan_ScarceKit_GivesOnlyTheDosesItHas(double activityMBq, int placed)
    {
        // 700 at 8:00 and 700 x 2^(0.25 / 6.0067) = 720.5 at 8:15.
        DayRequest day = Quiet(Patient("01", 480), Patient("02", 480)) with { Kits = [new TracerKit("K1", "MDP", "Tc-99m", 480, 360, activityMBq)] };
        DayPlan plan = DayPlanner.Plan(day);

        Assert.True(plan.IsOptimal);
        Assert.Equal(placed, plan.Patients.Count(p => p.Placed));
    }

    [Fact]
    public void Plan_KitExpires_NobodyIsInjectedAfterIt()
    {
        DayRequest day = Quiet(Patient("01", 480 + 400)) with { Kits = [new TracerKit("K1", "MDP", "Tc-99m", 480, 360, 20_000)] };

        Assert.False(DayPlanner.Plan(day).Patients[0].Placed);
    }

    [Fact]
    public void Plan_InjectedAndNoRoomInTheWindow_CountsTheViolation()
    {
        DayRequest day = Quiet(Patient("01", 480) with { Progress = new VisitProgress { InjectedMinute = 480 } });
        day = day with { Cameras = [day.Cameras[0] with { Blocked = [new PlanStretch(480, 780, "repair")] }] };
        DayPlan plan = DayPlanner.Plan(day);

        // 13:00 + 5 min to first count is 305 min after the injection; latest would be 220: 85 min beyond are 6 quarters, and 125 off the target less 30 free are 7.
        Assert.Equal((300 + 30 + 7, true, 780), (plan.Objective, plan.IsOptimal, plan.Patients[0].Later!.FromMinute));
        Assert.True(plan.Patients[0].OutsideWindow);
    }

    [Fact]
    public void Replan_WhatIsDoneOrRunning_Stays() => Check.One(Config.WithMaxTest(30), Prop.ForAll(Gen.Choose(1, 100_000).SelectMany(s => Gen.Choose(480, 900).Select(n => (s, n))).ToArbitrary(), c =>
    {
        DayPlan plan = DayPlanner.Plan(SyntheticDay.Make(c.s, 8), new PlanBudget(200, 4, 100));
        string late = plan.Patients[c.s % 8].Slot;
        DayRequest rest = DayProgress.At(plan, c.n, [new PatientLate(c.n - 5, late, c.n + 40), new CameraDown(c.n, "A", c.n + 60)]);
        DayPlan again = DayPlanner.Plan(rest, PlanBudget.Live, plan);
        foreach (PlannedPatient p in plan.Patients.Where(p => p.Slot != late && p.InjectionPlanned && p.InjectionMinute < c.n)) Assert.Equal(p.InjectionMinute, again.Find(p.Slot)!.InjectionMinute);
        Assert.Equal([], PlanRecount.Wrong(again));
        return true;
    }));

    [Fact]
    public void Advice_TwoAfterEachOther_NamesSlotsAndWhatTheOtherOrderCosts()
    {
        // Injected at 8:00 the one is imaged from 10:00 to 10:40 and leaves at 10:50; injected at 8:15 it would be 10:55.
        DayPlan plan = DayPlanner.Plan(Quiet(Patient("10:40", 480) with { LeavesMinute = 650 }, Patient("11:00", 480)));

        Assert.Equal("Inject the 10:40 slot first, at 08:00: with the 11:00 slot before it the 10:40 slot could not be done today.", PlanAdvice.For(plan)[0]);
    }

    [Fact]
    public void Elution_AfterADay_GivesTheKnownShare()
    {
        // After 23 h the grown-in daughter is near 0.87 x branching of the parent's activity then; after weeks it is in transient equilibrium.
        double long_ = GeneratorElution.EluateMBq(1000, 24 * 20, 1);
        double equilibrium = 876 * (65.94 / (65.94 - 6.0067));

        Assert.Equal(equilibrium, long_, 1e-6);
        Assert.InRange(GeneratorElution.EluateMBq(1000, 24, 0.9), 0.7 * 1000, 0.9 * equilibrium);
    }
}
