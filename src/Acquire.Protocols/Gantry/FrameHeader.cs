using System.Buffers.Binary;

namespace Acquire.Protocols.Gantry;

/// <summary>Mode byte of a frame header (GCI 1.0 section 11, offset 45).</summary>
public enum FrameMode : byte
{
    /// <summary>Static view.</summary>
    Static = 1,
    /// <summary>Dynamic.</summary>
    Dynamic = 2,
    /// <summary>Gated.</summary>
    Gated = 3,
    /// <summary>Whole body.</summary>
    WholeBody = 4,
    /// <summary>Tomographic.</summary>
    Tomo = 5,
    /// <summary>Gated tomographic.</summary>
    GatedTomo = 6,
    /// <summary>CT slice, pixel = HU + 1024, head 0, view = slice from 1 (our addition, docs/decisions/0004).</summary>
    Ct = 7,
    /// <summary>CT scout: a picture, row = table position, pixel = tenths of a millimetre of water along the ray (our addition, docs/decisions/0016).</summary>
    CtScout = 8,
}

/// <summary>Flag bits of a frame header (GCI 1.0 section 11, offset 38).</summary>
[Flags]
public enum FrameFlags : ushort
{
    /// <summary>Nothing to report.</summary>
    None = 0,
    /// <summary>Cut short.</summary>
    Partial = 1,
    /// <summary>The gantry was on hold within the frame.</summary>
    HeldInside = 2,
    /// <summary>Something moved that should not have.</summary>
    Moved = 4,
    /// <summary>Events were lost; see the lost count.</summary>
    EventsLost = 8,
    /// <summary>The detector was saturated.</summary>
    Saturated = 16,
    /// <summary>The clock is uncertain.</summary>
    ClockUncertain = 32,
    /// <summary>Continued after a power cut.</summary>
    Resumed = 64,
    /// <summary>Position doubtful.</summary>
    PositionDoubtful = 128,
    /// <summary>Made by a simulator.</summary>
    Simulated = 256,
}

/// <summary>The 128-byte header in front of the pixels of every frame, little-endian (GCI 1.0 section 11).</summary>
/// <remarks>Angles are machine angles of this head: 0 above the table, clockwise seen from the foot end. For a patient head first
/// supine the DICOM angle is 180 - machine angle.</remarks>
public sealed record FrameHeader
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 128;
    private const uint Magic = 0x31524647; // "GFR1"

    /// <summary>Acquisition.</summary>
    public required Guid AcquisitionId { get; init; }
    /// <summary>Boot id of the gantry.</summary>
    public ulong BootId { get; init; }
    /// <summary>Frame number from 1.</summary>
    public required uint Number { get; init; }
    /// <summary>Head from 1; 0 for CT.</summary>
    public required byte Head { get; init; }
    /// <summary>Energy window from 1; 0 for CT.</summary>
    public required byte Window { get; init; }
    /// <summary>Flags.</summary>
    public FrameFlags Flags { get; init; }
    /// <summary>Columns.</summary>
    public required ushort Width { get; init; }
    /// <summary>Rows.</summary>
    public required ushort Height { get; init; }
    /// <summary>2 or 4.</summary>
    public required byte BytesPerPixel { get; init; }
    /// <summary>Mode.</summary>
    public required FrameMode Mode { get; init; }
    /// <summary>Dynamic phase from 1, else 0.</summary>
    public ushort Phase { get; init; }
    /// <summary>View (tomo), time slice (dynamic) or slice (CT), from 1.</summary>
    public uint View { get; init; }
    /// <summary>Gate bin.</summary>
    public uint GateBin { get; init; }
    /// <summary>Gantry tick at the start of counting, microseconds.</summary>
    public required ulong StartTickUs { get; init; }
    /// <summary>Elapsed, microseconds.</summary>
    public required ulong ElapsedUs { get; init; }
    /// <summary>Live, microseconds.</summary>
    public required ulong LiveUs { get; init; }
    /// <summary>Sum of all pixels.</summary>
    public required ulong Sum { get; init; }
    /// <summary>Lost events.</summary>
    public uint Lost { get; init; }
    /// <summary>Machine angle of this head at start, millidegrees.</summary>
    public int AngleStartMdeg { get; init; }
    /// <summary>At end.</summary>
    public int AngleEndMdeg { get; init; }
    /// <summary>Axis to collimator face, micrometres.</summary>
    public int RadiusUm { get; init; }
    /// <summary>Table longitudinal at start, micrometres.</summary>
    public int TableStartUm { get; init; }
    /// <summary>At end.</summary>
    public int TableEndUm { get; init; }
    /// <summary>Table height, micrometres.</summary>
    public int TableHeightUm { get; init; }
    /// <summary>Pixel size, micrometres.</summary>
    public required uint PixelUm { get; init; }
    /// <summary>CRC-32 (IEEE) of the pixels.</summary>
    public required uint PixelCrc { get; init; }

    /// <summary>Bytes of pixels that follow the header.</summary>
    public int PixelBytes => Width * Height * BytesPerPixel;

    /// <summary>Writes the header, with its own CRC, into the first 128 bytes of <paramref name="target"/>.</summary>
    public void Write(Span<byte> target)
    {
        target = target[..Length];
        target.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], 1);
        AcquisitionId.TryWriteBytes(target[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], BootId);
        BinaryPrimitives.WriteUInt32LittleEndian(target[32..], Number);
        target[36] = Head;
        target[37] = Window;
        BinaryPrimitives.WriteUInt16LittleEndian(target[38..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(target[40..], Width);
        BinaryPrimitives.WriteUInt16LittleEndian(target[42..], Height);
        target[44] = BytesPerPixel;
        target[45] = (byte)Mode;
        BinaryPrimitives.WriteUInt16LittleEndian(target[46..], Phase);
        BinaryPrimitives.WriteUInt32LittleEndian(target[48..], View);
        BinaryPrimitives.WriteUInt32LittleEndian(target[52..], GateBin);
        BinaryPrimitives.WriteUInt64LittleEndian(target[56..], StartTickUs);
        BinaryPrimitives.WriteUInt64LittleEndian(target[64..], ElapsedUs);
        BinaryPrimitives.WriteUInt64LittleEndian(target[72..], LiveUs);
        BinaryPrimitives.WriteUInt64LittleEndian(target[80..], Sum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[88..], Lost);
        BinaryPrimitives.WriteInt32LittleEndian(target[92..], AngleStartMdeg);
        BinaryPrimitives.WriteInt32LittleEndian(target[96..], AngleEndMdeg);
        BinaryPrimitives.WriteInt32LittleEndian(target[100..], RadiusUm);
        BinaryPrimitives.WriteInt32LittleEndian(target[104..], TableStartUm);
        BinaryPrimitives.WriteInt32LittleEndian(target[108..], TableEndUm);
        BinaryPrimitives.WriteInt32LittleEndian(target[112..], TableHeightUm);
        BinaryPrimitives.WriteUInt32LittleEndian(target[116..], PixelUm);
        BinaryPrimitives.WriteUInt32LittleEndian(target[120..], PixelCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[124..], Crc32.Of(target[..124]));
    }

    /// <summary>Reads a header.</summary>
    /// <param name="source">At least 128 bytes.</param>
    /// <param name="header">The header when the answer is null.</param>
    /// <returns>Null when the header is sound; else what is wrong with it, in words.</returns>
    public static string? TryRead(ReadOnlySpan<byte> source, out FrameHeader? header)
    {
        header = null;
        if (source.Length < Length) return $"a frame header has {Length} bytes, here are {source.Length}";
        source = source[..Length];
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic) return "the frame does not start with GFR1";
        ushort length = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (length != Length) return $"the header says it has {length} bytes, this version reads {Length}";
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(source[124..]);
        uint actual = Crc32.Of(source[..124]);
        if (crc != actual) return $"header CRC-32 is {actual:x8}, the header says {crc:x8}";
        header = new FrameHeader
        {
            AcquisitionId = new Guid(source.Slice(8, 16), bigEndian: true),
            BootId = BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            Number = BinaryPrimitives.ReadUInt32LittleEndian(source[32..]),
            Head = source[36],
            Window = source[37],
            Flags = (FrameFlags)BinaryPrimitives.ReadUInt16LittleEndian(source[38..]),
            Width = BinaryPrimitives.ReadUInt16LittleEndian(source[40..]),
            Height = BinaryPrimitives.ReadUInt16LittleEndian(source[42..]),
            BytesPerPixel = source[44],
            Mode = (FrameMode)source[45],
            Phase = BinaryPrimitives.ReadUInt16LittleEndian(source[46..]),
            View = BinaryPrimitives.ReadUInt32LittleEndian(source[48..]),
            GateBin = BinaryPrimitives.ReadUInt32LittleEndian(source[52..]),
            StartTickUs = BinaryPrimitives.ReadUInt64LittleEndian(source[56..]),
            ElapsedUs = BinaryPrimitives.ReadUInt64LittleEndian(source[64..]),
            LiveUs = BinaryPrimitives.ReadUInt64LittleEndian(source[72..]),
            Sum = BinaryPrimitives.ReadUInt64LittleEndian(source[80..]),
            Lost = BinaryPrimitives.ReadUInt32LittleEndian(source[88..]),
            AngleStartMdeg = BinaryPrimitives.ReadInt32LittleEndian(source[92..]),
            AngleEndMdeg = BinaryPrimitives.ReadInt32LittleEndian(source[96..]),
            RadiusUm = BinaryPrimitives.ReadInt32LittleEndian(source[100..]),
            TableStartUm = BinaryPrimitives.ReadInt32LittleEndian(source[104..]),
            TableEndUm = BinaryPrimitives.ReadInt32LittleEndian(source[108..]),
            TableHeightUm = BinaryPrimitives.ReadInt32LittleEndian(source[112..]),
            PixelUm = BinaryPrimitives.ReadUInt32LittleEndian(source[116..]),
            PixelCrc = BinaryPrimitives.ReadUInt32LittleEndian(source[120..]),
        };
        return null;
    }

    /// <summary>Checks a whole frame (header and pixels): length, CRC of the pixels, and that the pixels add up to <see cref="Sum"/>.</summary>
    /// <returns>Null when all is well; else what is wrong, in words.</returns>
    public static string? Check(ReadOnlySpan<byte> frame, out FrameHeader? header)
    {
        string? wrong = TryRead(frame, out header);
        if (wrong is not null) return wrong;
        FrameHeader h = header!;
        if (h.BytesPerPixel is not (2 or 4)) return $"{h.BytesPerPixel} bytes per pixel; 2 or 4 are known";
        if (frame.Length != Length + h.PixelBytes) return $"the frame should have {Length + h.PixelBytes} bytes, it has {frame.Length}";
        uint crc = Crc32.Of(frame[Length..]);
        if (crc != h.PixelCrc) return $"pixel CRC-32 is {crc:x8}, the header says {h.PixelCrc:x8}";
        ulong sum = SumPixels(frame[Length..], h.BytesPerPixel);
        return sum == h.Sum ? null : $"the pixels add up to {sum}, the header says {h.Sum}";
    }

    /// <summary>The pixels of a frame as counts, row-major.</summary>
    public static uint[] Pixels(ReadOnlySpan<byte> frame, FrameHeader header)
    {
        ReadOnlySpan<byte> raw = frame.Slice(Length, header.PixelBytes);
        uint[] pixels = new uint[header.Width * header.Height];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = header.BytesPerPixel == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(raw[(2 * i)..]) : BinaryPrimitives.ReadUInt32LittleEndian(raw[(4 * i)..]);
        return pixels;
    }

    private static ulong SumPixels(ReadOnlySpan<byte> raw, int bytesPerPixel)
    {
        ulong sum = 0;
        for (int i = 0; i + bytesPerPixel <= raw.Length; i += bytesPerPixel)
            sum += bytesPerPixel == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(raw[i..]) : BinaryPrimitives.ReadUInt32LittleEndian(raw[i..]);
        return sum;
    }
}
