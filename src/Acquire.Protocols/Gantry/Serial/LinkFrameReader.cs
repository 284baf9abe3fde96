namespace Acquire.Protocols.Gantry.Serial;

/// <summary>Cuts bytes arriving in any pieces into frames at the zeros. Noise, cut and damaged frames are counted and dropped; the next zero brings it
/// back into step.</summary>
public sealed class LinkFrameReader
{
    private readonly byte[] _buffer = new byte[LinkFrame.MaxWire];
    private int _length;
    private bool _tooLong;

    /// <summary>Takes bytes in.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="onFrame">Called for every frame between two zeros, with true for a whole one and false for a damaged one (its header may be nonsense).
    /// What it returns says whether to go on.</param>
    /// <returns>Bytes used.</returns>
    public int Append(ReadOnlySpan<byte> bytes, Func<LinkFrame, bool, bool> onFrame)
    {
        ArgumentNullException.ThrowIfNull(onFrame);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            if (b != 0)
            {
                if (_length < _buffer.Length) _buffer[_length++] = b;
                else _tooLong = true;
                continue;
            }
            int length = _length;
            bool tooLong = _tooLong;
            Reset();
            if (length == 0) continue;
            bool whole = LinkFrame.TryRead(_buffer.AsSpan(0, length), out LinkFrame frame) && !tooLong;
            if (!onFrame(frame, whole)) return i + 1;
        }
        return bytes.Length;
    }

    /// <summary>Forgets what has come of a frame so far.</summary>
    public void Reset()
    {
        _length = 0;
        _tooLong = false;
    }
}
