using System.Globalization;
using System.Text;
using FellowOakDicom.IO.Buffer;

namespace FellowOakDicom;

/// <summary>Text of any text value representation. What was read keeps its bytes, so that nothing is lost by a character set not known here.</summary>
internal sealed class TextElement : DicomElement
{
    private readonly string[] _values;
    private readonly byte[] _raw;

    internal TextElement(DicomTag tag, DicomVR vr, string[] values) : base(tag, vr) =>
        _values = values.Length == 1 ? Split(vr, values[0] ?? "") : Array.ConvertAll(values, v => v ?? "");

    internal TextElement(DicomTag tag, DicomVR vr, byte[] raw, Encoding encoding) : base(tag, vr)
    {
        _raw = raw;
        _values = Split(vr, encoding.GetString(raw).TrimEnd(' ', '\0'));
    }

    public override IByteBuffer Buffer => new MemoryByteBuffer(_raw ?? Encoding.UTF8.GetBytes(AsString()));
    internal override int Count => _values.Length;
    internal override string AsString() => string.Join('\\', _values);
    internal override byte[] Encode(Encoding encoding) => _raw ?? (ValueRepresentation.IsStringEncoded ? encoding : Encoding.ASCII).GetBytes(AsString());

    internal override T At<T>(int index)
    {
        string value = _values[index];
        Type wanted = typeof(T);
        if (wanted == typeof(string)) return (T)(object)value;
        if (wanted == typeof(DicomUID) && ValueRepresentation.Code == "UI") return (T)(object)DicomUID.Parse(value);
        if (ValueRepresentation.Code is not ("DS" or "IS") || !wanted.IsPrimitive && wanted != typeof(decimal)) throw Unfitting(Tag, ValueRepresentation, wanted);
        if (wanted == typeof(double) || wanted == typeof(float))
            return (T)Convert.ChangeType(double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture), wanted, CultureInfo.InvariantCulture);
        decimal number = decimal.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (wanted != typeof(decimal) && number != decimal.Truncate(number)) throw new FormatException($"{Tag} is not a whole number");
        return (T)Convert.ChangeType(number, wanted, CultureInfo.InvariantCulture);
    }

    /// <summary>Text of one value given by a caller.</summary>
    internal static string Format<T>(DicomTag tag, DicomVR vr, T value) => value switch
    {
        null => "",
        string text => text,
        DicomUID uid when vr.Code == "UI" => uid.UID,
        int whole when vr.Code == "IS" => whole.ToString(CultureInfo.InvariantCulture),
        double number when vr.Code == "DS" => Decimal(number),
        decimal number when vr.Code == "DS" => number.ToString(CultureInfo.InvariantCulture) is { Length: <= 16 } text ? text : Decimal((double)number),
        _ => throw Unfitting(tag, vr, value.GetType()),
    };

    private static string Decimal(double number)
    {
        string text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.Length <= 16 ? text : number.ToString("G10", CultureInfo.InvariantCulture);
    }

    private static string[] Split(DicomVR vr, string text) => text.Length == 0 ? [] : vr.IsMultiValue ? text.Split('\\') : [text];
}
