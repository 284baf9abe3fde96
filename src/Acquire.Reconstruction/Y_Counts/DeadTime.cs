namespace Acquire.Reconstruction;

/// <summary>Live share of a paralysable camera: observed m = n exp(-n tau) (docs: physics-and-qc 1.5).</summary>
/// <remarks>n is the full-spectrum rate of one head, not that of the photopeak window: the rate of the windows taken has to be multiplied first.</remarks>
public static class DeadTime
{
    /// <summary>Share of events that are counted, exp(-n tau), for an observed rate; below the peak rate 1/(e tau) on the branch of small losses.</summary>
    /// <param name="observedPerSecond">Observed full-spectrum rate of the head, 1/s.</param>
    /// <param name="tauSeconds">Dead time per event, s; 0 for none.</param>
    /// <exception cref="BadInputException">No rate could be observed so high with this dead time.</exception>
    public static double LiveShare(double observedPerSecond, double tauSeconds)
    {
        double load = observedPerSecond * tauSeconds;
        if (load <= 0) return 1;
        if (load >= 1 / Math.E)
            throw new BadInputException(FormattableString.Invariant($"a rate of {observedPerSecond:0} per second cannot be observed with a dead time of {tauSeconds * 1e6:0.##} us (most is {1 / (Math.E * tauSeconds):0}); --dead-time or the spectrum factor cannot be right."));
        // n tau = -W(-m tau): Newton on x exp(-x) = load from below.
        double x = load;
        for (int n = 0; n < 60; n++)
        {
            double step = ((x * Math.Exp(-x)) - load) / ((1 - x) * Math.Exp(-x));
            x -= step;
            if (Math.Abs(step) < 1e-14) break;
        }
        return Math.Exp(-x);
    }
}
