
namespace Acquire.Service.Gantry;

/// <summary>Time of a study: what it is now, and waiting for it to pass.</summary>
public abstract class StudyClock : TimeProvider
{
    /// <summary>The gantry was restarted: a clock that follows its ticks takes them up anew.</summary>
    public virtual Task GantryRestartedAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Waits until that much study time has passed.</summary>
    public abstract Task PassAsync(TimeSpan time, CancellationToken cancellation);
}

/// <summary>The console's own clock.</summary>
public sealed class ConsoleClock(TimeProvider wall) : StudyClock
{
    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => wall.GetUtcNow();

    /// <inheritdoc/>
    public override Task PassAsync(TimeSpan time, CancellationToken cancellation) => Task.Delay(time, wall, cancellation);
}

/// <summary>Virtual time of a simulated study: the simulator's clock stands still but when it is told to advance.</summary>
/// <remarks>
/// Every decision falls at an exact virtual time, so the same seed gives the same frames byte for byte, however fast or busy the
/// machine is (docs/decisions/0007). Pacing only makes people able to watch.
/// </remarks>
public sealed class SteppedClock : StudyClock
{
    private readonly GantryDriver _gantry;
    private readonly TimeProvider _wall;
    private readonly double _speed;
    private readonly bool _paced;
    private ClockAnchor _anchor;
    private long _paceFrom;
    private TimeSpan _virtualSince;

    private SteppedClock(GantryDriver gantry, TimeProvider wall, double speed, bool paced, ClockAnchor anchor)
    {
        _gantry = gantry;
        _wall = wall;
        _speed = speed;
        _paced = paced;
        _anchor = anchor;
        _paceFrom = wall.GetTimestamp();
    }

    /// <summary>Puts the simulator's clock into stepping.</summary>
    /// <param name="gantry">Driver.</param>
    /// <param name="wall">Wall clock for pacing.</param>
    /// <param name="speed">Virtual seconds per wall second, at the most.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <param name="paced">False: never waits, whatever the speed.</param>
    public static async Task<SteppedClock> StartAsync(GantryDriver gantry, TimeProvider wall, double speed, CancellationToken cancellation, bool paced = true)
    {
        if (await gantry.QueryAsync("DIAG:SIM:CLOC?", cancellation) != "STEP") await gantry.CommandAsync("DIAG:SIM:CLOC STEP", cancellation);
        return new SteppedClock(gantry, wall, speed, paced, await gantry.ClockAsync(cancellation));
    }

    /// <inheritdoc/>
    /// <remarks>Its ticks begin anew, its UTC goes on where its store stood.</remarks>
    public override async Task GantryRestartedAsync(CancellationToken cancellation)
    {
        if (await _gantry.QueryAsync("DIAG:SIM:CLOC?", cancellation) != "STEP") await _gantry.CommandAsync("DIAG:SIM:CLOC STEP", cancellation);
        _anchor = await _gantry.ClockAsync(cancellation);
    }

    /// <summary>Called after every advance.</summary>
    public Action? Advanced { get; set; }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _anchor.Utc;

    /// <inheritdoc/>
    public override async Task PassAsync(TimeSpan time, CancellationToken cancellation)
    {
        // Slices of about 50 ms of wall time keep the display moving; how a wait is cut does not change what the gantry does.
        TimeSpan slice = TimeSpan.FromSeconds(Math.Clamp(_speed * 0.05, 0.001, 86_400));
        while (time > TimeSpan.Zero)
        {
            TimeSpan step = time < slice ? time : slice;
            ulong target = _anchor.TickUs + (ulong)Math.Round(step.TotalMicroseconds);
            ulong tick;
            try
            {
                tick = await _gantry.AdvanceToAsync(_anchor.TickUs, target, cancellation);
            }
            catch (GantryRestartedException)
            {
                await GantryRestartedAsync(cancellation);
                throw;
            }
            _anchor = new ClockAnchor(_anchor.BootId, tick, _anchor.At(tick));
            Advanced?.Invoke();
            if (tick < target) return; // a stop cut the advance short: whoever waits looks at the gantry at once
            time -= step;
            _virtualSince += step;
            TimeSpan due = _virtualSince / _speed;
            TimeSpan spent = _wall.GetElapsedTime(_paceFrom);
            if (!_paced) continue;
            if (due > spent) await Task.Delay(due - spent, _wall, cancellation);
            else if (spent - due > TimeSpan.FromMilliseconds(200))
            {
                _paceFrom = _wall.GetTimestamp();
                _virtualSince = TimeSpan.Zero;
            }
        }
    }
}
