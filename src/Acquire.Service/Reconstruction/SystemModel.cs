using System.Runtime.Intrinsics;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Reconstruction;

/// <summary>
/// The matched projector pair of one acquisition: what each view would count for a given volume, and the exact transpose of that.
/// </summary>
/// <remarks>
/// Per view the volume is rotated (bilinear) so that depth runs along one axis; planes are gathered from far to near, and
/// between groups of planes the gathered plane is blurred by the growth of the collimator's variance, so that each plane ends
/// with the response at its own distance; attenuation acts plane by plane with the half-voxel rule (docs: physics-and-qc 5.1).
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

    /// <summary>Projects into the workspace's plane ([t][z]) and returns it; valid until the workspace is used again.</summary>
    internal float* Forward(int view, float* f, Workspace work)
    {
        ViewPlan plan = _views[view];
        float* acc = work.Begin();
        float* u = _halfStep is null ? null : _halfStep.Pointer;
        for (int g = 0; g < plan.Groups.Length; g++)
        {
            if (g > 0) acc = Blur(plan.Groups[g].Before, plan, work);
            for (int k = plan.Groups[g].First; k < plan.Groups[g].End; k++)
            {
                (int first, int end) = plan.Planes[k];
                for (int i = first; i < end; i++)
                {
                    ColumnKernels.Corner c = Locate(plan, i, k);
                    float* a = acc + ((long)i * Stride);
                    if (u is null) ColumnKernels.Add(a, f, c, Stride, RowStride, Vectors);
                    else ColumnKernels.AddAttenuated(a, f, u, c, Stride, RowStride, Vectors);
                }
            }
        }
        return Blur(plan.Near, plan, work);
    }

    /// <summary>Adds the back projection of the workspace's plane to a volume; the plane is used up.</summary>
    internal void Back(int view, Workspace work, float* volume)
    {
        ViewPlan plan = _views[view];
        float* u = _halfStep is null ? null : _halfStep.Pointer;
        float* b = Blur(plan.Near, plan, work);
        for (int g = plan.Groups.Length - 1; g >= 0; g--)
        {
            for (int k = plan.Groups[g].End - 1; k >= plan.Groups[g].First; k--)
            {
                (int first, int end) = plan.Planes[k];
                for (int i = first; i < end; i++)
                {
                    ColumnKernels.Corner c = Locate(plan, i, k);
                    float* a = b + ((long)i * Stride);
                    if (u is null) ColumnKernels.Spread(a, volume, c, Stride, RowStride, Vectors);
                    else ColumnKernels.SpreadAttenuated(a, volume, u, c, Stride, RowStride, Vectors);
                }
            }
            if (g > 0) b = Blur(plan.Groups[g].Before, plan, work);
        }
    }

    private float* Blur(BlurKernel[] passes, ViewPlan plan, Workspace work)
    {
        foreach (BlurKernel pass in passes)
        {
            ColumnKernels.Blur(work.Plane, work.Other, plan.First, plan.End, Stride, Vectors, pass, _lastMask, work.Scratch);
            work.Swap();
        }
        return work.Plane;
    }

    private ColumnKernels.Corner Locate(ViewPlan plan, int i, int k)
    {
        double half = (Nx - 1) / 2.0, t = i - half, s = k - half;
        double x = (t * plan.Cos) + (s * plan.Sin) + half, y = (s * plan.Cos) - (t * plan.Sin) + half;
        int ix = (int)x, iy = (int)y;
        float fx = (float)(x - ix), fy = (float)(y - iy);
        float w11 = fx * fy, w10 = fx - w11, w01 = fy - w11, w00 = 1 - fx - w01;
        return new ColumnKernels.Corner((iy * RowStride) + ((long)ix * Stride), w00, w10, w01, w11);
    }

    private ViewPlan MakePlan(int view, DetectorResponse? response)
    {
        double phi = Geometry.AngleDeg[view] * Math.PI / 180, bin = Geometry.BinMm, row = Geometry.RowMm, half = (Nx - 1) / 2.0;
        ViewPlan plan = new() { Cos = Math.Cos(phi), Sin = Math.Sin(phi), Planes = new (int, int)[Nx] };
        int near = -1, far = -1, left = Nx, right = 0;
        for (int k = 0; k < Nx; k++)
        {
            int first = Nx, end = 0;
            for (int i = 0; i < Nx; i++)
            {
                double x = ((i - half) * plan.Cos) + ((k - half) * plan.Sin) + half, y = ((k - half) * plan.Cos) - ((i - half) * plan.Sin) + half;
                if (x < 0 || y < 0 || x >= Nx - 1 || y >= Nx - 1) continue;
                int c = ((int)y * Nx) + (int)x;
                if (!Support[c] && !Support[c + 1] && !Support[c + Nx] && !Support[c + Nx + 1]) continue;
                first = Math.Min(first, i);
                end = i + 1;
            }
            if (end == 0) continue;
            plan.Planes[k] = (first, end);
            if (far < 0) far = k;
            near = k;
            left = Math.Min(left, first);
            right = Math.Max(right, end);
        }
        if (far < 0) return plan;
        double Variance(double plane) => response!.VarianceMm2(Geometry.RadiusMm[view] - ((plane - half) * bin));
        int margin = response is null ? 0 : (int)Math.Ceiling(4 * Math.Sqrt(Variance(far)) / bin);
        plan.First = Math.Max(0, left - margin);
        plan.End = Math.Min(Nx, right + margin);
        int size = response is null ? Nx : Math.Max(1, (int)Math.Round(GroupDepthMm / bin));
        List<PlaneGroup> groups = [];
        double before = 0;
        for (int k = far; k <= near; k += size)
        {
            int end = Math.Min(near + 1, k + size);
            double variance = response is null ? 0 : Variance((k + end - 1) / 2.0), step = Math.Max(0, before - variance);
            groups.Add(new PlaneGroup(k, end, groups.Count == 0 || response is null ? [] : BlurKernel.Passes(step / (bin * bin), step / (row * row))));
            before = variance;
        }
        plan.Groups = [.. groups];
        if (response is not null) plan.Near = BlurKernel.Passes(before / (bin * bin), before / (row * row));
        return plan;
    }

    /// <summary>Depth of the planes that share one width of the response, mm: within it sigma changes by about 2 %.</summary>
    internal const double GroupDepthMm = 9.6;

    private bool[] MakeSupport(ProjectionSet geometry, Volume? attenuation)
    {
        bool[] support = new bool[Nx * Nx];
        double half = (Nx - 1) / 2.0;
        bool[]? body = attenuation is null ? null : Body(attenuation);
        for (int y = 1; y < Nx - 1; y++)
            for (int x = 1; x < Nx - 1; x++)
            {
                double dx = x - half, dy = y - half;
                if ((dx * dx) + (dy * dy) > (half - 1) * (half - 1)) continue;
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

    private readonly record struct PlaneGroup(int First, int End, BlurKernel[] Before);

    private sealed class ViewPlan
    {
        public required double Cos { get; init; }
        public required double Sin { get; init; }
        public required (int First, int End)[] Planes { get; init; }
        public PlaneGroup[] Groups { get; set; } = [];
        public BlurKernel[] Near { get; set; } = [];
        public int First { get; set; }
        public int End { get; set; }
    }

    /// <summary>Two planes and a scratch column for one thread.</summary>
    internal sealed class Workspace : IDisposable
    {
        private readonly AlignedFloats _memory;
        private readonly int _plane, _margin;
        private bool _swapped;

        public Workspace(SystemModel model)
        {
            _plane = model.PlaneLength;
            _margin = 2 * model.Stride;
            _memory = new AlignedFloats((2L * _plane) + model.Stride + (2 * ColumnKernels.Lanes));
        }

        /// <summary>Column 0 of the current plane [t][z]; two columns of zeros lie before and after it.</summary>
        public float* Plane => _memory.Pointer + (_swapped ? _plane : 0) + _margin;

        public float* Other => _memory.Pointer + (_swapped ? 0 : _plane) + _margin;

        public float* Scratch => _memory.Pointer + (2L * _plane);

        public void Swap() => _swapped = !_swapped;

        /// <summary>Clears both planes.</summary>
        public float* Begin()
        {
            _memory.Clear();
            return Plane;
        }

        public void Dispose() => _memory.Dispose();
    }
}
