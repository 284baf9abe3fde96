using System.Globalization;
using System.Text;

namespace Acquire.Protocols.Gantry;

/// <summary>One unit of a program message: a header with its parameters as written.</summary>
/// <param name="Mnemonics">Absolute path, as typed, without colons; a common command is one mnemonic that starts with '*'.</param>
/// <param name="IsQuery">Ends in '?'.</param>
/// <param name="Parameters">Parameters as written.</param>
public sealed record GciUnit(IReadOnlyList<string> Mnemonics, bool IsQuery, IReadOnlyList<GciElement> Parameters)
{
    /// <summary>A 488.2 common command.</summary>
    public bool IsCommon => Mnemonics[0][0] == '*';
}

/// <summary>Takes a program message (one line without its line feed) apart, unit by unit, by the rules of SCPI-1999 and IEEE 488.2 (docs: control-interface 2).</summary>
public sealed class GciMessageReader
{
    /// <summary>Longest mnemonic.</summary>
    public const int MaxMnemonic = 12;
    private readonly ReadOnlyMemory<byte> _message;
    private readonly List<string> _path = [];
    private int _at;

    /// <summary>Starts at the root.</summary>
    public GciMessageReader(ReadOnlyMemory<byte> message) => _message = message;

    /// <summary>The next unit; null at the end. Empty units are passed over.</summary>
    /// <exception cref="GciException">The message is malformed here; nothing behind it may be executed.</exception>
    public GciUnit? Next()
    {
        ReadOnlySpan<byte> text = _message.Span;
        while (_at < text.Length && (IsBlank(text[_at]) || text[_at] == (byte)';')) _at++;
        if (_at >= text.Length) return null;
        (List<string> mnemonics, bool isQuery) = ReadHeader(text);
        var parameters = new List<GciElement>();
        if (_at < text.Length && text[_at] != (byte)';')
        {
            if (!IsBlank(text[_at])) throw new GciException(IsPrintable(text[_at]) ? -103 : -101);
            SkipBlanks(text, ref _at);
            if (_at < text.Length && text[_at] != (byte)';') ReadParameters(text, parameters);
        }
        return new GciUnit(mnemonics, isQuery, parameters);
    }

    private (List<string> Mnemonics, bool IsQuery) ReadHeader(ReadOnlySpan<byte> text)
    {
        var mnemonics = new List<string>();
        if (text[_at] == (byte)'*')
        {
            _at++;
            mnemonics.Add("*" + ReadMnemonic(text));
        }
        else
        {
            if (text[_at] == (byte)':') _at++;
            else mnemonics.AddRange(_path);
            mnemonics.Add(ReadMnemonic(text));
            while (_at < text.Length && text[_at] == (byte)':')
            {
                _at++;
                mnemonics.Add(ReadMnemonic(text));
            }
            if (mnemonics.Count > 12) throw new GciException(-113);
            _path.Clear();
            _path.AddRange(mnemonics.Take(mnemonics.Count - 1));
        }
        bool isQuery = _at < text.Length && text[_at] == (byte)'?';
        if (isQuery) _at++;
        return (mnemonics, isQuery);
    }

    private string ReadMnemonic(ReadOnlySpan<byte> text)
    {
        int start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit((char)text[_at]) || text[_at] == (byte)'_')) _at++;
        if (_at == start || !char.IsAsciiLetter((char)text[start]))
            throw new GciException(_at < text.Length && !IsPrintable(text[_at]) ? -101 : -102);
        if (_at - start > MaxMnemonic) throw new GciException(-112);
        return Encoding.ASCII.GetString(text[start.._at]);
    }

    private void ReadParameters(ReadOnlySpan<byte> text, List<GciElement> parameters)
    {
        while (true)
        {
            parameters.Add(ReadElement(text, ref _at, isReply: false));
            SkipBlanks(text, ref _at);
            if (_at >= text.Length || text[_at] == (byte)';') return;
            if (text[_at] != (byte)',') throw new GciException(IsPrintable(text[_at]) ? -103 : -101);
            _at++;
            SkipBlanks(text, ref _at);
            if (_at >= text.Length || text[_at] is (byte)';' or (byte)',') throw new GciException(-109);
        }
    }

    /// <summary>Reads one value. In a reply, words may be a little freer (a time stamp, an empty field).</summary>
    internal static GciElement ReadElement(ReadOnlySpan<byte> text, ref int at, bool isReply)
    {
        if (at >= text.Length) return isReply ? new GciElement(GciElementKind.Word, "") : throw new GciException(-109);
        char c = (char)text[at];
        return c switch
        {
            '"' or '\'' => ReadText(text, ref at),
            '#' => ReadBlockOrRadix(text, ref at),
            _ when char.IsAsciiDigit(c) || c is '+' or '-' or '.' => ReadNumber(text, ref at, isReply),
            _ when char.IsAsciiLetter(c) || (isReply && c is ',' or ';' or '_') => ReadWord(text, ref at),
            _ => throw new GciException(IsPrintable(text[at]) ? -102 : -101),
        };
    }

    private static GciElement ReadText(ReadOnlySpan<byte> text, ref int at)
    {
        byte quote = text[at++];
        var value = new StringBuilder();
        while (true)
        {
            if (at >= text.Length) throw new GciException(-151, "not closed");
            byte b = text[at++];
            if (b == quote)
            {
                if (at >= text.Length || text[at] != quote) return new GciElement(GciElementKind.Text, value.ToString());
                at++;
            }
            else if (!IsPrintable(b)) throw new GciException(-151, "not printable");
            value.Append((char)b);
        }
    }

    private static GciElement ReadWord(ReadOnlySpan<byte> text, ref int at)
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit((char)text[at]) || text[at] == (byte)'_')) at++;
        return new GciElement(GciElementKind.Word, Encoding.ASCII.GetString(text[start..at]));
    }

    private static GciElement ReadNumber(ReadOnlySpan<byte> text, ref int at, bool isReply)
    {
        int start = at;
        if (text[at] is (byte)'+' or (byte)'-') at++;
        int digits = 0;
        while (at < text.Length && char.IsAsciiDigit((char)text[at])) { at++; digits++; }
        if (at < text.Length && text[at] == (byte)'.')
        {
            at++;
            while (at < text.Length && char.IsAsciiDigit((char)text[at])) { at++; digits++; }
        }
        if (digits == 0) throw new GciException(-120);
        if (digits > 255) throw new GciException(-120, "too many digits");
        ReadExponent(text, ref at);
        string number = Encoding.ASCII.GetString(text[start..at]);
        double value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value)) throw new GciException(-123);
        if (isReply) return new GciElement(GciElementKind.Number, number, value);
        int numberEnd = at;
        SkipBlanks(text, ref at);
        int unitStart = at;
        while (at < text.Length && (char.IsAsciiLetter((char)text[at]) || text[at] is (byte)'/' or (byte)'%')) at++;
        // "1 2" are two values without a comma between them (-103, said by the caller); "1A2" is a bad number.
        if (at < text.Length && char.IsAsciiDigit((char)text[at]) && (at > unitStart || unitStart == numberEnd)) throw new GciException(-121);
        string unit = Encoding.ASCII.GetString(text[unitStart..at]).ToUpperInvariant();
        if (unit.Length > MaxMnemonic) throw new GciException(-131);
        return new GciElement(GciElementKind.Number, number, value, unit);
    }

    private static void ReadExponent(ReadOnlySpan<byte> text, ref int at)
    {
        if (at >= text.Length || text[at] is not ((byte)'e' or (byte)'E')) return;
        int next = at + 1;
        if (next < text.Length && text[next] is (byte)'+' or (byte)'-') next++;
        int digits = next;
        while (next < text.Length && char.IsAsciiDigit((char)text[next])) next++;
        if (next == digits) return;
        if (next - digits > 5) throw new GciException(-123);
        at = next;
    }

    private static GciElement ReadBlockOrRadix(ReadOnlySpan<byte> text, ref int at)
    {
        at++;
        if (at >= text.Length) throw new GciException(-161);
        char kind = char.ToUpperInvariant((char)text[at++]);
        int radix = kind switch { 'H' => 16, 'Q' => 8, 'B' => 2, _ => 0 };
        if (radix == 0) return ReadBlock(text, kind, ref at);
        int start = at;
        ulong value = 0;
        while (at < text.Length && DigitOf(text[at]) is var digit && digit < radix)
        {
            value = (value * (ulong)radix) + (ulong)digit;
            if (value > long.MaxValue) throw new GciException(-120, "too large");
            at++;
        }
        if (at == start) throw new GciException(-120);
        if (at < text.Length && DigitOf(text[at]) < 36) throw new GciException(-121);
        return new GciElement(GciElementKind.Number, value.ToString(CultureInfo.InvariantCulture), value);
    }

    private static GciElement ReadBlock(ReadOnlySpan<byte> text, char kind, ref int at)
    {
        if (kind is < '1' or > '9') throw new GciException(-161, kind == '0' ? "indefinite" : "");
        int digits = kind - '0';
        if (at + digits > text.Length || !int.TryParse(text.Slice(at, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int length)) throw new GciException(-161);
        at += digits;
        if (length > text.Length - at) throw new GciException(-161, "cut short");
        byte[] bytes = text.Slice(at, length).ToArray();
        at += length;
        return new GciElement(GciElementKind.Block, "", 0, "", bytes);
    }

    private static int DigitOf(byte b) => (char)b switch
    {
        >= '0' and <= '9' => b - '0',
        >= 'A' and <= 'Z' => b - 'A' + 10,
        >= 'a' and <= 'z' => b - 'a' + 10,
        _ => int.MaxValue,
    };

    private static void SkipBlanks(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length && IsBlank(text[at])) at++;
    }

    private static bool IsBlank(byte b) => b <= 0x20;

    private static bool IsPrintable(byte b) => b is >= 0x20 and < 0x7F;
}
