namespace System.IO.Ports;

/// <summary>Parity bit.</summary>
public enum Parity
{
    /// <summary>No parity bit.</summary>
    None = 0,
    /// <summary>The number of set bits is odd.</summary>
    Odd = 1,
    /// <summary>The number of set bits is even.</summary>
    Even = 2,
    /// <summary>Always 1. Not on Linux.</summary>
    Mark = 3,
    /// <summary>Always 0. Not on Linux.</summary>
    Space = 4,
}

/// <summary>Stop bits.</summary>
public enum StopBits
{
    /// <summary>Not supported by any port; setting it is refused.</summary>
    None = 0,
    /// <summary>One.</summary>
    One = 1,
    /// <summary>Two.</summary>
    Two = 2,
    /// <summary>One and a half. Not on Linux.</summary>
    OnePointFive = 3,
}

/// <summary>Flow control.</summary>
public enum Handshake
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Software; not for binary data.</summary>
    XOnXOff = 1,
    /// <summary>Hardware, RTS and CTS.</summary>
    RequestToSend = 2,
    /// <summary>Both.</summary>
    RequestToSendXOnXOff = 3,
}

/// <summary>Line settings of a port.</summary>
internal readonly record struct LineSettings(int BaudRate, Parity Parity, int DataBits, StopBits StopBits, Handshake Handshake);

/// <summary>An open port of one operating system. Reading, writing and closing may run at the same time on different threads.</summary>
internal interface IPortDevice
{
    /// <summary>Bytes that are there, at least one; waits up to the timeout (ms, -1 for ever).</summary>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    /// <exception cref="IOException">The port is gone, or was closed meanwhile.</exception>
    int Read(Span<byte> buffer, int timeoutMs);

    /// <summary>Hands all bytes to the driver.</summary>
    /// <exception cref="TimeoutException">The driver did not take them in time.</exception>
    /// <exception cref="IOException">The port is gone, or was closed meanwhile.</exception>
    void Write(ReadOnlySpan<byte> bytes, int timeoutMs);

    void Apply(LineSettings settings);
    void SetDtr(bool on);
    void SetRts(bool on);
    void SetBreak(bool on);
    bool Cts { get; }
    bool Dsr { get; }
    bool Cd { get; }
    int BytesToRead { get; }
    int BytesToWrite { get; }
    void DiscardIn();
    void DiscardOut();

    /// <summary>Ends what is blocked in the port and closes it.</summary>
    void Close();
}
