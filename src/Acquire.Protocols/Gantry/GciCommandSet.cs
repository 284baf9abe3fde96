using System.Collections.Frozen;
using System.Globalization;

namespace Acquire.Protocols.Gantry;

/// <summary>The rows one gantry understands: the table with that gantry's ranges, heads and missing parts.</summary>
public sealed class GciCommandSet
{
    private readonly FrozenDictionary<string, GciCommand> _byKey;
    private readonly FrozenSet<string> _withoutSuffix;
    private readonly FrozenDictionary<string, GciCommand> _byHeader;
    private readonly FrozenSet<string> _missing;
    private readonly int _heads;

    /// <summary>Makes one.</summary>
    /// <param name="rows">Rows in document order.</param>
    /// <param name="heads">Detector heads: the largest digit of HEAD#.</param>
    /// <param name="missing">Headers this gantry lacks the hardware for: -241, and not in the help.</param>
    public GciCommandSet(IReadOnlyList<GciCommand> rows, int heads = 2, IEnumerable<string>? missing = null)
    {
        All = rows;
        _heads = heads;
        _missing = (missing ?? []).ToFrozenSet(StringComparer.Ordinal);
        _byHeader = rows.ToFrozenDictionary(r => r.Header, StringComparer.Ordinal);
        _byKey = rows.SelectMany(row => row.Pattern.Keys(), (row, key) => KeyValuePair.Create(key, row)).ToFrozenDictionary();
        _withoutSuffix = _byKey.Keys.Select(k => k.Replace("#", "", StringComparison.Ordinal)).ToFrozenSet();
    }

    /// <summary>All rows in document order.</summary>
    public IReadOnlyList<GciCommand> All { get; }

    /// <summary>Finds the row a unit means.</summary>
    /// <param name="unit">Unit as parsed.</param>
    /// <returns>The row and the digit suffixes in order.</returns>
    /// <exception cref="GciException">-113 unknown header or no such form; -114 suffix missing, not allowed or out of range; -241 this gantry has no such part.</exception>
    public (GciCommand Row, IReadOnlyList<int> Suffixes) Find(GciUnit unit)
    {
        ArgumentNullException.ThrowIfNull(unit);
        var keyParts = new string[unit.Mnemonics.Count];
        var suffixes = new List<int>();
        for (int i = 0; i < keyParts.Length; i++)
        {
            string mnemonic = unit.Mnemonics[i].ToUpperInvariant();
            string bare = mnemonic.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
            if (bare.Length < mnemonic.Length)
                suffixes.Add(mnemonic.Length - bare.Length > 4 ? 0 : int.Parse(mnemonic.AsSpan(bare.Length), NumberStyles.None, CultureInfo.InvariantCulture));
            keyParts[i] = bare.Length < mnemonic.Length ? bare + "#" : bare;
        }
        string key = string.Join(':', keyParts);
        if (!_byKey.TryGetValue(key, out GciCommand? row))
            throw new GciException(_withoutSuffix.Contains(key.Replace("#", "", StringComparison.Ordinal)) ? -114 : -113);
        int next = 0;
        foreach (GciNode node in row.Pattern.Nodes)
        {
            if (node.MaxSuffix == 0) continue;
            int most = node.Word.Short == "HEAD" ? Math.Min(node.MaxSuffix, _heads) : node.MaxSuffix;
            if (suffixes[next] < 1 || suffixes[next] > most) throw new GciException(-114);
            next++;
        }
        if (unit.IsQuery && !row.HasQuery) throw new GciException(-113, "no query");
        if (!unit.IsQuery && !row.HasSet) throw new GciException(-113, "query only");
        return _missing.Contains(row.Header) ? throw new GciException(-241) : (row, suffixes);
    }

    /// <summary>The row with that header, spelled as in the table.</summary>
    public GciCommand Row(string header) => _byHeader[header];

    /// <summary>One line per form for SYSTem:HELP:HEADers?; capitals mark the short form.</summary>
    public IEnumerable<string> HelpLines() => All.Where(row => !_missing.Contains(row.Header)).SelectMany(row => (IEnumerable<string>)
        [.. row.HasSet ? [row.Header] : Array.Empty<string>(), .. row.HasQuery ? [row.Header + "?"] : Array.Empty<string>()]);
}
