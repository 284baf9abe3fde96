using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Activity at the lateral edges of the field of view. docs/qc/truncation.md.</summary>
public sealed class TruncationCheck : IQualityCheck
{
    private const int Edge = 2, RowBand = 8, ViewBand = 5;

    /// <inheritdoc/>
    public string Name => "truncation";
    /// <inheritdoc/>
    public string Title => "Patient within the field of view";
    /// <inheritdoc/>
    public string Unit => "%";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is { Count: >= ViewBand };

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        int[] byAngle = [.. Enumerable.Range(0, views.Count).OrderBy(v => views.AngleDeg[v])];
        double figure = 0, whole = views.Counts.Sum() / views.Count / views.Rows * RowBand * ViewBand;
        (int View, bool Left) where = (0, false);
        for (int at = 0; at < byAngle.Length; at += ViewBand)
        {
            int[] group = [.. Enumerable.Range(at, ViewBand).Select(i => byAngle[i % byAngle.Length])];
            for (int row = 0; row + RowBand <= views.Rows; row += RowBand / 2)
            {
                double[] columns = Band(views, group, row);
                double total = columns.Sum();
                if (total < 0.05 * whole) continue;
                double peak = 0;
                for (int c = 1; c + 1 < columns.Length; c++) peak = Math.Max(peak, (columns[c - 1] + columns[c] + columns[c + 1]) / 3);
                foreach (bool left in (bool[])[true, false])
                {
                    double edge = 0;
                    for (int c = 0; c < Edge; c++) edge += columns[left ? c : columns.Length - 1 - c];
                    // Three standard deviations of counting noise are given to the patient: what is left is there for sure.
                    double sure = Math.Max(0, edge - (3 * Math.Sqrt(edge + 1))) / Edge;
                    double share = 100 * sure / Math.Max(1, peak);
                    if (share > figure)
                    {
                        figure = share;
                        where = (group[ViewBand / 2], left);
                    }
                }
            }
        }
        return Judging.Result(this, Judging.Of(figure, limit), figure, limit,
            figure < 0.05
                ? "No counts at the lateral edges beyond noise."
                : Judging.Say($"At {views.AngleDeg[where.View]:0} degrees (head {views.Head[where.View]}, view {views.Stop[where.View] + 1}) the {(where.Left ? "left" : "right")} edge of the image still has {figure:0.0} % of the maximum of its rows."),
            "Centre the patient and bring the arms out of the field of view; if the patient is wider than the field, say so: values near the cut side are not reliable.");
    }

    private static double[] Band(TomoViews views, int[] group, int row)
    {
        double[] columns = new double[views.Columns];
        foreach (int v in group)
            for (int r = row; r < row + RowBand; r++)
                for (int c = 0; c < columns.Length; c++) columns[c] += views.Images[v][(r * views.Columns) + c];
        return columns;
    }
}
