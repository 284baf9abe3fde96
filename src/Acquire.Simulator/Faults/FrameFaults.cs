namespace Acquire.Simulator.Faults;

/// <summary>Faults of frames and of the store they lie in.</summary>
internal static class FrameFaults
{
    public static IEnumerable<Fault> All =>
    [
        new("frame.damaged", "one bit of one pixel byte is flipped in a `FRAM:DATA?` reply; the stored frame is sound", "a frame whose CRC does not fit; read it again"),
        new("store.full", "the store holds nothing more", "arming refused with 410; what was armed before has its room reserved and goes on, list mode drops packets and says so") { Stands = true },
        new("store.slow", "every frame takes 2 s more to reach the disk", "frames are announced late; none is lost, a stop is not delayed") { Stands = true },
    ];
}
