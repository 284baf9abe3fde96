using System.Buffers.Binary;
using System.IO.Compression;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Report;

/// <summary>Writes PNG (ISO/IEC 15948): 8-bit gray or RGB, one IDAT, per row the filter with the smallest sum of absolute differences.</summary>
public static class PngEncoder
{
    private static ReadOnlySpan<byte> Signature => [137, 80, 78, 71, 13, 10, 26, 10];

    /// <summary>Encodes a picture. The same picture gives the same bytes.</summary>
    public static byte[] Encode(RasterImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var png = new MemoryStream();
        png.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        header[8] = 8;
        header[9] = (byte)(image.Channels == 1 ? 0 : 2);
        Chunk(png, "IHDR"u8, header);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) Filter(image, zlib);
        Chunk(png, "IDAT"u8, packed.ToArray());
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    /// <summary>Encodes a picture as a data URI for an HTML img element.</summary>
    public static string DataUri(RasterImage image) => DataUri(Encode(image));

    /// <summary>PNG bytes as a data URI.</summary>
    public static string DataUri(byte[] png) => "data:image/png;base64," + Convert.ToBase64String(png);

    private static void Filter(RasterImage image, ZLibStream target)
    {
        int bpp = image.Channels, length = image.Width * bpp;
        byte[] none = new byte[length], candidate = new byte[length + 1], best = new byte[length + 1];
        for (int row = 0; row < image.Height; row++)
        {
            ReadOnlySpan<byte> line = image.Pixels.AsSpan(row * length, length);
            ReadOnlySpan<byte> above = row == 0 ? none : image.Pixels.AsSpan((row - 1) * length, length);
            int least = int.MaxValue;
            for (byte filter = 0; filter < 3; filter++)
            {
                candidate[0] = filter;
                int sum = 0;
                for (int i = 0; i < length; i++)
                {
                    byte reference = filter switch { 1 => i >= bpp ? line[i - bpp] : (byte)0, 2 => above[i], _ => 0 };
                    byte value = (byte)(line[i] - reference);
                    candidate[i + 1] = value;
                    sum += value < 128 ? value : 256 - value;
                }
                if (sum >= least) continue;
                least = sum;
                (best, candidate) = (candidate, best);
            }
            target.Write(best);
        }
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Append(Crc32.Of(type), data));
        png.Write(number);
    }
}
