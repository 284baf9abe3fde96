using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality;

/// <summary>Reads a volume at a place in the patient.</summary>
internal static class VolumeSampling
{
    /// <summary>Nearest voxel; <paramref name="outside"/> beyond the volume.</summary>
    public static float Nearest(Volume v, double xMm, double yMm, double zMm, float outside)
    {
        int i = (int)Math.Round((xMm - v.X0Mm) / v.DxMm), j = (int)Math.Round((yMm - v.Y0Mm) / v.DyMm), k = (int)Math.Round((zMm - v.Z0Mm) / v.DzMm);
        return i < 0 || j < 0 || k < 0 || i >= v.Nx || j >= v.Ny || k >= v.Nz ? outside : v.Values[v.Index(i, j, k)];
    }

    /// <summary>Trilinear between voxel centres; <paramref name="outside"/> beyond half a voxel outside.</summary>
    public static float Linear(Volume v, double xMm, double yMm, double zMm, float outside)
    {
        double x = (xMm - v.X0Mm) / v.DxMm, y = (yMm - v.Y0Mm) / v.DyMm, z = (zMm - v.Z0Mm) / v.DzMm;
        if (x < -0.5 || y < -0.5 || z < -0.5 || x > v.Nx - 0.5 || y > v.Ny - 0.5 || z > v.Nz - 0.5) return outside;
        x = Math.Clamp(x, 0, v.Nx - 1);
        y = Math.Clamp(y, 0, v.Ny - 1);
        z = Math.Clamp(z, 0, v.Nz - 1);
        int i = Math.Min((int)x, Math.Max(0, v.Nx - 2)), j = Math.Min((int)y, Math.Max(0, v.Ny - 2)), k = Math.Min((int)z, Math.Max(0, v.Nz - 2));
        double fx = x - i, fy = y - j, fz = z - k;
        int i1 = Math.Min(i + 1, v.Nx - 1), j1 = Math.Min(j + 1, v.Ny - 1), k1 = Math.Min(k + 1, v.Nz - 1);
        double Row(int jj, int kk) => ((1 - fx) * v.Values[v.Index(i, jj, kk)]) + (fx * v.Values[v.Index(i1, jj, kk)]);
        double Plane(int kk) => ((1 - fy) * Row(j, kk)) + (fy * Row(j1, kk));
        return (float)(((1 - fz) * Plane(k)) + (fz * Plane(k1)));
    }
}
