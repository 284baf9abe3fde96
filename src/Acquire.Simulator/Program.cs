using System.CommandLine;
using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Faults;
using Acquire.Simulator.Breaks;
using Acquire.Simulator.Gantry;
using Acquire.Simulator.Physics;
using Acquire.Simulator.Serial;

var tcp = new Option<int>("--tcp") { Description = "TCP port of the control channel; 0 takes a free one", DefaultValueFactory = _ => 5025 };
var bind = new Option<string>("--bind") { Description = "address to listen on", DefaultValueFactory = _ => "127.0.0.1" };
var remote = new Option<bool>("--remote-control") { Description = "allow the control role from other machines (the plain port has no authentication)" };
var store = new Option<string?>("--store") { Description = "folder of the frame store" };
var seed = new Option<int>("--seed") { Description = "seed of all chance", DefaultValueFactory = _ => 1 };
var epoch = new Option<DateTimeOffset>("--epoch")
{
    Description = "UTC of the first boot's tick 0",
    DefaultValueFactory = _ => new DateTimeOffset(2026, 1, 15, 8, 0, 0, TimeSpan.Zero),
    CustomParser = result =>
    {
        if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset utc)) return utc;
        result.AddError("--epoch takes a UTC time such as 2026-01-15T08:00:00Z");
        return default;
    },
};
var scenario = new Option<string>("--scenario") { Description = "what stands before the detectors", DefaultValueFactory = _ => SceneFactory.Default };
var ready = new Option<string?>("--ready-file") { Description = "written once listening: JSON with the ports, pid and boot" };
var idleExit = new Option<double?>("--idle-exit") { Description = "end after that many seconds without any connection" };
var ignoreInterrupt = new Option<bool>("--ignore-interrupt") { Description = "Ctrl-C is not for this program: the console that started it in the same terminal means its own Stop" };
var log = new Option<string?>("--log") { Description = "log file" };
var clock = new Option<string>("--clock") { Description = "free: time runs with the wall clock; step: only by DIAG:SIM:ADV?", DefaultValueFactory = _ => "free" };
clock.AcceptOnlyFromAmong("free", "step");
var speed = new Option<double>("--speed") { Description = "speed of the free clock, 0.1 to 100000", DefaultValueFactory = _ => 1 };
var capacity = new Option<double?>("--store-gib") { Description = "size of the frame store, GiB; else what the capabilities say, else 16" };
var events = new Option<int>("--events") { Description = "TCP port of the events; 0 takes a free one, told by SYST:COMM:TCP:EVEN?" };
var faults = new Option<int?>("--faults") { Description = "TCP port of the faults, loopback only (docs/simulator-faults.md); 0 takes a free one" };
var capabilities = new Option<string?>("--capabilities") { Description = "file with what the gantry can do, YAML or JSON (docs/gantry-interface.md, demo/gantries)" };
var tls = new Option<int?>("--tls") { Description = "TCP port of the control channel on TLS with client certificates (5026 by custom); 0 takes a free one" };
var tlsCertificate = new Option<string?>("--tls-certificate") { Description = "PEM file with the gantry's certificate and private key" };
var tlsAuthority = new Option<string?>("--tls-ca") { Description = "PEM file with the authority that signs the clients' certificates" };
var service = new Option<bool>("--service-key") { Description = "the service key is turned: role SERVice is given" };
var lease = new Option<double?>("--lease") { Description = "seconds a control lease lasts without a message, 2 to 30; default 5, 30 with --clock step" };
var helpFaults = new Option<bool>("--help-faults") { Description = "print the fault reference (Markdown) and end" };
var serial = new Option<string?>("--serial") { Description = "serial port beside TCP: plain text at power-up, framed after a SYN (docs/gantry-interface.md)" };
var baud = new Option<int>("--baud") { Description = "its speed at power-up", DefaultValueFactory = _ => 115_200 };
var serialErrors = new Option<string?>("--serial-errors") { Description = "what is wrong with the line: bits=RATE,drops=RATE,hangup=SECONDS" };
var serialPace = new Option<string>("--serial-pace") { Description = "bytes take their time: auto (only on a pseudo terminal, which has no speed), on, off", DefaultValueFactory = _ => "auto" };
serialPace.AcceptOnlyFromAmong("auto", "on", "off");
var adapter = new Option<double>("--serial-adapter-ms") { Description = "latency timer of the client's USB adapter; FTDI's default is 16" };
var plainControl = new Option<bool>("--serial-plain-control") { Description = "plain serial text may do everything, for bench tools; never in a real gantry" };
var broken = new Option<string?>("--break") { Description = "break one clause of the conformance kit on purpose, e.g. GCI-2.4; \"list\" shows what can be broken" };
var helpHeaders = new Option<bool>("--help-headers") { Description = "print the command reference (Markdown) and end" };

var root = new RootCommand("A simulated SPECT/CT gantry that speaks GCI 1.0 (docs/gantry-interface.md).")
{
    tcp, bind, remote, store, seed, epoch, scenario, ready, idleExit, ignoreInterrupt, log, clock, speed, capacity, capabilities, events, faults, tls, tlsCertificate, tlsAuthority, service, lease, serial, baud, serialErrors, serialPace, adapter, plainControl, broken, helpHeaders, helpFaults,
};
root.SetAction(async (arguments, cancellation) =>
{
    if (arguments.GetValue(broken) is { } clause && BreakList.Find(clause) is null)
    {
        if (clause != "list") return SimulatorExit.Say($"there is no break {clause}; --break list shows them", SimulatorExit.BadInput);
        foreach (Break b in BreakList.All) Console.Out.WriteLine($"{b.Id,-10}{b.What}");
        return SimulatorExit.Ok;
    }
    if (arguments.GetValue(helpHeaders))
    {
        Console.Out.Write(GciDocument.Markdown());
        return SimulatorExit.Ok;
    }
    if (arguments.GetValue(helpFaults))
    {
        Console.Out.Write(FaultDocument.Markdown());
        return SimulatorExit.Ok;
    }
    if (arguments.GetValue(store) is not { Length: > 0 } folder) return SimulatorExit.Say("--store DIR is needed: the folder of the frame store", SimulatorExit.BadInput);
    if (arguments.GetValue(baud) is < 300 or > 4_000_000) return SimulatorExit.Say("--baud takes 300 to 4000000", SimulatorExit.BadInput);
    if (arguments.GetValue(adapter) is not (>= 0 and <= 255)) return SimulatorExit.Say("--serial-adapter-ms takes 0 to 255", SimulatorExit.BadInput);
    if (arguments.GetValue(speed) is not (>= 0.1 and <= 100_000)) return SimulatorExit.Say("--speed takes 0.1 to 100000", SimulatorExit.BadInput);
    if (arguments.GetValue(lease) is { } leaseSeconds and not (>= 2 and <= 30)) return SimulatorExit.Say("--lease takes 2 to 30", SimulatorExit.BadInput);
    if (arguments.GetValue(tls) is null != (arguments.GetValue(tlsCertificate) is null) || arguments.GetValue(tls) is null != (arguments.GetValue(tlsAuthority) is null))
        return SimulatorExit.Say("--tls, --tls-certificate and --tls-ca go together", SimulatorExit.BadInput);
    try
    {
        SerialOptions? serialPort = arguments.GetValue(serial) is not { Length: > 0 } device ? null : new SerialOptions(device)
        {
            Baud = arguments.GetValue(baud), Errors = LineErrors.Parse(arguments.GetValue(serialErrors) ?? ""), Paced = arguments.GetValue(serialPace) switch { "on" => true, "off" => false, _ => null },
            AdapterLatency = TimeSpan.FromMilliseconds(arguments.GetValue(adapter)), PlainControl = arguments.GetValue(plainControl), Seed = arguments.GetValue(seed),
        };
        GantryCapabilities can = arguments.GetValue(capabilities) is { } described ? CapabilityFile.Read(described) : new GantryCapabilities();
        var options = new SimulatorOptions
        {
            Serial = serialPort,
            Capabilities = can with { StoreBytes = null }, AllowService = arguments.GetValue(service), Lease = arguments.GetValue(lease) is { } s ? TimeSpan.FromSeconds(s) : null,
            Tls = arguments.GetValue(tls) is { } tlsPort ? TlsOptions.Read(tlsPort, arguments.GetValue(tlsCertificate)!, arguments.GetValue(tlsAuthority)!) : null,
            StoreFolder = folder, TcpPort = arguments.GetValue(tcp), EventPort = arguments.GetValue(events), FaultPort = arguments.GetValue(faults), BindAddress = arguments.GetValue(bind)!, AllowRemoteControl = arguments.GetValue(remote), Seed = arguments.GetValue(seed),
            Epoch = arguments.GetValue(epoch), Scenario = arguments.GetValue(scenario)!, LogFile = arguments.GetValue(log), StepClock = arguments.GetValue(clock) == "step", Speed = arguments.GetValue(speed),
            IdleExit = arguments.GetValue(idleExit) is { } seconds ? TimeSpan.FromSeconds(seconds) : null, StoreCapacityBytes = arguments.GetValue(capacity) is { } gib ? (long)(gib * (1L << 30)) : can.StoreBytes ?? 16L << 30,
            Break = arguments.GetValue(broken),
        };
        IScene scene = SceneFactory.Create(options.Scenario, options.Seed);
        await using SimulatorHost host = SimulatorHost.Start(options, scene, TimeProvider.System);
        if (arguments.GetValue(ready) is { } file) host.WriteReadyFile(file);
        await Task.WhenAny(host.IdleExpired, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation));
        return SimulatorExit.Ok;
    }
    catch (PortUnavailableException e)
    {
        return SimulatorExit.Say(e.Message, SimulatorExit.Port);
    }
    catch (StoreUnavailableException e)
    {
        return SimulatorExit.Say(e.Message, SimulatorExit.Store);
    }
    catch (Exception e) when (e is CapabilityFileException or TlsFileException)
    {
        return SimulatorExit.Say(e.Message, SimulatorExit.BadInput);
    }
    catch (Exception e) when (e is ArgumentException or NotSupportedException or FormatException)
    {
        return SimulatorExit.Say(e.Message, SimulatorExit.BadInput);
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        return SimulatorExit.Say(e.Message, SimulatorExit.Store);
    }
});
// Commands are answered by the thread pool: it must not first find out that it needs more threads than processors, and not stop for a full collection.
ThreadPool.SetMinThreads(32, 32);
System.Runtime.GCSettings.LatencyMode = System.Runtime.GCLatencyMode.SustainedLowLatency;
ParseResult parsed = root.Parse(args);
if (!parsed.GetValue(ignoreInterrupt)) return await parsed.InvokeAsync();
using System.Runtime.InteropServices.PosixSignalRegistration interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, signal => signal.Cancel = true);
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
