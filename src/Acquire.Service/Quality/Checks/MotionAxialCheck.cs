using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Movement of the patient along the table during the SPECT. docs/qc/motion-axial.md.</summary>
public sealed class MotionAxialCheck : IQualityCheck
{
    /// <summary>Harmonics of angle allowed for the change of the profile with angle.</summary>
    internal const int Order = 4;
    // Set on clean data: in 40 thinned copies of shared/data/recon-spine the most significant false displacement had z 4.0 with two heads
    // that must agree in time; with projections alone 6.6, the worst of them in two single views, so that four are asked for.
    private const double LeastZ = 5, LeastZWithoutTimes = 7;

    /// <inheritdoc/>
    public string Name => "motion-axial";
    /// <inheritdoc/>
    public string Title => "Movement along the table";
    /// <inheritdoc/>
    public string Unit => "px";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is { Count: >= 40 };

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        if (Search(views) is not { } search)
            return Judging.Result(this, Verdict.NotSet, null, limit, "The axial profile holds too little structure to see a shift.", "Look at the cine by eye.");
        (List<StepEvent> events, double[] rows, double perView, double seen) = search;
        events.RemoveAll(e => e.Length < MotionWords.LeastPx);
        StepEvent? largest = events.MaxBy(e => e.Length);
        double figure = largest?.Length ?? 0;
        Verdict verdict = Judging.Of(figure, limit);
        if (verdict == Verdict.Pass && limit is not null && seen > limit.Fail) verdict = Verdict.Warn;
        string sensitivity = Judging.Say($"The counts let the shift of one view be known to {perView:0.00} px; a lasting step in the middle shows from {seen:0.0} px ({seen * views.RowMm:0} mm).");
        string words = largest is null
            ? $"No displacement found. {sensitivity}"
            : string.Join(" ", events.Select(e => MotionWords.Axial(e, views))) + " " + sensitivity;
        string action = largest is null
            ? "These data cannot show a movement of the size that matters: look at cine and linogram by eye."
            : MotionWords.Action(events, views, limit?.Warn ?? 0);
        return Judging.Result(this, verdict, figure, limit, words, action) with
        {
            Svg = Charts.PerView("Axial shift per view, px (up = towards the head)", views, [.. rows.Select(r => -r)], null),
            PictureText = "Axial shift of every view against the mean profile",
        };
    }

    /// <summary>Looks for displacements that are significant.</summary>
    /// <returns>Displacements, shift per view in rows, precision of one view and smallest lasting mid-scan step that would show; null when nothing can be measured.</returns>
    private static (List<StepEvent> Events, double[] Rows, double PerView, double Seen)? Search(TomoViews views)
    {
        bool twoHeads = views is { HasTimes: true, Heads: > 1 };
        double leastZ = twoHeads ? LeastZ : LeastZWithoutTimes;
        if (AxialShift.Of(views) is not { } shift) return null;
        double[] one = [.. shift.Rows.Select(_ => 1.0)];
        double[][] perStop = StepSearch.PerStop(one, views.Stop, views.Stops);
        List<double[]> smooth = SmoothFit.Harmonics(views.AngleDeg, Order);
        double[] values = shift.Rows, sigma = Scaled(shift.Rows, shift.Sigma, smooth);
        NeighbourShift? neighbours = NeighbourShift.Of(views);
        if (neighbours is not null)
        {
            // Two looks at the same displacement: against the mean of all views (sees what lasts) and against the neighbours (sees what is sudden).
            List<double[]> nearby = SmoothFit.Harmonics(views.AngleDeg, 1);
            double[] none = new double[views.Count];
            values = [.. values, .. neighbours.Rows];
            sigma = [.. sigma, .. Scaled(neighbours.Rows, neighbours.Sigma, nearby)];
            smooth = [.. smooth.Select(c => (double[])[.. c, .. none]), .. nearby.Select(c => (double[])[.. none, .. c])];
            perStop = [.. perStop.Select(c => (double[])[.. c, .. neighbours.Differences(c)])];
        }
        List<StepEvent> events = StepSearch.Find(values, sigma, views.Stops, smooth, [perStop], leastZ, twoHeads ? 2 : 4, 3, out double scale);
        double seen = leastZ * Math.Max(1, scale) * StepSearch.SigmaInTheMiddle(sigma, views.Stops, smooth, [perStop]);
        return (events, shift.Rows, SmoothFit.Median(neighbours?.Sigma ?? shift.Sigma), seen);
    }

    /// <summary>Standard deviations widened to the scatter that is really there.</summary>
    private static double[] Scaled(double[] values, double[] sigma, IReadOnlyList<double[]> smooth)
    {
        var fit = new SmoothFit(smooth, sigma);
        double scale = Math.Max(1, 1.4826 * SmoothFit.MedianAbsolute(fit.Residual(values)));
        return Array.ConvertAll(sigma, s => s * scale);
    }
}
