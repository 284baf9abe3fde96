using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>What the metal rule found when a CT became an attenuation map.</summary>
/// <param name="Map">Linear attenuation at the energy asked for, 1/mm, on the target's grid.</param>
/// <param name="MetalVoxels">CT voxels above <see cref="AttenuationMap.MetalHu"/>: a finding for the quality room.</param>
/// <param name="OutsideFieldFraction">Share of target voxels the CT does not cover (taken as air).</param>
/// <param name="ClippedVoxels">CT voxels that stand exactly at the CT's largest number, when that is a clip and not a peak: 3 or more at 3000 HU or above (12 bits end at 3071 HU). Their true number is higher.</param>
/// <param name="ClipHu">That number; 0 when nothing is clipped.</param>
public sealed record AttenuationMapResult(Volume Map, int MetalVoxels, double OutsideFieldFraction, int ClippedVoxels = 0, double ClipHu = 0);

/// <summary>Attenuation map from CT (docs: physics-and-qc 2.2): area-average resampling, Gaussian to SPECT resolution, bilinear HU to mu.</summary>
public static class AttenuationMap
{
    /// <summary>CT number above which a voxel counts as metal (docs: physics-and-qc 2.2, EK).</summary>
    public const double MetalHu = 2500;

    /// <summary>Largest mu outside metal, 1/mm (docs: physics-and-qc 2.2, EK).</summary>
    public const double LargestMuPerMm = 0.030;

    /// <summary>mu of metal, 1/mm at 140.5 keV: titanium (docs: physics-and-qc 2.1, EK), the usual material of spinal implants.</summary>
    public const double MetalMuPerMm = 0.0806;

    /// <summary>
    /// FWHM in mm the CT is smoothed to before conversion: about the SPECT's own after reconstruction with response recovery.
    /// docs: physics-and-qc 2.2 gives 14 to 22 mm for dense rods (S31); for spine work without that much blurring of bone against
    /// soft tissue 10 mm is taken.
    /// </summary>
    public const double DefaultFwhmMm = 10;

    // docs: physics-and-qc 2.2, Siemens Symbia (S7): keV, water 1/cm, then slope below and from 0 HU at 80, 110 and 130 kV; 1e-4 per cm and HU.
    private static readonly (double KeV, double Water, double[] Below, double[] Above)[] Rows =
    [
        (93, 0.1747, [1.848, 1.857, 1.859], [1.088, 1.400, 1.561]), (113, 0.1644, [1.739, 1.747, 1.749], [0.894, 1.150, 1.283]), (140, 0.1538, [1.625, 1.634, 1.636], [0.759, 0.978, 1.090]),
        (171, 0.1443, [1.524, 1.532, 1.534], [0.674, 0.868, 0.969]), (185, 0.1406, [1.485, 1.492, 1.494], [0.647, 0.834, 0.930]), (208, 0.1352, [1.428, 1.435, 1.438], [0.611, 0.787, 0.879]),
        (245, 0.1277, [1.348, 1.355, 1.358], [0.567, 0.731, 0.815]), (300, 0.1186, [1.252, 1.258, 1.259], [0.519, 0.669, 0.747]), (364, 0.1102, [1.164, 1.170, 1.170], [0.477, 0.615, 0.687]),
    ];
    private static readonly double[] TubeKv = [80, 110, 130];

    /// <summary>mu in 1/mm for a CT number, bilinear with its break at 0 HU, never negative.</summary>
    /// <remarks>
    /// Slopes are interpolated linearly between the tube voltages of the table and held beyond its ends; between its energies logarithmically.
    /// Within 1 keV of a row (140.5 of 140) that row is taken as it stands.
    /// </remarks>
    /// <param name="hu">CT number.</param>
    /// <param name="kv">Tube voltage, kV.</param>
    /// <param name="keV">Photopeak, keV.</param>
    public static double MuPerMm(double hu, double kv, double keV = PhotonAttenuation.TechnetiumKeV)
    {
        for (int n = 0; n < Rows.Length; n++)
            if (Math.Abs(Rows[n].KeV - keV) <= 1) return InRow(Rows[n], hu, kv);
        int r = 0;
        while (r < Rows.Length - 2 && keV > Rows[r + 1].KeV) r++;
        double a = InRow(Rows[r], hu, kv), b = InRow(Rows[r + 1], hu, kv), f = Math.Clamp(Math.Log(keV / Rows[r].KeV) / Math.Log(Rows[r + 1].KeV / Rows[r].KeV), 0, 1);
        return a <= 0 || b <= 0 ? Math.Max(0, Mix(a, b, f)) : Math.Exp(Mix(Math.Log(a), Math.Log(b), f));
    }

    private static double InRow((double KeV, double Water, double[] Below, double[] Above) row, double hu, double kv)
    {
        int n = kv > TubeKv[1] ? 1 : 0;
        double f = Math.Clamp((kv - TubeKv[n]) / (TubeKv[n + 1] - TubeKv[n]), 0, 1);
        double slope = hu < 0 ? Mix(row.Below[n], row.Below[n + 1], f) : Mix(row.Above[n], row.Above[n + 1], f);
        return Math.Max(0, (row.Water + (slope * 1e-4 * hu)) / 10);
    }

    /// <summary>Makes a map on the grid of a target.</summary>
    /// <remarks>
    /// Metal (above 2500 HU) is taken out before smoothing as water-equivalent bone at 2500 HU, so that its number, clipped or
    /// not, cannot leak; the fraction of metal per voxel is smoothed the same way and mixes in titanium's mu. Elsewhere mu is
    /// limited to 0.030/mm (at other energies in proportion to bone's). Numbers below -1000 HU, which scanners write outside their field, are
    /// air. Where a CT is clipped (12 bits end at 3071 HU), the clipped voxels are metal by their number already; that they are clipped is
    /// reported. The reconstruction without attenuation should always be kept beside it.
    /// </remarks>
    /// <param name="hu">CT numbers, any grid; both volumes in the same frame of reference.</param>
    /// <param name="kv">Tube voltage, kV.</param>
    /// <param name="target">Grid wanted; its values are not used.</param>
    /// <param name="fwhmMm">Smoothing, FWHM in mm.</param>
    /// <param name="keV">Photopeak, keV.</param>
    public static AttenuationMapResult FromCt(Volume hu, double kv, Volume target, double fwhmMm = DefaultFwhmMm, double keV = PhotonAttenuation.TechnetiumKeV)
    {
        ArgumentNullException.ThrowIfNull(hu);
        ArgumentNullException.ThrowIfNull(target);
        // The CT may have half a gigabyte: it is looked at slice by slice and never copied.
        int metal = hu.Values.Count(v => v > MetalHu);
        Volume smooth = GaussianFilter.Apply(Resample(hu, target, -1000, out double outside, v => (float)Math.Clamp(v, -1000, MetalHu)), fwhmMm);
        Volume? metalShare = metal == 0 ? null : GaussianFilter.Apply(Resample(hu, target, 0, out _, v => v > MetalHu ? 1 : 0) with { Unit = "1" }, fwhmMm);
        float[] mu = new float[smooth.Values.Length];
        double largest = LargestMuPerMm * PhotonAttenuation.BonePerMm(keV) / PhotonAttenuation.BonePerMm(PhotonAttenuation.TechnetiumKeV);
        double titanium = Math.Abs(keV - PhotonAttenuation.TechnetiumKeV) < 1 ? MetalMuPerMm : PhotonAttenuation.TitaniumPerMm(keV);
        for (int n = 0; n < mu.Length; n++)
        {
            double value = Math.Min(MuPerMm(smooth.Values[n], kv, keV), largest);
            if (metalShare is not null) value = Mix(value, titanium, metalShare.Values[n]);
            mu[n] = (float)value;
        }
        (int clipped, double clip) = Clip(hu.Values);
        return new AttenuationMapResult(smooth with { Unit = "1/mm", Values = mu }, metal, outside, clipped, clip);
    }

    private static (int Voxels, double Hu) Clip(float[] hu)
    {
        float top = float.MinValue;
        int count = 0;
        foreach (float v in hu)
        {
            if (v > top) (top, count) = (v, 0);
            if (v == top) count++;
        }
        return top >= 3000 && count >= 3 ? (count, top) : (0, 0);
    }

    /// <summary>Area-average (box) resampling: every target voxel gets the mean of the source over its own box; separable.</summary>
    /// <param name="source">Any grid with the same axes.</param>
    /// <param name="target">Grid wanted; its values are not used.</param>
    /// <param name="outside">Value beyond the source.</param>
    /// <param name="outsideFraction">Share of target voxels with no source at all.</param>
    /// <param name="valueOf">What is averaged in place of the source's value; the value itself when null.</param>
    public static Volume Resample(Volume source, Volume target, float outside, out double outsideFraction, Func<float, float>? valueOf = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        Overlap[] x = Overlaps(source.Nx, source.DxMm, source.X0Mm, target.Nx, target.DxMm, target.X0Mm);
        Overlap[] y = Overlaps(source.Ny, source.DyMm, source.Y0Mm, target.Ny, target.DyMm, target.Y0Mm);
        Overlap[] z = Overlaps(source.Nz, source.DzMm, source.Z0Mm, target.Nz, target.DzMm, target.Z0Mm);
        float[] values = new float[target.Nx * target.Ny * target.Nz];
        // Slices of the source, first averaged in plane, then along z; a slice serves the one or two target slices it overlaps.
        double[] plane = new double[target.Nx * target.Ny], rows = new double[target.Nx * source.Ny];
        double[][] sums = [.. Enumerable.Range(0, target.Nz).Select(_ => Array.Empty<double>())];
        float[] changed = valueOf is null ? [] : new float[source.Nx * source.Ny];
        long none = 0;
        for (int s = 0; s < source.Nz; s++)
        {
            bool wanted = false;
            for (int k = 0; k < target.Nz; k++) wanted |= s >= z[k].First && s < z[k].First + z[k].Weights.Length;
            if (!wanted) continue;
            ReadOnlySpan<float> slice = source.Values.AsSpan(s * source.Nx * source.Ny, source.Nx * source.Ny);
            if (valueOf is not null)
            {
                for (int n = 0; n < changed.Length; n++) changed[n] = valueOf(slice[n]);
                slice = changed;
            }
            for (int j = 0; j < source.Ny; j++)
                for (int i = 0; i < target.Nx; i++)
                {
                    double sum = x[i].Missing * outside;
                    for (int w = 0; w < x[i].Weights.Length; w++) sum += x[i].Weights[w] * slice[(j * source.Nx) + x[i].First + w];
                    rows[(j * target.Nx) + i] = sum;
                }
            for (int j = 0; j < target.Ny; j++)
                for (int i = 0; i < target.Nx; i++)
                {
                    double sum = y[j].Missing * outside;
                    for (int w = 0; w < y[j].Weights.Length; w++) sum += y[j].Weights[w] * rows[((y[j].First + w) * target.Nx) + i];
                    plane[(j * target.Nx) + i] = sum;
                }
            for (int k = 0; k < target.Nz; k++)
            {
                int w = s - z[k].First;
                if (w < 0 || w >= z[k].Weights.Length) continue;
                if (sums[k].Length == 0) sums[k] = new double[plane.Length];
                for (int n = 0; n < plane.Length; n++) sums[k][n] += z[k].Weights[w] * plane[n];
            }
        }
        for (int k = 0; k < target.Nz; k++)
            for (int n = 0; n < plane.Length; n++)
            {
                values[(k * plane.Length) + n] = (float)((sums[k].Length == 0 ? 0 : sums[k][n]) + (z[k].Missing * outside));
                if (z[k].Missing > 0.999 || x[n % target.Nx].Missing > 0.999 || y[n / target.Nx].Missing > 0.999) none++;
            }
        outsideFraction = (double)none / values.Length;
        return target with { Values = values, Unit = source.Unit };
    }

    private static double Mix(double a, double b, double f) => a + ((b - a) * f);

    private readonly record struct Overlap(int First, double[] Weights, double Missing);

    private static Overlap[] Overlaps(int n, double d, double origin, int targets, double size, double targetOrigin)
    {
        Overlap[] result = new Overlap[targets];
        for (int k = 0; k < targets; k++)
        {
            // In source voxels: voxel i reaches from i - 0.5 to i + 0.5.
            double from = (targetOrigin + ((k - 0.5) * size) - origin) / d, to = from + (size / d);
            int first = Math.Max(0, (int)Math.Floor(from + 0.5)), last = Math.Min(n - 1, (int)Math.Ceiling(to - 0.5));
            List<double> weights = [];
            double sum = 0;
            for (int i = first; i <= last; i++)
            {
                double part = Math.Max(0, Math.Min(to, i + 0.5) - Math.Max(from, i - 0.5)) / (to - from);
                weights.Add(part);
                sum += part;
            }
            result[k] = new Overlap(first, [.. weights], Math.Max(0, 1 - sum));
        }
        return result;
    }
}
