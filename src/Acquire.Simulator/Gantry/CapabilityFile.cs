using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Acquire.Simulator.Gantry;

/// <summary>The capabilities file cannot be used; the message is one line for people, with the place.</summary>
public sealed class CapabilityFileException(string message) : Exception(message);

/// <summary>Reads a gantry's capabilities from YAML (or JSON, which is YAML). What is not named is as in the standard gantry.</summary>
public static class CapabilityFile
{
    private static readonly (string Key, string[] Words)[] AxisKeys =
        [("rotation", ["ROT"]), ("radius", ["HEAD1", "HEAD2"]), ("longitudinal", ["LONG"]), ("vertical", ["VERT"]), ("lateral", ["LAT"]), ("separation", ["GEOM"])];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CapabilityFileException">It cannot be read, or says something it may not; with line and key.</exception>
    public static GantryCapabilities Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), Path.GetFileName(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapabilityFileException($"the capabilities file {path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="name">Name for messages.</param>
    /// <exception cref="CapabilityFileException">It says something it may not; with line and key.</exception>
    public static GantryCapabilities Parse(string text, string name)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new CapabilityFileException($"{name}:{e.Start.Line.ToString(CultureInfo.InvariantCulture)}: this is no YAML: {e.Message}");
        }
        if (yaml.Documents is not [{ RootNode: { } root }]) throw new CapabilityFileException($"{name}:1: one document with keys and values is expected");
        return new Reader(name).Read(root);
    }

    private sealed class Reader(string name)
    {
        public GantryCapabilities Read(YamlNode root)
        {
            var can = new GantryCapabilities();
            Dictionary<string, AxisCapability> axes = GantryCapabilities.StandardAxes.ToDictionary(StringComparer.Ordinal);
            bool saidGeometries = false;
            foreach ((string key, YamlNode value) in Map(root, "the file"))
            {
                switch (key)
                {
                    case "model":
                        can = can with { Model = Text(value, key, @"A-Za-z0-9 ._/+-") };
                        break;
                    case "heads":
                        can = can with { Heads = Whole(value, key, 1, 2) };
                        break;
                    case "ct":
                        can = can with { HasCt = Truth(value, key) };
                        break;
                    case "listMode":
                        can = can with { HasListMode = Truth(value, key) };
                        break;
                    case "geometries":
                        saidGeometries = true;
                        can = can with { Geometries = [.. List(value, key).Select(v => Whole(v, key, 76, 180)).Distinct().OrderDescending()] };
                        if (can.Geometries.Any(g => g is not (180 or 90 or 76)) || !can.Geometries.Contains(180)) throw Wrong(value, key, "180, and maybe 90 and 76, are the angles there are");
                        break;
                    case "matrix":
                        (double min, double max) = MinMax(value, key, 16, 1024);
                        if (!IsPowerOfTwo(min) || !IsPowerOfTwo(max)) throw Wrong(value, key, "powers of 2 are needed");
                        can = can with { MatrixMin = (int)min, MatrixMax = (int)max };
                        break;
                    case "energyKeV":
                        (double low, double high) = MinMax(value, key, 10, 1500);
                        can = can with { KeVMin = low, KeVMax = high };
                        break;
                    case "tableLoadKg":
                        can = can with { TableLoadKg = Number(value, key, 20, 500) };
                        break;
                    case "headWidthMm":
                        can = can with { HeadWidthMm = Number(value, key, 100, 1000) };
                        break;
                    case "storeGiB":
                        can = can with { StoreBytes = (long)(Number(value, key, 0.001, 100_000) * (1L << 30)) };
                        break;
                    case "collimators":
                        can = can with { Collimators = [.. List(value, key).Select(Collimator)] };
                        if (can.Collimators.Count == 0) throw Wrong(value, key, "one is mounted, so one is needed");
                        break;
                    case "axes":
                        foreach ((string axis, YamlNode limits) in Map(value, key))
                        {
                            (_, string[] words) = AxisKeys.FirstOrDefault(a => a.Key == axis);
                            if (words is null) throw Unknown(limits, "axes." + axis, AxisKeys.Select(a => a.Key));
                            AxisCapability changed = AxisOf(limits, "axes." + axis, axes[words[0]]);
                            foreach (string word in words) axes[word] = changed;
                        }
                        break;
                    default:
                        throw Unknown(value, key, ["model", "heads", "ct", "listMode", "geometries", "matrix", "energyKeV", "tableLoadKg", "headWidthMm", "storeGiB", "collimators", "axes"]);
                }
            }
            if (can.Heads == 1)
            {
                if (saidGeometries && can.Geometries.Count > 1) throw Wrong(root, "geometries", "a single head has no angle to a second one");
                can = can with { Geometries = [180] };
            }
            return can with { Axes = axes };
        }

        private AxisCapability AxisOf(YamlNode node, string path, AxisCapability standard)
        {
            AxisCapability axis = standard;
            foreach ((string key, YamlNode value) in Map(node, path))
                axis = key switch
                {
                    "min" => axis with { Min = Number(value, path + ".min", -10_000, 10_000) },
                    "max" => axis with { Max = Number(value, path + ".max", -10_000, 10_000) },
                    "home" => axis with { Home = Number(value, path + ".home", -10_000, 10_000) },
                    "speed" => axis with { Speed = Number(value, path + ".speed", 0.01, 1000) },
                    "maxSpeed" => axis with { MaxSpeed = Number(value, path + ".maxSpeed", 0.01, 1000) },
                    "patientSpeed" => axis with { PatientSpeed = Number(value, path + ".patientSpeed", 0.01, 1000) },
                    "acceleration" => axis with { Acceleration = Number(value, path + ".acceleration", 0.01, 10_000) },
                    _ => throw Unknown(value, path + "." + key, ["min", "max", "home", "speed", "maxSpeed", "patientSpeed", "acceleration"]),
                };
            if (axis.Min >= axis.Max) throw Wrong(node, path, "min must be below max");
            if (axis.Home < axis.Min || axis.Home > axis.Max) throw Wrong(node, path, "home must lie between min and max");
            if (axis.Speed > axis.PatientSpeed) throw Wrong(node, path, "speed is what is used when nothing is set: it must not be above patientSpeed");
            return axis.PatientSpeed > axis.MaxSpeed ? throw Wrong(node, path, "patientSpeed must not be above maxSpeed") : axis;
        }

        private CollimatorCapability Collimator(YamlNode node)
        {
            string? called = null;
            double? energy = null;
            foreach ((string key, YamlNode value) in Map(node, "collimators"))
            {
                if (key == "name") called = Text(value, "collimators.name", "A-Za-z0-9-");
                else if (key == "maxKeV") energy = Number(value, "collimators.maxKeV", 20, 1500);
                else throw Unknown(value, "collimators." + key, ["name", "maxKeV"]);
            }
            return new CollimatorCapability(called ?? throw Wrong(node, "collimators", "name is missing"), energy ?? throw Wrong(node, "collimators", "maxKeV is missing"));
        }

        private (double Min, double Max) MinMax(YamlNode node, string key, double least, double greatest)
        {
            double? min = null, max = null;
            foreach ((string part, YamlNode value) in Map(node, key))
            {
                if (part == "min") min = Number(value, key + ".min", least, greatest);
                else if (part == "max") max = Number(value, key + ".max", least, greatest);
                else throw Unknown(value, key + "." + part, ["min", "max"]);
            }
            if (min is null || max is null || min > max) throw Wrong(node, key, "min and max are needed, min not above max");
            return (min.Value, max.Value);
        }

        private IEnumerable<(string Key, YamlNode Value)> Map(YamlNode node, string key) =>
            node is YamlMappingNode map
                ? map.Children.Select(c => (c.Key is YamlScalarNode { Value: { } word } ? word : throw Wrong(c.Key, key, "a key must be a word"), c.Value))
                : throw Wrong(node, key, "keys with values are expected");

        private YamlSequenceNode List(YamlNode node, string key) => node as YamlSequenceNode ?? throw Wrong(node, key, "a list is expected");

        private string Text(YamlNode node, string key, string allowed) =>
            node is YamlScalarNode { Value: { Length: > 0 and <= 32 } text } && System.Text.RegularExpressions.Regex.IsMatch(text, "^[" + allowed + "]+$", System.Text.RegularExpressions.RegexOptions.CultureInvariant)
                ? text : throw Wrong(node, key, "1 to 32 letters, digits and plain marks, no commas");

        private double Number(YamlNode node, string key, double min, double max)
        {
            if (node is not YamlScalarNode { Value: { } text } || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number)) throw Wrong(node, key, "a number is expected");
            return number >= min && number <= max ? number : throw Wrong(node, key, string.Create(CultureInfo.InvariantCulture, $"{text} is not within {min} to {max}"));
        }

        private int Whole(YamlNode node, string key, int min, int max)
        {
            double number = Number(node, key, min, max);
            return number == Math.Floor(number) ? (int)number : throw Wrong(node, key, "a whole number is expected");
        }

        private bool Truth(YamlNode node, string key) => node switch
        {
            YamlScalarNode { Value: "true" or "yes" } => true,
            YamlScalarNode { Value: "false" or "no" } => false,
            _ => throw Wrong(node, key, "true or false is expected"),
        };

        private static bool IsPowerOfTwo(double number) => number == Math.Floor(number) && System.Numerics.BitOperations.IsPow2((long)number);

        private CapabilityFileException Unknown(YamlNode node, string key, IEnumerable<string> known) => Wrong(node, key, "there is no such key; there are " + string.Join(", ", known));

        private CapabilityFileException Wrong(YamlNode node, string key, string why) => new($"{name}:{node.Start.Line.ToString(CultureInfo.InvariantCulture)}: {key}: {why}");
    }
}
