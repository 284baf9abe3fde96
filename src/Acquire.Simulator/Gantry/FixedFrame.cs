using System.Buffers.Binary;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>The fixed frame of DIAGnostic:FRAMe?: 128 × 128 pixels of 2 bytes, pixel i = i, so that every byte value, line feeds among them, passes the line.</summary>
internal static class FixedFrame
{
    /// <summary>32 896 bytes, the same in every gantry.</summary>
    public static ReadOnlySpan<byte> Bytes => Whole;

    private static readonly byte[] Whole = Make();

    private static byte[] Make()
    {
        byte[] frame = new byte[FrameHeader.Length + (128 * 128 * 2)];
        Span<byte> pixels = frame.AsSpan(FrameHeader.Length);
        ulong sum = 0;
        for (int i = 0; i < 128 * 128; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(pixels[(2 * i)..], (ushort)i);
            sum += (ulong)i;
        }
        new FrameHeader
        {
            AcquisitionId = new Guid("00000000-0000-4000-8000-000000000001"), BootId = 0, Number = 1, Head = 1, Window = 1, Flags = FrameFlags.Simulated, Width = 128, Height = 128, BytesPerPixel = 2,
            Mode = FrameMode.Static, StartTickUs = 0, ElapsedUs = 1_000_000, LiveUs = 1_000_000, Sum = sum, PixelUm = 4800, PixelCrc = Crc32.Of(pixels),
        }.Write(frame);
        return frame;
    }
}
