using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>SIGKILL of the simulator at random moments of a free-running list-mode run; nothing a client was told of may change or go.</summary>
public sealed class KillTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gci").FullName;
    private readonly List<Process> _started = [];

    private async Task<(Process Process, int Port, int Stream)> StartAsync()
    {
        string ready = Path.Combine(_folder, "ready" + _started.Count.ToString(CultureInfo.InvariantCulture));
        var appeared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(_folder);
        watcher.Created += (_, e) => { if (e.FullPath == ready) appeared.TrySetResult(); };
        watcher.Renamed += (_, e) => { if (e.FullPath == ready) appeared.TrySetResult(); };
        watcher.EnableRaisingEvents = true;
        var info = new ProcessStartInfo(Environment.ProcessPath is { } p && Path.GetFileNameWithoutExtension(p) == "dotnet" ? p : "dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string a in new[] { Path.Combine(AppContext.BaseDirectory, "acquire-sim.dll"), "--tcp", "0", "--store", Path.Combine(_folder, "store"), "--seed", "3", "--speed", "20", "--scenario", "flood", "--ready-file", ready }) info.ArgumentList.Add(a);
        Process process = Process.Start(info)!;
        _started.Add(process);
        await appeared.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllBytesAsync(ready, TestContext.Current.CancellationToken));
        return (process, json.RootElement.GetProperty("port").GetInt32(), json.RootElement.GetProperty("stream").GetInt32());
    }

    private static void WaitUntil(WireClient c, string query, Func<string, bool> isSo)
    {
        // Each question is answered in its turn and moves the free clock on; 200 000 of them are a minute at least.
        for (int i = 0; i < 200_000; i++)
            if (isSo(c.Ask(query))) return;
        Assert.Fail(query + " never came true");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task KillMinusNine_AtARandomMomentOfAListModeRun_FramesListAndLedgerStillAgree(int seed)
    {
        (Process process, int port, int stream) = await StartAsync();
        var random = new Random(seed);
        int packetsWanted = random.Next(1, 900);
        var seen = new List<(ListPacket Header, byte[] Words)>();
        List<byte[]> announced;
        using (var c = new WireClient(port))
        {
            c.TakeControl();
            c.Do("HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"h\"");
            WaitUntil(c, "SYST:STAT?;:HEAD1:HV?;:HEAD2:HV?", s => s.StartsWith("READ", StringComparison.Ordinal) && s.EndsWith("ON,1000;ON,1000", StringComparison.Ordinal));
            c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:LIST ON;MODE DYN;DYN:PHAS1 200,0.7 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM");
            using var packets = new StreamClient(stream, RunTests.Id, 1);
            c.Do("ACQ:STAR \"s\"");
            for (int i = 0; i < packetsWanted; i++) seen.Add(packets.Next());
            announced = c.FetchAll(acknowledge: false);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        (_, port, stream) = await StartAsync();
        using var d = new WireClient(port);
        d.TakeControl();
        Assert.StartsWith("IDLE,POW", d.Ask("ACQ:STAT?"), StringComparison.Ordinal);
        using var rest = new StreamClient(stream, RunTests.Id, 1);
        List<(ListPacket Header, byte[] Words)> all = rest.ToEnd();
        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (ulong)n), all.Select(p => p.Header.Number));
        Assert.True(all.Count > seen.Count);
        for (int i = 0; i < seen.Count; i++) Assert.Equal(seen[i].Words, all[i].Words);
        List<byte[]> frames = d.FetchAll();
        Assert.True(frames.Count >= announced.Count);
        for (int i = 0; i < announced.Count; i++) Assert.Equal(announced[i], frames[i]);
        string[] ledger = d.Ask("ACQ:LEDG?").Split(',');
        Assert.Equal(frames.Sum(f => (long)WireClient.Header(f).Sum), ledger[3..5].Sum(long.Parse));
        // The list ends where the frames end: the last ones, closed at the boot, hold exactly the events of the list.
        ListModeTests.AssertSameCounts(frames, all, new() { [(1, 1)] = (126.45, 154.55), [(2, 1)] = (126.45, 154.55) });
        Assert.Equal(ledger[5..7].Sum(long.Parse), ListModeTests.Decode(all).Events.Count);
        Assert.All(frames.Select(WireClient.Header), h => Assert.True(h.LiveUs == 700_000 || h.Flags.HasFlag(FrameFlags.Partial | FrameFlags.EventsLost)));
    }

    public void Dispose()
    {
        foreach (Process process in _started)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }
}
