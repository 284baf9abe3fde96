using Acquire.Protocols.Gantry;
using Acquire.Simulator.Faults;
using Acquire.Simulator.Physics;
using Acquire.Simulator.Serial;

namespace Acquire.Simulator.Gantry;

/// <summary>The gantry that is not there: states, axes, heads, acquisition, CT and store together, behind one lock.</summary>
/// <remarks>Everything that changes it runs under <see cref="Gate"/> and is short; pixels are computed outside it, so a stop is never blocked.</remarks>
internal sealed class SimulatedGantry : IAsyncDisposable
{
    private readonly TaskCompletionSourceBox _idle = new();
    private int _stopsWaiting;

    public SimulatedGantry(SimulatorOptions options, IScene scene, TimeProvider wall)
    {
        Options = options;
        Log = new SimulatorLog(options.LogFile, wall);
        Wall = wall;
        Scene = scene;
        Table = CapabilityTable.For(options.Capabilities);
        Settings = new SettingStore(Table);
        Store = new FrameStore(options.StoreFolder, options.Capabilities.StoreBytes ?? options.StoreCapacityBytes);
        DateTimeOffset reached = DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(Store.ReadNumber("clock", 0));
        Clock = new SimulationClock(wall, reached > options.Epoch ? reached : options.Epoch, options.StepClock, options.Speed);
        Log.Follow(() => (Clock.NowUs, Clock.ShownUtc));
        BootId = Mix(unchecked((ulong)options.Seed * 0x9E3779B97F4A7C15UL) + (ulong)Store.Boots);
        Faults = new FaultBoard(this);
        Events = new EventHub(Clock, BootId, () => Faults.Take("event.gap"));
        Operations = new OperationTable((id, state, code) => Events.Publish(GciEventKinds.Operation, new { id, state, code }));
        Clock.ShownOffset = TimeSpan.FromMicroseconds(Store.ReadNumber("utc-offset", 0));
        Patient = new PatientMemory(Store, options.Scenario, options.Seed);
        Patient.Recall(scene, Clock.UtcAtBoot);
        Sessions = new SessionTable(wall, options.Lease ?? TimeSpan.FromSeconds(options.StepClock ? 30 : 5));
        Chain = new InterlockSystem(this);
        Jog = new HoldToRun(this);
        Motion = new MotionSystem(Clock, Capabilities, () => Scene, SpeedOf);
        Pipeline = new FramePipeline(Gate, FrameStored, RunFailed, SlowStore);
        Acquisition = new AcquisitionRunner(this);
        Ct = new CtScanner(this);
        Heads = [.. Enumerable.Range(1, Capabilities.Heads).Select(h => new DetectorHead(this, h))];
        Clock.AfterEvent = Changed;
        CurrentRun = Store.Runs.LastOrDefault();
        Acquisition.Recall(Store.Runs.LastOrDefault(r => r.Info.Mode != FrameMode.Ct));
    }

    public Lock Gate { get; } = new();
    public SimulatorOptions Options { get; }
    public TimeProvider Wall { get; }
    public SimulatorLog Log { get; }
    public IScene Scene { get; }
    public FrameStore Store { get; }
    public SimulationClock Clock { get; }
    public PatientMemory Patient { get; }
    public SessionTable Sessions { get; }
    public MotionSystem Motion { get; }
    public FramePipeline Pipeline { get; }
    public AcquisitionRunner Acquisition { get; }
    public CtScanner Ct { get; }
    public IReadOnlyList<DetectorHead> Heads { get; }
    /// <summary>The rows this gantry understands, with its ranges.</summary>
    public GciCommandSet Table { get; }
    public SettingStore Settings { get; }
    public OperationTable Operations { get; }
    /// <summary>Events for the event port; any part of the gantry publishes here, under the lock.</summary>
    public EventHub Events { get; }
    public GantryPorts Ports { get; } = new();
    public GantryCapabilities Capabilities => Options.Capabilities;
    public FaultBoard Faults { get; }
    public InterlockSystem Chain { get; }
    public HoldToRun Jog { get; }
    public ulong BootId { get; }
    public GantryStates State { get; private set; } = GantryStates.Unhomed;
    public bool Homed => Motion.AllHomed;
    /// <summary>What the table's load cell says, kg.</summary>
    public double TableLoadKg { get; private set; } = 75;
    /// <summary>Somebody is on the table: speeds are limited.</summary>
    public bool IsPatientPresent => TableLoadKg > 5;
    /// <summary>The gantry is in the collimator exchange position: rotation is barred.</summary>
    public bool InExchange { get; set; }
    public bool IsSettling { get; set; }
    /// <summary>The run started last, also before the last restart.</summary>
    public StoredRun? CurrentRun { get; set; }
    /// <summary>OK, TRIP or RES.</summary>
    public string Interlock => Chain.State;
    public byte[]? StoredBlock { get; set; }

    private string? _motionOperation;

    public bool IsBusy => Operations.AnyRunning || Heads.Any(h => h.Voltage == HighVoltage.Ramp);

    public double SpeedOf(Axis axis) => axis.Name switch
    {
        AxisName.Rotation => Settings.Number("GANTry:ROTation:SPEed"),
        AxisName.Head1 => Settings.Number("HEAD#:RADius:SPEed", 1),
        AxisName.Head2 => Settings.Number("HEAD#:RADius:SPEed", 2),
        AxisName.Longitudinal => Settings.Number("TABLe:LONGitudinal:SPEed"),
        AxisName.Vertical => Settings.Number("TABLe:VERTical:SPEed"),
        AxisName.Lateral => Settings.Number("TABLe:LATeral:SPEed"),
        _ => axis.Can.Speed,
    };

    public void Enter(GantryStates state) => State = state;

    /// <summary>601 and so on while the safety chain is open.</summary>
    public void DemandInterlock() => Chain.Demand();

    /// <summary>504 while the beam may not be switched on.</summary>
    public void DemandBeam()
    {
        if (Interlock != "OK") throw new GciException(504, Chain.Causes);
        if (Chain.Stands(InterlockCondition.Door)) throw new GciException(504, "DOOR");
        if (Chain.Stands(InterlockCondition.BeamKey)) throw new GciException(504, "KEY");
    }

    /// <summary>302 when a collimator is not latched or being exchanged, 608 when the lock pin is in: nothing turns then.</summary>
    public void DemandLatched()
    {
        if (Heads.FirstOrDefault(h => h.Latch != "LATC") is { } head) throw new GciException(302, "head " + head.Number);
        if (InExchange) throw new GciException(302, "exchange position");
        if (Chain.Stands(InterlockCondition.LockPin)) throw new GciException(608);
    }

    /// <summary>What bars one axis: latch, exchange and pin the rotation, load and manual release the table.</summary>
    public void DemandAxisFree(Axis axis)
    {
        if (axis.Name is AxisName.Rotation or AxisName.Geometry) DemandLatched();
        if (axis.IsTable && Chain.Stands(InterlockCondition.TableLoad)) throw new GciException(604);
        if (axis.IsTable && Chain.Stands(InterlockCondition.ManualRelease)) throw new GciException(607);
    }

    /// <summary>Fastest a person on the table allows; the axis' own limit when nobody lies there.</summary>
    public double SpeedLimit(Axis axis) => IsPatientPresent ? axis.Can.PatientSpeed : axis.Can.MaxSpeed;

    /// <summary>-222 when the axis is set faster than is allowed now.</summary>
    public void DemandSpeed(Axis axis)
    {
        if (SpeedOf(axis) > SpeedLimit(axis)) throw new GciException(-222, axis.Word + " speed with patient");
    }

    /// <summary>-222 when a program would move an axis faster than is allowed now: set before somebody lay down.</summary>
    public void DemandProgramSpeeds()
    {
        if (Settings.Word("ACQuire:MODE") is "STAT" or "DYN" or "GAT") return;
        foreach (Axis axis in Motion.Present) DemandSpeed(axis);
    }

    /// <summary>The load cell says so much.</summary>
    public void LoadTable(double kg)
    {
        TableLoadKg = kg;
        Chain.Set(InterlockCondition.TableLoad, kg > Capabilities.TableLoadKg || Faults.IsOn("table.overload"));
    }

    public void StartMove(string operation, MovePlan plan)
    {
        BeginMotion(operation);
        Motion.Move(plan.Moves, () => MotionDone("DONE", GantryStates.Ready));
    }

    /// <summary>MOTion:HOME of these axes. The heads go out before anything else moves.</summary>
    public void StartHoming(string operation, IReadOnlyList<Axis> axes)
    {
        BeginMotion(operation);
        foreach (Axis axis in axes) axis.IsHomed = false;
        // After the way home each axis searches its index mark: 4 s (the simulator's own).
        Motion.Move([.. axes.Select(a => (a, a.Home))], () => Clock.After(4_000_000, () =>
        {
            if (State != GantryStates.Moving || _motionOperation != operation) return;
            foreach (Axis axis in axes) axis.IsHomed = true;
            MotionDone("DONE", GantryStates.Ready);
        }));
    }

    /// <summary>MOTion:STOP.</summary>
    public void StopMotion()
    {
        Ct.Stop("STOP");
        if (Jog.IsWanted)
        {
            Jog.End(0);
            return;
        }
        if (State is not (GantryStates.Moving or GantryStates.Program)) return;
        Acquisition.Hold();
        Halt();
    }

    /// <summary>ABORt.</summary>
    public void Abort()
    {
        bool moving = State is GantryStates.Moving or GantryStates.Program;
        Ct.Stop("ABOR");
        Acquisition.Abort("ABOR");
        if (Jog.IsWanted) Jog.End(0);
        else if (moving) Halt();
    }

    /// <summary>A program (tomo, CT) is over: stop what still turns, then READy.</summary>
    public void EndProgram()
    {
        if (State != GantryStates.Program) return;
        Motion.Stop(() => MotionDone("DONE", GantryStates.Ready));
    }

    public void ResumeMotion(string operation)
    {
        DemandInterlock();
        Operations.Begin(operation);
        Chain.Set(InterlockCondition.Watchdog | InterlockCondition.LeaseLost, false);
        State = Homed ? GantryStates.Ready : GantryStates.Unhomed;
        Operations.End(operation, "DONE", 0);
    }

    /// <summary>The chain opened: power is off the drives at once.</summary>
    public void CutDrives()
    {
        bool moving = State is GantryStates.Moving or GantryStates.Program;
        Ct.Stop("INT");
        if (Acquisition.IsActive) Acquisition.Hold();
        Jog.Forget();
        Motion.Freeze();
        IsSettling = false;
        if (moving) Operations.End(_motionOperation, "STOP", Chain.Alarms().Select(a => a.Number).FirstOrDefault(601));
        _motionOperation = null;
        State = GantryStates.EStop;
    }

    /// <summary>A soft cause: controlled stop of everything, then HOLD.</summary>
    public void HoldAll(int code)
    {
        bool jogging = Jog.IsWanted;
        Ct.Stop("INT");
        if (Acquisition.IsActive) Acquisition.Hold();
        if (jogging) Jog.End(code);
        else if (State is GantryStates.Moving or GantryStates.Program) Halt(code);
        else if (State is GantryStates.Ready or GantryStates.Unhomed) State = GantryStates.Hold;
    }

    /// <summary>A cause that bars rotation came while it turned.</summary>
    public void StopRotation(int code)
    {
        if (Motion[AxisName.Rotation].IsUnderWay(Clock.NowUs) || Motion[AxisName.Geometry].IsUnderWay(Clock.NowUs)) HoldAll(code);
    }

    /// <summary>INTerlock:RESet went through: HOLD, or FAULt when a drive failed meanwhile.</summary>
    public void AfterReset() => State = Motion.Axes.Any(a => a.IsFaulted) ? GantryStates.Fault : GantryStates.Hold;

    /// <summary>Fault axis.stall or encoder.jump comes or goes.</summary>
    public void DriveFault(string name, bool on)
    {
        if (on) CheckDrives();
        else Log.Write(name + " is repaired");
    }

    /// <summary>Hits the axis that moves with the drive faults that stand.</summary>
    private void CheckDrives()
    {
        if (State is GantryStates.Fault or GantryStates.EStop) return;
        Axis? moving = Motion.Axes.FirstOrDefault(a => a.IsUnderWay(Clock.NowUs));
        if (Faults.IsOn("axis.stall") && moving is not null) FailDrive(moving, "stall", 0);
        else if (Faults.IsOn("encoder.jump")) FailDrive(moving ?? Motion[AxisName.Rotation], "encoder", 5);
    }

    private void FailDrive(Axis axis, string what, double jump)
    {
        Ct.Stop("INT");
        if (Acquisition.IsActive) Acquisition.Hold();
        Jog.Forget();
        Motion.Freeze();
        axis.Freeze(Clock.NowUs, jump);
        axis.IsFaulted = true;
        axis.IsHomed = false;
        IsSettling = false;
        Operations.End(_motionOperation, "FAIL", 206);
        _motionOperation = null;
        State = GantryStates.Fault;
        Log.Write($"drive fault: {axis.Word} {what}");
        Chain.Set(InterlockCondition.Drive, true);
    }

    /// <summary>SYSTem:FAULt:RESet.</summary>
    public void ResetFaults()
    {
        if (Faults.IsOn("axis.stall") || Faults.IsOn("encoder.jump")) throw new GciException(-221, "the cause stands");
        foreach (Axis axis in Motion.Axes) axis.IsFaulted = false;
        Chain.Set(InterlockCondition.Drive, false);
        if (State == GantryStates.Fault) State = GantryStates.Unhomed;
    }

    /// <summary>Fault hv.trip.</summary>
    public void HighVoltageTrip(bool on)
    {
        if (!on) return;
        Heads[0].SwitchVoltage(false);
        if (!Acquisition.IsActive) return;
        Acquisition.Hold();
        if (State == GantryStates.Program) Halt(301);
    }

    /// <summary>Fault lease.thief.</summary>
    public void StealLease()
    {
        bool held = Sessions.Holder is not null;
        Sessions.Steal();
        if (held) LeaseLost();
    }

    public void ResetInterlock() => Chain.Reset();

    /// <summary>The holder of the lease fell silent (docs: control-interface 8).</summary>
    public void LeaseLost()
    {
        Ct.Stop("STOP");
        if (State is GantryStates.Moving or GantryStates.Program) Chain.Set(InterlockCondition.LeaseLost, true);
        if (Jog.IsWanted)
        {
            Jog.End(0);
            return;
        }
        if (!Acquisition.IsActive)
        {
            if (State == GantryStates.Moving) Halt();
            return;
        }
        bool motion = Acquisition.MovesGantry;
        string action = Settings.Word("ACQuire:ONLoss");
        if (action == "DEF") action = motion ? "HOLD" : "CONT";
        if (action == "CONT") return;
        if (action == "ABOR") Acquisition.Abort("ABOR");
        else Acquisition.Hold();
        if (State == GantryStates.Program) Halt();
    }

    /// <summary>Looks after wall time: leases, sessions, the FREE clock.</summary>
    public void Tend()
    {
        if (!Clock.IsStep) RememberClock();
        lock (Gate)
        {
            Clock.CatchUp();
            if (Sessions.Expire()) LeaseLost();
            Jog.Tend();
            Changed();
            TellPositions();
            TellRates();
            if (_beat is { } beat && Wall.GetElapsedTime(beat) < TimeSpan.FromSeconds(1)) return;
            _beat = Wall.GetTimestamp();
            Events.Beat();
        }
    }

    /// <summary>A stop from anybody: waits for nothing but the lock.</summary>
    public void RunStop(Action stop)
    {
        Interlocked.Increment(ref _stopsWaiting);
        try
        {
            lock (Gate)
            {
                Clock.CatchUp();
                stop();
                Changed();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _stopsWaiting);
        }
    }

    /// <summary>Moves STEP time, event by event, leaving the lock between them so that stops get in.</summary>
    public async Task<long> AdvanceAsync(long byUs)
    {
        await _advanceTurn.WaitAsync();
        try
        {
            long target;
            lock (Gate)
            {
                if (!Clock.IsStep) throw new GciException(-221, "the clock is FREE");
                target = Clock.NowUs + byUs;
            }
            bool more = true;
            while (more)
            {
                await Pipeline.WhenBelow(64);
                if (Volatile.Read(ref _stopsWaiting) > 0) await Task.Yield();
                lock (Gate)
                {
                    if (!Clock.IsStep) throw new GciException(-221, "the clock is FREE");
                    more = Clock.TryRunNext(target);
                    Changed();
                }
            }
            await Pipeline.WhenBelow(1);
            long reached;
            lock (Gate)
            {
                Changed();
                reached = Clock.NowUs;
            }
            RememberClock();
            return reached;
        }
        finally
        {
            _advanceTurn.Release();
        }
    }

    private readonly SemaphoreSlim _advanceTurn = new(1, 1);
    private long _clockRemembered;

    /// <summary>Completes when no operation is pending.</summary>
    public Task WhenIdle()
    {
        lock (Gate) return IsBusy ? _idle.Wait() : Task.CompletedTask;
    }

    /// <summary>Brings status registers and waiters up to date; called after every change, under the lock.</summary>
    public void Changed()
    {
        CheckDrives();
        ushort operation = (ushort)OperationNow(), questionable = (ushort)QuestionableNow();
        bool busy = IsBusy;
        foreach (GantrySession session in Sessions.All)
        {
            session.Status.Operation.Update(operation);
            session.Status.Questionable.Update(questionable);
            session.Status.Interlock.Update((ushort)Chain.Bits);
            if (!session.WantsOperationComplete || busy) continue;
            session.WantsOperationComplete = false;
            session.Status.SetOperationComplete();
        }
        foreach (GantrySession session in Sessions.All) LookForRequest(session);
        if (!busy) _idle.Release();
        Announce();
    }

    /// <summary>Status byte of a session as *STB? tells it.</summary>
    public int StatusByteOf(GantrySession session) => (int)session.Status.ReadStatusByte(AnyFramePending, AlarmsNow().Any());

    /// <summary>Service is requested once, when the master summary bit rises (IEEE 488.2 11.3).</summary>
    public void LookForRequest(GantrySession session)
    {
        if (session.Status.RequestEnable == 0)
        {
            session.IsRequesting = false;
            return;
        }
        int stb = StatusByteOf(session);
        bool requests = (stb & (int)StatusByte.MasterSummary) != 0;
        if (requests && !session.IsRequesting) Sessions.Request(session, stb);
        session.IsRequesting = requests;
    }

    /// <summary>Publishes what changed since the last call: states and alarms.</summary>
    private void Announce()
    {
        var now = (Gantry: GciStates.Word(State), Acq: GciStates.Word(Acquisition.State), Ct: GciStates.Word(Ct.State), Interlock, Owner: Sessions.Holder?.Name ?? "");
        if (now != _announced)
        {
            _announced = now;
            Events.Publish(GciEventKinds.State, new { gantry = now.Gantry, acq = now.Acq, ct = now.Ct, interlock = now.Interlock, owner = now.Owner });
        }
        HashSet<GciError> alarms = [.. AlarmsNow()];
        foreach (GciError alarm in alarms.Except(_alarms).ToArray()) Say(alarm, true);
        foreach (GciError alarm in _alarms.Except(alarms).ToArray()) Say(alarm, false);
        _alarms = alarms;
        void Say(GciError alarm, bool on)
        {
            Events.Publish(GciEventKinds.Alarm, new { code = alarm.Number, text = GciErrors.TextOf(alarm.Number), detail = alarm.Detail, on });
            Log.Write($"alarm {alarm.Number} {GciErrors.TextOf(alarm.Number)} {alarm.Detail} {(on ? "stands" : "has gone")}");
        }
    }

    /// <summary>Alarms that stand.</summary>
    public IEnumerable<GciError> AlarmsNow()
    {
        foreach (GciError alarm in Chain.Alarms())
            yield return alarm.Number == 206 && Motion.Axes.FirstOrDefault(a => a.IsFaulted) is { } axis ? alarm with { Detail = axis.Word } : alarm;
        if (Faults.IsOn("hv.trip")) yield return new GciError(301, "head 1");
        foreach (DetectorHead head in Heads.Where(h => h.IsTooWarm)) yield return new GciError(303, "head " + head.Number);
    }

    /// <summary>How wrong the gantry's UTC may be, µs.</summary>
    public long ClockUncertaintyUs => Faults.IsOn("clock.jump") ? (long)ClockFaults.Jump.TotalMicroseconds : 1;

    /// <summary>SYSTem:TIME.</summary>
    public void SetUtc(DateTimeOffset utc)
    {
        Clock.ShownOffset = utc - Clock.Utc;
        Store.WriteSmall("utc-offset", ((long)Clock.ShownOffset.TotalMicroseconds).ToString(System.Globalization.CultureInfo.InvariantCulture), durable: true);
        Log.Write("the clock was set");
    }

    /// <summary>True while DIAG:SIM:LINK keeps the link down.</summary>
    public bool IsLinkDown() => LinkDownLeft > TimeSpan.Zero;

    /// <summary>Wall time the link stays down.</summary>
    public TimeSpan LinkDownLeft => _linkDownFor - Wall.GetElapsedTime(_linkDownFrom) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Probability that a bit of the serial line is wrong.</summary>
    public double LineErrorRate { get; private set; }

    /// <summary>DIAG:SIM:LINK.</summary>
    public void DisturbLink(TimeSpan down, double errorRate)
    {
        LineErrorRate = errorRate;
        _linkDownFrom = Wall.GetTimestamp();
        _linkDownFor = down;
        if (down > TimeSpan.Zero) Ports.DropAll();
    }

    /// <summary>Fault store.slow: how long a frame waits before it is written.</summary>
    private Task SlowStore() => Faults.IsOn("store.slow") ? Task.Delay(TimeSpan.FromSeconds(2), Wall) : Task.CompletedTask;

    /// <summary>Every second of wall time, for those who want to know; the scene is asked on a thread of its own.</summary>
    private void TellRates()
    {
        if (_rating || !Events.Readers.Any(r => r.Wanted.Contains(GciEventKinds.Rate)) || (_rated is { } rated && Wall.GetElapsedTime(rated) < TimeSpan.FromSeconds(1))) return;
        _rating = true;
        _rated = Wall.GetTimestamp();
        _ = Task.Run(() =>
        {
            Dictionary<string, object>? rates = null;
            try
            {
                rates = Heads.ToDictionary(h => "HEAD" + h.Number, h => HeadRates.Of(this, h) is var r ? (object)new { total = Math.Round(r.Total, 1), accepted = Math.Round(r.Accepted, 1), dead = Math.Round(r.DeadPercent, 1) } : "");
            }
            catch (Exception e)
            {
                Log.Write("rates: " + e.Message);
            }
            lock (Gate)
            {
                if (rates is not null) Events.Publish(GciEventKinds.Rate, rates);
                _rating = false;
            }
        });
    }

    private bool _rating;
    private long? _rated;

    private void TellPositions()
    {
        foreach (EventReader reader in Events.Readers)
        {
            if (!reader.Wanted.Contains(GciEventKinds.Position)) continue;
            if (reader.PositionSaid is { } said && Wall.GetElapsedTime(said).TotalMilliseconds < reader.PositionMs) continue;
            reader.PositionSaid = Wall.GetTimestamp();
            reader.Offer(GciEventKinds.Position, new GciEvent(GciEventKinds.Position) { TickUs = Clock.NowUs, Value = Motion.Describe() }.Encode());
        }
    }

    private (string Gantry, string Acq, string Ct, string Interlock, string Owner) _announced;
    private HashSet<GciError> _alarms = [];
    private TimeSpan _linkDownFor;
    private long _linkDownFrom;
    private long? _beat;

    public bool AnyFramePending => Store.Runs.Any(r => r.Unacknowledged > 0);

    public async ValueTask DisposeAsync()
    {
        lock (Gate)
        {
            Jog.Forget();
            Jog.Dispose();
        }
        await Pipeline.DisposeAsync();
        RememberClock();
        Store.Dispose();
        _advanceTurn.Dispose();
    }

    private void BeginMotion(string operation)
    {
        _motionOperation = operation;
        Operations.Begin(operation);
        State = GantryStates.Moving;
    }

    /// <summary>Controlled stop, then HOLD.</summary>
    public void Halt(int code = 0)
    {
        IsSettling = false;
        State = GantryStates.Moving;
        Motion.Stop(() => MotionDone("STOP", GantryStates.Hold, code));
    }

    private void MotionDone(string fate, GantryStates next, int code = 0)
    {
        Operations.End(_motionOperation, fate, code);
        _motionOperation = null;
        State = next == GantryStates.Ready && !Homed ? GantryStates.Unhomed : next;
    }

    private void FrameStored(StoredRun run)
    {
        FrameEntry entry = run.Entries[^1];
        Events.Publish(GciEventKinds.Frame, new { uuid = run.Id, n = entry.Number, head = entry.Head, window = entry.Window, bytes = entry.Bytes, crc = entry.Crc });
        Acquisition.FrameStored(run);
        Changed();
    }

    private void RunFailed(StoredRun run, string why)
    {
        if (run.HasEnded) return;
        Log.Write($"run {run.Id:D} ends with STORe: {why}");
        if (!Acquisition.Fail(run)) Ct.Fail(run);
        Changed();
    }

    /// <summary>Notes how far time has come. Not under the gantry's lock: a stop does not wait for a file.</summary>
    private void RememberClock()
    {
        lock (_clockFile)
        {
            long now;
            DateTimeOffset utc;
            lock (Gate) (now, utc) = (Clock.NowUs, Clock.Utc);
            if (now == _clockRemembered) return;
            _clockRemembered = now;
            try
            {
                Store.WriteSmall("clock", ((long)(utc - DateTimeOffset.UnixEpoch).TotalMicroseconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk already ended the run with reason STORe; the clock file only matters at the next boot.
            }
        }
    }

    private readonly Lock _clockFile = new();

    private OperationCondition OperationNow()
    {
        OperationCondition c = OperationCondition.None;
        if (Heads.Any(h => h.Voltage == HighVoltage.Ramp) || Ct.State == CtStates.Warmup) c |= OperationCondition.Calibrating;
        if (IsSettling) c |= OperationCondition.Settling;
        if (Motion.AnyMoving) c |= OperationCondition.Moving;
        if (Acquisition.IsCounting) c |= OperationCondition.Counting;
        if (Acquisition.IsWaiting) c |= OperationCondition.Waiting;
        if (Acquisition.State == AcquisitionStates.Armed) c |= OperationCondition.Armed;
        if (Ct.IsBeamOn) c |= OperationCondition.XRayOn;
        if (AnyFramePending) c |= OperationCondition.FramesPending;
        if (Ct.State == CtStates.Armed) c |= OperationCondition.CtArmed;
        if (Store.UsedBytes > 0.75 * Store.CapacityBytes) c |= OperationCondition.StoreHigh;
        if (Jog.IsWanted) c |= OperationCondition.HoldToRun;
        if (State == GantryStates.Program) c |= OperationCondition.Program;
        return c;
    }

    private QuestionableCondition QuestionableNow()
    {
        QuestionableCondition c = QuestionableCondition.None;
        // Bit 9 is the summary of QUEStionable:INTerlock; what only says why a move ended is no open interlock.
        if (Interlock != "OK" || Chain.Bits != 0) c |= QuestionableCondition.Interlock;
        if (!Homed) c |= QuestionableCondition.Position;
        if (Faults.IsOn("collimator") || Faults.IsOn("collimator.wrong")) c |= QuestionableCondition.Collimator;
        if (Faults.IsOn("hv.trip")) c |= QuestionableCondition.HighVoltage;
        if (Faults.IsOn("clock.jump")) c |= QuestionableCondition.Clock;
        if (Heads.Any(h => h.IsTooWarm)) c |= QuestionableCondition.Temperature;
        if (CurrentRun?.List?.AnyLost == true) c |= QuestionableCondition.CountsLost;
        return c;
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }

    /// <summary>Numbers of the ports that are there, 0 for those that are not, and how to cut all their connections.</summary>
    internal sealed class GantryPorts
    {
        public int Events { get; set; }
        public int Stream { get; set; }
        /// <summary>Events for connections over TLS.</summary>
        public int TlsEvents { get; set; }
        public SerialGantryPort? Serial { get; set; }
        public Action DropAll { get; set; } = () => { };
    }

    private sealed class TaskCompletionSourceBox
    {
        private TaskCompletionSource? _source;
        public Task Wait() => (_source ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        public void Release()
        {
            _source?.TrySetResult();
            _source = null;
        }
    }
}
