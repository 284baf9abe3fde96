namespace Acquire.Simulator.Physics;

/// <summary>CT slices of a phantom: coverage of each pixel by the analytic parts, two heights by two lines, exact along the row.</summary>
/// <remarks>
/// The beam is taken as monoenergetic at the effective energy the Symbia calibration rows of docs: physics-and-qc 2.2 correspond to (80 kV 62 keV,
/// 110 kV 75 keV, 130 kV 82 keV). Noise is white and Gaussian: 18 HU at 110 kV, 40 mAs and 3 mm [EK], with the square root of photons, half of it
/// in air. Left out: beam hardening, metal, scatter, breathing, edge response of the kernel.
/// </remarks>
internal static class CtSlicer
{
    /// <summary>Effective energy of a tube voltage, keV.</summary>
    public static double EffectiveKeV(double kv) => kv switch
    {
        <= 110 => 62 + ((kv - 80) * (75 - 62) / 30),
        _ => 75 + ((kv - 110) * (82 - 75) / 20),
    };

    /// <summary>Standard deviation of the noise in tissue, HU.</summary>
    public static double NoiseHu(in CtSliceRequest request) =>
        18 * Math.Sqrt(40 / Math.Max(0.1, request.MAs) * 3 / Math.Max(0.1, request.SliceMm)) * Math.Pow(110 / Math.Max(20, request.Kv), 1.3);

    /// <summary>Draws a slice.</summary>
    public static void Draw(Phantom phantom, in CtSliceRequest request, ulong key, Span<short> hounsfield)
    {
        int n = request.Matrix;
        double px = request.PixelMm, half = n / 2.0, keV = EffectiveKeV(request.Kv);
        var above = new double[phantom.Parts.Count];
        for (int i = 0; i < above.Length; i++) above[i] = phantom.Parts[i].Material.Hounsfield(keV) + 1000;
        var image = new float[n * n];
        // Lines run along x; "across" is y.
        var caster = new RowCaster(phantom.Parts, new Vec(0, 1, 0), new Vec(1, 0, 0), ((0.25 - half) * px), px / 2, 2 * n);
        foreach (double dz in (ReadOnlySpan<double>)[-0.25, 0.25])
        {
            caster.Cast(-request.TableMm + (dz * request.SliceMm));
            for (int line = 0; line < 2 * n; line++)
            {
                ReadOnlySpan<double> from = caster.From(line), to = caster.To(line);
                ReadOnlySpan<int> which = caster.PartOf(line);
                Span<float> row = image.AsSpan(line / 2 * n, n);
                for (int i = 0; i < which.Length; i++)
                {
                    double value = above[which[i]] / 4;
                    if (value == 0) continue;
                    double a = Math.Clamp((from[i] / px) + half, 0, n), b = Math.Clamp((to[i] / px) + half, 0, n);
                    int first = (int)a, last = Math.Min(n - 1, (int)b);
                    for (int c = first; c <= last; c++) row[c] += (float)(value * (Math.Min(b, c + 1) - Math.Max(a, c)));
                }
            }
        }
        double sigma = NoiseHu(request);
        var random = new CounterRandom(key);
        for (int i = 0; i < image.Length; i++)
        {
            double noise = sigma * random.Normal() * (image[i] < 300 ? 0.5 : 1);
            hounsfield[i] = (short)Math.Clamp(Math.Round(image[i] - 1000 + noise), -1024, 3071);
        }
    }
}
