using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>Where counts of a moving table go: rows of a whole-body frame are table positions, and each row counts for the same time.</summary>
/// <remarks>Row r is the part of the patient that is in the middle of the field when the table stands at min(start, end) + (r + ½) pixels; row 0 is nearest the
/// head. An electronic window of <see cref="HeightMm"/> opens at the start and slides through the field while the table travels, from its trailing to its
/// leading half: so the table moves exactly from start to end, every row from start to end is seen for HeightMm / speed, and none beyond them.</remarks>
internal static class WholeBodyStrip
{
    /// <summary>Length of patient in the electronic window, mm.</summary>
    public const double HeightMm = 128;
    /// <summary>Farthest the table may travel in one slice, mm.</summary>
    public const double SliceMm = 24;
    /// <summary>Distance of the table positions the scene is asked for, mm: a parallel-hole image only shifts in between.</summary>
    private const double GridMm = 96;

    public static int Rows(double startMm, double endMm, double pixelMm) => Math.Max(1, (int)Math.Round(Math.Abs(endMm - startMm) / pixelMm));

    /// <summary>Table position the scene is asked for: whole pixels from the start, the nearest of the grid.</summary>
    public static double GridTable(in TableTravel travel, double pixelMm)
    {
        double first = Math.Min(travel.StartMm, travel.EndMm), step = Math.Max(1, Math.Round(GridMm / pixelMm)) * pixelMm;
        return first + (Math.Round((((travel.FromMm + travel.ToMm) / 2) - first) / step) * step);
    }

    /// <summary>Share of a slice in which a row counts.</summary>
    public static double Share(in TableTravel travel, double rowMm)
    {
        double length = Math.Abs(travel.EndMm - travel.StartMm), sign = Math.Sign(travel.EndMm - travel.StartMm), height = Math.Min(HeightMm, length);
        double along = sign * (rowMm - travel.StartMm), part = along / length;
        double opens = along - (height * part), closes = opens + height;
        double from = sign * (travel.FromMm - travel.StartMm), to = sign * (travel.ToMm - travel.StartMm);
        return to <= from ? 0 : Math.Clamp((Math.Min(to, closes) - Math.Max(from, opens)) / (to - from), 0, 1);
    }

    /// <summary>The slice's counts in the whole frame. Rows that count for a share of the slice keep each count with that chance.</summary>
    public static uint[] Place(CountSlice slice, in TableTravel travel, HeadSlice head, in Exposure window, uint[] counts)
    {
        int matrix = head.Matrix, rows = Rows(travel.StartMm, travel.EndMm, window.PixelMm);
        double first = Math.Min(travel.StartMm, travel.EndMm);
        int shift = (int)Math.Round((window.TableMm - first) / window.PixelMm) - (matrix / 2);
        uint[] frame = new uint[rows * matrix];
        ulong key = CounterRandom.Mix(CounterRandom.Mix(slice.Key, (ulong)head.Head), unchecked((ulong)BitConverter.DoubleToInt64Bits(window.LowerKeV)));
        for (int r = Math.Max(0, -shift); r < matrix && r + shift < rows; r++)
        {
            double share = Share(travel, first + ((r + shift + 0.5) * window.PixelMm));
            if (share <= 0) continue;
            Span<uint> target = frame.AsSpan((r + shift) * matrix, matrix);
            ReadOnlySpan<uint> source = counts.AsSpan(r * matrix, matrix);
            if (share >= 1)
            {
                source.CopyTo(target);
                continue;
            }
            for (int c = 0; c < matrix; c++)
            {
                if (source[c] == 0) continue;
                var random = new CounterRandom(CounterRandom.Mix(key, (ulong)((r * matrix) + c)));
                for (uint n = 0; n < source[c]; n++)
                    if (random.NextDouble() < share) target[c]++;
            }
        }
        return frame;
    }
}
