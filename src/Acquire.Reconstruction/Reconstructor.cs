using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Ways to reconstruct.</summary>
public enum ReconstructionMethod
{
    /// <summary>Filtered back projection.</summary>
    Fbp,
    /// <summary>Ordered subsets.</summary>
    Osem,
    /// <summary>One subset.</summary>
    Mlem,
}

/// <summary>What to do with a <see cref="ReconstructionInput"/>.</summary>
public sealed record ReconstructionOptions
{
    /// <summary>Method.</summary>
    public ReconstructionMethod Method { get; init; } = ReconstructionMethod.Osem;
    /// <summary>Iterations (OSEM, MLEM).</summary>
    public int Iterations { get; init; } = 5;
    /// <summary>Subsets (OSEM).</summary>
    public int Subsets { get; init; } = 12;
    /// <summary>Use the attenuation map.</summary>
    public bool Attenuation { get; init; } = true;
    /// <summary>Model the detector response.</summary>
    public bool Response { get; init; } = true;
    /// <summary>Post filter, FWHM in mm; 0 for none.</summary>
    public double FilterMm { get; init; }
    /// <summary>FBP's window.</summary>
    public FbpOptions Fbp { get; init; } = new();
    /// <summary>Threads; 0 for all processors.</summary>
    public int Threads { get; init; }
}

/// <summary>From input to volume in one call: the entry for the verb, the service's worker and the bench.</summary>
public static class Reconstructor
{
    /// <summary>Reconstructs.</summary>
    /// <param name="input">Projections and what belongs to them.</param>
    /// <param name="settings">Method and corrections.</param>
    /// <param name="time">Clock for progress.</param>
    /// <param name="progress">May be null.</param>
    /// <param name="cancel">Ends the work between updates.</param>
    /// <exception cref="BadInputException">A correction was asked for that the input has no data for, or numbers are out of range.</exception>
    public static Volume Run(ReconstructionInput input, ReconstructionOptions settings, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.FilterMm is < 0 or > 100 || !double.IsFinite(settings.FilterMm)) throw ReconstructionInput.Bad("the filter must be between 0 and 100 mm.");
        if (settings.Method == ReconstructionMethod.Fbp)
            return GaussianFilter.Apply(Fbp.Reconstruct(input.Projections, settings.Fbp with { Threads = settings.Threads }), settings.FilterMm);
        if (settings.Iterations is < 1 or > 1000) throw ReconstructionInput.Bad("iterations must be between 1 and 1000.");
        int subsets = settings.Method == ReconstructionMethod.Mlem ? 1 : settings.Subsets;
        if (subsets < 1 || subsets > input.Projections.Views) throw ReconstructionInput.Bad($"subsets must be between 1 and the number of views ({input.Projections.Views}).");
        if (settings.Response && input.Response is null) throw ReconstructionInput.Bad("the input does not say which collimator was used; give --collimator NAME or HOLE,LENGTH (mm), or --response off.");
        Volume? map = settings.Attenuation ? Fit(input.AttenuationMap, input.Projections) : null;
        using SystemModel model = new(input.Projections, map, settings.Response ? input.Response : null);
        if (model.SupportColumns == 0) throw ReconstructionInput.Bad("no voxel lies both inside the body (attenuation map) and inside the orbit; the map or the radius cannot be right.");
        return GaussianFilter.Apply(Osem.Reconstruct(input.Projections, model, new OsemOptions { Iterations = settings.Iterations, Subsets = subsets, Threads = settings.Threads }, time, progress, cancel), settings.FilterMm);
    }

    /// <summary>The grid a reconstruction of these projections has: its values are zero.</summary>
    /// <param name="projections">Projections.</param>
    public static Volume Grid(ProjectionSet projections)
    {
        ArgumentNullException.ThrowIfNull(projections);
        return Volume.Centred(projections.Columns, projections.Columns, projections.Rows, projections.BinMm, "1", projections.CentreZMm) with
        {
            DzMm = projections.RowMm,
            Z0Mm = projections.CentreZMm - ((projections.Rows - 1) / 2.0 * projections.RowMm),
        };
    }

    /// <summary>A map on the projections' grid: as it is when it fits, else resampled (area average).</summary>
    internal static Volume? Fit(Volume? map, ProjectionSet projections)
    {
        if (map is null) return null;
        Volume grid = Grid(projections);
        bool same = map.Nx == grid.Nx && map.Ny == grid.Ny && map.Nz == grid.Nz && Near(map.DxMm, grid.DxMm) && Near(map.DyMm, grid.DyMm) && Near(map.DzMm, grid.DzMm)
            && Near(map.X0Mm, grid.X0Mm) && Near(map.Y0Mm, grid.Y0Mm) && Near(map.Z0Mm, grid.Z0Mm);
        Volume fitted = same ? map : AttenuationMap.Resample(map, grid, 0, out _);
        foreach (float mu in fitted.Values)
            if (mu is < 0 or > 0.2f) throw ReconstructionInput.Bad("the attenuation map holds values outside 0 to 0.2 per mm; it must be linear attenuation in 1/mm.");
        return fitted;
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 0.01;
}
