using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality.Checks;

/// <summary>One object so hot (bladder, usually) that its surroundings cannot be trusted. docs/qc/bladder.md.</summary>
public sealed class BladderCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "bladder";
    /// <inheritdoc/>
    public string Title => "No overwhelming hot object";
    /// <inheritdoc/>
    public string Unit => "";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Reconstruction is not null;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        HotObject hot = HotObject.Of(input);
        if (hot.MedianBone <= 0) return Judging.Result(this, Verdict.NotSet, null, limit, "No bone level could be found in the volume.", "");
        double figure = hot.Peak / hot.MedianBone;
        return Judging.Result(this, Judging.Of(figure, limit), figure, limit,
            Judging.Say($"The hottest place, {hot.Where}, has {figure:0.0} times the median of {hot.BoneSource}."),
            "If it is the bladder: empty it and repeat the views over the pelvis. Expect streaks and low values beside it; read hips and sacrum with that in mind.");
    }
}
