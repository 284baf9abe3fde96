using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>What the store remembers of a frame for ever.</summary>
internal readonly record struct FrameEntry(uint Number, int Head, int Window, long Bytes, uint Crc, ulong Sum, uint Lost, ulong LiveUs)
{
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Number} {Head} {Window} {Bytes} {Crc} {Sum} {Lost} {LiveUs}");

    public static FrameEntry? FromLine(string line)
    {
        string[] f = line.Split(' ');
        if (f.Length != 8) return null;
        var i = CultureInfo.InvariantCulture;
        return uint.TryParse(f[0], i, out uint n) && int.TryParse(f[1], i, out int head) && int.TryParse(f[2], i, out int window) && long.TryParse(f[3], i, out long bytes)
            && uint.TryParse(f[4], i, out uint crc) && ulong.TryParse(f[5], i, out ulong sum) && uint.TryParse(f[6], i, out uint lost) && ulong.TryParse(f[7], i, out ulong live)
            ? new FrameEntry(n, head, window, bytes, crc, sum, lost, live) : null;
    }

    public static FrameEntry Of(ReadOnlySpan<byte> frame, FrameHeader header) =>
        new(header.Number, header.Head, header.Window, frame.Length, Crc32.Of(frame), header.Sum, header.Lost, header.LiveUs);
}

/// <summary>What a run is; written when it starts and when it ends.</summary>
internal sealed record RunInfo
{
    public required Guid Id { get; init; }
    public required FrameMode Mode { get; init; }
    public required IReadOnlyList<int> Heads { get; init; }
    public required int Expected { get; init; }
    public string Label { get; init; } = "";
    public ulong BootId { get; init; }
    public long Order { get; init; }
    /// <summary>NONE while it runs; else how it ended.</summary>
    public string Reason { get; init; } = "NONE";
    public double ElapsedSeconds { get; init; }
    public double LiveSeconds { get; init; }
    /// <summary>Kept in list mode too.</summary>
    public bool IsList { get; init; }
    /// <summary>Event words kept per head, and events dropped; written when the run ends.</summary>
    public IReadOnlyList<long> ListWords { get; init; } = [];
    public IReadOnlyList<long> ListLost { get; init; } = [];
}

/// <summary>One run with its frames. Used under the gantry's lock, except for reading frame files.</summary>
internal sealed class StoredRun(string folder, RunInfo info)
{
    private readonly List<FrameEntry> _entries = [];

    public string Folder { get; } = folder;
    public RunInfo Info { get; set; } = info;
    public Guid Id => Info.Id;
    public IReadOnlyList<FrameEntry> Entries => _entries;
    public uint LastComplete => (uint)_entries.Count;
    public uint Acknowledged { get; private set; }
    /// <summary>Frames are let go by one at a time.</summary>
    public SemaphoreSlim Releasing { get; } = new(1, 1);
    public uint Unacknowledged => LastComplete - Acknowledged;
    public bool HasEnded => Info.Reason != "NONE";
    public long StoredBytes => _frameBytes + (List?.StoredBytes ?? 0);
    /// <summary>Its packets, when it is kept in list mode.</summary>
    public ListStore? List { get; set; }
    private long _frameBytes;
    public string FrameFile(uint number) => Path.Combine(Folder, number.ToString("D8", CultureInfo.InvariantCulture) + ".gfr");

    public void Add(FrameEntry entry)
    {
        if (entry.Number != LastComplete + 1) throw new InvalidOperationException($"frame {entry.Number} came after {LastComplete}");
        _entries.Add(entry);
        _frameBytes += entry.Bytes;
    }

    public void Release(uint number)
    {
        for (; Acknowledged < number; Acknowledged++) _frameBytes -= _entries[(int)Acknowledged].Bytes;
    }

    /// <summary>Fields of ACQuire:LEDGer? after the uuid (docs/decisions/0004: live seconds count a head's first window only).</summary>
    public string Ledger()
    {
        uint crc = 0;
        Span<byte> four = stackalloc byte[4];
        foreach (FrameEntry e in _entries)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(four, e.Crc);
            crc = Crc32.Append(crc, four);
        }
        var fields = new List<string> { GciText.Quote(Id.ToString("D")), Text(LastComplete), Text((ulong)Info.Heads.Count) };
        fields.AddRange(Info.Heads.Select(h => Text(_entries.Where(e => e.Head == h).Aggregate(0UL, (s, e) => s + e.Sum))));
        fields.AddRange(Info.Heads.Select((h, i) => Text((ulong)(HasEnded && i < Info.ListWords.Count ? Info.ListWords[i] : List?.KeptOf(h) ?? 0))));
        fields.AddRange(Info.Heads.Select((h, i) => Text(_entries.Where(e => e.Head == h).Aggregate(0UL, (s, e) => s + e.Lost)
            + (ulong)(HasEnded && i < Info.ListLost.Count ? Info.ListLost[i] : List?.LostOf(h) ?? 0))));
        fields.AddRange(Info.Heads.Select(h => GciText.Number(LiveSeconds(h))));
        fields.Add(Text(crc));
        return string.Join(',', fields);
    }

    private double LiveSeconds(int head)
    {
        int first = _entries.Where(e => e.Head == head).Select(e => e.Window).DefaultIfEmpty(0).Min();
        return _entries.Where(e => e.Head == head && e.Window == first).Aggregate(0UL, (s, e) => s + e.LiveUs) / 1e6;
    }

    private static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
