using Acquire.Service.StudyRecords;
using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>Reads scheduled patients from a DICOM file that holds a modality worklist entry (the form dcmtk's worklist server keeps, *.wl).</summary>
public static class WorklistFile
{
    /// <summary>Reads the entry: one <see cref="ScheduledStudy"/> per item of the Scheduled Procedure Step Sequence (0040,0100).</summary>
    /// <param name="path">The file.</param>
    /// <returns>At least one.</returns>
    /// <exception cref="AcquireException">Not DICOM, or one of Patient's Name, Patient ID, Study Instance UID or the step sequence is missing, or the name cannot be decoded. Values are never in the message.</exception>
    public static IReadOnlyList<ScheduledStudy> Read(string path)
    {
        DicomDataset entry = DicomFiles.Open(path).Dataset;
        string file = Path.GetFileName(path);
        string name = Needed(entry, DicomTag.PatientName, file);
        // A character that could not be decoded comes as "?" or U+FFFD. A patient must not be taken under a damaged name.
        if (name.AsSpan().ContainsAny('?', '\uFFFD'))
            throw DicomFiles.Bad($"{file}: {Text.Name(DicomTag.PatientName)} cannot be decoded with the character set \"{string.Join('\\', Text.Strings(entry, DicomTag.SpecificCharacterSet))}\" the entry names");
        string id = Needed(entry, DicomTag.PatientID, file);
        string uid = Needed(entry, DicomTag.StudyInstanceUID, file);
        if (!entry.TryGetSequence(DicomTag.ScheduledProcedureStepSequence, out DicomSequence steps) || !steps.Any())
            throw DicomFiles.Bad($"{file}: {Text.Name(DicomTag.ScheduledProcedureStepSequence)} is missing or empty; a worklist entry has at least one scheduled step");
        string offset = Text.First(entry, DicomTag.TimezoneOffsetFromUTC);
        return [.. steps.Select(step => new ScheduledStudy
        {
            PatientName = new Protected(name),
            PatientId = new Protected(id),
            BirthDate = new Protected(Text.First(entry, DicomTag.PatientBirthDate)),
            Sex = Text.First(entry, DicomTag.PatientSex),
            WeightKg = Positive(entry, DicomTag.PatientWeight),
            HeightM = Positive(entry, DicomTag.PatientSize),
            AccessionNumber = new Protected(Text.First(entry, DicomTag.AccessionNumber)),
            StudyInstanceUid = uid,
            RequestedProcedureId = Text.First(entry, DicomTag.RequestedProcedureID),
            RequestedProcedureDescription = Text.First(entry, DicomTag.RequestedProcedureDescription),
            ScheduledStepId = Text.First(step, DicomTag.ScheduledProcedureStepID),
            ScheduledStepDescription = Text.First(step, DicomTag.ScheduledProcedureStepDescription),
            ScheduledStart = Text.When(step, DicomTag.ScheduledProcedureStepStartDate, DicomTag.ScheduledProcedureStepStartTime, offset),
            ReferringPhysician = new Protected(Text.First(entry, DicomTag.ReferringPhysicianName)),
        })];
    }

    private static string Needed(DicomDataset entry, DicomTag tag, string file) =>
        Text.First(entry, tag) is { Length: > 0 } value ? value : throw DicomFiles.Bad($"{file}: {Text.Name(tag)} is missing or empty; a worklist entry needs it");

    private static double? Positive(DicomDataset entry, DicomTag tag) => Text.Number(entry, tag) is double value and > 0 ? value : null;
}
