namespace FellowOakDicom;

/// <summary>Value representation of an element (PS3.5 section 6.2).</summary>
public sealed class DicomVR
{
    private static readonly Dictionary<string, DicomVR> s_known = Make();

    private DicomVR(string code, bool text, bool shortLength, bool multiple, bool characterSet, int unitSize, int maximumLength)
    {
        Code = code;
        IsString = text;
        Is16bitLength = shortLength;
        IsMultiValue = multiple;
        IsStringEncoded = characterSet;
        UnitSize = unitSize;
        MaximumLength = maximumLength;
    }

    /// <summary>Unsigned short.</summary>
    public static DicomVR US => s_known["US"];

    /// <summary>Two letters.</summary>
    public string Code { get; }
    internal bool IsString { get; }
    internal bool Is16bitLength { get; }
    internal bool IsMultiValue { get; }
    internal bool IsStringEncoded { get; }
    internal int UnitSize { get; }
    internal int MaximumLength { get; }
    internal byte PaddingValue => (byte)(IsString && Code != "UI" ? ' ' : 0);

    internal static DicomVR SQ => s_known["SQ"];
    internal static DicomVR UN => s_known["UN"];
    internal static DicomVR OB => s_known["OB"];
    internal static DicomVR OW => s_known["OW"];

    internal static bool TryGet(string code, out DicomVR vr) => s_known.TryGetValue(code, out vr);

    /// <inheritdoc/>
    public override string ToString() => Code;

    private static Dictionary<string, DicomVR> Make()
    {
        var known = new Dictionary<string, DicomVR>(StringComparer.Ordinal);
        void Text(string code, int maximum, bool multiple = true, bool characterSet = false, bool shortLength = true) =>
            known[code] = new DicomVR(code, true, shortLength, multiple, characterSet, 1, maximum);
        void Binary(string code, int unit, bool shortLength = true, bool multiple = true) =>
            known[code] = new DicomVR(code, false, shortLength, multiple, false, unit, 0);
        Text("AE", 16); Text("AS", 4); Text("CS", 16); Text("DA", 18); Text("DS", 16); Text("DT", 54); Text("IS", 12); Text("TM", 28); Text("UI", 64);
        Text("LO", 64, characterSet: true); Text("PN", 64, characterSet: true); Text("SH", 16, characterSet: true);
        Text("LT", 10240, multiple: false, characterSet: true); Text("ST", 1024, multiple: false, characterSet: true);
        Text("UC", int.MaxValue, characterSet: true, shortLength: false);
        Text("UR", int.MaxValue, multiple: false, characterSet: true, shortLength: false);
        Text("UT", int.MaxValue, multiple: false, characterSet: true, shortLength: false);
        Binary("AT", 4); Binary("FD", 8); Binary("FL", 4); Binary("SL", 4); Binary("SS", 2); Binary("UL", 4); Binary("US", 2);
        Binary("SV", 8, shortLength: false); Binary("UV", 8, shortLength: false);
        foreach ((string code, int unit) in new[] { ("OB", 1), ("OD", 8), ("OF", 4), ("OL", 4), ("OV", 8), ("OW", 2), ("UN", 1) }) Binary(code, unit, shortLength: false);
        Binary("SQ", 1, shortLength: false, multiple: false);
        return known;
    }
}
