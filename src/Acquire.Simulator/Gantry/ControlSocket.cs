using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Acquire.Simulator.Gantry;

/// <summary>The control socket of one connection, as generic tools know it from bench instruments (docs: control-interface 3): <c>DCL</c> clears the
/// connection and comes back when that is done, <c>POL</c> is a serial poll, <c>SRQ +nn</c> comes unasked when the session requests service.</summary>
internal sealed class ControlSocket : IAsyncDisposable
{
    private readonly GantryConnection _connection;
    private readonly SimulatedGantry _gantry;
    private readonly ListeningPort _port;

    public ControlSocket(GantryConnection connection, SimulatedGantry gantry)
    {
        _connection = connection;
        _gantry = gantry;
        _port = ListeningPort.Open(gantry.Options.BindAddress, 0);
        _port.Serve(ServeAsync, gantry.IsLinkDown, gantry.Log);
    }

    public int Port => _port.Port;

    public ValueTask DisposeAsync() => _port.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken stopping)
    {
        NetworkStream stream = client.GetStream();
        var lines = Channel.CreateBounded<string>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropWrite });
        Action<int> request = stb => lines.Writer.TryWrite("SRQ " + Signed(stb));
        lock (_gantry.Gate)
        {
            _gantry.Sessions.Requested += OnRequest;
            if (_connection.Session.IsRequesting) request(_gantry.StatusByteOf(_connection.Session));
        }
        Task writing = WriteAsync(stream, lines.Reader, stopping);
        try
        {
            byte[] bytes = new byte[64];
            int length = 0;
            while (length < bytes.Length && await stream.ReadAsync(bytes.AsMemory(length), stopping) is var read and > 0)
            {
                length += read;
                for (int end; (end = Array.IndexOf(bytes, (byte)'\n', 0, length)) >= 0;)
                {
                    string line = Encoding.ASCII.GetString(bytes, 0, end).Trim();
                    Buffer.BlockCopy(bytes, end + 1, bytes, 0, length - end - 1);
                    length -= end + 1;
                    if (await AnswerAsync(line) is { } answer) await lines.Writer.WriteAsync(answer, stopping);
                }
            }
        }
        finally
        {
            lock (_gantry.Gate) _gantry.Sessions.Requested -= OnRequest;
            lines.Writer.TryComplete();
            client.Client.Close();
            await writing;
        }
        void OnRequest(GantrySession session, int stb)
        {
            if (session == _connection.Session) request(stb);
        }
    }

    private async Task<string?> AnswerAsync(string line)
    {
        switch (line.ToUpperInvariant())
        {
            case "DCL":
                await _connection.ClearAsync();
                return "DCL";
            case "POL":
                lock (_gantry.Gate)
                {
                    _gantry.Changed();
                    return "POL " + Signed(_gantry.StatusByteOf(_connection.Session) | (_connection.IsReplying ? 16 : 0));
                }
            default:
                return null;
        }
    }

    private static async Task WriteAsync(NetworkStream stream, ChannelReader<string> lines, CancellationToken stopping)
    {
        try
        {
            await foreach (string line in lines.ReadAllAsync(stopping)) await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"), stopping);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The other side is gone.
        }
    }

    private static string Signed(int stb) => "+" + stb.ToString(CultureInfo.InvariantCulture);
}
