namespace Acquire.Protocols.Nuclides;

/// <summary>The four values of an injected activity, each with the clock it was read from (docs: clinical 2.5).</summary>
public sealed record DoseRecord
{
    /// <summary>What was injected.</summary>
    public required Radionuclide Nuclide { get; init; }
    /// <summary>Full syringe, MBq.</summary>
    public required double AssayMBq { get; init; }
    /// <summary>Time of the assay, dose calibrator's clock.</summary>
    public required DateTimeOffset AssayAt { get; init; }
    /// <summary>Injection, console's clock: what all net activity refers to.</summary>
    public required DateTimeOffset InjectedAt { get; init; }
    /// <summary>Emptied syringe, MBq; null when not measured.</summary>
    public double? ResidualMBq { get; init; }
    /// <summary>Time of that, dose calibrator's clock; null when not measured.</summary>
    public DateTimeOffset? ResidualAt { get; init; }
    /// <summary>Dose calibrator's clock less the console's clock, as measured.</summary>
    public TimeSpan CalibratorClockOffset { get; init; }
    /// <summary>Half-width of what is not known of the clocks; the limit for quantification is 60 s (docs: clinical 10, quant_gates, X).</summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>Half-width of what is not known of the clock the injection was read from (an injector's); zero when it is the console's own.</summary>
    public TimeSpan InjectionClockTolerance { get; init; }
    /// <summary>Tracer went beside the vein: what circulates is not what left the syringe (docs: clinical 2.5).</summary>
    public bool Extravasated { get; init; }
    /// <summary>Half-width of the dose calibrator's accuracy, percent (docs: clinical 4.5, +/-5 %, X).</summary>
    public double CalibratorTolerancePercent { get; init; } = 5;
    /// <summary>Where it was injected, e.g. "right cubital vein"; empty when not noted.</summary>
    public string InjectionSite { get; init; } = "";

    /// <summary>Activity given, at the injection.</summary>
    /// <remarks>
    /// A = k (a exp(-L (t0 - ta + d)) - r exp(+L (tr - d - t0))), with k the calibrator's scale and d its clock's offset. Scale and clocks act on
    /// both readings alike, so by the law of propagation (GUM 5.1.2) u(A)/A = sqrt(u(k)^2 + L^2 (u(d)^2 + u(t0)^2)), each u = half-width / sqrt 3
    /// (rectangle, GUM 4.3.7).
    /// </remarks>
    public NetActivity Net()
    {
        double syringe = AtInjection(AssayMBq, AssayAt);
        double left = ResidualMBq is { } mbq && ResidualAt is { } at ? AtInjection(mbq, at) : 0;
        double net = syringe - left;
        // Both tolerances are half-widths of rectangles. The calibrator's scale and the clocks' offset act on both readings alike.
        double scale = CalibratorTolerancePercent / 100 / Math.Sqrt(3);
        double seconds = Math.Sqrt(Math.Pow(ClockTolerance.TotalSeconds, 2) + Math.Pow(InjectionClockTolerance.TotalSeconds, 2));
        double clock = Nuclide.LambdaPerSecond * seconds / Math.Sqrt(3);
        string? why = Extravasated ? "tracer went beside the vein"
            : ResidualMBq is null || ResidualAt is null ? "the emptied syringe was not measured"
            : net <= 0 ? "the residual is not below the assay"
            : ClockTolerance > TimeSpan.FromSeconds(60) ? "the clocks agree to no better than 60 s"
            : null;
        return new NetActivity(net, Math.Abs(net) * Math.Sqrt((scale * scale) + (clock * clock)), syringe, left, why is null, why ?? "");
    }

    private double AtInjection(double mbq, DateTimeOffset calibratorTime) => Nuclide.ActivityAt(mbq, calibratorTime - CalibratorClockOffset, InjectedAt);
}

/// <summary>Net activity at the injection.</summary>
/// <param name="MBq">Syringe less residual, both at the injection, MBq.</param>
/// <param name="UncertaintyMBq">One standard uncertainty, MBq, from calibrator and clocks.</param>
/// <param name="SyringeMBq">Full syringe at the injection, MBq.</param>
/// <param name="ResidualMBq">Residual at the injection, MBq; 0 when not measured.</param>
/// <param name="IsQuantitative">False when SUV must not be given from it.</param>
/// <param name="Reason">Why not; empty when it may.</param>
public sealed record NetActivity(double MBq, double UncertaintyMBq, double SyringeMBq, double ResidualMBq, bool IsQuantitative, string Reason);
