using Acquire.Protocols.Gantry;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>The CT part: tube, dose confirmation, and a table that carries the patient through (docs: control-interface 9 "CT"). Used under the gantry's lock.</summary>
/// <remarks>Figures of tube and dose are the simulator's own (tag: assumption): CTDIvol = 0.067 mGy/mAs × (kV/120)^2.5 × effective mAs, as typical for a
/// 32 cm phantom; DLP = CTDIvol × length; heat = kV × mA × s against 3 MJ, cooling 0.1 % a second.</remarks>
internal sealed class CtScanner(SimulatedGantry gantry)
{
    /// <summary>Distance from the gamma camera's plane to the CT's plane along the table, mm.</summary>
    public const double PlaneOffsetMm = 600;
    /// <summary>Nominal beam width, mm: table feed per rotation at pitch 1.</summary>
    public const double BeamMm = 20;
    /// <summary>Rows and columns of a slice.</summary>
    public const int Matrix = 512;
    /// <summary>Pixel size of a slice, mm.</summary>
    public const double PixelMm = 0.9766;
    private const double MGyPerMAs = 0.067;
    private const double ScoutSpeedMmPerSecond = 100;
    private const double HeatCapacityJ = 3e6;
    private const double CoolingPercentPerSecond = 0.1;
    private const long WarmupUs = 30_000_000;
    private const long ArmedUs = 120_000_000;

    private readonly List<ScheduledEvent> _slices = [];
    private (double Ctdi, double Dlp)? _confirmed;
    private ScheduledEvent? _expiry;
    private ScheduledEvent? _cooled;
    private string? _operation;
    private double _heat;
    private long _heatUs;
    private long _endUs;
    private long _startUs;
    private long _beamSinceUs;
    private uint _number;
    private long _reserved;

    public CtStates State { get; private set; } = CtStates.Off;
    public bool IsBeamOn { get; private set; }
    public StoredRun? Run { get; private set; }
    public int Expected { get; private set; }
    public double HeatPercent => gantry.Faults.IsOn("tube.hot") ? 100 : Math.Max(0, _heat - (CoolingPercentPerSecond * (gantry.Clock.NowUs - _heatUs) / 1e6));
    public double SecondsLeft => State is CtStates.Exposing or CtStates.Warmup or CtStates.Armed ? Math.Max(0, (_endUs - gantry.Clock.NowUs) / 1e6) : 0;
    public Guid? ConfiguredId => gantry.Settings.Has("CT:ID") ? Guid.Parse(gantry.Settings.Word("CT:ID")) : null;

    private bool IsScout => gantry.Settings.Word("CT:MODE") == "SCO";
    private double Kv => gantry.Settings.Number("CT:KV");
    private double MA => gantry.Settings.Number("CT:MA");
    private double RotationSeconds => gantry.Settings.Number("CT:ROTime");
    private double SliceMm => gantry.Settings.Number("CT:SLICe");
    private double SpeedMmPerSecond => IsScout ? ScoutSpeedMmPerSecond : IsAxial ? BeamMm / RotationSeconds : gantry.Settings.Number("CT:PITCh") * BeamMm / RotationSeconds;
    private double EffectiveMAs => MA * BeamMm / SpeedMmPerSecond;
    private (double Start, double End) Range => gantry.Settings.Has("CT:RANGe") ? (gantry.Settings.Get("CT:RANGe")[0].Number, gantry.Settings.Get("CT:RANGe")[1].Number) : (0, 0);
    private double LengthMm => Math.Abs(Range.End - Range.Start);
    private bool IsAxial => gantry.Settings.Word("CT:MODE") == "AXI";
    private int SliceCount => IsScout ? 1 : Math.Max(1, (int)Math.Round(LengthMm / SliceMm));
    private long BytesExpected => IsScout ? FrameHeader.Length + (2L * CtScout.Columns * CtScout.Rows(LengthMm)) : SliceCount * (FrameHeader.Length + (2L * Matrix * Matrix));

    public void ClearConfirmation() => _confirmed = null;

    /// <summary>Estimate for the settings, rounded as it is answered: CTDIvol to 0.01 mGy, DLP to 0.1 mGy·cm.</summary>
    public (double Ctdi, double Dlp) Dose()
    {
        double mAs = IsScout ? MA * BeamMm / 2 / ScoutSpeedMmPerSecond : EffectiveMAs;
        double ctdi = MGyPerMAs * Math.Pow(Kv / 120, 2.5) * mAs;
        return (Math.Round(ctdi, 2, MidpointRounding.AwayFromZero), Math.Round(ctdi * LengthMm / 10, 1, MidpointRounding.AwayFromZero));
    }

    public void Confirm(double ctdi, double dlp)
    {
        (double c, double d) = Dose();
        if (Math.Abs(c - ctdi) > 1e-6 || Math.Abs(d - dlp) > 1e-6) throw new GciException(503, "not the estimate");
        _confirmed = (c, d);
    }

    public void WarmUp(string operation)
    {
        gantry.DemandBeam();
        gantry.Operations.Begin(operation);
        if (State == CtStates.Standby)
        {
            gantry.Operations.End(operation, "DONE", 0);
            return;
        }
        State = CtStates.Warmup;
        _endUs = gantry.Clock.NowUs + WarmupUs;
        gantry.Clock.After(WarmupUs, () =>
        {
            if (State != CtStates.Warmup) return;
            State = CtStates.Standby;
            gantry.Operations.End(operation, "DONE", 0);
        });
    }

    public void Arm()
    {
        if (State is CtStates.Off or CtStates.Warmup) throw new GciException(501);
        if (State == CtStates.Cooling) throw new GciException(502);
        gantry.DemandBeam();
        if (!gantry.Homed) throw new GciException(201);
        if (_confirmed is null || _confirmed != Dose()) throw new GciException(503);
        if (ConfiguredId is not { } id || gantry.Store.Find(id) is not null) throw new GciException(430, "CT:ID");
        Axis table = gantry.Motion[AxisName.Longitudinal];
        if (LengthMm <= 0 || Math.Min(Range.Start, Range.End) + PlaneOffsetMm < table.Min || Math.Max(Range.Start, Range.End) + PlaneOffsetMm > table.Max) throw new GciException(-222, "CT:RANG");
        if (HeatPercent + HeatOf(BeamSeconds) > 100) throw new GciException(502, "too hot for this scan");
        long bytes = BytesExpected;
        if (bytes > gantry.Store.FreeBytes || gantry.Faults.IsOn("store.full")) throw new GciException(410);
        _reserved = bytes;
        gantry.Store.ReservedBytes += bytes;
        State = CtStates.Armed;
        _endUs = gantry.Clock.NowUs + ArmedUs;
        _expiry = gantry.Clock.After(ArmedUs, () => ToStandby());
    }

    public void Expose(string operation)
    {
        if (State != CtStates.Armed) throw new GciException(505);
        gantry.DemandBeam();
        _expiry?.Cancel();
        _confirmed = null;
        gantry.Operations.Begin(operation);
        _operation = operation;
        Expected = SliceCount;
        _number = 0;
        Run = gantry.Store.Create(new RunInfo { Id = ConfiguredId!.Value, Mode = FrameMode.Ct, Heads = [0], Expected = SliceCount, BootId = gantry.BootId });
        StoredRun begun = Run;
        gantry.Pipeline.ThenOutside(begun, () => FrameStore.Save(begun));
        gantry.CurrentRun = Run;
        State = CtStates.Exposing;
        _startUs = gantry.Clock.NowUs;
        gantry.Enter(GantryStates.Program);
        Axis table = gantry.Motion[AxisName.Longitudinal];
        // The first rotation of an axial scan stands half a beam behind its start.
        double start = Range.Start + PlaneOffsetMm + (IsAxial ? Math.Sign(Range.End - Range.Start) * BeamMm / 2 : 0);
        long scan = ScanUs();
        long way = gantry.Motion.Duration([(table, start)]);
        _endUs = gantry.Clock.NowUs + way + scan;
        gantry.Motion.Move([(table, start)], Begin);
    }

    /// <summary>Ends the beam; the confirmation is gone and it must be armed anew. Harmless in any state.</summary>
    public void Stop(string reason)
    {
        _confirmed = null;
        if (State == CtStates.Armed) ToStandby();
        if (State == CtStates.Exposing) End(reason, "STOP");
    }

    /// <summary>Fault tube.hot.</summary>
    public void Overheat(bool on)
    {
        _heat = 100;
        _heatUs = gantry.Clock.NowUs;
        if (State == CtStates.Off) return;
        if (State == CtStates.Exposing) End("INT", "FAIL");
        else if (on || State == CtStates.Cooling) ToStandby();
    }

    /// <summary>Fault tube.cold.</summary>
    public void GoCold(bool on)
    {
        if (!on) return;
        if (State == CtStates.Exposing) End("INT", "FAIL");
        else if (State == CtStates.Armed) ToStandby();
        State = CtStates.Off;
    }

    /// <summary>The store could not take a slice.</summary>
    public void Fail(StoredRun run)
    {
        if (run != Run) return;
        if (State == CtStates.Exposing) End("STOR", "FAIL");
        else gantry.Pipeline.Close(run, () => Closed("STOR"), () => { });
    }

    /// <summary>Beam time of the scan that is set.</summary>
    private double BeamSeconds => IsAxial ? Rotations * RotationSeconds : (LengthMm / SpeedMmPerSecond) + (IsScout ? 0 : RotationSeconds);

    private double HeatOf(double seconds) => 100 * Kv * MA * seconds / HeatCapacityJ;

    private int Rotations => Math.Max(1, (int)Math.Ceiling((LengthMm / BeamMm) - 1e-9));

    /// <summary>Time from the first moment of beam to the end.</summary>
    private long ScanUs()
    {
        if (!IsAxial) return AcquisitionProgram.Us(BeamSeconds);
        Axis table = gantry.Motion[AxisName.Longitudinal];
        return AcquisitionProgram.Us(BeamSeconds) + ((Rotations - 1) * new Trapezoid(0, 0, BeamMm, gantry.SpeedOf(table), table.Acceleration).DurationUs);
    }

    /// <summary>The table is at the start.</summary>
    private void Begin()
    {
        if (IsAxial) Rotate(0);
        else BeamOn();
    }

    /// <summary>One rotation of an axial scan: the table stands; behind it the slices of its beam width, then the way to the next.</summary>
    private void Rotate(int number)
    {
        IsBeamOn = true;
        _beamSinceUs = gantry.Clock.NowUs;
        double direction = Math.Sign(Range.End - Range.Start), first = number * BeamMm, last = Math.Min(LengthMm, first + BeamMm);
        _slices.Add(gantry.Clock.After(AcquisitionProgram.Us(RotationSeconds), () =>
        {
            BeamOff();
            for (int i = (int)_number; i < Expected && (i + 0.5) * SliceMm <= last + 1e-9; i++) Slice(Range.Start + (direction * (i + 0.5) * SliceMm));
            if (number + 1 >= Rotations)
            {
                End("DONE", "DONE");
                return;
            }
            gantry.Motion.Move([(gantry.Motion[AxisName.Longitudinal], Range.Start + PlaneOffsetMm + (direction * (number + 1.5) * BeamMm))], () => Rotate(number + 1));
        }));
    }

    /// <summary>The beam is off; what it heated is known.</summary>
    private void BeamOff()
    {
        if (!IsBeamOn) return;
        IsBeamOn = false;
        _heat = Math.Min(100, HeatPercent + HeatOf((gantry.Clock.NowUs - _beamSinceUs) / 1e6));
        _heatUs = gantry.Clock.NowUs;
    }

    private void BeamOn()
    {
        IsBeamOn = true;
        _beamSinceUs = gantry.Clock.NowUs;
        long begin = gantry.Clock.NowUs;
        double direction = Math.Sign(Range.End - Range.Start), start = Range.Start, slice = SliceMm, speed = SpeedMmPerSecond, rotation = RotationSeconds;
        Axis table = gantry.Motion[AxisName.Longitudinal];
        table.Follow(new Uniform(begin, start + PlaneOffsetMm, Range.End + PlaneOffsetMm, AcquisitionProgram.Us(LengthMm / speed)));
        for (int i = 0; i < Expected && !IsScout; i++)
        {
            double position = start + (direction * slice * (i + 0.5));
            long done = begin + AcquisitionProgram.Us((slice * (i + 0.5) / speed) + rotation);
            _slices.Add(gantry.Clock.Schedule(done, () => Slice(position)));
        }
        long total = ScanUs();
        _endUs = begin + total;
        _slices.Add(gantry.Clock.After(total, () => End("DONE", "DONE")));
    }

    private void Slice(double positionMm)
    {
        long rotation = AcquisitionProgram.Us(RotationSeconds);
        long start = gantry.Clock.NowUs - rotation;
        var request = new CtSliceRequest(positionMm, Matrix, PixelMm, SliceMm, Kv, EffectiveMAs, TimeSpan.FromMicroseconds(start));
        int um = (int)Math.Round(positionMm * 1000);
        var header = new FrameHeader
        {
            AcquisitionId = Run!.Id, BootId = gantry.BootId, Number = ++_number, Head = 0, Window = 0, Flags = FrameFlags.Simulated, Width = Matrix, Height = Matrix, BytesPerPixel = 2,
            Mode = FrameMode.Ct, View = _number, StartTickUs = (ulong)start, ElapsedUs = (ulong)rotation, LiveUs = (ulong)rotation, Sum = 0, TableStartUm = um, TableEndUm = um,
            TableHeightUm = (int)Math.Round(gantry.Motion.Position(AxisName.Vertical) * 1000), PixelUm = (uint)Math.Round(PixelMm * 1000), PixelCrc = 0,
        };
        gantry.Pipeline.Enqueue(new FrameJob(Run, header, () => Pixels(request)));
    }

    /// <summary>The picture of a scout, as far as the table came.</summary>
    private void Scout(bool isWhole)
    {
        double direction = Math.Sign(Range.End - Range.Start), covered = isWhole ? LengthMm : Math.Min(LengthMm, ScoutSpeedMmPerSecond * (gantry.Clock.NowUs - _beamSinceUs) / 1e6);
        if (covered < CtScout.PixelMm) return;
        double angle = gantry.Settings.Number("CT:SCOut:ANGLe"), first = Math.Min(Range.Start, Range.Start + (direction * covered));
        int rows = CtScout.Rows(covered);
        var header = new FrameHeader
        {
            AcquisitionId = Run!.Id, BootId = gantry.BootId, Number = ++_number, Head = 0, Window = 0, Flags = FrameFlags.Simulated | (isWhole ? FrameFlags.None : FrameFlags.Partial), Width = CtScout.Columns, Height = (ushort)rows,
            BytesPerPixel = 2, Mode = FrameMode.CtScout, View = 1, StartTickUs = (ulong)_beamSinceUs, ElapsedUs = (ulong)(gantry.Clock.NowUs - _beamSinceUs), LiveUs = (ulong)(gantry.Clock.NowUs - _beamSinceUs), Sum = 0,
            AngleStartMdeg = (int)angle * 1000, AngleEndMdeg = (int)angle * 1000, TableStartUm = (int)Math.Round(Range.Start * 1000), TableEndUm = (int)Math.Round((Range.Start + (direction * covered)) * 1000),
            TableHeightUm = (int)Math.Round(gantry.Motion.Position(AxisName.Vertical) * 1000), PixelUm = (uint)Math.Round(CtScout.PixelMm * 1000), PixelCrc = 0,
        };
        double kv = Kv, mAs = MA * BeamMm / ScoutSpeedMmPerSecond;
        long start = _beamSinceUs;
        gantry.Pipeline.Enqueue(new FrameJob(Run, header, () => CtScout.Draw(gantry.Scene, angle, first, rows, kv, mAs, start)));
    }

    private uint[] Pixels(CtSliceRequest request)
    {
        short[] hounsfield = new short[Matrix * Matrix];
        gantry.Scene.CtSlice(request, hounsfield);
        uint[] pixels = new uint[hounsfield.Length];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (uint)Math.Clamp(hounsfield[i] + 1024, 0, ushort.MaxValue);
        return pixels;
    }

    private void End(string reason, string fate)
    {
        foreach (ScheduledEvent e in _slices) e.Cancel();
        _slices.Clear();
        if (IsScout && IsBeamOn) Scout(isWhole: reason == "DONE");
        BeamOff();
        Expected = (int)_number;
        gantry.Operations.End(_operation, fate, 0);
        long ended = gantry.Clock.NowUs;
        _endUs = ended;
        ToStandby();
        gantry.Pipeline.Close(Run!, () => Closed(reason), () => { });
        gantry.EndProgram();
    }

    private void ToStandby()
    {
        _expiry?.Cancel();
        gantry.Store.ReservedBytes -= _reserved;
        _reserved = 0;
        _confirmed = null;
        State = CtStates.Standby;
        if (_heat < 80) return;
        State = CtStates.Cooling;
        _cooled?.Cancel();
        if (gantry.Faults.IsOn("tube.hot")) return;
        _cooled = gantry.Clock.After(AcquisitionProgram.Us((_heat - 50) / CoolingPercentPerSecond), () =>
        {
            if (State == CtStates.Cooling) State = CtStates.Standby;
        });
    }

    /// <summary>How the run ended, once its last slice is stored.</summary>
    private RunInfo Closed(string reason)
    {
        StoredRun run = Run!;
        Expected = (int)run.LastComplete;
        return run.Info with { Reason = reason, Expected = Expected, ElapsedSeconds = (_endUs - _startUs) / 1e6 };
    }
}
