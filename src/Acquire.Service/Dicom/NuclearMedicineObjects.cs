using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;
using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>Writes a study as DICOM files: NM Image objects for every acquisition and reconstruction, CT Image objects for the CT.</summary>
/// <remarks>
/// What is written and why: docs/dicom.md; docs: physics-and-qc 7.1-7.4. In short: pixels are the stored counts exactly (16 bit; a series with a count above
/// 65 535 is refused, because the NM object has no wider pixel and neither clipping nor scaling keeps counts), every file is whole or absent, every series has
/// its own Series Instance UID, NM and CT share one Frame of Reference (x, y from the rotation axis; z minus the table position), and what is incomplete says so
/// in Acquisition Termination Condition, Image Comments and the comments of the procedure step. Series numbers and file names follow the step's place in the
/// protocol, so that writing a part of the study again gives the same files.
/// </remarks>
public static class NuclearMedicineObjects
{
    /// <summary>Writes all there is of a study.</summary>
    /// <param name="study">The study as read back from disk.</param>
    /// <param name="folder">Folder for the files; made when missing. CT slices go into a folder "ct" below it.</param>
    /// <param name="uids">Identifiers; the same source gives the same files.</param>
    /// <returns>The files in the order of the study, and what was refused with the reason.</returns>
    /// <exception cref="AcquireException">The disk does not take the files.</exception>
    public static WrittenObjects Write(StudyRecord study, string folder, UidSource uids)
    {
        ArgumentNullException.ThrowIfNull(study);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(uids);
        Make(folder);
        var written = new List<WrittenObject>();
        var refused = new List<RefusedObject>();
        var modules = new StudyModules(study, uids);
        WrittenObject? spect = null;
        foreach (CountSeries series in study.Series)
        {
            SeriesPlace place = modules.Place(series);
            if (Try(series.StepId, refused, () => new CountSeriesObject(modules, series, place).Write(folder)) is not WrittenObject one) continue;
            written.Add(one);
            if (series.Kind == AcquisitionKind.Tomo) spect = one;
        }
        int reconstruction = 0;
        foreach ((string name, Volume volume) in study.Reconstructions.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            int number = 1001 + reconstruction++;
            if (Try(name, refused, () => new ReconstructionObject(modules, name, volume, number, study.Origins.TryGetValue(name, out ReconstructionOrigin? origin) ? written.LastOrDefault(w => w.Kind == "TOMO" && w.StepId == origin.StepId) ?? spect : spect).Write(folder)) is WrittenObject one) written.Add(one);
        }
        if (study.Ct is Volume ct) WriteCt(ct, study.CtFacts, "ct");
        // Each series in a folder of its own: readers of a CT folder take it as one series.
        foreach (CtScan scan in study.OtherCts)
            if (scan.Read() is Volume other) WriteCt(other, scan.Facts, "ct-" + scan.Facts.StepId);
            else refused.Add(new RefusedObject(scan.Facts.StepId, "slices are damaged or missing on disk"));
        void WriteCt(Volume hu, CtFacts? facts, string name)
        {
            string ctFolder = Path.Combine(folder, name);
            Make(ctFolder);
            string step = facts?.StepId ?? "ct";
            if (Try(step, refused, () => new CtObjects(modules, hu, facts, modules.Place(step, 0).SeriesNumber).Write(ctFolder)) is List<WrittenObject> slices) written.AddRange(slices);
        }

        return new WrittenObjects(written, refused);
    }

    private static T? Try<T>(string step, List<RefusedObject> refused, Func<T> write) where T : class
    {
        try
        {
            return write();
        }
        catch (RefusedException e)
        {
            refused.Add(new RefusedObject(step, e.Message));
            return null;
        }
        catch (DicomValidationException)
        {
            // The exception's own text holds the value, which may be patient data.
            refused.Add(new RefusedObject(step, "a value does not fit its DICOM attribute"));
            return null;
        }
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"the folder for DICOM files cannot be made: {e.Message}", ExitCodes.Storage, e);
        }
    }
}

/// <summary>An object is not written, because it would not say the truth.</summary>
internal sealed class RefusedException(string message) : Exception(message);
