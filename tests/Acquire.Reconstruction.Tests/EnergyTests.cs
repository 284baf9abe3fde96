using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class EnergyTests
{
    /// <summary>Golden values of docs: physics-and-qc 1.4, resolution with c = 10 mm and 3.8 mm intrinsic, 1 %.</summary>
    [Theory]
    [InlineData("LEHR", 140.5, 100, 7.4)]
    [InlineData("LEHR", 140.5, 250, 14.0)]
    [InlineData("LEUHR", 140.5, 150, 7.5)]
    [InlineData("MELP", 140.5, 100, 11.7)]
    [InlineData("GE MEGP", 140.5, 200, 14.5)]
    public void FromName_AtTechnetium_HasThePublishedWidths(string name, double keV, double distance, double fwhm)
        => Assert.Equal(fwhm, DetectorResponse.FromName(name, keV)!.FwhmMm(distance), 0.06);

    /// <summary>Septa: l_eff = l - 2/mu(Pb, E) with mu of docs: physics-and-qc 1.4; crystal: 1/sqrt(E), not below 3 mm.</summary>
    [Theory]
    [InlineData(171.3, 40.64 - (20 / 16.5), 3.44)]
    [InlineData(245.4, 40.64 - (20 / 7.17), 3.0)]
    [InlineData(93.3, 40.64 - (20 / 75.1), 4.66)]
    public void AtEnergy_Melp_FollowsLeadAndCrystal(double keV, double effective, double intrinsic)
    {
        DetectorResponse r = DetectorResponse.FromName("MELP", keV)!;

        Assert.Equal(effective, r.EffectiveLengthMm, 0.01);
        Assert.Equal(intrinsic, r.IntrinsicFwhmMm, 0.01);
    }

    [Theory]
    [InlineData(171.3, 0.01441, 0.02685)]
    [InlineData(245.4, 0.01274, 0.02316)]
    [InlineData(364.5, 0.01100, 0.01975)]
    public void Convert_WaterAndBone_GoToTheTable(double keV, double water, double bone)
    {
        Assert.Equal(water, PhotonAttenuation.Convert(0.01536, 140.5, keV), 1e-5);
        Assert.Equal(bone, PhotonAttenuation.Convert(0.02947, 140.5, keV), 1e-5);
        Assert.Equal(0, PhotonAttenuation.Convert(0, 140.5, keV));
        Assert.Equal(0.021, PhotonAttenuation.Convert(PhotonAttenuation.Convert(0.021, 140.5, keV), keV, 140.5), 1e-6);
    }

    /// <summary>The table's own rows, and the round trip of docs: physics-and-qc 9.10: water 0.1536 +- 0.001, bone (1454 HU at 110 kV) 0.2947 +- 0.005 per cm.</summary>
    [Theory]
    [InlineData(0, 110, 140.5, 0.01536, 0.0001)]
    [InlineData(1454, 110, 140.5, 0.02947, 0.0005)]
    [InlineData(0, 130, 245, 0.01277, 1e-6)]
    [InlineData(1000, 130, 171, 0.02412, 1e-5)]
    [InlineData(-1000, 130, 208, 0, 1e-4)]
    [InlineData(500, 80, 184.6, 0.017295, 2e-5)]
    public void MuPerMm_OtherEnergies_AreTheTables(double hu, double kv, double keV, double expected, double tolerance)
        => Assert.Equal(expected, AttenuationMap.MuPerMm(hu, kv, keV), tolerance);

    [Fact]
    public void FromCt_ClippedAndPadded_SaysSoAndKeepsAirOut()
    {
        Volume hu = Volume.Centred(32, 32, 4, 2, "HU");
        Array.Fill(hu.Values, -1000);
        for (int k = 0; k < 4; k++)
            for (int j = 4; j < 28; j++)
                for (int i = 4; i < 28; i++) hu.Values[hu.Index(i, j, k)] = 0;
        for (int i = 14; i < 17; i++) hu.Values[hu.Index(i, 15, 2)] = 3071;
        for (int j = 0; j < 32; j++) hu.Values[hu.Index(0, j, 1)] = -3024;

        AttenuationMapResult result = AttenuationMap.FromCt(hu, 130, Volume.Centred(16, 16, 4, 4, "1/mm"), 4);
        AttenuationMapResult plain = AttenuationMap.FromCt(hu with { Values = Array.ConvertAll(hu.Values, v => Math.Max(v, -1000)) }, 130, Volume.Centred(16, 16, 4, 4, "1/mm"), 4);

        Assert.Equal((3, 3071.0), (result.ClippedVoxels, result.ClipHu));
        Assert.Equal(3, result.MetalVoxels);
        Assert.All(result.Map.Values, m => Assert.InRange(m, 0, 0.081f));
        // Padding beyond the scanner's field is air and does not eat into the body beside it.
Assert.Equal(plain.Map.Values, result.Map.Values);
    }

    [Theory]
    [InlineData(126.45, 154.55, "", "Tc-99m", 140.511)]
    [InlineData(222, 270, "", "In-111", 245.35)]
    [InlineData(84, 103, "", "Ga-67", 93.31)]
    [InlineData(158, 184, "In-111", "In-111", 171.28)]
    [InlineData(143, 175, "", "I-123", 158.97)]
    public void NuclideOf_Window_FindsTheLine(double low, double high, string given, string name, double keV)
    {
        (Acquire.Protocols.Nuclides.Radionuclide nuclide, double energy) = ProjectionSetBuilder.NuclideOf(new EnergyWindow("w", low, high, EnergyWindowRole.Photopeak), given);

        Assert.Equal((name, keV), (nuclide.Name, energy));
    }

    [Fact]
    public void NuclideOf_NoSuchLine_SaysSo()
        => Assert.Contains("no line of In-111", Assert.Throws<BadInputException>(() => ProjectionSetBuilder.NuclideOf(new EnergyWindow("w", 126, 154, EnergyWindowRole.Photopeak), "In-111")).Message, StringComparison.Ordinal);

    /// <summary>20 % loss at n = 0.2231 / tau (docs: physics-and-qc 1.5): observed 0.8 n.</summary>
    [Fact]
    public void LiveShare_Paralysable_InvertsTheLaw()
    {
        const double tau = 0.7e-6;
        Assert.Equal(0.8, DeadTime.LiveShare(0.8 * 0.22314355 / tau, tau), 1e-6);
        Assert.Equal(Math.Exp(-0.9), DeadTime.LiveShare(0.9 / tau * Math.Exp(-0.9), tau), 1e-6);
        Assert.Equal(1, DeadTime.LiveShare(5000, 0));
        Assert.Throws<BadInputException>(() => DeadTime.LiveShare(0.4 / tau, tau));
    }

    [Fact]
    public void Factors_OfEveryMethod()
    {
        (double lower, double upper) = ScatterEstimate.Factors(ScatterMethod.Windows, 18, 7, 28, 0.5);
        Assert.Equal(28 / 2.0 / 18, lower, 1e-12);
        Assert.Equal(28 / 2.0 / 7, upper, 1e-12);
        Assert.Equal((lower, 0), ScatterEstimate.Factors(ScatterMethod.LowerWindow, 18, 7, 28, 0.5));
        Assert.Equal((0.47, 0), ScatterEstimate.Factors(ScatterMethod.DualWindow, 33, 0, 28, 0.47));
        Assert.Equal((0, 0), ScatterEstimate.Factors(ScatterMethod.None, 18, 7, 28, 0.5));
    }
}
