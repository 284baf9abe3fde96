using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>Report of a reconstruction without a study: the verbs `reconstruct` and `qc`.</summary>
public static class ReconstructionReport
{
    /// <summary>Writes the report; the file appears whole or not at all.</summary>
    /// <param name="path">File to write; its folder is made.</param>
    /// <param name="title">Title; must not carry patient data.</param>
    /// <param name="projections">What was reconstructed.</param>
    /// <param name="volumes">Volumes by name; may be empty.</param>
    /// <param name="mu">Attenuation map, 1/mm; null when none.</param>
    /// <param name="quality">Verdicts; null when none were made.</param>
    /// <param name="figures">Names and values for a table.</param>
    /// <param name="ct">CT in HU, in the same frame, for fused pictures; null when none.</param>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public static void Write(string path, string title, ProjectionSet projections, IReadOnlyDictionary<string, Volume> volumes, Volume? mu, QualityReport? quality,
        IReadOnlyList<(string Name, string Value)> figures, Volume? ct = null) => Page(title, projections, volumes, mu, quality, figures, ct).Write(path);

    /// <summary>The report as text.</summary>
    public static string Html(string title, ProjectionSet projections, IReadOnlyDictionary<string, Volume> volumes, Volume? mu, QualityReport? quality,
        IReadOnlyList<(string Name, string Value)> figures, Volume? ct = null) => Page(title, projections, volumes, mu, quality, figures, ct).ToString();

    private static HtmlPage Page(string title, ProjectionSet projections, IReadOnlyDictionary<string, Volume> volumes, Volume? mu, QualityReport? quality, IReadOnlyList<(string Name, string Value)> figures, Volume? ct)
    {
        ArgumentNullException.ThrowIfNull(projections);
        ArgumentNullException.ThrowIfNull(volumes);
        ArgumentNullException.ThrowIfNull(figures);
        var page = new HtmlPage(title);
        page.Raw($"<header><div><h1>{HtmlPage.Text(title)}</h1>");
        double total = 0;
        foreach (float c in projections.Counts) total += c;
        page.Facts([
            ("Projections", Judging.Say($"{projections.Views} views of {projections.Columns} x {projections.Rows}, {projections.BinMm:0.###} x {projections.RowMm:0.###} mm")),
            ("Counts", Judging.Number(total)),
            ("Radius", Judging.Say($"{projections.RadiusMm.Min():0} to {projections.RadiusMm.Max():0} mm")),
            ("Program", StudyReport.ProgramVersion),
        ]);
        page.Raw($"</div>{(quality is null ? "" : $"<div>{HtmlPage.Badge(quality.Verdict, big: true)}</div>")}</header>");
        if (quality is not null) QualitySection.AppendActions(page, quality);
        if (figures.Count > 0)
        {
            page.Section("Figures");
            // What is said in words may wrap; what is a number stands in a column.
            page.Facts([.. figures.Where(f => !IsNumber(f.Value))]);
            if (figures.Any(f => IsNumber(f.Value))) page.Table(["Figure", "#Value"], figures.Where(f => IsNumber(f.Value)).Select(f => (IReadOnlyList<string>)[f.Name, f.Value]));
        }
        if (new QualityInput { Projections = projections }.Views is { } views) RawViewsSection.Append(page, views);
        SlicesSection.Append(page, volumes, ct, mu);
        if (quality is not null) QualitySection.Append(page, quality);
        page.Paragraph("This report gives quality and quantities. It contains no diagnosis; reading the images is the physician's.", dim: true);
        return page;
    }

    private static bool IsNumber(string value) => value.Length > 0 && (char.IsAsciiDigit(value[0]) || value[0] == '-') && value.Length < 24;
}
