using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>Integral uniformity of a flood, the worse head. docs/qc/uniformity-integral.md.</summary>
public sealed class UniformityIntegralCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "uniformity-integral";
    /// <inheritdoc/>
    public string Title => "Integral uniformity";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is { Protocol.Kind: ProtocolKind.CameraCheck } s && Frames(s.Series).Any();

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        (int Head, FloodUniformity Flood)[] floods = [.. Frames(input.Study!.Series).Select(f => (f.Detector, FloodUniformity.Of(f))).Where(f => f.Item2 is not null).Select(f => (f.Detector, f.Item2!))];
        if (floods.Length == 0) return Judging.Result(this, Verdict.Error, null, limit, "No frame holds a field that could be looked at.", "Look at the frames; the source may be missing.");
        (int head, FloodUniformity worst) = floods.MaxBy(f => f.Flood.IntegralCorrected);
        return Judging.Result(this, Judging.Of(worst.IntegralCorrected, limit), worst.IntegralCorrected, limit,
            Judging.Say($"Head {head}: {worst.IntegralPercent:0.0} % over the useful field ({worst.CentralIntegralPercent:0.0} % over the central one) at {worst.CountsPerPixel:0} counts per pixel, of which noise alone makes {worst.IntegralFloor:0.0} %; {worst.IntegralCorrected:0.0} % without it."),
            "Check peak, collimator, contamination and source; take the flood again. When it stays, service and a new uniformity map; no clinical study before.");
    }

    private static IEnumerable<CountFrame> Frames(IEnumerable<CountSeries> series) => series.Where(s => s.Kind == AcquisitionKind.Static).SelectMany(s => s.Frames).Where(f => f.EnergyWindow == 1);
}
