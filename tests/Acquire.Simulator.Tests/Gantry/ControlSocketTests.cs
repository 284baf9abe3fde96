using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>Control socket, service requests, device clear, and stops that overtake (docs: control-interface 3 and 8), over real sockets.</summary>
public sealed class ControlSocketTests
{
    private sealed class Line : IDisposable
    {
        private readonly TcpClient _client;
        private readonly StreamReader _lines;

        public Line(WireClient of)
        {
            _client = new TcpClient("127.0.0.1", int.Parse(of.Ask("SYST:COMM:TCP:CONT?"), CultureInfo.InvariantCulture)) { NoDelay = true, ReceiveTimeout = 20_000 };
            _lines = new StreamReader(_client.GetStream(), Encoding.ASCII);
        }

        public void Send(string line) => _client.GetStream().Write(Encoding.ASCII.GetBytes(line + "\n"));
        public string? Read() => _lines.ReadLine();

        public string? Ask(string line)
        {
            Send(line);
            return Read();
        }

        public void Dispose()
        {
            _lines.Dispose();
            _client.Dispose();
        }
    }

    [Fact]
    public async Task ServiceRequest_ErrorOfThisSession_ComesUnaskedOnceAndOnlyHere()
    {
        await using var bench = new SimulatorBench();
        WireClient a = bench.Connect().TakeControl(), b = bench.Connect();
        b.Do("SYST:SESS:OPEN \"b\",VIEW,\"x\"");
        using var lineA = new Line(a);
        using var lineB = new Line(b);
        foreach (WireClient c in new[] { a, b }) c.Do("*CLS", "*SRE 4");
        Assert.Equal("POL +0", lineB.Ask("POL"));
        a.Send("BOGUS\n");
        Assert.Equal("SRQ +68", lineA.Read()); // error queue and master summary
        a.Send("BOGUS\n");
        a.Ask("SYST:SYNC? 1");
        Assert.Equal("POL +68", lineA.Ask("POL")); // no second request while the first stands
        Assert.Equal("68", a.Ask("*STB?")); // reading clears nothing
        a.Ask("SYST:ERR:ALL?");
        a.Send("BOGUS\n");
        Assert.Equal("SRQ +68", lineA.Read()); // it fell and rose again
        Assert.Equal("POL +0", lineB.Ask("POL"));
    }

    [Fact]
    public async Task ServiceRequest_FrameAndAlarm_AreBitsZeroAndOne()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        using var line = new Line(c);
        c.Do("*CLS", "*SRE 3", $"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE STAT;LIM:TIME 5 S;:HEAD1:MATR 64;:HEAD2:MATR 64", "ACQ:ARM", "ACQ:STAR \"s\"");
        c.Advance(5);
        Assert.Equal("SRQ +65", line.Read());
        c.FetchAll();
        Assert.Equal("POL +0", line.Ask("POL"));
        c.Do("DIAG:SIM:FAUL \"door\",ON");
        Assert.Equal("SRQ +66", line.Read());
    }

    [Fact]
    public async Task DeviceClear_HoldingQuery_IsGivenUpWithEverythingBehindItAndNothingElse()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        using var line = new Line(c);
        c.Do("MOT:HOME \"h\"", "*ESE 32", "*SRE 32");
        c.Send("*OPC?\nHEAD1:MATR 64\nSYST:SYNC? 5\nHALF A LI");
        // The clear may come before those bytes are read: only what was received is cleared, so wait until the hold is there.
        for (int i = 0; i < 20_000 && !(line.Ask("POL") is not null && bench.Host.Gantry.Sessions.Holder!.Busy > 0); i++) { }
        bench.Connect().Ask("*IDN?");
        Assert.Equal("DCL", line.Ask("DCL"));
        Assert.Equal("6", c.Ask("\nSYST:SYNC? 6")); // no 1, no 5
        Assert.Equal("32;32;\"console\"", c.Ask("*ESE?;*SRE?;:SYST:CONT:OWN?"));
        Assert.StartsWith("MOV", c.Ask("SYST:STAT?"), StringComparison.Ordinal); // and what moves goes on
    }

    [Fact]
    public async Task Stop_BehindHoldsAndAFlood_OnTheSameConnection_IsExecutedAtOnce()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("GANT:ROT 300");
        c.Do("MOT:STAR \"m\"," + c.Ask("MOT:PLAN?").Split(',')[2]);
        c.Advance(10);
        c.Send("*WAI\n*OPC?\n" + string.Concat(Enumerable.Repeat("SYST:SYNC? 1\n", 6000)) + "MOT:STOP\n");
        WireClient watcher = bench.Connect();
        watcher.Advance(0);
        string fate = "";
        for (int i = 0; i < 20_000 && !fate.StartsWith("STOP", StringComparison.Ordinal); i++)
        {
            watcher.Advance(1);
            fate = watcher.Ask("SYST:OPER? \"m\"");
            if (fate.StartsWith("DONE", StringComparison.Ordinal)) break;
        }
        Assert.Equal("STOP,0", fate);
        Assert.StartsWith("HOLD", watcher.Ask("SYST:STAT?"), StringComparison.Ordinal);
        Assert.Equal("1", Encoding.ASCII.GetString(c.ReadReply()));
        int synced = 0;
        c.Send("SYST:SYNC? 2\n");
        while (Encoding.ASCII.GetString(c.ReadReply()) == "1") synced++;
        Assert.InRange(synced, 1000, 4096); // more than the gantry takes ahead is thrown away, and said
        Assert.Contains("-363,", c.Ask("SYST:ERR:ALL?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_Resumed_KeepsItsErrorQueueRegistersAndLease()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall);
        WireClient a = bench.Connect().TakeControl();
        a.Do("*CLS", "*ESE 60", "STAT:OPER:ENAB 16", "STAT:QUES:INT:NTR 3");
        a.Send("BOGUS\n");
        a.Ask("SYST:SYNC? 1");
        a.Dispose();
        wall.Advance(TimeSpan.FromSeconds(20));
        WireClient b = bench.Connect();
        b.Send("SYST:SESS:OPEN \"console\",CONT,\"s\"\n");
        Assert.StartsWith("-113,", b.Ask("SYST:ERR?"), StringComparison.Ordinal);
        Assert.Equal("60;16;3;\"console\"", b.Ask("*ESE?;:STAT:OPER:ENAB?;:STAT:QUES:INT:NTR?;:SYST:CONT:OWN?"));
        // A lease that has run out does not come back by itself.
        b.Dispose();
        wall.Advance(TimeSpan.FromSeconds(31));
        bench.Host.Gantry.Tend();
        WireClient d = bench.Connect();
        d.Do("SYST:SESS:OPEN \"console\",CONT,\"s\"");
        Assert.Equal("\"\";60", d.Ask("SYST:CONT:OWN?;*ESE?"));
        // And after a minute without a connection the session is gone.
        d.Dispose();
        for (int i = 0; i < 20_000 && bench.Host.Gantry.Sessions.Named.Any(s => s.Connection is not null); i++) bench.Connect().Ask("*STB?");
        wall.Advance(TimeSpan.FromSeconds(61));
        bench.Host.Gantry.Tend();
        WireClient e = bench.Connect();
        Assert.Equal("\"\"", e.Ask("SYST:SESS:LIST?"));
        e.Do("SYST:SESS:OPEN \"console\",CONT,\"another\"");
        Assert.Equal("0", e.Ask("*ESE?"));
    }

    [Theory]
    [InlineData(true, 30)]
    [InlineData(false, 5)]
    public async Task Lease_Default_IsThatOfTheReferenceUnlessTimeIsStepped(bool step, int seconds)
    {
        await using var bench = new SimulatorBench(wall: new ManualTime(), step: step);
        Assert.Equal(seconds.ToString(CultureInfo.InvariantCulture) + ";5", bench.Connect().Ask("SYST:CONT:LEAS?;LEAS? DEF"));
    }

    [Fact]
    public async Task Roles_ViewAndService_AreAsTheyShould()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        c.Do("SYST:SESS:OPEN \"v\",VIEW,\"x\"");
        Assert.Equal(-203, c.Try("SYST:CONT:REQ"));
        Assert.Equal(-203, c.Try("SYST:SESS:OPEN \"s\",SERV,\"x\"")); // the key is not turned
        await using var service = new SimulatorBench(service: true);
        WireClient s = service.Connect();
        s.Do("SYST:SESS:OPEN \"s\",SERV,\"x\"", "SYST:CONT:REQ", "HEAD1:MATR 64");
        Assert.StartsWith("1,\"s\",SERV,", s.Ask("SYST:SESS?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interlock_Register_FollowsFiltersAndSumsUpInBitNine()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do("*CLS", "STAT:QUES:INT:NTR 16", "STAT:QUES:INT:PTR 0", "STAT:QUES:ENAB 512", "*SRE 8");
        c.Do("DIAG:SIM:FAUL \"door\",ON");
        Assert.Equal("16;0;512", c.Ask("STAT:QUES:INT:COND?;EVEN?;:STAT:QUES:COND?")); // only its fall latches
        Assert.Equal(8 + 64, int.Parse(c.Ask("*STB?"), CultureInfo.InvariantCulture) & 72);
        c.Do("DIAG:SIM:FAUL \"door\",OFF");
        Assert.Equal("16;0;512;0", c.Ask("STAT:QUES:INT:EVEN?;EVEN?;:STAT:QUES:EVEN?;EVEN?")); // reading clears
        c.Do("STAT:PRES");
        Assert.Equal("32767;0;0;0", c.Ask("STAT:QUES:INT:PTR?;NTR?;ENAB?;:STAT:QUES:ENAB?"));
    }

    [Fact]
    public async Task Link_Dropped_ForAWhile_ComesBackWithSessionAndNothingLost()
    {
        var wall = new ManualTime();
        await using var bench = new SimulatorBench(wall: wall);
        WireClient c = bench.Connect().TakeControl();
        c.Send("DIAG:SIM:LINK 10 S,0.00001\n");
        Assert.ThrowsAny<IOException>(() => c.ReadReply());
        using (var refused = new WireClient(bench.Host.Port))
            Assert.ThrowsAny<IOException>(() =>
            {
                refused.Send("*IDN?\n");
                return refused.ReadReply();
            });
        wall.Advance(TimeSpan.FromSeconds(10));
        WireClient again = bench.Connect();
        Assert.Equal("0,1E-5", again.Ask("DIAG:SIM:LINK?"));
        again.Do("SYST:SESS:OPEN \"console\",CONT,\"s\"");
        Assert.Equal("\"console\"", again.Ask("SYST:CONT:OWN?"));
    }
}
