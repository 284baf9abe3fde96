using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>The grid a volume is reconstructed on: Nx x Nx x Nz voxels, centred on the rotation axis and on the axial centre of the detector.</summary>
/// <remarks>Voxels are square across the patient, because the grid is turned with the detector, and may be of another length along the patient.</remarks>
/// <param name="Nx">Voxels along x and y, 4 or more.</param>
/// <param name="Nz">Voxels along z.</param>
/// <param name="VoxelMm">Voxel size along x and y, mm.</param>
/// <param name="SliceMm">Voxel size along z, mm.</param>
public sealed record VoxelGrid(int Nx, int Nz, double VoxelMm, double SliceMm)
{
    /// <summary>One voxel per bin: the usual choice.</summary>
    /// <param name="geometry">Projections.</param>
    public static VoxelGrid Of(ProjectionSet geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        return new VoxelGrid(geometry.Columns, geometry.Rows, geometry.BinMm, geometry.RowMm);
    }

    /// <summary>Voxels of a given size over at least the field that the bins cover.</summary>
    /// <param name="geometry">Projections.</param>
    /// <param name="voxelMm">Voxel size along x and y, mm; 0 for the bins'.</param>
    /// <param name="sliceMm">Voxel size along z, mm; 0 for the bins'.</param>
    /// <exception cref="BadInputException">The size is not usable for these bins.</exception>
    public static VoxelGrid Of(ProjectionSet geometry, double voxelMm, double sliceMm)
    {
        VoxelGrid bins = Of(geometry);
        double voxel = voxelMm > 0 ? voxelMm : bins.VoxelMm, slice = sliceMm > 0 ? sliceMm : bins.SliceMm;
        int nx = (int)Math.Ceiling((bins.Nx * bins.VoxelMm / voxel) - 1e-6), nz = (int)Math.Ceiling((bins.Nz * bins.SliceMm / slice) - 1e-6);
        if (nx is < 8 or > 1024 || nz is < 1 or > 2048 || (long)nx * nx * nz > 1L << 29)
            throw new BadInputException(FormattableString.Invariant($"voxels of {voxel:0.###} x {slice:0.###} mm would make a volume of {nx} x {nx} x {nz}; 8 to 1024 across are possible."));
        return new VoxelGrid(nx, nz, voxel, slice);
    }

    /// <summary>True when there is one voxel per bin.</summary>
    /// <param name="geometry">Projections.</param>
    public bool IsThatOf(ProjectionSet geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        return Nx == geometry.Columns && Nz == geometry.Rows && Math.Abs(VoxelMm - geometry.BinMm) < 1e-9 && Math.Abs(SliceMm - geometry.RowMm) < 1e-9;
    }

    /// <summary>A volume on this grid without values of its own (all zero).</summary>
    /// <param name="centreZMm">Patient z of the axial centre, mm.</param>
    /// <param name="unit">Unit of its values.</param>
    public Volume Empty(double centreZMm, string unit = "1") => With(new float[Nx * Nx * Nz], centreZMm, unit);

    /// <summary>A volume on this grid.</summary>
    /// <param name="values">Values [z, y, x].</param>
    /// <param name="centreZMm">Patient z of the axial centre, mm.</param>
    /// <param name="unit">Unit of the values.</param>
    public Volume With(float[] values, double centreZMm, string unit = "counts") => new()
    {
        Nx = Nx, Ny = Nx, Nz = Nz, DxMm = VoxelMm, DyMm = VoxelMm, DzMm = SliceMm,
        X0Mm = -(Nx - 1) / 2.0 * VoxelMm, Y0Mm = -(Nx - 1) / 2.0 * VoxelMm, Z0Mm = centreZMm - ((Nz - 1) / 2.0 * SliceMm),
        Unit = unit, Values = values,
    };
}
