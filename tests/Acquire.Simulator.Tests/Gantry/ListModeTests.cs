using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

public sealed class ListModeTests
{
    internal sealed record ListEvent(int Head, double KeV, int X, int Y, long Us);

    internal sealed record Read(List<ListEvent> Events, List<(ListWord Word, long Us)> Tags);

    internal static Read Decode(IEnumerable<(ListPacket Header, byte[] Words)> packets)
    {
        var read = new Read([], []);
        ulong time = 0;
        foreach ((ListPacket _, byte[] words) in packets)
        {
            var reader = new ListWordReader(words, time);
            while (reader.Read())
            {
                ListWord w = reader.Current;
                if (w.IsEvent) read.Events.Add(new ListEvent(w.Head, w.EnergyKeV, w.X, w.Y, (long)reader.TimeUs));
                else read.Tags.Add((w, (long)reader.TimeUs));
            }
            time = reader.TimeWordUs;
        }
        return read;
    }

    /// <summary>Events between two frame-closed words are the frame's: binned by anybody's arithmetic they are its pixels.</summary>
    internal static void AssertSameCounts(List<byte[]> frames, List<(ListPacket Header, byte[] Words)> packets, Dictionary<(int Head, int Window), (double Lo, double Hi)> windows)
    {
        var open = new List<ListEvent>();
        var byNumber = frames.ToDictionary(f => WireClient.Header(f).Number);
        var waiting = new List<uint>();
        int compared = 0;
        ulong time = 0;
        foreach ((ListPacket _, byte[] words) in packets)
        {
            var reader = new ListWordReader(words, time);
            while (reader.Read())
            {
                ListWord w = reader.Current;
                if (w.IsEvent)
                {
                    if (waiting.Count > 0)
                    {
                        open.Clear();
                        waiting.Clear();
                    }
                    open.Add(new ListEvent(w.Head, w.EnergyKeV, w.X, w.Y, (long)reader.TimeUs));
                }
                else if (w.Type == ListTag.FrameClosed)
                {
                    waiting.Add((uint)w.Value);
                    FrameHeader h = WireClient.Header(byNumber[(uint)w.Value]);
                    uint[] image = new uint[h.Width * h.Height];
                    (double lo, double hi) = windows[(h.Head, h.Window)];
                    foreach (ListEvent e in open.Where(e => e.Head == h.Head && e.KeV >= lo && e.KeV < hi)) image[(e.Y * h.Height / 16384 * h.Width) + (e.X * h.Width / 16384)]++;
                    Assert.Equal(FrameHeader.Pixels(byNumber[h.Number], h), image);
                    compared++;
                }
            }
            time = reader.TimeWordUs;
        }
        Assert.Equal(frames.Count, compared);
    }

    private static string Setup(string rest) => "ACQ:LIST ON;MODE " + rest + ";:HEAD1:MATR 64;:HEAD2:MATR 128";

    [Fact]
    public async Task Dynamic_TwoHeadsTwoWindows_EventsBinnedAreTheFramesPixelByPixel()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup("DYN;DYN:PHAS1 3,0.5 S,0.3 S;PHAS2 2,2.2 S"), "HEAD1:ENER:WIND2 \"scatter\",108.5,129.333", "ACQ:ARM");
        using var stream = new StreamClient(int.Parse(c.Ask("SYST:COMM:TCP:STR?"), CultureInfo.InvariantCulture), RunTests.Id, 0); // before the run begins
        c.Do("ACQ:STAR \"op\"");
        c.Advance(10);
        List<(ListPacket Header, byte[] Words)> packets = stream.ToEnd();
        List<byte[]> frames = c.FetchAll();
        Assert.Equal(15, frames.Count);
        AssertSameCounts(frames, packets, new() { [(1, 1)] = (126.45, 154.55), [(1, 2)] = (108.5, 129.333), [(2, 1)] = (126.45, 154.55) });
        Assert.Equal(Enumerable.Range(1, packets.Count).Select(n => (ulong)n), packets.Select(p => p.Header.Number));
        Read all = Decode(packets);
        // Uniform over its energies: three bands of 20 000 cps (the test scene gives every window the same) in head 2, five in head 1; 5.9 s.
        string[] ledger = c.Ask("ACQ:LEDG?").Split(',');
        Assert.Equal([Count(all, 1), Count(all, 2)], ledger[5..7]);
        Assert.Equal(["0", "0"], ledger[7..9]);
        Assert.InRange(all.Events.Count(e => e.Head == 2), (3 * 20_000 * 5.9) - 3600, (3 * 20_000 * 5.9) + 3600);
        // In order of time; a time word at least every 10 ms while it counts.
        Assert.True(all.Events.Zip(all.Events.Skip(1)).All(p => p.First.Us <= p.Second.Us));
        long[] times = [.. all.Tags.Where(t => t.Word.Type == ListTag.Time).Select(t => (long)t.Word.Value)];
        Assert.True(times.Zip(times.Skip(1)).All(p => p.Second - p.First is (>= 0 and <= 10_000) or 300_000));
        Assert.Equal(Enumerable.Repeat(new[] { ListState.Counting, ListState.Standing }, 5).SelectMany(s => s), all.Tags.Where(t => t.Word.Type == ListTag.State).Select(t => (ListState)t.Word.Value));
        Assert.Equal(5_900_000ul, all.Tags.Last(t => t.Word.Type == ListTag.Live && t.Word.TagHead == 1).Word.HeadValue);
        Assert.Equal([0ul, 180_000ul], all.Tags.Where(t => t.Word.Type == ListTag.Angle).Take(2).Select(t => t.Word.HeadValue));
        Assert.Equal(400_000ul, all.Tags.First(t => t.Word.Type == ListTag.Radius).Word.HeadValue);
    }

    private static string Count(Read read, int head) => read.Events.Count(e => e.Head == head).ToString(CultureInfo.InvariantCulture);

    [Fact]
    public async Task Gated_Events_FallIntoTheBinsOfTheirRWaves()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:LIST ON;MODE GAT;HEAD 1;LIM:TIME 20 S;:ACQ:GATE:BINS 8;SOUR ECG;WIND 80,120;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(30);
        using var stream = new StreamClient(bench.Host.StreamPort, RunTests.Id, 1);
        Read all = Decode(stream.ToEnd());
        FrameHeader[] h = [.. c.FetchAll().Select(WireClient.Header)];
        Assert.Equal(Enumerable.Range(1, 8).Select(b => (uint)b), h.Select(x => x.GateBin));
        long[] waves = [.. all.Tags.Where(t => t.Word.Type == ListTag.Gate).Select(t => t.Us)];
        Assert.InRange(waves.Length, 20, 27);
        ulong[] bins = new ulong[8];
        double live = 0;
        for (int i = 0; i + 1 < waves.Length; i++)
        {
            long rr = waves[i + 1] - waves[i];
            if (rr < 857_143 * 0.8 || rr > 857_143 * 1.2) continue;
            live += rr / 8.0;
            foreach (ListEvent e in all.Events.Where(e => e.Us >= waves[i] && e.Us < waves[i + 1] && e.KeV >= 126.45 && e.KeV < 154.55)) bins[(e.Us - waves[i]) * 8 / rr]++;
        }
        Assert.Equal(bins, h.Select(x => x.Sum));
        Assert.All(h, x => Assert.Equal(live, (double)x.LiveUs, 1.0));
    }

    [Fact]
    public async Task Stream_BrokenOffAndAskedAgain_GoesOnAtTheWantedPacketWithTheSameBytes()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup("STAT;LIM:TIME 10 S"), "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(5);
        List<(ListPacket Header, byte[] Words)> first = [];
        using (var stream = new StreamClient(bench.Host.StreamPort, RunTests.Id, 1))
            for (int i = 0; i < 20; i++) first.Add(stream.Next());
        c.Advance(5);
        using var again = new StreamClient(bench.Host.StreamPort, RunTests.Id, 11);
        List<(ListPacket Header, byte[] Words)> rest = again.ToEnd();
        Assert.Equal(11ul, rest[0].Header.Number);
        for (int i = 0; i < 10; i++) Assert.Equal(first[10 + i].Words, rest[i].Words);
        using var unknown = new StreamClient(bench.Host.StreamPort, "99999999-2222-3333-4444-555555555555", 1);
        Assert.True(unknown.IsClosed());
    }

    [Fact]
    public async Task Store_Full_DropsPacketsAndSaysSoButKeepsEveryFrame()
    {
        await using var bench = new SimulatorBench(capacity: 3_000_000);
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", "ACQ:LIST ON;MODE DYN;HEAD 1;DYN:PHAS1 40,1 S;:HEAD1:MATR 64", "ACQ:ARM", "ACQ:STAR \"op\"");
        c.Advance(40);
        Assert.Equal(1 << 11, int.Parse(c.Ask("STAT:QUES:COND?"), CultureInfo.InvariantCulture) & (1 << 11));
        List<byte[]> frames = c.FetchAll();
        Assert.Equal(40, frames.Count);
        using var stream = new StreamClient(bench.Host.StreamPort, RunTests.Id, 1);
        Read all = Decode(stream.ToEnd());
        string[] ledger = c.Ask("ACQ:LEDG?").Split(',');
        Assert.Equal(Count(all, 1), ledger[4]);
        ulong lost = all.Tags.Where(t => t.Word.Type == ListTag.Lost).Aggregate(0ul, (s, t) => s + t.Word.HeadValue);
        Assert.True(lost > 0);
        Assert.Equal(lost.ToString(CultureInfo.InvariantCulture), ledger[5]);
        Assert.Equal(frames.Sum(f => (long)WireClient.Header(f).Sum), long.Parse(ledger[3], CultureInfo.InvariantCulture));
        // Kept and lost together are all there were: 3 bands of 20 000 cps for 40 s.
        Assert.InRange(all.Events.Count + (double)lost, 2_400_000 - 9300, 2_400_000 + 9300);
    }

    [Fact]
    public async Task WholeBody_WithList_IsRefused()
    {
        await using var bench = new SimulatorBench();
        WireClient c = bench.ReadyConsole();
        c.Do($"ACQ:ID \"{RunTests.Id}\"", Setup("WBOD;WBOD:RANG 200,800;SPE 10"));
        Assert.StartsWith("LIST,", c.Ask("ACQ:CHEC?"), StringComparison.Ordinal);
        Assert.Equal(402, c.Try("ACQ:ARM"));
    }
}
