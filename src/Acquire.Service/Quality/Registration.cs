using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality;

/// <summary>Translation between SPECT and CT: the shift of the CT at which [1, body, bone] explain most of the SPECT's variance.</summary>
/// <param name="XMm">The SPECT lies this far to the patient's left of the CT.</param>
/// <param name="YMm">... to the back.</param>
/// <param name="ZMm">... to the head.</param>
/// <param name="Explained">R squared there.</param>
/// <param name="ExplainedAtZero">R squared as the images stand.</param>
/// <param name="AtEdge">True when the best place is at the edge of the search.</param>
internal sealed record Registration(double XMm, double YMm, double ZMm, double Explained, double ExplainedAtZero, bool AtEdge)
{
    /// <summary>Search reach per axis, mm (docs: physics-and-qc 4.6).</summary>
    public const double ReachMm = 20;
    // Resolution of the SPECT that CT bone and body are blurred to, as FWHM.
    private const double BlurMm = 10;

    /// <summary>Length of the vector.</summary>
    public double LengthMm => Math.Sqrt((XMm * XMm) + (YMm * YMm) + (ZMm * ZMm));

    /// <summary>Searches. The CT is preferred; without one the attenuation map is used.</summary>
    public static Registration Of(Volume spect, Volume? ct, Volume? map)
    {
        (float[] body, float[] bone) = Features(spect, ct, map);
        float[] image = Clipped(spect, body);
        var score = new Scorer(spect, image, body, bone);
        int rx = Reach(spect.DxMm), ry = Reach(spect.DyMm), rz = Reach(spect.DzMm);
        (int X, int Y, int Z) best = (0, 0, 0);
        double top = double.MinValue;
        for (int z = -rz; z <= rz; z++)
            for (int y = -ry; y <= ry; y++)
                for (int x = -rx; x <= rx; x++)
                {
                    double s = score.Explained(x, y, z, 2);
                    if (s > top) (top, best) = (s, (x, y, z));
                }
        // Climb on all voxels, then a parabola per axis for the part of a voxel.
        double centre = score.Explained(best.X, best.Y, best.Z, 1);
        for (bool moved = true; moved;)
        {
            moved = false;
            foreach ((int x, int y, int z) in ((int, int, int)[])[(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])
            {
                (int X, int Y, int Z) next = (best.X + x, best.Y + y, best.Z + z);
                if (Math.Abs(next.X) > rx || Math.Abs(next.Y) > ry || Math.Abs(next.Z) > rz) continue;
                double s = score.Explained(next.X, next.Y, next.Z, 1);
                if (s <= centre) continue;
                (centre, best, moved) = (s, next, true);
            }
        }
        double px = Peak(score.Explained(best.X - 1, best.Y, best.Z, 1), centre, score.Explained(best.X + 1, best.Y, best.Z, 1));
        double py = Peak(score.Explained(best.X, best.Y - 1, best.Z, 1), centre, score.Explained(best.X, best.Y + 1, best.Z, 1));
        double pz = Peak(score.Explained(best.X, best.Y, best.Z - 1, 1), centre, score.Explained(best.X, best.Y, best.Z + 1, 1));
        bool edge = Math.Abs(best.X) == rx || Math.Abs(best.Y) == ry || Math.Abs(best.Z) == rz;
        return new Registration((best.X + px) * spect.DxMm, (best.Y + py) * spect.DyMm, (best.Z + pz) * spect.DzMm, centre, score.Explained(0, 0, 0, 1), edge);
    }

    private static int Reach(double voxelMm) => Math.Max(1, (int)Math.Ceiling(ReachMm / voxelMm));

    private static double Peak(double below, double at, double above)
    {
        double curvature = below - (2 * at) + above;
        return curvature >= 0 ? 0 : Math.Clamp((below - above) / (2 * curvature), -0.5, 0.5);
    }

    /// <summary>Share of body and of bone per SPECT voxel from eight points each, blurred to the SPECT's resolution.</summary>
    private static (float[] Body, float[] Bone) Features(Volume v, Volume? ct, Volume? map)
    {
        float[] body = new float[v.Values.Length], bone = new float[v.Values.Length];
        for (int k = 0; k < v.Nz; k++)
            for (int j = 0; j < v.Ny; j++)
                for (int i = 0; i < v.Nx; i++)
                {
                    double b = 0, o = 0;
                    for (int s = 0; s < 8; s++)
                    {
                        double x = v.X0Mm + ((i + ((s & 1) * 0.5) - 0.25) * v.DxMm), y = v.Y0Mm + ((j + ((s >> 1 & 1) * 0.5) - 0.25) * v.DyMm), z = v.Z0Mm + ((k + ((s >> 2) * 0.5) - 0.25) * v.DzMm);
                        if (ct is not null)
                        {
                            double hu = VolumeSampling.Nearest(ct, x, y, z, -1000);
                            if (hu > -300) b++;
                            o += Math.Clamp((hu - 100) / 400, 0, 1);
                        }
                        else
                        {
                            double mu = VolumeSampling.Linear(map!, x, y, z, 0);
                            if (mu > 0.006) b++;
                            o += Math.Clamp((mu - 0.0160) / 0.008, 0, 1);
                        }
                    }
                    body[v.Index(i, j, k)] = (float)(b / 8);
                    bone[v.Index(i, j, k)] = (float)(o / 8);
                }
        Blur(v, body);
        Blur(v, bone);
        return (body, bone);
    }

    /// <summary>The SPECT with its hottest voxels (kidneys, bladder, hot spots) cut to the level of bone.</summary>
    private static float[] Clipped(Volume v, float[] body)
    {
        var inside = new List<float>();
        for (int i = 0; i < body.Length; i++)
            if (body[i] > 0.5) inside.Add(v.Values[i]);
        if (inside.Count == 0) return v.Values;
        float[] sorted = [.. inside];
        Array.Sort(sorted);
        float top = sorted[(int)(0.97 * (sorted.Length - 1))];
        return Array.ConvertAll(v.Values, x => Math.Clamp(x, 0, top));
    }

    private static void Blur(Volume v, float[] values)
    {
        Along(values, v.Nx, 1, v.Nx * v.Ny * v.Nz, v.DxMm);
        Along(values, v.Ny, v.Nx, v.Nx * v.Ny * v.Nz, v.DyMm);
        Along(values, v.Nz, v.Nx * v.Ny, v.Nx * v.Ny * v.Nz, v.DzMm);
    }

    private static void Along(float[] values, int n, int stride, int total, double voxelMm)
    {
        double sigma = BlurMm / 2.35482 / voxelMm;
        int reach = Math.Max(1, (int)Math.Ceiling(3 * sigma));
        double[] kernel = new double[(2 * reach) + 1];
        for (int d = -reach; d <= reach; d++) kernel[d + reach] = Math.Exp(-d * d / (2 * sigma * sigma));
        double sum = kernel.Sum();
        float[] line = new float[n];
        for (int start = 0; start < total; start++)
        {
            if (start / stride % n != 0) continue;
            for (int i = 0; i < n; i++)
            {
                double s = 0;
                for (int d = -reach; d <= reach; d++) s += kernel[d + reach] * values[start + (Math.Clamp(i + d, 0, n - 1) * stride)];
                line[i] = (float)(s / sum);
            }
            for (int i = 0; i < n; i++) values[start + (i * stride)] = line[i];
        }
    }

    /// <summary>R squared of the regression of the SPECT on [1, body, bone], the latter two shifted by whole voxels.</summary>
    private sealed class Scorer
    {
        private readonly Volume _v;
        private readonly float[] _image, _body, _bone;
        private readonly int _x0, _x1, _y0, _y1, _z0, _z1;

        public Scorer(Volume v, float[] image, float[] body, float[] bone)
        {
            (_v, _image, _body, _bone) = (v, image, body, bone);
            int rx = Reach(v.DxMm) + 1, ry = Reach(v.DyMm) + 1, rz = Reach(v.DzMm) + 1;
            (_x0, _x1, _y0, _y1, _z0, _z1) = (v.Nx, -1, v.Ny, -1, v.Nz, -1);
            for (int k = 0; k < v.Nz; k++)
                for (int j = 0; j < v.Ny; j++)
                    for (int i = 0; i < v.Nx; i++)
                    {
                        if (body[v.Index(i, j, k)] <= 0.5) continue;
                        (_x0, _x1, _y0, _y1, _z0, _z1) = (Math.Min(_x0, i), Math.Max(_x1, i), Math.Min(_y0, j), Math.Max(_y1, j), Math.Min(_z0, k), Math.Max(_z1, k));
                    }
            // A frame of air around the body, so that the outline counts; along z only what the CT covers at every shift.
            (_x0, _x1) = (Math.Max(rx, _x0 - rx), Math.Min(v.Nx - 1 - rx, _x1 + rx));
            (_y0, _y1) = (Math.Max(ry, _y0 - ry), Math.Min(v.Ny - 1 - ry, _y1 + ry));
            (_z0, _z1) = (Math.Max(rz, _z0 + rz), Math.Min(v.Nz - 1 - rz, _z1 - rz));
        }

        public double Explained(int dx, int dy, int dz, int stride)
        {
            double n = 0, sf = 0, sb = 0, so = 0, ff = 0, bb = 0, oo = 0, fb = 0, fo = 0, bo = 0;
            int shift = (((dz * _v.Ny) + dy) * _v.Nx) + dx;
            for (int k = _z0; k <= _z1; k += stride)
                for (int j = _y0; j <= _y1; j += stride)
                    for (int i = _x0; i <= _x1; i += stride)
                    {
                        int at = _v.Index(i, j, k);
                        // The CT shifted by +d has at this place what it had d earlier.
                        double f = _image[at], b = _body[at - shift], o = _bone[at - shift];
                        n++;
                        sf += f;
                        sb += b;
                        so += o;
                        ff += f * f;
                        bb += b * b;
                        oo += o * o;
                        fb += f * b;
                        fo += f * o;
                        bo += b * o;
                    }
            if (n < 100) return 0;
            double vf = ff - (sf * sf / n), vb = bb - (sb * sb / n), vo = oo - (so * so / n), cb = fb - (sf * sb / n), co = fo - (sf * so / n), cbo = bo - (sb * so / n);
            if (vf <= 0 || vb <= 0) return 0;
            double det = (vb * vo) - (cbo * cbo);
            if (det <= 1e-9 * vb * Math.Max(vo, 1e-9)) return cb * cb / (vb * vf);
            double a = ((vo * cb) - (cbo * co)) / det, c = ((vb * co) - (cbo * cb)) / det;
            return ((a * cb) + (c * co)) / vf;
        }
    }
}
