using System.Globalization;

namespace Acquire.Protocols.Clinical;

/// <summary>A value with its place. <see cref="Ok"/> is false when it is missing or wrong (already reported), so that checks leave it alone.</summary>
internal readonly record struct Located<T>(T Value, Place At, bool Ok);

/// <summary>Reads the keys of one map and reports, at the end, those nobody asked for and those that are missing.</summary>
internal sealed class YamlMapReader
{
    private readonly YamlMap _map;
    private readonly string _what;
    private readonly ProblemList _problems;
    private readonly Dictionary<string, YamlEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];
    private readonly List<string> _missing = [];

    public YamlMapReader(YamlMap map, string what, ProblemList problems)
    {
        _map = map;
        _what = what;
        _problems = problems;
        foreach (YamlEntry entry in map.Entries)
        {
            if (_entries.TryGetValue(entry.Key.Text, out YamlEntry? first))
                problems.Add(entry.Key.At, $"'{entry.Key.Text}' is given twice", $"it already stands on line {first.Key.At.Line}: keep one of them");
            else
                _entries.Add(entry.Key.Text, entry);
        }
    }

    public Place At => _map.At;
    public ProblemList Problems => _problems;
    public bool Has(string key) => _entries.ContainsKey(key);

    /// <summary>The node of a key; null when missing (reported at <see cref="End"/> when required).</summary>
    public YamlNode? Node(string key, bool required)
    {
        _known.Add(key);
        if (_entries.TryGetValue(key, out YamlEntry? entry)) return entry.Value;
        if (required) _missing.Add(key);
        return null;
    }

    public Located<string> Text(string key, bool required = true, string? example = null)
    {
        string right = $"write '{key}: {example ?? "text"}'";
        switch (Node(key, required))
        {
            case null: return new("", At, false);
            case YamlScalar s when !string.IsNullOrWhiteSpace(s.Text) && s.Text != "~": return new(s.Text.Trim(), s.At, true);
            case YamlScalar s: _problems.Add(s.At, $"'{key}' has no value", right); return new("", s.At, false);
            case { } other: _problems.Add(other.At, $"'{key}' must be a text, not {Shape(other)}", right); return new("", other.At, false);
        }
    }

    /// <summary>One of the given words.</summary>
    public Located<string> Word(string key, IReadOnlyList<string> allowed, bool required = true)
    {
        Located<string> text = Text(key, required, allowed[0]);
        if (!text.Ok || allowed.Contains(text.Value, StringComparer.Ordinal)) return text;
        string? near = Nearest(text.Value, allowed);
        _problems.Add(text.At, $"unknown {key} '{text.Value}'", near is not null ? $"did you mean '{near}'?" : $"use one of {string.Join(", ", allowed)}");
        return text with { Ok = false };
    }

    public Located<double> Quantity(string key, Dimension dimension, bool required = true)
    {
        switch (Node(key, required))
        {
            case null: return new(0, At, false);
            case YamlScalar s: return Quantity(s, $"'{key}'", dimension);
            case { } other:
                _problems.Add(other.At, $"'{key}' is {Shape(other)}", dimension.Expectation);
                return new(0, other.At, false);
        }
    }

    private Located<double> Quantity(YamlScalar s, string name, Dimension dimension)
    {
        if (QuantityText.Parse(s.Text, dimension) is { } value) return new(value, s.At, true);
        bool comma = s.Text.Contains(',', StringComparison.Ordinal) && QuantityText.Parse(s.Text.Replace(',', '.'), dimension) is not null;
        bool spelling = !comma && QuantityText.Split(s.Text) is { } split && dimension.Units.Any(u => u.Unit.Equals(split.Unit, StringComparison.OrdinalIgnoreCase));
        _problems.Add(s.At, $"{name} is \"{s.Text}\"",
            comma ? $"write the decimals with a point: {dimension.Expectation}"
            : spelling ? $"mind capitals in the unit: {dimension.Expectation}"
            : dimension.Expectation);
        return new(0, s.At, false);
    }

    public Located<TimeSpan> Time(string key, bool required = true)
    {
        Located<double> seconds = Quantity(key, Dimension.Time, required);
        if (seconds.Ok && Math.Abs(seconds.Value) > 30 * 86400.0)
        {
            _problems.Add(seconds.At, $"'{key}' is longer than 30 days", "check the unit");
            return new(TimeSpan.Zero, seconds.At, false);
        }
        return new(TimeSpan.FromTicks((long)Math.Round((seconds.Ok ? seconds.Value : 0) * TimeSpan.TicksPerSecond)), seconds.At, seconds.Ok);
    }

    public Located<int> Whole(string key, int example, bool required = true)
    {
        Node(key, required);
        string right = $"expected a whole number such as {example}";
        switch (_entries.TryGetValue(key, out YamlEntry? entry) ? entry.Value : null)
        {
            case null: return new(0, At, false);
            case YamlScalar s when int.TryParse(s.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value): return new(value, s.At, true);
            case YamlScalar s: _problems.Add(s.At, $"'{key}' is \"{s.Text}\"", right); return new(0, s.At, false);
            case { } other: _problems.Add(other.At, $"'{key}' is {Shape(other)}", right); return new(0, other.At, false);
        }
    }

    public Located<double> Number(string key, double example, bool required = true) =>
        Quantity(key, Dimension.Ratio with { Name = "a number", Example = example.ToString(CultureInfo.InvariantCulture) }, required);

    public Located<bool> YesNo(string key, bool required = true, bool otherwise = false)
    {
        Located<string> text = Text(key, required, "yes");
        if (!text.Ok) return new(otherwise, text.At, false);
        switch (text.Value)
        {
            case "yes" or "true": return new(true, text.At, true);
            case "no" or "false": return new(false, text.At, true);
            default:
                _problems.Add(text.At, $"'{key}' is \"{text.Value}\"", "write yes or no");
                return new(otherwise, text.At, false);
        }
    }

    /// <summary>The maps of a list; wrong ones are reported and left out.</summary>
    public IReadOnlyList<YamlMap> Maps(string key, bool required = true, bool mayBeEmpty = false)
    {
        switch (Node(key, required))
        {
            case null: return [];
            case YamlList list:
                if (list.Items.Count == 0 && !mayBeEmpty) _problems.Add(list.At, $"'{key}' is empty", "give at least one entry");
                foreach (YamlNode wrong in list.Items.Where(i => i is not YamlMap))
                    _problems.Add(wrong.At, $"an entry of '{key}' is {Shape(wrong)}", "write '- id: name' with its keys below");
                return [.. list.Items.OfType<YamlMap>()];
            case { } other:
                _problems.Add(other.At, $"'{key}' must be a list, not {Shape(other)}", "start every entry with '- '");
                return [];
        }
    }

    public IReadOnlyList<string> Texts(string key, bool required = false)
    {
        switch (Node(key, required))
        {
            case null: return [];
            case YamlList list:
                foreach (YamlNode wrong in list.Items.Where(i => i is not YamlScalar { Text.Length: > 0 }))
                    _problems.Add(wrong.At, $"an entry of '{key}' is {Shape(wrong)}", "write '- text'; quote a text that has a colon in it");
                return [.. list.Items.OfType<YamlScalar>().Where(s => s.Text.Length > 0).Select(s => s.Text.Trim())];
            case { } other:
                _problems.Add(other.At, $"'{key}' must be a list, not {Shape(other)}", "start every entry with '- '");
                return [];
        }
    }

    public YamlMapReader? Map(string key, string what, bool required = true)
    {
        switch (Node(key, required))
        {
            case null: return null;
            case YamlMap map: return new YamlMapReader(map, what, _problems);
            case { } other:
                _problems.Add(other.At, $"'{key}' must hold keys, not {Shape(other)}", $"write '{key}:' and its keys indented below");
                return null;
        }
    }

    /// <summary>Reports keys nobody knows and keys that are missing. A key that is probably a misspelt missing one is reported once.</summary>
    public void End()
    {
        HashSet<string> excused = [];
        foreach (YamlEntry entry in _entries.Values.Where(e => !_known.Contains(e.Key.Text, StringComparer.Ordinal)))
        {
            string? near = Nearest(entry.Key.Text, [.. _known.Where(k => !_entries.ContainsKey(k))]) ?? Nearest(entry.Key.Text, _known);
            if (near is not null) excused.Add(near);
            _problems.Add(entry.Key.At, $"unknown key '{entry.Key.Text}'",
                near is not null ? $"did you mean '{near}'?" : $"{_what} has the keys {string.Join(", ", _known)}");
        }
        foreach (string key in _missing.Where(k => !excused.Contains(k)))
            _problems.Add(At, $"'{key}' is missing", $"{_what} needs it");
    }

    public static string Shape(YamlNode node) => node switch
    {
        YamlMap => "a group of keys",
        YamlList => "a list",
        YamlScalar { Text.Length: 0 } => "empty",
        YamlScalar s => $"\"{s.Text}\"",
        _ => "something else",
    };

    /// <summary>The word nearest in spelling, when it is near enough to be meant.</summary>
    public static string? Nearest(string word, IReadOnlyCollection<string> words)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in words)
        {
            int distance = Distance(word.ToLowerInvariant().Replace('_', '-').Replace(' ', '-'), candidate.ToLowerInvariant());
            if (distance < bestDistance) (best, bestDistance) = (candidate, distance);
        }
        return best is not null && bestDistance <= Math.Max(1, Math.Max(word.Length, best.Length) / 3) ? best : null;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 64) return int.MaxValue;
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
