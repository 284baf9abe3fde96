namespace Acquire.Protocols.Gantry.Serial;

/// <summary>Tells frames from plain text on a line in text mode: a zero byte, then something that begins as a frame does, is held back until it is
/// known to be one. Everything else is text.</summary>
/// <remarks>The first byte of a coded frame is a COBS code, the second its type (1 to 7). No text line begins like that.</remarks>
public sealed class PlainTextFilter
{
    private readonly byte[] _held = new byte[LinkFrame.MaxWire];
    private int _length;
    private bool _afterZero;

    /// <summary>Takes bytes in.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="onText">Called with text, without the zeros.</param>
    /// <param name="onFrame">Called with a whole valid frame, delimiters included; true: the line is in framed mode now, and the rest is not looked at.</param>
    /// <returns>Bytes used; fewer than given when the mode changed.</returns>
    public int Append(ReadOnlySpan<byte> bytes, Action<byte[]> onText, Func<byte[], bool> onFrame)
    {
        ArgumentNullException.ThrowIfNull(onText);
        ArgumentNullException.ThrowIfNull(onFrame);
        var text = new List<byte>(bytes.Length);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            if (b == 0)
            {
                byte[] held = _held.AsSpan(0, _length).ToArray();
                _length = 0;
                _afterZero = true;
                if (held.Length == 0) continue;
                if (!LinkFrame.TryRead(held, out _))
                {
                    // Noise that looked like a frame, or a damaged one: thrown away, as text it would be an error at best.
                    continue;
                }
                Give(text, onText);
                if (!onFrame([0, .. held, 0])) continue;
                Reset();
                return i + 1;
            }
            if (!_afterZero)
            {
                text.Add(b);
                continue;
            }
            bool plausible = _length switch { 0 => true, 1 => b is >= (byte)LinkFrameType.Syn and <= (byte)LinkFrameType.Beat, _ => _length < _held.Length };
            _held[Math.Min(_length, _held.Length - 1)] = b;
            _length = Math.Min(_length + 1, _held.Length);
            if (plausible) continue;
            text.AddRange(_held.AsSpan(0, _length));
            _length = 0;
            _afterZero = false;
        }
        Give(text, onText);
        return bytes.Length;
    }

    /// <summary>Forgets what is held back.</summary>
    public void Reset()
    {
        _length = 0;
        _afterZero = false;
    }

    private static void Give(List<byte> text, Action<byte[]> onText)
    {
        if (text.Count > 0) onText([.. text]);
        text.Clear();
    }
}
