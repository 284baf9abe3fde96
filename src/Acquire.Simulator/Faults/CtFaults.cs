namespace Acquire.Simulator.Faults;

/// <summary>Faults of the CT.</summary>
internal static class CtFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("tube.hot", "the tube is at its heat limit and stays there", "CT COOLing, `CT:STAT?` 100 %; arming refused with 502; a scan ends") { Stands = true, Apply = (g, on) => g.Ct.Overheat(on) },
        new("tube.cold", "the tube has gone cold", "CT OFF; arming refused with 501 until `CT:WARM`; a scan ends") { Stands = true, Apply = (g, on) => g.Ct.GoCold(on) },
    ];
}
