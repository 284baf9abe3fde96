using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>Packets of a run in segment files, kept until acknowledged. A packet is published, that is sent to anybody, only after it is flushed. Thread-safe.</summary>
/// <remarks>A segment <c>list/NNNNNNNN.seg</c> is a header of 64 bytes (GLS1, CRC, number of its first packet, events kept and lost per head before it) and packets as on
/// the wire. It is deleted once all its packets are acknowledged and another one was begun. A torn packet at the end is cut off at boot.</remarks>
internal sealed class ListStore : IDisposable
{
    private const uint Magic = 0x31534C47; // "GLS1"
    private const int SegmentHeader = 64;
    private const long SegmentBytes = 16 << 20;
    private const int Heads = 3;
    private readonly object _gate = new();
    private readonly string _folder;
    private readonly List<Segment> _segments = [];
    private readonly long[] _kept = new long[Heads];
    private readonly long[] _lost = new long[Heads];
    private long _storedBytes;
    private bool _dirty;
    private bool _closed;

    private sealed class Segment(ulong first, FileStream file)
    {
        public ulong First { get; } = first;
        public FileStream File { get; } = file;
        public List<long> Offsets { get; } = [];
        public long Length { get; set; } = SegmentHeader;
        public ulong Last => First + (ulong)Offsets.Count - 1;
    }

    private ListStore(string folder) => _folder = folder;

    /// <summary>Number of the last packet written; it may not be flushed yet.</summary>
    public ulong Written { get; private set; }
    /// <summary>Number of the last packet anybody may read.</summary>
    public ulong Published { get; private set; }
    /// <summary>All packets up to this one were acknowledged.</summary>
    public ulong Acknowledged { get; private set; }
    /// <summary>Bytes on the disk. Asked under the gantry's lock, so it takes none that waits for a disk; so do the next three.</summary>
    public long StoredBytes => Volatile.Read(ref _storedBytes);

    public bool AnyLost => Enumerable.Range(0, Heads).Any(h => LostOf(h) > 0);

    /// <summary>Event words kept of a head.</summary>
    public long KeptOf(int head) => Volatile.Read(ref _kept[head]);

    /// <summary>Event words of a head that were dropped.</summary>
    public long LostOf(int head) => Volatile.Read(ref _lost[head]);

    /// <summary>Opens the packets of a run, or begins them.</summary>
    /// <param name="runFolder">Folder of the run.</param>
    /// <param name="lastSafe">At boot: packets above this number were never published and are cut off; null keeps every whole one.</param>
    public static ListStore Open(string runFolder, ulong? lastSafe = null)
    {
        var store = new ListStore(Path.Combine(runFolder, "list"));
        Directory.CreateDirectory(store._folder);
        foreach (string path in Directory.GetFiles(store._folder, "*.seg").Order(StringComparer.Ordinal)) store.Load(path, lastSafe);
        store.Published = store.Written;
        return store;
    }

    /// <summary>Writes a sealed packet; not yet flushed, not yet published.</summary>
    public void Append(ReadOnlySpan<byte> packet, ReadOnlySpan<int> eventsPerHead)
    {
        lock (_gate)
        {
            if (_closed) return;
            if (_segments.Count == 0 || _segments[^1].Length >= SegmentBytes) BeginSegment();
            Segment segment = _segments[^1];
            RandomAccess.Write(segment.File.SafeFileHandle, packet, segment.Length);
            segment.Offsets.Add(segment.Length);
            segment.Length += packet.Length;
            Volatile.Write(ref _storedBytes, _storedBytes + packet.Length);
            Written++;
            for (int h = 0; h < Heads; h++) Volatile.Write(ref _kept[h], _kept[h] + eventsPerHead[h]);
            _dirty = true;
        }
    }

    /// <summary>Events that found no place.</summary>
    public void Lost(ReadOnlySpan<int> eventsPerHead)
    {
        lock (_gate)
            for (int h = 0; h < Heads; h++) Volatile.Write(ref _lost[h], _lost[h] + eventsPerHead[h]);
    }

    /// <summary>Flushes to the disk what was written.</summary>
    public void Flush()
    {
        FileStream file;
        lock (_gate)
        {
            if (!_dirty || _closed) return;
            _dirty = false;
            file = _segments[^1].File;
        }
        // Outside the lock: readers and acknowledgements do not wait for the disk.
        file.Flush(flushToDisk: true);
    }

    /// <summary>What is flushed may be read.</summary>
    public void Publish()
    {
        lock (_gate)
        {
            Published = Written;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Everything up to that packet is safe with the client. Repeating is fine; what was not published cannot be acknowledged.</summary>
    public void Acknowledge(ulong number)
    {
        lock (_gate)
        {
            Acknowledged = Math.Max(Acknowledged, Math.Min(number, Published));
            while (_segments.Count > 1 && _segments[0].Last <= Acknowledged)
            {
                Volatile.Write(ref _storedBytes, _storedBytes - _segments[0].Length);
                _segments[0].File.Dispose();
                File.Delete(_segments[0].File.Name);
                _segments.RemoveAt(0);
            }
        }
    }

    /// <summary>The run is over and all was acknowledged: nothing needs to be kept.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            foreach (Segment segment in _segments)
            {
                segment.File.Dispose();
                File.Delete(segment.File.Name);
            }
            _segments.Clear();
            Volatile.Write(ref _storedBytes, 0);
        }
    }

    /// <summary>Copies whole packets from a number on into the buffer.</summary>
    /// <param name="from">First packet wanted; a released one means the first that is kept.</param>
    /// <param name="buffer">At least <see cref="ListPacket.MaxLength"/> bytes.</param>
    /// <param name="waitMs">How long to wait for it.</param>
    /// <returns>Bytes copied and the number behind the last packet copied; 0 when there was nothing.</returns>
    public (int Bytes, ulong Next) Read(ulong from, Span<byte> buffer, int waitMs)
    {
        lock (_gate)
        {
            if (from > Published && !_closed) Monitor.Wait(_gate, waitMs);
            if (_closed || _segments.Count == 0 || from > Published) return (0, from);
            from = Math.Max(from, _segments[0].First);
            int at = _segments.FindLastIndex(s => s.First <= from);
            Segment segment = _segments[at];
            int first = (int)(from - segment.First), next = first;
            long start = segment.Offsets[first], end = start;
            ulong last = Math.Min(Published, segment.Last);
            while (segment.First + (ulong)next <= last)
            {
                long behind = next + 1 < segment.Offsets.Count ? segment.Offsets[next + 1] : segment.Length;
                if (behind - start > buffer.Length) break;
                end = behind;
                next++;
            }
            int read = RandomAccess.Read(segment.File.SafeFileHandle, buffer[..(int)(end - start)], start);
            return (read, segment.First + (ulong)next);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (Segment segment in _segments) segment.File.Dispose();
            Monitor.PulseAll(_gate);
        }
    }

    private void BeginSegment()
    {
        if (_segments.Count > 0 && _dirty) _segments[^1].File.Flush(flushToDisk: true);
        var segment = new Segment(Written + 1, new FileStream(Path.Combine(_folder, (Written + 1).ToString("D12", CultureInfo.InvariantCulture) + ".seg"), FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 0));
        Span<byte> header = stackalloc byte[SegmentHeader];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], segment.First);
        for (int h = 0; h < Heads; h++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(header[(16 + (8 * h))..], _kept[h]);
            BinaryPrimitives.WriteInt64LittleEndian(header[(40 + (8 * h))..], _lost[h]);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc32.Of(header[8..]));
        RandomAccess.Write(segment.File.SafeFileHandle, header, 0);
        _segments.Add(segment);
        Volatile.Write(ref _storedBytes, _storedBytes + SegmentHeader);
    }

    private void Load(string path, ulong? lastSafe)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 0);
        byte[] bytes = new byte[file.Length];
        RandomAccess.Read(file.SafeFileHandle, bytes, 0);
        ulong first = bytes.Length >= SegmentHeader ? BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)) : 0;
        if (bytes.Length < SegmentHeader || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic || Crc32.Of(bytes.AsSpan(8, SegmentHeader - 8)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4))
            || (_segments.Count > 0 && first != Written + 1) || first > (lastSafe ?? ulong.MaxValue))
        {
            // Torn when it was begun, or never published: nothing in it was promised to anybody.
            file.Dispose();
            File.Delete(path);
            return;
        }
        var segment = new Segment(first, file);
        if (_segments.Count == 0) Acknowledged = first - 1;
        for (int h = 0; h < Heads; h++)
        {
            _kept[h] = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16 + (8 * h)));
            _lost[h] = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40 + (8 * h)));
        }
        Written = first - 1;
        while (Written < (lastSafe ?? ulong.MaxValue) && ListPacket.TryRead(bytes.AsSpan((int)segment.Length), out ListPacket packet) is null && packet.Number == Written + 1)
        {
            var reader = new ListWordReader(packet.WordsOf(bytes.AsSpan((int)segment.Length)));
            while (reader.Read())
                if (reader.Current.IsEvent && reader.Current.Head < Heads) _kept[reader.Current.Head]++;
            segment.Offsets.Add(segment.Length);
            segment.Length += packet.TotalLength;
            Written++;
        }
        if (segment.Length < bytes.Length) file.SetLength(segment.Length);
        _segments.Add(segment);
        _storedBytes += segment.Length;
    }
}
