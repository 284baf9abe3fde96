namespace FellowOakDicom.IO.Buffer;

/// <summary>Bytes in memory.</summary>
public sealed class MemoryByteBuffer : IByteBuffer
{
    /// <summary>Wraps bytes; they are not copied.</summary>
    public MemoryByteBuffer(byte[] data) => Data = data;

    /// <inheritdoc/>
    public long Size => Data.Length;
    /// <inheritdoc/>
    public byte[] Data { get; }
}
