using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Photopeak counts of the whole SPECT. docs/qc/counts-total.md.</summary>
public sealed class CountsTotalCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "counts-total";
    /// <inheritdoc/>
    public string Title => "Counts of the SPECT";
    /// <inheritdoc/>
    public string Unit => "counts";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is not null;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        double total = views.Counts.Sum();
        return Judging.Result(this, Judging.Of(total, limit, smallIsBad: true), total, limit,
            $"{Judging.Number(total)} counts in {views.Count} views.",
            "Add a second pass over the same angles while the patient lies still, or reconstruct with more smoothing and say so.", smallIsBad: true);
    }
}
