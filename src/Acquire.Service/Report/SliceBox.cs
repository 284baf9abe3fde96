using Acquire.Protocols.Imaging;

namespace Acquire.Service.Report;

/// <summary>The part of space pictures are cut from, mm.</summary>
/// <param name="X0">Smallest x.</param><param name="X1">Largest x.</param>
/// <param name="Y0">Smallest y.</param><param name="Y1">Largest y.</param>
/// <param name="Z0">Smallest z.</param><param name="Z1">Largest z.</param>
public sealed record SliceBox(double X0, double X1, double Y0, double Y1, double Z0, double Z1)
{
    /// <summary>The SPECT volume along z; across, where the body is (CT above -300 HU, or map above half of water, or SPECT above 2 % of its top) with 15 mm of margin.</summary>
    public static SliceBox Around(Volume spect, Volume? ct, Volume? map)
    {
        ArgumentNullException.ThrowIfNull(spect);
        double floor = Pictures.Percentile(spect.Values, 0.999) * 0.03;
        Volume outline = ct ?? map ?? spect;
        double level = ct is not null ? -300 : map is not null ? 0.0075 : floor;
        double x0 = double.MaxValue, x1 = double.MinValue, y0 = double.MaxValue, y1 = double.MinValue;
        int step = Math.Max(1, outline.Nx / 128);
        for (int k = 0; k < outline.Nz; k += 2)
            for (int j = 0; j < outline.Ny; j += step)
                for (int i = 0; i < outline.Nx; i += step)
                {
                    if (outline.Values[outline.Index(i, j, k)] <= level) continue;
                    double x = outline.X0Mm + (i * outline.DxMm), y = outline.Y0Mm + (j * outline.DyMm);
                    (x0, x1, y0, y1) = (Math.Min(x0, x), Math.Max(x1, x), Math.Min(y0, y), Math.Max(y1, y));
                }
        double sx0 = spect.X0Mm, sx1 = spect.X0Mm + ((spect.Nx - 1) * spect.DxMm), sy0 = spect.Y0Mm, sy1 = spect.Y0Mm + ((spect.Ny - 1) * spect.DyMm);
        if (x1 <= x0 || y1 <= y0) (x0, x1, y0, y1) = (sx0, sx1, sy0, sy1);
        return new SliceBox(Math.Max(sx0, x0 - 15), Math.Min(sx1, x1 + 15), Math.Max(sy0, y0 - 15), Math.Min(sy1, y1 + 15), spect.Z0Mm, spect.Z0Mm + ((spect.Nz - 1) * spect.DzMm));
    }
}
