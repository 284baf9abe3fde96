using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>The signal that gates a run: lengths of the cycles, one after the other, a function of seed, source and number.</summary>
/// <remarks>ECG: 70 a minute, 5 % spread, one beat in fifty comes early (60 %) and the next late (140 %). RESP: 15 a minute, 10 % spread. SIM: 60 a minute
/// exactly. The figures are the simulator's own.</remarks>
internal sealed class GateSignal(string source, ulong key)
{
    private long _number;
    private bool _late;

    /// <summary>Mean length of a cycle, microseconds: what the acceptance window is a percentage of.</summary>
    public long MeanUs { get; } = source switch { "ECG" => 857_143, "RESP" => 4_000_000, _ => 1_000_000 };

    /// <summary>Length of the next cycle, microseconds.</summary>
    public long NextUs()
    {
        var random = new CounterRandom(CounterRandom.Mix(key, (ulong)_number++));
        if (source == "SIM") return MeanUs;
        double factor = 1 + ((source == "ECG" ? 0.05 : 0.1) * random.Normal());
        if (source == "ECG")
        {
            bool early = !_late && random.NextDouble() < 0.02;
            if (_late) factor = 1.4;
            else if (early) factor = 0.6;
            _late = early;
        }
        return (long)(MeanUs * Math.Clamp(factor, 0.3, 2));
    }
}

/// <summary>Sorts counts of a slice into the bins of its cycles: a cycle outside the window, or not finished, counts nowhere.</summary>
internal static class Gating
{
    /// <summary>Time of each bin in a slice: the accepted cycles, shared evenly.</summary>
    public static double BinUs(CountSlice slice) => slice.Beats.Where(b => b.IsAccepted).Sum(b => (double)(b.EndUs - b.StartUs)) / slice.Bins;

    /// <summary>Bin from 0 of a moment; -1 when its cycle does not count.</summary>
    public static int BinAt(Beat[] beats, int bins, long tickUs)
    {
        foreach (Beat beat in beats)
            if (tickUs >= beat.StartUs && tickUs < beat.EndUs) return beat.IsAccepted ? (int)((tickUs - beat.StartUs) * bins / (beat.EndUs - beat.StartUs)) : -1;
        return -1;
    }

    /// <summary>One image per bin. Each count gets a moment of its own in the slice; dividing a Poisson number so leaves Poisson numbers.</summary>
    public static uint[][] Divide(CountSlice slice, HeadSlice head, in Exposure window, uint[] counts)
    {
        var images = new uint[slice.Bins][];
        for (int b = 0; b < images.Length; b++) images[b] = new uint[counts.Length];
        ulong key = CounterRandom.Mix(CounterRandom.Mix(slice.Key, (ulong)head.Head), unchecked((ulong)BitConverter.DoubleToInt64Bits(window.LowerKeV)));
        long length = slice.EndUs - slice.StartUs;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            var random = new CounterRandom(CounterRandom.Mix(key, (ulong)i));
            for (uint n = 0; n < counts[i]; n++)
                if (BinAt(slice.Beats, slice.Bins, slice.StartUs + (long)(random.NextDouble() * length)) is >= 0 and var bin) images[bin][i]++;
        }
        return images;
    }
}
