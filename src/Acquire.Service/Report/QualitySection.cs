using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>The verdicts: what to do now, and elsewhere the table of all with the charts and pictures of those that have one.</summary>
internal static class QualitySection
{
    /// <summary>Appends what to do now: one line per check that warned, failed or broke, the worst first.</summary>
    public static void AppendActions(HtmlPage page, QualityReport quality)
    {
        page.Section("What to do now");
        QualityResult[] open = [.. quality.Results.Where(r => r.Verdict is Verdict.Warn or Verdict.Fail or Verdict.Error).OrderByDescending(r => r.Verdict).ThenBy(r => r.Check, StringComparer.Ordinal)];
        int unjudged = quality.Results.Count(r => r.Verdict == Verdict.NotSet);
        string rest = unjudged > 0 ? Judging.Say($" {unjudged} could not be judged: the table says why.") : "";
        if (open.Length == 0)
        {
            page.Paragraph((quality.Results.Count == unjudged ? "No check could be made." : "Nothing: no check warned or failed.") + (quality.Results.Count == unjudged ? "" : rest));
            return;
        }
        page.Raw("<ul class=\"todo\">");
        foreach (QualityResult r in open)
            page.Raw($"<li>{HtmlPage.Badge(r.Verdict)} <b>{HtmlPage.Text(r.Title)}:</b> {HtmlPage.Text(r.Action.Length > 0 ? r.Action : r.Words)}</li>");
        page.Raw("</ul>");
        page.Paragraph("Figures and limits: \"Quality checks\", below the pictures." + rest, dim: true);
    }

    /// <summary>Appends the section.</summary>
    public static void Append(HtmlPage page, QualityReport quality)
    {
        page.Section("Quality checks");
        page.Paragraph("Quality and quantities only; no diagnosis. A verdict rests on the figure and the limit beside it.", dim: true);
        page.Raw("<table><thead><tr><th>Verdict</th><th>Check</th><th class=\"n\">Figure</th><th>Limit and source</th><th>What was seen, what to do</th></tr></thead><tbody>");
        foreach (QualityResult r in quality.Results.OrderByDescending(r => r.Verdict).ThenBy(r => r.Check, StringComparer.Ordinal))
        {
            string figure = r.Figure is { } f ? Judging.Number(f) + (r.Unit.Length > 0 ? "\u00a0" + r.Unit : "") : "\u2013";
            page.Raw($"<tr><td>{HtmlPage.Badge(r.Verdict)}</td><td>{HtmlPage.Text(r.Title)}<br><small>{HtmlPage.Text(r.Check)}</small></td><td class=\"n\">{HtmlPage.Text(figure)}</td>"
                + $"<td>{HtmlPage.Text(r.LimitText)}{(r.LimitSource.Length > 0 ? $"<br><small>{HtmlPage.Text(r.LimitSource)}</small>" : "")}</td>"
                + $"<td>{HtmlPage.Text(r.Words)}{(r.Action.Length > 0 ? $"<div class=\"action\"><b>Do:</b> {HtmlPage.Text(r.Action)}</div>" : "")}</td></tr>");
        }
        page.Raw("</tbody></table>");
        QualityResult[] shown = [.. quality.Results.Where(r => r.Svg is { Length: > 0 } || r.PicturePng is not null)];
        if (shown.Length == 0) return;
        page.Raw("<div class=\"charts\">");
        foreach (QualityResult r in shown)
        {
            page.Raw("<figure>");
            if (r.Svg is not null) page.Raw(r.Svg);
            if (r.PicturePng is not null) page.Raw($"<img class=\"px\" style=\"max-width:100%\" src=\"{PngEncoder.DataUri(r.PicturePng)}\" alt=\"{HtmlPage.Text(r.PictureText)}\">");
            page.Raw($"<figcaption>{HtmlPage.Text(r.Title)} {HtmlPage.Badge(r.Verdict)}</figcaption></figure>");
        }
        page.Raw("</div>");
    }
}
