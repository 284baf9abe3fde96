using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Movement of the patient across the table during the SPECT, from the centroid sinogram. docs/qc/motion-lateral.md.</summary>
public sealed class MotionLateralCheck : IQualityCheck
{
    private const int Order = 3;
    private const double LeastZ = 5.5;

    /// <inheritdoc/>
    public string Name => "motion-lateral";
    /// <inheritdoc/>
    public string Title => "Movement across the table";
    /// <inheritdoc/>
    public string Unit => "px";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is { Count: >= 40 };

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        double[] centroid = new double[views.Count], sigma = new double[views.Count];
        for (int v = 0; v < views.Count; v++) (centroid[v], sigma[v]) = Centroid(views.ColumnSums(v));
        if (sigma.Any(s => !double.IsFinite(s)))
            return Judging.Result(this, Verdict.NotSet, null, limit, "A view without counts has no centroid.", "Look at the cine by eye.");
        List<double[]> smooth = SmoothFit.Harmonics(views.AngleDeg, Order);
        // Detector columns run along -t; t = x cos phi - y sin phi.
        double[][][] directions =
        [
            StepSearch.PerStop([.. views.AngleDeg.Select(a => -Math.Cos(a * Math.PI / 180))], views.Stop, views.Stops),
            StepSearch.PerStop([.. views.AngleDeg.Select(a => Math.Sin(a * Math.PI / 180))], views.Stop, views.Stops),
        ];
        List<StepEvent> events = StepSearch.Find(centroid, sigma, views.Stops, smooth, directions, LeastZ, 2, 3, out double scale);
        events.RemoveAll(e => e.Length < MotionWords.LeastPx);
        double seen = LeastZ * Math.Max(1, scale) * StepSearch.SigmaInTheMiddle(sigma, views.Stops, smooth, directions);
        StepEvent? largest = events.MaxBy(e => e.Length);
        double figure = largest?.Length ?? 0;
        Verdict verdict = Judging.Of(figure, limit);
        if (verdict == Verdict.Pass && limit is not null && seen > limit.Fail) verdict = Verdict.Warn;
        string sensitivity = Judging.Say($"The centroid is known to {SmoothFit.Median(sigma):0.00} px per view; a lasting step in the middle shows from {seen:0.0} px ({seen * views.PixelMm:0} mm) in the less favourable direction.");
        string words = largest is null ? $"No displacement found. {sensitivity}" : string.Join(" ", events.Select(e => MotionWords.Lateral(e, views))) + " " + sensitivity;
        string action = largest is null ? "These data cannot show a movement of the size that matters: look at cine and sinogram by eye." : MotionWords.Action(events, views, limit?.Warn ?? 0);
        double[] curve = new SmoothFit(smooth, sigma).Curve(centroid);
        return Judging.Result(this, verdict, figure, limit, words, action) with
        {
            Svg = Charts.PerView("Centroid less its smooth course with angle, px", views, [.. centroid.Select((c, v) => c - curve[v])], null),
            PictureText = "Lateral centroid of every view less the smooth course",
        };
    }

    private static (double Column, double Sigma) Centroid(double[] sums)
    {
        double total = 0, first = 0, second = 0;
        for (int c = 0; c < sums.Length; c++)
        {
            total += sums[c];
            first += sums[c] * c;
        }
        double mean = first / total;
        for (int c = 0; c < sums.Length; c++) second += sums[c] * (c - mean) * (c - mean);
        return (mean, Math.Sqrt(second) / total);
    }
}
