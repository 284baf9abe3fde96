using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Acquire.Service;

namespace Acquire.EndToEnd.Tests;

/// <summary>What goes wrong gets one clear line and an exit code, and loses nothing.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task Demo_ProtocolWithUnknownKey_RefusedWithFileLineColumnAndTheRightWord()
    {
        using var data = new TemporaryData();
        string path = ShortProtocol.Write(data, ("frame-time: 1 s", "fram-time: 1 s"));
        int line = 1 + Array.FindIndex(await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken), l => l.Contains("fram-time", StringComparison.Ordinal));

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--data", data.File("d"), "--protocol", path);

        Assert.Equal(ExitCodes.BadInput, code);
        Assert.Contains($"short.yaml:{line}:", errors, StringComparison.Ordinal);
        Assert.Contains("frame-time", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data.File("d")));
    }

    [Theory]
    [InlineData("stop-time: 4 s", "stop-time: 4 mm")]
    [InlineData("views: 24 ", "views: 25 ")]
    [InlineData("pre-roll: 8 s", "pre-roll: -8 s")]
    public async Task Demo_ProtocolWithWrongUnitOrImpossibleValue_Refused(string right, string wrong)
    {
        using var data = new TemporaryData();

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--data", data.File("d"), "--protocol", ShortProtocol.Write(data, (right, wrong)));

        Assert.Equal(ExitCodes.BadInput, code);
        Assert.Matches(@"short\.yaml:\d+:\d+: .+; .+", errors);
    }

    [Fact]
    public async Task Demo_NoGantryAtTheAddress_OneLineAndExitCode3()
    {
        using var data = new TemporaryData();

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--gantry", $"127.0.0.1:{FreePort()}");

        Assert.Equal(ExitCodes.Gantry, code);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.Contains("no gantry answers", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--speed", "fast")]
    [InlineData("--speed", "NaN")]
    [InlineData("--port", "80000")]
    [InlineData("--gantry", "garbage")]
    [InlineData("--worklist", "no-such-file")]
    public async Task Demo_OptionThatCannotBe_RefusedWithExitCode2AndNoDataFolder(string option, string value)
    {
        using var data = new TemporaryData();

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.File("d"), option, value);

        Assert.Equal(ExitCodes.BadInput, code);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.False(Directory.Exists(data.File("d")));
    }

    [Fact]
    public async Task Demo_UnknownScenario_LeavesNoStudyThatBarsTheFolder()
    {
        using var data = new TemporaryData();

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--scenario", "nosuch");
        (int resumed, string output, _) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path);

        Assert.Equal(ExitCodes.BadInput, code);
        Assert.Contains("facet-l4-left", errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, resumed);
        Assert.Contains("nothing to resume", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_PortOfTheSimulatorOccupied_OneLineAndExitCode3()
    {
        using var data = new TemporaryData();
        using var occupied = new TcpListener(IPAddress.Loopback, 0);
        occupied.Start();
        int port = ((IPEndPoint)occupied.LocalEndpoint).Port;

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--port", $"{port}");

        Assert.Equal(ExitCodes.Gantry, code);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.Contains($"{port}", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_SecondInstanceOnTheSameFolder_RefusedWithExitCode4()
    {
        using var data = new TemporaryData();
        string protocol = ShortProtocol.Write(data);
        using AcquireProgram first = AcquireProgram.Start("demo", "--plain", "--data", data.File("d"), "--protocol", protocol, "--speed", "50");
        while (await first.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("opened", StringComparison.Ordinal)) { }

        (int code, _, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.File("d"), "--protocol", protocol);

        Assert.Equal(ExitCodes.Storage, code);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.Contains("another instance", errors, StringComparison.Ordinal);
        first.Kill();
        await first.EndAsync();
        TemporaryData.KillSimulatorOf(data.File("d"));
    }

    [Fact]
    public async Task Demo_DiskTooSmallForTheStudy_RefusedBeforeItStartsWithTheNumber()
    {
        using var data = new TemporaryData();
        using var disk = SmallDisk.Mount(data.File("disk"), megabytes: 20);

        (int code, string output, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.File("disk", "d"), "--speed", "1000000");

        TemporaryData.KillSimulatorOf(data.File("disk", "d"));
        Assert.True(code == ExitCodes.Storage, $"{code}\n{output}\n{errors}");
        Assert.Single(errors.Trim().Split('\n'));
        Assert.Contains("MB free", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_DiskFillsUpInTheStudyThenHasRoomAgain_NothingAcknowledgedIsLost()
    {
        using var data = new TemporaryData();
        using var disk = SmallDisk.Mount(data.File("disk"), megabytes: 60);
        string protocol = ShortProtocol.Write(data);
        string folder = data.File("disk", "d");
        int code;
        string ballast = data.File("disk", "ballast");
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", folder, "--protocol", protocol, "--speed", "20000"))
        {
            while (await program.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("injected", StringComparison.Ordinal)) { }
            await using (FileStream filler = File.Create(ballast))
            {
                byte[] block = new byte[4096];
                try
                {
                    while (true) { filler.Write(block); filler.Flush(); }
                }
                catch (IOException)
                {
                    // The disk is full: that is the point.
                }
            }
            _ = await program.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
            code = await program.EndAsync();
            Assert.True(code is ExitCodes.Storage or ExitCodes.Gantry, $"exit code {code}: {program.Errors}");
            Assert.Single(program.Errors.Trim().Split('\n'));
        }
        File.Delete(ballast);

        (code, string output, string errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", folder, "--speed", "1000000");

        Assert.True(code is ExitCodes.Ok or ExitCodes.QualityFailed or ExitCodes.StudyNotComplete, $"exit code {code}\n{output}\n{errors}");
        Assert.DoesNotContain("ledger differ", output, StringComparison.Ordinal);
        TemporaryData.KillSimulatorOf(folder);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A disk of a few megabytes: a tmpfs, which only root can mount.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    public static SmallDisk Mount(string path, int megabytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "needs root on Linux to mount a small disk");
        Directory.CreateDirectory(path);
        using Process mount = Process.Start("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path]);
        mount.WaitForExit();
        Assert.SkipUnless(mount.ExitCode == 0, "a tmpfs cannot be mounted here");
        return new SmallDisk(path);
    }

    public void Dispose()
    {
        using Process unmount = Process.Start("umount", ["-l", _path]);
        unmount.WaitForExit();
    }
}
