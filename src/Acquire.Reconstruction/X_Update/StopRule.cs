using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>When an iterative reconstruction is done: any of the figures that are set, looked at after every full iteration.</summary>
public sealed record StopRule
{
    /// <summary>Root mean square change of the image over one iteration, percent of its root mean square; 0 when not used.</summary>
    public double ImageChangePercent { get; init; }
    /// <summary>Gain of the log-likelihood over one iteration, per thousand counts; 0 when not used. The image before the last iteration is what is judged.</summary>
    public double LikelihoodGainPerThousandCounts { get; init; }
    /// <summary>Noise in soft tissue, percent, that the image is to reach but not pass by much; 0 when not used. Needs <see cref="SoftTissueMap"/>. See <see cref="SoftTissueNoise"/>; a post filter is not in it.</summary>
    public double NoisePercent { get; init; }
    /// <summary>Attenuation map at 140 keV on the reconstruction's grid, 1/mm, that tells what soft tissue is.</summary>
    public Volume? SoftTissueMap { get; init; }
    /// <summary>Change of the mean in <see cref="Region"/> over one iteration, percent; 0 when not used.</summary>
    public double RegionChangePercent { get; init; }
    /// <summary>Region for <see cref="RegionChangePercent"/>: a sphere, mm.</summary>
    public KnownSphere? Region { get; init; }

    /// <summary>True when nothing is set.</summary>
    public bool IsEmpty => ImageChangePercent <= 0 && LikelihoodGainPerThousandCounts <= 0 && NoisePercent <= 0 && RegionChangePercent <= 0;
}

/// <summary>Noise of an image in soft tissue.</summary>
public static class SoftTissueNoise
{
    /// <summary>Attenuation of soft tissue at 140 keV, 1/mm: away from fat and bone (docs: physics-and-qc 2.1).</summary>
    public const float LeastMuPerMm = 0.0138f, MostMuPerMm = 0.0162f;

    /// <summary>
    /// Standard deviation over mean, percent: the median absolute second difference along z over that of a Gaussian (0.6745 sqrt 6), where
    /// five voxels along z are soft tissue. Slow changes and single hot spots do not count. NaN when there are fewer than 200 such places.
    /// </summary>
    /// <param name="image">Image.</param>
    /// <param name="attenuation">Map at 140 keV on the same grid, 1/mm.</param>
    public static double Percent(Volume image, Volume attenuation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(attenuation);
        int plane = image.Nx * image.Ny;
        if (attenuation.Values.Length != image.Values.Length) throw new ArgumentException("Image and map have different grids.", nameof(attenuation));
        bool Soft(int n) => attenuation.Values[n] is > LeastMuPerMm and < MostMuPerMm;
        List<float> differences = [], values = [];
        for (int k = 2; k < image.Nz - 2; k++)
            for (int c = 0; c < plane; c++)
            {
                int n = (k * plane) + c;
                if (!Soft(n) || !Soft(n - plane) || !Soft(n + plane) || !Soft(n - (2 * plane)) || !Soft(n + (2 * plane))) continue;
                differences.Add(Math.Abs(image.Values[n - plane] - (2 * image.Values[n]) + image.Values[n + plane]));
                values.Add(image.Values[n]);
            }
        if (values.Count < 200) return double.NaN;
        differences.Sort();
        values.Sort();
        double middle = values[values.Count / 2];
        return middle > 0 ? 100 * differences[differences.Count / 2] / (0.67449 * Math.Sqrt(6)) / middle : double.NaN;
    }
}

/// <summary>Looks at the image after every iteration.</summary>
internal sealed unsafe class StopWatcher(StopRule rule, SystemModel model, ProjectionSet projections) : IDisposable
{
    private readonly AlignedFloats _last = model.Allocate();
    private readonly double _counts = projections.Counts.Sum(c => (double)c);
    private double _likelihood = double.NaN, _region = double.NaN;

    /// <summary>True when the rule needs the likelihood.</summary>
    public bool NeedsLikelihood => rule.LikelihoodGainPerThousandCounts > 0;

    /// <summary>The reason to stop, in words; null to go on.</summary>
    public string? Reached(AlignedFloats f, double likelihood)
    {
        double square = 0, change = 0;
        for (long n = 0; n < f.Length; n++)
        {
            double d = f.Pointer[n] - _last.Pointer[n];
            change += d * d;
            square += (double)f.Pointer[n] * f.Pointer[n];
        }
        Buffer.MemoryCopy(f.Pointer, _last.Pointer, f.Length * sizeof(float), f.Length * sizeof(float));
        double percent = square > 0 ? 100 * Math.Sqrt(change / square) : 0, gain = (likelihood - _likelihood) / _counts * 1000;
        _likelihood = likelihood;
        if (rule.ImageChangePercent > 0 && percent < rule.ImageChangePercent) return FormattableString.Invariant($"the image changed by {percent:0.###} % in the last iteration");
        if (rule.LikelihoodGainPerThousandCounts > 0 && gain < rule.LikelihoodGainPerThousandCounts) return FormattableString.Invariant($"the likelihood gained {gain:0.####} per thousand counts in the last iteration");
        if (rule.NoisePercent <= 0 && rule.RegionChangePercent <= 0) return null;
        Volume image = model.Grid.With(model.Columns.Store(f.Pointer), projections.CentreZMm);
        if (rule.NoisePercent > 0 && rule.SoftTissueMap is { } map && SoftTissueNoise.Percent(image, map) is var noise && noise >= rule.NoisePercent)
            return FormattableString.Invariant($"noise in soft tissue reached {noise:0.#} %");
        if (rule.RegionChangePercent <= 0 || rule.Region is not { } sphere) return null;
        double mean = Mean(image, sphere), moved = 100 * Math.Abs((mean / _region) - 1);
        _region = mean;
        return moved < rule.RegionChangePercent ? FormattableString.Invariant($"the mean in {sphere.Name} changed by {moved:0.###} % in the last iteration") : null;
    }

    private static double Mean(Volume v, KnownSphere s)
    {
        double sum = 0;
        int count = 0;
        for (int k = 0; k < v.Nz; k++)
            for (int j = 0; j < v.Ny; j++)
                for (int i = 0; i < v.Nx; i++)
                {
                    double x = v.X0Mm + (i * v.DxMm) - s.XMm, y = v.Y0Mm + (j * v.DyMm) - s.YMm, z = v.Z0Mm + (k * v.DzMm) - s.ZMm;
                    if ((x * x) + (y * y) + (z * z) > s.RadiusMm * s.RadiusMm) continue;
                    sum += v.Values[v.Index(i, j, k)];
                    count++;
                }
        return count > 0 ? sum / count : double.NaN;
    }

    public void Dispose() => _last.Dispose();
}
