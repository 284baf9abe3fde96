using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class FiguresOfMeritTests
{
    private static readonly KnownSphere Hot = new("hot", 20, 0, 0, 8), Cold = new("cold", -20, 0, 0, 8);

    [Fact]
    public void Compare_TruthTimesAFactor_IsPerfect()
    {
        Volume truth = Phantom(9, 0);

        FiguresOfMerit m = FiguresOfMerit.Compare(truth with { Values = [.. truth.Values.Select(v => 0.3f * v)] }, truth, null, [Hot, Cold]);

        Assert.Equal(1 / 0.3, m.Scale, 1e-5);
        Assert.Equal(0, m.NrmseBodyPercent, 1e-3);
        Assert.All(m.ContrastRecoveryPercent, c => Assert.Equal(100, c.Percent, 1e-3));
        Assert.Equal(0, m.SoftTissueCvPercent, 1e-3);
    }

    [Fact]
    public void Compare_HalfTheContrast_SaysHalf()
    {
        Volume truth = Phantom(9, 0), image = Phantom(5, 0.5f);

        FiguresOfMerit m = FiguresOfMerit.Compare(image, truth, null, [Hot, Cold]);

        Assert.All(m.ContrastRecoveryPercent, c => Assert.Equal(50, c.Percent, 0.5));
    }

    [Fact]
    public void Compare_CheckerboardOfTenPercent_IsTenPercentCvAndError()
    {
        Volume truth = Phantom(1, 1);
        Volume image = truth with { Values = [.. truth.Values.Select((v, n) => ((n % 32) + (n / 32 % 32) + (n / 1024)) % 2 == 0 ? 1.1f * v : 0.9f * v)] };

        FiguresOfMerit m = FiguresOfMerit.Compare(image, truth, null, []);

        Assert.Equal(10, m.NrmseBodyPercent, 0.05);
        Assert.Equal(10, m.SoftTissueCvPercent, 0.2);
        Assert.Equal(0, m.SoftTissueBiasPercent, 0.1);
    }

    private static Volume Phantom(float hot, float cold)
    {
        Volume v = Volume.Centred(32, 32, 32, 4, "1");
        for (int k = 0; k < 32; k++)
            for (int j = 0; j < 32; j++)
                for (int i = 0; i < 32; i++)
                {
                    double x = v.X0Mm + (i * 4), y = v.Y0Mm + (j * 4), z = v.Z0Mm + (k * 4);
                    bool In(KnownSphere s) => ((x - s.XMm) * (x - s.XMm)) + (y * y) + (z * z) <= s.RadiusMm * s.RadiusMm;
                    v.Values[v.Index(i, j, k)] = In(Hot) ? hot : In(Cold) ? cold : 1;
                }
        return v;
    }
}
