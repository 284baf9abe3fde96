using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;
using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>Place of a series in the study.</summary>
/// <param name="SeriesNumber">Series Number: the step's place in the protocol, from 1; 100 more for every earlier run of the same step.</param>
/// <param name="FileName">File name without extension, e.g. "nm03-delayed" or, for a second run, "nm03-delayed-run2".</param>
internal sealed record SeriesPlace(int SeriesNumber, string FileName);

/// <summary>The modules every object of a study shares: patient, study, series, equipment, frame of reference (PS3.3 C.7), and what it was injected with.</summary>
internal sealed class StudyModules
{
    private readonly TimeSpan _zone;
    private readonly string[] _gantry;

    internal StudyModules(StudyRecord study, UidSource uids)
    {
        Study = study;
        Uids = uids;
        _zone = study.Started.Offset;
        string[] identity = study.GantryIdentity.Split(',', StringSplitOptions.TrimEntries);
        _gantry = identity.Length == 4 ? identity : ["", study.GantryIdentity, "", ""];
        StudyInstanceUid = study.Scheduled.StudyInstanceUid is { Length: > 0 } given ? given : uids.For("study");
    }

    internal StudyRecord Study { get; }
    internal UidSource Uids { get; }
    internal string StudyInstanceUid { get; }

    /// <summary>Place of a series: independent of which other series are written with it.</summary>
    internal SeriesPlace Place(CountSeries series) => Place(series.StepId, Study.Series.TakeWhile(s => !ReferenceEquals(s, series)).Count(s => s.StepId == series.StepId));

    /// <summary>Place of a step's run, from 0.</summary>
    internal SeriesPlace Place(string stepId, int run)
    {
        string[] steps = [.. Study.Protocol.Phases.SelectMany(p => p.Acquisitions).Select(a => a.Id)];
        int place = Array.IndexOf(steps, stepId);
        if (place < 0) place = steps.Length + Math.Max(0, Study.Series.Select(s => s.StepId).Where(s => !steps.Contains(s)).Distinct().ToList().IndexOf(stepId));
        string again = run == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"-run{run + 1}");
        return new SeriesPlace(place + 1 + (100 * run), string.Create(CultureInfo.InvariantCulture, $"nm{place + 1:00}-{CountSeriesObject.FileWord(stepId)}{again}"));
    }

    /// <summary>A time in the zone of the study, as the object's Timezone Offset says.</summary>
    internal DateTimeOffset Local(DateTimeOffset time) => time.ToOffset(_zone);

    /// <summary>Starts an object.</summary>
    /// <param name="sopClass">SOP class.</param>
    /// <param name="instanceUid">SOP Instance UID.</param>
    /// <param name="seriesUid">Series Instance UID.</param>
    /// <param name="modality">NM or CT.</param>
    /// <param name="seriesNumber">Series Number.</param>
    /// <param name="instanceNumber">Instance Number.</param>
    /// <param name="description">Series Description.</param>
    /// <param name="start">Start of the acquisition.</param>
    /// <param name="end">End of it: content time.</param>
    /// <param name="comment">What a reader should know; "" when nothing.</param>
    internal DicomDataset Begin(DicomUID sopClass, string instanceUid, string seriesUid, string modality, int seriesNumber, int instanceNumber,
        string description, DateTimeOffset start, DateTimeOffset end, string comment)
    {
        ScheduledStudy scheduled = Study.Scheduled;
        (start, end) = (Local(start), Local(end));
        var ds = new DicomDataset(DicomTransferSyntax.ExplicitVRLittleEndian)
        {
            { DicomTag.SpecificCharacterSet, "ISO_IR 192" },
            { DicomTag.SOPClassUID, sopClass },
            { DicomTag.SOPInstanceUID, instanceUid },
            { DicomTag.StudyDate, Text.Date(Study.Started) },
            { DicomTag.StudyTime, Text.Time(Study.Started) },
            { DicomTag.SeriesDate, Text.Date(start) },
            { DicomTag.SeriesTime, Text.Time(start) },
            { DicomTag.AcquisitionDate, Text.Date(start) },
            { DicomTag.AcquisitionTime, Text.Time(start) },
            { DicomTag.ContentDate, Text.Date(end) },
            { DicomTag.ContentTime, Text.Time(end) },
            { DicomTag.TimezoneOffsetFromUTC, Text.Offset(Study.Started) },
            { DicomTag.Modality, modality },
            { DicomTag.Manufacturer, Text.Free(_gantry[0], 64) },
            { DicomTag.SeriesDescription, Text.Free(description, 64) },
            { DicomTag.SoftwareVersions, SoftwareVersions() },
            { DicomTag.ProtocolName, Text.Free(Study.Protocol.Title, 64) },
            { DicomTag.SeriesInstanceUID, seriesUid },
            { DicomTag.SeriesNumber, seriesNumber },
            { DicomTag.InstanceNumber, instanceNumber },
            { DicomTag.FrameOfReferenceUID, Uids.For("frame-of-reference") },
            { DicomTag.PositionReferenceIndicator, "" },
            { DicomTag.PerformedProcedureStepID, Text.Free(Study.StudyKey, 64) is { Length: > 16 } key ? key[..16] : Study.StudyKey },
            { DicomTag.PerformedProcedureStepStartDate, Text.Date(Study.Started) },
            { DicomTag.PerformedProcedureStepStartTime, Text.Time(Study.Started) },
            { DicomTag.PerformedProcedureStepDescription, Text.Free(Study.Protocol.Title, 64) },
        };
        if (_gantry[1].Length > 0) ds.Add(DicomTag.ManufacturerModelName, Text.Free(_gantry[1], 64));
        if (_gantry[2].Length > 0) ds.Add(DicomTag.DeviceSerialNumber, Text.Free(_gantry[2], 64));
        if (comment.Length > 0)
        {
            ds.Add(DicomTag.ImageComments, Text.Free(comment, 2048));
            ds.Add(DicomTag.CommentsOnThePerformedProcedureStep, Text.Free(comment, 1024));
        }
        AddScheduled(ds, scheduled);
        AddBodyPart(ds, Study.Protocol.BodyPart);
        return ds;
    }

    /// <summary>Patient orientation of the head first supine patient (PS3.3 C.8.4.6): the only one the gantry's angles are turned for.</summary>
    internal static void AddOrientation(DicomDataset ds)
    {
        DicomDataset recumbent = Codes.Item(Codes.Recumbent);
        recumbent.Add(DicomTag.PatientOrientationModifierCodeSequence, Codes.Item(Codes.Supine));
        ds.Add(DicomTag.PatientOrientationCodeSequence, recumbent);
        ds.Add(DicomTag.PatientGantryRelationshipCodeSequence, Codes.Item(Codes.HeadFirst));
    }

    /// <summary>Radiopharmaceutical Information Sequence (PS3.3 C.8.4.10). No half-life: nothing in these objects depends on it, and the NM object has no place for it.</summary>
    /// <param name="ds">Where to.</param>
    /// <param name="acquired">Start of the acquisition: the start of the injection carries its date when that is another day.</param>
    /// <param name="stepId">Step of the protocol: its phase says which tracer it shows.</param>
    internal void AddRadiopharmaceutical(DicomDataset ds, DateTimeOffset acquired, string stepId)
    {
        ShownTracer shown = Study.TracerOf(stepId);
        var item = new DicomDataset { { DicomTag.Radiopharmaceutical, Text.Free(shown.Tracer.Radiopharmaceutical, 64) } };
        if (Codes.Nuclide(shown.Tracer.Nuclide) is Code nuclide) item.Add(DicomTag.RadionuclideCodeSequence, Codes.Item(nuclide));
        else item.Add(DicomTag.RadionuclideCodeSequence, Array.Empty<DicomDataset>());
        if (Codes.Tracer(shown.Tracer.Radiopharmaceutical) is Code tracer) item.Add(DicomTag.RadiopharmaceuticalCodeSequence, Codes.Item(tracer));
        if (shown.Injected is DateTimeOffset injected)
        {
            injected = Local(injected);
            item.Add(DicomTag.RadiopharmaceuticalStartTime, Text.Time(injected));
            if (injected.Date != Local(acquired).Date) item.Add(DicomTag.RadiopharmaceuticalStartDateTime, Text.Date(injected) + Text.Time(injected));
            item.Add(DicomTag.AdministrationRouteCodeSequence, Codes.Item(Codes.Intravenous));
            item.Add(DicomTag.RadiopharmaceuticalAdministrationEventUID, Uids.For(shown.Id.Length == 0 ? "administration" : $"administration/{shown.Id}"));
            if (shown.NetMBq is double activity) item.Add(DicomTag.RadionuclideTotalDose, Text.Ds(activity));
        }
        ds.Add(DicomTag.RadiopharmaceuticalInformationSequence, item);
    }

    /// <summary>Energy Window Information Sequence (PS3.3 C.8.4.10).</summary>
    internal static void AddEnergyWindows(DicomDataset ds, IEnumerable<EnergyWindow> windows)
    {
        DicomDataset[] items = [.. windows.Select(w => new DicomDataset
        {
            { DicomTag.EnergyWindowRangeSequence, new DicomDataset { { DicomTag.EnergyWindowLowerLimit, Text.Ds(w.LowerLimitKeV) }, { DicomTag.EnergyWindowUpperLimit, Text.Ds(w.UpperLimitKeV) } } },
            { DicomTag.EnergyWindowName, Text.Free(w.Name, 16) },
        })];
        ds.Add(DicomTag.NumberOfEnergyWindows, (ushort)items.Length);
        ds.Add(DicomTag.EnergyWindowInformationSequence, items);
    }

    /// <summary>Collimator of a Detector Information item: parallel holes are known by name, everything else is not guessed.</summary>
    internal static void AddCollimator(DicomDataset item, string collimator)
    {
        string name = collimator.ToUpperInvariant();
        bool parallel = name.Length >= 4 && name[..2] is "LE" or "ME" or "HE";
        item.Add(DicomTag.CollimatorGridName, Text.Free(collimator, 16));
        item.Add(DicomTag.CollimatorType, parallel ? "PARA" : name == "NONE" ? "NONE" : "UNKN");
        item.Add(DicomTag.FocalDistance, parallel ? "0" : "");
    }

    /// <summary>How an acquisition ended, in the words used everywhere (house rule 3).</summary>
    internal static string EndingText(Ending ending, string reason, int have, int expected)
    {
        if (ending == Ending.Complete && (expected <= 0 || have == expected)) return "";
        string word = ending switch
        {
            Ending.Complete => "complete by the gantry, but not all frames are stored",
            Ending.Stopped => "stopped",
            Ending.Aborted => "aborted",
            Ending.Failed => "failed",
            _ => "not ended",
        };
        string count = expected > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {have} of {expected} frames") : "";
        return $"Incomplete acquisition: {word}{(reason.Length > 0 ? $" ({reason})" : "")}{count}";
    }

    private void AddScheduled(DicomDataset ds, ScheduledStudy scheduled)
    {
        // As the worklist gave it: what does not fit the rules of DICOM is passed on unchanged rather than lost.
        ds.NotValidated();
        ds.Add(DicomTag.AccessionNumber, scheduled.AccessionNumber.Reveal());
        ds.Add(DicomTag.ReferringPhysicianName, scheduled.ReferringPhysician.Reveal());
        ds.Add(DicomTag.PatientName, scheduled.PatientName.Reveal());
        ds.Add(DicomTag.PatientID, scheduled.PatientId.Reveal());
        ds.Add(DicomTag.PatientBirthDate, scheduled.BirthDate.Reveal());
        ds.Add(DicomTag.PatientSex, scheduled.Sex);
        ds.Add(DicomTag.StudyInstanceUID, StudyInstanceUid);
        ds.Add(DicomTag.StudyID, scheduled.RequestedProcedureId);
        if (scheduled.HeightM is double height and > 0) ds.Add(DicomTag.PatientSize, Text.Ds(height));
        if (scheduled.WeightKg is double weight and > 0) ds.Add(DicomTag.PatientWeight, Text.Ds(weight));
        if (scheduled.RequestedProcedureDescription.Length > 0) ds.Add(DicomTag.StudyDescription, scheduled.RequestedProcedureDescription);
        if (scheduled.RequestedProcedureId.Length > 0 || scheduled.ScheduledStepId.Length > 0)
        {
            DicomDataset request = new DicomDataset().NotValidated();
            if (scheduled.RequestedProcedureId.Length > 0) request.Add(DicomTag.RequestedProcedureID, scheduled.RequestedProcedureId);
            if (scheduled.ScheduledStepId.Length > 0) request.Add(DicomTag.ScheduledProcedureStepID, scheduled.ScheduledStepId);
            if (scheduled.ScheduledStepDescription.Length > 0) request.Add(DicomTag.ScheduledProcedureStepDescription, scheduled.ScheduledStepDescription);
            ds.Add(DicomTag.RequestAttributesSequence, request);
        }
        ds.Validated();
    }

    /// <summary>
    /// Body part and region. Laterality is required for paired parts (PS3.3 C.7.3.1, type 2C) but the protocol does not say which side was laid before the
    /// camera: it is then present and empty, which means unknown. Parts there is only one of have none.
    /// </summary>
    private static void AddBodyPart(DicomDataset ds, string bodyPart)
    {
        ds.Add(DicomTag.BodyPartExamined, Text.Free(bodyPart, 16));
        if (Codes.Region(bodyPart) is Code region) ds.Add(DicomTag.AnatomicRegionSequence, Codes.Item(region));
        if (!Codes.IsUnpaired(bodyPart)) ds.Add(DicomTag.Laterality, "");
    }

    private string[] SoftwareVersions()
    {
        string own = $"Acquire {typeof(StudyModules).Assembly.GetName().Version?.ToString(3)}";
        return _gantry[3].Length > 0 ? [own, Text.Free($"gantry {_gantry[3]}", 64)] : [own];
    }
}
