using Acquire.Protocols.Imaging;

namespace Acquire.Service.Report;

/// <summary>The part of space pictures are cut from, mm.</summary>
/// <param name="X0">Smallest x.</param><param name="X1">Largest x.</param>
/// <param name="Y0">Smallest y.</param><param name="Y1">Largest y.</param>
/// <param name="Z0">Smallest z.</param><param name="Z1">Largest z.</param>
public sealed record SliceBox(double X0, double X1, double Y0, double Y1, double Z0, double Z1)
{
    private const double MarginMm = 12;

    /// <summary>Where the body is (CT above -300 HU, or map above half of water, or SPECT above 3 % of its top) within the SPECT volume, with a margin of 12 mm; along z the CT's length when there is one.</summary>
    public static SliceBox Around(Volume spect, Volume? ct, Volume? map)
    {
        ArgumentNullException.ThrowIfNull(spect);
        double floor = Pictures.Percentile(spect.Values, 0.999) * 0.03;
        Volume outline = ct ?? map ?? spect;
        double level = ct is not null ? -300 : map is not null ? 0.0075 : floor;
        double x0 = double.MaxValue, x1 = double.MinValue, y0 = double.MaxValue, y1 = double.MinValue, z0 = double.MaxValue, z1 = double.MinValue;
        int step = Math.Max(1, outline.Nx / 128);
        for (int k = 0; k < outline.Nz; k++)
            for (int j = 0; j < outline.Ny; j += step)
                for (int i = 0; i < outline.Nx; i += step)
                {
                    if (outline.Values[outline.Index(i, j, k)] <= level) continue;
                    double x = outline.X0Mm + (i * outline.DxMm), y = outline.Y0Mm + (j * outline.DyMm), z = outline.Z0Mm + (k * outline.DzMm);
                    (x0, x1, y0, y1, z0, z1) = (Math.Min(x0, x), Math.Max(x1, x), Math.Min(y0, y), Math.Max(y1, y), Math.Min(z0, z), Math.Max(z1, z));
                }
        SliceBox whole = Whole(spect);
        if (x1 <= x0 || y1 <= y0 || z1 <= z0) return whole;
        var body = new SliceBox(Math.Max(whole.X0, x0 - MarginMm), Math.Min(whole.X1, x1 + MarginMm), Math.Max(whole.Y0, y0 - MarginMm), Math.Min(whole.Y1, y1 + MarginMm), Math.Max(whole.Z0, z0 - MarginMm), Math.Min(whole.Z1, z1 + MarginMm));
        // A CT that does not meet the SPECT at all must not leave an empty picture.
        return body.X1 > body.X0 && body.Y1 > body.Y0 && body.Z1 > body.Z0 ? body : whole;
    }

    /// <summary>The box of a whole volume.</summary>
    public static SliceBox Whole(Volume volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return new SliceBox(volume.X0Mm, volume.X0Mm + ((volume.Nx - 1) * volume.DxMm), volume.Y0Mm, volume.Y0Mm + ((volume.Ny - 1) * volume.DyMm), volume.Z0Mm, volume.Z0Mm + ((volume.Nz - 1) * volume.DzMm));
    }

    /// <summary>The box made wide enough to hold a place with a margin.</summary>
    internal SliceBox Holding((double X, double Y, double Z) at) => new(
        Math.Min(X0, at.X - MarginMm), Math.Max(X1, at.X + MarginMm), Math.Min(Y0, at.Y - MarginMm), Math.Max(Y1, at.Y + MarginMm), Math.Min(Z0, at.Z - MarginMm), Math.Max(Z1, at.Z + MarginMm));
}
