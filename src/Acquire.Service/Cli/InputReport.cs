using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;
using Acquire.Reconstruction;
using Acquire.Service.Report;

namespace Acquire.Service.Cli;

/// <summary>Verdicts and report of an input that is no study of ours: what <c>reconstruct</c> and <c>qc</c> share.</summary>
internal static class InputReport
{
    /// <summary>Runs the checks that apply, prints a line each, and writes report.html into the folder.</summary>
    /// <param name="folder">Folder.</param>
    /// <param name="input">What was read.</param>
    /// <param name="how">How the volume was made, for the figures table.</param>
    /// <param name="volume">The reconstruction.</param>
    /// <param name="output">Where lines go; null prints none.</param>
    /// <param name="more">More figures for the table.</param>
    /// <returns>The verdicts.</returns>
    public static QualityReport Write(string folder, ReconstructionInput input, string how, Volume volume, TextWriter? output, IReadOnlyList<(string Name, string Value)>? more = null)
    {
        QualityReport quality = QualityRunner.Run(
            new QualityInput { Tomo = input.Series, Projections = input.Projections, Reconstruction = volume, AttenuationMap = input.AttenuationMap, Ct = input.Ct }, QualityLimits.LoadDefault());
        if (output is not null)
        {
            foreach (QualityResult r in quality.Results)
            {
                string figure = r.Figure is { } f ? string.Create(CultureInfo.InvariantCulture, $"{f:G4} {r.Unit}").TrimEnd() : "";
                string limit = r.LimitText.Length > 0 ? $" ({r.LimitText})" : "";
                output.WriteLine(string.Join(' ', new[] { r.Verdict.ToString().ToUpperInvariant().PadRight(5), $"{r.Title}: {figure}{limit}.", r.Words, r.Action }.Where(t => t.Length > 0)));
            }
            output.WriteLine($"verdict: {quality.Verdict}");
        }
        var figures = new List<(string, string)> { ("Input", input.Description), ("Reconstruction", how) };
        figures.AddRange(more ?? []);
        if (input.Truth is { } truth && truth.Values.Length == volume.Values.Length)
        {
            FiguresOfMerit merit = FiguresOfMerit.Compare(volume, truth, input.AttenuationMap, input.Spheres);
            figures.Add(("NRMSE in the body, against the truth", Percent(merit.NrmseBodyPercent)));
            figures.Add(("NRMSE in bone", Percent(merit.NrmseBonePercent)));
            figures.Add(("Variation in soft tissue", Percent(merit.SoftTissueCvPercent)));
            figures.Add(("Bias of soft tissue", Percent(merit.SoftTissueBiasPercent)));
            figures.AddRange(merit.ContrastRecoveryPercent.Select(c => ($"Contrast recovery, {c.Name}", Percent(c.Percent))));
        }
        string report = Path.Combine(folder, "report.html");
        ReconstructionReport.Write(report, "Reconstruction and quality of projections", input.Projections, new Dictionary<string, Volume> { ["SPECT"] = volume }, input.AttenuationMap, quality, figures, input.Ct);
        output?.WriteLine($"report: {report}");
        return quality;
    }

    private static string Percent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:F1} %");
}
