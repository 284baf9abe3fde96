namespace Acquire.Simulator.Physics;

/// <summary>A parallel-hole lead collimator with the crystal behind it.</summary>
/// <param name="Name">Name as the gantry reports it.</param>
/// <param name="HoleMm">Hole diameter across flats, d.</param>
/// <param name="LengthMm">Hole length, l.</param>
/// <param name="SeptumMm">Septal thickness, t.</param>
/// <param name="SpecCpsPerMBq">Specified sensitivity for Tc-99m in a 20 % window; the formula is scaled to it.</param>
/// <remarks>Formulas: docs: physics-and-qc 1.4. Geometry of the Siemens-class LEHR: docs: physics-and-qc 1.3 [S5], its specified sensitivity [EK].</remarks>
internal sealed record Collimator(string Name, double HoleMm, double LengthMm, double SeptumMm, double SpecCpsPerMBq)
{
    private const double MuLeadPerMm140 = 2.692;
    private const double HexagonalK = 0.26;
    private const double PhotonYield = 0.89;
    private const double PhotopeakEfficiency = 0.84;

    /// <summary>Low energy, high resolution.</summary>
    public static Collimator Lehr { get; } = new("LEHR", 1.11, 24.05, 0.16, 91);

    /// <summary>Back face of the collimator to the mean interaction plane, mm (default c of 1.4).</summary>
    public double GapMm { get; init; } = 10;
    /// <summary>Intrinsic resolution of the crystal at 140.5 keV, FWHM mm (docs: physics-and-qc 10).</summary>
    public double IntrinsicFwhmMm { get; init; } = 3.8;

    /// <summary>Effective hole length at 140.5 keV, mm.</summary>
    public double EffectiveLengthMm => LengthMm - (2 / MuLeadPerMm140);
    /// <summary>Geometric efficiency g; does not depend on distance.</summary>
    public double GeometricEfficiency => Math.Pow(HexagonalK * HoleMm / EffectiveLengthMm * HoleMm / (HoleMm + SeptumMm), 2);
    /// <summary>Sensitivity by the formula alone, cps/MBq in a 20 % window.</summary>
    public double FormulaCpsPerMBq => GeometricEfficiency * 1e6 * PhotonYield * PhotopeakEfficiency;
    /// <summary>The one scalar that brings the formula to the specified sensitivity.</summary>
    public double Calibration => SpecCpsPerMBq / FormulaCpsPerMBq;

    /// <summary>Collimator resolution, FWHM mm, at a distance from source to face, mm.</summary>
    public double GeometricFwhmMm(double distanceMm) => HoleMm * (EffectiveLengthMm + distanceMm + GapMm) / EffectiveLengthMm;
    /// <summary>System resolution, FWHM mm, at a distance from source to face, mm.</summary>
    public double SystemFwhmMm(double distanceMm) => Math.Sqrt(Math.Pow(GeometricFwhmMm(distanceMm), 2) + (IntrinsicFwhmMm * IntrinsicFwhmMm));
}
