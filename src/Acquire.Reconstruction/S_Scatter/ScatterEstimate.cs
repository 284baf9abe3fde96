namespace Acquire.Reconstruction;

/// <summary>How scatter in the photopeak is estimated.</summary>
public enum ScatterMethod
{
    /// <summary>From the windows beside the photopeak by their width, as many as there are (TEW; with a lower window only, a triangle).</summary>
    Windows,
    /// <summary>From the lower window alone by width, although there is an upper one.</summary>
    LowerWindow,
    /// <summary>k times the counts of the lower window (DEW); k is a setting of the protocol and kept with the result.</summary>
    DualWindow,
    /// <summary>Not at all.</summary>
    None,
}

/// <summary>s: scatter in the photopeak window estimated from windows beside it (docs: physics-and-qc 2.3).</summary>
public static class ScatterEstimate
{
    /// <summary>Triple-energy-window estimate for one bin: (C_lo / W_lo + C_up / W_up) W_pk / 2.</summary>
    /// <remarks>Without an upper window its term is 0 (triangle), right for one clean upper peak such as Tc-99m.</remarks>
    /// <param name="lowerCounts">Counts in the lower window.</param>
    /// <param name="lowerWidthKeV">Width of the lower window, keV.</param>
    /// <param name="upperCounts">Counts in the upper window, 0 when there is none.</param>
    /// <param name="upperWidthKeV">Width of the upper window, keV; 0 when there is none.</param>
    /// <param name="photopeakWidthKeV">Width of the photopeak window, keV.</param>
    public static double TripleEnergyWindow(double lowerCounts, double lowerWidthKeV, double upperCounts, double upperWidthKeV, double photopeakWidthKeV)
        => ((lowerWidthKeV > 0 ? lowerCounts / lowerWidthKeV : 0) + (upperWidthKeV > 0 ? upperCounts / upperWidthKeV : 0)) * photopeakWidthKeV / 2;

    /// <summary>Classic k of <see cref="ScatterMethod.DualWindow"/> for a lower window of 92 to 125 keV (docs: physics-and-qc 2.3; object-tuned values of 0.18 to 0.47 are published, S27).</summary>
    public const double DualWindowK = 0.5;

    /// <summary>Factors on the counts of the lower and the upper window that make the estimate.</summary>
    /// <param name="method">Method.</param>
    /// <param name="lowerWidthKeV">Width of the lower window, keV; 0 when there is none.</param>
    /// <param name="upperWidthKeV">Width of the upper window, keV; 0 when there is none.</param>
    /// <param name="photopeakWidthKeV">Width of the photopeak window, keV.</param>
    /// <param name="k">k of <see cref="ScatterMethod.DualWindow"/>.</param>
    public static (double Lower, double Upper) Factors(ScatterMethod method, double lowerWidthKeV, double upperWidthKeV, double photopeakWidthKeV, double k) => method switch
    {
        ScatterMethod.Windows => (TripleEnergyWindow(1, lowerWidthKeV, 0, 0, photopeakWidthKeV), TripleEnergyWindow(0, 0, 1, upperWidthKeV, photopeakWidthKeV)),
        ScatterMethod.LowerWindow => (TripleEnergyWindow(1, lowerWidthKeV, 0, 0, photopeakWidthKeV), 0),
        ScatterMethod.DualWindow => (lowerWidthKeV > 0 ? k : 0, 0),
        _ => (0, 0),
    };

    /// <summary>Smooths one image with a separable Gaussian; edges are extended with their own value, so that a flat image stays flat.</summary>
    /// <param name="image">Row-major, changed in place.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="fwhmBins">Full width at half maximum, bins; 0 leaves it as it is.</param>
    public static void Smooth(Span<float> image, int columns, int rows, double fwhmBins)
    {
        if (fwhmBins <= 0) return;
        double[] kernel = GaussianFilter.Kernel(fwhmBins);
        float[] line = new float[Math.Max(columns, rows)];
        for (int r = 0; r < rows; r++) SmoothLine(image, r * columns, 1, columns, kernel, line);
        for (int c = 0; c < columns; c++) SmoothLine(image, c, columns, rows, kernel, line);
    }

    private static void SmoothLine(Span<float> image, int start, int step, int length, double[] kernel, float[] line)
    {
        int half = kernel.Length / 2;
        for (int n = 0; n < length; n++) line[n] = image[start + (n * step)];
        for (int n = 0; n < length; n++)
        {
            double sum = 0;
            for (int k = -half; k <= half; k++) sum += kernel[k + half] * line[Math.Clamp(n + k, 0, length - 1)];
            image[start + (n * step)] = (float)sum;
        }
    }
}
