using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>
/// H, the matched projector pair of one acquisition: what each view would count for a given volume, and the exact transpose of that.
/// </summary>
/// <remarks>
/// Per view the volume is rotated (bilinear) so that depth runs along one axis; planes are gathered from far to near, and
/// attenuation acts plane by plane with the half-voxel rule (docs: physics-and-qc 5.1). The collimator's variance grows with
/// depth in levels a third of a bin squared apart, the least step a non-negative five-tap kernel can make without a fourth
/// cumulant (docs/decisions/0006); each plane is shared between the two levels next to it so that its own variance is exact.
/// One blur per level, over all planes beyond it together, does what a blur per plane would.
/// Only columns of the body's support take part, and only they have memory (<see cref="ColumnLayout"/>). The grid is the projections'
/// own, or one of other voxels (<see cref="DetectorBins"/>). Work on one view is single-threaded; results do not depend on the number
/// of threads.
/// </remarks>
public sealed unsafe class SystemModel : IDisposable
{
    private readonly ViewPlan[][] _views;
    private readonly bool _turning;
    private readonly AlignedFloats? _halfStep;
    private readonly Vector512<float> _lastMask;
    private readonly DetectorBins? _bins;
    private readonly int _longest;

    /// <summary>Prepares the model.</summary>
    /// <param name="geometry">Views, bins, angles and radii; its counts are not used.</param>
    /// <param name="attenuation">Linear attenuation at the photopeak, 1/mm, on this model's grid; null for none.</param>
    /// <param name="response">Detector response; null for none.</param>
    /// <param name="restrictToBody">Take the support from the attenuation map (mu &gt; <see cref="ColumnLayout.BodyMuPerMm"/>, grown by two voxels).</param>
    /// <param name="grid">Voxels; null for one per bin.</param>
    /// <exception cref="ArgumentException">The map is not on the grid, or arrays have the wrong length.</exception>
    public SystemModel(ProjectionSet geometry, Volume? attenuation, DetectorResponse? response, bool restrictToBody = true, VoxelGrid? grid = null)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (geometry.AngleDeg.Length != geometry.Views || geometry.RadiusMm.Length != geometry.Views)
            throw new ArgumentException("One angle and one radius per view are needed.", nameof(geometry));
        Grid = grid ?? VoxelGrid.Of(geometry);
        Views = geometry.Views;
        Nx = Grid.Nx;
        Nz = Grid.Nz;
        Vectors = (Nz + RotationKernels.Lanes - 1) / RotationKernels.Lanes;
        Stride = Vectors * RotationKernels.Lanes;
        Geometry = geometry;
        int used = Nz - (Stride - RotationKernels.Lanes);
        _lastMask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(used)).AsSingle();
        if (attenuation is not null && (attenuation.Nx != Nx || attenuation.Ny != Nx || attenuation.Nz != Nz))
            throw new ArgumentException($"The attenuation map is {attenuation.Nx} x {attenuation.Ny} x {attenuation.Nz}, the grid {Nx} x {Nx} x {Nz}.", nameof(attenuation));
        Columns = new ColumnLayout(geometry, Grid, Stride, restrictToBody ? attenuation : null);
        BinStride = Grid.IsThatOf(geometry) ? Stride : (geometry.Rows + RotationKernels.Lanes - 1) / RotationKernels.Lanes * RotationKernels.Lanes;
        if (!Grid.IsThatOf(geometry)) _bins = new DetectorBins(geometry, Grid, Stride, BinStride);
        if (attenuation is not null)
        {
            _halfStep = Allocate();
            Columns.Load(attenuation.Values, _halfStep.Pointer, (float)(Grid.VoxelMm / 2));
        }
        _views = new ViewPlan[Views][];
        for (int v = 0; v < Views; v++)
        {
            double arc = geometry.ArcDeg?[v] ?? 0;
            // Two angles at the Gauss points of the arc have its mean and its variance.
            double[] angles = arc > LeastArcDeg ? [geometry.AngleDeg[v] - (arc / Math.Sqrt(12)), geometry.AngleDeg[v] + (arc / Math.Sqrt(12))] : [geometry.AngleDeg[v]];
            _turning |= angles.Length > 1;
            _views[v] = [.. angles.Select(a => MakePlan(a, v, response))];
            foreach (Segment s in _views[v].SelectMany(p => p.Segments)) _longest = Math.Max(_longest, s.End - s.First);
        }
    }

    /// <summary>A view that turned through less than this, degrees, is taken as standing still: at 300 mm from the axis it moves by 5 mm.</summary>
    public const double LeastArcDeg = 1;

    /// <summary>The geometry given.</summary>
    public ProjectionSet Geometry { get; }

    /// <summary>The voxels.</summary>
    public VoxelGrid Grid { get; }

    /// <summary>Views.</summary>
    public int Views { get; }

    /// <summary>Voxels along x and y.</summary>
    public int Nx { get; }

    /// <summary>Voxels along z.</summary>
    public int Nz { get; }

    /// <summary>Which columns of voxels take part, and where each lies in memory.</summary>
    public ColumnLayout Columns { get; }

    /// <summary>Rotated samples of all views (whole vectors along z): the projector's work per pass, for the bench.</summary>
    internal long Samples => _views.Sum(v => v.Sum(w => w.Planes.Sum(p => (long)(p.End - p.First)))) * Stride;

    /// <summary>Samples that pass through a blur, all views and levels.</summary>
    internal long BlurSamples => _views.Sum(w => w.Sum(v => (long)(v.End - v.First) * ((v.Segments.Length * v.LevelStep.Length) + v.Near.Length))) * Stride;

    /// <summary>Columns read or written by the rotation, all views: the number behind its multiply-adds and loads.</summary>
    internal long ColumnVisits
    {
        get
        {
            long sum = 0;
            DepthSample* buffer = stackalloc DepthSample[1];
            foreach (ViewPlan plan in _views.SelectMany(v => v))
                for (int k = 0; k < Nx; k++)
                    for (int i = plan.Planes[k].First; i < plan.Planes[k].End; i++)
                    {
                        Locate(plan, i, k, 0, buffer);
                        sum += buffer->Count;
                    }
            return sum;
        }
    }

    internal int Vectors { get; }

    internal int Stride { get; }

    /// <summary>Floats between neighbouring bins of a plane of projections.</summary>
    internal int BinStride { get; }

    internal int PlaneLength => (Nx + 4) * Stride;

    internal AlignedFloats Allocate() => new(Columns.Length);

    internal Workspace NewWorkspace() => new(this);

    internal (int First, int End) Bins(int view)
    {
        int first = _views[view].Min(p => p.First), end = _views[view].Max(p => p.End);
        return _bins is null ? (first, end) : _bins.Touched(first, end);
    }

    /// <summary>Projects a volume [z, y, x] into all views [view, z, t]. View weights and scatter are not applied.</summary>
    /// <param name="volume">Nx x Nx x Nz values; outside the support they are ignored.</param>
    public float[] Project(float[] volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        using AlignedFloats f = Allocate();
        using Workspace work = NewWorkspace();
        Columns.Load(volume, f.Pointer);
        int columns = Geometry.Columns, rows = Geometry.Rows;
        float[] result = new float[Views * rows * columns];
        for (int v = 0; v < Views; v++)
        {
            float* plane = Forward(v, f.Pointer, work);
            (int first, int end) = Bins(v);
            for (int t = first; t < end; t++)
                for (int z = 0; z < rows; z++) result[(((v * rows) + z) * columns) + t] = plane[((long)t * BinStride) + z];
        }
        return result;
    }

    /// <summary>The transpose of <see cref="Project"/>: [view, z, t] to [z, y, x].</summary>
    /// <param name="projections">Views x Rows x Columns values.</param>
    public float[] BackProject(float[] projections)
    {
        ArgumentNullException.ThrowIfNull(projections);
        using AlignedFloats sum = Allocate();
        using Workspace work = NewWorkspace();
        int columns = Geometry.Columns, rows = Geometry.Rows;
        for (int v = 0; v < Views; v++)
        {
            float* plane = work.Begin();
            (int first, int end) = Bins(v);
            for (int t = first; t < end; t++)
                for (int z = 0; z < rows; z++) plane[((long)t * BinStride) + z] = projections[(((v * rows) + z) * columns) + t];
            Back(v, work, sum.Pointer);
        }
        return Columns.Store(sum.Pointer);
    }

    /// <summary>Seconds for one forward and one back pass over all views on the calling thread, for the bench.</summary>
    internal (double ForwardSeconds, double BackSeconds) TimePasses(float[] volume, TimeProvider time)
    {
        using AlignedFloats f = Allocate(), sum = Allocate();
        using Workspace work = NewWorkspace();
        Columns.Load(volume, f.Pointer);
        long start = time.GetTimestamp();
        for (int v = 0; v < Views; v++) Forward(v, f.Pointer, work);
        double forward = time.GetElapsedTime(start).TotalSeconds;
        start = time.GetTimestamp();
        for (int v = 0; v < Views; v++)
        {
            float* plane = work.Begin();
            (int first, int end) = Bins(v);
            new Span<float>(plane + ((long)first * BinStride), (end - first) * BinStride).Fill(1);
            Back(v, work, sum.Pointer);
        }
        return (forward, time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Projects into a plane of bins ([t][z], <see cref="BinStride"/> apart) and returns it; valid until the workspace is used again.</summary>
    internal float* Forward(int view, float* f, Workspace work)
    {
        ViewPlan[] plans = _views[view];
        work.Begin();
        ForwardPlan(plans[0], f, work);
        if (plans.Length > 1)
        {
            Scaled(work.Wide, work.Kept, 0.5f);
            work.ClearSamples();
            ForwardPlan(plans[1], f, work);
            for (long o = 0; o < PlaneLength - (4L * Stride); o += RotationKernels.Lanes)
                Vector512.FusedMultiplyAdd(Vector512.Create(0.5f), Vector512.Load(work.Wide + o), Vector512.Load(work.Kept + o)).Store(work.Wide + o);
        }
        if (_bins is null) return work.Wide;
        _bins.Forward(work.Wide, work.Detector, Bins(view), work.Scratch);
        return work.Detector;
    }

    private void Scaled(float* from, float* to, float factor)
    {
        for (long o = 0; o < PlaneLength - (4L * Stride); o += RotationKernels.Lanes) (Vector512.Load(from + o) * factor).Store(to + o);
    }

    private void ForwardPlan(ViewPlan plan, float* f, Workspace work)
    {
        float* u = _halfStep is null ? null : _halfStep.Pointer;
        DepthSample* samples = stackalloc DepthSample[Math.Max(1, _longest)];
        for (int g = 0; g < plan.Segments.Length; g++)
        {
            Segment segment = plan.Segments[g];
            for (int i = segment.Left; i < segment.Right; i++)
            {
                int count = Line(plan, segment, i, samples);
                if (count > 0) RotationKernels.Gather(work.Wide + ((long)i * Stride), work.Narrow + ((long)i * Stride), samples, count, f, u, Vectors);
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
    }

    /// <summary>Adds the back projection of a plane of bins to a volume: the transpose of <see cref="Forward"/>, step by step in reverse.</summary>
    /// <param name="view">View.</param>
    /// <param name="work">The plane that <see cref="Workspace.Begin"/> gave (or <see cref="Forward"/>) holds what is to be back projected; used up.</param>
    /// <param name="volume">Volume added to.</param>
    internal void Back(int view, Workspace work, float* volume)
    {
        ViewPlan[] plans = _views[view];
        if (_bins is not null)
        {
            work.ClearSamples();
            _bins.Back(work.Detector, work.Wide, Bins(view), work.Scratch);
        }
        if (plans.Length == 1)
        {
            BackPlan(plans[0], work, volume);
            return;
        }
        Scaled(work.Wide, work.Kept, 0.5f);
        foreach (ViewPlan plan in plans)
        {
            work.ClearSamples();
            Scaled(work.Kept, work.Wide, 1);
            BackPlan(plan, work, volume);
        }
    }

    private void BackPlan(ViewPlan plan, Workspace work, float* volume)
    {
        float* u = _halfStep is null ? null : _halfStep.Pointer;
        DepthSample* samples = stackalloc DepthSample[Math.Max(1, _longest)];
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
            for (int i = segment.Left; i < segment.Right; i++)
            {
                int count = Line(plan, segment, i, samples);
                if (count > 0) RotationKernels.Spread(work.Wide + ((long)i * Stride), work.Narrow + ((long)i * Stride), samples, count, volume, u, Vectors);
            }
        }
    }

    private void Blur(BlurKernel[] passes, ViewPlan plan, ref float* plane, ref float* spare, float* scratch)
    {
        foreach (BlurKernel pass in passes)
        {
            BlurKernels.Blur(plane, spare, plan.First, plan.End, Stride, Vectors, pass, _lastMask, scratch);
            float* swap = plane;
            plane = spare;
            spare = swap;
        }
    }

    private void Sum(float* from, float* to, ViewPlan plan)
    {
        for (long o = (long)plan.First * Stride, end = (long)plan.End * Stride; o < end; o += RotationKernels.Lanes)
            (Vector512.Load(from + o) + Vector512.Load(to + o)).Store(to + o);
    }

    /// <summary>All points of one bin's line within a segment, far to near.</summary>
    private int Line(ViewPlan plan, Segment segment, int i, DepthSample* samples)
    {
        int count = 0;
        for (int k = segment.First; k < segment.End; k++)
        {
            ref Plane plane = ref plan.Planes[k];
            if (i >= plane.First && i < plane.End) Locate(plan, i, k, plane.Wide, samples + count++);
        }
        return count;
    }

    /// <summary>
    /// Where a point of the rotated grid lies in the volume: two samples a quarter of a step before and behind it in depth, each
    /// with half the weight, so that a lone voxel counts nearly alike at all angles, and its middle for attenuation. Columns the two
    /// share are taken once; columns outside the support hold nothing and are left out.
    /// </summary>
    private void Locate(ViewPlan plan, int i, int k, float wide, DepthSample* sample)
    {
        double half = (Nx - 1) / 2.0, t = i - half, s = k - half;
        double x = (t * plan.Cos) + (s * plan.Sin) + half, y = (s * plan.Cos) - (t * plan.Sin) + half;
        double dx = DepthOffset * plan.Sin, dy = DepthOffset * plan.Cos;
        sample->Wide = wide;
        int n = 0;
        fixed (int* offsets = Columns.Offsets)
        {
            int ix = Whole(x), iy = Whole(y);
            float fx = (float)(x - ix), fy = (float)(y - iy), both = fx * fy;
            int* cell = offsets + (iy * Nx) + ix;
            sample->MuOffset[0] = cell[0];
            sample->MuOffset[1] = cell[1];
            sample->MuOffset[2] = cell[Nx];
            sample->MuOffset[3] = cell[Nx + 1];
            sample->MuWeight[0] = 1 - fx - fy + both;
            sample->MuWeight[1] = fx - both;
            sample->MuWeight[2] = fy - both;
            sample->MuWeight[3] = both;

            double xa = x - dx, ya = y - dy, xb = x + dx, yb = y + dy;
            int ax = Whole(xa), ay = Whole(ya), bx = Whole(xb), by = Whole(yb);
            float ux = (float)(xa - ax), uy = (float)(ya - ay), vx = (float)(xb - bx), vy = (float)(yb - by);
            float a11 = 0.5f * ux * uy, a10 = (0.5f * ux) - a11, a01 = (0.5f * uy) - a11, a00 = 0.5f - a10 - a01 - a11;
            float b11 = 0.5f * vx * vy, b10 = (0.5f * vx) - b11, b01 = (0.5f * vy) - b11, b00 = 0.5f - b10 - b01 - b11;
            int* a = offsets + (ay * Nx) + ax, b = offsets + (by * Nx) + bx;
            int step = (bx - ax) + (3 * (by - ay));
            switch (step)
            {
                case 0:
                    Put(sample, ref n, a[0], a00 + b00);
                    Put(sample, ref n, a[1], a10 + b10);
                    Put(sample, ref n, a[Nx], a01 + b01);
                    Put(sample, ref n, a[Nx + 1], a11 + b11);
                    break;
                case 1:
                    Put(sample, ref n, a[0], a00);
                    Put(sample, ref n, a[1], a10 + b00);
                    Put(sample, ref n, a[2], b10);
                    Put(sample, ref n, a[Nx], a01);
                    Put(sample, ref n, a[Nx + 1], a11 + b01);
                    Put(sample, ref n, a[Nx + 2], b11);
                    break;
                case -1:
                    Put(sample, ref n, b[0], b00);
                    Put(sample, ref n, b[1], b10 + a00);
                    Put(sample, ref n, b[2], a10);
                    Put(sample, ref n, b[Nx], b01);
                    Put(sample, ref n, b[Nx + 1], b11 + a01);
                    Put(sample, ref n, b[Nx + 2], a11);
                    break;
                case 3:
                    Put(sample, ref n, a[0], a00);
                    Put(sample, ref n, a[1], a10);
                    Put(sample, ref n, a[Nx], a01 + b00);
                    Put(sample, ref n, a[Nx + 1], a11 + b10);
                    Put(sample, ref n, b[Nx], b01);
                    Put(sample, ref n, b[Nx + 1], b11);
                    break;
                case -3:
                    Put(sample, ref n, b[0], b00);
                    Put(sample, ref n, b[1], b10);
                    Put(sample, ref n, b[Nx], b01 + a00);
                    Put(sample, ref n, b[Nx + 1], b11 + a10);
                    Put(sample, ref n, a[Nx], a01);
                    Put(sample, ref n, a[Nx + 1], a11);
                    break;
                default:
                    // Diagonal neighbours share one column; it is simply visited twice.
                    Put(sample, ref n, a[0], a00);
                    Put(sample, ref n, a[1], a10);
                    Put(sample, ref n, a[Nx], a01);
                    Put(sample, ref n, a[Nx + 1], a11);
                    Put(sample, ref n, b[0], b00);
                    Put(sample, ref n, b[1], b10);
                    Put(sample, ref n, b[Nx], b01);
                    Put(sample, ref n, b[Nx + 1], b11);
                    break;
            }
            sample->Count = n;
        }
    }

    /// <summary>Truncated without the checks of a cast: places inside the grid are small and not negative.</summary>
    private static int Whole(double value) => double.ConvertToIntegerNative<int>(value);

    private static void Put(DepthSample* sample, ref int n, int offset, float weight)
    {
        sample->Offset[n] = offset;
        sample->Weight[n] = weight;
        n += offset == 0 ? 0 : 1;
    }

    private const double DepthOffset = 0.25;

    private ViewPlan MakePlan(double angleDeg, int view, DetectorResponse? response)
    {
        double phi = angleDeg * Math.PI / 180, bin = Grid.VoxelMm, row = Grid.SliceMm, half = (Nx - 1) / 2.0;
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
            plan.Segments = [Bounded(plan, far, near + 1)];
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
            segments.Add(Bounded(plan, k, end));
            int next = end <= near ? plan.Planes[end].Level : 0;
            for (int empty = level - 1; empty > next || (end > near && empty >= 0); empty--) segments.Add(Bounded(plan, end, end));
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

    private static Segment Bounded(ViewPlan plan, int first, int end)
    {
        int left = int.MaxValue, right = 0;
        for (int k = first; k < end; k++)
        {
            if (plan.Planes[k].End == 0) continue;
            left = Math.Min(left, plan.Planes[k].First);
            right = Math.Max(right, plan.Planes[k].End);
        }
        return new Segment(first, end, left, right);
    }

    private bool Touches(double x, double y)
    {
        if (x < 0 || y < 0 || x >= Nx - 1 || y >= Nx - 1) return false;
        int c = ((int)y * Nx) + (int)x;
        int[] offsets = Columns.Offsets;
        return (offsets[c] | offsets[c + 1] | offsets[c + Nx] | offsets[c + Nx + 1]) != 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _halfStep?.Dispose();

    /// <summary>Planes first..end that share a pair of levels, and the bins left..right any of them needs.</summary>
    private readonly record struct Segment(int First, int End, int Left, int Right);

    /// <summary>Columns of one plane, its level of blur, and the share of it that belongs to the next wider level.</summary>
    private record struct Plane(int First, int End, float Wide, int Level);

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

    /// <summary>Three planes of samples, one of bins where they differ, and a scratch column for one thread. Two columns of zeros lie before and after each plane of samples.</summary>
    internal sealed class Workspace : IDisposable
    {
        /// <summary>Current plane [t][z] of the wider level; also where results stand and what is back projected.</summary>
        public float* Wide;

        /// <summary>Current plane of the narrower level.</summary>
        public float* Narrow;

        /// <summary>Target of the next blur.</summary>
        public float* Spare;

        private readonly AlignedFloats _memory;
        private readonly AlignedFloats? _detector, _kept;
        private readonly int _plane, _margin;

        public Workspace(SystemModel model)
        {
            _plane = model.PlaneLength;
            _margin = 2 * model.Stride;
            _memory = new AlignedFloats((3L * _plane) + model.Stride + (2 * RotationKernels.Lanes));
            if (model._turning) _kept = new AlignedFloats(_plane);
            if (model._bins is not null) _detector = new AlignedFloats((long)model.Geometry.Columns * model.BinStride);
            Begin();
        }

        public float* Scratch => _memory.Pointer + (3L * _plane);

        /// <summary>Plane of bins; only where voxels and bins differ.</summary>
        public float* Detector => _detector!.Pointer;

        /// <summary>A plane put aside between the two angles of a turning view.</summary>
        public float* Kept => _kept!.Pointer;

        /// <summary>Exchanges the wide and the narrow plane.</summary>
        public void Exchange()
        {
            float* wide = Wide;
            Wide = Narrow;
            Narrow = wide;
        }

        /// <summary>Clears everything and returns the plane of bins to be filled.</summary>
        public float* Begin()
        {
            ClearSamples();
            if (_detector is null) return Wide;
            _detector.Clear();
            return _detector.Pointer;
        }

        /// <summary>Clears the planes of samples, not that of bins.</summary>
        public void ClearSamples()
        {
            _memory.Clear();
            Wide = _memory.Pointer + _margin;
            Narrow = Wide + _plane;
            Spare = Narrow + _plane;
        }

        public void Dispose()
        {
            _memory.Dispose();
            _detector?.Dispose();
            _kept?.Dispose();
        }
    }
}
