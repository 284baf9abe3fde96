using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction.Tests;

internal static class Geometry
{
    public static ProjectionSet Circular(int views, int columns, int rows, double bin, double radius, double row = 0, double startDeg = 0, double stepDeg = 0) => new()
    {
        Views = views, Columns = columns, Rows = rows, BinMm = bin, RowMm = row > 0 ? row : bin,
        AngleDeg = [.. Enumerable.Range(0, views).Select(v => startDeg + (v * (stepDeg != 0 ? stepDeg : 360.0 / views)))],
        RadiusMm = [.. Enumerable.Repeat(radius, views)],
        Counts = new float[views * columns * rows],
    };

    public static Volume Empty(ProjectionSet set, string unit = "1") => Volume.Centred(set.Columns, set.Columns, set.Rows, set.BinMm, unit) with
    {
        DzMm = set.RowMm, Z0Mm = -(set.Rows - 1) / 2.0 * set.RowMm,
    };

    /// <summary>A cylinder along z, edge voxels by their covered fraction (5 x 5 points).</summary>
    public static Volume Cylinder(ProjectionSet set, double radiusMm, float value, double x0 = 0, double y0 = 0, string unit = "1")
    {
        Volume v = Empty(set, unit);
        for (int j = 0; j < v.Ny; j++)
            for (int i = 0; i < v.Nx; i++)
            {
                int inside = 0;
                for (int b = -2; b <= 2; b++)
                    for (int a = -2; a <= 2; a++)
                    {
                        double x = v.X0Mm + ((i + (a / 5.0)) * v.DxMm) - x0, y = v.Y0Mm + ((j + (b / 5.0)) * v.DyMm) - y0;
                        if ((x * x) + (y * y) <= radiusMm * radiusMm) inside++;
                    }
                for (int k = 0; k < v.Nz; k++) v.Values[v.Index(i, j, k)] = value * inside / 25f;
            }
        return v;
    }

    public static float[] Noise(int length, int seed, double from = 0, double to = 1)
    {
        Random random = new(seed);
        float[] values = new float[length];
        for (int n = 0; n < length; n++) values[n] = (float)(from + ((to - from) * random.NextDouble()));
        return values;
    }

    public static double Dot(float[] a, float[] b)
    {
        double sum = 0;
        for (int n = 0; n < a.Length; n++) sum += (double)a[n] * b[n];
        return sum;
    }
}
