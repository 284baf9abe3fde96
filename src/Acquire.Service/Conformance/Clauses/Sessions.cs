using System.Globalization;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>Sessions, lease, stops, compound messages and operation ids (reference section 8).</summary>
internal static class Sessions
{
    public static IEnumerable<Clause> All() =>
    [
        new("GCI-8.1", "A connection starts in the default session", "Role VIEW, no lease.", Needs.Nothing, x =>
        {
            PlainLink link = x.OpenTcp();
            string[] session = link.Fields("SYST:SESS?");
            if (session is not [_, _, "VIEW", _]) throw new ClauseFailedException("id,\"name\",VIEW,lease ms", string.Join(',', session));
            if (long.Parse(session[3], CultureInfo.InvariantCulture) != 0) throw new ClauseFailedException("no lease", session[3] + " ms");
        }),
        new("GCI-8.2", "The default context is shared", "All connections of the default session share one status and error context.", Needs.Nothing, x =>
        {
            PlainLink one = x.OpenTcp("one"), two = x.OpenTcp("two");
            one.Do("*ESE 20");
            two.Expect("*ESE?", "20");
            one.Send("NO:SUCH");
            one.ExpectInStep();
            if (two.NextError() is not -113 and var came) throw new ClauseFailedException("-113 on the other connection", CheckBench.Say($"{came}"));
            one.Do("*ESE 0");
        }),
        new("GCI-8.3", "A session has its own context", "SYST:SESS:OPEN gives an own status and error context.", Needs.Nothing, x =>
        {
            PlainLink own = Open(x, "VIEW", out _);
            own.Do("*ESE 21");
            x.View.Expect("*ESE?", "0");
            own.Send("NO:SUCH");
            own.ExpectInStep();
            x.View.Expect("SYST:ERR:COUN?", "0");
            own.Expect("SYST:ERR:COUN?", "1");
            own.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.4", "SYSTem:SESSion?", "id,\"name\",role,lease ms of this session.", Needs.Nothing, x =>
        {
            PlainLink own = Open(x, "VIEW", out string name);
            string[] f = own.Fields("SYST:SESS?");
            if (f.Length != 4 || f[1] != $"\"{name}\"" || f[2] != "VIEW" || !long.TryParse(f[3], CultureInfo.InvariantCulture, out _)) throw new ClauseFailedException($"id,\"{name}\",VIEW,0", string.Join(',', f));
            own.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.5", "Wrong secret", "Opening a name in use with another secret is 101.", Needs.Nothing, x =>
        {
            PlainLink own = Open(x, "VIEW", out string name);
            x.OpenTcp("thief").ExpectError($"SYST:SESS:OPEN \"{name}\",VIEW,\"wrong\"", 101);
            own.Expect("SYST:SESS?", own.Ask("SYST:SESS?"));
            own.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.6", "Resume by name and secret", "A session outlives its connection for 60 s; reopening it resumes its error queue and enables.", Needs.Nothing, x =>
        {
            PlainLink own = Open(x, "VIEW", out string name);
            own.Do("*ESE 22");
            own.Send("NO:SUCH");
            own.ExpectInStep();
            own.Dispose();
            PlainLink again = x.OpenTcp("again");
            again.Send($"SYST:SESS:OPEN \"{name}\",VIEW,\"s\"");
            if (again.NextError() is not -113 and var came) throw new ClauseFailedException("-113 still in the queue", CheckBench.Say($"{came}"));
            again.Expect("*ESE?", "22");
            again.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.7", "The lease is resumed with the session", "A lease that has not run out is there again after reconnecting.", Needs.Control, x =>
        {
            _ = x.Console;
            x.Reconnect();
            PlainLink again = x.OpenTcp("again");
            again.Do($"SYST:SESS:OPEN \"{x.ConsoleName}\",CONT,\"{x.Secret}\"");
            again.Expect("SYST:CONT:OWN?", $"\"{x.ConsoleName}\"");
            if (long.Parse(again.Fields("SYST:SESS?")[3], CultureInfo.InvariantCulture) <= 0) throw new ClauseFailedException("lease time left", "0 ms");
        }),
        new("GCI-8.8", "SYSTem:SESSion:LIST?", "Names of all sessions.", Needs.Nothing, x =>
        {
            PlainLink own = Open(x, "VIEW", out string name);
            string list = x.View.Ask("SYST:SESS:LIST?");
            if (!list.Contains($"\"{name}\"", StringComparison.Ordinal)) throw new ClauseFailedException($"\"{name}\" among them", list);
            own.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.9", "SYSTem:SESSion:CLOSe", "Ends the session; the connection is in the default session again.", Needs.Nothing, x =>
        {
            PlainLink own = Open(x, "VIEW", out string name);
            own.Send("SYST:SESS:CLOS");
            own.ExpectInStep();
            if (x.View.Ask("SYST:SESS:LIST?").Contains($"\"{name}\"", StringComparison.Ordinal)) throw new ClauseFailedException($"no \"{name}\" in SYST:SESS:LIST?", "it is still there");
            own.Expect("SYST:SESS?", x.View.Ask("SYST:SESS?"));
        }),
        new("GCI-8.10", "One lease at a time", "SYST:CONT:REQ fails with 102 while another session holds it.", Needs.Control, x =>
        {
            _ = x.Console;
            PlainLink second = Open(x, "CONT", out _);
            second.ExpectError("SYST:CONT:REQ", 102);
            x.View.Expect("SYST:CONT:OWN?", $"\"{x.ConsoleName}\"");
            second.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.11", "VIEW cannot take control", "SYST:CONT:REQ from a VIEW session is -203.", Needs.Nothing, x =>
        {
            x.NeedsProtectedLink();
            x.View.ExpectError("SYST:CONT:REQ", -203);
            PlainLink own = Open(x, "VIEW", out _);
            own.ExpectError("SYST:CONT:REQ", -203);
            own.Send("SYST:SESS:CLOS");
        }),
        new("GCI-8.12", "Owner of the lease", "SYST:CONT:OWN? and the last field of SYST:STAT? name the holder.", Needs.Control, x =>
        {
            _ = x.Console;
            x.View.Expect("SYST:CONT:OWN?", $"\"{x.ConsoleName}\"");
            string owner = x.View.Fields("SYST:STAT?")[^1];
            if (owner != $"\"{x.ConsoleName}\"") throw new ClauseFailedException($"\"{x.ConsoleName}\"", owner);
        }),
        new("GCI-8.13", "Giving the lease back", "After SYST:CONT:REL nobody owns it and anybody may take it.", Needs.Control, x =>
        {
            x.Console.Do("SYST:CONT:REL");
            x.View.Expect("SYST:CONT:OWN?", "\"\"");
            PlainLink second = Open(x, "CONT", out string name);
            second.Do("SYST:CONT:REQ");
            x.View.Expect("SYST:CONT:OWN?", $"\"{name}\"");
            second.Send("SYST:SESS:CLOS");
            second.ExpectInStep();
            x.Console.Do("SYST:CONT:REQ");
        }),
        new("GCI-8.14", "Length of the lease", "SYST:CONT:LEAS takes 2…30 S.", Needs.Control, x =>
        {
            string before = x.Console.Ask("SYST:CONT:LEAS?");
            x.Console.ExpectError("SYST:CONT:LEAS 1", -222);
            x.Console.ExpectError("SYST:CONT:LEAS 31 S", -222);
            x.Console.Do("SYST:CONT:LEAS 7 S");
            x.Console.Expect("SYST:CONT:LEAS?", "7");
            x.Console.Do("SYST:CONT:LEAS " + before);
        }),
        new("GCI-8.15", "A lease runs out, a message renews it", "Any message of the holder renews it; silence for its length loses it.", Needs.Control | Needs.Patience, x =>
        {
            string before = x.Console.Ask("SYST:CONT:LEAS?");
            x.Console.Do("SYST:CONT:LEAS 2 S");
            for (int i = 0; i < 5; i++)
            {
                x.Pause(500);
                x.Console.ExpectInStep();
            }
            x.View.Expect("SYST:CONT:OWN?", $"\"{x.ConsoleName}\"");
            x.Pause(2300);
            x.View.Expect("SYST:CONT:OWN?", "\"\"");
            x.Console.ExpectError("ACQ:MODE STAT", -203);
            x.Console.Do("SYST:CONT:REQ", "SYST:CONT:LEAS " + before);
        }),
        new("GCI-8.16", "ABORt from VIEW", "Works from any session in any state, and keeps the frames.", Needs.Counting, x =>
        {
            x.StartStatic(600);
            x.View.Send("ABOR");
            x.View.Expect("SYST:ERR?", "0,\"No error\"");
            string state = x.View.Fields("SYST:STAT?")[1];
            if (state is "RUNN" or "PAUS" or "HOLD") throw new ClauseFailedException("no run any more", state);
        }),
        new("GCI-8.17", "MOTion:STOP from VIEW", "Works from any session in any state; controlled stop, then HOLD.", Needs.Motion, x =>
        {
            Modes.Move(x, out _);
            x.View.Send("MOT:STOP");
            x.View.Expect("SYST:ERR?", "0,\"No error\"");
            x.Wait("HOLD after MOT:STOP", () => x.State(0) == "HOLD", 30);
        }),
        new("GCI-8.18", "Stops do not wait behind *WAI", "Stop commands run even while *WAI or *OPC? holds their session back.", Needs.Motion, x =>
        {
            Modes.Move(x, out _);
            PlainLink other = x.OpenTcp("waiting");
            other.SendText("*WAI\nMOT:STOP\n");
            x.Wait("HOLD after MOT:STOP", () => x.State(0) == "HOLD", 30);
        }),
        new("GCI-8.19", "Starts stand alone", "A start command in a compound message is -221;COMPOUND.", Needs.Control, x =>
        {
            string id = x.NewId();
            foreach (string message in (string[])[$"*ESE 0;:MOT:HOME \"{id}\"", $"MOT:HOME \"{id}\";*ESE 0"])
            {
                x.Console.Send(message);
                string error = x.Console.Ask("SYST:ERR?");
                if (!error.StartsWith("-221,", StringComparison.Ordinal) || !error.Contains("COMPOUND", StringComparison.OrdinalIgnoreCase)) throw new ClauseFailedException("-221 with detail COMPOUND", error);
            }
            if (x.State(0) == "MOV") throw new ClauseFailedException("no motion", "MOV");
        }),
        new("GCI-8.20", "The same operation id again", "Is accepted and ignored: no error, no second start.", Needs.Counting, x =>
        {
            x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            string id = x.NewId();
            x.Console.Do($"ACQ:STAR \"{id}\"", $"ACQ:STAR \"{id}\"");
            x.Console.Do("ABOR");
            x.Drain(x.Console.Ask("FRAM:SEL?").Trim('"'));
            x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            x.Console.Do($"ACQ:STAR \"{id}\"");
            string state = x.State(1);
            if (state != "ARM") throw new ClauseFailedException("still ARMed: the id was used", state);
            x.Console.Do("ABOR");
        }),
        new("GCI-8.21", "SYSTem:OPERation?", "UNKNown, RUNNing, DONE, REFused with its code, STOPped.", Needs.Counting, x =>
        {
            x.Console.Expect($"SYST:OPER? \"{x.NewId()}\"", "UNKN,0");
            string refused = x.NewId(), id = x.NewId(), stopped = x.NewId();
            x.Ready();
            CheckBench.Prepare(() => x.Configure("ACQ:MODE STAT;LIM:TIME 10 S"));
            x.Console.ExpectError($"ACQ:STAR \"{refused}\"", 401);
            x.Console.Expect($"SYST:OPER? \"{refused}\"", "REF,401");
            CheckBench.Prepare(() => x.Console.Do("ACQ:ARM", $"ACQ:STAR \"{id}\""));
            x.Console.Expect($"SYST:OPER? \"{id}\"", "RUNN,0");
            CheckBench.Prepare(() => x.WaitEnd(10));
            x.Console.Expect($"SYST:OPER? \"{id}\"", "DONE,0");
            CheckBench.Prepare(() => x.Drain(x.Console.Ask("FRAM:SEL?").Trim('"')));
            x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            CheckBench.Prepare(() => x.Console.Do($"ACQ:STAR \"{stopped}\"", "ABOR"));
            if (!x.Console.Ask($"SYST:OPER? \"{stopped}\"").StartsWith("STOP,", StringComparison.Ordinal)) throw new ClauseFailedException("STOP", x.Console.Ask($"SYST:OPER? \"{stopped}\""));
        }),
        new("GCI-8.23", "An error abandons the rest of its message", "What stands behind the error is not executed.", Needs.Nothing, x =>
        {
            x.View.Do("*ESE 0");
            x.View.Send("*ESE 1;:NO:SUCH;*ESE 2");
            if (x.View.NextError() is not -113 and var came) throw new ClauseFailedException("-113", CheckBench.Say($"{came}"));
            x.View.Expect("*ESE?;:SYST:ERR:COUN?", "1;0");
            x.View.Do("*ESE 0");
        }),
        new("GCI-8.24", "An operation's fate is known after reconnecting", "SYST:OPER? tells it on a new connection.", Needs.Counting, x =>
        {
            string id = x.NewId();
            x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            CheckBench.Prepare(() => x.Console.Do($"ACQ:STAR \"{id}\""));
            x.OpenTcp("later").Expect($"SYST:OPER? \"{id}\"", "RUNN,0");
            x.Console.Do("ABOR");
        }),
        new("GCI-8.25", "Disconnecting a session loses no run", "A static goes on while its client is away.", Needs.Counting, x =>
        {
            string run = x.StartStatic(300);
            x.Reconnect();
            CheckBench.Prepare(() => x.WaitEnd(300));
            x.Console.Do($"FRAM:SEL \"{run}\"");
            string[] range = x.Console.Fields("FRAM:RANG?");
            if (range[1] == "0" || range[1] != range[2]) throw new ClauseFailedException("all frames there", string.Join(',', range));
            var frame = new FrameBytes(x.Console.AskBlock("FRAM:DATA? 1"));
            if ((frame.Flags & 1) != 0 || frame.ElapsedUs < 299_000_000) throw new ClauseFailedException("all 300 s counted", frame.ToString());
        }),
    ];

    /// <summary>A connection with a session of its own.</summary>
    public static PlainLink Open(CheckBench x, string role, out string name)
    {
        name = x.NewId();
        PlainLink link = x.OpenTcp("session");
        string n = name;
        CheckBench.Prepare(() => link.Do($"SYST:SESS:OPEN \"{n}\",{role},\"s\""));
        return link;
    }
}
