using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Acquire.Service.Gantry;

/// <summary>Where a replay left the recording.</summary>
/// <param name="Record">Number of the record.</param>
/// <param name="Recorded">What was sent then; empty when nothing was.</param>
/// <param name="Sent">What the driver sends now; empty when it sends nothing.</param>
public sealed record ReplayDifference(long Record, string Recorded, string Sent);

/// <summary>A gantry that is a recording: it answers what was answered then, as long as the driver says what was said then.</summary>
/// <remarks>Only the control channel decides; what timers sent (beats, renewals) is passed over on both sides, and so are the numbers of SYST:SYNC?.
/// Frames the trace does not keep are looked up by run and number; length and CRC-32 must fit. (The CRC alone would not do:
/// over a header that ends with its own CRC-32 it depends on the pixels only, and empty frames are all alike.)</remarks>
public sealed class ReplayTransport : IGantryTransport
{
    private readonly List<List<WireRecord>> _connections;
    private readonly Func<Guid, uint, byte[]?> _frames;
    private readonly long _stopAt;
    private readonly Lock _gate = new();
    private int _next;
    private long _reached;
    private Guid _selected;

    /// <summary>Makes one of the records of one run of the program.</summary>
    /// <param name="run">Records in order.</param>
    /// <param name="frames">Finds a frame by run and number, as it came over the wire.</param>
    public ReplayTransport(IReadOnlyList<WireRecord> run, Func<Guid, uint, byte[]?> frames)
    {
        _frames = frames;
        _connections = [.. run.Where(r => r.Channel == "control").GroupBy(r => r.Connection).OrderBy(g => g.Key).Select(g => g.ToList())];
        _stopAt = run.FirstOrDefault(r => r is { Channel: "stop", Direction: WireDirection.ToGantry, IsTimed: false })?.Number ?? long.MaxValue;
        Messages = run.Count(r => r.Channel == "control" && Decides(r));
    }

    /// <inheritdoc/>
    public string Name => "recording";

    /// <summary>Messages of the recording that decisions sent.</summary>
    public int Messages { get; }

    /// <summary>Messages replayed so far.</summary>
    public int Replayed { get; private set; }

    /// <summary>The first difference; null while there is none.</summary>
    public ReplayDifference? Difference { get; private set; }

    /// <summary>The recording was replayed to its end.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>A block nobody has; the replay cannot go on.</summary>
    public WireBlock? MissingBlock { get; private set; }

    /// <summary>True from where the operator stopped in the recording.</summary>
    public bool StopReached
    {
        get { lock (_gate) return _reached > _stopAt; }
    }

    /// <summary>What the driver did not say any more though it was said in the recording.</summary>
    public ReplayDifference? Unsaid()
    {
        lock (_gate)
        {
            WireRecord? left = _connections.SelectMany(c => c).FirstOrDefault(r => Decides(r) && r.Number > _reached);
            return left is null ? null : new ReplayDifference(left.Number, Shown(left.Text), "");
        }
    }

    /// <inheritdoc/>
    public Task<IGantryWire> ConnectAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (Difference is not null || AtEnd || MissingBlock is not null || _next >= _connections.Count)
            {
                if (Difference is null && MissingBlock is null) AtEnd = true;
                throw new GantryLinkLostException("the recording ends here");
            }
            return Task.FromResult<IGantryWire>(new Wire(this, _connections[_next++]));
        }
    }

    private static bool Decides(WireRecord r) => r is { Direction: WireDirection.ToGantry, IsTimed: false };

    /// <summary>What of a message a person wants to see: without the lines that every message has.</summary>
    internal static string Shown(string text) => text.Split('\n')[0];

    private static string WithoutMarker(string text)
    {
        int at = text.LastIndexOf("SYST:SYNC? ", StringComparison.Ordinal);
        return at < 0 ? text : text[..at];
    }

    private static string? MarkerOf(string text)
    {
        int at = text.LastIndexOf("SYST:SYNC? ", StringComparison.Ordinal);
        return at < 0 ? null : text[(at + "SYST:SYNC? ".Length)..];
    }

    /// <summary>One recorded connection.</summary>
    private sealed class Wire(ReplayTransport replay, List<WireRecord> script) : IGantryWire
    {
        private readonly ReplayStream _control = new();
        private int _at;
        private uint _frame;

        public Stream Control
        {
            get
            {
                _control.Written ??= Take;
                return _control;
            }
        }

        public Stream? Stop => null;
        public Stream? Events => null;
        public Stream? Bulk => null;

        public Task<Stream> OpenPortAsync(int port, CancellationToken cancellation) => throw new GantryLinkLostException("a recording has no ports");

        public ValueTask DisposeAsync()
        {
            _control.Close();
            return ValueTask.CompletedTask;
        }

        private void Take(string sent)
        {
            lock (replay._gate)
            {
                if (sent.StartsWith("SYST:SYNC? ", StringComparison.Ordinal))
                {
                    _control.Feed(Encoding.ASCII.GetBytes(MarkerOf(sent) + "\n")); // the link looks whether it is in step
                    return;
                }
                while (_at < script.Count && !Decides(script[_at])) _at++;
                if (_at >= script.Count)
                {
                    // Nothing more was said on this connection. If it was the last one, the recording ends here (the console was killed then, or ended).
                    if (replay._next >= replay._connections.Count) replay.AtEnd = true;
                    else replay.Difference ??= new ReplayDifference(script[^1].Number, "", Shown(sent));
                    _control.Close();
                    return;
                }
                WireRecord expected = script[_at++];
                if (WithoutMarker(WireText.Masked(sent)) != WithoutMarker(expected.Text))
                {
                    replay.Difference ??= new ReplayDifference(expected.Number, Shown(expected.Text), Shown(WireText.Masked(sent)));
                    _control.Close();
                    return;
                }
                replay.Replayed++;
                Follow(Shown(sent));
                replay._reached = expected.Number;
                Answer(MarkerOf(expected.Text), MarkerOf(sent));
            }
        }

        /// <summary>Which run and frame the next block belongs to.</summary>
        private void Follow(string sent)
        {
            foreach (string names in (string[])["FRAM:SEL \"", "ACQ:ID \"", "CT:ID \""])
                if (sent.StartsWith(names, StringComparison.Ordinal) && Guid.TryParse(sent.AsSpan(names.Length).TrimEnd('"'), out Guid run)) replay._selected = run;
            const string Fetch = "FRAM:DATA? ";
            _frame = sent.StartsWith(Fetch, StringComparison.Ordinal) && uint.TryParse(sent.AsSpan(Fetch.Length), NumberStyles.None, CultureInfo.InvariantCulture, out uint n) ? n : 0;
        }

        private byte[]? Frame(WireBlock block) =>
            _frame != 0 && replay._frames(replay._selected, _frame) is { } bytes && bytes.Length == block.Length && Acquire.Protocols.Gantry.Crc32.Of(bytes) == block.Crc ? bytes : null;

        private void Answer(string? recordedMarker, string? marker)
        {
            bool whole = false;
            while (_at < script.Count && !Decides(script[_at]))
            {
                WireRecord r = script[_at++];
                if (r.Direction != WireDirection.FromGantry || r.IsTimed) continue;
                if (r.Block is { } block)
                {
                    if ((block.Bytes ?? Frame(block)) is not { } bytes)
                    {
                        replay.MissingBlock = block;
                        _control.Close();
                        return;
                    }
                    string count = bytes.Length.ToString(CultureInfo.InvariantCulture);
                    _control.Feed([.. Encoding.ASCII.GetBytes($"#{count.Length}{count}"), .. bytes, (byte)'\n']);
                    continue;
                }
                whole |= r.Text == recordedMarker;
                _control.Feed(Encoding.Latin1.GetBytes((r.Text == recordedMarker ? marker : r.Text) + "\n"));
            }
            if (!whole && _at >= script.Count) _control.Close(); // here the line broke then
        }
    }

    /// <summary>A duplex stream in memory.</summary>
    private sealed class ReplayStream : Stream
    {
        private readonly Channel<byte[]> _fed = Channel.CreateUnbounded<byte[]>();
        private ReadOnlyMemory<byte> _rest;
        private volatile bool _closed;

        public Action<string>? Written { get; set; }
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Feed(byte[] bytes) => _fed.Writer.TryWrite(bytes);

        public override void Close()
        {
            _closed = true;
            _fed.Writer.TryComplete();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest.IsEmpty)
            {
                if (!await _fed.Reader.WaitToReadAsync(cancellationToken) || !_fed.Reader.TryRead(out byte[]? next)) return 0;
                _rest = next;
            }
            int n = Math.Min(buffer.Length, _rest.Length);
            _rest[..n].CopyTo(buffer);
            _rest = _rest[n..];
            return n;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_closed) throw new IOException("the recording ends here");
            Written?.Invoke(Encoding.Latin1.GetString(buffer.Span).TrimEnd('\n'));
            return ValueTask.CompletedTask;
        }

        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
