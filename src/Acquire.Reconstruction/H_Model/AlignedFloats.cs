using System.Runtime.InteropServices;

namespace Acquire.Reconstruction;

/// <summary>Zeroed floats outside the managed heap, aligned to a cache line, so that no vector load crosses one.</summary>
internal sealed unsafe class AlignedFloats : SafeHandle
{
    public AlignedFloats(long length) : base(0, ownsHandle: true)
    {
        Length = length;
        handle = (nint)NativeMemory.AlignedAlloc((nuint)(length * sizeof(float)), 64);
        Clear();
    }

    public long Length { get; }

    public float* Pointer => (float*)handle;

    public override bool IsInvalid => handle == 0;

    public void Clear() => NativeMemory.Clear((void*)handle, (nuint)(Length * sizeof(float)));

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
