using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Acquire.Service.Gantry;

/// <summary>The gantry answered with an error from its queue.</summary>
public sealed class GantryRefusedException(int code, string text, string command)
    : Exception($"the gantry refused {command}: {code.ToString(CultureInfo.InvariantCulture)} {text}")
{
    /// <summary>SCPI error number.</summary>
    public int Code { get; } = code;
    /// <summary>Text and detail.</summary>
    public string Text { get; } = text;
}

/// <summary>The gantry answered, but not as GCI says.</summary>
public sealed class GantryProtocolException(string message) : Exception($"the gantry's answer is not GCI 1.0: {message}");

/// <summary>The link to the gantry was lost or gave no answer in time.</summary>
public sealed class GantryLinkLostException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>One SCPI control connection over TCP: one request at a time, each with a deadline; in step again after a late answer.</summary>
/// <remarks>docs/gantry-interface.md; GCI 1.0 sections 2, 4 and 8. Commands without a query are followed by SYST:ERR? so that a refusal is
/// never missed. Deadlines are wall time: they guard the wire, not the study.</remarks>
public sealed class GantryLink : IAsyncDisposable
{
    private const int MaxReplyBytes = 64 << 20;
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly TimeProvider _wall;
    private readonly TimeSpan _deadline;
    private int _start;
    private int _end;
    private int _sync = 1_900_000_007;
    private bool _outOfStep;

    private GantryLink(TcpClient client, TimeProvider wall, TimeSpan deadline)
    {
        _client = client;
        _deadline = deadline;
        _stream = client.GetStream();
        _wall = wall;
    }

    /// <summary>Connects.</summary>
    /// <param name="host">Host.</param>
    /// <param name="port">Control port.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <param name="deadline">Longest wait for an ordinary reply; default 10 s.</param>
    /// <exception cref="GantryLinkLostException">Nobody answers there.</exception>
    public static async Task<GantryLink> ConnectAsync(string host, int port, TimeProvider wall, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5), wall);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
            await client.ConnectAsync(host, port, either.Token);
            return new GantryLink(client, wall, deadline ?? TimeSpan.FromSeconds(10));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            client.Dispose();
            throw new GantryLinkLostException($"no gantry answers at {host}:{port}", e);
        }
    }

    /// <summary>Sends a command that has no reply and asks for its error.</summary>
    /// <exception cref="GantryRefusedException">The gantry refused.</exception>
    public async Task CommandAsync(string command, CancellationToken cancellation)
    {
        string reply = Encoding.ASCII.GetString(await ExchangeAsync(command + "\nSYST:ERR?\n", _deadline, cancellation));
        ThrowIfError(reply, command);
    }

    /// <summary>Sends a query and returns its reply as text without the line end.</summary>
    /// <exception cref="GantryRefusedException">The gantry gave no reply but an error.</exception>
    public async Task<string> QueryAsync(string query, CancellationToken cancellation, TimeSpan? deadline = null) =>
        Encoding.ASCII.GetString(await QueryBytesAsync(query, cancellation, deadline));

    /// <summary>Sends a query whose reply is a block, and returns the block's bytes.</summary>
    public async Task<byte[]> QueryBytesAsync(string query, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        // An unknown or refused query gets no reply at all, so the error query behind it is what answers; a marker between tells the two apart.
        await _turn.WaitAsync(cancellation);
        try
        {
            int marker = NextSync();
            await SendNeedsTurnAsync($"{query}\nSYST:SYNC? {marker.ToString(CultureInfo.InvariantCulture)}\n", cancellation);
            byte[] first = await ReceiveNeedsTurnAsync(deadline ?? _deadline, query, cancellation);
            if (IsMarker(first, marker))
            {
                await SendNeedsTurnAsync("SYST:ERR?\n", cancellation);
                string error = Encoding.ASCII.GetString(await ReceiveNeedsTurnAsync(_deadline, "SYST:ERR?", cancellation));
                ThrowIfError(error, query);
                throw new GantryLinkLostException($"the gantry answered {query} with nothing and no error");
            }
            byte[] second = await ReceiveNeedsTurnAsync(_deadline, "SYST:SYNC?", cancellation);
            return IsMarker(second, marker) ? first : throw Lost("the gantry's replies are out of step", null);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<byte[]> ExchangeAsync(string text, TimeSpan deadline, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await SendNeedsTurnAsync(text, cancellation);
            return await ReceiveNeedsTurnAsync(deadline, text.Split('\n')[0], cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task SendNeedsTurnAsync(string text, CancellationToken cancellation)
    {
        try
        {
            if (_outOfStep) await ResynchroniseNeedsTurnAsync(cancellation);
            await _stream.WriteAsync(Encoding.ASCII.GetBytes(text), cancellation);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            throw Lost("the link to the gantry broke while sending", e);
        }
    }

    private async Task ResynchroniseNeedsTurnAsync(CancellationToken cancellation)
    {
        // After a time-out an old reply would answer the next question, silently, for ever (control-interface.md section 4).
        int marker = NextSync();
        await _stream.WriteAsync(Encoding.ASCII.GetBytes($"SYST:SYNC? {marker.ToString(CultureInfo.InvariantCulture)}\n"), cancellation);
        while (!IsMarker(await ReceiveNeedsTurnAsync(_deadline, "SYST:SYNC?", cancellation), marker)) { }
        _outOfStep = false;
    }

    private async Task<byte[]> ReceiveNeedsTurnAsync(TimeSpan deadline, string what, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(deadline, _wall);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await ReadReplyAsync(either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            _outOfStep = true;
            throw new GantryLinkLostException(FormattableString.Invariant($"no answer to {what} within {deadline.TotalSeconds:F0} s"));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            throw Lost($"the link to the gantry broke while waiting for the answer to {what}", e);
        }
    }

    private async Task<byte[]> ReadReplyAsync(CancellationToken cancellation)
    {
        await FillAsync(1, cancellation);
        if (_buffer[_start] == (byte)'#') return await ReadBlockAsync(cancellation);
        var line = new List<byte>(64);
        while (true)
        {
            await FillAsync(1, cancellation);
            int lf = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            int stop = lf < 0 ? _end : lf;
            line.AddRange(_buffer.AsSpan(_start, stop - _start));
            _start = lf < 0 ? _end : lf + 1;
            if (lf >= 0) return [.. line];
            if (line.Count > MaxReplyBytes) throw new IOException("a reply line without end");
        }
    }

    private async Task<byte[]> ReadBlockAsync(CancellationToken cancellation)
    {
        await FillAsync(2, cancellation);
        int digits = _buffer[_start + 1] - '0';
        if (digits is < 1 or > 9) throw new IOException("a block header that is none");
        await FillAsync(2 + digits, cancellation);
        int length = int.Parse(Encoding.ASCII.GetString(_buffer, _start + 2, digits), NumberStyles.None, CultureInfo.InvariantCulture);
        if (length > MaxReplyBytes) throw new IOException($"a block of {length} bytes");
        _start += 2 + digits;
        byte[] block = new byte[length];
        int have = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, have).CopyTo(block);
        _start += have;
        await _stream.ReadExactlyAsync(block.AsMemory(have), cancellation);
        await FillAsync(1, cancellation);
        if (_buffer[_start] != (byte)'\n') throw new IOException("a block that does not end with a line feed");
        _start++;
        return block;
    }

    private async Task FillAsync(int needed, CancellationToken cancellation)
    {
        while (_end - _start < needed)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }
            int read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0) throw new IOException("the gantry closed the connection");
            _end += read;
        }
    }

    private int NextSync() => _sync = _sync >= 2_100_000_000 ? 1_900_000_007 : _sync + 1;

    private static bool IsMarker(byte[] reply, int marker) => Encoding.ASCII.GetString(reply) == marker.ToString(CultureInfo.InvariantCulture);

    private GantryLinkLostException Lost(string message, Exception? inner)
    {
        _client.Dispose();
        return new GantryLinkLostException(message, inner);
    }

    private static void ThrowIfError(string reply, string command)
    {
        int comma = reply.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !int.TryParse(reply.AsSpan(0, comma), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code))
            throw new GantryLinkLostException("the gantry answered SYST:ERR? with something else");
        if (code != 0) throw new GantryRefusedException(code, reply[(comma + 1)..].Trim('"'), command);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }
}
