using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Tests.Clinical;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Tests.Timeline;

public sealed class StudyTimelineTests
{
    private static AcquisitionProtocol Facet => FacetProtocol.Protocol;

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
        Assert.Contains(NextKind.MeasureResidual, walk.Taken);
        Assert.True(timeline.IsClosed);
    }
}
