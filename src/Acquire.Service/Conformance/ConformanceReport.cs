using System.Globalization;
using System.Text.Json;
using Acquire.Service.Report;

namespace Acquire.Service.Conformance;

/// <summary>What a whole check found: text, JSON and a page.</summary>
/// <param name="Address">Where the gantry was.</param>
/// <param name="Identity">Its *IDN?.</param>
/// <param name="Allowed">What the person allowed, in words.</param>
/// <param name="At">When it was checked, UTC.</param>
/// <param name="Results">Verdicts.</param>
internal sealed record ConformanceReport(string Address, string Identity, string Allowed, DateTimeOffset At, IReadOnlyList<ClauseResult> Results)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>How many ended so.</summary>
    public int Count(Outcome outcome) => Results.Count(r => r.Outcome == outcome);

    /// <summary>Nothing failed and nothing was blocked.</summary>
    public bool IsGood => Count(Outcome.Fail) + Count(Outcome.Blocked) == 0;

    /// <summary>Word of an outcome.</summary>
    public static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Pass => "pass", Outcome.Fail => "FAIL", Outcome.Blocked => "blocked", Outcome.NotApplicable => "n/a", _ => "skipped",
    };

    /// <summary>One line of a clause.</summary>
    public static string Line(ClauseResult r)
    {
        string text = $"{Word(r.Outcome),-8}{r.Clause.Id,-10}{r.Clause.Title}";
        return r.Outcome switch
        {
            Outcome.Pass => text,
            Outcome.Fail => $"{text}\n{"",18}expected {r.Expected}\n{"",18}came     {r.Came}",
            _ => $"{text}: {r.Expected}",
        };
    }

    /// <summary>The last line.</summary>
    public string Summary() => string.Create(CultureInfo.InvariantCulture,
        $"{Count(Outcome.Pass)} passed, {Count(Outcome.Fail)} failed, {Count(Outcome.Blocked)} blocked, {Count(Outcome.NotApplicable)} not applicable, {Count(Outcome.Skipped)} skipped, of {Results.Count} clauses in {Results.Sum(r => r.Seconds):0.0} s");

    /// <summary>Everything for a program.</summary>
    public void WriteJson(string path) => Write(path, p => File.WriteAllText(p, JsonSerializer.Serialize(new
    {
        reference = "GCI 1.0", address = Address, identity = Identity, allowed = Allowed, at = At.UtcDateTime,
        passed = Count(Outcome.Pass), failed = Count(Outcome.Fail), blocked = Count(Outcome.Blocked), notApplicable = Count(Outcome.NotApplicable), skipped = Count(Outcome.Skipped),
        clauses = Results.Select(r => new
        {
            id = r.Clause.Id, title = r.Clause.Title, section = r.Clause.Section, requirement = r.Clause.Requirement, outcome = Word(r.Outcome).ToLowerInvariant(), expected = r.Expected, came = r.Came, seconds = Math.Round(r.Seconds, 3), wire = r.Transcript,
        }),
    }, Indented)));

    /// <summary>Everything for a person, one file.</summary>
    public void WriteHtml(string path) => Write(path, p =>
    {
        var page = new HtmlPage("GCI 1.0 conformance");
        bool incomplete = Count(Outcome.Skipped) > 0;
        page.Raw("<h1>GCI 1.0 conformance</h1>").Paragraph($"Checked from outside, clause by clause, against the published interface. {Summary()}.", dim: true);
        page.Raw($"<p><span class=\"verdict big {(IsGood ? incomplete ? "v2" : "v1" : "v3")}\">{(IsGood ? incomplete ? "▲ no failure, but not all was checked" : "✓ conforms" : "✗ does not conform")}</span></p>");
        page.Facts([("Gantry", Identity), ("Address", Address), ("Allowed", Allowed), ("Checked", At.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture))]);
        List(page, "Failed", Outcome.Fail);
        List(page, "Blocked: something before did not work", Outcome.Blocked);
        List(page, "Skipped: not allowed on the command line", Outcome.Skipped);
        List(page, "Not applicable", Outcome.NotApplicable);
        foreach (IGrouping<int, ClauseResult> section in Results.GroupBy(r => r.Clause.Section).OrderBy(g => g.Key))
        {
            page.Section(string.Create(CultureInfo.InvariantCulture, $"Section {section.Key}: {ConformanceDocument.Sections[section.Key]}"));
            page.Raw("<table><thead><tr><th>Clause</th><th>Verdict</th><th>Requirement</th><th>Evidence</th></tr></thead><tbody>");
            foreach (ClauseResult r in section.OrderBy(r => r.Clause.Id, ConformanceDocument.NaturalOrder.Instance)) Row(page, r);
            page.Raw("</tbody></table>");
        }
        page.Write(p);
    });

    private void List(HtmlPage page, string title, Outcome outcome)
    {
        if (Count(outcome) == 0) return;
        page.Section(title);
        page.Table(["Clause", "Title", outcome == Outcome.Fail ? "Expected" : "Why", outcome == Outcome.Fail ? "Came" : ""], Results.Where(r => r.Outcome == outcome).Select(r => (IReadOnlyList<string>)[r.Clause.Id, r.Clause.Title, r.Expected, r.Came]));
    }

    private static void Row(HtmlPage page, ClauseResult r)
    {
        (string badge, string symbol) = r.Outcome switch { Outcome.Pass => ("v1", "✓"), Outcome.Fail => ("v3", "✗"), Outcome.Blocked => ("v4", "!"), _ => ("v0", "–") };
        page.Raw($"<tr><td>{HtmlPage.Text(r.Clause.Id)}</td><td><span class=\"verdict {badge}\">{symbol} {Word(r.Outcome).ToLowerInvariant()}</span></td><td><b>{HtmlPage.Text(r.Clause.Title)}</b><br>{HtmlPage.Text(r.Clause.Requirement)}</td><td>");
        if (r.Expected.Length > 0) page.Raw($"{(r.Outcome == Outcome.Fail ? "expected " : "")}{HtmlPage.Text(r.Expected)}<br>");
        if (r.Came.Length > 0) page.Raw($"came {HtmlPage.Text(r.Came)}<br>");
        if (r.Transcript.Count > 0)
        {
            // A check that passed is believed more easily when its exchange can be read.
            page.Raw($"<details><summary>{r.Transcript.Count.ToString(CultureInfo.InvariantCulture)} lines on the wire</summary><pre style=\"white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem\">");
            foreach (string line in r.Transcript) page.Raw(HtmlPage.Text(line) + "\n");
            page.Raw("</pre></details>");
        }
        page.Raw("</td></tr>");
    }

    private static void Write(string path, Action<string> write)
    {
        try
        {
            write(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"cannot write '{path}': {e.Message}", ExitCodes.Storage, e);
        }
    }
}
