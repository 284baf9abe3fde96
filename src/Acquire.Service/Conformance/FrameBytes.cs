using System.Buffers.Binary;
using System.Globalization;

namespace Acquire.Service.Conformance;

/// <summary>A frame as fetched, read by the layout of reference section 11 and by nothing else of ours.</summary>
internal sealed class FrameBytes(byte[] bytes)
{
    /// <summary>All of it: header and pixels.</summary>
    public byte[] Bytes { get; } = bytes;
    /// <summary>Magic, "GFR1".</summary>
    public string Magic => System.Text.Encoding.Latin1.GetString(Bytes, 0, 4);
    public int HeaderLength => U16(4);
    public int Version => U16(6);
    /// <summary>Acquisition, in the order of the text form.</summary>
    public string Uuid => new Guid(Bytes.AsSpan(8, 16), bigEndian: true).ToString("D");
    public ulong Boot => U64(24);
    public uint Number => U32(32);
    public int Head => Bytes[36];
    public int Window => Bytes[37];
    public int Flags => U16(38);
    public int Width => U16(40);
    public int Height => U16(42);
    public int BytesPerPixel => Bytes[44];
    public int Mode => Bytes[45];
    public int Phase => U16(46);
    public uint View => U32(48);
    public uint GateBin => U32(52);
    public ulong StartTickUs => U64(56);
    public ulong ElapsedUs => U64(64);
    public ulong LiveUs => U64(72);
    public ulong Sum => U64(80);
    public uint Lost => U32(88);
    public int AngleStartMdeg => I32(92);
    public int AngleEndMdeg => I32(96);
    public int RadiusUm => I32(100);
    public int TableStartUm => I32(104);
    public int TableEndUm => I32(108);
    public int HeightUm => I32(112);
    public uint PixelUm => U32(116);
    public uint PixelCrc => U32(120);
    public uint HeaderCrc => U32(124);
    /// <summary>The pixels.</summary>
    public ReadOnlySpan<byte> Pixels => Bytes.AsSpan(128);
    /// <summary>CRC-32 of everything, as FRAMe:NEXT? tells it.</summary>
    public uint Crc => Crc32Of(Bytes);

    /// <summary>Sum of the pixels.</summary>
    public ulong PixelSum()
    {
        ulong sum = 0;
        ReadOnlySpan<byte> p = Pixels;
        for (int i = 0; i + BytesPerPixel <= p.Length; i += BytesPerPixel)
            sum += BytesPerPixel == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(p[i..]) : BinaryPrimitives.ReadUInt16LittleEndian(p[i..]);
        return sum;
    }

    /// <summary>CRC-32 of IEEE 802.3, as in zip: reflected 0xEDB88320, begun and ended with all ones.</summary>
    public static uint Crc32Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        uint crc = ~before;
        foreach (byte b in bytes) crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(n =>
    {
        uint c = (uint)n;
        for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        return c;
    })];

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"frame {Number}: head {Head}, window {Window}, view {View}, {Width}x{Height}x{BytesPerPixel}, sum {Sum}, flags {Flags:x}");

    private ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(at));
    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(at));
    private int I32(int at) => BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan(at));
    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(at));
}
