using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Centre of rotation from the patient's own opposed views. docs/qc/centre-of-rotation.md.</summary>
public sealed class CentreOfRotationCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "centre-of-rotation";
    /// <inheritdoc/>
    public string Title => "Centre of rotation";
    /// <inheritdoc/>
    public string Unit => "px";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is { Count: >= 40 } views && Pairs(views).Count >= views.Count / 4;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        List<(int A, int B)> pairs = Pairs(views);
        double sum = 0, weight = 0, square = 0;
        var offsets = new List<double>();
        foreach ((int a, int b) in pairs)
        {
            double offset = Offset(views, a, b, out double sigma);
            if (!double.IsFinite(offset) || !double.IsFinite(sigma)) continue;
            offsets.Add(offset);
            double w = 1 / (sigma * sigma);
            sum += w * offset;
            weight += w;
        }
        if (offsets.Count < 10) return Judging.Result(this, Verdict.NotSet, null, limit, "Too few opposed views with counts.", "");
        double x0 = sum / weight;
        foreach (double o in offsets) square += (o - x0) * (o - x0);
        double figure = Math.Abs(x0);
        string heads = views.Heads > 1 && views.HasTimes ? " It is the mean of both heads: opposite errors of the two heads cancel here and show in motion-lateral as a seam." : "";
        return Judging.Result(this, Judging.Of(figure, limit), figure, limit,
            Judging.Say($"The axis lies {x0:+0.00;-0.00;0.00} px ({x0 * views.PixelMm:+0.0;-0.0;0.0} mm) from the middle column, from {offsets.Count} pairs of opposed views (scatter of the pairs {Math.Sqrt(square / offsets.Count):0.00} px, from attenuation).{heads}"),
            "Do not reconstruct before the offset is corrected; repeat the centre-of-rotation calibration of this collimator.");
    }

    private static List<(int A, int B)> Pairs(TomoViews views)
    {
        var pairs = new List<(int A, int B)>();
        double step = 360.0 / Math.Max(1, views.Count);
        for (int a = 0; a < views.Count; a++)
        {
            if (views.AngleDeg[a] >= 180) continue;
            int best = -1;
            double nearest = step / 2;
            for (int b = 0; b < views.Count; b++)
            {
                double off = Math.Abs(Math.IEEERemainder(views.AngleDeg[b] - views.AngleDeg[a] - 180, 360));
                if (off < nearest)
                {
                    nearest = off;
                    best = b;
                }
            }
            if (best >= 0) pairs.Add((a, best));
        }
        return pairs;
    }

    /// <summary>Half the sum of the centroids of a view and its opposite, both from the middle column: t cancels, twice the axis offset stays.</summary>
    private static double Offset(TomoViews views, int a, int b, out double sigma)
    {
        double middle = (views.Columns - 1) / 2.0, total = 0, variance = 0;
        foreach (int v in (int[])[a, b])
        {
            double[] sums = views.ColumnSums(v);
            double n = sums.Sum(), first = 0, second = 0;
            for (int c = 0; c < sums.Length; c++) first += sums[c] * (c - middle);
            double mean = first / n;
            for (int c = 0; c < sums.Length; c++) second += sums[c] * (c - middle - mean) * (c - middle - mean);
            total += mean;
            variance += second / (n * n);
        }
        sigma = Math.Sqrt(variance) / 2;
        return total / 2;
    }
}
