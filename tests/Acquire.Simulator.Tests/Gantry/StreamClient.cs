using System.Buffers.Binary;
using System.Net.Sockets;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>A client of the stream port: says hello, takes packets, acknowledges.</summary>
internal sealed class StreamClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    public StreamClient(int port, string run, ulong first)
    {
        _client = new TcpClient("127.0.0.1", port) { ReceiveTimeout = 20_000 };
        _stream = _client.GetStream();
        byte[] hello = new byte[ListHello.Length];
        new ListHello(Guid.Parse(run), first).Write(hello);
        _stream.Write(hello);
    }

    /// <summary>The next packet, checked.</summary>
    public (ListPacket Header, byte[] Words) Next()
    {
        byte[] header = new byte[ListPacket.HeaderLength];
        _stream.ReadExactly(header);
        Assert.Null(ListPacket.TryReadHeader(header, out ListPacket packet));
        byte[] whole = new byte[packet.TotalLength];
        header.CopyTo(whole, 0);
        _stream.ReadExactly(whole.AsSpan(ListPacket.HeaderLength));
        Assert.Null(ListPacket.TryRead(whole, out packet));
        return (packet, packet.WordsOf(whole).ToArray());
    }

    public void Acknowledge(ulong number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        _stream.Write(bytes);
    }

    /// <summary>Everything up to the end word.</summary>
    public List<(ListPacket Header, byte[] Words)> ToEnd()
    {
        var packets = new List<(ListPacket, byte[])>();
        while (true)
        {
            (ListPacket header, byte[] words) = Next();
            packets.Add((header, words));
            Acknowledge(header.Number);
            var reader = new ListWordReader(words);
            while (reader.Read())
                if (reader.Current.Type == ListTag.End) return packets;
        }
    }

    public bool IsClosed()
    {
        try
        {
            return _stream.ReadByte() < 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _client.Dispose();
}
