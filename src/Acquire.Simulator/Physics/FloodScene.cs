namespace Acquire.Simulator.Physics;

/// <summary>An even field before every head, as hot as asked for: what a load test of list mode needs. Nothing is in front of it, nothing decays, nothing is dead time.</summary>
/// <param name="seed">Seed of all noise.</param>
/// <param name="cpsPerHead">Counts a second of a head over all energies; 0.6 M each makes more than a million with two heads.</param>
internal sealed class FloodScene(int seed, double cpsPerHead = 600_000) : IScene
{
    public const string Name = "flood";
    private const double PeakKeV = 140.511;
    private const double SigmaKeV = PeakKeV * 0.099 / 2.3548200450309493;

    public void Inject(TimeSpan tick, double activityMBq)
    {
        // The field is as hot as it is.
    }

    public void Drink(TimeSpan tick, double millilitres)
    {
        // Nobody is there.
    }

    public void Void(TimeSpan tick)
    {
        // Nobody is there.
    }

    public void Expose(in Exposure exposure, Span<uint> counts)
    {
        int n = exposure.Matrix;
        double columns = Math.Min(n, Projector.UfovColumnsMm / exposure.PixelMm), rows = Math.Min(n, Projector.UfovRowsMm / exposure.PixelMm);
        int c0 = (int)Math.Ceiling((n - columns) / 2), c1 = n - c0, r0 = (int)Math.Ceiling((n - rows) / 2), r1 = n - r0;
        double mean = CountRateCps(exposure) * exposure.Duration.TotalSeconds / Math.Max(1, (c1 - c0) * (r1 - r0));
        ulong key = CounterRandom.Mix(unchecked((ulong)seed), (ulong)exposure.StartTick.Ticks);
        key = CounterRandom.Mix(CounterRandom.Mix(key, (ulong)exposure.Head), unchecked((ulong)BitConverter.DoubleToInt64Bits(exposure.LowerKeV)));
        counts.Clear();
        for (int r = r0; r < r1; r++)
        {
            var random = new CounterRandom(CounterRandom.Mix(key, (ulong)r));
            for (int c = c0; c < c1; c++) counts[(r * n) + c] = random.Poisson(mean);
        }
    }

    public double CountRateCps(in Exposure exposure) => cpsPerHead * (Share(exposure.UpperKeV) - Share(exposure.LowerKeV));

    public void CtSlice(in CtSliceRequest request, Span<short> hounsfield) => hounsfield.Fill(-1000);

    public void Prepare(IReadOnlyList<Exposure> exposures)
    {
        // Nothing to project.
    }

    public double ContourRadiusMm(double headAngleDeg, double tableMm) => 110;

    /// <summary>Share of the counts below an energy: 70 % in the peak, the rest even from 60 keV to it.</summary>
    private static double Share(double keV) => (0.7 / (1 + Math.Exp(-1.702 * (keV - PeakKeV) / SigmaKeV))) + (0.3 * Math.Clamp((keV - 60) / (PeakKeV - 60), 0, 1));
}
