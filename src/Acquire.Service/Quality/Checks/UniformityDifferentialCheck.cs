using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>Differential uniformity of a flood, the worse head. docs/qc/uniformity-differential.md.</summary>
public sealed class UniformityDifferentialCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "uniformity-differential";
    /// <inheritdoc/>
    public string Title => "Differential uniformity";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is { Protocol.Kind: ProtocolKind.CameraCheck } s && Frames(s.Series).Any();

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        (int Head, FloodUniformity Flood)[] floods = [.. Frames(input.Study!.Series).Select(f => (f.Detector, FloodUniformity.Of(f))).Where(f => f.Item2 is not null).Select(f => (f.Detector, f.Item2!))];
        if (floods.Length == 0) return Judging.Result(this, Verdict.Error, null, limit, "No frame holds a field that could be looked at.", "Look at the frames; the source may be missing.");
        (int head, FloodUniformity worst) = floods.MaxBy(f => f.Flood.DifferentialCorrected);
        return Judging.Result(this, Judging.Of(worst.DifferentialCorrected, limit), worst.DifferentialCorrected, limit,
            Judging.Say($"Head {head}: {worst.DifferentialPercent:0.0} % over the useful field ({worst.CentralDifferentialPercent:0.0} % over the central one) at {worst.CountsPerPixel:0} counts per pixel, of which noise alone makes {worst.DifferentialFloor:0.0} %; {worst.DifferentialCorrected:0.0} % without it."),
            "Check peak, collimator, contamination and source; take the flood again. When it stays, service and a new uniformity map; no clinical study before.");
    }

    private static IEnumerable<CountFrame> Frames(IEnumerable<CountSeries> series) => series.Where(s => s.Kind == AcquisitionKind.Static).SelectMany(s => s.Frames).Where(f => f.EnergyWindow == 1);
}
