namespace Acquire.Service.Reconstruction;

/// <summary>
/// Symmetric five-tap kernel (b, a, c, a, b) along t and along z with a given variance and no fourth cumulant, as a Gaussian has:
/// chained, such kernels follow the Gaussian's transfer function to fourth order.
/// </summary>
/// <remarks>2a + 8b = v, 2a + 32b = 3 v^2, c = 1 - 2a - 2b with v in bins squared. b is slightly negative for v &lt; 1/3.</remarks>
internal readonly record struct BlurKernel(float Ct, float At, float Bt, float Cz, float Az, float Bz)
{
    /// <summary>Largest variance, in bins squared, one pass is used for; wider ones are split into equal passes.</summary>
    public const double MaxVariancePerPass = 0.5;

    public static BlurKernel FromVariance(double varianceT, double varianceZ)
    {
        (double ct, double at, double bt) = Taps(varianceT);
        (double cz, double az, double bz) = Taps(varianceZ);
        return new BlurKernel((float)ct, (float)at, (float)bt, (float)cz, (float)az, (float)bz);
    }

    /// <summary>Centre, first and second tap for a variance in bins squared.</summary>
    public static (double C, double A, double B) Taps(double variance)
    {
        double b = ((3 * variance * variance) - variance) / 24;
        double a = (variance - (8 * b)) / 2;
        return (1 - (2 * a) - (2 * b), a, b);
    }

    /// <summary>The passes that together have the given variances.</summary>
    public static BlurKernel[] Passes(double varianceT, double varianceZ)
    {
        double widest = Math.Max(varianceT, varianceZ);
        if (widest <= 1e-9) return [];
        int n = (int)Math.Ceiling(widest / MaxVariancePerPass);
        BlurKernel[] passes = new BlurKernel[n];
        Array.Fill(passes, FromVariance(varianceT / n, varianceZ / n));
        return passes;
    }
}
