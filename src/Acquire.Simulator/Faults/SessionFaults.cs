namespace Acquire.Simulator.Faults;

/// <summary>Faults of sessions, lease and the event port.</summary>
internal static class SessionFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("lease.thief", "a session \"thief\" takes the control lease from its holder and keeps it", "set commands are refused with -203, `SYST:CONT:REQ` with 102; what moved does what a lost lease does")
        {
            Stands = true,
            Apply = (g, on) =>
            {
                if (on) g.StealLease();
                else g.Sessions.EndThief();
            },
        },
        new("event.gap", "a numbered event is given a number and then lost", "a number missing on the event port; truth is in the queries"),
        new("watchdog.dead", "no ticks are sent for hold-to-run", "hold-to-run ends after 300 ms: 203 before it moved, 204 after") { Stands = true },
    ];
}
