using System.Text.Json;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>The event port (docs: control-interface 12), over a real socket.</summary>
public sealed class EventTests
{
    private static string Kind(JsonElement e) => e.GetProperty("k").GetString()!;

    [Fact]
    public async Task Numbered_AllKinds_ComeInOrderWithoutGapsAndReplayTheSame()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        Assert.Equal(bench.Host.EventPort.ToString(System.Globalization.CultureInfo.InvariantCulture), c.Ask("SYST:COMM:TCP:EVEN?"));
        using var live = new EventClient(bench.Host.EventPort);
        live.Send("{\"sub\":[\"state\",\"alarm\",\"frame\",\"op\"],\"since\":0}");
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE STAT;LIM:TIME 5 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(5);
        c.Do("DIAG:SIM:FAUL \"estop\",ON");
        var seen = new List<JsonElement>();
        do seen.Add(live.Next()!.Value); while (!(Kind(seen[^1]) == "alarm"));
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(i => (long)i), seen.Select(e => e.GetProperty("q").GetInt64()));
        Assert.Equal(["op", "op"], seen.Where(e => Kind(e) == "op" && e.GetProperty("v").GetProperty("id").GetString() == "s").Select(Kind));
        Assert.Equal([35_000_000L, 35_000_000L], seen.Where(e => Kind(e) == "frame").Select(e => e.GetProperty("t").GetInt64()));
        Assert.Contains(seen, e => Kind(e) == "state" && e.GetProperty("v").GetProperty("acq").GetString() == "RUNN");
        Assert.Equal(601, seen[^1].GetProperty("v").GetProperty("code").GetInt32());
        // A second reader, later: the same lines from where it says it left off, byte for byte.
        using var late = new EventClient(bench.Host.EventPort);
        late.Send("{\"sub\":[\"state\",\"alarm\",\"frame\",\"op\"],\"since\":3}");
        foreach (JsonElement e in seen.Skip(3)) Assert.Equal(e.GetRawText(), late.Next()!.Value.GetRawText());
    }

    [Fact]
    public async Task Since_OlderThanKept_BeginsWithAGapLine()
    {
        await using var bench = new SimulatorBench();
        SimulatedGantry g = bench.Host.Gantry;
        lock (g.Gate)
            for (int i = 0; i < EventHub.Kept + 50; i++) g.Events.Publish("op", new { id = "x", state = "DONE", code = i });
        using var reader = new EventClient(bench.Host.EventPort);
        reader.Send("{\"sub\":[\"op\"],\"since\":1}");
        // What happens while it catches up is not held against it.
        lock (g.Gate)
            for (int i = 0; i < 1000; i++) g.Events.Publish("op", new { id = "y", state = "DONE", code = i });
        JsonElement gap = reader.Next()!.Value;
        Assert.Equal("gap", Kind(gap));
        Assert.Equal(1, gap.GetProperty("v").GetProperty("since").GetInt64());
        Assert.Equal(gap.GetProperty("v").GetProperty("first").GetInt64(), reader.Next()!.Value.GetProperty("q").GetInt64());
    }

    [Fact]
    public async Task StalledReader_TooFarBehind_IsDisconnectedAndHoldsNobodyUp()
    {
        await using var bench = new SimulatorBench();
        SimulatedGantry g = bench.Host.Gantry;
        using var stalled = new EventClient(bench.Host.EventPort, receiveBuffer: 4096);
        using var healthy = new EventClient(bench.Host.EventPort);
        foreach (EventClient e in new[] { stalled, healthy }) e.Send("{\"sub\":[\"op\"]}\n{\"bad\":1,\"sub\":3}");
        Assert.Equal("refused", Kind(healthy.Next()!.Value)); // both are subscribed now
        Assert.Equal("refused", Kind(stalled.Next()!.Value));
        string padding = new('x', 400);
        int sent = 0;
        while (g.Events.Readers.Count > 1 && sent < 400_000)
        {
            lock (g.Gate)
                for (int i = 0; i < 100; i++) g.Events.Publish("op", new { id = padding, state = "DONE", code = ++sent });
            for (int i = 0; i < 100; i++) Assert.Equal("op", Kind(healthy.Next()!.Value));
        }
        Assert.InRange(sent, EventHub.Kept, 399_999);
        int got = 0;
        while (stalled.Next() is not null) got++;
        Assert.InRange(got, 0, sent - EventHub.Kept); // the rest was never sent
    }

    [Fact]
    public async Task PositionAndBeat_SlowReader_GetsTheLatestAndABeatASecond()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall, step: false);
        WireClient c = bench.Connect().TakeControl();
        using var reader = new EventClient(bench.Host.EventPort);
        reader.Send("{\"sub\":[\"pos\"],\"posMs\":500}\n{\"x\":1}\n[]");
        Assert.Equal("refused", Kind(reader.Next()!.Value));
        c.Do("MOT:HOME \"h\"");
        long last = 0;
        for (int i = 0; i < 20; i++)
        {
            wall.Advance(TimeSpan.FromMilliseconds(100));
            bench.Host.Gantry.Tend();
            if (i % 5 == 0)
            {
                JsonElement e = reader.Next()!.Value;
                Assert.Equal("pos", Kind(e));
                Assert.False(e.TryGetProperty("q", out _));
                Assert.InRange(e.GetProperty("t").GetInt64() - last, i == 0 ? 0 : 500_000, 600_000);
                last = e.GetProperty("t").GetInt64();
                Assert.Equal(400, e.GetProperty("v").GetProperty("HEAD1").GetDouble());
            }
        }
    }

    [Fact]
    public async Task Rate_Subscribed_ComesEverySecondWithWhatTheQuerySays()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall);
        WireClient c = bench.ReadyConsole();
        using var reader = new EventClient(bench.Host.EventPort);
        reader.Send("{\"sub\":[\"rate\"]}\nsync");
        reader.UntilAny("refused");
        for (int i = 0; i < 3; i++)
        {
            bench.Host.Gantry.Tend();
            JsonElement head = reader.Until("rate").GetProperty("v").GetProperty("HEAD1");
            Assert.Equal(double.Parse(c.Ask("HEAD1:RATE?").Split(',')[1], System.Globalization.CultureInfo.InvariantCulture), head.GetProperty("accepted").GetDouble(), 0.1);
            wall.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Garbage_OnTheEventPort_IsRefusedOrDroppedAndHarmsNothing()
    {
        await using var bench = new SimulatorBench();
        using var a = new EventClient(bench.Host.EventPort);
        a.Send("\u0001\u0002garbage\n{\"sub\":[\"\\ud800\"]}\n{\"session\":\"nobody\",\"secret\":\"\"}");
        for (int i = 0; i < 3; i++) Assert.Equal("refused", Kind(a.Next()!.Value));
        a.Send(new string('x', 5000));
        Assert.Null(a.Next());
        Assert.Equal("1999.0", bench.Connect().Ask("SYST:VERS?"));
    }
}
