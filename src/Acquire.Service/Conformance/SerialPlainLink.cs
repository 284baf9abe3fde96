using System.IO.Ports;

namespace Acquire.Service.Conformance;

/// <summary>A serial line in plain text mode: 115200 8N1, as a terminal would open it.</summary>
internal sealed class SerialPlainLink : PlainLink
{
    /// <summary>Speed at power-up (reference section 13).</summary>
    public const int Baud = 115_200;
    private readonly SerialPort _port;
    private readonly byte[] _first = new byte[1];
    private bool _hasFirst;

    /// <summary>Opens the line.</summary>
    /// <exception cref="AcquireException">It cannot be opened.</exception>
    public SerialPlainLink(string port, string who, WireNotes notes) : base(who, notes)
    {
        _port = new SerialPort(port, Baud, Parity.None, 8, StopBits.One);
        try
        {
            _port.Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            _port.Dispose();
            throw new AcquireException($"cannot open '{port}': {e.Message}", ExitCodes.Gantry, e);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _port.Dispose();

    /// <inheritdoc/>
    protected override void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _port.Write(bytes.ToArray(), 0, bytes.Length);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or TimeoutException)
        {
            throw new ClauseFailedException("an open line", "sending failed: " + e.Message);
        }
    }

    /// <inheritdoc/>
    protected override bool WaitForBytes(int ms)
    {
        if (_hasFirst) return true;
        try
        {
            _port.ReadTimeout = ms;
            _hasFirst = _port.Read(_first, 0, 1) == 1;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            throw new ClauseFailedException("an open line", e.Message);
        }
        return true;
    }

    /// <inheritdoc/>
    protected override int ReadSome(byte[] buffer)
    {
        if (!_hasFirst) return 0;
        _hasFirst = false;
        buffer[0] = _first[0];
        int more = Math.Min(_port.BytesToRead, buffer.Length - 1);
        return 1 + (more > 0 ? _port.Read(buffer, 1, more) : 0);
    }
}
