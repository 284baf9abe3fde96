using System.Collections.Concurrent;

namespace Acquire.Simulator.Physics;

/// <summary>A phantom, its activity in time and the camera that looks at it.</summary>
internal sealed class Scene : IScene
{
    /// <summary>Dead time of a head, seconds, paralysable (docs: physics-and-qc 1.5, default).</summary>
    public const double DeadTimeSeconds = 0.7e-6;
    private const long CacheBytes = 400L << 20;

    private readonly Func<double, Phantom> build;
    private readonly Func<double, double> bladderLevel;
    private readonly IActivityModel activity;
    private readonly ulong seed;
    private readonly Projector projector = new(Collimator.Lehr);
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<double, Phantom> phantoms = new();
    private readonly ConcurrentDictionary<ViewKey, Lazy<Projection>> views = new();
    private readonly ConcurrentQueue<(ViewKey Key, long Bytes)> made = new();
    private readonly ConcurrentDictionary<(double, double), EnergyResponse> windows = new();
    private long cached;

    public Scene(Func<double, Phantom> build, Func<double, double> bladderLevel, IActivityModel activity, int seed)
    {
        this.build = build;
        this.bladderLevel = bladderLevel;
        this.activity = activity;
        this.seed = CounterRandom.Mix(0x4143515549524531, unchecked((ulong)seed));
    }

    public Scene(Phantom phantom, IActivityModel activity, int seed)
        : this(_ => phantom, _ => 0, activity, seed)
    {
    }

    /// <summary>Primary counts per second and MBq of the whole peak.</summary>
    public static double PeakCpsPerMBq => Collimator.Lehr.FormulaCpsPerMBq * Collimator.Lehr.Calibration / EnergyResponse.Reference.PrimaryShare;

    public void Inject(TimeSpan tick, double activityMBq)
    {
        if (!(activityMBq >= 0)) throw new ArgumentOutOfRangeException(nameof(activityMBq), activityMBq, "An activity is 0 MBq or more.");
        lock (gate) activity.Inject(tick, activityMBq);
    }

    public void Drink(TimeSpan tick, double millilitres)
    {
        if (!(millilitres >= 0)) throw new ArgumentOutOfRangeException(nameof(millilitres), millilitres, "A drink is 0 ml or more.");
        lock (gate) activity.Drink(tick, millilitres);
    }

    public void Void(TimeSpan tick)
    {
        lock (gate) activity.Void(tick);
    }

    public void Expose(in Exposure exposure, Span<uint> counts)
    {
        Check(exposure);
        if (counts.Length != exposure.Matrix * exposure.Matrix)
            throw new ArgumentException($"{counts.Length} pixels were given for a {exposure.Matrix} x {exposure.Matrix} image.", nameof(counts));
        counts.Clear();
        double seconds = exposure.Duration.TotalSeconds;
        if (seconds <= 0) return;
        float[] mean = Expected(exposure);
        ulong key = CounterRandom.Mix(seed, unchecked((ulong)exposure.StartTick.Ticks));
        key = CounterRandom.Mix(key, (ulong)exposure.Head);
        key = CounterRandom.Mix(key, unchecked((ulong)BitConverter.DoubleToInt64Bits(exposure.LowerKeV)));
        key = CounterRandom.Mix(key, unchecked((ulong)BitConverter.DoubleToInt64Bits(exposure.UpperKeV)));
        for (int i = 0; i < counts.Length; i++)
        {
            if (mean[i] > 0) counts[i] = new CounterRandom(CounterRandom.Mix(key, (ulong)i)).Poisson(mean[i]);
        }
    }

    /// <summary>Expected counts of an exposure, after dead time, before noise.</summary>
    internal float[] Expected(in Exposure exposure)
    {
        EnergyResponse window = Window(exposure);
        var image = new float[exposure.Matrix * exposure.Matrix];
        Span<double> mbq = stackalloc double[GroupCount];
        Activities(exposure.StartTick, exposure.Duration, mbq);
        (Projection[] parts, double share) = Views(exposure);
        double scale = PeakCpsPerMBq * exposure.Duration.TotalSeconds * Survival(parts, share, mbq) * share;
        foreach (Projection p in parts) Add(p, mbq, window, scale, exposure.Matrix, image);
        return image;
    }

    public double LiveFraction(in Exposure exposure)
    {
        Check(exposure);
        Span<double> mbq = stackalloc double[GroupCount];
        Activities(exposure.StartTick, exposure.Duration, mbq);
        (Projection[] parts, double share) = Views(exposure);
        return Survival(parts, share, mbq);
    }

    public double CountRateCps(in Exposure exposure)
    {
        Check(exposure);
        Span<double> mbq = stackalloc double[GroupCount];
        lock (gate) activity.At(exposure.StartTick, mbq);
        (Projection[] parts, double share) = Views(exposure);
        EnergyResponse window = Window(exposure);
        double rate = 0;
        foreach (Projection p in parts) rate += share * Rate(p, mbq, window, window.PrimaryShare);
        return rate;
    }

    /// <summary>Rate of everything the head triggers on at that moment, counts per second: what its dead time is made of.</summary>
    internal double TriggerRateCps(in Exposure exposure)
    {
        Span<double> mbq = stackalloc double[GroupCount];
        lock (gate) activity.At(exposure.StartTick, mbq);
        (Projection[] parts, double share) = Views(exposure);
        return Trigger(parts, share, mbq);
    }

    public void CtSlice(in CtSliceRequest request, Span<short> hounsfield)
    {
        if (request.Matrix < 1 || !(request.PixelMm > 0)) throw new ArgumentException("A slice has at least one pixel, of some size.", nameof(request));
        if (hounsfield.Length != request.Matrix * request.Matrix)
            throw new ArgumentException($"{hounsfield.Length} pixels were given for a {request.Matrix} x {request.Matrix} slice.", nameof(hounsfield));
        double ml;
        lock (gate) ml = activity.BladderMl(request.StartTick);
        ulong key = CounterRandom.Mix(CounterRandom.Mix(seed ^ 0x4354, unchecked((ulong)request.StartTick.Ticks)), unchecked((ulong)BitConverter.DoubleToInt64Bits(request.TableMm)));
        CtSlicer.Draw(PhantomOf(bladderLevel(ml)), request, key, hounsfield);
    }

    public void Prepare(IReadOnlyList<Exposure> exposures)
    {
        var missing = new List<Lazy<Projection>>();
        var seen = new HashSet<ViewKey>();
        foreach (Exposure e in exposures)
        {
            Check(e);
            foreach (ViewKey key in Keys(e))
            {
                if (!seen.Add(key)) continue;
                Lazy<Projection> view = View(key);
                if (!view.IsValueCreated) missing.Add(view);
            }
        }
        if (missing.Count == 0) return;
        // Runs ahead of the exposures; whoever needs a view before it is ready computes it or waits for it.
        _ = Task.Run(() => Parallel.ForEach(missing, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, static view => _ = view.Value));
    }

    public double ContourRadiusMm(double headAngleDeg, double tableMm) => PhantomOf(bladderLevel(0)).ContourRadiusMm(180 - headAngleDeg);

    private static double Trigger(Projection[] parts, double share, ReadOnlySpan<double> mbq)
    {
        double rate = 0;
        foreach (Projection p in parts) rate += share * Rate(p, mbq, EnergyResponse.FullSpectrum, 1 / EnergyResponse.PhotoFraction);
        return rate;
    }

    private static double Survival(Projection[] parts, double share, ReadOnlySpan<double> mbq) => Math.Exp(-Trigger(parts, share, mbq) * DeadTimeSeconds);

    private int GroupCount => PhantomOf(bladderLevel(0)).Compartments.Count;

    private static void Check(in Exposure e)
    {
        if (e.Matrix < 1 || !(e.PixelMm > 0)) throw new ArgumentException("An image has at least one pixel, of some size.", nameof(e));
        if (!(e.UpperKeV > e.LowerKeV)) throw new ArgumentException($"The energy window {e.LowerKeV} to {e.UpperKeV} keV has no width.", nameof(e));
    }

    private void Activities(TimeSpan start, TimeSpan duration, Span<double> mbq)
    {
        lock (gate) activity.Mean(start, duration, mbq);
    }

    private EnergyResponse Window(in Exposure e) => windows.GetOrAdd((e.LowerKeV, e.UpperKeV), static w => new EnergyResponse(w.Item1, w.Item2));

    private Phantom PhantomOf(double bladderMl) => phantoms.GetOrAdd(bladderMl, build);

    /// <summary>A moving head is seen at the two Gauss points of its arc.</summary>
    private ViewKey[] Keys(in Exposure e)
    {
        double ml;
        lock (gate) ml = activity.BladderMl(e.StartTick + (e.Duration / 2));
        double level = bladderLevel(ml);
        if (level > 0 && PhantomOf(level).BladderTopMm < -e.TableMm - (Projector.UfovRowsMm / 2) - Projector.AxialMarginMm) level = bladderLevel(0);
        double start = 180 - e.HeadAngleStartDeg, end = 180 - e.HeadAngleEndDeg;
        if (Math.Abs(end - start) < 1e-6) return [Key(start, e, level)];
        double mid = (start + end) / 2, off = (end - start) / (2 * Math.Sqrt(3));
        return [Key(mid - off, e, level), Key(mid + off, e, level)];

        static ViewKey Key(double degrees, in Exposure e, double level)
        {
            double turn = Math.Round(degrees - (360 * Math.Floor(degrees / 360)), 6);
            return new ViewKey(turn >= 360 ? 0 : turn, Math.Round(e.RadiusMm, 6), Math.Round(e.TableMm, 6), e.Matrix, e.PixelMm, level);
        }
    }

    private (Projection[] Views, double Share) Views(in Exposure e)
    {
        ViewKey[] keys = Keys(e);
        var result = new Projection[keys.Length];
        for (int i = 0; i < keys.Length; i++) result[i] = View(keys[i]).Value;
        return (result, 1.0 / keys.Length);
    }

    private Lazy<Projection> View(ViewKey key) => views.GetOrAdd(key, k => new Lazy<Projection>(() =>
    {
        Projection p = projector.Project(PhantomOf(k.BladderMl), k);
        made.Enqueue((k, p.Bytes));
        if (Interlocked.Add(ref cached, p.Bytes) > CacheBytes && made.TryDequeue(out (ViewKey Key, long Bytes) oldest))
        {
            views.TryRemove(oldest.Key, out _);
            Interlocked.Add(ref cached, -oldest.Bytes);
        }
        return p;
    }));

    /// <summary>Counts per second in a window inside the useful field, before dead time.</summary>
    private static double Rate(Projection p, ReadOnlySpan<double> mbq, EnergyResponse window, double primaryShare)
    {
        (double c0, double c1, double c2) = window.Scatter();
        double sum = 0;
        for (int g = 0; g < mbq.Length; g++)
            sum += mbq[g] * ((primaryShare * p.PrimarySum[g]) + (c0 * p.MomentSums[g][0]) + (c1 * p.MomentSums[g][1]) + (c2 * p.MomentSums[g][2]));
        return PeakCpsPerMBq * sum;
    }

    private static void Add(Projection p, ReadOnlySpan<double> mbq, EnergyResponse window, double scale, int matrix, float[] image)
    {
        (double c0, double c1, double c2) = window.Scatter();
        var scatter = new float[p.CoarseColumns * p.CoarseRows];
        for (int g = 0; g < mbq.Length; g++)
        {
            if (mbq[g] == 0) continue;
            AddScaled(p.Moments[g][0], scale * mbq[g] * c0, scatter);
            AddScaled(p.Moments[g][1], scale * mbq[g] * c1, scatter);
            AddScaled(p.Moments[g][2], scale * mbq[g] * c2, scatter);
            if (p.Primary[g] is not float[] primary) continue;
            float k = (float)(scale * mbq[g] * window.PrimaryShare);
            for (int r = 0; r < p.Rows; r++)
            {
                Span<float> target = image.AsSpan(((p.Row0 + r) * matrix) + p.Column0, p.Columns);
                ReadOnlySpan<float> source = primary.AsSpan(r * p.Columns, p.Columns);
                for (int c = 0; c < target.Length; c++) target[c] += k * source[c];
            }
        }
        if (scatter.Length == 0) return;
        double area = p.CoarseStep * p.CoarseStep;
        for (int r = 0; r < p.Rows; r++)
        {
            double y = p.CoarseRow0 + (r * p.CoarseStep);
            Span<float> target = image.AsSpan(((p.Row0 + r) * matrix) + p.Column0, p.Columns);
            int y0 = Math.Clamp((int)Math.Floor(y), 0, p.CoarseRows - 1), y1 = Math.Min(y0 + 1, p.CoarseRows - 1);
            double wy = Math.Clamp(y - y0, 0, 1);
            for (int c = 0; c < target.Length; c++)
            {
                double x = p.CoarseColumn0 + (c * p.CoarseStep);
                int x0 = Math.Clamp((int)Math.Floor(x), 0, p.CoarseColumns - 1), x1 = Math.Min(x0 + 1, p.CoarseColumns - 1);
                double wx = Math.Clamp(x - x0, 0, 1);
                double v = ((1 - wy) * (((1 - wx) * scatter[(y0 * p.CoarseColumns) + x0]) + (wx * scatter[(y0 * p.CoarseColumns) + x1])))
                    + (wy * (((1 - wx) * scatter[(y1 * p.CoarseColumns) + x0]) + (wx * scatter[(y1 * p.CoarseColumns) + x1])));
                target[c] += (float)Math.Max(0, v * area * p.RowCover[r] * p.ColumnCover[c]);
            }
        }
    }

    private static void AddScaled(float[]? source, double k, float[] target)
    {
        if (source is null) return;
        for (int i = 0; i < target.Length; i++) target[i] += (float)(k * source[i]);
    }
}
