using System.Collections;

namespace FellowOakDicom;

/// <summary>A sequence of datasets.</summary>
public sealed class DicomSequence : DicomItem, IEnumerable<DicomDataset>
{
    /// <summary>Makes one.</summary>
    public DicomSequence(DicomTag tag, params DicomDataset[] items) : base(tag, DicomVR.SQ) => Items = [.. items];

    /// <summary>Its items.</summary>
    public IList<DicomDataset> Items { get; }

    /// <inheritdoc/>
    public IEnumerator<DicomDataset> GetEnumerator() => Items.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Compressed pixel data as they came: offset table first, then fragments. Kept so that a file is rewritten without loss; nothing here decodes them.</summary>
internal sealed class FragmentSequence(DicomTag tag, DicomVR vr, List<byte[]> fragments) : DicomItem(tag, vr)
{
    internal List<byte[]> Fragments { get; } = fragments;
}
