using System.Diagnostics;
using System.Text.Json;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>Approval of a protocol from the command line to the study that asks for it.</summary>
public sealed class ApprovalTests
{
    [Fact]
    public async Task Approve_ChangeTheFile_Withdraw_EachStandingShows_AndAClinicalRunAsksForAReason()
    {
        using var data = new TemporaryData();
        string folder = data.File("protocols"), file = Path.Combine(folder, "site", "coarse.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, CoarseProtocol.Text("camera-qc/daily-flood.yaml"), TestContext.Current.CancellationToken);
        Assert.Contains("not approved", await ListAsync(folder), StringComparison.OrdinalIgnoreCase);

        (int code, string output, string errors) = await AcquireProgram.RunAsync("protocols", "approve", file, "--by", "T. Example");
        Assert.True(code == 0, errors);
        Assert.Contains("approved by T. Example (medical physicist)", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "approvals.yaml")), "approvals stand beside the protocols they are of");
        string listed = await ListAsync(folder);
        Assert.Contains("approved", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("not approved", listed, StringComparison.OrdinalIgnoreCase);

        string approved = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file, approved.Replace("time: 4 s", "time: 5 s", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Contains("changed", await ListAsync(folder), StringComparison.Ordinal);

        using Process camera = StartCamera(data);
        try
        {
            string[] clinical = ["demo", "--plain", "--protocol", file, "--speed", "1000000", "--gantry", await AddressAsync(data)];
            (code, output, errors) = await AcquireProgram.RunAsync([.. clinical, "--data", data.File("without")]);
            Assert.True(code == 2, $"exit code {code}\n{output}\n{errors}");
            Assert.Contains("needs --reason. Nothing was started", errors, StringComparison.Ordinal);

            (code, output, errors) = await AcquireProgram.RunAsync([.. clinical, "--data", data.File("with"), "--reason", "longer frame agreed by telephone"]);
            Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
            Assert.Contains("reason: longer frame agreed by telephone", output, StringComparison.Ordinal);

            await File.WriteAllTextAsync(file, approved, TestContext.Current.CancellationToken);
            (code, _, errors) = await AcquireProgram.RunAsync("protocols", "approve", file, "--by", "T. Example", "--withdraw");
            Assert.Equal(2, code);
            Assert.Contains("a withdrawal needs its reason", errors, StringComparison.Ordinal);
            (code, _, errors) = await AcquireProgram.RunAsync("protocols", "approve", file, "--by", "T. Example", "--withdraw", "--note", "source replaced");
            Assert.True(code == 0, errors);
            Assert.Contains("withdrawn", await ListAsync(folder), StringComparison.Ordinal);
        }
        finally
        {
            camera.Kill();
            await camera.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<string> ListAsync(string folder)
    {
        (int code, string output, string errors) = await AcquireProgram.RunAsync("protocols", "list", "--folder", folder);
        Assert.True(code == 0, errors);
        return output;
    }

    /// <summary>A simulator that does not call itself one, as a hospital's camera would not.</summary>
    private static Process StartCamera(TemporaryData data)
    {
        File.WriteAllText(data.File("camera.yaml"), File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "demo", "gantries", "dual-ct.yaml")).Replace("Simulated SPECT-CT", "Camera 2", StringComparison.Ordinal));
        return Process.Start(Path.Combine(AcquireProgram.Folder, "simulator", "acquire-sim"), ["--tcp", "0", "--store", data.File("store"), "--scenario", "flood", "--ready-file", data.File("ready.json"), "--clock", "step", "--capabilities", data.File("camera.yaml"), "--idle-exit", "120"]);
    }

    private static async Task<string> AddressAsync(TemporaryData data)
    {
        for (int i = 0; i < 600 && !File.Exists(data.File("ready.json")); i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        using JsonDocument ready = JsonDocument.Parse(await File.ReadAllBytesAsync(data.File("ready.json"), TestContext.Current.CancellationToken));
        return $"127.0.0.1:{ready.RootElement.GetProperty("port").GetInt32()}";
    }
}
