using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;
using FellowOakDicom;
using FellowOakDicom.Imaging;
using FellowOakDicom.IO.Buffer;

namespace Acquire.Service.Dicom;

/// <summary>A CT volume as CT Image objects, one file per slice from feet to head, in the frame of reference of the SPECT.</summary>
/// <remarks>Stored value = HU + 1024, as on the wire, so that the pixel sums of files and stored frames are equal.</remarks>
internal sealed class CtObjects(StudyModules modules, Volume ct, CtFacts? facts, int number)
{
    private const int Offset = 1024;

    internal List<WrittenObject> Write(string folder)
    {
        if (ct.Unit != "HU") throw new RefusedException($"the CT volume is in \"{ct.Unit}\", not HU");
        if (ct.Values.Length != ct.Nx * ct.Ny * ct.Nz || ct.Values.Length == 0) throw new RefusedException("the volume does not have the voxels its size says");
        foreach (float hu in ct.Values)
            if (!(Math.Round(hu) + Offset is >= 0 and <= ushort.MaxValue)) throw new RefusedException($"a voxel does not fit 16 bits above -{Offset} HU");
        string step = facts?.StepId ?? "ct";
        string id = facts?.AcquisitionId.ToString("N") ?? "ct";
        var findings = new List<string>();
        if (facts is not null && StudyModules.EndingText(facts.Ending, "", ct.Nz, facts.ExpectedSlices) is { Length: > 0 } ending)
            findings.Add(ending.Replace(" frames", " slices", StringComparison.Ordinal));
        string seriesUid = modules.Uids.For("series", id, step);
        DateTimeOffset start = facts?.Start ?? modules.Study.Started;
        string title = modules.Study.Protocol.Phases.SelectMany(p => p.Acquisitions).FirstOrDefault(a => a.Id == step)?.Title ?? "CT";
        var written = new List<WrittenObject>(ct.Nz);
        for (int k = 0; k < ct.Nz; k++)
        {
            (byte[] pixels, long sum) = Slice(k);
            string instanceUid = modules.Uids.For("instance", id, step, string.Create(CultureInfo.InvariantCulture, $"{k + 1}/{ct.Nz}/{sum}"));
            DicomDataset ds = modules.Begin(DicomUID.CTImageStorage, instanceUid, seriesUid, "CT", number, k + 1, title, start, start, string.Join(". ", findings));
            ds.Add(DicomTag.ImageType, "ORIGINAL", "PRIMARY", "AXIAL");
            ds.Add(DicomTag.AcquisitionNumber, 1);
            ds.Add(DicomTag.PatientPosition, "HFS");
            AddExposure(ds, facts);
            double z = ct.Z0Mm + (k * ct.DzMm);
            ds.Add(DicomTag.ImagePositionPatient, Text.Ds(ct.X0Mm, ct.Y0Mm, z));
            ds.Add(DicomTag.ImageOrientationPatient, "1", "0", "0", "0", "1", "0");
            ds.Add(DicomTag.SliceLocation, Text.Ds(z));
            ds.Add(DicomTag.SliceThickness, Text.Ds(facts?.SliceMm ?? ct.DzMm));
            ds.Add(DicomTag.ReconstructionDiameter, Text.Ds(ct.Nx * ct.DxMm));
            ds.Add(DicomTag.PixelSpacing, Text.Ds(ct.DyMm, ct.DxMm));
            ds.Add(DicomTag.RescaleIntercept, Text.Ds(-Offset));
            ds.Add(DicomTag.RescaleSlope, "1");
            ds.Add(DicomTag.RescaleType, "HU");
            ds.Add(DicomTag.SamplesPerPixel, (ushort)1);
            ds.Add(DicomTag.PhotometricInterpretation, "MONOCHROME2");
            ds.Add(DicomTag.Rows, (ushort)ct.Ny);
            ds.Add(DicomTag.Columns, (ushort)ct.Nx);
            ds.Add(DicomTag.BitsAllocated, (ushort)16);
            ds.Add(DicomTag.BitsStored, (ushort)16);
            ds.Add(DicomTag.HighBit, (ushort)15);
            ds.Add(DicomTag.PixelRepresentation, (ushort)0);
            DicomPixelData.Create(ds, true).AddFrame(new MemoryByteBuffer(pixels));
            ds.Remove(DicomTag.NumberOfFrames);
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"ct-{k + 1:0000}.dcm"));
            DicomFiles.Save(ds, path);
            written.Add(new WrittenObject("CT", step, path, DicomUID.CTImageStorage.UID, instanceUid, seriesUid, 1, sum, findings));
        }
        return written;
    }

    private static void AddExposure(DicomDataset ds, CtFacts? facts)
    {
        if (facts is null)
        {
            ds.Add(DicomTag.KVP, "");
            return;
        }
        ds.Add(DicomTag.KVP, Text.Ds(facts.Kv));
        ds.Add(DicomTag.XRayTubeCurrent, (int)Math.Round(facts.MA));
        ds.Add(DicomTag.ExposureTime, (int)Math.Round(facts.RotationSeconds * 1000));
        ds.Add(DicomTag.Exposure, (int)Math.Round(facts.MA * facts.RotationSeconds));
        ds.Add(DicomTag.RevolutionTime, facts.RotationSeconds);
        ds.Add(DicomTag.SpiralPitchFactor, facts.Pitch);
        if (facts.CtdiVolMGy > 0) ds.Add(DicomTag.CTDIvol, facts.CtdiVolMGy);
    }

    private (byte[] Pixels, long Sum) Slice(int k)
    {
        int voxels = ct.Nx * ct.Ny;
        byte[] bytes = new byte[2 * voxels];
        ReadOnlySpan<float> from = ct.Values.AsSpan(k * voxels, voxels);
        long sum = 0;
        for (int i = 0; i < voxels; i++)
        {
            ushort stored = (ushort)(Math.Round(from[i]) + Offset);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), stored);
            sum += stored;
        }
        return (bytes, sum);
    }
}
