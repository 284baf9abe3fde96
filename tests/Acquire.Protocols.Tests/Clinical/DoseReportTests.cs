using Acquire.Protocols.Clinical;
using Acquire.Protocols.Nuclides;
using Acquire.Protocols.Timeline;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

public sealed class DoseReportTests
{
    private static readonly DateTimeOffset Eight = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    private static AcquisitionProtocol Protocol(string file) => ShippedProtocols.Read(file).Protocol!;

    /// <summary>EANM16 Table 1 (docs: clinical 1.2 and 1.3, S): activity and effective dose at 10 to 50 kg; the reference ages are the nearest ones.</summary>
    [Theory]
    [InlineData(10, 95)]
    [InlineData(20, 170)]
    [InlineData(30, 240)]
    [InlineData(40, 310)]
    public void Prescription_OfAChild_IsTheGuidelinesRow(double kg, double expected)
    {
        Prescription p = Protocol("bone/pars.yaml").PrescriptionFor("", kg, 12);
        Assert.Equal(expected, p.MBq);
        Assert.Contains("EANM dosage card 5.7.2016", p.Words, StringComparison.Ordinal);
        Assert.Equal(Math.Max(37, Math.Round(9.3 * kg / 5) * 5), p.Alternative!.MBq);
    }

    [Theory]
    [InlineData(16, 70, true)] // 68 kg row: 490 MBq
    [InlineData(30, 45, true)] // below 50 kg at any age
    [InlineData(30, 70, false)]
    public void Prescription_ParsProtocol_AppliesTheRuleBelow18YearsOr50Kg(double years, double kg, bool child) =>
        Assert.Equal(child, Protocol("bone/pars.yaml").PrescriptionFor("", kg, years).Child is not null);

    [Fact]
    public void Prescription_AdultProtocol_RefusesAChild()
    {
        Prescription p = Protocol("bone/facet.yaml").PrescriptionFor("", 40, 12);
        Assert.Equal(0, p.MBq);
        Assert.Contains("no rule for children", p.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Prescription_UnknownWeightOfAChild_IsRefused() => Assert.NotEqual("", Protocol("bone/pars.yaml").PrescriptionFor("", null, 12).Refusal);

    /// <summary>A_net = A_pre exp(-L (t0 - t_pre)) - A_post exp(L (t_post - t0)) (docs: physics-and-qc 5.5), worked by hand with L = 3.2054e-5 /s.</summary>
    [Fact]
    public void Net_WithClockOffset_IsTheFormulasFigureAndItsUncertainty()
    {
        AcquisitionProtocol facet = Protocol("bone/facet.yaml");
        StudyEvent[] events =
        [
            new ClockCompared(Eight, "tech", ClockCompared.DoseCalibrator, 60, 30), new ClockCompared(Eight, "tech", ClockCompared.Injector, 0, 40), new DoseMeasured(Eight, "tech", 720),
            new TracerInjected(Eight.AddMinutes(10), "tech", 0), new ResidualMeasured(Eight.AddMinutes(20), "tech", 10),
        ];
        DoseReport report = DoseReport.Of(facet, "", events);
        // The calibrator's clock is a minute fast: 8:00 there is 7:59, 8:20 is 8:19. 660 s and 540 s of decay.
        const double L = 3.2054e-5;
        double expected = (720 * Math.Exp(-L * 660)) - (10 * Math.Exp(L * 540));
        Assert.Equal(expected, report.Net!.MBq, 1);
        double relative = Math.Sqrt(Math.Pow(0.05 / Math.Sqrt(3), 2) + Math.Pow(L * 50 / Math.Sqrt(3), 2)); // 30 and 40 s in squares are 50 s
        Assert.Equal(expected * relative, report.Net.UncertaintyMBq, 2);
        Assert.True(report.Net.IsQuantitative);
        Assert.Equal(expected * 0.0057, report.Effective!.MilliSievert, 3);
        Assert.Equal("ICRP80 phosphonates", report.Effective.Set);
    }

    /// <summary>10 min of clock error make 1.9 % for Tc-99m, 60 min 10.9 % (docs: clinical 2.5, D).</summary>
    [Theory]
    [InlineData(10, 1.9)]
    [InlineData(60, 10.9)]
    public void ClockError_MakesThePublishedError(double minutes, double percent)
    {
        double Net(double offset) => DoseReport.Of(Protocol("bone/facet.yaml"), "", [new ClockCompared(Eight, "t", ClockCompared.DoseCalibrator, offset, 5), new DoseMeasured(Eight, "t", 700), new TracerInjected(Eight.AddMinutes(5), "t", 0), new ResidualMeasured(Eight.AddMinutes(6), "t", 0)]).Net!.MBq;
        Assert.Equal(percent, 100 * (1 - (Net(minutes * 60) / Net(0))), 1);
    }

    [Fact]
    public void Gallium_EffectiveDoseIsFourToFiveTimesTheBoneStudy()
    {
        AcquisitionProtocol p = Protocol("infection/spondylodiscitis-sequential.yaml");
        StudyEvent[] events = [new DoseMeasured(Eight, "t", 185, "ga67"), new TracerInjected(Eight, "t", 185, "ga67")];
        DoseReport report = DoseReport.Of(p, "ga67", events);
        Assert.Equal(18.5, report.Effective!.MilliSievert, 1); // clinical 1.3 (D)
        Assert.Equal("ICRP128 Ga-67 citrate", report.Effective.Set);
    }

    [Theory]
    [InlineData(760, PrescriptionVerdict.Within)]
    [InlineData(780, PrescriptionVerdict.Warn)]
    [InlineData(850, PrescriptionVerdict.NeedsReason)]
    [InlineData(550, PrescriptionVerdict.NeedsReason)]
    public void Check_WarnsBeyond10AndAsksAReasonBeyond20Percent(double mbq, PrescriptionVerdict expected) =>
        Assert.Equal(expected, DoseReport.Of(Protocol("bone/facet.yaml"), "", [new DoseMeasured(Eight, "t", mbq)]).Check!.Verdict);
}
