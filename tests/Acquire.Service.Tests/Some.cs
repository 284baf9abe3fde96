using Acquire.Protocols.Gantry;

namespace Acquire.Service.Tests;

/// <summary>Values whose content does not matter.</summary>
internal static class Some
{
    /// <summary>An 8 x 8 frame whose pixels are its number plus their index, with a sound header.</summary>
    public static (FrameHeader Header, byte[] Bytes) Frame(Guid run, uint number, byte head = 1, byte window = 1, uint view = 1, FrameFlags flags = FrameFlags.Simulated, double seconds = 10, FrameMode mode = FrameMode.Tomo)
    {
        byte[] bytes = new byte[FrameHeader.Length + 128];
        ulong sum = 0;
        for (int i = 0; i < 64; i++)
        {
            ushort value = (ushort)(number + i);
            sum += value;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(FrameHeader.Length + (2 * i)), value);
        }
        var header = new FrameHeader
        {
            AcquisitionId = run, BootId = 7, Number = number, Head = head, Window = window, Flags = flags, Width = 8, Height = 8, BytesPerPixel = 2, Mode = mode, View = view,
            StartTickUs = number * 1_000_000UL, ElapsedUs = (ulong)(seconds * 1e6), LiveUs = (ulong)(seconds * 1e6), Sum = sum, AngleStartMdeg = 90_000, AngleEndMdeg = 90_000,
            RadiusUm = 200_000, TableStartUm = 1_000_000, TableEndUm = 1_000_000, PixelUm = 4_800, PixelCrc = Crc32.Of(bytes.AsSpan(FrameHeader.Length)),
        };
        header.Write(bytes);
        return (header, bytes);
    }
}
