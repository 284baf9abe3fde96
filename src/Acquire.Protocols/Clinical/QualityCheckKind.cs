using Acquire.Protocols.Clinical.Language;

namespace Acquire.Protocols.Clinical;

/// <summary>What a protocol file may say of one quality check: its name, its unit, and which side is worse.</summary>
/// <param name="Name">Check name, as in <see cref="QualityLimit.Check"/>.</param>
/// <param name="Unit">The unit <see cref="QualityLimit.Warn"/> and <see cref="QualityLimit.Fail"/> come out in, however the file writes them.</param>
/// <param name="LowIsWorse">True when the check warns below its limit (counts), false when above (shifts, deviations).</param>
public sealed record QualityCheckKind(string Name, string Unit, bool LowIsWorse)
{
    internal Dimension Dimension { get; private init; } = Dimension.Ratio;

    /// <summary>All checks a protocol file may set limits for (docs: physics-and-qc 4.3 to 4.6, clinical 3.3).</summary>
    public static IReadOnlyList<QualityCheckKind> All { get; } =
    [
        Of("counts-per-view", "counts", Dimension.Counts, lowIsWorse: true),
        Of("counts-total", "counts", Dimension.Counts, lowIsWorse: true),
        Of("view-consistency", "%", Dimension.Percent),
        Of("head-balance", "%", Dimension.Percent),
        Of("motion-axial", "px", Dimension.Pixels),
        Of("motion-lateral", "px", Dimension.Pixels),
        Of("centre-of-rotation", "px", Dimension.Pixels),
        Of("sinogram-gaps", "frames", Dimension.Frames),
        Of("truncation", "%", Dimension.Percent),
        Of("spect-ct-registration", "mm", Dimension.Length),
        Of("bladder", "", Dimension.Ratio),
        Of("bladder-filling", "%", Dimension.Percent),
        Of("pool-timing", "min", Dimension.Minutes),
        Of("flow-timing", "s", Dimension.Time),
        Of("delayed-timing", "min", Dimension.Minutes, lowIsWorse: true),
        Of("ledger", "series", Dimension.Series),
        Of("partial-series", "series", Dimension.Series),
        Of("scatter-ratio", "", Dimension.Ratio),
        Of("reconstruction-noise", "%", Dimension.Percent),
        Of("uniformity-integral", "%", Dimension.Percent),
        Of("uniformity-differential", "%", Dimension.Percent),
    ];

    /// <summary>The check of that name; null when there is none.</summary>
    public static QualityCheckKind? Find(string name) => All.FirstOrDefault(k => k.Name == name);

    private static QualityCheckKind Of(string name, string unit, Dimension dimension, bool lowIsWorse = false) => new(name, unit, lowIsWorse) { Dimension = dimension };
}
