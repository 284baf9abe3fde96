using System.Buffers.Binary;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>The running frames of a run as they were a moment ago, in one file: <c>GCK1</c>, u32 CRC-32 of the rest, u64 last list packet, u32 number of the first
/// running frame, u32 frames, then each frame behind its u32 length.</summary>
/// <param name="ListWritten">Number of the last packet whose events are in the frames.</param>
/// <param name="FirstNumber">Number the first running frame will have.</param>
/// <param name="Frames">The frames, headers included.</param>
internal sealed record Checkpoint(ulong ListWritten, uint FirstNumber, IReadOnlyList<byte[]> Frames)
{
    private const uint Magic = 0x314B4347; // "GCK1"
    private const int HeaderLength = 24;

    /// <summary>The file of running frames; null for between two sets of them.</summary>
    public static byte[] Of(RunningFrames? frames, ulong listWritten)
    {
        byte[][] whole = frames is null ? [] : [.. Enumerable.Range(0, frames.Count).Select(frames.SoFar).OfType<byte[]>()];
        byte[] bytes = new byte[HeaderLength + whole.Sum(f => 4 + f.Length)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), listWritten);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), frames?.FirstNumber ?? uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), (uint)whole.Length);
        int at = HeaderLength;
        foreach (byte[] frame in whole)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)frame.Length);
            frame.CopyTo(bytes, at + 4);
            at += 4 + frame.Length;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32.Of(bytes.AsSpan(8)));
        return bytes;
    }

    /// <summary>Reads it; null when it is torn or none.</summary>
    public static Checkpoint? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Crc32.Of(bytes[8..])) return null;
        var frames = new List<byte[]>();
        int at = HeaderLength;
        for (uint n = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]); n > 0; n--)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
            frames.Add(bytes.Slice(at + 4, length).ToArray());
            at += 4 + length;
        }
        return new Checkpoint(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]), frames);
    }
}
