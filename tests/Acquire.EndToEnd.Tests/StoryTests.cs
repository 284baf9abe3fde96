using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>Studies that do not go as planned, to their honest end.</summary>
public sealed class StoryTests
{
    [Fact]
    public async Task Extravasation_PromptsAndNoSuv_StudyComplete()
    {
        using var data = new TemporaryData();
        (int code, string output, string errors) = await RunAsync(data, "--story", "extravasation");

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("tracer went beside the vein, about 15 % of it", output, StringComparison.Ordinal);
        Assert.Contains("study complete", output, StringComparison.Ordinal);
        Assert.Contains("not given: tracer went beside the vein", Report(data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PatientAwayForHours_NothingIsStartedMeanwhile_StudyComplete()
    {
        using var data = new TemporaryData();
        (int code, string output, string errors) = await RunAsync(data, "--story", "patient-away");

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        string[] lines = output.Split('\n');
        int away = Array.FindIndex(lines, l => l.Contains("the patient is away", StringComparison.Ordinal)), back = Array.FindIndex(lines, l => l.Contains("the patient is back", StringComparison.Ordinal));
        Assert.True(away > 0 && back > away, output);
        Assert.DoesNotContain(lines[away..back], l => l.Contains("armed and started", StringComparison.Ordinal) || l.Contains("exposing", StringComparison.Ordinal) || l.Contains("complete,", StringComparison.Ordinal));
        Assert.Contains("study complete", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissedPool_TheRestIsTaken_AndTheEndingNamesIt()
    {
        using var data = new TemporaryData();
        (int code, string output, string errors) = await RunAsync(data, "--story", "missed-pool");

        Assert.True(code == 5, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("SPECT T11 to S3: complete", output, StringComparison.Ordinal);
        Assert.Contains("was not taken", output[output.IndexOf("study failed", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("study complete", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ActivityFarFromThePrescription_WithoutReason_NothingIsGiven_WithOneItGoesOn()
    {
        using var data = new TemporaryData();
        (int code, string output, string errors) = await RunAsync(data, "--story", "wrong-activity");
        Assert.True(code == 5, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("a reason is needed, and none was given. Nothing was injected", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("time zero of every window", output, StringComparison.Ordinal);

        const string Reason = "late delivery, physician agreed";
        (code, output, errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path, "--dose-reason", Reason);

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains($"given nevertheless, reason: {Reason}", output, StringComparison.Ordinal);
        Assert.Contains("study complete", output, StringComparison.Ordinal);
        Assert.Contains(Reason, Report(data), StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output, string Errors)> RunAsync(TemporaryData data, params string[] more) =>
        AcquireProgram.RunAsync(["demo", "--plain", "--data", data.Path, "--protocol", CoarseProtocol.Write(data, "bone/facet.yaml"), "--speed", "1000000", .. more]);

    private static string Report(TemporaryData data) => File.ReadAllText(Path.Combine(data.StudyFolder, "report.html"));
}
