using System.Globalization;

namespace Acquire.Protocols.Clinical.Language;

/// <summary>A value with its place. <see cref="Ok"/> is false when it is missing or wrong (already reported), so that checks leave it alone.</summary>
internal readonly record struct Located<T>(T Value, Place At, bool Ok);

/// <summary>Reads the keys of one map by the language's description of its group, and reports, at the end, keys the group does not have and those that are missing.</summary>
internal sealed class YamlMapReader
{
    private readonly YamlMap _map;
    private readonly KeyGroup _group;
    private readonly ProblemList _problems;
    private readonly Dictionary<string, YamlEntry> _entries = new(StringComparer.Ordinal);

    public YamlMapReader(YamlMap map, KeyGroup group, ProblemList problems)
    {
        _map = map;
        _group = group;
        _problems = problems;
        foreach (YamlEntry entry in map.Entries)
        {
            if (_entries.TryGetValue(entry.Key.Text, out YamlEntry? first))
                problems.Add(entry.Key.At, $"'{entry.Key.Text}' is given twice", $"it already stands on line {first.Key.At.Line}: keep one of them");
            else
                _entries.Add(entry.Key.Text, entry);
        }
    }

    /// <summary>The map itself.</summary>
    public YamlMap Source => _map;
    public Place At => _map.At;
    public ProblemList Problems => _problems;
    public bool Has(Key key) => _entries.ContainsKey(key.Name);

    /// <summary>The node of a key; null when it is not there.</summary>
    /// <exception cref="InvalidOperationException">The language does not have that key in this group: a defect of ours.</exception>
    public YamlNode? Node(Key key)
    {
        if (!_group.AllKeys.Contains(key)) throw new InvalidOperationException($"{_group.What} has no key '{key.Name}' in the language");
        return _entries.TryGetValue(key.Name, out YamlEntry? entry) ? entry.Value : null;
    }

    public Located<string> Text(TextKey key) => Text((Key)key);

    private Located<string> Text(Key key)
    {
        string right = $"write '{key.Name}: {key.Example}'";
        switch (Node(key))
        {
            case null: return new("", At, false);
            case YamlScalar s when !string.IsNullOrWhiteSpace(s.Text) && s.Text != "~": return new(s.Text.Trim(), s.At, true);
            case YamlScalar s: _problems.Add(s.At, $"'{key.Name}' has no value", right); return new("", s.At, false);
            case { } other: _problems.Add(other.At, $"'{key.Name}' must be a text, not {Shape(other)}", right); return new("", other.At, false);
        }
    }

    /// <summary>One of the key's words.</summary>
    public Located<string> Word(WordKey key)
    {
        Located<string> text = Text(key);
        if (!text.Ok || key.Words.Contains(text.Value, StringComparer.Ordinal)) return text;
        string? near = Nearest(text.Value, key.Words);
        _problems.Add(text.At, $"unknown {key.Name} '{text.Value}'", near is not null ? $"did you mean '{near}'?" : $"use one of {string.Join(", ", key.Words)}");
        return text with { Ok = false };
    }

    public Located<double> Quantity(QuantityKey key)
    {
        Located<double> read = Quantity(key, key.Dimension);
        if (!read.Ok || ((key.Low is not { } low || read.Value >= low) && (key.High is not { } high || read.Value <= high))) return read;
        string unit = key.Dimension.BaseUnit;
        _problems.Add(read.At, $"'{key.Name}' is {read.Value:0.###} {unit}".TrimEnd(), key switch
        {
            { Low: { } l, High: { } h } => $"use {l:0.###} to {h:0.###} {unit}".TrimEnd(),
            { Low: { } l } => $"use {l:0.###} {unit} or more".TrimEnd(),
            _ => $"use at most {key.High:0.###} {unit}".TrimEnd(),
        });
        return read with { Ok = false };
    }

    private Located<double> Quantity(Key key, Dimension dimension)
    {
        switch (Node(key))
        {
            case null: return new(0, At, false);
            case YamlScalar s: return Quantity(s, $"'{key.Name}'", dimension);
            case { } other:
                _problems.Add(other.At, $"'{key.Name}' is {Shape(other)}", dimension.Expectation);
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

    public Located<TimeSpan> Time(TimeKey key)
    {
        Located<double> seconds = Quantity(key, Dimension.Time);
        if (seconds.Ok && Math.Abs(seconds.Value) > 30 * 86400.0)
        {
            _problems.Add(seconds.At, $"'{key.Name}' is longer than 30 days", "check the unit");
            return new(TimeSpan.Zero, seconds.At, false);
        }
        return new(TimeSpan.FromTicks((long)Math.Round((seconds.Ok ? seconds.Value : 0) * TimeSpan.TicksPerSecond)), seconds.At, seconds.Ok);
    }

    public Located<int> Whole(WholeKey key)
    {
        string right = $"expected a whole number such as {key.Example}";
        switch (Node(key))
        {
            case null: return new(0, At, false);
            case YamlScalar s when int.TryParse(s.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value): return new(value, s.At, true);
            case YamlScalar s: _problems.Add(s.At, $"'{key.Name}' is \"{s.Text}\"", right); return new(0, s.At, false);
            case { } other: _problems.Add(other.At, $"'{key.Name}' is {Shape(other)}", right); return new(0, other.At, false);
        }
    }

    public Located<bool> YesNo(YesNoKey key)
    {
        Located<string> text = Text(key);
        if (!text.Ok) return new(key.Otherwise, text.At, false);
        switch (text.Value)
        {
            case "yes" or "true": return new(true, text.At, true);
            case "no" or "false": return new(false, text.At, true);
            default:
                _problems.Add(text.At, $"'{key.Name}' is \"{text.Value}\"", "write yes or no");
                return new(key.Otherwise, text.At, false);
        }
    }

    /// <summary>The maps of a list; wrong ones are reported and left out.</summary>
    public IReadOnlyList<YamlMapReader> Maps(ListKey key)
    {
        switch (Node(key))
        {
            case null: return [];
            case YamlList list:
                if (list.Items.Count == 0 && !key.MayBeEmpty) _problems.Add(list.At, $"'{key.Name}' is empty", "give at least one entry");
                foreach (YamlNode wrong in list.Items.Where(i => i is not YamlMap))
                    _problems.Add(wrong.At, $"an entry of '{key.Name}' is {Shape(wrong)}", "write '- id: name' with its keys below");
                return [.. list.Items.OfType<YamlMap>().Select(m => new YamlMapReader(m, key.Item, _problems))];
            case { } other:
                _problems.Add(other.At, $"'{key.Name}' must be a list, not {Shape(other)}", "start every entry with '- '");
                return [];
        }
    }

    public IReadOnlyList<Located<string>> Texts(TextsKey key)
    {
        switch (Node(key))
        {
            case null: return [];
            case YamlList list:
                foreach (YamlNode wrong in list.Items.Where(i => i is not YamlScalar { Text.Length: > 0 }))
                    _problems.Add(wrong.At, $"an entry of '{key.Name}' is {Shape(wrong)}", "write '- text'; quote a text that has a colon in it");
                return [.. list.Items.OfType<YamlScalar>().Where(s => s.Text.Length > 0).Select(s => new Located<string>(s.Text.Trim(), s.At, true))];
            case { } other:
                _problems.Add(other.At, $"'{key.Name}' must be a list, not {Shape(other)}", "start every entry with '- '");
                return [];
        }
    }

    public YamlMapReader? Map(GroupKey key)
    {
        switch (Node(key))
        {
            case null: return null;
            case YamlMap map: return new YamlMapReader(map, key.Group, _problems);
            case { } other:
                _problems.Add(other.At, $"'{key.Name}' must hold keys, not {Shape(other)}", $"write '{key.Name}:' and its keys indented below");
                return null;
        }
    }

    /// <summary>Reports keys the group does not have and keys that are missing. A key that is probably a misspelt missing one is reported once.</summary>
    /// <param name="near">Entry of an included file that may have been meant, for an entry that is not complete; null when there is none.</param>
    public void End(string? near = null)
    {
        Key[] known = [.. _group.KeysOf(_map)];
        string[] names = [.. known.Select(k => k.Name).Distinct(StringComparer.Ordinal)];
        HashSet<string> excused = [];
        foreach (YamlEntry entry in _entries.Values.Where(e => !names.Contains(e.Key.Text, StringComparer.Ordinal)))
        {
            if (_group.Alternatives.Any(a => a.Any(k => k.Name == entry.Key.Text)))
            {
                string[] ways = [.. _group.Alternatives.Select(a => string.Join(", ", a.Select(k => $"'{k.Name}'")))];
                _problems.Add(entry.Key.At, $"'{entry.Key.Text}' is given beside the other way of writing {_group.What}", $"write it one way: {string.Join(" or ", ways)}");
                continue;
            }
            string? meant = Nearest(entry.Key.Text, [.. names.Where(k => !_entries.ContainsKey(k))]) ?? Nearest(entry.Key.Text, names);
            if (meant is not null) excused.Add(meant);
            _problems.Add(entry.Key.At, $"unknown key '{entry.Key.Text}'",
                meant is not null ? $"did you mean '{meant}'?" : $"{_group.What} has the keys {string.Join(", ", names)}");
        }
        foreach (Key key in known.Where(k => k.Required && !_entries.ContainsKey(k.Name) && !excused.Contains(k.Name)))
            _problems.Add(At, $"'{key.Name}' is missing", near is null ? $"{_group.What} needs it" : $"{_group.What} needs it; did you mean to change '{near}' of an included file?");
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
