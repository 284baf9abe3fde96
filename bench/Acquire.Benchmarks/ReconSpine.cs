using System.Diagnostics;
using Acquire.Protocols.Imaging;
using Acquire.Service.Reconstruction;

namespace Acquire.Benchmarks;

internal static class ReconSpine
{
    public static int Run(string[] args)
    {
        ReconstructionInput input = ReconstructionInput.Read(args.Length > 0 ? args[0] : "../shared/data/recon-spine");
        for (int r = 0; r < 3; r++)
        {
            long start = Stopwatch.GetTimestamp();
            using SystemModel model = new(input.Projections, input.AttenuationMap, input.Response);
            double setup = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Volume v = Osem.Reconstruct(input.Projections, model, new OsemOptions { Iterations = 8, Subsets = 15 }, TimeProvider.System);
            double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
            FiguresOfMerit m = FiguresOfMerit.Compare(v, input.Truth!, input.AttenuationMap, input.Spheres);
            Console.WriteLine($"{setup:F2} {wall:F2} s  support {model.SupportColumns} {m.NrmseBodyPercent:F2} {m.NrmseBonePercent:F2} cv {m.SoftTissueCvPercent:F2} bias {m.SoftTissueBiasPercent:F2} scale {m.Scale:F4} {string.Join(" ", m.ContrastRecoveryPercent.Select(c => $"{c.Name} {c.Percent:F1}"))} peak {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB");
        }
        return 0;
    }
}
