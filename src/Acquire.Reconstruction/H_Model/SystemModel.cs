using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>
/// The matched projector pair of one acquisition: what each view would count for a given volume, and the exact transpose of that.
/// </summary>
/// <remarks>
/// Per view the volume is rotated (bilinear) so that depth runs along one axis; planes are gathered from far to near, and
/// attenuation acts plane by plane with the half-voxel rule (docs: physics-and-qc 5.1). The collimator's variance grows with
/// depth in levels a third of a bin squared apart, the least step a non-negative five-tap kernel can make without a fourth
/// cumulant (docs/decisions/0006); each plane is shared between the two levels next to it so that its own variance is exact.
/// One blur per level, over all planes beyond it together, does what a blur per plane would.
/// Only columns of the body's support take part. The grid is the projections' own: Columns x Columns x Rows voxels of
/// BinMm x BinMm x RowMm. Work on one view is single-threaded; results do not depend on the number of threads.
/// </remarks>
public sealed unsafe class SystemModel : IDisposable
{
    private readonly ViewPlan[] _views;
    private readonly AlignedFloats? _halfStep;
    private readonly Vector512<float> _lastMask;

    /// <summary>Prepares the model.</summary>
    /// <param name="geometry">Views, bins, angles and radii; its counts are not used.</param>
    /// <param name="attenuation">Linear attenuation at the photopeak, 1/mm, on this model's grid; null for none.</param>
    /// <param name="response">Detector response; null for none.</param>
    /// <param name="restrictToBody">Take the support from the attenuation map (mu &gt; <see cref="BodyMuPerMm"/>, grown by two voxels).</param>
    /// <exception cref="ArgumentException">The map is not on the grid, or arrays have the wrong length.</exception>
    public SystemModel(ProjectionSet geometry, Volume? attenuation, DetectorResponse? response, bool restrictToBody = true)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (geometry.AngleDeg.Length != geometry.Views || geometry.RadiusMm.Length != geometry.Views)
            throw new ArgumentException("One angle and one radius per view are needed.", nameof(geometry));
        Views = geometry.Views;
        Nx = geometry.Columns;
        Nz = geometry.Rows;
        Vectors = (Nz + ColumnKernels.Lanes - 1) / ColumnKernels.Lanes;
        Stride = Vectors * ColumnKernels.Lanes;
        // Five cache lines more per row, so that columns above one another do not share cache sets.
        RowStride = ((long)Nx * Stride) + (5 * ColumnKernels.Lanes);
        Geometry = geometry;
        int used = Nz - (Stride - ColumnKernels.Lanes);
        _lastMask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(used)).AsSingle();
        if (attenuation is not null && (attenuation.Nx != Nx || attenuation.Ny != Nx || attenuation.Nz != Nz))
            throw new ArgumentException($"The attenuation map is {attenuation.Nx} x {attenuation.Ny} x {attenuation.Nz}, the grid {Nx} x {Nx} x {Nz}.", nameof(attenuation));
        Support = MakeSupport(geometry, restrictToBody ? attenuation : null);
        SupportColumns = Support.Count(s => s);
        if (attenuation is not null)
        {
            _halfStep = Allocate();
            Load(attenuation.Values, _halfStep.Pointer, (float)(geometry.BinMm / 2));
        }
        _views = new ViewPlan[Views];
        for (int v = 0; v < Views; v++) _views[v] = MakePlan(v, response);
    }

    /// <summary>Attenuation above which a voxel counts as body, 1/mm: a third of water, above lung's 0.004 to keep air out.</summary>
    public const double BodyMuPerMm = 0.003;

    /// <summary>The geometry given.</summary>
    public ProjectionSet Geometry { get; }

    /// <summary>Views.</summary>
    public int Views { get; }

    /// <summary>Voxels along x and y.</summary>
    public int Nx { get; }

    /// <summary>Voxels along z.</summary>
    public int Nz { get; }

    /// <summary>Which columns (y, x; x fastest) take part; all others stay zero.</summary>
    public bool[] Support { get; }

    /// <summary>How many columns take part.</summary>
    public int SupportColumns { get; }

    /// <summary>Rotated samples of all views (whole vectors along z): the projector's work per pass, for the bench.</summary>
    internal long Samples => _views.Sum(v => v.Planes.Sum(p => (long)(p.End - p.First))) * Stride;

    /// <summary>Samples that pass through a blur, all views and levels.</summary>
    internal long BlurSamples => _views.Sum(v => (long)(v.End - v.First) * ((v.Segments.Length * v.LevelStep.Length) + v.Near.Length)) * Stride;

    internal int Vectors { get; }

    internal int Stride { get; }

    internal long RowStride { get; }

    internal long VolumeLength => RowStride * Nx;

    internal int PlaneLength => (Nx + 4) * Stride;

    internal AlignedFloats Allocate() => new(VolumeLength);

    internal Workspace NewWorkspace() => new(this);

    internal (int First, int End) Bins(int view) => (_views[view].First, _views[view].End);

    internal float* Column(float* volume, int x, int y) => volume + (y * RowStride) + ((long)x * Stride);

    /// <summary>[z, y, x] to the inner layout [y, x, z], times a factor, zero outside the support.</summary>
    internal void Load(float[] values, float* target, float factor = 1)
    {
        int plane = Nx * Nx;
        fixed (float* from = values)
            for (int y = 0; y < Nx; y++)
                for (int x = 0; x < Nx; x++)
                {
                    if (!Support[(y * Nx) + x]) continue;
                    float* column = Column(target, x, y);
                    float* source = from + (y * Nx) + x;
                    for (int z = 0; z < Nz; z++) column[z] = source[(long)z * plane] * factor;
                }
    }

    /// <summary>The inner layout back to [z, y, x]; zero outside the support.</summary>
    internal float[] Store(float* source)
    {
        float[] values = new float[Nx * Nx * Nz];
        int plane = Nx * Nx;
        fixed (float* to = values)
            for (int y = 0; y < Nx; y++)
                for (int x = 0; x < Nx; x++)
                {
                    if (!Support[(y * Nx) + x]) continue;
                    float* column = Column(source, x, y);
                    float* target = to + (y * Nx) + x;
                    for (int z = 0; z < Nz; z++) target[(long)z * plane] = column[z];
                }
        return values;
    }

    /// <summary>Projects a volume [z, y, x] into all views [view, z, t]. View weights and scatter are not applied.</summary>
    /// <param name="volume">Nx x Nx x Nz values; outside the support they are ignored.</param>
    public float[] Project(float[] volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        using AlignedFloats f = Allocate();
        using Workspace work = NewWorkspace();
        Load(volume, f.Pointer);
        float[] result = new float[Views * Nz * Nx];
        for (int v = 0; v < Views; v++)
        {
            float* plane = Forward(v, f.Pointer, work);
            (int first, int end) = Bins(v);
            for (int t = first; t < end; t++)
                for (int z = 0; z < Nz; z++) result[(((v * Nz) + z) * Nx) + t] = plane[((long)t * Stride) + z];
        }
        return result;
    }

    /// <summary>The transpose of <see cref="Project"/>: [view, z, t] to [z, y, x].</summary>
    /// <param name="projections">Views x Nz x Nx values.</param>
    public float[] BackProject(float[] projections)
    {
        ArgumentNullException.ThrowIfNull(projections);
        using AlignedFloats sum = Allocate();
        using Workspace work = NewWorkspace();
        for (int v = 0; v < Views; v++)
        {
            float* plane = work.Begin();
            (int first, int end) = Bins(v);
            for (int t = first; t < end; t++)
                for (int z = 0; z < Nz; z++) plane[((long)t * Stride) + z] = projections[(((v * Nz) + z) * Nx) + t];
            Back(v, work, sum.Pointer);
        }
        return Store(sum.Pointer);
    }

    /// <summary>Seconds for one forward and one back pass over all views on the calling thread, for the bench.</summary>
    internal (double ForwardSeconds, double BackSeconds) TimePasses(float[] volume, TimeProvider time)
    {
        using AlignedFloats f = Allocate(), sum = Allocate();
        using Workspace work = NewWorkspace();
        Load(volume, f.Pointer);
        long start = time.GetTimestamp();
        for (int v = 0; v < Views; v++) Forward(v, f.Pointer, work);
        double forward = time.GetElapsedTime(start).TotalSeconds;
        start = time.GetTimestamp();
        for (int v = 0; v < Views; v++)
        {
            float* plane = work.Begin();
            (int first, int end) = Bins(v);
            new Span<float>(plane + ((long)first * Stride), (end - first) * Stride).Fill(1);
            Back(v, work, sum.Pointer);
        }
        return (forward, time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Projects into the workspace's plane ([t][z]) and returns it; valid until the workspace is used again.</summary>
    internal float* Forward(int view, float* f, Workspace work)
    {
        ViewPlan plan = _views[view];
        work.Begin();
        float* u = _halfStep is null ? null : _halfStep.Pointer;
        for (int g = 0; g < plan.Segments.Length; g++)
        {
            Segment segment = plan.Segments[g];
            for (int k = segment.First; k < segment.End; k++)
            {
                (int first, int end, float wide) = plan.Planes[k];
                for (int i = first; i < end; i++)
                {
                    Locate(plan, i, k, out ColumnKernels.Corner a, out ColumnKernels.Corner b, out ColumnKernels.Corner middle);
                    long o = (long)i * Stride;
                    if (u is null) ColumnKernels.Add(work.Wide + o, work.Narrow + o, wide, f, a, b, Stride, RowStride, Vectors);
                    else if (a.Offset == b.Offset) ColumnKernels.AddAttenuated(work.Wide + o, work.Narrow + o, wide, f, u, a.Plus(b), Stride, RowStride, Vectors);
                    else ColumnKernels.AddAttenuated(work.Wide + o, work.Narrow + o, wide, f, u, a, b, middle, Stride, RowStride, Vectors);
                }
            }
            if (plan.LevelStep.Length == 0) continue;
            // What was gathered at the wider level is brought to the narrower one's width, and together they are the next segment's wide part.
            Blur(plan.LevelStep, plan, ref work.Wide, ref work.Spare, work.Scratch);
            Sum(work.Wide, work.Narrow, plan);
            new Span<float>(work.Wide + ((long)plan.First * Stride), (plan.End - plan.First) * Stride).Clear();
            work.Exchange();
        }
        if (plan.LevelStep.Length == 0) work.Exchange();
        Blur(plan.Near, plan, ref work.Wide, ref work.Spare, work.Scratch);
        return work.Wide;
    }

    /// <summary>Adds the back projection of a plane to a volume: the transpose of <see cref="Forward"/>, step by step in reverse.</summary>
    /// <param name="view">View.</param>
    /// <param name="work">Its wide plane holds what is to be back projected; used up.</param>
    /// <param name="volume">Volume added to.</param>
    internal void Back(int view, Workspace work, float* volume)
    {
        ViewPlan plan = _views[view];
        float* u = _halfStep is null ? null : _halfStep.Pointer;
        Blur(plan.Near, plan, ref work.Wide, ref work.Spare, work.Scratch);
        if (plan.LevelStep.Length == 0) work.Exchange();
        for (int g = plan.Segments.Length - 1; g >= 0; g--)
        {
            Segment segment = plan.Segments[g];
            if (plan.LevelStep.Length > 0)
            {
                work.Exchange();
                long o = (long)plan.First * Stride;
                new Span<float>(work.Narrow + o, (plan.End - plan.First) * Stride).CopyTo(new Span<float>(work.Wide + o, (plan.End - plan.First) * Stride));
                Blur(plan.LevelStep, plan, ref work.Wide, ref work.Spare, work.Scratch);
            }
            for (int k = segment.End - 1; k >= segment.First; k--)
            {
                (int first, int end, float wide) = plan.Planes[k];
                for (int i = first; i < end; i++)
                {
                    Locate(plan, i, k, out ColumnKernels.Corner a, out ColumnKernels.Corner b, out ColumnKernels.Corner middle);
                    long o = (long)i * Stride;
                    if (u is null) ColumnKernels.Spread(work.Wide + o, work.Narrow + o, wide, volume, a, b, Stride, RowStride, Vectors);
                    else if (a.Offset == b.Offset) ColumnKernels.SpreadAttenuated(work.Wide + o, work.Narrow + o, wide, volume, u, a.Plus(b), Stride, RowStride, Vectors);
                    else ColumnKernels.SpreadAttenuated(work.Wide + o, work.Narrow + o, wide, volume, u, a, b, middle, Stride, RowStride, Vectors);
                }
            }
        }
    }

    private void Blur(BlurKernel[] passes, ViewPlan plan, ref float* plane, ref float* spare, float* scratch)
    {
        foreach (BlurKernel pass in passes)
        {
            ColumnKernels.Blur(plane, spare, plan.First, plan.End, Stride, Vectors, pass, _lastMask, scratch);
            float* swap = plane;
            plane = spare;
            spare = swap;
        }
    }

    private void Sum(float* from, float* to, ViewPlan plan)
    {
        for (long o = (long)plan.First * Stride, end = (long)plan.End * Stride; o < end; o += ColumnKernels.Lanes)
            (Vector512.Load(from + o) + Vector512.Load(to + o)).Store(to + o);
    }

    /// <summary>
    /// Where a point of the rotated grid lies in the volume: two samples a quarter of a step before and behind it in depth, each
    /// with half the weight, so that a lone voxel counts nearly alike at all angles, and its middle for attenuation.
    /// </summary>
    private void Locate(ViewPlan plan, int i, int k, out ColumnKernels.Corner a, out ColumnKernels.Corner b, out ColumnKernels.Corner middle)
    {
        double half = (Nx - 1) / 2.0, t = i - half, s = k - half;
        double x = (t * plan.Cos) + (s * plan.Sin) + half, y = (s * plan.Cos) - (t * plan.Sin) + half;
        double dx = DepthOffset * plan.Sin, dy = DepthOffset * plan.Cos;
        a = CornerAt(x - dx, y - dy, 0.5f);
        b = CornerAt(x + dx, y + dy, 0.5f);
        middle = CornerAt(x, y, 1);
    }

    private const double DepthOffset = 0.25;

    private ColumnKernels.Corner CornerAt(double x, double y, float weight)
    {
        int ix = (int)x, iy = (int)y;
        float fx = (float)(x - ix), fy = (float)(y - iy);
        float w11 = fx * fy;
        return new ColumnKernels.Corner((iy * RowStride) + ((long)ix * Stride), weight * (1 - fx - fy + w11), weight * (fx - w11), weight * (fy - w11), weight * w11);
    }

    private ViewPlan MakePlan(int view, DetectorResponse? response)
    {
        double phi = Geometry.AngleDeg[view] * Math.PI / 180, bin = Geometry.BinMm, row = Geometry.RowMm, half = (Nx - 1) / 2.0;
        ViewPlan plan = new() { Cos = Math.Cos(phi), Sin = Math.Sin(phi), Planes = new Plane[Nx] };
        int near = -1, far = -1, left = Nx, right = 0;
        for (int k = 0; k < Nx; k++)
        {
            int first = Nx, end = 0;
            for (int i = 0; i < Nx; i++)
            {
                double x = ((i - half) * plan.Cos) + ((k - half) * plan.Sin) + half, y = ((k - half) * plan.Cos) - ((i - half) * plan.Sin) + half;
                double dx = DepthOffset * plan.Sin, dy = DepthOffset * plan.Cos;
                if (!Touches(x - dx, y - dy) && !Touches(x + dx, y + dy)) continue;
                first = Math.Min(first, i);
                end = i + 1;
            }
            if (end == 0) continue;
            plan.Planes[k] = new Plane(first, end, 0, 0);
            if (far < 0) far = k;
            near = k;
            left = Math.Min(left, first);
            right = Math.Max(right, end);
        }
        if (far < 0) return plan;
        plan.First = left;
        plan.End = right;
        if (response is null)
        {
            plan.Segments = [new Segment(far, near + 1)];
            return plan;
        }
        double Variance(int plane) => response.VarianceMm2(Geometry.RadiusMm[view] - ((plane - half) * bin));
        int margin = (int)Math.Ceiling(4 * Math.Sqrt(Variance(far)) / bin);
        plan.First = Math.Max(0, left - margin);
        plan.End = Math.Min(Nx, right + margin);
        double nearest = Variance(near), coarse = Math.Max(bin, row), step = BlurKernel.LeastGaussianVariance * coarse * coarse;
        plan.Near = BlurKernel.Passes(nearest / (bin * bin), (nearest / (row * row)) + BoxVariance);
        plan.LevelStep = BlurKernel.Passes(step / (bin * bin), step / (row * row));
        List<Segment> segments = [];
        for (int k = far; k <= near; k++)
        {
            double level = Math.Max(0, (Variance(k) - nearest) / step);
            plan.Planes[k].Wide = (float)(level - Math.Floor(level));
            plan.Planes[k].Level = (int)Math.Floor(level);
        }
        for (int k = far; k <= near;)
        {
            int level = plan.Planes[k].Level, end = k;
            while (end <= near && plan.Planes[end].Level == level) end++;
            // Every level down to the next must be stepped through, even when no plane has it.
            segments.Add(new Segment(k, end));
            int next = end <= near ? plan.Planes[end].Level : 0;
            for (int empty = level - 1; empty > next || (end > near && empty >= 0); empty--) segments.Add(new Segment(end, end));
            k = end;
        }
        plan.Segments = [.. segments];
        return plan;
    }

    /// <summary>
    /// Variance in bins squared of a voxel's box and a bin's box together. Rotation brings it along x, y and t (bilinear weights are
    /// that triangle); along z, where nothing is interpolated, it is added to the response.
    /// </summary>
    internal const double BoxVariance = 1 / 6.0;

    private bool Touches(double x, double y)
    {
        if (x < 0 || y < 0 || x >= Nx - 1 || y >= Nx - 1) return false;
        int c = ((int)y * Nx) + (int)x;
        return Support[c] || Support[c + 1] || Support[c + Nx] || Support[c + Nx + 1];
    }

    private bool[] MakeSupport(ProjectionSet geometry, Volume? attenuation)
    {
        bool[] support = new bool[Nx * Nx];
        double half = (Nx - 1) / 2.0;
        bool[]? body = attenuation is null ? null : Body(attenuation);
        for (int y = 1; y < Nx - 1; y++)
            for (int x = 1; x < Nx - 1; x++)
            {
                double dx = x - half, dy = y - half;
                // Two voxels from the border: all samples that touch the support have their four neighbours inside the grid.
                if ((dx * dx) + (dy * dy) > (half - 2) * (half - 2)) continue;
                support[(y * Nx) + x] = body is null || body[(y * Nx) + x];
            }
        // Nothing lies behind the face of the collimator; a voxel's half diagonal is allowed for.
        for (int v = 0; v < geometry.Views; v++)
        {
            double phi = geometry.AngleDeg[v] * Math.PI / 180, limit = (geometry.RadiusMm[v] / geometry.BinMm) + 0.71;
            (double sin, double cos) = Math.SinCos(phi);
            for (int y = 0; y < Nx; y++)
                for (int x = 0; x < Nx; x++)
                    if (((x - half) * sin) + ((y - half) * cos) > limit) support[(y * Nx) + x] = false;
        }
        return support;
    }

    private bool[] Body(Volume attenuation)
    {
        bool[] body = new bool[Nx * Nx];
        for (int z = 0; z < Nz; z++)
            for (int c = 0; c < body.Length; c++)
                if (attenuation.Values[(z * body.Length) + c] > BodyMuPerMm) body[c] = true;
        for (int round = 0; round < 2; round++)
        {
            bool[] grown = (bool[])body.Clone();
            for (int y = 1; y < Nx - 1; y++)
                for (int x = 1; x < Nx - 1; x++)
                {
                    int c = (y * Nx) + x;
                    if (body[c - 1] || body[c + 1] || body[c - Nx] || body[c + Nx]) grown[c] = true;
                }
            body = grown;
        }
        return body;
    }

    /// <inheritdoc/>
    public void Dispose() => _halfStep?.Dispose();

    private readonly record struct Segment(int First, int End);

    /// <summary>Columns of one plane, its level of blur, and the share of it that belongs to the next wider level.</summary>
    private record struct Plane(int First, int End, float Wide, int Level)
    {
        public readonly void Deconstruct(out int first, out int end, out float wide) => (first, end, wide) = (First, End, Wide);
    }

    private sealed class ViewPlan
    {
        public required double Cos { get; init; }
        public required double Sin { get; init; }
        public required Plane[] Planes { get; init; }
        public Segment[] Segments { get; set; } = [];
        public BlurKernel[] LevelStep { get; set; } = [];
        public BlurKernel[] Near { get; set; } = [];
        public int First { get; set; }
        public int End { get; set; }
    }

    /// <summary>Three planes and a scratch column for one thread. Two columns of zeros lie before and after each plane.</summary>
    internal sealed class Workspace : IDisposable
    {
        /// <summary>Current plane [t][z] of the wider level; also where results stand and what is back projected.</summary>
        public float* Wide;

        /// <summary>Current plane of the narrower level.</summary>
        public float* Narrow;

        /// <summary>Target of the next blur.</summary>
        public float* Spare;

        private readonly AlignedFloats _memory;
        private readonly int _plane, _margin;

        public Workspace(SystemModel model)
        {
            _plane = model.PlaneLength;
            _margin = 2 * model.Stride;
            _memory = new AlignedFloats((3L * _plane) + model.Stride + (2 * ColumnKernels.Lanes));
            Begin();
        }

        public float* Scratch => _memory.Pointer + (3L * _plane);

        /// <summary>Exchanges the wide and the narrow plane.</summary>
        public void Exchange()
        {
            float* wide = Wide;
            Wide = Narrow;
            Narrow = wide;
        }

        /// <summary>Clears the planes and returns the wide one.</summary>
        public float* Begin()
        {
            _memory.Clear();
            Wide = _memory.Pointer + _margin;
            Narrow = Wide + _plane;
            Spare = Narrow + _plane;
            return Wide;
        }

        public void Dispose() => _memory.Dispose();
    }
}
