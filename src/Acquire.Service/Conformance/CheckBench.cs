using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Acquire.Service.Conformance;

/// <summary>What a check works with: connections, a session with the control lease, and ways to bring the gantry where the check needs it.</summary>
/// <remarks>Preparation that fails makes a clause blocked, not failed: every step of it is the subject of a clause of its own.</remarks>
internal sealed class CheckBench : IDisposable
{
    /// <summary>Fastest clock the reference knows for a simulator.</summary>
    private const int FastClock = 1000;
    private readonly Func<string, PlainLink> _connect;
    private readonly Func<int, string, TcpPlainLink>? _connectPort;
    private readonly TimeProvider _time;
    private readonly List<PlainLink> _opened = [];
    private readonly Dictionary<string, object> _records = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ownRuns = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _faultsOn = new(StringComparer.Ordinal);
    private readonly string _mark = Guid.NewGuid().ToString("N")[..8];
    private PlainLink? _view;
    private PlainLink? _console;
    private int _ids;

    /// <summary>Makes one; nothing is sent yet.</summary>
    public CheckBench(Func<string, PlainLink> connect, Func<int, string, TcpPlainLink>? connectPort, Needs allowed, TimeProvider time, WireNotes notes)
    {
        _connect = connect;
        _connectPort = connectPort;
        Allowed = allowed;
        _time = time;
        Notes = notes;
        Secret = Guid.NewGuid().ToString("N")[..16];
    }

    /// <summary>What the person allowed.</summary>
    public Needs Allowed { get; }
    /// <summary>Notes of the running check.</summary>
    public WireNotes Notes { get; }
    /// <summary>Words of SYSTem:GCI:FEATures?.</summary>
    public HashSet<string> Features { get; } = new(StringComparer.Ordinal);
    /// <summary>Feature SIM: time can run fast, and faults can be made.</summary>
    public bool IsSimulated => Features.Contains("SIM");
    /// <summary>Heads: 1 or 2.</summary>
    public int Heads { get; private set; } = 2;
    /// <summary>Link is a serial line: one connection, no ports.</summary>
    public bool IsSerial => _connectPort is null;
    /// <summary>Name of the session with the lease.</summary>
    public string ConsoleName => "check-" + _mark;
    /// <summary>Its secret.</summary>
    public string Secret { get; }
    /// <summary>Clock of the measurement.</summary>
    public TimeProvider Time => _time;

    /// <summary>A connection in the default session: role VIEW.</summary>
    public PlainLink View => _view ??= Connect("view");

    /// <summary>A connection whose session holds the control lease.</summary>
    public PlainLink Console
    {
        get
        {
            if (_console is not null) return _console;
            PlainLink link = Connect("console");
            try
            {
                // A session that is resumed still has the errors of the clause before.
                link.Send($"SYST:SESS:OPEN \"{ConsoleName}\",CONT,\"{Secret}\"");
                link.Send("*CLS");
                link.Do("SYST:CONT:REQ");
            }
            catch (ClauseFailedException e)
            {
                link.Dispose();
                throw new ClauseBlockedException("no session with the control lease: " + e.Message);
            }
            return _console = link;
        }
    }

    /// <summary>Asks what the gantry is; a gantry that does not answer ends the whole check.</summary>
    public string Meet()
    {
        string identity = View.Ask("*IDN?");
        View.Send("*CLS");
        View.Send("SYST:GCI:FEAT?");
        if (View.Arrives(PlainLink.ReplyMs))
            foreach (string word in View.ReadText().Trim('"').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) Features.Add(word);
        View.Send("HEAD2:COLL?");
        View.Send("SYST:SYNC? 4711");
        if (View.ReadText() == "4711") Heads = 1;
        else View.ReadText();
        View.Send("*CLS");
        return identity;
    }

    /// <summary>Begins a clause with an empty error queue.</summary>
    public void Begin()
    {
        foreach (PlainLink? link in (PlainLink?[])[View, _console])
        {
            if (link is null) continue;
            try
            {
                link.Send("*CLS");
                link.ExpectInStep();
            }
            catch (ClauseFailedException)
            {
                Reconnect();
                break;
            }
        }
        Notes.Clear();
    }

    /// <summary>Ends a clause: closes what it opened and brings the gantry to rest.</summary>
    public void End(bool passed)
    {
        foreach (PlainLink link in _opened) link.Dispose();
        _opened.Clear();
        try
        {
            bool hadControl = _console is not null;
            if (!passed) Reconnect();
            if (_faultsOn.Count > 0)
            {
                foreach (string fault in _faultsOn.ToArray()) Fault(fault, false);
                Console.Send("INT:RES");
            }
            if (hadControl) Rest();
        }
        catch (Exception e) when (e is ClauseFailedException or ClauseBlockedException or SocketException or IOException)
        {
            Notes.Say("the gantry was not brought to rest: " + e.Message);
            Reconnect();
        }
    }

    /// <summary>A new connection, closed at the end of the clause.</summary>
    public PlainLink Open(string who = "other")
    {
        PlainLink link = Connect(who);
        _opened.Add(link);
        return link;
    }

    /// <summary>A new connection over TCP; on serial the clause does not apply.</summary>
    public TcpPlainLink OpenTcp(string who = "other") => Open(who) as TcpPlainLink ?? throw new ClauseNotApplicableException("one line, no connections");

    /// <summary>A connection to another port of the gantry.</summary>
    public TcpPlainLink OpenPort(int port, string who)
    {
        if (_connectPort is null) throw new ClauseNotApplicableException("a serial line has no ports");
        TcpPlainLink link;
        try
        {
            link = _connectPort(port, who);
        }
        catch (SocketException e)
        {
            throw new ClauseFailedException(string.Create(CultureInfo.InvariantCulture, $"somebody listening on port {port}"), e.SocketErrorCode.ToString());
        }
        _opened.Add(link);
        return link;
    }

    /// <summary>The clause sets something: on plain serial that is refused with 110 (clause 7.7), so there is nothing to check.</summary>
    public void NeedsProtectedLink()
    {
        if (IsSerial) throw new ClauseNotApplicableException("plain serial refuses settings with 110");
    }

    /// <summary>A name that was never used.</summary>
    public string NewId() => string.Create(CultureInfo.InvariantCulture, $"{_mark}-{++_ids}");

    /// <summary>A run's name that was never used; the kit may acknowledge and discard what carries it.</summary>
    public string NewRun()
    {
        string id = Guid.NewGuid().ToString("D");
        _ownRuns.Add(id);
        return id;
    }

    /// <summary>Drops both standing connections; they come back when they are needed, the console with its session.</summary>
    public void Reconnect()
    {
        _view?.Dispose();
        _console?.Dispose();
        _view = _console = null;
    }

    /// <summary>Preparation: a failure in it blocks the clause.</summary>
    public static void Prepare(Action work)
    {
        try
        {
            work();
        }
        catch (ClauseFailedException e)
        {
            throw new ClauseBlockedException(e.Message);
        }
    }

    /// <summary>Preparation with a result.</summary>
    public static T Prepare<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ClauseFailedException e)
        {
            throw new ClauseBlockedException(e.Message);
        }
    }

    /// <summary>Makes the check's work once for all clauses that look at it; what failed once is not tried again.</summary>
    public T Once<T>(string name, Func<T> work) where T : class
    {
        if (!_records.TryGetValue(name, out object? record))
        {
            try
            {
                record = work();
            }
            catch (Exception e) when (e is ClauseFailedException or ClauseBlockedException)
            {
                record = e;
            }
            _records[name] = record;
        }
        return record switch
        {
            ClauseFailedException failed => throw new ClauseFailedException(failed.Expected, failed.Came),
            ClauseBlockedException blocked => throw new ClauseBlockedException(blocked.Message),
            _ => (T)record,
        };
    }

    /// <summary>Waits until something is so; a simulator's clock runs fast meanwhile.</summary>
    /// <param name="what">For the failure.</param>
    /// <param name="isSo">Asked again and again.</param>
    /// <param name="gantrySeconds">How long it may take on the gantry's clock.</param>
    /// <param name="factor">Speed of a simulator's clock meanwhile.</param>
    public void Wait(string what, Func<bool> isSo, double gantrySeconds, int factor = FastClock)
    {
        double limit = IsSimulated ? 5 + (2 * gantrySeconds / factor) : 5 + (1.5 * gantrySeconds);
        Speed(factor);
        long began = _time.GetTimestamp();
        try
        {
            while (!isSo())
            {
                if (_time.GetElapsedTime(began).TotalSeconds > limit) throw new ClauseFailedException(string.Create(CultureInfo.InvariantCulture, $"{what} within {gantrySeconds:0.#} s of gantry time"), View.Ask("SYST:STAT?"));
                Pause(IsSimulated ? 4 : 100);
            }
        }
        finally
        {
            Speed(1);
        }
    }

    /// <summary>Lets gantry time pass.</summary>
    public void Elapse(double gantrySeconds)
    {
        if (!IsSimulated)
        {
            Pause((int)(gantrySeconds * 1000));
            return;
        }
        // A busy machine may look away for a tenth of a second: the clock runs so fast only as the wait is long.
        double from = Tick();
        Wait("time to pass", () => Tick() - from >= gantrySeconds, gantrySeconds, gantrySeconds >= 100 ? FastClock : gantrySeconds >= 30 ? 300 : 100);
    }

    /// <summary>Gantry time, s.</summary>
    public double Tick() => double.Parse(View.Fields("SYST:TICK?")[0], CultureInfo.InvariantCulture) / 1e6;

    /// <summary>Waits on wall time.</summary>
    public void Pause(int ms)
    {
        using var done = new ManualResetEventSlim();
        using ITimer timer = _time.CreateTimer(_ => done.Set(), null, TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);
        done.Wait();
    }

    /// <summary>Sets the simulator's clock; nothing on a real gantry.</summary>
    public void Speed(int factor)
    {
        if (IsSimulated) View.Send(string.Create(CultureInfo.InvariantCulture, $"DIAG:SIM:SPE {factor}"));
    }

    /// <summary>One of the five words of SYSTem:STATe?.</summary>
    public string State(int index) => (_console ?? View).Fields("SYST:STAT?")[index];

    /// <summary>Gantry READy, acquisition IDLE, interlock OK, high voltage on.</summary>
    public void Ready() => Prepare(() =>
    {
        Rest();
        string[] states = Console.Fields("SYST:STAT?");
        if (states[0] == "UNH")
        {
            if ((Allowed & Needs.Motion) == 0) throw new ClauseBlockedException("the gantry is not homed and motion is not allowed");
            Console.Do($"MOT:HOME \"{NewId()}\"");
            Wait("homing", () => State(0) == "READ", 300);
        }
        for (int h = 1; h <= Heads; h++)
            if (!Console.Ask(Say($"HEAD{h}:HV?")).StartsWith("ON", StringComparison.Ordinal)) Console.Do(Say($"HEAD{h}:HV ON"));
        for (int h = 1; h <= Heads; h++)
            if (!Console.Ask(Say($"HEAD{h}:HV?")).StartsWith("ON", StringComparison.Ordinal)) Wait("high voltage", () => Console.Ask(Say($"HEAD{h}:HV?")).StartsWith("ON", StringComparison.Ordinal), 120);
        if (State(0) != "READ") throw new ClauseBlockedException("the gantry is not READy: " + View.Ask("SYST:STAT?"));
    });

    /// <summary>Sets up a run and arms it.</summary>
    /// <param name="commands">Mode and its settings.</param>
    /// <returns>The run's name.</returns>
    public string Arm(params string[] commands)
    {
        Ready();
        return Prepare(() =>
        {
            string run = Configure(commands);
            Console.Do("ACQ:ARM");
            return run;
        });
    }

    /// <summary>Sets up a run.</summary>
    public string Configure(params string[] commands)
    {
        string run = NewRun();
        Console.Do("*RST", $"ACQ:ID \"{run}\"", Heads == 2 ? "ACQ:HEAD BOTH" : "ACQ:HEAD 1");
        for (int h = 1; h <= Heads; h++) Console.Do(Say($"HEAD{h}:MATR 64"), Say($"HEAD{h}:ENER:WIND1 \"Tc99m\",126.45,154.55"));
        Console.Do(commands);
        return run;
    }

    /// <summary>A static of so many seconds, started.</summary>
    public string StartStatic(double seconds)
    {
        string run = Arm("ACQ:MODE STAT;" + string.Create(CultureInfo.InvariantCulture, $"LIM:TIME {seconds} S;COUN INF"));
        Prepare(() => Console.Do($"ACQ:STAR \"{NewId()}\""));
        return run;
    }

    /// <summary>Waits until the run counts no more and all its frames are complete.</summary>
    public void WaitEnd(double gantrySeconds)
    {
        Wait("the end of the run", () => State(1) is "DRA" or "IDLE", gantrySeconds);
        Wait("all frames complete", () => Console.Fields("FRAM:RANG?") is [_, var done, var expected] && done == expected, 10);
    }

    /// <summary>Reads and acknowledges all that is left of one of our runs.</summary>
    public void Drain(string run)
    {
        Console.Do($"FRAM:SEL \"{run}\"");
        string[] range = Console.Fields("FRAM:RANG?");
        if (range.Length == 3 && uint.TryParse(range[1], out uint last) && uint.TryParse(range[0], out uint first) && last >= first) Console.Do(Say($"FRAM:ACKN {last}"));
    }

    /// <summary>Makes a fault in the simulator, or says that this cannot be done.</summary>
    public void Fault(string name, bool on) => Prepare(() =>
    {
        Console.Send($"DIAG:SIM:FAUL \"{name}\",{(on ? "ON" : "OFF")}");
        int error = Console.NextError();
        if (error == -224) throw new ClauseNotApplicableException($"this simulator knows no fault \"{name}\"");
        if (on) _faultsOn.Add(name);
        else _faultsOn.Remove(name);
        if (error != 0) throw new ClauseBlockedException(Say($"DIAG:SIM:FAUL \"{name}\" leaves error {error}"));
    });

    /// <summary>Text in the invariant culture.</summary>
    public static string Say(FormattableString text) => FormattableString.Invariant(text);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PlainLink link in _opened) link.Dispose();
        Reconnect();
    }

    /// <summary>Gives the lease and the session back at the end.</summary>
    public void Leave()
    {
        try
        {
            _console?.Send("SYST:SESS:CLOS");
            _console?.ExpectInStep();
        }
        catch (ClauseFailedException)
        {
            // It ends by itself after a minute.
        }
        Reconnect();
    }

    private PlainLink Connect(string who)
    {
        try
        {
            return _connect(who);
        }
        catch (SocketException e)
        {
            throw new ClauseFailedException("a connection", e.SocketErrorCode.ToString());
        }
    }

    /// <summary>Ends what runs, releases our frames, closes the chain again, and leaves HOLD.</summary>
    private void Rest()
    {
        string[] states = Console.Fields("SYST:STAT?");
        if (states is ["READ" or "UNH", "IDLE", "OFF" or "STAN" or "COOL" or "WARM", "OK", ..] && states[^1] == $"\"{ConsoleName}\"") return;
        if (states[^1] != $"\"{ConsoleName}\"") Console.Send("SYST:CONT:REQ");
        if (states[3] != "OK") Console.Send("INT:RES");
        Console.Send("ABOR");
        Console.Send("*CLS");
        Wait("rest", () => Console.Fields("SYST:STAT?") is [not ("MOV" or "PROG"), not ("RUNN" or "PAUS" or "ARM"), ..], 60);
        // Frames may still be on their way from the detector to the store: DRAining until the last of them is released.
        Wait("rest", () =>
        {
            foreach (string run in Console.Fields("FRAM:LIST?").Select(w => w.Trim('"')).Where(_ownRuns.Contains)) Drain(run);
            return State(1) != "DRA" || Console.Fields("FRAM:LIST?").Any(w => w.Length > 2 && !_ownRuns.Contains(w.Trim('"')));
        }, 10);
        if (State(0) == "HOLD") Console.Send($"MOT:RES \"{NewId()}\"");
        if (State(0) == "FAU") Console.Send("SYST:FAUL:RES");
        Console.Send("*CLS");
    }
}
