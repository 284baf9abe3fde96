using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>The raw-plus-JSON form: little-endian float32 files, plain or gzip, and a JSON file that says what they are.</summary>
/// <remarks>
/// Described in docs/reconstruction.md; the form of shared/data/recon-spine. Its angle theta turns the other way from DICOM's:
/// phi = -theta (docs of <see cref="ProjectionSet"/>).
/// </remarks>
public static class RawFolder
{
    /// <summary>File that describes projections.</summary>
    public const string ProblemFile = "problem.json";

    /// <summary>File that describes one volume.</summary>
    public const string VolumeFile = "volume.json";

    /// <summary>Reads projections and what belongs to them.</summary>
    /// <param name="jsonPath">Path of the JSON file; data files lie beside it.</param>
    /// <param name="byHand">Geometry the person gave.</param>
    /// <exception cref="BadInputException">Something is missing or inconsistent.</exception>
    public static ReconstructionInput ReadProblem(string jsonPath, GeometryByHand byHand)
    {
        ArgumentNullException.ThrowIfNull(jsonPath);
        ArgumentNullException.ThrowIfNull(byHand);
        using JsonDocument document = Parse(jsonPath);
        JsonElement root = document.RootElement;
        JsonElement files = Need(root, "files", jsonPath);
        JsonProperty? projections = Find(files, "projections");
        if (projections is null) throw ReconstructionInput.Bad($"{Path.GetFileName(jsonPath)}: 'files' names no projections.* file.");
        int[] shape = Shape(projections.Value.Value, ["view", "z", "t"], jsonPath);
        float[] counts = ReadFloats(jsonPath, projections.Value.Name, shape);
        double[] bin = Pair(Need(root, "bin_mm", jsonPath), "bin_mm", jsonPath);
        int views = shape[0];
        double step = Number(root, "angle_step_deg") ?? throw Missing(jsonPath, "angle_step_deg");
        double start = Number(root, "start_angle_deg") ?? throw Missing(jsonPath, "start_angle_deg");
        double[] angles = [.. Enumerable.Range(0, views).Select(k => -(start + (k * step)))];
        ApplyAngles(angles, byHand);
        double[] radius = Radius(root, views, byHand, jsonPath);
        double[] voxel = root.TryGetProperty("voxel_mm", out JsonElement v) ? Triple(v, "voxel_mm", jsonPath) : [bin[0], bin[1], bin[1]];
        ProjectionSet set = new()
        {
            Views = views, Rows = shape[1], Columns = shape[2], RowMm = bin[0], BinMm = bin[1],
            AngleDeg = angles, RadiusMm = radius, Counts = counts, SecondsPerView = Number(root, "seconds_per_view") ?? 0,
        };
        JsonProperty? scatter = Find(files, "scatter");
        if (scatter is not null) set = set with { Scatter = ReadFloats(jsonPath, scatter.Value.Name, SameAs(Shape(scatter.Value.Value, ["view", "z", "t"], jsonPath), shape, jsonPath)) };
        return new ReconstructionInput
        {
            Projections = set,
            AttenuationMap = VolumeOf(files, "mumap", voxel, null, "1/mm", jsonPath),
            Truth = VolumeOf(files, "truth", voxel, null, "1", jsonPath),
            Spheres = Lesions(root),
            Response = byHand.ResponseAt(PhotonAttenuation.TechnetiumKeV) ?? Response(root),
            Description = root.TryGetProperty("title", out JsonElement title) ? title.GetString() ?? "" : Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(jsonPath))) ?? "",
        };
    }

    /// <summary>Reads one volume: a folder with volume.json (or problem.json with a mumap), or such a JSON file.</summary>
    /// <param name="path">Folder or JSON file.</param>
    /// <exception cref="BadInputException">Nothing readable there.</exception>
    public static Volume ReadVolume(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string json = Directory.Exists(path)
            ? new[] { VolumeFile, ProblemFile }.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) ?? throw ReconstructionInput.Bad($"'{path}' has neither {VolumeFile} nor {ProblemFile}.")
            : path;
        if (!File.Exists(json)) throw ReconstructionInput.Bad($"'{path}' does not exist.");
        using JsonDocument document = Parse(json);
        JsonElement root = document.RootElement;
        JsonElement files = Need(root, "files", json);
        double[] voxel = Triple(Need(root, "voxel_mm", json), "voxel_mm", json);
        double[]? origin = root.TryGetProperty("origin_mm", out JsonElement o) ? Triple(o, "origin_mm", json) : null;
        return VolumeOf(files, "volume", voxel, origin, "", json) ?? VolumeOf(files, "mumap", voxel, origin, "1/mm", json)
            ?? throw ReconstructionInput.Bad($"{Path.GetFileName(json)}: 'files' names neither volume.* nor mumap.*.");
    }

    /// <summary>Writes volume.json and volume.f32 into a folder.</summary>
    /// <param name="folder">Folder, made when missing.</param>
    /// <param name="volume">What to write.</param>
    /// <param name="title">One line for people.</param>
    /// <param name="settings">What made it: name and value pairs.</param>
    public static void WriteVolume(string folder, Volume volume, string title, IEnumerable<KeyValuePair<string, object>> settings)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(settings);
        Directory.CreateDirectory(folder);
        Dictionary<string, object> document = new()
        {
            ["title"] = title,
            ["format"] = "float32 little-endian raw; C order (last index fastest)",
            ["files"] = new Dictionary<string, object> { ["volume.f32"] = new { shape = new[] { volume.Nz, volume.Ny, volume.Nx }, axes = new[] { "z", "y", "x" }, unit = volume.Unit } },
            ["voxel_mm"] = new[] { volume.DzMm, volume.DyMm, volume.DxMm },
            ["origin_mm"] = new[] { volume.Z0Mm, volume.Y0Mm, volume.X0Mm },
            ["coordinates"] = "centre of voxel [0,0,0] is origin_mm, in the order z, y, x; x patient left, y posterior, z head",
            ["settings"] = new Dictionary<string, object>(settings),
        };
        using (FileStream data = File.Create(Path.Combine(folder, "volume.f32")))
            data.Write(MemoryMarshal.AsBytes(volume.Values.AsSpan()));
        File.WriteAllText(Path.Combine(folder, VolumeFile), JsonSerializer.Serialize(document, Indented));
    }

    internal static void ApplyAngles(double[] angles, GeometryByHand byHand)
    {
        if (byHand.StartAngleDeg is null && byHand.AnglesGrow is null && byHand.ExtentDeg is null) return;
        int n = angles.Length;
        double step = n > 1 ? angles[1] - angles[0] : 0;
        double start = byHand.StartAngleDeg ?? angles[0];
        double size = byHand.ExtentDeg is { } extent ? extent / n : Math.Abs(step);
        bool grows = byHand.AnglesGrow ?? step >= 0;
        for (int k = 0; k < n; k++) angles[k] = start + ((grows ? size : -size) * k);
    }

    /// <summary>Reads a float32 file, gzip when its name ends in .gz; the length must be that of the shape.</summary>
    internal static float[] ReadFloats(string besidePath, string name, int[] shape)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(besidePath))!, name);
        if (!File.Exists(path)) throw ReconstructionInput.Bad($"{Path.GetFileName(besidePath)} names {name}, which is not beside it.");
        long length = shape.Aggregate(1L, (a, b) => a * b);
        if (length is <= 0 or > 1L << 29) throw ReconstructionInput.Bad($"{name}: a shape of {string.Join(" x ", shape)} is not usable.");
        float[] values = new float[length];
        using Stream file = File.OpenRead(path);
        using Stream stream = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (read != bytes.Length || stream.ReadByte() >= 0)
            throw ReconstructionInput.Bad(string.Create(CultureInfo.InvariantCulture, $"{name} does not hold {length} float32 values as its shape {string.Join(" x ", shape)} says."));
        if (!BitConverter.IsLittleEndian) foreach (ref float f in values.AsSpan()) f = BitConverter.Int32BitsToSingle(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(BitConverter.SingleToInt32Bits(f)));
        foreach (float f in values)
            if (!float.IsFinite(f)) throw ReconstructionInput.Bad($"{name} holds values that are not finite numbers.");
        return values;
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{Path.GetFileName(path)} is not valid JSON: {e.Message}", e);
        }
    }

    private static JsonElement Need(JsonElement root, string name, string path)
        => root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement e) ? e : throw Missing(path, name);

    private static BadInputException Missing(string path, string name) => ReconstructionInput.Bad($"{Path.GetFileName(path)}: '{name}' is missing.");

    private static double? Number(JsonElement root, string name)
        => root.TryGetProperty(name, out JsonElement e) && e.ValueKind == JsonValueKind.Number ? e.GetDouble() : null;

    private static JsonProperty? Find(JsonElement files, string stem)
    {
        if (files.ValueKind != JsonValueKind.Object) return null;
        foreach (JsonProperty p in files.EnumerateObject())
            if (p.Name.StartsWith(stem + ".", StringComparison.Ordinal)) return p;
        return null;
    }

    private static int[] Shape(JsonElement file, string[] axes, string path)
    {
        JsonElement shape = Need(file, "shape", path), names = Need(file, "axes", path);
        if (shape.ValueKind != JsonValueKind.Array || names.ValueKind != JsonValueKind.Array) throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: 'shape' and 'axes' must be lists.");
        string[] given = [.. names.EnumerateArray().Select(e => e.ToString())];
        if (!given.SequenceEqual(axes) || shape.GetArrayLength() != axes.Length)
            throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: axes [{string.Join(", ", given)}] must be [{string.Join(", ", axes)}].");
        return [.. shape.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int n) && n > 0 ? n : throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: 'shape' must hold whole numbers above 0."))];
    }

    private static int[] SameAs(int[] shape, int[] wanted, string path)
        => shape.SequenceEqual(wanted) ? shape : throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: scatter and projections differ in shape.");

    private static double[] Numbers(JsonElement e, int count, string name, string path)
        => e.ValueKind == JsonValueKind.Array && e.GetArrayLength() == count && e.EnumerateArray().All(n => n.ValueKind == JsonValueKind.Number)
            ? [.. e.EnumerateArray().Select(n => n.GetDouble())]
            : throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: '{name}' must hold {count} numbers.");

    private static double[] Pair(JsonElement e, string name, string path) => Positive(Numbers(e, 2, name, path), name, path);

    private static double[] Triple(JsonElement e, string name, string path) => name == "origin_mm" ? Numbers(e, 3, name, path) : Positive(Numbers(e, 3, name, path), name, path);

    private static double[] Positive(double[] values, string name, string path)
        => values.All(v => v > 0) ? values : throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: '{name}' must be above 0.");

    private static double[] Radius(JsonElement root, int views, GeometryByHand byHand, string path)
    {
        double[] radius = new double[views];
        if (byHand.RadiusMm is { } given) Array.Fill(radius, given);
        else if (!root.TryGetProperty("radius_mm", out JsonElement e)) throw ReconstructionInput.Bad($"{Path.GetFileName(path)}: 'radius_mm' is missing; give --radius MM.");
        else if (e.ValueKind == JsonValueKind.Number) Array.Fill(radius, e.GetDouble());
        else radius = Numbers(e, views, "radius_mm", path);
        return Positive(radius, "radius_mm", path);
    }

    private static Volume? VolumeOf(JsonElement files, string stem, double[] voxel, double[]? origin, string unit, string path)
    {
        JsonProperty? file = Find(files, stem);
        if (file is null) return null;
        int[] shape = Shape(file.Value.Value, ["z", "y", "x"], path);
        if (unit.Length == 0) unit = file.Value.Value.TryGetProperty("unit", out JsonElement u) ? u.ToString() : "";
        return new Volume
        {
            Nz = shape[0], Ny = shape[1], Nx = shape[2], DzMm = voxel[0], DyMm = voxel[1], DxMm = voxel[2],
            Z0Mm = origin?[0] ?? (-(shape[0] - 1) / 2.0 * voxel[0]), Y0Mm = origin?[1] ?? (-(shape[1] - 1) / 2.0 * voxel[1]), X0Mm = origin?[2] ?? (-(shape[2] - 1) / 2.0 * voxel[2]),
            Unit = unit, Values = ReadFloats(path, file.Value.Name, shape),
        };
    }

    private static DetectorResponse? Response(JsonElement root)
    {
        if (!root.TryGetProperty("collimator", out JsonElement c) || c.ValueKind != JsonValueKind.Object) return null;
        if (Number(c, "hole_diameter_mm") is not { } hole) return null;
        double intrinsic = Number(root, "intrinsic_fwhm_mm") ?? 3.8, gap = Number(c, "gap_mm") ?? 0;
        if (Number(c, "effective_length_mm") is { } effective) return new DetectorResponse(hole, effective, intrinsic, gap);
        return Number(c, "hole_length_mm") is { } length ? DetectorResponse.FromHoles(hole, length, Number(c, "septa_mu_per_mm") ?? 2.692, intrinsic, gap) : null;
    }

    private static KnownSphere[] Lesions(JsonElement root)
    {
        if (!root.TryGetProperty("lesions", out JsonElement list) || list.ValueKind != JsonValueKind.Array) return [];
        List<KnownSphere> spheres = [];
        foreach (JsonElement e in list.EnumerateArray())
            if (e.TryGetProperty("centre_mm", out JsonElement centre) && centre.GetArrayLength() == 3 && Number(e, "radius_mm") is { } r)
                spheres.Add(new KnownSphere(e.TryGetProperty("name", out JsonElement n) ? n.ToString() : "", centre[0].GetDouble(), centre[1].GetDouble(), centre[2].GetDouble(), r));
        return [.. spheres];
    }
}
