using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>What an iterative reconstruction ended with.</summary>
/// <param name="Image">Counts per voxel, per view of weight 1: its unattenuated projection sums to the volume's sum.</param>
/// <param name="Iterations">Iterations done.</param>
/// <param name="Updates">Updates done.</param>
/// <param name="StoppedBy">The figure that ended it, in words; "" when all iterations asked for were done.</param>
public sealed record OsemResult(Volume Image, int Iterations, int Updates, string StoppedBy);

/// <summary>Ordered-subsets expectation maximisation (Hudson and Larkin 1994); one subset is MLEM; with a prior and falling steps block-sequential regularised EM (De Pierro and Yamagishi 2001, Ahn and Fessler 2003).</summary>
/// <remarks>
/// x = x / sum(a w) x sum over the subset's views of a w y / (w H x + s), docs: physics-and-qc 5.3: scatter s and view weight w
/// are part of the model, counts y are never changed. With a prior R of strength b the same step is
/// x + step x (back - sensitivity - b R') / (sensitivity + b x R''). The result does not depend on the number of threads.
/// </remarks>
public static unsafe class Osem
{
    private const int Slices = 8;

    /// <summary>Reconstructs; <see cref="Run"/> without its figures.</summary>
    /// <inheritdoc cref="Run"/>
    public static Volume Reconstruct(ProjectionSet projections, SystemModel model, OsemOptions options, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
        => Run(projections, model, options, time, progress, cancel).Image;

    /// <summary>Reconstructs.</summary>
    /// <param name="projections">Counts, optional scatter and weights.</param>
    /// <param name="model">Projector pair of the same geometry.</param>
    /// <param name="options">Iterations, subsets, prior, stop rule, threads.</param>
    /// <param name="time">Clock for progress.</param>
    /// <param name="progress">Called after each update, on the calling thread; may be null.</param>
    /// <param name="cancel">Ends the work between updates.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ArgumentException">Lengths or settings do not fit.</exception>
    public static OsemResult Run(ProjectionSet projections, SystemModel model, OsemOptions options, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(projections);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.Iterations < 1 || options.Subsets < 1 || options.Subsets > projections.Views) throw new ArgumentException("Iterations must be 1 or more and subsets 1 to the number of views.", nameof(options));
        if (projections.Counts.Length != projections.Views * projections.Rows * projections.Columns) throw new ArgumentException("Counts do not have Views x Rows x Columns values.", nameof(projections));
        long start = time.GetTimestamp();
        int[] order = Subsets.Order(options.Subsets, options.Choice);
        using SubsetSums sums = new(projections, model, Subsets.Make(projections.AngleDeg, projections.ViewWeight, options.Subsets, options.Choice), options.Threads, cancel);
        using AlignedFloats f = model.Allocate();
        using AlignedFloats? before = options.Momentum ? model.Allocate() : null;
        using PriorTerm? prior = options.Prior is { Strength: > 0 } p ? new PriorTerm(model, p) : null;
        using StopWatcher? stop = options.Stop is { IsEmpty: false } rule ? new StopWatcher(rule, model, projections) : null;
        double uniform = Begin(projections, model, options, sums, f);
        // One strength for all subsets and voxels, in units of a subset's mean sensitivity: the penalty then is that of one fixed function.
        double voxels = Math.Max(1, (double)model.Columns.Count * model.Nz);
        using Step step = new(model, sums, prior, (float)((options.Prior?.Strength ?? 0) * sums.Sensitivity / voxels / options.Subsets), (float)(uniform * 1e-3));
        if (before is not null) Buffer.MemoryCopy(f.Pointer, before.Pointer, f.Length * sizeof(float), f.Length * sizeof(float));

        bool likelihood = options.Likelihood || stop?.NeedsLikelihood == true;
        int updates = options.Iterations * options.Subsets, done = 0;
        double momentum = 1;
        for (int iteration = 1; iteration <= options.Iterations; iteration++)
        {
            float size = (float)(1 / (1 + (options.Relaxation * (iteration - 1))));
            double sum = 0;
            for (int s = 0; s < options.Subsets; s++)
            {
                cancel.ThrowIfCancellationRequested();
                double part = sums.Back(order[s], f.Pointer, likelihood);
                sum += part;
                double next = (1 + Math.Sqrt(1 + (4 * momentum * momentum))) / 2;
                float carry = before is null ? 0 : (float)((momentum - 1) / next);
                momentum = next;
                int subset = order[s];
                Parallel.For(0, Slices, sums.Threads, slice => step.Apply(slice, f, before, subset, size, carry));
                if (prior is not null) Parallel.For(0, Slices, sums.Threads, slice => step.Settle(slice, f, before, carry));
                done++;
                if (progress is null) continue;
                TimeSpan elapsed = time.GetElapsedTime(start);
                progress(new ReconstructionProgress(done, updates, iteration, elapsed, elapsed * ((double)(updates - done) / done), likelihood ? part : double.NaN));
            }
            if (stop?.Reached(f, sum) is { } why) return new OsemResult(Image(projections, model, f), iteration, done, why);
        }
        return new OsemResult(Image(projections, model, f), options.Iterations, done, "");
    }

    private static Volume Image(ProjectionSet projections, SystemModel model, AlignedFloats f) => model.Grid.With(model.Columns.Store(f.Pointer), projections.CentreZMm);

    /// <summary>The image to start from; returns the level of a uniform one.</summary>
    private static double Begin(ProjectionSet projections, SystemModel model, OsemOptions options, SubsetSums sums, AlignedFloats f)
    {
        double total = 0;
        foreach (float c in projections.Counts) total += c;
        if (projections.Scatter is not null) foreach (float c in projections.Scatter) total -= c;
        double uniform = sums.Sensitivity > 0 ? Math.Max(total, 1e-6 * Math.Abs(total)) / sums.Sensitivity : 0;
        if (options.Start is { } given)
        {
            if (given.Values.Length != model.Nx * model.Nx * model.Nz) throw new ArgumentException("The image to start from is not on the model's grid.", nameof(options));
            model.Columns.Load(given.Values, f.Pointer);
            // A voxel at nothing stays at nothing: it gets a little, so that it can grow.
            float least = (float)(uniform * 1e-3);
            foreach (ref float v in new Span<float>(f.Pointer + model.Stride, (int)(f.Length - model.Stride))) v = Math.Max(v, least);
        }
        else new Span<float>(f.Pointer + model.Stride, (int)(f.Length - model.Stride)).Fill((float)uniform);
        for (int n = 0; n < model.Columns.Count; n++) new Span<float>(f.Pointer + ((n + 1L) * model.Stride) + model.Nz, model.Stride - model.Nz).Clear();
        return uniform;
    }

    /// <summary>One update of the image from what was back projected.</summary>
    private sealed class Step(SystemModel model, SubsetSums sums, PriorTerm? prior, float strength, float floor) : IDisposable
    {
        private readonly AlignedFloats? _next = prior is null ? null : model.Allocate();

        public void Apply(int slice, AlignedFloats f, AlignedFloats? before, int subset, float size, float carry)
        {
            int stride = model.Stride, count = model.Columns.Count;
            int from = (int)((long)count * slice / Slices), to = (int)((long)count * (slice + 1) / Slices);
            float* inverse = sums.Inverse(subset), x = f.Pointer;
            for (int n = from; n < to; n++)
                for (int o = 0; o < stride; o += RotationKernels.Lanes)
                {
                    long at = ((n + 1L) * stride) + o;
                    Vector512<float> sum = Vector512<float>.Zero, old = Vector512.Load(x + at), inv = Vector512.Load(inverse + at);
                    for (int lane = 0; lane < SubsetSums.Lanes; lane++)
                    {
                        float* part = sums.Lane(lane) + at;
                        sum += Vector512.Load(part);
                        Vector512<float>.Zero.Store(part);
                    }
                    Vector512<float> next = old * inv * sum;
                    if (prior is not null)
                    {
                        // (back - sens - b R') / (sens + b x R''), all divided by the sensitivity.
                        prior.At(x, n, o, floor, out Vector512<float> slope, out Vector512<float> curvature);
                        Vector512<float> b = Vector512.Create(strength) * inv;
                        Vector512<float> change = old * ((inv * sum) - Vector512<float>.One - (b * slope)) / Vector512.FusedMultiplyAdd(b * old, curvature, Vector512<float>.One);
                        next = Vector512.Max(Vector512.FusedMultiplyAdd(Vector512.Create(size), change, old), old * 0.05f);
                        next = Vector512.ConditionalSelect(Vector512.GreaterThan(inv, Vector512<float>.Zero), next, Vector512<float>.Zero);
                        next.Store(_next!.Pointer + at);
                        continue;
                    }
                    if (size < 1) next = Vector512.FusedMultiplyAdd(Vector512.Create(size), next - old, old);
                    (before is null ? next : Carried(next, before.Pointer + at, carry)).Store(x + at);
                }
        }

        /// <summary>With a prior the new image stands beside the old one, which neighbours still read; here it takes its place.</summary>
        public void Settle(int slice, AlignedFloats f, AlignedFloats? before, float carry)
        {
            int stride = model.Stride, count = model.Columns.Count;
            long from = (1 + ((long)count * slice / Slices)) * stride, to = (1 + ((long)count * (slice + 1) / Slices)) * stride;
            for (long at = from; at < to; at += RotationKernels.Lanes)
            {
                Vector512<float> next = Vector512.Load(_next!.Pointer + at);
                (before is null ? next : Carried(next, before.Pointer + at, carry)).Store(f.Pointer + at);
            }
        }

        public void Dispose() => _next?.Dispose();

        /// <summary>A share of the last step further on, never below a tenth of where the step led.</summary>
        private static Vector512<float> Carried(Vector512<float> next, float* last, float carry)
        {
            Vector512<float> ahead = Vector512.FusedMultiplyAdd(Vector512.Create(carry), next - Vector512.Load(last), next);
            next.Store(last);
            return Vector512.Max(ahead, next * 0.1f);
        }
    }
}
