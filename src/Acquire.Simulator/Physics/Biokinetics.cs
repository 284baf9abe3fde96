namespace Acquire.Simulator.Physics;

/// <summary>Shares of the injected activity, decay-corrected, at one moment.</summary>
internal readonly record struct BodyShares(double Plasma, double Interstitial, double Slow, double Bone, double Kidney, double Cortex, double Urine)
{
    /// <summary>Plasma, interstitial and slow pool together.</summary>
    public double Soft => Plasma + Interstitial + Slow;
    /// <summary>Everything; 1 when nothing is lost.</summary>
    public double Sum => Soft + Bone + Kidney + Cortex + Urine;

    public static BodyShares operator +(BodyShares a, BodyShares b) => new(a.Plasma + b.Plasma, a.Interstitial + b.Interstitial,
        a.Slow + b.Slow, a.Bone + b.Bone, a.Kidney + b.Kidney, a.Cortex + b.Cortex, a.Urine + b.Urine);
    public static BodyShares operator *(double k, BodyShares a) => new(k * a.Plasma, k * a.Interstitial, k * a.Slow, k * a.Bone, k * a.Kidney, k * a.Cortex, k * a.Urine);
}

/// <summary>Compartment model of Tc-99m MDP in an adult (docs: clinical 6.2, derived [D] from the cited measurements), integrated by RK4.</summary>
internal sealed class Biokinetics
{
    private const double StepMinutes = 0.1;
    private const double LastMinutes = 48 * 60;
    private const double PlasmaMl = 3000, InterstitialMl = 8000, PermeabilityMlPerMinute = 400;

    private readonly BodyShares[] table;

    /// <summary>Integrates for a glomerular filtration rate and a skeletal clearance, ml/min.</summary>
    public Biokinetics(double gfr = 100, double boneClearance = 50)
    {
        table = new BodyShares[(int)(LastMinutes / StepMinutes) + 1];
        BodyShares y = new(1, 0, 0, 0, 0, 0, 0);
        table[0] = y;
        for (int i = 1; i < table.Length; i++)
        {
            double t = (i - 1) * StepMinutes;
            BodyShares k1 = Slope(t, y);
            BodyShares k2 = Slope(t + (StepMinutes / 2), y + (StepMinutes / 2 * k1));
            BodyShares k3 = Slope(t + (StepMinutes / 2), y + (StepMinutes / 2 * k2));
            BodyShares k4 = Slope(t + StepMinutes, y + (StepMinutes * k3));
            y += StepMinutes / 6 * (k1 + (2 * k2) + (2 * k3) + k4);
            table[i] = y;
        }

        BodyShares Slope(double t, BodyShares s)
        {
            double c = (0.53 + (0.25 * Math.Exp(-t / 90))) * s.Plasma / PlasmaMl;
            double exchange = PermeabilityMlPerMinute * (c - (s.Interstitial / InterstitialMl));
            double slow = (0.0020 * s.Interstitial) - (0.0008 * s.Slow);
            double bone = (boneClearance * c) - (0.0001 * s.Bone);
            double renal = gfr * c, passing = s.Kidney / 4;
            return new(-exchange - bone - renal, exchange - slow, slow, bone, (0.99 * renal) - passing, 0.01 * renal, passing);
        }
    }

    /// <summary>Shares at a time after injection; nothing before, held after 48 h.</summary>
    public BodyShares At(double minutes)
    {
        if (minutes < 0) return default;
        double x = minutes / StepMinutes;
        int i = (int)x;
        if (i >= table.Length - 1) return table[^1];
        double w = x - i;
        return ((1 - w) * table[i]) + (w * table[i + 1]);
    }
}
