namespace Acquire.Simulator.Gantry;

/// <summary>Something that will happen at a tick.</summary>
internal sealed class ScheduledEvent(long tickUs, Action action)
{
    public long TickUs { get; } = tickUs;
    public Action Action { get; } = action;
    public bool IsCancelled { get; private set; }
    public void Cancel() => IsCancelled = true;
}

/// <summary>The gantry's time: a tick in microseconds since boot, moved by the wall clock (FREE) or by command (STEP), and the events that happen on the way.</summary>
/// <remarks>Not thread-safe: used under the gantry's lock. Every event runs with <see cref="NowUs"/> at its exact tick, in order of tick and then of
/// scheduling, so results do not depend on how a stretch of time is cut.</remarks>
internal sealed class SimulationClock
{
    private readonly PriorityQueue<ScheduledEvent, (long Tick, long Sequence)> _events = new();
    private readonly TimeProvider _wall;
    private long _sequence;
    private long _baseTickUs;
    private long _baseStamp;

    public SimulationClock(TimeProvider wall, DateTimeOffset utcAtBoot, bool step, double speed)
    {
        _wall = wall;
        UtcAtBoot = utcAtBoot;
        IsStep = step;
        Speed = speed;
        _baseStamp = wall.GetTimestamp();
    }

    public DateTimeOffset UtcAtBoot { get; }
    public bool IsStep { get; private set; }
    public double Speed { get; private set; }
    public long NowUs { get; private set; }
    /// <summary>Called after every event: a condition that came and went between two looks must still be latched by the status registers.</summary>
    public Action? AfterEvent { get; set; }
    public DateTimeOffset Utc => UtcAtBoot + TimeSpan.FromMicroseconds(NowUs);
    /// <summary>What SYSTem:TIME set and a clock fault shifts; the world in front of the detectors does not notice.</summary>
    public TimeSpan ShownOffset { get; set; }
    /// <summary>UTC as the gantry tells it.</summary>
    public DateTimeOffset ShownUtc => Utc + ShownOffset;
    public TimeSpan Now => TimeSpan.FromMicroseconds(NowUs);

    public ScheduledEvent Schedule(long tickUs, Action action)
    {
        var e = new ScheduledEvent(Math.Max(tickUs, NowUs), action);
        _events.Enqueue(e, (e.TickUs, _sequence++));
        return e;
    }

    public ScheduledEvent After(long us, Action action) => Schedule(NowUs + us, action);

    /// <summary>Runs the next event up to and including that tick; false when there is none, and then the time is that tick.</summary>
    public bool TryRunNext(long untilUs)
    {
        while (_events.TryPeek(out ScheduledEvent? e, out _) && (e.IsCancelled || e.TickUs <= untilUs))
        {
            _events.Dequeue();
            if (e.IsCancelled) continue;
            NowUs = e.TickUs;
            e.Action();
            AfterEvent?.Invoke();
            return true;
        }
        NowUs = Math.Max(NowUs, untilUs);
        return false;
    }

    /// <summary>FREE: brings time up to the wall clock. STEP: nothing.</summary>
    public void CatchUp()
    {
        if (IsStep) return;
        long target = _baseTickUs + (long)(_wall.GetElapsedTime(_baseStamp).TotalMicroseconds * Speed);
        while (TryRunNext(target)) { }
    }

    public void SetStep(bool step)
    {
        CatchUp();
        IsStep = step;
        Rebase();
    }

    public void SetSpeed(double speed)
    {
        CatchUp();
        Speed = speed;
        Rebase();
    }

    private void Rebase()
    {
        _baseTickUs = NowUs;
        _baseStamp = _wall.GetTimestamp();
    }
}
