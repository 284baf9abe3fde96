using System.Diagnostics;
using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>Every protocol of protocols/, found by being there, from the first question to the report on the simulator. Two classes, so that two run at a time.</summary>
public sealed class EveryProtocolTests
{
    public static TheoryData<string> Files() => [.. ShippedProtocols.Files.Where((_, i) => i % 2 == 0)];

    [Theory]
    [MemberData(nameof(Files))]
    public Task Demo_EveryProtocol_TakesEveryPhaseItWantsAndEndsComplete(string file) => EveryProtocol.RunAsync(file);
}

/// <summary>The other half of the files.</summary>
public sealed class EveryProtocolTestsOtherHalf
{
    public static TheoryData<string> Files() => [.. ShippedProtocols.Files.Where((_, i) => i % 2 == 1)];

    [Theory]
    [MemberData(nameof(Files))]
    public Task Demo_EveryProtocol_TakesEveryPhaseItWantsAndEndsComplete(string file) => EveryProtocol.RunAsync(file);
}

/// <summary>One protocol, end to end.</summary>
internal static class EveryProtocol
{
    internal static async Task RunAsync(string file)
    {
        using var data = new TemporaryData();
        string path = CoarseProtocol.Write(data, file);
        AcquisitionProtocol protocol = ProtocolReader.Read(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), path).Protocol!;

        (int code, string output, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--protocol", path, "--speed", "1000000");

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("study complete", output, StringComparison.Ordinal);
        // The demo's patient has a normal clearance, misses nothing and is not asked for late images: a phase with a condition is the only one left out.
        StudyPhase[] taken = [.. protocol.Phases.Where(p => p.OnlyWhen is null)];
        foreach (StudyPhase phase in taken)
            foreach (PlannedAcquisition step in phase.Acquisitions) Assert.Contains($"{step.Title}: complete", output, StringComparison.Ordinal);
        foreach (Prompt prompt in protocol.Prompts.Where(p => p.OnlyAfter == PromptOccasion.Always)) Assert.Contains($"prompt: {prompt.Text[..20]}", output, StringComparison.Ordinal);
        Assert.Equal(taken.Sum(p => p.Acquisitions.Sum(a => ProtocolNeeds.FramesOf(a, 2, a is FlowAcquisition ? 1 : protocol.WindowsOf(p).Count).Frames)), data.Frames().Count);
        Assert.True(File.Exists(Path.Combine(data.StudyFolder, "report.html")));

        // Every nuclear medicine object, by another's validator, where it is installed (dicom3tools).
        string[] objects = Directory.GetFiles(Path.Combine(data.StudyFolder, "dicom"), "nm*.dcm", SearchOption.AllDirectories);
        Assert.True(objects.Length >= taken.Sum(p => p.Acquisitions.Count(a => a is not CtAcquisition)), $"{objects.Length} NM files");
        if (Validator is null)
        {
            TestContext.Current.SendDiagnosticMessage("dciodvfy (dicom3tools) is not installed: the DICOM files were not judged");
            return;
        }
        foreach (string written in objects) Assert.Empty(Errors(written));
    }

    private static string? Validator { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, "dciodvfy")).FirstOrDefault(File.Exists);

    private static string[] Errors(string file)
    {
        using Process process = Process.Start(new ProcessStartInfo(Validator!, [file]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> said = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + said.GetAwaiter().GetResult();
        process.WaitForExit();
        return [.. output.Split('\n').Where(l => l.StartsWith("Error", StringComparison.Ordinal)).Select(l => $"{Path.GetFileName(file)}: {l}")];
    }
}
