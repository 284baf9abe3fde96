namespace Acquire.Simulator.Physics;

/// <summary>Where a head stands and how it divides its image: all that an expected projection depends on.</summary>
/// <param name="DicomDeg">DICOM detector angle, degrees.</param>
/// <param name="RadiusMm">Axis to collimator face.</param>
/// <param name="TableMm">Longitudinal table position.</param>
/// <param name="Matrix">Rows and columns.</param>
/// <param name="PixelMm">Pixel size.</param>
/// <param name="BladderMl">Bladder volume of the phantom that is seen; 0 when it is out of sight.</param>
internal readonly record struct ViewKey(double DicomDeg, double RadiusMm, double TableMm, int Matrix, double PixelMm, double BladderMl);

/// <summary>
/// Expected image of every compartment from one place of the head, per MBq in it: primary photons of the peak, blurred, and the three depth
/// moments from which the scatter of any energy window follows.
/// </summary>
internal sealed class Projection
{
    /// <summary>First row and column of the part of the matrix that is held; all else is zero.</summary>
    public required int Row0 { get; init; }
    /// <inheritdoc cref="Row0"/>
    public required int Column0 { get; init; }
    /// <summary>Size of the part held.</summary>
    public required int Rows { get; init; }
    /// <inheritdoc cref="Rows"/>
    public required int Columns { get; init; }
    /// <summary>Unattenuated-sensitivity-weighted share of the compartment per pixel (dimensionless: 1 = all of it, without attenuation), per compartment; null where nothing is seen.</summary>
    public required float[]?[] Primary { get; init; }
    /// <summary>Sum of each primary image inside the useful field, with attenuation.</summary>
    public required double[] PrimarySum { get; init; }
    /// <summary>The same share inside the field without attenuation (for checks).</summary>
    public required double[] InAirSum { get; init; }
    /// <summary>Scatter: per compartment and moment (d^0, d^1, d^2), primaries weighted with the depth they came from, spread out, per coarse cell.</summary>
    public required float[]?[][] Moments { get; init; }
    /// <summary>Sums of the moments inside the useful field.</summary>
    public required double[][] MomentSums { get; init; }
    /// <summary>Coarse grid: cells along columns and rows.</summary>
    public required int CoarseColumns { get; init; }
    /// <inheritdoc cref="CoarseColumns"/>
    public required int CoarseRows { get; init; }
    /// <summary>Position of pixel (0,0) of the held part on the coarse grid, in cells from the centre of its first cell, and pixels per cell inverse.</summary>
    public required double CoarseColumn0 { get; init; }
    /// <inheritdoc cref="CoarseColumn0"/>
    public required double CoarseRow0 { get; init; }
    /// <summary>Coarse cells per pixel.</summary>
    public required double CoarseStep { get; init; }
    /// <summary>Share of each held column inside the useful field of view.</summary>
    public required float[] ColumnCover { get; init; }
    /// <summary>Share of each held row inside the useful field of view.</summary>
    public required float[] RowCover { get; init; }

    /// <summary>Memory held, bytes (about).</summary>
    public long Bytes
    {
        get
        {
            long sum = 0;
            foreach (float[]? p in Primary) sum += p?.Length ?? 0;
            foreach (float[]?[] m in Moments)
                foreach (float[]? p in m) sum += p?.Length ?? 0;
            return 4 * sum;
        }
    }
}
