namespace Acquire.Simulator.Physics;

/// <summary>Where the blood-borne tracer is during its first pass, as shares that add up to 1.</summary>
/// <param name="OnTheWay">Still in the veins of the arm.</param>
/// <param name="RightHeart">In the right heart.</param>
/// <param name="Lungs">In the lungs.</param>
/// <param name="LeftHeart">In the left heart.</param>
/// <param name="Arteries">In aorta and arteries.</param>
/// <param name="Tissue">In the capillaries and small veins of the organs, first time.</param>
/// <param name="Mixed">Evenly mixed with the blood.</param>
internal readonly record struct FirstPass(double OnTheWay, double RightHeart, double Lungs, double LeftHeart, double Arteries, double Tissue, double Mixed)
{
    /// <summary>
    /// At a time after the injection. The bolus enters each station by a gamma-variate (order 3) that begins later and is broader than at the one before;
    /// the delays put the aorta at 10-14 s and the peak of the spine's perfusion at 20-30 s (docs: clinical 6.3, [X]).
    /// </summary>
    public static FirstPass At(double seconds)
    {
        double right = Entered(seconds, 3.0, 0.9), lungs = Entered(seconds, 5.0, 1.1), left = Entered(seconds, 7.5, 1.3);
        double aorta = Entered(seconds, 9.5, 1.5), tissue = Entered(seconds, 12.0, 2.0), mixed = Entered(seconds, 18.0, 6.0);
        return new(1 - right, right - lungs, lungs - left, left - aorta, aorta - tissue, tissue - mixed, mixed);
    }

    /// <summary>Integral of the gamma-variate x^2 exp(-x/b) from its start.</summary>
    private static double Entered(double seconds, double delay, double scale)
    {
        double x = (seconds - delay) / scale;
        return x <= 0 ? 0 : 1 - (Math.Exp(-x) * (1 + x + (0.5 * x * x)));
    }
}
