using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Imaging;
using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>What made a reconstruction, for <see cref="ReconstructionFile"/>.</summary>
/// <param name="Source">DICOM file of the projections; null when they came in another form.</param>
/// <param name="Window">Photopeak window; null when not known.</param>
/// <param name="Collimator">Collimator name; "" when not known.</param>
/// <param name="Derivation">How it was made, one sentence.</param>
/// <param name="Function">Processing Function, short.</param>
/// <param name="FilterMm">Post filter, FWHM in mm; 0 for none.</param>
/// <param name="Corrections">Corrected Image values: ATTN, SCAT.</param>
public sealed record ReconstructionFacts(string? Source, EnergyWindow? Window, string Collimator, string Derivation, string Function, double FilterMm, IReadOnlyList<string> Corrections);

/// <summary>Writes a reconstruction of any projections as an NM Image object of type RECON TOMO: 16 bits with a Real World Value Mapping.</summary>
/// <remarks>
/// From DICOM projections patient, study, times, frame of reference, radiopharmaceutical and rotation are taken over unchanged. Projections in other forms name no
/// patient: the object then says "ANONYMOUS" and belongs to a study of its own.
/// </remarks>
public static class ReconstructionFile
{
    private static readonly Dictionary<string, Code> s_units = new(StringComparer.Ordinal)
    {
        ["counts"] = new("{counts}", "counts", "UCUM"), ["kBq/ml"] = new("kBq/ml", "Kilobecquerels per milliliter", "UCUM"), ["g/ml"] = new("g/ml{SUVbw}", "Standardized Uptake Value body weight", "UCUM"), ["1"] = new("1", "no units", "UCUM"),
    };

    private static readonly DicomTag[] s_kept =
    [
        DicomTag.PatientName, DicomTag.PatientID, DicomTag.PatientBirthDate, DicomTag.PatientSex, DicomTag.PatientSize, DicomTag.PatientWeight, DicomTag.StudyInstanceUID, DicomTag.StudyID,
        DicomTag.StudyDate, DicomTag.StudyTime, DicomTag.StudyDescription, DicomTag.AccessionNumber, DicomTag.ReferringPhysicianName, DicomTag.AcquisitionDate, DicomTag.AcquisitionTime, DicomTag.TimezoneOffsetFromUTC,
        DicomTag.Manufacturer, DicomTag.ManufacturerModelName, DicomTag.DeviceSerialNumber, DicomTag.BodyPartExamined, DicomTag.Laterality, DicomTag.FrameOfReferenceUID, DicomTag.PositionReferenceIndicator, DicomTag.ProtocolName,
        DicomTag.PatientOrientationCodeSequence, DicomTag.PatientGantryRelationshipCodeSequence, DicomTag.AnatomicRegionSequence, DicomTag.RadiopharmaceuticalInformationSequence, DicomTag.RotationInformationSequence, DicomTag.NumberOfRotations,
    ];

    /// <summary>Writes the file; it appears whole or not at all.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="volume">Volume.</param>
    /// <param name="facts">What made it.</param>
    /// <param name="now">Time of writing.</param>
    /// <exception cref="AcquireException">The volume cannot be said in DICOM, or the file cannot be written.</exception>
    public static void Write(string path, Volume volume, ReconstructionFacts facts, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(facts);
        if (!s_units.TryGetValue(volume.Unit, out Code? unit)) throw DicomFiles.Bad($"no DICOM unit is known for \"{volume.Unit}\"");
        if (volume.Nz > ushort.MaxValue) throw DicomFiles.Bad("too many slices for a DICOM object");
        float low = 0, high = 0;
        foreach (float v in volume.Values)
        {
            if (!float.IsFinite(v)) throw DicomFiles.Bad("the volume holds a value that is not a number");
            low = Math.Min(low, v);
            high = Math.Max(high, v);
        }
        double slope = high > low ? ((double)high - low) / ushort.MaxValue : 1;
        DicomDataset? source = facts.Source is null ? null : DicomFiles.Open(facts.Source).Dataset;
        var uids = new UidSource(string.Create(CultureInfo.InvariantCulture, $"{(source is null ? Guid.NewGuid().ToString() : Text.First(source, DicomTag.SOPInstanceUID))}/{now:O}/{facts.Derivation}"));
        var ds = new DicomDataset(DicomTransferSyntax.ExplicitVRLittleEndian).NotValidated();
        ds.Add(DicomTag.SpecificCharacterSet, source is null ? "ISO_IR 192" : Text.First(source, DicomTag.SpecificCharacterSet) is { Length: > 0 } set ? set : "ISO_IR 100");
        ds.Add(DicomTag.SOPClassUID, DicomUID.NuclearMedicineImageStorage);
        ds.Add(DicomTag.SOPInstanceUID, uids.For("instance"));
        ds.Add(DicomTag.SeriesInstanceUID, uids.For("series"));
        ds.Add(DicomTag.Modality, "NM");
        ds.Add(DicomTag.SeriesNumber, 1001);
        ds.Add(DicomTag.InstanceNumber, 1);
        ds.Add(DicomTag.SeriesDate, Text.Date(now));
        ds.Add(DicomTag.SeriesTime, Text.Time(now));
        ds.Add(DicomTag.ContentDate, Text.Date(now));
        ds.Add(DicomTag.ContentTime, Text.Time(now));
        ds.Add(DicomTag.SeriesDescription, Text.Free($"SPECT {facts.Function}", 64));
        ds.Add(DicomTag.SoftwareVersions, $"Acquire {typeof(ReconstructionFile).Assembly.GetName().Version?.ToString(3)}");
        ds.Add(DicomTag.ImageType, "DERIVED", "PRIMARY", "RECON TOMO", "EMISSION");
        ds.Add(DicomTag.DerivationDescription, Text.Free(facts.Derivation, 1024));
        ds.Add(DicomTag.CountsAccumulated, "");
        if (source is null) AddNobody(ds, uids, now);
        else
        {
            foreach (DicomTag tag in s_kept)
                if (source.GetDicomItem<DicomItem>(tag) is { } item) ds.Add(item);
            ds.Add(DicomTag.SourceImageSequence, new DicomDataset { { DicomTag.ReferencedSOPClassUID, Text.First(source, DicomTag.SOPClassUID) }, { DicomTag.ReferencedSOPInstanceUID, Text.First(source, DicomTag.SOPInstanceUID) } });
        }
        Fill(ds, uids);
        if (facts.Corrections.Count > 0) ds.Add(DicomTag.CorrectedImage, [.. facts.Corrections]);
        EnergyWindow window = facts.Window ?? new EnergyWindow("unknown", 126.45, 154.55, EnergyWindowRole.Photopeak);
        StudyModules.AddEnergyWindows(ds, [window]);
        var detector = new DicomDataset();
        StudyModules.AddCollimator(detector, facts.Collimator.Length > 0 ? facts.Collimator : "UNKNOWN");
        detector.Add(DicomTag.ImagePositionPatient, Text.Ds(volume.X0Mm, volume.Y0Mm, volume.Z0Mm));
        detector.Add(DicomTag.ImageOrientationPatient, "1", "0", "0", "0", "1", "0");
        detector.Add(DicomTag.ViewCodeSequence, Codes.Item(Codes.Transverse));
        ds.Add(DicomTag.NumberOfDetectors, (ushort)1);
        ds.Add(DicomTag.DetectorInformationSequence, detector);
        ds.Add(DicomTag.FrameIncrementPointer, DicomTag.SliceVector);
        ds.Add(DicomTag.SliceVector, [.. Enumerable.Range(1, volume.Nz).Select(i => (ushort)i)]);
        ds.Add(DicomTag.NumberOfSlices, (ushort)volume.Nz);
        ds.Add(DicomTag.SpacingBetweenSlices, Text.Ds(volume.DzMm));
        ds.Add(DicomTag.SliceThickness, Text.Ds(volume.DzMm));
        ds.Add(DicomTag.ProcessingFunction, Text.Free(facts.Function, 64));
        if (facts.FilterMm > 0) ds.Add(DicomTag.ConvolutionKernel, Text.Free(string.Create(CultureInfo.InvariantCulture, $"Gauss {facts.FilterMm:0.#} mm"), 16));
        var mapping = new DicomDataset
        {
            { DicomTag.LUTExplanation, $"stored value to {unit.Meaning}" }, { DicomTag.LUTLabel, "VALUE" }, { DicomTag.MeasurementUnitsCodeSequence, Codes.Item(unit) },
            { DicomTag.RealWorldValueIntercept, (double)low }, { DicomTag.RealWorldValueSlope, slope },
        };
        mapping.Add(DicomVR.US, DicomTag.RealWorldValueFirstValueMapped, (ushort)0);
        mapping.Add(DicomVR.US, DicomTag.RealWorldValueLastValueMapped, ushort.MaxValue);
        ds.Add(DicomTag.RealWorldValueMappingSequence, mapping);
        DicomFiles.AddPixels(ds, volume.Ny, volume.Nx, Text.Ds(volume.DyMm, volume.DxMm), Slices(volume, low, slope));
        DicomFiles.Save(ds, path);
    }

    private static IEnumerable<byte[]> Slices(Volume volume, float low, double slope)
    {
        int voxels = volume.Nx * volume.Ny;
        for (int k = 0; k < volume.Nz; k++)
        {
            byte[] slice = new byte[2 * voxels];
            for (int i = 0; i < voxels; i++)
                BinaryPrimitives.WriteUInt16LittleEndian(slice.AsSpan(2 * i), (ushort)Math.Clamp(Math.Round((volume.Values[(k * voxels) + i] - low) / slope), 0, ushort.MaxValue));
            yield return slice;
        }
    }

    private static void AddNobody(DicomDataset ds, UidSource uids, DateTimeOffset now)
    {
        ds.Add(DicomTag.PatientName, "ANONYMOUS");
        ds.Add(DicomTag.PatientID, "ANONYMOUS");
        ds.Add(DicomTag.StudyInstanceUID, uids.For("study"));
        ds.Add(DicomTag.StudyDate, Text.Date(now));
        ds.Add(DicomTag.StudyTime, Text.Time(now));
        ds.Add(DicomTag.AcquisitionDate, Text.Date(now));
        ds.Add(DicomTag.AcquisitionTime, Text.Time(now));
        ds.Add(DicomTag.Manufacturer, "");
    }

    /// <summary>Attributes of type 1 and 2 that a source may lack, or that nobody's projections have.</summary>
    private static void Fill(DicomDataset ds, UidSource uids)
    {
        foreach (DicomTag empty in (DicomTag[])[DicomTag.PatientName, DicomTag.PatientID, DicomTag.PatientBirthDate, DicomTag.PatientSex, DicomTag.StudyID, DicomTag.StudyDate, DicomTag.StudyTime, DicomTag.AccessionNumber, DicomTag.ReferringPhysicianName, DicomTag.Manufacturer, DicomTag.PositionReferenceIndicator])
            if (ds.GetDicomItem<DicomItem>(empty) is null) ds.Add(empty, "");
        // Paired or unpaired part is not known: present and empty means so (PS3.3 C.7.3.1, type 2C).
        if (ds.GetDicomItem<DicomItem>(DicomTag.Laterality) is null && ds.GetDicomItem<DicomItem>(DicomTag.BodyPartExamined) is null) ds.Add(DicomTag.Laterality, "");
        if (Text.First(ds, DicomTag.FrameOfReferenceUID).Length == 0) ds.AddOrUpdate(DicomTag.FrameOfReferenceUID, uids.For("frame-of-reference"));
        if (ds.GetDicomItem<DicomItem>(DicomTag.PatientOrientationCodeSequence) is null || ds.GetDicomItem<DicomItem>(DicomTag.PatientGantryRelationshipCodeSequence) is null)
        {
            ds.Remove(DicomTag.PatientOrientationCodeSequence);
            ds.Remove(DicomTag.PatientGantryRelationshipCodeSequence);
            StudyModules.AddOrientation(ds);
        }
        if (ds.GetDicomItem<DicomItem>(DicomTag.RadiopharmaceuticalInformationSequence) is null)
            ds.Add(DicomTag.RadiopharmaceuticalInformationSequence, new DicomDataset { { DicomTag.RadionuclideCodeSequence, Array.Empty<DicomDataset>() } });
        if (ds.GetDicomItem<DicomItem>(DicomTag.RotationInformationSequence) is null) ds.Add(DicomTag.RotationInformationSequence, Array.Empty<DicomDataset>());
        if (ds.GetDicomItem<DicomItem>(DicomTag.NumberOfRotations) is null) ds.Add(DicomTag.NumberOfRotations, (ushort)1);
    }
}
