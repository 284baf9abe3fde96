namespace Acquire.Simulator.Physics;

/// <summary>Activity in the compartments of an adult given Tc-99m MDP: first pass, distribution, bone uptake, urine, decay.</summary>
/// <remarks>
/// The compartment model takes the blood as mixed from the start; until it is, the plasma share is spread over the stations of the
/// <see cref="FirstPass"/> instead. Blood volumes: 5000 ml in all, right heart 250, lungs 450, left heart 200, arteries 700, kidneys 75 ml [EK];
/// the kidneys get 20 % of the cardiac output [EK]. Urine flow 1 ml/min, of a drink 80 % follows with a peak after 60 min, a void leaves 8 %
/// (docs: clinical 6.2 hydration, [X]).
/// </remarks>
internal sealed class MdpPatient : IActivityModel
{
    /// <summary>Compartments, in the order of the activities.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["right heart", "lung blood", "left heart", "arteries", "tissue blood", "interstitial", "bone", "kidneys", "bladder", "injection site"];

    public const int RightHeart = 0, LungBlood = 1, LeftHeart = 2, Arteries = 3, TissueBlood = 4, Interstitial = 5, Bone = 6, Kidneys = 7, Bladder = 8, InjectionSite = 9;

    public const double BloodMl = 5000, RightHeartMl = 250, LungBloodMl = 450, LeftHeartMl = 200, ArteriesMl = 700, KidneyBloodMl = 75;
    public const double TissueBloodMl = BloodMl - RightHeartMl - LungBloodMl - LeftHeartMl - ArteriesMl - KidneyBloodMl;
    private const double KidneyPerfusion = 0.20;
    private const double LeftByVoid = 0.08;
    private const double ResidualAtSite = 0.01;
    private const double FirstVolumeMl = 40, LargestVolumeMl = 800, FlowMlPerMinute = 1, DrinkShare = 0.8, DrinkMinutes = 60;

    private readonly Biokinetics kinetics;
    private readonly List<(TimeSpan Tick, double MBq)> injections = [];
    private readonly List<(TimeSpan Tick, double Ml)> drinks = [];
    private readonly List<TimeSpan> voids = [];
    private TimeSpan first = TimeSpan.MaxValue;

    public MdpPatient(Biokinetics kinetics) => this.kinetics = kinetics;

    public void Inject(TimeSpan tick, double activityMBq)
    {
        Begin(tick);
        injections.Add((tick, activityMBq));
    }

    public void Drink(TimeSpan tick, double millilitres)
    {
        Begin(tick);
        drinks.Add((tick, millilitres));
    }

    public void Void(TimeSpan tick)
    {
        Begin(tick);
        voids.Add(tick);
        voids.Sort();
    }

    public double BladderMl(TimeSpan tick)
    {
        double volume = FirstVolumeMl, made = 0;
        foreach (TimeSpan v in voids)
        {
            if (v > tick) break;
            double then = Made(v);
            volume = LeftByVoid * Math.Min(LargestVolumeMl, volume + then - made);
            made = then;
        }
        return Math.Min(LargestVolumeMl, volume + Made(tick) - made);
    }

    public void At(TimeSpan tick, Span<double> activityMBq)
    {
        activityMBq.Clear();
        foreach ((TimeSpan at, double mbq) in injections)
        {
            if (tick < at) continue;
            double now = mbq * IActivityModel.Decay(tick - at);
            activityMBq[InjectionSite] += now * ResidualAtSite;
            now *= 1 - ResidualAtSite;
            BodyShares b = kinetics.At((tick - at).TotalMinutes);
            FirstPass f = FirstPass.At((tick - at).TotalSeconds);
            double blood = now * b.Plasma;
            activityMBq[RightHeart] += blood * (f.RightHeart + (f.Mixed * RightHeartMl / BloodMl));
            activityMBq[LungBlood] += blood * (f.Lungs + (f.Mixed * LungBloodMl / BloodMl));
            activityMBq[LeftHeart] += blood * (f.LeftHeart + (f.Mixed * LeftHeartMl / BloodMl));
            activityMBq[Arteries] += blood * (f.Arteries + (f.Mixed * ArteriesMl / BloodMl));
            activityMBq[TissueBlood] += blood * ((f.Tissue * (1 - KidneyPerfusion)) + (f.Mixed * TissueBloodMl / BloodMl));
            activityMBq[Kidneys] += blood * ((f.Tissue * KidneyPerfusion) + (f.Mixed * KidneyBloodMl / BloodMl));
            activityMBq[Interstitial] += now * (b.Interstitial + b.Slow);
            activityMBq[Bone] += now * b.Bone;
            activityMBq[Kidneys] += now * (b.Kidney + b.Cortex);
            double urine = 0, made = 0;
            foreach (TimeSpan v in voids)
            {
                if (v <= at || v > tick) continue;
                double then = kinetics.At((v - at).TotalMinutes).Urine;
                urine = LeftByVoid * (urine + then - made);
                made = then;
            }
            activityMBq[Bladder] += now * (urine + b.Urine - made);
        }
    }

    /// <remarks>Simpson over stretches of at most 0.25 s in the first two minutes after an injection and 20 s later, cut at every event.</remarks>
    public void Mean(TimeSpan start, TimeSpan duration, Span<double> activityMBq)
    {
        if (duration <= TimeSpan.Zero)
        {
            At(start, activityMBq);
            return;
        }
        activityMBq.Clear();
        var cuts = new SortedSet<TimeSpan> { start, start + duration };
        void Cut(TimeSpan t)
        {
            if (t > start && t < start + duration) cuts.Add(t);
        }
        foreach ((TimeSpan at, _) in injections)
        {
            Cut(at);
            Cut(at + TimeSpan.FromMinutes(2));
        }
        foreach (TimeSpan v in voids) Cut(v);
        Span<double> now = stackalloc double[activityMBq.Length];
        TimeSpan from = start;
        foreach (TimeSpan to in cuts)
        {
            if (to == from) continue;
            bool early = false;
            foreach ((TimeSpan at, _) in injections) early |= from >= at && from < at + TimeSpan.FromMinutes(2);
            int steps = (int)Math.Ceiling((to - from).TotalSeconds / (early ? 0.25 : 20));
            for (int i = 0; i <= 2 * steps; i++)
            {
                // The value just before an event belongs to the stretch that ends there.
                TimeSpan t = i == 2 * steps ? to - TimeSpan.FromTicks(1) : from + ((to - from) * (i / (2.0 * steps)));
                At(t, now);
                double weight = (i == 0 || i == 2 * steps ? 1 : i % 2 == 1 ? 4 : 2) * ((to - from) / duration) / (6.0 * steps);
                for (int k = 0; k < now.Length; k++) activityMBq[k] += weight * now[k];
            }
            from = to;
        }
    }

    private void Begin(TimeSpan tick) => first = tick < first ? tick : first;

    /// <summary>Urine made since the first thing that happened to the patient (which may lie before boot), ml.</summary>
    private double Made(TimeSpan tick)
    {
        double ml = FlowMlPerMinute * (tick > first ? (tick - first).TotalMinutes : 0);
        foreach ((TimeSpan at, double drunk) in drinks)
        {
            double x = (tick - at).TotalMinutes / DrinkMinutes;
            if (x > 0) ml += DrinkShare * drunk * (1 - (Math.Exp(-x) * (1 + x)));
        }
        return ml;
    }
}
