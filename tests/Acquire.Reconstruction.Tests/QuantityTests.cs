using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class QuantityTests
{
    /// <summary>1 MBq/ml in voxels of 1 ml, 90 cps/MBq, 10 s: 900 counts per voxel and view.</summary>
    [Fact]
    public void KbqPerMlAndSuv_ByHand()
    {
        Volume v = Volume.Centred(2, 2, 2, 10, "counts");
        Array.Fill(v.Values, 900f);

        Volume kbq = Quantification.KbqPerMl(v, 10, 90);
        Volume suv = Quantification.Suv(kbq, 70, 700);

        Assert.Equal("kBq/ml", kbq.Unit);
        Assert.Equal(1000f, kbq.Values[3], 0.01f);
        Assert.Equal("g/ml", suv.Unit);
        Assert.Equal(100f, suv.Values[3], 0.001f);
        Assert.Throws<BadInputException>(() => Quantification.KbqPerMl(v, 0, 90));
        Assert.Throws<BadInputException>(() => Quantification.KbqPerMl(kbq, 10, 90));
        Assert.Throws<BadInputException>(() => Quantification.Suv(v, 70, 700));
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(7)]
    [InlineData(12.5)]
    [InlineData(400)]
    public void Poisson_MeanAndVariance_AreTheMean(double mean)
    {
        Random random = new(5);
        double sum = 0, squares = 0;
        const int n = 200_000;
        for (int i = 0; i < n; i++)
        {
            double k = Uncertainty.Poisson(random, mean);
            sum += k;
            squares += k * k;
        }
        double m = sum / n, variance = (squares / n) - (m * m);
        Assert.Equal(mean, m, 5 * Math.Sqrt(mean / n));
        Assert.Equal(mean, variance, (5 * mean * Math.Sqrt(2.0 / n)) + (5 * Math.Sqrt(mean / n)));
    }

    [Fact]
    public void Halves_AddUpAndAreIndependent()
    {
        ProjectionSet set = Geometry.Circular(4, 40, 40, 5, 100);
        Random random = new(1);
        for (int n = 0; n < set.Counts.Length; n++) set.Counts[n] = Uncertainty.Poisson(random, 150);

        (ProjectionSet a, ProjectionSet b) = Uncertainty.Halves(set, 3);

        double meanA = a.Counts.Average(), meanB = b.Counts.Average(), covariance = 0, variance = 0;
        for (int n = 0; n < a.Counts.Length; n++)
        {
            Assert.Equal(set.Counts[n], a.Counts[n] + b.Counts[n]);
            covariance += (a.Counts[n] - meanA) * (b.Counts[n] - meanB) / a.Counts.Length;
            variance += (a.Counts[n] - meanA) * (a.Counts[n] - meanA) / a.Counts.Length;
        }
        Assert.Equal(75, meanA, 0.6);
        Assert.Equal(75, variance, 6.0);
        Assert.Equal(0, covariance, 5 * 75 / Math.Sqrt(a.Counts.Length));
        Assert.Throws<BadInputException>(() => Uncertainty.Halves(set with { Counts = Array.ConvertAll(set.Counts, c => c + 0.5f) }, 1));
    }

    /// <summary>Deviation by bootstrap and by half counts from one noisy acquisition against the deviation over 40 acquisitions that were really repeated.</summary>
    [Fact]
    public void Bootstrap_And_HalfCounts_FindTheDeviationOfRepeatedAcquisitions()
    {
        ProjectionSet set = Geometry.Circular(24, 28, 10, 6, 100);
        Volume map = Geometry.Cylinder(set, 60, 0.0154f);
        DetectorResponse response = new(1.11, 23.3, 3.8);
        using SystemModel truth = new(set, map, response);
        float[] mean = truth.Project(Geometry.Cylinder(set, 55, 20).Values);
        ReconstructionOptions options = new() { Iterations = 3, Subsets = 6, FilterMm = 10 };
        ReconstructionInput Counted(int seed) => new() { Projections = Uncertainty.Redrawn(set with { Counts = mean }, seed), AttenuationMap = map, Response = response, Description = "" };
        const int repeats = 40;
        double[] sum = new double[28 * 28 * 10], squares = new double[sum.Length];
        for (int r = 0; r < repeats; r++)
        {
            float[] v = Reconstructor.Run(Counted(100 + r), options, TimeProvider.System).Values;
            for (int n = 0; n < v.Length; n++)
            {
                sum[n] += v[n];
                squares[n] += (double)v[n] * v[n];
            }
        }
        double[] deviation = [.. sum.Select((s, n) => Math.Sqrt(Math.Max(0, (squares[n] - (s * s / repeats)) / (repeats - 1))))];

        Volume boot = Uncertainty.Bootstrap(Counted(1), options, 24, 7, TimeProvider.System), half = Uncertainty.HalfCounts(Counted(1), options, 7, TimeProvider.System);

        double Mean(Func<int, double> of)
        {
            double total = 0;
            int count = 0;
            for (int k = 3; k < 7; k++)
                for (int j = 8; j < 20; j++)
                    for (int i = 8; i < 20; i++, count++) total += of((((k * 28) + j) * 28) + i);
            return total / count;
        }
        double real = Mean(n => deviation[n]);
        Assert.Equal(1, Mean(n => boot.Values[n]) / real, 0.12);
        Assert.Equal(1, Mean(n => half.Values[n]) / real, 0.2);
        Assert.True(real > 0.02 * Mean(n => sum[n] / repeats));
        Assert.Equal(boot.Values, Uncertainty.Bootstrap(Counted(1), options, 24, 7, TimeProvider.System).Values);
    }
}
