namespace Acquire.Reconstruction;

/// <summary>
/// Symmetric five-tap kernel (b, a, c, a, b) along t and along z with a given variance and no fourth cumulant, as a Gaussian has:
/// chained, such kernels follow the Gaussian's transfer function to fourth order.
/// </summary>
/// <remarks>
/// 2a + 8b = v, 2a + 32b = 3 v^2, c = 1 - 2a - 2b with v in bins squared. Below v = 1/3 that b would be negative, and with it
/// projections of positive images: there b = 0 and only the variance is kept (at that width no Gaussian fits the bins anyway).
/// </remarks>
internal readonly record struct BlurKernel(float Ct, float At, float Bt, float Cz, float Az, float Bz)
{
    /// <summary>Least variance, in bins squared, with a non-negative kernel and no fourth cumulant: the cubic B-spline (1, 4, 1)/6.</summary>
    public const double LeastGaussianVariance = 1 / 3.0;

    public static BlurKernel FromVariance(double varianceT, double varianceZ)
    {
        (double ct, double at, double bt) = Taps(varianceT);
        (double cz, double az, double bz) = Taps(varianceZ);
        return new BlurKernel((float)ct, (float)at, (float)bt, (float)cz, (float)az, (float)bz);
    }

    /// <summary>Centre, first and second tap for a variance in bins squared.</summary>
    public static (double C, double A, double B) Taps(double variance)
    {
        double b = Math.Max(0, ((3 * variance * variance) - variance) / 24);
        double a = (variance - (8 * b)) / 2;
        return (1 - (2 * a) - (2 * b), a, b);
    }

    /// <summary>The passes that together have the given variances; along each axis as many as leave every one at a third or more.</summary>
    public static BlurKernel[] Passes(double varianceT, double varianceZ)
    {
        int t = Count(varianceT), z = Count(varianceZ);
        return [.. Enumerable.Range(0, Math.Max(t, z)).Select(n => FromVariance(n < t ? varianceT / t : 0, n < z ? varianceZ / z : 0))];
    }

    private static int Count(double variance) => variance <= 1e-9 ? 0 : Math.Max(1, (int)((variance / LeastGaussianVariance) + 1e-9));
}
