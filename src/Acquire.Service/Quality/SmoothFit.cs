namespace Acquire.Service.Quality;

/// <summary>Weighted least squares on a few smooth columns, kept as an orthonormal basis so that further columns can be tested against it cheaply.</summary>
internal sealed class SmoothFit
{
    private readonly double[][] _basis;
    private readonly double[] _sigma;

    /// <summary>Makes the basis from columns of equal length and the standard deviation of each point. Dependent columns are dropped.</summary>
    public SmoothFit(IEnumerable<double[]> columns, double[] sigma)
    {
        _sigma = sigma;
        var basis = new List<double[]>();
        foreach (double[] column in columns)
        {
            double[] q = Whiten(column);
            double before = Dot(q, q);
            for (int pass = 0; pass < 2; pass++)
                foreach (double[] b in basis) Subtract(q, b, Dot(q, b));
            double after = Dot(q, q);
            if (after <= 1e-10 * before || after == 0) continue;
            double scale = 1 / Math.Sqrt(after);
            for (int i = 0; i < q.Length; i++) q[i] *= scale;
            basis.Add(q);
        }
        _basis = [.. basis];
    }

    /// <summary>Number of independent columns.</summary>
    public int Parameters => _basis.Length;
    /// <summary>The orthonormal columns, whitened (divided by sigma).</summary>
    public IReadOnlyList<double[]> Basis => _basis;

    /// <summary>Values divided by sigma.</summary>
    public double[] Whiten(double[] values)
    {
        double[] w = new double[values.Length];
        for (int i = 0; i < w.Length; i++) w[i] = values[i] / _sigma[i];
        return w;
    }

    /// <summary>What is left of the values after the fit, in units of sigma.</summary>
    public double[] Residual(double[] values)
    {
        double[] r = Whiten(values);
        foreach (double[] b in _basis) Subtract(r, b, Dot(r, b));
        return r;
    }

    /// <summary>The fitted curve.</summary>
    public double[] Curve(double[] values)
    {
        double[] r = Residual(values);
        for (int i = 0; i < r.Length; i++) r[i] = values[i] - (r[i] * _sigma[i]);
        return r;
    }

    /// <summary>1, cos k phi, sin k phi for k up to order.</summary>
    public static List<double[]> Harmonics(double[] angleDeg, int order)
    {
        var columns = new List<double[]> { Array.ConvertAll(angleDeg, _ => 1.0) };
        for (int k = 1; k <= order; k++)
        {
            int m = k;
            columns.Add(Array.ConvertAll(angleDeg, a => Math.Cos(m * a * Math.PI / 180)));
            columns.Add(Array.ConvertAll(angleDeg, a => Math.Sin(m * a * Math.PI / 180)));
        }
        return columns;
    }

    /// <summary>Powers of x scaled to -1..1, up to degree (Chebyshev form).</summary>
    public static List<double[]> Polynomials(double[] x, int degree)
    {
        double low = x.Min(), high = x.Max(), half = Math.Max(1e-12, (high - low) / 2);
        var columns = new List<double[]>();
        for (int d = 0; d <= degree; d++)
        {
            int m = d;
            columns.Add(Array.ConvertAll(x, v => Math.Cos(m * Math.Acos(Math.Clamp(((v - low) / half) - 1, -1, 1)))));
        }
        return columns;
    }

    /// <summary>Robust curve through points: the fit is repeated with points far off given less weight (Tukey's biweight, 4.685 sigma).</summary>
    /// <param name="columns">Columns of the model.</param>
    /// <param name="values">Points.</param>
    /// <param name="sigma">Standard deviation of each point.</param>
    public static double[] RobustCurve(IReadOnlyList<double[]> columns, double[] values, double[] sigma)
    {
        double[] wide = [.. sigma];
        double[] curve = new SmoothFit(columns, wide).Curve(values);
        for (int pass = 0; pass < 12; pass++)
        {
            double[] z = new double[values.Length];
            for (int i = 0; i < z.Length; i++) z[i] = (values[i] - curve[i]) / sigma[i];
            double scale = Math.Max(1, MedianAbsolute(z) * 1.4826);
            for (int i = 0; i < z.Length; i++)
            {
                double u = z[i] / (4.685 * scale);
                double weight = Math.Abs(u) < 1 ? (1 - (u * u)) * (1 - (u * u)) : 0;
                wide[i] = sigma[i] / Math.Sqrt(Math.Max(1e-6, weight));
            }
            curve = new SmoothFit(columns, wide).Curve(values);
        }
        return curve;
    }

    /// <summary>Median of absolute values; 0 for none.</summary>
    public static double MedianAbsolute(ReadOnlySpan<double> values)
    {
        double[] a = new double[values.Length];
        for (int i = 0; i < a.Length; i++) a[i] = Math.Abs(values[i]);
        return Median(a);
    }

    /// <summary>Median; 0 for none. The argument is not changed.</summary>
    public static double Median(ReadOnlySpan<double> values)
    {
        if (values.Length == 0) return 0;
        double[] a = values.ToArray();
        Array.Sort(a);
        int m = a.Length / 2;
        return a.Length % 2 == 1 ? a[m] : (a[m - 1] + a[m]) / 2;
    }

    /// <summary>Scalar product.</summary>
    public static double Dot(double[] a, double[] b)
    {
        double s = 0;
        for (int i = 0; i < a.Length; i++) s += a[i] * b[i];
        return s;
    }

    private static void Subtract(double[] target, double[] direction, double factor)
    {
        for (int i = 0; i < target.Length; i++) target[i] -= factor * direction[i];
    }
}
