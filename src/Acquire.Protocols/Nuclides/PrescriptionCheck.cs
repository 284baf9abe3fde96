using Acquire.Protocols.Clinical;

namespace Acquire.Protocols.Nuclides;

/// <summary>What a measured activity means against the prescription.</summary>
public enum PrescriptionVerdict
{
    /// <summary>As prescribed.</summary>
    Within,
    /// <summary>Warn.</summary>
    Warn,
    /// <summary>Go on only with a reason.</summary>
    NeedsReason,
}

/// <summary>Measured against prescribed.</summary>
/// <param name="DeviationPercent">(measured - prescribed) / prescribed, percent.</param>
/// <param name="Verdict">Verdict.</param>
/// <param name="Words">In words, with figures and limits.</param>
public sealed record PrescriptionCheck(double DeviationPercent, PrescriptionVerdict Verdict, string Words)
{
    /// <summary>Checks a measured activity: warn beyond the tracer's warning deviation, a reason beyond the other or outside the range (docs: clinical 1.1; 10 % X, 20 % US NRC R).</summary>
    /// <param name="measuredMBq">Measured, at the time of injection, MBq.</param>
    /// <param name="prescribedMBq">Prescribed for this patient, MBq, above zero.</param>
    /// <param name="tracer">Deviations and range.</param>
    public static PrescriptionCheck Of(double measuredMBq, double prescribedMBq, Tracer tracer)
    {
        ArgumentNullException.ThrowIfNull(tracer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(prescribedMBq);
        double deviation = 100 * (measuredMBq - prescribedMBq) / prescribedMBq;
        double size = Math.Abs(deviation);
        string figures = $"{measuredMBq:0} MBq measured, {prescribedMBq:0} MBq prescribed ({deviation:+0.0;-0.0;0.0} %)";
        // A child's prescription lies below the adult range by rule: the lower limit is the smaller of both.
        double low = Math.Min(tracer.MinimumMBq, prescribedMBq * (1 - (tracer.ReasonDeviationPercent / 100)));
        if (measuredMBq > tracer.MaximumMBq || measuredMBq < low)
            return new PrescriptionCheck(deviation, PrescriptionVerdict.NeedsReason, $"{figures}: outside {low:0} to {tracer.MaximumMBq:0} MBq, a reason is needed");
        if (size > tracer.ReasonDeviationPercent)
            return new PrescriptionCheck(deviation, PrescriptionVerdict.NeedsReason, $"{figures}: more than {tracer.ReasonDeviationPercent:0.#} % off, a reason is needed");
        return size > tracer.WarnDeviationPercent
            ? new PrescriptionCheck(deviation, PrescriptionVerdict.Warn, $"{figures}: more than {tracer.WarnDeviationPercent:0.#} % off")
            : new PrescriptionCheck(deviation, PrescriptionVerdict.Within, figures);
    }
}
