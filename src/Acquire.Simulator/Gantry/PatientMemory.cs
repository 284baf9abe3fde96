using System.Globalization;
using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>What happened to the patient, remembered across a restart of the gantry: a power cut of the camera does not take the tracer back.</summary>
internal sealed class PatientMemory(FrameStore store, string scenario, int seed)
{
    private static readonly TimeSpan Forgets = TimeSpan.FromHours(48);
    private readonly List<string> _lines = [];

    /// <summary>Tells a new scene what the store remembers, if it is the same patient.</summary>
    public void Recall(IScene scene, DateTimeOffset utcAtBoot)
    {
        string[] lines = store.ReadSmall("patient").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || lines[0] != Title) return;
        foreach (string line in lines.Skip(1))
        {
            string[] f = line.Split(' ');
            if (f.Length != 3 || !long.TryParse(f[0], CultureInfo.InvariantCulture, out long us) || !double.TryParse(f[2], CultureInfo.InvariantCulture, out double amount)) continue;
            TimeSpan tick = TimeSpan.FromMicroseconds(us) - (utcAtBoot - DateTimeOffset.UnixEpoch);
            if (tick < -Forgets) continue;
            _lines.Add(line);
            Tell(scene, f[1], tick, amount);
        }
    }

    /// <summary>Something happens now.</summary>
    public void Happen(IScene scene, SimulationClock clock, string kind, double amount)
    {
        Tell(scene, kind, clock.Now, amount);
        long us = (long)(clock.Utc - DateTimeOffset.UnixEpoch).TotalMicroseconds;
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{us} {kind} {amount}"));
        store.WriteSmall("patient", string.Join('\n', _lines.Prepend(Title)) + "\n", durable: true);
    }

    /// <summary>The last injection: MBq and UTC; 0 and null before.</summary>
    public (double MBq, DateTimeOffset? At) LastInjection
    {
        get
        {
            string? line = _lines.LastOrDefault(l => l.Contains(" inject ", StringComparison.Ordinal));
            if (line is null) return (0, null);
            string[] f = line.Split(' ');
            return (double.Parse(f[2], CultureInfo.InvariantCulture), DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(long.Parse(f[0], CultureInfo.InvariantCulture)));
        }
    }

    private string Title => string.Create(CultureInfo.InvariantCulture, $"{scenario} {seed}");

    private static void Tell(IScene scene, string kind, TimeSpan tick, double amount)
    {
        if (kind == "inject") scene.Inject(tick, amount);
        else if (kind == "drink") scene.Drink(tick, amount);
        else if (kind == "void") scene.Void(tick);
    }
}
