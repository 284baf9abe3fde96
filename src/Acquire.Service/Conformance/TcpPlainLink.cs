using System.Net.Sockets;

namespace Acquire.Service.Conformance;

/// <summary>A bare TCP connection.</summary>
internal sealed class TcpPlainLink : PlainLink
{
    private readonly Socket _socket;

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nobody answers there.</exception>
    public TcpPlainLink(string host, int port, string who, WireNotes notes) : base(who, notes)
    {
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            _socket.Connect(host, port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Says that no more will be sent, but goes on reading.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>True when the other side ends the connection within that time.</summary>
    public bool IsEndedWithin(int ms) => _socket.Poll(ms * 1000, SelectMode.SelectRead) && _socket.Available == 0;

    /// <inheritdoc/>
    public override void Dispose() => _socket.Dispose();

    /// <inheritdoc/>
    protected override void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0) bytes = bytes[_socket.Send(bytes)..];
        }
        catch (SocketException e)
        {
            throw new ClauseFailedException("an open connection", "sending failed: " + e.SocketErrorCode);
        }
    }

    /// <inheritdoc/>
    protected override bool WaitForBytes(int ms) => _socket.Poll(ms * 1000, SelectMode.SelectRead);

    /// <inheritdoc/>
    protected override int ReadSome(byte[] buffer)
    {
        try
        {
            return _socket.Receive(buffer);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
