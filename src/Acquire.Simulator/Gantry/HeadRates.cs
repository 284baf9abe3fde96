using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>Count rates of a head as HEAD#:RATE? and the rate events tell them.</summary>
/// <param name="Total">Counts per second the head takes in, dead time included.</param>
/// <param name="Accepted">Those in its windows.</param>
/// <param name="DeadPercent">Share of the time it cannot count.</param>
internal readonly record struct HeadRates(double Total, double Accepted, double DeadPercent)
{
    /// <summary>Asks the scene, which may have to project the patient first: not under the gantry's lock, so that no stop waits for it.</summary>
    public static HeadRates Of(SimulatedGantry gantry, DetectorHead head)
    {
        Exposure[] exposures;
        lock (gantry.Gate) exposures = head.ExposuresNow();
        if (exposures.Length == 0) return default;
        double live = gantry.Scene.LiveFraction(exposures[0]), accepted = live * exposures.Sum(e => gantry.Scene.CountRateCps(e));
        double total = live * gantry.Scene.CountRateCps(exposures[0] with { LowerKeV = EventCounter.LowestKeV, UpperKeV = EventCounter.HighestKeV });
        return new HeadRates(Math.Max(total, accepted), accepted, 100 * (1 - live));
    }
}
