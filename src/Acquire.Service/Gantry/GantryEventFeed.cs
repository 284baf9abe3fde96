using System.Globalization;
using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>The gantry's events: subscribed, replayed from the last one seen after every break, gaps told.</summary>
/// <remarks>GCI 1.0 section 12. Events only announce; truth is in the queries, and nothing in the driver depends on one. Whoever gets a
/// <see cref="GciEventKinds.Gap"/> asks the gantry for what it needs to know.</remarks>
public sealed class GantryEventFeed : IAsyncDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(4); // a beat comes every second
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private const int MaxLineBytes = 1 << 20;
    private readonly GantrySession _session;
    private readonly GantryDriverOptions _options;
    private readonly TimeProvider _wall;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _running;
    private volatile Stream? _stream;
    private WireTraceConnection? _trace;
    private ulong _boot;

    internal GantryEventFeed(GantrySession session, GantryDriverOptions options, TimeProvider wall)
    {
        _session = session;
        _options = options;
        _wall = wall;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Every event, in order, on the feed's own thread: keep it short. Numbered ones come exactly once, whatever breaks, or a gap is told.</summary>
    public event Action<GciEvent>? Received;

    /// <summary>Number of the last numbered event; 0 before the first.</summary>
    public long LastNumber { get; private set; }

    /// <summary>Whether events come now.</summary>
    public bool IsConnected => _stream is not null;

    /// <summary>Times the feed had to subscribe again.</summary>
    public int Resubscribed { get; private set; }

    internal async Task SendAsync(GciEventRequest request, bool timed, CancellationToken cancellation)
    {
        Stream stream = _stream ?? throw new GantryLinkLostException("the gantry's events are not connected");
        byte[] line = request.Encode();
        await _writing.WaitAsync(cancellation);
        try
        {
            _trace?.Sent(Encoding.UTF8.GetString((request.Secret is null ? request : request with { Secret = "***" }).Encode()).TrimEnd('\n'), timed);
            await stream.WriteAsync(line, cancellation);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new GantryLinkLostException("the link for the gantry's events broke", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task RunAsync()
    {
        CancellationToken closing = _closing.Token;
        bool first = true;
        while (!closing.IsCancellationRequested)
        {
            try
            {
                if (_session.Link is { Lost: null } link)
                {
                    if (!first) Resubscribed++;
                    first = false;
                    if (!await ReadAsync(link, closing)) return;
                }
            }
            catch (Exception e) when (e is GantryLinkLostException or GantryRefusedException or GantryProtocolException or IOException or ObjectDisposedException || (e is OperationCanceledException && !closing.IsCancellationRequested))
            {
                _trace?.Note("closed: " + (e is OperationCanceledException ? "silence" : "the link broke"));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                _stream = null;
            }
            try
            {
                await Task.Delay(Pause, _wall, closing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>One connection, until it breaks. False when the gantry has no events.</summary>
    private async Task<bool> ReadAsync(GantryLink link, CancellationToken closing)
    {
        Stream stream;
        if (link.Wire.Events is { } carried) stream = carried;
        else
        {
            int port;
            try
            {
                port = GantryReply.Whole<int>(await link.QueryAsync("SYST:COMM:TCP:EVEN?", closing, timed: true));
            }
            catch (GantryRefusedException)
            {
                return false; // this gantry has none: everything is polled
            }
            if (port == 0) return false;
            stream = await link.Wire.OpenPortAsync(port, closing);
        }
        try
        {
            _trace = _options.Trace?.Connect("events", link.Name);
            _stream = stream;
            if (_boot != 0 && _boot != _session.BootId) LastNumber = 0;
            bool again = _boot == _session.BootId && LastNumber > 0;
            _boot = _session.BootId;
            await SendAsync(new GciEventRequest
            {
                Session = _options.SessionName, Secret = _options.SessionSecret, Subscribe = [.. GciEventKinds.All], Since = again ? LastNumber : null, PositionMs = 200,
            }, timed: true, closing);
            await foreach (ReadOnlyMemory<byte> line in LinesAsync(stream, closing))
            {
                if (GciEvent.Decode(line) is not { } e) continue;
                if (e.Kind is not (GciEventKinds.Position or GciEventKinds.Rate or GciEventKinds.Beat or GciEventKinds.Tick)) _trace?.Received(line.Span, isTimed: true);
                if (!Accept(e)) return true; // something is missing: subscribe again from the last one seen
                Received?.Invoke(e);
            }
            return true;
        }
        finally
        {
            if (link.Wire.Events is null) await stream.DisposeAsync();
        }
    }

    /// <summary>False when numbered events are missing before this one.</summary>
    private bool Accept(GciEvent e)
    {
        if (e.Kind == GciEventKinds.Gap)
        {
            if (e.Integer("first") is { } kept) LastNumber = kept - 1;
            return true;
        }
        if (e.Number is not { } number) return true;
        if (LastNumber > 0 && number <= LastNumber) return true; // replayed twice: harmless
        if (LastNumber > 0 && number > LastNumber + 1) return false;
        LastNumber = number;
        return true;
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(Stream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken closing)
    {
        var buffer = new List<byte>();
        byte[] piece = new byte[16 << 10];
        while (true)
        {
            using var silence = new CancellationTokenSource(Silence, _wall);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, closing);
            int read = await stream.ReadAsync(piece, either.Token);
            if (read == 0) yield break;
            int start = 0;
            for (int i = 0; i < read; i++)
            {
                if (piece[i] != (byte)'\n') continue;
                buffer.AddRange(piece.AsSpan(start, i - start));
                start = i + 1;
                yield return buffer.ToArray();
                buffer.Clear();
            }
            buffer.AddRange(piece.AsSpan(start, read - start));
            if (buffer.Count > MaxLineBytes) throw new IOException(string.Create(CultureInfo.InvariantCulture, $"an event line longer than {MaxLineBytes} bytes"));
        }
    }

    /// <summary>Ends the feed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _running;
        _closing.Dispose();
        _writing.Dispose();
    }
}
