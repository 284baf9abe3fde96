using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>The hottest object grows during the SPECT: a filling bladder mimics motion. docs/qc/bladder-filling.md.</summary>
public sealed class BladderFillingCheck : IQualityCheck
{
    private const int Order = 5;
    private const double RadiusMm = 30;

    /// <inheritdoc/>
    public string Name => "bladder-filling";
    /// <inheritdoc/>
    public string Title => "Hottest object steady during the SPECT";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Reconstruction is not null && input.Views is { HasTimes: true, Count: >= 40 };

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        Volume volume = input.Reconstruction!;
        HotObject hot = HotObject.Of(input);
        double axisZ = input.Projections?.CentreZMm ?? -(input.Tomo?.Frames[0].TableLongitudinalMm ?? -(volume.Z0Mm + ((volume.Nz - 1) / 2.0 * volume.DzMm)));
        double row = ((views.Rows - 1) / 2.0) - ((hot.ZMm - axisZ) / views.RowMm);
        double[] log = new double[views.Count], sigma = new double[views.Count], time = new double[views.Count];
        double last = Math.Max(1, views.StartSeconds.Max());
        for (int v = 0; v < views.Count; v++)
        {
            double phi = views.AngleDeg[v] * Math.PI / 180, t = (hot.XMm * Math.Cos(phi)) - (hot.YMm * Math.Sin(phi));
            double counts = Disc(views, v, row, ((views.Columns - 1) / 2.0) - (t / views.PixelMm));
            double scale = views.Rate[v] / Math.Max(1, views.Counts[v]);
            log[v] = Math.Log(Math.Max(1, counts) * scale);
            sigma[v] = 1 / Math.Sqrt(Math.Max(1, counts));
            time[v] = views.StartSeconds[v] / last;
        }
        var fit = new SmoothFit(SmoothFit.Harmonics(views.AngleDeg, Order), sigma);
        double[] u = fit.Residual(time), r = fit.Residual(log);
        double information = SmoothFit.Dot(u, u), slope = SmoothFit.Dot(u, r) / information;
        double chi = 0;
        for (int i = 0; i < r.Length; i++) chi += (r[i] - (slope * u[i])) * (r[i] - (slope * u[i]));
        double error = Math.Sqrt(Math.Max(1, chi / Math.Max(1, r.Length - fit.Parameters - 1)) / information);
        double figure = 100 * (Math.Exp(slope) - 1);
        Verdict verdict = Judging.Of(figure, limit);
        if (verdict > Verdict.Pass && slope < 3 * error) verdict = Verdict.Pass;
        return Judging.Result(this, verdict, figure, limit,
            Judging.Say($"Counts within {RadiusMm:0} mm of the hottest place change by {figure:+0;-0;0} % over the scan, decay removed (standard error {100 * error:0} %)."),
            "If it is the bladder: empty it and repeat the SPECT or reconstruct with the pelvis last. Do not take the change for motion.");
    }

    private static double Disc(TomoViews views, int view, double row, double column)
    {
        double sum = 0;
        int reach = (int)Math.Ceiling(RadiusMm / Math.Min(views.PixelMm, views.RowMm));
        for (int r = (int)row - reach; r <= (int)row + reach; r++)
            for (int c = (int)column - reach; c <= (int)column + reach; c++)
            {
                if (r < 0 || c < 0 || r >= views.Rows || c >= views.Columns) continue;
                double dy = (r - row) * views.RowMm, dx = (c - column) * views.PixelMm;
                if ((dx * dx) + (dy * dy) <= RadiusMm * RadiusMm) sum += views.Images[view][(r * views.Columns) + c];
            }
        return sum;
    }
}
