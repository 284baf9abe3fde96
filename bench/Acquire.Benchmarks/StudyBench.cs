using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Service.Storage;

namespace Acquire.Benchmarks;

/// <summary>The whole demo as a user runs it, and the durable frame store against the disk's own limit.</summary>
internal static class StudyBench
{
    /// <summary>Runs the demo a few times: median wall time, peak memory of console and simulator.</summary>
    public static void Demo(int runs)
    {
        string program = Path.Combine(AppContext.BaseDirectory.Replace("bench" + Path.DirectorySeparatorChar + "Acquire.Benchmarks", "src" + Path.DirectorySeparatorChar + "Acquire.Service", StringComparison.Ordinal), "acquire");
        var walls = new List<double>();
        long console = 0, simulator = 0;
        for (int run = 0; run < runs; run++)
        {
            string data = Directory.CreateTempSubdirectory("acquire-bench").FullName;
            long start = Stopwatch.GetTimestamp();
            using (Process process = Process.Start(new ProcessStartInfo(program, ["demo", "--plain", "--data", data, "--speed", "1000000"]) { RedirectStandardOutput = true })!)
            {
                string ready = Path.Combine(data, "gantry", "ready.json");
                while (process.StandardOutput.ReadLine() is { } line)
                {
                    console = Math.Max(console, Peak(process.Id));
                    if (File.Exists(ready) && line.Contains("slices", StringComparison.Ordinal))
                        simulator = Math.Max(simulator, Peak(System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(ready)).RootElement.GetProperty("pid").GetInt32()));
                }
                process.WaitForExit();
                if (process.ExitCode is not (0 or 6)) throw new InvalidOperationException($"the demo ended with {process.ExitCode}");
            }
            walls.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            Directory.Delete(data, recursive: true);
        }
        walls.Sort();
        Print($"demo, {runs} runs: wall median {walls[runs / 2]:F1} s ({walls[0]:F1} to {walls[^1]:F1}); peak memory console {console / 1048576.0:F0} MB, simulator {simulator / 1048576.0:F0} MB");
    }

    /// <summary>Frames a second stored durably (file, flush, rename, folder flush) against writing and flushing the same bytes into one file.</summary>
    public static void FrameStore(int frames)
    {
        string folder = Directory.CreateTempSubdirectory("acquire-bench").FullName;
        var store = new FrameStore(folder);
        byte[] bytes = new byte[FrameHeader.Length + (128 * 128 * 2)];
        var run = new Guid("0b0b0b0b-0000-4000-8000-000000000001");
        var times = new List<(double Ours, double Disk)>();
        for (uint repeat = 0; repeat < 3; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            for (uint n = 1; n <= frames; n++)
            {
                var header = new FrameHeader
                {
                    AcquisitionId = run, Number = n + (repeat * (uint)frames), Head = 1, Window = 1, Width = 128, Height = 128, BytesPerPixel = 2, Mode = FrameMode.Tomo,
                    StartTickUs = n, ElapsedUs = 1, LiveUs = 1, Sum = 0, PixelUm = 4800, PixelCrc = Crc32.Of(bytes.AsSpan(FrameHeader.Length)),
                };
                header.Write(bytes);
                store.Store(header, bytes);
            }
            double ours = frames / Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            using (var one = new FileStream(Path.Combine(folder, $"one{repeat}"), FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                for (int n = 0; n < frames; n++)
                {
                    one.Write(bytes);
                    one.Flush(flushToDisk: true);
                }
            }
            times.Add((ours, frames / Stopwatch.GetElapsedTime(start).TotalSeconds));
        }
        Directory.Delete(folder, recursive: true);
        (double o, double d) = times.OrderBy(t => t.Ours).ElementAt(1);
        Print($"frame store, 3 x {frames} frames of 128 x 128: {o:F0} frames/s stored durably; one file with a flush per frame: {d:F0} frames/s; ratio {o / d:F2}");
    }

    private static long Peak(int pid)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
            return line is null ? 0 : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
