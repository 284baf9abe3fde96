using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Acquire.Service.Gantry;

/// <summary>One SCPI control connection: requests go out in order, one reader loop takes the replies and hands them back in that order, each within its deadline.</summary>
/// <remarks>docs/gantry-interface.md; GCI 1.0 sections 2, 4 and 8. Every request is followed by <c>SYST:ERR?</c>, so that no refusal is missed, and by
/// <c>SYST:SYNC? n</c>, whose number closes its answers: a reply that came late or not at all can never be taken for the next one's. Several callers may
/// have requests under way at once. When a deadline passes, one more <c>SYST:SYNC?</c> tells whether the link is merely late (then it stays) or lost.</remarks>
public sealed class GantryLink : IAsyncDisposable
{
    private const int FirstMarker = 1_900_000_007;
    private const int LastMarker = 2_100_000_000;
    private readonly IGantryWire _wire;
    private readonly TimeProvider _wall;
    private readonly WireTraceConnection? _trace;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Queue<Exchange> _pending = new();
    private readonly Task _reading;
    private readonly CancellationTokenSource _closed = new();
    private readonly ReplyReader? _bulk;
    private readonly SemaphoreSlim _bulkTurn = new(1, 1);
    private bool _isBulkApart;
    private string? _lost;
    private int _marker = FirstMarker - 1;
    private long _lastUse;
    private int _disposed;

    private GantryLink(IGantryWire wire, string name, TimeProvider wall, GantryDeadlines deadlines, WireTraceConnection? trace)
    {
        _wire = wire;
        _wall = wall;
        _trace = trace;
        Name = name;
        Deadlines = deadlines;
        _lastUse = wall.GetTimestamp();
        _bulk = wire.Bulk is { } bulk ? new ReplyReader(bulk) : null;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>Deadlines by class of request.</summary>
    public GantryDeadlines Deadlines { get; }

    /// <summary>The wire it runs on.</summary>
    public IGantryWire Wire => _wire;

    /// <summary>Why it is lost; null while it lives.</summary>
    public string? Lost
    {
        get { lock (_gate) return _lost; }
    }

    /// <summary>Time since the last request went out.</summary>
    public TimeSpan Idle => _wall.GetElapsedTime(Interlocked.Read(ref _lastUse));

    /// <summary>Connects over TCP.</summary>
    /// <param name="host">Host.</param>
    /// <param name="port">Control port.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <param name="deadline">Longest wait for an ordinary reply.</param>
    /// <exception cref="GantryLinkLostException">Nobody answers there.</exception>
    public static Task<GantryLink> ConnectAsync(string host, int port, TimeProvider wall, CancellationToken cancellation, TimeSpan? deadline = null) =>
        ConnectAsync(new TcpTransport(host, port, wall, withStopPath: false), wall, cancellation, deadline is { } d ? GantryDeadlines.Of(d) : null);

    /// <summary>Connects over a transport.</summary>
    /// <param name="transport">Way to the gantry.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <param name="deadlines">Deadlines.</param>
    /// <param name="trace">Wire trace; null for none.</param>
    /// <param name="channel">Name of the channel in the trace.</param>
    /// <exception cref="GantryLinkLostException">Nobody answers there.</exception>
    public static async Task<GantryLink> ConnectAsync(IGantryTransport transport, TimeProvider wall, CancellationToken cancellation, GantryDeadlines? deadlines = null,
        WireTrace? trace = null, string channel = "control")
    {
        IGantryWire wire = await transport.ConnectAsync(cancellation);
        deadlines ??= new GantryDeadlines();
        if (transport.LeastBytesPerSecond < deadlines.LeastBytesPerSecond) deadlines = deadlines with { LeastBytesPerSecond = transport.LeastBytesPerSecond };
        return new GantryLink(wire, transport.Name, wall, deadlines, trace?.Connect(channel, transport.Name));
    }

    /// <summary>Sends a command that has no reply.</summary>
    /// <param name="command">One message.</param>
    /// <param name="cancellation">Gives up waiting; the command may be done all the same.</param>
    /// <param name="deadline">Longest wait for the error queue's answer; a setting's by default.</param>
    /// <param name="timed">Sent by a timer, not by a decision.</param>
    /// <exception cref="GantryRefusedException">The gantry refused.</exception>
    /// <exception cref="GantryTimeoutException">It did not answer in time; the link is in step.</exception>
    /// <exception cref="GantryLinkLostException">The link broke: the command may or may not have been done.</exception>
    public async Task CommandAsync(string command, CancellationToken cancellation, TimeSpan? deadline = null, bool timed = false)
    {
        IReadOnlyList<Reply> replies = await ExchangeAsync(command, deadline ?? Deadlines.Setting, timed, cancellation);
        if (replies.Count == 0) throw new GantryTimeoutException($"the gantry did not say whether {Head(command)} was done");
        ThrowIfError(replies[^1], command);
    }

    /// <summary>Sends a query and returns its reply as text without the line end.</summary>
    /// <exception cref="GantryRefusedException">The gantry gave no reply but an error.</exception>
    public async Task<string> QueryAsync(string query, CancellationToken cancellation, TimeSpan? deadline = null, bool timed = false) =>
        Encoding.Latin1.GetString(await QueryBytesAsync(query, cancellation, deadline, timed));

    /// <summary>Sends a query and returns its reply as bytes: a line without its end, or the bytes of a block.</summary>
    public async Task<byte[]> QueryBytesAsync(string query, CancellationToken cancellation, TimeSpan? deadline = null, bool timed = false)
    {
        IReadOnlyList<Reply> replies = await ExchangeAsync(query, deadline ?? Deadlines.Query, timed, cancellation);
        if (replies.Count >= 2) return replies[0].Bytes;
        if (replies.Count == 1 && (replies[0].IsBlock || ErrorOf(replies[0]) is null)) return replies[0].Bytes; // the answer came, that of SYST:ERR? did not
        if (replies.Count == 1) ThrowIfError(replies[0], query);
        throw new GantryTimeoutException($"the gantry answered {Head(query)} with nothing and no error");
    }

    /// <summary>Asks for (part of) a frame, FRAM:DATA?. Where the wire has a channel for bulk it comes there, behind everything that is more urgent.</summary>
    /// <param name="query">The query; its answer is one block.</param>
    /// <param name="expectedBytes">Length the block will about have: its deadline follows from it.</param>
    /// <param name="cancellation">Gives up waiting; what is on its way is still taken in.</param>
    /// <exception cref="GantryRefusedException">The gantry has no such frame.</exception>
    /// <exception cref="GantryLinkLostException">The frame stopped coming.</exception>
    public async Task<byte[]> QueryFrameAsync(string query, long expectedBytes, CancellationToken cancellation)
    {
        TimeSpan deadline = Deadlines.Block(expectedBytes);
        if (_bulk is null) return await QueryBytesAsync(query, cancellation, deadline);
        await _bulkTurn.WaitAsync(cancellation);
        Task<Reply> coming;
        try
        {
            if (!_isBulkApart) await CommandAsync("SYST:COMM:SER:BULK ON", cancellation);
            _isBulkApart = true;
            await CommandAsync(query, CancellationToken.None); // a refusal shows in SYST:ERR?, the block comes apart
            coming = ReadBulkAsync(_bulk);
        }
        catch
        {
            _bulkTurn.Release();
            throw;
        }
        try
        {
            return (await coming.WaitAsync(deadline, _wall, cancellation)).Bytes;
        }
        catch (TimeoutException e)
        {
            throw Fail("the frame asked for stopped coming", e);
        }
    }

    private async Task<Reply> ReadBulkAsync(ReplyReader bulk)
    {
        try
        {
            Reply reply = await bulk.ReadAsync(_closed.Token);
            _trace?.ReceivedBlock(reply.Bytes);
            return reply;
        }
        catch (Exception e) when (IsBroken(e) || e is InvalidDataException)
        {
            throw Fail("the link to the gantry broke while a frame came", e);
        }
        finally
        {
            _bulkTurn.Release();
        }
    }

    private async Task<IReadOnlyList<Reply>> ExchangeAsync(string message, TimeSpan deadline, bool timed, CancellationToken cancellation)
    {
        Exchange exchange = await SendAsync(WireText.Checked(message) + "\nSYST:ERR?", timed, cancellation);
        try
        {
            return await exchange.Done.Task.WaitAsync(deadline, _wall, cancellation);
        }
        catch (TimeoutException)
        {
            await SynchroniseAsync(cancellation);
            // The answer may have come between the deadline and the marker: it is still this request's.
            if (exchange.Done.Task.IsCompletedSuccessfully) return await exchange.Done.Task;
            throw new GantryTimeoutException(FormattableString.Invariant($"no answer to {Head(message)} within {deadline.TotalSeconds:0.###} s"));
        }
    }

    /// <summary>Brings the link into step: whatever was asked before is over when the number comes back.</summary>
    private async Task SynchroniseAsync(CancellationToken cancellation)
    {
        Exchange exchange = await SendAsync(null, timed: true, cancellation);
        try
        {
            await exchange.Done.Task.WaitAsync(Deadlines.Synchronise, _wall, cancellation);
        }
        catch (TimeoutException e)
        {
            throw Fail("the gantry gives no answer at all", e);
        }
    }

    /// <summary>Writes a stop without waiting for anybody's turn. Stops are never answered; ask afterwards what became of it.</summary>
    /// <param name="stop">A bare stop: MOT:STOP, ABOR, CT:EXP:STOP.</param>
    /// <param name="cancellation">Gives the write up.</param>
    internal async Task WriteStopAsync(string stop, CancellationToken cancellation)
    {
        _trace?.Sent(stop);
        try
        {
            await _wire.Control.WriteAsync(Encoding.ASCII.GetBytes(stop + "\n"), cancellation);
        }
        catch (Exception e) when (IsBroken(e))
        {
            throw new GantryLinkLostException("the link to the gantry broke while a stop was sent", e);
        }
    }

    private async Task<Exchange> SendAsync(string? lines, bool timed, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            Exchange exchange;
            string text;
            lock (_gate)
            {
                if (_lost is { } why) throw new GantryLinkLostException(why);
                _marker = _marker >= LastMarker ? FirstMarker : _marker + 1;
                string marker = "SYST:SYNC? " + _marker.ToString(CultureInfo.InvariantCulture);
                text = lines is null ? marker : lines + "\n" + marker;
                exchange = new Exchange(_marker, timed);
                _pending.Enqueue(exchange);
            }
            Interlocked.Exchange(ref _lastUse, _wall.GetTimestamp());
            _trace?.Sent(WireText.Masked(text), timed);
            // A gantry that does not take what is sent must not hold up everybody who waits for their turn: half a line sent is a link lost.
            using var stuck = new CancellationTokenSource(Deadlines.Setting, _wall);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stuck.Token, _closed.Token);
            try
            {
                await _wire.Control.WriteAsync(Encoding.ASCII.GetBytes(text + "\n"), either.Token);
            }
            catch (Exception e) when (IsBroken(e))
            {
                throw Fail(stuck.IsCancellationRequested ? "the gantry takes nothing that is sent" : "the link to the gantry broke while sending", e);
            }
            return exchange;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        var reader = new ReplyReader(_wire.Control);
        try
        {
            while (true)
            {
                Reply reply = await reader.ReadAsync(_closed.Token);
                bool timed;
                lock (_gate) timed = _pending.TryPeek(out Exchange? head) && head.IsTimed;
                if (reply.IsBlock) _trace?.ReceivedBlock(reply.Bytes);
                else _trace?.Received(reply.Bytes, timed);
                Take(reply);
            }
        }
        catch (Exception e) when (IsBroken(e) || e is InvalidDataException)
        {
            Fail(e is InvalidDataException ? $"the gantry's replies are not GCI: {e.Message}" : "the link to the gantry broke", e);
        }
    }

    private void Take(Reply reply)
    {
        Exchange? done = null;
        lock (_gate)
        {
            if (_pending.Count == 0) return; // said by nobody's wish: dropped
            if (!reply.IsBlock && reply.Bytes.Length == 10 && int.TryParse(reply.Bytes, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && _pending.Any(p => p.Marker == number))
            {
                while (true)
                {
                    done = _pending.Dequeue();
                    if (done.Marker == number) break;
                    done.Missed(); // its own marker was lost, and what came for it cannot be told from what came for others
                }
            }
            else _pending.Peek().Replies.Add(reply);
        }
        done?.Done.TrySetResult(done.Replies);
    }

    private GantryLinkLostException Fail(string why, Exception? inner)
    {
        Exchange[] waiting;
        bool first;
        lock (_gate)
        {
            first = _lost is null;
            _lost ??= why;
            why = _lost;
            waiting = [.. _pending];
            _pending.Clear();
            if (first) _trace?.Note("closed: " + why);
        }
        if (first)
        {
            _closed.Cancel();
            _ = _wire.DisposeAsync().AsTask();
        }
        var lost = new GantryLinkLostException(why, inner);
        foreach (Exchange exchange in waiting) exchange.Done.TrySetException(lost);
        return lost;
    }

    private static bool IsBroken(Exception e) => e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException or UnauthorizedAccessException;

    private static string Head(string message) => message.Split(' ', 2)[0];

    private static (int Code, string Text)? ErrorOf(Reply reply)
    {
        string text = Encoding.Latin1.GetString(reply.Bytes);
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        return comma > 0 && text.Length > comma + 2 && text[comma + 1] == '"' && text[^1] == '"' && int.TryParse(text.AsSpan(0, comma), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code)
            ? (code, text[(comma + 1)..].Trim('"')) : null;
    }

    private static void ThrowIfError(Reply reply, string command)
    {
        (int code, string text) = ErrorOf(reply) ?? throw new GantryProtocolException("SYST:ERR? was answered with something else");
        if (code != 0) throw new GantryRefusedException(code, text, Head(command));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        Fail("the link was closed by this side", null);
        await _reading;
        await _wire.DisposeAsync();
        _closed.Dispose();
        _bulkTurn.Dispose();
    }

    private sealed class Exchange(int marker, bool timed)
    {
        public int Marker { get; } = marker;
        public bool IsTimed { get; } = timed;
        public List<Reply> Replies { get; } = [];
        public TaskCompletionSource<IReadOnlyList<Reply>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Missed() => Done.TrySetException(new GantryTimeoutException("the gantry's answer was lost on the way"));
    }
}
