using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Window on the ramp of filtered back projection.</summary>
public enum FbpWindow
{
    /// <summary>Ramp to the Nyquist frequency.</summary>
    Ramp,
    /// <summary>1 / sqrt(1 + (f/fc)^(2n)): the magnitude definition (docs: physics-and-qc 5.2 a).</summary>
    Butterworth,
    /// <summary>0.5 (1 + cos(pi f / fc)) up to fc.</summary>
    Hann,
}

/// <summary>Settings of <see cref="Fbp"/>.</summary>
public sealed record FbpOptions
{
    /// <summary>Window on the ramp.</summary>
    public FbpWindow Window { get; init; } = FbpWindow.Butterworth;
    /// <summary>Cut-off as a fraction of the Nyquist frequency (0.5 per bin).</summary>
    public double CutOff { get; init; } = 0.5;
    /// <summary>Order n of the Butterworth window ("power" is 2n).</summary>
    public double Order { get; init; } = 5;
    /// <summary>Threads; 0 for as many as there are processors. The result does not depend on it.</summary>
    public int Threads { get; init; }
}

/// <summary>Filtered back projection, slice by slice, without attenuation or response; scatter is subtracted when there is an estimate.</summary>
public static unsafe class Fbp
{
    /// <summary>Reconstructs.</summary>
    /// <remarks>
    /// The ramp is the band-limited one in bin space (Kak and Slaney), so that the mean is kept; it is windowed in frequency and
    /// applied as a convolution. Views are weighted with their share of the half circle, so that uneven or missing angles do no
    /// harm beyond their gap.
    /// </remarks>
    /// <param name="projections">Counts, optional scatter and weights.</param>
    /// <param name="options">Window and cut-off.</param>
    /// <returns>Counts per voxel, per view of weight 1; may be negative.</returns>
    public static Volume Reconstruct(ProjectionSet projections, FbpOptions options)
    {
        ArgumentNullException.ThrowIfNull(projections);
        ArgumentNullException.ThrowIfNull(options);
        int nx = projections.Columns, nz = projections.Rows;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Threads > 0 ? options.Threads : Environment.ProcessorCount };
        int vectors = (nz + RotationKernels.Lanes - 1) / RotationKernels.Lanes, stride = vectors * RotationKernels.Lanes;
        double[] kernel = Kernel(nx, options);
        double[] share = Shares(projections.AngleDeg);
        using AlignedFloats filtered = new((long)projections.Views * nx * stride);
        Parallel.For(0, projections.Views, parallel, v => Filter(projections, v, kernel, stride, filtered.Pointer + ((long)v * nx * stride)));
        float[] values = new float[nx * nx * nz];
        double half = (nx - 1) / 2.0;
        Parallel.For(0, nx, parallel, y =>
        {
            using AlignedFloats row = new((long)nx * stride);
            for (int v = 0; v < projections.Views; v++)
            {
                (double sin, double cos) = Math.SinCos(projections.AngleDeg[v] * Math.PI / 180);
                float* view = filtered.Pointer + ((long)v * nx * stride);
                for (int x = 0; x < nx; x++)
                {
                    double dx = x - half, dy = y - half;
                    if ((dx * dx) + (dy * dy) > half * half) continue;
                    double t = (dx * cos) - (dy * sin) + half;
                    int i = Math.Min((int)t, nx - 2);
                    float w1 = (float)((t - i) * share[v]), w0 = (float)(share[v] - w1);
                    float* p = view + ((long)i * stride), q = p + stride, to = row.Pointer + ((long)x * stride);
                    for (int o = 0; o < stride; o += RotationKernels.Lanes)
                        (Vector512.Load(to + o) + (w0 * Vector512.Load(p + o)) + (w1 * Vector512.Load(q + o))).Store(to + o);
                }
            }
            for (int x = 0; x < nx; x++)
                for (int z = 0; z < nz; z++) values[(((z * nx) + y) * nx) + x] = row.Pointer[((long)x * stride) + z];
        });
        return Volume.Centred(nx, nx, nz, projections.BinMm, "counts", projections.CentreZMm) with
        {
            DzMm = projections.RowMm, Z0Mm = projections.CentreZMm - ((nz - 1) / 2.0 * projections.RowMm), Values = values,
        };
    }

    /// <summary>Convolution kernel of the windowed ramp, taps -(n-1)..n-1, bins as unit of length.</summary>
    internal static double[] Kernel(int n, FbpOptions options)
    {
        int size = 4 * n;
        double[] space = new double[size];
        space[0] = 0.25;
        for (int k = 1; k <= size / 2; k += 2) space[k] = space[size - k] = -1 / (Math.PI * Math.PI * k * k);
        double[] response = new double[(size / 2) + 1];
        for (int m = 0; m < response.Length; m++)
        {
            double sum = 0;
            for (int k = 0; k < size; k++) sum += space[k] * Math.Cos(2 * Math.PI * ((long)k * m % size) / size);
            response[m] = sum * WindowAt(m / (size / 2.0), options);
        }
        double[] kernel = new double[(2 * n) - 1];
        for (int k = 0; k < n; k++)
        {
            double sum = response[0] + (response[^1] * ((k & 1) == 0 ? 1 : -1));
            for (int m = 1; m < response.Length - 1; m++) sum += 2 * response[m] * Math.Cos(2 * Math.PI * ((long)k * m % size) / size);
            kernel[n - 1 + k] = kernel[n - 1 - k] = sum / size;
        }
        return kernel;
    }

    /// <summary>Window at a frequency given as a fraction of Nyquist.</summary>
    internal static double WindowAt(double fraction, FbpOptions options) => options.Window switch
    {
        FbpWindow.Butterworth => 1 / Math.Sqrt(1 + Math.Pow(fraction / options.CutOff, 2 * options.Order)),
        FbpWindow.Hann => fraction >= options.CutOff ? 0 : 0.5 * (1 + Math.Cos(Math.PI * fraction / options.CutOff)),
        _ => 1,
    };

    /// <summary>Share of each view in the integral over a half circle (sums to pi): half the way to each neighbour, on the full circle when it is covered, else on the half circle.</summary>
    internal static double[] Shares(double[] angleDeg)
    {
        int n = angleDeg.Length;
        double[] share = new double[n];
        if (n == 1) return [Math.PI];
        double period = 360;
        if (LargestGap(angleDeg, 360) > 90) period = 180;
        double[] folded = [.. angleDeg.Select(a => ((a % period) + period) % period)];
        int[] order = [.. Enumerable.Range(0, n).OrderBy(v => folded[v]).ThenBy(v => v)];
        for (int k = 0; k < n; k++)
        {
            double before = k > 0 ? folded[order[k]] - folded[order[k - 1]] : folded[order[0]] + period - folded[order[^1]];
            double after = k < n - 1 ? folded[order[k + 1]] - folded[order[k]] : folded[order[0]] + period - folded[order[^1]];
            share[order[k]] = (before + after) / 2 / period * Math.PI;
        }
        return share;
    }

    private static double LargestGap(double[] angleDeg, double period)
    {
        double[] sorted = [.. angleDeg.Select(a => ((a % period) + period) % period).Order()];
        double gap = sorted[0] + period - sorted[^1];
        for (int k = 1; k < sorted.Length; k++) gap = Math.Max(gap, sorted[k] - sorted[k - 1]);
        return gap;
    }

    private static void Filter(ProjectionSet set, int view, double[] kernel, int stride, float* result)
    {
        int nx = set.Columns, nz = set.Rows;
        using AlignedFloats plane = new((long)nx * stride);
        float inverse = (float)(1 / (set.ViewWeight?[view] ?? 1));
        for (int z = 0; z < nz; z++)
        {
            int from = ((view * nz) + z) * nx;
            for (int t = 0; t < nx; t++)
                plane.Pointer[((long)t * stride) + z] = (set.Counts[from + t] - (set.Scatter?[from + t] ?? 0)) * inverse;
        }
        for (int t = 0; t < nx; t++)
        {
            float* to = result + ((long)t * stride);
            for (int s = 0; s < nx; s++)
            {
                Vector512<float> w = Vector512.Create((float)kernel[nx - 1 + t - s]);
                float* p = plane.Pointer + ((long)s * stride);
                for (int o = 0; o < stride; o += RotationKernels.Lanes)
                    Vector512.FusedMultiplyAdd(w, Vector512.Load(p + o), Vector512.Load(to + o)).Store(to + o);
            }
        }
    }
}
