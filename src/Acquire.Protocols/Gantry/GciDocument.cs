using System.Globalization;
using System.Text;

namespace Acquire.Protocols.Gantry;

/// <summary>The command reference in docs/gantry-interface.md, written from <see cref="GciTable"/>.</summary>
public static class GciDocument
{
    /// <summary>Everything below this line of the document is generated.</summary>
    public const string Marker = "<!-- Generated from GciTable: acquire-sim --help-headers. Do not edit below. -->";

    /// <summary>The generated part, with the marker as its first line, Markdown, LF line ends.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        text.Append(Marker).Append("\n\n## Commands\n\n");
        text.Append("▶ marks a start: alone in its message, first parameter is an operation id. ■ marks a stop: any session, any state, ahead of everything. ");
        text.Append("+ marks what is ours and not in the reference (docs/decisions/0004). *Lease* means the set form needs the control lease (else -203); ");
        text.Append("a set form outside its states is refused with -221. All queries are allowed in any state and role.\n");
        foreach (IGrouping<string, GciCommand> section in GciTable.All.GroupBy(r => r.Section))
        {
            text.Append("\n### ").Append(section.Key).Append("\n\n| Header | Parameters (resolution) | Reply | Effect | When | Lease | Errors | Class |\n|---|---|---|---|---|---|---|---|\n");
            foreach (GciCommand row in section) AppendRow(text, row);
        }
        text.Append("\n## Errors\n\n| No. | Text |\n|---|---|\n");
        foreach ((int number, string error) in GciErrors.All)
            text.Append("| ").Append(number.ToString(CultureInfo.InvariantCulture)).Append(" | ").Append(error).Append(" |\n");
        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, GciCommand row)
    {
        string forms = row.HasSet && row.HasQuery ? row.Header + " / ?" : row.HasQuery ? row.Header + "?" : row.Header;
        string mark = (row.IsStart ? " ▶" : row.Safety == SafetyClass.Stop ? " ■" : "") + (row.IsOurs ? " +" : "");
        string parameters = Describe(row.Parameters);
        string asked = Describe(row.QueryParameters);
        if (asked.Length > 0) parameters = parameters.Length > 0 ? parameters + " / ? " + asked : "? " + asked;
        string errors = string.Join(' ', row.Errors.Select(e => e.ToString(CultureInfo.InvariantCulture)));
        string[] cells = ["`" + forms + "`" + mark, parameters, row.Reply, row.Effect, row.HasSet ? row.When.Describe() : "", row.HasSet && row.NeedsLease ? "yes" : "", errors, row.Safety.ToString()];
        text.Append("| ").AppendJoin(" | ", cells.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
    }

    private static string Describe(IReadOnlyList<GciParameter> parameters) =>
        string.Join(", ", parameters.Select(p => (p.Optional ? "[" : "") + p.Describe() + (p.MaxCount > 1 ? " ×1…" + p.MaxCount.ToString(CultureInfo.InvariantCulture) : "") + (p.Optional ? "]" : "")));
}
