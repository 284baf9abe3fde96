using Acquire.Protocols.Gantry;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

public sealed class StoreTests
{
    private const string Setup = "ACQ:MODE DYN;DYN:PHAS1 10,1 S;:HEAD1:MATR 64;:HEAD2:MATR 64";

    [Fact]
    public async Task PowerCut_InARun_KeepsEveryCompleteFrameAndClosesWithReasonPower()
    {
        string left;
        List<byte[]> complete;
        await using (var bench = new SimulatorBench())
        {
            WireClient c = bench.ReadyConsole();
            c.Do("DIAG:SIM:PAT:INJ 600", "DIAG:SIM:PAT:DRIN 300", $"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM", "ACQ:STAR \"s\"");
            c.Advance(5.5);
            complete = c.FetchAll(acknowledge: false);
            c.Do("FRAM:ACKN 3");
            left = bench.Snapshot();
        }
        Assert.Equal(10, complete.Count);
        // As a torn write would leave it: a temporary file and half a line.
        string run = Path.Combine(left, "runs", RunTests.Id);
        await File.WriteAllBytesAsync(Path.Combine(run, "00000011.gfr.new"), new byte[50], TestContext.Current.CancellationToken);
        string index = Path.Combine(run, "frames.idx");
        string[] lines = await File.ReadAllLinesAsync(index, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(index, string.Join('\n', lines[..8]) + "\n9 1", TestContext.Current.CancellationToken);

        await using var after = new SimulatorBench(folder: left);
        WireClient d = after.Connect().TakeControl();
        Assert.StartsWith("UNH,IDLE", d.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.StartsWith("IDLE,POW", d.Ask("ACQ:STAT?"), StringComparison.Ordinal);
        Assert.Equal($"\"{RunTests.Id}\"", d.Ask("FRAM:LIST?"));
        Assert.Equal("4,10,10", d.Ask("FRAM:RANG?"));
        Assert.Equal("POW", d.Ask("ACQ:LEDG:REAS?"));
        Assert.Equal(complete[3..], d.FetchAll());
        Assert.Equal(complete.Sum(f => (long)WireClient.Header(f).Sum), d.Ask("ACQ:LEDG?").Split(',')[3..5].Sum(long.Parse));
        // Time goes on, and the patient has not lost the tracer: injected 35.5 s before this boot.
        Assert.Equal("2026-01-15T08:00:35.500000Z", d.Ask("SYST:TICK?").Split('"')[1]);
        Assert.Equal(("inject", TimeSpan.FromSeconds(-5.5), 600), after.Scene.Told[0]);
        d.MakeReady();
        d.Do("ACQ:ID \"22222222-2222-3333-4444-555555555555\"", Setup, "ACQ:ARM");
    }

    [Fact]
    public async Task Boot_Again_ChangesTheBootIdAndKeepsLedgers()
    {
        string folder = Directory.CreateTempSubdirectory("gci").FullName;
        string ledger;
        ulong first;
        await using (var bench = new SimulatorBench(folder: folder))
        {
            first = bench.Host.BootId;
            WireClient c = bench.ReadyConsole();
            c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM", "ACQ:STAR \"s\"");
            c.Advance(10);
            Assert.All(c.FetchAll(), f => Assert.Equal(first, WireClient.Header(f).BootId));
            ledger = c.Ask("ACQ:LEDG?");
            Assert.Empty(Directory.GetFiles(folder, "*.gfr", SearchOption.AllDirectories));
        }
        await using (var bench = new SimulatorBench(folder: folder))
        {
            Assert.NotEqual(first, bench.Host.BootId);
            WireClient c = bench.Connect();
            c.Do($"FRAM:SEL \"{RunTests.Id}\"");
            Assert.Equal(ledger, c.Ask("ACQ:LEDG?"));
            Assert.Equal("DONE", c.Ask("ACQ:LEDG:REAS?"));
        }
        await using var other = new SimulatorBench();
        Assert.Equal(first, other.Host.BootId); // seed and number of boots, nothing else
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Start_StoreInUseOrUnwritable_IsOneClearLine()
    {
        await using var bench = new SimulatorBench();
        var e = Assert.Throws<StoreUnavailableException>(() => new SimulatorBench(folder: bench.Folder));
        Assert.Contains(bench.Folder, e.Message, StringComparison.Ordinal);
        string file = Path.Combine(bench.Folder, "boots");
        Assert.Throws<StoreUnavailableException>(() => new SimulatorBench(folder: file));
    }

    [Fact]
    public async Task Faults_OfWireAndFrame_HappenOnce()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup, "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(10);
        c.Do("DIAG:SIM:FAUL \"frame.damaged\",ON");
        Assert.NotNull(FrameHeader.Check(c.AskBytes("FRAM:DATA? 1"), out _));
        Assert.Null(FrameHeader.Check(c.AskBytes("FRAM:DATA? 1"), out _));
        c.Send("DIAG:SIM:FAUL \"reply.lost\",ON\nSYST:SYNC? 1\nSYST:SYNC? 2\n");
        Assert.Equal("2"u8.ToArray(), c.ReadReply());
        c.Send("DIAG:SIM:FAUL \"link.drop\",ON\nSYST:SYNC? 3\n");
        Assert.ThrowsAny<IOException>(() => c.ReadReply());
        WireClient again = bench.Connect().TakeControl();
        Assert.Equal("1,20,20", again.Ask("FRAM:RANG?"));
        Assert.Equal(-224, again.Try("DIAG:SIM:FAUL \"gremlin\",ON"));
        Assert.Equal(20, again.FetchAll().Count);
        again.Do("ACQ:ID \"22222222-2222-3333-4444-555555555555\"", "DIAG:SIM:FAUL \"store.full\",ON");
        Assert.Equal(410, again.Try("ACQ:ARM"));
        again.Do("DIAG:SIM:FAUL \"store.full\",OFF", "ACQ:ARM");
    }
}
