using System.Runtime.InteropServices;

namespace Acquire.Reconstruction;

/// <summary>Zeroed floats outside the managed heap, aligned to a cache line, so that no vector load crosses one; large ones on huge pages where Linux gives them.</summary>
internal sealed unsafe partial class AlignedFloats : SafeHandle
{
    private const long HugePage = 2 << 20;
    private const int AdviseHugePages = 14;
    private static long s_bytes, s_limit = long.MaxValue;

    public AlignedFloats(long length) : base(0, ownsHandle: true)
    {
        Length = length;
        long bytes = Math.Max(64, length * sizeof(float));
        if (Interlocked.Add(ref s_bytes, bytes) > Interlocked.Read(ref s_limit))
        {
            Interlocked.Add(ref s_bytes, -bytes);
            throw new BadInputException(FormattableString.Invariant($"the reconstruction needs more working memory than the {s_limit / 1048576} MB allowed (--memory); take larger voxels, fewer subsets, or allow more."));
        }
        bool huge = bytes >= 2 * HugePage && OperatingSystem.IsLinux();
        handle = (nint)NativeMemory.AlignedAlloc((nuint)bytes, huge ? (nuint)HugePage : 64);
        // Advice only: where it is refused the pages are the usual ones and the work the same.
        if (huge) _ = Advise(handle, (nuint)(bytes / HugePage * HugePage), AdviseHugePages);
        Clear();
    }

    /// <summary>Bytes of working memory that may be held at once by the whole process; more makes <see cref="BadInputException"/>.</summary>
    public static void Limit(long bytes) => Interlocked.Exchange(ref s_limit, bytes);

    public long Length { get; }

    public float* Pointer => (float*)handle;

    public override bool IsInvalid => handle == 0;

    public void Clear() => NativeMemory.Clear((void*)handle, (nuint)(Length * sizeof(float)));

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        Interlocked.Add(ref s_bytes, -Math.Max(64, Length * sizeof(float)));
        return true;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
