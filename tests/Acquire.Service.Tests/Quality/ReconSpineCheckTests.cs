using Acquire.Service.Quality;
using Acquire.Service.Quality.Checks;

namespace Acquire.Service.Tests.Quality;

/// <summary>The checks on data nobody here made: shared/data/recon-spine, as it is and with whole-pixel faults put in.</summary>
public sealed class ReconSpineCheckTests
{
    private static readonly QualityLimits Limits = QualityLimits.LoadDefault();

    [Fact]
    public void AllChecks_DataAsTheyAre_NoneFails()
    {
        var data = new ReconSpine();
        QualityReport report = QualityRunner.Run(new QualityInput { Tomo = data.Tomo(_ => (0, 0, 0)), Reconstruction = ReconSpine.Truth(), AttenuationMap = ReconSpine.Map() }, Limits);
        Assert.All(report.Results, r => Assert.True(r.Verdict == Verdict.Pass, $"{r.Check}: {r.Verdict} {r.Words}"));
        Assert.InRange(report.Results.Single(r => r.Check == "centre-of-rotation").Figure!.Value, 0, 0.1);
        Assert.Equal(7_499_910, report.Results.Single(r => r.Check == "counts-total").Figure);
        Assert.InRange(report.Results.Single(r => r.Check == "spect-ct-registration").Figure!.Value, 0, 1);
    }

    [Fact]
    public void AllChecks_ProjectionsAlone_NoneFailsAndMotionSaysWhatItCannotSee()
    {
        QualityReport report = QualityRunner.Run(new QualityInput { Projections = new ReconSpine().Projections(), AttenuationMap = ReconSpine.Map(), Reconstruction = ReconSpine.Truth() }, Limits);
        Assert.All(report.Results, r => Assert.True(r.Verdict is Verdict.Pass or Verdict.Warn, $"{r.Check}: {r.Verdict} {r.Words}"));
        QualityResult axial = report.Results.Single(r => r.Check == "motion-axial");
        Assert.Equal(0, axial.Figure);
        Assert.Equal(Verdict.Warn, axial.Verdict);
        Assert.Contains("cannot show a movement", axial.Action, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Motion_CleanDataThinnedByChance_RaisesNoAlarm(int seed)
    {
        var random = new Random(seed);
        var full = new ReconSpine().Tomo(_ => (0, 0, 0));
        uint Thin(uint n)
        {
            uint kept = 0;
            for (uint i = 0; i < n; i++) kept += random.NextDouble() < 0.6 ? 1u : 0;
            return kept;
        }
        var input = new QualityInput { Tomo = full with { Frames = [.. full.Frames.Select(f => f with { Counts = Array.ConvertAll(f.Counts, Thin) })] } };
        Assert.Equal(0, new MotionAxialCheck().Judge(input, Limits.For("motion-axial")).Figure);
        Assert.Equal(0, new MotionLateralCheck().Judge(input, Limits.For("motion-lateral")).Figure);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public void MotionAxial_TwoRowsAnywhere_AreFound(int rows)
    {
        var data = new ReconSpine();
        foreach ((int from, int to) in ((int, int)[])[(8, 60), (25, 60), (30, 60), (50, 60), (25, 31)])
        {
            QualityResult r = new MotionAxialCheck().Judge(new QualityInput { Tomo = data.Tomo(s => s >= from && s < to ? (rows, 0, 0) : (0, 0, 0)) }, Limits.For("motion-axial"));
            Assert.True(r.Verdict == Verdict.Fail, $"{from}-{to}: {r.Words}");
            Assert.Contains($"towards the {(rows > 0 ? "feet" : "head")} at view {from + 1} ", r.Words, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(6)]
    [InlineData(22)]
    [InlineData(38)]
    public void MotionAxial_OneRowForATenthOfTheViews_IsFound(int from)
    {
        QualityResult r = new MotionAxialCheck().Judge(new QualityInput { Tomo = new ReconSpine().Tomo(s => s >= from && s < from + 6 ? (1, 0, 0) : (0, 0, 0)) }, Limits.For("motion-axial"));
        Assert.True(r.Verdict >= Verdict.Warn, r.Words);
        Assert.InRange(r.Figure!.Value, 0.6, 1.5);
    }

    [Fact]
    public void NeighbourShift_CleanData_ScattersNoMoreThanItSays()
    {
        var measured = NeighbourShift.Of(new QualityInput { Tomo = new ReconSpine().Tomo(_ => (0, 0, 0)) }.Views!)!;
        double[] z = [.. measured.Rows.Select((r, v) => r / measured.Sigma[v])];
        Assert.InRange(1.4826 * SmoothFit.MedianAbsolute(z), 0.5, 1.1);
    }
}
