using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

public sealed class RunTests
{
    internal const string Id = "11111111-2222-3333-4444-555555555555";

    /// <summary>The ledger must be what a client adds up from the frames by itself.</summary>
    private static void AssertLedger(string ledger, List<byte[]> frames, string id, string liveSeconds)
    {
        FrameHeader[] headers = [.. frames.Select(WireClient.Header)];
        int[] heads = [.. headers.Select(h => (int)h.Head).Distinct().Order()];
        byte[] crcs = new byte[4 * frames.Count];
        for (int i = 0; i < frames.Count; i++) BinaryPrimitives.WriteUInt32LittleEndian(crcs.AsSpan(4 * i), Crc32.Of(frames[i]));
        var expected = new List<string> { $"\"{id}\"", Text(frames.Count), Text(heads.Length) };
        expected.AddRange(heads.Select(h => Text(frames.Where((_, i) => headers[i].Head == h).Sum(f => FrameHeader.Pixels(f, WireClient.Header(f)).Sum(p => (long)p)))));
        expected.AddRange(heads.SelectMany(_ => new[] { "0" }));
        expected.AddRange(heads.SelectMany(_ => new[] { "0" }));
        expected.AddRange(heads.Select(_ => liveSeconds));
        expected.Add(Text(Crc32.Of(crcs)));
        Assert.Equal(string.Join(',', expected), ledger);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    [Fact]
    public async Task Static_TwoHeadsTwoWindows_FramesInOrderAndLedgerEqual()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE STAT;HEAD BOTH;LIM:TIME 20 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "HEAD1:ENER:WIND2 \"scatter\",110,126", "HEAD2:ENER:WIND2 \"scatter\",110,126");
        Assert.Equal("OK,4,66048,20", c.Ask("ACQ:CHEC?"));
        c.Do("ACQ:ARM");
        Assert.Equal("READ,ARM,OFF,OK,\"console\"", c.Ask("SYST:STAT?"));
        c.Do("ACQ:STAR \"op1\"");
        c.Advance(5);
        Assert.Equal("RUNN,NONE,5,5,1,0,0", c.Ask("ACQ:STAT?"));
        Assert.Equal("0,0,0", c.Ask("FRAM:NEXT?"));
        c.Advance(15);
        Assert.Equal("DRA,DONE,20,20,1,4,0", c.Ask("ACQ:STAT?"));
        Assert.Equal("1,4,4", c.Ask("FRAM:RANG?"));
        Assert.Equal("DONE,0", c.Ask("SYST:OPER? \"op1\""));
        List<byte[]> frames = c.FetchAll();
        Assert.Equal(["1/1", "1/2", "2/1", "2/2"], frames.Select(f => WireClient.Header(f)).Select(h => $"{h.Head}/{h.Window}"));
        Assert.Equal("IDLE,DONE,20,20,0,4,4", c.Ask("ACQ:STAT?"));
        AssertLedger(c.Ask("ACQ:LEDG?"), frames, Id, "20");
        FrameHeader first = WireClient.Header(frames[0]), second = WireClient.Header(frames[2]);
        Assert.Equal((30_000_000ul, 20_000_000ul, 20_000_000ul), (first.StartTickUs, first.ElapsedUs, first.LiveUs));
        Assert.Equal((0, 180_000, 400_000, 9600u), (first.AngleStartMdeg, second.AngleStartMdeg, first.RadiusUm, first.PixelUm));
        Assert.Equal(FrameFlags.Simulated, first.Flags);
        // 20 000 cps for 20 s: within 6 standard deviations.
        Assert.InRange((double)first.Sum, 400_000 - 3800, 400_000 + 3800);
    }

    [Fact]
    public async Task Dynamic_TwoPhasesWithPause_EveryFrameAtItsTick()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE DYN;DYN:PHAS1 3,1 S;PHAS2 2,10 S,5 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"op2\"");
        c.Advance(60);
        List<byte[]> frames = c.FetchAll();
        FrameHeader[] head1 = [.. frames.Select(WireClient.Header).Where(h => h.Head == 1)];
        Assert.Equal([30.0, 31, 32, 33, 48], head1.Select(h => h.StartTickUs / 1e6));
        Assert.Equal([1.0, 1, 1, 10, 10], head1.Select(h => h.LiveUs / 1e6));
        Assert.Equal([1, 1, 1, 2, 2], head1.Select(h => (int)h.Phase));
        Assert.Equal([1u, 2, 3, 4, 5], head1.Select(h => h.View));
        AssertLedger(c.Ask("ACQ:LEDG?"), frames, Id, "23");
        Assert.Equal("DONE", c.Ask("ACQ:LEDG:REAS?"));
    }

    [Theory]
    [InlineData("CW", 10.0, 1)]
    [InlineData("CCW", 180.0, -1)]
    public async Task TomoStep_Contour_StopsAtExactAnglesOnTheContour(string direction, double start, int sign)
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 500) { ContourMm = 231.42 });
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", FormattableString.Invariant($"ACQ:MODE TOMO;TOMO:STAR {start};ARC 180;VIEW 6;TIME 2 S;MODE STEP;ORB CONT;DIR {direction};:HEAD1:MATR 64;:HEAD2:MATR 64"));
        string[] check = c.Ask("ACQ:CHEC?").Split(',');
        Assert.Equal(("OK", "12"), (check[0], check[1]));
        c.Do("ACQ:ARM", "ACQ:STAR \"op3\"");
        Assert.StartsWith("PROG,RUNN", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        c.Advance(double.Parse(check[3], CultureInfo.InvariantCulture)); // the check tells the duration, motion included
        Assert.StartsWith("READ,DRA", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        List<byte[]> frames = c.FetchAll();
        FrameHeader[] headers = [.. frames.Select(WireClient.Header)];
        for (int i = 0; i < 6; i++)
        {
            int angle = (int)Math.Round(1000 * (start + (sign * 30 * i)));
            Assert.Equal((1, (uint)i + 1, angle, angle), (headers[2 * i].Head, headers[2 * i].View, headers[2 * i].AngleStartMdeg, headers[2 * i].AngleEndMdeg));
            Assert.Equal((angle + 180_000) % 360_000, headers[(2 * i) + 1].AngleStartMdeg);
            Assert.Equal(231_500, headers[i].RadiusUm); // rounded up to the axis' 0.1 mm
        }
        AssertLedger(c.Ask("ACQ:LEDG?"), frames, Id, "12");
        Assert.Equal(FormattableString.Invariant($"{start + (sign * 150)},1"), c.Ask("GANT:ROT:ACT?"));
    }

    [Fact]
    public async Task TomoContinuous_Frames_AbutInAngleAndTime()
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 500));
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE TOMO;HEAD 1;TOMO:STAR 0;ARC 360;VIEW 12;TIME 10 S;MODE CONT;DIR CW;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op3\"");
        c.Advance(300);
        FrameHeader[] headers = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal(12, headers.Length);
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal((30_000 * i, 30_000 * (i + 1)), (headers[i].AngleStartMdeg, headers[i].AngleEndMdeg));
            Assert.Equal(headers[0].StartTickUs + (10_000_000ul * (ulong)i), headers[i].StartTickUs);
        }
        Assert.All(bench.Scene.Exposed, e => Assert.Equal(30, e.HeadAngleEndDeg - e.HeadAngleStartDeg, 9));
    }

    [Fact]
    public async Task Static_CountLimit_EndsWhenExpected()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE STAT;LIM:COUN 90000;TIME 60 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(60);
        FrameHeader h = WireClient.Header(c.FetchAll()[0]);
        Assert.Equal(4_500_000ul, h.LiveUs); // 90 000 counts at 20 000 cps
        Assert.InRange((double)h.Sum, 90_000 - 1800, 90_000 + 1800);
    }

    [Fact]
    public async Task Pause_InStatic_CountsOnlyWhileRunning()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE STAT;LIM:TIME 10 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(4);
        c.Do("ACQ:PAUS");
        c.Advance(100);
        Assert.Equal("PAUS,NONE,104,4,1,0,0", c.Ask("ACQ:STAT?"));
        c.Do("ACQ:RES \"again\"");
        c.Advance(6);
        FrameHeader h = WireClient.Header(c.FetchAll()[0]);
        Assert.Equal((110_000_000ul, 10_000_000ul), (h.ElapsedUs, h.LiveUs));
        Assert.True(h.Flags.HasFlag(FrameFlags.HeldInside) && !h.Flags.HasFlag(FrameFlags.Partial));
        Assert.Equal([4.0, 6], bench.Scene.Exposed.Where(e => e.Head == 1).Select(e => e.Duration.TotalSeconds));
    }

    [Fact]
    public async Task Stop_InDynamic_KeepsThePartialFrame()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE DYN;HEAD 1;DYN:PHAS1 10,2 S;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(4.5);
        c.Do("ACQ:STOP");
        c.Advance(0);
        Assert.Equal("1,3,3", c.Ask("FRAM:RANG?"));
        Assert.Equal("STOP,0", c.Ask("SYST:OPER? \"op\""));
        FrameHeader last = WireClient.Header(c.FetchAll()[2]);
        Assert.Equal((FrameFlags.Partial | FrameFlags.Simulated, 500_000ul), (last.Flags, last.LiveUs));
        Assert.Equal("IDLE,STOP", string.Join(',', c.Ask("ACQ:STAT?").Split(',')[..2]));
    }

    [Fact]
    public async Task EmergencyStop_InTomoView_SplitsTheViewAndGoesOn()
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 500));
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE TOMO;HEAD 1;TOMO:STAR 0;ARC 90;VIEW 2;TIME 10 S;MODE STEP;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(4);
        c.Do("DIAG:SIM:FAUL \"estop\",ON");
        Assert.Equal("EST,HOLD,OFF,TRIP,\"console\"", c.Ask("SYST:STAT?"));
        Assert.Equal(-221, c.Try("MOT:RES \"m\""));
        Assert.Equal(-221, c.Try("INT:RES")); // the button is still pressed
        c.Do("DIAG:SIM:FAUL \"estop\",OFF", "INT:RES", "MOT:RES \"m\"", "ACQ:RES \"a\"");
        c.Advance(100);
        FrameHeader[] h = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal([(1u, 4_000_000ul), (1u, 6_000_000ul), (2u, 10_000_000ul)], h.Select(x => (x.View, x.LiveUs)));
        Assert.Equal(FrameFlags.Partial | FrameFlags.HeldInside | FrameFlags.Simulated, h[0].Flags);
        Assert.Equal("IDLE,DONE", string.Join(',', c.Ask("ACQ:STAT?").Split(',')[..2]));
    }

    [Fact]
    public async Task Ct_Helical_SlicesAreFramesWithLedger()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal(-221, c.Try("CT:KV 120")); // settings belong to STANdby
        Assert.Equal(501, c.Try("CT:ARM"));
        c.Do("CT:WARM \"w\"");
        c.Advance(30);
        c.Do($"CT:ID \"{Id}\"", "CT:MODE HEL;KV 120;MA 60;ROT 1 S;PITC 1;RANG 300,340;SLIC 5 MM");
        Assert.Equal(503, c.Try("CT:ARM"));
        Assert.Equal("4.02,16.1", c.Ask("CT:DOSE?")); // 0.067 mGy/mAs × 60 mAs; × 4 cm
        Assert.Equal(503, c.Try("CT:DOSE:CONF 4.01,16.1"));
        c.Do("CT:DOSE:CONF 4.02,16.1", "CT:ARM");
        Assert.Equal("ARM,0,120", c.Ask("CT:STAT?"));
        c.Do("CT:EXP:STAR \"c1\"");
        c.Advance(60);
        Assert.Equal("STAN", c.Ask("CT:STAT?").Split(',')[0]);
        List<byte[]> frames = c.FetchAll();
        FrameHeader[] h = [.. frames.Select(WireClient.Header)];
        Assert.Equal([302_500, 307_500, 312_500, 317_500, 322_500, 327_500, 332_500, 337_500], h.Select(x => x.TableStartUm));
        Assert.All(h, x => Assert.Equal((FrameMode.Ct, (byte)0, (byte)0, (ushort)512, 977u), (x.Mode, x.Head, x.Window, x.Width, x.PixelUm)));
        // Table feed 20 mm/s: a slice of 5 mm every 0.25 s.
        Assert.All(h.Skip(1).Zip(h), p => Assert.Equal(250_000ul, p.First.StartTickUs - p.Second.StartTickUs));
        Assert.Equal([0u, 0, 0, 0, 1, 2, 3, 0], FrameHeader.Pixels(frames[0], h[0])[..8]); // HU -1027…-1021 clamped at 0
        AssertLedger(c.Ask("ACQ:LEDG?"), frames, Id, "8");
        Assert.StartsWith("IDLE,DONE", c.Ask("ACQ:STAT?"), StringComparison.Ordinal);
        Assert.Equal(505, c.Try("CT:EXP:STAR \"c2\"")); // used up
        Assert.Equal("REF,505", c.Ask("SYST:OPER? \"c2\""));
    }

    [Fact]
    public async Task Frames_HoweverTimeIsCut_AreTheSameBytes()
    {
        async Task<List<byte[]>> Study(IEnumerable<double> cuts)
        {
            await using var bench = new SimulatorBench();
            WireClient c = bench.ReadyConsole();
            c.Do($"ACQ:ID \"{Id}\"", "ACQ:MODE TOMO;TOMO:STAR 0;ARC 90;VIEW 3;TIME 5 S;MODE STEP;ORB CONT;:HEAD1:MATR 64;:HEAD2:MATR 64", "DIAG:SIM:PAT:INJ 600", "ACQ:ARM", "ACQ:STAR \"op\"");
            foreach (double cut in cuts) c.Advance(cut);
            return c.FetchAll();
        }

        List<byte[]> whole = await Study([100]);
        Assert.Equal(6, whole.Count);
        Assert.Equal(whole, await Study(Enumerable.Repeat(0.37, 270).Append(0.1)));
        Assert.Equal(whole, await Study([0.000001, 17.123456, 50, 0, 32.876543]));
    }

    [Fact]
    public async Task Motion_Plan_IsTheTrapezoidOfClosedForm()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:ROT 90");
        string[] plan = c.Ask("MOT:PLAN?").Split(',');
        Assert.Equal(("OK", "32"), (plan[0], plan[1])); // 90/3 + 3/1.5 s
        c.Do("MOT:STAR \"m\"," + plan[2], "MOT:STAR \"m\"," + plan[2]); // the same id again is ignored
        c.Advance(1);
        Assert.Equal("0.75,0", c.Ask("GANT:ROT:ACT?")); // a t²/2
        c.Advance(15);
        Assert.Equal("45,0", c.Ask("GANT:ROT:ACT?"));
        c.Do("MOT:STOP");
        Assert.StartsWith("MOV", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        c.Advance(2);
        Assert.Equal("48,0", c.Ask("GANT:ROT:ACT?")); // v²/2a = 3 degrees to stand
        Assert.StartsWith("HOLD", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.Equal("STOP,0", c.Ask("SYST:OPER? \"m\""));
        c.Do("MOT:RES \"r\"");
        c.Move("m2");
        Assert.Equal("90,1", c.Ask("GANT:ROT:ACT?"));
    }
}
