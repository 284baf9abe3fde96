using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>The picture of a scout: along every ray what it went through, as millimetres of water, from the scene's own slices.</summary>
/// <remarks>Rays are parallel here; a real one's fan magnifies. Columns run as a person standing at the tube sees them, row 0 nearest the head.</remarks>
internal static class CtScout
{
    public const int Columns = 256;
    /// <summary>Columns and rows, mm.</summary>
    public const double PixelMm = CtScanner.Matrix * CtScanner.PixelMm / Columns;
    /// <summary>Pixel values to a millimetre of water.</summary>
    public const double StepsPerMm = 10;

    public static int Rows(double lengthMm) => Math.Max(1, (int)Math.Round(lengthMm / PixelMm));

    /// <summary>Draws it.</summary>
    /// <param name="scene">Scene.</param>
    /// <param name="angleDeg">Machine angle of the tube: 0 above the table, 90 at the patient's left, 180 below, 270 at the right (clockwise seen from the foot end, head first supine).</param>
    /// <param name="firstMm">Table position of the first row's edge.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="kv">Tube voltage.</param>
    /// <param name="mAs">Effective mAs.</param>
    /// <param name="startUs">Tick of the first beam.</param>
    public static uint[] Draw(IScene scene, double angleDeg, double firstMm, int rows, double kv, double mAs, long startUs)
    {
        uint[] picture = new uint[rows * Columns];
        short[] slice = new short[Columns * Columns];
        double[] sums = new double[Columns];
        bool fromSide = angleDeg is 90 or 270;
        for (int r = 0; r < rows; r++)
        {
            scene.CtSlice(new CtSliceRequest(firstMm + ((r + 0.5) * PixelMm), Columns, PixelMm, PixelMm, kv, mAs, TimeSpan.FromMicroseconds(startUs + r)), slice);
            Array.Clear(sums);
            for (int y = 0; y < Columns; y++)
                for (int x = 0; x < Columns; x++) sums[fromSide ? y : x] += Math.Max(0, slice[(y * Columns) + x] + 1000) * (PixelMm / 1000);
            for (int c = 0; c < Columns; c++)
            {
                // Slice columns grow to the patient's left, rows to the back. Seen from above the left is at the right hand; from below it is mirrored.
                // From the left side the back is at the right hand; from the right side it is mirrored.
                int column = angleDeg is 180 or 270 ? Columns - 1 - c : c;
                picture[(r * Columns) + column] = (uint)Math.Clamp(Math.Round(sums[c] * StepsPerMm), 0, ushort.MaxValue);
            }
        }
        return picture;
    }
}
