using System.Collections;

namespace FellowOakDicom;

/// <summary>Items by tag, enumerated in ascending tag order.</summary>
public class DicomDataset : IEnumerable<DicomItem>
{
    private readonly SortedDictionary<uint, DicomItem> _items = [];

    /// <summary>An empty dataset, explicit little endian.</summary>
    public DicomDataset() : this(DicomTransferSyntax.ExplicitVRLittleEndian) { }

    /// <summary>An empty dataset to be written in the syntax given.</summary>
    public DicomDataset(DicomTransferSyntax internalTransferSyntax) => InternalTransferSyntax = internalTransferSyntax;

    internal DicomTransferSyntax InternalTransferSyntax { get; }
    internal bool Validates { get; set; } = true;

    /// <summary>Adds items.</summary>
    /// <exception cref="ArgumentException">The tag is there already.</exception>
    public DicomDataset Add(params DicomItem[] items)
    {
        foreach (DicomItem item in items)
        {
            if (item is null) continue;
            if (Validates) Validation.Check(item);
            _items.Add(item.Tag.Number, item);
        }
        return this;
    }

    /// <summary>Adds an element, with the value representation of the dictionary.</summary>
    public DicomDataset Add<T>(DicomTag tag, params T[] values) => Add(Make(null, tag, values));

    /// <summary>Adds an element with the value representation given.</summary>
    public DicomDataset Add<T>(DicomVR vr, DicomTag tag, params T[] values) => Add(Make(vr, tag, values));

    /// <summary>Adds an element or replaces the one there.</summary>
    public DicomDataset AddOrUpdate<T>(DicomTag tag, params T[] values)
    {
        DicomItem item = Make(null, tag, values);
        if (Validates) Validation.Check(item);
        _items[tag.Number] = item;
        return this;
    }

    /// <summary>Removes what is there under the tags.</summary>
    public DicomDataset Remove(params DicomTag[] tags)
    {
        foreach (DicomTag tag in tags) _items.Remove(tag.Number);
        return this;
    }

    /// <summary>The only value.</summary>
    /// <exception cref="DicomDataException">Missing, empty, or several.</exception>
    public T GetSingleValue<T>(DicomTag tag)
    {
        DicomElement element = Element(tag);
        return element.Count == 1 ? element.At<T>(0) : throw new DicomDataException($"{tag} has {element.Count} values, one is needed");
    }

    /// <summary>The only value; the default when there is none, there are several, or it is not of the type.</summary>
    public T GetSingleValueOrDefault<T>(DicomTag tag, T defaultValue) => TryGetSingleValue(tag, out T value) ? value : defaultValue;

    /// <summary>The only value.</summary>
    public bool TryGetSingleValue<T>(DicomTag tag, out T value)
    {
        value = default;
        if (!_items.TryGetValue(tag.Number, out DicomItem item) || item is not DicomElement { Count: 1 } element) return false;
        return Quiet(() => element.At<T>(0), ref value);
    }

    /// <summary>All values.</summary>
    public bool TryGetValues<T>(DicomTag tag, out T[] values)
    {
        values = null;
        if (!_items.TryGetValue(tag.Number, out DicomItem item) || item is not DicomElement element) return false;
        return Quiet(() => All<T>(element), ref values);
    }

    /// <summary>Text values joined by a backslash; the first value of a binary element; "" when empty. False when missing, or a sequence.</summary>
    public bool TryGetString(DicomTag tag, out string stringValue)
    {
        stringValue = _items.TryGetValue(tag.Number, out DicomItem item) && item is DicomElement element ? element.AsString() : null;
        return stringValue is not null;
    }

    /// <summary>The sequence under a tag.</summary>
    public bool TryGetSequence(DicomTag tag, out DicomSequence sequence)
    {
        sequence = _items.TryGetValue(tag.Number, out DicomItem item) ? item as DicomSequence : null;
        return sequence is not null;
    }

    /// <summary>The item under a tag, or null.</summary>
    public T GetDicomItem<T>(DicomTag tag) where T : DicomItem => _items.TryGetValue(tag.Number, out DicomItem item) ? item as T : null;

    /// <inheritdoc/>
    public IEnumerator<DicomItem> GetEnumerator() => _items.Values.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Puts an item that was read, or made here, without the checks for what a caller adds.</summary>
    internal void Put(DicomItem item) => _items[item.Tag.Number] = item;

    private DicomElement Element(DicomTag tag) => !_items.TryGetValue(tag.Number, out DicomItem item) ? throw new DicomDataException($"{tag} is missing")
        : item as DicomElement ?? throw new DicomDataException($"{tag} is a sequence, not a value");

    private static T[] All<T>(DicomElement element)
    {
        var values = new T[element.Count];
        for (int i = 0; i < values.Length; i++) values[i] = element.At<T>(i);
        return values;
    }

    private static bool Quiet<T>(Func<T> get, ref T value)
    {
        try
        {
            value = get();
            return true;
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or InvalidCastException)
        {
            return false;
        }
    }

    private static DicomItem Make<T>(DicomVR vr, DicomTag tag, T[] values)
    {
        vr ??= tag.DictionaryEntry.ValueRepresentations[0];
        if (vr == DicomVR.SQ)
            return values is DicomDataset[] items ? new DicomSequence(tag, items) : throw DicomElement.Unfitting(tag, vr, typeof(T));
        if (vr == DicomVR.UN) throw new DicomDataException($"{tag} is not in the dictionary; its value representation is needed");
        if (vr.IsString) return new TextElement(tag, vr, Array.ConvertAll(values ?? [], v => TextElement.Format(tag, vr, v)));
        if (values is null || values.Length == 1 && values[0] is null or "") values = [];
        return new BinaryElement(tag, vr, new IO.Buffer.MemoryByteBuffer(BinaryElement.Encode(tag, vr, values)));
    }
}

/// <summary>Switches of a dataset.</summary>
public static class DicomDatasetExtensions
{
    /// <summary>What is added from now on is not checked; gives the same dataset.</summary>
    public static DicomDataset NotValidated(this DicomDataset dataset)
    {
        dataset.Validates = false;
        return dataset;
    }

    /// <summary>What is added from now on is checked; gives the same dataset.</summary>
    public static DicomDataset Validated(this DicomDataset dataset)
    {
        dataset.Validates = true;
        return dataset;
    }
}
