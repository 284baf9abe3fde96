using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;
using FellowOakDicom;
using FellowOakDicom.Imaging;
using FellowOakDicom.IO.Buffer;

namespace Acquire.Service.Dicom;

/// <summary>A reconstructed SPECT volume as an NM Image object of type RECON TOMO: 16 bits with a Real World Value Mapping.</summary>
internal sealed class ReconstructionObject(StudyModules modules, string name, Volume volume, int number, WrittenObject? spect)
{
    private static readonly Dictionary<string, Code> s_units = new(StringComparer.Ordinal)
    {
        ["counts"] = new("{counts}", "counts", "UCUM"),
        ["kBq/ml"] = new("kBq/ml", "Kilobecquerels per milliliter", "UCUM"),
        ["1"] = new("1", "no units", "UCUM"),
    };

    internal WrittenObject Write(string folder)
    {
        if (volume.Values.Length != volume.Nx * volume.Ny * volume.Nz || volume.Values.Length == 0) throw new RefusedException("the volume does not have the voxels its size says");
        if (volume.Nz > ushort.MaxValue) throw new RefusedException("too many slices");
        if (!s_units.TryGetValue(volume.Unit, out Code? unit)) throw new RefusedException($"no DICOM unit is known for \"{volume.Unit}\"");
        double low = 0, high = 0;
        foreach (float value in volume.Values)
        {
            if (!float.IsFinite(value)) throw new RefusedException("the volume holds a value that is not a number");
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        double slope = high > low ? (high - low) / ushort.MaxValue : 1;
        CountSeries? source = spect is null ? null : modules.Study.Series.LastOrDefault(s => s.StepId == spect.StepId && s.Kind == AcquisitionKind.Tomo);
        ReconstructionOrigin? origin = modules.Study.Origins.GetValueOrDefault(name);
        ReconstructionSettings settings = origin?.Settings ?? modules.Study.Protocol.Reconstruction;
        bool attenuation = origin?.Attenuation ?? (name.Equals("AC", StringComparison.OrdinalIgnoreCase) || name.StartsWith("AC-", StringComparison.OrdinalIgnoreCase));

        var findings = new List<string>();
        if (source is not null && StudyModules.EndingText(source.Ending, source.EndingReason, source.Frames.Count, source.ExpectedFrames) is { Length: > 0 } ending) findings.Add(ending);
        (byte[][] slices, long sum) = Slices(low, slope);
        string state = string.Create(CultureInfo.InvariantCulture, $"{volume.Nx}x{volume.Ny}x{volume.Nz}/{sum}/{slope:R}");
        string instanceUid = modules.Uids.For("instance", "reconstruction", name, state);
        string seriesUid = modules.Uids.For("series", "reconstruction", name);
        DateTimeOffset start = source?.Frames.Min(f => f.Start) ?? modules.Study.Started;
        DateTimeOffset end = source?.Frames.Max(f => f.Start + f.Elapsed) ?? start;

        DicomDataset ds = modules.Begin(DicomUID.NuclearMedicineImageStorage, instanceUid, seriesUid, "NM", number, 1, origin?.Title ?? $"SPECT {name}", start, end, string.Join(". ", findings));
        ds.Add(DicomTag.ImageType, "DERIVED", "PRIMARY", "RECON TOMO", "EMISSION");
        ds.Add(DicomTag.DerivationDescription, Text.Free(Processing(settings, attenuation), 1024));
        if (spect is not null)
            ds.Add(DicomTag.SourceImageSequence, new DicomDataset { { DicomTag.ReferencedSOPClassUID, spect.SopClassUid }, { DicomTag.ReferencedSOPInstanceUID, spect.SopInstanceUid } });
        // Pixels of a reconstruction are no counts, so their sum is not Counts Accumulated (type 2, empty).
        ds.Add(DicomTag.CountsAccumulated, "");
        string[] corrected = Corrections(settings, attenuation, source);
        if (corrected.Length > 0) ds.Add(DicomTag.CorrectedImage, corrected);
        StudyModules.AddOrientation(ds);
        modules.AddRadiopharmaceutical(ds, start, source?.StepId ?? "");
        StudyModules.AddEnergyWindows(ds, [source?.EnergyWindows.FirstOrDefault(w => w.Role == EnergyWindowRole.Photopeak) ?? modules.Study.Protocol.EnergyWindows[0]]);

        var detector = new DicomDataset();
        StudyModules.AddCollimator(detector, source?.Collimator ?? modules.Study.Protocol.Collimator);
        detector.Add(DicomTag.ImagePositionPatient, Text.Ds(volume.X0Mm, volume.Y0Mm, volume.Z0Mm));
        detector.Add(DicomTag.ImageOrientationPatient, "1", "0", "0", "0", "1", "0");
        detector.Add(DicomTag.ViewCodeSequence, Codes.Item(Codes.Transverse));
        ds.Add(DicomTag.NumberOfDetectors, (ushort)1);
        ds.Add(DicomTag.DetectorInformationSequence, detector);

        ds.Add(DicomTag.NumberOfRotations, (ushort)1);
        ds.Add(DicomTag.RotationInformationSequence, Rotation());
        ds.Add(DicomTag.FrameIncrementPointer, DicomTag.SliceVector);
        ds.Add(DicomTag.SliceVector, [.. Enumerable.Range(1, volume.Nz).Select(i => (ushort)i)]);
        ds.Add(DicomTag.NumberOfSlices, (ushort)volume.Nz);
        ds.Add(DicomTag.SpacingBetweenSlices, Text.Ds(volume.DzMm));
        ds.Add(DicomTag.SliceThickness, Text.Ds(volume.DzMm));
        ds.Add(DicomTag.ProcessingFunction, Text.Free(string.Create(CultureInfo.InvariantCulture, $"OSEM {settings.Iterations}i{settings.Subsets}s"), 64));
        if (settings.PostFilterMm > 0) ds.Add(DicomTag.ConvolutionKernel, Text.Free(string.Create(CultureInfo.InvariantCulture, $"Gauss {settings.PostFilterMm:0.#} mm"), 16));
        ds.Add(DicomTag.RealWorldValueMappingSequence, Mapping(unit, low, slope));

        DicomFiles.AddPixels(ds, volume.Ny, volume.Nx, Text.Ds(volume.DyMm, volume.DxMm), slices);

        string path = Path.Combine(folder, $"recon-{CountSeriesObject.FileWord(name)}.dcm");
        DicomFiles.Save(ds, path);
        return new WrittenObject("RECON TOMO", name, path, DicomUID.NuclearMedicineImageStorage.UID, instanceUid, seriesUid, volume.Nz, sum, findings);
    }

    private (byte[][] Slices, long Sum) Slices(double low, double slope)
    {
        byte[][] slices = new byte[volume.Nz][];
        long sum = 0;
        int voxels = volume.Nx * volume.Ny;
        for (int k = 0; k < volume.Nz; k++)
        {
            slices[k] = new byte[2 * voxels];
            ReadOnlySpan<float> from = volume.Values.AsSpan(k * voxels, voxels);
            for (int i = 0; i < voxels; i++)
            {
                ushort stored = (ushort)Math.Clamp(Math.Round((from[i] - low) / slope), 0, ushort.MaxValue);
                BinaryPrimitives.WriteUInt16LittleEndian(slices[k].AsSpan(2 * i), stored);
                sum += stored;
            }
        }
        return (slices, sum);
    }

    private static DicomDataset Mapping(Code unit, double intercept, double slope)
    {
        var mapping = new DicomDataset
        {
            { DicomTag.LUTExplanation, $"stored value to {unit.Meaning}" },
            { DicomTag.LUTLabel, "VALUE" },
            { DicomTag.MeasurementUnitsCodeSequence, Codes.Item(unit) },
            { DicomTag.RealWorldValueIntercept, intercept },
            { DicomTag.RealWorldValueSlope, slope },
        };
        mapping.Add(DicomVR.US, DicomTag.RealWorldValueFirstValueMapped, (ushort)0);
        mapping.Add(DicomVR.US, DicomTag.RealWorldValueLastValueMapped, ushort.MaxValue);
        return mapping;
    }

    /// <summary>Rotation of the projections it was made of, read from the object just written; no item when there is none.</summary>
    private DicomDataset[] Rotation() =>
        spect is not null && DicomFiles.Open(spect.Path).Dataset.TryGetSequence(DicomTag.RotationInformationSequence, out DicomSequence rotation) ? [.. rotation] : [];

    /// <summary>Only what name and settings prove: "AC" is attenuation corrected; scatter corrected is what the protocol asks for where a scatter window was taken.</summary>
    private static string[] Corrections(ReconstructionSettings settings, bool attenuation, CountSeries? source)
    {
        bool scatter = settings.ScatterCorrection != "none" && source is not null && source.EnergyWindows.Any(w => w.Role != EnergyWindowRole.Photopeak);
        return [.. attenuation ? (string[])["ATTN"] : [], .. scatter ? (string[])["SCAT"] : []];
    }

    private string Processing(ReconstructionSettings settings, bool attenuation) => string.Create(CultureInfo.InvariantCulture,
        $"OSEM, {settings.Iterations} iterations of {settings.Subsets} subsets, volume \"{name}\"; attenuation correction {(attenuation ? "from CT" : "not claimed")}, collimator response {(settings.CollimatorResponse ? "modelled" : "not modelled")}, Gaussian filter {settings.PostFilterMm:0.#} mm");
}
