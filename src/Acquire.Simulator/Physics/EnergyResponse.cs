namespace Acquire.Simulator.Physics;

/// <summary>What share of the primary and of the scattered Tc-99m photons falls into an energy window.</summary>
/// <remarks>
/// Photopeak: Gaussian at 140.511 keV, FWHM 9.9 % (docs: physics-and-qc 1.2, 10).
/// Scatter, a stated approximation: a photon that reaches the camera unscattered from water-equivalent depth d (cm) is accompanied by
/// n(E; d) = A(d) + B(d) t(E)^2 scattered photons per keV below the peak, t = (140.511 - E) / 32 keV, smeared by the energy resolution.
/// A(d) is set so that S/P in a 126.45-154.55 keV window is 0.0655 d - 0.00031 d^2 (within 2 % of the slab rows of docs: physics-and-qc 2.3,
/// which [OWN] Monte Carlo gave; its short form is 0.0635 d); B(d) = 0.0085 - 0.0012 d places the lower windows (fit to the cylinder
/// rows of the same table). Below 90 keV, where only multiply scattered photons are, the density falls linearly to nothing at 40 keV.
/// </remarks>
internal sealed class EnergyResponse
{
    /// <summary>Peak energy, keV.</summary>
    public const double PeakKeV = 140.511;
    /// <summary>Energy resolution at the peak, FWHM as a share.</summary>
    public const double ResolutionFwhm = 0.099;
    /// <summary>Share of the interactions in the crystal at 140 keV that end in the photopeak (docs: physics-and-qc 1.4, [EK]).</summary>
    public const double PhotoFraction = 0.92;
    /// <summary>S/P in the reference window per cm of water-equivalent depth, linear term.</summary>
    public const double ScatterLinear = 0.0655;
    /// <summary>The same, quadratic term.</summary>
    public const double ScatterQuadratic = -0.00031;
    private const double Tilt0 = 0.0085;
    private const double Tilt1 = -0.0012;
    private const double Sigma0 = PeakKeV * ResolutionFwhm / 2.3548200450309493;

    /// <summary>The 20 % window sensitivities and scatter ratios are stated for.</summary>
    public static EnergyResponse Reference { get; } = new(126.45, 154.55);
    /// <summary>Everything the electronics triggers on (lower threshold 40 keV): what dead time is made of.</summary>
    public static EnergyResponse FullSpectrum { get; } = new(40, 400);

    private readonly double flat;
    private readonly double tilted;

    /// <summary>Response of a window, limits in keV.</summary>
    public EnergyResponse(double lowerKeV, double upperKeV)
    {
        if (!(upperKeV > lowerKeV)) throw new ArgumentException($"The energy window {lowerKeV} to {upperKeV} keV has no width.");
        PrimaryShare = Phi((upperKeV - PeakKeV) / Sigma0) - Phi((lowerKeV - PeakKeV) / Sigma0);
        const double step = 0.25;
        for (double e = 40 + (step / 2); e < PeakKeV; e += step)
        {
            double width = Math.Min(step, PeakKeV - (e - (step / 2)));
            double sigma = Sigma0 * Math.Sqrt(e / PeakKeV);
            double inside = Phi((upperKeV - e) / sigma) - Phi((lowerKeV - e) / sigma);
            double taper = e < 90 ? (e - 40) / 50 : 1;
            double t = (PeakKeV - Math.Max(e, 90)) / 32;
            flat += taper * inside * width;
            tilted += taper * t * t * inside * width;
        }
    }

    /// <summary>Share of the primary photons of the peak that is counted in this window.</summary>
    public double PrimaryShare { get; }

    /// <summary>
    /// Scattered counts in this window per primary photon of the peak, as c0 + c1 d + c2 d^2 with d the water-equivalent depth in cm.
    /// </summary>
    public (double C0, double C1, double C2) Scatter()
    {
        EnergyResponse r = Reference;
        double tilt = tilted - (r.tilted * flat / r.flat), level = flat / r.flat;
        return (r.PrimaryShare * tilt * Tilt0, r.PrimaryShare * ((tilt * Tilt1) + (level * ScatterLinear)), r.PrimaryShare * level * ScatterQuadratic);
    }

    private static double Phi(double x) => 0.5 * Erfc(-x / Math.Sqrt(2));

    /// <summary>Complementary error function by its continued fraction in Chebyshev form, error below 1.2e-7 of the value.</summary>
    private static double Erfc(double x)
    {
        double z = Math.Abs(x), t = 1 / (1 + (0.5 * z));
        double poly = -1.26551223 + (t * (1.00002368 + (t * (0.37409196 + (t * (0.09678418 + (t * (-0.18628806 + (t * (0.27886807 + (t * (-1.13520398 + (t * (1.48851587 + (t * (-0.82215223 + (t * 0.17087277)))))))))))))))));
        double value = t * Math.Exp((-z * z) + poly);
        return x >= 0 ? value : 2 - value;
    }
}
