using System.Collections.ObjectModel;

namespace Acquire.Service.Dicom;

/// <summary>One DICOM file that is on disk.</summary>
/// <param name="Kind">"STATIC", "DYNAMIC", "TOMO", "RECON TOMO" or "CT".</param>
/// <param name="StepId">Step of the protocol it came from; for a reconstruction its name ("AC").</param>
/// <param name="Path">Where it is.</param>
/// <param name="SopClassUid">SOP Class UID.</param>
/// <param name="SopInstanceUid">SOP Instance UID.</param>
/// <param name="SeriesInstanceUid">Series Instance UID.</param>
/// <param name="Frames">Frames (1 for a CT slice).</param>
/// <param name="PixelSum">Sum of all stored pixel values; for STATIC, DYNAMIC and TOMO the counts.</param>
/// <param name="Findings">What a reader should know and DICOM has no field for; also in Image Comments. Never patient data.</param>
public sealed record WrittenObject(string Kind, string StepId, string Path, string SopClassUid, string SopInstanceUid, string SeriesInstanceUid,
    int Frames, long PixelSum, IReadOnlyList<string> Findings);

/// <summary>Something that is in the study but could not be made a DICOM object without inventing or losing counts.</summary>
/// <param name="StepId">Step of the protocol, or name of the reconstruction.</param>
/// <param name="Reason">Why, one line.</param>
public sealed record RefusedObject(string StepId, string Reason);

/// <summary>What became of a study: the files, and what was refused.</summary>
public sealed class WrittenObjects : ReadOnlyCollection<WrittenObject>
{
    /// <summary>Makes one.</summary>
    public WrittenObjects(IList<WrittenObject> written, IReadOnlyList<RefusedObject> refused) : base(written) => Refused = refused;

    /// <summary>What could not be written, with the reason; the stored frames are untouched.</summary>
    public IReadOnlyList<RefusedObject> Refused { get; }
}
