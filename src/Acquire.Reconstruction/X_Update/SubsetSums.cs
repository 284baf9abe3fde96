using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>
/// What every iterative method here is made of: the back projection of y / (H x + s) over the views of one subset, and the sensitivity
/// (the back projection of ones) of every subset. Sums run in <see cref="Lanes"/> fixed lanes added in fixed order: the same bits for
/// any number of threads.
/// </summary>
internal sealed unsafe class SubsetSums : IDisposable
{
    /// <summary>Sums over views that run beside each other; fixed, so that the result is too.</summary>
    public const int Lanes = 2;

    /// <summary>Least expected count of a bin: keeps counts outside the model's body from growing without bound.</summary>
    private const float LeastExpected = 1e-6f;

    private readonly ProjectionSet _y;
    private readonly SystemModel _model;
    private readonly ParallelOptions _parallel;
    private readonly int[][] _subsets;
    private readonly AlignedFloats _counts, _inverse;
    private readonly AlignedFloats? _scatter;
    private readonly AlignedFloats[] _sums = new AlignedFloats[Lanes];
    private readonly SystemModel.Workspace[] _work = new SystemModel.Workspace[Lanes];
    private readonly double[] _likelihood = new double[Lanes];

    public SubsetSums(ProjectionSet projections, SystemModel model, int[][] subsets, int threads, CancellationToken cancel)
    {
        (_y, _model, _subsets) = (projections, model, subsets);
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };
        try
        {
            _counts = new AlignedFloats((long)projections.Views * projections.Columns * model.BinStride);
            _scatter = projections.Scatter is null ? null : new AlignedFloats(_counts.Length);
            _inverse = new AlignedFloats(subsets.Length * model.Columns.Length);
            Parallel.For(0, projections.Views, _parallel, v =>
            {
                Transpose(projections.Counts, v, _counts.Pointer);
                if (_scatter is not null) Transpose(projections.Scatter!, v, _scatter.Pointer);
            });
            for (int l = 0; l < Lanes; l++)
            {
                _sums[l] = model.Allocate();
                _work[l] = model.NewWorkspace();
            }
            Sensitivities(cancel);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Sum of the sensitivity over all voxels and subsets.</summary>
    public double Sensitivity { get; private set; }

    /// <summary>Floats of a volume in the inner layout.</summary>
    public long Length => _model.Columns.Length;

    /// <summary>1 / sensitivity of a subset, 0 where nothing is seen.</summary>
    public float* Inverse(int subset) => _inverse.Pointer + (subset * Length);

    /// <summary>Threads allowed.</summary>
    public ParallelOptions Threads => _parallel;

    /// <summary>Puts the back projection of w y / (w H f + s) over a subset into the lanes, to be taken with <see cref="Lane"/>; returns the log-likelihood (without its constant) when it is wanted.</summary>
    public double Back(int subset, float* f, bool wantLikelihood)
    {
        int[] views = _subsets[subset];
        nint volume = (nint)f;
        Parallel.For(0, Lanes, _parallel, l =>
        {
            double sum = 0;
            for (int n = l; n < views.Length; n += Lanes)
            {
                int v = views[n];
                float* plane = _model.Forward(v, (float*)volume, _work[l]);
                long offset = (long)v * _y.Columns * _model.BinStride;
                sum += Ratio(plane, _counts.Pointer + offset, _scatter is null ? null : _scatter.Pointer + offset, (float)(_y.ViewWeight?[v] ?? 1), _model.Bins(v), wantLikelihood);
                _model.Back(v, _work[l], _sums[l].Pointer);
            }
            _likelihood[l] = sum;
        });
        double all = 0;
        foreach (double part in _likelihood) all += part;
        return all;
    }

    /// <summary>One lane's sum; whoever takes it clears it.</summary>
    public float* Lane(int lane) => _sums[lane].Pointer;

    private void Sensitivities(CancellationToken cancel)
    {
        for (int s = 0; s < _subsets.Length; s++)
        {
            cancel.ThrowIfCancellationRequested();
            int[] views = _subsets[s];
            Parallel.For(0, Lanes, _parallel, l =>
            {
                for (int n = l; n < views.Length; n += Lanes)
                {
                    float* plane = _work[l].Begin();
                    (int first, int end) = _model.Bins(views[n]);
                    float weight = (float)(_y.ViewWeight?[views[n]] ?? 1);
                    for (int t = first; t < end; t++) new Span<float>(plane + ((long)t * _model.BinStride), _y.Rows).Fill(weight);
                    _model.Back(views[n], _work[l], _sums[l].Pointer);
                }
            });
            Sensitivity += TakeInverse(Inverse(s));
        }
    }

    private double TakeInverse(float* inverse)
    {
        Span<float> all = new(inverse, checked((int)Length));
        all.Clear();
        foreach (AlignedFloats lane in _sums)
        {
            TensorPrimitives.Add(all, new ReadOnlySpan<float>(lane.Pointer, all.Length), all);
            lane.Clear();
        }
        double total = 0;
        // Beyond the last slice a column's padding is seen by nothing.
        for (int o = 0; o < all.Length; o += 1 << 16) total += TensorPrimitives.Sum(all.Slice(o, Math.Min(1 << 16, all.Length - o)));
        float least = 1e-5f * TensorPrimitives.Max((ReadOnlySpan<float>)all);
        foreach (ref float s in all) s = s > least ? 1 / s : 0;
        return total;
    }

    private void Transpose(float[] from, int view, float* to)
    {
        int columns = _y.Columns, rows = _y.Rows, stride = _model.BinStride;
        float* plane = to + ((long)view * columns * stride);
        for (int z = 0; z < rows; z++)
        {
            ReadOnlySpan<float> row = from.AsSpan(((view * rows) + z) * columns, columns);
            for (int t = 0; t < columns; t++) plane[((long)t * stride) + z] = row[t];
        }
    }

    /// <summary>plane = w y / (w p + s); returns sum of y log(w p + s) - (w p + s).</summary>
    private double Ratio(float* plane, float* counts, float* scatter, float weight, (int First, int End) bins, bool wantLikelihood)
    {
        double sum = 0;
        long begin = (long)bins.First * _model.BinStride, end = (long)bins.End * _model.BinStride;
        Vector512<float> w = Vector512.Create(weight), least = Vector512.Create(LeastExpected);
        for (long o = begin; o < end; o += RotationKernels.Lanes)
        {
            Vector512<float> expected = Vector512.Load(plane + o) * w;
            if (scatter is not null) expected += Vector512.Load(scatter + o);
            expected = Vector512.Max(expected, least);
            Vector512<float> g = Vector512.Load(counts + o);
            if (wantLikelihood)
            {
                // The expected counts of bins without counts still matter, those of the padding beyond the last row do not: nothing reaches it.
                sum += Vector512.Sum((g * Vector512.Log(expected)) - expected);
            }
            (w * g / expected).Store(plane + o);
        }
        return sum;
    }

    public void Dispose()
    {
        _counts?.Dispose();
        _scatter?.Dispose();
        _inverse?.Dispose();
        foreach (AlignedFloats? sum in _sums) sum?.Dispose();
        foreach (SystemModel.Workspace? w in _work) w?.Dispose();
    }
}
