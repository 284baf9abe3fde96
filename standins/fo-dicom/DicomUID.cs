namespace FellowOakDicom;

/// <summary>A unique identifier, and the constants in use (PS3.6 annex A).</summary>
public sealed class DicomUID : IEquatable<DicomUID>
{
    /// <summary>Nuclear Medicine Image Storage.</summary>
    public static readonly DicomUID NuclearMedicineImageStorage = new("1.2.840.10008.5.1.4.1.1.20");
    /// <summary>CT Image Storage.</summary>
    public static readonly DicomUID CTImageStorage = new("1.2.840.10008.5.1.4.1.1.2");

    private DicomUID(string uid) => UID = uid;

    /// <summary>The identifier.</summary>
    public string UID { get; }

    /// <summary>Makes one of its text.</summary>
    public static DicomUID Parse(string s) => new(s.Trim(' ', '\0'));

    /// <inheritdoc/>
    public bool Equals(DicomUID other) => other is not null && other.UID == UID;
    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as DicomUID);
    /// <inheritdoc/>
    public override int GetHashCode() => UID.GetHashCode(StringComparison.Ordinal);
}
