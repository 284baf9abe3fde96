using System.Net;
using System.Net.Sockets;

namespace Acquire.Testing;

/// <summary>A TCP proxy that cuts, stalls and delays what goes through it.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly List<(TcpClient Client, TcpClient Server)> _pairs = [];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource _open = Opened();
    private volatile int _delayMs;

    public CuttingProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections cut so far.</summary>
    public int Cuts { get; private set; }

    /// <summary>Hangs up on both sides, in the middle of whatever is on the way.</summary>
    public void Cut()
    {
        (TcpClient, TcpClient)[] pairs;
        lock (_gate)
        {
            pairs = [.. _pairs];
            _pairs.Clear();
        }
        foreach ((TcpClient client, TcpClient server) in pairs)
        {
            Cuts++;
            // Half of them with a reset, as a pulled plug shows, the others orderly.
            if (Cuts % 2 == 0) client.LingerState = new LingerOption(true, 0);
            client.Dispose();
            server.Dispose();
        }
    }

    /// <summary>Nothing goes through any more until <see cref="Go"/>.</summary>
    public void Stall() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Goes on after a stall.</summary>
    public void Go() => _open.TrySetResult();

    /// <summary>Every piece waits that long from now on.</summary>
    public void Delay(int milliseconds) => _delayMs = milliseconds;

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_closing.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _closing.Token);
            lock (_gate) _pairs.Add((client, server));
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The other side is not there: so is this one.
        }
        finally
        {
            lock (_gate) _pairs.RemoveAll(p => p.Client == client);
            client.Dispose();
            server.Dispose();
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        byte[] buffer = new byte[16 << 10];
        NetworkStream source = from.GetStream(), target = to.GetStream();
        while (true)
        {
            int read = await source.ReadAsync(buffer, _closing.Token);
            if (read == 0) return;
            await _open.Task.WaitAsync(_closing.Token);
            if (_delayMs is > 0 and int delay) await Task.Delay(TimeSpan.FromMilliseconds(delay), TimeProvider.System, _closing.Token);
            await target.WriteAsync(buffer.AsMemory(0, read), _closing.Token);
        }
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        Cut();
        await _accepting;
        _closing.Dispose();
    }
}
