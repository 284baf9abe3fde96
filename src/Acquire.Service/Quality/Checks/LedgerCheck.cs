using Acquire.Protocols.Clinical;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Quality.Checks;

/// <summary>What is stored equals what the gantry says it made. docs/qc/ledger.md.</summary>
public sealed class LedgerCheck : IQualityCheck
{
    /// <inheritdoc/>
    public string Name => "ledger";
    /// <inheritdoc/>
    public string Title => "Stored counts equal the gantry's ledger";
    /// <inheritdoc/>
    public string Unit => "series";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Study is { } s && (s.Ledgers.Count > 0 || s.Series.Count > 0);

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        StudyRecord study = input.Study!;
        LedgerComparison[] wrong = [.. study.Ledgers.Where(l => !l.Equal)];
        string[] without = [.. study.Series.Where(s => study.Ledgers.All(l => l.StepId != s.StepId)).Select(s => s.Title)];
        double figure = wrong.Length;
        Verdict verdict = Judging.Of(figure, limit);
        var words = new List<string>();
        foreach (LedgerComparison l in wrong)
            words.Add($"{l.Title}: {Judging.Number(l.FramesStored)} of {Judging.Number(l.FramesLedger)} frames, {Judging.Number(l.CountsStored)} of {Judging.Number(l.CountsLedger)} counts{(l.CrcEqual ? "" : ", checksums differ")}.");
        if (without.Length > 0)
        {
            words.Add($"No ledger for {string.Join(", ", without)}.");
            if (verdict < Verdict.Warn) verdict = Verdict.Warn;
        }
        if (words.Count == 0) words.Add($"All {study.Ledgers.Count} acquisitions agree in frames, counts and checksum.");
        return Judging.Result(this, verdict, figure, limit, string.Join(" ", words),
            "Fetch the missing frames from the gantry before it forgets them (it keeps what was not acknowledged); do not send the series as complete.");
    }
}
