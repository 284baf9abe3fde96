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

    private readonly Option<double?> _arc = new("--arc") { Description = "By hand: degrees each view turned through while it counted (continuous rotation); 0 for step and shoot." };
    private readonly Option<int> _peak = new("--peak") { Description = "Photopeak window to reconstruct, from 1; 0 for the first.", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _nuclide = new("--nuclide") { Description = "Nuclide, e.g. In-111; without it the file's, or the one whose line lies in the window. Its energy sets attenuation, lead, crystal and decay." };
    private readonly Option<string> _scatter = new("--scatter") { Description = "on (TEW from the windows there are, or the estimate that came with the input), lower (lower window only), dual[:K] (K times the lower window), or off.", DefaultValueFactory = _ => "on" };
    private readonly Option<double> _dead = new("--dead-time") { Description = "Dead time per event, microseconds (paralysable), where the camera gives no live time.", DefaultValueFactory = _ => 0 };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_radius, _start, _direction, _extent, _arc, _pixel, _collimator, _peak, _nuclide, _scatter, _dead]) command.Options.Add(option);
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
        Holes = Collimator(parse.GetValue(_collimator)),
        ArcDeg = parse.GetValue(_arc) is { } arc ? arc is >= 0 and <= 45 ? arc : throw Bad("--arc must lie between 0 and 45 degrees.") : null,
        Frames = Frames(parse),
    };

    /// <summary>The value, when it is above 0 or not given.</summary>
    public static double? Positive(double? value, string option) => value is null || (value > 0 && double.IsFinite(value.Value)) ? value : throw Bad($"{option} must be above 0.");

    /// <summary>True when scatter is to be left out.</summary>
    public bool ScatterOff(ParseResult parse) => parse.GetValue(_scatter)!.Equals("off", StringComparison.OrdinalIgnoreCase);

    private ProjectionSetOptions Frames(ParseResult parse)
    {
        string[] scatter = parse.GetValue(_scatter)!.Split(':');
        double k = ScatterEstimate.DualWindowK;
        if (scatter.Length == 2 && !(scatter[0].Equals("dual", StringComparison.OrdinalIgnoreCase) && double.TryParse(scatter[1], CultureInfo.InvariantCulture, out k) && k is > 0 and < 5) || scatter.Length > 2) throw Bad("--scatter must be on, lower, dual, dual:K with K between 0 and 5, or off.");
        double dead = parse.GetValue(_dead);
        if (dead is < 0 or > 100 || !double.IsFinite(dead)) throw Bad("--dead-time must lie between 0 and 100 microseconds.");
        return new ProjectionSetOptions
        {
            Window = parse.GetValue(_peak) is >= 0 and var peak ? peak : throw Bad("--peak must be 0 or more."),
            Nuclide = parse.GetValue(_nuclide) ?? "",
            DeadTimeMicroseconds = dead,
            ScatterK = k,
            Scatter = scatter[0].ToUpperInvariant() switch { "ON" => ScatterMethod.Windows, "LOWER" => ScatterMethod.LowerWindow, "DUAL" => ScatterMethod.DualWindow, "OFF" => ScatterMethod.None, _ => throw Bad("--scatter must be on, lower, dual, dual:K or off.") },
        };
    }

    private static (double, double)? Collimator(string? text)
    {
        if (text is null) return null;
        string[] parts = text.Split(',');
        if (parts.Length == 2 && double.TryParse(parts[0], CultureInfo.InvariantCulture, out double hole) && double.TryParse(parts[1], CultureInfo.InvariantCulture, out double length) && hole > 0 && length > 2)
            return (hole, length);
        return DetectorResponse.HolesOf(text) ?? throw Bad("--collimator must be LEHR, LEUHR, LEAP, MELP, HE, 'GE LEHR', 'GE MEGP', 'Philips LEHR', or HOLE,LENGTH in mm.");
    }

    private static AcquireException Bad(string message) => new(message, ExitCodes.BadInput);
}
