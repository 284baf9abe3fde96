using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>Flow and planar views.</summary>
internal static class PlanarSection
{
    private const int MostFlowFrames = 20;
    private const double FlowShown = 126;
    private const double StaticShown = 386;
    private const double StaticHighest = 560;

    /// <summary>A flow: summed frames with times, and counts per second over time.</summary>
    public static void AppendFlow(HtmlPage page, CountSeries flow, DateTimeOffset? injected)
    {
        page.Section(flow.Title);
        Ended(page, flow);
        DateTimeOffset zero = injected ?? flow.Frames.Min(f => f.Start);
        int window = TomoViews.Photopeak(flow);
        int[] heads = [.. flow.Frames.Select(f => f.Detector).Distinct().Order()];
        var curves = new List<Curve>();
        // One rectangle for both heads: the pictures of a flow are compared with one another.
        CountFrame[] counted = [.. flow.Frames.Where(f => f.EnergyWindow == window)];
        int per = Math.Max(1, (int)Math.Ceiling(counted.GroupBy(f => f.Detector).Select(g => g.Count()).DefaultIfEmpty(1).Max() / (double)MostFlowFrames));
        int factor = Math.Max(1, flow.Frames[0].Width / 64);
        CountWindow? part = counted.Length == 0 ? null : CountWindow.Around(heads.SelectMany(h => counted.Where(f => f.Detector == h).OrderBy(f => f.Start).Chunk(per)).Select(g => Pictures.Binned(Pictures.Sum(g), g[0].Width, g[0].Height, factor)));
        foreach (int head in heads)
        {
            CountFrame[] frames = [.. flow.Frames.Where(f => f.Detector == head && f.EnergyWindow == window).OrderBy(f => f.Start)];
            if (frames.Length == 0 || part is null) continue;
            curves.Add(new Curve($"head {head}, {Orientation.ViewName(frames[0].AngleStartDeg)}", [.. frames.Select(f => (f.Start - zero).TotalSeconds + (f.Elapsed.TotalSeconds / 2))], [.. frames.Select(f => f.Sum / Math.Max(1e-9, f.Elapsed.TotalSeconds))], head));
            CountFrame[][] groups = [.. frames.Chunk(per)];
            (float[] Values, int Width, int Height)[] images = [.. groups.Select(g => Pictures.Binned(Pictures.Sum(g), g[0].Width, g[0].Height, factor))];
            double upper = images.Max(i => Pictures.UpperLevel(i.Values));
            double angle = frames[0].AngleStartDeg;
            page.Sub($"Head {head}, {Orientation.ViewName(angle)}");
            page.Raw("<div class=\"row\" style=\"gap:5px\">");
            for (int g = 0; g < groups.Length; g++)
            {
                double from = (groups[g][0].Start - zero).TotalSeconds, to = (groups[g][^1].Start + groups[g][^1].Elapsed - zero).TotalSeconds;
                string time = Judging.Say($"{from:0} to {to:0} s");
                page.Raw(HtmlPage.Figure(Pictures.Planar(part.Cut(images[g].Values, images[g].Width), part.Width, part.Height, upper), $"Flow, head {head}, {time}", time, FlowShown, 0, g == 0 ? (Orientation.LeftEdge(angle), Orientation.RightEdge(angle), "", "") : default));
            }
            page.Raw("</div>");
            page.Paragraph($"View: {Orientation.Caption(angle)}. {per} frame{(per == 1 ? "" : "s")} added per picture, {(factor > 1 ? $"{factor} x {factor} pixels added, " : "")}one upper level for all. {part.Words(images[0].Width, images[0].Height, frames[0].PixelMm * factor, frames[0].PixelMm * factor)} Times from {(injected is null ? "the first frame" : "the injection")}.", dim: true);
        }
        page.Raw($"<div class=\"charts\"><figure>{Charts.Plot("Counts per second, whole field", "seconds from " + (injected is null ? "the first frame" : "the injection"), curves, fromZero: true, injected is null ? null : [(0, "injection")])}</figure></div>");
    }

    /// <summary>Static views side by side.</summary>
    public static void AppendStatic(HtmlPage page, IReadOnlyList<CountSeries> series, DateTimeOffset? injected)
    {
        foreach (CountSeries s in series) Ended(page, s);
        // One rectangle for all views that stand side by side and share a field and a matrix.
        CountFrame[] all = [.. series.SelectMany(s => s.Frames.Where(f => f.EnergyWindow == TomoViews.Photopeak(s)))];
        Dictionary<(int, int, double), CountWindow> parts = all.GroupBy(Field).ToDictionary(g => g.Key, g => CountWindow.Around(g));
        page.Raw("<div class=\"row\">");
        foreach (CountSeries s in series)
        {
            int window = TomoViews.Photopeak(s);
            foreach (CountFrame f in s.Frames.Where(f => f.EnergyWindow == window).OrderBy(f => f.Detector))
            {
                float[] values = Array.ConvertAll(f.Counts, c => (float)c);
                CountWindow part = parts[Field(f)];
                values = part.Cut(values, f.Width);
                (values, int width, int height) = f.Width > 128 && f.Sum < 20L * f.Width * f.Height ? Pictures.Binned(values, part.Width, part.Height, 2) : (values, part.Width, part.Height);
                double upper = Pictures.UpperLevel(values);
                string when = injected is { } zero ? Judging.Say($", {(f.Start - zero).TotalMinutes:0} min after the injection") : "";
                page.Raw(HtmlPage.Figure(Pictures.Planar(values, width, height, upper), $"{s.Title}, {Orientation.ViewName(f.AngleStartDeg)}",
                    Judging.Say($"{s.Title}: {Orientation.Caption(f.AngleStartDeg)}. {Judging.Number(f.Sum / 1000.0)} kcounts in {f.Elapsed.TotalSeconds:0} s{when}. Window 0 to {upper:0} counts per {f.PixelMm * part.Width / width:0.0} mm pixel.{(f.IsPartial ? " Cut short." : "")}"),
                    Math.Min(StaticShown, StaticHighest * width / height), 0, (Orientation.LeftEdge(f.AngleStartDeg), Orientation.RightEdge(f.AngleStartDeg), "", "")));
            }
        }
        page.Raw("</div>");
        foreach ((int columns, int rows, double pixel) in parts.Keys) page.Paragraph(parts[(columns, rows, pixel)].Words(columns, rows, pixel, pixel) + " Each picture has its own upper level.", dim: true);
    }

    private static (int Columns, int Rows, double PixelMm) Field(CountFrame f) => (f.Width, f.Height, f.PixelMm);

    /// <summary>Says so when a series did not end complete.</summary>
    public static void Ended(HtmlPage page, CountSeries s)
    {
        if (s.Ending == Ending.Complete && s.ExpectedFrames <= s.Frames.Count) return;
        page.Raw($"<p class=\"banner\">{HtmlPage.Text(s.Title)}: {HtmlPage.Text(s.Ending.ToString().ToLowerInvariant())}{(s.EndingReason.Length > 0 ? ", " + HtmlPage.Text(s.EndingReason) : "")}; {s.Frames.Count} of {Math.Max(s.ExpectedFrames, s.Frames.Count)} frames{(s.Repeatable ? "" : "; it cannot be repeated")}.</p>");
    }
}
