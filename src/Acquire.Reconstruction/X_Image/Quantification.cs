using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>From counts to activity concentration and SUV (docs: physics-and-qc 5.5).</summary>
public static class Quantification
{
    /// <summary>Activity concentration at the start of the first view.</summary>
    /// <param name="counts">Counts per voxel, per view of weight 1 (what a reconstruction with attenuation and scatter correction gives).</param>
    /// <param name="secondsPerView">Live time of the first view, s, mean decay over it included.</param>
    /// <param name="cpsPerMBq">Calibration factor of the same reconstruction, counts per second and MBq: of a uniform cylinder, or planar sensitivity.</param>
    /// <returns>kBq/ml.</returns>
    /// <exception cref="BadInputException">A number that cannot be.</exception>
    public static Volume KbqPerMl(Volume counts, double secondsPerView, double cpsPerMBq)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Unit != "counts") throw new BadInputException($"activity is made of counts, not of '{counts.Unit}'.");
        if (!(secondsPerView > 0)) throw new BadInputException("the input does not say how long a view was counted (Actual Frame Duration (0018,1242), seconds_per_view); give --seconds-per-view.");
        if (!(cpsPerMBq > 0) || !double.IsFinite(cpsPerMBq)) throw new BadInputException("the calibration must be above 0 counts per second and MBq.");
        double ml = counts.DxMm * counts.DyMm * counts.DzMm / 1000;
        return Scaled(counts, 1000 / (secondsPerView * cpsPerMBq * ml), "kBq/ml");
    }

    /// <summary>Standardised uptake value by body weight, g/ml.</summary>
    /// <param name="kbqPerMl">Activity concentration, kBq/ml.</param>
    /// <param name="weightKg">Body weight.</param>
    /// <param name="activityMBq">Net injected activity (residual taken off), decayed to the same time as the image: the start of the first view.</param>
    /// <exception cref="BadInputException">A number that cannot be.</exception>
    public static Volume Suv(Volume kbqPerMl, double weightKg, double activityMBq)
    {
        ArgumentNullException.ThrowIfNull(kbqPerMl);
        if (kbqPerMl.Unit != "kBq/ml") throw new BadInputException($"SUV is made of kBq/ml, not of '{kbqPerMl.Unit}'.");
        if (weightKg is not (> 0 and < 500) || !(activityMBq > 0)) throw new BadInputException("SUV needs a weight between 0 and 500 kg and an activity above 0 MBq.");
        return Scaled(kbqPerMl, weightKg * 1000 / (activityMBq * 1000), "g/ml");
    }

    private static Volume Scaled(Volume v, double factor, string unit)
    {
        float f = (float)factor;
        return v with { Unit = unit, Values = Array.ConvertAll(v.Values, x => x * f) };
    }
}
