using Acquire.Protocols.Gantry.Serial;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Serial;

/// <summary>The gantry's serial port: plain text after power-up, the framed link from a zero byte and a valid SYN until RST or silence. Each mode, and
/// each link, is a connection of its own with the same sessions and dispatch as on TCP.</summary>
internal sealed class SerialGantryPort : IAsyncDisposable
{
    private static readonly TimeSpan ReopenEvery = TimeSpan.FromSeconds(1);
    private readonly SerialOptions _options;
    private readonly SimulatedGantry _gantry;
    private readonly CommandDispatcher _dispatcher;
    private readonly object _gate = new();
    private readonly FramedLink _link;
    private readonly PlainTextFilter _filter = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _serving = [];
    private readonly Thread _writer;
    private readonly long _epoch;
    private SerialLine? _line;
    private SerialConnection _connection;
    private TaskCompletionSource _room = NewRoom();
    private Task _reopening = Task.CompletedTask;
    private bool _ended;

    private SerialGantryPort(SerialOptions options, SimulatedGantry gantry, CommandDispatcher dispatcher)
    {
        _options = options;
        _gantry = gantry;
        _dispatcher = dispatcher;
        _epoch = gantry.Wall.GetTimestamp();
        _link = new FramedLink(new LinkOptions { IsClient = false, BootId = gantry.BootId, Baud = options.Baud });
        _writer = new Thread(Write) { IsBackground = true, Name = "serial out" };
        _connection = new SerialConnection(this, isFramed: false);
    }

    /// <summary>Opens the port and serves it.</summary>
    /// <exception cref="PortUnavailableException">It cannot be opened.</exception>
    public static SerialGantryPort Open(SerialOptions options, SimulatedGantry gantry, CommandDispatcher dispatcher)
    {
        var port = new SerialGantryPort(options, gantry, dispatcher);
        try
        {
            lock (port._gate)
            {
                port._line = port.OpenLine();
                port.Serve(port._connection);
            }
        }
        catch (IOException e)
        {
            port._stopping.Dispose();
            throw new PortUnavailableException(e.Message, e);
        }
        port._writer.Start();
        if (options.Errors.HangUpEvery is { } every) port._reopening = port.HangUpAsync(every);
        return port;
    }

    /// <summary>A framed link is up: counts as a connection.</summary>
    public bool IsLinked
    {
        get
        {
            lock (_gate) return _link.State == LinkState.Up;
        }
    }

    /// <summary>Line quality as this side sees it.</summary>
    public LinkCounters Counters
    {
        get
        {
            lock (_gate) return _link.Counters;
        }
    }

    /// <summary>Speed now, bits a second.</summary>
    public int Baud
    {
        get
        {
            lock (_gate) return _link.Baud;
        }
    }

    /// <summary>Plain text may do everything.</summary>
    public bool PlainControl => _options.PlainControl;

    /// <summary>Sends on a connection that may be over: then the bytes go nowhere. Completes when fewer than so many bytes wait.</summary>
    public async ValueTask SendAsync(SerialConnection from, int channel, ReadOnlyMemory<byte> bytes, int room, CancellationToken cancellation)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (from != _connection) throw new IOException("the serial link is over");
                if (!from.IsFramed)
                {
                    _line?.Send(bytes.Span);
                    return;
                }
                if (_link.Outstanding(channel) <= room)
                {
                    _link.Offer(channel, bytes);
                    Monitor.PulseAll(_gate);
                    return;
                }
                wait = _room.Task;
            }
            await wait.WaitAsync(cancellation);
        }
    }

    /// <summary>Changes the speed once what is on its way in channel 0 has arrived.</summary>
    public void ChangeBaud(SerialConnection from, int baud)
    {
        lock (_gate)
        {
            if (from != _connection || !from.IsFramed) return;
            _link.ChangeBaud(baud, Now);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends a connection as a broken cable would.</summary>
    public void Drop(SerialConnection connection)
    {
        lock (_gate)
        {
            if (connection != _connection) return;
            if (connection.IsFramed) _link.Close();
            Begin(isFramed: false);
            Monitor.PulseAll(_gate);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        SerialLine? line;
        Task[] serving;
        lock (_gate)
        {
            _ended = true;
            line = _line;
            _line = null;
            _connection.End();
            Monitor.PulseAll(_gate);
            serving = [.. _serving];
        }
        line?.Dispose();
        _writer.Join();
        await _reopening;
        await Task.WhenAll(serving);
        _stopping.Dispose();
    }

    private TimeSpan Now => _gantry.Wall.GetElapsedTime(_epoch);

    private static TaskCompletionSource NewRoom() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SerialLine OpenLine() => SerialLine.Open(_options, () => _gantry.IsLinkDown() ? 1 : _gantry.LineErrorRate, _gantry.Wall, Received, Failed);

    private void Received(byte[] bytes)
    {
        lock (_gate)
        {
            ReadOnlySpan<byte> rest = bytes;
            while (!rest.IsEmpty && !_ended)
            {
                if (_connection.IsFramed)
                {
                    rest = rest[_link.Receive(rest, Now)..];
                }
                else
                {
                    int used = _filter.Append(rest, text => _connection.Arrive(0, text), frame =>
                    {
                        _link.Receive(frame, Now);
                        return _link.State == LinkState.Up;
                    });
                    rest = rest[used..];
                }
                Happen();
            }
            Monitor.PulseAll(_gate);
        }
    }

    private void Happen()
    {
        bool isRoom = false;
        while (_link.TryTake(out LinkEvent happened))
        {
            switch (happened)
            {
                case LinkEvent.Opened:
                    Begin(isFramed: true);
                    _gantry.Log.Write("serial: framed link up");
                    break;
                case LinkEvent.Received received:
                    _connection.Arrive(received.Channel, received.Bytes);
                    break;
                case LinkEvent.Lost lost:
                    _gantry.Log.Write("serial: link down: " + lost.Reason);
                    Begin(isFramed: false);
                    break;
                case LinkEvent.SpeedChanged speed:
                    _gantry.Log.Write(FormattableString.Invariant($"serial: {speed.Baud} baud{(speed.FellBack ? ", fell back" : "")}"));
                    _line?.ChangeBaud(speed.Baud);
                    break;
            }
            isRoom = true;
        }
        if (isRoom || _connection.IsFramed) WakeSenders();
    }

    private void WakeSenders()
    {
        TaskCompletionSource room = _room;
        _room = NewRoom();
        room.TrySetResult();
    }

    private void Begin(bool isFramed)
    {
        if (!isFramed && !_connection.IsFramed) return;
        _connection.End();
        _filter.Reset();
        _connection = new SerialConnection(this, isFramed);
        Serve(_connection);
        WakeSenders();
    }

    private void Serve(SerialConnection connection)
    {
        if (_ended) return;
        _serving.RemoveAll(t => t.IsCompleted);
        _serving.Add(Task.Run(async () =>
        {
            using var control = new GantryConnection(connection, _gantry, _dispatcher, _stopping.Token);
            await control.RunAsync();
        }));
        if (connection.IsFramed) _serving.Add(Task.Run(() => new EventConnection(connection.Events, isTrusted: true, connection.Events.End, _gantry, _stopping.Token).RunAsync()));
    }

    private void Write()
    {
        byte[] wire = new byte[LinkFrame.MaxWire];
        while (true)
        {
            lock (_gate)
            {
                if (_ended) return;
                _link.Tick(Now);
                int length = _link.NextFrame(Now, wire);
                Happen();
                if (length > 0)
                {
                    _line?.Send(wire.AsSpan(0, length));
                    continue;
                }
                TimeSpan at = _link.WakeAt(Now);
                if (at == TimeSpan.MaxValue) Monitor.Wait(_gate);
                else Monitor.Wait(_gate, TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((at - Now).TotalMilliseconds))));
            }
        }
    }

    private void Failed(string reason)
    {
        lock (_gate)
        {
            if (_ended) return;
            _gantry.Log.Write("serial: port lost: " + reason);
            _line = null;
            _link.Close();
            Happen();
            Begin(isFramed: false);
            if (_reopening.IsCompleted) _reopening = ReopenAsync();
        }
    }

    private async Task ReopenAsync()
    {
        using var timer = new PeriodicTimer(ReopenEvery, _gantry.Wall);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                try
                {
                    lock (_gate)
                    {
                        if (_ended) return;
                        _line ??= OpenLine();
                    }
                    _gantry.Log.Write("serial: port opened again");
                    return;
                }
                catch (IOException)
                {
                    // Not there yet: an adapter that was pulled out, a cable that is being changed.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }

    private async Task HangUpAsync(TimeSpan every)
    {
        try
        {
            while (true)
            {
                await Task.Delay(every, _gantry.Wall, _stopping.Token);
                SerialLine? line;
                lock (_gate)
                {
                    line = _line;
                    _line = null;
                    _link.Close();
                    Happen();
                    Begin(isFramed: false);
                }
                _gantry.Log.Write("serial: hung up on purpose");
                line?.Dispose();
                await ReopenAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
