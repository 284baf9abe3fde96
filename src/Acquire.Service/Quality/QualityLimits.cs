using System.Globalization;
using Acquire.Protocols.Clinical;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Acquire.Service.Quality;

/// <summary>Limits by check name: the site's file, with what the protocol says on top.</summary>
/// <remarks>When Fail is smaller than Warn, small figures are bad (counts); otherwise large ones are.</remarks>
public sealed class QualityLimits
{
    private static readonly string[] Keys = ["check", "warn", "fail", "source"];
    private static readonly Dictionary<string, (string Base, double Factor)> Units = new(StringComparer.Ordinal)
    {
        ["counts"] = ("counts", 1), ["kcounts"] = ("counts", 1e3), ["Mcounts"] = ("counts", 1e6),
        ["s"] = ("s", 1), ["min"] = ("s", 60), ["h"] = ("s", 3600),
        ["mm"] = ("mm", 1), ["cm"] = ("mm", 10), ["%"] = ("1", 0.01), [""] = ("1", 1), ["1"] = ("1", 1),
        ["px"] = ("px", 1), ["pixel"] = ("px", 1), ["pixels"] = ("px", 1),
        ["count"] = ("counts", 1), ["frames"] = ("frames", 1), ["series"] = ("series", 1),
    };

    private readonly Dictionary<string, QualityLimit> _byName;

    /// <summary>Makes a set of limits; of two with one name the later counts.</summary>
    public QualityLimits(IEnumerable<QualityLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _byName = new Dictionary<string, QualityLimit>(StringComparer.Ordinal);
        foreach (QualityLimit limit in limits) _byName[limit.Check] = limit;
    }

    /// <summary>All limits, in order of name.</summary>
    public IReadOnlyList<QualityLimit> All => [.. _byName.Values.OrderBy(l => l.Check, StringComparer.Ordinal)];

    /// <summary>Limit of a check; null when none is configured.</summary>
    public QualityLimit? For(string check) => _byName.GetValueOrDefault(check);

    /// <summary>These limits with others on top, e.g. those of a protocol.</summary>
    public QualityLimits With(IEnumerable<QualityLimit> overriding) => new(_byName.Values.Concat(overriding));

    /// <summary>The file beside the program, protocols/quality-limits.yaml.</summary>
    /// <exception cref="AcquireException">The file is missing or wrong.</exception>
    public static QualityLimits LoadDefault() => Load(Path.Combine(AppContext.BaseDirectory, "protocols", "quality-limits.yaml"));

    /// <summary>Reads a file of limits: a list of check, warn, fail (each a number with its unit, "50 kcounts") and source, written as in a protocol.</summary>
    /// <exception cref="AcquireException">The file is missing or wrong; the message names line and column.</exception>
    public static QualityLimits Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (IOException e)
        {
            throw new AcquireException($"{Path.GetFileName(path)} cannot be read: {e.Message}", ExitCodes.BadInput, e);
        }
        return Parse(text, Path.GetFileName(path));
    }

    /// <summary>Reads limits from YAML text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">File name for messages.</param>
    /// <exception cref="AcquireException">The text is wrong; the message names line and column.</exception>
    public static QualityLimits Parse(string text, string name)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw Wrong(name, e.Start, e.Message);
        }
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlSequenceNode list)
            throw new AcquireException($"{name}:1:1: a list of limits is expected (- {{check: ..., warn: 50 kcounts, fail: 25 kcounts, source: ...}})", ExitCodes.BadInput);
        var limits = new List<QualityLimit>();
        foreach (YamlNode node in list)
        {
            if (node is not YamlMappingNode map) throw Wrong(name, node.Start, $"an entry with {string.Join(", ", Keys)} is expected");
            QualityLimit limit = ReadOne(map, name);
            if (limits.Exists(l => l.Check == limit.Check)) throw Wrong(name, node.Start, $"'{limit.Check}' has a limit already");
            limits.Add(limit);
        }
        return new QualityLimits(limits);
    }

    /// <summary>Converts a limit to another unit of the same kind.</summary>
    /// <returns>False when the units are of different kinds; <paramref name="converted"/> is then the limit as it was.</returns>
    public static bool TryConvert(QualityLimit limit, string unit, out QualityLimit converted)
    {
        converted = limit;
        if (limit.Unit == unit) return true;
        if (!Units.TryGetValue(limit.Unit, out (string Base, double Factor) from) || !Units.TryGetValue(unit, out (string Base, double Factor) to) || from.Base != to.Base) return false;
        double factor = from.Factor / to.Factor;
        converted = limit with { Warn = limit.Warn * factor, Fail = limit.Fail * factor, Unit = unit };
        return true;
    }

    private static QualityLimit ReadOne(YamlMappingNode map, string name)
    {
        var values = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        foreach ((YamlNode key, YamlNode value) in map)
        {
            string word = key.ToString();
            if (!Keys.Contains(word)) throw Wrong(name, key.Start, $"'{word}' is not known here; known are {string.Join(", ", Keys)}");
            values[word] = value;
        }
        foreach (string key in Keys)
            if (!values.ContainsKey(key)) throw Wrong(name, map.Start, $"'{key}' is missing");
        string source = values["source"].ToString();
        if (string.IsNullOrWhiteSpace(source)) throw Wrong(name, values["source"].Start, "a limit needs a source");
        (double warn, string unit) = Quantity(values["warn"], name);
        (double fail, string other) = Quantity(values["fail"], name);
        if (unit != other) throw Wrong(name, values["fail"].Start, $"warn is in '{unit}', fail in '{other}'; both need one unit");
        return new QualityLimit(values["check"].ToString(), warn, fail, unit, source);
    }

    private static (double Value, string Unit) Quantity(YamlNode node, string name)
    {
        string text = node.ToString().Trim();
        int gap = text.IndexOf(' ', StringComparison.Ordinal);
        string number = gap < 0 ? text : text[..gap], unit = gap < 0 ? "" : text[(gap + 1)..].Trim();
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double v) || !double.IsFinite(v))
            throw Wrong(name, node.Start, $"'{text}' is not a number with a unit; right would be '50 kcounts' or '3 %'");
        return Units.ContainsKey(unit) ? (v, unit) : throw Wrong(name, node.Start, $"'{unit}' is not a unit a limit can have; known are {string.Join(", ", Units.Keys.Where(u => u.Length > 0))}");
    }

    private static AcquireException Wrong(string name, Mark at, string what) => new($"{name}:{at.Line}:{at.Column}: {what}", ExitCodes.BadInput);
}
