namespace Acquire.Protocols.Imaging;

/// <summary>Projections of one tomographic acquisition, ordered for reconstruction, with their geometry.</summary>
/// <remarks>
/// Patient coordinates (DICOM, head first supine): x to patient left, y to the back, z to the head, mm, origin on the rotation
/// axis at the axial centre of the detector. A view at DICOM angle phi has its detector at direction n = (sin phi, cos phi)
/// in (x, y); the transverse bin axis is t = x cos phi - y sin phi, the depth axis s = x sin phi + y cos phi, detector face at
/// s = +radius. This is recon-spine's geometry (shared/data) with theta = -phi. Detector images (see <see cref="CountFrame"/>)
/// have columns along -t and rows along -z.
/// </remarks>
public sealed record ProjectionSet
{
    /// <summary>Number of views.</summary>
    public required int Views { get; init; }
    /// <summary>Bins along z.</summary>
    public required int Rows { get; init; }
    /// <summary>Bins along t.</summary>
    public required int Columns { get; init; }
    /// <summary>Bin size along t, mm.</summary>
    public required double BinMm { get; init; }
    /// <summary>Bin size along z, mm.</summary>
    public required double RowMm { get; init; }
    /// <summary>DICOM angle of each view, degrees.</summary>
    public required double[] AngleDeg { get; init; }
    /// <summary>Arc the detector turned through while it counted, degrees per view (continuous rotation; the angle is its middle); null when it stood still.</summary>
    public double[]? ArcDeg { get; init; }
    /// <summary>Distance from axis to collimator face per view, mm.</summary>
    public required double[] RadiusMm { get; init; }
    /// <summary>Photopeak counts, [view, z, t], t fastest, z growing to the head, t as in the remarks. Length Views x Rows x Columns.</summary>
    public required float[] Counts { get; init; }
    /// <summary>Expected scatter counts in the photopeak window, same shape; null when there is no estimate.</summary>
    public float[]? Scatter { get; init; }
    /// <summary>
    /// Relative weight per view (decay and live time against the first view, 1 when equal); null means all 1. The forward
    /// model is weight x projection + scatter.
    /// </summary>
    public double[]? ViewWeight { get; init; }
    /// <summary>Seconds of counting per view, for counts per second; 0 when unknown.</summary>
    public double SecondsPerView { get; init; }
    /// <summary>Patient z of the axial centre in the study's frame of reference, mm (= minus the table position).</summary>
    public double CentreZMm { get; init; }
}

/// <summary>A volume of numbers with its geometry: voxel (i, j, k) centre lies at Origin + (i, j, k) x Spacing.</summary>
/// <remarks>Axes: x to patient left, y to the back, z to the head (DICOM patient axes, head first supine), mm.</remarks>
public sealed record Volume
{
    /// <summary>Voxels along x (fastest).</summary>
    public required int Nx { get; init; }
    /// <summary>Voxels along y.</summary>
    public required int Ny { get; init; }
    /// <summary>Voxels along z (slowest), growing to the head.</summary>
    public required int Nz { get; init; }
    /// <summary>Voxel size along x, mm.</summary>
    public required double DxMm { get; init; }
    /// <summary>Voxel size along y, mm.</summary>
    public required double DyMm { get; init; }
    /// <summary>Voxel size along z, mm.</summary>
    public required double DzMm { get; init; }
    /// <summary>Centre of voxel (0,0,0), mm, in the study's frame of reference (x and y from the rotation axis).</summary>
    public required double X0Mm { get; init; }
    /// <inheritdoc cref="X0Mm"/>
    public required double Y0Mm { get; init; }
    /// <inheritdoc cref="X0Mm"/>
    public required double Z0Mm { get; init; }
    /// <summary>What the numbers are: "HU", "1/mm", "counts", "kBq/ml", "1".</summary>
    public required string Unit { get; init; }
    /// <summary>Values [z, y, x], x fastest; length Nx x Ny x Nz.</summary>
    public required float[] Values { get; init; }

    /// <summary>Index of voxel (i, j, k).</summary>
    public int Index(int i, int j, int k) => (((k * Ny) + j) * Nx) + i;

    /// <summary>A cube of zeros centred on the rotation axis, as recon-spine uses it.</summary>
    public static Volume Centred(int nx, int ny, int nz, double voxelMm, string unit, double centreZMm = 0) => new()
    {
        Nx = nx, Ny = ny, Nz = nz, DxMm = voxelMm, DyMm = voxelMm, DzMm = voxelMm,
        X0Mm = -(nx - 1) / 2.0 * voxelMm, Y0Mm = -(ny - 1) / 2.0 * voxelMm, Z0Mm = centreZMm - ((nz - 1) / 2.0 * voxelMm),
        Unit = unit, Values = new float[nx * ny * nz],
    };
}
