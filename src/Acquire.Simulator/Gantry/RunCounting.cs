using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>A head's settings, frozen when the run was armed.</summary>
internal sealed record ArmedHead(int Head, int Matrix, double PixelMm, KeyValuePair<int, SetWindow>[] Windows);

/// <summary>Counting of a run: cuts time into slices, adds them to the running frames, closes frames. Used under the gantry's lock.</summary>
/// <remarks>A slice ends where counting is interrupted, where somebody looks (<see cref="Look"/>), and on a grid: a second of wall time when the clock is FREE,
/// so that a power cut costs no more; in list mode a quarter of a second (STEP: one); a short way of the table in a whole-body run; about a second of whole
/// cycles in a gated one. The grid starts with counting, so results do not depend on how time is cut.</remarks>
internal sealed class RunCounting
{
    private const long CheckpointUs = 1_000_000;
    private const long ListSliceUs = 250_000;
    private const long GatedSliceUs = 1_000_000;
    private const long LookUs = 20_000;
    private readonly SimulatedGantry _gantry;
    private readonly AcquisitionProgram _program;
    private readonly StoredRun _run;
    private readonly ListRecorder? _list;
    private readonly GateSignal? _gate;
    private readonly List<Beat> _beats = [];
    private ProgramStep _step;
    private RunningFrames? _frames;
    private ScheduledEvent? _sliceEnd;
    private ScheduledEvent? _wave;
    private long _waveUs;
    private long _sliceStart;
    private double _sliceRotation;
    private double _sliceTable;
    private long _frameStart;
    private double _frameRotation;
    private double _frameTable;
    private long _frameEnd;
    private double _frameRotationEnd;
    private double _frameTableEnd;

    public RunCounting(SimulatedGantry gantry, AcquisitionProgram program, StoredRun run, ulong key)
    {
        (_gantry, _program, _run, Key) = (gantry, program, run, key);
        _step = program.Steps[0];
        if (program.Bins > 0) _gate = new GateSignal(program.GateSource, CounterRandom.Mix(key, 0x47415445));
        if (run.List is { } store) _list = new ListRecorder(store, gantry.Clock.NowUs, FreeForList);
    }

    private ulong Key { get; }
    public bool IsCounting { get; private set; }
    /// <summary>Counting time of all steps, without the slice that runs.</summary>
    public long LiveUs { get; private set; }
    /// <summary>Counting time of the step, without the slice that runs.</summary>
    public long StepUs { get; private set; }
    public long RunningUs => IsCounting ? _gantry.Clock.NowUs - _sliceStart : 0;
    /// <summary>Number of the frame closed last.</summary>
    public uint Number { get; private set; }
    public bool HasCounts => _frames is not null;
    /// <summary>The running frames; null between them.</summary>
    public RunningFrames? Frames => _frames;

    /// <summary>Ticks to the next R wave; 0 when the run is not gated.</summary>
    public long UntilWave()
    {
        if (_gate is null) return 0;
        // The heart does not wait for us: the first wave comes within a cycle.
        long cycle = _gate.NextUs();
        return Math.Max(1, (long)(cycle * new CounterRandom(CounterRandom.Mix(Key, (ulong)_gantry.Clock.NowUs)).NextDouble()));
    }

    /// <summary>A new step: its frames start empty.</summary>
    public void Enter(ProgramStep step)
    {
        _step = step;
        StepUs = 0;
    }

    /// <summary>Counting starts, now.</summary>
    public void Begin()
    {
        IsCounting = true;
        BeginSlice();
        if (_frames is null)
        {
            _frames = new RunningFrames(_program.PixelsPerFrame, Number + 1);
            (_frameStart, _frameRotation, _frameTable) = (_sliceStart, _sliceRotation, _sliceTable);
        }
        if (_gate is not null) BeginCycle();
        else Grid();
    }

    /// <summary>Counting stops, now.</summary>
    public void Suspend()
    {
        if (!IsCounting) return;
        _sliceEnd?.Cancel();
        _wave?.Cancel();
        if (_gate is not null && _gantry.Clock.NowUs > _waveUs) _beats.Add(new Beat(_waveUs, _gantry.Clock.NowUs, false)); // the cycle was not finished
        Cut(checkpoint: true);
        IsCounting = false;
        if (_list is not null) _gantry.Pipeline.ThenOutside(_run, _list.Standing);
    }

    /// <summary>Ends the slice so that the running frames hold everything up to now.</summary>
    public void Look()
    {
        if (!IsCounting || _gate is not null || _gantry.Clock.NowUs - _sliceStart < LookUs) return;
        Cut(checkpoint: false);
        if (_list is not null || !_gantry.Clock.IsStep) Grid();
    }

    /// <summary>The step's frames are complete, or as complete as they will be.</summary>
    public void Close(FrameFlags flags)
    {
        if (_frames is null) return;
        FrameHeader[] headers = Headers(flags);
        Number += (uint)headers.Length;
        _gantry.Pipeline.Enqueue(new CloseJob(_run, _frames, headers) { List = _list });
        _frames = null;
    }

    /// <summary>The run is over.</summary>
    public void End()
    {
        if (_list is not null) _gantry.Pipeline.ThenOutside(_run, _list.End);
    }

    /// <summary>What a head's first window would be exposed to from now on.</summary>
    public Exposure FirstWindow(ArmedHead head, long us) => Head(head, _gantry.Clock.NowUs, _gantry.Clock.NowUs + us, RotationNow(), RotationNow(), TableNow()).Windows[0];

    private void BeginSlice()
    {
        _sliceStart = _gantry.Clock.NowUs;
        _sliceRotation = RotationNow();
        _sliceTable = TableNow();
    }

    private double RotationNow() => _step.Angle is { } angle && !_step.Sweeps ? angle : _gantry.Motion.Position(AxisName.Rotation);

    private double TableNow() => _gantry.Motion.Position(AxisName.Longitudinal);

    private void Grid()
    {
        _sliceEnd?.Cancel();
        if (SliceUs() is not { } us) return;
        _sliceEnd = _gantry.Clock.After(us, () =>
        {
            Cut(checkpoint: !_gantry.Clock.IsStep);
            Grid();
            _gantry.Acquisition.StoreChecked();
        });
    }

    private long? SliceUs()
    {
        long? us = _gantry.Clock.IsStep ? null : (long)(CheckpointUs * Math.Clamp(_gantry.Clock.Speed, 1, 60));
        if (_step.Travels) us = Math.Min(us ?? long.MaxValue, (long)(_step.CountUs * WholeBodyStrip.SliceMm / Math.Abs(_step.TableEnd!.Value - _step.Table!.Value)));
        if (_list is not null) us = Math.Min(us ?? long.MaxValue, _gantry.Clock.IsStep ? EventBatch.LongestUs : ListSliceUs);
        return us is { } some ? Math.Max(1000, some) : null;
    }

    private void BeginCycle()
    {
        _waveUs = _gantry.Clock.NowUs;
        _wave = _gantry.Clock.After(_gate!.NextUs(), () =>
        {
            long now = _gantry.Clock.NowUs, length = now - _waveUs;
            _beats.Add(new Beat(_waveUs, now, length >= _gate.MeanUs * _program.GateLow / 100 && length <= _gate.MeanUs * _program.GateHigh / 100));
            if (_list is null ? now - _sliceStart >= GatedSliceUs : true) Cut(checkpoint: !_gantry.Clock.IsStep);
            BeginCycle();
        });
    }

    private void Cut(bool checkpoint)
    {
        long now = _gantry.Clock.NowUs;
        if (now <= _sliceStart) return;
        // A cycle longer than an event batch is cut inside; its beats stay whole.
        double rotationEnd = RotationNow(), tableEnd = TableNow();
        for (long from = _sliceStart; from < now;)
        {
            long to = _list is null ? now : Math.Min(now, from + EventBatch.LongestUs);
            double a = (from - _sliceStart) / (double)(now - _sliceStart), b = (to - _sliceStart) / (double)(now - _sliceStart);
            Enqueue(from, to, Between(_sliceRotation, rotationEnd, a), Between(_sliceRotation, rotationEnd, b), Between(_sliceTable, tableEnd, a), Between(_sliceTable, tableEnd, b), checkpoint && to == now);
            from = to;
        }
        _beats.Clear();
        BeginSlice();
    }

    private static double Between(double from, double to, double part) => part <= 0 ? from : part >= 1 ? to : from + ((to - from) * part);

    private void Enqueue(long from, long to, double rotation, double rotationEnd, double table, double tableEnd, bool checkpoint)
    {
        TableTravel? travel = _step.Travels ? new TableTravel(_step.Table!.Value, _step.TableEnd!.Value, table, tableEnd) : null;
        var slice = new CountSlice
        {
            StartUs = from, EndUs = to, Bins = _program.Bins, Beats = [.. _beats], Travel = travel, Key = CounterRandom.Mix(Key, (ulong)from),
            HasDeadTube = _gantry.Faults.IsOn("pmt.dead"),
            Heads = [.. _program.Armed.Select(h => Head(h, from, to, rotation, rotationEnd, travel is { } t ? WholeBodyStrip.GridTable(t, h.PixelMm) : table))],
        };
        StepUs += to - from;
        LiveUs += to - from;
        (_frameEnd, _frameRotationEnd, _frameTableEnd) = (to, rotationEnd, tableEnd);
        IScene scene = _gantry.Scene;
        _gantry.Pipeline.Enqueue(new SliceJob(_run, _frames!, Headers(FrameFlags.Partial | FrameFlags.EventsLost), _list is null ? () => SliceCounter.Count(scene, slice) : () => EventCounter.Count(scene, slice))
        {
            Checkpoint = checkpoint || _list is not null, List = _list,
        });
    }

    private HeadSlice Head(ArmedHead head, long from, long to, double rotation, double rotationEnd, double table)
    {
        double radius = _step.Radii is { } r ? r[head.Head - 1] : _gantry.Motion.Radius(head.Head).Position(_gantry.Clock.NowUs);
        double start = _gantry.Motion.HeadAngle(head.Head, rotation), end = _gantry.Motion.HeadAngle(head.Head, rotationEnd);
        return new HeadSlice(head.Head, head.Matrix, [.. head.Windows.Select(w => new Exposure(head.Head, start, end, radius, table, head.Matrix, head.PixelMm, w.Value.LowerKeV, w.Value.UpperKeV,
            TimeSpan.FromMicroseconds(from), TimeSpan.FromMicroseconds(to - from)))]);
    }

    private FrameHeader[] Headers(FrameFlags flags)
    {
        var headers = new List<FrameHeader>(_program.FramesPerStep);
        int height = (int)Math.Round(_gantry.Motion.Position(AxisName.Vertical) * 1000), bins = Math.Max(1, _program.Bins);
        uint number = Number;
        flags |= FrameFlags.Simulated;
        if (!_gantry.Homed) flags |= FrameFlags.PositionDoubtful;
        if (_gantry.Faults.IsOn("clock.jump")) flags |= FrameFlags.ClockUncertain;
        foreach (ArmedHead head in _program.Armed)
        {
            double start = _gantry.Motion.HeadAngle(head.Head, _frameRotation), turns = Math.Floor(start / 360) * 360;
            double radius = _step.Radii is { } r ? r[head.Head - 1] : _gantry.Motion.Radius(head.Head).Position(_gantry.Clock.NowUs);
            foreach (KeyValuePair<int, SetWindow> window in head.Windows)
            {
                for (int bin = 0; bin < bins; bin++)
                {
                    headers.Add(new FrameHeader
                    {
                        AcquisitionId = _run.Id, BootId = _gantry.BootId, Number = ++number, Head = (byte)head.Head, Window = (byte)window.Key, Flags = flags,
                        Width = (ushort)head.Matrix, Height = (ushort)(_step.Travels ? WholeBodyStrip.Rows(_step.Table!.Value, _step.TableEnd!.Value, head.PixelMm) : head.Matrix), BytesPerPixel = 2,
                        Mode = _program.Mode, Phase = _step.Phase, View = _step.View, GateBin = _program.Bins > 0 ? (uint)bin + 1 : 0,
                        StartTickUs = (ulong)_frameStart, ElapsedUs = (ulong)(_frameEnd - _frameStart), LiveUs = 0, Sum = 0,
                        AngleStartMdeg = (int)Math.Round((start - turns) * 1000), AngleEndMdeg = (int)Math.Round((_gantry.Motion.HeadAngle(head.Head, _frameRotationEnd) - turns) * 1000),
                        RadiusUm = (int)Math.Round(radius * 1000), TableStartUm = (int)Math.Round(_frameTable * 1000), TableEndUm = (int)Math.Round(_frameTableEnd * 1000), TableHeightUm = height,
                        PixelUm = (uint)Math.Round(head.PixelMm * 1000), PixelCrc = 0,
                    });
                }
            }
        }
        return [.. headers];
    }

    private long FreeForList()
    {
        lock (_gantry.Gate) return _gantry.Faults.IsOn("store.full") ? 0 : _gantry.Store.FreeBytes;
    }
}
