using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Acquire.Service;
using Acquire.Service.Gantry;

namespace Acquire.EndToEnd.Tests;

/// <summary>What others do on the wire while the gantry moves for us does no harm.</summary>
public sealed class QuarrelTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OthersDuringAMove_SecondConsoleResetsGarbageAndDisconnects_TheMoveEndsWhereItShould()
    {
        using var data = new TemporaryData();
        using Process simulator = await StartAsync(data);
        int port = Port(data);
        var transport = new TcpTransport("127.0.0.1", port, TimeProvider.System, withStopPath: false);
        await using GantryDriver ours = await GantryDriver.OpenAsync(transport, new GantryDriverOptions(), TimeProvider.System, Cancel);
        await ours.Motion.HomeAsync("home", Cancel);
        await EndAsync(ours, "home");
        await ours.Motion.TargetRotationAsync(120, Cancel);
        await ours.Motion.StartAsync("turn", await ours.Motion.PlanAsync(Cancel), Cancel);

        // A second console wants the lease: told who has it, and nothing is taken.
        AcquireException refused = await Assert.ThrowsAsync<AcquireException>(() =>
            GantryDriver.OpenAsync(transport, new GantryDriverOptions { SessionName = "other", SessionSecret = "other", WithEvents = false }, TimeProvider.System, Cancel));
        Assert.Contains("another console holds the control lease", refused.Message, StringComparison.Ordinal);
        // Generic tools, garbage, a line without end, and hanging up in the middle of a message.
        foreach (string said in new[] { "*RST\n*CLS\n*TST?\n*TRG\n", "\0\u00ff\u0001)(=&%$\n;;;:::\n", new string('x', 300_000) + "\n", "MOT:STAR \"mine\",1\nGANT:ROT 5\nHEAD1:HV OFF\n", "GANT:ROT 5" })
        {
            using var tool = new TcpClient();
            await tool.ConnectAsync("127.0.0.1", port, Cancel);
            await tool.GetStream().WriteAsync(Encoding.Latin1.GetBytes(said), Cancel);
        }
        await EndAsync(ours, "turn");

        await ours.Motion.VerifyRotationAsync(120, Cancel);
        Assert.Equal("console", (await ours.StatusAsync(Cancel)).Owner);
        Assert.Equal("READ", (await ours.StatusAsync(Cancel)).Gantry);
        simulator.Kill();
    }

    [Fact]
    public async Task TwoConsolesOfTheSameName_TheFirstIsToldAndDoesNotFight()
    {
        using var data = new TemporaryData();
        using Process simulator = await StartAsync(data);
        var transport = new TcpTransport("127.0.0.1", Port(data), TimeProvider.System, withStopPath: false);
        await using GantryDriver first = await GantryDriver.OpenAsync(transport, new GantryDriverOptions { WithEvents = false }, TimeProvider.System, Cancel);
        await using GantryDriver second = await GantryDriver.OpenAsync(transport, new GantryDriverOptions { WithEvents = false }, TimeProvider.System, Cancel);

        GantryControlLostException told = await Assert.ThrowsAsync<GantryControlLostException>(() => first.Detectors.SetHighVoltageAsync(1, true, Cancel));
        await second.Detectors.SetHighVoltageAsync(1, true, Cancel);

        Assert.Contains("took over the session", told.Message, StringComparison.Ordinal);
        Assert.Equal("console", (await first.StatusAsync(Cancel)).Owner); // it may still look
        simulator.Kill();
    }

    [Fact]
    public async Task GantryVerbs_MoveAndStop_SayWhatTheyDid()
    {
        using var data = new TemporaryData();
        using Process simulator = await StartAsync(data);
        string where = $"127.0.0.1:{Port(data)}";

        (int unhomed, _, string why) = await AcquireProgram.RunAsync("gantry", "move", where, "--rotation", "30");
        (int homed, string home, _) = await AcquireProgram.RunAsync("gantry", "home", where);
        (int planned, string plan, _) = await AcquireProgram.RunAsync("gantry", "move", where, "--rotation", "30");
        (int moved, string move, _) = await AcquireProgram.RunAsync("gantry", "move", where, "--rotation", "30", "--start");
        (int stopped, string stop, _) = await AcquireProgram.RunAsync("gantry", "stop", where);
        (int status, string page, _) = await AcquireProgram.RunAsync("gantry", "status", where);

        Assert.True(unhomed == ExitCodes.Gantry && why.Contains("not homed", StringComparison.Ordinal), why);
        Assert.True(homed == 0 && home.Contains("done", StringComparison.Ordinal), home);
        Assert.True(planned == 0 && plan.Contains("nothing was moved", StringComparison.Ordinal), plan);
        Assert.True(moved == 0 && move.Contains("done", StringComparison.Ordinal), move);
        Assert.True(stopped == 0 && stop.Contains("confirmed", StringComparison.Ordinal), stop);
        Assert.True(status == 0 && page.Contains("interlock", StringComparison.Ordinal), page);
        simulator.Kill();
    }

    private static async Task EndAsync(GantryDriver gantry, string operation)
    {
        while ((await gantry.OperationAsync(operation, Cancel)).State == "RUNN") await Task.Delay(20, Cancel);
        Assert.Equal(("DONE", 0), await gantry.OperationAsync(operation, Cancel));
    }

    private static int Port(TemporaryData data)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(data.File("ready.json")));
        return document.RootElement.GetProperty("port").GetInt32();
    }

    private static async Task<Process> StartAsync(TemporaryData data)
    {
        string program = Path.Combine(AcquireProgram.Folder, "simulator", OperatingSystem.IsWindows() ? "acquire-sim.exe" : "acquire-sim");
        Process process = Process.Start(new ProcessStartInfo(program, ["--tcp", "0", "--store", data.File("store"), "--speed", "20", "--ready-file", data.File("ready.json"), "--idle-exit", "60"]))!;
        while (!File.Exists(data.File("ready.json")))
        {
            Assert.False(process.HasExited);
            await Task.Delay(20, Cancel);
        }
        return process;
    }
}
