using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class AttenuationMapTests
{
    [Theory]
    [InlineData(0, 130, 0.01538)]
    [InlineData(-1000, 130, 0)]
    [InlineData(1000, 130, 0.02628)]
    [InlineData(1000, 110, 0.02516)]
    [InlineData(1000, 120, 0.02572)]
    [InlineData(1000, 80, 0.02297)]
    [InlineData(1000, 60, 0.02297)]
    [InlineData(-500, 130, 0.0072)]
    public void MuPerMm_TableValues_ByHand(double hu, double kv, double expected)
        => Assert.Equal(expected, AttenuationMap.MuPerMm(hu, kv), 2e-5);

    [Fact]
    public void FromCt_UniformWaterOnAFinerShiftedGrid_IsWaterInsideAndAirOutside()
    {
        Volume ct = Volume.Centred(60, 60, 40, 2, "HU") with { Values = new float[60 * 60 * 40] };
        Volume target = Volume.Centred(40, 40, 20, 4.8, "1");

        AttenuationMapResult result = AttenuationMap.FromCt(ct, 130, target);

        Assert.Equal(0.01538, result.Map.Values[result.Map.Index(20, 20, 10)], 1e-5);
        Assert.True(result.Map.Values[result.Map.Index(1, 20, 10)] < 1e-6);
        Assert.Equal("1/mm", result.Map.Unit);
        Assert.Equal(0, result.MetalVoxels);
        Assert.InRange(result.OutsideFieldFraction, 0.5, 0.9);
    }

    [Fact]
    public void Resample_Ramp_KeepsPlaceAndMean()
    {
        Volume source = Volume.Centred(50, 10, 10, 1.7, "HU");
        for (int n = 0; n < source.Values.Length; n++) source.Values[n] = (float)(source.X0Mm + (n % 50 * 1.7));
        Volume target = Volume.Centred(13, 3, 3, 4.8, "1");

        Volume result = AttenuationMap.Resample(source, target, 0, out double outside);

        Assert.Equal(0, outside);
        for (int i = 0; i < 13; i++) Assert.Equal(target.X0Mm + (i * 4.8), result.Values[result.Index(i, 1, 1)], 0.35);
        Assert.Equal(0, result.Values.Average(), 1e-3);
    }

    [Theory]
    [InlineData(3071)]
    [InlineData(10000)]
    public void FromCt_LargeMetal_IsTitaniumInsideWhateverTheScannerClippedTo(float hu)
    {
        Volume ct = Volume.Centred(48, 48, 24, 2.4, "HU");
        Geometry.Cylinder(Geometry.Circular(1, 48, 24, 2.4, 100), 22, hu).Values.CopyTo(ct.Values, 0);
        for (int n = 0; n < ct.Values.Length; n++) if (ct.Values[n] < hu) ct.Values[n] = 0;
        Volume target = Volume.Centred(24, 24, 12, 4.8, "1");

        AttenuationMapResult result = AttenuationMap.FromCt(ct, 130, target);

        Assert.True(result.MetalVoxels > 1000);
        Assert.Equal(AttenuationMap.MetalMuPerMm, result.Map.Values[result.Map.Index(12, 12, 6)], 0.001);
        Assert.Equal(0.01538, result.Map.Values[result.Map.Index(3, 12, 6)], 0.0003);
    }

    [Fact]
    public void Apply_GaussianOnPoint_HasTheWidthAskedFor()
    {
        Volume v = Volume.Centred(41, 41, 41, 2, "1");
        v.Values[v.Index(20, 20, 20)] = 1;

        Volume f = GaussianFilter.Apply(v, 10);

        double sum = 0, vx = 0, vz = 0;
        for (int k = 0; k < 41; k++)
            for (int j = 0; j < 41; j++)
                for (int i = 0; i < 41; i++)
                {
                    double w = f.Values[f.Index(i, j, k)];
                    sum += w;
                    vx += w * (i - 20) * (i - 20) * 4;
                    vz += w * (k - 20) * (k - 20) * 4;
                }
        Assert.Equal(1, sum, 1e-4);
        Assert.Equal(10, 2.35482 * Math.Sqrt(vx), 0.2);
        Assert.Equal(vx, vz, 1e-4);
    }

    [Fact]
    public void Apply_Flat_StaysFlatToTheBorder()
    {
        Volume v = Volume.Centred(9, 7, 5, 2, "1");
        Array.Fill(v.Values, 3f);

        Assert.All(GaussianFilter.Apply(v, 8).Values, x => Assert.Equal(3, x, 1e-4));
    }
}
