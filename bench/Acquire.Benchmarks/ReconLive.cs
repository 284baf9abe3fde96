using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;
using Acquire.Service.Reconstruction;

namespace Acquire.Benchmarks;

/// <summary>Time from the last view to the image that is judged: recon-spine's views as frames to the live worker, the last one held back until the worker is idle.</summary>
internal static class ReconLive
{
    public static async Task<int> RunAsync(string folder, int repeats)
    {
        ReconstructionInput input = ReconstructionInput.Read(folder);
        ProjectionSet p = input.Projections;
        List<CountFrame> frames = [.. Enumerable.Range(0, p.Views).Select(v => Frame(p, v))];
        string output = Directory.CreateTempSubdirectory("acquire-bench-live").FullName;
        List<double> seconds = [];
        try
        {
            for (int run = 0; run < repeats; run++)
            {
                CountSeries series = new()
                {
                    AcquisitionId = Guid.Empty, StepId = "spect", Title = "SPECT", Kind = AcquisitionKind.Tomo, DetectorCount = 1, Collimator = "LEHR", Frames = [], EnergyWindows = [new EnergyWindow("Tc99m", 126.45, 154.55, EnergyWindowRole.Photopeak)],
                };
                await using LiveReconstructionHost host = new(new LiveBegin(series, 5, 12, true, false, 6, ""), new LiveLimits(), TimeProvider.System, s => { if (s.What == "worker ended") Console.Error.WriteLine(s.Why); });
                foreach (CountFrame frame in frames.SkipLast(1)) host.Post(frame);
                // An image of what is there proves that the worker has taken everything and is idle, as it is between the views of a patient.
                if (await host.FinishAsync(null, Path.Combine(output, "before"), CancellationToken.None) is { } failed) throw new InvalidOperationException(failed);
                long start = Stopwatch.GetTimestamp();
                host.Post(frames[^1]);
                if (await host.FinishAsync(null, Path.Combine(output, "last"), CancellationToken.None) is { } why) throw new InvalidOperationException(why);
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
        seconds.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"last view of {p.Views} ({p.Columns} x {p.Rows}) to the judged image on disk, OSEM 5 x 12 with response, no map, 6 mm filter, worker at nice 10: median {seconds[seconds.Count / 2]:F2} s of {repeats} ({seconds[0]:F2} to {seconds[^1]:F2}); goal 1 s"));
        return 0;
    }

    private static CountFrame Frame(ProjectionSet p, int view)
    {
        int size = p.Rows * p.Columns;
        uint[] counts = new uint[size];
        for (int n = 0; n < size; n++) counts[size - 1 - n] = (uint)p.Counts[(view * size) + n];
        double angle = ((p.AngleDeg[view] % 360) + 360) % 360;
        return new CountFrame
        {
            FrameNumber = view + 1, Detector = 1, EnergyWindow = 1, AngularView = view + 1, Start = new DateTimeOffset(2026, 1, 2, 8, 0, 0, TimeSpan.Zero).AddSeconds(18 * view), Elapsed = TimeSpan.FromSeconds(15), Live = TimeSpan.FromSeconds(15),
            AngleStartDeg = angle, AngleEndDeg = angle, RadiusMm = p.RadiusMm[view], TableLongitudinalMm = 0, PixelMm = p.BinMm, Width = p.Columns, Height = p.Rows, Counts = counts,
        };
    }
}
