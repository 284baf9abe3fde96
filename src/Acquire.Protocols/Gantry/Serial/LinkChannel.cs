namespace Acquire.Protocols.Gantry.Serial;

/// <summary>One reliable channel of a link: go-back-N with a window of 8, both directions.</summary>
internal sealed class LinkChannel
{
    public const int Window = 8;
    private readonly List<Segment> _unacknowledged = new(Window);
    private readonly Queue<ReadOnlyMemory<byte>> _waiting = new();
    private ReadOnlyMemory<byte> _rest;
    private int _next;
    private byte _sequence;
    private int _lastAhead = -1;

    private sealed record Segment(byte Sequence, ReadOnlyMemory<byte> Payload)
    {
        public int Tries { get; set; }
        public TimeSpan OnWireUntil { get; set; }
    }

    /// <summary>Number of the frame expected next from the other side.</summary>
    public byte Expected { get; private set; }
    /// <summary>An acknowledgement is due.</summary>
    public bool AckDue { get; set; }
    /// <summary>A NAK is due.</summary>
    public bool NakDue { get; set; }
    /// <summary>Bytes offered and not acknowledged.</summary>
    public int Outstanding { get; private set; }
    public bool HasFrame => _next < _unacknowledged.Count || ((_waiting.Count > 0 || !_rest.IsEmpty) && _unacknowledged.Count < Window);
    /// <summary>When the oldest unacknowledged frame left the line; null when there is none, or it is to be sent anyway.</summary>
    public TimeSpan? OldestOnWireUntil => _unacknowledged.Count > 0 && _next > 0 ? _unacknowledged[0].OnWireUntil : null;

    public void Offer(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _waiting.Enqueue(bytes);
        Outstanding += bytes.Length;
    }

    /// <summary>The next frame to send. Cuts a new one when all before are out.</summary>
    /// <param name="channel">Number of this channel.</param>
    /// <param name="maxPayload">Longest payload of a new frame.</param>
    /// <param name="isResent">It was sent before.</param>
    /// <param name="tries">How often the oldest unacknowledged frame has been sent now; 0 for others.</param>
    public LinkFrame Take(int channel, int maxPayload, out bool isResent, out int tries)
    {
        if (_next == _unacknowledged.Count) _unacknowledged.Add(new Segment(_sequence++, Cut(maxPayload)));
        Segment segment = _unacknowledged[_next];
        isResent = segment.Tries > 0;
        segment.Tries++;
        tries = _next == 0 ? segment.Tries : 0;
        _next++;
        AckDue = false;
        return new LinkFrame(LinkFrameType.Data, channel, segment.Sequence, Expected, segment.Payload);
    }

    /// <summary>The frame taken last is on the line until then.</summary>
    public void Sent(TimeSpan onWireUntil) => _unacknowledged[_next - 1].OnWireUntil = onWireUntil;

    /// <summary>The tries so far do not count (the speed was being changed).</summary>
    public void ForgiveTries()
    {
        foreach (Segment segment in _unacknowledged) segment.Tries = Math.Min(segment.Tries, 1);
    }

    /// <summary>All before that number has arrived.</summary>
    /// <param name="acknowledged">Number.</param>
    /// <param name="atFirstTry">Frames of them that went once only.</param>
    public void Acknowledge(byte acknowledged, out int atFirstTry)
    {
        atFirstTry = 0;
        if (_unacknowledged.Count == 0) return;
        int count = (byte)(acknowledged - _unacknowledged[0].Sequence);
        if (count == 0 || count > _unacknowledged.Count) return; // an old one, or nonsense
        for (int i = 0; i < count; i++)
        {
            if (_unacknowledged[i].Tries == 1) atFirstTry++;
            Outstanding -= _unacknowledged[i].Payload.Length;
        }
        _unacknowledged.RemoveRange(0, count);
        _next = Math.Max(0, _next - count);
    }

    /// <summary>Sends everything unacknowledged again; false when that was under way already or there is nothing.</summary>
    public bool GoBack()
    {
        if (_next == 0) return false;
        _next = 0;
        return true;
    }

    /// <summary>A frame came. True: it is the expected one.</summary>
    public bool Accept(byte sequence)
    {
        int ahead = (byte)(sequence - Expected);
        if (ahead == 0)
        {
            Expected++;
            AckDue = true;
            NakDue = false;
            _lastAhead = -1;
            return true;
        }
        // Behind a gap, or a repeated one, whose acknowledgement was lost: acknowledged again, never delivered twice.
        if (ahead < Window) NoteGap(ahead);
        else AckDue = true;
        return false;
    }

    /// <summary>A damaged frame seems to have been of this channel.</summary>
    public void NoteDamaged(byte sequence)
    {
        int ahead = (byte)(sequence - Expected);
        if (ahead < Window) NoteGap(ahead);
    }

    /// <summary>One NAK for a gap, and one more each time the other side has gone back and the gap is still there.</summary>
    private void NoteGap(int ahead)
    {
        if (_lastAhead < 0 || ahead <= _lastAhead) NakDue = true;
        _lastAhead = ahead;
    }

    private ReadOnlyMemory<byte> Cut(int maxPayload)
    {
        if (_rest.IsEmpty) _rest = _waiting.Dequeue();
        if (_rest.Length >= maxPayload || _waiting.Count == 0) return TakeRest(maxPayload);
        byte[] joined = new byte[maxPayload];
        int length = 0;
        while (length < maxPayload && (!_rest.IsEmpty || _waiting.TryDequeue(out _rest)))
        {
            ReadOnlyMemory<byte> piece = TakeRest(maxPayload - length);
            piece.CopyTo(joined.AsMemory(length));
            length += piece.Length;
        }
        return joined.AsMemory(0, length);
    }

    private ReadOnlyMemory<byte> TakeRest(int most)
    {
        ReadOnlyMemory<byte> taken = _rest[..Math.Min(most, _rest.Length)];
        _rest = _rest[taken.Length..];
        return taken;
    }
}
