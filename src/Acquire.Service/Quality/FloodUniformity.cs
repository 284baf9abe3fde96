using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality;

/// <summary>Uniformity of a flood after NEMA NU 1 as physics-and-qc 3.1 has it: pixels of 4.48 to 8.32 mm, edge pixels off, smoothed once, integral and differential.</summary>
/// <param name="IntegralPercent">100 (max - min) / (max + min) over the useful field.</param>
/// <param name="DifferentialPercent">The same over every run of five pixels in rows and columns, the largest.</param>
/// <param name="CountsPerPixel">Mean counts per pixel of the central field: what the noise floor goes by.</param>
internal sealed record FloodUniformity(double IntegralPercent, double DifferentialPercent, double CountsPerPixel)
{
    /// <summary>Integral uniformity of the central field (the inner 75 % of the useful one), %.</summary>
    public double CentralIntegralPercent { get; init; }
    /// <summary>Differential uniformity of the central field, %.</summary>
    public double CentralDifferentialPercent { get; init; }
    /// <summary>Integral uniformity a perfect detector shows from noise alone, %: 141 / sqrt(N), fitted to the table of physics-and-qc 3.1 (OWN).</summary>
    public double IntegralFloor => 141 / Math.Sqrt(CountsPerPixel);
    /// <summary>Differential floor, %: 111 / sqrt(N), same table.</summary>
    public double DifferentialFloor => 111 / Math.Sqrt(CountsPerPixel);
    /// <summary>Integral uniformity with the floor taken off in squares (physics-and-qc 3.1, EK).</summary>
    public double IntegralCorrected => Math.Sqrt(Math.Max(0, (IntegralPercent * IntegralPercent) - (IntegralFloor * IntegralFloor)));
    /// <summary>Differential uniformity with the floor taken off.</summary>
    public double DifferentialCorrected => Math.Sqrt(Math.Max(0, (DifferentialPercent * DifferentialPercent) - (DifferentialFloor * DifferentialFloor)));

    /// <summary>Measures a frame; null when it has no field to look at.</summary>
    public static FloodUniformity? Of(CountFrame frame)
    {
        int k = 1;
        while (frame.PixelMm * k < 4.48) k *= 2;
        int w = frame.Width / k, h = frame.Height / k;
        double[] binned = new double[w * h];
        for (int y = 0; y < h * k; y++)
            for (int x = 0; x < w * k; x++) binned[((y / k) * w) + (x / k)] += frame.Counts[(y * frame.Width) + x];

        // The exposed extent: rows and columns with at least half of the median count of those that have any; of it the inner 95 %.
        (int x0, int x1) = Extent([.. Enumerable.Range(0, w).Select(x => Enumerable.Range(0, h).Sum(y => binned[(y * w) + x]))]);
        (int y0, int y1) = Extent([.. Enumerable.Range(0, h).Select(y => Enumerable.Range(0, w).Sum(x => binned[(y * w) + x]))]);
        (x0, x1) = Inner(x0, x1, 0.95);
        (y0, y1) = Inner(y0, y1, 0.95);
        if (x1 - x0 < 8 || y1 - y0 < 8) return null;
        (int cx0, int cx1) = Inner(x0, x1, 0.75);
        (int cy0, int cy1) = Inner(y0, y1, 0.75);
        double mean = 0;
        for (int y = cy0; y < cy1; y++)
            for (int x = cx0; x < cx1; x++) mean += binned[(y * w) + x] / ((cx1 - cx0) * (double)(cy1 - cy0));
        if (mean <= 0) return null;

        // Pixels under 75 % of the central mean are off where they reach the edge of the field: a camera's field has cut corners. A cold place inside the field stays in.
        bool[] use = new bool[w * h];
        for (int y = y0; y < y1; y++) Array.Fill(use, true, (y * w) + x0, x1 - x0);
        var rim = new Stack<(int X, int Y)>();
        for (int x = x0; x < x1; x++) { rim.Push((x, y0)); rim.Push((x, y1 - 1)); }
        for (int y = y0; y < y1; y++) { rim.Push((x0, y)); rim.Push((x1 - 1, y)); }
        while (rim.TryPop(out (int X, int Y) at))
        {
            if (at.X < x0 || at.X >= x1 || at.Y < y0 || at.Y >= y1 || !use[(at.Y * w) + at.X] || binned[(at.Y * w) + at.X] >= 0.75 * mean) continue;
            use[(at.Y * w) + at.X] = false;
            foreach ((int X, int Y) next in Neighbours(at.X, at.Y)) rim.Push(next);
        }
        bool[] analysed = new bool[w * h];
        for (int y = y0; y < y1; y++)
            for (int x = x0; x < x1; x++)
                analysed[(y * w) + x] = use[(y * w) + x] && Neighbours(x, y).All(n => n.X < x0 || n.X >= x1 || n.Y < y0 || n.Y >= y1 || use[(n.Y * w) + n.X]);

        double[] smooth = new double[w * h];
        for (int y = y0; y < y1; y++)
        {
            for (int x = x0; x < x1; x++)
            {
                if (!analysed[(y * w) + x]) continue;
                double sum = 0, weights = 0;
                for (int dy = -1; dy <= 1; dy++)
                {
                    for (int dx = -1; dx <= 1; dx++)
                    {
                        int nx = x + dx, ny = y + dy;
                        if (nx < x0 || nx >= x1 || ny < y0 || ny >= y1 || !analysed[(ny * w) + nx]) continue;
                        double weight = (2 - Math.Abs(dx)) * (2 - Math.Abs(dy));
                        sum += weight * binned[(ny * w) + nx];
                        weights += weight;
                    }
                }
                smooth[(y * w) + x] = sum / weights;
            }
        }
        (double integral, double differential)? useful = Measure(x0, x1, y0, y1), central = Measure(cx0, cx1, cy0, cy1);
        return useful is not { } u || central is not { } c ? null : new FloodUniformity(u.integral, u.differential, mean) { CentralIntegralPercent = c.integral, CentralDifferentialPercent = c.differential };

        (double, double)? Measure(int fromX, int toX, int fromY, int toY)
        {
            double most = double.MinValue, least = double.MaxValue, differential = 0;
            for (int y = fromY; y < toY; y++)
            {
                for (int x = fromX; x < toX; x++)
                {
                    if (!analysed[(y * w) + x]) continue;
                    most = Math.Max(most, smooth[(y * w) + x]);
                    least = Math.Min(least, smooth[(y * w) + x]);
                    differential = Math.Max(differential, Math.Max(Run(x, y, 1, 0, toX, toY), Run(x, y, 0, 1, toX, toY)));
                }
            }
            return most <= 0 ? null : (100 * (most - least) / (most + least), differential);
        }

        double Run(int x, int y, int dx, int dy, int toX, int toY)
        {
            double high = double.MinValue, low = double.MaxValue;
            for (int i = 0; i < 5; i++)
            {
                int nx = x + (i * dx), ny = y + (i * dy);
                if (nx >= toX || ny >= toY || !analysed[(ny * w) + nx]) return 0;
                high = Math.Max(high, smooth[(ny * w) + nx]);
                low = Math.Min(low, smooth[(ny * w) + nx]);
            }
            return high + low > 0 ? 100 * (high - low) / (high + low) : 0;
        }
    }

    private static (int X, int Y)[] Neighbours(int x, int y) => [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];

    private static (int From, int To) Extent(double[] sums)
    {
        double[] any = [.. sums.Where(s => s > 0).Order()];
        if (any.Length == 0) return (0, 0);
        double half = any[any.Length / 2] / 2;
        return (Array.FindIndex(sums, s => s >= half), Array.FindLastIndex(sums, s => s >= half) + 1);
    }

    private static (int From, int To) Inner(int from, int to, double share)
    {
        int off = (int)Math.Round((to - from) * (1 - share) / 2);
        return (from + off, to - off);
    }
}
