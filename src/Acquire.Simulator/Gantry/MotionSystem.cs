using System.Text.Json;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>A checked move to all targets.</summary>
internal sealed record MovePlan(long Id, IReadOnlyList<(Axis Axis, double To)> Moves, long DurationUs, long Version);

/// <summary>All axes together: moves, plans, the collision model, controlled stop. Used under the gantry's lock.</summary>
internal sealed class MotionSystem
{
    private readonly SimulationClock _clock;
    private readonly Func<IScene> _scene;
    private readonly Func<Axis, double> _speed;
    private ScheduledEvent? _done;
    private long _planId;
    private long _version;

    public MotionSystem(SimulationClock clock, Func<IScene> scene, Func<Axis, double> speed)
    {
        _clock = clock;
        _scene = scene;
        _speed = speed;
    }

    public IReadOnlyList<Axis> Axes { get; } =
    [
        new(AxisName.Rotation, "ROT", -180, 540, 0, 1.5, 0.01),
        new(AxisName.Head1, "HEAD1", 110, 400, 400, 20, 0.1),
        new(AxisName.Head2, "HEAD2", 110, 400, 400, 20, 0.1),
        new(AxisName.Longitudinal, "LONG", 0, 2100, 0, 40, 0.1),
        new(AxisName.Vertical, "VERT", 450, 1050, 850, 15, 0.1),
        new(AxisName.Lateral, "LAT", -80, 80, 0, 15, 0.1),
        new(AxisName.Geometry, "GEOM", 76, 180, 180, 2, 0.01),
    ];

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
        JsonSerializer.SerializeToElement(Axes.ToDictionary(a => a.Word, a => Math.Round(a.Position(_clock.NowUs), 3)));

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
        double contour = _scene().ContourRadiusMm(HeadAngle(head, rotation), tableMm);
        Axis axis = Radius(head);
        return Math.Clamp(Math.Ceiling(contour / axis.Resolution - 1e-6) * axis.Resolution, axis.Min, axis.Max);
    }

    /// <summary>Plans the move to all targets.</summary>
    /// <returns>The plan, or the reason there is none.</returns>
    public (MovePlan? Plan, string Reason) Plan(bool homed)
    {
        LastPlan = null;
        if (!homed) return (null, "HOME");
        var moves = Axes.Where(a => a.Target is { } t && !a.IsAt(t, _clock.NowUs)).Select(a => (Axis: a, To: a.Target!.Value)).ToList();
        string? blocked = Blocked(moves);
        if (blocked is not null) return (null, blocked);
        LastPlan = new MovePlan(++_planId, moves, Duration(moves), _version);
        return (LastPlan, "OK");
    }

    public bool IsCurrent(MovePlan plan) => plan.Version == _version && ReferenceEquals(plan, LastPlan);

    public long Duration(IEnumerable<(Axis Axis, double To)> moves) =>
        moves.Select(m => m.Axis.Profile(_clock.NowUs, m.To, _speed(m.Axis)).DurationUs).DefaultIfEmpty(0).Max();

    /// <summary>Starts all axes together and calls back when the last has arrived.</summary>
    public long Move(IReadOnlyList<(Axis Axis, double To)> moves, Action onDone)
    {
        long duration = Duration(moves);
        foreach ((Axis axis, double to) in moves) axis.Follow(axis.Profile(_clock.NowUs, to, _speed(axis)));
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
        return Duration(parts.Out) + Duration(parts.Turn) + parts.In.Select(m => new Trapezoid(0, m.Axis.Max, m.To, _speed(m.Axis), m.Axis.Acceleration).DurationUs).Max();
    }

    /// <summary>Controlled stop of everything; the callback comes when all stand.</summary>
    public void Stop(Action onStopped)
    {
        _done?.Cancel();
        long end = _clock.NowUs;
        foreach (Axis axis in Axes.Where(a => a.IsMoving(_clock.NowUs)))
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
        Axis[] heads = [Radius(1), Radius(2)];
        return ([.. heads.Select(h => (h, h.Max))], [.. moves.Where(m => !heads.Contains(m.Axis))], [.. heads.Select(h => (h, Target(h)))]);
    }

    private string? Blocked(List<(Axis Axis, double To)> moves)
    {
        bool matters = moves.Any(m => m.Axis.Name is AxisName.Rotation or AxisName.Head1 or AxisName.Head2 or AxisName.Longitudinal);
        if (!matters) return null;
        double To(AxisName name) => moves.Where(m => m.Axis.Name == name).Select(m => (double?)m.To).FirstOrDefault() ?? Position(name);
        double r0 = Position(AxisName.Rotation), r1 = To(AxisName.Rotation), t0 = Position(AxisName.Longitudinal), t1 = To(AxisName.Longitudinal);
        int samples = 1 + (int)Math.Ceiling(Math.Max(Math.Abs(r1 - r0) / 3, Math.Abs(t1 - t0) / 20));
        for (int head = 1; head <= 2; head++)
        {
            AxisName name = head == 1 ? AxisName.Head1 : AxisName.Head2;
            double h0 = Position(name), h1 = To(name);
            for (int i = 1; i <= samples; i++)
            {
                double f = (double)i / samples;
                double radius = h0 + ((h1 - h0) * f);
                double contour = _scene().ContourRadiusMm(HeadAngle(head, r0 + ((r1 - r0) * f)), t0 + ((t1 - t0) * f));
                if (radius < Math.Min(contour, this[name].Max) - 1e-6) return head == 1 ? "COLL_1" : "COLL_2";
            }
        }
        return null;
    }
}
