using System.Text;

namespace FellowOakDicom;

/// <summary>How much of a file is read at once; here always all of it.</summary>
public enum FileReadOption
{
    /// <summary>The package's default.</summary>
    Default = 0,
    /// <summary>All at once; the file is closed afterwards.</summary>
    ReadAll = 3,
}

/// <summary>A DICOM Part 10 file.</summary>
public class DicomFile
{
    /// <summary>A file to be written; the meta group is made at once.</summary>
    /// <exception cref="DicomDataException">SOP class or instance is missing.</exception>
    public DicomFile(DicomDataset dataset) : this(dataset, new DicomFileMetaInformation(dataset), false) { }

    private DicomFile(DicomDataset dataset, DicomFileMetaInformation meta, bool isPartial)
    {
        Dataset = dataset;
        FileMetaInfo = meta;
        IsPartial = isPartial;
    }

    /// <summary>What is in it.</summary>
    public DicomDataset Dataset { get; }
    /// <summary>Group 0002.</summary>
    public DicomFileMetaInformation FileMetaInfo { get; }
    /// <summary>The file ended too early; the element that was cut is absent.</summary>
    public bool IsPartial { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="DicomFileException">Missing, not DICOM, or broken.</exception>
    public static DicomFile Open(string fileName, FileReadOption readOption = FileReadOption.Default)
    {
        _ = readOption;
        try
        {
            var reader = new Reader(File.ReadAllBytes(fileName));
            DicomFileMetaInformation meta = reader.ReadMeta();
            if (reader.IsPartial || !meta.TryGetSingleValue(DicomTag.TransferSyntaxUID, out string syntax)) throw new DicomFileException("the file meta group names no transfer syntax");
            DicomDataset dataset = reader.ReadDataset(DicomTransferSyntax.Of(syntax));
            return new DicomFile(dataset, meta, reader.IsPartial);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DicomFileException(e.Message, e);
        }
    }

    /// <summary>Writes the file to a stream, which stays open at its end.</summary>
    public void Save(Stream stream)
    {
        if (Dataset.InternalTransferSyntax.IsBigEndian) throw new DicomDataException("big endian is read, not written");
        using var meta = new MemoryStream();
        FileMetaInfo.Remove(DicomTag.FileMetaInformationGroupLength);
        new Writer(meta, true).Write(FileMetaInfo, Encoding.ASCII);
        FileMetaInfo.Add(DicomTag.FileMetaInformationGroupLength, (uint)meta.Length);
        stream.Write(new byte[128]);
        stream.Write("DICM"u8);
        new Writer(stream, true).Write(FileMetaInfo, Encoding.ASCII, groupLengths: true);
        new Writer(stream, Dataset.InternalTransferSyntax.IsExplicitVR).Write(Dataset, Encoding.ASCII);
    }
}
