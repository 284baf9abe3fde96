namespace Acquire.Protocols.Gantry;

/// <summary>Bits of the standard event status register (*ESR?).</summary>
[Flags]
public enum EventStatus : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>OPC: all pending operations are done.</summary>
    OperationComplete = 1,
    /// <summary>RQC: request control.</summary>
    RequestControl = 2,
    /// <summary>QYE: query error.</summary>
    QueryError = 4,
    /// <summary>DDE: device-specific error.</summary>
    DeviceError = 8,
    /// <summary>EXE: execution error.</summary>
    ExecutionError = 16,
    /// <summary>CME: command error.</summary>
    CommandError = 32,
    /// <summary>URQ: user request.</summary>
    UserRequest = 64,
    /// <summary>PON: power on.</summary>
    PowerOn = 128,
}

/// <summary>Bits of the status byte (*STB?); 0 and 1 are the gantry's own (docs: control-interface 10).</summary>
[Flags]
public enum StatusByte : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>FRA: a complete frame is not acknowledged.</summary>
    FramePending = 1,
    /// <summary>ALM: an alarm is standing.</summary>
    Alarm = 2,
    /// <summary>The error queue is not empty.</summary>
    ErrorQueue = 4,
    /// <summary>QUEStionable summary.</summary>
    Questionable = 8,
    /// <summary>A reply waits.</summary>
    MessageAvailable = 16,
    /// <summary>ESR summary.</summary>
    EventSummary = 32,
    /// <summary>Master summary.</summary>
    MasterSummary = 64,
    /// <summary>OPERation summary.</summary>
    Operation = 128,
}

/// <summary>Bits of STATus:OPERation (docs: control-interface 10).</summary>
[Flags]
public enum OperationCondition : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Calibrating (also: high voltage ramping, tube warming).</summary>
    Calibrating = 1,
    /// <summary>Settling after a move.</summary>
    Settling = 2,
    /// <summary>An axis moves.</summary>
    Moving = 8,
    /// <summary>Counting.</summary>
    Counting = 16,
    /// <summary>Waiting for a trigger or gate.</summary>
    Waiting = 32,
    /// <summary>Armed.</summary>
    Armed = 64,
    /// <summary>Hold-to-run active.</summary>
    HoldToRun = 256,
    /// <summary>X-ray on.</summary>
    XRayOn = 512,
    /// <summary>Frames pending.</summary>
    FramesPending = 1024,
    /// <summary>CT armed.</summary>
    CtArmed = 2048,
    /// <summary>Store above 75 %.</summary>
    StoreHigh = 4096,
    /// <summary>A program runs.</summary>
    Program = 16384,
}

/// <summary>Bits of STATus:QUEStionable (docs: control-interface 10).</summary>
[Flags]
public enum QuestionableCondition : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>High voltage.</summary>
    HighVoltage = 1,
    /// <summary>Clock.</summary>
    Clock = 4,
    /// <summary>Temperature.</summary>
    Temperature = 16,
    /// <summary>Rate saturated.</summary>
    Saturated = 32,
    /// <summary>Calibration missing or expired.</summary>
    Calibration = 256,
    /// <summary>Interlock not OK.</summary>
    Interlock = 512,
    /// <summary>Position doubtful.</summary>
    Position = 1024,
    /// <summary>Counts lost.</summary>
    CountsLost = 2048,
    /// <summary>Collimator wrong.</summary>
    Collimator = 4096,
    /// <summary>Command warning.</summary>
    CommandWarning = 16384,
}

/// <summary>Bits of STATus:QUEStionable:INTerlock (docs: control-interface 10); its summary is QUEStionable bit 9.</summary>
[Flags]
public enum InterlockCondition : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Emergency stop.</summary>
    EmergencyStop = 1,
    /// <summary>Collision pad of head 1.</summary>
    Pad1 = 2,
    /// <summary>Collision pad of head 2.</summary>
    Pad2 = 4,
    /// <summary>Table pad or load.</summary>
    TableLoad = 8,
    /// <summary>Door of the CT room.</summary>
    Door = 16,
    /// <summary>Collimator latch.</summary>
    Latch = 32,
    /// <summary>Lock pin in.</summary>
    LockPin = 64,
    /// <summary>Cover.</summary>
    Cover = 128,
    /// <summary>Over-travel switch.</summary>
    OverTravel = 256,
    /// <summary>Drive or encoder.</summary>
    Drive = 512,
    /// <summary>Hold-to-run watchdog expired.</summary>
    Watchdog = 1024,
    /// <summary>Lease lost while something moved.</summary>
    LeaseLost = 2048,
    /// <summary>Motion switch off.</summary>
    MotionSwitch = 4096,
    /// <summary>Beam key off.</summary>
    BeamKey = 8192,
    /// <summary>Manual release of the table.</summary>
    ManualRelease = 16384,
}

/// <summary>One SCPI status register: condition, transition filters, latched event, enable (SCPI-1999 20.1.4). Bit 15 is always 0.</summary>
public sealed class StatusRegister
{
    private const ushort Usable = 0x7FFF;
    private ushort _positive = Usable;
    private ushort _negative;
    private ushort _enable;

    /// <summary>Condition now.</summary>
    public ushort Condition { get; private set; }
    /// <summary>Events latched since last read.</summary>
    public ushort Event { get; private set; }
    /// <summary>Bits that reach the summary.</summary>
    public ushort Enable { get => _enable; set => _enable = (ushort)(value & Usable); }
    /// <summary>Rising bits that latch.</summary>
    public ushort PositiveTransition { get => _positive; set => _positive = (ushort)(value & Usable); }
    /// <summary>Falling bits that latch.</summary>
    public ushort NegativeTransition { get => _negative; set => _negative = (ushort)(value & Usable); }
    /// <summary>Summary bit.</summary>
    public bool Summary => (Event & Enable) != 0;

    /// <summary>The condition changed to this.</summary>
    public void Update(ushort condition)
    {
        condition &= Usable;
        int rising = condition & ~Condition & PositiveTransition;
        int falling = Condition & ~condition & NegativeTransition;
        Event |= (ushort)(rising | falling);
        Condition = condition;
    }

    /// <summary>Reads and clears the event register.</summary>
    public ushort ReadEvent()
    {
        ushort e = Event;
        Event = 0;
        return e;
    }

    /// <summary>*CLS: clears the event, not the enables.</summary>
    public void Clear() => Event = 0;

    /// <summary>STATus:PRESet: enable 0, every rise latches, no fall does.</summary>
    public void Preset()
    {
        Enable = 0;
        PositiveTransition = Usable;
        NegativeTransition = 0;
    }
}

/// <summary>Status and error queue of one session (IEEE 488.2 11, SCPI-1999 20 and 21.8).</summary>
public sealed class StatusModel
{
    /// <summary>Errors the queue holds; the last place becomes -350 when more come, the oldest stay.</summary>
    public const int QueueLength = 32;
    private readonly Queue<GciError> _errors = new();
    private GciError? _overflow;

    /// <summary>A context as it is after power on.</summary>
    public StatusModel() => Events = EventStatus.PowerOn;

    /// <summary>Standard event register.</summary>
    public EventStatus Events { get; private set; }
    /// <summary>*ESE.</summary>
    public byte EventEnable { get; set; }
    /// <summary>*SRE; bit 6 cannot be set.</summary>
    public byte RequestEnable { get => _request; set => _request = (byte)(value & ~(byte)StatusByte.MasterSummary); }
    private byte _request;
    /// <summary>OPERation.</summary>
    public StatusRegister Operation { get; } = new();
    /// <summary>QUEStionable.</summary>
    public StatusRegister Questionable { get; } = new();
    /// <summary>QUEStionable:INTerlock.</summary>
    public StatusRegister Interlock { get; } = new();
    /// <summary>Errors waiting.</summary>
    public int ErrorCount => _errors.Count + (_overflow is null ? 0 : 1);

    /// <summary>Queues an error and sets its event bit.</summary>
    public void Push(GciError error)
    {
        Events |= GciErrors.BitOf(error.Number);
        if (_errors.Count < QueueLength - 1) _errors.Enqueue(error);
        else if (_overflow is null) _overflow = error;
        else
        {
            _overflow = new GciError(-350);
            Events |= EventStatus.DeviceError;
        }
    }

    /// <summary>Takes the oldest error; <see cref="GciError.None"/> when there is none.</summary>
    public GciError Take()
    {
        if (_errors.TryDequeue(out GciError error)) return error;
        GciError last = _overflow ?? GciError.None;
        _overflow = null;
        return last;
    }

    /// <summary>*OPC: all pending operations are done.</summary>
    public void SetOperationComplete() => Events |= EventStatus.OperationComplete;

    /// <summary>*ESR?: reads and clears.</summary>
    public EventStatus ReadEvents()
    {
        EventStatus e = Events;
        Events = EventStatus.None;
        return e;
    }

    /// <summary>*STB?: reading clears nothing.</summary>
    public StatusByte ReadStatusByte(bool framePending, bool alarm)
    {
        StatusByte s = StatusByte.None;
        if (framePending) s |= StatusByte.FramePending;
        if (alarm) s |= StatusByte.Alarm;
        if (ErrorCount > 0) s |= StatusByte.ErrorQueue;
        if (Questionable.Summary) s |= StatusByte.Questionable;
        if (((byte)Events & EventEnable) != 0) s |= StatusByte.EventSummary;
        if (Operation.Summary) s |= StatusByte.Operation;
        if (((byte)s & RequestEnable) != 0) s |= StatusByte.MasterSummary;
        return s;
    }

    /// <summary>*CLS: event registers and error queue, no enables.</summary>
    public void Clear()
    {
        Events = EventStatus.None;
        Operation.Clear();
        Questionable.Clear();
        Interlock.Clear();
        _errors.Clear();
        _overflow = null;
    }
}
