using System.Net;
using System.Net.Sockets;

namespace Acquire.Simulator.Gantry;

/// <summary>The bytes of one control connection, whatever carries them: sessions and dispatch are the same on TCP and on a serial line.</summary>
internal interface IGantryChannel : IDisposable
{
    /// <summary>Comes from this machine, or over a wire of its own.</summary>
    bool IsLocal { get; }

    /// <summary>False: a plain serial line without checks. Only queries and stops are taken, in the default session (else 110).</summary>
    bool IsProtected { get; }

    /// <summary>The serial line behind it; null on TCP.</summary>
    ISerialLine? Serial { get; }

    /// <summary>Bytes that arrived; 0 when the other side ended.</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation);

    /// <summary>Sends a whole reply in one piece. A channel with a line behind it takes it in and returns: a long reply holds back nobody.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation);

    /// <summary>Cuts the connection as a broken cable would.</summary>
    void Drop();
}

/// <summary>What the commands under SYSTem:COMMunicate:SERial and DIAGnostic:SIMulation:LINK may do to a serial line.</summary>
internal interface ISerialLine
{
    /// <summary>Bits a second, now or once this message is done.</summary>
    int WantedBaud { get; }

    /// <summary>Changes the speed once the reply to this message has arrived.</summary>
    void ChangeBaud(int baud);

    /// <summary>A message is executed and its reply handed over.</summary>
    void MessageDone();

    /// <summary>Replies to FRAMe:DATA? go on channel 2.</summary>
    bool IsBulkApart { get; set; }

    /// <summary>Sends a reply on channel 2.</summary>
    ValueTask SendBulkAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation);
}

/// <summary>A TCP connection.</summary>
internal sealed class TcpChannel(TcpClient client) : IGantryChannel
{
    private readonly NetworkStream _stream = client.GetStream();

    public bool IsLocal { get; } = client.Client.RemoteEndPoint is IPEndPoint { Address: { } address } && IPAddress.IsLoopback(address);
    public bool IsProtected => true;
    public ISerialLine? Serial => null;
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation) => _stream.ReadAsync(buffer, cancellation);
    public ValueTask SendAsync(ReadOnlyMemory<byte> reply, CancellationToken cancellation) => _stream.WriteAsync(reply, cancellation);
    public void Drop() => client.Client.Close();
    public void Dispose() => client.Dispose();
}
