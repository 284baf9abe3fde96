using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class ProjectionSetBuilderTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void TripleEnergyWindow_HandNumbers()
    {
        Assert.Equal(28.1, ScatterEstimate.TripleEnergyWindow(10, 5, 0, 0, 14.05) * 2, 1e-9);
        Assert.Equal(((30.0 / 6) + (4.0 / 4)) * 28.1 / 2, ScatterEstimate.TripleEnergyWindow(30, 6, 4, 4, 28.1), 1e-9);
    }

    [Fact]
    public void FromCountSeries_ViewersFrame_TurnsIntoPatientAxes()
    {
        uint[] image = new uint[16];
        image[1] = 5;
        CountSeries series = Series([Frame(1, 1, 1, 0, 0, image)], [Peak]);

        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(series);

        // Row 0 is the head: the highest z. Column 1 of 4 lies at -t: column 2.
        Assert.Equal(5, set.Counts[(3 * 4) + 2]);
        Assert.Equal(5, set.Counts.Sum());
        Assert.Equal(-30, set.CentreZMm);
    }

    [Fact]
    public void FromCountSeries_TwoHeadsAndMissingView_MergesInOrderAndLeavesOut()
    {
        List<CountFrame> frames = [];
        for (int view = 1; view <= 3; view++)
            for (int head = 1; head <= 2; head++)
                if (!(view == 2 && head == 2)) frames.Add(Frame(frames.Count + 1, head, view, (view - 1) * 20, ((view - 1) * 6) + (head == 2 ? 180 : 0), Flat(1)));

        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(Series(frames, [Peak]));

        Assert.Equal([0, 6, 12, 180, 192], set.AngleDeg);
        Assert.Equal(1, set.ViewWeight![0], 1e-12);
        // 20 s later: exp(-ln 2 x 20 / 21624 s)
        Assert.Equal(Math.Exp(-Math.Log(2) * 20 / 21624.12), set.ViewWeight[1], 1e-6);
    }

    [Fact]
    public void FromCountSeries_SameAngleTwice_AddsCountsAndWeights()
    {
        CountSeries series = Series([Frame(1, 1, 1, 0, 90, Flat(2)), Frame(2, 1, 2, 0, 180, Flat(2)), Frame(3, 2, 1, 0, 450, Flat(3))], [Peak]);

        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(series, new ProjectionSetOptions { HalfLifeHours = 0 });

        Assert.Equal(2, set.Views);
        Assert.Equal(5, set.Counts[0]);
        Assert.Equal([2, 1], set.ViewWeight!.Select(w => Math.Round(w, 9)));
    }

    [Fact]
    public void FromCountSeries_PartialView_WeighsLess()
    {
        CountFrame partial = Frame(2, 1, 2, 10, 6, Flat(1)) with { Live = TimeSpan.FromSeconds(5), Elapsed = TimeSpan.FromSeconds(5), IsPartial = true };

        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(Series([Frame(1, 1, 1, 0, 0, Flat(2)), partial], [Peak]), new ProjectionSetOptions { HalfLifeHours = 0 });

        Assert.Equal(0.5, set.ViewWeight![1], 1e-9);
    }

    [Fact]
    public void FromCountSeries_ContinuousAcrossZero_TakesTheMiddle()
    {
        CountFrame frame = Frame(1, 1, 1, 0, 358, Flat(1)) with { AngleEndDeg = 4 };

        Assert.Equal(1, ProjectionSetBuilder.FromCountSeries(Series([frame], [Peak])).AngleDeg[0], 1e-9);
    }

    [Fact]
    public void FromCountSeries_ScatterWindow_GivesTewOfTheSameView()
    {
        EnergyWindow low = new("low", 108, 126, EnergyWindowRole.ScatterLower);
        CountSeries series = Series([Frame(1, 1, 1, 0, 0, Flat(50)), Frame(2, 1, 1, 0, 0, Flat(18)) with { EnergyWindow = 2 }], [Peak, low]);

        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(series);

        Assert.All(set.Scatter!, s => Assert.Equal(18.0 / 18 * 28 / 2, s, 1e-4));
        Assert.Null(ProjectionSetBuilder.FromCountSeries(series, new ProjectionSetOptions { ScatterFactor = 0 }).Scatter);
    }

    [Fact]
    public void FromCountSeries_ViewTakenAgain_EachFrameGetsItsOwnScatter()
    {
        EnergyWindow low = new("low", 108, 126, EnergyWindowRole.ScatterLower);
        CountSeries series = Series(
        [
            Frame(1, 1, 1, 0, 0, Flat(50)), Frame(2, 1, 1, 0, 0, Flat(18)) with { EnergyWindow = 2 },
            Frame(3, 1, 1, 60, 0, Flat(50)), Frame(4, 1, 1, 60, 0, Flat(36)) with { EnergyWindow = 2 },
        ], [Peak, low]);

        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(series);

        Assert.Equal(1, set.Views);
        Assert.All(set.Scatter!, s => Assert.Equal(((18.0 / 18) + (36.0 / 18)) * 28 / 2, s, 1e-4));
    }

    [Fact]
    public void FromCountSeries_TableMoved_SaysSo()
    {
        CountSeries series = Series([Frame(1, 1, 1, 0, 0, Flat(1)), Frame(2, 1, 2, 0, 6, Flat(1)) with { TableLongitudinalMm = 45 }], [Peak]);

        Assert.Contains("table moved", Assert.Throws<BadInputException>(() => ProjectionSetBuilder.FromCountSeries(series)).Message, StringComparison.Ordinal);
    }

    private static EnergyWindow Peak => new("Tc99m", 126.5, 154.5, EnergyWindowRole.Photopeak);

    private static uint[] Flat(uint value) => [.. Enumerable.Repeat(value, 16)];

    private static CountFrame Frame(int number, int head, int view, double seconds, double angle, uint[] counts) => new()
    {
        FrameNumber = number, Detector = head, EnergyWindow = 1, AngularView = view, Start = Start.AddSeconds(seconds), Elapsed = TimeSpan.FromSeconds(10), Live = TimeSpan.FromSeconds(10),
        AngleStartDeg = angle, AngleEndDeg = angle, RadiusMm = 200, TableLongitudinalMm = 30, PixelMm = 4.8, Width = 4, Height = 4, Counts = counts,
    };

    private static CountSeries Series(IReadOnlyList<CountFrame> frames, IReadOnlyList<EnergyWindow> windows) => new()
    {
        AcquisitionId = Guid.Empty, StepId = "spect", Title = "SPECT", Kind = AcquisitionKind.Tomo, EnergyWindows = windows, DetectorCount = 2, Collimator = "LEHR", Frames = frames,
    };
}
