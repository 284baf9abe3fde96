using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Ordered-subsets expectation maximisation (Hudson and Larkin 1994); one subset is MLEM.</summary>
/// <remarks>
/// f = f / sum(a w) x sum over the subset's views of a w g / (w A f + s), docs: physics-and-qc 5.3: scatter s and view weight w
/// are part of the model, counts g are never changed. Subsets take every S-th view in order of angle; successive subsets lie
/// far apart. The sum over views runs in <see cref="Lanes"/> fixed lanes added in fixed order: the same bits for any number of
/// threads.
/// </remarks>
public static unsafe class Osem
{
    /// <summary>Sums over views that run beside each other; fixed, so that the result is too.</summary>
    internal const int Lanes = 2;

    /// <summary>Reconstructs.</summary>
    /// <param name="projections">Counts, optional scatter and weights.</param>
    /// <param name="model">Projector pair of the same geometry.</param>
    /// <param name="options">Iterations, subsets, threads.</param>
    /// <param name="time">Clock for progress.</param>
    /// <param name="progress">Called after each update, on the calling thread; may be null.</param>
    /// <param name="cancel">Ends the work between updates.</param>
    /// <returns>Counts per voxel, per view of weight 1: its unattenuated projection sums to the volume's sum.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArgumentException">Lengths or settings do not fit.</exception>
    public static Volume Reconstruct(ProjectionSet projections, SystemModel model, OsemOptions options, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(projections);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.Iterations < 1 || options.Subsets < 1 || options.Subsets > projections.Views) throw new ArgumentException("Iterations must be 1 or more and subsets 1 to the number of views.", nameof(options));
        if (projections.Counts.Length != projections.Views * projections.Rows * projections.Columns) throw new ArgumentException("Counts do not have Views x Rows x Columns values.", nameof(projections));
        long start = time.GetTimestamp();
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = threads };
        int[][] subsets = MakeSubsets(projections.AngleDeg, options.Subsets);
        int[] order = SubsetOrder(options.Subsets);
        int nz = model.Nz, stride = model.Stride;
        int[] columns = Columns(model);

        using AlignedFloats f = model.Allocate();
        using AlignedFloats counts = new((long)projections.Views * model.Nx * stride);
        using AlignedFloats? scatter = projections.Scatter is null ? null : new AlignedFloats(counts.Length);
        Parallel.For(0, projections.Views, parallel, v =>
        {
            Transpose(projections.Counts, v, model, counts.Pointer);
            if (scatter is not null) Transpose(projections.Scatter!, v, model, scatter.Pointer);
        });
        AlignedFloats[] sums = new AlignedFloats[Lanes];
        SystemModel.Workspace[] work = new SystemModel.Workspace[Lanes];
        double[] likelihood = new double[Lanes];
        using AlignedFloats inverse = new((long)options.Subsets * columns.Length * stride);
        try
        {
            for (int l = 0; l < Lanes; l++)
            {
                sums[l] = model.Allocate();
                work[l] = model.NewWorkspace();
            }

            double sensitivity = 0;
            for (int s = 0; s < options.Subsets; s++)
            {
                cancel.ThrowIfCancellationRequested();
                int[] views = subsets[s];
                Parallel.For(0, Lanes, parallel, l =>
                {
                    for (int n = l; n < views.Length; n += Lanes)
                    {
                        float* plane = work[l].Begin();
                        (int first, int end) = model.Bins(views[n]);
                        float weight = (float)(projections.ViewWeight?[views[n]] ?? 1);
                        for (int t = first; t < end; t++) new Span<float>(plane + ((long)t * stride), nz).Fill(weight);
                        model.Back(views[n], work[l], sums[l].Pointer);
                    }
                });
                sensitivity += TakeInverse(model, columns, sums, inverse.Pointer + ((long)s * columns.Length * stride));
            }

            double total = 0;
            foreach (float c in projections.Counts) total += c;
            if (projections.Scatter is not null) foreach (float c in projections.Scatter) total -= c;
            float uniform = sensitivity > 0 ? (float)Math.Max(total / sensitivity, 1e-6 * Math.Abs(total) / sensitivity) : 0;
            foreach (int c in columns) new Span<float>(model.Column(f.Pointer, c % model.Nx, c / model.Nx), nz).Fill(uniform);

            int updates = options.Iterations * options.Subsets, done = 0;
            for (int iteration = 1; iteration <= options.Iterations; iteration++)
                for (int s = 0; s < options.Subsets; s++)
                {
                    cancel.ThrowIfCancellationRequested();
                    int[] views = subsets[order[s]];
                    Parallel.For(0, Lanes, parallel, l =>
                    {
                        double sum = 0;
                        for (int n = l; n < views.Length; n += Lanes)
                        {
                            int v = views[n];
                            float* plane = model.Forward(v, f.Pointer, work[l]);
                            long offset = (long)v * model.Nx * stride;
                            sum += Ratio(plane, counts.Pointer + offset, scatter is null ? null : scatter.Pointer + offset,
                                (float)(projections.ViewWeight?[v] ?? 1), model.Bins(v), stride, progress is not null);
                            model.Back(v, work[l], sums[l].Pointer);
                        }
                        likelihood[l] = sum;
                    });
                    float* inv = inverse.Pointer + ((long)order[s] * columns.Length * stride);
                    Parallel.For(0, Slices, parallel, part => Update(model, columns, part, f.Pointer, sums, inv));
                    done++;
                    if (progress is null) continue;
                    TimeSpan elapsed = time.GetElapsedTime(start);
                    double all = 0;
                    foreach (double part in likelihood) all += part;
                    progress(new ReconstructionProgress(done, updates, iteration, elapsed, elapsed * ((double)(updates - done) / done), all));
                }

            return Volume.Centred(model.Nx, model.Nx, nz, projections.BinMm, "counts", projections.CentreZMm) with
            {
                DzMm = projections.RowMm,
                Z0Mm = projections.CentreZMm - ((nz - 1) / 2.0 * projections.RowMm),
                Values = model.Store(f.Pointer),
            };
        }
        finally
        {
            foreach (AlignedFloats? sum in sums) sum?.Dispose();
            foreach (SystemModel.Workspace? w in work) w?.Dispose();
        }
    }

    /// <summary>Views of each subset, as indices: every S-th in order of angle.</summary>
    internal static int[][] MakeSubsets(double[] angleDeg, int subsets)
    {
        int[] byAngle = [.. Enumerable.Range(0, angleDeg.Length).OrderBy(v => ((angleDeg[v] % 360) + 360) % 360).ThenBy(v => v)];
        return [.. Enumerable.Range(0, subsets).Select(s => byAngle.Where((_, n) => n % subsets == s).ToArray())];
    }

    /// <summary>Order of subsets: steps of about 0.38 of their number, without common divisor, so that neighbours in time lie apart in angle.</summary>
    internal static int[] SubsetOrder(int subsets)
    {
        int step = Math.Max(1, (int)Math.Round(subsets * 0.381966));
        while (Gcd(step, subsets) != 1) step++;
        return [.. Enumerable.Range(0, subsets).Select(s => s * step % subsets)];
    }

    private const int Slices = 8;

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);

    private static int[] Columns(SystemModel model)
        => [.. Enumerable.Range(0, model.Support.Length).Where(c => model.Support[c])];

    private static void Transpose(float[] from, int view, SystemModel model, float* to)
    {
        int nx = model.Nx, nz = model.Nz;
        float* plane = to + ((long)view * nx * model.Stride);
        for (int z = 0; z < nz; z++)
        {
            ReadOnlySpan<float> row = from.AsSpan(((view * nz) + z) * nx, nx);
            for (int t = 0; t < nx; t++) plane[((long)t * model.Stride) + z] = row[t];
        }
    }

    /// <summary>plane = w g / (w p + s); returns sum of g log(w p + s) - (w p + s).</summary>
    private static double Ratio(float* plane, float* counts, float* scatter, float weight, (int First, int End) bins, int stride, bool wantLikelihood)
    {
        double sum = 0;
        long begin = (long)bins.First * stride, end = (long)bins.End * stride;
        Vector512<float> w = Vector512.Create(weight), least = Vector512.Create(LeastExpected);
        for (long o = begin; o < end; o += ColumnKernels.Lanes)
        {
            Vector512<float> expected = Vector512.Load(plane + o) * w;
            if (scatter is not null) expected += Vector512.Load(scatter + o);
            expected = Vector512.Max(expected, least);
            Vector512<float> g = Vector512.Load(counts + o);
            (w * g / expected).Store(plane + o);
            if (!wantLikelihood) continue;
            for (int n = 0; n < ColumnKernels.Lanes; n++) sum += (g[n] > 0 ? g[n] * Math.Log(expected[n]) : 0) - expected[n];
        }
        return sum;
    }

    /// <summary>Least expected count of a bin: keeps counts outside the model's body from growing without bound.</summary>
    private const float LeastExpected = 1e-6f;

    private static double TakeInverse(SystemModel model, int[] columns, AlignedFloats[] sums, float* inverse)
    {
        float largest = 0;
        double total = 0;
        for (int n = 0; n < columns.Length; n++)
            for (int z = 0; z < model.Nz; z++)
            {
                float s = 0;
                foreach (AlignedFloats lane in sums) s += model.Column(lane.Pointer, columns[n] % model.Nx, columns[n] / model.Nx)[z];
                inverse[((long)n * model.Stride) + z] = s;
                largest = Math.Max(largest, s);
                total += s;
            }
        for (long o = 0; o < (long)columns.Length * model.Stride; o++) inverse[o] = inverse[o] > 1e-5f * largest ? 1 / inverse[o] : 0;
        foreach (AlignedFloats lane in sums) lane.Clear();
        return total;
    }

    private static void Update(SystemModel model, int[] columns, int part, float* f, AlignedFloats[] sums, float* inverse)
    {
        int stride = model.Stride;
        int from = (int)((long)columns.Length * part / Slices), to = (int)((long)columns.Length * (part + 1) / Slices);
        for (int n = from; n < to; n++)
        {
            long offset = model.Column(null, columns[n] % model.Nx, columns[n] / model.Nx) - (float*)null;
            float* inv = inverse + ((long)n * stride);
            for (int o = 0; o < stride; o += ColumnKernels.Lanes)
            {
                Vector512<float> sum = Vector512<float>.Zero;
                foreach (AlignedFloats lane in sums)
                {
                    float* p = lane.Pointer + offset + o;
                    sum += Vector512.Load(p);
                    Vector512<float>.Zero.Store(p);
                }
                (Vector512.Load(f + offset + o) * Vector512.Load(inv + o) * sum).Store(f + offset + o);
            }
        }
    }
}
