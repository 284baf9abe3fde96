using System.Globalization;
using System.Net.Sockets;

namespace Acquire.Service.Gantry;

/// <summary>A gantry on TCP: control connection, a second one for stops, further ports on demand.</summary>
/// <param name="host">Host name or address.</param>
/// <param name="port">Control port, 5025 by custom.</param>
/// <param name="wall">Wall clock, for the connect deadline.</param>
/// <param name="withStopPath">False: no second connection (short errands such as a probe).</param>
public sealed class TcpTransport(string host, int port, TimeProvider wall, bool withStopPath = true) : IGantryTransport
{
    private static readonly TimeSpan ConnectDeadline = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    /// <inheritdoc/>
    public async Task<IGantryWire> ConnectAsync(CancellationToken cancellation)
    {
        NetworkStream control = await OpenAsync(port, cancellation);
        try
        {
            return new Wire(this, control, withStopPath ? await OpenAsync(port, cancellation) : null);
        }
        catch
        {
            await control.DisposeAsync();
            throw;
        }
    }

    private async Task<NetworkStream> OpenAsync(int at, CancellationToken cancellation)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            using var timeout = new CancellationTokenSource(ConnectDeadline, wall);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
            await client.ConnectAsync(host, at, either.Token);
            return new NetworkStream(client.Client, ownsSocket: true);
        }
        catch (Exception e)
        {
            client.Dispose();
            if (e is SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
                throw new GantryLinkLostException(string.Create(CultureInfo.InvariantCulture, $"no gantry answers at {host}:{at}"), e);
            throw;
        }
    }

    private sealed class Wire(TcpTransport transport, NetworkStream control, NetworkStream? stop) : IGantryWire
    {
        public Stream Control => control;
        public Stream? Stop => stop;
        public Stream? Events => null;
        public Stream? Bulk => null;

        public async Task<Stream> OpenPortAsync(int port, CancellationToken cancellation) => await transport.OpenAsync(port, cancellation);

        public async ValueTask DisposeAsync()
        {
            await control.DisposeAsync();
            if (stop is not null) await stop.DisposeAsync();
        }
    }
}
