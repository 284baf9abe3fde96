namespace Acquire.Service.Quality;

/// <summary>Axial shift of each view against the mean of its neighbours in time on the same head, from the whole image (docs: physics-and-qc 4.3 B: the whole image knows a shift about twice to four times better than its row sums).</summary>
/// <remarks>
/// A view differs from its neighbours by the turn of the gantry too; amplitude, lateral shift, lateral blur and axial blur are fitted
/// beside the axial shift, so that only what looks like an axial shift is left. What is measured is a difference, d = s - mean of the
/// neighbours' s; <see cref="Differences"/> gives the same difference of any displacement, so that both can be compared.
/// </remarks>
/// <param name="Rows">Difference per view, rows, positive towards the feet.</param>
/// <param name="Sigma">Standard deviation of each from the counts, rows.</param>
/// <param name="Neighbours">Views each was compared with.</param>
internal sealed record NeighbourShift(double[] Rows, double[] Sigma, int[][] Neighbours)
{
    private const int Reach = 6;
    private const int Edge = 6;
    // Sum of squares of smoothing kernel times axial difference: variance of T_z per variance of a pixel of the neighbours.
    private const double SlopeNoise = 0.0264;

    /// <summary>Measures all views; views without neighbours on both sides get a very large sigma. Null when nothing can be measured.</summary>
    public static NeighbourShift? Of(TomoViews views)
    {
        int n = views.Count;
        double[] rows = new double[n], sigma = [.. Enumerable.Repeat(1e6, n)];
        int[][] neighbours = new int[n][];
        float[][] smooth = [.. views.Images.Select(image => Smoothed(image, views.Rows, views.Columns))];
        int measured = 0;
        (int first, int end) = views.AxialRange(Edge);
        if (end - first < 16) return null;
        for (int head = 1; head <= views.Heads; head++)
        {
            int[] own = [.. Enumerable.Range(0, n).Where(v => views.Head[v] == head).OrderBy(v => views.Stop[v])];
            for (int i = 0; i < own.Length; i++)
            {
                int reach = Math.Min(Reach, Math.Min(i, own.Length - 1 - i));
                neighbours[own[i]] = [.. Enumerable.Range(1, reach).SelectMany(k => (int[])[own[i - k], own[i + k]])];
                if (reach == 0 || !One(views, smooth, own[i], neighbours[own[i]], first, end, out rows[own[i]], out double s)) continue;
                sigma[own[i]] = s * Math.Sqrt(1 + (1.0 / neighbours[own[i]].Length));
                measured++;
            }
        }
        return measured < n / 2 ? null : new NeighbourShift(rows, sigma, neighbours);
    }

    /// <summary>What this would measure of given displacements per view.</summary>
    public double[] Differences(double[] displacement)
    {
        double[] d = new double[displacement.Length];
        for (int v = 0; v < d.Length; v++)
        {
            if (Neighbours[v].Length == 0) continue;
            double mean = 0;
            foreach (int k in Neighbours[v]) mean += displacement[k];
            d[v] = displacement[v] - (mean / Neighbours[v].Length);
        }
        return d;
    }

    private static bool One(TomoViews views, float[][] smooth, int view, int[] neighbours, int first, int end, out double shift, out double sigma)
    {
        int columns = views.Columns, size = views.Rows * columns;
        double[] template = new double[size];
        double total = 0;
        foreach (int k in neighbours)
            for (int i = 0; i < size; i++) template[i] += smooth[k][i] / neighbours.Length;
        for (int i = 0; i < size; i++) total += template[i];
        double floor = Math.Max(0.05, 0.1 * total / size);
        // Weighted normal equations for [T, T_t, T_tt, T_zz | -T_z].
        const int m = 5;
        Span<double> x = stackalloc double[m];
        double[] normal = new double[m * m], right = new double[m];
        float[] image = views.Images[view];
        double noise = 0;
        for (int r = first; r < end; r++)
            for (int c = 1; c < columns - 1; c++)
            {
                int at = (r * columns) + c;
                double t = template[at];
                if (t < floor / 4) continue;
                x[0] = t;
                x[1] = (template[at + 1] - template[at - 1]) / 2;
                x[2] = template[at + 1] - (2 * t) + template[at - 1];
                x[3] = template[at + columns] - (2 * t) + template[at - columns];
                x[4] = -(template[at + columns] - template[at - columns]) / 2;
                double w = 1 / Math.Max(floor, t);
                noise += w * t * SlopeNoise / neighbours.Length;
                for (int a = 0; a < m; a++)
                {
                    right[a] += w * x[a] * image[at];
                    for (int b = 0; b <= a; b++) normal[(a * m) + b] += w * x[a] * x[b];
                }
            }
        shift = sigma = 0;
        if (!Solve(normal, right, m, out double amplitude, out double slope, out double information) || amplitude <= 0) return false;
        // The slope of the template is noisy too, which makes fitted shifts too small; the noise's share of the information is known and taken out.
        double signal = information - noise;
        if (signal < 0.15 * information) return false;
        shift = slope / amplitude * information / signal;
        sigma = Math.Sqrt(information) / signal / amplitude;
        return double.IsFinite(shift) && double.IsFinite(sigma) && sigma is > 0 and < 10;
    }

    /// <summary>Cholesky; gives the first and last unknown and the information about the last (one over its variance).</summary>
    private static bool Solve(double[] a, double[] b, int m, out double first, out double last, out double information)
    {
        first = last = information = 0;
        for (int j = 0; j < m; j++)
        {
            for (int i = j; i < m; i++)
            {
                double s = a[(i * m) + j];
                for (int k = 0; k < j; k++) s -= a[(i * m) + k] * a[(j * m) + k];
                if (i == j)
                {
                    if (s <= 1e-12) return false;
                    a[(j * m) + j] = Math.Sqrt(s);
                }
                else a[(i * m) + j] = s / a[(j * m) + j];
            }
        }
        for (int i = 0; i < m; i++)
        {
            for (int k = 0; k < i; k++) b[i] -= a[(i * m) + k] * b[k];
            b[i] /= a[(i * m) + i];
        }
        information = a[(m * m) - 1] * a[(m * m) - 1];
        for (int i = m - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < m; k++) b[i] -= a[(k * m) + i] * b[k];
            b[i] /= a[(i * m) + i];
        }
        (first, last) = (b[0], b[m - 1]);
        return true;
    }

    private static float[] Smoothed(float[] image, int rows, int columns)
    {
        float[] kernel = [0.0545f, 0.2442f, 0.4026f, 0.2442f, 0.0545f];
        float[] half = new float[image.Length], full = new float[image.Length];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
                for (int k = -2; k <= 2; k++) half[(r * columns) + c] += kernel[k + 2] * image[(r * columns) + Math.Clamp(c + k, 0, columns - 1)];
        for (int r = 0; r < rows; r++)
            for (int k = -2; k <= 2; k++)
            {
                int from = Math.Clamp(r + k, 0, rows - 1) * columns;
                for (int c = 0; c < columns; c++) full[(r * columns) + c] += kernel[k + 2] * half[from + c];
            }
        return full;
    }
}
