using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>Coefficient of variation in small volumes of soft tissue of the reconstruction. docs/qc/reconstruction-noise.md.</summary>
public sealed class ReconstructionNoiseCheck : IQualityCheck
{
    private const int Erosion = 2, LeastVolumes = 20;

    /// <inheritdoc/>
    public string Name => "reconstruction-noise";
    /// <inheritdoc/>
    public string Title => "Noise of the reconstruction";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Reconstruction is not null && (input.Ct is not null || input.AttenuationMap is not null);

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        Volume v = input.Reconstruction!;
        bool[] soft = Eroded(v, SoftTissue(v, input));
        var means = new List<double>();
        var covs = new List<double>();
        for (int k = 1; k + 1 < v.Nz; k += 3)
            for (int j = 1; j + 1 < v.Ny; j += 3)
                for (int i = 1; i + 1 < v.Nx; i += 3)
                {
                    if (!soft[v.Index(i, j, k)] || !Statistics(v, soft, i, j, k, out double mean, out double sd) || mean <= 0) continue;
                    means.Add(mean);
                    covs.Add(sd / mean);
                }
        if (means.Count < LeastVolumes)
            return Judging.Result(this, Verdict.NotSet, null, limit, $"Only {means.Count} small volumes of soft tissue away from bone and skin; {LeastVolumes} are needed.", "");
        // Kidneys and vessels are soft tissue too, but not the background.
        double typical = SmoothFit.Median([.. means]);
        double[] background = [.. covs.Where((_, n) => means[n] < 2 * typical && means[n] > typical / 4)];
        double figure = 100 * SmoothFit.Median(background);
        return Judging.Result(this, Judging.Of(figure, limit), figure, limit,
            Judging.Say($"Median over {background.Length} volumes of 3 x 3 x 3 voxels in soft tissue, two voxels away from bone and skin."),
            "Count longer, use fewer iterations or a wider filter; small lesions and quantities are not reliable at this noise.");
    }

    private static bool[] SoftTissue(Volume v, QualityInput input)
    {
        bool[] mask = new bool[v.Values.Length];
        for (int k = 0; k < v.Nz; k++)
            for (int j = 0; j < v.Ny; j++)
                for (int i = 0; i < v.Nx; i++)
                {
                    double x = v.X0Mm + (i * v.DxMm), y = v.Y0Mm + (j * v.DyMm), z = v.Z0Mm + (k * v.DzMm);
                    mask[v.Index(i, j, k)] = input.Ct is { } ct
                        ? VolumeSampling.Linear(ct, x, y, z, -1000) is > -60 and < 110
                        : VolumeSampling.Linear(input.AttenuationMap!, x, y, z, 0) is > 0.0138f and < 0.0162f;
                }
        return mask;
    }

    private static bool[] Eroded(Volume v, bool[] mask)
    {
        for (int pass = 0; pass < Erosion; pass++)
        {
            bool[] next = new bool[mask.Length];
            for (int k = 1; k + 1 < v.Nz; k++)
                for (int j = 1; j + 1 < v.Ny; j++)
                    for (int i = 1; i + 1 < v.Nx; i++)
                    {
                        int at = v.Index(i, j, k);
                        next[at] = mask[at] && mask[at - 1] && mask[at + 1] && mask[at - v.Nx] && mask[at + v.Nx] && mask[at - (v.Nx * v.Ny)] && mask[at + (v.Nx * v.Ny)];
                    }
            mask = next;
        }
        return mask;
    }

    private static bool Statistics(Volume v, bool[] mask, int i, int j, int k, out double mean, out double sd)
    {
        double sum = 0, squares = 0;
        mean = sd = 0;
        for (int c = -1; c <= 1; c++)
            for (int b = -1; b <= 1; b++)
                for (int a = -1; a <= 1; a++)
                {
                    int at = v.Index(i + a, j + b, k + c);
                    if (!mask[at]) return false;
                    sum += v.Values[at];
                    squares += (double)v.Values[at] * v.Values[at];
                }
        mean = sum / 27;
        sd = Math.Sqrt(Math.Max(0, (squares - (27 * mean * mean)) / 26));
        return true;
    }
}
