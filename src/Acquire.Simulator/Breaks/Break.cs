using System.Text;

namespace Acquire.Simulator.Breaks;

/// <summary>What one connection said so far, and what all of them share; a break looks at it to misbehave in one place only.</summary>
internal sealed class BreakTalk(BreakMemory all)
{
    /// <summary>Shared by all connections.</summary>
    public BreakMemory All { get; } = all;
    /// <summary>Role it opened a session with; empty in the default session.</summary>
    public string Role { get; private set; } = "";
    /// <summary>Name of that session.</summary>
    public string Session { get; private set; } = "";
    /// <summary>Messages so far, newest last.</summary>
    public List<string> Said { get; } = [];
    /// <summary>Messages so far, also before the one at hand.</summary>
    public string Before(int back = 1) => Said.Count > back ? Said[^(back + 1)] : "";

    /// <summary>Takes note of a message.</summary>
    public void Note(string message)
    {
        Said.Add(message);
        if (Said.Count > 64) Said.RemoveAt(0);
        string[] open = message.Split('"');
        if (message.StartsWith("SYST:SESS:OPEN ", StringComparison.Ordinal) && open.Length >= 3) (Session, Role) = (open[1], open[2].Trim(',').Split(',')[0]);
        if (message == "SYST:SESS:CLOS") (Session, Role) = ("", "");
        All.Note(message);
    }
}

/// <summary>What all connections of a broken gantry share.</summary>
internal sealed class BreakMemory
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>Sends a line on every connection that has said nothing yet.</summary>
    public Action<string> SayToSilent { get; set; } = static _ => { };

    /// <summary>Something is so.</summary>
    public bool this[string flag]
    {
        get
        {
            lock (_gate) return _flags.Contains(flag);
        }
        set
        {
            lock (_gate)
            {
                if (value) _flags.Add(flag);
                else _flags.Remove(flag);
            }
        }
    }

    /// <summary>A remembered text; empty at first.</summary>
    public string Get(string name)
    {
        lock (_gate) return _texts.GetValueOrDefault(name, "");
    }

    /// <summary>Remembers a text.</summary>
    public void Put(string name, string text)
    {
        lock (_gate) _texts[name] = text;
    }

    private bool Set(string name, string text)
    {
        Put(name, text);
        return true;
    }

    /// <summary>Follows what a client does, as far as breaks need it.</summary>
    public void Note(string message)
    {
        if (message.StartsWith("DIAG:SIM:FAUL \"", StringComparison.Ordinal)) this["fault " + message.Split('"')[1]] = message.EndsWith("ON", StringComparison.Ordinal);
        if (message.StartsWith("ACQ:MODE ", StringComparison.Ordinal)) Put("mode", message);
        if (message == "*RST") Put("mode", "");
        if (message.StartsWith("ACQ:STAR ", StringComparison.Ordinal)) this["started"] = true;
        if (message is "ABOR" or "ACQ:STOP" or "ACQ:ARM") (this["started"], this["ended"]) = (false, true);
        if (message is "ABOR" or "ACQ:STOP") Put("end", message);
        if (message == "ACQ:ARM") this["armed"] = true;
        if (message == "ABOR" || message.StartsWith("ACQ:STAR ", StringComparison.Ordinal)) this["armed"] = false;
        if (message.StartsWith("MOT:HOME ", StringComparison.Ordinal)) this["homed"] = Set("home", message);
        if (message == "MOT:STOP") this["stopped"] = true;
        if (message.StartsWith("MOT:RES ", StringComparison.Ordinal)) this["stopped"] = false;
        if (message.StartsWith("TABL:LONG ", StringComparison.Ordinal)) (this["stale"], this["target"]) = (this["planned"], true);
        if (message == "MOT:PLAN?") (this["planned"], this["stale"], this["target"]) = (true, false, false);
        if (message == "MOT:CLE" || message == "*RST") (this["planned"], this["stale"], this["target"]) = (false, false, false);
        if (message == "SYST:CONT:REL") this["released"] = true;
        if (message.StartsWith("CT:EXP:STAR ", StringComparison.Ordinal)) (this["exposed"], this["ct armed"]) = (true, false);
        if (message.StartsWith("CT:DOSE:CONF ", StringComparison.Ordinal)) this["exposed"] = false;
        if (message == "CT:ARM") this["ct armed"] = true;
        if (message == "CT:EXP:STOP") this["ct armed"] = false;
    }
}

/// <summary>One way in which this gantry breaks one clause of the conformance kit (docs/conformance.md), and nothing else if it can be helped.</summary>
/// <param name="Id">The clause.</param>
/// <param name="What">What the gantry does wrong.</param>
internal sealed record Break(string Id, string What)
{
    /// <summary>Message as it came (without line feed) → what the gantry gets to see; several lines are several messages; null: nothing.</summary>
    public Func<BreakTalk, string, string?> In { get; init; } = static (_, message) => message;
    /// <summary>Reply (with its line feed) to a message → what is sent.</summary>
    public Func<BreakTalk, string, string, string> Out { get; init; } = static (_, _, reply) => reply;
    /// <summary>Sent at once when that message comes, before anything else; null: nothing.</summary>
    public Func<BreakTalk, string, string?> Unasked { get; init; } = static (_, _) => null;
    /// <summary>What the gantry gets to see when a connection ends; null: nothing.</summary>
    public Func<BreakTalk, string, string?> AtEnd { get; init; } = static (_, _) => null;
    /// <summary>True when the connection is cut instead of taking that message.</summary>
    public Func<BreakTalk, string, bool> Cuts { get; init; } = static (_, _) => false;
    /// <summary>How long a reply to that message is held back, ms.</summary>
    public Func<string, int> DelayMs { get; init; } = static _ => 0;
    /// <summary>Sent when a new connection says nothing for 60 ms.</summary>
    public string Greeting { get; init; } = "";
    /// <summary>Executes what has arrived without waiting for the line feed.</summary>
    public bool IsEager { get; init; }
    /// <summary>Sends replies in two pieces.</summary>
    public bool InPieces { get; init; }
    /// <summary>Changes a frame before it is stored: header and pixels.</summary>
    public Action<BreakMemory, byte[]>? Frame { get; init; }
    /// <summary>Line of the event port → what is sent; null: nothing.</summary>
    public Func<BreakMemory, string, string?>? Event { get; init; }
    /// <summary>Line a client sends to the event port → what the gantry gets to see; null: nothing.</summary>
    public Func<BreakMemory, string, string?>? Request { get; init; }

    /// <summary>Latin-1 both ways: one character a byte.</summary>
    public static Encoding Text => Encoding.Latin1;
}
