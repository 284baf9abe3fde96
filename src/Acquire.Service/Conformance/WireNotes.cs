using System.Globalization;
using System.Text;

namespace Acquire.Service.Conformance;

/// <summary>What went over the wire during one check, shortened for people.</summary>
internal sealed class WireNotes
{
    private const int Longest = 160;
    private const int Most = 200;
    private readonly List<string> _lines = [];
    private int _dropped;

    /// <summary>The lines so far; the middle of a long story is left out.</summary>
    public IReadOnlyList<string> Lines => _dropped == 0 ? [.. _lines] : [.. _lines.Take(Most / 2), string.Create(CultureInfo.InvariantCulture, $"… {_dropped} lines …"), .. _lines.Skip(Most / 2)];

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _lines.Clear();
        _dropped = 0;
    }

    /// <summary>Notes bytes that were sent.</summary>
    public void Sent(string who, ReadOnlySpan<byte> bytes) => Add(who + " → " + Show(bytes));

    /// <summary>Notes a reply.</summary>
    public void Came(string who, ReadOnlySpan<byte> bytes) => Add(who + " ← " + Show(bytes));

    /// <summary>Notes something else.</summary>
    public void Say(string what) => Add(what);

    /// <summary>Bytes as people read them: printable characters, the others as \xNN, shortened.</summary>
    public static string Show(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (byte b in bytes[..Math.Min(bytes.Length, Longest)])
        {
            if (b == (byte)'\n') text.Append('⏎');
            else if (b is >= 0x20 and < 0x7F) text.Append((char)b);
            else text.Append(CultureInfo.InvariantCulture, $"\\x{b:X2}");
        }
        if (bytes.Length > Longest) text.Append(CultureInfo.InvariantCulture, $" … ({bytes.Length} bytes)");
        return text.ToString();
    }

    private void Add(string line)
    {
        _lines.Add(line);
        if (_lines.Count <= Most) return;
        _lines.RemoveAt(Most / 2);
        _dropped++;
    }
}
