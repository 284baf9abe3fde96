using Acquire.Protocols.Imaging;

namespace Acquire.Service.Tests.Quality;

/// <summary>A small analytic bone-scan-like SPECT for tests: Gaussian blobs in an attenuating ellipse, two opposed heads, Poisson noise, seeded. Knows nothing of the code under test.</summary>
internal sealed class SyntheticSpect
{
    public const double MuPerMm = 0.012;
    private const double BodyA = 170, BodyB = 110;

    public readonly record struct Blob(double X, double Y, double Z, double SigmaMm, double Weight, bool Bone);

    public int Matrix { get; init; } = 128;
    public double PixelMm { get; init; } = 4.8;
    public int StopsPerHead { get; init; } = 60;
    public int Heads { get; init; } = 2;
    public double StopSeconds { get; init; } = 15;
    public double CountsPerView { get; init; } = 50_000;
    public int Seed { get; init; } = 1;
    /// <summary>Displacement of the patient at a stop, mm (x left, y back, z head).</summary>
    public Func<int, (double X, double Y, double Z)> Motion { get; init; } = _ => (0, 0, 0);
    /// <summary>Factor on the expected counts of (head, stop).</summary>
    public Func<int, int, double> Gain { get; init; } = (_, _) => 1;
    /// <summary>Extra counts per pixel of a view: (head, stop, row, column).</summary>
    public Func<int, int, int, int, double>? Extra { get; init; }
    /// <summary>Offset of the rotation axis in columns.</summary>
    public double AxisOffsetPx { get; init; }
    /// <summary>Growth of the bladder blob over the scan, 0.3 = 30 %.</summary>
    public double BladderRise { get; init; }
    public double BladderWeight { get; init; }
    /// <summary>Rows the detector sees; the rest of the image stays empty, whatever the patient does.</summary>
    public (int First, int End) Field { get; init; } = (0, 128);
    public double LiveFraction { get; init; } = 1;

    public List<Blob> Blobs { get; } = MakeBlobs();
    public static Blob Bladder(double weight) => new(5, -40, -150, 22, weight, false);

    public static DateTimeOffset Start { get; } = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    private static List<Blob> MakeBlobs()
    {
        var blobs = new List<Blob>();
        for (int v = -3; v <= 3; v++) blobs.Add(new Blob(0, 55, 30 + (v * 38), 15, 3.2, true));
        for (int side = -1; side <= 1; side += 2)
        {
            for (int n = 0; n < 4; n++) blobs.Add(new Blob(side * (40 + (n * 22)), 60 - (n * 22), -105 - (n * 6), 14, 2.2, true));
            blobs.Add(new Blob(side * 62, 45, 45, 24, 4.5, false)); // kidneys
            for (int n = 0; n < 4; n++) blobs.Add(new Blob(side * (70 + (n * 14)), 40 - (n * 12), 130 - (n * 20), 9, 0.5, true));
        }
        blobs.Add(new Blob(-22, 70, -8, 8, 1.2, true)); // facet
        var random = new Random(99);
        for (int n = 0; n < 70; n++)
        {
            double r = Math.Sqrt(random.NextDouble()), a = random.NextDouble() * 2 * Math.PI;
            blobs.Add(new Blob(r * Math.Cos(a) * (BodyA - 45), r * Math.Sin(a) * (BodyB - 40), (random.NextDouble() - 0.5) * 700, 36, 0.9, false));
        }
        return blobs;
    }

    public double HeadAngleDeg(int head, int stop) => (((180 - (stop * 180.0 / StopsPerHead * (2.0 / Heads)) + (head == 2 ? 180 : 0)) % 360) + 360) % 360;

    /// <summary>Expected view [row, column], before scaling to counts.</summary>
    public double[] Expected(int head, int stop)
    {
        double phi = HeadAngleDeg(head, stop) * Math.PI / 180, cos = Math.Cos(phi), sin = Math.Sin(phi);
        (double mx, double my, double mz) = Motion(stop);
        double[] view = new double[Matrix * Matrix];
        IEnumerable<Blob> all = BladderWeight > 0 ? Blobs.Append(Bladder(BladderWeight * (1 + (BladderRise * stop / (StopsPerHead - 1.0))))) : Blobs;
        double[] gx = new double[Matrix];
        foreach (Blob b in all)
        {
            double x = b.X + mx, y = b.Y + my, z = b.Z + mz;
            double depth = Depth(b.X, b.Y, sin, cos);
            double weight = b.Weight * Math.Exp(-MuPerMm * depth);
            double c = ((Matrix - 1) / 2.0) - (((x * cos) - (y * sin)) / PixelMm) + AxisOffsetPx, r = ((Matrix - 1) / 2.0) - (z / PixelMm), s = b.SigmaMm / PixelMm;
            int c0 = Math.Max(0, (int)(c - (4 * s))), c1 = Math.Min(Matrix - 1, (int)(c + (4 * s)) + 1), r0 = Math.Max(0, (int)(r - (4 * s))), r1 = Math.Min(Matrix - 1, (int)(r + (4 * s)) + 1);
            for (int i = c0; i <= c1; i++) gx[i] = Math.Exp(-(i - c) * (i - c) / (2 * s * s));
            for (int j = Math.Max(r0, Field.First); j <= Math.Min(r1, Field.End - 1); j++)
            {
                double gy = weight / (2 * Math.PI * s * s) * Math.Exp(-(j - r) * (j - r) / (2 * s * s));
                for (int i = c0; i <= c1; i++) view[(j * Matrix) + i] += gy * gx[i];
            }
        }
        return view;
    }

    /// <summary>Way out of the ellipse from (x, y) towards the detector, mm.</summary>
    private static double Depth(double x, double y, double nx, double ny)
    {
        double a = (nx * nx / (BodyA * BodyA)) + (ny * ny / (BodyB * BodyB)), b = (x * nx / (BodyA * BodyA)) + (y * ny / (BodyB * BodyB)), c = (x * x / (BodyA * BodyA)) + (y * y / (BodyB * BodyB)) - 1;
        double d = (b * b) - (a * c);
        return d <= 0 ? 0 : Math.Max(0, (-b + Math.Sqrt(d)) / a);
    }

    /// <summary>All frames with Poisson noise: photopeak, and a scatter window of a given share when asked for.</summary>
    public CountSeries Tomo(double scatterShare = 0)
    {
        var random = new Random(Seed);
        var frames = new List<CountFrame>();
        double[][] expected = [.. Enumerable.Range(0, StopsPerHead * Heads).Select(n => Expected((n % Heads) + 1, n / Heads))];
        double scale = CountsPerView / expected.Average(e => e.Sum());
        for (int stop = 0; stop < StopsPerHead; stop++)
            for (int window = 1; window <= (scatterShare > 0 ? 2 : 1); window++)
                for (int head = 1; head <= Heads; head++)
                {
                    double[] e = expected[(stop * Heads) + head - 1];
                    double t = stop * (StopSeconds + 3), decay = Math.Exp(-Math.Log(2) * t / (6.0067 * 3600));
                    double k = scale * decay * Gain(head, stop) * LiveFraction * (window == 2 ? scatterShare : 1);
                    uint[] counts = new uint[e.Length];
                    for (int i = 0; i < e.Length; i++) counts[i] = Poisson(random, (e[i] * k) + (Extra?.Invoke(head, stop, i / Matrix, i % Matrix) ?? 0));
                    frames.Add(Frame(frames.Count + 1, head, window, stop, t, counts));
                }
        EnergyWindow peak = new("Tc99m", 126.5, 154.6, EnergyWindowRole.Photopeak), lower = new("Tc99m scatter", 116.6, 126.5, EnergyWindowRole.ScatterLower);
        return new CountSeries
        {
            AcquisitionId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), StepId = "spect", Title = "SPECT", Kind = AcquisitionKind.Tomo,
            EnergyWindows = scatterShare > 0 ? [peak, lower] : [peak], DetectorCount = Heads, Collimator = "LEHR", Frames = frames, ExpectedFrames = frames.Count,
        };
    }

    private CountFrame Frame(int number, int head, int window, int stop, double seconds, uint[] counts) => new()
    {
        FrameNumber = number, Detector = head, EnergyWindow = window, AngularView = stop + 1, Start = Start.AddSeconds(seconds),
        Elapsed = TimeSpan.FromSeconds(StopSeconds), Live = TimeSpan.FromSeconds(StopSeconds * LiveFraction),
        AngleStartDeg = HeadAngleDeg(head, stop), AngleEndDeg = HeadAngleDeg(head, stop), RadiusMm = 240, TableLongitudinalMm = 0,
        PixelMm = PixelMm, Width = Matrix, Height = Matrix, Counts = counts,
    };

    /// <summary>Activity as a volume (what a good reconstruction gives), with Gaussian noise of a share of the local value plus a floor.</summary>
    public Volume Activity(double noise = 0, (double X, double Y, double Z) shift = default, int nz = 96)
    {
        Volume v = Volume.Centred(96, 72, nz, 4.8, "counts");
        foreach (Blob b in BladderWeight > 0 ? Blobs.Append(Bladder(BladderWeight)) : Blobs)
        {
            double x = b.X + shift.X, y = b.Y + shift.Y, z = b.Z + shift.Z, s2 = 2 * b.SigmaMm * b.SigmaMm, norm = 1e6 * b.Weight / Math.Pow(Math.PI * s2, 1.5);
            Each(v, x, y, z, 3.5 * b.SigmaMm, (at, d2) => v.Values[at] += (float)(norm * Math.Exp(-d2 / s2)));
        }
        var random = new Random(Seed);
        for (int i = 0; i < v.Values.Length && noise > 0; i++)
            v.Values[i] = (float)Math.Max(0, v.Values[i] * (1 + (noise * Normal(random))));
        return v;
    }

    /// <summary>CT: air, an ellipse of 40 HU, bone of 450 HU where bone blobs are.</summary>
    public Volume Ct(double voxelMm = 3)
    {
        Volume v = Volume.Centred((int)(460 / voxelMm), (int)(340 / voxelMm), (int)(460 / voxelMm), voxelMm, "HU");
        for (int k = 0; k < v.Nz; k++)
            for (int j = 0; j < v.Ny; j++)
                for (int i = 0; i < v.Nx; i++)
                {
                    double x = (v.X0Mm + (i * voxelMm)) / BodyA, y = (v.Y0Mm + (j * voxelMm)) / BodyB;
                    v.Values[v.Index(i, j, k)] = (x * x) + (y * y) < 1 ? 40 : -1000;
                }
        foreach (Blob b in Blobs.Where(b => b.Bone))
            Each(v, b.X, b.Y, b.Z, b.SigmaMm * 1.4, (at, _) => v.Values[at] = 450);
        return v;
    }

    private static void Each(Volume v, double x, double y, double z, double reach, Action<int, double> act)
    {
        for (int k = Math.Max(0, (int)((z - reach - v.Z0Mm) / v.DzMm)); k < v.Nz && v.Z0Mm + (k * v.DzMm) <= z + reach; k++)
            for (int j = Math.Max(0, (int)((y - reach - v.Y0Mm) / v.DyMm)); j < v.Ny && v.Y0Mm + (j * v.DyMm) <= y + reach; j++)
                for (int i = Math.Max(0, (int)((x - reach - v.X0Mm) / v.DxMm)); i < v.Nx && v.X0Mm + (i * v.DxMm) <= x + reach; i++)
                {
                    double dx = v.X0Mm + (i * v.DxMm) - x, dy = v.Y0Mm + (j * v.DyMm) - y, dz = v.Z0Mm + (k * v.DzMm) - z, d2 = (dx * dx) + (dy * dy) + (dz * dz);
                    if (d2 <= reach * reach) act(v.Index(i, j, k), d2);
                }
    }

    public static uint Poisson(Random random, double mean)
    {
        if (mean <= 0) return 0;
        if (mean > 40) return (uint)Math.Max(0, Math.Round(mean + (Math.Sqrt(mean) * Normal(random))));
        double limit = Math.Exp(-mean), product = random.NextDouble();
        uint n = 0;
        while (product > limit)
        {
            product *= random.NextDouble();
            n++;
        }
        return n;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
