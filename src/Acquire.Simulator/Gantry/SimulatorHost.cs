using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Acquire.Simulator.Faults;
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
    private readonly ListeningPort _control;
    private readonly List<ListeningPort> _ports;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _wall;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _tending;
    private long _lastConnection;

    private SimulatorHost(SimulatedGantry gantry, ListeningPort control, ListeningPort events, ListeningPort? faults, TimeProvider wall)
    {
        _gantry = gantry;
        _control = control;
        _ports = [control, events];
        _wall = wall;
        _dispatcher = new CommandDispatcher(gantry);
        _lastConnection = wall.GetTimestamp();
        gantry.Ports.Events = events.Port;
        gantry.Ports.DropAll = () =>
        {
            control.DropAll();
            events.DropAll();
        };
        gantry.Log.Write(string.Create(CultureInfo.InvariantCulture, $"boot {gantry.Store.Boots}, port {Port}"));
        control.Serve(ServeControlAsync, gantry.IsLinkDown, gantry.Log);
        events.Serve(ServeEventsAsync, gantry.IsLinkDown, gantry.Log);
        if (faults is not null)
        {
            _ports.Add(faults);
            FaultPort = faults.Port;
            faults.Serve((client, stopping) => new FaultConnection(client.GetStream(), _gantry).RunAsync(stopping), () => false, gantry.Log);
        }
        _tending = TendAsync();
    }

    /// <summary>Port it listens on.</summary>
    public int Port => _control.Port;
    /// <summary>Port of the events.</summary>
    public int EventPort => _gantry.Ports.Events;
    /// <summary>Port of the faults; null when there is none.</summary>
    public int? FaultPort { get; }
    /// <summary>Boot id, as in frame headers.</summary>
    public ulong BootId => _gantry.BootId;
    /// <summary>Completes when no connection was there for the idle time of the options.</summary>
    public Task IdleExpired => _idle.Task;
    /// <summary>For tests in the same process.</summary>
    internal SimulatedGantry Gantry => _gantry;
    /// <summary>For tests in the same process.</summary>
    internal CommandDispatcher Dispatcher => _dispatcher;

    /// <summary>Opens store and ports and starts to serve.</summary>
    /// <param name="options">Set-up.</param>
    /// <param name="scene">What stands before the detectors.</param>
    /// <param name="wall">Wall clock: leases, time-outs, and the FREE clock.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    /// <exception cref="PortUnavailableException">The port is taken.</exception>
    public static SimulatorHost Start(SimulatorOptions options, IScene scene, TimeProvider wall)
    {
        ArgumentNullException.ThrowIfNull(options);
        var ports = new List<ListeningPort>();
        try
        {
            ports.Add(ListeningPort.Open(options.BindAddress, options.TcpPort));
            ports.Add(ListeningPort.Open(options.BindAddress, options.EventPort));
            // Whoever may switch faults sits at this machine.
            if (options.FaultPort is { } port) ports.Add(ListeningPort.Open("127.0.0.1", port));
            return new SimulatorHost(new SimulatedGantry(options, scene, wall), ports[0], ports[1], ports.ElementAtOrDefault(2), wall);
        }
        catch
        {
            // Nothing was served yet: closing an unused listener waits for nothing.
            foreach (ListeningPort port in ports) _ = port.DisposeAsync().AsTask();
            throw;
        }
    }

    /// <summary>Tells a parent process where it listens: JSON with port, pid and boot, complete as soon as the file is there.</summary>
    public void WriteReadyFile(string path)
    {
        string full = Path.GetFullPath(path);
        File.WriteAllBytes(full + ".new", JsonSerializer.SerializeToUtf8Bytes(new { port = Port, events = EventPort, faults = FaultPort, pid = Environment.ProcessId, boot = BootId }));
        File.Move(full + ".new", full, overwrite: true);
    }

    /// <summary>Closes everything; frames being computed are finished and stored.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _tending;
        foreach (ListeningPort port in _ports) await port.DisposeAsync();
        await _gantry.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ServeControlAsync(TcpClient client, CancellationToken stopping)
    {
        using var connection = new GantryConnection(new TcpChannel(client), _gantry, _dispatcher, stopping);
        await connection.RunAsync();
    }

    private Task ServeEventsAsync(TcpClient client, CancellationToken stopping) =>
        new EventConnection(client.GetStream(), client.Client.Close, _gantry, stopping).RunAsync();

    private async Task TendAsync()
    {
        using var timer = new PeriodicTimer(TendEvery, _wall);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                _gantry.Tend();
                if (_ports.Any(p => p.Connections > 0)) _lastConnection = _wall.GetTimestamp();
                if (_gantry.Options.IdleExit is { } idle && _wall.GetElapsedTime(_lastConnection) > idle) _idle.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
