using FellowOakDicom.IO.Buffer;

namespace FellowOakDicom;

/// <summary>Anything a dataset holds under one tag.</summary>
public abstract class DicomItem
{
    private protected DicomItem(DicomTag tag, DicomVR vr)
    {
        Tag = tag;
        ValueRepresentation = vr;
    }

    /// <summary>Its tag.</summary>
    public DicomTag Tag { get; }
    /// <summary>Its value representation.</summary>
    public DicomVR ValueRepresentation { get; }
}

/// <summary>An item with a value: text or numbers.</summary>
public abstract class DicomElement : DicomItem
{
    private protected DicomElement(DicomTag tag, DicomVR vr) : base(tag, vr) { }

    /// <summary>The value's bytes, little endian, unpadded; text in the character set it was read with, or UTF-8 compatible ASCII.</summary>
    public abstract IByteBuffer Buffer { get; }

    internal abstract int Count { get; }
    internal abstract T At<T>(int index);
    internal abstract string AsString();
    internal abstract byte[] Encode(System.Text.Encoding encoding);

    internal static InvalidOperationException Unfitting(DicomTag tag, DicomVR vr, Type type) =>
        new($"{tag} has value representation {vr.Code}, which does not take values of type {type.Name}");
}
