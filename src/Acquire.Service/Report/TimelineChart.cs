using System.Globalization;
using System.Text;
using Acquire.Service.Quality;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Report;

/// <summary>Plan against what happened as bars. The time axis is stretched around the injection (inverse hyperbolic sine), because the early phases last seconds and the delayed ones hours.</summary>
internal static class TimelineChart
{
    private const double Width = 1180, Left = 250, Right = 150, RowHeight = 26, Top = 34;

    /// <summary>The chart; empty when there is no row.</summary>
    public static string Svg(IReadOnlyList<TimelineEntry> rows)
    {
        if (rows.Count == 0) return "";
        double low = Math.Min(0, rows.Min(r => Math.Min(r.PlannedOpen.TotalMinutes, r.ActualStart?.TotalMinutes ?? 0)));
        double high = Math.Max(1, rows.Max(r => Math.Max(r.PlannedClose.TotalMinutes, r.ActualEnd?.TotalMinutes ?? r.ActualStart?.TotalMinutes ?? 0)));
        double a = Stretch(low), b = Stretch(high);
        double X(double minutes) => Left + ((Stretch(Math.Clamp(minutes, low, high)) - a) / (b - a) * (Width - Left - Right));
        double height = Top + (rows.Count * RowHeight) + 34;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"Timeline: planned windows and what happened\">");
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"8\" width=\"22\" height=\"11\" style=\"fill:var(--window)\"/><text class=\"cl\" x=\"{Left + 28}\" y=\"18\">planned window</text><line x1=\"{Left + 130}\" x2=\"{Left + 130}\" y1=\"6\" y2=\"21\" style=\"stroke:var(--dim);stroke-width:2\"/><text class=\"cl\" x=\"{Left + 137}\" y=\"18\">target</text><rect x=\"{Left + 185}\" y=\"9\" width=\"22\" height=\"9\" style=\"fill:var(--s2)\"/><text class=\"cl\" x=\"{Left + 213}\" y=\"18\">what happened</text><path d=\"M{Left + 318} 7l6 6l-6 6l-6 -6z\" style=\"fill:var(--s3)\"/><text class=\"cl\" x=\"{Left + 329}\" y=\"18\">prompt answered</text>");
        double lastLabel = double.MinValue;
        foreach (double tick in (double[])[-10, -1, 0, 1, 5, 10, 20, 30, 60, 90, 120, 180, 240, 300, 360, 480, 1440])
        {
            if (tick < low || tick > high) continue;
            double x = X(tick);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x:0.0}\" x2=\"{x:0.0}\" y1=\"{Top}\" y2=\"{height - 30}\" class=\"{(tick == 0 ? "cm" : "cg")}\"/>");
            if (x - lastLabel < 44) continue;
            lastLabel = x;
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"cl\" x=\"{x:0.0}\" y=\"{height - 16}\" text-anchor=\"middle\">{(tick == 0 ? "injection" : Math.Abs(tick) < 60 ? Judging.Say($"{tick:0} min") : Judging.Say($"{tick / 60:0.#} h"))}</text>");
        }
        for (int i = 0; i < rows.Count; i++)
        {
            TimelineEntry r = rows[i];
            double y = Top + (i * RowHeight), x0 = X(r.PlannedOpen.TotalMinutes), x1 = Math.Max(x0 + 2, X(r.PlannedClose.TotalMinutes)), target = X(r.PlannedTarget.TotalMinutes);
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"cl\" style=\"font-size:12px;fill:var(--fg)\" x=\"{Left - 10}\" y=\"{y + 17}\" text-anchor=\"end\">{HtmlPage.Text(Short(r.Title, 38))}</text>");
            if (!r.IsPrompt) svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x0:0.0}\" y=\"{y + 4}\" width=\"{x1 - x0:0.0}\" height=\"{RowHeight - 8}\" rx=\"2\" style=\"fill:var(--window)\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{target:0.0}\" x2=\"{target:0.0}\" y1=\"{y + 3}\" y2=\"{y + RowHeight - 3}\" style=\"stroke:var(--dim);stroke-width:2\"/>");
            if (r.ActualStart is { } start)
            {
                double s = X(start.TotalMinutes), e = Math.Max(s + 3, X((r.ActualEnd ?? start).TotalMinutes));
                svg.Append(r.IsPrompt
                    ? Judging.Say($"<path d=\"M{s:0.0} {y + 7}l6 6l-6 6l-6 -6z\" style=\"fill:var(--s3)\"/>")
                    : Judging.Say($"<rect x=\"{s:0.0}\" y=\"{y + 8}\" width=\"{e - s:0.0}\" height=\"{RowHeight - 16}\" style=\"fill:var(--s2)\"/>"));
            }
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"cl\" style=\"font-size:12px;fill:var(--fg)\" x=\"{Width - Right + 10}\" y=\"{y + 17}\">{HtmlPage.Text(Short(r.State, 22))}</text>");
        }
        return svg.Append("</svg>").ToString();
    }

    private static double Stretch(double minutes) => Math.Asinh(minutes / 3);

    private static string Short(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "\u2026";
}
