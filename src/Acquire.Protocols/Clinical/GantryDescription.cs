using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Acquire.Protocols.Clinical;

/// <summary>What a gantry can do, as far as a protocol asks for it. Null where the description does not say.</summary>
public sealed record GantryDescription
{
    /// <summary>Model, for people.</summary>
    public string Model { get; init; } = "the camera";
    /// <summary>Words of SYST:GCI:FEATures?; empty when not said.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];
    /// <summary>Heads.</summary>
    public int Heads { get; init; } = 2;
    /// <summary>Collimators there are, with the highest energy each is made for, keV; empty when not said.</summary>
    public IReadOnlyDictionary<string, double> Collimators { get; init; } = new Dictionary<string, double>();
    /// <summary>Smallest and largest matrix.</summary>
    public (int Min, int Max)? Matrix { get; init; }
    /// <summary>Lowest and highest energy of a window, keV.</summary>
    public (double Min, double Max)? KeV { get; init; }
    /// <summary>Most energy windows per head.</summary>
    public int? WindowsMax { get; init; }
    /// <summary>Shortest frame, s; GCI asks for 10 ms (ACQuire:DYNamic:PHASe).</summary>
    public double FrameSecondsMin { get; init; } = 0.01;
    /// <summary>Travel of the table, mm.</summary>
    public (double Min, double Max)? Table { get; init; }
    /// <summary>Finest step of the rotation, degrees.</summary>
    public double? RotationResolutionDeg { get; init; }
    /// <summary>Travel of the rotation, degrees.</summary>
    public (double Min, double Max)? Rotation { get; init; }
    /// <summary>Has a CT; null when not said.</summary>
    public bool? HasCt { get; init; }
    /// <summary>Tube voltages of the CT, kV; empty when not said.</summary>
    public IReadOnlyList<double> Kv { get; init; } = [];
    /// <summary>Size of the frame store, bytes.</summary>
    public long? StoreBytes { get; init; }

    /// <summary>Reads the JSON of SYST:DESCription? or the capabilities file of the simulator (demo/gantries, YAML).</summary>
    /// <exception cref="FormatException">It is neither; the message says why.</exception>
    public static GantryDescription Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            return text.TrimStart().StartsWith('{') ? FromJson(text) : FromYaml(text);
        }
        catch (Exception e) when (e is JsonException or YamlException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or InvalidCastException)
        {
            throw new FormatException($"this is no description of a gantry (JSON of SYST:DESC?, or a capabilities file such as demo/gantries/dual-ct.yaml): {e.Message}", e);
        }
    }

    private static GantryDescription FromJson(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        JsonElement[] heads = root.TryGetProperty("heads", out JsonElement h) ? [.. h.EnumerateArray()] : [];
        JsonElement? head = heads.Length > 0 ? heads[0] : null;
        Dictionary<string, JsonElement> axes = root.TryGetProperty("axes", out JsonElement a) ? a.EnumerateArray().ToDictionary(x => x.GetProperty("name").GetString()!, StringComparer.Ordinal) : [];
        JsonElement? ct = root.TryGetProperty("ct", out JsonElement c) ? c : null;
        return new GantryDescription
        {
            Model = root.TryGetProperty("model", out JsonElement model) ? model.GetString()! : "the camera",
            Features = root.TryGetProperty("features", out JsonElement f) ? [.. f.EnumerateArray().Select(x => x.GetString()!)] : [],
            Heads = heads.Length == 0 ? 2 : heads.Length,
            Collimators = root.TryGetProperty("collimators", out JsonElement col) ? col.EnumerateArray().ToDictionary(x => x.GetProperty("name").GetString()!, x => x.GetProperty("keVMax").GetDouble(), StringComparer.OrdinalIgnoreCase) : [],
            Matrix = Number(head, "matrixMin") is { } min && Number(head, "matrixMax") is { } max ? ((int)min, (int)max) : null,
            KeV = Number(head, "keVMin") is { } low && Number(head, "keVMax") is { } high ? (low, high) : null,
            WindowsMax = (int?)Number(head, "windowsMax"),
            FrameSecondsMin = Number(head, "frameSecondsMin") ?? 0.01,
            Table = Axis("LONG"),
            Rotation = Axis("ROT"),
            RotationResolutionDeg = axes.TryGetValue("ROT", out JsonElement rot) ? Number(rot, "resolution") : null,
            HasCt = ct is { } x1 && x1.TryGetProperty("present", out JsonElement present) ? present.GetBoolean() : null,
            Kv = ct is { } x2 && x2.TryGetProperty("kv", out JsonElement kv) && kv.ValueKind == JsonValueKind.Array ? [.. kv.EnumerateArray().Select(v => v.GetDouble())] : [],
            StoreBytes = root.TryGetProperty("store", out JsonElement store) ? (long?)Number(store, "capacityBytes") : null,
        };

        (double, double)? Axis(string name) => axes.TryGetValue(name, out JsonElement axis) && Number(axis, "min") is { } from && Number(axis, "max") is { } to ? (from, to) : null;
        static double? Number(JsonElement? of, string name) => of is { ValueKind: JsonValueKind.Object } e && e.TryGetProperty(name, out JsonElement v) && v.ValueKind == JsonValueKind.Number ? v.GetDouble() : null;
    }

    private static GantryDescription FromYaml(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        if (yaml.Documents.Count != 1 || yaml.Documents[0].RootNode is not YamlMappingNode root) throw new FormatException("one document with keys is expected");
        var can = new GantryDescription();
        YamlMappingNode? matrix = Map("matrix"), kev = Map("energyKeV"), axes = Map("axes");
        return can with
        {
            Model = Scalar(root, "model") ?? can.Model,
            Heads = (int)(Number(root, "heads") ?? 2),
            HasCt = Scalar(root, "ct") is { } ct ? ct == "true" : null,
            Features = ["STAT", "DYN", "WB", "TOMO.STEP", "TOMO.CONT", .. Scalar(root, "ct") == "false" ? (string[])[] : ["CT"]],
            Collimators = root.Children.TryGetValue("collimators", out YamlNode? list) && list is YamlSequenceNode items
                ? items.OfType<YamlMappingNode>().ToDictionary(m => Scalar(m, "name")!, m => Number(m, "maxKeV") ?? double.PositiveInfinity, StringComparer.OrdinalIgnoreCase) : [],
            Matrix = matrix is not null && Number(matrix, "min") is { } min && Number(matrix, "max") is { } max ? ((int)min, (int)max) : null,
            KeV = kev is not null && Number(kev, "min") is { } low && Number(kev, "max") is { } high ? (low, high) : null,
            Table = Axis("longitudinal"),
            Rotation = Axis("rotation"),
            StoreBytes = Number(root, "storeGiB") is { } gib ? (long)(gib * (1L << 30)) : null,
        };

        YamlMappingNode? Map(string key) => root.Children.TryGetValue(key, out YamlNode? node) ? node as YamlMappingNode : null;
        (double, double)? Axis(string key) => axes is not null && axes.Children.TryGetValue(key, out YamlNode? node) && node is YamlMappingNode m && Number(m, "min") is { } from && Number(m, "max") is { } to ? (from, to) : null;
        static string? Scalar(YamlMappingNode map, string key) => map.Children.TryGetValue(key, out YamlNode? node) ? (node as YamlScalarNode)?.Value : null;
        static double? Number(YamlMappingNode map, string key) => Scalar(map, key) is { } s ? double.Parse(s, NumberStyles.Float, CultureInfo.InvariantCulture) : null;
    }
}
