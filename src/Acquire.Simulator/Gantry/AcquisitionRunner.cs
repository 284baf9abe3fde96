using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>The acquisition's state machine (docs: control-interface 10): arming, moving from step to step, pause, hold, ending. Used under the gantry's lock.</summary>
internal sealed class AcquisitionRunner(SimulatedGantry gantry)
{
    private const long SettleUs = 500_000;
    private const long ArmedUs = 300_000_000;
    private const long RateStepUs = 1_000_000;
    /// <summary>How far a continuous tomo backs up behind a hold, degrees (docs: control-interface 10).</summary>
    private const double BackUpDeg = 5;
    /// <summary>Share of the store at which a run without a limit in time is held (docs: control-interface 11).</summary>
    private const double HoldAtStoreShare = 0.95;

    private enum Doing { Nothing, Moving, Settling, Waiting, Ready, Counting, Between }

    private AcquisitionProgram? _program;
    private RunCounting? _counting;
    private ScheduledEvent? _next;
    private ScheduledEvent? _armExpiry;
    private string? _operation;
    private Doing _doing;
    private int _step;
    private long _leftBetweenUs;
    private bool _heldInside;
    private double[] _expectedCounts = [0, 0];
    private long _startUs;
    private long _endUs;

    public AcquisitionStates State { get; private set; } = AcquisitionStates.Idle;
    public string Reason { get; private set; } = "NONE";
    public StoredRun? Run { get; private set; }
    public bool IsCounting => _doing == Doing.Counting;
    /// <summary>Waits for the next R wave.</summary>
    public bool IsWaiting => _doing == Doing.Waiting;
    public bool IsActive => State is AcquisitionStates.Running or AcquisitionStates.Paused or AcquisitionStates.Hold;
    /// <summary>The run turns the gantry or moves the table.</summary>
    public bool MovesGantry => _program?.MovesGantry ?? false;
    public int Step => State == AcquisitionStates.Idle || _program is null ? 0 : Math.Min(_step + 1, _program.Steps.Count);
    public int Expected { get; private set; }
    public Guid? ConfiguredId => gantry.Settings.Has("ACQuire:ID") ? Guid.Parse(gantry.Settings.Word("ACQuire:ID")) : null;
    public double ElapsedSeconds => Run is null ? 0 : IsActive ? (gantry.Clock.NowUs - _startUs) / 1e6 : _endUs > 0 ? (_endUs - _startUs) / 1e6 : Run.Info.ElapsedSeconds;
    public double LiveSeconds => Run is null ? 0 : _counting is { } c && (_endUs > 0 || IsActive) ? (c.LiveUs + c.RunningUs) / 1e6 : Run.Info.LiveSeconds;
    /// <summary>The frames being counted now; null when there are none.</summary>
    public RunningFrames? Frames => IsActive ? _counting?.Frames : null;

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
        gantry.Store.ReservedBytes += program.Bytes;
        State = AcquisitionStates.Armed;
        Reason = "NONE";
        Expected = program.Frames;
        _armExpiry = gantry.Clock.After(ArmedUs, Disarm);
        gantry.Scene.Prepare([.. program.Steps.SelectMany(Ahead)]);
    }

    public void Start(string operation)
    {
        if (IsActive) throw new GciException(-213);
        if (State != AcquisitionStates.Armed) throw new GciException(401);
        if (gantry.State != GantryStates.Ready) throw new GciException(-221, GciStates.Word(gantry.State));
        gantry.DemandInterlock();
        if (MovesGantry) gantry.DemandLatched();
        _armExpiry?.Cancel();
        gantry.Operations.Begin(operation);
        _operation = operation;
        AcquisitionProgram program = _program!;
        Run = gantry.Store.Create(new RunInfo
        {
            Id = ConfiguredId!.Value, Mode = program.Mode, Heads = program.Heads, Expected = program.Frames, BootId = gantry.BootId, IsList = program.IsList,
            Label = gantry.Settings.Has("ACQuire:LABel") ? gantry.Settings.Word("ACQuire:LABel") : "",
        });
        StoredRun begun = Run;
        gantry.Pipeline.ThenOutside(begun, () => FrameStore.Save(begun));
        gantry.CurrentRun = Run;
        State = AcquisitionStates.Running;
        _step = 0;
        _endUs = 0;
        _startUs = gantry.Clock.NowUs;
        _counting = new RunCounting(gantry, program, Run, CounterRandom.Mix((ulong)gantry.Options.Seed, (ulong)_startUs));
        _counting.Enter(program.Steps[0]);
        if (MovesGantry) gantry.Enter(GantryStates.Program);
        BeginStep();
    }

    public void Pause()
    {
        SuspendCounting();
        State = AcquisitionStates.Paused;
    }

    /// <summary>Interlock, stop or lost lease: counting ends at once; a tomo closes its view as partial, a whole-body frame goes on growing.</summary>
    public void Hold()
    {
        if (!IsActive) return;
        SuspendCounting();
        if (MovesGantry)
        {
            gantry.IsSettling = false;
            if (_doing is Doing.Moving or Doing.Settling or Doing.Waiting) _next?.Cancel();
            if (_counting!.HasCounts && !_program!.Steps[_step].Travels)
            {
                Expected += _program.FramesPerStep;
                _counting.Close(FrameFlags.Partial | FrameFlags.HeldInside);
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
        if (MovesGantry) gantry.Enter(GantryStates.Program);
        // A paused program that still moves or settles starts to count by itself when it is there.
        if (wasHeld && MovesGantry) BeginStep();
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
        else gantry.Pipeline.Close(run, () => Closed("STOR"), Drained);
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

    /// <summary>A run that nothing else would end goes to HOLD before the store is full.</summary>
    public void StoreChecked()
    {
        if (State == AcquisitionStates.Running && _program!.IsOpenEnded && gantry.Store.UsedBytes + gantry.Store.ReservedBytes >= HoldAtStoreShare * gantry.Store.CapacityBytes) Hold();
    }

    /// <summary>Brings the running frames up to now, for whoever wants to see them.</summary>
    public void Look() => _counting?.Look();

    private void Disarm()
    {
        _armExpiry?.Cancel();
        gantry.Store.ReservedBytes -= _program!.Bytes;
        State = AcquisitionStates.Idle;
    }

    /// <summary>Views the scene may compute before they come.</summary>
    private IEnumerable<Exposure> Ahead(ProgramStep step)
    {
        if (step.Angle is not { } angle) yield break;
        foreach (ArmedHead head in _program!.Armed)
        {
            foreach (KeyValuePair<int, SetWindow> w in head.Windows)
            {
                yield return new Exposure(head.Head, gantry.Motion.HeadAngle(head.Head, angle), gantry.Motion.HeadAngle(head.Head, step.AngleEnd!.Value), step.Radii![head.Head - 1],
                    gantry.Motion.Position(AxisName.Longitudinal), head.Matrix, head.PixelMm, w.Value.LowerKeV, w.Value.UpperKeV, gantry.Clock.Now, TimeSpan.FromMicroseconds(step.CountUs));
            }
        }
    }

    private void BeginStep()
    {
        ProgramStep step = _program!.Steps[_step];
        List<(Axis Axis, double To)> moves = step.Travels ? TableMoves(step) : step.Angle is not null ? TurnMoves(step) : [];
        bool runUp = step.Sweeps && _counting!.StepUs > 0;
        if (moves.Count == 0)
        {
            if (runUp) RunUp(step);
            else Await();
            return;
        }
        _doing = Doing.Moving;
        _next = null;
        gantry.Motion.MoveClear(moves, () =>
        {
            _doing = Doing.Settling;
            gantry.IsSettling = true;
            _next = gantry.Clock.After(SettleUs, () =>
            {
                gantry.IsSettling = false;
                if (runUp) RunUp(step);
                else Await();
            });
        });
    }

    private List<(Axis Axis, double To)> TableMoves(ProgramStep step)
    {
        Axis table = gantry.Motion[AxisName.Longitudinal];
        double at = step.TableAt(_counting!.StepUs);
        return table.IsAt(at, gantry.Clock.NowUs) ? [] : [(table, at)];
    }

    private List<(Axis Axis, double To)> TurnMoves(ProgramStep step)
    {
        long counted = _counting!.StepUs;
        double at = step.AngleAt(counted);
        Axis rotation = gantry.Motion[AxisName.Rotation];
        if (step.Sweeps && counted > 0) at = Math.Clamp(at - (Math.Sign(step.AngleEnd!.Value - step.Angle!.Value) * BackUpDeg), rotation.Min, rotation.Max);
        var moves = new List<(Axis Axis, double To)>();
        if (!rotation.IsAt(at, gantry.Clock.NowUs)) moves.Add((rotation, at));
        for (int h = 1; h <= gantry.Heads.Count; h++)
            if (!gantry.Motion.Radius(h).IsAt(step.Radii![h - 1], gantry.Clock.NowUs) && !(step.Sweeps && _step > 0 && counted == 0)) moves.Add((gantry.Motion.Radius(h), step.Radii[h - 1]));
        return moves;
    }

    /// <summary>Behind a hold of a continuous tomo: from 5° back up to speed, so that counting goes on at the angle where it stopped.</summary>
    private void RunUp(ProgramStep step)
    {
        Axis rotation = gantry.Motion[AxisName.Rotation];
        double from = rotation.Position(gantry.Clock.NowUs), through = step.AngleAt(_counting!.StepUs), speed = Math.Abs(step.AngleEnd!.Value - step.Angle!.Value) / (step.CountUs / 1e6);
        var motion = new RunUp(gantry.Clock.NowUs, from, step.AngleEnd.Value, speed, rotation.Acceleration);
        _doing = Doing.Moving;
        rotation.Follow(motion);
        _next = gantry.Clock.After(motion.ReachesAfterUs(through), BeginCount);
    }

    /// <summary>A gated run waits for the next R wave.</summary>
    private void Await()
    {
        long wait = _counting!.UntilWave();
        if (wait == 0 || State != AcquisitionStates.Running)
        {
            BeginCount();
            return;
        }
        _doing = Doing.Waiting;
        _next = gantry.Clock.After(wait, BeginCount);
    }

    private void BeginCount()
    {
        _next = null;
        _doing = Doing.Ready;
        ProgramStep step = _program!.Steps[_step];
        if (State != AcquisitionStates.Running)
        {
            if (step.Sweeps) gantry.Motion.Freeze();
            return;
        }
        _doing = Doing.Counting;
        long left = step.CountUs - _counting!.StepUs;
        if (step.Sweeps)
        {
            gantry.Motion[AxisName.Rotation].Follow(new Uniform(gantry.Clock.NowUs, step.AngleAt(_counting.StepUs), step.AngleEnd!.Value, left));
            for (int h = 1; h <= gantry.Heads.Count; h++)
                gantry.Motion.Radius(h).Follow(new Uniform(gantry.Clock.NowUs, gantry.Motion.Radius(h).Position(gantry.Clock.NowUs), step.Radii![h - 1], left));
        }
        if (step.Travels) gantry.Motion[AxisName.Longitudinal].Follow(new Uniform(gantry.Clock.NowUs, step.TableAt(_counting.StepUs), step.TableEnd!.Value, left));
        _counting.Begin();
        if (double.IsInfinity(_program.CountLimit)) _next = gantry.Clock.After(left, EndCount);
        else WatchCounts();
    }

    /// <summary>A run with a count limit ends when the first window of a head is expected to have it (docs/decisions/0004).</summary>
    private void WatchCounts()
    {
        long left = _program!.Steps[_step].CountUs - _counting!.StepUs - _counting.RunningUs;
        long stretch = Math.Min(left, RateStepUs);
        double seconds = stretch / 1e6, until = double.PositiveInfinity;
        foreach (ArmedHead head in _program.Armed)
        {
            double expected = gantry.Scene.CountRateCps(_counting.FirstWindow(head, stretch)) * seconds, missing = _program.CountLimit - _expectedCounts[head.Head - 1];
            if (expected >= missing) until = Math.Min(until, seconds * Math.Max(0, missing) / Math.Max(expected, double.Epsilon));
            _expectedCounts[head.Head - 1] += expected;
        }
        if (until <= seconds) _next = gantry.Clock.After(Math.Max(1, AcquisitionProgram.Us(until)), EndCount);
        else if (stretch == left) _next = gantry.Clock.After(left, EndCount);
        else _next = gantry.Clock.After(stretch, WatchCounts);
    }

    private void EndCount()
    {
        _counting!.Suspend();
        _doing = Doing.Ready;
        _counting.Close(_heldInside ? FrameFlags.HeldInside : FrameFlags.None);
        _heldInside = false;
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
        if (_step >= _program!.Steps.Count)
        {
            End("DONE", "DONE", partial: false);
            return;
        }
        _counting!.Enter(_program.Steps[_step]);
        BeginStep();
    }

    private void SuspendCounting()
    {
        if (_doing == Doing.Counting)
        {
            _next?.Cancel();
            _counting!.Suspend();
            if (_program!.Steps[_step] is { Sweeps: true } or { Travels: true }) gantry.Motion.Freeze();
            _doing = Doing.Ready;
        }
        else if (_doing == Doing.Waiting)
        {
            _next?.Cancel();
            _doing = Doing.Ready;
        }
        else if (_doing == Doing.Between && _next is { IsCancelled: false })
        {
            _next.Cancel();
            _leftBetweenUs = _next.TickUs - gantry.Clock.NowUs;
        }
    }

    private void End(string reason, string fate, bool partial)
    {
        _counting!.Suspend();
        _next?.Cancel();
        if (partial) _counting.Close(FrameFlags.Partial | (_heldInside ? FrameFlags.HeldInside : FrameFlags.None));
        _counting.End();
        _heldInside = false;
        _expectedCounts = [0, 0];
        _doing = Doing.Nothing;
        gantry.IsSettling = false;
        _endUs = gantry.Clock.NowUs;
        gantry.Store.ReservedBytes -= _program!.Bytes;
        Expected = (int)_counting.Number;
        Reason = reason;
        State = AcquisitionStates.Draining;
        gantry.Operations.End(_operation, fate, fate == "FAIL" ? 410 : 0);
        gantry.Pipeline.Close(Run!, () => Closed(reason), Drained);
        if (MovesGantry && reason is "DONE" or "STOP" or "STOR") gantry.EndProgram();
    }

    /// <summary>How the run ended, once its last frame is stored.</summary>
    private RunInfo Closed(string reason)
    {
        StoredRun run = Run!;
        if (reason == "STOR") Expected = (int)run.LastComplete;
        Reason = reason;
        return run.Info with
        {
            Reason = reason, Expected = Expected, ElapsedSeconds = (_endUs - _startUs) / 1e6, LiveSeconds = _counting!.LiveUs / 1e6,
            ListWords = run.List is { } list ? [.. run.Info.Heads.Select(list.KeptOf)] : [], ListLost = run.List is { } l ? [.. run.Info.Heads.Select(l.LostOf)] : [],
        };
    }
}
