using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>The one place where DICOM NM tomographic files enter the reconstruction.</summary>
/// <remarks>The program registers the Dicom room's reader here; reconstruction itself knows only <see cref="CountSeries"/>.</remarks>
public static class DicomTomo
{
    /// <summary>Reads a DICOM NM file, with geometry given by hand, into a series of counts and what a reader should know of the file; set once at start of the program. Null: no reader is there.</summary>
    public static Func<string, GeometryByHand, (CountSeries Series, IReadOnlyList<string> Findings)>? Reader { get; set; }

    /// <summary>Reads a file and puts its frames in order for reconstruction.</summary>
    /// <param name="path">A DICOM NM file.</param>
    /// <param name="byHand">Geometry the person gave. It wins over the file's.</param>
    /// <exception cref="BadInputException">No reader, or the frames do not make a tomographic study.</exception>
    public static ReconstructionInput Read(string path, GeometryByHand byHand)
    {
        ArgumentNullException.ThrowIfNull(byHand);
        if (Reader is null) throw ReconstructionInput.Bad("this program was built without its DICOM reader for tomographic projections; give raw-plus-JSON or Interfile.");
        (CountSeries series, IReadOnlyList<string> findings) = Reader(path, byHand);
        return ProjectionSetBuilder.ToInput(series, byHand) with { Findings = findings, Series = series };
    }
}
