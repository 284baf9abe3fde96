using System.Buffers.Binary;

namespace Acquire.Protocols.Gantry.Serial;

/// <summary>Kinds of frames on the serial link (GCI 1.0 section 13).</summary>
public enum LinkFrameType
{
    /// <summary>Begins a link; payload: <see cref="LinkHello"/>.</summary>
    Syn = 1,
    /// <summary>Answers a SYN; payload: <see cref="LinkHello"/>.</summary>
    SynAck = 2,
    /// <summary>Bytes of a channel.</summary>
    Data = 3,
    /// <summary>All before sequence number <see cref="LinkFrame.Acknowledged"/> has arrived.</summary>
    Ack = 4,
    /// <summary>The same, and that one is missing.</summary>
    Nak = 5,
    /// <summary>Ends the link.</summary>
    Rst = 6,
    /// <summary>Still here.</summary>
    Beat = 7,
}

/// <summary>One frame: type, channel, sequence number, acknowledged number, payload; on the wire with an inverted CRC-16, COBS-coded, a zero before and after.</summary>
/// <param name="Type">Kind.</param>
/// <param name="Channel">0 SCPI, 1 events, 2 bulk, 3 watchdog.</param>
/// <param name="Sequence">Number of this frame in its channel, mod 256.</param>
/// <param name="Acknowledged">Number expected next from the other side in this channel.</param>
/// <param name="Payload">0 to 512 bytes.</param>
public readonly record struct LinkFrame(LinkFrameType Type, int Channel, byte Sequence, byte Acknowledged, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Channels.</summary>
    public const int Channels = 4;
    /// <summary>Longest payload, bytes.</summary>
    public const int MaxPayload = 512;
    /// <summary>Longest frame on the wire with both delimiters, bytes.</summary>
    public const int MaxWire = 523;

    private const int Header = 4;
    private const int Check = 2;

    /// <summary>Puts the frame on the wire.</summary>
    /// <param name="wire">At least <see cref="MaxWire"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> wire)
    {
        Span<byte> plain = stackalloc byte[Header + MaxPayload + Check];
        plain = plain[..(Header + Payload.Length + Check)];
        plain[0] = (byte)Type;
        plain[1] = (byte)Channel;
        plain[2] = Sequence;
        plain[3] = Acknowledged;
        Payload.Span.CopyTo(plain[Header..]);
        BinaryPrimitives.WriteUInt16BigEndian(plain[^Check..], Crc16.Inverted(plain[..^Check]));
        wire[0] = 0;
        int length = Cobs.Encode(plain, wire[1..]);
        wire[length + 1] = 0;
        return length + 2;
    }

    /// <summary>Reads what stood between two delimiters.</summary>
    /// <param name="encoded">Bytes without the delimiters.</param>
    /// <param name="frame">The frame; where false is returned, what its header would say (may be nonsense).</param>
    /// <returns>False: it is no frame, or damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out LinkFrame frame)
    {
        frame = default;
        if (encoded.Length > MaxWire - 2) return false;
        Span<byte> plain = stackalloc byte[MaxWire];
        int length = Cobs.Decode(encoded, plain);
        if (length < Header + Check || length > Header + MaxPayload + Check) return false;
        plain = plain[..length];
        bool right = BinaryPrimitives.ReadUInt16BigEndian(plain[^Check..]) == Crc16.Inverted(plain[..^Check]) && plain[0] is >= (byte)LinkFrameType.Syn and <= (byte)LinkFrameType.Beat && plain[1] < Channels;
        frame = new LinkFrame((LinkFrameType)plain[0], plain[1], plain[2], plain[3], right ? plain[Header..^Check].ToArray() : ReadOnlyMemory<byte>.Empty);
        return right;
    }
}

/// <summary>What a side says of itself when a link begins: payload of SYN and SYNACK, 32 bytes little-endian.</summary>
/// <param name="Version">Version of the link; 1.</param>
/// <param name="BootId">The sender's boot id: another one says that it has restarted since.</param>
/// <param name="PeerBootId">The other side's boot id as the sender last knew it; 0 for none.</param>
/// <param name="SessionId">Number the client chose for what it goes on with; the gantry gives it back.</param>
/// <param name="Attempt">Counts the links of one boot of the client, so that a repeated SYN is not taken for a new link.</param>
public readonly record struct LinkHello(int Version, ulong BootId, ulong PeerBootId, ulong SessionId, uint Attempt)
{
    /// <summary>Version written here.</summary>
    public const int CurrentVersion = 1;
    private const int Length = 32;

    /// <summary>Payload.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        bytes[0] = (byte)Version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Attempt);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), BootId);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), PeerBootId);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), SessionId);
        return bytes;
    }

    /// <summary>Reads a payload; longer ones of later versions are read as far as they are known. Null: too short.</summary>
    public static LinkHello? Read(ReadOnlySpan<byte> payload) => payload.Length < Length ? null
        : new LinkHello(payload[0], BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]), BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[24..]), BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]));
}
