using System.Buffers.Binary;
using System.Globalization;
using FellowOakDicom.IO.Buffer;

namespace FellowOakDicom;

/// <summary>Numbers, tags or plain bytes, kept little endian; may be built of parts (frames of pixels).</summary>
internal sealed class BinaryElement : DicomElement
{
    private readonly List<IByteBuffer> _parts;

    internal BinaryElement(DicomTag tag, DicomVR vr, params IByteBuffer[] parts) : base(tag, vr) => _parts = [.. parts];

    public override IByteBuffer Buffer => _parts.Count == 1 ? _parts[0] : new MemoryByteBuffer(Joined());
    internal override int Count => (int)(_parts.Sum(p => p.Size) / ValueRepresentation.UnitSize);
    internal override string AsString() => Count == 0 ? "" : At<string>(0);
    internal override byte[] Encode(System.Text.Encoding encoding) => Buffer.Data;
    internal void Append(IByteBuffer part) => _parts.Add(part);

    internal override T At<T>(int index)
    {
        ReadOnlySpan<byte> all = Buffer.Data;
        ReadOnlySpan<byte> one = all.Slice(index * ValueRepresentation.UnitSize, ValueRepresentation.UnitSize);
        object value = ValueRepresentation.Code switch
        {
            "US" or "OW" => BinaryPrimitives.ReadUInt16LittleEndian(one),
            "SS" => BinaryPrimitives.ReadInt16LittleEndian(one),
            "UL" or "OL" => BinaryPrimitives.ReadUInt32LittleEndian(one),
            "SL" => BinaryPrimitives.ReadInt32LittleEndian(one),
            "UV" or "OV" => BinaryPrimitives.ReadUInt64LittleEndian(one),
            "SV" => BinaryPrimitives.ReadInt64LittleEndian(one),
            "FL" or "OF" => BinaryPrimitives.ReadSingleLittleEndian(one),
            "FD" or "OD" => BinaryPrimitives.ReadDoubleLittleEndian(one),
            "AT" => new DicomTag(BinaryPrimitives.ReadUInt16LittleEndian(one), BinaryPrimitives.ReadUInt16LittleEndian(one[2..])),
            _ => one[0],
        };
        if (value is T same) return same;
        if (typeof(T) == typeof(string)) return (T)(object)Convert.ToString(value, CultureInfo.InvariantCulture);
        if (value is DicomTag || !typeof(T).IsPrimitive && typeof(T) != typeof(decimal)) throw Unfitting(Tag, ValueRepresentation, typeof(T));
        return (T)Convert.ChangeType(value, typeof(T), CultureInfo.InvariantCulture);
    }

    /// <summary>Bytes of values given by a caller.</summary>
    internal static byte[] Encode<T>(DicomTag tag, DicomVR vr, T[] values)
    {
        byte[] bytes = new byte[values.Length * vr.UnitSize];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> one = bytes.AsSpan(i * vr.UnitSize, vr.UnitSize);
            switch (values[i])
            {
                case ushort number when vr.Code is "US" or "OW": BinaryPrimitives.WriteUInt16LittleEndian(one, number); break;
                case string text when vr.Code == "US": BinaryPrimitives.WriteUInt16LittleEndian(one, ushort.Parse(text, CultureInfo.InvariantCulture)); break;
                case uint number when vr.Code == "UL": BinaryPrimitives.WriteUInt32LittleEndian(one, number); break;
                case double number when vr.Code == "FD": BinaryPrimitives.WriteDoubleLittleEndian(one, number); break;
                case byte number when vr.Code == "OB": one[0] = number; break;
                case DicomTag at when vr.Code == "AT":
                    BinaryPrimitives.WriteUInt16LittleEndian(one, at.Group);
                    BinaryPrimitives.WriteUInt16LittleEndian(one[2..], at.Element);
                    break;
                default: throw Unfitting(tag, vr, values[i]?.GetType() ?? typeof(T));
            }
        }
        return bytes;
    }

    private byte[] Joined()
    {
        byte[] all = new byte[_parts.Sum(p => p.Size)];
        int at = 0;
        foreach (IByteBuffer part in _parts)
        {
            part.Data.CopyTo(all, at);
            at += part.Data.Length;
        }
        return all;
    }
}
