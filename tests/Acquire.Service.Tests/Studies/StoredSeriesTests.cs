using Acquire.Protocols.Clinical;
using Acquire.Protocols.Gantry;
using Acquire.Protocols.Imaging;
using Acquire.Service.Acquisition;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;
using Acquire.Service.Studies;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Tests.Studies;

public sealed class StoredSeriesTests : IDisposable
{
    private static readonly EnergyWindow Peak = new("Tc99m", 126.45, 154.55, EnergyWindowRole.Photopeak);
    private static readonly ClockAnchor Clock = new(7, 5_000_000, new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero));
    private static readonly TomoAcquisition Tomo = new() { Id = "spect", Title = "SPECT", ViewsTotal = 4, ArcDeg = 360, StopTime = TimeSpan.FromSeconds(10), Matrix = 8 };
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-series").FullName;
    private readonly FrameStore _store;

    public StoredSeriesTests() => _store = new FrameStore(_folder);

    [Fact]
    public void Build_Frame_MachineAngleAndTickBecomeDicomAngleAndUtc()
    {
        RunPlan run = Plan("a", 0, 2);
        Put(run, 1, 1, 1);
        Put(run, 2, 2, 1);

        CountFrame frame = Build(run).Frames[0];

        Assert.Equal(90, frame.AngleStartDeg); // 180 - 90
        Assert.Equal(Clock.Utc.AddSeconds(-4), frame.Start); // tick 1 s, anchor at tick 5 s
        Assert.Equal(1000, frame.TableLongitudinalMm);
        Assert.Equal(200, frame.RadiusMm);
    }

    [Fact]
    public void Build_ViewHeldInTheMiddle_CountsAndTimesOfBothPartsAreTheView()
    {
        RunPlan run = Plan("a", 0, 2);
        Put(run, 1, 1, 1, FrameFlags.Partial | FrameFlags.HeldInside, 4);
        Put(run, 2, 2, 1);
        Put(run, 3, 1, 1, FrameFlags.None, 6);

        CountSeries series = Build(run);

        Assert.Equal(2, series.Frames.Count);
        CountFrame joined = series.Frames.Single(f => f.Detector == 1);
        Assert.Equal(Some.Frame(run.AcquisitionId, 1).Header.Sum + Some.Frame(run.AcquisitionId, 3).Header.Sum, (ulong)joined.Sum);
        Assert.Equal(TimeSpan.FromSeconds(10), joined.Live);
        Assert.False(joined.IsPartial);
        Assert.Equal(Ending.Complete, series.Ending);
    }

    [Fact]
    public void Build_RotationContinuedByASecondRun_StopsInOrderAndTheCutOneOnce()
    {
        RunPlan first = Plan("a", 0, 4), second = Plan("b", 1, 2);
        Put(first, 1, 1, 1);
        Put(first, 2, 2, 1);
        Put(first, 3, 1, 2, FrameFlags.Partial, 3);
        Put(first, 4, 2, 2, FrameFlags.Partial, 3);
        Put(second, 1, 1, 1);
        Put(second, 2, 2, 1);

        CountSeries series = Build(first, second);

        Assert.Equal([(1, 1), (2, 1), (1, 2), (2, 2)], series.Frames.Select(f => (f.Detector, f.AngularView)));
        Assert.All(series.Frames, f => Assert.False(f.IsPartial));
        Assert.Equal(4, series.ExpectedFrames);
        Assert.Equal(Ending.Complete, series.Ending);
    }

    [Fact]
    public void Build_FramesMissing_EndingAndReasonOfTheRunAreKept()
    {
        RunPlan run = Plan("a", 0, 4);
        Put(run, 1, 1, 1);
        var result = new RunResult(Ending.Failed, "failed because the gantry lost power; 1 of 4 frames kept", new LedgerComparison("spect", "SPECT", 1, 1, 1, 1, true));

        CountSeries series = StoredSeries.Build(Tomo, [run], new Dictionary<Guid, RunResult> { [run.AcquisitionId] = result }, _store, new Dictionary<ulong, ClockAnchor> { [7] = Clock }, true);

        Assert.Equal(Ending.Failed, series.Ending);
        Assert.Equal(result.Reason, series.EndingReason);
    }

    [Fact]
    public void CountedBetween_LastFrameDamaged_SpansTheSoundOnes()
    {
        RunPlan run = Plan("a", 0, 4);
        Put(run, 1, 1, 1);
        Put(run, 2, 2, 1);
        Put(run, 3, 1, 2);
        byte[] bytes = File.ReadAllBytes(_store.PathOf(run.AcquisitionId, 3));
        bytes[200] ^= 1;
        File.WriteAllBytes(_store.PathOf(run.AcquisitionId, 3), bytes);

        (DateTimeOffset Start, DateTimeOffset End)? span = StoredSeries.CountedBetween(run, _store, new Dictionary<ulong, ClockAnchor> { [7] = Clock });

        Assert.Equal((Clock.Utc.AddSeconds(-4), Clock.Utc.AddSeconds(-3 + 10)), span);
    }

    [Theory]
    [InlineData(true, 0, 0)]
    [InlineData(true, 20, 60)]
    [InlineData(false, 20, -60)]
    public void RotationAtStop_TwoHeads120Views_StepsOfThreeDegrees(bool clockwise, int stop, double expectedDeg)
    {
        TomoAcquisition tomo = Tomo with { ViewsTotal = 120, Clockwise = clockwise };

        Assert.Equal(expectedDeg, tomo.RotationAtStopDeg(stop, 2), 9);
    }

    private CountSeries Build(params RunPlan[] runs)
    {
        var ok = new RunResult(Ending.Complete, "", new LedgerComparison("spect", "SPECT", 0, 0, 0, 0, true));
        return StoredSeries.Build(Tomo, runs, runs.ToDictionary(r => r.AcquisitionId, _ => ok), _store, new Dictionary<ulong, ClockAnchor> { [7] = Clock }, true);
    }

    private static RunPlan Plan(string name, int firstStop, int frames) =>
        new(new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(name)).AsSpan(0, 16)), "spect", "SPECT", AcquisitionKind.Tomo, [Peak], 2, "LEHR", frames, firstStop, 1);

    private void Put(RunPlan run, uint number, byte head, uint view, FrameFlags flags = FrameFlags.None, double seconds = 10)
    {
        (FrameHeader header, byte[] bytes) = Some.Frame(run.AcquisitionId, number, head, 1, view, flags, seconds);
        _store.Store(header, bytes);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
