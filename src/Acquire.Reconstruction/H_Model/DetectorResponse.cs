namespace Acquire.Reconstruction;

/// <summary>Resolution of a parallel-hole collimator and crystal as a Gaussian whose width grows with distance.</summary>
/// <remarks>
/// FWHM(d) = sqrt((hole (Leff + d + gap) / Leff)^2 + intrinsic^2), docs: physics-and-qc 1.4; the same form, with gap 0, is
/// the point spread function of shared/data/recon-spine.
/// </remarks>
/// <param name="HoleDiameterMm">Hole diameter (flat to flat), mm, &gt; 0.</param>
/// <param name="EffectiveLengthMm">Effective hole length, mm: length - 2/mu of the septa at the photopeak's energy.</param>
/// <param name="IntrinsicFwhmMm">Intrinsic resolution of the crystal, FWHM in mm.</param>
/// <param name="GapMm">Collimator back face to mean depth of interaction, mm (10 by default in docs: physics-and-qc 1.4; 0 in recon-spine).</param>
public sealed record DetectorResponse(double HoleDiameterMm, double EffectiveLengthMm, double IntrinsicFwhmMm, double GapMm = 0)
{
    /// <summary>FWHM of a Gaussian over its standard deviation: 2 sqrt(2 ln 2).</summary>
    public const double FwhmPerSigma = 2.3548200450309493;

    /// <summary>Full width at half maximum in mm for a source at a distance in front of the collimator face.</summary>
    /// <param name="distanceMm">Distance from collimator face, mm; negative counts as 0.</param>
    public double FwhmMm(double distanceMm)
    {
        double geometric = HoleDiameterMm * (EffectiveLengthMm + Math.Max(0, distanceMm) + GapMm) / EffectiveLengthMm;
        return Math.Sqrt((geometric * geometric) + (IntrinsicFwhmMm * IntrinsicFwhmMm));
    }

    /// <summary>Variance (sigma squared) in mm^2 of the same Gaussian.</summary>
    /// <inheritdoc cref="FwhmMm"/>
    public double VarianceMm2(double distanceMm)
    {
        double sigma = FwhmMm(distanceMm) / FwhmPerSigma;
        return sigma * sigma;
    }

    /// <summary>From the hole length as built: Leff = length - 2/mu.</summary>
    /// <param name="holeDiameterMm">Hole diameter, mm.</param>
    /// <param name="holeLengthMm">Hole length, mm.</param>
    /// <param name="septaMuPerMm">Linear attenuation of the septa, 1/mm (lead at 140.5 keV: 2.692, docs: physics-and-qc 1.4).</param>
    /// <param name="intrinsicFwhmMm">Intrinsic resolution, FWHM in mm.</param>
    /// <param name="gapMm">See <see cref="GapMm"/>.</param>
    public static DetectorResponse FromHoles(double holeDiameterMm, double holeLengthMm, double septaMuPerMm = 2.692, double intrinsicFwhmMm = 3.8, double gapMm = 10)
        => new(holeDiameterMm, holeLengthMm - (2 / septaMuPerMm), intrinsicFwhmMm, gapMm);

    /// <summary>Intrinsic resolution at another energy: grows as 1/sqrt(E), never below 3 mm (docs: physics-and-qc 1.2).</summary>
    /// <param name="fwhmAt140Mm">FWHM at 140.5 keV, mm.</param>
    /// <param name="keV">Energy, keV.</param>
    public static double IntrinsicFwhmMm140To(double fwhmAt140Mm, double keV) => Math.Max(Math.Min(3, fwhmAt140Mm), fwhmAt140Mm * Math.Sqrt(PhotonAttenuation.TechnetiumKeV / keV));

    /// <summary>A collimator by its holes, at an energy: septa are more transparent and the crystal sharper at higher energies.</summary>
    /// <param name="holeDiameterMm">Hole diameter, mm.</param>
    /// <param name="holeLengthMm">Hole length as built, mm.</param>
    /// <param name="keV">Photopeak, keV.</param>
    /// <param name="intrinsicFwhmMm">Intrinsic resolution at 140.5 keV, FWHM in mm.</param>
    public static DetectorResponse AtEnergy(double holeDiameterMm, double holeLengthMm, double keV, double intrinsicFwhmMm = 3.8)
        => FromHoles(holeDiameterMm, holeLengthMm, PhotonAttenuation.LeadPerMm(keV), IntrinsicFwhmMm140To(intrinsicFwhmMm, keV));

    /// <summary>A collimator by name, docs: physics-and-qc 1.3 (geometry S5/S6); null when the name is not known.</summary>
    /// <remarks>A bare "LEHR" means the geometry of the simulator's default camera (Siemens LEHR).</remarks>
    /// <param name="name">Name, in any case: LEHR, LEUHR, LEAP, MELP, HE, "GE LEHR", "GE MEGP", "Philips LEHR".</param>
    /// <param name="keV">Photopeak, keV.</param>
    public static DetectorResponse? FromName(string name, double keV = PhotonAttenuation.TechnetiumKeV) => HolesOf(name) is { } holes ? AtEnergy(holes.Diameter, holes.Length, keV) : null;

    /// <summary>Hole diameter and length, mm, by name; null when the name is not known.</summary>
    /// <param name="name">As for <see cref="FromName"/>.</param>
    public static (double Diameter, double Length)? HolesOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Trim().ToUpperInvariant() switch
        {
            "LEHR" or "SIEMENS LEHR" => (1.11, 24.05),
            "LEUHR" or "SIEMENS LEUHR" => (1.16, 35.8),
            "LEAP" or "LEGP" or "SIEMENS LEAP" => (1.45, 24.05),
            "MELP" or "SIEMENS MELP" => (2.94, 40.64),
            "HE" or "SIEMENS HE" => (4.0, 59.7),
            "GE LEHR" => (1.5, 35),
            "MEGP" or "GE MEGP" => (3.0, 58),
            "PHILIPS LEHR" => (1.22, 27),
            _ => null,
        };
    }
}
