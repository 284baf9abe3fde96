using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>A rigid movement: turned about a centre (x, then y, then z axis), then shifted.</summary>
/// <param name="XMm">Shift to the patient's left, mm.</param>
/// <param name="YMm">Shift to the back, mm.</param>
/// <param name="ZMm">Shift to the head, mm.</param>
/// <param name="AboutXDeg">Turn about x, degrees.</param>
/// <param name="AboutYDeg">Turn about y, degrees.</param>
/// <param name="AboutZDeg">Turn about z, degrees.</param>
public sealed record RigidMovement(double XMm, double YMm, double ZMm, double AboutXDeg, double AboutYDeg, double AboutZDeg)
{
    /// <summary>Length of the shift, mm.</summary>
    public double LengthMm => Math.Sqrt((XMm * XMm) + (YMm * YMm) + (ZMm * ZMm));

    /// <summary>A volume moved: what was at p is then at R (p - centre) + centre + shift. Same grid, linear interpolation.</summary>
    /// <param name="volume">Volume.</param>
    /// <param name="outside">Value beyond it.</param>
    /// <param name="about">Centre of the turn, mm; null for the volume's own middle.</param>
    public Volume Move(Volume volume, float outside, (double X, double Y, double Z)? about = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        float[] moved = new float[volume.Values.Length];
        (double cx, double cy, double cz) = about ?? Centre(volume);
        double[] r = Inverse();
        Parallel.For(0, volume.Nz, k =>
        {
            for (int j = 0; j < volume.Ny; j++)
                for (int i = 0; i < volume.Nx; i++)
                {
                    double x = volume.X0Mm + (i * volume.DxMm) - cx - XMm, y = volume.Y0Mm + (j * volume.DyMm) - cy - YMm, z = volume.Z0Mm + (k * volume.DzMm) - cz - ZMm;
                    moved[volume.Index(i, j, k)] = Linear(volume, (r[0] * x) + (r[1] * y) + (r[2] * z) + cx, (r[3] * x) + (r[4] * y) + (r[5] * z) + cy, (r[6] * x) + (r[7] * y) + (r[8] * z) + cz, outside);
                }
        });
        return volume with { Values = moved };
    }

    /// <summary>Middle of a volume, mm.</summary>
    /// <param name="v">Volume.</param>
    public static (double X, double Y, double Z) Centre(Volume v) => v is null ? throw new ArgumentNullException(nameof(v)) : (v.X0Mm + ((v.Nx - 1) / 2.0 * v.DxMm), v.Y0Mm + ((v.Ny - 1) / 2.0 * v.DyMm), v.Z0Mm + ((v.Nz - 1) / 2.0 * v.DzMm));

    /// <summary>Transpose of Rz Ry Rx, row by row.</summary>
    internal double[] Inverse()
    {
        (double sx, double cx) = Math.SinCos(AboutXDeg * Math.PI / 180);
        (double sy, double cy) = Math.SinCos(AboutYDeg * Math.PI / 180);
        (double sz, double cz) = Math.SinCos(AboutZDeg * Math.PI / 180);
        return [cz * cy, sz * cy, -sy, (cz * sy * sx) - (sz * cx), (sz * sy * sx) + (cz * cx), cy * sx, (cz * sy * cx) + (sz * sx), (sz * sy * cx) - (cz * sx), cy * cx];
    }

    internal static float Linear(Volume v, double xMm, double yMm, double zMm, float outside)
    {
        double x = (xMm - v.X0Mm) / v.DxMm, y = (yMm - v.Y0Mm) / v.DyMm, z = (zMm - v.Z0Mm) / v.DzMm;
        int i = (int)Math.Floor(x), j = (int)Math.Floor(y), k = (int)Math.Floor(z);
        if (i < 0 || j < 0 || k < 0 || i >= v.Nx - 1 || j >= v.Ny - 1 || k >= v.Nz - 1) return outside;
        float a = (float)(x - i), b = (float)(y - j), c = (float)(z - k);
        int n = v.Index(i, j, k), row = v.Nx, plane = v.Nx * v.Ny;
        float[] f = v.Values;
        float Along(int m) => f[m] + (a * (f[m + 1] - f[m]));
        float low = Along(n) + (b * (Along(n + row) - Along(n))), high = Along(n + plane) + (b * (Along(n + plane + row) - Along(n + plane)));
        return low + (c * (high - low));
    }
}

/// <summary>Where the anatomy has to be moved so that it explains the SPECT best: six degrees of freedom.</summary>
/// <param name="Movement">Movement of the anatomy onto the SPECT.</param>
/// <param name="Explained">Share of the SPECT's variance explained by body and bone there.</param>
/// <param name="ExplainedAtRest">The same as the images stand.</param>
public sealed record RigidRegistration(RigidMovement Movement, double Explained, double ExplainedAtRest)
{
    /// <summary>Reach of the search: shifts, mm, and turns, degrees (docs: physics-and-qc 4.6).</summary>
    public const double ReachMm = 24, ReachDeg = 4;

    /// <summary>Searches.</summary>
    /// <remarks>
    /// The figure is R squared of the regression of the SPECT (its hottest 3 % cut) on [1, body, bone], body and bone taken from the attenuation and blurred to 10 mm; a coordinate
    /// search with halving steps from 6 mm and 2 degrees. It assumes that uptake follows bone: for a study without bone uptake it means nothing, and the figure says so by being small.
    /// </remarks>
    /// <param name="spect">SPECT.</param>
    /// <param name="attenuation">Attenuation at 140 keV on any grid, 1/mm.</param>
    public static RigidRegistration Of(Volume spect, Volume attenuation)
    {
        ArgumentNullException.ThrowIfNull(spect);
        ArgumentNullException.ThrowIfNull(attenuation);
        Volume body = GaussianFilter.Apply(attenuation with { Values = Array.ConvertAll(attenuation.Values, m => m > 0.006f ? 1f : 0) }, 10);
        Volume bone = GaussianFilter.Apply(attenuation with { Values = Array.ConvertAll(attenuation.Values, m => Math.Clamp((m - 0.0160f) / 0.008f, 0, 1)) }, 10);
        List<(double X, double Y, double Z, double Value)> points = Points(spect);
        (double, double, double) centre = RigidMovement.Centre(attenuation);
        double[] at = new double[6], steps = [6, 6, 6, 2, 2, 2];
        double rest = Share(points, body, bone, centre, at), best = rest;
        for (int round = 0; round < 60 && steps[0] > 0.1; round++)
        {
            bool better = false;
            for (int p = 0; p < 6; p++)
                foreach (int sign in (int[])[1, -1])
                {
                    double[] there = [.. at];
                    there[p] = Math.Clamp(at[p] + (sign * steps[p]), p < 3 ? -ReachMm : -ReachDeg, p < 3 ? ReachMm : ReachDeg);
                    double value = Share(points, body, bone, centre, there);
                    if (value <= best + 1e-7) continue;
                    (at, best, better) = (there, value, true);
                }
            if (!better) for (int p = 0; p < 6; p++) steps[p] /= 2;
        }
        return new RigidRegistration(new RigidMovement(at[0], at[1], at[2], at[3], at[4], at[5]), best, rest);
    }

    private static List<(double, double, double, double)> Points(Volume v)
    {
        float[] sorted = [.. v.Values.Where(x => x > 0).Order()];
        float top = sorted.Length == 0 ? 0 : sorted[(int)(0.97 * (sorted.Length - 1))];
        int step = Math.Max(1, (int)Math.Round(5 / v.DxMm)), stepZ = Math.Max(1, (int)Math.Round(5 / v.DzMm));
        List<(double, double, double, double)> points = [];
        for (int k = 2; k < v.Nz - 2; k += stepZ)
            for (int j = 2; j < v.Ny - 2; j += step)
                for (int i = 2; i < v.Nx - 2; i += step)
                    if (v.Values[v.Index(i, j, k)] is var value && value > 0) points.Add((v.X0Mm + (i * v.DxMm), v.Y0Mm + (j * v.DyMm), v.Z0Mm + (k * v.DzMm), Math.Min(value, top)));
        return points;
    }

    private static double Share(List<(double X, double Y, double Z, double Value)> points, Volume body, Volume bone, (double X, double Y, double Z) c, double[] at)
    {
        double[] r = new RigidMovement(at[0], at[1], at[2], at[3], at[4], at[5]).Inverse();
        double n = 0, sf = 0, sb = 0, so = 0, ff = 0, bb = 0, oo = 0, fb = 0, fo = 0, bo = 0;
        foreach ((double px, double py, double pz, double f) in points)
        {
            double x = px - c.X - at[0], y = py - c.Y - at[1], z = pz - c.Z - at[2];
            double qx = (r[0] * x) + (r[1] * y) + (r[2] * z) + c.X, qy = (r[3] * x) + (r[4] * y) + (r[5] * z) + c.Y, qz = (r[6] * x) + (r[7] * y) + (r[8] * z) + c.Z;
            float b = RigidMovement.Linear(body, qx, qy, qz, float.NaN);
            if (float.IsNaN(b)) continue;
            float o = RigidMovement.Linear(bone, qx, qy, qz, 0);
            n++;
            sf += f;
            sb += b;
            so += o;
            ff += f * f;
            bb += (double)b * b;
            oo += (double)o * o;
            fb += f * b;
            fo += f * o;
            bo += (double)b * o;
        }
        if (n < 100) return 0;
        double vf = ff - (sf * sf / n), vb = bb - (sb * sb / n), vo = oo - (so * so / n), cb = fb - (sf * sb / n), co = fo - (sf * so / n), cbo = bo - (sb * so / n), det = (vb * vo) - (cbo * cbo);
        if (vf <= 0 || vb <= 0) return 0;
        return det <= 1e-9 * vb * Math.Max(vo, 1e-9) ? cb * cb / (vb * vf) : ((((vo * cb) - (cbo * co)) / det * cb) + (((vb * co) - (cbo * cb)) / det * co)) / vf;
    }
}
