using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>Gated and whole-body runs, the running image, and going on behind a hold.</summary>
public sealed class ModeTests
{
    [Fact]
    public async Task WholeBody_RowsAreTablePositionsEachSeenForTheSameTime()
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 200_000));
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE WBOD;WBOD:RANG 200,800;SPE 10;:HEAD1:MATR 64;:HEAD2:MATR 64");
        string[] check = c.Ask("ACQ:CHEC?").Split(',');
        Assert.Equal(("OK", "2"), (check[0], check[1]));
        c.Do("ACQ:ARM", "ACQ:STAR \"op\"");
        Assert.StartsWith("PROG,RUNN", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        c.Advance(35);
        double table = double.Parse(c.Ask("TABL:LONG:ACT?").Split(',')[0], CultureInfo.InvariantCulture);
        Assert.InRange(table, 300, 799);
        FrameHeader preview = WireClient.Header(c.AskBytes("FRAM:PREV? 2"));
        Assert.Equal((62, 64, (int)Math.Round(table * 1000)), (preview.Height, preview.Width, preview.TableEndUm));
        c.Advance(double.Parse(check[3], CultureInfo.InvariantCulture) - 35);
        Assert.StartsWith("READ,DRA", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        List<byte[]> frames = c.FetchAll();
        Assert.Equal(2, frames.Count);
        FrameHeader h = WireClient.Header(frames[0]);
        Assert.Equal((FrameMode.WholeBody, (ushort)64, (ushort)62, 200_000, 800_000, 60_000_000ul, FrameFlags.Simulated), (h.Mode, h.Width, h.Height, h.TableStartUm, h.TableEndUm, h.LiveUs, h.Flags));
        Assert.True(h.Sum > preview.Sum);
        // Every row is seen for 128 mm / 10 mm/s; the scene gives 200 000 / 64 counts a second in a row of 64 pixels.
        uint[] pixels = FrameHeader.Pixels(frames[0], h);
        double expected = 12.8 * 200_000 / 64;
        for (int r = 0; r < h.Height; r++) Assert.InRange(pixels.Skip(r * 64).Take(64).Sum(p => p), expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));
        Assert.Equal("800,1", c.Ask("TABL:LONG:ACT?"));
    }

    [Fact]
    public async Task WholeBody_HeldAndResumed_IsOneFrameWithAllItsTime()
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 200_000));
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE WBOD;HEAD 1;WBOD:RANG 800,200;SPE 20;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(30);
        c.Do("MOT:STOP");
        c.Advance(5);
        Assert.StartsWith("HOLD,HOLD", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        c.Do("MOT:RES \"m\"", "ACQ:RES \"a\"");
        c.Advance(60);
        byte[] frame = Assert.Single(c.FetchAll());
        FrameHeader h = WireClient.Header(frame);
        Assert.Equal((30_000_000ul, FrameFlags.HeldInside | FrameFlags.Simulated, 800_000, 200_000), (h.LiveUs, h.Flags, h.TableStartUm, h.TableEndUm));
        uint[] pixels = FrameHeader.Pixels(frame, h);
        double expected = 6.4 * 200_000 / 64;
        for (int r = 0; r < h.Height; r++) Assert.InRange(pixels.Skip(r * 64).Take(64).Sum(p => p), expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));
        Assert.StartsWith("IDLE,DONE", c.Ask("ACQ:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gated_Sim_EveryBinHasItsShareOfTimeAndCounts()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE GAT;LIM:TIME 40 S;:ACQ:GATE:BINS 16;SOUR SIM;:HEAD1:MATR 64;:HEAD2:MATR 64");
        Assert.StartsWith("OK,32,", c.Ask("ACQ:CHEC?"), StringComparison.Ordinal);
        c.Do("ACQ:ARM", "ACQ:STAR \"op\"");
        Assert.Equal(32, int.Parse(c.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 32); // waits for the gate
        c.Advance(41);
        FrameHeader[] h = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal(32, h.Length);
        Assert.Equal([(1, 1u), (1, 2u), (1, 3u)], h.Take(3).Select(x => ((int)x.Head, x.GateBin)));
        // 40 cycles of a second, all accepted but one that the end may cut.
        Assert.All(h, x => Assert.InRange(x.LiveUs, 39_000_000ul / 16, 40_000_000ul / 16));
        double expected = 20_000 * h[0].LiveUs / 1e6;
        Assert.All(h, x => Assert.InRange(x.Sum, expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected))));
    }

    [Fact]
    public async Task GatedTomo_EveryViewHasItsBins()
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 500));
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE GTOM;TOMO:STAR 0;ARC 90;VIEW 3;TIME 5 S;MODE STEP;:ACQ:GATE:BINS 4;SOUR RESP;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(120);
        FrameHeader[] h = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal(3 * 2 * 4, h.Length);
        Assert.All(h, x => Assert.Equal(FrameMode.GatedTomo, x.Mode));
        Assert.Equal([1u, 2, 3, 4, 1, 2, 3, 4], h.Take(8).Select(x => x.GateBin));
        Assert.Equal([1u, 2, 3], h.Select(x => x.View).Distinct());
    }

    [Fact]
    public async Task TomoContinuous_Hold_BacksUpFiveDegreesAndGoesOnAtTheSameAngle()
    {
        await using var bench = new SimulatorBench(new UniformScene(7, 500));
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE TOMO;HEAD 1;TOMO:STAR 0;ARC 120;VIEW 12;TIME 10 S;MODE CONT;DIR CW;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(34);
        c.Do("MOT:STOP");
        c.Advance(3);
        double held = double.Parse(c.Ask("GANT:ROT:ACT?").Split(',')[0], CultureInfo.InvariantCulture);
        c.Do("MOT:RES \"m\"", "ACQ:RES \"a\"");
        double lowest = held;
        for (int i = 0; i < 60; i++)
        {
            c.Advance(0.1);
            lowest = Math.Min(lowest, double.Parse(c.Ask("GANT:ROT:ACT?").Split(',')[0], CultureInfo.InvariantCulture));
        }
        c.Advance(200);
        FrameHeader[] h = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal(13, h.Length);
        FrameHeader first = h.First(x => x.View == h[3].View), second = h[4];
        Assert.Equal((4u, 4u), (h[3].View, second.View));
        Assert.Equal(FrameFlags.Partial | FrameFlags.HeldInside | FrameFlags.Simulated, first.Flags);
        Assert.Equal((first.AngleEndMdeg, 40_000), (second.AngleStartMdeg, second.AngleEndMdeg)); // the angle where counting stopped, then on to the end of the view
        Assert.Equal((first.AngleEndMdeg / 1000.0) - 5, lowest, 0.02);
        Assert.Equal(10_000_000ul, first.LiveUs + second.LiveUs);
        for (int i = 1; i < h.Length; i++) Assert.Equal(h[i - 1].AngleEndMdeg, h[i].AngleStartMdeg);
    }

    [Fact]
    public async Task Preview_OfARunningFrame_IsPartOfIt()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE STAT;LIM:TIME 20 S;:HEAD1:MATR 64;:HEAD2:MATR 64");
        Assert.Equal(420, c.Try("FRAM:PREV? 1"));
        c.Do("*CLS", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(4);
        byte[] four = c.AskBytes("FRAM:PREV? 1,1");
        c.Advance(8);
        byte[] twelve = c.AskBytes("FRAM:PREV? 1");
        Assert.Equal(420, c.Try("FRAM:PREV? 1,2"));
        Assert.Equal("0,0,0", c.Ask("FRAM:NEXT?")); // it is no frame
        c.Advance(8);
        byte[] frame = c.FetchAll()[0];
        uint[][] images = [.. new[] { four, twelve, frame }.Select(f => FrameHeader.Pixels(f, WireClient.Header(f)))];
        Assert.Equal([4_000_000ul, 12_000_000, 20_000_000], new[] { four, twelve, frame }.Select(f => WireClient.Header(f).LiveUs));
        Assert.Equal((0u, FrameFlags.Partial | FrameFlags.Simulated), (WireClient.Header(four).Number, WireClient.Header(four).Flags));
        Assert.True(images[0].Zip(images[1], images[2]).All(p => p.First <= p.Second && p.Second <= p.Third));
        Assert.InRange((double)WireClient.Header(four).Sum, 80_000 - 1700, 80_000 + 1700);
    }

    [Fact]
    public async Task Free_PowerCutInsideAFrame_KeepsItUpToTheLastSecond()
    {
        var wall = new ManualTime();
        string left;
        await using (var bench = new SimulatorBench(wall: wall, step: false))
        {
            WireClient c = bench.Connect().TakeControl();
            void Pass(double seconds)
            {
                for (double t = 0; t < seconds; t += 0.5)
                {
                    wall.Advance(TimeSpan.FromSeconds(0.5));
                    bench.Host.Gantry.Tend();
                    c.Ask("SYST:SYNC? 1"); // keeps the lease
                }
            }

            c.Do("HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"h\"");
            Pass(30);
            c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE STAT;LIM:TIME 60 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "HEAD1:ENER:WIND2 \"scatter\",110,126", "ACQ:ARM", "ACQ:STAR \"s\"");
            Pass(10.5);
            await bench.Host.Gantry.Pipeline.WhenDone();
            left = bench.Snapshot();
        }
        await using var after = new SimulatorBench(folder: left);
        WireClient d = after.Connect().TakeControl();
        Assert.StartsWith("IDLE,POW", d.Ask("ACQ:STAT?"), StringComparison.Ordinal);
        List<byte[]> frames = d.FetchAll();
        FrameHeader[] h = [.. frames.Select(WireClient.Header)];
        Assert.Equal([(1, 1), (1, 2), (2, 1)], h.Select(x => ((int)x.Head, (int)x.Window)));
        Assert.All(h, x =>
        {
            Assert.Equal(10_000_000ul, x.LiveUs);
            Assert.Equal(FrameFlags.Partial | FrameFlags.EventsLost | FrameFlags.Simulated, x.Flags);
            Assert.InRange((double)x.Sum, 200_000 - 2700, 200_000 + 2700);
        });
        Assert.Equal(frames.Sum(f => (long)WireClient.Header(f).Sum), d.Ask("ACQ:LEDG?").Split(',')[3..5].Sum(long.Parse));
    }

    [Fact]
    public async Task Spectrum_AndRate_TellWhatTheHeadCounts()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        Assert.Equal(301, c.Try("HEAD1:ENER:SPEC?"));
        Assert.Equal("0,0,0", c.Ask("HEAD1:RATE?"));
        c.Do("*CLS");
        c.MakeReady();
        byte[] block = c.AskBytes("HEAD1:ENER:SPEC?");
        Assert.Equal(512 * 4, block.Length);
        uint[] counts = [.. Enumerable.Range(0, 512).Select(i => BitConverter.ToUInt32(block, 4 * i))];
        Assert.Equal(0u, counts[39]);
        Assert.All(counts[40..400], n => Assert.InRange(n, 200_000u - 3000, 200_000u + 3000)); // the test scene gives every window 20 000 cps
        Assert.Equal("20000,20000,0", c.Ask("HEAD1:RATE?"));
    }
}
