using System.CommandLine;
using System.Globalization;
using Acquire.Reconstruction;

namespace Acquire.Service.Cli;

/// <summary>The options by which a person gives geometry that a file lacks; shared by <c>reconstruct</c> and <c>qc</c>.</summary>
internal sealed class GeometryOptions
{
    private readonly Option<double?> _radius = new("--radius") { Description = "By hand: axis to collimator face, mm." };
    private readonly Option<double?> _start = new("--start-angle") { Description = "By hand: DICOM angle of the first view, degrees (0 at the patient's back, growing to the left)." };
    private readonly Option<string?> _direction = new("--direction") { Description = "By hand: cc (angles grow) or cw (angles fall)." };
    private readonly Option<double?> _extent = new("--extent") { Description = "By hand: arc covered by one detector, degrees." };
    private readonly Option<double?> _pixel = new("--pixel") { Description = "By hand: pixel size, mm." };
    private readonly Option<string?> _collimator = new("--collimator") { Description = "By hand: name (LEHR, LEAP, MELP, ...) or HOLE,LENGTH in mm." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_radius, _start, _direction, _extent, _pixel, _collimator]) command.Options.Add(option);
    }

    /// <summary>What was given.</summary>
    /// <exception cref="AcquireException">A value that cannot be.</exception>
    public GeometryByHand Of(ParseResult parse) => new()
    {
        RadiusMm = Positive(parse.GetValue(_radius), "--radius"),
        StartAngleDeg = parse.GetValue(_start),
        AnglesGrow = parse.GetValue(_direction)?.ToUpperInvariant() switch { null => null, "CC" or "CCW" => true, "CW" => false, _ => throw Bad("--direction must be cc or cw.") },
        ExtentDeg = Positive(parse.GetValue(_extent), "--extent"),
        PixelMm = Positive(parse.GetValue(_pixel), "--pixel"),
        Response = Collimator(parse.GetValue(_collimator)),
    };

    /// <summary>The value, when it is above 0 or not given.</summary>
    public static double? Positive(double? value, string option) => value is null || (value > 0 && double.IsFinite(value.Value)) ? value : throw Bad($"{option} must be above 0.");

    private static DetectorResponse? Collimator(string? text)
    {
        if (text is null) return null;
        string[] parts = text.Split(',');
        if (parts.Length == 2 && double.TryParse(parts[0], CultureInfo.InvariantCulture, out double hole) && double.TryParse(parts[1], CultureInfo.InvariantCulture, out double length) && hole > 0 && length > 2)
            return DetectorResponse.FromHoles(hole, length);
        return DetectorResponse.FromName(text) ?? throw Bad("--collimator must be LEHR, LEUHR, LEAP, MELP, HE, 'GE LEHR', 'GE MEGP', 'Philips LEHR', or HOLE,LENGTH in mm.");
    }

    private static AcquireException Bad(string message) => new(message, ExitCodes.BadInput);
}
