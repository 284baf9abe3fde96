namespace Acquire.Protocols.Clinical.Language;

/// <summary>
/// One key of the protocol language: its name, what it means, and what may stand behind it. Reader, resolved view, hash, diff, JSON Schema
/// and the reference in docs/protocol-language.md all follow from these (docs/decisions/0035): there is no second list.
/// </summary>
/// <param name="Name">As written in the file.</param>
/// <param name="What">What it means, for people.</param>
/// <param name="Required">Whether its group needs it.</param>
internal abstract record Key(string Name, string What, bool Required)
{
    /// <summary>A value that would be right, as written.</summary>
    public abstract string Example { get; }
}

/// <summary>A text.</summary>
internal sealed record TextKey(string Name, string What, string Sample, bool Required = true) : Key(Name, What, Required)
{
    public override string Example => Sample;
}

/// <summary>One of some words.</summary>
internal sealed record WordKey(string Name, string What, IReadOnlyList<string> Words, bool Required = true) : Key(Name, What, Required)
{
    public override string Example => Words[0];
}

/// <summary>A number with its unit, perhaps within a range (in the dimension's first unit).</summary>
internal sealed record QuantityKey(string Name, string What, Dimension Dimension, double? Low = null, double? High = null, bool Required = true) : Key(Name, What, Required)
{
    public override string Example => Dimension.Example;
}

/// <summary>A time.</summary>
internal sealed record TimeKey(string Name, string What, string Sample, bool Required = true) : Key(Name, What, Required)
{
    public override string Example => Sample;
}

/// <summary>A whole number without unit.</summary>
internal sealed record WholeKey(string Name, string What, int Sample, bool Required = true) : Key(Name, What, Required)
{
    public override string Example => Sample.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>yes or no.</summary>
internal sealed record YesNoKey(string Name, string What, bool Required = true, bool Otherwise = false) : Key(Name, What, Required)
{
    public override string Example => "yes";
}

/// <summary>A list of texts.</summary>
internal sealed record TextsKey(string Name, string What, string Sample, bool Required = false) : Key(Name, What, Required)
{
    public override string Example => $"- {Sample}";
}

/// <summary>Keys of their own, indented below.</summary>
internal sealed record GroupKey(string Name, string What, KeyGroup Group, bool Required = true) : Key(Name, What, Required)
{
    public override string Example => "";
}

/// <summary>A list of groups.</summary>
internal sealed record ListKey(string Name, string What, KeyGroup Item, bool Required = true, bool MayBeEmpty = false) : Key(Name, What, Required)
{
    public override string Example => "";
}

/// <summary>A group of keys.</summary>
/// <param name="what">"an acquisition".</param>
/// <param name="keys">Keys every such group may have.</param>
internal sealed class KeyGroup(string what, params Key[] keys)
{
    private readonly List<Key> _keys = [.. keys];

    public string What => what;
    public IReadOnlyList<Key> Keys => _keys;

    /// <summary>Adds a key that is said where it is read (<see cref="OpenMapReader"/>).</summary>
    public T Learn<T>(T key) where T : Key
    {
        _keys.Add(key);
        return key;
    }

    /// <summary>In a list, the key by which an entry is known: entries of an included file and of the file itself with the same one are the same entry.</summary>
    public Key? Identity { get; init; }
    /// <summary>Key that decides which further keys there are.</summary>
    public WordKey? Selector { get; init; }
    /// <summary>Further keys by the selector's word.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Key>> Variants { get; init; } = new Dictionary<string, IReadOnlyList<Key>>();
    /// <summary>Sets of keys of which exactly one is used; the first key given decides.</summary>
    public IReadOnlyList<IReadOnlyList<Key>> Alternatives { get; init; } = [];

    /// <summary>All keys a certain group of a file may have.</summary>
    public IEnumerable<Key> KeysOf(YamlMap map)
    {
        IEnumerable<Key> all = _keys;
        if (Selector is not null && map.Value(Selector.Name) is YamlScalar word && Variants.TryGetValue(word.Text.Trim(), out IReadOnlyList<Key>? variant)) all = all.Concat(variant);
        if (Alternatives.Count > 0) all = all.Concat(Alternatives.FirstOrDefault(a => a.Any(k => map.Value(k.Name) is not null)) ?? Alternatives[0]);
        return all;
    }

    /// <summary>Every key of every variant.</summary>
    public IEnumerable<Key> AllKeys => _keys.Concat(Variants.Values.SelectMany(v => v)).Concat(Alternatives.SelectMany(a => a));

    /// <summary>What names an entry of a list; null when it has no name or none that can be used.</summary>
    public string? IdentityOf(YamlMap map) => Identity is not null && map.Value(Identity.Name) is YamlScalar { Text.Length: > 0 } id ? id.Text.Trim() : null;
}
