using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Decay- and live-time-corrected count rate of every view against a smooth curve per head. docs/qc/view-consistency.md.</summary>
public sealed class ViewConsistencyCheck : IQualityCheck
{
    private const double LeastZ = 4;
    private const int Degree = 8;

    /// <inheritdoc/>
    public string Name => "view-consistency";
    /// <inheritdoc/>
    public string Title => "Views agree with their neighbours";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is { Count: >= 16 };

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        double[] deviation = new double[views.Count], z = new double[views.Count], expected = new double[views.Count];
        for (int head = 1; head <= views.Heads; head++)
        {
            int[] own = [.. Enumerable.Range(0, views.Count).Where(v => views.Head[v] == head)];
            if (own.Length < 2 * Degree) continue;
            double[] rate = [.. own.Select(v => views.Rate[v])];
            double typical = SmoothFit.Median([.. own.Select(v => views.Counts[v])]);
            double middle = SmoothFit.Median(rate);
            // Counting noise of the typical view, and half a percent for what a smooth curve cannot follow.
            double[] sigma = [.. rate.Select(_ => middle * Math.Sqrt((1 / Math.Max(1, typical)) + (0.005 * 0.005)))];
            double[] curve = SmoothFit.RobustCurve(SmoothFit.Polynomials([.. own.Select(v => (double)views.Stop[v])], Degree), rate, sigma);
            for (int i = 0; i < own.Length; i++)
            {
                expected[own[i]] = curve[i];
                deviation[own[i]] = 100 * ((rate[i] / curve[i]) - 1);
                z[own[i]] = (rate[i] - curve[i]) / sigma[i];
            }
        }
        int[] seen = [.. Enumerable.Range(0, views.Count).Where(v => Math.Abs(z[v]) >= LeastZ)];
        int worst = seen.Length == 0 ? -1 : seen.MaxBy(v => Math.Abs(deviation[v]));
        double figure = worst < 0 ? Enumerable.Range(0, views.Count).Max(v => Math.Abs(deviation[v])) : Math.Abs(deviation[worst]);
        Verdict verdict = worst < 0 && limit is not null ? Verdict.Pass : Judging.Of(figure, limit);
        int[] beyond = [.. seen.Where(v => limit is null || Math.Abs(deviation[v]) > limit.Warn).OrderBy(v => views.Stop[v])];
        string words = worst < 0
            ? Judging.Say($"No view lies more than {LeastZ:0} standard deviations off the smooth curve of its head; the largest deviation is {figure:0.0} %.")
            : Judging.Say($"Head {views.Head[worst]}, view {views.Stop[worst] + 1} has {deviation[worst]:+0.0;-0.0;0.0} % against the smooth curve of its head ({Math.Abs(z[worst]):0} standard deviations).");
        string action = beyond.Length == 0 ? "" : Judging.Say($"Repeat {Names(views, beyond)}; look for a hold, lost events or something in front of the detector.");
        return Judging.Result(this, verdict, figure, limit, words, action) with { Svg = Charts.PerView("Count rate per view (decay and live time corrected)", views, views.Rate, expected), PictureText = "Count rate of every view with the smooth curve of each head" };
    }

    private static string Names(TomoViews views, int[] list)
    {
        int first = views.Stop[list[0]], last = views.Stop[list[^1]];
        return list.Length <= 6
            ? "view " + string.Join(", ", list.Select(v => Judging.Say($"{views.Stop[v] + 1} of head {views.Head[v]}")))
            : $"{list.Length} views between {first + 1} and {last + 1}";
    }
}
