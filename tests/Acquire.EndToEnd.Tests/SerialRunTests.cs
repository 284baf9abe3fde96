using System.Diagnostics;
using System.Globalization;
using System.Text;
using Acquire.Protocols.Gantry;
using Acquire.Service.Gantry;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>A whole static acquisition over a serial line with errors: program to program, over a socat pair, the service's own transport.</summary>
public sealed class SerialRunTests
{
    private const string Run = "6f1c0f1e-1f3c-4b43-9d5e-0c7a3b6a2f10";

    [Theory]
    [InlineData(115_200, "")]
    [InlineData(921_600, "bits=1e-5")]
    [InlineData(921_600, "bits=1e-4,drops=1e-5")]
    public async Task StaticRun_OverALineWithErrors_LedgersAreEqual(int baud, string errors)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using PtyPair pair = PtyPair.Create();
        string folder = Directory.CreateTempSubdirectory("acquire-serial").FullName;
        using Process simulator = StartSimulator(folder, pair.A, errors);
        try
        {
            await using IGantryWire wire = await GantryTransports.Of($"{pair.B}@{baud}", TimeProvider.System).ConnectAsync(cancellation);
            var gantry = new Scpi(wire);
            foreach (string command in (string[])["SYST:SESS:OPEN \"console\",CONT,\"acquire\"", "SYST:CONT:REQ", "SYST:COMM:SER:BULK ON", "HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"home\""]) await gantry.DoAsync(command);
            await gantry.AskAsync("DIAG:SIM:ADV? 30");
            await gantry.AskAsync("DIAG:SIM:PAT:INJ 500;INJ?");
            await gantry.DoAsync("TABL:LONG 970"); // where the source is
            string[] plan = (await gantry.AskAsync("MOT:PLAN?")).Split(',');
            await gantry.DoAsync($"MOT:STAR \"move\",{plan[2]}");
            await gantry.AskAsync("DIAG:SIM:ADV? " + plan[1]);
            foreach (string command in (string[])[$"ACQ:ID \"{Run}\"", "ACQ:MODE STAT;LIM:TIME 60 S", "HEAD1:MATR 64;:HEAD2:MATR 64", "HEAD1:ENER:WIND1 \"Tc99m\",129.5,150.5", "HEAD2:ENER:WIND1 \"Tc99m\",129.5,150.5", "ACQ:ARM", "ACQ:STAR \"op1\""]) await gantry.DoAsync(command);
            await gantry.AskAsync("DIAG:SIM:ADV? 60");

            var frames = new List<byte[]>();
            while (await gantry.AskAsync("FRAM:NEXT?") is var next && next != "0,0,0")
            {
                string[] f = next.Split(',');
                byte[] frame = await gantry.FrameAsync(f[0], int.Parse(f[1], CultureInfo.InvariantCulture), part: 3000);
                Assert.Equal(f[2], Crc32.Of(frame).ToString(CultureInfo.InvariantCulture));
                Assert.Null(FrameHeader.Check(frame, out _));
                frames.Add(frame);
                await gantry.DoAsync("FRAM:ACKN " + f[0]);
            }

            string[] ledger = (await gantry.AskAsync("ACQ:LEDG?")).Split(',');
            Assert.Equal($"\"{Run}\"", ledger[0]);
            Assert.Equal(2, frames.Count);
            Assert.Equal("2", ledger[1]);
            ulong[] sums = [.. frames.Select(b => { FrameHeader.Check(b, out FrameHeader? h); return (ulong)h!.Sum; })];
            Assert.All(sums, s => Assert.NotEqual(0UL, s));
            Assert.Equal(sums, ledger[3..5].Select(s => ulong.Parse(s, CultureInfo.InvariantCulture)));
            byte[] chain = [.. frames.SelectMany(b => BitConverter.GetBytes(Crc32.Of(b)))];
            Assert.Equal(Crc32.Of(chain).ToString(CultureInfo.InvariantCulture), ledger[^1]);
            long[] quality = [.. (await gantry.AskAsync("SYST:COMM:SER:LINK?")).Split(',').Select(s => long.Parse(s, CultureInfo.InvariantCulture))];
            Assert.True(errors.Length == 0 || quality[1] + quality[2] > 0, "the line had errors, so frames were damaged or sent again");
        }
        finally
        {
            simulator.Kill();
            await simulator.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Stop_IsConfirmed_WhileAFrameIsOnItsWay()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using PtyPair pair = PtyPair.Create();
        string folder = Directory.CreateTempSubdirectory("acquire-serial").FullName;
        using Process simulator = StartSimulator(folder, pair.A, "bits=1e-6");
        try
        {
            GantryAddress address = GantryAddress.Parse(pair.B, TimeProvider.System);
            await using GantryDriver driver = await GantryDriver.OpenAsync(address, TimeProvider.System, cancellation);
            await using GantryStopLine stop = await GantryStopLine.OpenAsync(address.Transport, TimeProvider.System, cancellation, driver);
            foreach (string command in (string[])["HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"home\""]) await driver.CommandAsync(command, cancellation);
            await driver.QueryAsync("DIAG:SIM:ADV? 30", cancellation);
            foreach (string command in (string[])[$"ACQ:ID \"{Run}\"", "ACQ:MODE STAT;LIM:TIME 60 S", "HEAD1:MATR 128;:HEAD2:MATR 128", "HEAD1:ENER:WIND1 \"Tc99m\",129.5,150.5", "HEAD2:ENER:WIND1 \"Tc99m\",129.5,150.5", "ACQ:ARM", "ACQ:STAR \"op1\""]) await driver.CommandAsync(command, cancellation);
            await driver.QueryAsync("DIAG:SIM:ADV? 60", cancellation);

            // 32 896 bytes take 2.9 s at 115 200 baud; the stop has right of way, and its answer too.
            Task<byte[]?> frame = driver.Frames.NextAsync(cancellation);
            while ((await driver.QueryAsync("SYST:COMM:SER:BULK?", cancellation)) != "1") { }
            Task aborted = stop.AbortAsync();
            Assert.Same(aborted, await Task.WhenAny(frame, aborted));
            await aborted;

            Assert.Null(FrameHeader.Check((await frame)!, out FrameHeader? header));
            Assert.Equal(1u, header!.Number);
        }
        finally
        {
            simulator.Kill();
            await simulator.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process StartSimulator(string folder, string port, string errors)
    {
        string program = Path.Combine(AcquireProgram.Folder, "simulator", OperatingSystem.IsWindows() ? "acquire-sim.exe" : "acquire-sim");
        string ready = Path.Combine(folder, "ready.json");
        Process simulator = Process.Start(new ProcessStartInfo(program, ["--tcp", "0", "--store", Path.Combine(folder, "store"), "--scenario", "point", "--clock", "step", "--ready-file", ready, "--serial", port, "--serial-errors", errors]))!;
        using var watcher = new FileSystemWatcher(folder, "ready.json") { EnableRaisingEvents = true };
        while (!File.Exists(ready))
        {
            Assert.False(simulator.HasExited, "the simulator ended at once");
            watcher.WaitForChanged(WatcherChangeTypes.All, 200);
        }
        return simulator;
    }

    /// <summary>The little SCPI this test needs, over a wire.</summary>
    private sealed class Scpi(IGantryWire wire)
    {
        public async Task DoAsync(string command) => Assert.Equal((command, "0,\"No error\""), (command, await AskAsync(command + "\nSYST:ERR?")));

        public async Task<string> AskAsync(string query)
        {
            await wire.Control.WriteAsync(Encoding.ASCII.GetBytes(query + "\n"));
            return Encoding.ASCII.GetString(await LineAsync(wire.Control));
        }

        public async Task<byte[]> FrameAsync(string number, int length, int part)
        {
            var frame = new List<byte>();
            while (frame.Count < length)
            {
                await wire.Control.WriteAsync(Encoding.ASCII.GetBytes(FormattableString.Invariant($"FRAM:DATA? {number},{frame.Count},{Math.Min(part, length - frame.Count)}\n")));
                byte[] head = new byte[2];
                await wire.Bulk!.ReadExactlyAsync(head);
                byte[] digits = new byte[head[1] - '0'];
                await wire.Bulk.ReadExactlyAsync(digits);
                byte[] bytes = new byte[int.Parse(Encoding.ASCII.GetString(digits), CultureInfo.InvariantCulture) + 1];
                await wire.Bulk.ReadExactlyAsync(bytes);
                Assert.Equal((byte)'\n', bytes[^1]);
                frame.AddRange(bytes[..^1]);
            }
            return [.. frame];
        }

        private static async Task<byte[]> LineAsync(Stream stream)
        {
            var line = new List<byte>();
            byte[] one = new byte[1];
            while (await stream.ReadAsync(one) > 0 && one[0] != (byte)'\n') line.Add(one[0]);
            return [.. line];
        }
    }
}
