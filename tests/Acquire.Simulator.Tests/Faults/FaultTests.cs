using System.Globalization;
using System.Text;
using System.Text.Json;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Faults;
using Acquire.Simulator.Tests.Gantry;

namespace Acquire.Simulator.Tests.Faults;

/// <summary>Every fault by name over its own port: what the gantry then says and does.</summary>
public sealed class FaultTests
{
    private const string Static = "ACQ:MODE STAT;LIM:TIME 60 S;:HEAD1:MATR 64;:HEAD2:MATR 64";
    private const string Tomo = "ACQ:MODE TOMO;TOMO:STAR 0;ARC 90;VIEW 3;TIME 10 S;:HEAD1:MATR 64;:HEAD2:MATR 64";

    private static string State(WireClient c) => c.Ask("SYST:STAT?").Split(',')[0];

    private static async Task With(Func<SimulatorBench, WireClient, FaultClient, Task> test)
    {
        await using var bench = new SimulatorBench();
        using var faults = new FaultClient(bench.Host.FaultPort!.Value);
        await test(bench, bench.ReadyConsole(), faults);
    }

    private static Task With(Action<WireClient, FaultClient> test) => With((_, c, f) =>
    {
        test(c, f);
        return Task.CompletedTask;
    });

    /// <summary>A rotation is under way, 10 s into it.</summary>
    private static void Turn(WireClient c)
    {
        c.Do("GANT:ROT 300");
        c.Do("MOT:STAR \"turn\"," + c.Ask("MOT:PLAN?").Split(',')[2]);
        c.Advance(10);
    }

    [Fact]
    public Task Port_ListStatusAndBadLines_AreAnswered() => With((c, f) =>
    {
        Assert.Equal(FaultCatalogue.All.Select(x => x.Name), f.List("list").Select(l => l.Split(':')[0]));
        Assert.StartsWith("error: no such fault", f.Say("on nothing"), StringComparison.Ordinal);
        Assert.StartsWith("error: list", f.Say("after x door"), StringComparison.Ordinal);
        Assert.StartsWith("error: list", f.Say("\u0001\u0002"), StringComparison.Ordinal);
        f.Do("on door", "after 5 reply.lost", "after 100 cover");
        Assert.Equal(["cover due", "door on", "reply.lost after"], f.List("status").Order());
        f.Do("off");
        Assert.Empty(f.List("status"));
        Assert.Equal(-224, c.Try("DIAG:SIM:FAUL \"nothing\",ON"));
    });

    [Fact]
    public Task Moments_OnceOnAndAfter_AreCounted() => With((c, f) =>
    {
        f.Do("once reply.lost");
        c.Send("SYST:SYNC? 1\n");
        Assert.Equal("2", c.Ask("SYST:SYNC? 2"));
        f.Do("after 2 reply.lost");
        c.Send("SYST:SYNC? 3\nSYST:SYNC? 4\nSYST:SYNC? 5\nSYST:SYNC? 6\n");
        Assert.Equal(["3", "4", "6"], Enumerable.Range(0, 3).Select(_ => Encoding.ASCII.GetString(c.ReadReply())));
        f.Do("on reply.lost");
        c.Send("SYST:SYNC? 7\nSYST:SYNC? 8\nDIAG:SIM:FAUL \"reply.lost\",OFF\n");
        Assert.Equal("9", c.Ask("SYST:SYNC? 9"));
        c.Do("DIAG:SIM:FAUL \"reply.lost\",ON,1"); // its own SYST:ERR? is the moment passed over
        c.Send("SYST:SYNC? 10\n");
        Assert.Equal("11", c.Ask("SYST:SYNC? 11"));
    });

    [Fact]
    public Task Standing_OnceAndAfter_FollowGantryTime() => With((c, f) =>
    {
        f.Do("once door");
        Assert.Equal("16", c.Ask("STAT:QUES:INT:COND?"));
        c.Advance(0.999);
        Assert.Equal("16", c.Ask("STAT:QUES:INT:COND?"));
        c.Advance(0.001);
        Assert.Equal("0", c.Ask("STAT:QUES:INT:COND?"));
        f.Do("after 10 door");
        c.Advance(9.9);
        Assert.Equal("0", c.Ask("STAT:QUES:INT:COND?"));
        c.Advance(0.1);
        Assert.Equal("16", c.Ask("STAT:QUES:INT:COND?"));
        c.Advance(100);
        f.Do("off door");
        Assert.Equal("0", c.Ask("STAT:QUES:INT:COND?"));
    });

    [Fact]
    public Task ReplyGarbled_OneBitIsWrong() => With((c, f) =>
    {
        f.Do("once reply.garbled");
        Assert.Equal("12\"45", c.Ask("SYST:SYNC? 12345").Replace('#', '"')); // '3' is 0x33, with bit 4 flipped 0x23
        Assert.Equal("12345", c.Ask("SYST:SYNC? 12345"));
    });

    [Fact]
    public Task LinkDrop_ConnectionIsCutAndSessionGoesOn() => With((bench, c, f) =>
    {
        f.Do("once link.drop");
        c.Send("SYST:SYNC? 1\n");
        Assert.ThrowsAny<IOException>(() => c.ReadReply());
        WireClient again = bench.Connect();
        again.Do("SYST:SESS:OPEN \"console\",CONT,\"s\"");
        Assert.Equal("\"console\"", again.Ask("SYST:CONT:OWN?"));
        return Task.CompletedTask;
    });

    [Fact]
    public async Task ReplyLate_ComesAfterThreeSeconds()
    {
        var wall = new LateTime(TimeSpan.FromSeconds(3));
        await using var bench = new SimulatorBench(wall: wall);
        using var f = new FaultClient(bench.Host.FaultPort!.Value);
        WireClient c = bench.Connect();
        f.Do("once reply.late");
        c.Send("SYST:SYNC? 1\n");
        (TimeSpan due, Action fire) = wall.Armed.Take();
        Assert.Equal(TimeSpan.FromSeconds(3), due);
        fire();
        Assert.Equal("1", Encoding.ASCII.GetString(c.ReadReply()));
    }

    [Fact]
    public Task LeaseThief_HolderLosesControlUntilItIsGone() => With((c, f) =>
    {
        f.Do("on lease.thief");
        Assert.Equal("\"thief\"", c.Ask("SYST:CONT:OWN?"));
        Assert.Equal(-203, c.Try("HEAD1:MATR 64"));
        Assert.Equal(102, c.Try("SYST:CONT:REQ"));
        f.Do("off lease.thief");
        c.Do("SYST:CONT:REQ", "HEAD1:MATR 64");
    });

    [Fact]
    public Task EventGap_ANumberIsMissing() => With((bench, c, f) =>
    {
        using var events = new EventClient(bench.Host.EventPort);
        events.Send("{\"sub\":[\"state\",\"op\",\"alarm\",\"frame\"],\"since\":0}");
        f.Do("once event.gap");
        c.Do("MOT:HOME \"again\"");
        var numbers = new List<long>();
        do numbers.Add(events.Next()!.Value.GetProperty("q").GetInt64()); while (numbers[^1] == numbers.Count);
        Assert.Equal(numbers.Count + 1, numbers[^1]);
        return Task.CompletedTask;
    });

    [Fact]
    public Task ClockJump_UtcIsAheadAndDoubtfulUntilSet() => With((c, f) =>
    {
        f.Do("on clock.jump");
        Assert.Equal("30000000,\"2026-01-15T08:02:00.000000Z\",90000000", c.Ask("SYST:TICK?"));
        Assert.Equal("4", c.Ask("STAT:QUES:COND?"));
        f.Do("off clock.jump");
        Assert.Equal("30000000,\"2026-01-15T08:02:00.000000Z\",1", c.Ask("SYST:TICK?"));
        c.Do("SYST:TIME \"2026-01-15T08:00:30Z\"");
        Assert.Equal("30000000,\"2026-01-15T08:00:30.000000Z\",1;0", c.Ask("SYST:TICK?;:STAT:QUES:COND?"));
    });

    [Fact]
    public Task AxisStall_WhileTurning_IsADriveFaultThatNeedsHoming() => With((c, f) =>
    {
        Turn(c);
        f.Do("on axis.stall");
        Assert.Equal("FAUL;FAIL,206", State(c) + ";" + c.Ask("SYST:OPER? \"turn\""));
        Assert.Equal("\"206,Drive fault;ROT\";512;1536", c.Ask("SYST:FAUL?;:STAT:QUES:INT:COND?;:STAT:QUES:COND?"));
        Assert.StartsWith("ROT,", c.Ask("MOT:STAT?"), StringComparison.Ordinal);
        Assert.Equal("FAUL", c.Ask("MOT:STAT?").Split(',')[3]);
        Assert.Equal(-221, c.Try("SYST:FAUL:RES")); // it still stands
        Assert.Equal(-221, c.Try("MOT:RES \"r\"")); // never from FAULt straight into motion
        f.Do("off axis.stall");
        c.Do("SYST:FAUL:RES");
        Assert.Equal("UNH;\"\"", State(c) + ";" + c.Ask("SYST:FAUL?"));
        Assert.Equal(201, c.Try("MOT:STAR \"no\",1"));
        c.Do("MOT:HOME \"h2\",ROT");
        c.Advance(200);
        Assert.Equal("READ", State(c));
    });

    [Fact]
    public Task AxisStall_InATomo_HoldsTheRunAndLosesNothing() => With((c, f) =>
    {
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Tomo, "ACQ:ARM", "ACQ:STAR \"t\"");
        c.Advance(12);
        f.Do("on axis.stall");
        for (int i = 0; i < 40 && State(c) == "PROG"; i++) c.Advance(1);
        Assert.StartsWith("FAUL,HOLD", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        f.Do("off axis.stall");
        c.Do("ACQ:STOP");
        c.Advance(0);
        List<byte[]> frames = c.FetchAll();
        Assert.Equal(frames.Sum(x => (long)WireClient.Header(x).Sum), c.Ask("ACQ:LEDG?").Split(',')[3..5].Sum(long.Parse));
    });

    [Fact]
    public Task EncoderJump_Standing_ShiftsThePositionAndDoubtsIt() => With((c, f) =>
    {
        f.Do("on encoder.jump");
        Assert.Equal("FAUL", State(c));
        Assert.Equal("5,1", c.Ask("GANT:ROT:ACT?"));
        Assert.Equal(1024, int.Parse(c.Ask("STAT:QUES:COND?"), CultureInfo.InvariantCulture) & 1024);
        f.Do("off encoder.jump");
        c.Do("SYST:FAUL:RES");
        Assert.Equal("UNH", State(c));
    });

    [Theory]
    [InlineData("estop", 601, "EST", 1)]
    [InlineData("cover", 606, "COV", 128)]
    [InlineData("overtravel", 605, "OVER", 256)]
    public Task Chain_WhileTurning_CutsTheDrivesAtOnce(string fault, int code, string cause, int bit) => With((c, f) =>
    {
        Turn(c);
        string at = c.Ask("GANT:ROT:ACT?");
        f.Do("on " + fault);
        c.Advance(5);
        Assert.Equal(at, c.Ask("GANT:ROT:ACT?"));
        Assert.Equal($"EST;STOP,{code};TRIP,{bit};{cause}", State(c) + ";" + c.Ask("SYST:OPER? \"turn\";:INT:STAT?;CAUS?"));
        Assert.Equal("OFF", c.Ask("MOT:STAT?").Split(',')[3]);
        Assert.Equal(-221, c.Try("INT:RES")); // 10: the cause stands
        Assert.Equal(2, int.Parse(c.Ask("*STB?"), CultureInfo.InvariantCulture) & 2);
        f.Do("off " + fault);
        Assert.Equal($"RES,{bit};{cause}", c.Ask("INT:STAT?;CAUS?"));
        c.Do("INT:RES");
        Assert.Equal("HOLD;OK,0;NONE", State(c) + ";" + c.Ask("INT:STAT?;CAUS?"));
        c.Do("MOT:RES \"r\"");
        Assert.Equal("READ", State(c));
    });

    [Theory]
    [InlineData("pad.1", 602, "COLL1", 2)]
    [InlineData("pad.2", 602, "COLL2", 4)]
    [InlineData("table.overload", 604, "LOAD", 8)]
    [InlineData("table.release", 607, "MREL", 16384)]
    public Task Soft_WhileTurning_IsAControlledStopIntoHold(string fault, int code, string cause, int bit) => With((c, f) =>
    {
        Turn(c);
        double at = double.Parse(c.Ask("GANT:ROT:ACT?").Split(',')[0], CultureInfo.InvariantCulture);
        f.Do("on " + fault);
        c.Advance(5);
        // 3 deg/s at 1.5 deg/s²: v²/2a = 3 degrees.
        Assert.Equal(at + 3, double.Parse(c.Ask("GANT:ROT:ACT?").Split(',')[0], CultureInfo.InvariantCulture), 0.01);
        Assert.Equal($"HOLD;STOP,{code};TRIP,{bit};{cause}", State(c) + ";" + c.Ask("SYST:OPER? \"turn\";:INT:STAT?;CAUS?"));
        Assert.Equal(code, c.Try("MOT:RES \"r\"")); // 1
        Assert.Equal(-221, c.Try("INT:RES"));
        f.Do("off " + fault);
        c.Do("INT:RES", "MOT:RES \"r2\"");
        Assert.Equal(fault == "table.release" ? "UNH" : "READ", State(c)); // a table moved by hand has no known position
    });

    [Fact]
    public Task Pad_InATomo_ClosesTheViewAsPartialAndResumes() => With((c, f) =>
    {
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Tomo, "ACQ:ARM", "ACQ:STAR \"t\"");
        for (int i = 0; i < 100 && (int.Parse(c.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 16) == 0; i++) c.Advance(0.5);
        c.Advance(4);
        f.Do("once pad.1");
        Assert.StartsWith("HOLD,HOLD,OFF,TRIP", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        c.Advance(2);
        c.Do("INT:RES", "MOT:RES \"m\"", "ACQ:RES \"a\"");
        c.Advance(200);
        List<FrameHeader> frames = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal(8, frames.Count); // three views of two heads, one of them in two parts
        Assert.Equal(2, frames.Count(h => h.Flags.HasFlag(FrameFlags.Partial | FrameFlags.HeldInside)));
    });

    [Fact]
    public Task LockPin_BarsRotationOnly() => With((c, f) =>
    {
        Turn(c);
        f.Do("on lock.pin");
        c.Advance(5);
        Assert.Equal("HOLD;STOP,608;OK,64", State(c) + ";" + c.Ask("SYST:OPER? \"turn\";:INT:STAT?"));
        c.Do("MOT:RES \"r\"");
        Assert.Equal(608, c.Try("MOT:STAR \"again\"," + c.Ask("MOT:PLAN?").Split(',')[2])); // 8
        Assert.Equal(608, c.Try("MOT:HOME \"h\""));
        c.Do("MOT:CLE", "TABL:LONG 100");
        c.Move("table");
        f.Do("off lock.pin");
        c.Do("GANT:ROT 0");
        c.Move("back");
    });

    [Fact]
    public Task Collimator_Unlatched_BarsRotationAndArming() => With((c, f) =>
    {
        Turn(c);
        f.Do("on collimator");
        c.Advance(5);
        Assert.Equal("HOLD;STOP,302", State(c) + ";" + c.Ask("SYST:OPER? \"turn\""));
        Assert.Equal("\"LEHR\",\"LEHR-0001\",OPEN;32;4608", c.Ask("HEAD1:COLL?;:STAT:QUES:INT:COND?;:STAT:QUES:COND?"));
        c.Do("MOT:RES \"r\"", $"ACQ:ID \"{RunTests.Id}\"", Static);
        Assert.Equal(302, c.Try("ACQ:ARM"));
    });

    [Fact]
    public Task CollimatorWrong_IsTold() => With((c, f) =>
    {
        f.Do("on collimator.wrong");
        Assert.Equal("\"MEGP\",\"MEGP-0001\",LATC;\"LEHR\",\"LEHR-0002\",LATC;4096", c.Ask("HEAD1:COLL?;:HEAD2:COLL?;:STAT:QUES:COND?"));
    });

    [Theory]
    [InlineData("door", "DOOR")]
    [InlineData("beam.key", "KEY")]
    public Task Beam_DoorOrKey_EndsTheScanAndBarsTheNext(string fault, string detail) => With((c, f) =>
    {
        Warm(c, "a");
        c.Do("CT:ARM", "CT:EXP:STAR \"x\"");
        c.Advance(25);
        Assert.Equal(512, int.Parse(c.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 512);
        f.Do("on " + fault);
        Assert.Equal(0, int.Parse(c.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 512); // the beam is off
        Assert.Equal("STOP,0;STAN", c.Ask("SYST:OPER? \"x\";:CT:STAT?").Split(',')[..2] is [var a, var b] ? a + "," + b : "");
        c.Advance(5);
        c.Do("CT:ID \"22222222-2222-3333-4444-555555555555\"", "CT:DOSE:CONF " + c.Ask("CT:DOSE?"));
        Assert.Equal($"504,\"Beam interlock;{detail}\"", Error(c, "CT:ARM")); // 11
        if (fault == "door") Assert.Equal("\"603,Door open;DOOR\"", c.Ask("SYST:FAUL?"));
        c.Do("GANT:ROT 10"); // the gantry may move
    });

    [Fact]
    public Task TubeHot_CoolingUntilItIsGone() => With((c, f) =>
    {
        Warm(c, "a");
        f.Do("on tube.hot");
        Assert.Equal("COOL,100", c.Ask("CT:STAT?")[..8]);
        Assert.Equal(502, c.Try("CT:ARM")); // 11
        c.Advance(3600);
        Assert.Equal("COOL,100", c.Ask("CT:STAT?")[..8]);
        f.Do("off tube.hot");
        c.Advance(501); // 50 % at 0.1 % a second
        Assert.Equal("STAN", c.Ask("CT:STAT?")[..4]);
    });

    [Fact]
    public Task TubeCold_NeedsWarmingUp() => With((c, f) =>
    {
        Warm(c, "a");
        c.Do("CT:ARM", "CT:EXP:STAR \"x\"");
        c.Advance(25);
        f.Do("once tube.cold");
        Assert.Equal("OFF,", c.Ask("CT:STAT?")[..4]);
        Assert.Equal("FAIL,0", c.Ask("SYST:OPER? \"x\""));
        c.Advance(5);
        Assert.Equal(501, c.Try("CT:ARM")); // 11
    });

    [Fact]
    public Task HighVoltageTrip_HoldsTheRun() => With((c, f) =>
    {
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Static, "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(10);
        f.Do("on hv.trip");
        Assert.Equal("OFF,0;HOLD;1", c.Ask("HEAD1:HV?;:ACQ:STAT?;:STAT:QUES:COND?").Split(',')[..2] is [var a, var b] ? a + "," + b + ";" + c.Ask("STAT:QUES:COND?") : "");
        Assert.Equal(301, c.Try("HEAD1:HV ON;") is -221 ? 301 : 0); // not while a run is open
        Assert.Equal("\"301,High voltage;head 1\"", c.Ask("SYST:FAUL?"));
        f.Do("off hv.trip");
        c.Do("ACQ:STOP");
        c.Advance(0);
        Assert.Equal(2, c.FetchAll().Count);
        f.Do("on hv.trip");
        Assert.Equal(301, c.Try("HEAD1:HV ON"));
    });

    [Fact]
    public Task Temperature_BarsArming() => With((c, f) =>
    {
        f.Do("on temperature");
        Assert.Equal("41.5;26.5;16", c.Ask("HEAD1:TEMP?;:HEAD2:TEMP?;:STAT:QUES:COND?"));
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Static);
        Assert.Equal("303,\"Detector temperature;TEMP1\"", Error(c, "ACQ:ARM"));
        f.Do("off temperature");
        c.Do("ACQ:ARM");
    });

    [Fact]
    public Task StoreFull_BarsArming() => With((c, f) =>
    {
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Static);
        f.Do("on store.full");
        Assert.Equal(410, c.Try("ACQ:ARM")); // 14
        f.Do("off store.full");
        c.Do("ACQ:ARM");
    });

    [Fact]
    public async Task StoreSlow_FrameIsAnnouncedTwoSecondsLaterAndAStopIsNot()
    {
        var wall = new LateTime(TimeSpan.FromSeconds(2));
        await using var bench = new SimulatorBench(wall: wall);
        using var f = new FaultClient(bench.Host.FaultPort!.Value);
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Static.Replace("BOTH", "1", StringComparison.Ordinal), "ACQ:HEAD 1", "ACQ:ARM", "ACQ:STAR \"s\"");
        f.Do("on store.slow");
        c.Send("DIAG:SIM:ADV? 60\n");
        (_, Action fire) = wall.Armed.Take();
        WireClient other = bench.Connect();
        Assert.Equal("0,0,0", other.Ask("FRAM:NEXT?"));
        other.Do("ABOR"); // waits for no disk
        f.Do("off store.slow");
        fire();
        c.ReadReply();
        Assert.Single(c.FetchAll());
    }

    [Fact]
    public Task DeadTube_ColdSpotOnHeadOneOnly() => With((c, f) =>
    {
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE DYN;DYN:PHAS1 2,1000 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(1000);
        f.Do("on pmt.dead");
        c.Advance(1000);
        ulong[][] sums = [.. c.FetchAll().Select(WireClient.Header).GroupBy(h => h.Head).OrderBy(h => h.Key).Select(h => h.Select(x => x.Sum).ToArray())];
        Assert.True(sums[0][1] < sums[0][0] * 0.999, $"{sums[0][1]} of {sums[0][0]}");
        Assert.InRange((double)sums[1][1] / sums[1][0], 0.97, 1.03);
    });

    [Fact]
    public Task FrameDamaged_OnceAndOn_StoredFrameIsSound() => With((c, f) =>
    {
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Static, "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(60);
        f.Do("on frame.damaged");
        for (int i = 0; i < 3; i++) Assert.NotNull(FrameHeader.Check(c.AskBytes("FRAM:DATA? 1"), out _));
        f.Do("off frame.damaged");
        Assert.Equal(2, c.FetchAll().Count);
    });

    private static string Error(WireClient c, string command)
    {
        c.Send(command + "\n");
        return c.Ask("SYST:ERR?");
    }

    private static void Warm(WireClient c, string operation)
    {
        c.Do($"CT:WARM \"{operation}\"");
        c.Advance(30);
        c.Do($"CT:ID \"{RunTests.Id}\"", "CT:RANG 100,500");
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"));
    }

    /// <summary>Wall time whose timers the test fires.</summary>
    private sealed class LateTime(TimeSpan wanted) : TimeProvider
    {
        public System.Collections.Concurrent.BlockingCollection<(TimeSpan Due, Action Fire)> Armed { get; } = [];
        public override long GetTimestamp() => 0;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == wanted) Armed.Add((dueTime, () => callback(state)));
            return new Silent();
        }

        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;
            public void Dispose() { }
            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
