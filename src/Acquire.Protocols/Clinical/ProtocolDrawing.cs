using System.Globalization;
using System.Text;

namespace Acquire.Protocols.Clinical;

/// <summary>A protocol's timeline as SVG: one panel per injection, a bar per window, the acquisitions at their target, a mark per prompt.</summary>
public static class ProtocolDrawing
{
    private const int Width = 960, Label = 200, Right = 24, Row = 24, Top = 62, AxisHeight = 34;
    private const string Window = "#cfe0f3", Taken = "#1f5fa8", Optional = "#e9e4f5", Ink = "#1b1b1b", Faint = "#6b6b6b", Grid = "#dddddd";

    /// <summary>Draws it.</summary>
    /// <returns>SVG, lines ended by line feeds; the same protocol always gives the same text.</returns>
    public static string Svg(AcquisitionProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        var body = new StringBuilder();
        int y = Top;
        foreach (string tracer in protocol.LaterTracers.Select(t => t.Id).Prepend("")) y = Panel(protocol, tracer, y, body);
        int height = y + 34;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"{Escape($"Timeline of {protocol.Id}: {protocol.Title}")}\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        svg.Append(Text(16, 24, $"{protocol.Id}", Ink, "bold", size: 15)).Append(Text(16, 42, protocol.Title, Faint, size: 13)).Append(body);
        int x = Label;
        x = Key(svg, x, height - 12, $"<rect x=\"{x}\" y=\"{height - 22}\" width=\"22\" height=\"12\" fill=\"{Window}\"/>", "window", 30);
        x = Key(svg, x, height - 12, $"<rect x=\"{x}\" y=\"{height - 20}\" width=\"22\" height=\"8\" fill=\"{Taken}\"/>", "acquisitions at their target", 30);
        x = Key(svg, x, height - 12, $"<rect x=\"{x}\" y=\"{height - 22}\" width=\"22\" height=\"12\" fill=\"{Optional}\"/>", "only when wanted", 30);
        x = Key(svg, x, height - 12, Mark(PromptKind.Hydration, x + 6, height - 16), "drink", 16);
        x = Key(svg, x, height - 12, Mark(PromptKind.Void, x + 6, height - 16), "void", 16);
        x = Key(svg, x, height - 12, Mark(PromptKind.Note, x + 6, height - 16), "note", 16);
        Key(svg, x, height - 12, Mark(PromptKind.Decision, x + 6, height - 16), "decision", 16);
        return svg.Append("</svg>\n").ToString();
    }

    private static int Panel(AcquisitionProtocol protocol, string tracer, int top, StringBuilder svg)
    {
        StudyPhase[] phases = [.. protocol.Phases.Where(p => p.TracerId == tracer)];
        Prompt[] prompts = [.. protocol.Prompts.Where(p => p.TracerId == tracer && p.OnlyAfter == PromptOccasion.Always)];
        if (phases.Length == 0) return top;
        LaterTracer? later = protocol.LaterTracers.FirstOrDefault(t => t.Id == tracer);
        double end = Math.Max(1, phases.Max(p => p.Closes.TotalMinutes)), first = Math.Min(phases.Min(p => p.Opens.TotalMinutes), prompts.Select(p => p.At.TotalMinutes).DefaultIfEmpty(double.MaxValue).Min());
        bool fromStart = first < end / 4;
        // Minutes and hours on one scale: square root from the injection; a late visit on an even scale of its own.
        double X(TimeSpan t)
        {
            double m = Math.Clamp(t.TotalMinutes, fromStart ? 0 : first, end);
            double share = fromStart ? Math.Sqrt(m / end) : (m - first) / (end - first);
            return Label + (share * (Width - Label - Right));
        }

        int y = top;
        string zero = protocol.Kind == ProtocolKind.CameraCheck ? "from the source in place" : later is null ? $"from the injection of {protocol.Tracer.Radiopharmaceutical}"
            : Say($"from the injection of {later.Tracer.Radiopharmaceutical}, given {Hours(later.Opens)} to {Hours(later.Closes)} after the first, wanted at {Hours(later.Target)}");
        svg.Append(Text(Label, y, zero, Faint));
        if (protocol.TracerOf(tracer).Premedication is { } before) svg.Append(Text(Label + 330, y, Say($"{before.AmountMg:0.##} mg {before.Agent} {Hours(before.Wait)} before"), Faint));
        y += 10;
        int bottom = y + (Row * (phases.Length + prompts.Length)) + 6;
        foreach (double tick in Ticks(fromStart ? 0 : first, end, fromStart))
        {
            double x = X(TimeSpan.FromMinutes(tick));
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x:0.#}\" y1=\"{y}\" x2=\"{x:0.#}\" y2=\"{bottom}\" stroke=\"{Grid}\"/>\n");
            svg.Append(Text(x, bottom + 15, tick < 60 || tick % 60 != 0 ? Say($"{tick:0} min") : Say($"{tick / 60:0} h"), Faint, anchor: "middle"));
        }
        foreach (StudyPhase p in phases)
        {
            double a = X(p.Opens), b = X(p.Closes), t = X(p.Target), d = Math.Max(4, X(p.Target + p.NominalDuration) - t);
            svg.Append(Text(16, y + 16, Short(p.Title, 30), Ink));
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{a:0.#}\" y=\"{y + 4}\" width=\"{Math.Max(2, b - a):0.#}\" height=\"16\" fill=\"{(p.OnlyWhen is null ? Window : Optional)}\"><title>{Escape($"{p.Title}: {ProtocolRules.Words(p.Opens)} to {ProtocolRules.Words(p.Closes)}")}</title></rect>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{t:0.#}\" y=\"{y + 7}\" width=\"{d:0.#}\" height=\"10\" fill=\"{Taken}\"><title>{Escape($"wanted at {ProtocolRules.Words(p.Target)}, takes {ProtocolRules.Words(p.NominalDuration)}")}</title></rect>\n");
            y += Row;
        }
        foreach (Prompt p in prompts)
        {
            double x = X(p.At);
            svg.Append(Text(16, y + 16, p.Id, Faint)).Append(Mark(p.Kind, x, y + 12)).Append('\n');
            bool leftSide = x > Width - 300;
            svg.Append(Text(leftSide ? x - 10 : x + 10, y + 16, Short(p.Text, 48), Faint, anchor: leftSide ? "end" : "start", size: 10));
            y += Row;
        }
        return bottom + AxisHeight;
    }

    private static IEnumerable<double> Ticks(double from, double to, bool fromStart)
    {
        double[] wanted = fromStart ? [0, 1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 720, 1080, 1440, 1800, 2160, 2880] : [1440, 1800, 2160, 2520, 2880, 3240, 3600, 3960, 4320];
        double last = double.NegativeInfinity;
        foreach (double tick in wanted.Where(t => t >= from && t <= to))
        {
            double share = fromStart ? Math.Sqrt(tick / to) : (tick - from) / (to - from);
            if (share - last < 0.055) continue;
            last = share;
            yield return tick;
        }
    }

    private static string Mark(PromptKind kind, double x, double y) => kind switch
    {
        PromptKind.Hydration => Say($"<circle cx=\"{x:0.#}\" cy=\"{y}\" r=\"5\" fill=\"#2f8fd0\"/>"),
        PromptKind.Void => Say($"<path d=\"M{x:0.#} {y - 6} l6 6 l-6 6 l-6 -6 z\" fill=\"#c56a00\"/>"),
        PromptKind.Decision => Say($"<rect x=\"{x - 5:0.#}\" y=\"{y - 5}\" width=\"10\" height=\"10\" fill=\"#7a3fb0\"/>"),
        _ => Say($"<path d=\"M{x - 5:0.#} {y + 5} h10 l-5 -10 z\" fill=\"#6b6b6b\"/>"),
    };

    private static int Key(StringBuilder svg, int x, int y, string mark, string words, int gap)
    {
        svg.Append(mark).Append('\n').Append(Text(x + gap, y, words, Faint, size: 11));
        return x + gap + (words.Length * 6) + 18;
    }

    private static string Text(double x, double y, string text, string fill, string weight = "normal", string anchor = "start", int size = 12) =>
        Say($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" fill=\"{fill}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{Escape(text)}</text>\n");

    private static string Short(string text, int most) => text.Length <= most ? text : text[..(most - 3)] + "...";

    private static string Hours(TimeSpan t) => Say($"{t.TotalHours:0.##} h");

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
