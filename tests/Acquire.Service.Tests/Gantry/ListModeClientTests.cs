using System.Buffers.Binary;
using Acquire.Protocols.Gantry;
using Acquire.Service.Gantry;

namespace Acquire.Service.Tests.Gantry;

/// <summary>List mode: nothing is acknowledged before it is flushed, and what broke comes again.</summary>
public sealed class ListModeClientTests
{
    private static readonly Guid Run = new("11111111-2222-4333-8444-555555555555");
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receive_WholeStream_EveryPacketOnceInOrderAndAcknowledgedAfterItsFlush()
    {
        var server = new StreamServer(packets: 20);
        var sink = new Sink(server);
        ListModeResult result = await ReceiveAsync(server, sink, 4);

        Assert.Equal(Enumerable.Range(1, 20).Select(n => (ulong)n), sink.Flushed);
        Assert.Equal(20, result.Packets);
        Assert.Equal(0, result.Reconnects);
        Assert.Equal(20UL, server.Acknowledged.Last());
        Assert.Equal(server.Acknowledged.Order(), server.Acknowledged);
        Assert.Equal(0, sink.AcknowledgedTooEarly);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("damaged")]
    [InlineData("torn header")]
    public async Task Receive_StreamBreaksInTheMiddle_GoesOnBehindTheLastFlushedPacket(string how)
    {
        var server = new StreamServer(packets: 20) { Fault = how, FaultAt = 11 };
        var sink = new Sink(server);

        ListModeResult result = await ReceiveAsync(server, sink, 4);

        Assert.Equal(Enumerable.Range(1, 20).Select(n => (ulong)n), sink.Flushed);
        Assert.Equal([1UL, 9UL], server.Wanted); // 8 were flushed, 9 and 10 were not: they come again
        Assert.Equal(1, result.Reconnects);
        Assert.Equal(0, sink.AcknowledgedTooEarly);
    }

    [Fact]
    public async Task Receive_PacketsLeftOutByAFullStore_AreCounted()
    {
        var server = new StreamServer(packets: 20) { LeftOut = [7, 8, 9] };
        var sink = new Sink(server);

        ListModeResult result = await ReceiveAsync(server, sink, 4);

        Assert.Equal(3, result.Missing);
        Assert.Equal(17, result.Packets);
    }

    private static async Task<ListModeResult> ReceiveAsync(StreamServer server, Sink sink, int flushEvery)
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "SYST:COMM:TCP:STR?" ? "7001\n" : null };
        await using GantryDriver driver = await GantryDriver.OpenAsync(gantry, new GantryDriverOptions { WithEvents = false, KeepAlive = false }, TimeProvider.System, Cancel);
        gantry.Connections[0].Port = (_, _) => Task.FromResult<Stream>(server.Open());
        return await new ListModeClient(driver, sink, TimeProvider.System) { FlushEvery = flushEvery, FlushAfter = TimeSpan.FromHours(1) }.ReceiveAsync(Run, Cancel);
    }

    private sealed class Sink(StreamServer server) : IListModeSink
    {
        private readonly List<ulong> _taken = [];
        public List<ulong> Flushed { get; } = [];
        public ulong LastFlushed => Flushed.LastOrDefault();
        public bool HasEnd => false;
        public int AcknowledgedTooEarly { get; private set; }

        public ValueTask WriteAsync(ListPacket packet, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
        {
            _taken.RemoveAll(n => n >= packet.Number); // comes again after a break
            _taken.Add(packet.Number);
            Look();
            return ValueTask.CompletedTask;
        }

        public ValueTask FlushAsync(CancellationToken cancellation)
        {
            Look();
            Flushed.AddRange(_taken);
            _taken.Clear();
            return ValueTask.CompletedTask;
        }

        private void Look()
        {
            if (server.Acknowledged.LastOrDefault() > LastFlushed) AcknowledgedTooEarly++;
        }
    }

    private sealed class StreamServer(int packets)
    {
        private bool _faulted;
        public string? Fault { get; init; }
        public int FaultAt { get; init; }
        public int[] LeftOut { get; init; } = [];
        public List<ulong> Wanted { get; } = [];
        public List<ulong> Acknowledged { get; } = [];

        public PipeStream Open()
        {
            PipeStream stream = null!;
            stream = new PipeStream(bytes =>
            {
                if (bytes.Length == ListHello.Length)
                {
                    Assert.Null(ListHello.TryRead(bytes, out ListHello hello));
                    Assert.Equal(Run, hello.AcquisitionId);
                    Wanted.Add(hello.FirstPacket);
                    Send(stream, (int)hello.FirstPacket);
                }
                else Acknowledged.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            });
            return stream;
        }

        private void Send(PipeStream stream, int first)
        {
            for (int n = first; n <= packets; n++)
            {
                if (LeftOut.Contains(n)) continue;
                byte[] packet = new byte[ListPacket.HeaderLength + 24];
                BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(32), (ulong)n);
                BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(40), 12345);
                BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(48), n == packets ? (1UL << 63) | (127UL << 56) : 7);
                ListPacket.Seal(packet, (ulong)n, (ulong)n * 1000);
                if (n == FaultAt && !_faulted)
                {
                    _faulted = true;
                    if (Fault == "damaged") packet[40] ^= 1;
                    stream.Feed(Fault == "cut" ? packet[..40] : Fault == "torn header" ? packet[..10] : packet);
                    stream.EndFeed();
                    return;
                }
                stream.Feed(packet);
            }
        }
    }
}
