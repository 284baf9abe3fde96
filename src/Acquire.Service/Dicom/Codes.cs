using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>A coded concept.</summary>
internal sealed record Code(string Value, string Meaning, string Scheme = "SCT");

/// <summary>SNOMED CT codes of the context groups in use (docs: physics-and-qc 7.3).</summary>
internal static class Codes
{
    internal static readonly Code Intravenous = new("47625008", "Intravenous route");
    internal static readonly Code Recumbent = new("102538003", "recumbent");
    internal static readonly Code Supine = new("40199007", "Supine");
    internal static readonly Code HeadFirst = new("102540008", "headfirst");
    internal static readonly Code Transverse = new("62824007", "Transverse");

    /// <summary>CID 18, with the energy of the main gamma line in keV (docs: physics-and-qc 1.1) for telling a photopeak window.</summary>
    internal static readonly IReadOnlyList<(string Name, Code Code, double KeV)> Nuclides =
    [
        ("Tc-99m", new("72454006", "^99m^Technetium"), 140.5),
        ("I-123", new("21572004", "^123^Iodine"), 159.0),
        ("In-111", new("56609000", "^111^Indium"), 245.4),
        ("Ga-67", new("2008008", "^67^Gallium"), 93.3),
        ("Lu-177", new("447553000", "^177^Lutetium"), 208.4),
        ("Tl-201", new("60057003", "^201^Thallium"), 71.0),
        ("I-131", new("1368003", "^131^Iodine"), 364.5),
        ("Co-57", new("27054007", "^57^Cobalt"), 122.1),
        ("Xe-133", new("80751004", "^133^Xenon"), 81.0),
    ];

    private static readonly (string Word, Code Code)[] s_tracers =
    [
        ("MDP", new("96390006", "Technetium Tc^99m^ medronate")),
        ("MEDRONATE", new("96390006", "Technetium Tc^99m^ medronate")),
        ("HDP", new("53951001", "Technetium Tc^99m^ oxidronate")),
        ("HMDP", new("53951001", "Technetium Tc^99m^ oxidronate")),
        ("OXIDRONATE", new("53951001", "Technetium Tc^99m^ oxidronate")),
        ("PERTECHNETATE", new("19495007", "Sodium pertechnetate Tc^99m^")),
        ("PYP", new("764821009", "Technetium Tc^99m^ pyrophosphate")),
    ];

    private static readonly Code[] s_views =
    [
        new("399001007", "Posterior projection"), new("399136008", "Left posterior oblique"), new("399118008", "Left lateral projection"), new("399074003", "Left anterior oblique"),
        new("399321004", "Anterior projection"), new("399108003", "Right anterior oblique"), new("399297009", "Right lateral projection"), new("399075002", "Right posterior oblique"),
    ];

    private static readonly Dictionary<string, Code> s_regions = new(StringComparer.Ordinal)
    {
        ["WHOLEBODY"] = new("38266002", "Entire body"),
        ["PELVIS"] = new("816092008", "Pelvis"),
        ["CHEST"] = new("816094009", "Thorax"),
        ["LSPINE"] = new("122496007", "Lumbar spine"),
        ["KNEE"] = new("72696002", "Knee"),
        ["HAND"] = new("85562004", "Hand"),
        ["FOOT"] = new("56459004", "Foot"),
        ["HIP"] = new("29836001", "Hip joint"),
    };

    private static readonly string[] s_unpaired = ["WHOLEBODY", "PELVIS", "CHEST", "ABDOMEN", "HEAD", "SKULL", "CSPINE", "TSPINE", "LSPINE", "SPINE"];

    internal static Code? Nuclide(string name) => Nuclides.FirstOrDefault(n => n.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Code;

    /// <summary>CID 25, from the radiopharmaceutical's name: the last part of "99mTc-MDP"; null when it is not in the table.</summary>
    internal static Code? Tracer(string name)
    {
        string[] words = name.ToUpperInvariant().Split(['-', ' ', '(', ')'], StringSplitOptions.RemoveEmptyEntries);
        return s_tracers.FirstOrDefault(t => words.Contains(t.Word)).Code;
    }

    /// <summary>CID 26 from the DICOM angle of the detector: within 10 degrees of a main direction that direction, else the oblique between.</summary>
    internal static Code View(double angleDeg)
    {
        double angle = ((angleDeg % 360) + 360) % 360;
        int main = (int)Math.Round(angle / 90) % 4;
        double off = Math.Abs(angle - (90 * Math.Round(angle / 90)));
        return off <= 10 ? s_views[2 * main] : s_views[(2 * ((int)(angle / 90) % 4)) + 1];
    }

    internal static Code? Region(string bodyPart) => s_regions.GetValueOrDefault(bodyPart);

    /// <summary>Body parts there is only one of.</summary>
    internal static bool IsUnpaired(string bodyPart) => s_unpaired.Contains(bodyPart);

    internal static DicomDataset Item(Code code) => new()
    {
        { DicomTag.CodeValue, code.Value },
        { DicomTag.CodingSchemeDesignator, code.Scheme },
        { DicomTag.CodeMeaning, code.Meaning },
    };
}
