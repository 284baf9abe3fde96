namespace Acquire.Service.Report;

/// <summary>Which plane of a volume.</summary>
public enum SlicePlane
{
    /// <summary>Seen from the feet: the patient's right on the left, front on top.</summary>
    Axial,
    /// <summary>Seen from the front: the patient's right on the left, head on top.</summary>
    Coronal,
    /// <summary>Seen from the patient's left: front on the left, head on top.</summary>
    Sagittal,
}
