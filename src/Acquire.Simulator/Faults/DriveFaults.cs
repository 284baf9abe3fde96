using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Faults;

/// <summary>Faults of drives and encoders. Whichever axis moves when they stand is hit; when none moves, the next that does.</summary>
internal static class DriveFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("axis.stall", "an axis that moves stands still at once while its drive is on", "gantry FAULt, alarm 206 with the axis, operation FAIL,206; a run is held. Off, then `SYST:FAUL:RES` leads to UNHomed")
            { Stands = true, Apply = (g, on) => g.DriveFault("axis.stall", on) },
        new("encoder.jump", "the encoder of an axis that moves (rotation when none does) jumps by 5 mm or degrees", "gantry FAULt, alarm 206, QUEStionable bit 10 and frame flag 7 until homed; the axis must be homed")
            { Stands = true, Apply = (g, on) => g.DriveFault("encoder.jump", on) },
    ];
}
