using Acquire.Service.Dicom;
using Acquire.Service.Reconstruction;

namespace Acquire.Service;

/// <summary>Puts the rooms together where two that must not know each other meet.</summary>
internal static class Rooms
{
    /// <summary>Reconstruction reads DICOM through the Dicom room without knowing it.</summary>
    public static void Connect()
    {
        DicomTomo.Reader = (path, byHand) => NuclearMedicineFile.Read(path).ToCountSeries(new TomoGeometryByHand
        {
            StartAngleDeg = byHand.StartAngleDeg, AnglesGrow = byHand.AnglesGrow, ExtentDeg = byHand.ExtentDeg, RadiusMm = byHand.RadiusMm,
        }).Series;
    }
}
