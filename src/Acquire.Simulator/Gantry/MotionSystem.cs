using System.Text.Json;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>A checked move to all targets.</summary>
internal sealed record MovePlan(long Id, IReadOnlyList<(Axis Axis, double To)> Moves, long DurationUs, long Version);

/// <summary>All axes together: moves, plans, the collision model, controlled stop. Used under the gantry's lock.</summary>
/// <remarks>A move of several axes is coordinated: all follow one trapezoidal profile of the way, so the path is the straight line the collision model
/// has looked at, no axis exceeds its own speed or acceleration, and all arrive together.</remarks>
internal sealed class MotionSystem
{
    /// <summary>Hold-to-run of an unhomed axis goes no faster.</summary>
    public const double SlowJogPercent = 25;
    private readonly SimulationClock _clock;
    private readonly Func<IScene> _scene;
    private readonly Func<Axis, double> _speed;
    private readonly GantryCapabilities _can;
    private ScheduledEvent? _done;
    private long _planId;
    private long _version;

    public MotionSystem(SimulationClock clock, GantryCapabilities can, Func<IScene> scene, Func<Axis, double> speed)
    {
        _clock = clock;
        _can = can;
        _scene = scene;
        _speed = speed;
        (AxisName Name, string Word, double Resolution)[] axes =
        [
            (AxisName.Rotation, "ROT", 0.01), (AxisName.Head1, "HEAD1", 0.1), (AxisName.Head2, "HEAD2", 0.1), (AxisName.Longitudinal, "LONG", 0.1),
            (AxisName.Vertical, "VERT", 0.1), (AxisName.Lateral, "LAT", 0.1), (AxisName.Geometry, "GEOM", 0.01),
        ];
        Axes = [.. axes.Select(a => new Axis(a.Name, a.Word, can.Axes[a.Word], a.Resolution))];
    }

    /// <summary>All axes, also those this gantry does not have; the places are those of <see cref="AxisName"/>.</summary>
    public IReadOnlyList<Axis> Axes { get; }

    /// <summary>The axes this gantry has.</summary>
    public IEnumerable<Axis> Present => Axes.Where(a => Has(a.Name));
    public bool Has(AxisName name) => name switch { AxisName.Head2 => _can.Heads > 1, AxisName.Geometry => _can.Heads > 1 && _can.Geometries.Count > 1, _ => true };
    public bool AllHomed => Present.All(a => a.IsHomed);

    public Axis this[AxisName name] => Axes[(int)name];
    public Axis Radius(int head) => Axes[(int)AxisName.Head1 + head - 1];
    public double Position(AxisName name) => this[name].Position(_clock.NowUs);
    public bool AnyMoving => Axes.Any(a => a.IsMoving(_clock.NowUs));
    public MovePlan? LastPlan { get; private set; }

    /// <summary>Machine angle of a head for a machine angle of the gantry: the one place that knows GANTry:GEOMetry.</summary>
    /// <param name="head">Head from 1.</param>
    /// <param name="rotation">Machine angle of the gantry, degrees.</param>
    public double HeadAngle(int head, double rotation) => rotation + (head == 2 ? Position(AxisName.Geometry) : 0);

    /// <summary>Positions as a pos line tells them, mm and degrees, to 0.001.</summary>
    public JsonElement Describe() =>
        JsonSerializer.SerializeToElement(Present.ToDictionary(a => a.Word, a => Math.Round(a.Position(_clock.NowUs), 3)));

    public void SetTarget(Axis axis, double target)
    {
        axis.Target = target;
        _version++;
    }

    public void ClearTargets()
    {
        foreach (Axis axis in Axes) axis.Target = null;
        _version++;
    }

    /// <summary>Smallest allowed radius at that place, rounded up to the axis' resolution and kept within its range.</summary>
    public double ContourRadius(int head, double rotation, double tableMm)
    {
        double contour = Contour(HeadAngle(head, rotation), tableMm, Position(AxisName.Vertical), Position(AxisName.Lateral));
        Axis axis = Radius(head);
        return Math.Clamp(Math.Ceiling(contour / axis.Resolution - 1e-6) * axis.Resolution, axis.Min, axis.Max);
    }

    /// <summary>Plans the move to all targets.</summary>
    /// <returns>The plan, or the reason there is none: HOME, COLL_1, COLL_2 (body), HEAD (head against head).</returns>
    public (MovePlan? Plan, string Reason) Plan()
    {
        LastPlan = null;
        var moves = Present.Where(a => a.Target is { } t && !a.IsAt(t, _clock.NowUs)).Select(a => (Axis: a, To: a.Target!.Value)).ToList();
        if (NotHomed(moves.Select(m => m.Axis)) || (moves.Count == 0 && !AllHomed)) return (null, "HOME");
        string? blocked = Blocked(moves);
        if (blocked is not null) return (null, blocked);
        LastPlan = new MovePlan(++_planId, moves, Duration(moves), _version);
        return (LastPlan, "OK");
    }

    /// <summary>True when one of them, or one the collision model needs for them, has no known position.</summary>
    public bool NotHomed(IEnumerable<Axis> axes)
    {
        Axis[] moved = [.. axes];
        return moved.Any(a => !a.IsHomed) || (moved.Length > 0 && Present.Any(a => !a.IsHomed));
    }

    public bool IsCurrent(MovePlan plan) => plan.Version == _version && ReferenceEquals(plan, LastPlan);

    public long Duration(IEnumerable<(Axis Axis, double To)> moves) =>
        Coordinated([.. moves.Select(m => (m.Axis, m.Axis.Position(_clock.NowUs), m.To))]) is { } way ? way.DurationUs : 0;

    /// <summary>The common profile of a move, from 0 to 1; null when nothing moves.</summary>
    public Trapezoid? Coordinated(IReadOnlyList<(Axis Axis, double From, double To)> moves)
    {
        double speed = double.PositiveInfinity, acceleration = double.PositiveInfinity;
        foreach ((Axis axis, double from, double to) in moves)
        {
            double way = Math.Abs(to - from);
            if (way == 0) continue;
            speed = Math.Min(speed, _speed(axis) / way);
            acceleration = Math.Min(acceleration, axis.Acceleration / way);
        }
        return double.IsInfinity(speed) ? null : new Trapezoid(_clock.NowUs, 0, 1, speed, acceleration);
    }

    /// <summary>Starts all axes together and calls back when they have arrived.</summary>
    public long Move(IReadOnlyList<(Axis Axis, double To)> moves, Action onDone)
    {
        Trapezoid? way = Coordinated([.. moves.Select(m => (m.Axis, m.Axis.Position(_clock.NowUs), m.To))]);
        long duration = way?.DurationUs ?? 0;
        foreach ((Axis axis, double to) in moves)
        {
            double length = Math.Abs(to - axis.Position(_clock.NowUs));
            axis.Follow(new Trapezoid(_clock.NowUs, axis.Position(_clock.NowUs), to, way?.Speed * length ?? 1, way?.Acceleration * length ?? 1));
        }
        _version++;
        _done = _clock.After(duration, onDone);
        return duration;
    }

    /// <summary>A programmed move: straight when the way is clear, else heads out, turn, heads in. Short turns follow the contour and go straight.</summary>
    public void MoveClear(IReadOnlyList<(Axis Axis, double To)> moves, Action onDone)
    {
        if (Detour(moves) is not { } parts)
        {
            Move(moves, onDone);
            return;
        }
        Move(parts.Out, () => Move(parts.Turn, () => Move(parts.In, onDone)));
    }

    /// <summary>How long <see cref="MoveClear"/> takes from here.</summary>
    public long DurationClear(IReadOnlyList<(Axis Axis, double To)> moves)
    {
        if (Detour(moves) is not { } parts) return Duration(moves);
        return Duration(parts.Out) + Duration(parts.Turn) + (Coordinated([.. parts.In.Select(m => (m.Axis, m.Axis.Max, m.To))])?.DurationUs ?? 0);
    }

    /// <summary>Hold-to-run: the axis goes to the end of its free way at that share of its hold-to-run speed.</summary>
    public void Jog(Axis axis, double percent)
    {
        (double end, _) = FreeWay(axis, Math.Sign(percent));
        Trapezoid way = axis.Profile(_clock.NowUs, end, Math.Abs(percent) / 100 * JogSpeed(axis));
        axis.Follow(way);
        _version++;
        _done = _clock.After(way.DurationUs, () => axis.IsAtLimit = true);
    }

    /// <summary>205 at the soft limit, 202 where the collision model ends the way.</summary>
    public void DemandJogWay(Axis axis, double percent)
    {
        (double end, bool blocked) = FreeWay(axis, Math.Sign(percent));
        if (Math.Abs(end - axis.Position(_clock.NowUs)) < axis.Resolution / 2) throw new GciException(blocked ? 202 : 205, axis.Word);
    }

    /// <summary>Speed of hold-to-run at 100 %: the default speed, never more than a patient allows.</summary>
    public static double JogSpeed(Axis axis) => Math.Min(axis.Can.Speed, axis.Can.PatientSpeed);

    /// <summary>Controlled stop of everything; the callback comes when all stand.</summary>
    public void Stop(Action onStopped)
    {
        _done?.Cancel();
        long end = _clock.NowUs;
        foreach (Axis axis in Axes.Where(a => a.IsUnderWay(_clock.NowUs)))
        {
            axis.Stop(_clock.NowUs);
            end = Math.Max(end, axis.EndUs);
        }
        _version++;
        if (end == _clock.NowUs) onStopped();
        else _done = _clock.Schedule(end, onStopped);
    }

    /// <summary>Power is off the drives: everything stands at once.</summary>
    public void Freeze()
    {
        _done?.Cancel();
        foreach (Axis axis in Axes) axis.Freeze(_clock.NowUs);
        _version++;
    }

    private (List<(Axis Axis, double To)> Out, List<(Axis Axis, double To)> Turn, List<(Axis Axis, double To)> In)? Detour(IReadOnlyList<(Axis Axis, double To)> moves)
    {
        const double ShortTurnDeg = 20;
        Axis rotation = this[AxisName.Rotation];
        bool isLong = moves.Any(m => m.Axis == rotation && Math.Abs(m.To - Position(AxisName.Rotation)) > ShortTurnDeg);
        if (!isLong || Blocked([.. moves]) is null) return null;
        double Target(Axis axis) => moves.Where(m => m.Axis == axis).Select(m => (double?)m.To).FirstOrDefault() ?? axis.Position(_clock.NowUs);
        Axis[] heads = [.. Enumerable.Range(1, _can.Heads).Select(Radius)];
        return ([.. heads.Select(h => (h, h.Max))], [.. moves.Where(m => !heads.Contains(m.Axis))], [.. heads.Select(h => (h, Target(h)))]);
    }

    /// <summary>How far an axis can go in a direction: to its soft limit, or to where the collision model says stop.</summary>
    private (double End, bool Blocked) FreeWay(Axis axis, int direction)
    {
        double from = axis.Position(_clock.NowUs), limit = direction > 0 ? axis.Max : axis.Min;
        if ((limit - from) * direction <= 0) return (from, false);
        if (Blocked([(axis, limit)]) is null) return (limit, false);
        double clear = from, blocked = limit;
        // The first obstacle on the way: in coarse steps, then halved down to the axis' resolution.
        for (int i = 1; i <= 200; i++)
        {
            double to = from + ((limit - from) * i / 200);
            if (Blocked([(axis, to)]) is not null)
            {
                blocked = to;
                break;
            }
            clear = to;
        }
        while (Math.Abs(blocked - clear) > axis.Resolution / 4)
        {
            double middle = (clear + blocked) / 2;
            if (Blocked([(axis, middle)]) is null) clear = middle;
            else blocked = middle;
        }
        return (clear, true);
    }

    private double Contour(double headAngle, double longitudinal, double vertical, double lateral)
    {
        // The table carries the body: higher is nearer to a head above, sideways is nearer to one of the sides (both, to be safe).
        double radians = headAngle * Math.PI / 180;
        return _scene().ContourRadiusMm(headAngle, longitudinal) + ((vertical - this[AxisName.Vertical].Home) * Math.Cos(radians)) + Math.Abs(lateral * Math.Sin(radians));
    }

    private string? Blocked(List<(Axis Axis, double To)> moves)
    {
        if (moves.Count == 0) return null;
        double To(AxisName name) => moves.Where(m => m.Axis.Name == name).Select(m => (double?)m.To).FirstOrDefault() ?? Position(name);
        double[] from = [.. Axes.Select(a => a.Position(_clock.NowUs))], to = [.. Axes.Select(a => To(a.Name))];
        double Way(AxisName name) => Math.Abs(to[(int)name] - from[(int)name]);
        int samples = 1 + (int)Math.Ceiling(Math.Max(Math.Max(Way(AxisName.Rotation), Way(AxisName.Geometry)) / 3, Math.Max(Way(AxisName.Longitudinal), Way(AxisName.Vertical)) / 20));
        for (int i = 1; i <= samples; i++)
        {
            double f = (double)i / samples;
            double At(AxisName name) => from[(int)name] + ((to[(int)name] - from[(int)name]) * f);
            for (int head = 1; head <= _can.Heads; head++)
            {
                AxisName name = head == 1 ? AxisName.Head1 : AxisName.Head2;
                double angle = At(AxisName.Rotation) + (head == 2 ? At(AxisName.Geometry) : 0);
                double contour = Contour(angle, At(AxisName.Longitudinal), At(AxisName.Vertical), At(AxisName.Lateral));
                if (At(name) < Math.Min(contour, this[name].Max) - 1e-6) return head == 1 ? "COLL_1" : "COLL_2";
            }
            if (_can.Heads > 1 && HeadsMeet(At(AxisName.Head1), At(AxisName.Head2), At(AxisName.Geometry))) return "HEAD";
        }
        return null;
    }

    /// <summary>Two flat faces of the heads' width at an angle: they meet when the point where their planes cross lies on both.</summary>
    private bool HeadsMeet(double radius1, double radius2, double separationDeg)
    {
        if (separationDeg > 179) return false;
        double radians = separationDeg * Math.PI / 180, sin = Math.Sin(radians), cos = Math.Cos(radians), half = _can.HeadWidthMm / 2;
        double along1 = (radius2 - (radius1 * cos)) / sin, along2 = (radius1 - (radius2 * cos)) / sin;
        return along1 < half - 1e-6 && along2 < half - 1e-6;
    }
}
