using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>What the metal rule found when a CT became an attenuation map.</summary>
/// <param name="Map">Linear attenuation at 140.5 keV, 1/mm, on the target's grid.</param>
/// <param name="MetalVoxels">CT voxels above <see cref="AttenuationMap.MetalHu"/>: a finding for the quality room.</param>
/// <param name="OutsideFieldFraction">Share of target voxels the CT does not cover (taken as air).</param>
public sealed record AttenuationMapResult(Volume Map, int MetalVoxels, double OutsideFieldFraction);

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

    // docs: physics-and-qc 2.2, row 140 keV, Siemens Symbia (S7): kV, slope below 0 HU, slope from 0 HU; 1e-4 per cm and HU.
    private static readonly (double Kv, double Below, double Above)[] Rows = [(80, 1.625, 0.759), (110, 1.634, 0.978), (130, 1.636, 1.090)];

    private const double WaterPerCm = 0.1538;

    /// <summary>mu at 140.5 keV in 1/mm for a CT number, bilinear with its break at 0 HU, never negative.</summary>
    /// <remarks>Slopes are interpolated linearly between the tube voltages of the table and held beyond its ends.</remarks>
    /// <param name="hu">CT number.</param>
    /// <param name="kv">Tube voltage, kV.</param>
    public static double MuPerMm(double hu, double kv)
    {
        int n = 0;
        while (n < Rows.Length - 2 && kv > Rows[n + 1].Kv) n++;
        double f = Math.Clamp((kv - Rows[n].Kv) / (Rows[n + 1].Kv - Rows[n].Kv), 0, 1);
        double slope = hu < 0 ? Mix(Rows[n].Below, Rows[n + 1].Below, f) : Mix(Rows[n].Above, Rows[n + 1].Above, f);
        return Math.Max(0, (WaterPerCm + (slope * 1e-4 * hu)) / 10);
    }

    /// <summary>Makes a map on the grid of a target.</summary>
    /// <remarks>
    /// Metal (above 2500 HU) is taken out before smoothing as water-equivalent bone at 2500 HU, so that its number, clipped or
    /// not, cannot leak; the fraction of metal per voxel is smoothed the same way and mixes in titanium's mu. Elsewhere mu is
    /// limited to 0.030/mm. The reconstruction without attenuation should always be kept beside it.
    /// </remarks>
    /// <param name="hu">CT numbers, any grid; both volumes in the same frame of reference.</param>
    /// <param name="kv">Tube voltage, kV.</param>
    /// <param name="target">Grid wanted; its values are not used.</param>
    /// <param name="fwhmMm">Smoothing, FWHM in mm.</param>
    public static AttenuationMapResult FromCt(Volume hu, double kv, Volume target, double fwhmMm = DefaultFwhmMm)
    {
        ArgumentNullException.ThrowIfNull(hu);
        ArgumentNullException.ThrowIfNull(target);
        int metal = 0;
        float[] tissue = new float[hu.Values.Length];
        float[]? fraction = null;
        for (int n = 0; n < tissue.Length; n++)
        {
            tissue[n] = (float)Math.Min(hu.Values[n], MetalHu);
            if (hu.Values[n] <= MetalHu) continue;
            (fraction ??= new float[tissue.Length])[n] = 1;
            metal++;
        }
        Volume smooth = GaussianFilter.Apply(Resample(hu with { Values = tissue }, target, -1000, out double outside), fwhmMm);
        Volume? metalShare = fraction is null ? null : GaussianFilter.Apply(Resample(hu with { Values = fraction, Unit = "1" }, target, 0, out _), fwhmMm);
        float[] mu = new float[smooth.Values.Length];
        for (int n = 0; n < mu.Length; n++)
        {
            double value = Math.Min(MuPerMm(smooth.Values[n], kv), LargestMuPerMm);
            if (metalShare is not null) value = Mix(value, MetalMuPerMm, metalShare.Values[n]);
            mu[n] = (float)value;
        }
        return new AttenuationMapResult(smooth with { Unit = "1/mm", Values = mu }, metal, outside);
    }

    /// <summary>Area-average (box) resampling: every target voxel gets the mean of the source over its own box; separable.</summary>
    /// <param name="source">Any grid with the same axes.</param>
    /// <param name="target">Grid wanted; its values are not used.</param>
    /// <param name="outside">Value beyond the source.</param>
    /// <param name="outsideFraction">Share of target voxels with no source at all.</param>
    public static Volume Resample(Volume source, Volume target, float outside, out double outsideFraction)
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
        long none = 0;
        for (int s = 0; s < source.Nz; s++)
        {
            bool wanted = false;
            for (int k = 0; k < target.Nz; k++) wanted |= s >= z[k].First && s < z[k].First + z[k].Weights.Length;
            if (!wanted) continue;
            ReadOnlySpan<float> slice = source.Values.AsSpan(s * source.Nx * source.Ny, source.Nx * source.Ny);
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
