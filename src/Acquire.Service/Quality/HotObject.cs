using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality;

/// <summary>The hottest place of the reconstructed volume and the level of bone to compare it with.</summary>
/// <param name="XMm">Position, patient x.</param>
/// <param name="YMm">Position, patient y.</param>
/// <param name="ZMm">Position, patient z.</param>
/// <param name="Peak">Mean of 3 x 3 x 3 voxels there.</param>
/// <param name="MedianBone">Median over bone; 0 when there is none.</param>
/// <param name="BoneSource">How bone was told.</param>
internal sealed record HotObject(double XMm, double YMm, double ZMm, double Peak, double MedianBone, string BoneSource)
{
    /// <summary>The place in words.</summary>
    public string Where => Judging.Say($"{Math.Abs(XMm):0} mm {(XMm >= 0 ? "left" : "right")}, {Math.Abs(YMm):0} mm {(YMm >= 0 ? "behind" : "in front")} of the axis at z {ZMm:0} mm");

    /// <summary>Finds it. Bone is HU above 150 where a CT is there, else what lies above a fifth of the 99.5th percentile of the volume.</summary>
    public static HotObject Of(QualityInput input)
    {
        Volume v = input.Reconstruction!;
        double best = double.MinValue;
        int bi = 0, bj = 0, bk = 0;
        for (int k = 1; k + 1 < v.Nz; k++)
            for (int j = 1; j + 1 < v.Ny; j++)
                for (int i = 1; i + 1 < v.Nx; i++)
                {
                    if (v.Values[v.Index(i, j, k)] * 27 <= best) continue;
                    double sum = 0;
                    for (int c = -1; c <= 1; c++)
                        for (int b = -1; b <= 1; b++)
                            for (int a = -1; a <= 1; a++) sum += v.Values[v.Index(i + a, j + b, k + c)];
                    if (sum > best) (best, bi, bj, bk) = (sum, i, j, k);
                }
        (double bone, string source) = Bone(v, input.Ct);
        return new HotObject(v.X0Mm + (bi * v.DxMm), v.Y0Mm + (bj * v.DyMm), v.Z0Mm + (bk * v.DzMm), best / 27, bone, source);
    }

    private static (double Median, string Source) Bone(Volume v, Volume? ct)
    {
        var values = new List<double>();
        if (ct is not null)
        {
            for (int k = 0; k < v.Nz; k++)
                for (int j = 0; j < v.Ny; j++)
                    for (int i = 0; i < v.Nx; i++)
                        if (VolumeSampling.Nearest(ct, v.X0Mm + (i * v.DxMm), v.Y0Mm + (j * v.DyMm), v.Z0Mm + (k * v.DzMm), -1000) > 150) values.Add(v.Values[v.Index(i, j, k)]);
            if (values.Count >= 50) return (SmoothFit.Median([.. values]), "bone (CT above 150 HU)");
            values.Clear();
        }
        float[] sorted = [.. v.Values];
        Array.Sort(sorted);
        double level = sorted[(int)(0.995 * (sorted.Length - 1))] / 5;
        foreach (float x in v.Values)
            if (x > level) values.Add(x);
        return (values.Count < 50 || level <= 0 ? 0 : SmoothFit.Median([.. values]), "the brighter voxels (no CT to tell bone)");
    }
}
