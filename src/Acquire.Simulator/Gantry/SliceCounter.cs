using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>Draws the counts of a slice from the scene. A pure function: any thread, any order.</summary>
internal static class SliceCounter
{
    public static SliceCounts Count(IScene scene, CountSlice slice)
    {
        int bins = Math.Max(1, slice.Bins);
        var pixels = new List<uint[]>();
        var live = new List<double>();
        double leastLive = 1;
        foreach (HeadSlice head in slice.Heads)
        {
            double share = head.Windows.Length == 0 ? 1 : scene.LiveFraction(head.Windows[0]);
            leastLive = Math.Min(leastLive, share);
            foreach (Exposure window in head.Windows)
            {
                uint[] counts = new uint[head.Matrix * head.Matrix];
                scene.Expose(window, counts);
                if (slice.HasDeadTube && head.Head == 1) DeadTube.Darken(head.Matrix, window.PixelMm, counts);
                if (slice.Bins > 0) pixels.AddRange(Gating.Divide(slice, head, window, counts));
                else if (slice.Travel is { } travel) pixels.Add(WholeBodyStrip.Place(slice, travel, head, window, counts));
                else pixels.Add(counts);
                for (int b = 0; b < bins; b++) live.Add(share * (slice.Bins > 0 ? Gating.BinUs(slice) : slice.EndUs - slice.StartUs));
            }
        }
        return new SliceCounts { Pixels = [.. pixels], LiveUs = [.. live], LeastLive = leastLive };
    }
}

/// <summary>What a dead photomultiplier does to the counts of a head (fault pmt.dead).</summary>
internal static class DeadTube
{
    /// <summary>Place and size of the cold spot, mm from the middle of the field.</summary>
    private const double XMm = 90, YMm = 60, RadiusMm = 38;

    /// <summary>Nothing is counted under the tube.</summary>
    public static void Darken(int matrix, double pixelMm, Span<uint> counts)
    {
        for (int r = 0; r < matrix; r++)
        {
            double y = ((r + 0.5 - (matrix / 2.0)) * pixelMm) - YMm;
            for (int c = 0; c < matrix; c++)
            {
                double x = ((c + 0.5 - (matrix / 2.0)) * pixelMm) - XMm;
                if ((x * x) + (y * y) < RadiusMm * RadiusMm) counts[(r * matrix) + c] = 0;
            }
        }
    }
}
