using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>Counts in the lower scatter window against the photopeak: a wrong window, nuclide or collimator shows here. docs/qc/scatter-ratio.md.</summary>
public sealed class ScatterRatioCheck : IQualityCheck
{
    // The published range 0.3 to 1.2 belongs to a 92-125 keV window (33 keV) beside a 20 % photopeak window (28.1 keV); 0.6 is its middle on a ratio scale.
    private const double ReferenceWidthRatio = 33.0 / 28.1, Middle = 0.6;

    /// <inheritdoc/>
    public string Name => "scatter-ratio";
    /// <inheritdoc/>
    public string Title => "Scatter against photopeak";
    /// <inheritdoc/>
    public string Unit => "";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Tomo is { } t && t.EnergyWindows.Any(w => w.Role == EnergyWindowRole.ScatterLower) && t.EnergyWindows.Any(w => w.Role == EnergyWindowRole.Photopeak);

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        CountSeries tomo = input.Tomo!;
        int peak = TomoViews.Photopeak(tomo);
        int lower = 1 + Enumerable.Range(0, tomo.EnergyWindows.Count).First(i => tomo.EnergyWindows[i].Role == EnergyWindowRole.ScatterLower);
        double inPeak = tomo.Frames.Where(f => f.EnergyWindow == peak).Sum(f => (double)f.Sum);
        double inLower = tomo.Frames.Where(f => f.EnergyWindow == lower).Sum(f => (double)f.Sum);
        EnergyWindow p = tomo.EnergyWindows[peak - 1], s = tomo.EnergyWindows[lower - 1];
        if (inPeak <= 0 || s.WidthKeV <= 0 || p.WidthKeV <= 0)
            return Judging.Result(this, Verdict.Fail, null, limit, "The photopeak window holds no counts.", "Check the energy windows and the high voltage; nothing was counted that could be reconstructed.");
        double ratio = inLower / s.WidthKeV / (inPeak / p.WidthKeV) * ReferenceWidthRatio;
        double factor = Math.Max(ratio / Middle, Middle / Math.Max(1e-9, ratio));
        return Judging.Result(this, Judging.Of(factor, limit), factor, limit,
            Judging.Say($"Scatter window {s.LowerLimitKeV:0.#}-{s.UpperLimitKeV:0.#} keV holds {inLower / inPeak:0.00} of the photopeak counts; scaled to 92-125 keV that is {ratio:0.00}, a factor {factor:0.0} from the usual {Middle:0.0}."),
            ratio > Middle
                ? "Check that the photopeak window sits on the peak, the nuclide is right and the collimator fits the nuclide."
                : "Check the limits of both windows: a scatter window without scatter means a wrong window or no scattering body.");
    }
}
