namespace Acquire.Service.Quality;

/// <summary>All verdicts of one run of the checks.</summary>
/// <param name="Verdict">The worst of all results; NotSet when there is none.</param>
/// <param name="Results">In order of the check names.</param>
public sealed record QualityReport(Verdict Verdict, IReadOnlyList<QualityResult> Results)
{
    /// <summary>Makes a report of results; the verdict is their maximum.</summary>
    public static QualityReport Of(IReadOnlyList<QualityResult> results) =>
        new(results.Count == 0 ? Verdict.NotSet : results.Max(r => r.Verdict), results);
}
