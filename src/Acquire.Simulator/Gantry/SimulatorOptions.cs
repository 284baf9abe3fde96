namespace Acquire.Simulator.Gantry;

/// <summary>How a simulated gantry is set up.</summary>
public sealed record SimulatorOptions
{
    /// <summary>Folder of the frame store; made when it is not there.</summary>
    public required string StoreFolder { get; init; }
    /// <summary>Seed of all chance.</summary>
    public int Seed { get; init; } = 1;
    /// <summary>Name of the scenario, known to the scene.</summary>
    public string Scenario { get; init; } = Physics.SceneFactory.Default;
    /// <summary>Address to listen on; loopback unless opened on purpose.</summary>
    public string BindAddress { get; init; } = "127.0.0.1";
    /// <summary>TCP port; 0 takes a free one.</summary>
    public int TcpPort { get; init; }
    /// <summary>Port of the events; 0 takes a free one, told by SYST:COMM:TCP:EVEN?.</summary>
    public int EventPort { get; init; }
    /// <summary>Port of the list-mode stream; 0 takes a free one, told by SYST:COMM:TCP:STR?.</summary>
    public int StreamPort { get; init; }
    /// <summary>UTC of the first boot's tick 0. Later boots go on where the store's clock stood.</summary>
    public DateTimeOffset Epoch { get; init; } = new(2026, 1, 15, 8, 0, 0, TimeSpan.Zero);
    /// <summary>True: time moves only by ADVance?.</summary>
    public bool StepClock { get; init; }
    /// <summary>Speed of the FREE clock.</summary>
    public double Speed { get; init; } = 1;
    /// <summary>End by itself after so long without any connection; null: never.</summary>
    public TimeSpan? IdleExit { get; init; }
    /// <summary>What the gantry can do.</summary>
    public GantryCapabilities Capabilities { get; init; } = new();
    /// <summary>Port of the faults; null: none.</summary>
    public int? FaultPort { get; init; }
    /// <summary>Allows the control role on connections from other machines (no authentication on the plain port).</summary>
    public bool AllowRemoteControl { get; init; }
    /// <summary>The service key is turned: role SERVice is given.</summary>
    public bool AllowService { get; init; }
    /// <summary>Time a lease lasts without a message until SYST:CONT:LEAS changes it; null: 5 s, 30 s when the clock is stepped.</summary>
    public TimeSpan? Lease { get; init; }
    /// <summary>TLS variant of the control and event ports; null: none.</summary>
    public TlsOptions? Tls { get; init; }
    /// <summary>Size of the frame store, bytes; the disk may hold less.</summary>
    public long StoreCapacityBytes { get; init; } = 16L << 30;
    /// <summary>Serial port; null: none.</summary>
    public Serial.SerialOptions? Serial { get; init; }
    /// <summary>Log file; null: none.</summary>
    public string? LogFile { get; init; }
    /// <summary>Clause of the conformance kit that this gantry breaks on purpose (src/Acquire.Simulator/Breaks); null: none.</summary>
    public string? Break { get; init; }
}
