using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace System.IO.Ports;

/// <summary>Numbers and calls of the Linux kernel, the same on x64 and arm64.</summary>
internal sealed partial class LinuxPort
{
    private const int ORdwr = 2, ONoctty = 0x100, ONonblock = 0x800, OCloexec = 0x80000;
    private const int EfdCloexec = 0x80000, EfdNonblock = 0x800;
    private const int LockEx = 2, LockNb = 4;
    private const short PollIn = 1, PollOut = 4, PollErr = 8, PollHup = 16, PollNval = 32;
    private const int EPerm = 1, ENoent = 2, EIntr = 4, EIo = 5, ENxio = 6, EAgain = 11, EAcces = 13, EBusy = 16, ENodev = 19, ENotdir = 20, EIsdir = 21, EInval = 22, ENotty = 25;
    private const nuint Tcgets2 = 0x802C542A, Tcsets2 = 0x402C542B, Tcflsh = 0x540B, Tiocexcl = 0x540C, Tiocnxcl = 0x540D, Tiocoutq = 0x5411, Tiocmget = 0x5415, Tiocmbis = 0x5416, Tiocmbic = 0x5417,
        Fionread = 0x541B, Tiocsbrk = 0x5427, Tioccbrk = 0x5428;
    private const int TiocmDtr = 0x2, TiocmRts = 0x4, TiocmCts = 0x20, TiocmCd = 0x40, TiocmDsr = 0x100;
    private const uint Inpck = 0x10, Ixon = 0x400, Ixoff = 0x1000;
    private const uint Cstopb = 0x40, Cread = 0x80, Parenb = 0x100, Parodd = 0x200, Clocal = 0x800, Crtscts = 0x80000000;

    /// <summary>struct termios2, 44 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Termios2
    {
        public uint InputFlags, OutputFlags, ControlFlags, LocalFlags;
        public byte Line;
        public ControlBytes Control;
        public uint InputSpeed, OutputSpeed;

        /// <summary>VTIME.</summary>
        public byte Time { set => Control[5] = value; }
        /// <summary>VMIN.</summary>
        public byte Minimum { set => Control[6] = value; }
    }

    [InlineArray(19)]
    internal struct ControlBytes
    {
        private byte _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Descriptor;
        public short Events, Ready;
    }

    // ioctl and open are variadic: on Linux x64 and arm64 their arguments travel as those of other functions do.
#pragma warning disable IDE1006 // The names are the C library's.
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int descriptor, int operation);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollFd first, nuint count, int timeoutMs);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, ref byte buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, in byte buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, in ulong buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, nint argument);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, ref int argument);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, ref Termios2 argument);
#pragma warning restore IDE1006
}
