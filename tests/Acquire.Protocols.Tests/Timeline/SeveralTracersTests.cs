using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Timeline;

/// <summary>Second visits, premedication, conditions, decisions, changes of plan, absence, clocks and camera checks.</summary>
public sealed class SeveralTracersTests
{
    private static AcquisitionProtocol Protocol(string file) => ShippedProtocols.Read(file).Protocol!;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Sequential_GalliumIsGivenAfterTheBoneImages_AndItsWindowsCountFromIt()
    {
        var walk = new StudyWalk(Protocol("infection/spondylodiscitis-sequential.yaml"), new PatientFactors());
        walk.RunUntil(n => n.Kind == NextKind.MeasureDose && n.ItemId == "ga67");
        Assert.All(walk.Timeline.Items.Where(i => i.Id is "flow" or "pool" or "delayed" or "spect" or "ct"), i => Assert.Equal(ItemState.Done, i.State));
        Assert.Null(walk.Timeline.Find("ga67-spect")!.TargetAt);
        Assert.True(walk.Now >= walk.Timeline.InjectedAt + TimeSpan.FromHours(5));
        walk.RunUntil(n => n.Kind == NextKind.Wait && n.ItemId == "come-back-ga67");
        DateTimeOffset second = walk.Events.OfType<TracerInjected>().Single(e => e.TracerId == "ga67").At;
        Assert.Equal(second + TimeSpan.FromMinutes(2895), walk.Timeline.Find("ga67-spect")!.TargetAt);
        walk.Run();
        Assert.All(walk.Timeline.Items.Where(i => i.Id.StartsWith("ga67", StringComparison.Ordinal)), i => Assert.Equal(ItemState.Done, i.State));
        Assert.Equal(2, walk.Events.OfType<ResidualMeasured>().Count());
    }

    [Fact]
    public void Sequential_SecondVisitMissed_EndsHonestlyInsteadOfWaitingForEver()
    {
        AcquisitionProtocol protocol = Protocol("infection/spondylodiscitis-sequential.yaml");
        var walk = new StudyWalk(protocol, new PatientFactors());
        walk.RunUntil(n => n.Kind == NextKind.MeasureDose && n.ItemId == "ga67");
        walk.Now = walk.Timeline.InjectedAt!.Value + TimeSpan.FromHours(31);
        Assert.Equal(ItemState.Missed, walk.Timeline.Find("ga67")!.State);
        Assert.Contains("a new visit has to be planned", walk.Timeline.Find("ga67-spect")!.Reason, StringComparison.Ordinal);
        walk.Run();
        Assert.True(walk.Timeline.IsClosed);
    }

    [Fact]
    public void Premedication_TheTracerWaitsFourHoursAfterIt()
    {
        var walk = new StudyWalk(Protocol("infection/spondylodiscitis-in111-biotin.yaml"), new PatientFactors());
        walk.RunUntil(n => n.ItemId == "streptavidin");
        Assert.Equal(NextKind.AnswerPrompt, walk.Timeline.Next.Kind);
        walk.Step();
        DateTimeOffset given = walk.Events.OfType<PromptAnswered>().Single(a => a.Id == "streptavidin").At;
        Assert.Equal(NextKind.Wait, walk.Timeline.Next.Kind);
        Assert.Equal(given + TimeSpan.FromHours(4), walk.Timeline.Next.At);
        walk.Run();
        Assert.True(walk.Events.OfType<TracerInjected>().Single().At >= given + TimeSpan.FromHours(4));
    }

    [Fact]
    public void Decision_No_SkipsTheChildsCt_AndYesOpensItAfterTheSpect()
    {
        AcquisitionProtocol pars = Protocol("bone/pars.yaml");
        var walk = new StudyWalk(pars, new PatientFactors());
        walk.RunUntil(n => n.ItemId == "ct-review" && n.Kind == NextKind.AnswerPrompt);
        Assert.Equal(ItemState.Done, walk.Timeline.Find("spect")!.State);
        Assert.False(walk.Timeline.Find("ct")!.CanStart);
        StudyTimeline no = StudyTimeline.Derive(pars, new PatientFactors(), [.. walk.Events, new PromptAnswered(walk.Now, "physician", "ct-review", "no, SPECT is enough")], walk.Now);
        Assert.Equal(ItemState.Skipped, no.Find("ct")!.State);
        Assert.Contains("physician", no.Find("ct")!.Reason, StringComparison.Ordinal);
        walk.Run();
        Assert.Equal(ItemState.Done, walk.Timeline.Find("ct")!.State);
    }

    [Theory]
    [InlineData("no", "100", ItemState.Skipped)]
    [InlineData("yes", "100", ItemState.Done)]
    [InlineData("no", "10", ItemState.Done)]
    [InlineData("no", "dialysis", ItemState.Done)]
    public void LateImages_AreTakenWhenAskedFor_OrWhenTheClearanceIsTooSlow(string asked, string egfr, ItemState expected)
    {
        var walk = new StudyWalk(Protocol("infection/spondylodiscitis-mdp.yaml"), new PatientFactors());
        walk.Answers["late-images"] = asked;
        walk.Answers["egfr"] = egfr;
        walk.Run();
        Assert.Equal(expected, walk.Timeline.Find("late")!.State);
    }

    [Fact]
    public void MissedPool_ChangesThePlan_LateImagesTakeItsPlace()
    {
        var walk = new StudyWalk(Protocol("infection/spondylodiscitis-mdp.yaml"), new PatientFactors());
        walk.RunUntil(n => n.Kind == NextKind.WaitForEnd && n.StepId == "flow" && walk.Events.OfType<TracerInjected>().Any());
        Assert.Equal("only if 'Blood pool' is missed", walk.Timeline.Find("late")!.Reason);
        walk.Step();
        walk.Now += 15 * Minute; // the patient had to leave the table
        Assert.Equal(ItemState.Missed, walk.Timeline.Find("pool")!.State);
        Assert.Equal(ItemState.Waiting, walk.Timeline.Find("late")!.State);
        Assert.Contains(walk.Timeline.Remarks, r => r.Contains("the plan was changed", StringComparison.Ordinal));
        Assert.Equal(ItemState.Late, walk.Timeline.Find("pool-missed")!.State is ItemState.Due or ItemState.Late ? ItemState.Late : ItemState.Waiting);
        walk.Run();
        Assert.Equal(ItemState.Done, walk.Timeline.Find("late")!.State);
    }

    [Fact]
    public void Extravasation_ShowsItsPrompt_AndForbidsSuv()
    {
        AcquisitionProtocol facet = Protocol("bone/facet.yaml");
        var walk = new StudyWalk(facet, new PatientFactors());
        walk.RunUntil(n => walk.Timeline.Find("pool")!.State == ItemState.Done);
        Assert.Equal(ItemState.Skipped, walk.Timeline.Find("injection-site")!.State);
        walk.Events.Add(new ExtravasationNoted(walk.Now, "tech", 8));
        Assert.NotEqual(ItemState.Skipped, walk.Timeline.Find("injection-site")!.State);
        walk.Run();
        Assert.Equal(ItemState.Done, walk.Timeline.Find("injection-site")!.State);
        DoseReport dose = DoseReport.Of(facet, "", walk.Events);
        Assert.False(dose.Net!.IsQuantitative);
        Assert.Contains("beside the vein", dose.Net.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void PatientAwayForHours_NothingStarts_AndTheReturnOpensWhatStillFits()
    {
        AcquisitionProtocol facet = Protocol("bone/facet.yaml");
        var walk = new StudyWalk(facet, new PatientFactors());
        walk.RunUntil(n => n.ItemId == "void" && n.Kind == NextKind.AnswerPrompt);
        walk.Step();
        walk.Events.Add(new PatientAway(walk.Now, "tech", "went to the ward"));
        walk.Now = walk.Timeline.InjectedAt!.Value + TimeSpan.FromMinutes(185);
        Assert.False(walk.Timeline.Find("delayed")!.CanStart);
        Assert.Equal(NextKind.Wait, walk.Timeline.Next.Kind);
        Assert.Contains("went to the ward", walk.Timeline.Next.Text, StringComparison.Ordinal);
        walk.Now = walk.Timeline.InjectedAt!.Value + TimeSpan.FromMinutes(250);
        walk.Events.Add(new PatientBack(walk.Now, "tech"));
        walk.Run();
        Assert.Equal(ItemState.Done, walk.Timeline.Find("delayed")!.State);
        Assert.Equal(2, walk.Timeline.Items.Count(i => i.Id == "void")); // the first answer had run out
    }

    [Fact]
    public void CameraCheck_CountsFromTheSourceInPlace_AndNobodyIsInjected()
    {
        var walk = new StudyWalk(Protocol("camera-qc/centre-of-rotation.yaml"), new PatientFactors()) { };
        walk.Answers["collimator-seated"] = "yes";
        walk.Run();
        Assert.Equal(walk.Events.OfType<ReadinessPassed>().Single().At, walk.Timeline.InjectedAt);
        Assert.Empty(walk.Events.OfType<TracerInjected>());
        Assert.Equal(ItemState.Done, walk.Timeline.Find("tomo")!.State);
    }

    [Fact]
    public void Dialysis_IsNamedWithItsSource() =>
        Assert.Contains(StudyTimeline.Derive(Protocol("bone/facet.yaml"), new PatientFactors { OnDialysis = true }, [], StudyWalk.Begin).Remarks, r => r.Contains("EANM16", StringComparison.Ordinal));
}
