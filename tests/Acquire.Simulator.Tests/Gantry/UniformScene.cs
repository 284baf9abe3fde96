using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>The smallest honest scene: the same expected rate in every pixel, Poisson counts, a pure function of seed and exposure.</summary>
internal sealed class UniformScene(int seed, double cpsPerWindow = 20_000) : IScene
{
    public List<(string What, TimeSpan Tick, double Amount)> Told { get; } = [];
    public double ContourMm { get; init; } = 200;
    /// <summary>When set, Expose waits for it: a computation that never ends by itself.</summary>
    public ManualResetEventSlim? Gate { get; init; }
    public List<Exposure> Exposed { get; } = [];

    public void Inject(TimeSpan tick, double activityMBq) => Told.Add(("inject", tick, activityMBq));
    public void Drink(TimeSpan tick, double millilitres) => Told.Add(("drink", tick, millilitres));
    public void Void(TimeSpan tick) => Told.Add(("void", tick, 0));

    public void Expose(in Exposure exposure, Span<uint> counts)
    {
        Gate?.Wait(TimeSpan.FromSeconds(30));
        lock (Exposed) Exposed.Add(exposure);
        var random = new Random(HashOf(seed, exposure.Head, exposure.LowerKeV, exposure.StartTick.Ticks, exposure.Duration.Ticks));
        double mean = cpsPerWindow * exposure.Duration.TotalSeconds / counts.Length;
        for (int i = 0; i < counts.Length; i++) counts[i] = Poisson(random, mean);
    }

    /// <summary>A scene with a bug in it.</summary>
    public bool RateFails { get; init; }

    public double CountRateCps(in Exposure exposure) => RateFails ? throw new InvalidOperationException("a bug in the scene") : cpsPerWindow;

    public void CtSlice(in CtSliceRequest request, Span<short> hounsfield)
    {
        for (int i = 0; i < hounsfield.Length; i++) hounsfield[i] = (short)((i % 7) - 1027);
    }

    public void Prepare(IReadOnlyList<Exposure> exposures) { }

    public Func<double, double>? ContourAt { get; init; }

    public double ContourRadiusMm(double headAngleDeg, double tableMm) => ContourAt?.Invoke(headAngleDeg) ?? ContourMm;

    private static int HashOf(int seed, int head, double lower, long start, long duration) =>
        unchecked((int)((((((seed * 31L) + head) * 31) + (long)(lower * 100)) * 31) + (start / 10 * 7919) + (duration / 10 * 104729)));

    private static uint Poisson(Random random, double mean)
    {
        double limit = Math.Exp(-mean), product = random.NextDouble();
        uint n = 0;
        while (product > limit)
        {
            product *= random.NextDouble();
            n++;
        }
        return n;
    }
}
