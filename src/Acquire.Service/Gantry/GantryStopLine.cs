using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Acquire.Service.Gantry;

/// <summary>Stop on a path of its own: it never waits behind anything (house rule 2).</summary>
/// <remarks>A connection of its own, opened while all is well and kept healthy by a beat. A stop is written to it at once: no lock, no queue, no reconnecting, no
/// circuit breaker, whatever the other link is busy with. When the line does not confirm at once a new one is opened beside it and the stop is said there too
/// (a stop may be repeated), and so on until the gantry confirms or the time is up. On a serial port, which has one wire, the stop is written between the lines
/// of others, where the link gives it right of way.</remarks>
public sealed class GantryStopLine : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Doubt = TimeSpan.FromMilliseconds(150);
    private readonly IGantryTransport _transport;
    private readonly GantryDriver? _shared;
    private readonly TimeProvider _wall;
    private readonly GantryDeadlines _deadlines;
    private readonly WireTrace? _trace;
    private readonly CancellationTokenSource _closing = new();
    private volatile Line? _line;
    private Task _beating = Task.CompletedTask;

    private GantryStopLine(IGantryTransport transport, GantryDriver? shared, TimeProvider wall, GantryDeadlines? deadlines, WireTrace? trace)
    {
        _transport = transport;
        _shared = transport.HasOneWire ? shared ?? throw new ArgumentException("a transport with one wire needs the driver that has it", nameof(shared)) : null;
        _wall = wall;
        _deadlines = deadlines ?? new GantryDeadlines();
        _trace = trace;
    }

    /// <summary>The line is open and its last beat was answered.</summary>
    public bool IsHealthy => _shared is not null ? _shared.Session.Link is { Lost: null } : _line is { IsBroken: false };

    /// <summary>Lines opened so far.</summary>
    public int LinesOpened { get; private set; }

    /// <summary>Opens the line while all is well, so that it is there when needed.</summary>
    /// <param name="transport">Way to the gantry.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="cancellation">Cancellation of the opening.</param>
    /// <param name="shared">Driver whose wire is used where there is only one (serial).</param>
    /// <param name="deadlines">Deadlines; <see cref="GantryDeadlines.Stop"/> counts here.</param>
    /// <param name="trace">Wire trace.</param>
    public static async Task<GantryStopLine> OpenAsync(IGantryTransport transport, TimeProvider wall, CancellationToken cancellation, GantryDriver? shared = null,
        GantryDeadlines? deadlines = null, WireTrace? trace = null)
    {
        var stop = new GantryStopLine(transport, shared, wall, deadlines, trace);
        if (stop._shared is not null) return stop;
        stop._line = await stop.NewLineAsync(cancellation);
        stop._beating = stop.BeatAsync();
        return stop;
    }

    /// <summary>Ends motion, acquisition and exposure; frames are kept, marked partial. Any role may, in any state.</summary>
    /// <exception cref="GantryLinkLostException">The gantry did not confirm: its own stop has to be used.</exception>
    public Task AbortAsync() => SayAsync("ABOR");

    /// <summary>Controlled stop of all motion, then HOLD.</summary>
    /// <exception cref="GantryLinkLostException">The gantry did not confirm.</exception>
    public Task StopMotionAsync() => SayAsync("MOT:STOP");

    /// <summary>Ends the beam.</summary>
    /// <exception cref="GantryLinkLostException">The gantry did not confirm.</exception>
    public Task StopExposureAsync() => SayAsync("CT:EXP:STOP");

    private Task SayAsync(string stop) => _shared is null ? SayOnLinesAsync(stop) : SayOnSharedAsync(_shared, stop);

    private async Task SayOnLinesAsync(string stop)
    {
        long began = _wall.GetTimestamp();
        var tries = new List<Task<bool>>();
        if (_line is { IsBroken: false } ready) tries.Add(ready.SayAsync(stop, _deadlines.Stop));
        while (true)
        {
            // A line that confirms within 150 ms is enough; else the stop goes out on a new one too, without waiting for the old.
            if (tries.Count > 0 && await ConfirmedAsync(tries, Doubt)) return;
            if (_wall.GetElapsedTime(began) > _deadlines.Stop * 2) throw new GantryLinkLostException($"the gantry at {_transport.Name} did not confirm the stop");
            tries.Add(SayOnNewLineAsync(stop));
            if (await ConfirmedAsync(tries, Doubt * 2)) return;
        }
    }

    private async Task<bool> ConfirmedAsync(List<Task<bool>> tries, TimeSpan within)
    {
        Task pause = Task.Delay(within, _wall);
        while (true)
        {
            if (tries.Any(t => t is { IsCompletedSuccessfully: true, Result: true })) return true;
            Task[] open = [.. tries.Where(t => !t.IsCompleted)];
            if (open.Length == 0)
            {
                await pause;
                return false;
            }
            if (await Task.WhenAny([.. open, pause]) == pause) return tries.Any(t => t is { IsCompletedSuccessfully: true, Result: true });
        }
    }

    private async Task<bool> SayOnNewLineAsync(string stop)
    {
        try
        {
            Line line = await NewLineAsync(CancellationToken.None).WaitAsync(_deadlines.Stop, _wall);
            Task<bool> said = line.SayAsync(stop, _deadlines.Stop);
            Line? old = Interlocked.Exchange(ref _line, line);
            old?.Close("replaced");
            return await said;
        }
        catch (Exception e) when (e is GantryLinkLostException or TimeoutException)
        {
            return false;
        }
    }

    private async Task SayOnSharedAsync(GantryDriver driver, string stop)
    {
        long began = _wall.GetTimestamp();
        while (true)
        {
            if (driver.Session.Link is { Lost: null } link)
            {
                try
                {
                    using var stuck = new CancellationTokenSource(_deadlines.Stop, _wall);
                    await link.WriteStopAsync(stop, stuck.Token);
                    await link.QueryAsync("SYST:STAT?", CancellationToken.None, _deadlines.Stop * 2);
                    return;
                }
                catch (Exception e) when (e is GantryLinkLostException or OperationCanceledException)
                {
                    // The link is being restored: said again on the next one.
                }
            }
            if (_wall.GetElapsedTime(began) > _deadlines.Stop * 4) throw new GantryLinkLostException($"the gantry at {_transport.Name} did not confirm the stop");
            await Task.Delay(TimeSpan.FromMilliseconds(50), _wall);
        }
    }

    private async Task<Line> NewLineAsync(CancellationToken cancellation)
    {
        IGantryWire wire = await _transport.ConnectAsync(cancellation);
        LinesOpened++;
        return new Line(wire, _wall, _trace?.Connect("stop", _transport.Name));
    }

    /// <summary>Keeps the line healthy: a beat every second, a new line as soon as one is not answered.</summary>
    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(Beat, _wall);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                Line? line = _line;
                if (line is { IsBroken: false } && await line.SayAsync(null, _deadlines.Stop)) continue;
                try
                {
                    Line fresh = await NewLineAsync(_closing.Token);
                    if (Interlocked.CompareExchange(ref _line, fresh, line) == line) line?.Close("no answer to the beat");
                    else fresh.Close("a stop opened another one");
                }
                catch (GantryLinkLostException)
                {
                    // Nobody there: the next beat tries again, and so does a stop, at once.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _beating;
        _line?.Dispose();
        _closing.Dispose();
    }

    /// <summary>One connection for stops and beats; answers are told apart by their numbers, so nobody waits for a turn.</summary>
    private sealed class Line : IDisposable
    {
        private static int _number = 1_000_000_000;
        private readonly IGantryWire _wire;
        private readonly TimeProvider _wall;
        private readonly WireTraceConnection? _trace;
        private readonly ConcurrentDictionary<string, TaskCompletionSource<bool>> _waiting = new(StringComparer.Ordinal);
        private readonly CancellationTokenSource _closed = new();
        private int _broken;

        public Line(IGantryWire wire, TimeProvider wall, WireTraceConnection? trace)
        {
            _wire = wire;
            _wall = wall;
            _trace = trace;
            _ = Task.Run(ReadAsync);
        }

        public bool IsBroken => Volatile.Read(ref _broken) != 0;

        /// <summary>Says a stop, or only the beat, and waits for the number behind it to come back. False when it does not in time.</summary>
        public async Task<bool> SayAsync(string? stop, TimeSpan deadline)
        {
            string number = Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture);
            var answered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[number] = answered;
            string text = (stop is null ? "" : stop + "\n") + "SYST:SYNC? " + number;
            _trace?.Sent(text, isTimed: stop is null);
            try
            {
                using var stuck = new CancellationTokenSource(deadline, _wall);
                await _wire.Control.WriteAsync(Encoding.ASCII.GetBytes(text + "\n"), stuck.Token);
                return await answered.Task.WaitAsync(deadline, _wall);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or TimeoutException or InvalidOperationException)
            {
                Close("no answer");
                return false;
            }
            finally
            {
                _waiting.TryRemove(number, out _);
            }
        }

        public void Close(string why)
        {
            if (Interlocked.Exchange(ref _broken, 1) != 0) return;
            _trace?.Note("closed: " + why);
            _closed.Cancel();
            _ = _wire.DisposeAsync().AsTask();
            foreach (TaskCompletionSource<bool> waiting in _waiting.Values) waiting.TrySetResult(false);
        }

        public void Dispose()
        {
            Close("closed by this side");
            _closed.Dispose();
        }

        private async Task ReadAsync()
        {
            var reader = new ReplyReader(_wire.Control);
            try
            {
                while (true)
                {
                    Reply reply = await reader.ReadAsync(_closed.Token);
                    _trace?.Received(reply.Bytes, isTimed: true);
                    if (_waiting.TryGetValue(Encoding.Latin1.GetString(reply.Bytes), out TaskCompletionSource<bool>? answered)) answered.TrySetResult(true);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidDataException or InvalidOperationException)
            {
                Close("the link broke");
            }
        }
    }
}
