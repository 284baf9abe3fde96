using System.Collections.Concurrent;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>Faults by name. Those of the wire and of a frame happen once and are then off; the others last while ON.</summary>
internal sealed class FaultBoard
{
    private static readonly string[] Known = ["frame.damaged", "reply.late", "reply.lost", "link.drop", "estop", "store.full", "collimator"];
    private readonly ConcurrentDictionary<string, bool> _on = new(StringComparer.Ordinal);

    public void Set(string name, bool on)
    {
        if (!Known.Contains(name)) throw new GciException(-224, name);
        if (on) _on[name] = true;
        else _on.TryRemove(name, out _);
    }

    public bool IsOn(string name) => _on.ContainsKey(name);

    /// <summary>True once, when the fault was on.</summary>
    public bool Take(string name) => !_on.IsEmpty && _on.TryRemove(name, out _);
}
