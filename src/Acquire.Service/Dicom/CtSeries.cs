using System.Buffers.Binary;
using Acquire.Protocols.Imaging;
using FellowOakDicom;
using FellowOakDicom.Imaging;

namespace Acquire.Service.Dicom;

/// <summary>Reads a CT series of any vendor as a volume in HU.</summary>
public static class CtSeries
{
    /// <summary>Reads all CT slices of a folder (other files in it are passed over).</summary>
    /// <param name="folder">The folder; not what lies in folders below.</param>
    /// <returns>The volume in HU with house axes, in the frame of reference of the files; the tube voltage (0 when not stated); findings.</returns>
    /// <exception cref="AcquireException">No CT slice, several series, a missing slice, turned or compressed slices.</exception>
    public static (Volume Hu, double Kv, IReadOnlyList<string> Findings) Read(string folder)
    {
        if (!Directory.Exists(folder)) throw DicomFiles.Bad($"there is no folder {Path.GetFileName(folder)}");
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var slices = new List<string>();
        int others = 0;
        foreach (string path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            if (LooksLikeDicom(path)) slices.Add(path);
            else others++;
        }
        (Volume hu, double kv, IReadOnlyList<string> findings) = Read(slices, name);
        return (hu, kv, others == 0 ? findings : [.. findings, $"{others} files in the folder are not DICOM"]);
    }

    /// <summary>Reads the slices named.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="name">What to call them in messages.</param>
    /// <returns>As <see cref="Read(string)"/>.</returns>
    /// <exception cref="AcquireException">As <see cref="Read(string)"/>.</exception>
    public static (Volume Hu, double Kv, IReadOnlyList<string> Findings) Read(IEnumerable<string> paths, string name)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var findings = new List<string>();
        var slices = new List<Slice>();
        int passed = 0;
        foreach (string path in paths)
        {
            DicomFile file = DicomFiles.Open(path);
            string sop = Text.First(file.Dataset, DicomTag.SOPClassUID);
            if (sop != DicomUID.CTImageStorage.UID || Text.Strings(file.Dataset, DicomTag.ImageType) is [_, _, "LOCALIZER", ..])
            {
                passed++;
                continue;
            }
            slices.Add(ReadSlice(file, Path.GetFileName(path)));
        }
        if (passed > 0) findings.Add($"{passed} files are not CT slices and were passed over");
        if (slices.Count == 0) throw DicomFiles.Bad($"{name}: there is no CT slice");
        string[] series = [.. slices.Select(s => s.Series).Distinct()];
        if (series.Length > 1) throw DicomFiles.Bad($"{name}: {series.Length} CT series lie together; give the files of one");
        Slice first = slices[0];
        foreach (Slice slice in slices)
            if (slice.Rows != first.Rows || slice.Columns != first.Columns || Math.Abs(slice.Dx - first.Dx) > 1e-4 || Math.Abs(slice.Dy - first.Dy) > 1e-4 || slice.Signs != first.Signs
                || Math.Abs(slice.Position[0] - first.Position[0]) > 0.01 || Math.Abs(slice.Position[1] - first.Position[1]) > 0.01)
                throw DicomFiles.Bad($"{name}: slices differ in size, pixel spacing, orientation or position ({slice.Name} against {first.Name}); a tilted gantry is not read");
        Volume hu = AxialStack.Build([.. slices.Select(s => (s.Position[2], (Func<float[]>)s.Values))], first.Columns, first.Rows, first.Dx, first.Dy, first.Position[0], first.Position[1], first.Signs, "HU", name, first.Thickness);
        double[] kv = [.. slices.Select(s => s.Kv).Distinct()];
        if (kv.Length > 1) findings.Add("slices state different tube voltages; the first is taken");
        if (first.Kv == 0) findings.Add($"{Text.Name(DicomTag.KVP)} is missing: the conversion to attenuation has no voltage");
        return (hu, first.Kv, findings);
    }

    private static bool LooksLikeDicom(string path)
    {
        Span<byte> head = stackalloc byte[132];
        using FileStream stream = File.OpenRead(path);
        return stream.ReadAtLeast(head, 132, throwOnEndOfStream: false) == 132 && head[128..].SequenceEqual("DICM"u8);
    }

    private static Slice ReadSlice(DicomFile file, string name)
    {
        DicomDataset ds = file.Dataset;
        if (file.FileMetaInfo.TransferSyntax.IsEncapsulated) throw DicomFiles.Bad($"{name} has compressed pixels; decompress it first, e.g. with dcmdjpeg or gdcmconv --raw");
        int rows = Text.Whole(ds, DicomTag.Rows), columns = Text.Whole(ds, DicomTag.Columns), bits = Text.Whole(ds, DicomTag.BitsAllocated);
        double[] position = Needed(ds, DicomTag.ImagePositionPatient, 3, name), orientation = Needed(ds, DicomTag.ImageOrientationPatient, 6, name), spacing = Needed(ds, DicomTag.PixelSpacing, 2, name);
        (int, int) signs = AxialStack.Signs(orientation) ?? throw DicomFiles.Bad($"{name}: {Text.Name(DicomTag.ImageOrientationPatient)} is not transverse, or tilted");
        double slope = Text.Number(ds, DicomTag.RescaleSlope) ?? throw DicomFiles.Bad($"{name}: {Text.Name(DicomTag.RescaleSlope)} is missing; pixels cannot be turned into HU");
        double intercept = Text.Number(ds, DicomTag.RescaleIntercept) ?? throw DicomFiles.Bad($"{name}: {Text.Name(DicomTag.RescaleIntercept)} is missing; pixels cannot be turned into HU");
        if (rows < 1 || columns < 1 || bits != 16) throw DicomFiles.Bad($"{name}: a CT slice has rows, columns and 16 bits per pixel");
        if (ds.GetDicomItem<DicomElement>(DicomTag.PixelData) is not DicomElement element || element.Buffer.Size < 2L * rows * columns) throw DicomFiles.Bad($"{name}: pixels are missing or too few");
        bool signed = Text.Whole(ds, DicomTag.PixelRepresentation) == 1;
        int stored = Text.Whole(ds, DicomTag.BitsStored) is int b and > 0 and <= 16 ? b : 16;
        ReadOnlySpan<byte> raw = DicomPixelData.Create(ds).GetFrame(0).Data;
        short[] stored16 = new short[rows * columns];
        for (int i = 0; i < stored16.Length; i++) stored16[i] = BinaryPrimitives.ReadInt16LittleEndian(raw[(2 * i)..]);
        return new Slice(name, Text.First(ds, DicomTag.SeriesInstanceUID), rows, columns, spacing[1], spacing[0], position, signs, Text.Number(ds, DicomTag.SliceThickness) ?? 1, Text.Number(ds, DicomTag.KVP) ?? 0, stored16, stored, signed, slope, intercept);
    }

    private static double[] Needed(DicomDataset ds, DicomTag tag, int count, string name) =>
        Text.Numbers(ds, tag) is { } values && values.Length == count ? values : throw DicomFiles.Bad($"{name}: {Text.Name(tag)} is missing");

    private sealed record Slice(string Name, string Series, int Rows, int Columns, double Dx, double Dy, double[] Position, (int X, int Y) Signs, double Thickness, double Kv,
        short[] Pixels, int BitsStored, bool IsSigned, double Slope, double Intercept)
    {
        /// <summary>HU, made anew: a series as floats beside its volume would take twice the memory.</summary>
        public float[] Values()
        {
            float[] values = new float[Pixels.Length];
            int mask = (1 << BitsStored) - 1, sign = 1 << (BitsStored - 1);
            for (int i = 0; i < values.Length; i++)
            {
                // Bits above Bits Stored may hold overlays in old files: only the stored bits count.
                int pixel = Pixels[i] & mask;
                if (IsSigned && (pixel & sign) != 0) pixel -= mask + 1;
                values[i] = (float)((pixel * Slope) + Intercept);
            }
            return values;
        }
    }
}
