using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>Every protocol of protocols/, found by being there, from the first question to the report on the simulator.</summary>
public sealed class EveryProtocolTests
{
    public static TheoryData<string> Files() => [.. ShippedProtocols.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Demo_EveryProtocol_TakesEveryPhaseItWantsAndEndsComplete(string file)
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
    }
}
