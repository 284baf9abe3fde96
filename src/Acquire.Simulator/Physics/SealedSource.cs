namespace Acquire.Simulator.Physics;

/// <summary>A phantom filled once: all activity stays where it is and decays.</summary>
internal sealed class SealedSource : IActivityModel
{
    private readonly List<(TimeSpan Tick, double MBq)> fillings = [];

    public void Inject(TimeSpan tick, double activityMBq) => fillings.Add((tick, activityMBq));

    public void Drink(TimeSpan tick, double millilitres)
    {
        // A phantom does not drink.
    }

    public void Void(TimeSpan tick)
    {
        // Nor does it void.
    }

    public double BladderMl(TimeSpan tick) => 0;

    public void At(TimeSpan tick, Span<double> activityMBq)
    {
        activityMBq.Clear();
        foreach ((TimeSpan at, double mbq) in fillings)
            if (tick >= at) activityMBq[0] += mbq * IActivityModel.Decay(tick - at);
    }

    public void Mean(TimeSpan start, TimeSpan duration, Span<double> activityMBq)
    {
        activityMBq.Clear();
        TimeSpan end = start + duration;
        double lambda = Math.Log(2) / IActivityModel.HalfLifeHours;
        foreach ((TimeSpan at, double mbq) in fillings)
        {
            TimeSpan from = at > start ? at : start;
            if (from >= end) continue;
            double hours = (end - from).TotalHours;
            double mean = (1 - Math.Exp(-lambda * hours)) / (lambda * hours);
            activityMBq[0] += mbq * IActivityModel.Decay(from - at) * mean * ((end - from) / duration);
        }
    }
}
