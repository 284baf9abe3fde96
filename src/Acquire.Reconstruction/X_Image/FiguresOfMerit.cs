using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>How close a reconstruction comes to a known truth; definitions of shared/data/README.md with the choices it leaves open stated here.</summary>
/// <param name="NrmseBodyPercent">Root mean square error over the body, as a percentage of the truth's mean there.</param>
/// <param name="NrmseBonePercent">The same over bone.</param>
/// <param name="ContrastRecoveryPercent">Per sphere: 100 (mean in sphere / mean of its background - 1) / (the truth's likewise - 1).</param>
/// <param name="SoftTissueCvPercent">Standard deviation over mean in soft tissue away from edges.</param>
/// <param name="SoftTissueBiasPercent">Mean there against the truth's.</param>
/// <param name="Scale">Factor the volume was multiplied with first.</param>
public sealed record FiguresOfMerit(double NrmseBodyPercent, double NrmseBonePercent, IReadOnlyList<(string Name, double Percent)> ContrastRecoveryPercent, double SoftTissueCvPercent, double SoftTissueBiasPercent, double Scale)
{
    /// <summary>Inner radius of a sphere's background shell beyond the sphere, mm.</summary>
    public const double ShellFromMm = 2.4;

    /// <summary>Outer radius of a sphere's background shell beyond the sphere, mm.</summary>
    public const double ShellToMm = 7.2;

    /// <summary>Compares.</summary>
    /// <remarks>
    /// Slices: all but an eighth at each end (16 to 111 of 128). Body: mu above 0.0075/mm (half of water), or truth above 0.05
    /// without a map. Bone: truth at least 3.5 and (with a map) mu above 0.0165/mm, which leaves the kidneys out, or inside a
    /// sphere. Background of a sphere: what it is embedded in, namely those voxels of the shell from 2.4 to 7.2 mm beyond it whose
    /// truth lies within 25 % of the shell's median. Soft tissue away from edges: truth within 5 % of 1 in all voxels up to
    /// three away.
    /// </remarks>
    /// <param name="image">Reconstruction on the truth's grid.</param>
    /// <param name="truth">True activity, soft tissue 1.</param>
    /// <param name="attenuation">Attenuation map, 1/mm, same grid; may be null.</param>
    /// <param name="spheres">Spheres to report.</param>
    /// <exception cref="ArgumentException">Grids differ.</exception>
    public static FiguresOfMerit Compare(Volume image, Volume truth, Volume? attenuation, IReadOnlyList<KnownSphere> spheres)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(spheres);
        if (image.Values.Length != truth.Values.Length || image.Nx != truth.Nx || image.Nz != truth.Nz) throw new ArgumentException("Image and truth have different grids.", nameof(image));
        int from = truth.Nz / 8, to = truth.Nz - (truth.Nz / 8), plane = truth.Nx * truth.Ny;
        float[] x = image.Values, t = truth.Values;
        bool Body(int n) => attenuation is null ? t[n] > 0.05f : attenuation.Values[n] > 0.0075f;
        double sumImage = 0, sumTruth = 0;
        for (int n = from * plane; n < to * plane; n++)
            if (Body(n))
            {
                sumImage += x[n];
                sumTruth += t[n];
            }
        double scale = sumImage > 0 ? sumTruth / sumImage : 1;
        Error body = new(), bone = new(), soft = new();
        List<(KnownSphere Sphere, double[] Sums)> contrast = [.. spheres.Select(s => (s, new double[6]))];
        double[] median = [.. spheres.Select(s => ShellMedian(truth, s))];
        for (int k = from; k < to; k++)
            for (int j = 0; j < truth.Ny; j++)
                for (int i = 0; i < truth.Nx; i++)
                {
                    int n = truth.Index(i, j, k);
                    double value = x[n] * scale;
                    bool inSphere = false;
                    for (int m = 0; m < contrast.Count; m++)
                    {
                        (KnownSphere s, double[] sums) = contrast[m];
                        double r = Distance(truth, s, i, j, k);
                        if (r > s.RadiusMm && !(InShell(s, r) && Math.Abs(t[n] - median[m]) <= 0.25 * median[m])) continue;
                        int o = r <= s.RadiusMm ? 0 : 3;
                        sums[o] += value;
                        sums[o + 1] += t[n];
                        sums[o + 2]++;
                        inSphere |= o == 0;
                    }
                    if (!Body(n)) continue;
                    body.Add(value, t[n]);
                    if (t[n] >= 3.5f && (inSphere || attenuation is null || attenuation.Values[n] > 0.0165f)) bone.Add(value, t[n]);
                    if (IsFlat(truth, i, j, k)) soft.Add(value, t[n]);
                }
        return new FiguresOfMerit(body.Percent, bone.Percent, [.. contrast.Select(c => (c.Sphere.Name, Recovery(c.Sums)))], soft.CvPercent, soft.BiasPercent, scale);
    }

    private static double Recovery(double[] s)
        => 100 * ((s[0] / s[2] / (s[3] / s[5])) - 1) / ((s[1] / s[2] / (s[4] / s[5])) - 1);

    private static double Distance(Volume v, KnownSphere s, int i, int j, int k)
    {
        double dx = v.X0Mm + (i * v.DxMm) - s.XMm, dy = v.Y0Mm + (j * v.DyMm) - s.YMm, dz = v.Z0Mm + (k * v.DzMm) - s.ZMm;
        return Math.Sqrt((dx * dx) + (dy * dy) + (dz * dz));
    }

    private static bool InShell(KnownSphere s, double r) => r >= s.RadiusMm + ShellFromMm && r <= s.RadiusMm + ShellToMm;

    private static double ShellMedian(Volume truth, KnownSphere s)
    {
        List<float> values = [];
        for (int k = 0; k < truth.Nz; k++)
            for (int j = 0; j < truth.Ny; j++)
                for (int i = 0; i < truth.Nx; i++)
                    if (InShell(s, Distance(truth, s, i, j, k))) values.Add(truth.Values[truth.Index(i, j, k)]);
        values.Sort();
        return values.Count == 0 ? 0 : values[values.Count / 2];
    }

    private static bool IsFlat(Volume truth, int i, int j, int k)
    {
        if (i < 3 || j < 3 || k < 3 || i >= truth.Nx - 3 || j >= truth.Ny - 3 || k >= truth.Nz - 3) return false;
        if (Math.Abs(truth.Values[truth.Index(i, j, k)] - 1) > 0.05f) return false;
        for (int c = -3; c <= 3; c++)
            for (int b = -3; b <= 3; b++)
                for (int a = -3; a <= 3; a++)
                    if (Math.Abs(truth.Values[truth.Index(i + a, j + b, k + c)] - 1) > 0.05f) return false;
        return true;
    }

    private sealed class Error
    {
        private double _square, _truth, _sum, _sumSquare;
        private long _count;

        public void Add(double value, double truth)
        {
            _square += (value - truth) * (value - truth);
            _truth += truth;
            _sum += value;
            _sumSquare += value * value;
            _count++;
        }

        public double Percent => 100 * Math.Sqrt(_square / _count) / (_truth / _count);

        public double CvPercent
        {
            get
            {
                double mean = _sum / _count;
                return 100 * Math.Sqrt(Math.Max(0, (_sumSquare / _count) - (mean * mean))) / mean;
            }
        }

        public double BiasPercent => 100 * ((_sum / _truth) - 1);
    }
}
