using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>The part of a detector image that holds the counts of every frame of a series: one rectangle for all, so that sizes stay comparable.</summary>
/// <param name="Column">First column.</param>
/// <param name="Row">First row.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Part">Part of the counts of all frames that lies inside, 0 to 1.</param>
internal sealed record CountWindow(int Column, int Row, int Width, int Height, double Part)
{
    /// <summary>A cell with less than this part of the brightest cell of its own frame is seen as white anyway.</summary>
    private const double Visible = 0.02;
    /// <summary>Margin kept around, as a part of the image.</summary>
    private const double Margin = 0.01;

    /// <summary>The rectangle of frames.</summary>
    public static CountWindow Around(IEnumerable<CountFrame> frames) =>
        Around(frames.Select(f => (Array.ConvertAll(f.Counts, c => (float)c), f.Width, f.Height)));

    /// <summary>
    /// Smallest rectangle, with a margin, that holds every cell of about a 32nd of the field that can be seen in one of the images. An image
    /// with fewer than 10 counts a cell in its brightest cells has nothing but noise to offer and does not widen it.
    /// </summary>
    /// <param name="images">Images of one size, pixels [row, column].</param>
    public static CountWindow Around(IEnumerable<(float[] Values, int Width, int Height)> images)
    {
        (float[] Values, int Width, int Height)[] all = [.. images];
        (int width, int height) = (all[0].Width, all[0].Height);
        int cell = Math.Max(1, width / 32);
        (int c0, int c1, int r0, int r1) = (width, 0, height, 0);
        foreach ((float[] values, _, _) in all)
        {
            // The last cells of a row and a column may be smaller: no pixel is left out.
            int w = (width + cell - 1) / cell;
            float[] cells = new float[w * ((height + cell - 1) / cell)];
            for (int i = 0; i < values.Length; i++) cells[(i / width / cell * w) + (i % width / cell)] += values[i];
            double top = Pictures.UpperLevel(cells);
            if (top < 10) continue;
            for (int i = 0; i < cells.Length; i++)
            {
                if (cells[i] <= Visible * top) continue;
                int c = i % w * cell, r = i / w * cell;
                (c0, c1, r0, r1) = (Math.Min(c0, c), Math.Max(c1, c + cell), Math.Min(r0, r), Math.Max(r1, r + cell));
            }
        }
        if (c1 <= c0 || r1 <= r0) return new CountWindow(0, 0, width, height, 1);
        int margin = Math.Max(1, (int)Math.Round(width * Margin));
        (c0, c1, r0, r1) = (Math.Max(0, c0 - margin), Math.Min(width, c1 + margin), Math.Max(0, r0 - margin), Math.Min(height, r1 + margin));
        double inside = 0, total = 0;
        foreach ((float[] values, _, _) in all)
            for (int i = 0; i < values.Length; i++)
            {
                total += values[i];
                if (i % width >= c0 && i % width < c1 && i / width >= r0 && i / width < r1) inside += values[i];
            }
        return new CountWindow(c0, r0, c1 - c0, r1 - r0, total > 0 ? inside / total : 1);
    }

    /// <summary>The part of an image inside.</summary>
    public float[] Cut(float[] values, int imageWidth)
    {
        float[] cut = new float[Width * Height];
        for (int r = 0; r < Height; r++) Array.Copy(values, ((Row + r) * imageWidth) + Column, cut, r * Width, Width);
        return cut;
    }

    /// <summary>Says what was cut away.</summary>
    /// <param name="columns">Columns of the whole image.</param>
    /// <param name="rows">Rows of the whole image.</param>
    /// <param name="columnMm">Column pitch.</param>
    /// <param name="rowMm">Row pitch.</param>
    public string Words(int columns, int rows, double columnMm, double rowMm) =>
        Width == columns && Height == rows
            ? Judging.Say($"The whole field of {columns * columnMm:0} x {rows * rowMm:0} mm is shown.")
            : Judging.Say($"All cut to the same {Width * columnMm:0} x {Height * rowMm:0} mm of the field of {columns * columnMm:0} x {rows * rowMm:0} mm: {Math.Floor(Part * 1000) / 10:0.0} % of the counts lie inside.");
}
