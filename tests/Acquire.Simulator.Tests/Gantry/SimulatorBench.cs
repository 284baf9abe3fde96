using Acquire.Simulator.Gantry;
using Acquire.Simulator.Serial;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>A simulator in this process on a free port, with a folder of its own.</summary>
internal sealed class SimulatorBench : IAsyncDisposable
{
    private readonly List<WireClient> _clients = [];
    private readonly bool _ownsFolder;

    public SimulatorBench(UniformScene? scene = null, TimeProvider? wall = null, string? folder = null, int seed = 7, bool step = true, long capacity = 1L << 30, double speed = 1, GantryCapabilities? can = null, TlsOptions? tls = null, TimeSpan? lease = null, bool service = false, SerialOptions? serial = null)
    {
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("gci").FullName;
        Scene = scene ?? new UniformScene(seed);
        Host = SimulatorHost.Start(new SimulatorOptions { StoreFolder = Folder, Seed = seed, StepClock = step, StoreCapacityBytes = capacity, Speed = speed, Scenario = "uniform", FaultPort = 0, Capabilities = can ?? new GantryCapabilities(), Tls = tls, Lease = lease, AllowService = service, Serial = serial }, Scene, wall ?? TimeProvider.System);
    }

    public string Folder { get; }
    public UniformScene Scene { get; }
    public SimulatorHost Host { get; }

    public WireClient Connect()
    {
        var client = new WireClient(Host.Port);
        _clients.Add(client);
        return client;
    }

    public WireClient ReadyConsole() => Connect().TakeControl().MakeReady();

    /// <summary>What a kill -9 would leave on the disk at this moment.</summary>
    public string Snapshot()
    {
        string copy = Directory.CreateTempSubdirectory("gci").FullName;
        foreach (string file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) == "lock") continue;
            string target = Path.Combine(copy, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (WireClient client in _clients) client.Dispose();
        await Host.DisposeAsync();
        if (_ownsFolder) Directory.Delete(Folder, recursive: true);
    }
}
