using System.Globalization;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>Profiles, limits, geometry, patient and load (docs: control-interface 7 and 9), against closed forms.</summary>
public sealed class MotionTests
{
    private static double Field(WireClient c, string query) => double.Parse(c.Ask(query).Split(',')[0], CultureInfo.InvariantCulture);

    private static string Plan(WireClient c) => c.Ask("MOT:PLAN?");

    [Fact]
    public async Task Move_Profile_IsTrapezoidalInSpeedAndAcceleration()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:ROT 30", "GANT:ROT:SPE 3");
        string[] plan = Plan(c).Split(',');
        // 30° at 3°/s and 1.5°/s²: 2 s up, 2 s down, 6 + 6 ramps make 6° each way ... total 30/3 + 3/1.5 = 12 s.
        Assert.Equal(12, double.Parse(plan[1], CultureInfo.InvariantCulture), 3);
        c.Do("MOT:STAR \"m\"," + plan[2]);
        double last = 0;
        for (int i = 1; i <= 120; i++)
        {
            c.Advance(0.1);
            double t = i / 10.0, expected = t <= 2 ? 0.75 * t * t : t >= 10 ? 30 - (0.75 * (12 - t) * (12 - t)) : 3 + (3 * (t - 2));
            double at = Field(c, "GANT:ROT:ACT?");
            Assert.Equal(expected, at, 0.001);
            Assert.InRange(at - last, 0, 0.3001);
            last = at;
        }
        Assert.Equal("DONE,0", c.Ask("SYST:OPER? \"m\""));
    }

    [Fact]
    public async Task Move_SeveralAxes_GoStraightAndArriveTogether()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:ROT 60", "HEAD1:RAD 300", "TABL:LONG 400");
        string[] plan = Plan(c).Split(',');
        double seconds = double.Parse(plan[1], CultureInfo.InvariantCulture);
        c.Do("MOT:STAR \"m\"," + plan[2]);
        for (int i = 0; i < 9; i++)
        {
            c.Advance(seconds / 10);
            double f = Field(c, "GANT:ROT:ACT?") / 60;
            Assert.Equal(400 - (100 * f), Field(c, "HEAD1:RAD:ACT?"), 0.01); // the line the collision model has looked at
            Assert.Equal(400 * f, Field(c, "TABL:LONG:ACT?"), 0.01);
        }
        c.Advance(seconds / 10);
        Assert.Equal("60,1;300,1;400,1", c.Ask("GANT:ROT:ACT?;:HEAD1:RAD:ACT?;:TABL:LONG:ACT?"));
    }

    [Fact]
    public async Task Geometry_L90_TurnsHeadTwoAndItsAngleInTheFrames()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal("H180", c.Ask("GANT:GEOM?"));
        c.Do("GANT:GEOM L90");
        c.Move("geometry");
        Assert.Equal("L90;90,1", c.Ask("GANT:GEOM?;GEOM:ACT?"));
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE TOMO;TOMO:STAR 10;ARC 90;VIEW 2;TIME 5 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"t\"");
        c.Advance(300);
        List<Acquire.Protocols.Gantry.FrameHeader> frames = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal([10_000, 55_000], frames.Where(h => h.Head == 1).Select(h => h.AngleStartMdeg));
        Assert.Equal([100_000, 145_000], frames.Where(h => h.Head == 2).Select(h => h.AngleStartMdeg));
    }

    [Fact]
    public async Task Geometry_HeadsAtAnAngle_MustNotMeet()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:GEOM L90");
        c.Move("geometry");
        // Faces 560 mm wide at a right angle meet when both radii are below 280.
        c.Do("HEAD1:RAD 279", "HEAD2:RAD 279");
        Assert.Equal("HEAD,0,0", Plan(c));
        c.Do("HEAD1:RAD 281");
        Assert.StartsWith("OK,", Plan(c), StringComparison.Ordinal);
        c.Do("HEAD1:RAD 281", "HEAD2:RAD 281");
        c.Move("close");
        c.Do("GANT:GEOM L76");
        Assert.Equal("HEAD,0,0", Plan(c));
    }

    [Fact]
    public async Task TableHeight_BringsTheBodyNearerToTheUpperHead()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("HEAD1:RAD 230", "HEAD2:RAD 230"); // the test scene's body is round, 200 mm
        c.Move("in");
        c.Do("TABL:VERT 885");
        Assert.Equal("COLL_1,0,0", Plan(c));
        c.Do("TABL:VERT 875");
        c.Move("up");
        c.Do("TABL:VERT 815");
        Assert.Equal("COLL_2,0,0", Plan(c));
    }

    [Fact]
    public async Task Refusal17_SpeedWithAPatient_IsLimited()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal("75", c.Ask("DIAG:SIM:TABL:LOAD?"));
        Assert.Equal(-222, c.Try("GANT:ROT:SPE 5")); // 17
        Assert.Equal(-222, c.Try("HEAD1:RAD:SPE 26"));
        c.Do("DIAG:SIM:TABL:LOAD 0", "GANT:ROT:SPE 5", "GANT:ROT 90", "DIAG:SIM:TABL:LOAD 60");
        Assert.Equal("SPE,0,0", Plan(c)); // set before somebody lay down
        c.Do("DIAG:SIM:TABL:LOAD 0");
        string plan = Plan(c).Split(',')[2];
        c.Do("DIAG:SIM:TABL:LOAD 60");
        Assert.Equal(-222, c.Try("MOT:STAR \"m\"," + plan));
        Assert.Equal("REF,-222", c.Ask("SYST:OPER? \"m\""));
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "HEAD1:HV ON;:HEAD2:HV ON", "ACQ:MODE TOMO");
        Assert.Equal(-222, c.Try("ACQ:ARM")); // a program is a move too
        c.Do("GANT:ROT:SPE 4", "ACQ:ARM", "ABOR");
        c.Do("GANT:ROT 89");
        c.Move("m2");
    }

    [Fact]
    public async Task Refusal9_TableOverItsLoadOrReleased_DoesNotMove()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("TABL:LONG 100");
        string plan = Plan(c).Split(',')[2];
        c.Do("DIAG:SIM:TABL:LOAD 201");
        Assert.StartsWith("HOLD,IDLE,OFF,TRIP", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.Equal("\"604,Table load;LOAD\"", c.Ask("SYST:FAUL?"));
        Assert.Equal(604, c.Try("MOT:RES \"r\"")); // 9, 1
        Assert.Equal(-221, c.Try("MOT:STAR \"m\"," + plan));
        c.Do("DIAG:SIM:TABL:LOAD 80", "INT:RES", "MOT:RES \"r2\"");
        c.Do("DIAG:SIM:FAUL \"table.release\",ON");
        Assert.Equal("OFF", c.Ask("MOT:STAT?").Split(',')[15]);
        Assert.Equal(607, c.Try("MOT:RES \"r3\"")); // 9
        c.Do("DIAG:SIM:FAUL \"table.release\",OFF", "INT:RES", "MOT:RES \"r4\"");
        Assert.StartsWith("UNH", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.Equal("HOME,0,0", Plan(c)); // 2: nobody knows where the table is
        Assert.Equal(201, c.Try("MOT:STAR \"m\"," + plan));
        c.Do("MOT:HOME \"h\",LONG,VERT,LAT");
        c.Advance(10);
        Assert.StartsWith("READ", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal8_ExchangePosition_BarsRotation()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal(-221, c.Try("DIAG:SIM:COLL 1,\"MEGP\"")); // only there
        c.Do("DIAG:SIM:EXCH ON", "GANT:ROT 10");
        Assert.Equal(302, c.Try("MOT:STAR \"m\"," + Plan(c).Split(',')[2])); // 8
        Assert.Equal(302, c.Try("MOT:HOME \"h\",ROT"));
        Assert.Equal(302, c.Try("MOT:JOG ROT,10"));
        c.Do("DIAG:SIM:COLL 1,\"\"");
        Assert.Equal("\"\",\"\",NONE", c.Ask("HEAD1:COLL?"));
        c.Do("DIAG:SIM:EXCH OFF");
        Assert.Equal(302, c.Try("MOT:STAR \"m\"," + Plan(c).Split(',')[2])); // nothing is mounted
        c.Do("DIAG:SIM:EXCH ON", "DIAG:SIM:COLL 1,\"MEGP\"", "DIAG:SIM:EXCH OFF");
        Assert.Equal(-224, c.Try("DIAG:SIM:EXCH ON;:DIAG:SIM:COLL 1,\"XXXX\""));
        c.Do("DIAG:SIM:EXCH OFF");
        Assert.Equal("\"MEGP\",\"MEGP-0001\",LATC", c.Ask("HEAD1:COLL?"));
        c.Move("m");
        Assert.Equal(-221, c.Try("DIAG:SIM:EXCH ON")); // rotation is not at 0
    }

    [Fact]
    public async Task Home_SomeAxes_LeavesTheOthersUnhomed()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        c.Do("MOT:HOME \"a\",ROT,HEAD1,HEAD2,GEOM");
        c.Advance(5);
        Assert.Equal("UNH;DONE,0", c.Ask("SYST:STAT?").Split(',')[0] + ";" + c.Ask("SYST:OPER? \"a\""));
        c.Do("MOT:HOME \"b\",LONG,VERT,LATERAL");
        c.Advance(5);
        Assert.StartsWith("READ", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(100, 5, 2)]
    [InlineData(1, 50, 3)]
    [InlineData(-30, 4, 0.5)]
    public void Trapezoid_AnyWay_KeepsSpeedAndAccelerationAndArrives(double way, double speed, double acceleration)
    {
        var t = new Trapezoid(1000, 10, 10 + way, speed, acceleration);
        double last = 10, lastSpeed = 0;
        const long StepUs = 1000;
        for (long at = 1000; at <= 1000 + t.DurationUs + StepUs; at += StepUs)
        {
            double p = t.Position(at), v = t.Velocity(at);
            Assert.InRange(Math.Abs(p - last), 0, (speed * StepUs / 1e6) + 1e-9);
            Assert.InRange(Math.Abs(v - lastSpeed), 0, (acceleration * StepUs / 1e6) + 1e-6);
            Assert.InRange(Math.Abs(v), 0, speed + 1e-9);
            (last, lastSpeed) = (p, v);
        }
        Assert.Equal(10 + way, last);
    }
}
