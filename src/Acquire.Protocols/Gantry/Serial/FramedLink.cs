namespace Acquire.Protocols.Gantry.Serial;

/// <summary>One side of the framed serial link (GCI 1.0 section 13) as a state machine: bytes and time in, frames and events out.</summary>
/// <remarks>Knows no port and no clock: every call is told the time, counted from anywhere. Not for several threads at once. It also keeps the line's
/// own time: a frame is handed out only when the one before is about to have left the line, so that nothing urgent waits behind a full driver.</remarks>
public sealed class FramedLink
{
    /// <summary>A frame is sent so often before the link is given up.</summary>
    public const int MaxTries = 10;
    /// <summary>Payload on a bad line, bytes.</summary>
    public const int SmallPayload = 128;
    private const int Watchdog = 3;
    private const int MaxTokens = 4;
    private const double BadLine = 0.2, GoodLine = 0.02, Forget = 0.05;
    private static readonly TimeSpan ShortestResend = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan HelloEvery = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SpeedTrial = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ClientSettles = TimeSpan.FromMilliseconds(100);
    private static readonly int[] SendOrder = [0, 1, 2];

    private readonly LinkOptions _options;
    private readonly LinkFrameReader _reader = new();
    private readonly Queue<LinkEvent> _events = new();
    private readonly Queue<LinkFrame> _control = new();
    private readonly Queue<ReadOnlyMemory<byte>> _tokens = new();
    private LinkChannel[] _channels = NewChannels();
    private LinkHello _peer;
    private ulong _knownPeer;
    private byte _tokenSequence;
    private int _lastToken = -1;
    private TimeSpan _lineFreeAt;
    private TimeSpan _lastSent;
    private TimeSpan _lastValid;
    private TimeSpan _nextHello;
    private int _hellos;
    private int? _wantedBaud;
    private TimeSpan _settledAt;
    private int _baudBefore;
    private TimeSpan? _trialUntil;
    private double _loss;
    private int _payload = LinkFrame.MaxPayload;
    private long _good, _bad, _resent, _dropped;

    /// <summary>A link that is closed.</summary>
    public FramedLink(LinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _knownPeer = options.KnownPeerBootId;
        Baud = options.Baud;
    }

    /// <summary>Where it stands.</summary>
    public LinkState State { get; private set; }
    /// <summary>Speed now, bits a second.</summary>
    public int Baud { get; private set; }
    /// <summary>No change of speed is under way: a valid frame has been heard at this one.</summary>
    public bool IsSpeedProven => _wantedBaud is null && _trialUntil is null;
    /// <summary>Line quality since the beginning.</summary>
    public LinkCounters Counters => new(_good, _bad, _resent, _dropped);
    /// <summary>Longest payload of new frames now, bytes.</summary>
    public int Payload => _payload;

    /// <summary>Client: begins the link.</summary>
    public void Open(TimeSpan now)
    {
        if (!_options.IsClient) throw new InvalidOperationException("the gantry waits for a SYN");
        Reset();
        State = LinkState.Opening;
        _hellos = 0;
        _nextHello = now;
    }

    /// <summary>Ends the link in good order: the other side is told twice, and goes back to plain text.</summary>
    public void Close()
    {
        if (State == LinkState.Closed) return;
        Reset();
        State = LinkState.Closed;
        _control.Enqueue(new LinkFrame(LinkFrameType.Rst, 0, 0, 0, default));
        _control.Enqueue(new LinkFrame(LinkFrameType.Rst, 0, 0, 0, default));
    }

    /// <summary>Bytes to send. Channel 3 takes one datagram of at most 512 bytes; of those not sent yet only the newest are kept.</summary>
    /// <returns>False: the link is not up.</returns>
    public bool Offer(int channel, ReadOnlyMemory<byte> bytes)
    {
        if (State != LinkState.Up) return false;
        if (channel != Watchdog)
        {
            _channels[channel].Offer(bytes);
            return true;
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, LinkFrame.MaxPayload);
        if (_tokens.Count == MaxTokens) _tokens.Dequeue();
        _tokens.Enqueue(bytes);
        return true;
    }

    /// <summary>Bytes of a channel offered and not yet acknowledged.</summary>
    public int Outstanding(int channel) => channel == Watchdog ? 0 : _channels[channel].Outstanding;

    /// <summary>Changes the speed as soon as what stands in channel 0 is acknowledged and the line is quiet. Falls back after 2 s without a valid frame.</summary>
    public void ChangeBaud(int baud, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(baud);
        _wantedBaud = baud;
        // The client waits until its acknowledgement of the gantry's reply has been read there.
        _settledAt = _options.IsClient ? now + ClientSettles : now;
    }

    /// <summary>What happened, oldest first.</summary>
    public bool TryTake(out LinkEvent happened) => _events.TryDequeue(out happened!);

    /// <summary>Bytes arrived. Never throws, whatever they are.</summary>
    /// <returns>Bytes used: all, but for those behind the frame that ended the link, which may be plain text.</returns>
    public int Receive(ReadOnlySpan<byte> bytes, TimeSpan now) => _reader.Append(bytes, (frame, whole) =>
    {
        bool wasUp = State == LinkState.Up;
        if (whole) Take(frame, now);
        else NoteDamaged(frame);
        return !(wasUp && State == LinkState.Closed);
    });

    /// <summary>Time has passed: resends, gives up, falls back.</summary>
    public void Tick(TimeSpan now)
    {
        if (IsBackToFirstSpeedDue && now >= _lineFreeAt)
        {
            Baud = _options.Baud;
            _events.Enqueue(new LinkEvent.SpeedChanged(Baud, FellBack: false));
        }
        if (State == LinkState.Opening && now >= _nextHello)
        {
            if (_hellos++ == MaxTries)
            {
                Lose("nobody answers as a gantry in framed mode");
                return;
            }
            _control.Enqueue(Hello(LinkFrameType.Syn));
            _nextHello = now + Max(HelloEvery, FrameTimes(2));
        }
        if (_trialUntil is { } end && now >= end)
        {
            _trialUntil = null;
            Baud = _baudBefore;
            foreach (LinkChannel channel in _channels) channel.ForgiveTries();
            _events.Enqueue(new LinkEvent.SpeedChanged(Baud, FellBack: true));
        }
        if (_wantedBaud is { } baud && now >= _settledAt && now >= _lineFreeAt && _channels[0].Outstanding == 0 && !AnyAckDue) BeginTrial(baud, now);
        if (State != LinkState.Up) return;
        if (now - _lastValid > _options.SilenceLimit)
        {
            Lose(FormattableString.Invariant($"nothing was heard on the line for {_options.SilenceLimit.TotalSeconds:0.#} s"));
            return;
        }
        foreach (LinkChannel channel in _channels)
        {
            if (channel.OldestOnWireUntil is not { } until || now < until + ResendAfter) continue;
            channel.GoBack();
            Note(lost: true);
        }
    }

    /// <summary>The next frame for the line, or 0 bytes when there is none now (ask again at <see cref="WakeAt"/>, or when something was offered or received).</summary>
    /// <param name="now">Time.</param>
    /// <param name="wire">At least <see cref="LinkFrame.MaxWire"/> bytes.</param>
    /// <returns>Bytes to write.</returns>
    public int NextFrame(TimeSpan now, Span<byte> wire)
    {
        if (now + _options.Lead < _lineFreeAt) return 0;
        LinkChannel? sender = null;
        if (Choose(ref sender, now) is not { } frame) return 0;
        int length = frame.Write(wire);
        _lineFreeAt = Max(now, _lineFreeAt) + WireTime(length);
        _lastSent = now;
        sender?.Sent(_lineFreeAt);
        return length;
    }

    /// <summary>When <see cref="Tick"/> and <see cref="NextFrame"/> have something to do at the latest, if nothing else happens.</summary>
    public TimeSpan WakeAt(TimeSpan now)
    {
        TimeSpan at = TimeSpan.MaxValue;
        if (HasFrame) at = _lineFreeAt - _options.Lead;
        if (State == LinkState.Opening) at = Min(at, _nextHello);
        if (IsBackToFirstSpeedDue) at = Min(at, _lineFreeAt);
        if (_trialUntil is { } trial) at = Min(at, trial);
        if (_wantedBaud is not null) at = Min(at, Max(_settledAt, _lineFreeAt));
        if (State == LinkState.Up)
        {
            at = Min(at, Min(_lastSent + BeatEvery, _lastValid + _options.SilenceLimit + TimeSpan.FromTicks(1)));
            foreach (LinkChannel channel in _channels)
                if (channel.OldestOnWireUntil is { } until) at = Min(at, until + ResendAfter);
        }
        return at < now ? now : at;
    }

    private TimeSpan ResendAfter => Max(ShortestResend, FrameTimes(4));

    /// <summary>Without a link the line runs at the speed of power-up, where the next SYN is heard.</summary>
    private bool IsBackToFirstSpeedDue => State == LinkState.Closed && _control.Count == 0 && Baud != _options.Baud;

    private bool AnyAckDue => _channels.Any(c => c.AckDue || c.NakDue);

    private bool HasFrame => _control.Count > 0 || (State == LinkState.Up && (_tokens.Count > 0 || AnyAckDue || (MayTalk ? _channels.Any(c => c.HasFrame) : _channels[0].HasFrame)));

    /// <summary>While the speed is about to change only channel 0 goes on.</summary>
    private bool MayTalk => _wantedBaud is null;

    private LinkFrame? Choose(ref LinkChannel? sender, TimeSpan now)
    {
        if (_control.TryDequeue(out LinkFrame control)) return control;
        if (State != LinkState.Up) return null;
        for (int c = 0; c < _channels.Length; c++)
        {
            LinkChannel channel = _channels[c];
            if (!channel.AckDue && !channel.NakDue) continue;
            LinkFrameType type = channel.NakDue ? LinkFrameType.Nak : LinkFrameType.Ack;
            channel.AckDue = channel.NakDue = false;
            return new LinkFrame(type, c, 0, channel.Expected, default);
        }
        if (_tokens.TryDequeue(out ReadOnlyMemory<byte> token)) return new LinkFrame(LinkFrameType.Data, Watchdog, _tokenSequence++, 0, token);
        foreach (int c in SendOrder)
        {
            if (c > 0 && !MayTalk) break;
            if (!_channels[c].HasFrame) continue;
            sender = _channels[c];
            LinkFrame frame = sender.Take(c, _payload, out bool isResent, out int tries);
            if (isResent) _resent++;
            if (tries <= MaxTries || _trialUntil is not null) return frame;
            Lose(FormattableString.Invariant($"a frame was sent {MaxTries} times without an acknowledgement"));
            sender = null;
            return null;
        }
        return now >= _lastSent + BeatEvery ? new LinkFrame(LinkFrameType.Beat, 0, 0, _channels[0].Expected, default) : null;
    }

    private void Take(LinkFrame frame, TimeSpan now)
    {
        _good++;
        switch (frame.Type)
        {
            case LinkFrameType.Syn when !_options.IsClient:
                Answer(frame, now);
                return;
            case LinkFrameType.SynAck when _options.IsClient && State == LinkState.Opening:
                Settle(frame, now);
                return;
            case LinkFrameType.Rst when State == LinkState.Up:
                Lose("the other side ended the link");
                return;
            case LinkFrameType.Data or LinkFrameType.Ack or LinkFrameType.Nak or LinkFrameType.Beat when State == LinkState.Up:
                break;
            case LinkFrameType.Data or LinkFrameType.Beat when !_options.IsClient && State == LinkState.Closed:
                // A client that has not noticed that this side restarted.
                if (_control.Count == 0) _control.Enqueue(new LinkFrame(LinkFrameType.Rst, 0, 0, 0, default));
                return;
            default:
                _dropped++;
                return;
        }
        _lastValid = now;
        if (_trialUntil is not null)
        {
            _trialUntil = null;
            foreach (LinkChannel channel in _channels) channel.ForgiveTries();
        }
        if (frame.Type == LinkFrameType.Data) TakeData(frame);
        else if (frame.Channel != Watchdog && frame.Type != LinkFrameType.Beat)
        {
            Acknowledge(_channels[frame.Channel], frame.Acknowledged);
            if (frame.Type == LinkFrameType.Nak && _channels[frame.Channel].GoBack()) Note(lost: true);
        }
    }

    private void TakeData(LinkFrame frame)
    {
        if (frame.Channel == Watchdog)
        {
            if (frame.Sequence == _lastToken) _dropped++;
            else _events.Enqueue(new LinkEvent.Received(Watchdog, frame.Payload));
            _lastToken = frame.Sequence;
            return;
        }
        LinkChannel channel = _channels[frame.Channel];
        Acknowledge(channel, frame.Acknowledged);
        if (channel.Accept(frame.Sequence)) _events.Enqueue(new LinkEvent.Received(frame.Channel, frame.Payload));
        else _dropped++;
    }

    private void Acknowledge(LinkChannel channel, byte acknowledged)
    {
        channel.Acknowledge(acknowledged, out int atFirstTry);
        for (int i = 0; i < atFirstTry; i++) Note(lost: false);
    }

    private void NoteDamaged(LinkFrame frame)
    {
        _bad++;
        // The header of a damaged frame is right more often than not, and a NAK too many costs only a few frames.
        if (State == LinkState.Up && frame.Type == LinkFrameType.Data && frame.Channel < Watchdog) _channels[frame.Channel].NoteDamaged(frame.Sequence);
    }

    private void Answer(LinkFrame frame, TimeSpan now)
    {
        if (LinkHello.Read(frame.Payload.Span) is not { } hello) return;
        bool isRepeated = State == LinkState.Up && hello.BootId == _peer.BootId && hello.Attempt == _peer.Attempt;
        if (hello.Version == LinkHello.CurrentVersion && !isRepeated)
        {
            if (State == LinkState.Up) _events.Enqueue(new LinkEvent.Lost("the client began a new link"));
            Reset();
            State = LinkState.Up;
            _lastSent = now;
            Greet(hello);
        }
        if (State == LinkState.Up) _lastValid = now;
        if (_control.Count == 0) _control.Enqueue(Hello(LinkFrameType.SynAck) with { Payload = new LinkHello(LinkHello.CurrentVersion, _options.BootId, hello.BootId, hello.SessionId, hello.Attempt).ToBytes() });
    }

    private void Settle(LinkFrame frame, TimeSpan now)
    {
        if (LinkHello.Read(frame.Payload.Span) is not { } hello || hello.Attempt != _options.Attempt || hello.PeerBootId != _options.BootId) return;
        if (hello.Version != LinkHello.CurrentVersion)
        {
            Lose(FormattableString.Invariant($"the gantry speaks version {hello.Version} of the serial link, this is version {LinkHello.CurrentVersion}"));
            return;
        }
        State = LinkState.Up;
        _lastValid = _lastSent = now;
        _control.Clear();
        Greet(hello);
    }

    private void Greet(LinkHello hello)
    {
        bool restarted = _knownPeer != 0 && _knownPeer != hello.BootId;
        _peer = hello;
        _knownPeer = hello.BootId;
        _events.Enqueue(new LinkEvent.Opened(hello, restarted));
    }

    private LinkFrame Hello(LinkFrameType type) => new(type, 0, 0, 0, new LinkHello(LinkHello.CurrentVersion, _options.BootId, _knownPeer, _options.SessionId, _options.Attempt).ToBytes());

    private void Lose(string reason)
    {
        Reset();
        State = LinkState.Closed;
        _events.Enqueue(new LinkEvent.Lost(reason));
    }


    private void Reset()
    {
        _channels = NewChannels();
        _control.Clear();
        _tokens.Clear();
        _lastToken = -1;
        _wantedBaud = null;
        _trialUntil = null;
    }

    private void BeginTrial(int baud, TimeSpan now)
    {
        _wantedBaud = null;
        if (baud == Baud) return;
        _baudBefore = Baud;
        Baud = baud;
        _trialUntil = now + SpeedTrial;
        _reader.Reset();
        _control.Enqueue(new LinkFrame(LinkFrameType.Beat, 0, 0, _channels[0].Expected, default));
        _events.Enqueue(new LinkEvent.SpeedChanged(baud, FellBack: false));
    }

    private void Note(bool lost)
    {
        _loss += Forget * ((lost ? 1 : 0) - _loss);
        if (!_options.AdaptPayload) return;
        if (_payload == LinkFrame.MaxPayload && _loss > BadLine) _payload = SmallPayload;
        else if (_payload == SmallPayload && _loss < GoodLine) _payload = LinkFrame.MaxPayload;
    }

    private TimeSpan WireTime(int bytes) => TimeSpan.FromSeconds(bytes * 10.0 / Baud);

    private TimeSpan FrameTimes(int count) => WireTime(count * LinkFrame.MaxWire);

    private static LinkChannel[] NewChannels() => [new(), new(), new()];

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
