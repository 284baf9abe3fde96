namespace Acquire.Service.Quality;

/// <summary>Axial shift of each view's row sums against the mean profile of all views, by weighted least squares (docs: physics-and-qc 4.3 B, C).</summary>
/// <param name="Rows">Shift per view in rows; positive towards the feet.</param>
/// <param name="Sigma">Cramer-Rao standard deviation of each from the counts, rows.</param>
internal sealed record AxialShift(double[] Rows, double[] Sigma)
{
    private const int Edge = 6;

    /// <summary>Measures all views; null when the profiles hold too little to see a shift.</summary>
    public static AxialShift? Of(TomoViews views)
    {
        int n = views.Rows;
        (int first, int end) = views.AxialRange(Edge);
        if (end - first < 16) return null;
        double[][] profiles = [.. Enumerable.Range(0, views.Count).Select(views.RowSums)];
        double[] mean = new double[n];
        foreach (double[] p in profiles)
            for (int i = 0; i < n; i++) mean[i] += p[i] / profiles.Length;
        double[] template = Smooth(mean);
        double floor = Math.Max(1, template.Max() * 1e-3);
        double[] shift = new double[profiles.Length], sigma = new double[profiles.Length];
        for (int v = 0; v < profiles.Length; v++)
            if (!One(profiles[v], template, floor, first, end, out shift[v], out sigma[v])) return null;
        return new AxialShift(shift, sigma);
    }

    /// <summary>Fits A m(z - s) (1 + b z): amplitude, tilt and shift, weights by the model (Poisson).</summary>
    private static bool One(double[] profile, double[] template, double floor, int first, int end, out double shift, out double sigma)
    {
        int n = profile.Length;
        shift = 0;
        sigma = 0;
        double centre = (n - 1) / 2.0, amplitude = profile.Sum() / Math.Max(1e-9, template.Sum());
        for (int pass = 0; pass < 6; pass++)
        {
            double[] m = new double[n], slope = new double[n], tilt = new double[n], data = new double[n], sd = new double[n];
            for (int i = 0; i < n; i++)
            {
                bool used = i >= first && i < end;
                m[i] = At(template, i - shift);
                slope[i] = -(At(template, i - shift + 0.5) - At(template, i - shift - 0.5)) * amplitude;
                tilt[i] = m[i] * (i - centre) / n;
                data[i] = profile[i];
                sd[i] = used ? Math.Sqrt(Math.Max(floor, m[i] * amplitude)) : 1e9;
            }
            var nuisance = new SmoothFit([m, tilt], sd);
            double[] u = nuisance.Residual(slope), r = nuisance.Residual(data);
            double information = SmoothFit.Dot(u, u);
            if (information < 1e-9) return false;
            double step = Math.Clamp(SmoothFit.Dot(u, r) / information, -2, 2);
            shift = Math.Clamp(shift + step, -12, 12);
            sigma = 1 / Math.Sqrt(information);
            if (Math.Abs(step) < 1e-3) break;
        }
        return true;
    }

    private static double At(double[] values, double x)
    {
        double clamped = Math.Clamp(x, 0, values.Length - 1);
        int i = Math.Min((int)clamped, values.Length - 2);
        double f = clamped - i;
        return ((1 - f) * values[i]) + (f * values[i + 1]);
    }

    private static double[] Smooth(double[] values)
    {
        double[] kernel = [0.06, 0.24, 0.4, 0.24, 0.06];
        double[] s = new double[values.Length];
        for (int i = 0; i < s.Length; i++)
            for (int k = -2; k <= 2; k++) s[i] += kernel[k + 2] * values[Math.Clamp(i + k, 0, s.Length - 1)];
        return s;
    }
}
