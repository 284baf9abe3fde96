using System.Buffers;

namespace Acquire.Simulator.Gantry;

/// <summary>Events of a slice in order of time, each packed in 64 bits: 63–44 µs into the slice, 43 head 2, 42–28 energy in 1/32 keV, 27–14 x, 13–0 y.</summary>
/// <remarks>The array is rented: whoever has taken the events gives it back with <see cref="Return"/>.</remarks>
internal sealed class EventBatch(ulong[] events, int count, CountSlice slice)
{
    /// <summary>Longest slice that can be packed.</summary>
    public const long LongestUs = 1_000_000;

    public CountSlice Slice { get; } = slice;
    public ReadOnlySpan<ulong> Events => events.AsSpan(0, count);

    public static ulong Pack(long us, int head, int energy, int x, int y) => ((ulong)us << 44) | ((ulong)(head - 1) << 43) | ((ulong)energy << 28) | ((ulong)x << 14) | (uint)y;
    public static long TimeUs(ulong e) => (long)(e >> 44);
    public static int Head(ulong e) => 1 + ((int)(e >> 43) & 1);
    public static int Energy(ulong e) => (int)(e >> 28) & 0x7FFF;
    public static int X(ulong e) => (int)(e >> 14) & 0x3FFF;
    public static int Y(ulong e) => (int)e & 0x3FFF;

    public void Return() => ArrayPool<ulong>.Shared.Return(events);
}
