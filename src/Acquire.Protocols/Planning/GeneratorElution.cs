namespace Acquire.Protocols.Planning;

/// <summary>What a 99Mo/99mTc generator gives: the daughter grown in since the last elution.</summary>
public static class GeneratorElution
{
    /// <summary>Half-life of Mo-99, h (DDEP, status R: verify).</summary>
    public const double Mo99HalfLifeHours = 65.94;
    /// <summary>Share of Mo-99 decays that feed Tc-99m (DDEP class, status R: verify).</summary>
    public const double Branching = 0.876;

    /// <summary>Activity of Tc-99m eluted, MBq.</summary>
    /// <param name="mo99MBq">Mo-99 in the generator at the moment of this elution, MBq.</param>
    /// <param name="sinceLastHours">Time since the last elution, h; that one took everything.</param>
    /// <param name="yield">Share of the grown-in activity that comes out, 0 to 1.</param>
    public static double EluateMBq(double mo99MBq, double sinceLastHours, double yield)
    {
        double mo = Math.Log(2) / Mo99HalfLifeHours, tc = Math.Log(2) / (Nuclides.Radionuclide.Tc99m.HalfLifeSeconds / 3600);
        // Bateman from none at the last elution, with the parent's activity taken back to then.
        double parent = mo99MBq * Math.Exp(mo * sinceLastHours);
        return yield * Branching * parent * tc / (tc - mo) * (Math.Exp(-mo * sinceLastHours) - Math.Exp(-tc * sinceLastHours));
    }
}
