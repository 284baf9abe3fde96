using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Quality.Checks;

/// <summary>The blood pool must end before bone takes up. docs/qc/pool-timing.md.</summary>
public sealed class PoolTimingCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "pool-timing";
    /// <inheritdoc/>
    public string Title => "Blood pool in its window";
    /// <inheritdoc/>
    public string Unit => "min";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is { Injected: not null } s && Phase(s) is not null;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        StudyRecord study = input.Study!;
        StudyPhase phase = Phase(study)!;
        CountSeries[] series = [.. study.Series.Where(s => s.Frames.Count > 0 && phase.Acquisitions.Any(a => a.Id == s.StepId))];
        if (series.Length == 0)
            return Judging.Result(this, Verdict.Fail, null, limit, "The blood pool was not taken.", "It cannot be repeated: report the study without it.");
        double start = (series.SelectMany(s => s.Frames).Min(f => f.Start) - study.Injected!.Value).TotalMinutes;
        double end = (series.SelectMany(s => s.Frames).Max(f => f.Start + f.Elapsed) - study.Injected!.Value).TotalMinutes;
        Verdict verdict = Judging.Of(end, limit);
        string early = "";
        if (start < 1)
        {
            early = " It started less than 1 min after the injection: still the first pass (clinical 3.3 X).";
            if (verdict < Verdict.Warn) verdict = Verdict.Warn;
        }
        return Judging.Result(this, verdict, end, limit, Judging.Say($"Taken from {start:0.0} to {end:0.0} min after the injection.{early}"),
            end > (limit?.Warn ?? double.MaxValue)
                ? "Label the series \"late pool\": bone uptake has begun in it. It cannot be repeated."
                : "Keep it and read it with its start in mind. It cannot be repeated.");
    }

    private static StudyPhase? Phase(StudyRecord study) => study.Protocol.Phases.FirstOrDefault(p => p.Id.Contains("pool", StringComparison.OrdinalIgnoreCase));
}
