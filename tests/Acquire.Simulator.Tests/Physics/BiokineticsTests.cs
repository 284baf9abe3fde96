using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Tests.Physics;

/// <summary>Against the tables of docs: clinical 6.2 (made by another integration of the same equations) and against conservation.</summary>
public sealed class BiokineticsTests
{
    private static readonly Biokinetics Default = new();

    [Theory]
    [InlineData(1, 86.8, 9.5, 0.0, 1.2, 2.2, 0.3)]
    [InlineData(5, 52.7, 32.9, 0.2, 4.7, 5.1, 4.3)]
    [InlineData(10, 33.4, 43.9, 0.6, 7.4, 4.4, 10.3)]
    [InlineData(15, 25.1, 46.4, 1.0, 9.2, 3.4, 15.0)]
    [InlineData(30, 17.7, 41.4, 2.3, 12.9, 2.1, 23.7)]
    [InlineData(60, 12.9, 28.7, 4.3, 18.0, 1.5, 34.5)]
    [InlineData(120, 7.1, 14.1, 6.5, 24.0, 1.1, 47.2)]
    [InlineData(180, 3.9, 7.2, 7.4, 26.9, 0.9, 53.7)]
    [InlineData(240, 2.2, 3.9, 7.7, 28.4, 0.7, 57.1)]
    [InlineData(360, 0.8, 1.4, 7.5, 29.5, 0.7, 60.1)]
    [InlineData(1440, 0.2, 0.3, 3.9, 29.2, 0.7, 65.8)]
    public void At_TableOfClinical62_Agrees(double minutes, double plasma, double interstitial, double slow, double bone, double kidney, double urine)
    {
        BodyShares s = Default.At(minutes);
        // The table was integrated by Euler steps of 0.1 min: a separate Euler run reproduces it to its last digit, and it is 0.3 % of the
        // injected activity off in the first ten minutes.
        double near = minutes > 10 ? 0.1 : 0.3;
        Assert.Equal(plasma, 100 * s.Plasma, near);
        Assert.Equal(interstitial, 100 * s.Interstitial, near);
        Assert.Equal(slow, 100 * s.Slow, 0.1);
        Assert.Equal(bone, 100 * s.Bone, 0.1);
        Assert.Equal(kidney, 100 * (s.Kidney + s.Cortex), near);
        Assert.Equal(urine, 100 * s.Urine, 0.1);
    }

    /// <summary>Golden values of a separate integration (Python, RK4, 0.01 min steps).</summary>
    [Theory]
    [InlineData(1, 86.93, 9.43, 0.01, 1.21, 2.13, 0.28)]
    [InlineData(5, 52.98, 32.70, 0.19, 4.71, 5.07, 4.35)]
    [InlineData(10, 33.59, 43.74, 0.58, 7.36, 4.44, 10.30)]
    [InlineData(60, 12.95, 28.67, 4.34, 17.97, 1.54, 34.53)]
    [InlineData(180, 3.91, 7.25, 7.42, 26.90, 0.85, 53.66)]
    public void At_SeparateFineIntegration_AgreesToTwoDigits(double minutes, double plasma, double interstitial, double slow, double bone, double kidney, double urine)
    {
        BodyShares s = Default.At(minutes);
        double[] expected = [plasma, interstitial, slow, bone, kidney, urine], found = [s.Plasma, s.Interstitial, s.Slow, s.Bone, s.Kidney + s.Cortex, s.Urine];
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], 100 * found[i], 0.012);
    }

    [Theory]
    [InlineData(120, 50, 24.6, 15.7, 58.9, 69.7)]
    [InlineData(60, 50, 32.9, 27.0, 39.3, 53.4)]
    [InlineData(30, 50, 39.2, 37.1, 23.3, 36.2)]
    [InlineData(15, 50, 43.0, 43.9, 12.8, 21.9)]
    [InlineData(5, 50, 45.9, 49.4, 4.5, 8.5)]
    [InlineData(100, 30, 17.8, 22.2, 59.1, 74.4)]
    [InlineData(100, 100, 43.4, 12.6, 43.4, 50.9)]
    public void At_OtherKidneysAndTurnover_AgreesWithTable(double gfr, double clearance, double bone3, double soft3, double urine3, double urine24)
    {
        var model = new Biokinetics(gfr, clearance);
        Assert.Equal(bone3, 100 * model.At(180).Bone, 0.1);
        Assert.Equal(soft3, 100 * model.At(180).Soft, 0.1);
        Assert.Equal(urine3, 100 * model.At(180).Urine, 0.1);
        Assert.Equal(urine24, 100 * model.At(1440).Urine, 0.1);
    }

    [Fact]
    public void At_AnyTime_LosesAndGainsNothing()
    {
        for (double t = 0; t < 3000; t += 7.3) Assert.Equal(1, Default.At(t).Sum, 1e-9);
    }

    [Fact]
    public void FirstPass_AnyTime_SumsToOneAndIsNowhereNegative()
    {
        for (double t = 0; t < 200; t += 0.1)
        {
            FirstPass f = FirstPass.At(t);
            double[] all = [f.OnTheWay, f.RightHeart, f.Lungs, f.LeftHeart, f.Arteries, f.Tissue, f.Mixed];
            Assert.Equal(1, all.Sum(), 1e-12);
            Assert.All(all, v => Assert.True(v >= 0));
        }
    }

    [Fact]
    public void FirstPass_AortaAndSpine_AppearWhenTheReferenceSays()
    {
        double[] seconds = [.. Enumerable.Range(0, 1200).Select(i => i * 0.1)];
        double[] aorta = [.. seconds.Select(t => FirstPass.At(t).Arteries)], tissue = [.. seconds.Select(t => FirstPass.At(t).Tissue)];
        double appears = seconds[Array.FindIndex(aorta, v => v > 0.1 * aorta.Max())];
        Assert.InRange(appears, 10, 14);
        Assert.InRange(seconds[Array.IndexOf(tissue, tissue.Max())], 20, 30);
    }

    [Fact]
    public void Patient_AfterTheFirstPass_AllActivityIsInACompartmentOrVoided()
    {
        var patient = new MdpPatient(Default);
        patient.Inject(TimeSpan.FromMinutes(1), 700);
        var a = new double[MdpPatient.Names.Count];
        patient.At(TimeSpan.FromMinutes(121), a);
        double expected = 700 * Math.Pow(0.5, 2 / 6.0067);
        Assert.Equal(expected, a.Sum(), 0.002 * expected);

        double before = a[MdpPatient.Bladder];
        patient.Void(TimeSpan.FromMinutes(121));
        patient.At(TimeSpan.FromMinutes(121), a);
        Assert.Equal(0.08, a[MdpPatient.Bladder] / before, 1e-9);
        Assert.Equal(expected - (0.92 * before), a.Sum(), 0.002 * expected);
    }

    [Fact]
    public void Patient_DrinkAndVoid_ChangeTheVolumeAsStated()
    {
        var patient = new MdpPatient(Default);
        patient.Inject(TimeSpan.Zero, 700);
        double at2h = patient.BladderMl(TimeSpan.FromHours(2));
        Assert.Equal(40 + 120, at2h, 1e-9);
        patient.Drink(TimeSpan.FromHours(2), 500);
        // Peak flow of the extra urine: 0.8 x 500 / (60 e) ml/min on top of 1 ml/min.
        double hour = patient.BladderMl(TimeSpan.FromMinutes(180.5)) - patient.BladderMl(TimeSpan.FromMinutes(179.5));
        Assert.Equal(1 + (400 / (60 * Math.E)), hour, 0.01);
        double full = patient.BladderMl(TimeSpan.FromHours(4));
        patient.Void(TimeSpan.FromHours(4));
        Assert.Equal(0.08 * full, patient.BladderMl(TimeSpan.FromHours(4)), 1e-9);
    }

    [Fact]
    public void Patient_ToldAgainAfterARestart_IsTheSame()
    {
        // The gantry counts from its boot: after a restart everything lies earlier, also below zero.
        TimeSpan[] boots = [TimeSpan.Zero, TimeSpan.FromHours(2)];
        var states = boots.Select(boot =>
        {
            var patient = new MdpPatient(Default);
            patient.Inject(TimeSpan.FromMinutes(3) - boot, 700);
            patient.Drink(TimeSpan.FromMinutes(9) - boot, 500);
            patient.Void(TimeSpan.FromMinutes(75) - boot);
            var a = new double[MdpPatient.Names.Count + 1];
            patient.At(TimeSpan.FromMinutes(170) - boot, a.AsSpan(0, a.Length - 1));
            a[^1] = patient.BladderMl(TimeSpan.FromMinutes(170) - boot);
            return a;
        }).ToArray();
        Assert.Equal(states[0], states[1]);
        Assert.True(states[0][^1] > 100);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(12.3, 1)]
    [InlineData(60, 300)]
    [InlineData(5000, 1200)]
    public void Patient_MeanOverAnExposure_EqualsAFineSum(double startSeconds, double seconds)
    {
        var patient = new MdpPatient(Default);
        patient.Inject(TimeSpan.Zero, 700);
        patient.Void(TimeSpan.FromSeconds(5601.37));
        int n = MdpPatient.Names.Count;
        double[] mean = new double[n], now = new double[n], sum = new double[n];
        patient.Mean(TimeSpan.FromSeconds(startSeconds), TimeSpan.FromSeconds(seconds), mean);
        const int steps = 40_000;
        for (int i = 0; i < steps; i++)
        {
            patient.At(TimeSpan.FromSeconds(startSeconds + ((i + 0.5) * seconds / steps)), now);
            for (int g = 0; g < n; g++) sum[g] += now[g] / steps;
        }
        for (int g = 0; g < n; g++) Assert.Equal(sum[g], mean[g], 1e-5 * sum.Sum());
    }

    [Fact]
    public void SealedSource_TwentyMinutes_DecaysToTheReferenceRatio()
    {
        var source = new SealedSource();
        source.Inject(TimeSpan.Zero, 100);
        double[] first = new double[1], last = new double[1];
        source.Mean(TimeSpan.Zero, TimeSpan.FromSeconds(15), first);
        source.Mean(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(15), last);
        Assert.Equal(0.962, last[0] / first[0], 0.002);
        // Half of an exposure that begins before the filling.
        source = new SealedSource();
        source.Inject(TimeSpan.FromSeconds(10), 100);
        source.Mean(TimeSpan.Zero, TimeSpan.FromSeconds(20), first);
        Assert.Equal(50, first[0], 0.02);
    }
}
