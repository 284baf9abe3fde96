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
    /// <summary>Ordered subsets with a penalty on relative differences and falling steps (block-sequential regularised EM).</summary>
    Bsrem,
}

/// <summary>What to do with a <see cref="ReconstructionInput"/>.</summary>
public sealed record ReconstructionOptions
{
    /// <summary>Method.</summary>
    public ReconstructionMethod Method { get; init; } = ReconstructionMethod.Osem;
    /// <summary>Iterations (all but FBP); with a stop rule the most there will be.</summary>
    public int Iterations { get; init; } = 5;
    /// <summary>Subsets (OSEM, BSREM).</summary>
    public int Subsets { get; init; } = 12;
    /// <summary>How views are put into subsets.</summary>
    public SubsetChoice Choice { get; init; } = SubsetChoice.Interleaved;
    /// <summary>Use the attenuation map.</summary>
    public bool Attenuation { get; init; } = true;
    /// <summary>Model the detector response.</summary>
    public bool Response { get; init; } = true;
    /// <summary>Voxel size across the patient, mm; 0 for the bins'.</summary>
    public double VoxelMm { get; init; }
    /// <summary>Voxel size along the patient, mm; 0 for the bins' (or <see cref="VoxelMm"/> when that is given).</summary>
    public double SliceMm { get; init; }
    /// <summary>Strength of BSREM's penalty, see <see cref="RelativeDifferencePrior.Strength"/>.</summary>
    public double PriorStrength { get; init; } = new RelativeDifferencePrior().Strength;
    /// <summary>Let tissue (CT, else attenuation map) loosen the bonds of BSREM's penalty at its borders.</summary>
    public bool PriorFollowsTissue { get; init; } = true;
    /// <summary>Carry on in the direction of the last steps.</summary>
    public bool Momentum { get; init; }
    /// <summary>Stop before all iterations are done; null for never.</summary>
    public StopRule? Stop { get; init; }
    /// <summary>Image to start from; null for a uniform one. Resampled when it lies on another grid.</summary>
    public Volume? Start { get; init; }
    /// <summary>Post filter, FWHM in mm; 0 for none.</summary>
    public double FilterMm { get; init; }
    /// <summary>FBP's window.</summary>
    public FbpOptions Fbp { get; init; } = new();
    /// <summary>Threads; 0 for all processors.</summary>
    public int Threads { get; init; }

    /// <summary>Subsets that are really used.</summary>
    public int UsedSubsets => Method == ReconstructionMethod.Mlem ? 1 : Subsets;
}

/// <summary>From input to volume in one call: the entry for the verb, the service's worker and the bench.</summary>
public static class Reconstructor
{
    /// <summary>BSREM's steps fall as 1 / (1 + this n) with iteration n.</summary>
    public const double BsremRelaxation = 0.15;

    /// <summary>Reconstructs; the image of <see cref="Reconstruct"/>.</summary>
    /// <inheritdoc cref="Reconstruct"/>
    public static Volume Run(ReconstructionInput input, ReconstructionOptions options, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
        => Reconstruct(input, options, time, progress, cancel).Image;

    /// <summary>Reconstructs.</summary>
    /// <param name="input">Projections and what belongs to them.</param>
    /// <param name="options">Method and corrections.</param>
    /// <param name="time">Clock for progress.</param>
    /// <param name="progress">May be null.</param>
    /// <param name="cancel">Ends the work between updates.</param>
    /// <exception cref="BadInputException">A correction was asked for that the input has no data for, or numbers are out of range.</exception>
    public static OsemResult Reconstruct(ReconstructionInput input, ReconstructionOptions options, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        if (options.FilterMm is < 0 or > 100 || !double.IsFinite(options.FilterMm)) throw ReconstructionInput.Bad("the filter must be between 0 and 100 mm.");
        VoxelGrid grid = GridOf(input.Projections, options);
        if (options.Method == ReconstructionMethod.Fbp)
        {
            Volume image = GaussianFilter.Apply(Fbp.Reconstruct(input.Projections, options.Fbp with { Threads = options.Threads }), options.FilterMm);
            return new OsemResult(grid.IsThatOf(input.Projections) ? image : OnGrid(image, grid, input.Projections), 0, 0, "");
        }
        using SystemModel model = Model(input, options, out Volume? map);
        OsemResult result = Osem.Run(input.Projections, model, Settings(input, options, grid, map), time, progress, cancel);
        return result with { Image = GaussianFilter.Apply(result.Image, options.FilterMm) };
    }

    /// <summary>The projector pair that <see cref="Reconstruct"/> uses.</summary>
    /// <param name="input">Projections and what belongs to them.</param>
    /// <param name="options">Corrections and voxels.</param>
    /// <param name="map">Attenuation map on its grid; null for none.</param>
    /// <exception cref="BadInputException">As for <see cref="Reconstruct"/>.</exception>
    public static SystemModel Model(ReconstructionInput input, ReconstructionOptions options, out Volume? map)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Iterations is < 1 or > 1000) throw ReconstructionInput.Bad("iterations must be between 1 and 1000.");
        int subsets = options.UsedSubsets;
        if (subsets < 1 || subsets > input.Projections.Views) throw ReconstructionInput.Bad($"subsets must be between 1 and the number of views ({input.Projections.Views}).");
        if (options.Response && input.Response is null) throw ReconstructionInput.Bad("the input does not say which collimator was used; give --collimator NAME or HOLE,LENGTH (mm), or --response off.");
        if (options.PriorStrength is < 0 or > 100 || !double.IsFinite(options.PriorStrength)) throw ReconstructionInput.Bad("the strength of the prior must be between 0 and 100.");
        VoxelGrid grid = GridOf(input.Projections, options);
        map = options.Attenuation ? Fit(input.AttenuationMap, grid, input.Projections.CentreZMm) : null;
        SystemModel model = new(input.Projections, map, options.Response ? input.Response : null, grid: grid);
        if (model.Columns.Count > 0) return model;
        model.Dispose();
        throw ReconstructionInput.Bad("no voxel lies both inside the body (attenuation map) and inside the orbit; the map or the radius cannot be right.");
    }

    /// <summary>The same settings in the terms of <see cref="Osem"/>.</summary>
    internal static OsemOptions Settings(ReconstructionInput input, ReconstructionOptions options, VoxelGrid grid, Volume? map)
    {
        RelativeDifferencePrior? prior = null;
        if (options.Method == ReconstructionMethod.Bsrem)
        {
            prior = new RelativeDifferencePrior { Strength = options.PriorStrength };
            if (options.PriorFollowsTissue && Tissue(input, grid, map) is { } anatomy) prior = prior with { Anatomy = anatomy };
        }
        StopRule? stop = options.Stop;
        if (stop is { NoisePercent: > 0, SoftTissueMap: null })
            stop = stop with { SoftTissueMap = (map ?? Fit(input.AttenuationMap, grid, input.Projections.CentreZMm)) ?? throw ReconstructionInput.Bad("stopping by noise needs an attenuation map to tell soft tissue; give --attenuation.") };
        return new OsemOptions
        {
            Iterations = options.Iterations, Subsets = options.UsedSubsets, Choice = options.Choice, Threads = options.Threads, Momentum = options.Momentum, Stop = stop, Prior = prior,
            Relaxation = prior is null ? 0 : BsremRelaxation, Start = options.Start is null ? null : OnGrid(options.Start, grid, input.Projections),
        };
    }

    /// <summary>The voxels a reconstruction of these projections has.</summary>
    /// <param name="projections">Projections.</param>
    /// <param name="options">Voxel sizes asked for.</param>
    public static VoxelGrid GridOf(ProjectionSet projections, ReconstructionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return VoxelGrid.Of(projections, options.VoxelMm, options.SliceMm > 0 ? options.SliceMm : options.VoxelMm);
    }

    /// <summary>The grid a reconstruction of these projections has without a voxel size given: its values are zero.</summary>
    /// <param name="projections">Projections.</param>
    public static Volume Grid(ProjectionSet projections)
    {
        ArgumentNullException.ThrowIfNull(projections);
        return VoxelGrid.Of(projections).Empty(projections.CentreZMm);
    }

    /// <summary>A map on a grid: as it is when it fits, else resampled (area average).</summary>
    internal static Volume? Fit(Volume? map, VoxelGrid grid, double centreZMm)
    {
        if (map is null) return null;
        Volume target = grid.Empty(centreZMm);
        Volume fitted = Same(map, target) ? map : AttenuationMap.Resample(map, target, 0, out _);
        foreach (float mu in fitted.Values)
            if (mu is < 0 or > 0.2f) throw ReconstructionInput.Bad("the attenuation map holds values outside 0 to 0.2 per mm; it must be linear attenuation in 1/mm.");
        return fitted;
    }

    /// <summary>Counts per voxel on another grid: area average times the ratio of voxel volumes, so that sums stay.</summary>
    internal static Volume OnGrid(Volume image, VoxelGrid grid, ProjectionSet projections)
    {
        Volume target = grid.Empty(projections.CentreZMm, image.Unit);
        if (Same(image, target)) return image;
        Volume moved = AttenuationMap.Resample(image, target, 0, out _);
        float factor = (float)(target.DxMm * target.DyMm * target.DzMm / (image.DxMm * image.DyMm * image.DzMm));
        for (int n = 0; n < moved.Values.Length; n++) moved.Values[n] *= factor;
        return moved;
    }

    /// <summary>Tissue for the prior: the CT unsmoothed, as attenuation on the grid, else the map.</summary>
    private static Volume? Tissue(ReconstructionInput input, VoxelGrid grid, Volume? map)
    {
        if (input.Ct is null) return map ?? Fit(input.AttenuationMap, grid, input.Projections.CentreZMm);
        // Voltage matters little here: only where tissue changes counts.
        return AttenuationMap.FromCt(input.Ct, 120, grid.Empty(input.Projections.CentreZMm), 0).Map;
    }

    private static bool Same(Volume a, Volume b)
        => a.Nx == b.Nx && a.Ny == b.Ny && a.Nz == b.Nz && Near(a.DxMm, b.DxMm) && Near(a.DyMm, b.DyMm) && Near(a.DzMm, b.DzMm) && Near(a.X0Mm, b.X0Mm) && Near(a.Y0Mm, b.Y0Mm) && Near(a.Z0Mm, b.Z0Mm);

    private static bool Near(double a, double b) => Math.Abs(a - b) < 0.01;
}
