using System.Diagnostics;
using System.Text.Json;

namespace Acquire.Service.Tests.Dicom;

/// <summary>Programs of other people that judge our files: dicom3tools, DCMTK, pydicom.</summary>
internal static class Tools
{
    private static readonly Lazy<string?> s_python = new(() => new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(p => Find(p) is not null && Run(p, "-c", "import pydicom, numpy").ExitCode == 0));

    public static void Need(string tool, string package) => Assert.SkipUnless(Find(tool) is not null, $"needs {tool} ({package})");

    /// <summary>Runs a program; gives its exit code and both outputs.</summary>
    public static (int ExitCode, string Output, string Error) Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(Find(tool) ?? tool) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>Lines of a validator that start with a word.</summary>
    public static string[] Lines(string text, string word) => [.. text.Split('\n').Where(l => l.StartsWith(word, StringComparison.Ordinal))];

    /// <summary>Runs a pydicom script; skips where python3 has no pydicom.</summary>
    public static JsonElement Python(string script, params string[] arguments)
    {
        Assert.SkipUnless(s_python.Value is not null, "needs python3 with pydicom and numpy (python3-pydicom, python3-numpy)");
        (int code, string output, string error) = Run(s_python.Value!, ["-c", script, .. arguments]);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    private static string? Find(string tool)
    {
        if (File.Exists(tool)) return tool;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(d => Path.Combine(d, tool)).FirstOrDefault(File.Exists);
    }
}
