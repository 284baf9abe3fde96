using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>The port is taken or cannot be opened; the message is one line for people.</summary>
public sealed class PortUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A simulated gantry listening on TCP. The program starts one; tests host it in their own process.</summary>
public sealed class SimulatorHost : IAsyncDisposable
{
    private static readonly TimeSpan TendEvery = TimeSpan.FromMilliseconds(20);
    private readonly SimulatedGantry _gantry;
    private readonly CommandDispatcher _dispatcher;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _wall;
    private readonly List<Task> _connections = [];
    private readonly Lock _connectionsGate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task[] _loops;
    private long _lastConnection;
    private int _open;

    private SimulatorHost(SimulatedGantry gantry, TcpListener listener, TimeProvider wall)
    {
        _gantry = gantry;
        _listener = listener;
        _wall = wall;
        _dispatcher = new CommandDispatcher(gantry);
        _lastConnection = wall.GetTimestamp();
        _gantry.Log.Write(string.Create(CultureInfo.InvariantCulture, $"boot {gantry.Store.Boots}, port {Port}"));
        _loops = [AcceptAsync(), TendAsync()];
    }

    /// <summary>Port it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
    /// <summary>Boot id, as in frame headers.</summary>
    public ulong BootId => _gantry.BootId;
    /// <summary>Completes when no connection was there for the idle time of the options.</summary>
    public Task IdleExpired => _idle.Task;
    /// <summary>For tests in the same process.</summary>
    internal SimulatedGantry Gantry => _gantry;
    /// <summary>For tests in the same process.</summary>
    internal CommandDispatcher Dispatcher => _dispatcher;

    /// <summary>Opens store and port and starts to serve.</summary>
    /// <param name="options">Set-up.</param>
    /// <param name="scene">What stands before the detectors.</param>
    /// <param name="wall">Wall clock: leases, time-outs, and the FREE clock.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    /// <exception cref="PortUnavailableException">The port is taken.</exception>
    public static SimulatorHost Start(SimulatorOptions options, IScene scene, TimeProvider wall)
    {
        ArgumentNullException.ThrowIfNull(options);
        var listener = new TcpListener(IPAddress.TryParse(options.BindAddress, out IPAddress? address) ? address : throw new PortUnavailableException($"{options.BindAddress} is no IP address"), options.TcpPort);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            throw new PortUnavailableException(string.Create(CultureInfo.InvariantCulture, $"cannot listen on {options.BindAddress}:{options.TcpPort}: {e.Message}; another gantry or simulator may be running there"), e);
        }
        try
        {
            return new SimulatorHost(new SimulatedGantry(options, scene, wall), listener, wall);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Tells a parent process where it listens: JSON with port, pid and boot, complete as soon as the file is there.</summary>
    public void WriteReadyFile(string path)
    {
        string full = Path.GetFullPath(path);
        File.WriteAllBytes(full + ".new", JsonSerializer.SerializeToUtf8Bytes(new { port = Port, pid = Environment.ProcessId, boot = BootId }));
        File.Move(full + ".new", full, overwrite: true);
    }

    /// <summary>Closes everything; frames being computed are finished and stored.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await Task.WhenAll(_loops);
        Task[] open;
        lock (_connectionsGate) open = [.. _connections];
        await Task.WhenAll(open);
        await _gantry.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                client.NoDelay = true;
                Interlocked.Increment(ref _open);
                lock (_connectionsGate)
                {
                    _connections.RemoveAll(t => t.IsCompleted);
                    _connections.Add(Task.Run(() => ServeAsync(client)));
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (!_stopping.IsCancellationRequested) _gantry.Log.Write("accept failed: " + e.Message);
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var connection = new GantryConnection(new TcpChannel(client), _gantry, _dispatcher, _stopping.Token);
            await connection.RunAsync();
        }
        catch (Exception e)
        {
            // One connection must never take the gantry down with it.
            _gantry.Log.Write("a connection failed: " + e);
        }
        finally
        {
            Interlocked.Exchange(ref _lastConnection, _wall.GetTimestamp());
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task TendAsync()
    {
        using var timer = new PeriodicTimer(TendEvery, _wall);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                _gantry.Tend();
                if (_gantry.Options.IdleExit is { } idle && Volatile.Read(ref _open) == 0 && _wall.GetElapsedTime(Interlocked.Read(ref _lastConnection)) > idle) _idle.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
