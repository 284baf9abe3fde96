using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Quality.Checks;

/// <summary>Series that ended short of what the protocol asked for, or were not taken at all. docs/qc/partial-series.md.</summary>
public sealed class PartialSeriesCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "partial-series";
    /// <inheritdoc/>
    public string Title => "Every series complete";
    /// <inheritdoc/>
    public string Unit => "series";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is not null;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        StudyRecord study = input.Study!;
        var words = new List<string>();
        var repeatable = new List<string>();
        var lost = new List<string>();
        int figure = 0;
        foreach (PlannedAcquisition plan in study.Protocol.Phases.SelectMany(p => p.Acquisitions))
        {
            string? wrong = plan is CtAcquisition ? WrongCt(study, plan) : WrongSeries(study, plan);
            if (wrong is null) continue;
            figure++;
            words.Add($"{plan.Title}: {wrong}.");
            bool again = study.Protocol.Phases.First(p => p.Acquisitions.Contains(plan)).Repeatable;
            (again ? repeatable : lost).Add(plan.Title);
        }
        string action = (repeatable.Count > 0 ? $"Repeat or complete while the patient is here: {string.Join(", ", repeatable)}. " : "")
            + (lost.Count > 0 ? $"Cannot be taken again: {string.Join(", ", lost)}; keep what was counted and report it as partial." : "");
        if (words.Count == 0) words.Add("Every planned acquisition was taken and ended complete.");
        return Judging.Result(this, Judging.Of(figure, limit), figure, limit, string.Join(" ", words), action.Trim());
    }

    private static string? WrongSeries(StudyRecord study, PlannedAcquisition plan)
    {
        CountSeries[] all = [.. study.Series.Where(s => s.StepId == plan.Id)];
        if (all.Length == 0) return "not taken";
        CountSeries last = all[^1];
        int cut = last.Frames.Count(f => f.IsPartial);
        string frames = last.ExpectedFrames > last.Frames.Count ? $", {last.Frames.Count} of {last.ExpectedFrames} frames" : "";
        if (last.Ending != Ending.Complete) return $"{last.Ending.ToString().ToLowerInvariant()}{(last.EndingReason.Length > 0 ? $" ({last.EndingReason})" : "")}{frames}";
        if (frames.Length > 0) return "marked complete, but" + frames[1..];
        return cut > 0 ? $"{cut} frame{(cut == 1 ? "" : "s")} cut short" : null;
    }

    private static string? WrongCt(StudyRecord study, PlannedAcquisition plan)
    {
        if (study.CtFacts is { } facts && facts.StepId == plan.Id) return Wrong(facts, study.Ct?.Nz);
        return study.OtherCts.LastOrDefault(c => c.Facts.StepId == plan.Id) is { } other ? Wrong(other.Facts, other.StoredSlices) : "not taken";

        static string? Wrong(CtFacts facts, int? slices) => facts.Ending != Ending.Complete ? facts.Ending.ToString().ToLowerInvariant()
            : slices < facts.ExpectedSlices ? $"{slices} of {facts.ExpectedSlices} slices" : null;
    }
}
