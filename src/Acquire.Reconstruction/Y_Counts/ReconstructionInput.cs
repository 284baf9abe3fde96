using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>A small region of known activity in a test data set.</summary>
/// <param name="Name">Name given by the data set.</param>
/// <param name="XMm">Centre, mm, patient x to the left.</param>
/// <param name="YMm">Centre, mm, y to the back.</param>
/// <param name="ZMm">Centre, mm, z to the head.</param>
/// <param name="RadiusMm">Radius of the sphere, mm.</param>
public sealed record KnownSphere(string Name, double XMm, double YMm, double ZMm, double RadiusMm);

/// <summary>What the person gives by hand where a file does not say it (or says it wrongly).</summary>
public sealed record GeometryByHand
{
    /// <summary>Distance from rotation axis to collimator face for all views, mm; null to take the file's.</summary>
    public double? RadiusMm { get; init; }
    /// <summary>DICOM angle of the first view, degrees; null to take the file's.</summary>
    public double? StartAngleDeg { get; init; }
    /// <summary>True when angles grow (DICOM CC), false when they fall (CW); null to take the file's.</summary>
    public bool? AnglesGrow { get; init; }
    /// <summary>Extent of rotation, degrees; null to take the file's.</summary>
    public double? ExtentDeg { get; init; }
    /// <summary>Pixel size, mm, for a DICOM file that does not say it; null to take the file's.</summary>
    public double? PixelMm { get; init; }
    /// <summary>Detector response as it is, whatever the energy; null to take the file's, or <see cref="Holes"/>.</summary>
    public DetectorResponse? Response { get; init; }
    /// <summary>Collimator holes, diameter and length as built, mm: the response follows from them and the photopeak's energy; null to take the file's.</summary>
    public (double Diameter, double Length)? Holes { get; init; }
    /// <summary>Arc each view turned through while it counted, degrees (continuous rotation); null to take the file's.</summary>
    public double? ArcDeg { get; init; }
    /// <summary>Choices for files with frames and energy windows (DICOM); null for the defaults.</summary>
    public ProjectionSetOptions? Frames { get; init; }

    /// <summary>The response given by hand, at an energy; null when none was given.</summary>
    /// <param name="keV">Photopeak, keV.</param>
    public DetectorResponse? ResponseAt(double keV) => Response ?? (Holes is { } h ? DetectorResponse.AtEnergy(h.Diameter, h.Length, keV) : null);
}

/// <summary>Everything a reconstruction needs, read from one of the known forms.</summary>
public sealed record ReconstructionInput
{
    /// <summary>Projections with their geometry.</summary>
    public required ProjectionSet Projections { get; init; }
    /// <summary>Nuclide of the photopeak; "" when nothing says.</summary>
    public string Nuclide { get; init; } = "";
    /// <summary>Energy of the photopeak, keV.</summary>
    public double PhotopeakKeV { get; init; } = PhotonAttenuation.TechnetiumKeV;
    /// <summary>CT the map was made of, HU, for fused pictures and for the tissue-aware prior; null when there was none.</summary>
    public Volume? Ct { get; init; }
    /// <summary>Attenuation map that came with them, 1/mm at the photopeak; null when none did.</summary>
    public Volume? AttenuationMap { get; init; }
    /// <summary>True activity that came with them (test data); null otherwise.</summary>
    public Volume? Truth { get; init; }
    /// <summary>Spheres of known contrast that came with them (test data).</summary>
    public IReadOnlyList<KnownSphere> Spheres { get; init; } = [];
    /// <summary>Detector response; null when nothing says what the collimator was.</summary>
    public DetectorResponse? Response { get; init; }
    /// <summary>The frames the projections were made of, with heads and times; null when the input has none (raw, Interfile).</summary>
    public CountSeries? Series { get; init; }
    /// <summary>What was assumed or found odd in the file, one line each; empty when nothing was.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];
    /// <summary>Where it came from and what it is, one line for people, without patient data.</summary>
    public required string Description { get; init; }

    /// <summary>Reads projections.</summary>
    /// <param name="path">
    /// A folder in the raw-plus-JSON form (or its problem.json), an Interfile 3.3 header (.hs, .hv, .h00, .hdr), or a DICOM NM
    /// tomographic file.
    /// </param>
    /// <param name="byHand">Geometry the person gave; it wins over the file's.</param>
    /// <exception cref="BadInputException">Not readable, not complete or not consistent; the message says what is missing and which option gives it.</exception>
    public static ReconstructionInput Read(string path, GeometryByHand? byHand = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        byHand ??= new GeometryByHand();
        ReconstructionInput input = ReadForm(path, byHand);
        if (byHand.ArcDeg is not { } arc) return input;
        if (arc is < 0 or > 45) throw Bad("the arc of a view must lie between 0 and 45 degrees.");
        double[] arcs = new double[input.Projections.Views];
        Array.Fill(arcs, arc);
        return input with { Projections = input.Projections with { ArcDeg = arcs } };
    }

    private static ReconstructionInput ReadForm(string path, GeometryByHand byHand)
    {
        try
        {
            if (Directory.Exists(path) && File.Exists(Path.Combine(path, RawFolder.ProblemFile))) return RawFolder.ReadProblem(Path.Combine(path, RawFolder.ProblemFile), byHand);
            if (Directory.Exists(path)) throw Bad($"'{path}' has no {RawFolder.ProblemFile}. A folder must be in the raw-plus-JSON form of docs/reconstruction.md.");
            if (!File.Exists(path)) throw Bad($"'{path}' does not exist.");
            if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return RawFolder.ReadProblem(path, byHand);
            if (InterfileReader.IsInterfile(path)) return InterfileReader.Read(path, byHand);
            if (IsDicom(path)) return DicomTomo.Read(path, byHand);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new BadInputException($"'{path}' cannot be read: {e.Message}", e);
        }
        throw Bad($"'{path}' is none of: raw-plus-JSON folder, Interfile 3.3 header, DICOM NM file.");
    }

    internal static BadInputException Bad(string message) => new(message);

    private static bool IsDicom(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] head = new byte[132];
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.AsSpan(128).SequenceEqual("DICM"u8);
    }
}
