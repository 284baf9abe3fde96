using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Quality;

/// <summary>What may be available to the checks; every part may be missing, and a check applies only where its parts are there.</summary>
public sealed class QualityInput
{
    private TomoViews? _views;

    /// <summary>The study; null for data without one (verbs `qc` and `reconstruct`).</summary>
    public StudyRecord? Study { get; init; }
    /// <summary>The tomographic frames as stored, with heads and times.</summary>
    public CountSeries? Tomo { get; init; }
    /// <summary>The projections given to the reconstruction; used for checks of the raw views only when <see cref="Tomo"/> is null.</summary>
    public ProjectionSet? Projections { get; init; }
    /// <summary>Reconstructed SPECT with attenuation correction.</summary>
    public Volume? Reconstruction { get; init; }
    /// <summary>Attenuation map, 1/mm.</summary>
    public Volume? AttenuationMap { get; init; }
    /// <summary>CT, HU.</summary>
    public Volume? Ct { get; init; }
    /// <summary>Half-life for decay correction between views, seconds; default Tc-99m 6.0067 h (docs: physics-and-qc 1.1, clinical 1.4).</summary>
    public double HalfLifeSeconds { get; init; } = 6.0067 * 3600;

    /// <summary>Takes all there is in a study: its last tomographic series, the "AC" volume (else any), map and CT.</summary>
    /// <param name="study">The study.</param>
    /// <param name="projections">Projections, when the caller has them.</param>
    public static QualityInput Of(StudyRecord study, ProjectionSet? projections = null) => new()
    {
        Study = study,
        Tomo = study.Series.LastOrDefault(s => s.Kind == AcquisitionKind.Tomo),
        Projections = projections,
        Reconstruction = study.Reconstructions.TryGetValue("AC", out Volume? ac) ? ac : study.Reconstructions.Values.FirstOrDefault(),
        AttenuationMap = study.AttenuationMap,
        Ct = study.Ct,
    };

    /// <summary>The raw views in one shape, whatever they came from; null when there are none. Made once.</summary>
    internal TomoViews? Views => _views ??= TomoViews.From(this);
}
