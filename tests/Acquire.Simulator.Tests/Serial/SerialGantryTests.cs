using Acquire.Protocols.Gantry;
using Acquire.Protocols.Gantry.Serial;
using Acquire.Simulator.Gantry;
using Acquire.Simulator.Serial;
using Acquire.Simulator.Tests.Gantry;
using Acquire.Testing;

namespace Acquire.Simulator.Tests.Serial;

/// <summary>The gantry's serial port (GCI 1.0 section 13), over a socat pair.</summary>
public sealed class SerialGantryTests
{
    private static readonly string[] StartsAndSets = ["HEAD1:RAD 230", "GANT:ROT 10", "MOT:STAR \"a\",1", "MOT:HOME \"h\"", "ACQ:STAR \"a\"", "ACQ:MODE STAT", "FRAM:ACKN 1", "HEAD1:HV ON",
        "SYST:SESS:OPEN \"me\",CONT,\"s\"", "SYST:CONT:REQ", "DIAG:SIM:SPE 2", "INT:RES", "CT:KV 120", "*RST", "SYST:COMM:SER:BAUD 921600", "FRAM:SEL \"6f1c0f1e-1f3c-4b43-9d5e-0c7a3b6a2f10\""];

    [Fact]
    public async Task PlainText_AnswersQueries_AndRefusesEverySettingAndStart()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);

        Assert.StartsWith("Acquire,", client.AskText("*IDN?"), StringComparison.Ordinal);
        Assert.Equal("1999.0;1.0", client.AskText("SYST:VERS?;GCI:VERS?"));
        foreach (string command in StartsAndSets)
        {
            client.SendText(command + "\n");
            Assert.StartsWith("110,\"Link not protected", client.AskText("SYST:ERR?"), StringComparison.Ordinal);
        }
        foreach (string harmless in (string[])["*CLS", "*ESE 32", "*SRE 4", "*OPC", "*WAI", "STAT:PRES", "STAT:OPER:ENAB 1"])
        {
            client.SendText(harmless + "\n");
            Assert.Equal("0,\"No error\"", client.AskText("SYST:ERR?"));
        }
        Assert.StartsWith("0,\"\",VIEW", client.AskText("SYST:SESS?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainText_EveryStopWorks()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);
        WireClient console = bench.ReadyConsole();
        console.Do("GANT:ROT 90");
        console.Do($"MOT:STAR \"m\",{console.Ask("MOT:PLAN?").Split(',')[2]}");
        Assert.StartsWith("MOV,", console.Ask("SYST:STAT?"), StringComparison.Ordinal);

        client.SendText("MOT:STOP\n");
        Assert.StartsWith("HOLD,", client.AskText("SYST:STAT?"), StringComparison.Ordinal);
        foreach (string stop in (string[])["ABOR", "CT:EXP:STOP"])
        {
            client.SendText(stop + "\n");
            Assert.Equal("0,\"No error\"", client.AskText("SYST:ERR?"));
        }
    }

    [Fact]
    public async Task PlainControl_IsForBenchTools()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A) { PlainControl = true });
        using var client = new FramedClient(pair.B);
        client.SendText("SYST:SESS:OPEN \"me\",CONT,\"s\"\nSYST:CONT:REQ\nHEAD1:MATR 64\n");
        Assert.Equal("0,\"No error\";64", client.AskText("SYST:ERR?;:HEAD1:MATR?"));
    }

    [Fact]
    public async Task Zeros_NoiseAndHalfFrames_DoNotDisturbPlainText()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);
        client.SendText("\0"); // a break
        Assert.StartsWith("Acquire,", client.AskText("*IDN?"), StringComparison.Ordinal);
        client.SendText("\0\0\u0002\u0001\u0007half a frame\0");
        Assert.Equal("4", client.AskText("SYST:SYNC? 4"));
    }

    [Fact]
    public async Task ZeroByteAndSyn_BeginTheFramedLink_AndRstEndsIt()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);
        Assert.Equal("1", client.AskText("SYST:SYNC? 1"));

        client.OpenLink();
        Assert.Equal(bench.Host.BootId, client.Gantry.BootId);
        client.Do("SYST:SESS:OPEN \"me\",CONT,\"s\"", "SYST:CONT:REQ", "HEAD1:MATR 64");
        Assert.Equal("64", client.Ask("HEAD1:MATR?"));
        client.CloseLink();

        Assert.Equal("2", client.AskText("SYST:SYNC? 2"));
        client.SendText("HEAD1:MATR 128\n");
        Assert.StartsWith("110,", client.AskText("SYST:ERR?"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewLink_IsANewConnection_AndTheSessionIsTakenUpByName()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using (var first = new FramedClient(pair.B))
        {
            first.OpenLink();
            first.Do("SYST:SESS:OPEN \"me\",CONT,\"s\"", "SYST:CONT:REQ");
            first.Say(0, "HEAD1:MA"); // cut off: never executed, never glued to what comes next
        }
        using var second = new FramedClient(pair.B); // the port is opened again without a word to the gantry, as after kill -9
        second.OpenLink();
        Assert.StartsWith("0,\"\",VIEW", second.Ask("SYST:SESS?"), StringComparison.Ordinal);
        second.Do("SYST:SESS:OPEN \"me\",CONT,\"s\"", "HEAD1:MATR 64");
    }

    [Fact]
    public async Task Frames_ComeOnTheBulkChannel_WhenTheLinkSaidSo()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A) { Paced = false });
        using var client = new FramedClient(pair.B);
        client.OpenLink();
        client.Do("SYST:SESS:OPEN \"me\",CONT,\"s\"", "SYST:CONT:REQ", "HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"h\"");
        client.Ask("DIAG:SIM:ADV? 30");
        client.Do("ACQ:ID \"6f1c0f1e-1f3c-4b43-9d5e-0c7a3b6a2f10\"", "ACQ:MODE STAT;LIM:TIME 10 S", "HEAD1:MATR 64", "HEAD2:MATR 64", "HEAD1:ENER:WIND1 \"Tc99m\",129.5,150.5", "HEAD2:ENER:WIND1 \"Tc99m\",129.5,150.5", "ACQ:ARM", "ACQ:STAR \"a\"");
        client.Ask("DIAG:SIM:ADV? 10");
        string[] next = client.Ask("FRAM:NEXT?").Split(',');
        client.Say(0, "FRAM:DATA? 1");
        byte[] together = client.ReadBlock(0);

        client.Do("SYST:COMM:SER:BULK ON");
        Assert.Equal("1", client.Ask("SYST:COMM:SER:BULK?"));
        Assert.Equal("7;8", client.Ask("SYST:SYNC? 7;:FRAM:DATA? 1,0,5000;:SYST:SYNC? 8"));
        byte[] apart = [.. client.ReadBlock(2)];
        client.Say(0, $"FRAM:DATA? 1,5000,{together.Length - 5000}");
        apart = [.. apart, .. client.ReadBlock(2)];

        Assert.True(client.HasNothing(0));
        Assert.Equal(together, apart);
        Assert.Equal(next[2], Crc32.Of(apart).ToString(System.Globalization.CultureInfo.InvariantCulture));
        // An error is an error of channel 0, and nothing comes apart.
        Assert.Equal(420, client.Try("FRAM:DATA? 99"));
        Assert.True(client.HasNothing(2));
    }

    [Fact]
    public async Task Events_ComeOnChannel1()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);
        client.OpenLink();
        client.Say(1, "{\"sub\":[\"state\"],\"since\":0}");
        client.Do("SYST:SESS:OPEN \"me\",CONT,\"s\"", "SYST:CONT:REQ", "MOT:HOME \"h\"");
        string line;
        do line = client.ReadLine(1);
        while (!(line.Contains("\"k\":\"state\"", StringComparison.Ordinal) && line.Contains("\"gantry\":\"MOV\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Speed_ChangesAfterTheReply()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);
        client.OpenLink();
        Assert.Equal(-222, client.Try("SYST:COMM:SER:BAUD 9600"));
        Assert.Equal("921600", client.Ask("SYST:COMM:SER:BAUD 921600;BAUD?"));
        client.Link.ChangeBaud(921_600, TimeSpan.Zero);
        client.Pump(() => client.Link is { Baud: 921_600, IsSpeedProven: true });
        Assert.Equal("921600", client.Ask("SYST:COMM:SER:BAUD?"));
        Assert.Equal(4, client.Ask("SYST:COMM:SER:LINK?").Split(',').Length);
        client.CloseLink();
        Assert.Equal("115200", bench.Connect().Ask("SYST:COMM:SER:BAUD?"));
    }

    [Fact]
    public async Task OnTcp_SerialSettingsAreRefused_AndQueriesAnswer()
    {
        await using var bench = new SimulatorBench();
        WireClient client = bench.Connect();
        Assert.Equal("0;0;0,0,0,0", client.Ask("SYST:COMM:SER:BAUD?;BULK?;LINK?"));
        Assert.Equal(-221, client.Try("SYST:COMM:SER:BULK ON"));
        Assert.Equal(-221, client.Try("SYST:COMM:SER:BAUD 115200"));
    }

    [Fact]
    public async Task CableThatIsPulled_LeavesTheGantryAtWork()
    {
        using PtyPair pair = PtyPair.Create();
        await using var bench = new SimulatorBench(serial: new SerialOptions(pair.A));
        using var client = new FramedClient(pair.B);
        client.OpenLink();
        pair.HangUp();
        Assert.StartsWith("Acquire,", bench.Connect().Ask("*IDN?"), StringComparison.Ordinal);
    }

    [Fact]
    public void PortThatIsNotThere_IsSaidAtTheStart() =>
        Assert.Contains("/dev/acquire-no-such-port", Assert.Throws<PortUnavailableException>(() => new SimulatorBench(serial: new SerialOptions("/dev/acquire-no-such-port"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Errors_AreRead()
    {
        Assert.Equal(new LineErrors(1e-5, 1e-6, TimeSpan.FromSeconds(60)), LineErrors.Parse("bits=1e-5, drops=1e-6,hangup=60"));
        Assert.Equal(new LineErrors(), LineErrors.Parse(""));
        Assert.All((string[])["bits", "bits=x", "bits=0.5", "bits=-1", "noise=1", "hangup=0", "bits=NaN"], s => Assert.Throws<FormatException>(() => LineErrors.Parse(s)));
    }

    [Fact]
    public void Noise_HasTheRateAskedFor()
    {
        const int Bytes = 4_000_000;
        const double Rate = 1e-4;
        var noise = new LineNoise(new LineErrors(Rate), 5, () => 0);
        byte[] zeros = new byte[1000];
        long wrong = 0;
        for (int i = 0; i < Bytes / 1000; i++) wrong += noise.Apply(zeros).Sum(b => System.Numerics.BitOperations.PopCount(b));
        double expected = Bytes * 8 * Rate; // 3200, Poisson: six standard deviations
        Assert.InRange(wrong, expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));

        var drops = new LineNoise(new LineErrors(0, 1e-3), 5, () => 0);
        long kept = 0;
        for (int i = 0; i < Bytes / 1000; i++) kept += drops.Apply(zeros).Length;
        // A run of 20.5 bytes on average after 1000 good ones.
        Assert.InRange(kept / (double)Bytes, 0.975, 0.985);
        Assert.Equal(LinkFrame.MaxPayload, new LineNoise(new LineErrors(), 5, () => 0).Apply(new byte[LinkFrame.MaxPayload]).Length);
    }
}
