using System.Net.Sockets;
using System.Threading.Channels;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>One control connection: reads ahead so that stops overtake, executes the rest in order, sends each reply in one piece.</summary>
internal sealed class GantryConnection : IDisposable
{
    private const int Backlog = 4096;
    private readonly IGantryChannel _channel;
    private readonly SimulatedGantry _gantry;
    private readonly CommandDispatcher _dispatcher;
    private readonly CancellationTokenSource _gone;
    private readonly CancellationToken _stopping;
    private readonly Channel<(IReadOnlyList<GciUnit> Units, GciError? Error)> _messages = Channel.CreateBounded<(IReadOnlyList<GciUnit>, GciError?)>(Backlog);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _clearing = new();
    private CancellationTokenSource _work;
    private ControlSocket? _controlSocket;
    private int _clears;
    private volatile bool _forgetInput;

    public GantryConnection(IGantryChannel channel, SimulatedGantry gantry, CommandDispatcher dispatcher, CancellationToken stopping)
    {
        _channel = channel;
        _gantry = gantry;
        _dispatcher = dispatcher;
        _stopping = stopping;
        _gone = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _work = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token);
        Session = gantry.Sessions.Default;
    }

    /// <summary>The session its messages belong to.</summary>
    public GantrySession Session { get; private set; }
    /// <summary>Comes from this machine.</summary>
    public bool IsLocal => _channel.IsLocal;
    /// <summary>What carries its bytes.</summary>
    public IGantryChannel Carrier => _channel;

    /// <summary>A reply is being sent: bit 4 of the status byte as a serial poll sees it.</summary>
    public bool IsReplying { get; private set; }

    /// <summary>Port of this connection's control socket, opened when it is first asked for; 0 when what carries it is no plain TCP.</summary>
    public int OpenControlSocket()
    {
        if (_channel is not TcpChannel) return 0;
        _controlSocket ??= new ControlSocket(this, _gantry);
        return _controlSocket.Port;
    }

    /// <summary>Device clear: what was received and not executed is forgotten, a hold or a reply under way is given up. Nothing moves, nothing else changes.</summary>
    public async Task ClearAsync()
    {
        CancellationTokenSource given;
        lock (_clearing)
        {
            _clears++;
            _forgetInput = true;
            given = _work;
            _work = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token);
            while (_messages.Reader.TryRead(out _)) { }
        }
        await given.CancelAsync();
        await _turn.WaitAsync(_stopping);
        _turn.Release();
        given.Dispose();
    }

    /// <summary>From now on it speaks for that session.</summary>
    public void Enter(GantrySession session) => Session = session;

    /// <summary>Serves the connection until it ends. Closing it is a device clear: *OPC? and *WAI that wait are given up; whole messages received are still done and answered (lxi and half-closing tools).</summary>
    public async Task RunAsync()
    {
        Task executing = ExecuteAsync();
        try
        {
            await ReadAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            _gantry.Log.Write("a connection was lost: " + e.GetType().Name);
        }
        _messages.Writer.TryComplete();
        await _gone.CancelAsync();
        await executing;
        if (_controlSocket is not null) await _controlSocket.DisposeAsync();
        lock (_gantry.Gate)
        {
            if (Session.Connection == this)
            {
                Session.Connection = null;
                if (_gantry.Jog.IsOf(Session)) _gantry.Jog.End(204, "link");
            }
            Session.LastSeen = _gantry.Wall.GetTimestamp();
        }
    }

    public void Dispose()
    {
        _work.Dispose();
        _gone.Dispose();
        _turn.Dispose();
        _channel.Dispose();
    }

    private async Task ReadAsync()
    {
        var input = new GciInputBuffer();
        byte[] bytes = new byte[16 * 1024];
        var arrived = new List<(IReadOnlyList<GciUnit> Units, GciError? Error)>();
        while (true)
        {
            int read = await _channel.ReadAsync(bytes, _gone.Token);
            if (read == 0) return;
            if (_forgetInput)
            {
                _forgetInput = false;
                input = new GciInputBuffer();
            }
            input.Append(bytes.AsSpan(0, read), message =>
            {
                (List<GciUnit> units, GciError? error) = CommandDispatcher.Parse(message);
                if (!_dispatcher.RunStops(units) || error is not null) arrived.Add((units, error));
            }, error => arrived.Add(([], error)));
            lock (_gantry.Gate) _gantry.Sessions.Touch(SpeakingSession());
            foreach ((IReadOnlyList<GciUnit> Units, GciError? Error) message in arrived)
            {
                // Reading never waits for what is being executed: a stop may be next.
                if (!_messages.Writer.TryWrite(message)) _dispatcher.Push(this, new GciError(-363, "too many messages wait"));
            }
            arrived.Clear();
        }
    }

    private async Task ExecuteAsync()
    {
        await foreach ((IReadOnlyList<GciUnit> units, GciError? error) in _messages.Reader.ReadAllAsync())
        {
            await _turn.WaitAsync(CancellationToken.None);
            try
            {
                await ExecuteAsync(units, error);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private async Task ExecuteAsync(IReadOnlyList<GciUnit> units, GciError? error)
    {
        CancellationToken work;
        int clears;
        lock (_clearing)
        {
            work = _work.Token;
            clears = _clears;
        }
        GantrySession session;
        lock (_gantry.Gate)
        {
            FallBackWhenTakenOver();
            session = Session;
            session.Busy++;
            _gantry.Sessions.Touch(session);
        }
        var replies = new ReplyWriter();
        try
        {
            await _dispatcher.ExecuteAsync(this, units, error, replies, work);
        }
        catch (Exception e) when (e is OperationCanceledException)
        {
            // *OPC? or *WAI of a connection that is gone or cleared: given up, what follows is still executed.
        }
        catch (Exception e)
        {
            _dispatcher.Push(this, new GciError(-310, e.GetType().Name));
            _gantry.Log.Write("internal error: " + e);
        }
        // Before the reply: whoever has it may count on the lease being renewed already.
        lock (_gantry.Gate)
        {
            session.Busy--;
            _gantry.Sessions.Touch(session);
        }
        if (clears != Volatile.Read(ref _clears)) return;
        try
        {
            if (replies.Apart is { } apart && _channel.Serial is { } line) await line.SendBulkAsync(apart, _stopping);
            if (!replies.IsEmpty)
            {
                IsReplying = true;
                await SendAsync(replies.Finish());
            }
            _channel.Serial?.MessageDone();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The other side is gone: the reply has nowhere to go.
        }
        finally
        {
            IsReplying = false;
        }
    }

    private GantrySession SpeakingSession()
    {
        FallBackWhenTakenOver();
        return Session;
    }

    /// <summary>The session was resumed on another connection: this one speaks for the default session again.</summary>
    private void FallBackWhenTakenOver()
    {
        if (Session != _gantry.Sessions.Default && Session.Connection != this) Session = _gantry.Sessions.Default;
    }

    private async Task SendAsync(ReadOnlyMemory<byte> reply)
    {
        if (_gantry.Faults.Take("link.drop"))
        {
            _channel.Drop();
            return;
        }
        if (_gantry.Faults.Take("reply.lost")) return;
        if (_gantry.Faults.Take("reply.late")) await Task.Delay(TimeSpan.FromSeconds(3), _gantry.Wall, _stopping);
        if (_gantry.Faults.Take("reply.garbled"))
        {
            byte[] garbled = reply.ToArray();
            garbled[(garbled.Length - 1) / 2] ^= 0x10;
            reply = garbled;
        }
        await _channel.SendAsync(reply, _stopping);
    }
}
