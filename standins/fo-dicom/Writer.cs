using System.Buffers.Binary;
using System.Text;

namespace FellowOakDicom;

/// <summary>Encodes little endian, explicit or implicit; sequences and items with undefined length.</summary>
internal sealed class Writer(Stream target, bool isExplicit)
{
    private const uint Undefined = 0xFFFFFFFF;
    private readonly Stream _target = target;
    private readonly bool _explicit = isExplicit;

    internal void Write(DicomDataset dataset, Encoding encoding, bool groupLengths = false)
    {
        if (dataset.TryGetString(DicomTag.SpecificCharacterSet, out string term)) encoding = CharacterSets.Of(term);
        foreach (DicomItem item in dataset)
        {
            if (item.Tag.Element == 0 && !groupLengths) continue;
            switch (item)
            {
                case DicomSequence sequence:
                    Head(item.Tag, item.ValueRepresentation, Undefined);
                    foreach (DicomDataset part in sequence)
                    {
                        Delimiter(0xE000, Undefined);
                        Write(part, encoding);
                        Delimiter(0xE00D, 0);
                    }
                    Delimiter(0xE0DD, 0);
                    break;
                case FragmentSequence fragments:
                    Head(item.Tag, item.ValueRepresentation, Undefined);
                    foreach (byte[] fragment in fragments.Fragments)
                    {
                        Delimiter(0xE000, (uint)fragment.Length);
                        _target.Write(fragment);
                    }
                    Delimiter(0xE0DD, 0);
                    break;
                case DicomElement element:
                    byte[] value = element.Encode(encoding);
                    bool odd = (value.Length & 1) == 1;
                    uint length = (uint)value.Length + (odd ? 1u : 0u);
                    if (_explicit && item.ValueRepresentation.Is16bitLength && length > 0xFFFE)
                        throw new DicomDataException($"{item.Tag} has {length} bytes, more than its value representation {item.ValueRepresentation.Code} can carry");
                    Head(item.Tag, item.ValueRepresentation, length);
                    _target.Write(value);
                    if (odd) _target.WriteByte(item.ValueRepresentation.PaddingValue);
                    break;
            }
        }
    }

    private void Head(DicomTag tag, DicomVR vr, uint length)
    {
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(head, tag.Group);
        BinaryPrimitives.WriteUInt16LittleEndian(head[2..], tag.Element);
        if (!_explicit)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], length);
            _target.Write(head[..8]);
            return;
        }
        Encoding.ASCII.GetBytes(vr.Code, head[4..]);
        if (vr.Is16bitLength)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(head[6..], (ushort)length);
            _target.Write(head[..8]);
            return;
        }
        head[6..8].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], length);
        _target.Write(head);
    }

    private void Delimiter(ushort element, uint length)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, 0xFFFE);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], element);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], length);
        _target.Write(bytes);
    }
}
