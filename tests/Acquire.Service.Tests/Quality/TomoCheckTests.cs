using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;
using Acquire.Service.Quality.Checks;

namespace Acquire.Service.Tests.Quality;

/// <summary>Every check of the SPECT seen to pass on good data and to fail on a fault of known size. The data come from an analytic generator that knows nothing of the checks.</summary>
public sealed class TomoCheckTests
{
    private static readonly QualityLimits Limits = QualityLimits.LoadDefault();
    private static readonly Lazy<CountSeries> Clean = new(() => new SyntheticSpect { CountsPerView = 60_000 }.Tomo(0.21));

    private static QualityResult Judge(IQualityCheck check, QualityInput input)
    {
        Assert.True(check.Applies(input));
        Assert.True(QualityLimits.TryConvert(Limits.For(check.Name)!, check.Unit, out Protocols.Clinical.QualityLimit limit));
        QualityResult result = check.Judge(input, limit);
        Assert.Equal(check.Name, result.Check);
        if (result.Verdict > Verdict.Pass) Assert.NotEqual("", result.Action);
        return result;
    }

    private static QualityResult Judge(IQualityCheck check, SyntheticSpect spect) => Judge(check, new QualityInput { Tomo = spect.Tomo() });

    [Fact]
    public void AllTomoChecks_GoodStudy_Pass()
    {
        var spect = new SyntheticSpect();
        var input = new QualityInput { Tomo = Clean.Value, Reconstruction = spect.Activity(0.12), Ct = spect.Ct() };
        QualityReport report = QualityRunner.Run(input, Limits);
        Assert.All(report.Results, r => Assert.True(r.Verdict == Verdict.Pass, $"{r.Check}: {r.Verdict} {r.Figure} {r.Words}"));
        Assert.Equal(14, report.Results.Count);
        Assert.Equal(Verdict.Pass, report.Verdict);
    }

    [Theory]
    [InlineData(20_000, Verdict.Fail)]
    [InlineData(38_000, Verdict.Warn)]
    public void CountsPerView_TooFew_WarnsThenFails(double counts, Verdict expected)
    {
        QualityResult r = Judge(new CountsPerViewCheck(), new SyntheticSpect { CountsPerView = counts * 1.3 });
        Assert.Equal(expected, r.Verdict);
        Assert.Contains("s per view instead of 15 s", r.Action, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(15_000, Verdict.Fail)]
    [InlineData(30_000, Verdict.Warn)]
    public void CountsTotal_TooFew_WarnsThenFails(double counts, Verdict expected)
    {
        QualityResult r = Judge(new CountsTotalCheck(), new SyntheticSpect { CountsPerView = counts });
        Assert.Equal(expected, r.Verdict);
        Assert.InRange(r.Figure!.Value, 120 * counts * 0.95, 120 * counts);
    }

    [Theory]
    [InlineData(0.95, 1, Verdict.Warn)]
    [InlineData(0.80, 1, Verdict.Fail)]
    [InlineData(1.25, 4, Verdict.Fail)]
    public void ViewConsistency_ViewsWithOtherCounts_AreFoundAndNamed(double gain, int views, Verdict expected)
    {
        QualityResult r = Judge(new ViewConsistencyCheck(), new SyntheticSpect { CountsPerView = 60_000, Gain = (head, stop) => head == 2 && stop >= 36 && stop < 36 + views ? gain : 1 });
        Assert.Equal(expected, r.Verdict);
        Assert.InRange(r.Figure!.Value, Math.Abs(gain - 1) * 100 * 0.7, Math.Abs(gain - 1) * 100 * 1.3);
        Assert.Contains("37 of head 2", r.Action, StringComparison.Ordinal);
    }

    [Fact]
    public void ViewConsistency_DeadTimeGivenInLiveTime_Passes() =>
        Assert.Equal(Verdict.Pass, Judge(new ViewConsistencyCheck(), new SyntheticSpect { CountsPerView = 60_000, LiveFraction = 0.8 }).Verdict);

    [Theory]
    [InlineData(1.00, Verdict.Pass)]
    [InlineData(1.04, Verdict.Warn)]
    [InlineData(0.90, Verdict.Fail)]
    public void HeadBalance_SecondHeadOff_IsMeasured(double gain, Verdict expected)
    {
        QualityResult r = Judge(new HeadBalanceCheck(), new SyntheticSpect { CountsPerView = 60_000, Seed = 3, Gain = (head, _) => head == 2 ? gain : 1 });
        Assert.Equal(expected, r.Verdict);
        Assert.InRange(r.Figure!.Value, (Math.Abs(gain - 1) * 100) - 1.5, (Math.Abs(gain - 1) * 100) + 1.5);
    }

    [Fact]
    public void SinogramGaps_FrameMissing_IsFoundWithItsAngle()
    {
        CountSeries s = Clean.Value;
        int peak = 0;
        QualityResult r = Judge(new SinogramGapsCheck(), new QualityInput { Tomo = s with { Frames = [.. s.Frames.Where(f => f.EnergyWindow != 1 || peak++ != 41)] } });
        Assert.Equal(Verdict.Fail, r.Verdict);
        Assert.Contains("1 view missing between", r.Words, StringComparison.Ordinal);
        Assert.Equal(1, r.Figure);
    }

    [Fact]
    public void SinogramGaps_FrozenFrame_IsFound()
    {
        CountSeries s = Clean.Value;
        CountFrame before = s.Frames.First(f => f.Detector == 1 && f.EnergyWindow == 1 && f.AngularView == 20);
        QualityResult r = Judge(new SinogramGapsCheck(), new QualityInput { Tomo = s with { Frames = [.. s.Frames.Select(f => f.Detector == 1 && f.EnergyWindow == 1 && f.AngularView == 21 ? f with { Counts = before.Counts } : f)] } });
        Assert.Equal(Verdict.Fail, r.Verdict);
        Assert.Contains("Head 1, view 21 repeats", r.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void SinogramGaps_AngleTakenTwiceOrEmptyView_IsFound()
    {
        CountSeries s = Clean.Value;
        QualityResult twice = Judge(new SinogramGapsCheck(), new QualityInput { Tomo = s with { Frames = [.. s.Frames.Select(f => f.Detector == 1 && f.AngularView == 30 ? f with { AngleStartDeg = f.AngleStartDeg + 3, AngleEndDeg = f.AngleEndDeg + 3 } : f)] } });
        Assert.Equal(Verdict.Fail, twice.Verdict);
        Assert.Contains("taken twice", twice.Words, StringComparison.Ordinal);
        QualityResult empty = Judge(new SinogramGapsCheck(), new QualityInput { Tomo = s with { Frames = [.. s.Frames.Select(f => f.Detector == 2 && f.AngularView == 5 ? f with { Counts = new uint[f.Counts.Length] } : f)] } });
        Assert.Contains("1 view is empty (first: head 2, view 5)", empty.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispersion_IndependentPoissonFrames_IsOne()
    {
        var random = new Random(8);
        float[] a = new float[20000], b = new float[20000];
        for (int i = 0; i < a.Length; i++) (a[i], b[i]) = (SyntheticSpect.Poisson(random, 4), SyntheticSpect.Poisson(random, 4));
        Assert.InRange(SinogramGapsCheck.Dispersion(a, b).D, 0.96, 1.04);
        Assert.Equal(0, SinogramGapsCheck.Dispersion(a, a).D);
    }

    [Theory]
    [InlineData(12, 60, 1)]
    [InlineData(30, 60, 2)]
    [InlineData(45, 60, 3)]
    [InlineData(24, 30, 4)]
    public void MotionAxial_TwoPixelsAt50Kilocounts_AreFoundWithPlaceAndSize(int from, int to, int seed)
    {
        QualityResult r = Judge(new MotionAxialCheck(), new SyntheticSpect { Seed = seed, Motion = s => s >= from && s < to ? (0, 0, -9.6) : (0, 0, 0) });
        Assert.Equal(Verdict.Fail, r.Verdict);
        Assert.InRange(r.Figure!.Value, 1.6, 2.4);
        Assert.Contains("towards the feet at view " + (from + 1), r.Words, StringComparison.Ordinal);
        Assert.Contains(from < 30 && to == 60 ? $"views 1 to {from}" : $"views {from + 1} to {to}", r.Action, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-9.6, 20)]
    [InlineData(4.8, 36)]
    public void MotionAxial_DetectorShorterThanThePatient_ItsEdgeDoesNotHideTheMovement(double z, int from)
    {
        QualityResult r = Judge(new MotionAxialCheck(), new SyntheticSpect { Seed = 7, Field = (24, 104), Motion = s => s >= from ? (0, 0, z) : (0, 0, 0) });
        Assert.InRange(r.Figure!.Value, 0.75 * Math.Abs(z) / 4.8, 1.25 * Math.Abs(z) / 4.8);
        Assert.Contains($"towards the {(z > 0 ? "head" : "feet")} at view {from + 1} and stayed", r.Words, StringComparison.Ordinal);
        Assert.Equal(0, Judge(new MotionAxialCheck(), new SyntheticSpect { Seed = 8, Field = (24, 104) }).Figure);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Motion_NoneOnPatientsOfSixSeeds_Passes(int seed)
    {
        foreach (double counts in (double[])[25_000, 60_000])
        {
            var input = new QualityInput { Tomo = new SyntheticSpect { Seed = 10 * seed, CountsPerView = counts }.Tomo() };
            Assert.Equal(0, Judge(new MotionAxialCheck(), input).Figure);
            Assert.Equal(0, Judge(new MotionLateralCheck(), input).Figure);
        }
    }

    [Theory]
    [InlineData(7.2, 0, 20, 1)]
    [InlineData(0, 7.2, 35, 2)]
    [InlineData(-9.6, 0, 30, 3)]
    public void MotionLateral_AboveOneAndAHalfPixels_IsFoundWithItsDirection(double x, double y, int from, int seed)
    {
        QualityResult r = Judge(new MotionLateralCheck(), new SyntheticSpect { Seed = seed, Motion = s => s >= from ? (x, y, 0) : (0, 0, 0) });
        Assert.Equal(Verdict.Fail, r.Verdict);
        Assert.InRange(r.Figure!.Value, 0.75 * Math.Max(Math.Abs(x), Math.Abs(y)) / 4.8, 1.35 * Math.Max(Math.Abs(x), Math.Abs(y)) / 4.8);
        Assert.True(r.Words.Contains(x > 0 ? "mm to the left" : x < 0 ? "mm to the right" : "mm backwards", StringComparison.Ordinal), r.Words);
    }

    [Theory]
    [InlineData(0, Verdict.Pass)]
    [InlineData(0.75, Verdict.Warn)]
    [InlineData(-1.5, Verdict.Fail)]
    public void CentreOfRotation_AxisOff_IsMeasured(double offset, Verdict expected)
    {
        QualityResult r = Judge(new CentreOfRotationCheck(), new SyntheticSpect { AxisOffsetPx = offset });
        Assert.Equal(expected, r.Verdict);
        Assert.InRange(r.Figure!.Value, Math.Abs(offset) - 0.1, Math.Abs(offset) + 0.1);
    }

    [Theory]
    [InlineData(0, Verdict.Pass)]
    [InlineData(0.9, Verdict.Warn)]
    [InlineData(4, Verdict.Fail)]
    public void Truncation_ActivityAtTheEdge_IsFound(double extra, Verdict expected)
    {
        QualityResult r = Judge(new TruncationCheck(), new SyntheticSpect { Extra = (_, stop, row, column) => stop is > 10 and < 20 && row is > 40 and < 90 && column < 5 ? extra : 0 });
        Assert.True(expected == r.Verdict, $"{r.Figure} {r.Words}");
        Assert.Contains(extra > 0 ? "left edge" : "No counts", r.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.21, Verdict.Pass)]
    [InlineData(0.45, Verdict.Warn)]
    [InlineData(1.5, Verdict.Fail)]
    [InlineData(0.03, Verdict.Fail)]
    public void ScatterRatio_WrongWindow_IsFound(double share, Verdict expected) =>
        Assert.Equal(expected, Judge(new ScatterRatioCheck(), new QualityInput { Tomo = new SyntheticSpect { CountsPerView = 8000 }.Tomo(share) }).Verdict);

    [Theory]
    [InlineData(0, Verdict.Pass)]
    [InlineData(300, Verdict.Warn)]
    [InlineData(2000, Verdict.Fail)]
    public void Bladder_Hot_IsMeasuredAgainstBone(double weight, Verdict expected)
    {
        var spect = new SyntheticSpect { BladderWeight = weight };
        QualityResult r = Judge(new BladderCheck(), new QualityInput { Reconstruction = spect.Activity(), Ct = spect.Ct() });
        Assert.True(expected == r.Verdict, r.Words);
    }

    [Theory]
    [InlineData(0, Verdict.Pass)]
    [InlineData(0.25, Verdict.Warn)]
    [InlineData(0.6, Verdict.Fail)]
    public void BladderFilling_Rising_IsMeasured(double rise, Verdict expected)
    {
        var spect = new SyntheticSpect { BladderWeight = 40, BladderRise = rise, CountsPerView = 60_000 };
        QualityResult r = Judge(new BladderFillingCheck(), new QualityInput { Tomo = spect.Tomo(), Reconstruction = spect.Activity(), Ct = spect.Ct() });
        Assert.True(expected == r.Verdict, r.Words);
        Assert.InRange(r.Figure!.Value, (100 * rise) - 8, (100 * rise) + 8);
    }

    [Theory]
    [InlineData(0, 0, 0, Verdict.Pass)]
    [InlineData(7, 0, 0, Verdict.Warn)]
    [InlineData(0, -7, 3, Verdict.Warn)]
    [InlineData(-9, 6, 9, Verdict.Fail)]
    public void SpectCtRegistration_Shifted_GivesTheVector(double x, double y, double z, Verdict expected)
    {
        var spect = new SyntheticSpect();
        var r = Registration.Of(spect.Activity(0.12, (x, y, z)), spect.Ct(), null);
        Assert.InRange(r.XMm, x - 1.2, x + 1.2);
        Assert.InRange(r.YMm, y - 1.2, y + 1.2);
        Assert.InRange(r.ZMm, z - 1.2, z + 1.2);
        Assert.Equal(expected, Judge(new SpectCtRegistrationCheck(), new QualityInput { Reconstruction = spect.Activity(0.12, (x, y, z)), Ct = spect.Ct() }).Verdict);
    }

    [Fact]
    public void SpectCtRegistration_NothingInCommon_IsNotAPass()
    {
        var spect = new SyntheticSpect();
        Volume noise = spect.Activity() with { Values = [.. spect.Activity().Values.Select((_, i) => (float)((i * 2654435761L) % 1000))] };
        Assert.Equal(Verdict.Warn, Judge(new SpectCtRegistrationCheck(), new QualityInput { Reconstruction = noise, Ct = spect.Ct() }).Verdict);
    }

    [Theory]
    [InlineData(0.12, Verdict.Pass)]
    [InlineData(0.45, Verdict.Warn)]
    [InlineData(0.95, Verdict.Fail)]
    public void ReconstructionNoise_Noisy_IsMeasured(double noise, Verdict expected)
    {
        var spect = new SyntheticSpect();
        QualityResult r = Judge(new ReconstructionNoiseCheck(), new QualityInput { Reconstruction = spect.Activity(noise), Ct = spect.Ct() });
        Assert.Equal(expected, r.Verdict);
        Assert.InRange(r.Figure!.Value, 100 * noise * 0.7, (100 * noise * 1.1) + 12);
    }

    [Fact]
    public void Checks_FramesAndProjectionSetOfTheSameData_AgreeOnAxisAndSides()
    {
        CountSeries tomo = new SyntheticSpect { AxisOffsetPx = 1.2 }.Tomo();
        var projections = new ProjectionSet
        {
            Views = 120, Rows = 128, Columns = 128, BinMm = 4.8, RowMm = 4.8, AngleDeg = [.. tomo.Frames.Select(f => f.AngleStartDeg)], RadiusMm = [.. tomo.Frames.Select(f => f.RadiusMm)],
            // Detector images run against z and t (ProjectionSet's remarks).
            Counts = [.. tomo.Frames.SelectMany(f => f.Counts.Reverse().Select(c => (float)c))],
        };
        double frames = Judge(new CentreOfRotationCheck(), new QualityInput { Tomo = tomo }).Figure!.Value, set = Judge(new CentreOfRotationCheck(), new QualityInput { Projections = projections }).Figure!.Value;
        Assert.Equal(frames, set, 6);
        Assert.Equal(new QualityInput { Tomo = tomo }.Views!.Images[7], new QualityInput { Projections = projections }.Views!.Images[7]);
    }
}
