namespace Acquire.Simulator.Gantry;

/// <summary>Names and places of the axes.</summary>
internal enum AxisName
{
    Rotation,
    Head1,
    Head2,
    Longitudinal,
    Vertical,
    Lateral,
    /// <summary>Angle from head 1 to head 2.</summary>
    Geometry,
}

/// <summary>A stretch of motion of one axis.</summary>
internal abstract record Stretch(long StartUs, double From)
{
    public abstract long DurationUs { get; }
    public abstract double End { get; }
    protected abstract double PositionAt(double seconds);
    protected abstract double VelocityAt(double seconds);
    public double Position(long tickUs) => tickUs >= StartUs + DurationUs ? End : PositionAt(Math.Max(0, tickUs - StartUs) / 1e6);
    public double Velocity(long tickUs) => tickUs < StartUs || tickUs >= StartUs + DurationUs ? 0 : VelocityAt((tickUs - StartUs) / 1e6);
}

/// <summary>Trapezoidal velocity profile: constant acceleration, cruise, constant deceleration; a triangle when the way is short.</summary>
internal sealed record Trapezoid(long StartUs, double From, double To, double Speed, double Acceleration) : Stretch(StartUs, From)
{
    private double Way => Math.Abs(To - From);
    private double Peak => Math.Min(Speed, Math.Sqrt(Way * Acceleration));
    private double RampSeconds => Peak / Acceleration;
    private double Seconds => Way == 0 ? 0 : (Way / Peak) + RampSeconds;
    public override long DurationUs => (long)Math.Ceiling(Seconds * 1e6);
    public override double End => To;

    protected override double PositionAt(double seconds)
    {
        double t = Math.Min(seconds, Seconds), back = Seconds - t, ramp = RampSeconds;
        double way = t < ramp ? Acceleration * t * t / 2
            : back < ramp ? Way - (Acceleration * back * back / 2)
            : (Peak * ramp / 2) + (Peak * (t - ramp));
        return From + (Math.Sign(To - From) * way);
    }

    protected override double VelocityAt(double seconds)
    {
        double back = Seconds - seconds;
        return Math.Sign(To - From) * Math.Max(0, Math.Min(Peak, Acceleration * Math.Min(seconds, back)));
    }
}

/// <summary>Constant speed, as in a continuous rotation or a helical scan.</summary>
internal sealed record Uniform(long StartUs, double From, double To, long OverUs) : Stretch(StartUs, From)
{
    public override long DurationUs => OverUs;
    public override double End => To;
    protected override double PositionAt(double seconds) => From + ((To - From) * seconds * 1e6 / OverUs);
    protected override double VelocityAt(double seconds) => (To - From) * 1e6 / OverUs;
}

/// <summary>From rest to a speed and on at it: what a continuous rotation does before it counts again.</summary>
internal sealed record RunUp(long StartUs, double From, double To, double Speed, double Acceleration) : Stretch(StartUs, From)
{
    private double Way => Math.Abs(To - From);
    private double Peak => Math.Min(Speed, Math.Sqrt(2 * Way * Acceleration));
    private double RampSeconds => Peak / Acceleration;
    private double SecondsTo(double way) => way <= Peak * RampSeconds / 2 ? Math.Sqrt(2 * way / Acceleration) : (RampSeconds / 2) + (way / Peak);
    public override long DurationUs => Way == 0 ? 0 : (long)Math.Ceiling(SecondsTo(Way) * 1e6);
    public override double End => To;

    /// <summary>Time until it passes a position on its way.</summary>
    public long ReachesAfterUs(double position) => (long)Math.Round(SecondsTo(Math.Abs(position - From)) * 1e6);

    protected override double PositionAt(double seconds) => From + (Math.Sign(To - From) * (seconds < RampSeconds ? Acceleration * seconds * seconds / 2 : Peak * (seconds - (RampSeconds / 2))));

    protected override double VelocityAt(double seconds) => Math.Sign(To - From) * Math.Min(Peak, Acceleration * seconds);
}

/// <summary>Controlled stop.</summary>
internal sealed record Deceleration(long StartUs, double From, double InitialVelocity, double Rate) : Stretch(StartUs, From)
{
    private double Seconds => Math.Abs(InitialVelocity) / Rate;
    public override long DurationUs => (long)Math.Ceiling(Seconds * 1e6);
    public override double End => From + (InitialVelocity * Seconds / 2);
    protected override double PositionAt(double seconds) => From + (InitialVelocity * seconds) - (Math.Sign(InitialVelocity) * Rate * seconds * seconds / 2);
    protected override double VelocityAt(double seconds) => InitialVelocity - (Math.Sign(InitialVelocity) * Rate * seconds);
}

/// <summary>One axis: where it is, where it may go, how fast.</summary>
internal sealed class Axis(AxisName name, string word, AxisCapability can, double resolution)
{
    private Stretch _motion = new Uniform(0, can.Home, can.Home, 0);

    public AxisName Name { get; } = name;
    public string Word { get; } = word;
    public AxisCapability Can { get; } = can;
    public double Min => Can.Min;
    public double Max => Can.Max;
    public double Home => Can.Home;
    public double Acceleration => Can.Acceleration;
    public double Resolution { get; } = resolution;
    public double? Target { get; set; }
    /// <summary>Its position is known.</summary>
    public bool IsHomed { get; set; }
    /// <summary>Its drive or encoder failed.</summary>
    public bool IsFaulted { get; set; }
    /// <summary>Hold-to-run ran it to its soft limit, or to where the collision model ends the way: it may only move away.</summary>
    public bool IsAtLimit { get; set; }
    public bool IsTable => Name is AxisName.Longitudinal or AxisName.Vertical or AxisName.Lateral;

    public double Position(long tickUs) => _motion.Position(tickUs);
    public bool IsMoving(long tickUs) => _motion.Velocity(tickUs) != 0;
    /// <summary>A move is not over; it may just begin or end, with no speed yet.</summary>
    public bool IsUnderWay(long tickUs) => tickUs < EndUs;
    public long EndUs => _motion.StartUs + _motion.DurationUs;

    public Trapezoid Profile(long tickUs, double to, double speed) => new(tickUs, Position(tickUs), to, speed, Acceleration);

    public void Follow(Stretch motion)
    {
        IsAtLimit = false;
        _motion = motion;
    }

    public void Stop(long tickUs) => _motion = new Deceleration(tickUs, Position(tickUs), _motion.Velocity(tickUs), Acceleration);
    public void Freeze(long tickUs, double jump = 0)
    {
        double at = Position(tickUs) + jump;
        _motion = new Uniform(tickUs, at, at, 0);
    }

    public bool IsAt(double position, long tickUs) => Math.Abs(Position(tickUs) - position) < Resolution / 2;
}
