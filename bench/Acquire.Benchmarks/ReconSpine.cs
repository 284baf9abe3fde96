using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;

namespace Acquire.Benchmarks;

/// <summary>shared/data/recon-spine at several settings; every row in a process of its own, so that its peak memory is its own.</summary>
internal static class ReconSpine
{
    public const string DefaultFolder = "../shared/data/recon-spine";
    private static readonly string[] Rows =
    [
        "osem 8 15 on on 0", "osem 8 15 on on 6", "osem 4 15 on on 0", "osem 2 15 on on 0", "osem 5 12 on on 6",
        "osem 8 15 on off 0", "osem 8 15 on off 6", "osem 8 15 off on 6", "bsrem 4 15 on on 0", "bsrem 8 15 on on 0", "mlem 30 1 on on 0", "fbp 0 0 off off 0",
    ];

    public static int Run(string[] args)
    {
        string folder = args.FirstOrDefault() ?? DefaultFolder;
        Machine.Print();
        Console.WriteLine("| method | iterations x subsets | attenuation | response | filter mm | NRMSE body % | NRMSE bone % | CR P | Q | R | S | T (cold) % | soft CV % | bias % | wall s cold | wall s median of 3 | CPU s | peak MB |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (string row in Rows)
        {
            ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet") start.ArgumentList.Add(typeof(ReconSpine).Assembly.Location);
            foreach (string a in new[] { "recon-spine-row", folder }.Concat(row.Split(' '))) start.ArgumentList.Add(a);
            using Process child = Process.Start(start)!;
            Console.Write(child.StandardOutput.ReadToEnd());
            child.WaitForExit();
            if (child.ExitCode != 0) return child.ExitCode;
        }
        Profile(folder);
        return 0;
    }

    public static int Row(string[] args)
    {
        ReconstructionInput input = ReconstructionInput.Read(args[0]);
        ReconstructionOptions settings = new()
        {
            Method = Enum.Parse<ReconstructionMethod>(args[1], ignoreCase: true), Iterations = Math.Max(1, int.Parse(args[2], CultureInfo.InvariantCulture)), Subsets = Math.Max(1, int.Parse(args[3], CultureInfo.InvariantCulture)),
            Attenuation = args[4] == "on", Response = args[5] == "on", FilterMm = double.Parse(args[6], CultureInfo.InvariantCulture),
        };
        double[] wall = new double[4], cpu = new double[4];
        Volume volume = Reconstructor.Grid(input.Projections);
        double peak = 0;
        for (int run = 0; run < 4; run++)
        {
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            long start = Stopwatch.GetTimestamp();
            volume = Reconstructor.Run(input, settings, TimeProvider.System);
            wall[run] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            using Process self = Process.GetCurrentProcess();
            cpu[run] = (self.TotalProcessorTime - before).TotalSeconds;
            if (run == 0) peak = self.PeakWorkingSet64 / 1e6;
        }
        FiguresOfMerit m = FiguresOfMerit.Compare(volume, input.Truth!, input.AttenuationMap, input.Spheres);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {args[1]} | {args[2]} x {args[3]} | {args[4]} | {args[5]} | {args[6]} | {m.NrmseBodyPercent:F1} | {m.NrmseBonePercent:F1} | {string.Join(" | ", m.ContrastRecoveryPercent.Select(c => c.Percent.ToString("F0", CultureInfo.InvariantCulture)))} | {m.SoftTissueCvPercent:F1} | {m.SoftTissueBiasPercent:F1} | {wall[0]:F2} | {wall[1..].Order().ElementAt(1):F2} | {cpu[1..].Order().ElementAt(1):F2} | {peak:F0} |"));
        return 0;
    }

    public static int Simset(string[] args)
    {
        ReconstructionInput input = ReconstructionInput.Read(args.FirstOrDefault() ?? "../shared/data/simset/input.hs", new GeometryByHand { Response = DetectorResponse.FromName("LEHR") });
        long start = Stopwatch.GetTimestamp();
        Volume v = Reconstructor.Run(input, new ReconstructionOptions { Iterations = 4, Subsets = 12, FilterMm = 6 }, TimeProvider.System);
        double sum = 0;
        foreach (float x in v.Values) sum += x;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{v.Nx} x {v.Ny} x {v.Nz}, 4 x 12 OSEM with response, no map: {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s, sum {sum:F0}, counts per view {input.Projections.Counts.Sum(c => (double)c) / 120:F0}"));
        return 0;
    }

    /// <summary>Where the time goes: passes over all views on one thread, and the share of this machine's multiply-add peak.</summary>
    public static void Profile(string folder)
    {
        ReconstructionInput input = ReconstructionInput.Read(folder);
        using SystemModel with = new(input.Projections, input.AttenuationMap, input.Response);
        using SystemModel without = new(input.Projections, input.AttenuationMap, null);
        double setup = Best(() => new SystemModel(input.Projections, input.AttenuationMap, input.Response).Dispose());
        (double forward, double back, double plainForward, double plainBack) = Passes(with, without);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"One thread, 120 views, best of 8: set-up {1000 * setup:F0} ms; forward {1000 * forward:F1} ms (rotation and attenuation {1000 * plainForward:F1}), back {1000 * back:F1} ms (rotation and attenuation {1000 * plainBack:F1})."));
        // Multiply-adds counted from the inner loops: one per column visited, attenuation 4, its exponential 4, planes and sharing 6, forward and back;
        // blur 5 along t and 5 along z (additions counted as half).
        double work = 2 * (((with.ColumnVisits * (double)with.Stride) + (with.Samples * 14.0)) + (with.BlurSamples * 8.0));
        double peak = Machine.MultiplyAddsPerSecond(1);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Work per iteration {work / 1e9:F2} G multiply-adds ({with.Samples / 1e6:F1} M rotated samples, {with.BlurSamples / 1e6:F1} M blurred, of {120.0 * 128 * 128 * 128 / 1e6:F0} M in the cube): {work / (forward + back) / 1e9:F1} G/s on one core, {100 * work / (forward + back) / peak:F0} % of its measured peak of {peak / 1e9:F0} G/s."));
    }

    /// <summary>Best of eight, the two models in turn, so that other work on the machine hits both.</summary>
    private static (double Forward, double Back, double PlainForward, double PlainBack) Passes(SystemModel with, SystemModel without)
    {
        double[] best = [double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue];
        Volume ones = Volume.Centred(with.Nx, with.Nx, with.Nz, 1, "1");
        Array.Fill(ones.Values, 1);
        for (int run = 0; run < 8; run++)
            for (int m = 0; m < 2; m++)
            {
                (double forward, double back) = (m == 0 ? with : without).TimePasses(ones.Values, TimeProvider.System);
                best[2 * m] = Math.Min(best[2 * m], forward);
                best[(2 * m) + 1] = Math.Min(best[(2 * m) + 1], back);
            }
        return (best[0], best[1], best[2], best[3]);
    }

    private static double Best(Action action)
    {
        double best = double.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    /// <summary>Figures of merit of any volume on recon-spine's grid, e.g. of another program, unfiltered and with a 6 mm filter.</summary>
    public static int Merit(string[] args)
    {
        ReconstructionInput input = ReconstructionInput.Read(args.ElementAtOrDefault(1) ?? DefaultFolder);
        Volume volume = RawFolder.ReadVolume(args[0]);
        foreach (double filter in new[] { 0.0, 6 })
        {
            FiguresOfMerit m = FiguresOfMerit.Compare(GaussianFilter.Apply(volume, filter), input.Truth!, input.AttenuationMap, input.Spheres);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {filter} | {m.NrmseBodyPercent:F1} | {m.NrmseBonePercent:F1} | {string.Join(" | ", m.ContrastRecoveryPercent.Select(c => c.Percent.ToString("F0", CultureInfo.InvariantCulture)))} | {m.SoftTissueCvPercent:F1} | {m.SoftTissueBiasPercent:F1} |"));
        }
        return 0;
    }
}
