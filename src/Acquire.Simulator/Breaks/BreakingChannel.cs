using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Breaks;

/// <summary>Stands between the wire and a gantry that is sound, and misbehaves for it.</summary>
/// <remarks>Behind every message with a question it slips in a SYSTem:SYNC? of its own: what comes before its answer belongs to that message.</remarks>
internal sealed class BreakingChannel : IGantryChannel
{
    private const int FirstToken = 2_000_000_000;
    private const int GreetingMs = 60;
    private static readonly byte[] TooLong = [.. "*ESE "u8, .. Enumerable.Repeat((byte)'1', GciInputBuffer.MaxMessageBytes + 1), (byte)'\n'];
    private readonly IGantryChannel _inner;
    private readonly Break _break;
    private readonly BreakTalk _talk;
    private readonly TimeProvider _wall;
    private readonly GciInputBuffer _input = new();
    private readonly List<byte> _line = [];
    private readonly Queue<byte> _forGantry = new();
    private readonly Queue<(string Message, string Token)> _asked = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Lock _askedGate = new();
    private int _tokens;
    private bool _hasSpoken;
    private bool _isOver;
    private bool _eaten;

    public BreakingChannel(IGantryChannel inner, Break broken, BreakMemory memory, TimeProvider wall)
    {
        _inner = inner;
        _break = broken;
        _wall = wall;
        _talk = new BreakTalk(memory);
        if (broken.Greeting.Length > 0) _ = GreetAsync();
    }

    public bool IsLocal => _inner.IsLocal;
    public bool IsProtected => _inner.IsProtected;
    public ISerialLine? Serial => _inner.Serial;

    /// <summary>Nothing was said on it yet.</summary>
    public bool IsSilent => !_hasSpoken;

    /// <summary>Sends a line nobody asked for.</summary>
    public async Task SayAsync(string line) => await _inner.SendAsync(Break.Text.GetBytes(line), CancellationToken.None);

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        byte[] bytes = new byte[4096];
        while (_forGantry.Count == 0 && !_isOver)
        {
            int read = await _inner.ReadAsync(bytes, cancellation);
            if (read == 0)
            {
                _isOver = true;
                if (_break.AtEnd(_talk, Break.Text.GetString([.. _line])) is { } last) Pass(last);
                break;
            }
            _hasSpoken = true;
            for (int i = 0; i < read; i++) await TakeAsync(bytes[i], cancellation);
        }
        int n = 0;
        while (n < buffer.Length && _forGantry.TryDequeue(out byte b)) buffer.Span[n++] = b;
        return n;
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation)
    {
        string text = Break.Text.GetString(reply.Span), message = "";
        lock (_askedGate)
        {
            while (_asked.TryPeek(out (string Message, string Token) head))
            {
                message = head.Message;
                if (text == head.Token + "\n")
                {
                    _asked.Dequeue();
                    return;
                }
                break;
            }
        }
        string changed = _break.Out(_talk, message, text);
        if (_break.DelayMs(message) is > 0 and var delay) await Task.Delay(TimeSpan.FromMilliseconds(delay), _wall, cancellation);
        if (changed.Length == 0) return;
        byte[] bytes = Break.Text.GetBytes(changed);
        await _sending.WaitAsync(cancellation);
        try
        {
            if (_break.InPieces && bytes.Length > 2)
            {
                await _inner.SendAsync(bytes.AsMemory(0, bytes.Length / 2), cancellation);
                await Task.Delay(TimeSpan.FromMilliseconds(2), _wall, cancellation);
                await _inner.SendAsync(bytes.AsMemory(bytes.Length / 2), cancellation);
            }
            else await _inner.SendAsync(bytes, cancellation);
        }
        finally
        {
            _sending.Release();
        }
    }

    public void Drop() => _inner.Drop();

    public void Dispose()
    {
        _inner.Dispose();
        _sending.Dispose();
    }

    private async Task TakeAsync(byte b, CancellationToken cancellation)
    {
        if (_eaten && b == (byte)'\n')
        {
            _eaten = false;
            return;
        }
        _line.Add(b);
        if (_break.IsEager && Break.Text.GetString([.. _line]) == "SYST:SYNC? 15")
        {
            _line.Clear();
            _eaten = true;
            Pass("SYST:SYNC? 15");
            return;
        }
        var messages = new List<string?>();
        _input.Append([b], m => messages.Add(Break.Text.GetString(m)), _ => messages.Add(null));
        if (b == (byte)'\n' || _line.Count > 1000) _line.Clear();
        foreach (string? message in messages)
        {
            if (message is null)
            {
                // A line that was too long: the gantry gets another one, unless the break has a better idea.
                if (_break.In(_talk, "TOO LONG") is { } instead && instead != "TOO LONG") Pass(instead);
                else foreach (byte x in TooLong) _forGantry.Enqueue(x);
                continue;
            }
            _talk.Note(message);
            if (_break.Cuts(_talk, message)) _inner.Drop();
            if (_break.Unasked(_talk, message) is { } line) await _inner.SendAsync(Break.Text.GetBytes(line), cancellation);
            if (_break.In(_talk, message) is { } passed) Pass(passed, message);
        }
    }

    private void Pass(string passed, string? asWhat = null)
    {
        foreach (byte x in Break.Text.GetBytes(passed + "\n")) _forGantry.Enqueue(x);
        if (!passed.Contains('?', StringComparison.Ordinal)) return;
        string token = (FirstToken + ++_tokens).ToString(CultureInfo.InvariantCulture);
        lock (_askedGate) _asked.Enqueue((asWhat ?? passed, token));
        foreach (byte x in Break.Text.GetBytes("SYST:SYNC? " + token + "\n")) _forGantry.Enqueue(x);
    }

    private async Task GreetAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(GreetingMs), _wall);
        try
        {
            if (!_hasSpoken && !_isOver) await SayAsync(_break.Greeting);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The other side did not wait for it.
        }
    }
}
