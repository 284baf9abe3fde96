using System.Text;
using System.Text.Json;
using Acquire.Simulator.Gantry;
using Acquire.Testing;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>What a gantry can do comes from a file; table, limits, features and SYST:DESC? follow from it.</summary>
public sealed class CapabilityTests
{
    private static GantryCapabilities Demo(string name) => CapabilityFile.Read(Path.Combine(SharedData.ProjectRoot, "demo", "gantries", name + ".yaml"));

    [Fact]
    public void Read_DualWithCt_IsTheStandardGantryWrittenOut()
    {
        GantryCapabilities demo = Demo("dual-ct"), standard = new();
        Assert.Equal(standard.Axes.OrderBy(a => a.Key), demo.Axes.OrderBy(a => a.Key));
        Assert.Equal(standard.Collimators, demo.Collimators);
        Assert.Equal(standard.Features, demo.Features);
        Assert.Equal((standard.Heads, standard.MatrixMin, standard.MatrixMax, standard.KeVMin, standard.KeVMax, standard.TableLoadKg, standard.HeadWidthMm, standard.Model),
            (demo.Heads, demo.MatrixMin, demo.MatrixMax, demo.KeVMin, demo.KeVMax, demo.TableLoadKg, demo.HeadWidthMm, demo.Model));
    }

    [Fact]
    public void Parse_Json_IsReadToo() => Assert.Equal(1, CapabilityFile.Parse("{\"heads\": 1, \"ct\": false}", "x.json").Heads);

    [Theory]
    [InlineData("heads: 3", "g.yaml:1: heads: 3 is not within 1 to 2")]
    [InlineData("ct: true\nhead: 2", "g.yaml:2: head: there is no such key")]
    [InlineData("axes:\n  rotation: {min: 10, max: 5}", "g.yaml:2: axes.rotation: min must be below max")]
    [InlineData("axes:\n  rotation:\n    speed: fast", "g.yaml:3: axes.rotation.speed: a number is expected")]
    [InlineData("axes:\n  radius: {speed: 30}", "g.yaml:2: axes.radius: speed is what is used")]
    [InlineData("axes:\n  tilt: {min: 1}", "g.yaml:2: axes.tilt: there is no such key")]
    [InlineData("matrix: {min: 100, max: 512}", "g.yaml:1: matrix: powers of 2")]
    [InlineData("geometries: [90]", "g.yaml:1: geometries: 180")]
    [InlineData("collimators: []", "g.yaml:1: collimators: one is mounted")]
    [InlineData("model: a,b", "g.yaml:1: model: 1 to 32")]
    [InlineData("heads: 1\nheads: 2", "g.yaml:2")]
    [InlineData("heads: 2\n\tct: true", "g.yaml:1: this is no YAML")]
    [InlineData("", "g.yaml:1: one document")]
    [InlineData("just words", "g.yaml:1: the file: keys with values")]
    [InlineData("storeGiB: NaN", "g.yaml:1: storeGiB: a number")]
    public void Parse_BadFile_SaysLineAndKey(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<CapabilityFileException>(() => CapabilityFile.Parse(text, "g.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task SingleHead_SecondHeadAndCt_AreRefusedByNumberAndNotInTheHelp()
    {
        await using var bench = new SimulatorBench(can: Demo("single"));
        WireClient c = bench.Connect().TakeControl();
        Assert.Equal(-114, c.Try("HEAD2:RAD?"));
        Assert.Equal(-114, c.Try("HEAD2:HV ON"));
        Assert.Equal(-241, c.Try("CT:STAT?"));
        Assert.Equal(-241, c.Try("CT:WARM \"w\""));
        Assert.Equal(-241, c.Try("GANT:GEOM L90"));
        Assert.Equal(-241, c.Try("MOT:HOME \"h\",HEAD2"));
        Assert.Equal(-224, c.Try("ACQ:HEAD BOTH"));
        string help = Encoding.ASCII.GetString(c.AskBytes("SYST:HELP:HEAD?"));
        Assert.DoesNotContain("CT:", help, StringComparison.Ordinal);
        Assert.DoesNotContain("GEOMetry", help, StringComparison.Ordinal);
        Assert.Contains("HEAD#:HV", help, StringComparison.Ordinal);
        Assert.Equal("110;380;512;360;2;1800", c.Ask("HEAD1:RAD? MIN;RAD? MAX;MATR? MAX;:GANT:ROT? MAX;:ACQ:TOMO:VIEW? MIN;:TABL:LONG? MAX").Replace(";1;", ";2;", StringComparison.Ordinal));
        Assert.Equal(-222, c.Try("TABL:LONG 1801"));
        Assert.Equal(-222, c.Try("HEAD1:ENER:WIND1 \"low\",40,60"));
        Assert.DoesNotContain("CT", c.Ask("SYST:GCI:FEAT?"), StringComparison.Ordinal);
        Assert.StartsWith("Acquire,Simulated planar camera,", c.Ask("*IDN?"), StringComparison.Ordinal);
        JsonElement described = JsonDocument.Parse(c.AskBytes("SYST:DESC?")).RootElement;
        Assert.Equal(1, described.GetProperty("heads").GetArrayLength());
        Assert.False(described.GetProperty("ct").GetProperty("present").GetBoolean());
        Assert.Equal(["ROT", "HEAD1", "LONG", "VERT", "LAT"], described.GetProperty("axes").EnumerateArray().Select(a => a.GetProperty("name").GetString()));
        Assert.Equal(1L << 30, described.GetProperty("store").GetProperty("capacityBytes").GetInt64());
    }

    [Fact]
    public async Task SingleHead_StaticAndTomo_RunToTheirLedger()
    {
        await using var bench = new SimulatorBench(can: Demo("single"));
        WireClient c = bench.Connect().TakeControl();
        c.Do("HEAD1:HV ON", "MOT:HOME \"h\"");
        c.Advance(30);
        Assert.StartsWith("READ,", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE TOMO;TOMO:STAR 0;ARC 90;VIEW 3;TIME 5 S;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"t\"");
        c.Advance(200);
        List<byte[]> frames = c.FetchAll();
        Assert.Equal([1, 1, 1], frames.Select(f => (int)WireClient.Header(f).Head));
        Assert.Equal(frames.Sum(f => (long)WireClient.Header(f).Sum), long.Parse(c.Ask("ACQ:LEDG?").Split(',')[3], System.Globalization.CultureInfo.InvariantCulture));
        Assert.StartsWith("READ,IDLE", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DualWithoutCt_ListsTheGeometriesItHas()
    {
        await using var bench = new SimulatorBench(can: Demo("dual"));
        WireClient c = bench.ReadyConsole();
        Assert.Equal(-224, c.Try("GANT:GEOM L76"));
        c.Do("GANT:GEOM L90");
        Assert.Equal(-241, c.Try("CT:DOSE?"));
        Assert.Contains("GEOM", c.Ask("SYST:GCI:FEAT?"), StringComparison.Ordinal);
    }
}
