using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Gantry;
using Acquire.Service.Gantry;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>Service, simulator and link are killed at random moments of dynamic and tomo runs; nothing counted is lost and every run ends in a known state.</summary>
/// <remarks>12 kills here; ACQUIRE_TORTURE_KILLS=200 makes the campaign of docs/benchmarks.md. The service talks through a proxy of our own, so that the link
/// can be cut, stalled and delayed while both ends live.</remarks>
public sealed class KillCampaignTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ServiceSimulatorAndLink_KilledAtRandomInDynamicAndTomoRuns_LedgersEqualAndEveryRunKnown()
    {
        int wanted = int.Parse(Environment.GetEnvironmentVariable("ACQUIRE_TORTURE_KILLS") ?? "12", CultureInfo.InvariantCulture);
        var tally = new Dictionary<string, int>(StringComparer.Ordinal);
        int runs = 0, frames = 0, partial = 0;
        int study = 0;
        while (tally.Values.Sum() < wanted)
        {
            using var campaign = new Campaign(++study, Math.Min(6, wanted - tally.Values.Sum()), tally);
            await campaign.RunAsync(Cancel);
            (int r, int f, int p) = await campaign.VerifyAsync(Cancel);
            runs += r;
            frames += f;
            partial += p;
        }
        string said = string.Create(CultureInfo.InvariantCulture, $"{tally.Values.Sum()} kills ({string.Join(", ", tally.OrderBy(t => t.Key).Select(t => $"{t.Key} {t.Value}"))}) in {study} studies; {runs} runs, {partial} of them not complete and saying so, {frames} frames; all ledgers equal");
        TestContext.Current.TestOutputHelper?.WriteLine(said);
        if (Environment.GetEnvironmentVariable("ACQUIRE_TORTURE_REPORT") is { } report) await File.WriteAllTextAsync(report, said + "\n", Cancel);
    }

    /// <summary>One study with its kills.</summary>
    private sealed class Campaign(int seed, int kills, Dictionary<string, int> tally) : IDisposable
    {
        private static readonly string[] Phases = ["Flow", "SPECT"];
        private readonly TemporaryData _data = new();
        private readonly Random _random = new(seed);
        private readonly List<string> _log = [];
        private Process? _simulator;
        private int _port;
        private CuttingProxy? _proxy;

        public async Task RunAsync(CancellationToken cancel)
        {
            await StartSimulatorAsync(cancel);
            _proxy = new CuttingProxy(_port);
            string protocol = ShortProtocol.Write(_data);
            string[] arguments = ["demo", "--plain", "--data", _data.File("d"), "--protocol", protocol, "--speed", "1000000", "--seed", "11", "--gantry", $"127.0.0.1:{_proxy.Port}"];
            int left = kills;
            for (int attempts = 0; ; attempts++)
            {
                Assert.True(attempts < 40, $"seed {seed}: the study does not come to an end\n{string.Join('\n', _log)}");
                using AcquireProgram program = AcquireProgram.Start(arguments);
                bool killed = false;
                int skip = _random.Next(0, 10);
                while (await program.Output.ReadLineAsync(cancel) is { } line)
                {
                    _log.Add(line);
                    if (left == 0 || !Phases.Any(p => line.Contains(p, StringComparison.Ordinal)) || skip-- > 0) continue;
                    skip = _random.Next(0, 12);
                    Thread.SpinWait(_random.Next(0, 2_000_000));
                    left--;
                    killed = await KillAsync(program, cancel);
                    if (killed) break;
                }
                if (killed)
                {
                    await program.EndAsync();
                    // Killed before the study was in the journal: begun again, as a user would.
                    if (File.Exists(_data.File("d", "journal.db"))) arguments = ["resume", "--plain", "--data", _data.File("d")];
                    continue;
                }
                int code = await program.EndAsync();
                _log.Add($"exit code {code} {program.Errors}");
                if (code is 0 or 5 or 6) return;
                // The service gave the gantry up or was refused: that is an honest end of a process, and a person types `resume`.
                Assert.True(code == 3, $"seed {seed}: exit code {code}\n{string.Join('\n', _log)}");
                arguments = ["resume", "--plain", "--data", _data.File("d")];
            }
        }

        /// <summary>Kills something; true when it was the service.</summary>
        private async Task<bool> KillAsync(AcquireProgram program, CancellationToken cancel)
        {
            string what = _random.Next(6) switch { 0 or 1 => "service", 2 => "simulator", 3 => "link cut", 4 => "link stalled", _ => "link delayed" };
            tally[what] = tally.GetValueOrDefault(what) + 1;
            _log.Add("--- " + what);
            switch (what)
            {
                case "service":
                    program.Kill();
                    return true;
                case "simulator":
                    _simulator!.Kill();
                    await _simulator.WaitForExitAsync(cancel);
                    await StartSimulatorAsync(cancel);
                    break;
                case "link cut":
                    _proxy!.Cut();
                    break;
                case "link stalled":
                    _proxy!.Stall();
                    await Task.Delay(_random.Next(50, 1500), cancel);
                    if (_random.Next(2) == 0) _proxy.Cut();
                    _proxy.Go();
                    break;
                default:
                    _proxy!.Delay(_random.Next(5, 60));
                    await Task.Delay(_random.Next(200, 800), cancel);
                    _proxy.Delay(0);
                    break;
            }
            return false;
        }

        private async Task StartSimulatorAsync(CancellationToken cancel)
        {
            string ready = _data.File("ready.json");
            File.Delete(ready);
            string program = Path.Combine(AcquireProgram.Folder, "simulator", OperatingSystem.IsWindows() ? "acquire-sim.exe" : "acquire-sim");
            var start = new ProcessStartInfo(program, ["--tcp", $"{_port}", "--store", _data.File("store"), "--seed", "11", "--scenario", "facet-l4-left", "--clock", "step", "--ready-file", ready, "--log", _data.File("simulator.log"), "--idle-exit", "300"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            };
            _simulator = Process.Start(start)!;
            while (!File.Exists(ready))
            {
                Assert.False(_simulator.HasExited, $"the simulator ended with {(_simulator.HasExited ? _simulator.ExitCode : 0)}: {(_simulator.HasExited ? await _simulator.StandardError.ReadToEndAsync(cancel) : "")}");
                await Task.Delay(20, cancel);
            }
            using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(ready, cancel));
            _port = document.RootElement.GetProperty("port").GetInt32();
        }

        /// <summary>Every planned run has a result whose words fit its ledger, and the gantry's own ledger, asked anew, fits what is on disk byte for byte.</summary>
        public async Task<(int Runs, int Frames, int NotComplete)> VerifyAsync(CancellationToken cancel)
        {
            string story = $"seed {seed}\n{string.Join('\n', _log)}";
            using var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_data.File("d", "journal.db")};Pooling=False");
            database.Open();
            var results = new Dictionary<Guid, JsonElement>();
            var plans = new List<(Guid Id, string Kind)>();
            using (Microsoft.Data.Sqlite.SqliteCommand command = database.CreateCommand())
            {
                command.CommandText = "SELECT kind, id, body FROM fact WHERE kind IN ('plan', 'result')";
                using Microsoft.Data.Sqlite.SqliteDataReader reader = command.ExecuteReader();
                while (reader.Read())
                {
                    JsonElement body = JsonDocument.Parse(reader.GetString(2)).RootElement;
                    if (reader.GetString(0) == "plan") plans.Add((Guid.Parse(reader.GetString(1)), body.GetProperty("Plan").GetProperty("Kind").GetString()!));
                    else results[Guid.Parse(reader.GetString(1))] = body;
                }
            }
            Assert.True(plans.Count > 0, story);
            await using GantryLink link = await GantryLink.ConnectAsync("127.0.0.1", _port, TimeProvider.System, cancel);
            int frames = 0, notComplete = 0;
            foreach ((Guid id, _) in plans)
            {
                Assert.True(results.TryGetValue(id, out JsonElement result), $"run {id} has no result\n{story}");
                Assert.True(result.GetProperty("Ledger").GetProperty("Equal").GetBoolean(), $"run {id}: {result}\n{story}");
                if (result.GetProperty("Ending").GetString() != "Complete")
                {
                    notComplete++;
                    Assert.False(string.IsNullOrEmpty(result.GetProperty("Reason").GetString()), $"run {id} is not complete and does not say why\n{story}");
                }
                frames += await CompareAsync(link, id, story, cancel);
            }
            Assert.Equal("\"\"", await link.QueryAsync("FRAM:LIST?", cancel));
            return (plans.Count, frames, notComplete);
        }

        private async Task<int> CompareAsync(GantryLink link, Guid id, string story, CancellationToken cancel)
        {
            string folder = Directory.GetDirectories(_data.File("d", "studies")).Select(s => Path.Combine(s, "frames", id.ToString("D"))).FirstOrDefault(Directory.Exists) ?? "";
            string[] files = folder.Length == 0 ? [] : [.. Directory.GetFiles(folder, "*.gfr").Order(StringComparer.Ordinal)];
            uint chain = 0;
            long counts = 0;
            byte[] crc = new byte[4];
            foreach (string file in files)
            {
                byte[] frame = await File.ReadAllBytesAsync(file, cancel);
                Assert.True(FrameHeader.Check(frame, out FrameHeader? header) is null, $"{file}\n{story}");
                counts += (long)header!.Sum;
                BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc32.Of(frame));
                chain = Crc32.Append(chain, crc);
            }
            string[] ledger;
            try
            {
                await link.CommandAsync($"FRAM:SEL \"{id:D}\"", cancel);
                ledger = GantryReply.Fields(await link.QueryAsync("ACQ:LEDG?", cancel));
            }
            catch (GantryRefusedException e) when (e.Code == 430)
            {
                Assert.True(files.Length == 0, $"run {id}: frames on disk, and the gantry knows of none\n{story}");
                return 0;
            }
            int heads = int.Parse(ledger[2], CultureInfo.InvariantCulture);
            Assert.True(files.Length == int.Parse(ledger[1], CultureInfo.InvariantCulture), $"run {id}: {files.Length} frames here, {ledger[1]} there\n{story}");
            Assert.Equal(ledger.Skip(3).Take(heads).Sum(c => long.Parse(c, CultureInfo.InvariantCulture)), counts);
            Assert.True(files.Length == 0 || uint.Parse(ledger[3 + (4 * heads)], CultureInfo.InvariantCulture) == chain, $"run {id}: the chain of CRCs differs\n{story}");
            return files.Length;
        }

        public void Dispose()
        {
            if (_simulator is { HasExited: false }) _simulator.Kill();
            _simulator?.Dispose();
            _proxy?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _data.Dispose();
        }
    }
}
