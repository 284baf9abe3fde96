namespace Acquire.Protocols.Clinical.Language;

/// <summary>Reads a map of a small language whose keys are said once, where they are read (day plans): the same reading, places and messages as for protocols.</summary>
internal sealed class OpenMapReader
{
    private readonly KeyGroup _group;
    private readonly YamlMapReader _map;

    public OpenMapReader(YamlMap map, string what, ProblemList problems)
    {
        _group = new KeyGroup(what);
        _map = new YamlMapReader(map, _group, problems);
    }

    public Place At => _map.At;
    public ProblemList Problems => _map.Problems;

    /// <summary>True when the key is there; it is known from then on.</summary>
    public bool Has(string key) => _map.Has(_group.Learn(new TextKey(key, "", "", false)));

    /// <summary>The node of a key; null when it is not there.</summary>
    public YamlNode? Node(string key, bool required) => _map.Node(_group.Learn(new TextKey(key, "", "", required)));

    public Located<string> Text(string key, bool required = true, string? example = null) => _map.Text(_group.Learn(new TextKey(key, "", example ?? "text", required)));

    public Located<string> Word(string key, IReadOnlyList<string> allowed, bool required = true) => _map.Word(_group.Learn(new WordKey(key, "", allowed, required)));

    public Located<double> Quantity(string key, Dimension dimension, bool required = true) => _map.Quantity(_group.Learn(new QuantityKey(key, "", dimension, Required: required)));

    public Located<TimeSpan> Time(string key, bool required = true) => _map.Time(_group.Learn(new TimeKey(key, "", "15 s", required)));

    public Located<int> Whole(string key, int example, bool required = true) => _map.Whole(_group.Learn(new WholeKey(key, "", example, required)));

    public Located<double> Number(string key, double example, bool required = true) =>
        Quantity(key, Dimension.Ratio with { Name = "a number", Example = example.ToString(System.Globalization.CultureInfo.InvariantCulture) }, required);

    public Located<bool> YesNo(string key, bool required = true, bool otherwise = false) => _map.YesNo(_group.Learn(new YesNoKey(key, "", required, otherwise)));

    public IReadOnlyList<YamlMap> Maps(string key, bool required = true, bool mayBeEmpty = false) =>
        [.. _map.Maps(_group.Learn(new ListKey(key, "", new KeyGroup("an entry"), required, mayBeEmpty))).Select(m => m.Source)];

    public IReadOnlyList<string> Texts(string key, bool required = false) => [.. _map.Texts(_group.Learn(new TextsKey(key, "", "text", required))).Select(t => t.Value)];

    public OpenMapReader? Map(string key, string what, bool required = true) =>
        _map.Map(_group.Learn(new GroupKey(key, "", new KeyGroup(what), required))) is { } inner ? new OpenMapReader(inner.Source, what, inner.Problems) : null;

    /// <summary>Reports keys nobody asked for and keys that are missing.</summary>
    public void End() => _map.End();
}
