using System.Buffers.Binary;
using System.Text;
using FellowOakDicom.IO.Buffer;

namespace FellowOakDicom;

/// <summary>Decodes a file held in memory. A file that ends too early sets <see cref="IsPartial"/>; anything that cannot be DICOM throws.</summary>
internal sealed class Reader(byte[] bytes)
{
    /// <summary>Sequences deeper than this are refused: real objects nest less than ten.</summary>
    internal const int MaximumDepth = 64;
    private const int Preamble = 128;
    private const uint Undefined = 0xFFFFFFFF;
    private const uint Item = 0xFFFEE000, ItemEnd = 0xFFFEE00D, SequenceEnd = 0xFFFEE0DD;

    private readonly byte[] _bytes = bytes;
    private int _at;
    private bool _explicit, _bigEndian;

    /// <summary>The file ended within an element; that element is left out.</summary>
    internal bool IsPartial { get; private set; }

    internal DicomFileMetaInformation ReadMeta()
    {
        if (_bytes.Length < Preamble + 4 || !_bytes.AsSpan(Preamble, 4).SequenceEqual("DICM"u8)) throw new DicomFileException("not a DICOM file (no DICM after the preamble)");
        _at = Preamble + 4;
        _explicit = true;
        var meta = new DicomFileMetaInformation();
        while (_at + 8 <= _bytes.Length && BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(_at)) == 2)
            if (!ReadElement(meta, _bytes.Length, Encoding.ASCII, 0)) break;
        return meta;
    }

    internal DicomDataset ReadDataset(DicomTransferSyntax syntax)
    {
        _explicit = syntax.IsExplicitVR;
        _bigEndian = syntax.IsBigEndian;
        var dataset = new DicomDataset(syntax);
        ReadItems(dataset, _bytes.Length, false, Encoding.ASCII, 0);
        return dataset;
    }

    /// <summary>Reads elements up to <paramref name="end"/>, or to the delimiter of an item of undefined length.</summary>
    private void ReadItems(DicomDataset into, int end, bool undefined, Encoding encoding, int depth)
    {
        while (!IsPartial)
        {
            if (_at == end)
            {
                if (undefined) Short(end);
                return;
            }
            if (end - _at < 8)
            {
                Short(end);
                return;
            }
            if (undefined && PeekTag() == ItemEnd)
            {
                _at += 8;
                return;
            }
            if (!ReadElement(into, end, encoding, depth)) return;
            if (into.TryGetString(DicomTag.SpecificCharacterSet, out string term)) encoding = CharacterSets.Of(term);
        }
    }

    private bool ReadElement(DicomDataset into, int end, Encoding encoding, int depth)
    {
        uint number = ReadTag();
        var tag = new DicomTag((ushort)(number >> 16), (ushort)number);
        if (tag.Group == 0xFFFE) throw new DicomFileException($"a delimiter {tag} where an element should be");
        DicomVR vr;
        uint length;
        if (_explicit)
        {
            string code = Encoding.Latin1.GetString(_bytes, _at, 2);
            if (!DicomVR.TryGet(code, out vr)) throw new DicomFileException($"{tag} has a value representation that does not exist (bytes {_bytes[_at]:x2} {_bytes[_at + 1]:x2})");
            _at += 2;
            if (vr.Is16bitLength)
            {
                length = ReadUInt16();
            }
            else
            {
                if (end - _at < 6) return Short(end);
                _at += 2;
                length = ReadUInt32();
            }
        }
        else
        {
            length = ReadUInt32();
            vr = Implied(tag, length, into);
        }

        if (vr == DicomVR.SQ || length == Undefined && vr == DicomVR.UN)
        {
            // What a gateway could not name (UN of undefined length) is coded implicit inside (PS3.5 6.2.2).
            (bool wasExplicit, bool wasBig) = (_explicit, _bigEndian);
            if (vr == DicomVR.UN) (_explicit, _bigEndian) = (false, false);
            into.Put(ReadSequence(tag, length, end, encoding, depth + 1));
            (_explicit, _bigEndian) = (wasExplicit, wasBig);
            return !IsPartial;
        }
        if (length == Undefined)
        {
            if (vr.Code is not ("OB" or "OW")) throw new DicomFileException($"{tag} {vr.Code} has undefined length");
            into.Put(ReadFragments(tag, vr, end));
            return !IsPartial;
        }
        if (!Fits(length, end, tag)) return false;
        byte[] value = _bytes.AsSpan(_at, (int)length).ToArray();
        _at += (int)length;
        if (_bigEndian && vr.UnitSize > 1) Swap(value, vr.Code == "AT" ? 2 : vr.UnitSize);
        into.Put(vr.IsString ? new TextElement(tag, vr, value, vr.IsStringEncoded ? encoding : Encoding.ASCII) : new BinaryElement(tag, vr, new MemoryByteBuffer(value)));
        return true;
    }

    private DicomSequence ReadSequence(DicomTag tag, uint length, int end, Encoding encoding, int depth)
    {
        if (depth > MaximumDepth) throw new DicomFileException($"sequences are nested deeper than {MaximumDepth}");
        var sequence = new DicomSequence(tag);
        bool undefined = length == Undefined;
        if (!undefined && length > end - _at)
        {
            if (end != _bytes.Length) throw Overruns(tag);
            undefined = true; // cut file: what is whole of it is kept
        }
        int stop = undefined ? end : _at + (int)length;
        while (!IsPartial && (undefined || _at < stop))
        {
            if (stop - _at < 8)
            {
                Short(stop);
                break;
            }
            uint number = ReadTag();
            uint itemLength = ReadUInt32();
            if (undefined && number == SequenceEnd) break;
            if (number != Item) throw new DicomFileException($"{tag}: an item should start here, found ({number >> 16:x4},{number & 0xFFFF:x4})");
            var item = new DicomDataset();
            sequence.Items.Add(item);
            bool open = itemLength == Undefined;
            if (!open && itemLength > stop - _at)
            {
                if (stop != _bytes.Length) throw Overruns(tag);
                open = true;
            }
            ReadItems(item, open ? stop : _at + (int)itemLength, open, encoding, depth);
        }
        return sequence;
    }

    private FragmentSequence ReadFragments(DicomTag tag, DicomVR vr, int end)
    {
        var fragments = new List<byte[]>();
        while (true)
        {
            if (end - _at < 8)
            {
                Short(end);
                break;
            }
            uint number = ReadTag();
            uint length = ReadUInt32();
            if (number == SequenceEnd) break;
            if (number != Item) throw new DicomFileException($"{tag}: a fragment should start here");
            if (!Fits(length, end, tag)) break;
            fragments.Add(_bytes.AsSpan(_at, (int)length).ToArray());
            _at += (int)length;
        }
        return new FragmentSequence(tag, vr, fragments);
    }

    /// <summary>Value representation where the file does not say: the dictionary, else what the number or the length tells.</summary>
    private static DicomVR Implied(DicomTag tag, uint length, DicomDataset dataset)
    {
        if (tag.IsPrivate) return length == Undefined ? DicomVR.SQ : tag.Element is >= 0x10 and <= 0xFF && DicomVR.TryGet("LO", out DicomVR lo) ? lo : DicomVR.UN;
        if (tag.Element == 0 && DicomVR.TryGet("UL", out DicomVR ul)) return ul;
        if (tag.Equals(DicomTag.PixelData)) return DicomVR.OW;
        DicomVR[] known = tag.DictionaryEntry.ValueRepresentations;
        if (length == Undefined) return DicomVR.SQ;
        bool signed = known.Length > 1 && dataset.GetSingleValueOrDefault(DicomTag.PixelRepresentation, (ushort)0) == 1;
        return signed ? known[^1] : known[0];
    }

    private bool Fits(uint length, int end, DicomTag tag)
    {
        if (length <= end - _at) return true;
        if (end != _bytes.Length) throw Overruns(tag);
        return Short(end);
    }

    private static DicomFileException Overruns(DicomTag tag) => new($"{tag} runs past the end of the item it is in");

    private bool Short(int end)
    {
        if (end != _bytes.Length) throw new DicomFileException("an item ends within an element");
        IsPartial = true;
        _at = end;
        return false;
    }

    private uint PeekTag()
    {
        int at = _at;
        uint tag = ReadTag();
        _at = at;
        return tag;
    }

    private uint ReadTag() => ((uint)ReadUInt16() << 16) | ReadUInt16();

    private ushort ReadUInt16()
    {
        ReadOnlySpan<byte> here = _bytes.AsSpan(_at, 2);
        _at += 2;
        return _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(here) : BinaryPrimitives.ReadUInt16LittleEndian(here);
    }

    private uint ReadUInt32()
    {
        ReadOnlySpan<byte> here = _bytes.AsSpan(_at, 4);
        _at += 4;
        return _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(here) : BinaryPrimitives.ReadUInt32LittleEndian(here);
    }

    private static void Swap(byte[] value, int unit)
    {
        for (int i = 0; i + unit <= value.Length; i += unit) Array.Reverse(value, i, unit);
    }
}
