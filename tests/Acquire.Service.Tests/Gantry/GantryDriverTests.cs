using System.Text;
using Acquire.Protocols.Gantry;
using Acquire.Protocols.Imaging;
using Acquire.Service.Gantry;
using Acquire.Testing;

namespace Acquire.Service.Tests.Gantry;

/// <summary>Session, exactly-once starts, the lease, and a gantry that lies.</summary>
public sealed class GantryDriverTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // ---- read-back

    [Theory]
    [InlineData("GANT:ROT", "90.03")]
    [InlineData("HEAD1:RAD", "250.3")]
    [InlineData("TABL:LONG", "1000.3")]
    [InlineData("TABL:VERT", "800.3")]
    [InlineData("GANT:GEOM", "L90")]
    [InlineData("HEAD1:MATR", "128")]
    [InlineData("HEAD1:ZOOM", "1.05")]
    [InlineData("HEAD1:ENER:WIND1", "\"Tc99m\",126.45,155")]
    [InlineData("HEAD1:ENER:WIND1", "\"I131\",126.45,154.55")]
    [InlineData("CONT:RAD", "250,251,252,255")]
    [InlineData("ACQ:MODE", "DYN")]
    [InlineData("ACQ:LIM:TIME", "9.9E37")]
    [InlineData("CT:KV", "140")]
    [InlineData("CT:MA", "60")]
    [InlineData("CT:PITC", "1.5")]
    [InlineData("CT:RANG", "900,1101")]
    public async Task Setting_GantryHoldsSomethingElse_IsRefusedHardAndSaysWhatAndWhatToDo(string header, string lie)
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == header + "?" ? lie + "\n" : null };
        await using GantryDriver driver = await OpenAsync(gantry);

        AcquireException e = await Assert.ThrowsAsync<AcquireException>(() => SetAllAsync(driver));

        Assert.Equal(ExitCodes.Gantry, e.ExitCode);
        Assert.Contains("asked was", e.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was started", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setting_GantryHoldsWhatWasAskedOrItsRounding_IsTaken()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "HEAD1:RAD?" ? "250.1\n" : null }; // 250.04 rounded the other way: within the table's resolution
        await using GantryDriver driver = await OpenAsync(gantry);

        await SetAllAsync(driver);

        Assert.Equal("\"Tc99m\",126.45,154.55", gantry.Held("HEAD1:ENER:WIND1"));
        Assert.Equal("STAT", gantry.Held("ACQ:MODE"));
    }

    private static async Task SetAllAsync(GantryDriver driver)
    {
        await driver.Motion.TargetRotationAsync(90, Cancel);
        await driver.Motion.TargetRadiusAsync(1, 250, Cancel);
        await driver.Motion.TargetTableAsync(1000, Cancel);
        await driver.Motion.TargetTableHeightAsync(800, Cancel);
        await driver.Motion.TargetGeometryAsync("H180", Cancel);
        await driver.Motion.SetContourAsync([250, 251, 252, 253], Cancel);
        await driver.Detectors.SetMatrixAsync(1, 256, 1, Cancel);
        await driver.Detectors.SetWindowsAsync(1, [new EnergyWindow("Tc99m", 126.45, 154.55, EnergyWindowRole.Photopeak)], Cancel);
        await driver.Acquisition.ConfigureAsync(new Guid("11111111-2222-4333-8444-555555555555"), new StaticRun(300, 5e5), Cancel);
        await driver.Ct.ConfigureAsync(new Guid("21111111-2222-4333-8444-555555555555"), new CtHelical(120, 40, 900, 1100, 1, 1, 2), Cancel);
    }

    [Theory]
    [InlineData(90.04, true)]
    [InlineData(90.06, false)]
    [InlineData(double.NaN, false)]
    public async Task Position_OffByMoreThanFiveStepsOfTheResolution_IsRefused(double stands, bool taken)
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "GANT:ROT:ACT?" ? GciText.Number(stands) + ",1\n" : null };
        await using GantryDriver driver = await OpenAsync(gantry);

        Task verify = driver.Motion.VerifyRotationAsync(90, Cancel);

        if (taken) await verify;
        else Assert.Contains("tolerance 0.05", (await Assert.ThrowsAsync<AcquireException>(() => verify)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"LEHR\",\"7\",OPEN")]
    [InlineData("\"MEGP\",\"7\",LATC")]
    public async Task Collimator_AnotherOneOrNotLatched_IsRefused(string mounted)
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "HEAD2:COLL?" ? mounted + "\n" : null };
        await using GantryDriver driver = await OpenAsync(gantry);

        await Assert.ThrowsAsync<AcquireException>(() => driver.Detectors.VerifyCollimatorAsync(2, "LEHR", Cancel));
    }

    // ---- exactly once

    [Fact]
    public async Task Start_LineBreaksAfterItArrived_IsAskedForAndNotSentAgain()
    {
        var gantry = new ScriptedGantry();
        bool arrived = false;
        gantry.Rule = (connection, line) => line switch
        {
            "MOT:STAR \"op1\",7" when Drop(connection) => "",
            "SYST:OPER? \"op1\"" => (arrived ? "RUNN" : "UNKN") + ",0\n",
            _ => null,
        };
        bool Drop(ScriptedGantry.Connection c)
        {
            arrived = true;
            c.Drop();
            return true;
        }
        await using GantryDriver driver = await OpenAsync(gantry);

        await driver.Motion.StartAsync("op1", new MovePlan("OK", 5, 7), Cancel);

        Assert.Single(gantry.Commands, c => c.StartsWith("MOT:STAR", StringComparison.Ordinal));
        Assert.Equal(2, gantry.Connections.Count);
        Assert.Equal("RUNN", driver.FatesAfterRestore["op1"]);
    }

    [Fact]
    public async Task Start_LineBreaksBeforeItArrived_IsSentAgainOnce()
    {
        var gantry = new ScriptedGantry();
        int heard = 0;
        gantry.Rule = (connection, line) =>
        {
            if (line == "MOT:STAR \"op1\",7" && ++heard == 1)
            {
                connection.Drop();
                return "";
            }
            return line == "SYST:OPER? \"op1\"" ? (heard > 1 ? "RUNN" : "UNKN") + ",0\n" : null;
        };
        await using GantryDriver driver = await OpenAsync(gantry);

        await driver.Motion.StartAsync("op1", new MovePlan("OK", 5, 7), Cancel);

        Assert.Equal(2, gantry.Commands.Count(c => c.StartsWith("MOT:STAR", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Start_GantryRestartedMeanwhile_IsNeverSentAgain()
    {
        var gantry = new ScriptedGantry();
        gantry.Rule = (connection, line) =>
        {
            if (!line.StartsWith("CT:EXP:STAR", StringComparison.Ordinal)) return null;
            gantry.Boot = 2;
            connection.Drop();
            return "";
        };
        await using GantryDriver driver = await OpenAsync(gantry);
        var id = new Guid("11111111-2222-4333-8444-555555555555");

        await Assert.ThrowsAsync<GantryRestartedException>(() => driver.Ct.ExposeAsync(id, Cancel));

        Assert.Single(gantry.Commands, c => c.StartsWith("CT:EXP:STAR", StringComparison.Ordinal));
        Assert.Equal("UNKN", driver.FatesAfterRestore[$"{id:D}"]);
        Assert.Empty(driver.UnfinishedOperations);
    }

    [Fact]
    public async Task Start_Refused_IsNotSentAgainAndTheCodeIsTold()
    {
        var gantry = new ScriptedGantry();
        gantry.Rule = (_, line) => line.StartsWith("ACQ:STAR", StringComparison.Ordinal) ? gantry.Refuse(401, "Not armed") : null;
        await using GantryDriver driver = await OpenAsync(gantry);

        GantryRefusedException e = await Assert.ThrowsAsync<GantryRefusedException>(() => driver.Acquisition.StartAsync(Guid.Empty, Cancel));

        Assert.Equal(401, e.Code);
        Assert.Single(gantry.Commands, c => c.StartsWith("ACQ:STAR", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Restart_SeenByAQuery_IsToldOnceAndThenWorkGoesOn()
    {
        var gantry = new ScriptedGantry();
        await using GantryDriver driver = await OpenAsync(gantry);
        gantry.Boot = 2;
        gantry.Connections[0].Drop();

        await Assert.ThrowsAsync<GantryRestartedException>(() => driver.StatusAsync(Cancel));

        Assert.Equal("READ", (await driver.StatusAsync(Cancel)).Gantry);
        Assert.Equal(2UL, driver.BootId);
    }

    // ---- link

    [Fact]
    public async Task Query_OneReplyLost_IsAskedAgainOnTheSameConnection()
    {
        var gantry = new ScriptedGantry();
        int asked = 0;
        gantry.Rule = (_, line) => line == "TABL:LONG:ACT?" ? (++asked == 1 ? "" : "1250,1\n") : null;
        await using GantryDriver driver = await OpenAsync(gantry);

        Assert.Equal(1250, await driver.Motion.TableAsync(Cancel));
        Assert.Single(gantry.Connections);
    }

    [Fact]
    public async Task Restore_SessionSelectionAndLeaseAreTakenUpAgain()
    {
        var gantry = new ScriptedGantry();
        await using GantryDriver driver = await OpenAsync(gantry);
        var run = new Guid("11111111-2222-4333-8444-555555555555");
        await driver.Frames.SelectAsync(run, Cancel);
        string? reason = null;
        driver.Reconnected = r => reason = r;
        gantry.Connections[0].Drop();

        await driver.StatusAsync(Cancel);

        string[] second = [.. gantry.Lines.Where(l => l.Connection == 2).Select(l => l.Line)];
        Assert.Contains("SYST:SESS:OPEN \"console\",CONT,\"acquire\"", second);
        Assert.Contains("SYST:CONT:REQ", second);
        Assert.Contains($"FRAM:SEL \"{run:D}\"", second);
        Assert.NotNull(reason);
    }

    [Fact]
    public async Task Open_NobodyThere_SaysSoInOneLine()
    {
        AcquireException e = await Assert.ThrowsAsync<AcquireException>(() =>
            GantryDriver.OpenAsync(new ScriptedGantry { IsUnreachable = true }, new GantryDriverOptions { FirstAttempts = 2 }, TimeProvider.System, Cancel));

        Assert.Equal(ExitCodes.Gantry, e.ExitCode);
        Assert.Contains("no gantry answers", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_UnknownMajorVersion_IsRefused()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "SYST:GCI:VERS?" ? "2.0\n" : null };

        AcquireException e = await Assert.ThrowsAsync<AcquireException>(() => OpenAsync(gantry));

        Assert.Contains("2.0", e.Message, StringComparison.Ordinal);
    }

    // ---- lease

    [Fact]
    public async Task Lease_RanOut_IsTakenAgainAndSaid()
    {
        var gantry = new ScriptedGantry();
        bool lapsed = true;
        gantry.Rule = (_, line) =>
        {
            if (line == "HEAD1:HV ON" && lapsed) return gantry.Refuse(-203, "Command protected");
            return null;
        };
        await using GantryDriver driver = await OpenAsync(gantry);
        var said = new List<string>();
        driver.Notice = said.Add;
        ScriptedGantry before = gantry;
        Func<ScriptedGantry.Connection, string, string?> rule = gantry.Rule;
        gantry.Rule = (c, line) =>
        {
            if (line == "SYST:CONT:REQ") lapsed = false;
            return rule(c, line);
        };

        await driver.Detectors.SetHighVoltageAsync(1, true, Cancel);

        Assert.Contains("lease had run out", Assert.Single(said), StringComparison.Ordinal);
        Assert.Same(before, gantry);
    }

    [Fact]
    public async Task Lease_HeldBySomebodyElse_IsSaidPlainlyAndNotFoughtFor()
    {
        var gantry = new ScriptedGantry();
        await using GantryDriver driver = await OpenAsync(gantry);
        gantry.Rule = (_, line) => line switch
        {
            "HEAD1:HV ON" => gantry.Refuse(-203, "Command protected"),
            "SYST:CONT:REQ" => gantry.Refuse(102, "Control lease held elsewhere;other"),
            "SYST:CONT:OWN?" => "\"other\"\n",
            _ => null,
        };

        GantryControlLostException e = await Assert.ThrowsAsync<GantryControlLostException>(() => driver.Detectors.SetHighVoltageAsync(1, true, Cancel));

        Assert.Contains("'other'", e.Message, StringComparison.Ordinal);
        Assert.Single(gantry.Commands, c => c == "HEAD1:HV ON");
    }

    [Fact]
    public async Task Session_TakenOverByAnotherConsole_IsSaidAndNotTakenBack()
    {
        var gantry = new ScriptedGantry();
        await using GantryDriver driver = await OpenAsync(gantry);
        gantry.Rule = (_, line) => line switch
        {
            "HEAD1:HV ON" => gantry.Refuse(-203, "Command protected"),
            "SYST:SESS?" => "0,\"\",VIEW,0\n",
            _ => null,
        };
        int before = gantry.Commands.Count(c => c.StartsWith("SYST:SESS:OPEN", StringComparison.Ordinal));

        GantryControlLostException e = await Assert.ThrowsAsync<GantryControlLostException>(() => driver.Detectors.SetHighVoltageAsync(1, true, Cancel));

        Assert.Contains("took over", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, gantry.Commands.Count(c => c.StartsWith("SYST:SESS:OPEN", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Lease_NobodySpeaks_IsRenewedAtALowRate()
    {
        var time = new FakeTime();
        var gantry = new ScriptedGantry();
        await using GantryDriver driver = await GantryDriver.OpenAsync(gantry, new GantryDriverOptions { WithEvents = false }, time, Cancel);
        int Renewals() => gantry.Commands.Count(c => c == "SYST:SESS?");

        int seconds = 0;
        while (Renewals() < 4)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            seconds++;
            for (int i = 0; i < 20; i++) await Task.Yield();
        }

        Assert.True(seconds >= 4 * 10, $"{Renewals()} renewals in {seconds} s"); // a lease of thirty seconds is renewed every ten, not more often
    }

    // ---- stop

    [Fact]
    public async Task Stop_MainLinkInTheMiddleOfABlock_IsSaidAtOnceOnItsOwnLine()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "FRAM:DATA? 1" ? "#532896abc" : null }; // the rest never comes
        await using GantryDriver driver = await OpenAsync(gantry);
        await using GantryStopLine stop = await GantryStopLine.OpenAsync(gantry, TimeProvider.System, Cancel);
        Task<byte[]> block = driver.QueryBlockAsync("FRAM:DATA? 1", 32896, Cancel);
        await GantryLinkTests.UntilAsync(() => gantry.Commands.Contains("FRAM:DATA? 1"));

        await stop.AbortAsync();

        Assert.False(block.IsCompleted);
        Assert.Contains(gantry.Lines, l => l.Line == "ABOR" && l.Connection == 2);
        gantry.Connections[0].Drop();
        gantry.Rule = (_, line) => line == "FRAM:DATA? 1" ? "#13abc\n" : null;
        Assert.Equal("abc"u8.ToArray(), await block);
    }

    [Fact]
    public async Task Stop_ItsLineIsBroken_OpensANewOneAtOnce()
    {
        var gantry = new ScriptedGantry();
        await using GantryStopLine stop = await GantryStopLine.OpenAsync(gantry, TimeProvider.System, Cancel);
        gantry.Connections[0].Drop();
        await GantryLinkTests.UntilAsync(() => !stop.IsHealthy);

        await stop.StopMotionAsync();

        Assert.Contains(gantry.Lines, l => l.Line == "MOT:STOP" && l.Connection == 2);
    }

    [Fact]
    public async Task Stop_ItsLineIsSilent_IsSaidOnASecondOneBeside()
    {
        var gantry = new ScriptedGantry();
        await using GantryStopLine stop = await GantryStopLine.OpenAsync(gantry, TimeProvider.System, Cancel);
        gantry.Rule = (connection, _) => connection.Number == 1 ? "" : null;

        await stop.AbortAsync();

        Assert.Contains(gantry.Lines, l => l.Line == "ABOR" && l.Connection == 1);
        Assert.Contains(gantry.Lines, l => l.Line == "ABOR" && l.Connection == 2);
    }

    [Fact]
    public async Task Stop_NobodyConfirms_IsSaidLoudlyNotSwallowed()
    {
        var gantry = new ScriptedGantry { Rule = (_, _) => "" };
        await using GantryStopLine stop = await GantryStopLine.OpenAsync(gantry, TimeProvider.System, Cancel, deadlines: new GantryDeadlines { Stop = TimeSpan.FromMilliseconds(100) });

        await Assert.ThrowsAsync<GantryLinkLostException>(stop.AbortAsync);
    }

    [Fact]
    public async Task StopLine_BeatUnanswered_IsReplacedBeforeItIsNeeded()
    {
        var time = new FakeTime();
        var gantry = new ScriptedGantry();
        await using GantryStopLine stop = await GantryStopLine.OpenAsync(gantry, time, Cancel);
        gantry.Rule = (connection, _) => connection.Number == 1 ? "" : null;

        while (gantry.Connections.Count < 2)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }
        await GantryLinkTests.UntilAsync(() => stop.IsHealthy);

        Assert.True(gantry.Connections[0].IsClosed);
    }

    // ---- events

    [Fact]
    public async Task Events_ConnectionBreaks_AreTakenUpFromTheLastOneSeen()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "SYST:COMM:TCP:EVEN?" ? "7000\n" : null };
        var streams = new List<PipeStream>();
        var asked = new List<string>();
        Func<int, CancellationToken, Task<Stream>> port = (_, _) =>
        {
            var stream = new PipeStream(bytes =>
            {
                lock (asked) asked.Add(Encoding.UTF8.GetString(bytes));
            });
            lock (streams) streams.Add(stream);
            return Task.FromResult<Stream>(stream);
        };
        await using GantryDriver driver = await GantryDriver.OpenAsync(new WithPort(gantry, port), new GantryDriverOptions(), TimeProvider.System, Cancel);
        var seen = new List<long>();
        driver.Events!.Received += e =>
        {
            if (e.Number is { } n) lock (seen) seen.Add(n);
        };
        await GantryLinkTests.UntilAsync(() => Count(asked) == 1);
        streams[0].Feed("{\"q\":41,\"k\":\"state\"}\n{\"q\":42,\"k\":\"st"u8.ToArray());
        streams[0].Feed("ate\"}\n"u8.ToArray());
        await GantryLinkTests.UntilAsync(() => driver.Events.LastNumber == 42);
        streams[0].Close();
        await GantryLinkTests.UntilAsync(() => Count(asked) == 2);
        streams[1].Feed("{\"q\":43,\"k\":\"op\"}\n{\"q\":45,\"k\":\"op\"}\n"u8.ToArray()); // 44 is missing: asked again
        await GantryLinkTests.UntilAsync(() => Count(asked) == 3);

        Assert.DoesNotContain("since", asked[0], StringComparison.Ordinal);
        Assert.Contains("\"since\":42", asked[1], StringComparison.Ordinal);
        Assert.Contains("\"since\":43", asked[2], StringComparison.Ordinal);
        Assert.Equal([41, 42, 43], seen);
    }

    [Fact]
    public async Task Jog_TokensAnswerOnlyASampledButton()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "SYST:COMM:TCP:EVEN?" ? "7000\n" : null };
        PipeStream? stream = null;
        var sent = new List<string>();
        await using GantryDriver driver = await GantryDriver.OpenAsync(new WithPort(gantry, (_, _) =>
        {
            stream = new PipeStream(bytes =>
            {
                lock (sent) sent.Add(Encoding.UTF8.GetString(bytes).Trim());
            });
            return Task.FromResult<Stream>(stream);
        }), new GantryDriverOptions(), TimeProvider.System, Cancel);
        await GantryLinkTests.UntilAsync(() => Count(sent) == 1);
        long ticks = 0;
        driver.Events!.Received += e => Interlocked.Exchange(ref ticks, e.Count ?? 0);
        HoldToRun held = await driver.Motion.JogAsync("HEAD1", -20, Cancel);
        stream!.Feed("{\"k\":\"tick\",\"n\":1}\n{\"k\":\"tick\",\"n\":2}\n"u8.ToArray());
        await GantryLinkTests.UntilAsync(() => Interlocked.Read(ref ticks) == 2);

        Assert.Single(sent); // ticks alone are answered by nobody
        Assert.True(await held.Sample(true, Cancel));
        Assert.True(await held.Sample(true, Cancel)); // the same tick is not answered twice
        await GantryLinkTests.UntilAsync(() => Count(sent) == 2);
        Assert.Equal("{\"tok\":2}", sent[1]);
        Assert.False(await held.Sample(false, Cancel));
        Assert.Contains("MOT:STOP", gantry.Commands);
    }

    private static int Count<T>(List<T> list)
    {
        lock (list) return list.Count;
    }

    private static Task<GantryDriver> OpenAsync(ScriptedGantry gantry) => GantryDriver.OpenAsync(gantry, new GantryDriverOptions { WithEvents = false, KeepAlive = false }, TimeProvider.System, Cancel);

    /// <summary>The scripted gantry with ports.</summary>
    private sealed class WithPort(ScriptedGantry gantry, Func<int, CancellationToken, Task<Stream>> port) : IGantryTransport
    {
        public string Name => gantry.Name;

        public async Task<IGantryWire> ConnectAsync(CancellationToken cancellation)
        {
            var wire = (ScriptedGantry.Connection)await gantry.ConnectAsync(cancellation);
            wire.Port = port;
            return wire;
        }
    }
}
