using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

public sealed class OsemTests
{
    private static readonly DetectorResponse Lehr = new(1.11, 23.3, 3.8);

    [Fact]
    public void Reconstruct_AnyNumberOfThreads_GivesTheSameBits()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(17);
        using SystemModel model = new(set, map, Lehr);
        OsemOptions[] ways = [new(), new() { Momentum = true }, new() { Prior = new RelativeDifferencePrior { Anatomy = map }, Relaxation = 0.1 }];

        foreach (OsemOptions way in ways)
        {
            float[] one = Run(1);
            foreach (int threads in new[] { 2, 3, 8 }) Assert.True(one.AsSpan().SequenceEqual(Run(threads)), $"{threads} threads, {way}");
            Assert.Contains(one, v => v > 0);

            float[] Run(int threads) => Osem.Reconstruct(set, model, way with { Iterations = 2, Subsets = 4, Threads = threads }, TimeProvider.System).Values;
        }
    }

    [Fact]
    public void Reconstruct_OneSubset_LikelihoodNeverFalls()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(3);
        using SystemModel model = new(set, map, Lehr);
        List<double> likelihood = [];

        Osem.Reconstruct(set, model, new OsemOptions { Iterations = 25, Subsets = 1, Likelihood = true }, TimeProvider.System, p => likelihood.Add(p.LogLikelihood));

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
    [InlineData(1, SubsetChoice.Interleaved)]
    [InlineData(12, SubsetChoice.Interleaved)]
    [InlineData(15, SubsetChoice.Balanced)]
    [InlineData(7, SubsetChoice.Balanced)]
    [InlineData(15, SubsetChoice.Sequential)]
    public void Subsets_EveryViewOnce(int subsets, SubsetChoice choice)
    {
        double[] angles = [.. Enumerable.Range(0, 121).Select(v => v * 119.0 % 360)], weights = [.. Enumerable.Range(0, 121).Select(v => 1 + ((v * 37) % 11 / 10.0))];

        int[][] made = Subsets.Make(angles, weights, subsets, choice);

        Assert.Equal(Enumerable.Range(0, 121), made.SelectMany(s => s).Order());
        Assert.Equal(Enumerable.Range(0, subsets), Subsets.Order(subsets, choice).Order());
        Assert.True(made.Max(m => m.Length) - made.Min(m => m.Length) <= 1);
    }

    [Fact]
    public void Subsets_Balanced_WeighMoreAlikeThanInterleaved()
    {
        double[] angles = [.. Enumerable.Range(0, 120).Select(v => v * 3.0)], weights = [.. Enumerable.Range(0, 120).Select(v => v % 10 == 0 ? 0.4 : 1.0)];
        double Spread(SubsetChoice choice)
        {
            double[] sums = [.. Subsets.Make(angles, weights, 10, choice).Select(s => s.Sum(v => weights[v]))];
            return sums.Max() - sums.Min();
        }

        Assert.True(Spread(SubsetChoice.Balanced) < 0.3 * Spread(SubsetChoice.Interleaved));
    }

    /// <summary>The penalised likelihood has one maximum: from two starts and with other subsets the same image must come, and a warm start must come there sooner.</summary>
    [Fact]
    public void Reconstruct_WithPrior_SettlesAtOneImageFromAnyStart()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(8);
        using SystemModel model = new(set, map, Lehr);
        RelativeDifferencePrior prior = new() { Strength = 0.1 };
        OsemOptions options = new() { Prior = prior, Iterations = 400, Subsets = 1 };
        float[] settled = Osem.Reconstruct(set, model, options, TimeProvider.System).Values;
        float[] other = Osem.Reconstruct(set, model, options with { Start = Geometry.Cylinder(set, 40, 5, -10, 10), Iterations = 60, Subsets = 4, Relaxation = 0.1 }, TimeProvider.System).Values;
        double mean = settled.Where(v => v > 0.2f).Average();

        Assert.True(Rms(settled, other) < 0.03 * mean, $"{Rms(settled, other) / mean}");
        float[] cold = Osem.Reconstruct(set, model, options with { Iterations = 4, Subsets = 4 }, TimeProvider.System).Values;
        float[] warm = Osem.Reconstruct(set, model, options with { Iterations = 4, Subsets = 4, Start = model.Grid.With(other, 0) }, TimeProvider.System).Values;
        Assert.True(Rms(settled, warm) < 0.7 * Rms(settled, cold));
        // Stronger is smoother.
        float[] smooth = Osem.Reconstruct(set, model, options with { Prior = prior with { Strength = 1 }, Iterations = 40, Subsets = 4, Relaxation = 0.1 }, TimeProvider.System).Values;
        Assert.True(Roughness(smooth) < 0.85 * Roughness(settled), $"{Roughness(smooth)} {Roughness(settled)}");
        double Roughness(float[] v)
        {
            double sum = 0;
            for (int n = 0; n < v.Length - 1; n++) if (v[n] > 0 && v[n + 1] > 0) sum += Math.Abs(v[n] - v[n + 1]);
            return sum;
        }
    }

    /// <summary>Slope and curvature of the penalty against differences of the penalty itself, in double precision.</summary>
    [Fact]
    public void Prior_SlopeIsThatOfThePenalty()
    {
        ProjectionSet set = Geometry.Circular(4, 16, 19, 5, 60, row: 7);
        Volume map = Geometry.Cylinder(set, 25, 0.015f);
        for (int n = 0; n < map.Values.Length; n++) map.Values[n] *= 1 + (0.1f * (n % 3));
        using SystemModel model = new(set, map, null);
        RelativeDifferencePrior prior = new() { Gamma = 1.5, Anatomy = map };
        using PriorTerm term = new(model, prior);
        float[] image = Geometry.Noise(16 * 16 * 19, 4, 0.5, 3);
        int plane = 256, checkedVoxels = 0;
        const double floor = 0.01;
        double Penalty(Func<int, double> x, int n)
        {
            double sum = 0;
            foreach ((int step, double w) in new[] { (-1, 1.0), (1, 1.0), (-16, 1.0), (16, 1.0), (-plane, 5 / 7.0), (plane, 5 / 7.0) })
            {
                int m = n + step;
                if (m < 0 || m >= image.Length || !model.Columns.Support[m % plane]) continue;
                double d = x(n) - x(m), apart = (map.Values[n] - map.Values[m]) / prior.AnatomyScale;
                sum += w / (1 + (apart * apart)) * d * d / (x(n) + x(m) + (1.5 * Math.Abs(d)) + floor);
            }
            return sum;
        }
        unsafe
        {
            using AlignedFloats f = model.Allocate();
            model.Columns.Load(image, f.Pointer);
            for (int c = 0; c < model.Columns.Count; c += 3)
                for (int o = 0; o < model.Stride; o += 16)
                {
                    term.At(f.Pointer, c, o, (float)floor, out var slope, out var curvature);
                    for (int lane = 0; lane < 16 && o + lane < 19; lane++)
                    {
                        int n = ((o + lane) * plane) + model.Columns.Order[c];
                        double up = Penalty(m => image[m] + (m == n ? 1e-4 : 0), n), down = Penalty(m => image[m] - (m == n ? 1e-4 : 0), n);
                        Assert.Equal((up - down) / 2e-4, slope[lane], 2e-4);
                        Assert.True(curvature[lane] >= 0);
                        checkedVoxels++;
                    }
                }
        }
        Assert.True(checkedVoxels > 100);
    }

    [Fact]
    public void Run_StopRules_StopForTheirOwnReason()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(24);
        using SystemModel model = new(set, map, Lehr);
        OsemOptions options = new() { Iterations = 60, Subsets = 4 };

        OsemResult never = Osem.Run(set, model, options with { Iterations = 3 }, TimeProvider.System);
        OsemResult change = Osem.Run(set, model, options with { Stop = new StopRule { ImageChangePercent = 10 } }, TimeProvider.System);
        OsemResult likelihood = Osem.Run(set, model, options with { Stop = new StopRule { LikelihoodGainPerThousandCounts = 0.5 } }, TimeProvider.System);
        OsemResult noise = Osem.Run(set, model, options with { Stop = new StopRule { NoisePercent = 25, SoftTissueMap = map } }, TimeProvider.System);
        OsemResult region = Osem.Run(set, model, options with { Stop = new StopRule { RegionChangePercent = 0.5, Region = new KnownSphere("the middle", 8, -5, 0, 30) } }, TimeProvider.System);

        Assert.Equal((3, 12, ""), (never.Iterations, never.Updates, never.StoppedBy));
        Assert.Contains("image changed", change.StoppedBy, StringComparison.Ordinal);
        Assert.Contains("likelihood", likelihood.StoppedBy, StringComparison.Ordinal);
        Assert.Contains("noise", noise.StoppedBy, StringComparison.Ordinal);
        Assert.Contains("the middle", region.StoppedBy, StringComparison.Ordinal);
        Assert.All([change, likelihood, noise, region], r => Assert.InRange(r.Iterations, 2, 59));
        Assert.True(SoftTissueNoise.Percent(noise.Image, map) >= 25);
        OsemResult before = Osem.Run(set, model, options with { Iterations = noise.Iterations - 1 }, TimeProvider.System);
        Assert.True(SoftTissueNoise.Percent(before.Image, map) < 25);
    }

    /// <summary>Noise measured by second differences is the noise put in.</summary>
    [Fact]
    public void SoftTissueNoise_WhiteNoise_IsMeasured()
    {
        Volume map = Volume.Centred(24, 24, 24, 5, "1/mm"), image = Volume.Centred(24, 24, 24, 5, "counts");
        Random random = new(3);
        for (int n = 0; n < map.Values.Length; n++)
        {
            map.Values[n] = 0.015f;
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            image.Values[n] = (float)(10 + (0.02 * (n / 576)) + (1.7 * normal));
        }

        Assert.Equal(17 / 1.023, SoftTissueNoise.Percent(image, map), 0.8);
    }

    [Fact]
    public void Reconstruct_Momentum_GetsFurtherInTheSamePasses()
    {
        (ProjectionSet set, Volume map) = NoisyCylinder(8);
        using SystemModel model = new(set, map, Lehr);
        double Last(bool momentum, int iterations)
        {
            double last = 0;
            Osem.Reconstruct(set, model, new OsemOptions { Iterations = iterations, Subsets = 1, Momentum = momentum, Likelihood = true }, TimeProvider.System, p => last = p.LogLikelihood);
            return last;
        }

        Assert.True(Last(true, 16) > Last(false, 30), $"{Last(true, 16)} {Last(false, 30)}");
    }

    private static double Rms(float[] a, float[] b)
    {
        double sum = 0;
        int count = 0;
        for (int n = 0; n < a.Length; n++)
        {
            if (a[n] == 0 && b[n] == 0) continue;
            sum += (a[n] - b[n]) * (a[n] - b[n]);
            count++;
        }
        return Math.Sqrt(sum / count);
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
