using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32;
using Microsoft.Win32.SafeHandles;

namespace System.IO.Ports;

/// <summary>A port on Windows: overlapped reads and writes, each with an event of its own.</summary>
/// <remarks>Written from the Win32 documentation (CreateFileW, SetCommState, SetCommTimeouts, CancelIoEx) and NOT TRIED: no Windows machine was at
/// hand. Before it is used on Windows, run the tests of tests/Acquire.Service.Tests/Gantry/SerialPort* there on a null-modem pair, or take the package
/// (docs/decisions/0020).</remarks>
[SupportedOSPlatform("windows")]
internal sealed unsafe partial class WindowsPort : IPortDevice
{
    private readonly SafeFileHandle _handle;
    private readonly string _name;
    private readonly object _gate = new();
    private int _users;
    private bool _closed;

    private WindowsPort(SafeFileHandle handle, string name)
    {
        _handle = handle;
        _name = name;
    }

    public bool Cts => (ModemStatus() & 0x10) != 0;
    public bool Dsr => (ModemStatus() & 0x20) != 0;
    public bool Cd => (ModemStatus() & 0x80) != 0;
    public int BytesToRead => Status().InQueue;
    public int BytesToWrite => Status().OutQueue;

    public static WindowsPort Open(string name)
    {
        if (!name.StartsWith("COM", StringComparison.OrdinalIgnoreCase)) throw new ArgumentException($"'{name}' is no serial port.");
        SafeFileHandle handle = CreateFileW(@"\\.\" + name, GenericRead | GenericWrite, 0, 0, OpenExisting, FileFlagOverlapped, 0);
        if (handle.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw error switch
            {
                2 or 3 => new FileNotFoundException($"There is no port '{name}'.", name),
                5 or 32 => new UnauthorizedAccessException($"Access to the port '{name}' is denied."),
                _ => Failed(name, "CreateFile", error),
            };
        }
        // A read returns as soon as there is one byte and otherwise waits; the wait itself is bounded by us.
        var timeouts = new CommTimeouts { ReadInterval = uint.MaxValue, ReadMultiplier = uint.MaxValue, ReadConstant = uint.MaxValue - 1 };
        if (SetCommTimeouts(handle, ref timeouts)) return new WindowsPort(handle, name);
        int wrong = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw wrong is 1 or 6 ? new ArgumentException($"'{name}' is no serial port.") : Failed(name, "SetCommTimeouts", wrong);
    }

    public static string[] Names()
    {
        using RegistryKey? map = Registry.LocalMachine.OpenSubKey(@"HARDWARE\DEVICEMAP\SERIALCOMM");
        return map is null ? [] : [.. map.GetValueNames().Select(n => map.GetValue(n) as string).OfType<string>().Order(StringComparer.OrdinalIgnoreCase)];
    }

    public int Read(Span<byte> buffer, int timeoutMs)
    {
        fixed (byte* bytes = buffer)
        {
            int got = Transfer(bytes, buffer.Length, timeoutMs, isRead: true);
            return got > 0 ? got : throw new TimeoutException("The operation has timed out.");
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, int timeoutMs)
    {
        while (!bytes.IsEmpty)
        {
            fixed (byte* from = bytes)
            {
                int put = Transfer(from, bytes.Length, timeoutMs, isRead: false);
                bytes = put > 0 ? bytes[put..] : throw new TimeoutException("The operation has timed out.");
            }
        }
    }

    public void Apply(LineSettings settings) => Using(() =>
    {
        var state = new DeviceControl { Length = (uint)sizeof(DeviceControl) };
        if (!GetCommState(_handle, ref state)) throw Failed(_name, "GetCommState", Marshal.GetLastPInvokeError());
        bool rts = settings.Handshake is Handshake.RequestToSend or Handshake.RequestToSendXOnXOff;
        bool xon = settings.Handshake is Handshake.XOnXOff or Handshake.RequestToSendXOnXOff;
        state.BaudRate = (uint)settings.BaudRate;
        state.ByteSize = (byte)settings.DataBits;
        state.Parity = (byte)settings.Parity;
        state.StopBits = settings.StopBits switch { StopBits.Two => 2, StopBits.OnePointFive => 1, _ => 0 };
        // Bits: 0 binary, 1 parity check, 2 CTS flow, 8 XON out, 9 XON in, 12-13 RTS control (2 is handshake). DTR control, errors and null stripping off.
        state.Flags = 1u | (settings.Parity == Parity.None ? 0 : 2u) | (rts ? (1u << 2) | (2u << 12) : 0) | (xon ? (1u << 8) | (1u << 9) : 0);
        if (!SetCommState(_handle, ref state)) throw Failed(_name, "SetCommState", Marshal.GetLastPInvokeError());
    });

    public void SetDtr(bool on) => Escape(on ? 5u : 6u);
    public void SetRts(bool on) => Escape(on ? 3u : 4u);
    public void SetBreak(bool on) => Escape(on ? 8u : 9u);
    public void DiscardIn() => Purge(0x2 | 0x8);
    public void DiscardOut() => Purge(0x1 | 0x4);

    public void Close()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }
        CancelIoEx(_handle, null);
        lock (_gate)
        {
            while (_users > 0) Monitor.Wait(_gate);
        }
        _handle.Dispose();
    }

    /// <summary>One overlapped transfer; 0 when the timeout passed first.</summary>
    private int Transfer(byte* bytes, int count, int timeoutMs, bool isRead)
    {
        using var done = new ManualResetEvent(false);
        var overlapped = new NativeOverlapped { EventHandle = done.SafeWaitHandle.DangerousGetHandle() };
        uint moved = 0;
        lock (_gate)
        {
            // Started under the lock, so that Close cancels it or it never starts.
            if (_closed) throw new InvalidOperationException("The port is closed.");
            bool ok = isRead ? ReadFile(_handle, bytes, (uint)count, null, &overlapped) : WriteFile(_handle, bytes, (uint)count, null, &overlapped);
            int error = ok ? 0 : Marshal.GetLastPInvokeError();
            if (!ok && error != IoPending) throw Failed(_name, isRead ? "read" : "write", error);
            _users++;
        }
        try
        {
            bool inTime = done.WaitOne(timeoutMs);
            if (!inTime) CancelIoEx(_handle, &overlapped);
            // Also after a cancel: the kernel lets go of the buffer only when the transfer has ended.
            if (GetOverlappedResult(_handle, &overlapped, out moved, wait: true)) return (int)moved;
            int error = Marshal.GetLastPInvokeError();
            if (error == OperationAborted && !_closed) return (int)moved;
            throw _closed ? new IOException($"The port '{_name}' was closed.") : Failed(_name, isRead ? "read" : "write", error);
        }
        finally
        {
            Leave();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_users == 0) Monitor.PulseAll(_gate);
        }
    }

    private void Using(Action action)
    {
        lock (_gate)
        {
            if (_closed) throw new InvalidOperationException("The port is closed.");
            action();
        }
    }

    private void Escape(uint function) => Using(() =>
    {
        if (!EscapeCommFunction(_handle, function)) throw Failed(_name, "EscapeCommFunction", Marshal.GetLastPInvokeError());
    });

    private void Purge(uint what) => Using(() =>
    {
        if (!PurgeComm(_handle, what)) throw Failed(_name, "PurgeComm", Marshal.GetLastPInvokeError());
    });

    private uint ModemStatus()
    {
        uint status = 0;
        Using(() =>
        {
            if (!GetCommModemStatus(_handle, out status)) throw Failed(_name, "GetCommModemStatus", Marshal.GetLastPInvokeError());
        });
        return status;
    }

    private CommStatus Status()
    {
        CommStatus status = default;
        Using(() =>
        {
            if (!ClearCommError(_handle, out _, out status)) throw Failed(_name, "ClearCommError", Marshal.GetLastPInvokeError());
        });
        return status;
    }

    private static IOException Failed(string name, string what, int error) => new($"{what} on the port '{name}' failed: {Marshal.GetPInvokeErrorMessage(error)}");

    private const uint GenericRead = 0x80000000, GenericWrite = 0x40000000, OpenExisting = 3, FileFlagOverlapped = 0x40000000;
    private const int IoPending = 997, OperationAborted = 995;

    /// <summary>DCB.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct DeviceControl
    {
        public uint Length, BaudRate, Flags;
        public ushort Reserved, XonLimit, XoffLimit;
        public byte ByteSize, Parity, StopBits, XonChar, XoffChar, ErrorChar, EofChar, EventChar;
        public ushort Reserved1;
    }

    /// <summary>COMMTIMEOUTS, ms.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CommTimeouts
    {
        public uint ReadInterval, ReadMultiplier, ReadConstant, WriteMultiplier, WriteConstant;
    }

    /// <summary>COMSTAT.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CommStatus
    {
        public uint Flags;
        public int InQueue, OutQueue;
    }

    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFileW(string name, uint access, uint share, nint security, uint disposition, uint flags, nint template);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ReadFile(SafeFileHandle file, byte* buffer, uint count, uint* read, NativeOverlapped* overlapped);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool WriteFile(SafeFileHandle file, byte* buffer, uint count, uint* written, NativeOverlapped* overlapped);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetOverlappedResult(SafeFileHandle file, NativeOverlapped* overlapped, out uint moved, [MarshalAs(UnmanagedType.Bool)] bool wait);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CancelIoEx(SafeFileHandle file, NativeOverlapped* overlapped);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetCommState(SafeFileHandle file, ref DeviceControl state);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetCommState(SafeFileHandle file, ref DeviceControl state);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetCommTimeouts(SafeFileHandle file, ref CommTimeouts timeouts);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool EscapeCommFunction(SafeFileHandle file, uint function);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool PurgeComm(SafeFileHandle file, uint what);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetCommModemStatus(SafeFileHandle file, out uint status);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ClearCommError(SafeFileHandle file, out uint errors, out CommStatus status);
}
