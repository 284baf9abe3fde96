using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>The one place where DICOM NM tomographic files enter the reconstruction.</summary>
/// <remarks>The program registers the Dicom room's reader here; reconstruction itself knows only <see cref="CountSeries"/>.</remarks>
public static class DicomTomo
{
    /// <summary>Reads a DICOM NM file, with geometry given by hand, into a series of counts, the nuclide it names ("" when none) and what a reader should know of the file; set once at start of the program. Null: no reader is there.</summary>
    public static Func<string, GeometryByHand, (CountSeries Series, string Nuclide, IReadOnlyList<string> Findings)>? Reader { get; set; }

    /// <summary>Reads a file and puts its frames in order for reconstruction.</summary>
    /// <param name="path">A DICOM NM file.</param>
    /// <param name="byHand">Geometry the person gave. It wins over the file's.</param>
    /// <exception cref="BadInputException">No reader, or the frames do not make a tomographic study.</exception>
    public static ReconstructionInput Read(string path, GeometryByHand byHand)
    {
        ArgumentNullException.ThrowIfNull(byHand);
        if (Reader is null) throw ReconstructionInput.Bad("this program was built without its DICOM reader for tomographic projections; give raw-plus-JSON or Interfile.");
        (CountSeries series, string nuclide, IReadOnlyList<string> findings) = Reader(path, byHand);
        ProjectionSetOptions options = byHand.Frames ?? new ProjectionSetOptions();
        // A file may name a nuclide this program does not know; its energy window then says enough.
        if (options.Nuclide.Length == 0 && options.Window == 0 && Acquire.Protocols.Nuclides.Radionuclide.Find(nuclide) is { } known
            && series.EnergyWindows.Any(w => known.Photopeaks.Any(l => l.EnergyKeV > w.LowerLimitKeV && l.EnergyKeV < w.UpperLimitKeV))) options = options with { Nuclide = nuclide };
        return ProjectionSetBuilder.ToInput(series, byHand, options) with { Findings = findings, Series = series };
    }
}
