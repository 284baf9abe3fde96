using System.IO.Ports;

namespace Acquire.Simulator.Serial;

/// <summary>The line itself: a port, and what a pseudo terminal lacks of a cable: a speed, an adapter's latency, errors. One reader thread, and one
/// that lets bytes out when their time has come.</summary>
internal sealed class SerialLine : IDisposable
{
    private const int AdapterPacket = 62;
    private const int Grain = 16;
    private const int BitsPerByte = 10;
    private static readonly TimeSpan DriverTakes = TimeSpan.FromSeconds(5);
    private readonly SerialPort _port;
    private readonly Stream _stream;
    private readonly SerialOptions _options;
    private readonly TimeProvider _wall;
    private readonly LineNoise _noiseIn;
    private readonly LineNoise _noiseOut;
    private readonly bool _paced;
    private readonly object _gate = new();
    private readonly Lock _writing = new();
    private readonly Queue<(long Due, byte[] Bytes)> _arriving = new();
    private readonly Queue<(long Due, byte[] Bytes)> _leaving = new();
    private readonly List<byte> _packet = [];
    private readonly Action<byte[]> _received;
    private readonly Action<string> _failed;
    private long _inFreeAt;
    private long _outFreeAt;
    private long _packetDue;
    private int _baud;
    private bool _closed;

    private SerialLine(SerialPort port, SerialOptions options, bool paced, Func<double> bitErrors, TimeProvider wall, Action<byte[]> received, Action<string> failed)
    {
        _port = port;
        _stream = port.BaseStream;
        _options = options;
        _wall = wall;
        _paced = paced;
        _baud = options.Baud;
        _received = received;
        _failed = failed;
        _noiseIn = new LineNoise(options.Errors, options.Seed, bitErrors);
        _noiseOut = new LineNoise(options.Errors, options.Seed + 1, bitErrors);
    }

    /// <summary>Opens the port.</summary>
    /// <param name="options">Port and line.</param>
    /// <param name="bitErrors">Bit error rate beside that of the options (DIAG:SIM:LINK); 1 or more: nothing gets through.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="received">Called with what arrived, in order, on one of the line's threads.</param>
    /// <param name="failed">Called once when the port is gone.</param>
    /// <exception cref="IOException">It cannot be opened; the message says why.</exception>
    public static SerialLine Open(SerialOptions options, Func<double> bitErrors, TimeProvider wall, Action<byte[]> received, Action<string> failed)
    {
        var port = new SerialPort(options.Port, options.Baud, Parity.None, 8, StopBits.One) { Handshake = Handshake.None, WriteTimeout = (int)DriverTakes.TotalMilliseconds };
        try
        {
            port.Open();
            port.DiscardInBuffer();
            string target = new FileInfo(options.Port).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? options.Port;
            var line = new SerialLine(port, options, options.Paced ?? target.StartsWith("/dev/pts/", StringComparison.Ordinal), bitErrors, wall, received, failed);
            new Thread(line.Read) { IsBackground = true, Name = "serial in" }.Start();
            new Thread(line.Pump) { IsBackground = true, Name = "serial time" }.Start();
            return line;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            port.Dispose();
            throw new IOException($"the serial port {options.Port} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Bytes take their time as at the line's speed.</summary>
    public bool IsPaced => _paced;

    /// <summary>Sends bytes; they leave in order, each in its time.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_closed) return;
            byte[] sent = _noiseOut.Apply(bytes);
            if (!_paced) _leaving.Enqueue((0, sent));
            else
                for (int at = 0; at < sent.Length; at += Grain) Leave(sent.AsSpan(at, Math.Min(Grain, sent.Length - at)));
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>From now on both directions run at this speed.</summary>
    public void ChangeBaud(int baud)
    {
        lock (_gate)
        {
            _baud = baud;
            try
            {
                if (!_closed) _port.BaudRate = baud;
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or ArgumentException)
            {
                // A device that does not know the speed: the link falls back when nothing valid is heard.
            }
        }
    }

    public void Dispose() => Close(null);

    private void Leave(ReadOnlySpan<byte> bytes)
    {
        long now = _wall.GetTimestamp();
        _outFreeAt = Math.Max(now, _outFreeAt) + Ticks(bytes.Length * BitsPerByte / (double)_baud);
        if (_options.AdapterLatency == TimeSpan.Zero)
        {
            _leaving.Enqueue((_outFreeAt, bytes.ToArray()));
            return;
        }
        // The adapter hands over a packet when it is full, or when its timer runs out.
        if (_packet.Count > 0 && _packetDue <= now) FlushPacket(_packetDue);
        if (_packet.Count == 0) _packetDue = _outFreeAt + Ticks(_options.AdapterLatency.TotalSeconds);
        foreach (byte b in bytes) _packet.Add(b);
        if (_packet.Count >= AdapterPacket) FlushPacket(_outFreeAt);
    }

    private void FlushPacket(long due)
    {
        _leaving.Enqueue((due, [.. _packet]));
        _packet.Clear();
    }

    private void Read()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                int read = _stream.Read(buffer, 0, buffer.Length);
                if (read == 0) break;
                byte[] arrived = _noiseIn.Apply(buffer.AsSpan(0, read));
                lock (_gate)
                {
                    if (_closed) return;
                    for (int at = 0; at < arrived.Length; at += _paced ? Grain : arrived.Length)
                    {
                        byte[] piece = arrived[at..Math.Min(arrived.Length, at + (_paced ? Grain : arrived.Length))];
                        _inFreeAt = !_paced ? 0 : Math.Max(_wall.GetTimestamp(), _inFreeAt) + Ticks(piece.Length * BitsPerByte / (double)_baud);
                        _arriving.Enqueue((_inFreeAt, piece));
                    }
                    Monitor.PulseAll(_gate);
                }
            }
            Close("the other side hung up");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or UnauthorizedAccessException)
        {
            Close(e.Message);
        }
    }

    private void Pump()
    {
        var inbound = new List<byte[]>();
        var outbound = new List<byte[]>();
        while (true)
        {
            lock (_gate)
            {
                while (!_closed && !TakeDue(inbound, outbound, out TimeSpan wait)) Monitor.Wait(_gate, wait);
                if (_closed) return;
            }
            foreach (byte[] bytes in outbound)
            {
                try
                {
                    lock (_writing)
                        if (!_closed) _stream.Write(bytes, 0, bytes.Length);
                }
                catch (TimeoutException)
                {
                    // Nobody reads at the other end: on a cable the bytes would be gone too.
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or UnauthorizedAccessException)
                {
                    Close(e.Message);
                    return;
                }
            }
            foreach (byte[] bytes in inbound) _received(bytes);
            inbound.Clear();
            outbound.Clear();
        }
    }

    private bool TakeDue(List<byte[]> inbound, List<byte[]> outbound, out TimeSpan wait)
    {
        long now = _wall.GetTimestamp();
        if (_packet.Count > 0 && _packetDue <= now) FlushPacket(_packetDue);
        while (_arriving.TryPeek(out (long Due, byte[] Bytes) next) && next.Due <= now) inbound.Add(_arriving.Dequeue().Bytes);
        while (_leaving.TryPeek(out (long Due, byte[] Bytes) next) && next.Due <= now) outbound.Add(_leaving.Dequeue().Bytes);
        long due = Math.Min(_arriving.TryPeek(out (long Due, byte[]) a) ? a.Due : long.MaxValue, _leaving.TryPeek(out (long Due, byte[]) l) ? l.Due : long.MaxValue);
        if (_packet.Count > 0) due = Math.Min(due, _packetDue);
        wait = due == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(_wall.GetElapsedTime(now, due).TotalMilliseconds)));
        return inbound.Count + outbound.Count > 0;
    }

    private void Close(string? reason)
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            Monitor.PulseAll(_gate);
        }
        // Never while a write is under way (the package has deadlocked there).
        lock (_writing) _port.Dispose();
        if (reason is not null) _failed(reason);
    }

    private long Ticks(double seconds) => (long)(seconds * _wall.TimestampFrequency);
}
