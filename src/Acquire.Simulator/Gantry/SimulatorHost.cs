using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Acquire.Simulator.Faults;
using Acquire.Simulator.Breaks;
using Acquire.Simulator.Physics;
using Acquire.Simulator.Serial;

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
    private SerialGantryPort? _serial;
    private readonly BreakSwitch? _breaks;
    private long _lastConnection;

    private SimulatorHost(SimulatedGantry gantry, OpenPorts open, TimeProvider wall)
    {
        (ListeningPort control, ListeningPort events) = (open.Control, open.Events);
        _gantry = gantry;
        _control = control;
        _ports = [.. open.All];
        _wall = wall;
        _dispatcher = new CommandDispatcher(gantry);
        if (gantry.Options.Break is { } id) _breaks = new BreakSwitch(BreakList.Find(id) ?? throw new ArgumentException($"there is no break {id}"), wall);
        gantry.Pipeline.Touch = _breaks?.Frame;
        _lastConnection = wall.GetTimestamp();
        gantry.Ports.Events = events.Port;
        gantry.Ports.Stream = open.Stream.Port;
        gantry.Ports.DropAll = () =>
        {
            foreach (ListeningPort port in _ports.Where(p => p != open.Faults)) port.DropAll();
        };
        gantry.Log.Write(string.Create(CultureInfo.InvariantCulture, $"boot {gantry.Store.Boots}, port {Port}"));
        control.Serve(ServeControlAsync, gantry.IsLinkDown, gantry.Log);
        events.Serve(ServeEventsAsync, gantry.IsLinkDown, gantry.Log);
        open.Stream.Serve((client, stopping) => new StreamConnection(client.Client, gantry, stopping).RunAsync(), gantry.IsLinkDown, gantry.Log);
        if (open.TlsControl is { } tlsControl && open.TlsEvents is { } tlsEvents)
        {
            TlsPort = tlsControl.Port;
            gantry.Ports.TlsEvents = tlsEvents.Port;
            tlsControl.Serve(ServeTlsAsync, gantry.IsLinkDown, gantry.Log);
            tlsEvents.Serve(ServeTlsEventsAsync, gantry.IsLinkDown, gantry.Log);
        }
        if (open.Faults is { } faults)
        {
            FaultPort = faults.Port;
            faults.Serve((client, stopping) => new FaultConnection(client.GetStream(), _gantry).RunAsync(stopping), () => false, gantry.Log);
        }
        _tending = TendAsync();
    }

    /// <summary>Port it listens on.</summary>
    public int Port => _control.Port;
    /// <summary>Port of the events.</summary>
    public int EventPort => _gantry.Ports.Events;
    /// <summary>Port of the control channel on TLS; null when there is none.</summary>
    public int? TlsPort { get; }
    /// <summary>Port of the faults; null when there is none.</summary>
    public int? FaultPort { get; }
    /// <summary>Port of the list-mode stream.</summary>
    public int StreamPort => _gantry.Ports.Stream;
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
        OpenPorts ports = OpenPorts.Open(options);
        SimulatorHost host;
        try
        {
            host = new SimulatorHost(new SimulatedGantry(options, scene, wall), ports, wall);
        }
        catch
        {
            ports.Abandon();
            throw;
        }
        host.OpenSerial();
        return host;
    }

    /// <summary>Tells a parent process where it listens: JSON with port, pid and boot, complete as soon as the file is there.</summary>
    public void WriteReadyFile(string path)
    {
        string full = Path.GetFullPath(path);
        File.WriteAllBytes(full + ".new", JsonSerializer.SerializeToUtf8Bytes(new { port = Port, events = EventPort, stream = StreamPort, faults = FaultPort, tls = TlsPort, pid = Environment.ProcessId, boot = BootId }));
        File.Move(full + ".new", full, overwrite: true);
    }

    /// <summary>Closes everything; frames being computed are finished and stored.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _tending;
        if (_serial is not null) await _serial.DisposeAsync();
        foreach (ListeningPort port in _ports) await port.DisposeAsync();
        await _gantry.DisposeAsync();
        _stopping.Dispose();
    }

    private void OpenSerial()
    {
        if (_gantry.Options.Serial is not { } serial) return;
        try
        {
            _gantry.Ports.Serial = _serial = SerialGantryPort.Open(serial, _gantry, _dispatcher);
        }
        catch
        {
            _ = DisposeAsync().AsTask();
            throw;
        }
    }

    private async Task ServeControlAsync(TcpClient client, CancellationToken stopping)
    {
        IGantryChannel channel = new TcpChannel(client);
        if (_breaks is not null) channel = _breaks.Wrap(channel);
        try
        {
            using var connection = new GantryConnection(channel, _gantry, _dispatcher, stopping);
            await connection.RunAsync();
        }
        finally
        {
            _breaks?.Remove(channel);
        }
    }

    private Task ServeEventsAsync(TcpClient client, CancellationToken stopping) =>
        new EventConnection(_breaks?.Wrap(client.GetStream()) ?? client.GetStream(), client.Client.RemoteEndPoint is IPEndPoint { Address: { } address } && IPAddress.IsLoopback(address), client.Client.Close, _gantry, stopping).RunAsync();

    private async Task ServeTlsAsync(TcpClient client, CancellationToken stopping)
    {
        SslStream stream = await _gantry.Options.Tls!.AcceptAsync(client, _wall, stopping);
        using var connection = new GantryConnection(new TlsChannel(client, stream), _gantry, _dispatcher, stopping);
        await connection.RunAsync();
    }

    private async Task ServeTlsEventsAsync(TcpClient client, CancellationToken stopping)
    {
        await using SslStream stream = await _gantry.Options.Tls!.AcceptAsync(client, _wall, stopping);
        await new EventConnection(stream, isTrusted: true, client.Client.Close, _gantry, stopping).RunAsync();
    }

    private async Task TendAsync()
    {
        using var timer = new PeriodicTimer(TendEvery, _wall);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                _gantry.Tend();
                if (_ports.Any(p => p.Connections > 0) || _serial is { IsLinked: true }) _lastConnection = _wall.GetTimestamp();
                if (_gantry.Options.IdleExit is { } idle && _wall.GetElapsedTime(_lastConnection) > idle) _idle.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
