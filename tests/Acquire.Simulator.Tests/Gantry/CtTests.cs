using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>Scout, axial, heat.</summary>
public sealed class CtTests
{
    private static WireClient Warm(SimulatorBench bench, string settings)
    {
        WireClient c = bench.ReadyConsole();
        c.Do("CT:WARM \"w\"");
        c.Advance(30);
        c.Do($"CT:ID \"{RunTests.Id}\"", settings);
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"), "CT:ARM");
        return c;
    }

    [Fact]
    public async Task Scout_StoppedHalfWay_DeliversTheRowsItCovered()
    {
        await using var bench = new SimulatorBench();
        WireClient c = Warm(bench, "CT:MODE SCO;SCO:ANGL 90;:CT:KV 120;MA 10;RANG 100,900");
        c.Do("CT:EXP:STAR \"s\"");
        for (int i = 0; i < 200 && (int.Parse(c.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 512) == 0; i++) c.Advance(0.1);
        c.Advance(4);
        c.Send("CT:EXP:STOP\n");
        Assert.StartsWith("STAN", c.Ask("CT:STAT?"), StringComparison.Ordinal);
        c.Advance(5);
        FrameHeader h = WireClient.Header(Assert.Single(c.FetchAll()));
        Assert.Equal((FrameMode.CtScout, FrameFlags.Partial | FrameFlags.Simulated, 90_000, 100_000), (h.Mode, h.Flags, h.AngleStartMdeg, h.TableStartUm));
        Assert.InRange(h.TableEndUm, 500_000, 510_000); // 4 s and what passed until it was seen, at 100 mm/s
        Assert.Equal(Math.Round((h.TableEndUm - h.TableStartUm) / 1953.2), h.Height, 1.0);
        Assert.Equal(505, c.Try("CT:EXP:STAR \"t\""));
    }

    [Fact]
    public void Scout_OfACylinderOfWater_IsItsChordsSeenFromTheTube()
    {
        IScene scene = SceneFactory.Create("uniform-cylinder", 1); // 220 mm of water along the axis, table 800 to 1200
        uint[] picture = Acquire.Simulator.Gantry.CtScout.Draw(scene, 0, 990, 10, 120, 40, 1);
        for (int c = 0; c < 256; c++)
        {
            double x = (c + 0.5 - 128) * Acquire.Simulator.Gantry.CtScout.PixelMm, half = 110 - Math.Abs(x);
            double chord = Math.Abs(x) >= 110 ? 0 : 2 * Math.Sqrt((110 * 110) - (x * x));
            double mean = Enumerable.Range(0, 10).Average(r => picture[(r * 256) + c]) / 10.0;
            // Away from the edge, where a column is half in, half out. Noise of air only adds (nothing is less than no water).
            if (Math.Abs(half) > 3) Assert.InRange(mean, chord - 4, chord + 6);
        }
    }

    [Fact]
    public async Task Axial_TableStandsWhileTheBeamIsOn_EverySliceOnce()
    {
        await using var bench = new SimulatorBench();
        WireClient c = Warm(bench, "CT:MODE AXI;KV 120;MA 60;ROT 1 S;RANG 300,350;SLIC 5 MM");
        c.Do("CT:EXP:STAR \"a\"");
        var beam = new List<double>();
        double hottest = 0;
        for (int i = 0; i < 400; i++)
        {
            c.Advance(0.1);
            string[] f = c.Ask("STAT:OPER:COND?;:TABL:LONG:ACT?").Split(';', ',');
            hottest = Math.Max(hottest, double.Parse(c.Ask("CT:STAT?").Split(',')[1], CultureInfo.InvariantCulture));
            int bits = int.Parse(f[0], CultureInfo.InvariantCulture);
            if ((bits & 512) == 0) continue;
            Assert.Equal(0, bits & 8); // nothing moves while it is on
            beam.Add(double.Parse(f[1], CultureInfo.InvariantCulture));
        }
        Assert.Equal([910.0, 930, 950], beam.Distinct());
        Assert.InRange(beam.Count, 28, 31); // three rotations of 1 s
        FrameHeader[] h = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal([302_500, 307_500, 312_500, 317_500, 322_500, 327_500, 332_500, 337_500, 342_500, 347_500], h.Select(x => x.TableStartUm));
        Assert.InRange(hottest, 0.15, 0.25); // 120 kV × 60 mA × 1 s of 3 MJ a rotation; on the way to the next it cools as much
        Assert.StartsWith("IDLE,DONE", c.Ask("ACQ:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arm_ScanTooHotForTheTube_IsRefused502()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("CT:WARM \"w\"");
        c.Advance(30);
        c.Do($"CT:ID \"{RunTests.Id}\"", "CT:MODE HEL;KV 140;MA 440;ROT 1 S;PITC 0.2;RANG 100,1500");
        c.Do("CT:DOSE:CONF " + c.Ask("CT:DOSE?"));
        Assert.Equal(502, c.Try("CT:ARM"));
    }
}
