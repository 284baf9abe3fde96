using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>The safety chain and the conditions that hang on it (docs: control-interface 7 and 10): OK → TRIP (latched) → RESettable → INT:RESet → OK. Used under the gantry's lock.</summary>
internal sealed class InterlockSystem(SimulatedGantry gantry)
{
    private const InterlockCondition Chain = InterlockCondition.EmergencyStop | InterlockCondition.Cover | InterlockCondition.OverTravel;
    private const InterlockCondition Soft = InterlockCondition.Pad1 | InterlockCondition.Pad2 | InterlockCondition.TableLoad | InterlockCondition.ManualRelease;
    private InterlockCondition _standing;
    private InterlockCondition _latched;

    /// <summary>OK, TRIP or RES.</summary>
    public string State => _latched == 0 ? "OK" : (_latched & _standing) != 0 ? "TRIP" : "RES";

    /// <summary>All bits of QUEStionable:INTerlock: what stands and what is latched.</summary>
    public InterlockCondition Bits => _standing | _latched;

    public bool Stands(InterlockCondition cause) => (_standing & cause) != 0;

    /// <summary>A cause comes or goes.</summary>
    public void Set(InterlockCondition cause, bool on)
    {
        if (!on)
        {
            _standing &= ~cause;
            return;
        }
        _standing |= cause;
        InterlockCondition trips = cause & (Chain | Soft);
        if (trips != 0 && (_latched & trips) != trips)
        {
            _latched |= trips;
            gantry.Log.Write("interlock trip: " + WordOf(trips));
        }
        if ((cause & Chain) != 0) gantry.CutDrives();
        else if ((cause & Soft) != 0) gantry.HoldAll(CodeOf(cause));
        if ((cause & InterlockCondition.ManualRelease) != 0)
            foreach (Axis axis in gantry.Motion.Axes.Where(a => a.IsTable)) axis.IsHomed = false;
        if ((cause & InterlockCondition.LockPin) != 0) gantry.StopRotation(608);
        if ((cause & InterlockCondition.Latch) != 0) gantry.StopRotation(302);
        if ((cause & (InterlockCondition.Door | InterlockCondition.BeamKey)) != 0) gantry.Ct.Stop("INT");
        if ((cause & InterlockCondition.MotionSwitch) != 0) gantry.Jog.End(203, "switch");
    }

    /// <summary>601 to 607 while it is not OK.</summary>
    public void Demand()
    {
        if (_latched != 0) throw new GciException(CodeOf(First(_latched)), State);
    }

    /// <summary>INTerlock:RESet.</summary>
    public void Reset()
    {
        if ((_latched & _standing) is var causes and not 0) throw new GciException(-221, WordOf(First(causes)));
        if (_latched == 0) return;
        _latched = 0;
        gantry.Log.Write("interlock reset");
        gantry.AfterReset();
    }

    /// <summary>Words of INTerlock:CAUSe?; NONE when there is none.</summary>
    public string Causes => _latched == 0 ? "NONE" : string.Join(',', Singles(_latched).Select(WordOf));

    /// <summary>What of it is an alarm.</summary>
    public IEnumerable<GciError> Alarms() =>
        Singles(Bits).Where(c => CodeOf(c) != 0).Select(c => new GciError(CodeOf(c), WordOf(c)));

    private static IEnumerable<InterlockCondition> Singles(InterlockCondition set) =>
        Enum.GetValues<InterlockCondition>().Where(c => c != 0 && (set & c) != 0);

    private static InterlockCondition First(InterlockCondition set) => Singles(set).First();

    private static int CodeOf(InterlockCondition cause) => cause switch
    {
        InterlockCondition.EmergencyStop => 601, InterlockCondition.Pad1 or InterlockCondition.Pad2 => 602, InterlockCondition.Door => 603, InterlockCondition.TableLoad => 604,
        InterlockCondition.OverTravel => 605, InterlockCondition.Cover => 606, InterlockCondition.ManualRelease => 607, InterlockCondition.LockPin => 608, InterlockCondition.Latch => 302,
        InterlockCondition.Drive => 206, InterlockCondition.Watchdog => 204,
        _ => 0,
    };

    private static string WordOf(InterlockCondition cause) => cause switch
    {
        InterlockCondition.EmergencyStop => "EST", InterlockCondition.Pad1 => "COLL1", InterlockCondition.Pad2 => "COLL2", InterlockCondition.TableLoad => "LOAD", InterlockCondition.Door => "DOOR",
        InterlockCondition.Latch => "LATC", InterlockCondition.LockPin => "PIN", InterlockCondition.Cover => "COV", InterlockCondition.OverTravel => "OVER", InterlockCondition.Drive => "DRIV",
        InterlockCondition.Watchdog => "WATC", InterlockCondition.LeaseLost => "LEAS", InterlockCondition.MotionSwitch => "SWIT", InterlockCondition.BeamKey => "KEY", InterlockCondition.ManualRelease => "MREL",
        _ => "NONE",
    };
}
