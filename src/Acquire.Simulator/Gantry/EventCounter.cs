using System.Buffers;
using System.Numerics;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>Draws a slice event by event and cuts its frames from the events, so that both hold the same counts. A pure function: any thread, any order.</summary>
/// <remarks>The spectrum is divided at every window's limits. In each band the scene draws the image, the place within a pixel and the time within the slice
/// are even, and the energy follows the scene's expected spectrum at that moment, 1 keV fine.</remarks>
internal static class EventCounter
{
    /// <summary>Energies a head triggers on, keV.</summary>
    public const int LowestKeV = 40, HighestKeV = 400;

    public static SliceCounts Count(IScene scene, CountSlice slice)
    {
        long length = slice.EndUs - slice.StartUs;
        if (length > EventBatch.LongestUs) throw new ArgumentException("A slice of events is at most a second long.", nameof(slice));
        var drawn = new List<(int Head, int Matrix, int Low, int High, uint[] Counts, int[] Quantiles, ulong Key)>();
        double leastLive = 1;
        var live = new List<double>();
        int total = 0, bins = Math.Max(1, slice.Bins);
        foreach (HeadSlice head in slice.Heads)
        {
            double share = scene.LiveFraction(head.Windows[0]);
            leastLive = Math.Min(leastLive, share);
            for (int i = 0; i < head.Windows.Length * bins; i++) live.Add(share * (slice.Bins > 0 ? Gating.BinUs(slice) : length));
            double[] spectrum = Spectrum.ExpectedCps(scene, head.Windows[0]);
            int[] edges = Edges(head.Windows);
            for (int b = 0; b + 1 < edges.Length; b++)
            {
                uint[] counts = ArrayPool<uint>.Shared.Rent(head.Matrix * head.Matrix);
                Exposure band = head.Windows[0] with { LowerKeV = edges[b] / (double)ListWord.EnergyStepsPerKeV, UpperKeV = edges[b + 1] / (double)ListWord.EnergyStepsPerKeV };
                scene.Expose(band, counts.AsSpan(0, head.Matrix * head.Matrix));
                if (slice.HasDeadTube && head.Head == 1) DeadTube.Darken(head.Matrix, band.PixelMm, counts);
                foreach (uint n in counts.AsSpan(0, head.Matrix * head.Matrix)) total += (int)n;
                drawn.Add((head.Head, head.Matrix, edges[b], edges[b + 1], counts, Spectrum.Quantiles(spectrum, edges[b], edges[b + 1]),
                    CounterRandom.Mix(CounterRandom.Mix(slice.Key, (ulong)head.Head), (ulong)edges[b])));
            }
        }
        ulong[] events = ArrayPool<ulong>.Shared.Rent(Math.Max(1, total));
        int next = 0;
        foreach ((int head, int matrix, int low, int high, uint[] counts, int[] quantiles, ulong key) in drawn)
        {
            var random = new CounterRandom(key);
            int shift = 14 - BitOperations.Log2((uint)matrix), mask = (1 << shift) - 1, pixels = matrix * matrix, columns = BitOperations.Log2((uint)matrix);
            for (int i = 0; i < pixels; i++)
            {
                for (uint n = counts[i]; n > 0; n--)
                {
                    ulong r = random.Next(), s = random.Next();
                    int x = ((i & (matrix - 1)) << shift) | ((int)r & mask), y = ((i >> columns) << shift) | ((int)(r >> 14) & mask);
                    long us = (long)(((r >> 32) * (ulong)length) >> 32);
                    int q = (int)(s & 255), energy = quantiles[q] + (int)((((s >> 32) * (ulong)(quantiles[q + 1] - quantiles[q])) >> 32));
                    events[next++] = EventBatch.Pack(us, head, Math.Clamp(energy, low, high - 1), x, y);
                }
            }
            ArrayPool<uint>.Shared.Return(counts);
        }
        events.AsSpan(0, next).Sort();
        var batch = new EventBatch(events, next, slice);
        return new SliceCounts { Pixels = Cut(batch), LiveUs = [.. live], Events = batch, LeastLive = leastLive };
    }

    /// <summary>First energy step of a window: an event belongs to it when its energy, as the word tells it, is at least the lower limit and below the upper.</summary>
    public static int Step(double keV) => (int)Math.Ceiling((keV * ListWord.EnergyStepsPerKeV) - 1e-9);

    private static int[] Edges(Exposure[] windows) =>
        [.. windows.SelectMany(w => new[] { Step(w.LowerKeV), Step(w.UpperKeV) }).Append(LowestKeV * ListWord.EnergyStepsPerKeV).Append(HighestKeV * ListWord.EnergyStepsPerKeV)
            .Where(e => e >= LowestKeV * ListWord.EnergyStepsPerKeV && e <= HighestKeV * ListWord.EnergyStepsPerKeV).Distinct().Order()];

    /// <summary>The frames' pixels from the events.</summary>
    private static uint[][] Cut(EventBatch batch)
    {
        CountSlice slice = batch.Slice;
        int bins = Math.Max(1, slice.Bins);
        var images = new List<uint[]>();
        var first = new int[3];
        var windows = new (int Low, int High)[3][];
        var shifts = new int[3];
        foreach (HeadSlice head in slice.Heads)
        {
            first[head.Head] = images.Count;
            windows[head.Head] = [.. head.Windows.Select(w => (Step(w.LowerKeV), Step(w.UpperKeV)))];
            shifts[head.Head] = 14 - BitOperations.Log2((uint)head.Matrix);
            for (int i = 0; i < head.Windows.Length * bins; i++) images.Add(new uint[head.Matrix * head.Matrix]);
        }
        foreach (ulong e in batch.Events)
        {
            int head = EventBatch.Head(e), energy = EventBatch.Energy(e), shift = shifts[head];
            (int Low, int High)[] ofHead = windows[head];
            int bin = slice.Bins == 0 ? 0 : Gating.BinAt(slice.Beats, slice.Bins, slice.StartUs + EventBatch.TimeUs(e));
            if (bin < 0) continue;
            int pixel = (EventBatch.Y(e) >> shift << (14 - shift)) | (EventBatch.X(e) >> shift);
            for (int w = 0; w < ofHead.Length; w++)
                if (energy >= ofHead[w].Low && energy < ofHead[w].High) images[first[head] + (w * bins) + bin][pixel]++;
        }
        return [.. images];
    }
}
