using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>Where list-mode packets go. What it says flushed is acknowledged and forgotten by the gantry; nothing else is.</summary>
public interface IListModeSink
{
    /// <summary>Number of the last packet that is safe on disk; 0 for none. After a crash the stream goes on behind it.</summary>
    ulong LastFlushed { get; }

    /// <summary>The run's end word is safe on disk: there is nothing more to receive.</summary>
    bool HasEnd { get; }

    /// <summary>Takes a packet, header and words, both CRCs checked. The memory is good during the call only.</summary>
    ValueTask WriteAsync(ListPacket packet, ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>Makes all that was taken safe; <see cref="LastFlushed"/> says so afterwards.</summary>
    ValueTask FlushAsync(CancellationToken cancellation);
}

/// <summary>How a stream ended.</summary>
/// <param name="Packets">Packets taken.</param>
/// <param name="Words">Words in them.</param>
/// <param name="Bytes">Bytes of them.</param>
/// <param name="Reconnects">Times the stream broke and was taken up again.</param>
/// <param name="Missing">Packet numbers the gantry left out because its store was full; a LOST word in the next packet says how many events.</param>
public sealed record ListModeResult(long Packets, long Words, long Bytes, int Reconnects, long Missing);

/// <summary>Receives the list-mode stream of a run: checked, handed to a durable sink, acknowledged when the sink has flushed, taken up again where it broke.</summary>
/// <remarks>GCI 1.0 section 14. A packet that arrives damaged, or twice, or out of order is never handed on: the stream is opened anew at the first packet wanted.</remarks>
public sealed class ListModeClient(GantryDriver gantry, IListModeSink sink, TimeProvider wall)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private long _packets;
    private long _words;
    private long _bytes;
    private long _missing;
    private ulong _last;
    private bool _ended;

    /// <summary>Flushes and acknowledges after so many packets; a quiet stream is flushed after <see cref="FlushAfter"/> in any case.</summary>
    public int FlushEvery { get; init; } = 64;

    /// <summary>Longest time a packet waits for its flush.</summary>
    public TimeSpan FlushAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Breaks in a row without a packet between them after which the stream is given up.</summary>
    public int MostBreaks { get; init; } = 100;

    /// <summary>Receives until the run's end word was taken, flushed and acknowledged.</summary>
    /// <param name="run">Run.</param>
    /// <param name="cancellation">Ends receiving; what was flushed is acknowledged, the rest stays at the gantry.</param>
    /// <exception cref="AcquireException">The gantry has no stream, or it broke too often.</exception>
    public async Task<ListModeResult> ReceiveAsync(Guid run, CancellationToken cancellation)
    {
        int reconnects = -1, breaks = 0;
        _last = sink.LastFlushed;
        _ended = sink.HasEnd;
        while (!_ended)
        {
            reconnects++;
            long before = _packets;
            string why;
            try
            {
                await ReceiveOnceAsync(run, cancellation);
                why = "the gantry closed the stream";
            }
            catch (Exception e) when (e is GantryLinkLostException or IOException or ObjectDisposedException or InvalidDataException)
            {
                why = e.Message;
            }
            if (_ended) break;
            _last = sink.LastFlushed; // what was not flushed when the line broke comes again
            breaks = _packets > before ? 0 : breaks + 1;
            if (breaks >= MostBreaks) throw new AcquireException($"the list-mode stream broke {breaks} times without a packet ({why}); what was flushed is stored, the gantry keeps the rest", ExitCodes.Gantry);
            await Task.Delay(Pause, wall, cancellation);
        }
        return new ListModeResult(_packets, _words, _bytes, Math.Max(0, reconnects), _missing);
    }

    private async Task ReceiveOnceAsync(Guid run, CancellationToken cancellation)
    {
        int port = GantryReply.Whole<int>(await gantry.QueryAsync("SYST:COMM:TCP:STR?", cancellation));
        if (port == 0) throw new AcquireException("this gantry has no list-mode stream", ExitCodes.Gantry);
        GantryLink link = gantry.Session.Link ?? throw new GantryLinkLostException("there is no link");
        await using Stream stream = await link.Wire.OpenPortAsync(port, cancellation);
        byte[] hello = new byte[ListHello.Length];
        new ListHello(run, _last + 1).Write(hello);
        await stream.WriteAsync(hello, cancellation);
        byte[] buffer = new byte[ListPacket.MaxLength];
        ulong acknowledged = sink.LastFlushed;
        int unflushed = 0;
        long since = wall.GetTimestamp();
        Task<bool>? reading = null;
        while (true)
        {
            reading ??= ReadPacketAsync(stream, buffer, cancellation);
            if (unflushed > 0 && !reading.IsCompleted)
            {
                TimeSpan left = FlushAfter - wall.GetElapsedTime(since);
                if (left <= TimeSpan.Zero || await Task.WhenAny(reading, Task.Delay(left, wall, cancellation)) != reading)
                {
                    acknowledged = await FlushAsync(stream, acknowledged, cancellation);
                    unflushed = 0;
                    continue;
                }
            }
            bool more = await reading;
            reading = null;
            if (!more)
            {
                await FlushAsync(stream, acknowledged, cancellation);
                return;
            }
            if (ListPacket.TryRead(buffer, out ListPacket packet) is { } wrong) throw new InvalidDataException(wrong);
            if (packet.Number <= _last) continue; // sent twice: taken once
            if (_last > 0 && packet.Number != _last + 1) _missing += (long)(packet.Number - _last - 1);
            await sink.WriteAsync(packet, buffer.AsMemory(0, packet.TotalLength), cancellation);
            if (unflushed++ == 0) since = wall.GetTimestamp();
            _last = packet.Number;
            _packets++;
            _words += packet.Words;
            _bytes += packet.TotalLength;
            bool end = EndsRun(packet, buffer);
            if (unflushed < FlushEvery && !end) continue;
            acknowledged = await FlushAsync(stream, acknowledged, cancellation);
            unflushed = 0;
            if (!end) continue;
            _ended = true;
            return;
        }
    }

    private async Task<ulong> FlushAsync(Stream stream, ulong acknowledged, CancellationToken cancellation)
    {
        await sink.FlushAsync(cancellation);
        if (sink.LastFlushed <= acknowledged) return acknowledged;
        byte[] number = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, sink.LastFlushed);
        await stream.WriteAsync(number, cancellation);
        return sink.LastFlushed;
    }

    /// <summary>Reads one packet into the buffer. False when the stream ended between two packets.</summary>
    private static async Task<bool> ReadPacketAsync(Stream stream, byte[] buffer, CancellationToken cancellation)
    {
        int read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, ListPacket.HeaderLength), ListPacket.HeaderLength, throwOnEndOfStream: false, cancellation);
        if (read == 0) return false;
        if (read < ListPacket.HeaderLength) throw new IOException(string.Create(CultureInfo.InvariantCulture, $"the stream ended in a packet header, after {read} bytes"));
        if (ListPacket.TryReadHeader(buffer, out ListPacket packet) is { } wrong) throw new InvalidDataException(wrong);
        await stream.ReadExactlyAsync(buffer.AsMemory(ListPacket.HeaderLength, packet.TotalLength - ListPacket.HeaderLength), cancellation);
        return true;
    }

    /// <summary>The last word of the last packet is the end tag (type 127).</summary>
    private static bool EndsRun(ListPacket packet, byte[] buffer)
    {
        if (packet.Words == 0) return false;
        ulong word = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(ListPacket.HeaderLength + (8 * (packet.Words - 1))));
        return word >> 63 == 1 && ((word >> 56) & 0x7F) == 127;
    }
}
