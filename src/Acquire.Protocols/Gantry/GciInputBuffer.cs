namespace Acquire.Protocols.Gantry;

/// <summary>Cuts a stream of bytes, arriving in any pieces, into program messages at the line feeds outside definite blocks.</summary>
/// <remarks>One per connection: what a closed connection left behind is dropped with it, never executed, never glued to the next
/// (docs: control-interface 4). A line that is too long, or a block that says it is, is thrown away up to the next line feed and reported once.</remarks>
public sealed class GciInputBuffer
{
    /// <summary>Longest message, bytes.</summary>
    public const int MaxMessageBytes = 128 * 1024;

    private enum Place { Plain, InQuotes, AfterHash, BlockLength, BlockBytes, Discarding }

    private byte[] _buffer = new byte[256];
    private int _length;
    private Place _place;
    private byte _quote;
    private byte _last = (byte)' ';
    private int _lengthDigits;
    private int _blockBytes;

    /// <summary>Takes bytes in.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="onMessage">Called for every complete message, without its line feed; the memory is the receiver's.</param>
    /// <param name="onError">Called once for a message that had to be thrown away (-363).</param>
    public void Append(ReadOnlySpan<byte> bytes, Action<byte[]> onMessage, Action<GciError> onError)
    {
        ArgumentNullException.ThrowIfNull(onMessage);
        ArgumentNullException.ThrowIfNull(onError);
        foreach (byte b in bytes)
        {
            if (_place == Place.Discarding)
            {
                if (b == (byte)'\n') Restart();
                continue;
            }
            if (b == (byte)'\n' && _place != Place.BlockBytes)
            {
                byte[] message = _buffer.AsSpan(0, _length).ToArray();
                Restart();
                onMessage(message);
                continue;
            }
            if (_length >= MaxMessageBytes || !Follow(b))
            {
                Restart();
                _place = Place.Discarding;
                onError(new GciError(-363));
                continue;
            }
            if (_length == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
            _buffer[_length++] = b;
        }
    }

    private void Restart()
    {
        _length = 0;
        _place = Place.Plain;
        _last = (byte)' ';
        if (_buffer.Length > 4096) _buffer = new byte[256];
    }

    private bool Follow(byte b)
    {
        switch (_place)
        {
            case Place.Plain:
                if (b is (byte)'"' or (byte)'\'')
                {
                    _quote = b;
                    _place = Place.InQuotes;
                }
                else if (b == (byte)'#' && (_last <= 0x20 || _last == (byte)',')) _place = Place.AfterHash;
                _last = b;
                return true;
            case Place.InQuotes:
                if (b == _quote) _place = Place.Plain;
                _last = b;
                return true;
            case Place.AfterHash:
                _last = b;
                _place = b is >= (byte)'1' and <= (byte)'9' ? Place.BlockLength : Place.Plain;
                _lengthDigits = b - '0';
                _blockBytes = 0;
                return true;
            case Place.BlockLength:
                if (!char.IsAsciiDigit((char)b))
                {
                    _place = Place.Plain;
                    _last = b;
                    return true;
                }
                _blockBytes = (_blockBytes * 10) + (b - '0');
                if (--_lengthDigits == 0) _place = _blockBytes == 0 ? Place.Plain : Place.BlockBytes;
                return _blockBytes <= MaxMessageBytes;
            default:
                if (--_blockBytes == 0)
                {
                    _place = Place.Plain;
                    _last = (byte)'#';
                }
                return true;
        }
    }
}
