using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Acquire.Protocols.Gantry;

/// <summary>Goes through the words of a packet with the time of each; allocates nothing.</summary>
/// <remarks>Any 64 bits are a word, so nothing in here can fail; what a word means is the caller's business. The time goes on from one packet into the next:
/// give the <see cref="TimeUs"/> of the last one.</remarks>
public ref struct ListWordReader
{
    private readonly ReadOnlySpan<ulong> _words;
    private ulong _base;
    private int _next;

    /// <summary>Starts before the first word.</summary>
    /// <param name="words">Words as they stand in the packet, little-endian; a rest of less than eight bytes is left out.</param>
    /// <param name="timeUs">Time word in force before the first word, microseconds since the start of the run.</param>
    public ListWordReader(ReadOnlySpan<byte> words, ulong timeUs = 0)
    {
        _words = MemoryMarshal.Cast<byte, ulong>(words);
        _base = timeUs;
    }

    /// <summary>The word read last.</summary>
    public ListWord Current { get; private set; }
    /// <summary>The time word in force, microseconds since the start of the run.</summary>
    public readonly ulong TimeWordUs => _base;
    /// <summary>Time of the word read last: an event's own, else that of the last time word; microseconds since the start of the run.</summary>
    public readonly ulong TimeUs => Current.IsEvent ? _base + (ulong)Current.OffsetUs : _base;

    /// <summary>Reads the next word; false behind the last.</summary>
    public bool Read()
    {
        if (_next >= _words.Length) return false;
        ulong raw = _words[_next++];
        Current = new ListWord(BitConverter.IsLittleEndian ? raw : BinaryPrimitives.ReverseEndianness(raw));
        if (Current.Type == ListTag.Time) _base = Current.Value;
        return true;
    }
}
