using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>Values of the rows that only remember what they were told; their defaults come from the table (first word, DEF).</summary>
internal sealed class SettingStore(GciCommandSet table)
{
    private readonly Dictionary<(string Header, int Suffix), IReadOnlyList<GciValue>> _values = [];

    public void Set(string header, int suffix, IReadOnlyList<GciValue> values) => _values[(header, suffix)] = values;

    public bool Has(string header, int suffix = 0) => _values.ContainsKey((header, suffix));

    public IReadOnlyList<GciValue> Get(string header, int suffix = 0) =>
        _values.GetValueOrDefault((header, suffix)) ?? [.. table.Row(header).Parameters.Where(p => !p.Optional && p.MaxCount == 1).Select(Default)];

    public double Number(string header, int suffix = 0) => Get(header, suffix)[0].Number;

    public string Word(string header, int suffix = 0) => Get(header, suffix)[0].Text;

    public void Remove(string header) 
    {
        foreach ((string Header, int Suffix) key in _values.Keys.Where(k => k.Header == header).ToList()) _values.Remove(key);
    }

    public void Reset() => _values.Clear();

    /// <summary>The values as the query answers them.</summary>
    public static string Format(GciCommand row, IReadOnlyList<GciValue> values) => GciCodec.Text(row.Parameters, values);

    private static GciValue Default(GciParameter parameter) => parameter switch
    {
        GciNumber n => new GciValue(n.Default ?? n.Min),
        GciChoice c => new GciValue(0, c.Words[0].Short),
        _ => new GciValue(0),
    };
}
