using Acquire.Protocols.Gantry.Serial;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Serial;

/// <summary>One connection over the serial port: plain text, or one framed link from its SYN to its end.</summary>
internal sealed class SerialConnection : IGantryChannel, ISerialLine
{
    private const int ControlRoom = 256 * 1024;
    private const int EventRoom = 2048;
    private static ReadOnlySpan<byte> TickLine => "{\"k\":\"tick\""u8;
    private readonly SerialGantryPort _port;
    private readonly LinkStream _control = new((_, _) => throw new NotSupportedException());
    private readonly List<byte> _eventLine = [];
    private readonly Queue<ReadOnlyMemory<byte>> _tokensBehind = new();

    public SerialConnection(SerialGantryPort port, bool isFramed)
    {
        _port = port;
        IsFramed = isFramed;
        Events = new LinkStream(SendEventsAsync);
    }

    /// <summary>Framed link, else plain text.</summary>
    public bool IsFramed { get; }
    /// <summary>Channels 1 and 3: event lines and hold-to-run ticks out, subscriptions and tokens in, as on the event port.</summary>
    public LinkStream Events { get; }
    public bool IsLocal => true;
    public bool IsProtected => IsFramed || _port.PlainControl;
    public ISerialLine Serial => this;
    public int WantedBaud => _wantedBaud ?? _port.Baud;
    public bool IsBulkApart { get; set; }
    private int? _wantedBaud;

    /// <summary>Bytes arrived in a channel of the link (plain text: 0).</summary>
    public void Arrive(int channel, ReadOnlyMemory<byte> bytes)
    {
        switch (channel)
        {
            case 0:
                _control.Arrive(bytes);
                break;
            case 1:
                ArriveEvents(bytes);
                break;
            case 3:
                // A token may overtake part of a line, but must not land inside it.
                if (_eventLine.Count == 0) Events.Arrive(bytes);
                else _tokensBehind.Enqueue(bytes);
                break;
            default:
                break; // clients send nothing in channel 2
        }
    }

    public void End()
    {
        _control.End();
        Events.End();
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation) => _control.ReadAsync(buffer, cancellation);
    public ValueTask SendAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation) => _port.SendAsync(this, 0, reply, ControlRoom, cancellation);
    public ValueTask SendBulkAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation) => _port.SendAsync(this, 2, reply, ControlRoom, cancellation);
    public void ChangeBaud(int baud) => _wantedBaud = baud;

    public void MessageDone()
    {
        if (_wantedBaud is { } baud) _port.ChangeBaud(this, baud);
        _wantedBaud = null;
    }

    public void Drop() => _port.Drop(this);

    public void Dispose() => End();

    private void ArriveEvents(ReadOnlyMemory<byte> bytes)
    {
        foreach (byte b in bytes.Span)
        {
            _eventLine.Add(b);
            if (b != (byte)'\n') continue;
            Events.Arrive(_eventLine.ToArray());
            _eventLine.Clear();
            while (_tokensBehind.TryDequeue(out ReadOnlyMemory<byte> token)) Events.Arrive(token);
        }
    }

    /// <summary>Whole lines. Ticks go in channel 3, unacknowledged and ahead of all; the others wait for room, so that a slow line gets the latest positions and not all.</summary>
    private async ValueTask SendEventsAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellation)
    {
        while (!lines.IsEmpty)
        {
            int end = lines.Span.IndexOf((byte)'\n') + 1;
            if (end == 0) end = lines.Length;
            ReadOnlyMemory<byte> line = lines[..end];
            lines = lines[end..];
            bool isTick = line.Span.StartsWith(TickLine) && line.Length <= LinkFrame.MaxPayload;
            await _port.SendAsync(this, isTick ? 3 : 1, line.ToArray(), EventRoom, cancellation);
        }
    }
}
