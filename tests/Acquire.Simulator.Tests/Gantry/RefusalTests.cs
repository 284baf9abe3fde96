using System.Globalization;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>What the gantry must refuse (docs: control-interface 7); the numbers are those of the table there.</summary>
public sealed class RefusalTests
{
    private const string Setup = "ACQ:MODE STAT;LIM:TIME 20 S;:HEAD1:MATR 64;:HEAD2:MATR 64";

    [Fact]
    public async Task Unhomed_MotionAndArming_AreRefused201()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        c.Do("GANT:ROT 10");
        Assert.Equal("HOME,0,0", c.Ask("MOT:PLAN?"));
        Assert.Equal(201, c.Try("MOT:STAR \"m\",1")); // 2
        Assert.Equal("REF,201", c.Ask("SYST:OPER? \"m\""));
        Assert.Equal(-221, c.Try("ACQ:ARM"));
        Assert.Equal("0,0", c.Ask("GANT:ROT:ACT?"));
    }

    [Fact]
    public async Task Interlock_AnyMotionWhileOpen_IsRefused601()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM", "DIAG:SIM:FAUL \"estop\",ON");
        Assert.Equal(-221, c.Try("MOT:STAR \"m\",1")); // 1: the gantry is in ESTop
        Assert.Equal(-221, c.Try("MOT:HOME \"h\""));
        Assert.Equal(-221, c.Try("ACQ:STAR \"a\""));
        c.Do("DIAG:SIM:FAUL \"estop\",OFF");
        Assert.Equal("RES,1", c.Ask("INT:STAT?"));
        Assert.Equal(-221, c.Try("MOT:RES \"r\"")); // still ESTop until INT:RES
        c.Do("INT:RES");
        Assert.StartsWith("HOLD", c.Ask("SYST:STAT?"), StringComparison.Ordinal); // a reset only permits a restart
    }

    [Fact]
    public async Task Targets_OutsideLimitsOrThroughThePatient_AreRefused()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal(-222, c.Try("GANT:ROT 541")); // 3
        Assert.Equal(-222, c.Try("TABL:LONG 2101"));
        Assert.Equal(-141, c.Try("TABL:LONG NAN")); // 18
        Assert.Equal(-141, c.Try("TABL:LONG INF"));
        Assert.Equal(-109, c.Try("TABL:LONG"));
        c.Do("HEAD2:RAD 199");
        Assert.Equal("COLL_2,0,0", c.Ask("MOT:PLAN?"));
        Assert.Equal(202, c.Try("MOT:STAR \"m\",99"));
    }

    [Fact]
    public async Task Plan_TargetsChangedSince_IsRefused()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:ROT 10");
        string plan = c.Ask("MOT:PLAN?").Split(',')[2];
        c.Do("GANT:ROT 200");
        Assert.Equal(-221, c.Try("MOT:STAR \"m\"," + plan));
    }

    [Theory]
    [InlineData("GANT:ROT 10")]
    [InlineData("HEAD1:HV ON")]
    [InlineData("ACQ:MODE STAT")]
    [InlineData("ACQ:ARM")]
    [InlineData("ACQ:STAR \"x\"")]
    [InlineData("MOT:HOME \"x\"")]
    [InlineData("CT:ARM")]
    [InlineData("CT:EXP:STAR \"x\"")]
    [InlineData("FRAM:ACKN 1")]
    [InlineData("FRAM:DISC \"11111111-2222-3333-4444-555555555555\",0")]
    [InlineData("INT:RES")]
    [InlineData("*RST")]
    public async Task NoLease_AnythingThatMatters_IsRefused203(string command)
    {
        await using var bench = new SimulatorBench();
        bench.ReadyConsole();
        WireClient other = bench.Connect();
        Assert.Equal(-203, other.Try(command)); // 5, from the default session
        other.Do("SYST:SESS:OPEN \"other\",CONT,\"x\"");
        Assert.Equal(102, other.Try("SYST:CONT:REQ"));
        Assert.Equal(-203, other.Try(command)); // and from a session that does not hold it
    }

    [Theory]
    [InlineData("ACQ:STAR \"x\"")]
    [InlineData("MOT:HOME \"x\"")]
    [InlineData("CT:EXP:STAR \"x\"")]
    [InlineData("CT:WARM \"x\"")]
    [InlineData("MOT:RES \"x\"")]
    public async Task Compound_Start_IsRefused(string start)
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM");
        Assert.Equal("-221,\"Settings conflict;COMPOUND\"", c.Ask($"*CLS;:{start};:SYST:ERR?\nSYST:ERR?")); // 6
        Assert.Equal(-221, c.Try($"{start};*OPC"));
        Assert.StartsWith("READ,ARM,OFF", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arm_EachThingMissing_HasItsOwnNumber()
    {
        await using var bench = new SimulatorBench(capacity: 200_000);
        WireClient c = bench.Connect().TakeControl();
        c.Do("MOT:HOME \"h\"");
        c.Advance(30);
        Assert.Equal("ID_LIM_HV1_HV2", c.Ask("ACQ:CHEC?").Split(',')[0]);
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup);
        Assert.Equal("HV1_HV2", c.Ask("ACQ:CHEC?").Split(',')[0]);
        Assert.Equal(301, c.Try("ACQ:ARM"));
        c.Do("HEAD1:HV ON;:HEAD2:HV ON");
        Assert.Equal("RAMP,500", c.Ask("HEAD1:HV?"));
        Assert.Equal(301, c.Try("ACQ:ARM"));
        c.Advance(20);
        Assert.Equal("ON,1000", c.Ask("HEAD1:HV?"));
        c.Do("DIAG:SIM:FAUL \"collimator\",ON");
        Assert.Equal("\"LEHR\",\"LEHR-0001\",OPEN", c.Ask("HEAD1:COLL?"));
        Assert.Equal(302, c.Try("ACQ:ARM")); // 8
        c.Do("GANT:ROT 10");
        Assert.Equal(302, c.Try("MOT:STAR \"turn\"," + c.Ask("MOT:PLAN?").Split(',')[2]));
        Assert.Equal(302, c.Try("MOT:HOME \"turn\""));
        c.Do("DIAG:SIM:FAUL \"collimator\",OFF", "HEAD1:MATR 256");
        Assert.Equal(410, c.Try("ACQ:ARM")); // 14
        c.Do("HEAD1:MATR 64", "HEAD2:ENER:CLE");
        Assert.Equal(402, c.Try("ACQ:ARM"));
        Assert.Equal(401, c.Try("ACQ:STAR \"s\""));
        c.Do("HEAD2:ENER:WIND1 \"Tc99m\",126,154", "ACQ:ARM", "ACQ:STAR \"s\"");
        Assert.Equal(-213, c.Try("ACQ:STAR \"s2\""));
    }

    [Theory]
    [InlineData("GANT:ROT 10")]
    [InlineData("HEAD1:RAD 300")]
    [InlineData("HEAD1:MATR 128")]
    [InlineData("HEAD1:ENER:WIND1 \"x\",100,120")]
    [InlineData("HEAD1:ENER:CLE")]
    [InlineData("HEAD1:HV OFF")]
    [InlineData("ACQ:LIM:TIME 5")]
    [InlineData("ACQ:ID \"99999999-2222-3333-4444-555555555555\"")]
    [InlineData("ACQ:MODE DYN")]
    [InlineData("ACQ:ARM")]
    [InlineData("MOT:HOME \"h2\"")]
    [InlineData("CT:WARM \"w\";")]
    [InlineData("*RST")]
    [InlineData("DIAG:SIM:CLOC FREE")] // 16
    public async Task ArmedOrRunning_Settings_AreRefused(string command)
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM");
        if (!command.StartsWith("CT:", StringComparison.Ordinal)) Assert.Equal(-221, c.Try(command)); // 13
        c.Do("ACQ:STAR \"s\"");
        if (command.StartsWith("CT:", StringComparison.Ordinal)) Assert.Equal(-221, c.Try("CT:ARM")); // 12
        else Assert.Equal(-221, c.Try(command));
        Assert.StartsWith("READ,RUNN", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exposure_WithoutFreshConfirmationAndArming_IsRefused()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("CT:WARM \"w\"");
        Assert.Equal(501, c.Try("CT:ARM")); // 11
        c.Advance(30);
        c.Do($"CT:ID \"{RunTests.Id}\"", "CT:RANG 100,200");
        string dose = c.Ask("CT:DOSE?");
        c.Do("CT:DOSE:CONF " + dose, "CT:MA 100");
        Assert.Equal(503, c.Try("CT:ARM")); // a setting after the confirmation
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"), "CT:ARM");
        c.Advance(121);
        Assert.Equal(505, c.Try("CT:EXP:STAR \"x\"")); // armed too long ago
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"), "CT:ARM", "CT:EXP:STAR \"y\"");
        c.Do($"ACQ:ID \"22222222-2222-3333-4444-555555555555\"", Setup);
        Assert.Equal(-221, c.Try("ACQ:ARM")); // 12
        c.Advance(20);
        Assert.Equal(512, int.Parse(c.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 512); // X-ray on is told
        WireClient anybody = bench.Connect();
        anybody.Send("CT:EXP:STOP\n");
        Assert.Equal("0,\"No error\"", anybody.Ask("SYST:ERR?"));
        Assert.StartsWith("STAN", c.Ask("CT:STAT?"), StringComparison.Ordinal);
        c.Advance(1);
        Assert.Equal(505, c.Try("CT:EXP:STAR \"z\""));
        Assert.Equal(503, c.Try("CT:ARM"));
        c.Do("DIAG:SIM:FAUL \"estop\",ON");
        Assert.Equal(-221, c.Try("CT:EXP:STAR \"q\""));
        Assert.Equal(504, c.Try("CT:WARM \"q2\""));
    }

    [Fact]
    public async Task Frames_ReleasedUnknownOrMiscounted_AreRefused()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal(430, c.Try("ACQ:LEDG?\nFRAM:ACKN 1"));
        c.Do("*CLS", $"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(20);
        Assert.Equal(-222, c.Try("FRAM:ACKN 3"));
        c.Do("FRAM:ACKN 1", "FRAM:ACKN 1", "FRAM:ACKN 0");
        Assert.Equal(421, c.Try("FRAM:DATA? 1"));
        Assert.Equal(420, c.Try("FRAM:DATA? 3"));
        Assert.Equal(-222, c.Try("FRAM:DATA? 2,9000"));
        Assert.Equal(430, c.Try("FRAM:SEL \"99999999-2222-3333-4444-555555555555\""));
        Assert.Equal(-222, c.Try($"FRAM:DISC \"{RunTests.Id}\",2")); // 15
        Assert.Equal($"\"{RunTests.Id}\"", c.Ask("FRAM:LIST?"));
        byte[] whole = c.AskBytes("FRAM:DATA? 2");
        Assert.Equal(whole, c.AskBytes("FRAM:DATA? 2,0,100").Concat(c.AskBytes("FRAM:DATA? 2,100")));
        c.Do($"FRAM:DISC \"{RunTests.Id}\",1");
        Assert.Equal("\"\"", c.Ask("FRAM:LIST?"));
        Assert.StartsWith("READ,IDLE", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.Equal(430, c.Try($"ACQ:ID \"{RunTests.Id}\"")); // a run's name is used once
    }

    [Fact]
    public async Task GenericTools_CommonCommands_NeverMoveOrLoseAnything()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(20);
        string before = c.Ask("MOT:STAT?;:SYST:STAT?;:FRAM:RANG?;:ACQ:LEDG?");
        WireClient tool = bench.Connect();
        tool.Send("*RST\n*CLS\n*TST?\n*IDN?\n*OPC?\n*ESR?\n*STB?\n*ESE 255\n*SRE 255\n*WAI\n*OPC\nSTAT:PRES\n");
        Assert.Equal("0", System.Text.Encoding.ASCII.GetString(tool.ReadReply()));
        for (int i = 0; i < 4; i++) tool.ReadReply();
        tool.Dispose();
        Assert.Equal(-221, c.Try("*RST")); // frames are waiting
        Assert.Equal(before, c.Ask("MOT:STAT?;:SYST:STAT?;:FRAM:RANG?;:ACQ:LEDG?"));
        Assert.Equal(2, c.FetchAll().Count);
        c.Do("*RST");
        Assert.Equal("9.9E37", c.Ask("ACQ:LIM:TIME?"));
        Assert.StartsWith("READ,IDLE,OFF,OK,\"console\"", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal1_InterlockNotOk_MotionIsRefusedWithItsCause()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        foreach ((string fault, int code) in new[] { ("pad.1", 602), ("table.overload", 604), ("table.release", 607) })
        {
            c.Do($"DIAG:SIM:FAUL \"{fault}\",ON", $"DIAG:SIM:FAUL \"{fault}\",OFF");
            Assert.Equal(code, c.Try("MOT:RES \"r\"")); // 1: latched, though the cause has gone
            Assert.Equal(-221, c.Try("MOT:HOME \"h\"")); // and HOLD besides
            c.Do("INT:RES", $"MOT:RES \"{fault}\"");
        }
    }

    [Fact]
    public async Task Refusal10_ResetWhileTheButtonIsDown_IsRefusedByName()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("DIAG:SIM:FAUL \"estop\",ON", "DIAG:SIM:FAUL \"cover\",ON", "DIAG:SIM:FAUL \"estop\",OFF");
        Assert.Equal("EST,COV;TRIP,129", c.Ask("INT:CAUS?;STAT?"));
        c.Send("INT:RES\n");
        Assert.Equal("-221,\"Settings conflict;COV\"", c.Ask("SYST:ERR?")); // 10: one of the two is released, the other is not
        c.Do("DIAG:SIM:FAUL \"cover\",OFF", "INT:RES");
        Assert.Equal("NONE;OK,0", c.Ask("INT:CAUS?;STAT?"));
    }

    [Fact]
    public async Task Refusal16_ClockChangeDuringARun_IsRefused()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal(-224, c.Try("SYST:TIME \"tomorrow\""));
        c.Do("SYST:TIME \"2026-02-01T10:00:00Z\"");
        Assert.StartsWith("30000000,\"2026-02-01T10:00:00.000000Z\"", c.Ask("SYST:TICK?"), StringComparison.Ordinal);
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM");
        Assert.Equal(-221, c.Try("SYST:TIME \"2026-02-01T11:00:00Z\"")); // 16
        c.Do("ACQ:STAR \"s\"");
        Assert.Equal(-221, c.Try("SYST:TIME \"2026-02-01T11:00:00Z\""));
        c.Advance(20);
        Assert.Equal(-221, c.Try("SYST:TIME \"2026-02-01T11:00:00Z\"")); // frames wait: still not over
        c.FetchAll();
        c.Do("SYST:TIME \"2026-02-01T11:00:00Z\"");
    }

    [Fact]
    public async Task Refusal12_SpectMotionDuringExposure_IsRefusedAndTheReverse()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("CT:WARM \"w\"");
        c.Advance(30);
        c.Do($"CT:ID \"{RunTests.Id}\"", "CT:RANG 100,400");
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"), "CT:ARM", "CT:EXP:STAR \"x\"");
        c.Advance(20);
        Assert.StartsWith("PROG,IDLE,EXP", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        foreach (string command in new[] { "MOT:STAR \"m\",1", "MOT:HOME \"h\"", "MOT:JOG ROT,10", "ACQ:ARM" }) Assert.Equal(-221, c.Try(command)); // 12
        c.Do("CT:EXP:STOP");
        c.Advance(5);
        c.Do("GANT:ROT 100");
        c.Do("MOT:STAR \"m2\"," + c.Ask("MOT:PLAN?").Split(',')[2]);
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"));
        Assert.Equal(-221, c.Try("CT:ARM")); // 12
    }

    [Fact]
    public async Task Trigger_NothingWaitsForIt_IsIgnoredByNumber()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        string before = c.Ask("SYST:STAT?;:MOT:STAT?");
        Assert.Equal(-211, c.Try("*TRG"));
        Assert.Equal(before, c.Ask("SYST:STAT?;:MOT:STAT?"));
    }
}
