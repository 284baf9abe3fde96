using Acquire.Service.Dicom;
using Acquire.Reconstruction;

namespace Acquire.Service;

/// <summary>Puts the rooms together where two that must not know each other meet.</summary>
internal static class Rooms
{
    /// <summary>Reconstruction reads DICOM through the Dicom room without knowing it.</summary>
    public static void Connect()
    {
        DicomTomo.Reader = (path, byHand) =>
        {
            NuclearMedicineImage image = NuclearMedicineFile.Read(path);
            if (image.Kind != NuclearImageKind.Tomo)
                throw new AcquireException($"{image.FileName} holds {image.Kind} frames; projections of a tomographic acquisition (TOMO) are needed", ExitCodes.BadInput);
            (Acquire.Protocols.Imaging.CountSeries series, IReadOnlyList<string> findings) = image.ToCountSeries(new TomoGeometryByHand
            {
                StartAngleDeg = byHand.StartAngleDeg, AnglesGrow = byHand.AnglesGrow, ExtentDeg = byHand.ExtentDeg, RadiusMm = byHand.RadiusMm, PixelMm = byHand.PixelMm,
            });
            return (series, image.Nuclide, [.. image.Findings, .. findings]);
        };
    }
}
