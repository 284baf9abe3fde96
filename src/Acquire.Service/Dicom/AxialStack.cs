using Acquire.Protocols.Imaging;

namespace Acquire.Service.Dicom;

/// <summary>Puts transverse slices in order as a volume with house axes.</summary>
internal static class AxialStack
{
    /// <summary>Signs of x along a row and of y down a column when the slice is transverse and not turned; null otherwise.</summary>
    internal static (int X, int Y)? Signs(IReadOnlyList<double> orientation)
    {
        const double Tolerance = 1e-3;
        for (int i = 0; i < 6; i++)
            if (i is not (0 or 4) && Math.Abs(orientation[i]) > Tolerance) return null;
        if (Math.Abs(Math.Abs(orientation[0]) - 1) > Tolerance || Math.Abs(Math.Abs(orientation[4]) - 1) > Tolerance) return null;
        return (Math.Sign(orientation[0]), Math.Sign(orientation[4]));
    }

    /// <summary>Builds the volume: z ascending to the head, rows and columns turned where the slice runs against x or y.</summary>
    /// <param name="slices">z of each slice, mm, and what gives its values, row-major; asked once, one slice at a time, so that a CT need not lie in memory twice.</param>
    /// <param name="columns">Columns of a slice.</param>
    /// <param name="rows">Rows of a slice.</param>
    /// <param name="dx">Distance between columns, mm.</param>
    /// <param name="dy">Distance between rows, mm.</param>
    /// <param name="x0">x of the first pixel, mm.</param>
    /// <param name="y0">y of the first pixel, mm.</param>
    /// <param name="signs">From <see cref="Signs"/>.</param>
    /// <param name="unit">Unit of the values.</param>
    /// <param name="name">Name of the input, for messages.</param>
    /// <param name="singleSpacing">Slice distance when there is one slice only, mm.</param>
    internal static Volume Build(IReadOnlyList<(double Z, Func<float[]> Values)> slices, int columns, int rows, double dx, double dy, double x0, double y0, (int X, int Y) signs, string unit, string name, double singleSpacing)
    {
        (double Z, Func<float[]> Values)[] sorted = [.. slices.OrderBy(s => s.Z)];
        double dz = sorted.Length > 1 ? (sorted[^1].Z - sorted[0].Z) / (sorted.Length - 1) : singleSpacing;
        for (int k = 1; k < sorted.Length; k++)
        {
            double gap = sorted[k].Z - sorted[k - 1].Z;
            if (gap < 1e-3) throw DicomFiles.Bad($"{name}: two slices lie at the same place (z = {Text.Ds(sorted[k].Z)} mm)");
            if (Math.Abs(gap - dz) > Math.Max(0.01, 0.02 * dz)) throw DicomFiles.Bad($"{name}: slices are not evenly spaced (z = {Text.Ds(sorted[k - 1].Z)} to {Text.Ds(sorted[k].Z)} mm, on average {Text.Ds(dz)} mm): a slice is missing");
        }
        var values = new float[columns * rows * sorted.Length];
        for (int k = 0; k < sorted.Length; k++)
        {
            float[] slice = sorted[k].Values();
            for (int r = 0; r < rows; r++)
            {
                int j = signs.Y > 0 ? r : rows - 1 - r;
                Span<float> target = values.AsSpan(((k * rows) + j) * columns, columns);
                slice.AsSpan(r * columns, columns).CopyTo(target);
                if (signs.X < 0) target.Reverse();
            }
        }
        return new Volume
        {
            Nx = columns, Ny = rows, Nz = sorted.Length, DxMm = dx, DyMm = dy, DzMm = dz,
            X0Mm = signs.X > 0 ? x0 : x0 - ((columns - 1) * dx), Y0Mm = signs.Y > 0 ? y0 : y0 - ((rows - 1) * dy), Z0Mm = sorted[0].Z, Unit = unit, Values = values,
        };
    }
}
