using System.Globalization;
using System.Text;

namespace Acquire.Service.Gantry;

/// <summary>One reply of a gantry.</summary>
/// <param name="Bytes">A line without its line feed, or the bytes of a block.</param>
/// <param name="IsBlock">It was a block.</param>
public readonly record struct Reply(byte[] Bytes, bool IsBlock);

/// <summary>Cuts a stream into replies: lines, and definite blocks, whose bytes are counted, never scanned.</summary>
/// <remarks>GCI 1.0 section 2: '#', one digit d, d digits of byte count, the bytes, line feed.</remarks>
public sealed class ReplyReader(Stream stream)
{
    private const int MaxLineBytes = 1 << 20;
    private const int MaxBlockBytes = 64 << 20;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next reply.</summary>
    /// <exception cref="IOException">The stream ended or broke.</exception>
    /// <exception cref="InvalidDataException">What came is no reply; nothing after it can be trusted.</exception>
    public async Task<Reply> ReadAsync(CancellationToken cancellation)
    {
        await FillAsync(1, cancellation);
        if (_buffer[_start] == (byte)'#') return new Reply(await ReadBlockAsync(cancellation), true);
        var line = new List<byte>(64);
        while (true)
        {
            await FillAsync(1, cancellation);
            int lf = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            int stop = lf < 0 ? _end : lf;
            line.AddRange(_buffer.AsSpan(_start, stop - _start));
            _start = lf < 0 ? _end : lf + 1;
            if (lf >= 0) return new Reply([.. line], false);
            if (line.Count > MaxLineBytes) throw new InvalidDataException("a reply line without end");
        }
    }

    private async Task<byte[]> ReadBlockAsync(CancellationToken cancellation)
    {
        await FillAsync(2, cancellation);
        int digits = _buffer[_start + 1] - '0';
        if (digits is < 1 or > 9) throw new InvalidDataException("a block header that is none");
        await FillAsync(2 + digits, cancellation);
        if (!int.TryParse(Encoding.ASCII.GetString(_buffer, _start + 2, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int length)) throw new InvalidDataException("a block header that is none");
        if (length > MaxBlockBytes) throw new InvalidDataException($"a block of {length} bytes");
        _start += 2 + digits;
        byte[] block = new byte[length];
        int have = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, have).CopyTo(block);
        _start += have;
        while (have < length)
        {
            int read = await stream.ReadAsync(block.AsMemory(have), cancellation);
            if (read == 0) throw new IOException("the gantry closed the connection");
            have += read;
        }
        await FillAsync(1, cancellation);
        if (_buffer[_start] != (byte)'\n') throw new InvalidDataException("a block that does not end with a line feed");
        _start++;
        return block;
    }

    private async Task FillAsync(int needed, CancellationToken cancellation)
    {
        while (_end - _start < needed)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0) throw new IOException("the gantry closed the connection");
            _end += read;
        }
    }
}
