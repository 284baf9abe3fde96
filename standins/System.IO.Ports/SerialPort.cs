using System.ComponentModel;

namespace System.IO.Ports;

/// <summary>A serial port: the members of the package System.IO.Ports that Acquire uses, with the behaviour its documentation describes.</summary>
/// <remarks>An own implementation (docs/decisions/0020); <c>-p:UseNuGetSerialPorts=true</c> takes the package instead. No events.</remarks>
public class SerialPort : Component
{
    /// <summary>No timeout.</summary>
    public const int InfiniteTimeout = -1;

    private readonly Lock _gate = new();
    private IPortDevice? _device;
    private SerialStream? _stream;
    private string _portName = "COM1";
    private LineSettings _settings;
    private int _readTimeout = InfiniteTimeout;
    private int _writeTimeout = InfiniteTimeout;
    private bool _dtr;
    private bool _rts;
    private bool _break;

    /// <summary>A port that is not open yet.</summary>
    /// <param name="portName">COM3, /dev/ttyUSB0, …</param>
    /// <param name="baudRate">Bits a second.</param>
    /// <param name="parity">Parity.</param>
    /// <param name="dataBits">5 to 8.</param>
    /// <param name="stopBits">Stop bits.</param>
    /// <exception cref="ArgumentException">A value no port can have.</exception>
    public SerialPort(string portName, int baudRate, Parity parity, int dataBits, StopBits stopBits)
    {
        PortName = portName;
        BaudRate = baudRate;
        Parity = parity;
        DataBits = dataBits;
        StopBits = stopBits;
    }

    /// <summary>Name of the port; cannot be changed while it is open.</summary>
    public string PortName
    {
        get => _portName;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (value.StartsWith(@"\\", StringComparison.Ordinal)) throw new ArgumentException("A port name does not begin with two backslashes.", nameof(value));
            if (IsOpen) throw new InvalidOperationException("The name cannot be changed while the port is open.");
            _portName = value;
        }
    }

    /// <summary>Bits a second; may be changed while the port is open.</summary>
    public int BaudRate
    {
        get => _settings.BaudRate;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            Change(_settings with { BaudRate = value });
        }
    }

    /// <summary>Parity bit.</summary>
    public Parity Parity
    {
        get => _settings.Parity;
        set
        {
            if (value is < Parity.None or > Parity.Space) throw new ArgumentOutOfRangeException(nameof(value));
            Change(_settings with { Parity = value });
        }
    }

    /// <summary>Data bits, 5 to 8.</summary>
    public int DataBits
    {
        get => _settings.DataBits;
        set
        {
            if (value is < 5 or > 8) throw new ArgumentOutOfRangeException(nameof(value));
            Change(_settings with { DataBits = value });
        }
    }

    /// <summary>Stop bits; None is refused.</summary>
    public StopBits StopBits
    {
        get => _settings.StopBits;
        set
        {
            if (value is < StopBits.One or > StopBits.OnePointFive) throw new ArgumentOutOfRangeException(nameof(value));
            Change(_settings with { StopBits = value });
        }
    }

    /// <summary>Flow control.</summary>
    public Handshake Handshake
    {
        get => _settings.Handshake;
        set
        {
            if (value is < Handshake.None or > Handshake.RequestToSendXOnXOff) throw new ArgumentOutOfRangeException(nameof(value));
            Change(_settings with { Handshake = value });
        }
    }

    /// <summary>Longest wait of a read, ms, or <see cref="InfiniteTimeout"/>.</summary>
    public int ReadTimeout
    {
        get => _readTimeout;
        set
        {
            if (value < 0 && value != InfiniteTimeout) throw new ArgumentOutOfRangeException(nameof(value));
            _readTimeout = value;
        }
    }

    /// <summary>Longest wait of a write, ms, or <see cref="InfiniteTimeout"/>.</summary>
    public int WriteTimeout
    {
        get => _writeTimeout;
        set
        {
            if (value <= 0 && value != InfiniteTimeout) throw new ArgumentOutOfRangeException(nameof(value));
            _writeTimeout = value;
        }
    }

    /// <summary>Data terminal ready.</summary>
    public bool DtrEnable
    {
        get => _dtr;
        set
        {
            lock (_gate)
            {
                _device?.SetDtr(value);
                _dtr = value;
            }
        }
    }

    /// <summary>Request to send.</summary>
    /// <exception cref="InvalidOperationException">The handshake uses the line.</exception>
    public bool RtsEnable
    {
        get => UsesRts(Handshake) ? throw new InvalidOperationException("The handshake uses RTS.") : _rts;
        set
        {
            if (UsesRts(Handshake)) throw new InvalidOperationException("The handshake uses RTS.");
            lock (_gate)
            {
                _device?.SetRts(value);
                _rts = value;
            }
        }
    }

    /// <summary>Holds the line in the break state.</summary>
    public bool BreakState
    {
        get => Opened() is not null && _break;
        set
        {
            Opened().SetBreak(value);
            _break = value;
        }
    }

    /// <summary>Clear to send.</summary>
    public bool CtsHolding => Opened().Cts;
    /// <summary>Data set ready.</summary>
    public bool DsrHolding => Opened().Dsr;
    /// <summary>Carrier detect.</summary>
    public bool CDHolding => Opened().Cd;
    /// <summary>Bytes that have arrived and were not read.</summary>
    public int BytesToRead => Opened().BytesToRead;
    /// <summary>Bytes the driver has not sent yet.</summary>
    public int BytesToWrite => Opened().BytesToWrite;
    /// <summary>Open.</summary>
    public bool IsOpen => _device is not null;

    /// <summary>The bytes as a stream; lives as long as the port is open.</summary>
    /// <exception cref="InvalidOperationException">Not open.</exception>
    public Stream BaseStream => _stream ?? throw NotOpen();

    /// <summary>Names of the ports of this computer.</summary>
    public static string[] GetPortNames() =>
        OperatingSystem.IsWindows() ? WindowsPort.Names() : OperatingSystem.IsLinux() ? LinuxPort.Names() : throw new PlatformNotSupportedException();

    /// <summary>Opens the port.</summary>
    /// <exception cref="InvalidOperationException">This instance is open already.</exception>
    /// <exception cref="UnauthorizedAccessException">No access, or somebody has it open.</exception>
    /// <exception cref="IOException">There is no such port (<see cref="FileNotFoundException"/>), or it cannot be set up.</exception>
    /// <exception cref="ArgumentException">It is no serial port.</exception>
    public void Open()
    {
        lock (_gate)
        {
            if (IsOpen) throw new InvalidOperationException("The port is already open.");
            IPortDevice device = OperatingSystem.IsWindows() ? WindowsPort.Open(_portName) : OperatingSystem.IsLinux() ? LinuxPort.Open(_portName) : throw new PlatformNotSupportedException();
            try
            {
                device.Apply(_settings);
                device.SetDtr(_dtr);
                if (!UsesRts(Handshake)) device.SetRts(_rts);
            }
            catch
            {
                device.Close();
                throw;
            }
            _device = device;
            _stream = new SerialStream(this, device);
        }
    }

    /// <summary>Closes the port and ends what is blocked in it with an exception. Closing a closed port does nothing.</summary>
    public void Close() => Dispose();

    /// <summary>Reads what is there, up to count bytes; waits for the first one.</summary>
    /// <exception cref="TimeoutException">Nothing came within <see cref="ReadTimeout"/>.</exception>
    /// <exception cref="InvalidOperationException">Not open.</exception>
    public int Read(byte[] buffer, int offset, int count)
    {
        IPortDevice device = Opened();
        Check(buffer, offset, count);
        return count == 0 ? 0 : device.Read(buffer.AsSpan(offset, count), _readTimeout);
    }

    /// <summary>Reads one byte.</summary>
    /// <exception cref="TimeoutException">Nothing came within <see cref="ReadTimeout"/>.</exception>
    /// <exception cref="InvalidOperationException">Not open.</exception>
    public int ReadByte()
    {
        byte one = 0;
        Opened().Read(new Span<byte>(ref one), _readTimeout);
        return one;
    }

    /// <summary>Writes bytes.</summary>
    /// <exception cref="TimeoutException">They were not taken within <see cref="WriteTimeout"/>.</exception>
    /// <exception cref="InvalidOperationException">Not open.</exception>
    public void Write(byte[] buffer, int offset, int count)
    {
        IPortDevice device = Opened();
        Check(buffer, offset, count);
        if (count > 0) device.Write(buffer.AsSpan(offset, count), _writeTimeout);
    }

    /// <summary>Throws away what arrived and was not read.</summary>
    public void DiscardInBuffer() => Opened().DiscardIn();

    /// <summary>Throws away what was written and is not sent yet.</summary>
    public void DiscardOutBuffer() => Opened().DiscardOut();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        IPortDevice? device;
        lock (_gate)
        {
            device = _device;
            _device = null;
            _stream = null;
            _break = false;
        }
        device?.Close();
        base.Dispose(disposing);
    }

    private static bool UsesRts(Handshake handshake) => handshake is Handshake.RequestToSend or Handshake.RequestToSendXOnXOff;

    private static void Check(byte[] buffer, int offset, int count)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (buffer.Length - offset < count) throw new ArgumentException("The buffer is shorter than offset and count say.");
    }

    private static InvalidOperationException NotOpen() => new("The port is closed.");

    private IPortDevice Opened() => _device ?? throw NotOpen();

    private void Change(LineSettings settings)
    {
        lock (_gate)
        {
            _device?.Apply(settings);
            _settings = settings;
        }
    }
}
