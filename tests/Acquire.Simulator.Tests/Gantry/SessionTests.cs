namespace Acquire.Simulator.Tests.Gantry;

public sealed class SessionTests
{
    private const string Dynamic = "ACQ:MODE DYN;DYN:PHAS1 10,1 S;:HEAD1:MATR 64;:HEAD2:MATR 64";
    private const string Tomo = "ACQ:MODE TOMO;TOMO:STAR 0;ARC 90;VIEW 3;TIME 10 S;:HEAD1:MATR 64;:HEAD2:MATR 64";

    [Fact]
    public async Task Reopen_SameNameAndSecretAfterAKill_CarriesOnAtOnce()
    {
        await using var bench = new SimulatorBench();
        WireClient first = bench.ReadyConsole();
        first.Do($"ACQ:ID \"{RunTests.Id}\"", Dynamic, "ACQ:ARM", "ACQ:STAR \"s\"");
        // The old connection is still open as far as the gantry knows.
        WireClient second = bench.Connect();
        Assert.Equal(101, second.Try("SYST:SESS:OPEN \"console\",CONT,\"wrong\""));
        second.Do("SYST:SESS:OPEN \"console\",CONT,\"s\"");
        Assert.Equal("\"console\"", second.Ask("SYST:CONT:OWN?"));
        second.Advance(10);
        second.Do("ACQ:STAR \"s\""); // the same operation again: accepted and ignored
        Assert.Equal(20, second.FetchAll().Count);
        Assert.Equal(-203, first.Try("ACQ:MODE STAT")); // the old connection speaks for nobody now
        Assert.StartsWith("0,\"\",VIEW,0", first.Ask("SYST:SESS?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lease_SilentHolder_RunsOutAndAnotherMayTakeIt()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall);
        WireClient a = bench.ReadyConsole();
        WireClient b = bench.Connect();
        b.Do("SYST:SESS:OPEN \"b\",CONT");
        wall.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(102, b.Try("SYST:CONT:REQ"));
        a.Ask("*STB?"); // any message renews
        wall.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(102, b.Try("SYST:CONT:REQ"));
        wall.Advance(TimeSpan.FromSeconds(2));
        b.Do("SYST:CONT:REQ", "SYST:CONT:LEAS 5");
        Assert.Equal(-203, a.Try("HEAD1:MATR 64"));
        Assert.Equal(102, a.Try("SYST:CONT:REQ"));
        wall.Advance(TimeSpan.FromSeconds(6));
        a.Do("SYST:CONT:REQ", "HEAD1:MATR 64");
    }

    [Theory]
    [InlineData(Dynamic, "DEF", "READ,RUNN")]
    [InlineData(Dynamic, "HOLD", "READ,HOLD")]
    [InlineData(Dynamic, "ABOR", "READ,DRA")]
    [InlineData(Tomo, "DEF", "HOLD,HOLD")]
    [InlineData(Tomo, "CONT", "PROG,RUNN")]
    [InlineData(Tomo, "ABOR", "HOLD,DRA")]
    public async Task Lease_LostDuringRun_DoesWhatOnLossSays(string setup, string onLoss, string state)
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(new UniformScene(1, 500), wall);
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", setup, "ACQ:ONL " + onLoss, "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(4.5);
        c.Dispose();
        wall.Advance(TimeSpan.FromSeconds(31));
        bench.Host.Gantry.Tend();
        WireClient again = bench.Connect();
        Assert.StartsWith(state, again.Ask("SYST:STAT?"), StringComparison.Ordinal);
        // Whatever was decided, nothing is lost: the same console comes back and ends with an equal ledger.
        again.TakeControl();
        if (state.StartsWith("HOLD", StringComparison.Ordinal)) again.Do("MOT:RES \"m\"");
        if (state.EndsWith("HOLD", StringComparison.Ordinal)) again.Do("ACQ:RES \"a\"");
        again.Advance(120);
        List<byte[]> frames = again.FetchAll();
        Assert.Equal(frames.Sum(f => (long)WireClient.Header(f).Sum), again.Ask("ACQ:LEDG?").Split(',')[3..5].Sum(long.Parse));
        Assert.StartsWith("IDLE", again.Ask("ACQ:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FreeClock_WallTimeAndSpeed_MoveTheTick()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall, step: false, speed: 10);
        WireClient c = bench.Connect();
        Assert.Equal("0,\"2026-01-15T08:00:00.000000Z\",1", c.Ask("SYST:TICK?"));
        wall.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("20000000,\"2026-01-15T08:00:20.000000Z\",1", c.Ask("SYST:TICK?"));
        c.Do("DIAG:SIM:SPE 0.5");
        wall.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("21000000", c.Ask("SYST:TICK?").Split(',')[0]);
        Assert.Equal(-221, c.Try("DIAG:SIM:ADV? 1"));
        c.Do("DIAG:SIM:CLOC STEP");
        wall.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("21000000;STEP", c.Ask("SYST:BOOT?;:DIAG:SIM:CLOC?").Split(',')[1]);
        c.Do("DIAG:SIM:CLOC FREE");
        wall.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("22000000", c.Ask("SYST:TICK?").Split(',')[0]);
    }

    [Fact]
    public async Task FreeClock_Run_CompletesAtItsExactTicks()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall, step: false);
        WireClient c = bench.Connect().TakeControl();
        c.Do("SYST:CONT:LEAS 30", "HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"h\"");
        wall.Advance(TimeSpan.FromSeconds(25));
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Dynamic, "ACQ:ARM", "ACQ:STAR \"s\"");
        wall.Advance(TimeSpan.FromSeconds(10.7));
        bench.Host.Gantry.Tend();
        await bench.Host.Gantry.Pipeline.WhenBelow(1);
        List<byte[]> frames = c.FetchAll();
        Assert.Equal(20, frames.Count);
        Assert.Equal(Enumerable.Range(25, 10).Select(s => (ulong)s * 1_000_000), frames.Select(WireClient.Header).Where(h => h.Head == 2).Select(h => h.StartTickUs));
    }

    [Fact]
    public async Task Stop_WhileFramesComputeAndTimeAdvances_IsExecutedAtOnce()
    {
        using var never = new ManualResetEventSlim();
        await using var bench = new SimulatorBench(new UniformScene(1) { Gate = never });
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE DYN;DYN:PHAS1 500,1 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"s\"");
        // The advance cannot end: the frames it waits for are never computed. The stop comes behind it on the same connection.
        c.Send("DIAG:SIM:ADV? 400\n");
        WireClient watcher = bench.Connect();
        string state = "";
        for (int i = 0; i < 20_000 && !state.StartsWith("1,", StringComparison.Ordinal); i++) state = watcher.Ask("STAT:OPER:COND?") == "16" && watcher.Ask("SYST:TICK?").Split(',')[0] != "30000000" ? "1," : "";
        c.Send("ABOR\n");
        for (int i = 0; i < 20_000 && !state.Contains("DRA", StringComparison.Ordinal); i++) state = watcher.Ask("SYST:STAT?");
        Assert.StartsWith("READ,DRA", state, StringComparison.Ordinal);
        never.Set();
        Assert.Equal("430000000", System.Text.Encoding.ASCII.GetString(c.ReadReply()));
        Assert.Equal("ABOR", c.Ask("ACQ:LEDG:REAS?"));
        Assert.NotEmpty(c.FetchAll());
    }

    [Theory]
    [InlineData("MOT:STOP")]
    [InlineData("ABORT")]
    [InlineData("*CLS;:ABOR;*CLS")]
    public async Task Stop_FromTheDefaultSessionDuringAMove_LeadsToHold(string stop)
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:ROT 300");
        c.Do("MOT:STAR \"m\"," + c.Ask("MOT:PLAN?").Split(',')[2]);
        c.Advance(10);
        WireClient anybody = bench.Connect();
        anybody.Do(stop);
        c.Advance(5);
        Assert.StartsWith("HOLD", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.Equal(-221, c.Try("MOT:STAR \"n\",1")); // never from HOLD straight into motion
    }
}
