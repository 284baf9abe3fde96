using System.Globalization;
using System.Net;
using System.Text;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>Builds one self-contained HTML page. Everything given as text is encoded; only markup made here goes in as markup.</summary>
internal sealed class HtmlPage
{
    private readonly StringBuilder _body = new();
    private readonly string _title;

    /// <summary>Begins a page.</summary>
    public HtmlPage(string title) => _title = title;

    /// <summary>Encodes text for element content and attributes.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Appends markup.</summary>
    public HtmlPage Raw(string markup)
    {
        _body.Append(markup);
        return this;
    }

    /// <summary>Appends a section heading.</summary>
    public HtmlPage Section(string title) => Raw($"<h2>{Text(title)}</h2>");

    /// <summary>Appends a smaller heading.</summary>
    public HtmlPage Sub(string title) => Raw($"<h3>{Text(title)}</h3>");

    /// <summary>Appends a paragraph.</summary>
    public HtmlPage Paragraph(string text, bool dim = false) => Raw($"<p{(dim ? " class=\"dim\"" : "")}>{Text(text)}</p>");

    /// <summary>Appends name and value pairs; empty values are left out.</summary>
    public HtmlPage Facts(IEnumerable<(string Name, string Value)> facts)
    {
        Raw("<dl class=\"facts\">");
        foreach ((string name, string value) in facts)
            if (value.Length > 0) Raw($"<dt>{Text(name)}</dt><dd>{Text(value)}</dd>");
        return Raw("</dl>");
    }

    /// <summary>Appends a table of text; columns whose heading begins with '#' are aligned as numbers.</summary>
    public HtmlPage Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        Raw("<table><thead><tr>");
        foreach (string h in headings) Raw(h.StartsWith('#') ? $"<th class=\"n\">{Text(h[1..])}</th>" : $"<th>{Text(h)}</th>");
        Raw("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
        {
            Raw("<tr>");
            for (int c = 0; c < row.Count; c++) Raw(headings[c].StartsWith('#') ? $"<td class=\"n\">{Text(row[c])}</td>" : $"<td>{Text(row[c])}</td>");
            Raw("</tr>");
        }
        return Raw("</tbody></table>");
    }

    /// <summary>Verdict as symbol, word and colour.</summary>
    public static string Badge(Verdict verdict, bool big = false)
    {
        (string symbol, string word) = verdict switch
        {
            Verdict.Pass => ("\u2713", "pass"), Verdict.Warn => ("\u25b2", "warning"), Verdict.Fail => ("\u2717", "fail"), Verdict.Error => ("!", "error"), _ => ("\u2013", "not judged"),
        };
        return Judging.Say($"<span class=\"verdict v{(int)verdict}{(big ? " big" : "")}\">{symbol} {word}</span>");
    }

    /// <summary>A picture with letters at its edges and a caption.</summary>
    /// <param name="image">Picture.</param>
    /// <param name="alt">Alternative text.</param>
    /// <param name="caption">Caption.</param>
    /// <param name="width">Width on screen, CSS pixels.</param>
    /// <param name="height">Height on screen; 0 keeps the proportion.</param>
    /// <param name="edges">Letters left, right, top, bottom; empty for none.</param>
    /// <param name="pixelated">Show the pixels as they are.</param>
    public static string Figure(RasterImage image, string alt, string caption, double width, double height = 0, (string L, string R, string T, string B) edges = default, bool pixelated = false)
    {
        double shown = height > 0 ? height : width * image.Height / image.Width;
        var f = new StringBuilder();
        f.Append(CultureInfo.InvariantCulture, $"<figure style=\"width:{width:0}px\"><div class=\"frame\"><img{(pixelated ? " class=\"px\"" : "")} src=\"{PngEncoder.DataUri(image)}\" alt=\"{Text(alt)}\" width=\"{width:0}\" height=\"{shown:0}\"{(height > 0 ? Judging.Say($" style=\"width:{width:0}px;height:{height:0}px\"") : "")}>");
        foreach ((string? letter, string place) in ((string?, string)[])[(edges.L, "l"), (edges.R, "r"), (edges.T, "t"), (edges.B, "b")])
            if (!string.IsNullOrEmpty(letter)) f.Append(CultureInfo.InvariantCulture, $"<span class=\"lab {place}\">{Text(letter)}</span>");
        return f.Append(CultureInfo.InvariantCulture, $"</div>{(caption.Length > 0 ? $"<figcaption>{Text(caption)}</figcaption>" : "")}</figure>").ToString();
    }

    /// <summary>A film strip of frames of one size that runs by itself on screen; still when the reader wants less motion, left out in print.</summary>
    public static string Cine(IReadOnlyList<RasterImage> frames, string alt, string caption, double width, double framesPerSecond)
    {
        int w = frames[0].Width, h = frames[0].Height;
        var strip = new RasterImage(w * frames.Count, h, frames[0].Channels);
        for (int i = 0; i < frames.Count; i++) strip.Paste(frames[i], i * w, 0);
        double height = width * h / w;
        return Judging.Say($"<figure class=\"noprint\" style=\"width:{width:0}px\"><div class=\"cine\" style=\"width:{width:0}px;height:{height:0}px\"><img class=\"px\" src=\"{PngEncoder.DataUri(strip)}\" alt=\"{Text(alt)}\" width=\"{width * frames.Count:0}\" height=\"{height:0}\" style=\"animation-duration:{frames.Count / framesPerSecond:0.0}s;animation-timing-function:steps({frames.Count})\"></div><figcaption>{Text(caption)}</figcaption></figure>");
    }

    /// <summary>The whole page. The content policy forbids anything from outside.</summary>
    public override string ToString() =>
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        + $"<meta name=\"color-scheme\" content=\"light dark\"><title>{Text(_title)}</title><style>{ReportStyle.Css}</style></head><body>{_body}</body></html>\n";

    /// <summary>Writes the page beside its place and moves it in, so that no half page is ever seen.</summary>
    public void Write(string path)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null) Directory.CreateDirectory(folder);
        string temporary = path + ".part";
        File.WriteAllText(temporary, ToString(), new UTF8Encoding(false));
        File.Move(temporary, path, overwrite: true);
    }
}
