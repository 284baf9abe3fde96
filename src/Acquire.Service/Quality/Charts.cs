using System.Globalization;
using System.Net;
using System.Text;

namespace Acquire.Service.Quality;

/// <summary>One curve of a chart.</summary>
/// <param name="Name">Name in the legend; empty for none.</param>
/// <param name="X">Abscissae.</param>
/// <param name="Y">Ordinates; NaN breaks the line.</param>
/// <param name="Colour">1 to 4, see the report's style; colour-blind safe (Okabe and Ito).</param>
/// <param name="Dots">Points instead of a line.</param>
internal sealed record Curve(string Name, double[] X, double[] Y, int Colour, bool Dots = false);

/// <summary>Charts as inline SVG: no script, no external reference, colours by CSS variables so that they follow light and dark.</summary>
internal static class Charts
{
    private static readonly string[] Fallback = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];
    private const double Width = 640, Height = 220, Left = 64, Right = 14, Top = 26, Bottom = 40;

    /// <summary>A value per view, one colour per head, with a smooth curve when given.</summary>
    public static string PerView(string title, TomoViews views, double[] values, double[]? smooth)
    {
        var curves = new List<Curve>();
        for (int head = 1; head <= views.Heads; head++)
        {
            int[] own = [.. Enumerable.Range(0, views.Count).Where(v => views.Head[v] == head).OrderBy(v => views.Stop[v])];
            double[] x = [.. own.Select(v => views.Stop[v] + 1.0)];
            string name = views.Heads > 1 ? $"head {head}" : "";
            curves.Add(new Curve(name, x, [.. own.Select(v => values[v])], head, Dots: true));
            if (smooth is not null) curves.Add(new Curve("", x, [.. own.Select(v => smooth[v] > 0 ? smooth[v] : double.NaN)], head));
        }
        return Plot(title, "view", curves, fromZero: false);
    }

    /// <summary>Curves over a common axis.</summary>
    /// <param name="title">Title, also the alternative text.</param>
    /// <param name="xTitle">Label of the abscissa.</param>
    /// <param name="curves">Curves.</param>
    /// <param name="fromZero">The ordinate starts at zero.</param>
    /// <param name="marks">Vertical marks: abscissa and label.</param>
    public static string Plot(string title, string xTitle, IReadOnlyList<Curve> curves, bool fromZero, IReadOnlyList<(double X, string Label)>? marks = null)
    {
        double[] xs = [.. curves.SelectMany(c => c.X).Concat(marks?.Select(m => m.X) ?? []).Where(double.IsFinite)];
        double[] ys = [.. curves.SelectMany(c => c.Y).Where(double.IsFinite)];
        if (xs.Length == 0 || ys.Length == 0) return "";
        (double x0, double x1) = (xs.Min(), xs.Max());
        (double y0, double y1) = (fromZero ? Math.Min(0, ys.Min()) : ys.Min(), ys.Max());
        if (x1 <= x0) x1 = x0 + 1;
        double least = Math.Max(1e-9, Math.Max(Math.Abs(y0), Math.Abs(y1)) * 0.02);
        if (y1 - y0 < least) (y0, y1) = (y0 - (least / 2), y1 + (least / 2));
        double yStep = NiceStep(y1 - y0, 5), xStep = NiceStep(x1 - x0, 10);
        y0 = Math.Floor(y0 / yStep) * yStep;
        y1 = Math.Ceiling(y1 / yStep) * yStep;
        double X(double x) => Left + ((x - x0) / (x1 - x0) * (Width - Left - Right));
        double Y(double y) => Height - Bottom - ((y - y0) / (y1 - y0) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\"><text class=\"ct\" x=\"{Left}\" y=\"15\">{WebUtility.HtmlEncode(title)}</text>");
        for (double y = y0; y <= y1 + (yStep / 2); y += yStep)
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"cg\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y):0.0}\" y2=\"{Y(y):0.0}\"/><text class=\"cl\" x=\"{Left - 6}\" y=\"{Y(y) + 4:0.0}\" text-anchor=\"end\">{Tick(y, yStep)}</text>");
        for (double x = Math.Ceiling(x0 / xStep) * xStep; x <= x1 + 1e-9; x += xStep)
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"cl\" x=\"{X(x):0.0}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{Tick(x, xStep)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"cl\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(xTitle)}</text>");
        foreach ((double at, string label) in marks ?? [])
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"cm\" x1=\"{X(at):0.0}\" x2=\"{X(at):0.0}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"cl\" x=\"{X(at) + 4:0.0}\" y=\"{Top + 10}\">{WebUtility.HtmlEncode(label)}</text>");
        double legend = Width - Right;
        foreach (Curve c in curves.Reverse())
        {
            string colour = Colour(c.Colour);
            if (c.Dots)
                for (int i = 0; i < c.X.Length; i++)
                {
                    if (double.IsFinite(c.Y[i])) svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(c.X[i]):0.0}\" cy=\"{Y(c.Y[i]):0.0}\" r=\"2.2\" style=\"fill:{colour}\"/>");
                }
            else
                svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{string.Join(' ', c.X.Select((x, i) => (x, y: c.Y[i])).Where(p => double.IsFinite(p.y)).Select(p => Judging.Say($"{X(p.x):0.0},{Y(p.y):0.0}")))}\" style=\"fill:none;stroke:{colour};stroke-width:1.6\"/>");
            if (c.Name.Length > 0)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"cl\" x=\"{legend}\" y=\"15\" text-anchor=\"end\" style=\"fill:{colour};font-weight:600\">{WebUtility.HtmlEncode(c.Name)}</text>");
                legend -= 12 + (7.2 * c.Name.Length);
            }
        }
        return svg.Append("</svg>").ToString();
    }

    /// <summary>CSS colour of a series number, with a fallback outside the report.</summary>
    public static string Colour(int number) => Judging.Say($"var(--s{number},{Fallback[(number - 1) % Fallback.Length]})");

    /// <summary>Step of 1, 2 or 5 times a power of ten that gives about the wanted number of steps.</summary>
    public static double NiceStep(double range, int wanted)
    {
        double raw = Math.Max(1e-12, range / wanted), power = Math.Pow(10, Math.Floor(Math.Log10(raw))), m = raw / power;
        return power * (m <= 1.5 ? 1 : m <= 3.5 ? 2 : m <= 7.5 ? 5 : 10);
    }

    private static string Tick(double v, double step)
    {
        if (Math.Abs(v) < step * 1e-6) return "0";
        int decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 6);
        return v.ToString((Math.Abs(v) >= 10000 ? "#,0" : "0") + (decimals > 0 ? "." + new string('0', decimals) : ""), CultureInfo.InvariantCulture).Replace(",", "\u202f", StringComparison.Ordinal);
    }
}
