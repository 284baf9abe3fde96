namespace FellowOakDicom.IO.Buffer;

/// <summary>Bytes of a value.</summary>
public interface IByteBuffer
{
    /// <summary>Length in bytes.</summary>
    long Size { get; }
    /// <summary>The bytes.</summary>
    byte[] Data { get; }
}
