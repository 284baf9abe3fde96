using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Faults;

/// <summary>A fault that can be switched on by name.</summary>
/// <param name="Name">Name on the fault port and in DIAG:SIM:FAULt.</param>
/// <param name="Does">What happens in the gantry.</param>
/// <param name="Shows">What a client then sees.</param>
internal sealed record Fault(string Name, string Does, string Shows)
{
    /// <summary>True: it stands while it is on. False: it happens at moments (a reply, a frame) and the modes count those.</summary>
    public bool Stands { get; init; }
    /// <summary>Called under the gantry's lock when a standing fault comes and goes.</summary>
    public Action<SimulatedGantry, bool>? Apply { get; init; }
    /// <summary>Family: the file it is defined in.</summary>
    public string Family { get; init; } = "";
}

/// <summary>Every fault there is; docs/simulator-faults.md is written from it.</summary>
internal static class FaultCatalogue
{
    /// <summary>By family, in document order.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. Of("Wire", WireFaults.All), .. Of("Events and sessions", SessionFaults.All), .. Of("Clock", ClockFaults.All), .. Of("Drives", DriveFaults.All),
        .. Of("Interlock", InterlockFaults.All), .. Of("Detectors", DetectorFaults.All), .. Of("Frames and store", FrameFaults.All), .. Of("CT", CtFaults.All),
    ];

    private static IEnumerable<Fault> Of(string family, IEnumerable<Fault> faults) => faults.Select(f => f with { Family = family });
}
