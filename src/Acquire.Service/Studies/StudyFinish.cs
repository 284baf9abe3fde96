using Acquire.Service.StudyRecords;
using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;
using Acquire.Service.Dicom;
using Acquire.Service.Gantry;
using Acquire.Service.Quality;
using Acquire.Reconstruction;
using Acquire.Service.Reconstruction;
using Acquire.Service.Report;
using Acquire.Service.Storage;

namespace Acquire.Service.Studies;

/// <summary>What follows the last acquisition: DICOM objects, reconstruction in the worker, quality, report, and the ending of the study.</summary>
/// <remarks>Everything here is made anew from what is on disk, so a process that dies in the middle is simply done again.</remarks>
public static class StudyFinish
{
    /// <summary>Finishes a study.</summary>
    /// <returns>Exit code.</returns>
    public static async Task<int> RunAsync(DataFolder data, string studyKey, StudyConductor conductor, StudyClock clock, Ending ending, string reason,
        IStudyDisplay display, CancellationToken cancellation)
    {
        string folder = data.StudyFolder(studyKey);
        string dicom = Path.Combine(folder, "dicom");
        StudyRecord study = StudyReading.Read(data, studyKey, clock.GetUtcNow(), (ending, reason));
        if (ending == Ending.Complete && study.Series.FirstOrDefault(s => s.Ending != Ending.Complete) is { } broken)
            (ending, reason) = (Ending.Failed, $"{broken.Title}: {broken.EndingReason}");
        if (ending == Ending.Complete && study is { CtFacts.Ending: Ending.Complete, Ct: null })
            (ending, reason) = (Ending.Failed, "failed because slices of the CT are damaged or missing on disk");
        TimeSpan? since = clock.GetUtcNow() - study.Injected;
        WrittenObjects written;
        try
        {
            written = NuclearMedicineObjects.Write(study, dicom, new UidSource(studyKey));
            foreach (RefusedObject refused in written.Refused) conductor.Append(new Note(clock.GetUtcNow(), "console", $"{refused.StepId} not written as DICOM: {refused.Reason}"), $"{refused.StepId} not written as DICOM: {refused.Reason}");
            if (written.Refused.Count > 0 && ending == Ending.Complete)
                (ending, reason) = (Ending.Failed, $"not written as DICOM: {string.Join(", ", written.Refused.Select(r => r.StepId))}");
            display.Say(clock.GetUtcNow(), since, string.Create(CultureInfo.InvariantCulture, $"DICOM: {written.Count} files written"));
            (study, string? failed) = await ReconstructAsync(study, folder, written, conductor.Live, clock, display, cancellation);
            if (failed is not null)
            {
                conductor.Append(new Note(clock.GetUtcNow(), "console", failed), failed);
                if (ending == Ending.Complete) (ending, reason) = (Ending.Failed, failed);
            }
            else if (study.Reconstructions.Count > 0)
            {
                NuclearMedicineObjects.Write(study with { Series = [.. study.Series.Where(s => s.Kind == AcquisitionKind.Tomo)], Ct = null, OtherCts = [] }, dicom, new UidSource(studyKey));
                if (!conductor.Has<ReconstructionDone>()) conductor.Append(new ReconstructionDone(clock.GetUtcNow(), "console"), $"reconstructed: {string.Join(", ", study.Reconstructions.Keys)}");
            }
            ProjectionSet? projections = study.Series.LastOrDefault(s => s.Kind == AcquisitionKind.Tomo) is { } tomo && tomo.Frames.Count > 0
                ? ProjectionSetBuilder.FromCountSeries(tomo) : null;
            QualityReport quality = QualityRunner.Run(QualityInput.Of(study, projections), QualityLimits.LoadDefault().With(study.Protocol.QualityLimits));
            foreach (QualityResult result in quality.Results.Where(r => r.Verdict > Verdict.Pass))
                display.Say(clock.GetUtcNow(), since, $"{result.Verdict.ToString().ToUpperInvariant()} {result.Title}: {result.Words} {result.Action}");
            if (conductor.Last<QualityJudged>()?.Verdict != quality.Verdict.ToString())
                conductor.Append(new QualityJudged(clock.GetUtcNow(), "console", quality.Verdict.ToString()), string.Create(CultureInfo.InvariantCulture, $"quality: {quality.Verdict}, {quality.Results.Count} checks"));
            string report = Path.Combine(folder, "report.html");
            StudyReport.Write(report, study with { Ending = ending, EndingReason = reason }, quality);
            conductor.Append(new StudyEnded(clock.GetUtcNow(), "console", ending, reason), ending == Ending.Complete ? "study complete" : $"study {ending.ToString().ToLowerInvariant()}: {reason}");
            display.Say(clock.GetUtcNow(), since, $"report: {report}");
            if (ending != Ending.Complete) return ExitCodes.StudyNotComplete;
            return quality.Verdict >= Verdict.Fail ? ExitCodes.QualityFailed : ExitCodes.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.Describe(data.Path, e);
        }
    }

    private static async Task<(StudyRecord Study, string? Failed)> ReconstructAsync(StudyRecord study, string folder, WrittenObjects written, LiveSpect liveSpect, StudyClock clock,
        IStudyDisplay display, CancellationToken cancellation)
    {
        WrittenObject[] beds = [.. written.Where(w => w.Kind == "TOMO").GroupBy(w => w.StepId).Select(g => g.Last())];
        if (beds.Length == 0) return (study, null);
        string? ct = study.Ct is not null ? Path.GetDirectoryName(written.First(w => w.Kind == "CT" && w.StepId == (study.CtFacts?.StepId ?? "ct")).Path) : null;
        var volumes = new Dictionary<string, Volume>();
        var origins = new Dictionary<string, ReconstructionOrigin>();
        Volume? map = null;
        try
        {
            foreach (WrittenObject bed in beds)
            {
                // The last bed has the plain names, which the checks and the report of one bed look for; beds are not joined.
                string suffix = bed == beds[^1] ? "" : $"-{bed.StepId}";
                CountSeries? series = study.Series.LastOrDefault(s => s.StepId == bed.StepId && s.Kind == AcquisitionKind.Tomo);
                string title = beds.Length > 1 && series is not null ? $" {series.Title}" : "";
                ReconstructionSettings settings = study.Protocol.Reconstruction;
                if (ct is not null && settings.AttenuationCorrection) await MakeAsync($"AC{suffix}", new ReconstructionOrigin(bed.StepId, $"SPECT AC{title}", settings, true), series, bed, live: true);
                await MakeAsync($"NAC{suffix}", new ReconstructionOrigin(bed.StepId, $"SPECT NAC{title}", settings, false), series, bed, live: true);
                foreach (FurtherReconstruction further in study.Protocol.FurtherReconstructions)
                {
                    // Without the CT it asks for it would be another image under its name.
                    if (further.Settings.AttenuationCorrection && ct is null) continue;
                    await MakeAsync(further.Id + suffix, new ReconstructionOrigin(bed.StepId, $"{further.Title}{title}", further.Settings, further.Settings.AttenuationCorrection), series, bed, live: false);
                }
            }
        }
        catch (AcquireException e)
        {
            return (study with { Reconstructions = volumes, Origins = origins, AttenuationMap = map }, e.Message);
        }
        return (study with { Reconstructions = volumes, Origins = origins, AttenuationMap = map }, null);

        async Task MakeAsync(string name, ReconstructionOrigin origin, CountSeries? series, WrittenObject bed, bool live)
        {
            string output = Path.Combine(folder, "recon", name);
            string? attenuation = origin.Attenuation ? ct : null;
            if (!live || series is null || !await liveSpect.ImageAsync(series, attenuation, output, cancellation)) await ReconstructionWorker.RunAsync(bed.Path, attenuation, origin.Settings, output,
                (share, left) => display.Next(string.Create(CultureInfo.InvariantCulture, $"Reconstructing ({name}): {100 * share:F0} %"), left >= 1 ? TimeSpan.FromSeconds(left) : null, clock.GetUtcNow(), clock.GetUtcNow() - study.Injected),
                TimeProvider.System, cancellation);
            volumes[name] = RawFolder.ReadVolume(output);
            origins[name] = origin;
            string mapFolder = Path.Combine(output, "attenuation");
            if (attenuation is not null && Directory.Exists(mapFolder)) map = RawFolder.ReadVolume(mapFolder);
        }
    }
}
