using System.Text;

namespace Acquire.Service.Conformance;

/// <summary>The clause list as text and Markdown: docs/conformance.md and --list follow from it.</summary>
internal static class ConformanceDocument
{
    /// <summary>Line above which docs/conformance.md is written by hand and below which it is generated.</summary>
    public const string Mark = "<!-- Generated from the clauses: acquire gantry check --list --markdown. Do not edit below. -->";

    /// <summary>Sections of the reference that have clauses, with their names.</summary>
    public static IReadOnlyDictionary<int, string> Sections { get; } = new SortedDictionary<int, string>
    {
        [2] = "Grammar, common commands and status", [4] = "What real clients need", [7] = "What must be refused", [8] = "Sessions, lease, stops, operations", [9] = "Command tree, runs and CT",
        [10] = "State machines and status bits", [11] = "Frames", [12] = "Events and watchdog", [13] = "Serial link", [14] = "List mode", [15] = "Versions",
    };

    /// <summary>Markdown from the mark on.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder(Mark).Append("\n\n## Clauses\n\n");
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{ClauseList.All.Count} clauses. *Needs*: what the check does beyond asking; `motion`, `counting` and `exposure` only with `--allow`.\n");
        foreach (IGrouping<int, Clause> section in ClauseList.All.GroupBy(c => c.Section).OrderBy(g => g.Key))
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n### {section.Key} {Sections[section.Key]}\n\n| Clause | Title | Requirement | Needs |\n|---|---|---|---|\n");
            foreach (Clause c in section.OrderBy(c => c.Id, NaturalOrder.Instance)) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {c.Id} | {c.Title} | {c.Requirement.Replace("|", "\\|", StringComparison.Ordinal)} | {NeedsOf(c)} |\n");
        }
        return text.ToString();
    }

    /// <summary>One line a clause.</summary>
    public static IEnumerable<string> Lines() => ClauseList.All.OrderBy(c => c.Id, NaturalOrder.Instance).Select(c => $"{c.Id,-9} {c.Title}{(NeedsOf(c) is { Length: > 0 } needs ? $" [{needs}]" : "")}");

    /// <summary>What a clause needs, in words.</summary>
    public static string NeedsOf(Clause c)
    {
        (Needs Bit, string Word)[] words = [(Needs.Control, "control"), (Needs.Motion, "motion"), (Needs.Counting, "counting"), (Needs.Exposure, "exposure"), (Needs.Simulator, "feature SIM"), (Needs.Patience, "seconds"), (Needs.Timing, "a quiet machine")];
        string text = string.Join(", ", words.Where(w => (c.Needs & w.Bit) != 0).Select(w => w.Word));
        return c.Feature.Length == 0 ? text : (text.Length == 0 ? "" : text + ", ") + "feature " + c.Feature;
    }

    /// <summary>GCI-2.10 after GCI-2.9.</summary>
    internal sealed class NaturalOrder : IComparer<string>
    {
        /// <summary>The one there is.</summary>
        public static NaturalOrder Instance { get; } = new();

        /// <inheritdoc/>
        public int Compare(string? x, string? y) => Key(x!).CompareTo(Key(y!));

        private static (int Section, int Number) Key(string id)
        {
            string[] parts = id[4..].Split('.');
            return (int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
