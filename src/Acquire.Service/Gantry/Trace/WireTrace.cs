using System.Buffers;
using System.Globalization;
using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>How much of the wire is kept.</summary>
public sealed record WireTraceOptions
{
    /// <summary>A segment is closed when it is longer, bytes.</summary>
    public long SegmentBytes { get; init; } = 8 << 20;
    /// <summary>The oldest segments go when all are longer together, bytes.</summary>
    public long TotalBytes { get; init; } = 256 << 20;
    /// <summary>Segments last written longer ago go too.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);
    /// <summary>Blocks up to this many bytes are kept whole; of longer ones length and CRC-32.</summary>
    public int KeepBlocksUpTo { get; init; } = 4096;
}

/// <summary>Everything that went over the wire, both ways, on disk as soon as it happened, bounded (docs/wire-trace.md).</summary>
/// <remarks>Crash-safe: a process killed anywhere loses at most what it had not handed to the operating system yet (a few records), and nothing before that
/// is touched again. It never holds up the wire: a disk that cannot follow costs records of the trace, counted in a note, never an acquisition. No patient
/// data can be in it: none crosses the interface (the one free text, ACQ:LAB, is checked before it is sent, see <see cref="WireText"/>).</remarks>
public sealed class WireTrace : IAsyncDisposable
{
    /// <summary>Pattern of segment files.</summary>
    public const string Pattern = "wire-*.trace";
    private const int MostWaitingBytes = 16 << 20;
    private readonly string _folder;
    private readonly WireTraceOptions _options;
    private readonly TimeProvider _wall;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly long _began;
    private readonly Task _writing;
    private ArrayBufferWriter<byte> _filling = new(64 << 10);
    private ArrayBufferWriter<byte> _emptying = new(64 << 10);
    private FileStream? _segment;
    private int _segmentNumber;
    private int _connections;
    private long _number;
    private long _lastUs;
    private long _notKept;
    private bool _signalled;
    private bool _closing;
    private volatile bool _failed;

    private WireTrace(string folder, WireTraceOptions options, TimeProvider wall)
    {
        _folder = folder;
        _options = options;
        _wall = wall;
        _began = wall.GetTimestamp();
        _segmentNumber = Segments(folder).Select(NumberOf).DefaultIfEmpty(0).Max();
        OpenSegment();
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Where it lies.</summary>
    public string Folder => _folder;

    /// <summary>Called once when the trace cannot be written any more, with the reason; the work goes on without it.</summary>
    public Action<string>? Failed { get; set; }

    /// <summary>Opens a trace in a folder: a new segment for this run of the program.</summary>
    /// <param name="folder">Folder, made when missing.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="options">Bounds.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static WireTrace Open(string folder, TimeProvider wall, WireTraceOptions? options = null)
    {
        Directory.CreateDirectory(folder);
        return new WireTrace(Path.GetFullPath(folder), options ?? new WireTraceOptions(), wall);
    }

    /// <summary>Segments of a folder, oldest first.</summary>
    public static IReadOnlyList<string> Segments(string folder) => [.. Directory.GetFiles(folder, Pattern).OrderBy(NumberOf)];

    /// <summary>Starts the record of a connection.</summary>
    /// <param name="channel">control, stop, events or stream.</param>
    /// <param name="name">Of the transport.</param>
    public WireTraceConnection Connect(string channel, string name)
    {
        var connection = new WireTraceConnection(this, Interlocked.Increment(ref _connections), channel);
        connection.Note("open " + name);
        return connection;
    }

    internal void Add(int connection, string channel, WireDirection direction, bool isTimed, string text, WireBlock? block)
    {
        if (_failed) return;
        lock (_gate)
        {
            if (_closing) return;
            if (_filling.WrittenCount > MostWaitingBytes)
            {
                _notKept++;
                return;
            }
            if (_notKept > 0)
            {
                string lost = string.Create(CultureInfo.InvariantCulture, $"the disk did not follow: {_notKept} records are not here");
                _notKept = 0;
                Put(connection, channel, WireDirection.Note, false, lost, null);
            }
            Put(connection, channel, direction, isTimed, text, block);
            if (_signalled) return;
            _signalled = true;
        }
        _work.Release();
    }

    internal WireBlock Block(ReadOnlySpan<byte> bytes) => new(bytes.Length, Crc32.Of(bytes), bytes.Length <= _options.KeepBlocksUpTo ? bytes.ToArray() : null);

    private void Put(int connection, string channel, WireDirection direction, bool isTimed, string text, WireBlock? block)
    {
        long now = (long)_wall.GetElapsedTime(_began).TotalMicroseconds;
        _lastUs = Math.Max(_lastUs, now);
        WireTraceFormat.Write(new WireRecord(++_number, _lastUs, _wall.GetUtcNow(), connection, channel, direction, isTimed, text, block), _filling);
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            await _work.WaitAsync();
            bool last;
            lock (_gate)
            {
                (_filling, _emptying) = (_emptying, _filling);
                _signalled = false;
                last = _closing;
            }
            try
            {
                // One write call for all that waited; no buffer of ours in between, so a killed process loses nothing that was handed over.
                if (!_failed && _emptying.WrittenCount > 0)
                {
                    _segment!.Write(_emptying.WrittenSpan);
                    if (_segment.Length > _options.SegmentBytes) OpenSegment();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failed = true;
                Failed?.Invoke($"the wire trace cannot be written any more ({e.GetType().Name}, code {e.HResult & 0xFFFF}); the work goes on without it");
            }
            _emptying.ResetWrittenCount();
            if (last) return;
        }
    }

    private void OpenSegment()
    {
        _segment?.Dispose();
        _segmentNumber++;
        string path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"wire-{_segmentNumber:D6}.trace"));
        _segment = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
        var head = new ArrayBufferWriter<byte>();
        string run = string.Create(CultureInfo.InvariantCulture, $"wire trace 1, segment {_segmentNumber}, process {Environment.ProcessId}");
        WriteNote(head, run);
        foreach (string dropped in DropOld(path)) WriteNote(head, $"dropped {dropped}: beyond {_options.TotalBytes >> 20} MB or {_options.MaxAge.TotalDays:0} days");
        _segment.Write(head.WrittenSpan);
    }

    // Notes of a segment about itself are not counted: numbers stay without gaps whichever segments are left.
    private void WriteNote(ArrayBufferWriter<byte> target, string text) =>
        WireTraceFormat.Write(new WireRecord(0, (long)_wall.GetElapsedTime(_began).TotalMicroseconds, _wall.GetUtcNow(), 0, "trace", WireDirection.Note, false, text, null), target);

    private List<string> DropOld(string current)
    {
        var dropped = new List<string>();
        List<FileInfo> files = [.. Segments(_folder).Where(f => f != current).Select(f => new FileInfo(f))];
        long total = files.Sum(f => f.Length) + _options.SegmentBytes;
        foreach (FileInfo file in files)
        {
            if (total <= _options.TotalBytes && _wall.GetUtcNow() - file.LastWriteTimeUtc <= _options.MaxAge) continue;
            total -= file.Length;
            try
            {
                file.Delete();
                dropped.Add(file.Name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody reads it: the next segment tries again.
            }
        }
        return dropped;
    }

    private static int NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path).AsSpan("wire-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    /// <summary>Writes what is left and closes the segment.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closing) return;
            _closing = true;
        }
        _work.Release();
        await _writing;
        if (_segment is not null) await _segment.DisposeAsync();
        _work.Dispose();
    }
}

/// <summary>The record of one connection.</summary>
public sealed class WireTraceConnection
{
    private readonly WireTrace _trace;
    private readonly int _connection;
    private readonly string _channel;

    internal WireTraceConnection(WireTrace trace, int connection, string channel)
    {
        _trace = trace;
        _connection = connection;
        _channel = channel;
    }

    /// <summary>Lines went to the gantry.</summary>
    /// <param name="text">Without the last line feed.</param>
    /// <param name="isTimed">By a timer.</param>
    public void Sent(string text, bool isTimed = false) => _trace.Add(_connection, _channel, WireDirection.ToGantry, isTimed, text, null);

    /// <summary>A line came.</summary>
    public void Received(ReadOnlySpan<byte> line, bool isTimed = false) => _trace.Add(_connection, _channel, WireDirection.FromGantry, isTimed, Encoding.Latin1.GetString(line), null);

    /// <summary>A block came.</summary>
    public void ReceivedBlock(ReadOnlySpan<byte> bytes) => _trace.Add(_connection, _channel, WireDirection.FromGantry, false, "", _trace.Block(bytes));

    /// <summary>The connection opened or closed, and why.</summary>
    public void Note(string text) => _trace.Add(_connection, _channel, WireDirection.Note, false, text, null);
}
