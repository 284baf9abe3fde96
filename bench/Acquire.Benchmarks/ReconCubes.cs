using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;

namespace Acquire.Benchmarks;

/// <summary>How cost grows with the matrix: the same 300 x 200 mm elliptical body, 120 views, 8 x 15 OSEM with attenuation and response.</summary>
internal static class ReconCubes
{
    public static int Run()
    {
        Console.WriteLine("| matrix | voxel mm | wall s median of 3 | rotated samples M | peak MB |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (int n in new[] { 64, 128, 256 })
        {
            double voxel = 614.4 / n;
            ProjectionSet set = new()
            {
                Views = 120, Rows = n, Columns = n, BinMm = voxel, RowMm = voxel, Counts = new float[120 * n * n],
                AngleDeg = [.. Enumerable.Range(0, 120).Select(v => 3.0 * v)], RadiusMm = [.. Enumerable.Repeat(190.0, 120)],
            };
            Volume map = Volume.Centred(n, n, n, voxel, "1/mm");
            for (int j = 0; j < n; j++)
                for (int i = 0; i < n; i++)
                {
                    double x = (map.X0Mm + (i * voxel)) / 150, y = (map.Y0Mm + (j * voxel)) / 100;
                    if ((x * x) + (y * y) > 1) continue;
                    for (int k = 0; k < n; k++) map.Values[map.Index(i, j, k)] = 0.0154f;
                }
            DetectorResponse response = DetectorResponse.FromName("LEHR")!;
            using SystemModel model = new(set, map, response);
            model.Project(map.Values).CopyTo(set.Counts, 0);
            for (int c = 0; c < set.Counts.Length; c++) set.Counts[c] *= 1000;
            ReconstructionInput input = new() { Projections = set, AttenuationMap = map, Response = response, Description = "" };
            double[] wall = new double[4];
            for (int run = 0; run < 4; run++)
            {
                long start = Stopwatch.GetTimestamp();
                Reconstructor.Run(input, new ReconstructionOptions { Iterations = 8, Subsets = 15 }, TimeProvider.System);
                wall[run] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {n} | {voxel:F1} | {wall[1..].Order().ElementAt(1):F2} | {model.Samples / 1e6:F1} | {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} |"));
        }
        return 0;
    }
}
