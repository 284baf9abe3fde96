using Acquire.Protocols.Clinical;
using Acquire.Protocols.Nuclides;

namespace Acquire.Protocols.Tests.Nuclides;

public sealed class NuclideTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    // docs: clinical 1.4, "Remaining at 1/2/3/4/6/24/48/72 h", printed to three or four places
    [InlineData("Tc-99m", new[] { .891, .794, .707, .630, .500, .0627, .0039, .0002 })]
    [InlineData("Ga-67", new[] { .991, .982, .974, .965, .948, .809, .654, .529 })]
    [InlineData("In-111", new[] { .990, .980, .970, .960, .940, .781, .610, .476 })]
    public void DecayFactor_PublishedHours_AgreesWithTheTable(string name, double[] remaining)
    {
        Radionuclide nuclide = Radionuclide.Find(name)!;
        int[] hours = [1, 2, 3, 4, 6, 24, 48, 72];
        for (int i = 0; i < hours.Length; i++)
            Assert.InRange(nuclide.DecayFactor(TimeSpan.FromHours(hours[i])), remaining[i] - 0.0006, remaining[i] + 0.0006);
        Assert.Equal(0.5, nuclide.DecayFactor(nuclide.HalfLife), 12);
    }

    [Theory]
    // docs: physics-and-qc 6: 20/30/45 min SPECT Tc f = 0.9810 / 0.9717 / 0.9579
    [InlineData(20, 0.9810)]
    [InlineData(30, 0.9717)]
    [InlineData(45, 0.9579)]
    public void InFrameFactor_SpectTimes_AgreesWithTheReference(double minutes, double expected) =>
        Assert.Equal(expected, Radionuclide.Tc99m.InFrameFactor(TimeSpan.FromMinutes(minutes)), 4);

    [Theory]
    [InlineData(1e-3)]
    [InlineData(0.3)]
    [InlineData(0.32)]
    [InlineData(60)]
    [InlineData(36000)]
    public void InFrameFactor_AnyLength_IsTheMeanOfTheDecay(double seconds)
    {
        // Independent: Simpson's rule over the frame, also where the closed form would cancel.
        TimeSpan frame = TimeSpan.FromSeconds(seconds);
        const int n = 2000;
        double sum = 0;
        for (int i = 0; i <= n; i++)
            sum += (i is 0 or n ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-Math.Log(2) / (6.0067 * 3600) * seconds * i / n);
        Assert.Equal(sum / (3 * n), Radionuclide.Tc99m.InFrameFactor(frame), 10);
    }

    [Fact]
    public void InFrameFactor_NoLength_IsOne() => Assert.Equal(1, Radionuclide.Tc99m.InFrameFactor(TimeSpan.Zero));

    [Fact]
    public void Lambda_ThreeNuclides_AgreesWithTheReference()
    {
        // Printed to five digits there.
        Assert.InRange(Radionuclide.Tc99m.LambdaPerSecond / 3.2054e-5, 0.9999, 1.0001);
        Assert.InRange(Radionuclide.Ga67.LambdaPerSecond / 2.4596e-6, 0.9999, 1.0001);
        Assert.InRange(Radionuclide.In111.LambdaPerSecond / 2.8605e-6, 0.9999, 1.0001);
    }

    [Theory]
    // EANM16 Table 1 (S): 10/20/30/40/50 kg; further rows of docs clinical 1.2
    [InlineData(10, 95)]
    [InlineData(20, 170)]
    [InlineData(30, 240)]
    [InlineData(40, 310)]
    [InlineData(50, 375)]
    [InlineData(3, 40)]
    [InlineData(68, 490)]
    [InlineData(54, 395)]
    [InlineData(62, 445)]
    public void EanmCard_RowsOfTheCard_GivePublishedActivity(double kg, double mbq) => Assert.Equal(mbq, PaediatricActivity.MdpByEanmCard(kg).MBq);

    [Theory]
    [InlineData(21.9, "20 kg")]
    [InlineData(22, "22 kg")]
    [InlineData(2.4, "3 kg")]
    [InlineData(90, "68 kg")]
    [InlineData(55.5, "52 kg")]
    public void EanmCard_BetweenRows_UsesTheLowerRowAndShowsIt(double kg, string row)
    {
        PaediatricActivity activity = PaediatricActivity.MdpByEanmCard(kg);
        Assert.StartsWith(row, activity.Row, StringComparison.Ordinal);
        Assert.Equal("EANM dosage card 5.7.2016", activity.Rule);
    }

    [Theory]
    // docs: clinical 1.2 (D): 93/186/279/372/465/558 MBq, here rounded to 5 MBq
    [InlineData(10, 95)]
    [InlineData(20, 185)]
    [InlineData(30, 280)]
    [InlineData(40, 370)]
    [InlineData(50, 465)]
    [InlineData(60, 560)]
    [InlineData(3, 37)]
    public void NorthAmerican_Weights_GiveActivity(double kg, double mbq) => Assert.Equal(mbq, PaediatricActivity.MdpByNorthAmericanConsensus(kg).MBq);

    [Fact]
    public void Paediatric_AboveTheAdultPrescription_IsHeldThere()
    {
        PaediatricActivity activity = PaediatricActivity.MdpByNorthAmericanConsensus(80, adultMBq: 600);
        Assert.Equal(600, activity.MBq);
        Assert.Contains("adult prescription", activity.Row, StringComparison.Ordinal);
    }

    [Fact]
    public void Net_AssayAndResidual_AreBroughtToTheInjection()
    {
        var record = new DoseRecord
        {
            Nuclide = Radionuclide.Tc99m,
            AssayMBq = 800,
            AssayAt = Noon.AddHours(-6.0067),
            InjectedAt = Noon,
            ResidualMBq = 10,
            ResidualAt = Noon.AddHours(6.0067),
        };
        NetActivity net = record.Net();
        Assert.Equal(400, net.SyringeMBq, 6);
        Assert.Equal(20, net.ResidualMBq, 6);
        Assert.Equal(380, net.MBq, 6);
        Assert.True(net.IsQuantitative);
        Assert.InRange(net.UncertaintyMBq, 380 * 0.0288, 380 * 0.0290);
    }

    [Fact]
    public void Net_CalibratorClockTenMinutesFast_IsCorrectedByNineteenPerMille()
    {
        DoseRecord record = new() { Nuclide = Radionuclide.Tc99m, AssayMBq = 700, AssayAt = Noon, InjectedAt = Noon, ResidualMBq = 0, ResidualAt = Noon };
        double ratio = (record with { CalibratorClockOffset = TimeSpan.FromMinutes(10) }).Net().MBq / record.Net().MBq;
        Assert.Equal(0.981, ratio, 3); // docs: clinical 2.5, 10 min Tc error = 1.9 % (D)
    }

    [Fact]
    public void Net_ResidualMissing_GivesActivityButNoSuv()
    {
        NetActivity net = new DoseRecord { Nuclide = Radionuclide.Tc99m, AssayMBq = 700, AssayAt = Noon, InjectedAt = Noon }.Net();
        Assert.Equal(700, net.MBq);
        Assert.False(net.IsQuantitative);
        Assert.Contains("not measured", net.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Net_ClocksWorseThanAMinute_GivesNoSuv() => Assert.False(new DoseRecord
    {
        Nuclide = Radionuclide.Tc99m, AssayMBq = 700, AssayAt = Noon, InjectedAt = Noon, ResidualMBq = 1, ResidualAt = Noon, ClockTolerance = TimeSpan.FromMinutes(2),
    }.Net().IsQuantitative);

    [Theory]
    [InlineData(700, 700, PrescriptionVerdict.Within)]
    [InlineData(770, 700, PrescriptionVerdict.Within)]
    [InlineData(771, 700, PrescriptionVerdict.Warn)]
    [InlineData(629, 700, PrescriptionVerdict.Warn)]
    [InlineData(841, 700, PrescriptionVerdict.NeedsReason)]
    [InlineData(559, 700, PrescriptionVerdict.NeedsReason)]
    [InlineData(1120, 1100, PrescriptionVerdict.NeedsReason)]
    [InlineData(95, 95, PrescriptionVerdict.Within)]
    public void Prescription_Deviation_WarnsThenAsks(double measured, double prescribed, PrescriptionVerdict expected) =>
        Assert.Equal(expected, PrescriptionCheck.Of(measured, prescribed, new Tracer("99mTc-MDP", "Tc-99m", 700, 300, 1110, 10, 20)).Verdict);

    [Theory]
    // EANM16 Table 1 (S): 500 to 700 MBq adult = 2.9 to 4.0 mSv; docs clinical 1.3
    [InlineData(500, null, 2.85, "adult")]
    [InlineData(700, null, 3.99, "adult")]
    [InlineData(100, 15.0, 0.70, "15 y")]
    [InlineData(100, 10.0, 1.1, "10 y")]
    [InlineData(100, 5.0, 1.4, "5 y")]
    [InlineData(100, 0.5, 2.7, "1 y")]
    [InlineData(100, 7.5, 1.4, "5 y")]
    [InlineData(100, 18.0, 0.57, "adult")]
    public void EffectiveDose_Ages_UseTheNamedCoefficient(double mbq, double? age, double mSv, string reference)
    {
        EffectiveDose dose = EffectiveDose.Of(mbq, age);
        Assert.Equal(mSv, dose.MilliSievert, 6);
        Assert.Equal(reference, dose.ReferenceAge);
        Assert.Equal("ICRP80 phosphonates", dose.Set);
    }

    [Fact]
    public void EffectiveDose_LumbarCt_AgreesWithPublishedDose() => Assert.Equal(1.8, EffectiveDose.OfCt(121.5).MilliSievert, 2); // CT-GUP (S): DLP 121.5, 1.8 mSv

    [Fact]
    public void EffectiveDose_UnknownSet_SaysWhichAreKnown() => Assert.Contains("ICRP128", Assert.Throws<ArgumentException>(() => EffectiveDose.Of(1, null, "x")).Message, StringComparison.Ordinal);
}
