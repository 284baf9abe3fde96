using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>Every number of the SCPI table (docs: control-interface 2) raised over the wire by the situation it is for, with the class bit it sets.</summary>
public sealed class ErrorNumberTests
{
    [Theory]
    [InlineData("HEAD1:RAD \u00e9", -101)]
    [InlineData("HEAD1::RAD 2", -102)]
    [InlineData("HEAD1:RAD 200!", -103)]
    [InlineData("DIAG:BLOC 5", -104)]
    [InlineData("ACQ:ARM 1", -108)]
    [InlineData("HEAD1:RAD", -109)]
    [InlineData("ABCDEFGHIJKLM", -112)]
    [InlineData("NOSUCH:THING", -113)]
    [InlineData("HEAD3:RAD 200", -114)]
    [InlineData("HEAD1:RAD --2", -120)]
    [InlineData("HEAD1:RAD 2x3", -121)]
    [InlineData("HEAD1:RAD 1E99999", -123)]
    [InlineData("HEAD1:RAD 200 KEV", -131)]
    [InlineData("HEAD1:MATR 128 MM", -138)]
    [InlineData("HEAD1:RAD NAN", -141)]
    [InlineData("SYST:SESS:OPEN console,CONT", -148)]
    [InlineData("ACQ:LAB \"open", -151)]
    [InlineData("HEAD1:RAD \"200\"", -158)]
    [InlineData("DIAG:BLOC #0abc", -161)]
    [InlineData("HEAD1:RAD #13abc", -168)]
    [InlineData("*TRG", -211)]
    [InlineData("MOT:RES \"r\"", -221)]
    [InlineData("HEAD1:RAD 1000", -222)]
    [InlineData("DIAG:BLOC big", -223)]
    [InlineData("ACQ:MODE BOGUS", -224)]
    [InlineData("HEAD1:MATR 100", -224)]
    public async Task Number_OfItsSituation_IsQueuedAndSetsItsClassBit(string message, int number)
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect().TakeControl();
        c.Do("*CLS");
        if (message.EndsWith(" big", StringComparison.Ordinal)) c.SendBytes([.. "DIAG:BLOC #565537"u8, .. new byte[65_537], (byte)'\n']);
        else c.Send(message + "\n");
        Assert.Equal((int)GciErrors.BitOf(number), int.Parse(c.Ask("*ESR?"), CultureInfo.InvariantCulture));
        Assert.StartsWith(number.ToString(CultureInfo.InvariantCulture) + ",\"" + GciErrors.TextOf(number), c.Ask("SYST:ERR?"), StringComparison.Ordinal);
        Assert.Equal("0,\"No error\"", c.Ask("SYST:ERR?"));
    }

    [Fact]
    public async Task QueueOverflow_OldestStayAndTheLastIsMinus350()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.Connect();
        c.Send("HEAD1:RAD\n" + string.Concat(Enumerable.Repeat("BOGUS\n", 40)));
        Assert.Equal(StatusModel.QueueLength.ToString(CultureInfo.InvariantCulture), c.Ask("SYST:ERR:COUN?"));
        string[] all = c.Ask("SYST:ERR:ALL?").Split("\",");
        Assert.StartsWith("-109,", all[0], StringComparison.Ordinal);
        Assert.Equal("-350,\"Queue overflow\"", all[^1]);
    }

    [Fact]
    public async Task SystemError_SceneThatThrows_IsMinus310AndTheGantryGoesOn()
    {
        await using var bench = new SimulatorBench(new UniformScene(1) { RateFails = true });
        WireClient c = bench.ReadyConsole();
        Assert.Equal(-310, c.Try("HEAD1:RATE?"));
        Assert.Equal("1999.0", c.Ask("SYST:VERS?"));
    }

    [Fact]
    public async Task HardwareError_StoreThatCannotBeWritten_IsMinus240()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        string runs = Path.Combine(bench.Folder, "runs");
        Directory.Delete(runs, recursive: true);
        File.WriteAllText(runs, "no folder any more");
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:MODE STAT;LIM:TIME 5 S", "ACQ:ARM");
        c.Send("ACQ:STAR \"s\"\n");
        Assert.StartsWith("-240,\"Hardware error;store", c.Ask("SYST:ERR?"), StringComparison.Ordinal);
        Assert.StartsWith("READ,ARM", c.Ask("SYST:STAT?"), StringComparison.Ordinal);
        File.Delete(runs);
    }
}
