namespace Acquire.Service.Report;

/// <summary>An 8-bit picture, gray (1 byte per pixel) or RGB (3), row 0 on top.</summary>
public sealed class RasterImage
{
    /// <summary>Makes a black picture.</summary>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="channels">1 for gray, 3 for RGB.</param>
    public RasterImage(int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3)) throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 (gray) or 3 (RGB)");
        (Width, Height, Channels, Pixels) = (width, height, channels, new byte[width * height * channels]);
    }

    /// <summary>Columns.</summary>
    public int Width { get; }
    /// <summary>Rows.</summary>
    public int Height { get; }
    /// <summary>Bytes per pixel.</summary>
    public int Channels { get; }
    /// <summary>Pixels, row-major, channels interleaved.</summary>
    public byte[] Pixels { get; }

    /// <summary>Sets one pixel of an RGB picture.</summary>
    public void Set(int column, int row, (byte R, byte G, byte B) colour)
    {
        int at = ((row * Width) + column) * 3;
        (Pixels[at], Pixels[at + 1], Pixels[at + 2]) = colour;
    }

    /// <summary>Copies another picture with the same channels in at a place; what falls outside is cut.</summary>
    public void Paste(RasterImage other, int column, int row)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Channels != Channels) throw new ArgumentException("the channels differ", nameof(other));
        for (int r = 0; r < other.Height; r++)
        {
            if (row + r < 0 || row + r >= Height) continue;
            int skip = Math.Max(0, -column), take = Math.Min(other.Width - skip, Width - Math.Max(0, column));
            if (take <= 0) continue;
            Array.Copy(other.Pixels, ((r * other.Width) + skip) * Channels, Pixels, (((row + r) * Width) + Math.Max(0, column)) * Channels, take * Channels);
        }
    }
}
