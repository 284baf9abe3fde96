using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>
/// Penalty on differences between neighbouring voxels, relative to their level (Nuyts 2002):
/// R = sum over neighbours of w (a - b)^2 / (a + b + gamma |a - b| + epsilon). Small differences are noise and smoothed, large ones edges and kept.
/// </summary>
/// <remarks>
/// With an anatomy (CT or attenuation map) neighbours in different tissue are bound less: w is divided by 1 + ((m - m') / scale)^2, so
/// that bone is not smeared into muscle. Six neighbours, weight by voxel spacing. The penalty is multiplied by the mean sensitivity, so that
/// <see cref="Strength"/> has no unit and keeps its meaning with more views or another camera. With more counts the data weigh more by themselves.
/// </remarks>
public sealed record RelativeDifferencePrior
{
    /// <summary>Strength, above 0; the default gives about the noise of a 6 mm filter on a bone study of 7 million counts (docs/benchmarks.md).</summary>
    public double Strength { get; init; } = 0.03;
    /// <summary>Keeps edges: 0 is quadratic in relative differences, 2 is usual.</summary>
    public double Gamma { get; init; } = 2;
    /// <summary>Tissue on the model's grid, e.g. attenuation in 1/mm; null for none.</summary>
    public Volume? Anatomy { get; init; }
    /// <summary>Difference of anatomy that halves the bond; 0.0010 per mm lies between fat, muscle and cancellous bone (docs: physics-and-qc 2.1).</summary>
    public double AnatomyScale { get; init; } = 0.0010;
}

/// <summary>The penalty on a volume in the inner layout: slope and curvature per voxel.</summary>
internal sealed unsafe class PriorTerm : IDisposable
{
    private readonly SystemModel _model;
    private readonly AlignedFloats? _anatomy;
    private readonly int[] _left, _right, _front, _back;
    private readonly float _gamma, _inverseScale, _alongZ;

    public PriorTerm(SystemModel model, RelativeDifferencePrior prior)
    {
        _model = model;
        _gamma = (float)prior.Gamma;
        _inverseScale = (float)(1 / prior.AnatomyScale);
        _alongZ = (float)(model.Grid.VoxelMm / model.Grid.SliceMm);
        if (prior.Anatomy is not null)
        {
            _anatomy = model.Allocate();
            model.Columns.Load(prior.Anatomy.Values, _anatomy.Pointer);
        }
        ColumnLayout layout = model.Columns;
        int nx = model.Nx;
        // Beyond the support a voxel has no neighbour: it is bound to itself, which costs nothing.
        int[] Neighbours(int step) => [.. layout.Order.Select(c => layout.Offsets[c + step] is var o and not 0 ? o : layout.Offsets[c])];
        (_left, _right, _front, _back) = (Neighbours(-1), Neighbours(1), Neighbours(-nx), Neighbours(nx));
    }

    /// <summary>Slope and curvature of the penalty (without its strength) for one vector of a column (in order of memory).</summary>
    public void At(float* f, int column, int offset, float floor, out Vector512<float> slope, out Vector512<float> curvature)
    {
        int stride = _model.Stride;
        long own = ((column + 1L) * stride) + offset;
        Vector512<float> x = Vector512.Load(f + own);
        Vector512<float> m = _anatomy is null ? default : Vector512.Load(_anatomy.Pointer + own);
        Vector512<float> epsilon = Vector512.Create(floor);
        slope = curvature = Vector512<float>.Zero;
        Neighbour(f, x, m, _left[column] + offset, 1, epsilon, ref slope, ref curvature);
        Neighbour(f, x, m, _right[column] + offset, 1, epsilon, ref slope, ref curvature);
        Neighbour(f, x, m, _front[column] + offset, 1, epsilon, ref slope, ref curvature);
        Neighbour(f, x, m, _back[column] + offset, 1, epsilon, ref slope, ref curvature);
        AlongZ(f, x, m, own, offset, -1, epsilon, ref slope, ref curvature);
        AlongZ(f, x, m, own, offset, 1, epsilon, ref slope, ref curvature);
    }

    private void Neighbour(float* f, Vector512<float> x, Vector512<float> m, long other, float weight, Vector512<float> epsilon, ref Vector512<float> slope, ref Vector512<float> curvature)
        => Add(x, Vector512.Load(f + other), m, _anatomy is null ? default : Vector512.Load(_anatomy.Pointer + other), Vector512.Create(weight), epsilon, ref slope, ref curvature);

    private void AlongZ(float* f, Vector512<float> x, Vector512<float> m, long own, int offset, int step, Vector512<float> epsilon, ref Vector512<float> slope, ref Vector512<float> curvature)
    {
        // At the ends of z a neighbour would be another column's voxel or padding: no bond there.
        Vector512<int> z = Vector512<int>.Indices + Vector512.Create(offset + step);
        Vector512<float> inside = (Vector512.GreaterThanOrEqual(z, Vector512<int>.Zero) & Vector512.LessThan(z, Vector512.Create(_model.Nz))).AsSingle();
        Vector512<float> y = Vector512.ConditionalSelect(inside, Vector512.Load(f + own + step), x);
        Vector512<float> n = _anatomy is null ? default : Vector512.Load(_anatomy.Pointer + own + step);
        Add(x, y, m, n, Vector512.Create(_alongZ) & inside, epsilon, ref slope, ref curvature);
    }

    /// <summary>d/dx of w (x - y)^2 / (x + y + g |x - y| + e) = w d (g |d| + x + 3 y + 2 e) / q^2; curvature from above 2 w (2 y + e)^2 / q^3, taken with q at its least.</summary>
    private void Add(Vector512<float> x, Vector512<float> y, Vector512<float> m, Vector512<float> n, Vector512<float> weight, Vector512<float> epsilon, ref Vector512<float> slope, ref Vector512<float> curvature)
    {
        if (_anatomy is not null)
        {
            Vector512<float> apart = (m - n) * Vector512.Create(_inverseScale);
            weight /= Vector512.FusedMultiplyAdd(apart, apart, Vector512<float>.One);
        }
        Vector512<float> d = x - y, size = Vector512.Create(_gamma) * Vector512.Abs(d), q = x + y + size + epsilon, over = weight / (q * q);
        slope += over * d * (size + x + (y * 3) + (epsilon * 2));
        Vector512<float> part = (y * 2) + epsilon;
        curvature += over / q * part * part * 2;
    }

    public void Dispose() => _anatomy?.Dispose();
}
