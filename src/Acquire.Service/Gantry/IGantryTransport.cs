namespace Acquire.Service.Gantry;

/// <summary>A way to a gantry. Knows bytes, ports and lines, and nothing of SCPI.</summary>
public interface IGantryTransport
{
    /// <summary>For people and logs, for example "127.0.0.1:5025" or "/dev/ttyUSB0 at 115200 baud".</summary>
    string Name { get; }

    /// <summary>True where only one wire can be open at a time (a serial port): a stop then goes on the wire that is open.</summary>
    bool HasOneWire => false;

    /// <summary>Slowest a block may come without the wire being lost, bytes/s: the deadlines of frames follow from it.</summary>
    double LeastBytesPerSecond => 1 << 20;

    /// <summary>Opens a wire. Every wire is a new connection to the gantry: it starts in the default session.</summary>
    /// <exception cref="GantryLinkLostException">Nobody answers there, or the port cannot be used.</exception>
    Task<IGantryWire> ConnectAsync(CancellationToken cancellation);
}

/// <summary>An open wire to a gantry: byte streams that live and die together.</summary>
/// <remarks>A write is one or more whole lines and goes out whole: writes of several threads never mix. A lost wire shows on every stream as an
/// <see cref="IOException"/> (or <see cref="ObjectDisposedException"/>) or as a read of 0 bytes; then dispose it and connect anew. Reads take a
/// cancellation token; giving a read up loses no byte. One reader per stream.</remarks>
public interface IGantryWire : IAsyncDisposable
{
    /// <summary>SCPI both ways.</summary>
    Stream Control { get; }

    /// <summary>A path of its own for stops, with its own replies (TCP: a second connection, default session). Null where a stop goes on
    /// <see cref="Control"/> between the lines of others and overtakes what is queued there (serial: priority within the link); its answer, if one is
    /// asked for, then comes in turn on <see cref="Control"/>.</summary>
    Stream? Stop { get; }

    /// <summary>Event lines, subscriptions and watchdog tokens (one duplex stream of JSON lines, as on the gantry's event port), where the wire carries
    /// them itself (serial: channels 1 and 3). Null: ask <c>SYST:COMM:TCP:EVEN?</c> and use <see cref="OpenPortAsync"/>.</summary>
    Stream? Events { get; }

    /// <summary>Where replies to <c>FRAM:DATA?</c> come after <c>SYST:COMM:SER:BULK ON</c> (serial: channel 2), so that a frame never stands before other
    /// answers. Null: they come on <see cref="Control"/>.</summary>
    Stream? Bulk { get; }

    /// <summary>Opens another port of the same gantry: events, list-mode stream.</summary>
    /// <exception cref="NotSupportedException">A serial line has no ports.</exception>
    /// <exception cref="GantryLinkLostException">Nobody answers there.</exception>
    Task<Stream> OpenPortAsync(int port, CancellationToken cancellation);
}
