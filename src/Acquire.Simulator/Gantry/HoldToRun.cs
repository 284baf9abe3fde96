using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>Hold-to-run: one axis moves while tokens come that echo a tick sent just before (docs: control-interface 12). Wall time. Used under the gantry's lock.</summary>
/// <remarks>The echo matters: after a network stall TCP delivers old keep-alives in a burst, and a timer thread would keep motion alive behind a hung user interface.</remarks>
internal sealed class HoldToRun(SimulatedGantry gantry) : IDisposable
{
    /// <summary>Time between two ticks.</summary>
    public static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    /// <summary>Longest time without a token that counts.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    /// <summary>Ticks that may still be answered.</summary>
    private const int FreshTicks = 3;

    private ITimer? _alarm;
    private GantrySession? _session;
    private Axis? _axis;
    private double _percent;
    private GantryStates _before;
    private long _tick;
    private long _lastToken;
    private long _heardAt;
    private long _tickedAt;

    /// <summary>Wanted: ticks are sent, tokens are waited for.</summary>
    public bool IsWanted => _session is not null;
    /// <summary>A token has come: the axis moves.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>MOTion:JOG. The axis starts with the first token; 0 % ends a jog and goes back to the state before it.</summary>
    public void Begin(GantrySession session, Axis axis, double percent)
    {
        if (IsWanted && (session != _session || axis != _axis)) throw new GciException(-221, "MOV");
        if (!IsWanted && gantry.State == GantryStates.Moving) throw new GciException(-221, "MOV");
        if (percent == 0)
        {
            Finish();
            return;
        }
        gantry.Chain.Demand();
        gantry.DemandAxisFree(axis);
        if (gantry.Chain.Stands(InterlockCondition.MotionSwitch)) throw new GciException(203, "switch");
        if (!axis.IsHomed && Math.Abs(percent) > MotionSystem.SlowJogPercent) throw new GciException(201, axis.Word);
        if (!gantry.Events.Readers.Any(r => r.Session == session)) throw new GciException(203, "no event connection of this session");
        gantry.Motion.DemandJogWay(axis, percent);
        _percent = percent;
        if (IsWanted)
        {
            if (HasStarted) gantry.Motion.Jog(axis, percent);
            return;
        }
        _before = gantry.State;
        _session = session;
        _axis = axis;
        HasStarted = false;
        _tickedAt = _heardAt = gantry.Wall.GetTimestamp();
        _lastToken = _tick;
        gantry.Enter(GantryStates.Moving);
        WakeWhenPatienceEnds();
        SendTick();
    }

    /// <summary>A token came from an event connection.</summary>
    public void Token(EventReader reader, long token)
    {
        if (!IsWanted || reader.Session != _session) return;
        if (token > _tick || token <= _tick - FreshTicks || token <= _lastToken) return;
        // Tokens that come after the patience is over restart nothing, also when nobody has looked at the clock meanwhile.
        Tend();
        if (!IsWanted) return;
        _lastToken = token;
        _heardAt = gantry.Wall.GetTimestamp();
        WakeWhenPatienceEnds();
        if (HasStarted) return;
        HasStarted = true;
        gantry.Motion.Jog(_axis!, _percent);
    }

    /// <summary>Looks at the clock: sends the tick that is due, ends what has heard nothing for too long.</summary>
    public void Tend()
    {
        if (!IsWanted) return;
        if (gantry.Wall.GetElapsedTime(_heardAt) > Patience)
        {
            End(HasStarted ? 204 : 203, HasStarted ? "" : "no token");
            return;
        }
        if (!gantry.Events.Readers.Any(r => r.Session == _session))
        {
            End(204, "link");
            return;
        }
        if (gantry.Wall.GetElapsedTime(_tickedAt) < TickEvery) return;
        _tickedAt += gantry.Wall.TimestampFrequency / 10;
        if (gantry.Wall.GetElapsedTime(_tickedAt) >= TickEvery) _tickedAt = gantry.Wall.GetTimestamp();
        SendTick();
    }

    /// <summary>Controlled stop, then HOLD, with the error that says why; harmless when nothing jogs.</summary>
    /// <param name="code">Error for the session; 0: a stop command, which is no error.</param>
    /// <param name="detail">Detail.</param>
    public void End(int code, string detail = "")
    {
        if (_session is not { } session) return;
        bool moved = HasStarted;
        Forget();
        if (code != 0) session.Status.Push(new GciError(code, detail));
        if (code == 204) gantry.Chain.Set(InterlockCondition.Watchdog, true);
        if (moved) gantry.Halt();
        else gantry.Enter(code == 0 || code == 204 ? GantryStates.Hold : _before);
        if (code != 0) gantry.Log.Write($"hold-to-run ended: {code} {detail}");
    }

    /// <summary>Everything stands already: only forget.</summary>
    public void Forget()
    {
        _session = null;
        HasStarted = false;
    }

    /// <summary>The session that jogs.</summary>
    public bool IsOf(GantrySession session) => _session == session;

    private void Finish()
    {
        if (!IsWanted) return;
        bool moved = HasStarted;
        Forget();
        if (moved) gantry.Motion.Stop(() => gantry.Enter(_before));
        else gantry.Enter(_before);
    }

    /// <summary>The regular look at the clock may come up to 20 ms late: this one does not.</summary>
    private void WakeWhenPatienceEnds()
    {
        _alarm ??= gantry.Wall.CreateTimer(_ => gantry.Tend(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _alarm.Change(Patience + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _alarm?.Dispose();

    private void SendTick()
    {
        _tick++;
        if (gantry.Faults.IsOn("watchdog.dead")) return;
        byte[] line = new GciEvent(GciEventKinds.Tick) { Count = _tick }.Encode();
        foreach (EventReader reader in gantry.Events.Readers.Where(r => r.Session == _session)) reader.Offer(GciEventKinds.Tick, line);
    }
}
