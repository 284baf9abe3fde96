using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.Acquisition;
using Acquire.Service.Reconstruction;
using Acquire.Service.Storage;

namespace Acquire.Service.Studies;

/// <summary>The SPECT of a study while it is taken: every stored frame goes to the live reconstruction, and the first image is asked for when the last view is on disk.</summary>
/// <remarks>The acquisition never waits for anything here. Where the live reconstruction cannot be had, <see cref="ImageAsync"/> says so and the caller reconstructs from the files.</remarks>
public sealed class LiveSpect : IAsyncDisposable
{
    private readonly DataFolder _data;
    private readonly string _studyKey;
    private readonly AcquisitionProtocol _protocol;
    private readonly TimeProvider _wall;
    private readonly Action<string> _say;
    private LiveReconstructionHost? _host;
    private TomoAcquisition? _planned;
    private IReadOnlyDictionary<ulong, Gantry.ClockAnchor> _clocks = new Dictionary<ulong, Gantry.ClockAnchor>();
    private Task<string?>? _first;
    private int _frames;
    private bool _plain = true;

    /// <summary>Makes it; nothing runs yet.</summary>
    /// <param name="data">Data folder.</param>
    /// <param name="studyKey">Study.</param>
    /// <param name="protocol">Protocol.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="say">Shows one line to people.</param>
    public LiveSpect(DataFolder data, string studyKey, AcquisitionProtocol protocol, TimeProvider wall, Action<string> say)
        => (_data, _studyKey, _protocol, _wall, _say) = (data, studyKey, protocol, wall, say);

    /// <summary>Folder of the image without attenuation correction.</summary>
    public string FirstImageFolder => Path.Combine(_data.StudyFolder(_studyKey), "recon", "NAC");

    /// <summary>Wall seconds from the last stored view to the image without attenuation correction; null while there is none.</summary>
    public double? SecondsToFirstImage { get; private set; }

    /// <summary>Begins with what is stored already; a run that is continued goes to the same worker.</summary>
    /// <param name="planned">The tomographic acquisition.</param>
    /// <param name="plan">Its run that is taken now.</param>
    /// <param name="plans">All its runs so far.</param>
    /// <param name="facts">Facts of the study.</param>
    public void Begin(TomoAcquisition planned, RunPlan plan, IReadOnlyList<RunPlan> plans, StudyFacts facts)
    {
        _clocks = facts.Clocks();
        if (_host is not null) return;
        _planned = planned;
        ReconstructionSettings r = _protocol.Reconstruction;
        CountSeries series = new()
        {
            AcquisitionId = plan.AcquisitionId, StepId = planned.Id, Title = planned.Title, Kind = AcquisitionKind.Tomo, EnergyWindows = plan.EnergyWindows, DetectorCount = plan.Detectors, Collimator = plan.Collimator, Frames = [],
        };
        _host = new LiveReconstructionHost(new LiveBegin(series, r.Iterations, r.Subsets, r.CollimatorResponse, !r.ScatterCorrection.Equals("none", StringComparison.OrdinalIgnoreCase), r.PostFilterMm, Path.Combine(_data.StudyFolder(_studyKey), "recon", "live")),
            new LiveLimits(), _wall, Watch);
        FrameStore store = _data.Frames(_studyKey);
        foreach (RunPlan earlier in plans)
            foreach (StoredFrame frame in store.ReadAll(earlier.AcquisitionId, (_, _) => _plain = false)) Stored(earlier, frame);
    }

    /// <summary>Hands a stored frame on.</summary>
    /// <param name="plan">Its run.</param>
    /// <param name="frame">The frame, on disk and acknowledged.</param>
    public void Stored(RunPlan plan, StoredFrame frame)
    {
        if (_host is null || _planned is null || plan.StepId != _planned.Id) return;
        try
        {
            CountFrame counted = StoredSeries.ToCountFrame(frame, _planned, plan, _clocks);
            // A view that was held comes in parts that are joined when the series is read back: then the image is made from there.
            _plain &= !counted.IsPartial;
            _frames++;
            _host.Post(counted);
        }
        catch (InvalidDataException)
        {
            _plain = false;
        }
    }

    /// <summary>The last view is stored: the first image is asked for, and nobody waits.</summary>
    public void LastViewStored()
    {
        if (_host is null || !_plain) return;
        long start = _wall.GetTimestamp();
        _first = Timed(_host.FinishAsync(null, FirstImageFolder, CancellationToken.None));
        async Task<string?> Timed(Task<string?> image)
        {
            string? why = await image;
            if (why is null)
            {
                SecondsToFirstImage = _wall.GetElapsedTime(start).TotalSeconds;
                _say(string.Create(CultureInfo.InvariantCulture, $"SPECT reconstructed without CT, {SecondsToFirstImage:F2} s after the last view was stored"));
            }
            return why;
        }
    }

    /// <summary>An image of all frames of a series.</summary>
    /// <param name="series">The series as read back from disk.</param>
    /// <param name="ctFolder">CT slices; null for the image without attenuation correction.</param>
    /// <param name="output">Folder for the volume.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>True when it lies there; false when it has to be made from the files.</returns>
    public async Task<bool> ImageAsync(CountSeries series, string? ctFolder, string output, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(series);
        if (_host is null || !_plain || _planned?.Id != series.StepId || _frames != series.Frames.Count) return false;
        if (ctFolder is null && output == FirstImageFolder && _first is not null) return await _first.WaitAsync(cancellation) is null;
        long start = _wall.GetTimestamp();
        if (await _host.FinishAsync(ctFolder, output, cancellation) is not null) return false;
        _say(string.Create(CultureInfo.InvariantCulture, $"SPECT reconstructed {(ctFolder is null ? "without" : "with")} CT in {_wall.GetElapsedTime(start).TotalSeconds:F2} s"));
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Watch(LiveState state)
    {
        if (state.What is "worker ended" or "memory") _say($"live reconstruction: {state.What}, {state.Why}; begun again, the acquisition is not touched");
    }
}
