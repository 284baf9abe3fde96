namespace Acquire.Service.Quality;

/// <summary>A displacement that begins at one gantry stop and ends before another (or lasts to the end).</summary>
/// <param name="FirstStop">First stop displaced, from 0.</param>
/// <param name="EndStop">First stop no longer displaced; the number of stops when it lasts.</param>
/// <param name="Size">Size per regressor, in the unit of the values.</param>
/// <param name="Sigma">Standard deviation of the sizes (largest of them).</param>
/// <param name="Z">Root of the drop in chi-square over the residual scale.</param>
internal sealed record StepEvent(int FirstStop, int EndStop, double[] Size, double Sigma, double Z)
{
    /// <summary>Length of the displacement.</summary>
    public double Length => Math.Sqrt(Size.Sum(s => s * s));
}

/// <summary>Change-point scan: every begin and end is tried against a smooth model, the best is taken, and again on what is left.</summary>
/// <remarks>
/// Values are functions of the view; the smooth model is one function of angle common to all heads; the displacement is common to all
/// heads in time. That makes a displacement visible as jumps at its begin, its end and at the seams between heads, which no smooth
/// function of angle has (docs: physics-and-qc 4.3 C, with the seams of E).
/// </remarks>
internal static class StepSearch
{
    /// <summary>Finds up to <paramref name="most"/> displacements, most significant first.</summary>
    /// <param name="values">One per view.</param>
    /// <param name="sigma">Standard deviation of each.</param>
    /// <param name="stops">Number of stops.</param>
    /// <param name="smooth">Columns of the smooth model.</param>
    /// <param name="directions">One or two directions; each gives per stop the column that a unit displacement at that stop alone makes in the values (see <see cref="PerStop"/>).</param>
    /// <param name="leastZ">Smallest significance that counts.</param>
    /// <param name="leastStops">Shortest displacement looked for, stops.</param>
    /// <param name="most">Most displacements looked for.</param>
    /// <param name="scale">Residual scale in sigmas that was found (1 when noise is all there is).</param>
    public static List<StepEvent> Find(double[] values, double[] sigma, int stops, IReadOnlyList<double[]> smooth,
        IReadOnlyList<double[][]> directions, double leastZ, int leastStops, int most, out double scale)
    {
        var found = new List<StepEvent>();
        var columns = new List<double[]>(smooth);
        while (true)
        {
            var fit = new SmoothFit(columns, sigma);
            double[] residual = fit.Residual(values);
            scale = Scale(residual, fit.Parameters);
            if (found.Count >= most) return found;
            StepEvent? best = Best(fit, residual, stops, leastStops, directions);
            if (best is null) return found;
            List<double[]> extended = [.. columns, .. directions.Select(d => Sum(d, best.FirstStop, best.EndStop))];
            var after = new SmoothFit(extended, sigma);
            double newScale = Scale(after.Residual(values), after.Parameters);
            best = best with { Z = best.Z / newScale, Sigma = best.Sigma * newScale };
            if (best.Z < leastZ) return found;
            found.Add(best);
            columns = extended;
        }
    }

    /// <summary>Standard deviation with which a lasting displacement in the middle would be measured, in the unit of the values.</summary>
    public static double SigmaInTheMiddle(double[] sigma, int stops, IReadOnlyList<double[]> smooth, IReadOnlyList<double[][]> directions)
    {
        var fit = new SmoothFit(smooth, sigma);
        double worst = 0;
        foreach (double[][] d in directions)
        {
            double[] u = fit.Residual(Sum(d, stops / 2, stops));
            worst = Math.Max(worst, 1 / Math.Sqrt(Math.Max(1e-12, SmoothFit.Dot(u, u))));
        }
        return worst;
    }

    private static double Scale(double[] residual, int parameters) =>
        Math.Max(1, 1.4826 * SmoothFit.MedianAbsolute(residual) * Math.Sqrt(residual.Length / (double)Math.Max(1, residual.Length - parameters)));

    /// <summary>Columns per stop of a direction that acts on each view at its own stop.</summary>
    /// <param name="direction">What a unit displacement does to each view.</param>
    /// <param name="stop">Stop of each view.</param>
    /// <param name="stops">Number of stops.</param>
    public static double[][] PerStop(double[] direction, int[] stop, int stops)
    {
        double[][] columns = new double[stops][];
        for (int s = 0; s < stops; s++) columns[s] = new double[direction.Length];
        for (int v = 0; v < direction.Length; v++) columns[stop[v]][v] = direction[v];
        return columns;
    }

    private static double[] Sum(double[][] perStop, int first, int end)
    {
        double[] u = new double[perStop[0].Length];
        for (int s = first; s < end; s++)
            for (int i = 0; i < u.Length; i++) u[i] += perStop[s][i];
        return u;
    }

    private static StepEvent? Best(SmoothFit fit, double[] residual, int stops, int leastStops, IReadOnlyList<double[][]> directions)
    {
        int m = directions.Count, p = fit.Parameters;
        // Sums over stops: of u.r and of Q'u, and over pairs of stops of u.u, all whitened; any begin and end is then a few differences.
        double[,] ur = new double[stops + 1, m];
        double[,] qu = new double[stops + 1, m * p];
        double[][][] white = [.. directions.Select(d => d.Select(fit.Whiten).ToArray())];
        for (int s = 0; s < stops; s++)
            for (int a = 0; a < m; a++)
            {
                ur[s + 1, a] = ur[s, a] + SmoothFit.Dot(white[a][s], residual);
                for (int k = 0; k < p; k++) qu[s + 1, (a * p) + k] = qu[s, (a * p) + k] + SmoothFit.Dot(white[a][s], fit.Basis[k]);
            }
        double[][,] uu = new double[m * m][,];
        for (int a = 0; a < m; a++)
            for (int b = 0; b < m; b++)
            {
                double[,] sums = new double[stops + 1, stops + 1];
                for (int s = 0; s < stops; s++)
                    for (int t = 0; t < stops; t++) sums[s + 1, t + 1] = SmoothFit.Dot(white[a][s], white[b][t]) + sums[s, t + 1] + sums[s + 1, t] - sums[s, t];
                uu[(a * m) + b] = sums;
            }
        StepEvent? best = null, lasting = null;
        double[] g = new double[m * m], r = new double[m];
        for (int first = 1; first < stops; first++)
            for (int end = first + leastStops; end <= stops; end++)
            {
                for (int a = 0; a < m; a++)
                {
                    r[a] = ur[end, a] - ur[first, a];
                    for (int b = 0; b < m; b++)
                    {
                        double[,] pair = uu[(a * m) + b];
                        double value = pair[end, end] - pair[first, end] - pair[end, first] + pair[first, first];
                        for (int k = 0; k < p; k++) value -= (qu[end, (a * p) + k] - qu[first, (a * p) + k]) * (qu[end, (b * p) + k] - qu[first, (b * p) + k]);
                        g[(a * m) + b] = value;
                    }
                }
                if (Solve(g, r, uu[0][stops, stops]) is not { } solved) continue;
                if (best is null || solved.Z > best.Z) best = new StepEvent(first, end, solved.Size, solved.Sigma, solved.Z);
                if (end == stops && (lasting is null || solved.Z > lasting.Z)) lasting = new StepEvent(first, end, solved.Size, solved.Sigma, solved.Z);
            }
        // Moving there for good and having been elsewhere almost from the start explain the data nearly alike: the simpler story is told unless three sigma speak against it.
        return best is not null && lasting is not null && (lasting.Z * lasting.Z) > (best.Z * best.Z) - 9 ? lasting : best;
    }

    private static (double[] Size, double Sigma, double Z)? Solve(double[] g, double[] r, double full)
    {
        // A displacement that the smooth model explains almost wholly cannot be measured: it is left out rather than divided by nearly nothing.
        double least = 1e-3 * full;
        if (r.Length == 1)
        {
            if (g[0] <= least) return null;
            return ([r[0] / g[0]], 1 / Math.Sqrt(g[0]), Math.Abs(r[0]) / Math.Sqrt(g[0]));
        }
        double det = (g[0] * g[3]) - (g[1] * g[2]);
        if (g[0] <= least || g[3] <= least || det <= 0.05 * g[0] * g[3]) return null;
        double a = ((g[3] * r[0]) - (g[1] * r[1])) / det, b = ((g[0] * r[1]) - (g[2] * r[0])) / det;
        double chi = (a * r[0]) + (b * r[1]);
        return ([a, b], Math.Sqrt(Math.Max(g[0], g[3]) / det), Math.Sqrt(Math.Max(0, chi)));
    }
}
