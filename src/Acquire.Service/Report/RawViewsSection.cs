using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>The raw SPECT views: cine, sinograms, linogram, counts per view (docs: physics-and-qc 4.1).</summary>
internal static class RawViewsSection
{
    /// <summary>Appends the section.</summary>
    public static void Append(HtmlPage page, TomoViews views)
    {
        page.Section("SPECT, as counted");
        int[] byAngle = [.. Enumerable.Range(0, views.Count).OrderBy(v => views.AngleDeg[v])];
        int[] byTime = [.. Enumerable.Range(0, views.Count).OrderBy(v => views.Head[v]).ThenBy(v => views.Stop[v])];
        page.Raw("<div class=\"row\">");
        int factor = Math.Max(1, views.Columns / 64);
        double upper = 0;
        var binned = new List<(float[] Values, int Width, int Height)>();
        foreach (int v in byAngle)
        {
            binned.Add(Pictures.Binned(views.Images[v], views.Columns, views.Rows, factor));
            upper = Math.Max(upper, Pictures.UpperLevel(binned[^1].Values));
        }
        var part = CountWindow.Around(binned);
        page.Raw(HtmlPage.Cine([.. binned.Select(b => Pictures.Planar(part.Cut(b.Values, b.Width), part.Width, part.Height, upper))], $"Film strip of all {views.Count} views in order of angle",
            Judging.Say($"All {views.Count} views in order of angle, from {views.AngleDeg[byAngle[0]]:0} degrees (0 is behind the patient); head up; one upper level for all. {part.Words(binned[0].Width, binned[0].Height, views.PixelMm * factor, views.RowMm * factor)}"), 280, 12));
        double[] profile = new double[views.Rows];
        foreach (int v in byAngle)
        {
            double[] sums = views.RowSums(v);
            for (int r = 0; r < profile.Length; r++) profile[r] += sums[r];
        }
        const int thick = 4;
        int[] rows = [.. Levels(profile, thick)];
        foreach (int row in rows)
            page.Raw(HtmlPage.Figure(Pictures.Sinogram(views, row, thick, byAngle), $"Sinogram of rows {row + 1} to {row + thick}",
                Judging.Say($"Sinogram, rows {row + 1}-{row + thick} of {views.Rows} from the head. Down: angle {views.AngleDeg[byAngle[0]]:0} to {views.AngleDeg[byAngle[^1]]:0} degrees."), 176, 256, pixelated: true));
        page.Raw(HtmlPage.Figure(Pictures.Linogram(views, byTime), "Linogram: axial profile of every view, one column per view",
            "Linogram, head up. To the right: views in order of time" + (views.Heads > 1 ? ", head 1 then head 2." : ".") + " A step is a movement along the table.", 320, 256, pixelated: true));
        page.Raw("</div><div class=\"charts\">");
        page.Raw($"<figure>{Charts.PerView("Counts per view, photopeak", views, views.Counts, null)}</figure>");
        page.Raw("</div>");
        page.Paragraph($"Sinograms and linogram: {ColourMap.Inferno.Name} colours, black is none, pale yellow the 99.5th percentile and above.", dim: true);
    }

    /// <summary>Three levels: at a quarter, half and three quarters of the counts along the table.</summary>
    private static IEnumerable<int> Levels(double[] profile, int thick)
    {
        double total = profile.Sum(), sum = 0;
        double[] wanted = [0.25, 0.5, 0.75];
        int next = 0;
        for (int r = 0; r < profile.Length && next < wanted.Length; r++)
        {
            sum += profile[r];
            if (sum < wanted[next] * total) continue;
            next++;
            yield return Math.Clamp(r - (thick / 2), 0, Math.Max(0, profile.Length - thick));
        }
    }
}
