namespace Acquire.Simulator.Faults;

/// <summary>Faults of the control connection: each opportunity is one reply.</summary>
internal static class WireFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("reply.lost", "a reply is not sent", "a time-out; the next reply belongs to the next question"),
        new("reply.late", "a reply is sent 3 s late", "after a time-out of less, the late reply stands where the next one is expected: `SYST:SYNC?` sorts it out"),
        new("reply.garbled", "one bit of the byte in the middle of a reply is wrong", "a reply that is no GCI, a wrong value, or a frame whose CRC does not fit"),
        new("link.drop", "the connection is cut instead of a reply", "end of stream; the session and its lease go on for whoever resumes it"),
    ];
}
