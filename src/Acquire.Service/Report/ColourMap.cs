namespace Acquire.Service.Report;

/// <summary>Maps 0..1 to colours whose lightness grows steadily, so that they rank the same for colour-blind eyes and in gray print.</summary>
public sealed class ColourMap
{
    private readonly (byte R, byte G, byte B)[] _table = new (byte, byte, byte)[256];

    private ColourMap(string name, params int[] controls)
    {
        Name = name;
        for (int i = 0; i < 256; i++)
        {
            double x = i / 255.0 * (controls.Length - 1);
            int k = Math.Min((int)x, controls.Length - 2);
            double f = x - k;
            byte Mix(int shift) => (byte)Math.Round(((1 - f) * (controls[k] >> shift & 255)) + (f * (controls[k + 1] >> shift & 255)));
            _table[i] = (Mix(16), Mix(8), Mix(0));
        }
    }

    /// <summary>Black to white.</summary>
    public static ColourMap Gray { get; } = new("gray", 0x000000, 0xFFFFFF);
    /// <summary>White to black: much activity is dark, as planar bone images are usually shown.</summary>
    public static ColourMap InvertedGray { get; } = new("inverted gray", 0xFFFFFF, 0x000000);
    /// <summary>Black, violet, orange, pale yellow: ten control points of "inferno" (S. van der Walt and N. Smith for matplotlib 2015, CC0).</summary>
    public static ColourMap Inferno { get; } = new("inferno", 0x000004, 0x1B0C41, 0x4A0C6B, 0x781C6D, 0xA52C60, 0xCF4446, 0xED6925, 0xFB9B06, 0xF7D13D, 0xFCFFA4);

    /// <summary>Name for captions.</summary>
    public string Name { get; }

    /// <summary>Colour of a value; below 0 as 0, above 1 as 1, NaN as 0.</summary>
    public (byte R, byte G, byte B) At(double value) => _table[value > 0 ? Math.Min(255, (int)((value * 255) + 0.5)) : 0];
}
