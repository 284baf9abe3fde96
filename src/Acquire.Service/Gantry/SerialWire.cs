using System.IO.Ports;
using Acquire.Protocols.Gantry.Serial;

namespace Acquire.Service.Gantry;

/// <summary>The framed link on an open serial port: one reader thread for the life of the port, one writer that honours the link's priorities.</summary>
/// <remarks>A port is ended by closing it, never by a token; every kind of exception a port may throw means that the line is lost (control-interface.md section 5).</remarks>
internal sealed class SerialWire : IGantryWire
{
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Farewell = TimeSpan.FromMilliseconds(500);
    private readonly SerialPort _port;
    private readonly Stream _bytes;
    private readonly TimeProvider _wall;
    private readonly long _epoch;
    private readonly FramedLink _link;
    private readonly object _gate = new();
    private readonly Lock _writing = new();
    private readonly Thread _writer;
    private readonly TaskCompletionSource<LinkEvent.Opened> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LinkStream _control;
    private readonly LinkStream _events;
    private readonly LinkStream _bulk;
    private readonly List<byte> _eventLine = [];
    private readonly Queue<ReadOnlyMemory<byte>> _ticksBehind = new();
    private TaskCompletionSource<int>? _speed;
    private TaskCompletionSource? _acknowledged;
    private string? _lost;
    private bool _closed;

    private SerialWire(SerialPort port, LinkOptions options, TimeProvider wall)
    {
        _port = port;
        _bytes = port.BaseStream;
        _wall = wall;
        _epoch = wall.GetTimestamp();
        _link = new FramedLink(options);
        _control = new LinkStream(b => Offer(0, b), AcknowledgedAsync);
        _events = new LinkStream(OfferEvents, AcknowledgedAsync);
        _bulk = new LinkStream(_ => throw new NotSupportedException("nothing is sent in the bulk channel"), AcknowledgedAsync);
        _writer = new Thread(Write) { IsBackground = true, Name = "gantry serial out" };
    }

    public Stream Control => _control;
    public Stream? Stop => null;
    public Stream? Events => _events;
    public Stream? Bulk => _bulk;

    /// <summary>Completes when the link is up; fails with <see cref="GantryLinkLostException"/> when nobody answers.</summary>
    public Task<LinkEvent.Opened> Opened => _opened.Task;

    /// <summary>Line quality as this side sees it.</summary>
    public LinkCounters Counters
    {
        get
        {
            lock (_gate) return _link.Counters;
        }
    }

    /// <summary>Opens the port and begins a link.</summary>
    /// <exception cref="GantryLinkLostException">The port cannot be used.</exception>
    public static SerialWire Open(string name, int baud, LinkOptions options, TimeProvider wall)
    {
        SerialPort? port = null;
        try
        {
            port = new SerialPort(name, baud, Parity.None, 8, StopBits.One) { Handshake = Handshake.None, ReadTimeout = SerialPort.InfiniteTimeout, WriteTimeout = (int)WriteDeadline.TotalMilliseconds };
            port.Open();
            port.DiscardInBuffer();
            var wire = new SerialWire(port, options, wall);
            wire._link.Open(wire.Now);
            new Thread(wire.Read) { IsBackground = true, Name = "gantry serial in" }.Start();
            wire._writer.Start();
            return wire;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            port?.Dispose();
            string[] others = SerialPort.GetPortNames();
            throw new GantryLinkLostException($"the serial port {name} cannot be used: {e.Message} Ports here: {(others.Length == 0 ? "none" : string.Join(", ", others))}", e);
        }
    }

    public Task<Stream> OpenPortAsync(int port, CancellationToken cancellation) => throw new NotSupportedException("a serial line has no ports");

    /// <summary>Changes the speed once the gantry has; completes with the speed that works, which may be the old one.</summary>
    public async Task<int> ChangeBaudAsync(int baud, CancellationToken cancellation)
    {
        Task<int> changed;
        lock (_gate)
        {
            _speed = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            changed = _speed.Task;
            _link.ChangeBaud(baud, Now);
            Monitor.PulseAll(_gate);
        }
        return await changed.WaitAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            _link.Close(); // tells the gantry, which goes back to plain text
            Monitor.PulseAll(_gate);
        }
        await Task.Run(() => _writer.Join(Farewell));
        ClosePort();
        End("the wire was closed");
    }

    private TimeSpan Now => _wall.GetElapsedTime(_epoch);

    private void Offer(int channel, ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (_lost is not null || !_link.Offer(channel, bytes)) throw new IOException(_lost ?? "the serial link is not up");
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Tokens go in channel 3, ahead of all and unacknowledged; subscriptions in channel 1.</summary>
    private void OfferEvents(ReadOnlyMemory<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            int end = lines.Span.IndexOf((byte)'\n') + 1;
            if (end == 0) end = lines.Length;
            Offer(lines.Span.StartsWith("{\"tok\""u8) && end <= LinkFrame.MaxPayload ? 3 : 1, lines[..end]);
            lines = lines[end..];
        }
    }

    private Task AcknowledgedAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_lost is not null) throw new IOException(_lost);
            if (_link.Outstanding(0) + _link.Outstanding(1) == 0) return Task.CompletedTask;
            _acknowledged ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _acknowledged.Task.WaitAsync(cancellation);
        }
    }

    private void Read()
    {
        byte[] buffer = new byte[4096];
        try
        {
            int read;
            while ((read = _bytes.Read(buffer, 0, buffer.Length)) > 0)
            {
                lock (_gate)
                {
                    _link.Receive(buffer.AsSpan(0, read), Now);
                    Happen();
                    Monitor.PulseAll(_gate);
                }
            }
            End("the serial port hung up");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or UnauthorizedAccessException)
        {
            End("the serial port was lost: " + e.Message);
        }
    }

    private void Write()
    {
        byte[] wire = new byte[LinkFrame.MaxWire];
        try
        {
            while (true)
            {
                int length;
                lock (_gate)
                {
                    if (_lost is not null) return;
                    _link.Tick(Now);
                    length = _link.NextFrame(Now, wire);
                    Happen();
                    if (length == 0)
                    {
                        TimeSpan at = _link.WakeAt(Now);
                        if (_closed && at == TimeSpan.MaxValue) return;
                        if (at == TimeSpan.MaxValue) Monitor.Wait(_gate);
                        else Monitor.Wait(_gate, TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((at - Now).TotalMilliseconds))));
                        continue;
                    }
                }
                lock (_writing)
                    if (_port.IsOpen) _bytes.Write(wire, 0, length);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or UnauthorizedAccessException or TimeoutException)
        {
            End("the serial port was lost: " + e.Message);
            ClosePort();
        }
    }

    private void Happen()
    {
        while (_link.TryTake(out LinkEvent happened))
        {
            switch (happened)
            {
                case LinkEvent.Opened opened:
                    _opened.TrySetResult(opened);
                    break;
                case LinkEvent.Received { Channel: 0 } received:
                    _control.Arrive(received.Bytes);
                    break;
                case LinkEvent.Received { Channel: 2 } received:
                    _bulk.Arrive(received.Bytes);
                    break;
                case LinkEvent.Received received:
                    ArriveEvents(received);
                    break;
                case LinkEvent.SpeedChanged speed:
                    _port.BaudRate = speed.Baud;
                    if (speed.FellBack) _speed?.TrySetResult(speed.Baud);
                    break;
                case LinkEvent.Lost lost:
                    End(lost.Reason);
                    break;
            }
        }
        if (_speed is not null && _link.IsSpeedProven) _speed.TrySetResult(_link.Baud);
        if (_acknowledged is not null && _link.Outstanding(0) + _link.Outstanding(1) == 0)
        {
            _acknowledged.TrySetResult();
            _acknowledged = null;
        }
    }

    /// <summary>Event lines and ticks as one stream of lines: a tick may overtake a line, but never lands inside it.</summary>
    private void ArriveEvents(LinkEvent.Received received)
    {
        if (received.Channel == 3)
        {
            if (_eventLine.Count == 0) _events.Arrive(received.Bytes);
            else _ticksBehind.Enqueue(received.Bytes);
            return;
        }
        foreach (byte b in received.Bytes.Span)
        {
            _eventLine.Add(b);
            if (b != (byte)'\n') continue;
            _events.Arrive(_eventLine.ToArray());
            _eventLine.Clear();
            while (_ticksBehind.TryDequeue(out ReadOnlyMemory<byte> tick)) _events.Arrive(tick);
        }
    }

    private void End(string reason)
    {
        lock (_gate)
        {
            if (_lost is not null) return;
            _lost = reason;
            Monitor.PulseAll(_gate);
        }
        var lost = new IOException(reason);
        _control.End(lost);
        _events.End(lost);
        _bulk.End(lost);
        _opened.TrySetException(new GantryLinkLostException($"no gantry on {_port.PortName}: {reason}"));
        _speed?.TrySetException(lost);
        _acknowledged?.TrySetException(lost);
    }

    private void ClosePort()
    {
        // Never while a write is under way (the package has deadlocked there).
        lock (_writing) _port.Dispose();
    }
}
