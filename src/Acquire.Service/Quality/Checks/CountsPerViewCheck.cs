using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Photopeak counts of the typical (median) view against what the reconstruction needs. docs/qc/counts-per-view.md.</summary>
public sealed class CountsPerViewCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "counts-per-view";
    /// <inheritdoc/>
    public string Title => "Counts per view";
    /// <inheritdoc/>
    public string Unit => "counts";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is not null;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        double median = SmoothFit.Median(views.Counts);
        int least = Array.IndexOf(views.Counts, views.Counts.Min());
        double longer = limit is null || median <= 0 ? 0 : limit.Warn / median;
        string seconds = views.ElapsedSeconds[0] > 0 && longer > 1 ? Judging.Say($" ({views.ElapsedSeconds[0] * longer:0} s per view instead of {views.ElapsedSeconds[0]:0} s)") : "";
        return Judging.Result(this, Judging.Of(median, limit, smallIsBad: true), median, limit,
            $"Median of {views.Count} views: {Judging.Number(median)} counts; the lowest has {Judging.Number(views.Counts[least])}.",
            Judging.Say($"Count longer{seconds} if the patient can still lie; check distance, window and activity. Fewer counts mean more noise and a less sensitive motion check."), smallIsBad: true);
    }
}
