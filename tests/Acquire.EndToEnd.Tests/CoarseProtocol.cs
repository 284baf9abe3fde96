using System.Text.RegularExpressions;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>
/// A shipped protocol as a test can run it in seconds: every phase, prompt, question, window and acquisition stays; only how much is counted and how
/// finely is less. Flow frames, time per view and stop, pixels, views (24 on the arc), slices and length of a CT, speed of a whole body, subsets and
/// iterations. Windows in time, order, activity, energy windows, angles and collimators are as shipped (docs/decisions/0038).
/// </summary>
public static class CoarseProtocol
{
    private static readonly (string Key, string Value)[] Coarse =
    [
        ("frames", "6"), ("time", "4 s"), ("matrix", "64"), ("zoom", "1"), ("views", "24"), ("stop-time", "2 s"), ("length", "60 mm"), ("slice", "6 mm"), ("subsets", "4"), ("iterations", "1"),
        ("columns", "64"), ("rows", "512"), ("speed", "60 cm/min"), ("count-limit", "50 kcounts"),
    ];

    /// <summary>Writes it and gives its path.</summary>
    public static string Write(TemporaryData data, string file)
    {
        string text = Text(file);
        string path = data.File("coarse.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Its text.</summary>
    public static string Text(string file)
    {
        string text = ShippedProtocols.Read(file).Resolved!.Yaml;
        foreach ((string key, string value) in Coarse)
            text = Regex.Replace(text, $@"(?m)^(\s+(?:- )?{key}: )[^#\n]*", m => (key == "length" && IsWholeBody(text, m.Index) ? m.Value : m.Groups[1].Value + value + " "));
        return text;
    }

    private static bool IsWholeBody(string text, int index) => text.LastIndexOf("kind: whole-body", index, StringComparison.Ordinal) > text.LastIndexOf("kind: ct", index, StringComparison.Ordinal);
}
