using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Faults;

/// <summary>Faults of the safety chain and what hangs on it. Chain: drives off at once, ESTop. Soft: controlled stop, HOLD. Both latch until INT:RESet.</summary>
internal static class InterlockFaults
{
    public static IEnumerable<Fault> All =>
    [
        Of("estop", InterlockCondition.EmergencyStop, "the emergency stop is pressed; off releases it locally", "gantry ESTop, interlock TRIP, 601; a run is held, the beam ends"),
        Of("cover", InterlockCondition.Cover, "a cover is opened", "gantry ESTop, interlock TRIP, 606"),
        Of("overtravel", InterlockCondition.OverTravel, "an over-travel switch is hit", "gantry ESTop, interlock TRIP, 605"),
        Of("pad.1", InterlockCondition.Pad1, "the collision pad of head 1 is pressed", "controlled stop, gantry HOLD, interlock TRIP, 602; a tomo closes its view as partial"),
        Of("pad.2", InterlockCondition.Pad2, "the collision pad of head 2 is pressed", "as pad.1"),
        Of("table.overload", InterlockCondition.TableLoad, "the table's load cell says more than its limit", "controlled stop, gantry HOLD, interlock TRIP, 604"),
        Of("table.release", InterlockCondition.ManualRelease, "the table's manual release is pulled", "gantry HOLD, interlock TRIP, 607; table axes OFF and to be homed"),
        Of("lock.pin", InterlockCondition.LockPin, "the rotation lock pin is in", "rotation is refused and stopped with 608; other axes move"),
        Of("door", InterlockCondition.Door, "the door of the room is opened", "the beam ends; exposure is refused with 504, alarm 603; the gantry may move"),
        Of("beam.key", InterlockCondition.BeamKey, "the beam key is off", "exposure is refused with 504"),
        Of("motion.switch", InterlockCondition.MotionSwitch, "the hold-to-run enabling switch is off", "hold-to-run is refused with 203 and stopped"),
    ];

    private static Fault Of(string name, InterlockCondition cause, string does, string shows) =>
        new(name, does, shows) { Stands = true, Apply = (g, on) => g.Chain.Set(cause, on) };
}
