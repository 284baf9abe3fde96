using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>
/// Which columns along z take part, and where each lies in memory: only those of the body have any. Columns stand in blocks of 8 x 8,
/// so that neighbours in any direction are near each other. Offset 0 is a column of zeros that stands for all others.
/// </summary>
public sealed unsafe class ColumnLayout
{
    /// <summary>Attenuation above which a voxel counts as body, 1/mm: a fifth of water, below lung's 0.004, to keep air out.</summary>
    public const double BodyMuPerMm = 0.003;

    private const int Block = 8;
    private readonly VoxelGrid _grid;

    internal ColumnLayout(ProjectionSet geometry, VoxelGrid grid, int stride, Volume? body)
    {
        _grid = grid;
        Stride = stride;
        Support = MakeSupport(geometry, body);
        Offsets = new int[Support.Length];
        List<int> order = [];
        int nx = grid.Nx;
        for (int y0 = 0; y0 < nx; y0 += Block)
            for (int x0 = 0; x0 < nx; x0 += Block)
                for (int y = y0; y < Math.Min(nx, y0 + Block); y++)
                    for (int x = x0; x < Math.Min(nx, x0 + Block); x++)
                    {
                        int c = (y * nx) + x;
                        if (!Support[c]) continue;
                        order.Add(c);
                        Offsets[c] = order.Count * stride;
                    }
        Order = [.. order];
    }

    /// <summary>Which columns (y, x; x fastest) take part; all others stay zero.</summary>
    public bool[] Support { get; }

    /// <summary>How many take part.</summary>
    public int Count => Order.Length;

    /// <summary>The columns that take part, in order of memory.</summary>
    internal int[] Order { get; }

    /// <summary>Where each column begins, floats; 0 for those that take no part.</summary>
    internal int[] Offsets { get; }

    internal int Stride { get; }

    /// <summary>Floats of one volume.</summary>
    internal long Length => (Order.Length + 1L) * Stride;

    /// <summary>[z, y, x] to the inner layout, times a factor; what lies outside the support is left out.</summary>
    internal void Load(float[] values, float* target, float factor = 1)
    {
        int plane = _grid.Nx * _grid.Nx, nz = _grid.Nz;
        nint to = (nint)target;
        Parallel.For(0, (Order.Length + 255) / 256, part =>
        {
            fixed (float* from = values)
                for (int n = part * 256, end = Math.Min(Order.Length, n + 256); n < end; n++)
                {
                    float* column = (float*)to + ((n + 1L) * Stride), source = from + Order[n];
                    for (int z = 0; z < nz; z++) column[z] = source[(long)z * plane] * factor;
                }
        });
    }

    /// <summary>The inner layout back to [z, y, x]; zero outside the support.</summary>
    internal float[] Store(float* source)
    {
        int plane = _grid.Nx * _grid.Nx, nz = _grid.Nz;
        float[] values = new float[plane * nz];
        nint begin = (nint)source;
        Parallel.For(0, (Order.Length + 255) / 256, part =>
        {
            fixed (float* to = values)
                for (int n = part * 256, end = Math.Min(Order.Length, n + 256); n < end; n++)
                {
                    float* column = (float*)begin + ((n + 1L) * Stride), target = to + Order[n];
                    for (int z = 0; z < nz; z++) target[(long)z * plane] = column[z];
                }
        });
        return values;
    }

    private bool[] MakeSupport(ProjectionSet geometry, Volume? attenuation)
    {
        bool[] support = new bool[_grid.Nx * _grid.Nx];
        double half = (_grid.Nx - 1) / 2.0;
        bool[]? body = attenuation is null ? null : Body(attenuation);
        for (int y = 1; y < _grid.Nx - 1; y++)
            for (int x = 1; x < _grid.Nx - 1; x++)
            {
                double dx = x - half, dy = y - half;
                // Two voxels from the border: all samples that touch the support have their four neighbours inside the grid.
                if ((dx * dx) + (dy * dy) > (half - 2) * (half - 2)) continue;
                support[(y * _grid.Nx) + x] = body is null || body[(y * _grid.Nx) + x];
            }
        // Nothing lies behind the face of the collimator; a voxel's half diagonal is allowed for.
        for (int v = 0; v < geometry.Views; v++)
        {
            double phi = geometry.AngleDeg[v] * Math.PI / 180, limit = (geometry.RadiusMm[v] / _grid.VoxelMm) + 0.71;
            (double sin, double cos) = Math.SinCos(phi);
            for (int y = 0; y < _grid.Nx; y++)
                for (int x = 0; x < _grid.Nx; x++)
                    if (((x - half) * sin) + ((y - half) * cos) > limit) support[(y * _grid.Nx) + x] = false;
        }
        return support;
    }

    private bool[] Body(Volume attenuation)
    {
        bool[] body = new bool[_grid.Nx * _grid.Nx];
        for (int z = 0; z < _grid.Nz; z++)
            for (int c = 0; c < body.Length; c++)
                if (attenuation.Values[(z * body.Length) + c] > BodyMuPerMm) body[c] = true;
        for (int round = 0; round < 2; round++)
        {
            bool[] grown = (bool[])body.Clone();
            for (int y = 1; y < _grid.Nx - 1; y++)
                for (int x = 1; x < _grid.Nx - 1; x++)
                {
                    int c = (y * _grid.Nx) + x;
                    if (body[c - 1] || body[c + 1] || body[c - _grid.Nx] || body[c + _grid.Nx]) grown[c] = true;
                }
            body = grown;
        }
        return body;
    }
}
