using System.Net.Sockets;
using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>What real clients need from the wire (docs: control-interface 4), over a real socket.</summary>
public sealed class WireTests
{
    [Fact]
    public async Task Dispatcher_Table_HasABehaviourForEveryRowAndNoOther()
    {
        await using var bench = new SimulatorBench();
        Assert.Empty(bench.Host.Dispatcher.Mismatches());
        string help = Encoding.ASCII.GetString(bench.Connect().AskBytes("SYST:HELP:HEAD?"));
        Assert.Equal(GciTable.HelpLines(), help.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Queries_AllWithoutParameters_AnswerInAnyStateAndLeaveNoError()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        foreach (GciCommand row in GciTable.All.Where(r => r.HasQuery && r.QueryParameters.Count == 0 && r.Header is not ("ACQuire:LEDGer" or "ACQuire:LEDGer:REASon" or "DIAGnostic:BLOCk" or "HEAD#:ENERgy:SPECtrum")))
        {
            int[] suffixes = [.. row.Pattern.Nodes.Where(n => n.MaxSuffix > 0).Select(_ => 1)];
            byte[] reply = c.AskBytes(row.Pattern.Format(useLong: true, withOptional: true, suffixes) + "?");
            if (row.Reply != "block" && row.Header != "*IDN") Assert.True(GciText.SplitReply(reply) is [{ Count: > 0 }], row.Header + "? " + Encoding.Latin1.GetString(reply));
            Assert.Equal("0,\"No error\"", c.Ask("SYST:ERR?"));
        }
    }

    [Fact]
    public async Task Lines_InOneSegmentOrMany_AreTheSame()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        c.Send("SYST:SYNC? 1\r\nSYST:SYNC? 2\nSYST:SYNC? 3;SYNC? 4\n");
        Assert.Equal(["1", "2", "3;4"], Enumerable.Range(0, 3).Select(_ => Encoding.ASCII.GetString(c.ReadReply())));
        foreach (char ch in "SYST:SYNC? 5\n") c.Send(ch.ToString());
        Assert.Equal("5", Encoding.ASCII.GetString(c.ReadReply()));
    }

    [Fact]
    public async Task Line_CutOffByClose_IsNeitherExecutedNorGluedToTheNext()
    {
        await using var bench = new SimulatorBench();
        using (WireClient half = bench.Connect()) half.Send("DIAG:SIM:PAT:INJ 500\nDIAG:SIM:PAT:INJ 77");
        WireClient c = bench.Connect();
        c.Send("\n");
        Assert.Equal("0,\"No error\"", c.Ask("SYST:ERR?"));
        c.Do("DIAG:SIM:PAT:DRIN 250", "DIAG:SIM:PAT:VOID");
        Assert.DoesNotContain(bench.Scene.Told, t => t.Amount == 77);
        Assert.Contains(("drink", TimeSpan.Zero, 250), bench.Scene.Told);
    }

    [Fact]
    public async Task UnknownQuery_GetsNoReply_AndItsErrorIsReadableOnTheNextConnection()
    {
        await using var bench = new SimulatorBench();
        using (WireClient lxi = bench.Connect())
        {
            lxi.Send("FOO?\n");
            Assert.Equal("7", lxi.Ask("SYST:SYNC? 7"));
        }
        Assert.Equal("-113,\"Undefined header\"", bench.Connect().Ask("SYST:ERR?"));
    }

    [Fact]
    public async Task HalfClosedSocket_StillGetsItsReplies()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        c.Send("*IDN?\nSYST:VERS?\n");
        c.Socket.Shutdown(SocketShutdown.Send);
        Assert.StartsWith("Acquire,Simulated SPECT-CT,", Encoding.ASCII.GetString(c.ReadReply()), StringComparison.Ordinal);
        Assert.Equal("1999.0", Encoding.ASCII.GetString(c.ReadReply()));
    }

    [Fact]
    public async Task Error_InCompound_AbandonsTheRestOfItsMessage()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        Assert.Equal("1", c.Ask("SYST:SYNC? 1;BOGUS;SYNC? 2"));
        Assert.Equal("-113,\"Undefined header\"", c.Ask("SYST:ERR?"));
        Assert.Equal("0,\"No error\"", c.Ask("SYST:ERR?"));
    }

    [Fact]
    public async Task GarbageAndLongLine_Connection_SurvivesInStep()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        c.SendBytes([.. Enumerable.Range(0, 256).Select(i => (byte)i), (byte)'\n']);
        c.Send(new string('x', 300_000) + "\n");
        Assert.Equal("9", c.Ask("SYST:SYNC? 9"));
        string errors = c.Ask("SYST:ERR:ALL?");
        Assert.Contains("-363,", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Block_WithEveryByte_ComesBackAndIsFollowedByOneLineFeed()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        byte[] all = [.. Enumerable.Range(0, 1024).Select(i => (byte)i)];
        c.SendBytes([.. "DIAG:BLOC #41024"u8, .. all, (byte)'\n']);
        Assert.Equal(all, c.AskBytes("DIAG:BLOC?"));
        Assert.Equal("3", c.Ask("SYST:SYNC? 3"));
    }

    [Fact]
    public async Task Limits_MinMaxDef_AreAskedFromTheTable()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        Assert.Equal("110;400;64;128;3", c.Ask("HEAD1:RAD? MIN;RAD? MAX;:HEAD2:MATR? MIN;MATR? DEF;:GANT:ROT:SPE? DEFAULT"));
        Assert.Equal("\"Tc99m\",126.45,154.55;STAT;BOTH;DEF", c.Ask("HEAD1:ENER:WIND1?;:ACQ:MODE?;HEAD?;ONL?"));
    }

    [Fact]
    public async Task Settings_AnythingSet_ReadsBackTheSame()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        foreach ((string set, string value) in new[]
        {
            ("ACQ:TOMO:ARC", "270"), ("ACQ:TOMO:TIME", "12.5"), ("ACQ:TOMO:DIR", "CCW"), ("HEAD2:ZOOM", "1.5"), ("ACQ:LAB", "\"delayed, \"\"left\"\"\""), ("CONT:RAD", "250,248.5,251"),
            ("ACQ:DYN:PHAS3", "30,10,2"), ("HEAD1:ENER:WIND4", "\"x\",300,340.25"), ("TABL:LAT", "-12.3"), ("ACQ:LIM:COUN", "1000000"),
        })
        {
            c.Do(set + " " + value);
            Assert.Equal(value, c.Ask(set + "?"));
        }
    }

    [Fact]
    public async Task OpcQuery_PendingOperation_AnswersWhenItIsDone()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        c.Do("MOT:HOME \"h\"", "*CLS", "*OPC");
        Assert.Equal("0", c.Ask("*ESR?"));
        WireClient other = bench.Connect();
        c.Send("*OPC?\nSYST:OPER? \"h\"\n");
        other.Advance(30);
        Assert.Equal("1", Encoding.ASCII.GetString(c.ReadReply()));
        Assert.Equal("DONE,0", Encoding.ASCII.GetString(c.ReadReply()));
        Assert.Equal("1", c.Ask("*ESR?"));
    }
}
