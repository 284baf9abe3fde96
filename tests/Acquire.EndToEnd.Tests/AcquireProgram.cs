using System.Diagnostics;
using System.Text;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>The service program as a user runs it: its own process, its own exit code.</summary>
public sealed class AcquireProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Task _readingErrors;

    private AcquireProgram(Process process)
    {
        _process = process;
        _readingErrors = Task.Run(async () =>
        {
            while (await process.StandardError.ReadLineAsync() is { } line) _errors.AppendLine(line);
        });
    }

    /// <summary>Folder of the built program.</summary>
    public static string Folder { get; } = Path.Combine(SharedData.ProjectRoot, "src", "Acquire.Service", "bin",
        new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name, "net10.0");

    public StreamReader Output => _process.StandardOutput;

    public static AcquireProgram Start(params string[] arguments)
    {
        string program = Path.Combine(Folder, OperatingSystem.IsWindows() ? "acquire.exe" : "acquire");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = SharedData.ProjectRoot };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return new AcquireProgram(Process.Start(start)!);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using AcquireProgram program = Start(arguments);
        string output = await program.Output.ReadToEndAsync();
        return (await program.EndAsync(), output, program._errors.ToString());
    }

    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync();
        await _readingErrors;
        return _process.ExitCode;
    }

    public int Id => _process.Id;

    public string Errors => _errors.ToString();

    /// <summary>The operator's Stop, as a service manager or Ctrl-C sends it.</summary>
    public async Task StopAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends SIGTERM with kill");
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Pulls the plug: SIGKILL, nothing is flushed or said.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}

/// <summary>A data folder of a test, removed afterwards together with the simulator that may still serve it.</summary>
public sealed class TemporaryData : IDisposable
{
    public TemporaryData() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "acquire-test-" + Guid.NewGuid().ToString("N")[..12]);

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public string StudyFolder => Directory.GetDirectories(File("studies")).Single();

    /// <summary>Every stored frame by relative path, as bytes.</summary>
    public IReadOnlyDictionary<string, byte[]> Frames() => Directory.Exists(File("studies"))
        ? Directory.GetFiles(File("studies"), "*.gfr", SearchOption.AllDirectories).ToDictionary(f => System.IO.Path.GetRelativePath(Path, f), System.IO.File.ReadAllBytes)
        : new Dictionary<string, byte[]>();

    /// <summary>Ends a simulator that a killed console left behind.</summary>
    public void KillSimulator() => KillSimulatorOf(Path);

    /// <summary>Ends the simulator that serves a data folder.</summary>
    public static void KillSimulatorOf(string folder)
    {
        string ready = System.IO.Path.Combine(folder, "gantry", "ready.json");
        if (!System.IO.File.Exists(ready)) return;
        using var document = System.Text.Json.JsonDocument.Parse(System.IO.File.ReadAllBytes(ready));
        try
        {
            using Process process = Process.GetProcessById(document.RootElement.GetProperty("pid").GetInt32());
            if (!process.ProcessName.StartsWith("acquire-sim", StringComparison.Ordinal)) return;
            process.Kill();
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It ended by itself.
        }
    }

    public void Dispose()
    {
        KillSimulator();
        Directory.Delete(Path, recursive: true);
    }
}

/// <summary>The facet protocol with short times and small matrices: same phases, same code, a few seconds.</summary>
public static class ShortProtocol
{
    public static string Write(TemporaryData data, params (string Old, string New)[] changes)
    {
        string text = ShippedProtocols.Read("bone/facet.yaml").Resolved!.Yaml;
        (string, string)[] shorter =
        [
            ("frames: 60 ", "frames: 6 "), ("time: 300 s", "time: 20 s"), ("matrix: 256", "matrix: 64"), ("matrix: 128", "matrix: 64"),
            ("views: 120 ", "views: 24 "), ("stop-time: 15 s", "stop-time: 4 s"), ("length: 360 mm", "length: 60 mm"), ("slice: 1.0 mm", "slice: 6.0 mm"), ("subsets: 8 ", "subsets: 4 "), ("subsets: 10 ", "subsets: 4 "),
            .. changes,
        ];
        foreach ((string old, string @new) in shorter)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, @new, StringComparison.Ordinal);
        }
        string path = data.File("short.yaml");
        File.WriteAllText(path, text);
        return path;
    }
}
