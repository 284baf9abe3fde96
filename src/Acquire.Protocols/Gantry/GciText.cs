using System.Buffers;
using System.Globalization;
using System.Text;

namespace Acquire.Protocols.Gantry;

/// <summary>How values are written on the wire, and how replies are taken apart (docs: control-interface 2).</summary>
public static class GciText
{
    /// <summary>SCPI's not-a-number.</summary>
    public const double NotANumber = 9.91E37;
    /// <summary>SCPI's infinity.</summary>
    public const double Infinity = 9.9E37;

    /// <summary>A number: invariant, at most 6 decimals unless it is very large or small; 9.91E37 for NaN, ±9.9E37 for infinity.</summary>
    public static string Number(double value)
    {
        if (double.IsNaN(value)) return "9.91E37";
        if (double.IsInfinity(value)) return value > 0 ? "9.9E37" : "-9.9E37";
        double size = Math.Abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e15)) return value.ToString("0.#########E0", CultureInfo.InvariantCulture);
        string text = value.ToString("0.######", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    /// <summary>A string in double quotes, quotes inside doubled.</summary>
    public static string Quote(string text) => "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>A definite block: '#', number of digits, byte count, bytes.</summary>
    /// <exception cref="ArgumentException">The block is empty (PyVISA-py cannot read an empty one) or over 999 999 999 bytes.</exception>
    public static void WriteBlock(IBufferWriter<byte> target, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > 999_999_999) throw new ArgumentException("a block has 1 to 999 999 999 bytes", nameof(bytes));
        string count = bytes.Length.ToString(CultureInfo.InvariantCulture);
        target.Write(Encoding.ASCII.GetBytes("#" + count.Length.ToString(CultureInfo.InvariantCulture) + count));
        target.Write(bytes);
    }

    /// <summary>Takes a whole reply line (without its line feed) apart at the commas and semicolons outside strings and blocks.</summary>
    /// <param name="reply">Reply bytes.</param>
    /// <returns>One list of elements per query of the message, or null when the bytes are no well-formed reply.</returns>
    public static IReadOnlyList<IReadOnlyList<GciElement>>? SplitReply(ReadOnlySpan<byte> reply)
    {
        var answers = new List<IReadOnlyList<GciElement>>();
        var fields = new List<GciElement>();
        int at = 0;
        while (true)
        {
            GciElement element;
            try
            {
                element = GciMessageReader.ReadElement(reply, ref at, isReply: true);
            }
            catch (GciException)
            {
                return null;
            }
            fields.Add(element);
            if (at == reply.Length)
            {
                answers.Add(fields);
                return answers;
            }
            byte separator = reply[at++];
            if (separator == (byte)';')
            {
                answers.Add(fields);
                fields = [];
            }
            else if (separator != (byte)',') return null;
        }
    }
}
