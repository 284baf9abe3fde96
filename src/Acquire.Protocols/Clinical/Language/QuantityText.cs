using System.Globalization;

namespace Acquire.Protocols.Clinical.Language;

/// <summary>A kind of quantity with the units it may be written in. The first unit is the one values come out in.</summary>
internal sealed record Dimension(string Name, string Example, params (string Unit, double Factor)[] Units)
{
    public static readonly Dimension Time = new("a time", "15 s", ("s", 1), ("ms", 1e-3), ("min", 60), ("h", 3600));
    public static readonly Dimension Length = new("a length", "1.0 mm", ("mm", 1), ("cm", 10));
    public static readonly Dimension Energy = new("an energy", "140.5 keV", ("keV", 1), ("MeV", 1000));
    public static readonly Dimension Activity = new("an activity", "700 MBq", ("MBq", 1), ("GBq", 1000), ("kBq", 1e-3));
    public static readonly Dimension Percent = new("a percentage", "20 %", ("%", 1));
    public static readonly Dimension Angle = new("an angle", "45 deg", ("deg", 1));
    public static readonly Dimension Voltage = new("a tube voltage", "110 kV", ("kV", 1));
    public static readonly Dimension Current = new("a tube current", "50 mA", ("mA", 1));
    public static readonly Dimension Ctdi = new("a CTDIvol", "4.0 mGy", ("mGy", 1));
    public static readonly Dimension Dlp = new("a dose-length product", "215 mGy.cm", ("mGy.cm", 1), ("mGy*cm", 1), ("mGy cm", 1));
    public static readonly Dimension Counts = new("a number of counts", "300 kcounts", ("counts", 1), ("kcounts", 1e3), ("Mcounts", 1e6));
    public static readonly Dimension Clearance = new("a glomerular filtration rate", "60 mL/min", ("mL/min", 1), ("ml/min", 1));
    public static readonly Dimension Pixels = new("a number of pixels", "0.5 px", ("px", 1));
    public static readonly Dimension Minutes = new("a time", "10 min", ("min", 1), ("s", 1 / 60.0), ("h", 60));
    public static readonly Dimension Frames = new("a number of frames", "0 frames", ("frames", 1));
    public static readonly Dimension Series = new("a number of series", "0 series", ("series", 1));
    public static readonly Dimension Speed = new("a table speed", "12 cm/min", ("cm/min", 1));
    public static readonly Dimension Weight = new("a weight", "50 kg", ("kg", 1));
    public static readonly Dimension Mass = new("an amount", "3 mg", ("mg", 1), ("g", 1000), ("microg", 1e-3));
    public static readonly Dimension ActivityPerWeight = new("an activity per weight", "9.3 MBq/kg", ("MBq/kg", 1));
    public static readonly Dimension Age = new("an age", "18 y", ("y", 1));
    public static readonly Dimension Ratio = new("a ratio", "1.2", ("", 1));

    /// <summary>Unit values come out in; "" for a plain number.</summary>
    public string BaseUnit => Units[0].Unit;

    /// <summary>"expected a time such as "15 s" (units: s, ms, min, h)".</summary>
    public string Expectation => Units.Length == 1
        ? $"expected {Name} such as \"{Example}\""
        : $"expected {Name} such as \"{Example}\" (units: {string.Join(", ", Units.Select(u => u.Unit))})";
}

/// <summary>Reads "number unit".</summary>
internal static class QuantityText
{
    /// <summary>The value in the dimension's first unit; null when the text is not such a quantity.</summary>
    public static double? Parse(string text, Dimension dimension)
    {
        (double Number, string Unit)? split = Split(text);
        if (split is not { } s) return null;
        foreach ((string unit, double factor) in dimension.Units)
            if (s.Unit == unit) return s.Number * factor;
        return null;
    }

    /// <summary>Number and unit of a text; null when it does not start with a number.</summary>
    public static (double Number, string Unit)? Split(string text)
    {
        text = text.Trim();
        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.' or '-' or '+')) end++;
        if (end == 0 || !double.TryParse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            || !double.IsFinite(number))
            return null;
        return (number, text[end..].Trim());
    }
}
