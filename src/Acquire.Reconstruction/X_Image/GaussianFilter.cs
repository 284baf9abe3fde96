using System.Numerics.Tensors;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Three-dimensional Gaussian filter.</summary>
public static class GaussianFilter
{
    /// <summary>Filters a volume; outside the volume counts as zero, and each line is normalised so that flat regions stay flat at the border.</summary>
    /// <param name="volume">Volume; not changed.</param>
    /// <param name="fwhmMm">Full width at half maximum, mm; 0 or less returns the volume itself.</param>
    public static Volume Apply(Volume volume, double fwhmMm)
    {
        ArgumentNullException.ThrowIfNull(volume);
        if (fwhmMm <= 0) return volume;
        float[] a = (float[])volume.Values.Clone(), b = new float[a.Length];
        int plane = volume.Nx * volume.Ny;
        double[] kx = Kernel(fwhmMm / volume.DxMm), ky = Kernel(fwhmMm / volume.DyMm), kz = Kernel(fwhmMm / volume.DzMm);
        Parallel.For(0, volume.Nz, z =>
        {
            float[] line = new float[volume.Nx];
            for (int y = 0; y < volume.Ny; y++) AlongX(a.AsSpan((z * plane) + (y * volume.Nx), volume.Nx), line, kx);
            Lines(a, b, z * plane, volume.Nx, volume.Ny, ky);
        });
        Parallel.For(0, volume.Ny, y =>
        {
            for (int z = 0; z < volume.Nz; z++) Mix(b, a, (z * plane) + (y * volume.Nx), volume.Nx, plane, z, volume.Nz, kz);
        });
        return volume with { Values = a };
    }

    /// <summary>Gaussian taps, integrated over each bin, cut at 3.5 sigma, sum 1.</summary>
    /// <param name="fwhmBins">Full width at half maximum, bins.</param>
    public static double[] Kernel(double fwhmBins)
    {
        double sigma = fwhmBins / DetectorResponse.FwhmPerSigma;
        int half = Math.Max(1, (int)Math.Ceiling(3.5 * sigma));
        double[] kernel = new double[(2 * half) + 1];
        double sum = 0;
        for (int k = -half; k <= half; k++)
        {
            double part = 0;
            for (int q = -4; q <= 4; q++)
            {
                double d = (k + (q / 9.0)) / sigma;
                part += Math.Exp(-d * d / 2);
            }
            kernel[k + half] = part;
            sum += part;
        }
        for (int k = 0; k < kernel.Length; k++) kernel[k] /= sum;
        return kernel;
    }

    /// <summary>Row = sum of kernel x shifted row, divided by the share of the kernel inside.</summary>
    private static void AlongX(Span<float> row, float[] line, double[] kernel)
    {
        int half = kernel.Length / 2, n = row.Length;
        row.CopyTo(line);
        row.Clear();
        for (int k = -Math.Min(half, n - 1); k <= Math.Min(half, n - 1); k++)
        {
            Span<float> target = row[Math.Max(0, -k)..Math.Min(n, n - k)];
            TensorPrimitives.MultiplyAdd(line.AsSpan(Math.Max(0, k), target.Length), (float)kernel[k + half], target, target);
        }
        for (int x = 0; x < n; x++)
        {
            if (x >= half && x < n - half) continue;
            double weight = 0;
            for (int k = Math.Max(-half, -x); k <= Math.Min(half, n - 1 - x); k++) weight += kernel[k + half];
            row[x] = (float)(row[x] / weight);
        }
    }

    private static void Lines(float[] from, float[] to, int start, int nx, int ny, double[] kernel)
    {
        for (int y = 0; y < ny; y++) Mix(from, to, start + (y * nx), nx, nx, y, ny, kernel);
    }

    /// <summary>to[line] = sum of kernel x neighbouring lines.</summary>
    private static void Mix(float[] from, float[] to, int start, int length, int step, int position, int count, double[] kernel)
    {
        int half = kernel.Length / 2;
        Span<float> target = to.AsSpan(start, length);
        target.Clear();
        double weight = 0;
        for (int k = Math.Max(-half, -position); k <= Math.Min(half, count - 1 - position); k++)
        {
            TensorPrimitives.MultiplyAdd(from.AsSpan(start + (k * step), length), (float)kernel[k + half], target, target);
            weight += kernel[k + half];
        }
        TensorPrimitives.Multiply(target, (float)(1 / weight), target);
    }
}
