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
