using System.Buffers.Binary;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Breaks;

/// <summary>Fields of a frame's header that a break changes.</summary>
/// <param name="bytes">Header and pixels.</param>
/// <param name="tag">Command that ended the last run before.</param>
internal sealed class EditableFrame(byte[] bytes, string tag)
{
    /// <summary>Command that ended the last run before.</summary>
    public string Tag { get; } = tag;
    public uint Number { get => U32(32); set => Write32(32, value); }
    public int Flags { get => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(38)); set => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(38), (ushort)value); }
    public int Mode => bytes[45];
    public int Phase { get => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(46)); set => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(46), (ushort)value); }
    public uint View => U32(48);
    public uint GateBin { get => U32(52); set => Write32(52, value); }
    public ulong ElapsedUs => U64(64);
    public ulong LiveUs { get => U64(72); set => Write64(72, value); }
    public ulong Sum { get => U64(80); set => Write64(80, value); }
    public int AngleStartMdeg { get => (int)U32(92); set => Write32(92, (uint)value); }
    public int AngleEndMdeg { get => (int)U32(96); set => Write32(96, (uint)value); }
    public int TableStartUm => (int)U32(104);
    public int TableEndUm { get => (int)U32(108); set => Write32(108, (uint)value); }

    /// <summary>Makes the header's CRC true again.</summary>
    public void Seal() => Write32(124, Crc32.Of(bytes.AsSpan(0, 124)));

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
    private void Write32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
    private void Write64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);
}
