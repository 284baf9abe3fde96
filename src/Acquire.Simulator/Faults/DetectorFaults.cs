namespace Acquire.Simulator.Faults;

/// <summary>Faults of the heads. Head 1 has them.</summary>
internal static class DetectorFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("hv.trip", "the high voltage of head 1 trips; it can be switched on again once the fault is off", "`HEAD1:HV?` OFF, alarm 301, QUEStionable bit 0, arming refused with 301; a run is held")
            { Stands = true, Apply = (g, on) => g.HighVoltageTrip(on) },
        new("pmt.dead", "a photomultiplier of head 1 is dead", "a cold spot in frames and spectrum of head 1") { Stands = true },
        new("temperature", "head 1 is 15 °C too warm", "`HEAD1:TEMP?` above 40, alarm 303, QUEStionable bit 4, arming refused with 303") { Stands = true },
        new("collimator", "the collimator of head 1 is not latched", "`HEAD1:COLL?` OPEN; rotation and arming refused with 302") { Stands = true, Apply = (g, on) => g.Chain.Set(Protocols.Gantry.InterlockCondition.Latch, on) },
        new("collimator.wrong", "head 1 carries a medium-energy collimator", "`HEAD1:COLL?` \"MEGP\", QUEStionable bit 12") { Stands = true },
    ];
}
