namespace FellowOakDicom;

/// <summary>Group 0002 of a file.</summary>
public sealed class DicomFileMetaInformation : DicomDataset
{
    internal DicomFileMetaInformation() { }

    internal DicomFileMetaInformation(DicomDataset dataset)
    {
        Add(DicomTag.FileMetaInformationVersion, (byte)0, (byte)1);
        Add(DicomTag.MediaStorageSOPClassUID, dataset.GetSingleValue<DicomUID>(DicomTag.SOPClassUID));
        Add(DicomTag.MediaStorageSOPInstanceUID, dataset.GetSingleValue<DicomUID>(DicomTag.SOPInstanceUID));
        Add(DicomTag.TransferSyntaxUID, dataset.InternalTransferSyntax.UID);
        Add(DicomTag.ImplementationClassUID, DicomImplementation.ClassUID);
        Add(DicomTag.ImplementationVersionName, DicomImplementation.Version);
    }

    /// <summary>Transfer syntax of the dataset.</summary>
    public DicomTransferSyntax TransferSyntax => DicomTransferSyntax.Of(GetSingleValue<string>(DicomTag.TransferSyntaxUID));
}
