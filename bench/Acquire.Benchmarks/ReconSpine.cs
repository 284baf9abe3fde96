using System.Diagnostics;
using Acquire.Protocols.Imaging;
using Acquire.Service.Reconstruction;

namespace Acquire.Benchmarks;

internal static class ReconSpine
{
    public static int Run(string[] args)
    {
        ReconstructionInput input = ReconstructionInput.Read(args.Length > 0 ? args[0] : "../shared/data/recon-spine");
        (int, int, bool, double)[] rows = [(2,15,true,0),(8,15,true,0),(8,15,true,8)];
        foreach ((int it, int sub, bool resp, double filter) in rows)
        {
            long start = Stopwatch.GetTimestamp();
            using SystemModel model = new(input.Projections, input.AttenuationMap, resp ? input.Response : null);
            double setup = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Volume v = Osem.Reconstruct(input.Projections, model, new OsemOptions { Iterations = it, Subsets = sub }, TimeProvider.System);
            v = GaussianFilter.Apply(v, filter);
            double cpu = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds; double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
            FiguresOfMerit m = FiguresOfMerit.Compare(v, input.Truth!, input.AttenuationMap, input.Spheres);
            Console.WriteLine($"{it}x{sub} {resp} {filter}: {setup:F2} {wall:F2} s cpu {cpu:F2} {m.NrmseBodyPercent:F2} {m.NrmseBonePercent:F2} cv {m.SoftTissueCvPercent:F2} bias {m.SoftTissueBiasPercent:F2} scale {m.Scale:F4} {string.Join(" ", m.ContrastRecoveryPercent.Select(c => $"{c.Name} {c.Percent:F1}"))} peak {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB");
        }
        return 0;
    }
}
