using Acquire.Service;

namespace Acquire.EndToEnd.Tests;

/// <summary>A study's wire trace decides the same again, and shows where it would not.</summary>
public sealed class WireTraceTests
{
    [Fact]
    public async Task Replay_OfAWholeStudy_HasNoDifference_AndAChangedDecisionIsFound()
    {
        using var data = new TemporaryData();
        string protocol = ShortProtocol.Write(data);
        await AcquireProgram.RunAsync("demo", "--plain", "--data", data.File("d"), "--protocol", protocol, "--speed", "1000000");
        string changed = data.File("changed.yaml");
        await File.WriteAllTextAsync(changed, (await File.ReadAllTextAsync(protocol, TestContext.Current.CancellationToken)).Replace("stop-time: 4 s", "stop-time: 5 s", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        (int same, string output, string errors) = await AcquireProgram.RunAsync("trace", "replay", data.File("d"));
        (int other, string difference, _) = await AcquireProgram.RunAsync("trace", "replay", data.File("d"), "--protocol", changed);
        (int shown, string lines, _) = await AcquireProgram.RunAsync("trace", "show", data.File("d"), "--grep", "TOMO:TIME");

        Assert.True(same == ExitCodes.Ok, output + errors);
        Assert.Matches(@"^(\d+) of \1 messages replayed, no difference", output);
        Assert.Equal(ExitCodes.QualityFailed, other);
        Assert.Contains("recorded: ACQ:TOMO:TIME 4", difference, StringComparison.Ordinal);
        Assert.Contains("now:      ACQ:TOMO:TIME 5", difference, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, shown);
        Assert.Contains("control > ACQ:TOMO:TIME 4", lines, StringComparison.Ordinal);
    }
}
