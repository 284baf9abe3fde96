using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;

namespace Acquire.Service.Tests.Reconstruction;

public sealed class OsemTests
{
    private static readonly DetectorResponse Lehr = new(1.11, 23.3, 3.8);

    [Fact]
    public void Reconstruct_OneAndTwoAndFiveThreads_GiveTheSameBits()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(17);
        using SystemModel model = new(set, map, Lehr);

        float[] one = Run(set, model, 2, 4, 1).Values, two = Run(set, model, 2, 4, 2).Values, five = Run(set, model, 2, 4, 5).Values;

        Assert.True(one.AsSpan().SequenceEqual(two));
        Assert.True(one.AsSpan().SequenceEqual(five));
        Assert.Contains(one, v => v > 0);
    }

    [Fact]
    public void Reconstruct_OneSubset_LikelihoodNeverFalls()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(3);
        using SystemModel model = new(set, map, Lehr);
        List<double> likelihood = [];

        Osem.Reconstruct(set, model, new OsemOptions { Iterations = 25, Subsets = 1 }, TimeProvider.System, p => likelihood.Add(p.LogLikelihood));

        Assert.Equal(25, likelihood.Count);
        for (int n = 1; n < likelihood.Count; n++) Assert.True(likelihood[n] >= likelihood[n - 1] - 1e-3, $"{n}: {likelihood[n - 1]} to {likelihood[n]}");
        Assert.True(likelihood[^1] > likelihood[0] + 100);
    }

    [Fact]
    public void Reconstruct_AnalyticCylinderWithAllPhysics_IsFlatAndKeepsItsTotal()
    {
        const double mu = 0.0154, r = 70, activity = 20, scatter = 6;
        ProjectionSet set = Geometry.Circular(30, 48, 20, 4.8, 125, startDeg: 3);
        double[] profile = CylinderProfile(set, r, mu, activity);
        float[] estimate = new float[set.Counts.Length];
        double[] weight = new double[set.Views];
        for (int v = 0; v < set.Views; v++)
        {
            weight[v] = 1 - (0.01 * v);
            for (int n = 0; n < 20 * 48; n++)
            {
                estimate[(v * 20 * 48) + n] = (float)scatter;
                set.Counts[(v * 20 * 48) + n] = (float)((weight[v] * profile[n % 48]) + scatter);
            }
        }
        set = set with { Scatter = estimate, ViewWeight = weight };
        using SystemModel model = new(set, Geometry.Cylinder(set, r, (float)mu), Lehr);

        Volume v1 = Run(set, model, 10, 6, 0);

        (double centre, double edge, double total) = Rings(v1, r);
        Assert.Equal(activity, centre, 0.03 * activity);
        Assert.Equal(activity, edge, 0.03 * activity);
        Assert.Equal(activity * Math.PI * r * r / (4.8 * 4.8), total, 0.03 * total);
    }

    [Fact]
    public void Reconstruct_NoAttenuationMap_LosesTheCentre()
    {
        const double mu = 0.0154, r = 70;
        ProjectionSet set = Geometry.Circular(30, 48, 4, 4.8, 125);
        double[] profile = CylinderProfile(set, r, mu, 20);
        for (int n = 0; n < set.Counts.Length; n++) set.Counts[n] = (float)profile[n % 48];
        using SystemModel model = new(set, null, Lehr);

        (double centre, double edge, _) = Rings(Run(set, model, 6, 6, 0), r);

        Assert.True(centre < 0.85 * edge, $"{centre} {edge}");
    }

    [Fact]
    public void Reconstruct_Cancelled_Throws()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(3);
        using SystemModel model = new(set, map, Lehr);
        using CancellationTokenSource source = new();

        Assert.Throws<OperationCanceledException>(() => Osem.Reconstruct(set, model, new OsemOptions { Iterations = 50, Subsets = 2 }, TimeProvider.System, p =>
        {
            if (p.Update == 3) source.Cancel();
        }, source.Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(15)]
    public void Subsets_EveryViewOnce(int subsets)
    {
        double[] angles = [.. Enumerable.Range(0, 121).Select(v => v * 119.0 % 360)];

        int[][] made = Osem.MakeSubsets(angles, subsets);

        Assert.Equal(Enumerable.Range(0, 121), made.SelectMany(s => s).Order());
        Assert.Equal(Enumerable.Range(0, subsets), Osem.SubsetOrder(subsets).Order());
    }

    private static Volume Run(ProjectionSet set, SystemModel model, int iterations, int subsets, int threads)
        => Osem.Reconstruct(set, model, new OsemOptions { Iterations = iterations, Subsets = subsets, Threads = threads }, TimeProvider.System);

    private static (ProjectionSet Set, Volume Map) NoisyCylinder(int rows)
    {
        ProjectionSet set = Geometry.Circular(24, 32, rows, 6, 110);
        Volume map = Geometry.Cylinder(set, 70, 0.0154f);
        using SystemModel truth = new(set, map, Lehr);
        float[] p = truth.Project(Geometry.Cylinder(set, 55, 3, 8, -5).Values);
        Random random = new(42);
        for (int n = 0; n < p.Length; n++) set.Counts[n] = (float)Math.Max(0, Math.Round(p[n] + (Math.Sqrt(p[n]) * 1.7 * (random.NextDouble() + random.NextDouble() - 1) * 1.4)));
        return (set, map);
    }

    /// <summary>One view of an endless cylinder: integral over its area of exp(-mu path) times the Gaussian of the distance, per bin; no use of the projector.</summary>
    internal static double[] CylinderProfile(ProjectionSet set, double r, double mu, double activity)
    {
        const double step = 0.8;
        double bin = set.BinMm;
        double[] profile = new double[set.Columns];
        for (double s = -r + (step / 2); s < r; s += step)
        {
            double sigma = Lehr.FwhmMm(set.RadiusMm[0] - s) / 2.3548200450309493;
            for (double t = -r + (step / 2); t < r; t += step)
            {
                if ((s * s) + (t * t) > r * r) continue;
                double weight = activity * Math.Exp(-mu * (Math.Sqrt((r * r) - (t * t)) - s)) * step * step / (bin * bin);
                for (int i = 0; i < set.Columns; i++)
                {
                    double d = ((i - ((set.Columns - 1) / 2.0)) * bin) - t;
                    if (Math.Abs(d) > 5 * sigma) continue;
                    profile[i] += weight * bin * Math.Exp(-d * d / (2 * sigma * sigma)) / (sigma * Math.Sqrt(2 * Math.PI));
                }
            }
        }
        return profile;
    }

    private static (double Centre, double Edge, double Total) Rings(Volume v, double r)
    {
        double centre = 0, edge = 0, total = 0;
        int nc = 0, ne = 0, k = v.Nz / 2;
        for (int j = 0; j < v.Ny; j++)
            for (int i = 0; i < v.Nx; i++)
            {
                double x = v.X0Mm + (i * v.DxMm), y = v.Y0Mm + (j * v.DyMm), d = Math.Sqrt((x * x) + (y * y));
                double value = v.Values[v.Index(i, j, k)];
                total += value;
                if (d < 0.35 * r)
                {
                    centre += value;
                    nc++;
                }
                if (d > 0.55 * r && d < 0.8 * r)
                {
                    edge += value;
                    ne++;
                }
            }
        return (centre / nc, edge / ne, total);
    }
}
