using System.Diagnostics;
using System.Globalization;
using Acquire.Service.Gantry;

namespace Acquire.Benchmarks;

/// <summary>What the wire trace costs the thread that speaks, and the disk.</summary>
internal static class WireTraceBench
{
    /// <summary>Exchanges of four records (message, answer, error query, marker), as every query makes them.</summary>
    public static async Task RunAsync(int exchanges)
    {
        byte[] answer = "RUNN,NONE,12.5,12.5,3,24,20"u8.ToArray(), none = "0,\"No error\""u8.ToArray(), marker = "1900000123"u8.ToArray();
        var perRecordNs = new List<double>();
        long bytes = 0;
        string folder = Directory.CreateTempSubdirectory("acquire-trace-").FullName;
        try
        {
            for (int round = 0; round < 4; round++)
            {
                string at = Path.Combine(folder, $"{round}");
                await using (WireTrace trace = WireTrace.Open(at, TimeProvider.System))
                {
                    WireTraceConnection control = trace.Connect("control", "bench");
                    long began = Stopwatch.GetTimestamp();
                    for (int i = 0; i < exchanges; i++)
                    {
                        control.Sent("ACQ:STAT?\nSYST:ERR?\nSYST:SYNC? 1900000123");
                        control.Received(answer);
                        control.Received(none);
                        control.Received(marker);
                    }
                    if (round > 0) perRecordNs.Add(Stopwatch.GetElapsedTime(began).TotalNanoseconds / (4.0 * exchanges)); // the first warms up
                }
                bytes = new DirectoryInfo(at).GetFiles().Sum(f => f.Length);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        perRecordNs.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"wire trace: {perRecordNs[1]:F0} ns a record on the speaking thread, median of 3 x {4 * exchanges} ({perRecordNs[0]:F0} to {perRecordNs[2]:F0}); {bytes / (4.0 * exchanges):F0} bytes a record"));
    }
}
