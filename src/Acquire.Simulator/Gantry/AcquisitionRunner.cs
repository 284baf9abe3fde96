using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>A stretch of counting without interruption.</summary>
internal readonly record struct CountInterval(long StartUs, long EndUs, double RotationStart, double RotationEnd);

/// <summary>The acquisition's state machine (docs: control-interface 10). Used under the gantry's lock.</summary>
internal sealed class AcquisitionRunner(SimulatedGantry gantry)
{
    private const long SettleUs = 500_000;
    private const long ArmedUs = 300_000_000;
    private const long RateStepUs = 1_000_000;

    private enum Doing { Nothing, Moving, Settling, Ready, Counting, Between }

    private readonly List<CountInterval> _intervals = [];
    private AcquisitionProgram? _program;
    private Dictionary<int, (int Matrix, double PixelMm, KeyValuePair<int, SetWindow>[] Windows)> _frozen = [];
    private ScheduledEvent? _next;
    private ScheduledEvent? _armExpiry;
    private string? _operation;
    private Doing _doing;
    private int _step;
    private long _countedUs;
    private long _intervalStart;
    private double _intervalRotation;
    private long _leftBetweenUs;
    private uint _number;
    private bool _heldInside;
    private double[] _expectedCounts = [0, 0];
    private long _startUs;
    private long _endUs;
    private long _liveUs;

    public AcquisitionStates State { get; private set; } = AcquisitionStates.Idle;
    public string Reason { get; private set; } = "NONE";
    public StoredRun? Run { get; private set; }
    public bool IsCounting => _doing == Doing.Counting;
    public bool IsActive => State is AcquisitionStates.Running or AcquisitionStates.Paused or AcquisitionStates.Hold;
    public bool IsTomo => _program?.Mode == FrameMode.Tomo;
    public int Step => State == AcquisitionStates.Idle || _program is null ? 0 : Math.Min(_step + 1, _program.Steps.Count);
    public int Expected { get; private set; }
    public Guid? ConfiguredId => gantry.Settings.Has("ACQuire:ID") ? Guid.Parse(gantry.Settings.Word("ACQuire:ID")) : null;
    public double ElapsedSeconds => Run is null ? 0 : IsActive ? (gantry.Clock.NowUs - _startUs) / 1e6 : _endUs > 0 ? (_endUs - _startUs) / 1e6 : Run.Info.ElapsedSeconds;
    public double LiveSeconds => Run is null ? 0 : _endUs > 0 || IsActive ? (_liveUs + (IsCounting ? gantry.Clock.NowUs - _intervalStart : 0)) / 1e6 : Run.Info.LiveSeconds;

    /// <summary>After a boot: the last run is told, how it ended; it bars nothing.</summary>
    public void Recall(StoredRun? last)
    {
        Run = last;
        if (last is null) return;
        Reason = last.Info.Reason;
        Expected = last.Info.Expected;
    }

    public void Arm()
    {
        gantry.DemandInterlock();
        if (!gantry.Homed) throw new GciException(201);
        AcquisitionProgram program = AcquisitionProgram.From(gantry, ConfiguredId);
        int code = program.Reasons.Select(r => r.StartsWith("COLL", StringComparison.Ordinal) ? 302 : r.StartsWith("HV", StringComparison.Ordinal) ? 301 : r.StartsWith("TEMP", StringComparison.Ordinal) ? 303 : r == "STOR" ? 410 : 402).OrderBy(c => c == 402).FirstOrDefault();
        if (code != 0) throw new GciException(code, string.Join('_', program.Reasons));
        _program = program;
        _frozen = program.Heads.ToDictionary(h => h, h => (gantry.Heads[h - 1].Matrix, gantry.Heads[h - 1].PixelMm, gantry.Heads[h - 1].Windows.ToArray()));
        gantry.Store.ReservedBytes += program.Bytes;
        State = AcquisitionStates.Armed;
        Reason = "NONE";
        Expected = program.Frames;
        _armExpiry = gantry.Clock.After(ArmedUs, Disarm);
        if (program.Mode == FrameMode.Tomo)
            gantry.Scene.Prepare([.. program.Steps.SelectMany(s => program.Heads.SelectMany(h => Exposures(h, s, new CountInterval(gantry.Clock.NowUs, gantry.Clock.NowUs + s.CountUs, s.Angle!.Value, s.AngleEnd!.Value))))]);
    }

    public void Start(string operation)
    {
        if (IsActive) throw new GciException(-213);
        if (State != AcquisitionStates.Armed) throw new GciException(401);
        if (gantry.State != GantryStates.Ready) throw new GciException(-221, GciStates.Word(gantry.State));
        gantry.DemandInterlock();
        if (IsTomo) gantry.DemandLatched();
        _armExpiry?.Cancel();
        gantry.Operations.Begin(operation);
        _operation = operation;
        AcquisitionProgram program = _program!;
        Run = gantry.Store.Create(new RunInfo
        {
            Id = ConfiguredId!.Value, Mode = program.Mode, Heads = program.Heads, Expected = program.Frames, BootId = gantry.BootId,
            Label = gantry.Settings.Has("ACQuire:LABel") ? gantry.Settings.Word("ACQuire:LABel") : "",
        });
        gantry.CurrentRun = Run;
        State = AcquisitionStates.Running;
        _step = 0;
        _number = 0;
        _liveUs = 0;
        _endUs = 0;
        _startUs = gantry.Clock.NowUs;
        if (IsTomo) gantry.Enter(GantryStates.Program);
        BeginStep();
    }

    public void Pause()
    {
        SuspendCounting();
        State = AcquisitionStates.Paused;
    }

    /// <summary>Interlock, stop or lost lease: counting ends at once; a tomo closes its view as partial.</summary>
    public void Hold()
    {
        if (!IsActive) return;
        SuspendCounting();
        if (IsTomo)
        {
            gantry.IsSettling = false;
            if (_doing is Doing.Moving or Doing.Settling) _next?.Cancel();
            if (_intervals.Count > 0)
            {
                Expected += _program!.FramesPerStep;
                Emit(FrameFlags.Partial | FrameFlags.HeldInside);
            }
            _doing = Doing.Moving;
        }
        State = AcquisitionStates.Hold;
    }

    public void Resume(string operation)
    {
        gantry.DemandInterlock();
        gantry.Operations.Begin(operation);
        gantry.Operations.End(operation, "DONE", 0);
        bool wasHeld = State == AcquisitionStates.Hold;
        State = AcquisitionStates.Running;
        _heldInside = true;
        if (IsTomo) gantry.Enter(GantryStates.Program);
        // A paused tomo that still moves or settles starts to count by itself when it is there.
        if (wasHeld && IsTomo) BeginStep();
        else if (_doing == Doing.Ready) BeginCount();
        else if (_doing == Doing.Between) _next = gantry.Clock.After(_leftBetweenUs, NextStep);
    }

    public void Stop() => End("STOP", "STOP", partial: true);

    public void Abort(string reason)
    {
        if (State == AcquisitionStates.Armed) Disarm();
        else if (IsActive) End(reason, "STOP", partial: true);
    }

    /// <summary>The store could not take a frame; false when the run is not this runner's.</summary>
    public bool Fail(StoredRun run)
    {
        if (run != Run) return false;
        if (IsActive) End("STOR", "FAIL", partial: false);
        else Close("STOR");
        return true;
    }

    public void FrameStored(StoredRun run)
    {
        if (run == Run) Drained();
    }

    /// <summary>DRAining ends with the last acknowledgement.</summary>
    public void Drained()
    {
        if (State == AcquisitionStates.Draining && Run is { HasEnded: true } && Run.Acknowledged >= Expected) State = AcquisitionStates.Idle;
    }

    private void Disarm()
    {
        _armExpiry?.Cancel();
        gantry.Store.ReservedBytes -= _program!.Bytes;
        State = AcquisitionStates.Idle;
    }

    private void BeginStep()
    {
        ProgramStep step = _program!.Steps[_step];
        if (step.Angle is not { } angle)
        {
            BeginCount();
            return;
        }
        double at = angle + ((step.AngleEnd!.Value - angle) * _countedUs / step.CountUs);
        var moves = new List<(Axis Axis, double To)>();
        if (!gantry.Motion[AxisName.Rotation].IsAt(at, gantry.Clock.NowUs)) moves.Add((gantry.Motion[AxisName.Rotation], at));
        for (int h = 1; h <= 2; h++)
            if (!gantry.Motion.Radius(h).IsAt(step.Radii![h - 1], gantry.Clock.NowUs) && !(step.Sweeps && _step > 0 && _countedUs == 0)) moves.Add((gantry.Motion.Radius(h), step.Radii[h - 1]));
        if (moves.Count == 0)
        {
            BeginCount();
            return;
        }
        _doing = Doing.Moving;
        gantry.Motion.MoveClear(moves, () =>
        {
            _doing = Doing.Settling;
            gantry.IsSettling = true;
            _next = gantry.Clock.After(SettleUs, () =>
            {
                gantry.IsSettling = false;
                BeginCount();
            });
        });
        _next = null;
    }

    private void BeginCount()
    {
        _next = null;
        _doing = Doing.Ready;
        if (State != AcquisitionStates.Running) return;
        ProgramStep step = _program!.Steps[_step];
        _doing = Doing.Counting;
        _intervalStart = gantry.Clock.NowUs;
        Axis rotation = gantry.Motion[AxisName.Rotation];
        _intervalRotation = step.Angle is { } angle ? angle + ((step.AngleEnd!.Value - angle) * _countedUs / step.CountUs) : rotation.Position(gantry.Clock.NowUs);
        long left = step.CountUs - _countedUs;
        if (step.Sweeps)
        {
            rotation.Follow(new Uniform(gantry.Clock.NowUs, _intervalRotation, step.AngleEnd!.Value, left));
            for (int h = 1; h <= 2; h++)
                gantry.Motion.Radius(h).Follow(new Uniform(gantry.Clock.NowUs, gantry.Motion.Radius(h).Position(gantry.Clock.NowUs), step.Radii![h - 1], left));
        }
        if (double.IsInfinity(_program.CountLimit)) _next = gantry.Clock.After(left, EndCount);
        else WatchCounts();
    }

    /// <summary>A static with a count limit ends when the first window of a head is expected to have it (docs/decisions/0004).</summary>
    private void WatchCounts()
    {
        long left = _program!.Steps[_step].CountUs - _countedUs - (gantry.Clock.NowUs - _intervalStart);
        long stretch = Math.Min(left, RateStepUs);
        double seconds = stretch / 1e6, until = double.PositiveInfinity;
        foreach (int h in _program.Heads)
        {
            Exposure first = Exposures(h, _program.Steps[_step], new CountInterval(gantry.Clock.NowUs, gantry.Clock.NowUs + stretch, _intervalRotation, _intervalRotation))[0];
            double expected = gantry.Scene.CountRateCps(first) * seconds, missing = _program.CountLimit - _expectedCounts[h - 1];
            if (expected >= missing) until = Math.Min(until, seconds * Math.Max(0, missing) / Math.Max(expected, double.Epsilon));
            _expectedCounts[h - 1] += expected;
        }
        if (until <= seconds) _next = gantry.Clock.After(Math.Max(1, AcquisitionProgram.Us(until)), EndCount);
        else if (stretch == left) _next = gantry.Clock.After(left, EndCount);
        else _next = gantry.Clock.After(stretch, WatchCounts);
    }

    private void EndCount()
    {
        CloseInterval();
        Emit(_heldInside && _intervals.Count > 1 ? FrameFlags.HeldInside : FrameFlags.None);
        _heldInside = false;
        _countedUs = 0;
        ProgramStep step = _program!.Steps[_step];
        _doing = Doing.Between;
        _leftBetweenUs = step.PauseUs;
        if (step.PauseUs > 0) _next = gantry.Clock.After(step.PauseUs, NextStep);
        else NextStep();
    }

    private void NextStep()
    {
        _next = null;
        _step++;
        _expectedCounts = [0, 0];
        if (_step >= _program!.Steps.Count) End("DONE", "DONE", partial: false);
        else BeginStep();
    }

    private void SuspendCounting()
    {
        if (_doing == Doing.Counting)
        {
            _next?.Cancel();
            CloseInterval();
            if (_program!.Steps[_step].Sweeps) gantry.Motion.Freeze();
            _doing = Doing.Ready;
        }
        else if (_doing == Doing.Between && _next is { IsCancelled: false })
        {
            _next.Cancel();
            _leftBetweenUs = _next.TickUs - gantry.Clock.NowUs;
        }
    }

    private void CloseInterval()
    {
        long now = gantry.Clock.NowUs;
        if (now > _intervalStart)
        {
            double end = _program!.Steps[_step].Sweeps ? gantry.Motion.Position(AxisName.Rotation) : _intervalRotation;
            _intervals.Add(new CountInterval(_intervalStart, now, _intervalRotation, end));
            _countedUs += now - _intervalStart;
            _liveUs += now - _intervalStart;
        }
        _doing = Doing.Ready;
    }

    private void End(string reason, string fate, bool partial)
    {
        bool cut = _doing == Doing.Counting;
        if (cut) CloseInterval();
        _next?.Cancel();
        if (partial && _intervals.Count > 0) Emit(FrameFlags.Partial | (_heldInside ? FrameFlags.HeldInside : FrameFlags.None));
        _intervals.Clear();
        _countedUs = 0;
        _heldInside = false;
        _expectedCounts = [0, 0];
        _doing = Doing.Nothing;
        gantry.IsSettling = false;
        _endUs = gantry.Clock.NowUs;
        gantry.Store.ReservedBytes -= _program!.Bytes;
        Expected = (int)_number;
        Reason = reason;
        State = AcquisitionStates.Draining;
        gantry.Operations.End(_operation, fate, fate == "FAIL" ? 410 : 0);
        bool tomo = IsTomo;
        if (reason == "STOR") Close(reason);
        else gantry.Pipeline.Then(() => Close(reason));
        if (tomo && reason is "DONE" or "STOP" or "STOR") gantry.EndProgram();
    }

    private void Close(string reason)
    {
        StoredRun run = Run!;
        if (run.HasEnded) return;
        if (reason == "STOR") Expected = (int)run.LastComplete;
        Reason = reason;
        run.Info = run.Info with { Reason = reason, Expected = Expected, ElapsedSeconds = (_endUs - _startUs) / 1e6, LiveSeconds = _liveUs / 1e6 };
        try
        {
            FrameStore.Save(run);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full: the run stays open on it and will be closed as POWer at the next boot; this boot knows better.
        }
        Drained();
    }

    private void Emit(FrameFlags flags)
    {
        ProgramStep step = _program!.Steps[_step];
        CountInterval[] intervals = [.. _intervals];
        _intervals.Clear();
        long start = intervals[0].StartUs, end = intervals[^1].EndUs, live = intervals.Sum(i => i.EndUs - i.StartUs);
        int tableUm = (int)Math.Round(gantry.Motion.Position(AxisName.Longitudinal) * 1000), heightUm = (int)Math.Round(gantry.Motion.Position(AxisName.Vertical) * 1000);
        foreach (int h in _program.Heads)
        {
            (int matrix, double pixelMm, KeyValuePair<int, SetWindow>[] windows) = _frozen[h];
            double angleStart = gantry.Motion.HeadAngle(h, intervals[0].RotationStart);
            double turns = Math.Floor(angleStart / 360) * 360;
            Exposure[][] perInterval = [.. intervals.Select(i => Exposures(h, step, i))];
            for (int w = 0; w < windows.Length; w++)
            {
                Exposure[] exposures = [.. perInterval.Select(e => e[w])];
                var header = new FrameHeader
                {
                    AcquisitionId = Run!.Id, BootId = gantry.BootId, Number = ++_number, Head = (byte)h, Window = (byte)windows[w].Key, Flags = flags | FrameFlags.Simulated,
                    Width = (ushort)matrix, Height = (ushort)matrix, BytesPerPixel = 2, Mode = _program.Mode, Phase = step.Phase, View = step.View,
                    StartTickUs = (ulong)start, ElapsedUs = (ulong)(end - start), LiveUs = (ulong)live, Sum = 0,
                    AngleStartMdeg = (int)Math.Round((angleStart - turns) * 1000), AngleEndMdeg = (int)Math.Round((gantry.Motion.HeadAngle(h, intervals[^1].RotationEnd) - turns) * 1000),
                    RadiusUm = (int)Math.Round(exposures[0].RadiusMm * 1000), TableStartUm = tableUm, TableEndUm = tableUm, TableHeightUm = heightUm,
                    PixelUm = (uint)Math.Round(pixelMm * 1000), PixelCrc = 0,
                };
                gantry.Pipeline.Enqueue(new FrameJob(Run, header, () => Expose(exposures, matrix)) { LiveShare = () => LiveShare(exposures) });
            }
        }
    }

    private Exposure[] Exposures(int head, ProgramStep step, CountInterval interval)
    {
        (int matrix, double pixelMm, KeyValuePair<int, SetWindow>[] windows) = _frozen[head];
        double radius = step.Radii is { } r ? r[head - 1] : gantry.Motion.Radius(head).Position(gantry.Clock.NowUs);
        double table = gantry.Motion.Position(AxisName.Longitudinal);
        double start = gantry.Motion.HeadAngle(head, interval.RotationStart), end = gantry.Motion.HeadAngle(head, interval.RotationEnd);
        return [.. windows.Select(w => new Exposure(head, start, end, radius, table, matrix, pixelMm, w.Value.LowerKeV, w.Value.UpperKeV,
            TimeSpan.FromMicroseconds(interval.StartUs), TimeSpan.FromMicroseconds(interval.EndUs - interval.StartUs)))];
    }

    private double LiveShare(Exposure[] exposures)
    {
        double all = exposures.Sum(e => e.Duration.TotalSeconds);
        return all <= 0 ? 1 : exposures.Sum(e => e.Duration.TotalSeconds * gantry.Scene.LiveFraction(e)) / all;
    }

    private uint[] Expose(Exposure[] exposures, int matrix)
    {
        uint[] counts = new uint[matrix * matrix];
        gantry.Scene.Expose(exposures[0], counts);
        if (exposures.Length == 1) return counts;
        uint[] more = new uint[counts.Length];
        foreach (Exposure e in exposures.AsSpan(1))
        {
            gantry.Scene.Expose(e, more);
            for (int i = 0; i < counts.Length; i++) counts[i] += more[i];
        }
        return counts;
    }
}
