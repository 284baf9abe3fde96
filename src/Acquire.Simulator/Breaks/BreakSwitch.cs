using Acquire.Simulator.Gantry;

namespace Acquire.Simulator.Breaks;

/// <summary>The one break a simulator was started with, for all its connections.</summary>
internal sealed class BreakSwitch
{
    private readonly Break _broken;
    private readonly TimeProvider _wall;
    private readonly BreakMemory _memory = new();
    private readonly List<BreakingChannel> _open = [];
    private readonly Lock _gate = new();

    /// <summary>Makes one.</summary>
    public BreakSwitch(Break broken, TimeProvider wall)
    {
        _broken = broken;
        _wall = wall;
        _memory.SayToSilent = SayToSilent;
    }

    /// <summary>Changes a frame before it is stored; null when frames stay as they are.</summary>
    public Action<byte[]>? Frame => _broken.Frame is { } change ? bytes => change(_memory, bytes) : null;

    /// <summary>Puts the break between wire and gantry.</summary>
    public IGantryChannel Wrap(IGantryChannel inner)
    {
        var channel = new BreakingChannel(inner, _broken, _memory, _wall);
        lock (_gate) _open.Add(channel);
        return channel;
    }

    /// <summary>Puts the break between the event port's wire and the gantry.</summary>
    public Stream Wrap(Stream events) => new BreakingEvents(events, _broken, _memory);

    /// <summary>The connection ended.</summary>
    public void Remove(IGantryChannel channel)
    {
        lock (_gate) _open.RemoveAll(c => c == channel);
    }

    private void SayToSilent(string line)
    {
        BreakingChannel[] silent;
        lock (_gate) silent = [.. _open.Where(c => c.IsSilent)];
        foreach (BreakingChannel channel in silent) _ = channel.SayAsync(line);
    }
}
