using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Sensitivity of the heads against each other: a step between heads that no smooth function of angle has. docs/qc/head-balance.md.</summary>
public sealed class HeadBalanceCheck : IQualityCheck
{
    private const int Order = 8;

    /// <inheritdoc/>
    public string Name => "head-balance";
    /// <inheritdoc/>
    public string Title => "Heads count alike";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is { HasTimes: true, Heads: 2, Count: >= 40 };

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        double[] log = [.. views.Rate.Select(r => Math.Log(Math.Max(1e-9, r)))];
        double[] sigma = [.. views.Counts.Select(c => 1 / Math.Sqrt(Math.Max(1, c)))];
        double[] second = [.. views.Head.Select(h => h == 2 ? 1.0 : 0.0)];
        List<double[]> columns = SmoothFit.Harmonics(views.AngleDeg, Order);
        // One outlying view must not tilt the balance: its weight is taken away first.
        double[] curve = SmoothFit.RobustCurve([.. columns, second], log, sigma);
        double[] residual = new double[log.Length];
        for (int i = 0; i < log.Length; i++) residual[i] = (log[i] - curve[i]) / sigma[i];
        double scale = Math.Max(1, 1.4826 * SmoothFit.MedianAbsolute(residual));
        double[] robust = [.. sigma.Select((s, i) => Math.Abs(residual[i]) > 4 * scale ? s * 1e3 : s)];
        var fit = new SmoothFit(columns, robust);
        double[] u = fit.Residual(second), r = fit.Residual(log);
        double information = SmoothFit.Dot(u, u);
        if (information < 1e-3 * views.Counts.Sum() / views.Count)
            return Judging.Result(this, Verdict.NotSet, null, limit, "The heads' angles do not let sensitivity and angle be told apart.", "");
        double step = SmoothFit.Dot(u, r) / information, error = scale / Math.Sqrt(information);
        double figure = 100 * Math.Abs((Math.Exp(step) - 1));
        Verdict verdict = Judging.Of(figure, limit);
        if (verdict > Verdict.Pass && Math.Abs(step) < 3 * error) verdict = Verdict.Pass;
        return Judging.Result(this, verdict, figure, limit,
            Judging.Say($"Head 2 counts {100 * (Math.Exp(step) - 1):+0.0;-0.0;0.0} % against head 1 at the same angle (standard error {100 * error:0.0} %), decay and live time removed."),
            "Check energy window and peak, uniformity map and collimator of both heads; do not reconstruct quantitatively before the heads agree.");
    }
}
