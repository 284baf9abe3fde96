using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>Where the SPECT lies against the CT: bone and body outline of the CT are shifted until they explain the SPECT best. docs/qc/spect-ct-registration.md.</summary>
public sealed class SpectCtRegistrationCheck : IQualityCheck
{
    private const double LeastExplained = 0.15;

    /// <inheritdoc/>
    public string Name => "spect-ct-registration";
    /// <inheritdoc/>
    public string Title => "SPECT and CT at the same place";
    /// <inheritdoc/>
    public string Unit => "mm";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Reconstruction is not null && (input.Ct is not null || input.AttenuationMap is not null);

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        Registration r = Registration.Of(input.Reconstruction!, input.Ct, input.AttenuationMap);
        if (r.Explained < LeastExplained)
            return Judging.Result(this, limit is null ? Verdict.NotSet : Verdict.Warn, null, limit,
                Judging.Say($"Bone and body of the CT explain only {100 * r.Explained:0} % of the SPECT anywhere within {Registration.ReachMm:0} mm: the offset could not be measured."),
                "Compare SPECT and CT by eye on three planes.");
        double figure = r.LengthMm;
        string edge = r.AtEdge ? Judging.Say($" The best place lies at the edge of the search ({Registration.ReachMm:0} mm): the true offset may be larger.") : "";
        Verdict verdict = Judging.Of(figure, limit);
        if (r.AtEdge && limit is not null) verdict = Verdict.Fail;
        return Judging.Result(this, verdict, figure, limit,
            Judging.Say($"The SPECT lies {Math.Abs(r.XMm):0.0} mm to the patient's {(r.XMm >= 0 ? "left" : "right")}, {Math.Abs(r.YMm):0.0} mm to the {(r.YMm >= 0 ? "back" : "front")} and {Math.Abs(r.ZMm):0.0} mm towards the {(r.ZMm >= 0 ? "head" : "feet")} of where the CT has it (explained part of the SPECT {100 * r.ExplainedAtZero:0.0} % in place, {100 * r.Explained:0.0} % there).{edge} Rotation is not searched."),
            "Align CT and SPECT by this vector, make the attenuation map anew and reconstruct again; if the patient moved between the two, repeat the CT only when the physician asks for it.");
    }
}
