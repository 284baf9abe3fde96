using System.Text.Json;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>What one event connection still has to be sent: a place in the kept lines, and the latest of each unnumbered kind. Used under the gantry's lock.</summary>
internal sealed class EventReader(Action wake, Action drop)
{
    private readonly Dictionary<string, byte[]> _latest = new(StringComparer.Ordinal);

    /// <summary>Kinds wanted.</summary>
    public HashSet<string> Wanted { get; } = new(StringComparer.Ordinal);
    /// <summary>Number of the last line sent or passed over.</summary>
    public long At { get; set; }
    /// <summary>Number of the last line when it last asked for a replay: what is older is not held against it.</summary>
    public long AskedAt { get; set; }
    public int PositionMs { get; set; } = 100;
    /// <summary>When the last pos line was offered, wall time.</summary>
    public long? PositionSaid { get; set; }
    /// <summary>The session it named and knew the secret of; null before.</summary>
    public GantrySession? Session { get; set; }
    /// <summary>Line to be sent ahead of all others once.</summary>
    public Queue<byte[]> First { get; } = new();

    public void Wake() => wake();

    /// <summary>Ends the connection: its reader is too slow, or the link is down.</summary>
    public void Drop() => drop();

    /// <summary>Replaces what was not sent yet of that kind.</summary>
    public void Offer(string kind, byte[] line)
    {
        _latest[kind] = line;
        wake();
    }

    public IEnumerable<byte[]> TakeLatest()
    {
        byte[][] lines = [.. _latest.Values];
        _latest.Clear();
        return lines;
    }
}

/// <summary>The events: numbered ones are kept and replayed, the others reach who keeps up (docs: control-interface 12). Used under the gantry's lock.</summary>
internal sealed class EventHub(SimulationClock clock, ulong bootId, Func<bool> losesOne)
{
    /// <summary>Lines kept; a reader further behind is dropped.</summary>
    public const int Kept = 10_000;
    /// <summary>A reader that replays the oldest line kept may still be as far behind again before it is dropped.</summary>
    private const int Ring = 2 * Kept;
    private readonly (string Kind, byte[] Line)[] _ring = new (string, byte[])[Ring];
    private readonly List<EventReader> _readers = [];

    /// <summary>Number of the last line given out.</summary>
    public long Last { get; private set; }
    /// <summary>Oldest line that is replayed; one more than <see cref="Last"/> when there is none.</summary>
    public long First => Math.Max(1, Last - Kept + 1);
    public IReadOnlyList<EventReader> Readers => _readers;

    /// <summary>Tells the readers. A numbered kind (state, alarm, frame, op) is kept and reaches everybody; pos and rate replace what was not sent yet.</summary>
    /// <param name="kind">One of <see cref="GciEventKinds.All"/>.</param>
    /// <param name="value">Its members; an anonymous object is enough.</param>
    public void Publish(string kind, object value)
    {
        if (!GciEventKinds.All.Contains(kind)) throw new ArgumentException("no such kind of event: " + kind, nameof(kind));
        bool numbered = GciEventKinds.Numbered.Contains(kind);
        byte[] line = new GciEvent(kind) { Number = numbered ? ++Last : null, TickUs = clock.NowUs, Value = JsonSerializer.SerializeToElement(value) }.Encode();
        // A number given out whose line was lost: what a gantry with a hole in its memory would do.
        if (numbered) _ring[Last % Ring] = losesOne() ? ("", []) : (kind, line);
        foreach (EventReader reader in _readers.ToArray())
        {
            if (!numbered)
            {
                if (reader.Wanted.Contains(kind)) reader.Offer(kind, line);
            }
            else if (Last - Math.Max(reader.At, reader.AskedAt) > Kept)
            {
                _readers.Remove(reader);
                reader.Drop();
            }
            else reader.Wake();
        }
    }

    public EventReader Add(Action wake, Action drop)
    {
        var reader = new EventReader(wake, drop) { At = Last, AskedAt = Last };
        _readers.Add(reader);
        return reader;
    }

    public void Remove(EventReader reader) => _readers.Remove(reader);

    /// <summary>From that number on; when older lines are gone a gap line comes first.</summary>
    public void Replay(EventReader reader, long since)
    {
        // A number of an earlier boot, or from the future: nothing to replay from, everything kept is new to this reader.
        if (since > Last || since < 0) since = 0;
        if (since < First - 1)
        {
            reader.First.Enqueue(new GciEvent(GciEventKinds.Gap) { TickUs = clock.NowUs, Value = JsonSerializer.SerializeToElement(new { since, first = First }) }.Encode());
            since = First - 1;
        }
        reader.At = since;
        reader.AskedAt = Last;
        reader.Wake();
    }

    /// <summary>Sign of life for all.</summary>
    public void Beat()
    {
        byte[] line = new GciEvent(GciEventKinds.Beat) { TickUs = clock.NowUs, Value = JsonSerializer.SerializeToElement(new { boot = bootId, q = Last }) }.Encode();
        foreach (EventReader reader in _readers) reader.Offer(GciEventKinds.Beat, line);
    }

    /// <summary>The next lines for a reader, at most so many; empty when it has all.</summary>
    public List<byte[]> Take(EventReader reader, int most)
    {
        List<byte[]> lines = [.. reader.First, .. reader.TakeLatest()];
        reader.First.Clear();
        while (lines.Count < most && reader.At < Last)
        {
            (string kind, byte[] line) = _ring[++reader.At % Ring];
            if (reader.Wanted.Contains(kind)) lines.Add(line);
        }
        return lines;
    }
}
