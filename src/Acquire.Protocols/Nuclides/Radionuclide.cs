namespace Acquire.Protocols.Nuclides;

/// <summary>A radionuclide with the one half-life constant used everywhere in this program: decay, SUV, reports and DICOM (docs: clinical 1.4).</summary>
public sealed record Radionuclide
{
    private Radionuclide(string name, double halfLifeSeconds, string source, IReadOnlyList<string> collimators, params PhotonLine[] lines)
    {
        Name = name;
        HalfLifeSeconds = halfLifeSeconds;
        Source = source;
        Collimators = collimators;
        Lines = lines;
    }

    private static readonly string[] LowEnergy = ["LEHR", "LEUHR", "LEGP", "LEHS"];
    private static readonly string[] MediumEnergy = ["MEGP", "MELP"];

    /// <summary>Name as in protocol files, e.g. "Tc-99m".</summary>
    public string Name { get; }
    /// <summary>Half-life, s.</summary>
    public double HalfLifeSeconds { get; }
    /// <summary>Half-life.</summary>
    public TimeSpan HalfLife => TimeSpan.FromSeconds(HalfLifeSeconds);
    /// <summary>Decay constant, 1/s.</summary>
    public double LambdaPerSecond => Math.Log(2) / HalfLifeSeconds;
    /// <summary>Where the constants come from, with status letter.</summary>
    public string Source { get; }
    /// <summary>Parallel-hole collimators that fit its energies.</summary>
    public IReadOnlyList<string> Collimators { get; }
    /// <summary>Photon lines.</summary>
    public IReadOnlyList<PhotonLine> Lines { get; }
    /// <summary>Lines cameras put a window on.</summary>
    public IEnumerable<PhotonLine> Photopeaks => Lines.Where(l => l.Imaged);

    /// <summary>Technetium-99m: 6.0067 h, 140.51 keV (docs: clinical 1.4; half-life DDEP, status R; kit labels print 6.02 h).</summary>
    public static Radionuclide Tc99m { get; } = new("Tc-99m", 6.0067 * 3600, "DDEP half-life 6.0067 h (R); 140.51 keV 89.07 % (LBL, S); clinical 1.4",
        LowEnergy, new PhotonLine(140.511, 89.07, true));

    /// <summary>Gallium-67: 3.2617 d (docs: clinical 1.4, status R).</summary>
    public static Radionuclide Ga67 { get; } = new("Ga-67", 3.2617 * 86400, "DDEP half-life 3.2617 d (R); lines (R); clinical 1.4",
        MediumEnergy, new PhotonLine(93.31, 38.8, true), new PhotonLine(184.58, 21.4, true), new PhotonLine(209.0, 2.5, false), new PhotonLine(300.22, 16.6, true), new PhotonLine(393.53, 4.6, false));

    /// <summary>Indium-111: 2.8047 d (docs: clinical 1.4, status R).</summary>
    public static Radionuclide In111 { get; } = new("In-111", 2.8047 * 86400, "DDEP half-life 2.8047 d (R); lines (R); clinical 1.4",
        MediumEnergy, new PhotonLine(171.28, 90.6, true), new PhotonLine(245.35, 94.1, true));

    /// <summary>Cobalt-57, flood sources: 271.8 d (docs: physics-and-qc 1.1, tag EK).</summary>
    public static Radionuclide Co57 { get; } = new("Co-57", 271.8 * 86400, "half-life 271.8 d, lines (EK, DDEP/NNDC class); physics-and-qc 1.1",
        LowEnergy, new PhotonLine(122.06, 85.5, true), new PhotonLine(136.47, 10.7, false));

    /// <summary>Iodine-123: 13.22 h (docs: physics-and-qc 1.1, tag EK).</summary>
    public static Radionuclide I123 { get; } = new("I-123", 13.22 * 3600, "half-life 13.22 h, lines (EK); physics-and-qc 1.1",
        [.. LowEnergy, .. MediumEnergy], new PhotonLine(158.97, 83.3, true), new PhotonLine(528.96, 1.28, false));

    /// <summary>All known, by name.</summary>
    public static IReadOnlyList<Radionuclide> All { get; } = [Tc99m, Ga67, In111, Co57, I123];

    /// <summary>The nuclide of that name ("Tc-99m"); null when it is not known here.</summary>
    public static Radionuclide? Find(string name) => All.FirstOrDefault(n => n.Name == name);

    /// <summary>Fraction left after a time: exp(-lambda t); above 1 for a time before.</summary>
    public double DecayFactor(TimeSpan elapsed) => Math.Exp(-LambdaPerSecond * elapsed.TotalSeconds);

    /// <summary>Activity at another time, same unit as given.</summary>
    public double ActivityAt(double activity, DateTimeOffset measured, DateTimeOffset at) => activity * DecayFactor(at - measured);

    /// <summary>
    /// Mean activity within a frame of that length over the activity at its start: f = (1 - exp(-lambda T)) / (lambda T); 1 for no length
    /// (docs: physics-and-qc 6, OWN).
    /// </summary>
    public double InFrameFactor(TimeSpan frame)
    {
        double x = LambdaPerSecond * frame.TotalSeconds;
        return Math.Abs(x) < 1e-5 ? 1 - (x / 2) + (x * x / 6) : (1 - Math.Exp(-x)) / x;
    }
}
