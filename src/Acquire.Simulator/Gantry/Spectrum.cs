using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>The energy spectrum of a head.</summary>
internal static class Spectrum
{
    /// <summary>Bins of HEAD#:ENERgy:SPECtrum?: bin k holds k to k + 1 keV.</summary>
    public const int Bins = 512;

    /// <summary>Expected counts per second in every keV, before dead time.</summary>
    public static double[] ExpectedCps(IScene scene, in Exposure exposure)
    {
        double[] cps = new double[Bins];
        for (int k = EventCounter.LowestKeV; k < EventCounter.HighestKeV; k++) cps[k] = Math.Max(0, scene.CountRateCps(exposure with { LowerKeV = k, UpperKeV = k + 1 }));
        return cps;
    }

    /// <summary>Counts of a stretch of time, one Poisson number per bin.</summary>
    public static uint[] Draw(IScene scene, in Exposure exposure, ulong key)
    {
        double[] cps = ExpectedCps(scene, exposure);
        double seconds = exposure.Duration.TotalSeconds * scene.LiveFraction(exposure);
        uint[] counts = new uint[Bins];
        for (int k = 0; k < Bins; k++) counts[k] = new CounterRandom(CounterRandom.Mix(key, (ulong)k)).Poisson(cps[k] * seconds);
        return counts;
    }

    /// <summary>257 quantiles of the energy between two energy steps, in energy steps.</summary>
    public static int[] Quantiles(double[] cps, int low, int high)
    {
        const int steps = ListWord.EnergyStepsPerKeV;
        double total = 0;
        for (int e = low; e < high; e++) total += cps[e / steps];
        int[] quantiles = new int[257];
        if (total <= 0)
        {
            for (int q = 0; q <= 256; q++) quantiles[q] = low + (int)((long)(high - low) * q / 256);
            return quantiles;
        }
        double sum = 0;
        int next = 0;
        for (int e = low; e < high; e++)
        {
            while (next <= 256 && sum >= total * next / 256 - 1e-12) quantiles[next++] = e;
            sum += cps[e / steps];
        }
        while (next <= 256) quantiles[next++] = high;
        return quantiles;
    }
}
