using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class LiveReconstructionTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 8, 0, 0, TimeSpan.Zero);
    private static readonly EnergyWindow[] Windows = [new("Tc99m", 126.45, 154.55, EnergyWindowRole.Photopeak), new("low", 108, 126.45, EnergyWindowRole.ScatterLower)];

    private static CountSeries Series => new()
    {
        AcquisitionId = Guid.Empty, StepId = "spect", Title = "SPECT", Kind = AcquisitionKind.Tomo, EnergyWindows = Windows, DetectorCount = 2, Collimator = "LEHR", Frames = [],
    };

    /// <summary>Frames of a cylinder, two heads, two windows, in the order a gantry gives them.</summary>
    internal static List<CountFrame> Frames(int stops, int size = 24)
    {
        ProjectionSet set = Geometry.Circular(2 * stops, size, size, 8, 110);
        using SystemModel model = new(set, null, DetectorResponse.FromName("LEHR"));
        float[] p = model.Project(Geometry.Cylinder(set, 55, 8, 12, -6).Values);
        List<CountFrame> frames = [];
        for (int stop = 0; stop < stops; stop++)
            for (int head = 1; head <= 2; head++)
                for (int window = 1; window <= 2; window++)
                {
                    int view = stop + ((head - 1) * stops);
                    uint[] counts = new uint[size * size];
                    for (int n = 0; n < counts.Length; n++) counts[counts.Length - 1 - n] = (uint)Math.Round(p[(view * counts.Length) + n] * (window == 1 ? 1 : 0.2));
                    frames.Add(new CountFrame
                    {
                        FrameNumber = frames.Count + 1, Detector = head, EnergyWindow = window, AngularView = stop + 1, Start = Start.AddSeconds(18 * stop), Elapsed = TimeSpan.FromSeconds(15), Live = TimeSpan.FromSeconds(15),
                        AngleStartDeg = set.AngleDeg[view], AngleEndDeg = set.AngleDeg[view], RadiusMm = 110, TableLongitudinalMm = 0, PixelMm = 8, Width = size, Height = size, Counts = counts,
                    });
                }
        return frames;
    }

    /// <summary>However the views come in, and whatever was looked at meanwhile, the image that is judged is that of the stored data, bit for bit.</summary>
    [Fact]
    public void Finish_AfterPreviewsAndRepeatedFrames_IsTheOfflineImage()
    {
        ReconstructionOptions options = new() { Iterations = 2, Subsets = 6, FilterMm = 6 };
        List<CountFrame> frames = Frames(12);
        LiveReconstruction live = new(Series, options);
        foreach (CountFrame frame in frames)
        {
            live.Add(frame);
            if (frame.FrameNumber % 16 == 0) live.Refine();
            if (frame.FrameNumber == 20) foreach (CountFrame again in frames.Take(20)) live.Add(again);
        }

        Volume finished = live.Finish(null, null, TimeProvider.System).Image;

        Volume offline = Reconstructor.Run(ProjectionSetBuilder.ToInput(Series with { Frames = frames }, new GeometryByHand()), options with { Attenuation = false }, TimeProvider.System);
        Assert.Equal(48, live.Frames);
        Assert.Equal(offline.Values, finished.Values);
    }

    /// <summary>The preview comes with the first views and gets nearer to the finished image.</summary>
    [Fact]
    public void Refine_WithMoreViews_ComesNearerToTheEnd()
    {
        LiveReconstruction live = new(Series, new ReconstructionOptions { Iterations = 4, Subsets = 6 });
        List<(int Views, Volume Image)> seen = [];
        foreach (CountFrame frame in Frames(16, 32))
        {
            live.Add(frame);
            if (frame.FrameNumber % 4 == 0 && live.CanRefine) seen.Add((live.Views, live.Refine()!));
        }
        Volume end = Reconstructor.OnGrid(live.Finish(null, null, TimeProvider.System).Image, new VoxelGrid(seen[0].Image.Nx, seen[0].Image.Nz, seen[0].Image.DxMm, seen[0].Image.DzMm), Geometry.Circular(1, 32, 32, 8, 110));
        double Off(Volume v) => Math.Sqrt(v.Values.Zip(end.Values).Sum(p => Math.Pow(p.First - p.Second, 2)) / end.Values.Sum(x => (double)x * x));

        Assert.Equal(LiveReconstruction.LeastViews, seen[0].Views);
        Assert.True(Off(seen[^1].Image) < 0.5 * Off(seen[0].Image), $"{Off(seen[0].Image):F3} to {Off(seen[^1].Image):F3}");
        Assert.True(Off(seen[^1].Image) < 0.3, $"{Off(seen[^1].Image):F3}");
    }

    [Fact]
    public void Refine_HalfAView_WaitsForItsOtherWindow()
    {
        LiveReconstruction live = new(Series, new ReconstructionOptions());
        foreach (CountFrame frame in Frames(4).SkipLast(1)) live.Add(frame);

        Assert.Equal(7, live.Views);
        Assert.False(live.CanRefine);
        Assert.Null(live.Refine());
    }
}
