using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>Turns counts and volumes into pictures. Detector images keep their rows and columns; slices are drawn as one looks at them in the clinic.</summary>
public static class Pictures
{
    /// <summary>A detector image with an upper window level; gray inverted unless told otherwise.</summary>
    /// <param name="values">Pixels [row, column].</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="upper">Value shown at full scale; see <see cref="UpperLevel(ReadOnlySpan{float})"/>.</param>
    /// <param name="map">Colours; null for inverted gray.</param>
    public static RasterImage Planar(ReadOnlySpan<float> values, int width, int height, double upper, ColourMap? map = null)
    {
        ColourMap colours = map ?? ColourMap.InvertedGray;
        bool gray = colours == ColourMap.Gray || colours == ColourMap.InvertedGray;
        var image = new RasterImage(width, height, gray ? 1 : 3);
        double scale = upper > 0 ? 1 / upper : 0;
        for (int i = 0; i < width * height; i++)
        {
            (byte R, byte G, byte B) c = colours.At(values[i] * scale);
            if (gray) image.Pixels[i] = c.R;
            else image.Set(i % width, i / width, c);
        }
        return image;
    }

    /// <summary>Upper window level: the 99.7th percentile of the pixels with counts, so that one hot spot does not darken the rest.</summary>
    public static double UpperLevel(ReadOnlySpan<float> values) => Percentile(values, 0.997);

    /// <summary>A percentile of the positive values; 0 when there is none.</summary>
    public static double Percentile(ReadOnlySpan<float> values, double part)
    {
        var positive = new List<float>();
        foreach (float v in values)
            if (v > 0) positive.Add(v);
        if (positive.Count == 0) return 0;
        positive.Sort();
        return positive[(int)(part * (positive.Count - 1))];
    }

    /// <summary>Sum of several frames of one size.</summary>
    public static float[] Sum(IEnumerable<CountFrame> frames)
    {
        float[]? sum = null;
        foreach (CountFrame f in frames)
        {
            sum ??= new float[f.Counts.Length];
            for (int i = 0; i < sum.Length; i++) sum[i] += f.Counts[i];
        }
        return sum ?? [];
    }

    /// <summary>Halves (or more) a detector image by adding pixels, so that few counts can be seen.</summary>
    public static (float[] Values, int Width, int Height) Binned(float[] values, int width, int height, int factor)
    {
        int w = width / factor, h = height / factor;
        float[] binned = new float[w * h];
        for (int r = 0; r < h * factor; r++)
            for (int c = 0; c < w * factor; c++) binned[(r / factor * w) + (c / factor)] += values[(r * width) + c];
        return (binned, w, h);
    }

    /// <summary>Sinogram of some rows: one line per view in the order given, columns as in the detector image.</summary>
    internal static RasterImage Sinogram(TomoViews views, int firstRow, int rows, int[] order)
    {
        float[] lines = new float[order.Length * views.Columns];
        for (int v = 0; v < order.Length; v++)
            for (int r = firstRow; r < firstRow + rows; r++)
                for (int c = 0; c < views.Columns; c++) lines[(v * views.Columns) + c] += views.Images[order[v]][(r * views.Columns) + c];
        return Planar(lines, views.Columns, order.Length, Percentile(lines, 0.995), ColourMap.Inferno);
    }

    /// <summary>Linogram: one column per view in the order given, rows as in the detector image (head up), summed across the patient. A step is a movement along the table.</summary>
    internal static RasterImage Linogram(TomoViews views, int[] order)
    {
        float[] lines = new float[order.Length * views.Rows];
        for (int v = 0; v < order.Length; v++)
        {
            double[] sums = views.RowSums(order[v]);
            double total = Math.Max(1, sums.Sum());
            for (int r = 0; r < views.Rows; r++) lines[(r * order.Length) + v] = (float)(sums[r] / total);
        }
        return Planar(lines, order.Length, views.Rows, Percentile(lines, 0.995), ColourMap.Inferno);
    }

    /// <summary>Hottest bone voxel: the hottest 3 x 3 x 3 mean where the CT is above 150 HU; without a CT where the attenuation map is above 0.0168 per mm; without either the hottest anywhere.</summary>
    /// <returns>Place in the patient, mm.</returns>
    public static (double XMm, double YMm, double ZMm) HottestBone(Volume spect, Volume? ct, Volume? map = null)
    {
        ArgumentNullException.ThrowIfNull(spect);
        double best = double.MinValue;
        (int I, int J, int K) at = (spect.Nx / 2, spect.Ny / 2, spect.Nz / 2);
        for (int pass = ct is null && map is null ? 1 : 0; pass < 2 && best == double.MinValue; pass++)
            for (int k = 1; k + 1 < spect.Nz; k++)
                for (int j = 1; j + 1 < spect.Ny; j++)
                    for (int i = 1; i + 1 < spect.Nx; i++)
                    {
                        double v = spect.Values[spect.Index(i, j, k)];
                        if (v * 27 <= best || v <= 0) continue;
                        (double x, double y, double z) = Place(spect, i, j, k);
                        if (pass == 0 && (ct is not null ? VolumeSampling.Linear(ct, x, y, z, -1000) <= 150 : VolumeSampling.Linear(map!, x, y, z, 0) <= 0.0168f)) continue;
                        double sum = 0;
                        for (int c = -1; c <= 1; c++)
                            for (int b = -1; b <= 1; b++)
                                for (int a = -1; a <= 1; a++) sum += spect.Values[spect.Index(i + a, j + b, k + c)];
                        if (sum > best) (best, at) = (sum, (i, j, k));
                    }
        return Place(spect, at.I, at.J, at.K);
    }

    /// <summary>Values of a slice through a place on square pixels, clinical orientation.</summary>
    /// <param name="v">Volume.</param>
    /// <param name="plane">Plane.</param>
    /// <param name="at">Place the slice goes through, mm.</param>
    /// <param name="box">Part of space.</param>
    /// <param name="pixelMm">Pixel size.</param>
    /// <param name="outside">Value beyond the volume.</param>
    public static (float[] Values, int Width, int Height) Slice(Volume v, SlicePlane plane, (double X, double Y, double Z) at, SliceBox box, double pixelMm, float outside)
    {
        ArgumentNullException.ThrowIfNull(box);
        double across = plane == SlicePlane.Sagittal ? box.Y1 - box.Y0 : box.X1 - box.X0, down = plane == SlicePlane.Axial ? box.Y1 - box.Y0 : box.Z1 - box.Z0;
        int width = Math.Max(1, (int)Math.Round(across / pixelMm)), height = Math.Max(1, (int)Math.Round(down / pixelMm));
        float[] values = new float[width * height];
        for (int r = 0; r < height; r++)
            for (int c = 0; c < width; c++)
            {
                double u = (c + 0.5) * pixelMm, w = (r + 0.5) * pixelMm;
                values[(r * width) + c] = plane switch
                {
                    SlicePlane.Axial => VolumeSampling.Linear(v, box.X0 + u, box.Y0 + w, at.Z, outside),
                    SlicePlane.Coronal => VolumeSampling.Linear(v, box.X0 + u, at.Y, box.Z1 - w, outside),
                    _ => VolumeSampling.Linear(v, at.X, box.Y0 + u, box.Z1 - w, outside),
                };
            }
        return (values, width, height);
    }

    /// <summary>Pixel (column, row) of a place in a slice.</summary>
    public static (int Column, int Row) PixelOf(SlicePlane plane, (double X, double Y, double Z) at, SliceBox box, double pixelMm)
    {
        ArgumentNullException.ThrowIfNull(box);
        double u = plane == SlicePlane.Sagittal ? at.Y - box.Y0 : at.X - box.X0, w = plane == SlicePlane.Axial ? at.Y - box.Y0 : box.Z1 - at.Z;
        return ((int)(u / pixelMm), (int)(w / pixelMm));
    }

    /// <summary>CT (or map) in gray with the SPECT over it: the more activity the less of the CT shows; a cross with a gap marks the place.</summary>
    /// <param name="gray">CT pixels 0..1.</param>
    /// <param name="spect">SPECT pixels 0..1.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="cross">Marked pixel; null for none.</param>
    public static RasterImage Fused(ReadOnlySpan<float> gray, ReadOnlySpan<float> spect, int width, int height, (int Column, int Row)? cross)
    {
        var image = new RasterImage(width, height, 3);
        for (int i = 0; i < width * height; i++)
        {
            (byte R, byte G, byte B) g = ColourMap.Gray.At(gray[i]), s = ColourMap.Inferno.At(spect[i]);
            double a = Math.Clamp((spect[i] - 0.15) * 1.6, 0, 0.6);
            image.Set(i % width, i / width, ((byte)(((1 - a) * g.R) + (a * s.R)), (byte)(((1 - a) * g.G) + (a * s.G)), (byte)(((1 - a) * g.B) + (a * s.B))));
        }
        if (cross is { } at) Cross(image, at.Column, at.Row);
        return image;
    }

    /// <summary>Draws a thin cross with an open middle in light blue.</summary>
    public static void Cross(RasterImage image, int column, int row)
    {
        ArgumentNullException.ThrowIfNull(image);
        const int gap = 6;
        for (int c = 0; c < image.Width; c++)
            if (Math.Abs(c - column) > gap && row >= 0 && row < image.Height) image.Set(c, row, (86, 180, 233));
        for (int r = 0; r < image.Height; r++)
            if (Math.Abs(r - row) > gap && column >= 0 && column < image.Width) image.Set(column, r, (86, 180, 233));
    }

    /// <summary>Maximum projections around the patient's long axis, first from the front, then turning to the patient's left side.</summary>
    /// <param name="v">Volume.</param>
    /// <param name="box">Part of space.</param>
    /// <param name="angles">Number of pictures over the full turn.</param>
    /// <param name="pixelMm">Pixel size.</param>
    /// <returns>Pictures and the DICOM angle each is seen from.</returns>
    public static IReadOnlyList<(RasterImage Image, double AngleDeg)> MaximumProjections(Volume v, SliceBox box, int angles, double pixelMm)
    {
        ArgumentNullException.ThrowIfNull(v);
        ArgumentNullException.ThrowIfNull(box);
        double cx = (box.X0 + box.X1) / 2, cy = (box.Y0 + box.Y1) / 2, reach = Math.Max(box.X1 - box.X0, box.Y1 - box.Y0) / 2;
        int width = Math.Max(1, (int)Math.Round(2 * reach / pixelMm)), height = Math.Max(1, (int)Math.Round((box.Z1 - box.Z0) / pixelMm));
        double upper = Percentile(v.Values, 0.9985);
        var list = new List<(RasterImage, double)>();
        for (int n = 0; n < angles; n++)
        {
            double deg = (180 - (n * 360.0 / angles) + 360) % 360, phi = deg * Math.PI / 180;
            // Detector convention: columns along (-cos phi, sin phi), looking along -(sin phi, cos phi).
            double ux = -Math.Cos(phi), uy = Math.Sin(phi), sx = Math.Sin(phi), sy = Math.Cos(phi);
            float[] values = new float[width * height];
            for (int r = 0; r < height; r++)
            {
                int k = (int)Math.Round((box.Z1 - ((r + 0.5) * pixelMm) - v.Z0Mm) / v.DzMm);
                if (k < 0 || k >= v.Nz) continue;
                for (int c = 0; c < width; c++)
                {
                    double u = ((c + 0.5) * pixelMm) - reach;
                    float top = 0;
                    for (double d = -reach; d <= reach; d += Math.Min(v.DxMm, v.DyMm))
                    {
                        int i = (int)Math.Round((cx + (u * ux) + (d * sx) - v.X0Mm) / v.DxMm), j = (int)Math.Round((cy + (u * uy) + (d * sy) - v.Y0Mm) / v.DyMm);
                        if (i >= 0 && j >= 0 && i < v.Nx && j < v.Ny) top = Math.Max(top, v.Values[v.Index(i, j, k)]);
                    }
                    values[(r * width) + c] = top;
                }
            }
            list.Add((Planar(values, width, height, upper), deg));
        }
        return list;
    }

    private static (double X, double Y, double Z) Place(Volume v, int i, int j, int k) => (v.X0Mm + (i * v.DxMm), v.Y0Mm + (j * v.DyMm), v.Z0Mm + (k * v.DzMm));
}
