using System.Buffers.Binary;
using System.Globalization;

namespace Acquire.Service.Conformance;

/// <summary>One frame as it was fetched: what was announced, and the bytes of two readings.</summary>
internal sealed record FrameRead(uint Number, int Bytes, uint Crc, FrameBytes Frame, byte[] Again);

/// <summary>Ledger of a run (reference section 11). Whether the number of heads stands behind the number of frames is left open there: both are read.</summary>
internal sealed record Ledger(string Uuid, uint Frames, ulong[] Counts, ulong[] ListWords, ulong[] Lost, double[] LiveSeconds, uint Crc)
{
    /// <summary>Reads one.</summary>
    /// <exception cref="ClauseFailedException">It is not a ledger.</exception>
    public static Ledger Parse(string reply)
    {
        string[] f = PlainLink.Split(reply);
        try
        {
            bool hasHeads = f.Length % 4 == 0;
            int first = hasHeads ? 3 : 2, heads = (f.Length - first - 1) / 4;
            if (heads is < 1 or > 2 || first + (4 * heads) + 1 != f.Length || (hasHeads && int.Parse(f[2], CultureInfo.InvariantCulture) != heads)) throw new FormatException();
            ulong[] Numbers(int from) => [.. f.Skip(first + (from * heads)).Take(heads).Select(t => ulong.Parse(t, CultureInfo.InvariantCulture))];
            double[] live = [.. f.Skip(first + (3 * heads)).Take(heads).Select(t => double.Parse(t, CultureInfo.InvariantCulture))];
            return new Ledger(f[0].Trim('"'), uint.Parse(f[1], CultureInfo.InvariantCulture), Numbers(0), Numbers(1), Numbers(2), live, uint.Parse(f[^1], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new ClauseFailedException("uuid,frames,counts per head,list words per head,lost per head,seconds live per head,crc32", reply);
        }
    }
}

/// <summary>A whole run as a client sees it: set up, started, fetched, acknowledged, compared.</summary>
internal sealed class RunRecord
{
    public required string Run { get; init; }
    public required string[] Check { get; init; }
    public required IReadOnlyList<FrameRead> Frames { get; init; }
    public required string RangeBefore { get; init; }
    public required string ListBefore { get; init; }
    public required string StateBefore { get; init; }
    public required string LedgerBefore { get; init; }
    public required string LedgerAfter { get; init; }
    public required string NextAfter { get; init; }
    public required string RangeAfter { get; init; }
    public required string ListAfter { get; init; }
    public required string StateAfter { get; init; }
    public required int ConditionCounting { get; init; }
    public required int ConditionPending { get; init; }
    public required int StatusPending { get; init; }

    /// <summary>Plays a run from ARM to the last acknowledgement.</summary>
    public static RunRecord Play(CheckBench x, double seconds, params string[] commands)
    {
        x.Ready();
        string run = x.Configure(commands);
        string[] check = x.Console.Fields("ACQ:CHEC?");
        if (check.Length != 4 || check[0] != "OK") throw new ClauseFailedException("ACQ:CHEC? → OK,frames,bytes,seconds", string.Join(',', check));
        string operation = x.NewId();
        x.Console.Do("ACQ:ARM");
        x.Console.Ask("STAT:OPER?");
        x.Console.Do($"ACQ:STAR \"{operation}\"");
        x.WaitEnd(seconds);
        int counting = int.Parse(x.Console.Ask("STAT:OPER?"), CultureInfo.InvariantCulture);
        string range = x.Console.Ask("FRAM:RANG?"), list = x.Console.Ask("FRAM:LIST?"), state = x.Console.Ask("ACQ:STAT?"), before = x.Console.Ask("ACQ:LEDG?");
        int pending = Condition(x), status = int.Parse(x.View.Ask("*STB?"), CultureInfo.InvariantCulture);
        var frames = new List<FrameRead>();
        while (true)
        {
            uint[] next = [.. x.Console.Fields("FRAM:NEXT?").Select(t => uint.Parse(t, CultureInfo.InvariantCulture))];
            if (next[0] == 0) break;
            if (frames.Count > 20_000) throw new ClauseFailedException("an end of the frames", x.Console.Ask("FRAM:RANG?"));
            byte[] bytes = x.Console.AskBlock(CheckBench.Say($"FRAM:DATA? {next[0]}")), again = x.Console.AskBlock(CheckBench.Say($"FRAM:DATA? {next[0]}"));
            if (bytes.Length < 128) throw new ClauseFailedException("a frame of at least 128 bytes", CheckBench.Say($"{bytes.Length} bytes"));
            frames.Add(new FrameRead(next[0], (int)next[1], next[2], new FrameBytes(bytes), again));
            x.Console.Do(CheckBench.Say($"FRAM:ACKN {next[0]}"));
        }
        // The run may still be closing when its last frame is released.
        for (int i = 0; i < 100 && x.State(1) == "DRA"; i++) x.Pause(5);
        return new RunRecord
        {
            Run = run, Check = check, Frames = frames, RangeBefore = range, ListBefore = list, StateBefore = state, LedgerBefore = before, ConditionCounting = counting, ConditionPending = pending,
            StatusPending = status, LedgerAfter = x.Console.Ask("ACQ:LEDG?"), NextAfter = x.Console.Ask("FRAM:NEXT?"), RangeAfter = x.Console.Ask("FRAM:RANG?"), ListAfter = x.Console.Ask("FRAM:LIST?"),
            StateAfter = x.Console.Ask("SYST:STAT?"),
        };
    }

    /// <summary>CRC-32 over the little-endian CRC-32 of every frame in order.</summary>
    public static uint Chain(IEnumerable<uint> crcs)
    {
        uint crc = 0;
        Span<byte> four = stackalloc byte[4];
        foreach (uint c in crcs)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(four, c);
            crc = FrameBytes.Crc32Of(four, crc);
        }
        return crc;
    }

    private static int Condition(CheckBench x) => int.Parse(x.View.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture);
}
