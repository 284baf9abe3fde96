namespace FellowOakDicom;

/// <summary>How a dataset is encoded (PS3.5 section 10).</summary>
public sealed class DicomTransferSyntax
{
    /// <summary>1.2.840.10008.1.2.</summary>
    public static readonly DicomTransferSyntax ImplicitVRLittleEndian = new("1.2.840.10008.1.2", false, false, false);
    /// <summary>1.2.840.10008.1.2.1.</summary>
    public static readonly DicomTransferSyntax ExplicitVRLittleEndian = new("1.2.840.10008.1.2.1", true, false, false);

    private static readonly DicomTransferSyntax s_explicitVRBigEndian = new("1.2.840.10008.1.2.2", true, true, false);
    private const string Deflated = "1.2.840.10008.1.2.1.99";

    private DicomTransferSyntax(string uid, bool isExplicit, bool bigEndian, bool encapsulated)
    {
        UID = DicomUID.Parse(uid);
        IsExplicitVR = isExplicit;
        IsBigEndian = bigEndian;
        IsEncapsulated = encapsulated;
    }

    /// <summary>Its UID.</summary>
    public DicomUID UID { get; }
    /// <summary>True when pixel data are compressed into fragments.</summary>
    public bool IsEncapsulated { get; }
    internal bool IsExplicitVR { get; }
    internal bool IsBigEndian { get; }

    /// <summary>The syntax of a UID. Every unknown one is an encapsulated one: all compressed syntaxes are explicit little endian around their fragments.</summary>
    internal static DicomTransferSyntax Of(string uid)
    {
        foreach (DicomTransferSyntax known in new[] { ImplicitVRLittleEndian, ExplicitVRLittleEndian, s_explicitVRBigEndian })
            if (known.UID.UID == uid) return known;
        if (uid == Deflated) throw new DicomFileException("the deflated transfer syntax is not read");
        return new DicomTransferSyntax(uid, true, false, true);
    }
}
