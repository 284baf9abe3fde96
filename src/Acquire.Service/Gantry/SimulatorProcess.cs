using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Acquire.Service.Gantry;

/// <summary>The simulator as a process of its own: started, found again after a crash of ours, and ended with us when all went well.</summary>
/// <remarks>The service meets it on the wire like any gantry; this class only knows a program and its options (docs/decisions/0002).</remarks>
public sealed class SimulatorProcess : IDisposable
{
    private readonly Process? _process;

    private SimulatorProcess(Process? process, GantryAddress address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public GantryAddress Address { get; }

    /// <summary>Finds the simulator that an earlier process of ours started on this folder, or starts one there.</summary>
    /// <param name="folder">Its folder: frame store, ready file, log.</param>
    /// <param name="options">Seed, scenario, port (0: any free one).</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="cancellation">Cancellation.</param>
    public static async Task<SimulatorProcess> FindOrStartAsync(string folder, SimulatorOptions options, TimeProvider wall, CancellationToken cancellation)
    {
        string ready = Path.Combine(folder, "ready.json");
        if (File.Exists(ready) && ReadReady(ready) is { } earlier && IsAlive(earlier.Pid))
        {
            GantryAddress address = GantryAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{earlier.Port}"), wall);
            try
            {
                await using GantryLink probe = await GantryLink.ConnectAsync(address.Transport, wall, cancellation);
                if ((await probe.QueryAsync("*IDN?", cancellation)).Contains("simulated", StringComparison.OrdinalIgnoreCase))
                    return new SimulatorProcess(TryGet(earlier.Pid), address);
            }
            catch (Exception e) when (e is GantryLinkLostException or GantryRefusedException or GantryProtocolException)
            {
                // The process of that number is something else by now: a new simulator is started below.
            }
        }
        return await StartAsync(folder, options, wall, cancellation);
    }

    /// <summary>Starts a simulator and waits until it listens.</summary>
    public static async Task<SimulatorProcess> StartAsync(string folder, SimulatorOptions options, TimeProvider wall, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        string ready = Path.Combine(folder, "ready.json");
        File.Delete(ready);
        ProcessStartInfo start = Program();
        foreach (string argument in (string[])["--tcp", options.Port.ToString(CultureInfo.InvariantCulture), "--store", Path.Combine(folder, "store"),
            "--seed", options.Seed.ToString(CultureInfo.InvariantCulture), "--scenario", options.Scenario, "--epoch", options.Epoch.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            "--ready-file", ready, "--log", Path.Combine(folder, "simulator.log"), "--clock", "step", "--idle-exit", "300", "--ignore-interrupt"])
        {
            start.ArgumentList.Add(argument);
        }
        // None of our own streams is inherited: whoever reads our output must see its end when we end, though the simulator lives on.
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new AcquireException("the simulator could not be started", ExitCodes.Gantry);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new AcquireException($"the simulator program {start.FileName} could not be started: {e.Message}; build the solution, or name a running gantry with --gantry HOST:PORT", ExitCodes.Gantry, e);
        }
        var said = new System.Text.StringBuilder();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, e) => said.Append(e.Data).Append(' ');
        process.BeginOutputReadLine(); // read to nowhere, so that a simulator that writes is never held up
        process.BeginErrorReadLine();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), wall);
        while (true)
        {
            if (process.HasExited)
            {
                await process.WaitForExitAsync(cancellation); // also for the last of what it said
                throw new AcquireException($"the simulator ended at once: {said.ToString().Trim()}", process.ExitCode == ExitCodes.BadInput ? ExitCodes.BadInput : ExitCodes.Gantry);
            }
            if (File.Exists(ready) && ReadReady(ready) is { } file)
                return new SimulatorProcess(process, GantryAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{file.Port}"), wall));
            if (deadline.IsCancellationRequested)
            {
                process.Kill();
                throw new AcquireException("the simulator did not start listening within 30 s", ExitCodes.Gantry);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), wall, cancellation);
        }
    }

    /// <summary>Ends the simulator; its store keeps what is not acknowledged.</summary>
    public void End()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit(5000);
        }
    }

    private static ProcessStartInfo Program()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "simulator");
        string executable = Path.Combine(folder, OperatingSystem.IsWindows() ? "acquire-sim.exe" : "acquire-sim");
        if (File.Exists(executable)) return new ProcessStartInfo(executable);
        string library = Path.Combine(folder, "acquire-sim.dll");
        if (!File.Exists(library))
            throw new AcquireException($"the simulator is missing ({executable}); build the solution, or name a running gantry with --gantry HOST:PORT", ExitCodes.Gantry);
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(library);
        return start;
    }

    private static (int Port, int Pid)? ReadReady(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return (document.RootElement.GetProperty("port").GetInt32(), document.RootElement.GetProperty("pid").GetInt32());
        }
        catch (Exception e) when (e is JsonException or IOException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static bool IsAlive(int pid) => TryGet(pid) is { HasExited: false };

    private static Process? TryGet(int pid)
    {
        try
        {
            return Process.GetProcessById(pid);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process?.Dispose();
}

/// <summary>What a simulator is started with.</summary>
/// <param name="Seed">Seed of everything random in it.</param>
/// <param name="Scenario">Patient.</param>
/// <param name="Port">TCP port; 0 for any free one.</param>
/// <param name="Epoch">Its UTC when it boots.</param>
public sealed record SimulatorOptions(int Seed, string Scenario, int Port, DateTimeOffset Epoch);
