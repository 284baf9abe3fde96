using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace System.IO.Ports;

/// <summary>A port on Linux (x64 and arm64): termios2 by ioctl, poll on the port and on an eventfd that Close writes.</summary>
/// <remarks>The kernel's structure is used, not that of the C library: 44 bytes, the same on both architectures (kernel headers
/// asm-generic/termbits.h, asm-generic/ioctls.h). Modem lines answer ENOTTY on a pty, which is no error.</remarks>
[SupportedOSPlatform("linux")]
internal sealed partial class LinuxPort : IPortDevice
{
    private readonly object _gate = new();
    private readonly int _port;
    private readonly int _wake;
    private readonly string _name;
    private int _users;
    private bool _closed;

    private LinuxPort(int port, int wake, string name)
    {
        _port = port;
        _wake = wake;
        _name = name;
    }

    public bool Cts => HasLine(TiocmCts);
    public bool Dsr => HasLine(TiocmDsr);
    public bool Cd => HasLine(TiocmCd);
    public int BytesToRead => Number(Fionread);
    public int BytesToWrite => Number(Tiocoutq);

    public static LinuxPort Open(string name)
    {
        int port = open(name, ORdwr | ONoctty | ONonblock | OCloexec);
        if (port < 0) throw OpenFailed(name, Marshal.GetLastPInvokeError());
        try
        {
            // O_EXCL of a tty does not keep root out, a lock does.
            if (flock(port, LockEx | LockNb) < 0) throw new UnauthorizedAccessException($"Access to the port '{name}' is denied: somebody has it open.");
            Termios2 probe = default;
            if (ioctl(port, Tcgets2, ref probe) < 0) throw new ArgumentException($"'{name}' is no serial port.");
            _ = ioctl(port, Tiocexcl, 0);
            int wake = eventfd(0, EfdCloexec | EfdNonblock);
            if (wake < 0) throw Failed(name, "eventfd", Marshal.GetLastPInvokeError());
            return new LinuxPort(port, wake, name);
        }
        catch
        {
            _ = close(port);
            throw;
        }
    }

    /// <summary>Ports with hardware behind them.</summary>
    public static string[] Names()
    {
        const string All = "/sys/class/tty";
        if (!Directory.Exists(All)) return [];
        return [.. Directory.EnumerateDirectories(All)
            .Where(d => Path.Exists(Path.Combine(d, "device")) && !(File.Exists(Path.Combine(d, "type")) && File.ReadAllText(Path.Combine(d, "type")).Trim() == "0"))
            .Select(d => "/dev/" + Path.GetFileName(d)).Where(Path.Exists).Order(StringComparer.Ordinal)];
    }

    public int Read(Span<byte> buffer, int timeoutMs)
    {
        Enter();
        try
        {
            long deadline = Deadline(timeoutMs);
            while (true)
            {
                short ready = Wait(PollIn, deadline);
                nint got = read(_port, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
                if (got > 0) return (int)got;
                int error = Marshal.GetLastPInvokeError();
                // Ready and nothing there is how a tty says that the other side has gone.
                if (got == 0 || (ready & (PollHup | PollErr | PollNval)) != 0) throw Gone();
                if (error is not (EAgain or EIntr)) throw error == EIo ? Gone() : Failed(_name, "read", error);
            }
        }
        finally
        {
            Leave();
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, int timeoutMs)
    {
        Enter();
        try
        {
            long deadline = Deadline(timeoutMs);
            while (!bytes.IsEmpty)
            {
                if ((Wait(PollOut, deadline) & (PollHup | PollErr | PollNval)) != 0) throw Gone();
                nint put = write(_port, in MemoryMarshal.GetReference(bytes), (nuint)bytes.Length);
                if (put > 0)
                {
                    bytes = bytes[(int)put..];
                    continue;
                }
                int error = Marshal.GetLastPInvokeError();
                if (put < 0 && error is not (EAgain or EIntr)) throw error == EIo ? Gone() : Failed(_name, "write", error);
            }
        }
        finally
        {
            Leave();
        }
    }

    public void Apply(LineSettings settings)
    {
        if (settings.Parity is Parity.Mark or Parity.Space) throw new ArgumentException("Linux ports have no mark or space parity.");
        if (settings.StopBits == StopBits.OnePointFive) throw new ArgumentException("Linux ports have no one and a half stop bits.");
        Using(() =>
        {
            Termios2 t = default;
            if (ioctl(_port, Tcgets2, ref t) < 0) throw Failed(_name, "TCGETS2", Marshal.GetLastPInvokeError());
            uint speed = SpeedCode(settings.BaudRate);
            // Raw: nothing is eaten, changed or echoed (IXON, ICRNL, ISIG, ISTRIP, PARMRK, OPOST, ECHO, HUPCL are all off).
            t.InputFlags = settings.Handshake is Handshake.XOnXOff or Handshake.RequestToSendXOnXOff ? Ixon | Ixoff : 0;
            if (settings.Parity != Parity.None) t.InputFlags |= Inpck;
            t.OutputFlags = 0;
            t.LocalFlags = 0;
            t.ControlFlags = speed | Cread | Clocal | (uint)((settings.DataBits - 5) << 4)
                | (settings.StopBits == StopBits.Two ? Cstopb : 0)
                | (settings.Parity == Parity.None ? 0 : Parenb | (settings.Parity == Parity.Odd ? Parodd : 0))
                | (settings.Handshake is Handshake.RequestToSend or Handshake.RequestToSendXOnXOff ? Crtscts : 0);
            t.InputSpeed = t.OutputSpeed = (uint)settings.BaudRate;
            t.Minimum = t.Time = 0;
            if (ioctl(_port, Tcsets2, ref t) < 0) throw Failed(_name, "TCSETS2", Marshal.GetLastPInvokeError());
        });
    }

    public void SetDtr(bool on) => SetLine(TiocmDtr, on);
    public void SetRts(bool on) => SetLine(TiocmRts, on);
    public void SetBreak(bool on) => Using(() => IgnoringPty(ioctl(_port, on ? Tiocsbrk : Tioccbrk, 0)));
    public void DiscardIn() => Using(() => IgnoringPty(ioctl(_port, Tcflsh, 0)));
    public void DiscardOut() => Using(() => IgnoringPty(ioctl(_port, Tcflsh, 1)));

    public void Close()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }
        ulong one = 1;
        _ = write(_wake, in one, sizeof(ulong));
        lock (_gate)
        {
            while (_users > 0) Monitor.Wait(_gate);
        }
        // A pty outlives this: left exclusive, nobody but root could open it again.
        _ = ioctl(_port, Tiocnxcl, 0);
        _ = close(_port);
        _ = close(_wake);
    }

    private static long Deadline(int timeoutMs) => timeoutMs == SerialPort.InfiniteTimeout ? long.MaxValue : Stopwatch.GetTimestamp() + (timeoutMs * Stopwatch.Frequency / 1000);

    /// <summary>Waits until the port is ready; gives what poll says of it.</summary>
    private short Wait(short what, long deadline)
    {
        Span<PollFd> both = [new PollFd { Descriptor = _port, Events = what }, new PollFd { Descriptor = _wake, Events = PollIn }];
        while (true)
        {
            int left = -1;
            if (deadline != long.MaxValue) left = (int)Math.Max(0, Math.Ceiling((deadline - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency));
            both[0].Ready = both[1].Ready = 0;
            int ready = poll(ref both[0], 2, left);
            if (ready < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error == EIntr) continue;
                throw Failed(_name, "poll", error);
            }
            if (both[1].Ready != 0) throw new IOException($"The port '{_name}' was closed.");
            if (ready > 0) return both[0].Ready;
            if (left == 0) throw new TimeoutException("The operation has timed out.");
        }
    }

    private void Enter()
    {
        lock (_gate)
        {
            if (_closed) throw new InvalidOperationException("The port is closed.");
            _users++;
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
        Enter();
        try
        {
            action();
        }
        finally
        {
            Leave();
        }
    }

    private int Number(nuint request)
    {
        int value = 0;
        Using(() =>
        {
            if (ioctl(_port, request, ref value) < 0) throw Failed(_name, "ioctl", Marshal.GetLastPInvokeError());
        });
        return value;
    }

    private bool HasLine(int line)
    {
        int lines = 0;
        Using(() => IgnoringPty(ioctl(_port, Tiocmget, ref lines)));
        return (lines & line) != 0;
    }

    private void SetLine(int line, bool on) => Using(() =>
    {
        int lines = line;
        IgnoringPty(ioctl(_port, on ? Tiocmbis : Tiocmbic, ref lines));
    });

    private void IgnoringPty(int result)
    {
        if (result >= 0) return;
        int error = Marshal.GetLastPInvokeError();
        if (error is not (ENotty or EInval)) throw Failed(_name, "ioctl", error);
    }

    private IOException Gone() => new($"The port '{_name}' is gone: the device was removed or the other side hung up.");

    private static IOException Failed(string name, string what, int error) => new($"{what} on the port '{name}' failed: {Marshal.GetPInvokeErrorMessage(error)}");

    private static Exception OpenFailed(string name, int error) => error switch
    {
        ENoent or ENxio or ENodev or ENotdir => new FileNotFoundException($"There is no port '{name}'.", name),
        EAcces or EPerm or EBusy or EIsdir => new UnauthorizedAccessException($"Access to the port '{name}' is denied: {Marshal.GetPInvokeErrorMessage(error)}"),
        _ => Failed(name, "open", error),
    };

    /// <summary>The kernel's code of a standard rate; others go by number (BOTHER), which tools of the C library then show as 0.</summary>
    private static uint SpeedCode(int baud) => baud switch
    {
        50 => 1, 75 => 2, 110 => 3, 134 => 4, 150 => 5, 200 => 6, 300 => 7, 600 => 8, 1200 => 9, 1800 => 10, 2400 => 11, 4800 => 12, 9600 => 13, 19200 => 14, 38400 => 15,
        57600 => 0x1001, 115200 => 0x1002, 230400 => 0x1003, 460800 => 0x1004, 500000 => 0x1005, 576000 => 0x1006, 921600 => 0x1007, 1000000 => 0x1008, 1152000 => 0x1009,
        1500000 => 0x100A, 2000000 => 0x100B, 2500000 => 0x100C, 3000000 => 0x100D, 3500000 => 0x100E, 4000000 => 0x100F,
        _ => 0x1000,
    };
}
