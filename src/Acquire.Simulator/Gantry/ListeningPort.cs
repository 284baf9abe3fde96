using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Acquire.Simulator.Gantry;

/// <summary>One TCP port of the gantry: accepts, serves each connection on its own task, ends them all.</summary>
internal sealed class ListeningPort : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Dictionary<TcpClient, Task> _connections = [];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _accepting = Task.CompletedTask;

    private ListeningPort(TcpListener listener) => _listener = listener;

    /// <summary>Opens it; nothing is accepted before <see cref="Serve"/>.</summary>
    /// <exception cref="PortUnavailableException">The port is taken.</exception>
    public static ListeningPort Open(string bindAddress, int port)
    {
        if (!IPAddress.TryParse(bindAddress, out IPAddress? address)) throw new PortUnavailableException($"{bindAddress} is no IP address");
        var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return new ListeningPort(listener);
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new PortUnavailableException(string.Create(CultureInfo.InvariantCulture, $"cannot listen on {bindAddress}:{port}: {e.Message}; another gantry or simulator may be running there"), e);
        }
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections
    {
        get
        {
            lock (_gate) return _connections.Count;
        }
    }

    /// <summary>Serves every connection; while <paramref name="isDown"/> says so they are closed at once.</summary>
    public void Serve(Func<TcpClient, CancellationToken, Task> serve, Func<bool> isDown, SimulatorLog log) => _accepting = AcceptAsync(serve, isDown, log);

    /// <summary>Closes every connection there is.</summary>
    public void DropAll()
    {
        TcpClient[] open;
        lock (_gate) open = [.. _connections.Keys];
        foreach (TcpClient client in open) client.Client.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] open;
        lock (_gate) open = [.. _connections.Values];
        await Task.WhenAll(open);
        _stopping.Dispose();
    }

    private async Task AcceptAsync(Func<TcpClient, CancellationToken, Task> serve, Func<bool> isDown, SimulatorLog log)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                if (isDown())
                {
                    client.Dispose();
                    continue;
                }
                client.NoDelay = true;
                lock (_gate) _connections.Add(client, Task.Run(() => ServeAsync(client, serve, log)));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (!_stopping.IsCancellationRequested) log.Write("accept failed: " + e.Message);
            }
        }
    }

    private async Task ServeAsync(TcpClient client, Func<TcpClient, CancellationToken, Task> serve, SimulatorLog log)
    {
        try
        {
            await serve(client, _stopping.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            log.Write("a connection ended: " + e.GetType().Name);
        }
        catch (Exception e)
        {
            // One connection must never take the gantry down with it.
            log.Write("a connection failed: " + e);
        }
        finally
        {
            client.Dispose();
            lock (_gate) _connections.Remove(client);
        }
    }
}
