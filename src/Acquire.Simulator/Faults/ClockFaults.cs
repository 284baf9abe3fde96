namespace Acquire.Simulator.Faults;

/// <summary>Faults of the gantry's clock.</summary>
internal static class ClockFaults
{
    /// <summary>How far it jumps.</summary>
    public static readonly TimeSpan Jump = TimeSpan.FromSeconds(90);

    public static IEnumerable<Fault> All =>
    [
        new("clock.jump", "the gantry's UTC jumps 90 s ahead and stays there until `SYST:TIME`; ticks go on evenly", "`SYST:TICK?` says 90 s more and an uncertainty of 90 s; QUEStionable bit 2 and frame flag 5 until it is off")
        {
            Stands = true,
            Apply = (g, on) =>
            {
                if (on) g.Clock.ShownOffset += Jump;
            },
        },
    ];
}
