using System.Globalization;
using System.Text.Json;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>Hold-to-run and its watchdog (docs: control-interface 7 no. 4 and 12), on virtual wall time over real sockets.</summary>
public sealed class HoldToRunTests
{
    private const string Login = "{\"session\":\"console\",\"secret\":\"s\",\"sub\":[\"state\"]}";

    private sealed class Bench : IAsyncDisposable
    {
        public ManualTime Wall { get; } = new();
        public SimulatorBench Sim { get; }
        public WireClient Console { get; }
        public EventClient Events { get; }

        public Bench(bool homed = true)
        {
            Sim = new SimulatorBench(wall: Wall, step: false);
            Console = Sim.Connect().TakeControl();
            Console.Do("SYST:CONT:LEAS 30");
            if (homed)
            {
                Console.Do("MOT:HOME \"h\"");
                Pass(20_000);
            }
            Events = new EventClient(Sim.Host.EventPort);
            Events.Send(Login);
            Events.Send("sync");
            Assert.Equal("refused", Events.Next()!.Value.GetProperty("k").GetString());
        }

        public void Pass(int ms)
        {
            Wall.Advance(TimeSpan.FromMilliseconds(ms));
            Sim.Host.Gantry.Tend();
        }

        /// <summary>Waits for the next tick line.</summary>
        public long Tick() => Events.UntilAny("tick").GetProperty("n").GetInt64();

        /// <summary>Answers a tick; comes back once the gantry has read it.</summary>
        public void Token(long n)
        {
            Events.Send(string.Create(CultureInfo.InvariantCulture, $"{{\"tok\":{n}}}"));
            Events.Send("sync");
            Events.UntilAny("refused");
        }

        /// <summary>Holds the button for so many ticks of 100 ms.</summary>
        public void Hold(int ticks)
        {
            for (int i = 0; i < ticks; i++)
            {
                Token(Tick());
                Pass(100);
            }
        }

        public double Radius => double.Parse(Console.Ask("HEAD1:RAD:ACT?").Split(',')[0], CultureInfo.InvariantCulture);
        public string State => Console.Ask("SYST:STAT?").Split(',')[0];

        public async ValueTask DisposeAsync()
        {
            Events.Dispose();
            await Sim.DisposeAsync();
        }
    }

    [Fact]
    public async Task Jog_WithTokens_MovesAndStopsOnCommandIntoHold()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        Assert.Equal("MOV", b.State);
        Assert.Equal(400, b.Radius); // nothing moves before the first token
        b.Hold(20);
        // 15 mm/s after a ramp of 0.75 s at 20 mm/s²: 2 s make 15 × (2 - 0.375) mm.
        Assert.Equal(400 - (15 * (2 - 0.375)), b.Radius, 0.02);
        Assert.Equal(256 + 8, int.Parse(b.Console.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture));
        b.Console.Do("MOT:STOP");
        b.Pass(800);
        Assert.Equal("HOLD", b.State);
        Assert.Equal(400 - (15 * (2 - 0.375)) - (15 * 15 / 2.0 / 20), b.Radius, 0.02); // v²/2a
        b.Console.Do("MOT:RES \"r\"");
        Assert.Equal("READ", b.State);
    }

    [Fact]
    public async Task Jog_ZeroPercent_GoesBackToTheStateBefore()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-20");
        b.Hold(5);
        b.Console.Do("MOT:JOG HEAD1,0");
        b.Pass(500);
        Assert.Equal("READ", b.State);
        b.Console.Do("MOT:JOG HEAD1,0"); // nothing jogs: harmless
    }

    [Fact]
    public async Task Jog_ButtonReleased_StopsWithin300MsAndLatches204()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        b.Hold(10);
        double at = b.Radius;
        b.Pass(190); // 290 ms since the last token: it still runs
        Assert.Equal(at - (15 * 0.19), b.Radius, 0.02);
        b.Pass(11);
        double stop = b.Radius;
        b.Pass(750); // 15 mm/s at 20 mm/s²
        Assert.Equal("HOLD", b.State);
        Assert.Equal(stop - (15 * 15 / 2.0 / 20), b.Radius, 0.02);
        Assert.StartsWith("204,\"Watchdog expired", b.Console.Ask("SYST:ERR?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jog_Expired_LaterTokensRestartNothing()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        b.Hold(10);
        long last = 0;
        b.Pass(100);
        last = b.Tick();
        b.Pass(250);
        Assert.StartsWith("204,\"Watchdog expired", b.Console.Ask("SYST:ERR?"), StringComparison.Ordinal);
        b.Pass(1000);
        double at = b.Radius;
        for (long n = last - 3; n < last + 6; n++) b.Token(n); // a burst of old and new tokens, as TCP delivers after a stall
        b.Pass(500);
        Assert.Equal("HOLD", b.State);
        Assert.Equal(at, b.Radius);
        Assert.Equal("1024", b.Console.Ask("STAT:QUES:INT:COND?")); // bit 10 until it is resumed
        Assert.Contains("204,Watchdog expired", b.Console.Ask("SYST:FAUL?"), StringComparison.Ordinal);
        b.Console.Do("MOT:RES \"r\"");
        Assert.Equal("0;\"\"", b.Console.Ask("STAT:QUES:INT:COND?;:SYST:FAUL?"));
    }

    [Fact]
    public async Task Jog_OldTokens_DoNotCount()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        long first = b.Tick();
        b.Token(first);
        for (int i = 0; i < 4; i++)
        {
            b.Pass(70);
            b.Token(first); // always the same old echo, as a timer thread with a stale number would send
        }
        b.Pass(60);
        Assert.StartsWith("204,", b.Console.Ask("SYST:ERR?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jog_TokenOfOneOfTheLastThreeTicks_Counts()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        long n = b.Tick();
        b.Token(n);
        b.Pass(100);
        b.Pass(100);
        b.Token(n + 1); // two are out since
        b.Pass(100);
        b.Pass(100);
        Assert.Equal("MOV", b.State);
        b.Pass(100);
        b.Token(n + 2); // three have gone out since: counts no more
        Assert.Equal("0,\"No error\"", b.Console.Ask("SYST:ERR?"));
        b.Pass(20);
        Assert.StartsWith("204,", b.Console.Ask("SYST:ERR?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal4_WithoutTokenOrSwitch_Is203AndNothingMoves()
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        b.Pass(310);
        Assert.StartsWith("203,", b.Console.Ask("SYST:ERR?"), StringComparison.Ordinal);
        Assert.Equal("READ", b.State);
        Assert.Equal(400, b.Radius);
        b.Console.Do("DIAG:SIM:FAUL \"motion.switch\",ON");
        Assert.Equal(203, b.Console.Try("MOT:JOG HEAD1,-100"));
        b.Console.Do("DIAG:SIM:FAUL \"motion.switch\",OFF");
        b.Events.Dispose();
        for (int i = 0; i < 20_000 && b.Sim.Host.Gantry.Events.Readers.Count > 0; i++) b.Console.Ask("*STB?");
        Assert.Equal(203, b.Console.Try("MOT:JOG HEAD1,-100")); // no event connection: no token could come
    }

    [Fact]
    public async Task Jog_TokensOfAnotherSession_CountForNothing()
    {
        await using var b = new Bench();
        using var other = new EventClient(b.Sim.Host.EventPort);
        WireClient viewer = b.Sim.Connect();
        viewer.Do("SYST:SESS:OPEN \"viewer\",VIEW,\"v\"");
        other.Send("{\"session\":\"console\",\"secret\":\"wrong\"}\n{\"session\":\"viewer\",\"secret\":\"v\"}");
        Assert.Equal("refused", other.Next()!.Value.GetProperty("k").GetString());
        b.Console.Do("MOT:JOG HEAD1,-100");
        long n = b.Tick();
        other.Send(string.Create(CultureInfo.InvariantCulture, $"{{\"tok\":{n}}}\nsync"));
        Assert.Equal("refused", other.Next()!.Value.GetProperty("k").GetString()); // no tick came here, only the answer to "sync"
        b.Pass(310);
        Assert.StartsWith("203,", b.Console.Ask("SYST:ERR?"), StringComparison.Ordinal);
        Assert.Equal(400, b.Radius);
    }

    [Theory]
    [InlineData("events")]
    [InlineData("control")]
    [InlineData("estop")]
    [InlineData("pad")]
    [InlineData("watchdog")]
    [InlineData("switch")]
    [InlineData("lease")]
    public async Task Jog_WhateverIsLost_Stops(string what)
    {
        await using var b = new Bench();
        b.Console.Do("MOT:JOG HEAD1,-100");
        b.Hold(10);
        WireClient other = b.Sim.Connect();
        switch (what)
        {
            case "events": b.Events.Dispose(); break;
            case "control": b.Console.Dispose(); break;
            case "estop": other.Do("DIAG:SIM:FAUL \"estop\",ON"); break;
            case "pad": other.Do("DIAG:SIM:FAUL \"pad.1\",ON"); break;
            case "watchdog": other.Do("DIAG:SIM:FAUL \"watchdog.dead\",ON"); break;
            case "switch": other.Do("DIAG:SIM:FAUL \"motion.switch\",ON"); break;
            default: other.Do("DIAG:SIM:FAUL \"lease.thief\",ON"); break;
        }
        if (what == "watchdog") b.Pass(301);
        string state = "MOV";
        for (int i = 0; i < 20_000 && state == "MOV"; i++)
        {
            state = other.Ask("SYST:STAT?").Split(',')[0];
            if (state == "MOV") b.Wall.Advance(TimeSpan.FromMilliseconds(what is "events" or "control" ? 0 : 800)); // the deceleration
            if (what is "events" or "control" && other.Ask("STAT:OPER:COND?") is "8" or "0") b.Wall.Advance(TimeSpan.FromMilliseconds(800));
        }
        Assert.Equal(what == "estop" ? "EST" : "HOLD", state);
    }

    [Fact]
    public async Task Jog_Unhomed_OnlySlowly()
    {
        await using var b = new Bench(homed: false);
        Assert.Equal(201, b.Console.Try("MOT:JOG HEAD1,-26")); // 2
        b.Console.Do("MOT:JOG HEAD1,-25");
        b.Hold(20);
        Assert.InRange(b.Radius, 390, 396);
        b.Console.Do("MOT:JOG HEAD1,0");
        b.Pass(500);
        Assert.Equal("UNH", b.State);
    }

    [Fact]
    public async Task Jog_IntoLimitAndBody_EndsThereAndMayOnlyMoveAway()
    {
        await using var b = new Bench();
        Assert.Equal(205, b.Console.Try("MOT:JOG HEAD1,100")); // it stands at its limit of 400
        b.Console.Do("MOT:JOG HEAD1,-100");
        b.Hold(160);
        Assert.Equal(200, b.Radius, 0.2); // the body of the test scene
        Assert.Contains("HEAD1,", b.Console.Ask("MOT:STAT?"), StringComparison.Ordinal);
        Assert.Equal("LIM", b.Console.Ask("MOT:STAT?").Split(',')[7]);
        b.Console.Do("MOT:JOG HEAD1,0");
        Assert.Equal(202, b.Console.Try("MOT:JOG HEAD1,-10"));
        b.Console.Do("MOT:JOG HEAD1,10");
    }

    [Fact]
    public async Task Jog_FromHold_FreesThePatientAndGoesBackToHold()
    {
        await using var b = new Bench();
        b.Console.Do("DIAG:SIM:FAUL \"pad.1\",ON");
        Assert.Equal("HOLD", b.State);
        Assert.Equal(602, b.Console.Try("MOT:JOG HEAD1,-10")); // 1: not while the interlock is open
        b.Console.Do("DIAG:SIM:FAUL \"pad.1\",OFF", "INT:RES", "MOT:JOG HEAD1,-10");
        b.Hold(5);
        b.Console.Do("MOT:JOG HEAD1,0");
        b.Pass(500);
        Assert.Equal("HOLD", b.State);
    }
}
