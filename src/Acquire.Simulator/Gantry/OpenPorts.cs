namespace Acquire.Simulator.Gantry;

/// <summary>The ports of a gantry, all open or none.</summary>
internal sealed record OpenPorts(ListeningPort Control, ListeningPort Events, ListeningPort Stream)
{
    public ListeningPort? Faults { get; private init; }
    public ListeningPort? TlsControl { get; private init; }
    public ListeningPort? TlsEvents { get; private init; }
    public IEnumerable<ListeningPort> All => new[] { Control, Events, Stream, Faults, TlsControl, TlsEvents }.OfType<ListeningPort>();

    /// <summary>Opens them.</summary>
    /// <exception cref="PortUnavailableException">One is taken.</exception>
    public static OpenPorts Open(SimulatorOptions options)
    {
        var open = new List<ListeningPort>();
        ListeningPort One(string address, int port)
        {
            open.Add(ListeningPort.Open(address, port));
            return open[^1];
        }
        try
        {
            return new OpenPorts(One(options.BindAddress, options.TcpPort), One(options.BindAddress, options.EventPort), One(options.BindAddress, options.StreamPort))
            {
                // Whoever may switch faults sits at this machine.
                Faults = options.FaultPort is { } faults ? One("127.0.0.1", faults) : null,
                TlsControl = options.Tls is { } tls ? One(options.BindAddress, tls.Port) : null,
                TlsEvents = options.Tls is not null ? One(options.BindAddress, 0) : null,
            };
        }
        catch
        {
            Abandon(open);
            throw;
        }
    }

    /// <summary>Closes them before anything was served: there is nothing to wait for.</summary>
    public void Abandon() => Abandon(All);

    private static void Abandon(IEnumerable<ListeningPort> ports)
    {
        foreach (ListeningPort port in ports) _ = port.DisposeAsync().AsTask();
    }
}
