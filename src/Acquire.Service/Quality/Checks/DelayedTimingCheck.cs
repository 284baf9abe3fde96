using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Quality.Checks;

/// <summary>Time from injection to the first delayed image. docs/qc/delayed-timing.md.</summary>
public sealed class DelayedTimingCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "delayed-timing";
    /// <inheritdoc/>
    public string Title => "Delayed images in their window";
    /// <inheritdoc/>
    public string Unit => "min";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is { Injected: not null } s && Phases(s).Length > 0;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        StudyRecord study = input.Study!;
        StudyPhase[] phases = Phases(study);
        CountSeries[] series = [.. study.Series.Where(s => s.Frames.Count > 0 && phases.Any(p => p.Acquisitions.Any(a => a.Id == s.StepId)))];
        if (series.Length == 0)
            return Judging.Result(this, Verdict.Fail, null, limit, "No delayed image was taken.", "Call the patient back while the activity allows it; delayed images can be repeated.", smallIsBad: true);
        double start = (series.SelectMany(s => s.Frames).Min(f => f.Start) - study.Injected!.Value).TotalMinutes;
        double closes = phases.Max(p => p.Closes.TotalMinutes);
        double end = (series.SelectMany(s => s.Frames).Max(f => f.Start + f.Elapsed) - study.Injected!.Value).TotalMinutes;
        Verdict verdict = Judging.Of(start, limit, smallIsBad: true);
        bool late = end > closes;
        if (late && verdict < Verdict.Warn) verdict = Verdict.Warn;
        return Judging.Result(this, verdict, start, limit,
            Judging.Say($"First delayed image {start:0} min, last {end:0} min after the injection{(late ? $"; the protocol closes the window at {closes:0} min" : "")}."),
            late
                ? "Fewer counts than planned: lengthen the times and say in the study when it was taken."
                : "Soft tissue is still high: note the reason, or repeat later; delayed images can be repeated.", smallIsBad: true);
    }

    /// <summary>Phases after the early ones: not flow, not pool, opening an hour or more after the injection.</summary>
    private static StudyPhase[] Phases(StudyRecord study) => [.. study.Protocol.Phases.Where(p =>
        !p.Id.Contains("pool", StringComparison.OrdinalIgnoreCase) && p.Opens >= TimeSpan.FromHours(1) && p.Acquisitions.Any(a => a is not CtAcquisition))];
}
