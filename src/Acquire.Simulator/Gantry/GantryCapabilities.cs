namespace Acquire.Simulator.Gantry;

/// <summary>What one axis can do. Millimetres, or degrees for ROT and GEOM; per second, per second squared.</summary>
/// <param name="Min">Soft limit.</param>
/// <param name="Max">Soft limit.</param>
/// <param name="Home">Reference position.</param>
/// <param name="Speed">Speed when none is set.</param>
/// <param name="MaxSpeed">Greatest speed that can be set.</param>
/// <param name="PatientSpeed">Greatest speed while a patient is on the table.</param>
/// <param name="Acceleration">Acceleration and deceleration.</param>
public sealed record AxisCapability(double Min, double Max, double Home, double Speed, double MaxSpeed, double PatientSpeed, double Acceleration);

/// <summary>A collimator the gantry may carry.</summary>
/// <param name="Name">Name, e.g. LEHR.</param>
/// <param name="KeVMax">Highest photon energy it is made for.</param>
public sealed record CollimatorCapability(string Name, double KeVMax);

/// <summary>What a gantry can do: features, limits and SYST:DESC? follow from it. The defaults are a dual-head camera with CT.</summary>
public sealed record GantryCapabilities
{
    /// <summary>Model, second field of *IDN?.</summary>
    public string Model { get; init; } = "Simulated SPECT-CT";
    /// <summary>Heads, 1 or 2.</summary>
    public int Heads { get; init; } = 2;
    /// <summary>Has a CT.</summary>
    public bool HasCt { get; init; } = true;
    /// <summary>Has a list-mode stream.</summary>
    public bool HasListMode { get; init; } = true;
    /// <summary>Head-to-head angles it can take: 180, 90, 76; 180 only with fixed heads.</summary>
    public IReadOnlyList<int> Geometries { get; init; } = [180, 90, 76];
    /// <summary>Axes by word.</summary>
    public IReadOnlyDictionary<string, AxisCapability> Axes { get; init; } = StandardAxes;
    /// <summary>Collimators there are; the first is mounted.</summary>
    public IReadOnlyList<CollimatorCapability> Collimators { get; init; } = [new("LEHR", 170), new("MEGP", 300), new("HEGP", 400)];
    /// <summary>Smallest matrix.</summary>
    public int MatrixMin { get; init; } = 64;
    /// <summary>Largest matrix.</summary>
    public int MatrixMax { get; init; } = 1024;
    /// <summary>Lowest energy of a window.</summary>
    public double KeVMin { get; init; } = 20;
    /// <summary>Highest energy of a window.</summary>
    public double KeVMax { get; init; } = 700;
    /// <summary>Greatest load of the table, kg.</summary>
    public double TableLoadKg { get; init; } = 200;
    /// <summary>Outer width of a head across the axis, mm: keeps two heads at an angle apart.</summary>
    public double HeadWidthMm { get; init; } = 560;
    /// <summary>Size of the frame store, bytes; null: what the program's options say.</summary>
    public long? StoreBytes { get; init; }

    /// <summary>Axes of the standard gantry.</summary>
    public static IReadOnlyDictionary<string, AxisCapability> StandardAxes { get; } = new Dictionary<string, AxisCapability>(StringComparer.Ordinal)
    {
        ["ROT"] = new(-180, 540, 0, 3, 6, 4, 1.5),
        ["HEAD1"] = new(110, 400, 400, 15, 50, 25, 20),
        ["HEAD2"] = new(110, 400, 400, 15, 50, 25, 20),
        ["LONG"] = new(0, 2100, 0, 40, 50, 45, 40),
        ["VERT"] = new(450, 1050, 850, 15, 50, 20, 15),
        ["LAT"] = new(-80, 80, 0, 10, 50, 20, 15),
        ["GEOM"] = new(76, 180, 180, 3, 3, 3, 2),
    };

    /// <summary>Words of SYST:GCI:FEATures?. What the acquisition can do is in it as well as what the gantry has.</summary>
    public IReadOnlyList<string> Features =>
    [
        "STAT", "DYN", "GATE", "WB", "TOMO.STEP", "TOMO.CONT", .. Optional(HasListMode, "LIST"), .. Optional(HasCt, "CT"), "STORE.NV", "EVENT", "JOG", .. Optional(Geometries.Count > 1, "GEOM"), "SIM",
    ];

    private static string[] Optional(bool has, string feature) => has ? [feature] : [];
}
