namespace Acquire.Protocols.Gantry.Serial;

/// <summary>CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected, no final XOR; 0x29B1 over the ASCII digits 1 to 9.</summary>
/// <remarks>Parameters: catalogue of parametrised CRC algorithms, CRC-16/IBM-3740 (alias CCITT-FALSE).</remarks>
public static class Crc16
{
    private static readonly ushort[] Table = MakeTable();

    /// <summary>CRC of the bytes; 0xFFFF for none.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFF;
        foreach (byte b in bytes) crc = ((crc << 8) ^ Table[(crc >> 8) ^ b]) & 0xFFFF;
        return (ushort)crc;
    }

    /// <summary>The CRC as it goes on the wire, every bit inverted (CRC-16/GENIBUS; 0xD64E over the ASCII digits 1 to 9).</summary>
    /// <remarks>A CRC sent as it is comes out as zero over message and CRC, and stays zero over zeros behind them. One bit of the closing delimiter flipped
    /// (0x00 to 0x01) is such a zero after COBS: the message and half of its CRC would pass as a longer message (docs/decisions/0021).</remarks>
    public static ushort Inverted(ReadOnlySpan<byte> bytes) => (ushort)~Of(bytes);

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (uint n = 0; n < 256; n++)
        {
            uint c = n << 8;
            for (int bit = 0; bit < 8; bit++) c = (c & 0x8000) != 0 ? (c << 1) ^ 0x1021 : c << 1;
            table[n] = (ushort)c;
        }
        return table;
    }
}
