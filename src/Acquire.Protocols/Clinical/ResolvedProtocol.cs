using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Acquire.Protocols.Clinical.Language;

namespace Acquire.Protocols.Clinical;

/// <summary>One value of a protocol after all files were put together.</summary>
/// <param name="Path">Where it stands: "phases/delayed/acquisitions/delayed-posterior/time".</param>
/// <param name="Meaning">What the key means, for people.</param>
/// <param name="Written">As written.</param>
/// <param name="Canonical">In the one form that counts for hash and comparison: "0.25 min" and "15 s" are the same.</param>
/// <param name="File">File it was written in.</param>
/// <param name="Line">Line there, from 1.</param>
/// <param name="Source">Where the file says it comes from; empty when it does not.</param>
/// <param name="Status">Status letters of the source: S seen, R recalled, X expert knowledge, D derived, EK, OWN; empty when none.</param>
/// <param name="IsFigure">True for a quantity, a time or a number.</param>
public sealed record ResolvedValue(string Path, string Meaning, string Written, string Canonical, string File, int Line, string Source, string Status, bool IsFigure);

/// <summary>A protocol value by value, each with its place and its source, and the hash of what it says.</summary>
public sealed partial record ResolvedProtocol
{
    private ResolvedProtocol(IReadOnlyList<ResolvedValue> values, IReadOnlyList<string> files, string yaml, string hash) => (Values, Files, Yaml, ContentHash) = (values, files, yaml, hash);

    /// <summary>All values in the order of the language.</summary>
    public IReadOnlyList<ResolvedValue> Values { get; }
    /// <summary>Files it was put together from, the protocol's own first.</summary>
    public IReadOnlyList<string> Files { get; }
    /// <summary>The protocol as one file that stands for itself, with place and source of every value as comments: what is kept with a study.</summary>
    public string Yaml { get; }
    /// <summary>SHA-256 over the sorted lines "path TAB value" in canonical form, lower-case hex. Comments, order of keys, spelling of units and the way the files are cut do not count.</summary>
    public string ContentHash { get; }

    internal static ResolvedProtocol Of(YamlMap root, IReadOnlyList<string> files)
    {
        List<ResolvedValue> values = [];
        var yaml = new StringBuilder();
        Walk(root, ProtocolLanguage.Root, "", "", 0, "", values, yaml);
        IEnumerable<string> lines = values.Select(v => $"{v.Path}\t{v.Canonical}").Order(StringComparer.Ordinal);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
        return new ResolvedProtocol(values, [.. files.Distinct(StringComparer.Ordinal)], yaml.ToString(), hash);
    }

    private static void Walk(YamlMap map, KeyGroup group, string path, string inherited, int indent, string first, List<ResolvedValue> values, StringBuilder yaml)
    {
        string pad = new(' ', indent), lead = first;
        // What identifies an entry comes first, then the order of the language.
        IEnumerable<Key> keys = group.KeysOf(map).OrderBy(k => k == group.Identity ? 0 : k == group.Selector ? 1 : 2);
        string sibling = map.Value("source") is YamlScalar s && group == ProtocolLanguage.Limit.Group ? s.Text.Trim() : "";
        foreach (Key key in keys)
        {
            YamlEntry? entry = map.Entries.FirstOrDefault(e => e.Key.Text == key.Name);
            if (entry is null) continue;
            string here = path.Length == 0 ? key.Name : $"{path}/{key.Name}";
            string groupSource = entry.Key.Comment.Length > 0 && entry.Value is not YamlScalar ? entry.Key.Comment : inherited;
            switch (key, entry.Value)
            {
                case (GroupKey g, YamlMap inner):
                    yaml.Append(lead.Length > 0 ? lead : pad).Append(key.Name).Append(":\n");
                    Walk(inner, g.Group, here, groupSource, indent + 2, "", values, yaml);
                    break;
                case (ListKey l, YamlList list):
                    if (list.Items.Count == 0)
                    {
                        yaml.Append(lead.Length > 0 ? lead : pad).Append(key.Name).Append(": []\n");
                        values.Add(new ResolvedValue(here, key.What, "none", "", list.At.File, list.At.Line, "", "", false));
                        break;
                    }
                    yaml.Append(lead.Length > 0 ? lead : pad).Append(key.Name).Append(":\n");
                    YamlMap[] items = [.. list.Items.OfType<YamlMap>()];
                    string[] names = [.. items.Select((m, i) => l.Item.IdentityOf(m) ?? (m.Entries.FirstOrDefault(e => e.Key.Text == l.Item.Keys[0].Name)?.Value is YamlScalar v ? Canonical(l.Item.Keys[0], v.Text) : i.ToString(CultureInfo.InvariantCulture)))];
                    if (items.Length > 1) values.Add(new ResolvedValue($"{here}/order", $"order of {key.Name}", string.Join(", ", names), string.Join('|', names), list.At.File, list.At.Line, "", "", false));
                    for (int i = 0; i < items.Length; i++)
                        Walk(items[i], l.Item, $"{here}/{names[i]}", groupSource, indent + 4, $"{new string(' ', indent + 2)}- ", values, yaml);
                    break;
                case (TextsKey, YamlList texts):
                    yaml.Append(lead.Length > 0 ? lead : pad).Append(key.Name).Append(":\n");
                    foreach (YamlScalar text in texts.Items.OfType<YamlScalar>())
                    {
                        (string source, string status) = SourceOf(text.Comment, groupSource, "");
                        values.Add(new ResolvedValue($"{here}/{text.Text.Trim()}", key.What, text.Text.Trim(), "said", text.At.File, text.At.Line, source, status, false));
                        yaml.Append(pad).Append("  - ").Append(Quoted(text.Text.Trim())).Append(Comment(text, source)).Append('\n');
                    }
                    break;
                case (_, YamlScalar scalar):
                {
                    bool figure = key is QuantityKey or TimeKey or WholeKey;
                    (string source, string status) = SourceOf(scalar.Comment, inherited, figure ? sibling : "");
                    values.Add(new ResolvedValue(here, key.What, scalar.Text.Trim(), Canonical(key, scalar.Text), scalar.At.File, scalar.At.Line, source, status, figure));
                    string written = key is TextKey ? Quoted(scalar.Text.Trim()) : scalar.Text.Trim();
                    yaml.Append(lead.Length > 0 ? lead : pad).Append(key.Name).Append(": ").Append(written).Append(Comment(scalar, source)).Append('\n');
                    break;
                }
                default:
                    break;
            }
            lead = "";
        }
    }

    private static string Comment(YamlScalar scalar, string source) => $"    # {scalar.At.LineText}{(source.Length > 0 ? $"; {source}" : "")}";

    private static (string Source, string Status) SourceOf(string own, string inherited, string sibling)
    {
        string source = own.Length > 0 ? own : sibling.Length > 0 ? sibling : inherited;
        // A resolved file read again: what stands before the first "; " is the place it came from.
        if (PlaceInComment().Match(source) is { Success: true } place) source = source[place.Length..];
        SortedSet<string> letters = new(StringComparer.Ordinal);
        foreach (Match bracket in Brackets().Matches(source))
            foreach (Match letter in Letters().Matches(bracket.Value)) letters.Add(letter.Value);
        return (source, string.Join('/', letters));
    }

    /// <summary>The one form a value has for hash and comparison.</summary>
    private static string Canonical(Key key, string written)
    {
        Dimension? dimension = key switch { QuantityKey q => q.Dimension, TimeKey => Dimension.Time, _ => null };
        string text = Spaces().Replace(written.Trim(), " ");
        if (dimension is not null && QuantityText.Parse(text, dimension) is { } value)
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, 9):R} {dimension.BaseUnit}").TrimEnd();
        return key is YesNoKey ? text is "yes" or "true" ? "yes" : "no"
            : key is WholeKey && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) ? whole.ToString(CultureInfo.InvariantCulture) : text;
    }

    /// <summary>A text as YAML that every reader takes for a text.</summary>
    private static string Quoted(string text)
    {
        bool plain = text.Length > 0 && PlainText().IsMatch(text) && !text.Contains(": ", StringComparison.Ordinal) && !text.Contains(" #", StringComparison.Ordinal) && !text.EndsWith(':')
            && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) && text.ToLowerInvariant() is not ("yes" or "no" or "true" or "false" or "on" or "off" or "null" or "y" or "n");
        return plain ? text : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
    }

    [GeneratedRegex(@"^[^:\s]+:\d+(; |$)")]
    private static partial Regex PlaceInComment();

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"\b(S|R|X|D|EK|OWN)\b")]
    private static partial Regex Letters();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^[A-Za-z0-9][^\n]*$")]
    private static partial Regex PlainText();
}
