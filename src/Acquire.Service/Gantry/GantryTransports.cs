using System.Globalization;

namespace Acquire.Service.Gantry;

/// <summary>Reads what people write for a gantry: HOST:PORT, or a serial port with or without a speed.</summary>
public static class GantryTransports
{
    /// <summary>How an address is written, for help texts.</summary>
    public const string Syntax = "HOST:PORT, or a serial port: /dev/ttyUSB0, COM3, with a speed as /dev/ttyUSB0@921600";

    /// <summary>The transport of an address.</summary>
    /// <param name="address">As in <see cref="Syntax"/>; a leading <c>serial:</c> is allowed.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="withStopPath">TCP: opens the second connection for stops with every wire.</param>
    /// <exception cref="AcquireException">It is no address.</exception>
    public static IGantryTransport Of(string address, TimeProvider wall, bool withStopPath = true)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (IsSerial(address)) return Serial(address, wall);
        int colon = address.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
            throw new AcquireException($"'{address}' is no gantry address; give {Syntax}", ExitCodes.BadInput);
        return new TcpTransport(address[..colon], port, wall, withStopPath);
    }

    /// <summary>The address means a serial port.</summary>
    public static bool IsSerial(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.StartsWith("serial:", StringComparison.OrdinalIgnoreCase) || address.StartsWith('/')
            || (address.StartsWith("COM", StringComparison.OrdinalIgnoreCase) && address.Length > 3 && char.IsAsciiDigit(address[3]));
    }

    private static SerialTransport Serial(string address, TimeProvider wall)
    {
        string rest = address.StartsWith("serial:", StringComparison.OrdinalIgnoreCase) ? address["serial:".Length..] : address;
        int at = rest.LastIndexOf('@');
        int baud = SerialTransport.PowerUpBaud;
        if (rest.Length == 0 || at == 0 || (at > 0 && !(int.TryParse(rest.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out baud) && SerialTransport.Speeds.Contains(baud))))
            throw new AcquireException($"'{address}' is no serial port; give for example /dev/ttyUSB0@921600 with a speed of {string.Join(", ", SerialTransport.Speeds)}", ExitCodes.BadInput);
        return new SerialTransport(at > 0 ? rest[..at] : rest, baud, wall);
    }
}
