using Acquire.Service.StudyRecords;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>The flow must run before the tracer goes in. docs/qc/flow-timing.md.</summary>
public sealed class FlowTimingCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "flow-timing";
    /// <inheritdoc/>
    public string Title => "Flow running before the injection";
    /// <inheritdoc/>
    public string Unit => "s";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is { Injected: not null } s && s.Protocol.Phases.Any(p => p.Acquisitions.Any(a => a is FlowAcquisition));

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        StudyRecord study = input.Study!;
        FlowAcquisition plan = study.Protocol.Phases.SelectMany(p => p.Acquisitions).OfType<FlowAcquisition>().First();
        CountSeries? flow = study.Series.FirstOrDefault(s => s.StepId == plan.Id) ?? study.Series.FirstOrDefault(s => s.Kind == AcquisitionKind.Dynamic);
        if (flow is null || flow.Frames.Count == 0)
            return Judging.Result(this, Verdict.Fail, null, limit, "The flow was not taken.", "It cannot be repeated: report the study without it. Never inject again on the console's advice.");
        double start = (flow.Frames.Min(f => f.Start) - study.Injected!.Value).TotalSeconds;
        double end = (flow.Frames.Max(f => f.Start + f.Elapsed) - study.Injected!.Value).TotalSeconds;
        double longest = flow.Frames.Max(f => f.Elapsed.TotalSeconds);
        double planned = plan.Frames * plan.FrameTime.TotalSeconds;
        Verdict verdict = Judging.Of(start, limit);
        var notes = new List<string> { Judging.Say($"The first frame started {Math.Abs(start):0.0} s {(start <= 0 ? "before" : "after")} the injection, the last ended {end:0} s after it") };
        if (longest > 3.01 && verdict < Verdict.Warn)
        {
            verdict = Verdict.Warn;
            notes.Add(Judging.Say($"frames of {longest:0.#} s are too long to tell arterial from venous filling (3 s, clinical 3.3 X)"));
        }
        if (end < planned * 0.9 && verdict < Verdict.Warn)
        {
            verdict = Verdict.Warn;
            notes.Add(Judging.Say($"{planned:0} s after the injection were planned"));
        }
        return Judging.Result(this, verdict, start, limit, string.Join("; ", notes) + ".",
            "The flow cannot be repeated: keep it, label it, and read it with its start in mind. Never inject again on the console's advice.");
    }
}
