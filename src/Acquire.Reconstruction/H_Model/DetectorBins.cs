using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>From samples as wide as voxels to the detector's bins, and the exact transpose: each sample's counts are spread evenly over its width, each bin takes its share.</summary>
/// <remarks>Only used where voxels and bins differ. Bins that are whole numbers of voxels lose nothing by it; others are smoothed by less than a voxel.</remarks>
internal sealed unsafe class DetectorBins
{
    private readonly (int First, float[] Shares)[] _t, _z;
    private readonly int _stride, _gridStride;

    public DetectorBins(ProjectionSet geometry, VoxelGrid grid, int gridStride, int stride)
    {
        _t = Shares(geometry.Columns, geometry.BinMm, grid.Nx, grid.VoxelMm);
        _z = Shares(geometry.Rows, geometry.RowMm, grid.Nz, grid.SliceMm);
        _gridStride = gridStride;
        _stride = stride;
    }

    /// <summary>Bins that take part when samples first..end hold something.</summary>
    public (int First, int End) Touched(int first, int end)
    {
        int a = _t.Length, b = 0;
        for (int i = 0; i < _t.Length; i++)
        {
            if (_t[i].First >= end || _t[i].First + _t[i].Shares.Length <= first) continue;
            a = Math.Min(a, i);
            b = i + 1;
        }
        return (Math.Min(a, b), b);
    }

    /// <summary>bins = shares of samples; [t][z] planes with their own strides. The scratch holds one column of the grid.</summary>
    public void Forward(float* samples, float* bins, (int First, int End) touched, float* scratch)
    {
        for (int i = touched.First; i < touched.End; i++)
        {
            (int first, float[] shares) = _t[i];
            for (int o = 0; o < _gridStride; o += RotationKernels.Lanes)
            {
                Vector512<float> sum = Vector512<float>.Zero;
                for (int j = 0; j < shares.Length; j++) sum = Vector512.FusedMultiplyAdd(Vector512.Create(shares[j]), Vector512.Load(samples + ((long)(first + j) * _gridStride) + o), sum);
                sum.Store(scratch + o);
            }
            float* to = bins + ((long)i * _stride);
            for (int r = 0; r < _z.Length; r++)
            {
                (int from, float[] part) = _z[r];
                float sum = 0;
                for (int j = 0; j < part.Length; j++) sum += part[j] * scratch[from + j];
                to[r] = sum;
            }
        }
    }

    /// <summary>samples = transpose; the samples' plane must be zero where it is added to.</summary>
    public void Back(float* bins, float* samples, (int First, int End) touched, float* scratch)
    {
        for (int i = touched.First; i < touched.End; i++)
        {
            float* from = bins + ((long)i * _stride);
            new Span<float>(scratch, _gridStride).Clear();
            for (int r = 0; r < _z.Length; r++)
            {
                (int first, float[] part) = _z[r];
                for (int j = 0; j < part.Length; j++) scratch[first + j] += part[j] * from[r];
            }
            (int column, float[] shares) = _t[i];
            for (int j = 0; j < shares.Length; j++)
            {
                Vector512<float> w = Vector512.Create(shares[j]);
                float* to = samples + ((long)(column + j) * _gridStride);
                for (int o = 0; o < _gridStride; o += RotationKernels.Lanes) Vector512.FusedMultiplyAdd(w, Vector512.Load(scratch + o), Vector512.Load(to + o)).Store(to + o);
            }
        }
    }

    /// <summary>For every bin the samples it overlaps and the share of each sample's width that lies in it.</summary>
    private static (int, float[])[] Shares(int bins, double bin, int samples, double sample)
    {
        (int, float[])[] result = new (int, float[])[bins];
        for (int i = 0; i < bins; i++)
        {
            // In samples from the left edge of the grid.
            double left = ((((i - (bins / 2.0)) * bin) / sample) + (samples / 2.0)), right = left + (bin / sample);
            int first = Math.Clamp((int)Math.Floor(left + 1e-9), 0, samples), end = Math.Clamp((int)Math.Ceiling(right - 1e-9), first, samples);
            float[] shares = new float[end - first];
            for (int j = first; j < end; j++) shares[j - first] = (float)Math.Max(0, Math.Min(right, j + 1) - Math.Max(left, j));
            result[i] = (first, shares);
        }
        return result;
    }
}
