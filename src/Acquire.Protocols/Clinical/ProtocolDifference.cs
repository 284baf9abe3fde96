using System.Globalization;
using Acquire.Protocols.Clinical.Language;

namespace Acquire.Protocols.Clinical;

/// <summary>One thing two protocols say differently.</summary>
/// <param name="Path">Where.</param>
/// <param name="Meaning">What the key means.</param>
/// <param name="Old">As written in the first; null when it does not say it.</param>
/// <param name="New">As written in the second; null when it does not say it.</param>
/// <param name="OldPlace">"file:line" in the first; empty when it is not there.</param>
/// <param name="NewPlace">"file:line" in the second; empty when it is not there.</param>
public sealed record ProtocolDifference(string Path, string Meaning, string? Old, string? New, string OldPlace, string NewPlace)
{
    /// <summary>Compares what two protocols say, key by key; the way they are written does not count.</summary>
    public static IReadOnlyList<ProtocolDifference> Between(ResolvedProtocol first, ResolvedProtocol second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var before = first.Values.ToDictionary(v => v.Path, StringComparer.Ordinal);
        var after = second.Values.ToDictionary(v => v.Path, StringComparer.Ordinal);
        List<ProtocolDifference> all = [];
        foreach (ResolvedValue old in first.Values)
        {
            if (!after.TryGetValue(old.Path, out ResolvedValue? now)) all.Add(new(old.Path, old.Meaning, old.Written, null, Place(old), ""));
            else if (now.Canonical != old.Canonical) all.Add(new(old.Path, old.Meaning, old.Written, now.Written, Place(old), Place(now)));
        }
        all.AddRange(second.Values.Where(v => !before.ContainsKey(v.Path)).Select(v => new ProtocolDifference(v.Path, v.Meaning, null, v.Written, "", Place(v))));
        return all;

        static string Place(ResolvedValue v) => string.Create(CultureInfo.InvariantCulture, $"{v.File}:{v.Line}");
    }

    /// <summary>In words: "phases/spect/.../stop-time (time per stop): 15 s -> 20 s (+33 %)".</summary>
    public override string ToString()
    {
        bool isText = Path.Split('/')[0] is "cautions" or "reader-cautions" or "quantities" or "evidence";
        string where = isText ? Path.Split('/')[0] : Path;
        string what = (Old, New) switch
        {
            (null, { } added) => $"added: {added}",
            ({ } gone, null) => $"no longer said: {gone}",
            _ => $"{Old} -> {New}{Change()}",
        };
        return $"{where} ({Meaning}): {what}";
    }

    private string Change()
    {
        if (QuantityText.Split(Old!) is not { } a || QuantityText.Split(New!) is not { } b || a.Unit != b.Unit || a.Number == 0 || a.Unit == "deg") return "";
        return string.Create(CultureInfo.InvariantCulture, $" ({100 * ((b.Number / a.Number) - 1):+0.#;-0.#} %)");
    }
}
