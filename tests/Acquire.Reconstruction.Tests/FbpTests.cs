using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class FbpTests
{
    [Theory]
    [InlineData(FbpWindow.Ramp, 1, 360)]
    [InlineData(FbpWindow.Hann, 1, 360)]
    [InlineData(FbpWindow.Butterworth, 0.5, 360)]
    [InlineData(FbpWindow.Hann, 1, 180)]
    public void Reconstruct_OffCentreDisc_RecoversAmplitudeAndPlace(FbpWindow window, double cutOff, double extent)
    {
        const double r = 45, x0 = 20, y0 = -12, amplitude = 7;
        ProjectionSet set = Geometry.Circular(90, 64, 2, 3, 100, stepDeg: extent / 90);
        for (int v = 0; v < 90; v++)
        {
            double phi = set.AngleDeg[v] * Math.PI / 180, centre = (x0 * Math.Cos(phi)) - (y0 * Math.Sin(phi));
            for (int t = 0; t < 64; t++)
            {
                double sum = 0;
                for (int q = -3; q <= 3; q++)
                {
                    double d = ((t - 31.5 + (q / 7.0)) * 3) - centre;
                    if (Math.Abs(d) < r) sum += 2 * Math.Sqrt((r * r) - (d * d)) / 7;
                }
                for (int z = 0; z < 2; z++) set.Counts[(((v * 2) + z) * 64) + t] = (float)(amplitude * sum / 3);
            }
        }

        Volume image = Fbp.Reconstruct(set, new FbpOptions { Window = window, CutOff = cutOff });

        double inside = 0, outside = 0;
        int ni = 0, no = 0;
        for (int j = 0; j < 64; j++)
            for (int i = 0; i < 64; i++)
            {
                double x = image.X0Mm + (i * 3) - x0, y = image.Y0Mm + (j * 3) - y0, d = Math.Sqrt((x * x) + (y * y)), value = image.Values[image.Index(i, j, 1)];
                if (d < 35)
                {
                    inside += value;
                    ni++;
                }
                if (d is > 55 and < 65)
                {
                    outside += value;
                    no++;
                }
            }
        Assert.Equal(amplitude, inside / ni, 0.02 * amplitude);
        Assert.Equal(0, outside / no, 0.03 * amplitude);
    }

    [Fact]
    public void Shares_MissingViews_StillCoverTheHalfCircle()
    {
        double[] angles = [.. Enumerable.Range(0, 60).Where(v => v is not (11 or 12 or 40)).Select(v => v * 6.0)];

        double[] share = Fbp.Shares(angles);

        Assert.Equal(Math.PI, share.Sum(), 1e-12);
        Assert.True(share[10] > share[5]);
    }

    [Theory]
    [InlineData(0.5, 0.5, 0.70710678)]
    [InlineData(0.25, 0.5, 0.99951208)]
    public void WindowAt_Butterworth_IsTheMagnitudeDefinition(double fraction, double cutOff, double expected)
        => Assert.Equal(expected, Fbp.WindowAt(fraction, new FbpOptions { CutOff = cutOff, Order = 5 }), 1e-6);
}
