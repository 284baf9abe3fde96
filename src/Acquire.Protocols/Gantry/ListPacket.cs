using System.Buffers.Binary;

namespace Acquire.Protocols.Gantry;

/// <summary>What a client says first on the stream port: 32 bytes (GCI 1.0 section 14).</summary>
/// <param name="AcquisitionId">Run whose packets are wanted.</param>
/// <param name="FirstPacket">Number of the first packet wanted; 0 or 1 for all that are kept.</param>
public readonly record struct ListHello(Guid AcquisitionId, ulong FirstPacket)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 32;
    private const uint Magic = 0x314D4C47; // "GLM1"

    /// <summary>Writes it into the first 32 bytes.</summary>
    public void Write(Span<byte> target)
    {
        target = target[..Length];
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], 0);
        AcquisitionId.TryWriteBytes(target[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], FirstPacket);
    }

    /// <summary>Reads it.</summary>
    /// <returns>Null when it is sound; else what is wrong, in words.</returns>
    public static string? TryRead(ReadOnlySpan<byte> source, out ListHello hello)
    {
        hello = default;
        if (source.Length < Length) return $"a list-mode hello has {Length} bytes, here are {source.Length}";
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic) return "the hello does not start with GLM1";
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) != 0) return "bytes 4 to 7 of the hello are not 0";
        hello = new ListHello(new Guid(source.Slice(8, 16), bigEndian: true), BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));
        return null;
    }
}

/// <summary>Header of a packet of list-mode words: 32 bytes, little-endian (GCI 1.0 section 14).</summary>
/// <param name="Words">Words that follow, at most <see cref="MaxWords"/>.</param>
/// <param name="Number">Packet number from 1, without gaps within a run, except where packets were lost.</param>
/// <param name="FirstTickUs">Gantry tick of the first word, microseconds.</param>
/// <param name="WordsCrc">CRC-32 of the words.</param>
public readonly record struct ListPacket(int Words, ulong Number, ulong FirstTickUs, uint WordsCrc)
{
    /// <summary>Length of the header in bytes.</summary>
    public const int HeaderLength = 32;
    /// <summary>Most words in a packet.</summary>
    public const int MaxWords = 4096;
    /// <summary>Longest packet in bytes, header and words.</summary>
    public const int MaxLength = HeaderLength + (8 * MaxWords);
    private const uint Magic = 0x31504C47; // "GLP1"

    /// <summary>Bytes of header and words.</summary>
    public int TotalLength => HeaderLength + (8 * Words);

    /// <summary>Writes the header in front of words that already stand behind it.</summary>
    /// <param name="packet">Header's place and words; its length tells how many.</param>
    /// <param name="number">Packet number.</param>
    /// <param name="firstTickUs">Gantry tick of the first word.</param>
    /// <exception cref="ArgumentException">There is no place for a header, or not whole words, or more than 4096.</exception>
    public static void Seal(Span<byte> packet, ulong number, ulong firstTickUs)
    {
        if (packet.Length < HeaderLength || packet.Length > MaxLength || packet.Length % 8 != 0) throw new ArgumentException($"A packet has {HeaderLength} bytes and up to {MaxWords} words, not {packet.Length} bytes.", nameof(packet));
        BinaryPrimitives.WriteUInt32LittleEndian(packet, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(packet[4..], (uint)((packet.Length - HeaderLength) / 8));
        BinaryPrimitives.WriteUInt64LittleEndian(packet[8..], number);
        BinaryPrimitives.WriteUInt64LittleEndian(packet[16..], firstTickUs);
        BinaryPrimitives.WriteUInt32LittleEndian(packet[24..], Crc32.Of(packet[HeaderLength..]));
        BinaryPrimitives.WriteUInt32LittleEndian(packet[28..], Crc32.Of(packet[..28]));
    }

    /// <summary>Reads a header; its own CRC is checked, that of the words is not.</summary>
    /// <param name="source">At least 32 bytes.</param>
    /// <param name="packet">The header when the answer is null.</param>
    /// <returns>Null when the header is sound; else what is wrong, in words.</returns>
    public static string? TryReadHeader(ReadOnlySpan<byte> source, out ListPacket packet)
    {
        packet = default;
        if (source.Length < HeaderLength) return $"a packet header has {HeaderLength} bytes, here are {source.Length}";
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic) return "the packet does not start with GLP1";
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(source[28..]);
        uint actual = Crc32.Of(source[..28]);
        if (crc != actual) return $"packet header CRC-32 is {actual:x8}, the header says {crc:x8}";
        uint words = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        if (words > MaxWords) return $"a packet has at most {MaxWords} words, this one says {words}";
        packet = new ListPacket((int)words, BinaryPrimitives.ReadUInt64LittleEndian(source[8..]), BinaryPrimitives.ReadUInt64LittleEndian(source[16..]), BinaryPrimitives.ReadUInt32LittleEndian(source[24..]));
        return null;
    }

    /// <summary>Checks a whole packet at the start of <paramref name="source"/>: both CRCs and its length.</summary>
    /// <returns>Null when all is well; else what is wrong, in words.</returns>
    public static string? TryRead(ReadOnlySpan<byte> source, out ListPacket packet)
    {
        if (TryReadHeader(source, out packet) is { } wrong) return wrong;
        if (source.Length < packet.TotalLength) return $"the packet has {packet.TotalLength} bytes, here are {source.Length}";
        uint actual = Crc32.Of(source.Slice(HeaderLength, 8 * packet.Words));
        return actual == packet.WordsCrc ? null : $"CRC-32 of the words is {actual:x8}, the header says {packet.WordsCrc:x8}";
    }

    /// <summary>The words of a whole packet, as <see cref="ListWordReader"/> takes them.</summary>
    public ReadOnlySpan<byte> WordsOf(ReadOnlySpan<byte> source) => source.Slice(HeaderLength, 8 * Words);
}
