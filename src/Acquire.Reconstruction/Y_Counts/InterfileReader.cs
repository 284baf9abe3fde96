using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Reads tomographic projections in Interfile 3.3 (header and raw data), one head, one window.</summary>
/// <remarks>
/// Data order [view][row][column]. Row 0 is taken as the foot end and columns as growing along t (as STIR's SPECT data have them);
/// "start angle" as DICOM's angle, CW as falling and CCW as growing angles. Interfile files differ in all three: where an image
/// comes out mirrored, --direction or --start-angle sets it right.
/// </remarks>
public static class InterfileReader
{
    /// <summary>True when a file begins with Interfile's first key.</summary>
    /// <param name="path">File to look at.</param>
    public static bool IsInterfile(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] head = new byte[256];
        int n = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return Encoding.ASCII.GetString(head, 0, n).Replace(" ", "", StringComparison.Ordinal).Contains("!INTERFILE:=", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads a header and its data.</summary>
    /// <param name="path">The header.</param>
    /// <param name="byHand">Geometry the person gave; it wins.</param>
    /// <exception cref="BadInputException">A key is missing or the data do not fit; the message names the key and the option that replaces it.</exception>
    public static ReconstructionInput Read(string path, GeometryByHand byHand)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(byHand);
        Dictionary<string, string> keys = Keys(File.ReadLines(path, Encoding.Latin1));
        string name = Path.GetFileName(path);
        int columns = (int)Number(keys, "matrix size [1]", name), rows = (int)Number(keys, "matrix size [2]", name), views = (int)Number(keys, "number of projections", name);
        double bin = Number(keys, "scaling factor (mm/pixel) [1]", name), row = Number(keys, "scaling factor (mm/pixel) [2]", name);
        if (columns is < 4 or > 2048 || rows is < 1 or > 2048 || views is < 1 or > 4096 || bin <= 0 || row <= 0)
            throw ReconstructionInput.Bad($"{name}: matrix size, number of projections or pixel size is out of range.");
        double extent = byHand.ExtentDeg ?? Number(keys, "extent of rotation", name, "--extent DEG");
        double start = byHand.StartAngleDeg ?? Number(keys, "start angle", name, "--start-angle DEG");
        bool grows = byHand.AnglesGrow ?? Text(keys, "direction of rotation", name, "--direction cw|cc").Equals("CCW", StringComparison.OrdinalIgnoreCase);
        double[] radius = new double[views];
        if (byHand.RadiusMm is { } given) Array.Fill(radius, given);
        else if (keys.TryGetValue("radii", out string? list)) radius = Radii(list, views, name);
        else Array.Fill(radius, Number(keys, "radius", name, "--radius MM"));
        if (radius.Any(r => r <= 0)) throw ReconstructionInput.Bad($"{name}: radius must be above 0; give --radius MM.");
        double step = (grows ? extent : -extent) / views;
        float[] counts = Data(path, keys, (long)columns * rows * views, name);
        return new ReconstructionInput
        {
            Projections = new ProjectionSet
            {
                Views = views, Rows = rows, Columns = columns, BinMm = bin, RowMm = row, RadiusMm = radius, Counts = counts,
                AngleDeg = [.. Enumerable.Range(0, views).Select(k => start + (k * step))],
                SecondsPerView = keys.TryGetValue("time per projection (sec)", out string? s) && double.TryParse(s, CultureInfo.InvariantCulture, out double seconds) ? seconds : 0,
            },
            Response = byHand.ResponseAt(PhotonAttenuation.TechnetiumKeV),
            Description = string.Create(CultureInfo.InvariantCulture, $"Interfile {name}: {views} views of {columns} x {rows}"),
        };
    }

    /// <summary>Keys in lower case without '!' and doubled blanks; comments (;) left out.</summary>
    internal static Dictionary<string, string> Keys(IEnumerable<string> lines)
    {
        Dictionary<string, string> keys = [];
        foreach (string line in lines)
        {
            int equals = line.IndexOf(":=", StringComparison.Ordinal);
            if (equals < 0 || line.TrimStart().StartsWith(';')) continue;
            string key = string.Join(' ', line[..equals].Trim().TrimStart('!').Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
            keys[key] = line[(equals + 2)..].Trim();
        }
        return keys;
    }

    private static string Text(Dictionary<string, string> keys, string key, string file, string? option = null)
        => keys.TryGetValue(key, out string? value) && value.Length > 0 ? value : throw ReconstructionInput.Bad($"{file}: '{key}' is missing{(option is null ? "." : $"; give {option}.")}");

    private static double Number(Dictionary<string, string> keys, string key, string file, string? option = null)
    {
        string text = Text(keys, key, file, option);
        return double.TryParse(text, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : throw ReconstructionInput.Bad($"{file}: '{key} := {text}' is not a number.");
    }

    private static double[] Radii(string list, int views, string file)
    {
        string[] parts = list.Trim('{', '}', ' ').Split(',', StringSplitOptions.TrimEntries);
        double[] radii = new double[views];
        if (parts.Length != views) throw ReconstructionInput.Bad($"{file}: 'radii' has {parts.Length} values for {views} projections.");
        for (int k = 0; k < views; k++)
            if (!double.TryParse(parts[k], CultureInfo.InvariantCulture, out radii[k])) throw ReconstructionInput.Bad($"{file}: 'radii' holds '{parts[k]}', not a number.");
        return radii;
    }

    private static float[] Data(string path, Dictionary<string, string> keys, long length, string file)
    {
        string dataName = Text(keys, "name of data file", file);
        string dataPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, dataName);
        if (!File.Exists(dataPath)) throw ReconstructionInput.Bad($"{file} names {dataName}, which is not beside it.");
        string format = keys.GetValueOrDefault("number format", "unsigned integer").ToLowerInvariant();
        int size = (int)Number(keys, "number of bytes per pixel", file);
        long offset = keys.TryGetValue("data offset in bytes", out string? o) && long.TryParse(o, CultureInfo.InvariantCulture, out long skip) ? skip : 0;
        bool big = !keys.GetValueOrDefault("imagedata byte order", "BIGENDIAN").Equals("LITTLEENDIAN", StringComparison.OrdinalIgnoreCase);
        byte[] bytes = File.ReadAllBytes(dataPath);
        if (bytes.Length < offset + (length * size)) throw ReconstructionInput.Bad($"{dataName} is shorter than its header says.");
        Func<ReadOnlySpan<byte>, float> read = (format, size) switch
        {
            ("float" or "short float", 4) => MemoryMarshal.Read<float>,
            ("long float", 8) => b => (float)MemoryMarshal.Read<double>(b),
            ("unsigned integer", 1) => b => b[0],
            ("unsigned integer", 2) => b => MemoryMarshal.Read<ushort>(b),
            ("signed integer", 2) => b => MemoryMarshal.Read<short>(b),
            ("unsigned integer", 4) => b => MemoryMarshal.Read<uint>(b),
            ("signed integer", 4) => b => MemoryMarshal.Read<int>(b),
            _ => throw ReconstructionInput.Bad($"{file}: number format '{format}' of {size} bytes is not known."),
        };
        float[] values = new float[length];
        Span<byte> one = stackalloc byte[8];
        for (long n = 0; n < length; n++)
        {
            Span<byte> cell = one[..size];
            bytes.AsSpan((int)(offset + (n * size)), size).CopyTo(cell);
            if (big == BitConverter.IsLittleEndian) cell.Reverse();
            values[n] = read(cell);
            if (!float.IsFinite(values[n]) || values[n] < 0) throw ReconstructionInput.Bad($"{dataName} holds values that are not counts (negative or not finite).");
        }
        return values;
    }
}
