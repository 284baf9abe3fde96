using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>The simulator as its own program, with the real physics.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gci").FullName;
    private readonly List<Process> _started = [];

    private Process Run(params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath is { } p && Path.GetFileNameWithoutExtension(p) == "dotnet" ? p : "dotnet")
        {
            RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "acquire-sim.dll"));
        foreach (string a in arguments) info.ArgumentList.Add(a);
        Process process = Process.Start(info)!;
        _started.Add(process);
        return process;
    }

    private static async Task<(int Code, string Out, string Error)> EndOf(Process process)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(token), error = process.StandardError.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        return (process.ExitCode, await output, await error);
    }

    private async Task<(Process Process, int Port)> StartAsync()
    {
        string ready = Path.Combine(_folder, "ready" + _started.Count);
        var appeared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(_folder);
        watcher.Created += (_, e) => { if (e.FullPath == ready) appeared.TrySetResult(); };
        watcher.Renamed += (_, e) => { if (e.FullPath == ready) appeared.TrySetResult(); };
        watcher.EnableRaisingEvents = true;
        Process process = Run("--tcp", "0", "--store", Path.Combine(_folder, "store"), "--seed", "3", "--clock", "step", "--scenario", "uniform-cylinder", "--ready-file", ready);
        await appeared.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllBytesAsync(ready, TestContext.Current.CancellationToken));
        Assert.Equal(process.Id, json.RootElement.GetProperty("pid").GetInt32());
        Assert.True(json.RootElement.GetProperty("boot").GetUInt64() > 0);
        return (process, json.RootElement.GetProperty("port").GetInt32());
    }

    [Fact]
    public async Task KillMinusNine_DuringADynamic_LosesNoAnnouncedFrame()
    {
        (Process process, int port) = await StartAsync();
        var announced = new List<byte[]>();
        using (var c = new WireClient(port))
        {
            c.TakeControl().MakeReady();
            c.Do("DIAG:SIM:PAT:INJ 600", $"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE DYN;DYN:PHAS1 200,1 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"s\"");
            c.Advance(7);
            announced.AddRange(c.FetchAll(acknowledge: false));
            c.Send("DIAG:SIM:ADV? 190\n"); // killed while it works on these
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal(14, announced.Count);
        (Process second, int newPort) = await StartAsync();
        using (var c = new WireClient(newPort))
        {
            c.TakeControl();
            Assert.StartsWith("IDLE,POW", c.Ask("ACQ:STAT?"), StringComparison.Ordinal);
            List<byte[]> frames = c.FetchAll();
            Assert.True(frames.Count >= announced.Count);
            Assert.Equal(announced, frames[..announced.Count]);
            Assert.Equal(frames.Sum(f => (long)WireClient.Header(f).Sum), c.Ask("ACQ:LEDG?").Split(',')[3..5].Sum(long.Parse));
        }
        Assert.False(second.HasExited);
    }

    [Fact]
    public async Task Port_Occupied_IsOneLineAndExitCode3()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        (int code, string output, string error) = await EndOf(Run("--tcp", port, "--store", Path.Combine(_folder, "s")));
        Assert.Equal((3, ""), (code, output));
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(port, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_Unusable_IsOneLineAndExitCode4()
    {
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (int code, string output, string error) = await EndOf(Run("--tcp", "0", "--store", file));
        Assert.Equal((4, ""), (code, output));
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Scenario_Unknown_IsOneLineAndExitCode2()
    {
        (int code, _, string error) = await EndOf(Run("--tcp", "0", "--store", Path.Combine(_folder, "s"), "--scenario", "nobody"));
        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task IdleExit_NobodyConnects_EndsByItselfInSilence()
    {
        (int code, string output, string error) = await EndOf(Run("--tcp", "0", "--store", Path.Combine(_folder, "s"), "--idle-exit", "0.2"));
        Assert.Equal((0, "", ""), (code, output, error));
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
