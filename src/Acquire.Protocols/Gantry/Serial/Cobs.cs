namespace Acquire.Protocols.Gantry.Serial;

/// <summary>Consistent overhead byte stuffing: takes the zeros out of a packet, so that a zero can end it.</summary>
/// <remarks>S. Cheshire, M. Baker, IEEE/ACM Transactions on Networking 7 (1999) 159. One byte more for every 254 begun.</remarks>
public static class Cobs
{
    /// <summary>Longest encoding of so many bytes.</summary>
    public static int MaxEncoded(int length) => length + (length / 254) + 1;

    /// <summary>Encodes; the result holds no zero and no delimiter.</summary>
    /// <param name="packet">Any bytes.</param>
    /// <param name="encoded">At least <see cref="MaxEncoded"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Encode(ReadOnlySpan<byte> packet, Span<byte> encoded)
    {
        int code = 0, at = 1;
        foreach (byte b in packet)
        {
            // A full group stands for 254 bytes without a zero behind; it is begun only when there is something to put into it.
            if (at - code == 255)
            {
                encoded[code] = 255;
                code = at++;
            }
            if (b != 0)
            {
                encoded[at++] = b;
                continue;
            }
            encoded[code] = (byte)(at - code);
            code = at++;
        }
        encoded[code] = (byte)(at - code);
        return at;
    }

    /// <summary>Decodes.</summary>
    /// <param name="encoded">Bytes between two delimiters.</param>
    /// <param name="packet">At least as long as <paramref name="encoded"/>.</param>
    /// <returns>Bytes written; -1 when it is no encoding.</returns>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> packet)
    {
        int at = 0, to = 0;
        if (encoded.IsEmpty) return -1;
        while (at < encoded.Length)
        {
            int code = encoded[at++];
            if (code == 0 || at + code - 1 > encoded.Length) return -1;
            for (int i = 1; i < code; i++)
            {
                if (encoded[at] == 0) return -1;
                packet[to++] = encoded[at++];
            }
            if (code < 255 && at < encoded.Length) packet[to++] = 0;
        }
        return to;
    }
}
