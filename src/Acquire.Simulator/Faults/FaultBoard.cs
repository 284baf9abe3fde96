using System.Collections.Frozen;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Faults;

/// <summary>How long a fault lasts.</summary>
internal enum FaultMode
{
    /// <summary>A moment: the next one. A standing fault: one second of gantry time.</summary>
    Once,
    /// <summary>Until it is switched off.</summary>
    On,
    /// <summary>A moment: passes over N, then once. A standing fault: comes N seconds of gantry time from now, and stays.</summary>
    After,
}

/// <summary>Faults by name: what is on, what is due. Switching needs the gantry's lock; asking does not.</summary>
internal sealed class FaultBoard(SimulatedGantry gantry)
{
    private const long PulseUs = 1_000_000;
    private static readonly FrozenDictionary<string, Fault> Known = FaultCatalogue.All.ToFrozenDictionary(f => f.Name, StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (FaultMode Mode, long Left)> _on = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ScheduledEvent> _due = new(StringComparer.Ordinal);

    /// <summary>The fault of that name.</summary>
    /// <exception cref="GciException">-224 there is none.</exception>
    public static Fault Named(string name) => Known.TryGetValue(name, out Fault? fault) ? fault : throw new GciException(-224, name);

    /// <summary>Switches a fault on. Needs the gantry's lock.</summary>
    public void Arm(string name, FaultMode mode, int after = 0)
    {
        Fault fault = Named(name);
        Off(name);
        if (!fault.Stands)
        {
            lock (_lock) _on[name] = (mode, after);
            return;
        }
        if (mode == FaultMode.After) _due[name] = gantry.Clock.After(after * 1_000_000L, () => Stand(fault));
        else
        {
            Stand(fault);
            if (mode == FaultMode.Once) _due[name] = gantry.Clock.After(PulseUs, () => Off(name));
        }
    }

    /// <summary>Switches a fault off, also one that is not on. Needs the gantry's lock.</summary>
    public void Off(string name)
    {
        Fault fault = Named(name);
        if (_due.Remove(name, out ScheduledEvent? due)) due.Cancel();
        bool was;
        lock (_lock) was = _on.Remove(name);
        if (was && fault.Stands)
        {
            gantry.Log.Write("fault " + name + " is gone");
            fault.Apply?.Invoke(gantry, false);
        }
    }

    /// <summary>What is on or due, with its mode.</summary>
    public IEnumerable<(string Name, string Mode)> Armed
    {
        get
        {
            lock (_lock) return [.. _on.Select(f => (f.Key, f.Value.Mode.ToString().ToLowerInvariant())), .. _due.Keys.Where(n => !_on.ContainsKey(n)).Select(n => (n, "due"))];
        }
    }

    public bool IsOn(string name)
    {
        lock (_lock) return _on.ContainsKey(name);
    }

    /// <summary>A moment at which the fault may happen: true when it does. Any thread.</summary>
    public bool Take(string name)
    {
        lock (_lock)
        {
            if (_on.Count == 0 || !_on.TryGetValue(name, out (FaultMode Mode, long Left) fault)) return false;
            if (fault.Mode == FaultMode.On) return true;
            if (fault.Mode == FaultMode.After && fault.Left > 0)
            {
                _on[name] = (fault.Mode, fault.Left - 1);
                return false;
            }
            _on.Remove(name);
            return true;
        }
    }

    private void Stand(Fault fault)
    {
        lock (_lock) _on[fault.Name] = (FaultMode.On, 0);
        gantry.Log.Write("fault " + fault.Name + " stands");
        fault.Apply?.Invoke(gantry, true);
    }
}
