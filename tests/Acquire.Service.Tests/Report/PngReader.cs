using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Acquire.Service.Tests.Report;

/// <summary>A PNG reader written for the tests from ISO/IEC 15948 alone: checks lengths, CRCs (bit by bit) and undoes the filters.</summary>
internal sealed record PngReader(int Width, int Height, int Channels, byte[] Pixels)
{
    public static PngReader Read(byte[] png)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        int at = 8, width = 0, height = 0, channels = 0;
        using var data = new MemoryStream();
        bool end = false;
        while (at < png.Length)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            string type = Encoding.ASCII.GetString(png, at + 4, 4);
            Assert.Equal(Crc(png.AsSpan(at + 4, length + 4)), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            ReadOnlySpan<byte> body = png.AsSpan(at + 8, length);
            if (type == "IHDR")
            {
                (width, height) = (BinaryPrimitives.ReadInt32BigEndian(body), BinaryPrimitives.ReadInt32BigEndian(body[4..]));
                Assert.Equal(8, body[8]);
                channels = body[9] == 0 ? 1 : body[9] == 2 ? 3 : throw new InvalidDataException();
                Assert.Equal([0, 0, 0], body[10..].ToArray());
            }
            else if (type == "IDAT") data.Write(body);
            else if (type == "IEND") end = true;
            at += length + 12;
        }
        Assert.True(end);
        data.Position = 0;
        using var zlib = new ZLibStream(data, CompressionMode.Decompress);
        using var raw = new MemoryStream();
        zlib.CopyTo(raw);
        byte[] lines = raw.ToArray(), pixels = new byte[width * height * channels];
        int stride = width * channels;
        Assert.Equal(height * (stride + 1), lines.Length);
        for (int r = 0; r < height; r++)
            for (int i = 0; i < stride; i++)
            {
                byte left = i >= channels ? pixels[(r * stride) + i - channels] : (byte)0, above = r > 0 ? pixels[((r - 1) * stride) + i] : (byte)0;
                byte reference = lines[r * (stride + 1)] switch { 0 => 0, 1 => left, 2 => above, _ => throw new InvalidDataException() };
                pixels[(r * stride) + i] = (byte)(lines[(r * (stride + 1)) + 1 + i] + reference);
            }
        return new PngReader(width, height, channels, pixels);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
