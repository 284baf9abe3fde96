using System.Buffers;
using System.Text;

namespace Acquire.Protocols.Gantry;

/// <summary>Writes commands and replies the way the table's parameters read them: what is written here binds to the same values again.</summary>
public static class GciCodec
{
    /// <summary>One value as text; blocks have none (see <see cref="Write"/>).</summary>
    /// <param name="parameter">Parameter of the row.</param>
    /// <param name="value">Bound value.</param>
    public static string Text(GciParameter parameter, in GciValue value) => parameter switch
    {
        GciNumber => GciText.Number(value.Number),
        GciSwitch => value.IsOn ? "1" : "0",
        GciString or GciUuid => GciText.Quote(value.Text),
        GciBlock => throw new ArgumentException("a block is no text", nameof(parameter)),
        _ => value.Text,
    };

    /// <summary>Values of a row's set form as its query answers them: joined by commas.</summary>
    public static string Text(IReadOnlyList<GciParameter> parameters, IReadOnlyList<GciValue> values)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(values);
        var fields = new string[values.Count];
        for (int i = 0; i < fields.Length; i++) fields[i] = Text(parameters[Math.Min(i, parameters.Count - 1)], values[i]);
        return string.Join(',', fields);
    }

    /// <summary>A whole unit in its short form, without separator or line feed.</summary>
    /// <param name="target">Where it goes.</param>
    /// <param name="row">Row.</param>
    /// <param name="isQuery">Query form.</param>
    /// <param name="suffixes">Digit suffixes in order.</param>
    /// <param name="values">Values of the form's parameters.</param>
    public static void Write(IBufferWriter<byte> target, GciCommand row, bool isQuery, ReadOnlySpan<int> suffixes, IReadOnlyList<GciValue> values)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(values);
        IReadOnlyList<GciParameter> parameters = isQuery ? row.QueryParameters : row.Parameters;
        target.Write(Encoding.ASCII.GetBytes((row.Header[0] == '*' ? "" : ":") + row.Pattern.Format(suffixes) + (isQuery ? "?" : "")));
        for (int i = 0; i < values.Count; i++)
        {
            target.Write(i == 0 ? " "u8 : ","u8);
            GciParameter parameter = parameters[Math.Min(i, parameters.Count - 1)];
            if (parameter is GciBlock) GciText.WriteBlock(target, values[i].Bytes);
            else target.Write(Encoding.ASCII.GetBytes(Text(parameter, values[i])));
        }
    }
}
