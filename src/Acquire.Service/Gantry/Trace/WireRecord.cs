namespace Acquire.Service.Gantry;

/// <summary>Which way a message went.</summary>
public enum WireDirection
{
    /// <summary>To the gantry.</summary>
    ToGantry,
    /// <summary>From the gantry.</summary>
    FromGantry,
    /// <summary>Neither: a connection opened or closed, or the trace says something of itself.</summary>
    Note,
}

/// <summary>A block on the wire, by what identifies it.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Crc">CRC-32 of the bytes.</param>
/// <param name="Bytes">The bytes, where the trace keeps them (small blocks always).</param>
public sealed record WireBlock(int Length, uint Crc, byte[]? Bytes);

/// <summary>One record of a wire trace (docs/wire-trace.md).</summary>
/// <param name="Number">Counts up within a run of the program, without gaps.</param>
/// <param name="MonotonicUs">Microseconds since the trace of this run began, never backwards.</param>
/// <param name="Wall">Wall time, UTC.</param>
/// <param name="Connection">Connection, counted from 1 within a run of the program.</param>
/// <param name="Channel">control, stop, events or stream.</param>
/// <param name="Direction">Which way.</param>
/// <param name="IsTimed">Sent by a timer (beat, renewal of the lease), not by a decision; a replay passes over it.</param>
/// <param name="Text">The message as Latin-1 text without its last line feed; for a note, what happened.</param>
/// <param name="Block">The block that was the answer.</param>
public sealed record WireRecord(long Number, long MonotonicUs, DateTimeOffset Wall, int Connection, string Channel, WireDirection Direction, bool IsTimed, string Text, WireBlock? Block);
