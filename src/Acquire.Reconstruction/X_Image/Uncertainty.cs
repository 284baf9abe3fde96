using System.Numerics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>How far the image would change if the same patient were counted again.</summary>
public static class Uncertainty
{
    /// <summary>Standard deviation per voxel by repeating the reconstruction on counts drawn again.</summary>
    /// <param name="input">Input.</param>
    /// <param name="options">The reconstruction whose uncertainty is wanted, filter included.</param>
    /// <param name="replicates">How many, 2 or more; the relative error of the deviation is about 1 / sqrt(2 (replicates - 1)).</param>
    /// <param name="seed">Seed: the same gives the same map.</param>
    /// <param name="time">Clock.</param>
    /// <param name="replicate">Counts of replicate n, e.g. from resampled list-mode events; null for <see cref="Redrawn"/>.</param>
    /// <param name="progress">Told replicates done.</param>
    /// <param name="cancel">Ends the work.</param>
    public static Volume Bootstrap(ReconstructionInput input, ReconstructionOptions options, int replicates, int seed, TimeProvider time, Func<int, ProjectionSet>? replicate = null, Action<int>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (replicates is < 2 or > 10000) throw new BadInputException("a bootstrap needs 2 to 10000 replicates.");
        double[] sum = [], squares = [];
        Volume? last = null;
        for (int n = 0; n < replicates; n++)
        {
            last = Reconstructor.Run(input with { Projections = replicate?.Invoke(n) ?? Redrawn(input.Projections, unchecked((seed * 7919) + n)) }, options, time, null, cancel);
            if (n == 0) (sum, squares) = (new double[last.Values.Length], new double[last.Values.Length]);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += last.Values[i];
                squares[i] += (double)last.Values[i] * last.Values[i];
            }
            progress?.Invoke(n + 1);
        }
        float[] deviation = new float[sum.Length];
        for (int i = 0; i < sum.Length; i++) deviation[i] = (float)Math.Sqrt(Math.Max(0, (squares[i] - (sum[i] * sum[i] / replicates)) / (replicates - 1)));
        return last! with { Values = deviation };
    }

    /// <summary>Standard deviation from two halves of the counts: the local root mean square of their difference. Two reconstructions, but only as fine as the smoothing.</summary>
    /// <param name="input">Input.</param>
    /// <param name="options">The reconstruction whose uncertainty is wanted.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="time">Clock.</param>
    /// <param name="smoothMm">Smoothing of the squared difference, FWHM in mm.</param>
    /// <param name="cancel">Ends the work.</param>
    public static Volume HalfCounts(ReconstructionInput input, ReconstructionOptions options, int seed, TimeProvider time, double smoothMm = 30, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        (ProjectionSet a, ProjectionSet b) = Halves(input.Projections, seed);
        Volume first = Reconstructor.Run(input with { Projections = a }, options, time, null, cancel), second = Reconstructor.Run(input with { Projections = b }, options, time, null, cancel);
        float[] square = new float[first.Values.Length];
        for (int n = 0; n < square.Length; n++) square[n] = (first.Values[n] - second.Values[n]) * (first.Values[n] - second.Values[n]);
        Volume smooth = GaussianFilter.Apply(first with { Values = square }, smoothMm);
        return smooth with { Values = Array.ConvertAll(smooth.Values, v => MathF.Sqrt(Math.Max(0, v))) };
    }

    /// <summary>Counts drawn again: every bin Poisson around what was counted (the bootstrap of events, when their number is not held). Scatter stays as it is.</summary>
    /// <param name="set">Projections; values that are no whole numbers are taken as means.</param>
    /// <param name="seed">Seed.</param>
    public static ProjectionSet Redrawn(ProjectionSet set, int seed)
    {
        ArgumentNullException.ThrowIfNull(set);
        Random random = new(seed);
        return set with { Counts = Array.ConvertAll(set.Counts, c => (float)Poisson(random, c)) };
    }

    /// <summary>Every count goes to one of two sets by the toss of a coin: two independent halves that add to the whole. Scatter is halved.</summary>
    /// <param name="set">Projections; whole numbers.</param>
    /// <param name="seed">Seed.</param>
    public static (ProjectionSet First, ProjectionSet Second) Halves(ProjectionSet set, int seed)
    {
        ArgumentNullException.ThrowIfNull(set);
        Random random = new(seed);
        float[] a = new float[set.Counts.Length], b = new float[a.Length];
        for (int n = 0; n < a.Length; n++)
        {
            long whole = (long)Math.Round(set.Counts[n]), left = whole, heads = 0;
            if (Math.Abs(set.Counts[n] - whole) > 1e-3 || whole < 0) throw new BadInputException("counts that are not whole numbers cannot be split in halves; use the bootstrap.");
            for (; left > 0; left -= 62) heads += BitOperations.PopCount((ulong)random.NextInt64() & ((1UL << (int)Math.Min(left, 62)) - 1));
            (a[n], b[n]) = (heads, whole - heads);
        }
        float[]? half = set.Scatter is null ? null : Array.ConvertAll(set.Scatter, s => s / 2);
        return (set with { Counts = a, Scatter = half }, set with { Counts = b, Scatter = half });
    }

    /// <summary>A Poisson number: by multiplication of uniforms below 12, by Hoermann's transformed rejection (PTRS, 1993) above.</summary>
    internal static long Poisson(Random random, double mean)
    {
        if (mean <= 0) return 0;
        if (mean < 12)
        {
            double limit = Math.Exp(-mean), product = random.NextDouble();
            long k = 0;
            for (; product > limit; k++) product *= random.NextDouble();
            return k;
        }
        double root = Math.Sqrt(mean), log = Math.Log(mean), b = 0.931 + (2.53 * root), a = -0.059 + (0.02483 * b), inverse = 1.1239 + (1.1328 / (b - 3.4)), vr = 0.9277 - (3.6224 / (b - 2));
        while (true)
        {
            double u = random.NextDouble() - 0.5, v = random.NextDouble(), us = 0.5 - Math.Abs(u);
            double k = Math.Floor((((2 * a / us) + b) * u) + mean + 0.43);
            if (us >= 0.07 && v <= vr) return (long)k;
            if (k < 0 || (us < 0.013 && v > us)) continue;
            if (Math.Log(v) + Math.Log(inverse) - Math.Log((a / (us * us)) + b) <= -mean + (k * log) - LogFactorial(k)) return (long)k;
        }
    }

    private static double LogFactorial(double k)
    {
        if (k < 10)
        {
            double product = 1;
            for (int n = 2; n <= k; n++) product *= n;
            return Math.Log(product);
        }
        double x = k + 1, i = 1 / x;
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + (i / 12) - (i * i * i / 360);
    }
}
