using System.Globalization;

namespace Acquire.Protocols.Gantry;

/// <summary>One node of a header.</summary>
/// <param name="Word">Its two spellings.</param>
/// <param name="IsOptional">May be left out.</param>
/// <param name="MaxSuffix">Largest digit suffix, from 1; 0 when it has none.</param>
public readonly record struct GciNode(GciWord Word, bool IsOptional, int MaxSuffix);

/// <summary>A header of the table taken apart, e.g. <c>HEAD#:RADius[:TARGet]</c>.</summary>
public sealed class GciHeader
{
    /// <summary>Takes a header of the table apart.</summary>
    public GciHeader(string header)
    {
        ArgumentNullException.ThrowIfNull(header);
        var nodes = new List<GciNode>();
        foreach (string raw in header.Replace("[:", ":[", StringComparison.Ordinal).Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            bool optional = raw.StartsWith('[');
            string spelling = raw.Trim('[', ']');
            bool suffixed = spelling.EndsWith('#');
            var word = new GciWord(spelling.TrimEnd('#'));
            nodes.Add(new GciNode(word, optional, suffixed ? MaxSuffixOf(word.Short) : 0));
        }
        Nodes = nodes;
    }

    /// <summary>Nodes from the root.</summary>
    public IReadOnlyList<GciNode> Nodes { get; }

    /// <summary>Short form with the given suffixes, optional nodes left out, e.g. <c>HEAD1:RAD</c>.</summary>
    public string Format(params ReadOnlySpan<int> suffixes) => Format(useLong: false, withOptional: false, suffixes);

    /// <summary>Any of the spellings.</summary>
    public string Format(bool useLong, bool withOptional, params ReadOnlySpan<int> suffixes)
    {
        var parts = new List<string>();
        int next = 0;
        foreach (GciNode node in Nodes)
        {
            if (node.IsOptional && !withOptional) continue;
            string text = useLong ? node.Word.Long : node.Word.Short;
            if (node.MaxSuffix > 0) text += suffixes[next++].ToString(CultureInfo.InvariantCulture);
            parts.Add(text);
        }
        return string.Join(':', parts);
    }

    /// <summary>All keys under which the header can be found: capitals, '#' for a digit suffix.</summary>
    internal IEnumerable<string> Keys()
    {
        IEnumerable<string> keys = [""];
        foreach (GciNode node in Nodes)
        {
            string mark = node.MaxSuffix > 0 ? "#" : "";
            string[] words = node.Word.Short == node.Word.Long ? [node.Word.Short] : [node.Word.Short, node.Word.Long];
            IEnumerable<string> with = keys.SelectMany(_ => words, (k, w) => (k.Length == 0 ? w : k + ":" + w) + mark);
            keys = node.IsOptional ? [.. keys, .. with] : [.. with];
        }
        return keys;
    }

    private static int MaxSuffixOf(string word) => word switch
    {
        "HEAD" => 2,
        _ => 16,
    };
}
