using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>A reconstruction that begins with the first views and grows with them. No clock, no files, no threads of its own: frames in, images out.</summary>
/// <remarks>
/// While views come, <see cref="Refine"/> gives quick images on coarse voxels, each starting from the one before. <see cref="Finish"/> makes the image that is
/// judged anew, from all views with all settings, so that it is the same bit for bit as a reconstruction of the stored data at any later time: how the views came
/// in must not be seen in the picture. The engine is quick enough for that (docs/benchmarks.md).
/// </remarks>
/// <param name="series">The series without its frames: windows, collimator, detectors.</param>
/// <param name="options">Settings of the image that is judged.</param>
/// <param name="frames">How frames are made into projections; null for the defaults.</param>
public sealed class LiveReconstruction(CountSeries series, ReconstructionOptions options, ProjectionSetOptions? frames = null)
{
    private readonly List<CountFrame> _frames = [];
    private Volume? _last;
    private int _refinedViews;

    /// <summary>Fewer views make no picture.</summary>
    public const int LeastViews = 8;

    /// <summary>Frames so far.</summary>
    public int Frames => _frames.Count;

    /// <summary>Views of which every energy window is there.</summary>
    public int Views => Whole().Count / Math.Max(1, series.EnergyWindows.Count);

    /// <summary>True when <see cref="Refine"/> would have something new to say.</summary>
    public bool CanRefine => Views is var v && v >= LeastViews && v > _refinedViews;

    /// <summary>Takes a frame; one that is there already (after a restart all come again) is passed over.</summary>
    /// <param name="frame">Frame.</param>
    public void Add(CountFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (_frames.Exists(f => f.Detector == frame.Detector && f.EnergyWindow == frame.EnergyWindow && f.AngularView == frame.AngularView && f.Start == frame.Start)) return;
        _frames.Add(frame);
    }

    /// <summary>One pass over the views there are, on voxels of two bins, without attenuation; null when there are too few views.</summary>
    /// <param name="cancel">Ends the work.</param>
    public Volume? Refine(CancellationToken cancel = default)
    {
        List<CountFrame> whole = Whole();
        int views = whole.Count / Math.Max(1, series.EnergyWindows.Count);
        if (views < LeastViews) return null;
        ReconstructionInput input = ProjectionSetBuilder.ToInput(series with { Frames = whole, ExpectedFrames = 0 }, new GeometryByHand(), frames);
        double voxel = 2 * input.Projections.BinMm;
        _last = Reconstructor.Run(input, options with
        {
            Method = ReconstructionMethod.Osem, Iterations = 1, Subsets = Math.Clamp(input.Projections.Views / 8, 1, 8), Attenuation = false, Response = options.Response && input.Response is not null,
            VoxelMm = voxel, SliceMm = voxel, FilterMm = 0, Start = _last, Stop = null, Momentum = false,
        }, TimeProvider.System, null, cancel);
        _refinedViews = views;
        return _last;
    }

    /// <summary>The image of all frames with all settings.</summary>
    /// <param name="attenuation">Attenuation map, 1/mm; null for none.</param>
    /// <param name="ct">CT it was made of; null for none.</param>
    /// <param name="time">Clock for progress.</param>
    /// <param name="progress">May be null.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <exception cref="BadInputException">The frames make no reconstruction; the message says why.</exception>
    public OsemResult Finish(Volume? attenuation, Volume? ct, TimeProvider time, Action<ReconstructionProgress>? progress = null, CancellationToken cancel = default)
    {
        ReconstructionInput input = Input();
        return Reconstructor.Reconstruct(input with { AttenuationMap = attenuation, Ct = ct }, options with { Attenuation = attenuation is not null }, time, progress, cancel);
    }

    /// <summary>What <see cref="Finish"/> reconstructs.</summary>
    public ReconstructionInput Input() => ProjectionSetBuilder.ToInput(series with { Frames = [.. _frames.OrderBy(f => f.Start).ThenBy(f => f.FrameNumber)] }, new GeometryByHand(), frames);

    /// <summary>Frames of views that have all their windows.</summary>
    private List<CountFrame> Whole() => [.. _frames.GroupBy(f => (f.Detector, f.AngularView, f.Start)).Where(g => g.Select(f => f.EnergyWindow).Distinct().Count() == series.EnergyWindows.Count).SelectMany(g => g)];
}
