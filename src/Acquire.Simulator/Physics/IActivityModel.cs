namespace Acquire.Simulator.Physics;

/// <summary>Activity of each compartment of a phantom as time goes by, with what has happened to it.</summary>
internal interface IActivityModel
{
    /// <summary>Physical half-life of Tc-99m, hours (docs: physics-and-qc 1.1, DDEP).</summary>
    const double HalfLifeHours = 6.0067;

    /// <summary>Activity goes in, MBq at that tick.</summary>
    void Inject(TimeSpan tick, double activityMBq);
    /// <summary>The patient drinks.</summary>
    void Drink(TimeSpan tick, double millilitres);
    /// <summary>The patient empties the bladder.</summary>
    void Void(TimeSpan tick);
    /// <summary>Activity of every compartment, MBq, at a moment.</summary>
    void At(TimeSpan tick, Span<double> activityMBq);
    /// <summary>Mean activity of every compartment over a stretch of time, MBq.</summary>
    void Mean(TimeSpan start, TimeSpan duration, Span<double> activityMBq);
    /// <summary>Volume of urine in the bladder, ml.</summary>
    double BladderMl(TimeSpan tick);

    /// <summary>What is left of an activity after a time.</summary>
    static double Decay(TimeSpan elapsed) => Math.Exp(-Math.Log(2) * elapsed.TotalHours / HalfLifeHours);
}
