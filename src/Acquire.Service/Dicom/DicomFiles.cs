using FellowOakDicom;
using FellowOakDicom.Imaging;
using FellowOakDicom.IO.Buffer;

namespace Acquire.Service.Dicom;

/// <summary>Opens and saves files for this room: every failure becomes one clear line, and a file is whole or not there.</summary>
internal static class DicomFiles
{
    /// <summary>Acquire's own Implementation Class UID: a random UUID drawn once, as PS3.5 B.2 allows.</summary>
    private const string ImplementationClass = "2.25.39451890388863796888070733909205076547";

    static DicomFiles()
    {
        DicomImplementation.ClassUID = DicomUID.Parse(ImplementationClass);
        DicomImplementation.Version = "ACQUIRE_0.1";
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="AcquireException">Missing, not DICOM, broken, or ending too early.</exception>
    internal static DicomFile Open(string path)
    {
        string name = Path.GetFileName(path);
        if (!File.Exists(path)) throw Bad($"there is no file {name}");
        DicomFile file;
        try
        {
            file = DicomFile.Open(path, FileReadOption.ReadAll);
        }
        catch (Exception e) when (e is DicomException or IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"{name} cannot be read as DICOM: {e.Message}", ExitCodes.BadInput, e);
        }
        return file.IsPartial ? throw Bad($"{name} ends too early: it is cut, or was still being written") : file;
    }

    /// <summary>Writes a file under a temporary name, flushes it to the disk, and only then gives it its name.</summary>
    internal static void Save(DicomDataset dataset, string path)
    {
        string temporary = path + ".part";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                new DicomFile(dataset).Save(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"{Path.GetFileName(path)} cannot be written: {e.Message}", ExitCodes.Storage, e);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    internal static AcquireException Bad(string message) => new(message, ExitCodes.BadInput);

    /// <summary>Adds the frames of an NM object: 16 bit unsigned, little endian, row by row (docs: physics-and-qc 7.2).</summary>
    public static void AddPixels(DicomDataset ds, int rows, int columns, string[] pixelSpacing, IEnumerable<byte[]> frames)
    {
        ds.Add(DicomTag.SamplesPerPixel, (ushort)1);
        ds.Add(DicomTag.PhotometricInterpretation, "MONOCHROME2");
        ds.Add(DicomTag.Rows, (ushort)rows);
        ds.Add(DicomTag.Columns, (ushort)columns);
        ds.Add(DicomTag.PixelSpacing, pixelSpacing);
        ds.Add(DicomTag.BitsAllocated, (ushort)16);
        ds.Add(DicomTag.BitsStored, (ushort)16);
        ds.Add(DicomTag.HighBit, (ushort)15);
        ds.Add(DicomTag.PixelRepresentation, (ushort)0);
        DicomPixelData pixels = DicomPixelData.Create(ds, true);
        foreach (byte[] frame in frames) pixels.AddFrame(new MemoryByteBuffer(frame));
    }
}
