using System.Globalization;
using System.Text.RegularExpressions;

namespace Acquire.Simulator.Breaks;

/// <summary>The ways in which the simulator can break a clause on purpose: <c>acquire-sim --break CLAUSE-ID</c>. The conformance kit must find each.</summary>
internal static class BreakList
{
    /// <summary>All breaks by clause.</summary>
    public static IReadOnlyList<Break> All { get; } = [.. Grammar(), .. Common(), .. Transport(), .. Refusals(), .. Sessions(), .. Tree(), .. Runs(), .. Frames(), .. Ct(), .. Events()];

    /// <summary>The break of a clause.</summary>
    public static Break? Find(string id) => All.FirstOrDefault(b => b.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<Break> Grammar() =>
    [
        Hears("GCI-2.1", "does not know the short form", "^SYST:VERS\\?$", "SYST:VER?"),
        Hears("GCI-2.2", "does not know the long form", "^SYSTEM:VERSION\\?$", "SYSTEM:VERSIO?"),
        Hears("GCI-2.3", "wants capitals", "^(sYsT|syst):", "NOCASE:"),
        Hears("GCI-2.4", "takes any abbreviation", "^SYSTE:", "SYST:"),
        Hears("GCI-2.5", "cuts long mnemonics instead of refusing them", "^SYSTEMSYSTEMX:", "SYSTEM:"),
        Hears("GCI-2.6", "wants [:NEXT] to be left out", "^SYST:ERR:NEXT\\?$", "SYST:NEXT?"),
        Hears("GCI-2.7", "takes a '?' anywhere", "VERS \\?", "VERS?"),
        Hears("GCI-2.8", "takes a missing digit as 1", "^HEAD:", "HEAD1:"),
        Hears("GCI-2.9", "takes any digit for a head", "^HEAD[09]:", "HEAD1:"),
        Hears("GCI-2.10", "ignores digits where none belong", "^SYST1:", "SYST:"),
        Hears("GCI-2.11", "starts each unit at the root", ";SYNC\\? 7", ";:SYNC? 7"),
        Hears("GCI-2.12", "does not go back to the root after ';:'", ";:SYST:SYNC\\? 8", ";SYST:SYNC? 8"),
        Hears("GCI-2.13", "forgets the path at a common command", ";\\*OPC\\?;SYNC", ";*OPC?;:SYNC"),
        Hears("GCI-2.14", "keeps the path over the line feed", "^VERS\\?$", "SYST:VERS?"),
        new("GCI-2.15", "does not wait for the line feed") { IsEager = true },
        Hears("GCI-2.16", "takes CR as a character", "16\r$", "16X"),
        Hears("GCI-2.17", "does not know tabs", "^ \t SYST", " X SYST"),
        Hears("GCI-2.18", "needs no blank before a parameter", "^SYST:SYNC\\?(\\d)", "SYST:SYNC? $1"),
        Hears("GCI-2.19", "misreads .5E1", "SYNC\\? \\.5E1", "SYNC? 0.5"),
        Hears("GCI-2.20", "reads #Q as decimal", "#Q37", "37"),
        Hears("GCI-2.21", "reads 1.2.3 as far as it can", "1\\.2\\.3", "1.2"),
        Hears("GCI-2.22", "takes MS for S", "2500 MS", "2500 S"),
        Hears("GCI-2.23", "takes M for a unit", "5 M$", "5"),
        Hears("GCI-2.24", "takes a unit after a pure number", "SYNC\\? 5 S", "SYNC? 5"),
        Says("GCI-2.25", "has no upper limit", "^HEAD1:MATR\\? MAX$", _ => "0"),
        Hears("GCI-2.26", "does not know MIN as a value", "^HEAD1:MATR MIN$", "HEAD1:MATR 512"),
        Says("GCI-2.27", "answers INF", "^ACQ:LIM:TIME\\?$", r => r == "9.9E37" ? "INF" : r),
        Hears("GCI-2.28", "checks the range before it rounds", "^HEAD1:RAD 109\\.96$", "HEAD1:RAD 109.4"),
        Says("GCI-2.29", "answers words in full", "^ACQ:MODE\\?$", r => r == "DYN" ? "DYNAMIC" : r),
        Hears("GCI-2.30", "takes words in between", "^ACQ:MODE STATI$", "ACQ:MODE STAT"),
        Says("GCI-2.31", "does not double quotes", "^ACQ:LAB\\?$", r => r.Length > 2 ? r.Replace("\"\"", "\"", StringComparison.Ordinal) : r),
        Hears("GCI-2.32", "closes strings itself", "\"abc$", "\"abc\""),
        Hears("GCI-2.33", "takes a string for a number", "SYNC\\? \"5\"", "SYNC? 5"),
        new("GCI-2.34", "loses line feeds in blocks") { Out = (_, m, r) => m == "DIAG:BLOC?" && r.Length < 30 ? r[..^1].Replace('\n', ' ') + "\n" : r },
        Hears("GCI-2.35", "takes blocks of unknown length", "#0abc", "#13abc"),
        Hears("GCI-2.36", "takes a block for a number", "SYNC\\? #15hello", "SYNC? 5"),
        Hears("GCI-2.37", "ignores parameters that are too many", "SYNC\\? 1,2", "SYNC? 1"),
        Hears("GCI-2.38", "needs no comma", "^\\*ESE 1 2$", "*ESE 1"),
        new("GCI-2.39", "answers commands with an empty line") { Unasked = (_, m) => m == "*OPC" ? "\n" : null },
        Hears("GCI-2.40", "answers unknown queries", "^SYST:NOPE\\?$", "SYST:SYNC? 0"),
        Hears("GCI-2.41", "overlooks control characters", "^SY\x01", "SY"),
        Hears("GCI-2.42", "overlooks a second colon", "^SYST::", "SYST:"),
        new("GCI-2.43", "answers empty lines") { Unasked = (_, m) => m.Trim().Length == 0 ? "\n" : null },
    ];

    private static IEnumerable<Break> Common() =>
    [
        Says("GCI-2.50", "tells five fields", "^\\*IDN\\?$", r => r + ",EXTRA"),
        Hears("GCI-2.51", "takes negative masks", "^\\*ESE -1$", "*ESE 255"),
        Says("GCI-2.52", "keeps bit 6 of *SRE", "^\\*SRE\\?$", r => r == "191" ? "255" : r),
        new("GCI-2.53", "does not clear ESR by reading") { Out = (t, m, r) => m == "*ESR?" && t.Before() == "*ESR?" ? "32\n" : r },
        Says("GCI-2.54", "counts device errors as execution errors", "^\\*ESR\\?$", r => r == "8" ? "16" : r),
        Deaf("GCI-2.55", "forgets *OPC", "^\\*OPC$"),
        Says("GCI-2.56", "answers *OPC? with +1", "^\\*OPC\\?$", _ => "+1"),
        Hears("GCI-2.57", "does not wait with *OPC?", "^\\*OPC\\?$", "SYST:SYNC? 1"),
        Hears("GCI-2.58", "does not wait at *WAI", "^\\*WAI;", ""),
        Hears("GCI-2.59", "clears enables with *CLS", "^\\*CLS$", "*CLS;*ESE 0"),
        Hears("GCI-2.60", "clears status with *RST", "^\\*RST$", "*RST;*CLS"),
        new("GCI-2.61", "keeps settings at *RST") { In = (t, m) => m == "*RST" && t.Said.TakeLast(8).Contains("ACQ:LIM:TIME 33") ? "ACQ:LAB \"x\"" : m },
        Says("GCI-2.62", "answers *TST? with a word", "^\\*TST\\?$", _ => "PASS"),
        new("GCI-2.63", "clears STB by reading") { Out = (t, m, r) => m == "*STB?" && t.Before() == "*STB?" ? Bits(r, clear: 4) : r },
        Says("GCI-2.64", "has no master summary", "^\\*STB\\?$", r => Bits(r, clear: 64)),
        Says("GCI-2.65", "is of another SCPI version", "^SYST:VERS\\?$", _ => "1994.0"),
        new("GCI-2.66", "has no words for no error") { Out = (t, m, r) => m == "SYST:ERR?" && t.Before(2) == "*CLS" ? "0,\"\"\n" : r },
        new("GCI-2.67", "gives the newest error first") { Out = LastFirst },
        Says("GCI-2.68", "counts errors wrongly", "^SYST:ERR:COUN\\?$", r => r == "2" ? "1" : r),
        Hears("GCI-2.69", "does not empty the queue by ALL?", "^SYST:ERR:ALL\\?$", "SYST:ERR:ALL?\nNO:SUCH"),
        Says("GCI-2.70", "tells an overflow by another number", "^SYST:ERR\\?$", r => r.Replace("-350,", "-310,", StringComparison.Ordinal)),
        new("GCI-2.71", "writes essays") { Out = (t, m, r) => m == "SYST:ERR?" && t.Before().StartsWith("NO:SUCH:HEADER", StringComparison.Ordinal) ? $"-113,\"{new string('x', 300)}\"\n" : r },
        Hears("GCI-2.72", "loses bits of an enable register", "^STAT:OPER:ENAB 1234$", "STAT:OPER:ENAB 1232"),
        Hears("GCI-2.73", "leaves a filter at STAT:PRES", "^STAT:PRES$", "STAT:PRES;:STAT:OPER:NTR 7"),
        new("GCI-2.74", "does not clear events by reading") { Out = (t, m, r) => m == "STAT:OPER?" && t.Before() == "STAT:OPER?" ? Bits(r, set: 64) : r },
        Hears("GCI-2.75", "ignores transition filters", "^STAT:OPER:PTR 0;NTR 64$", "STAT:OPER:PTR 32767;NTR 0"),
        Says("GCI-2.76", "has no summary of OPERation", "^\\*STB\\?$", r => Bits(r, clear: 128)),
        Says("GCI-2.77", "does not list a header", "^SYST:HELP:HEAD\\?$", r => Block(r, b => b.Replace("FRAMe:LIST?\n", "", StringComparison.Ordinal))),
        Says("GCI-2.78", "lists a header it does not have", "^SYST:HELP:HEAD\\?$", r => Block(r, b => b + "SYSTem:BANAna?\n")),
    ];

    private static IEnumerable<Break> Transport() =>
    [
        new("GCI-4.1", "greets") { Greeting = "GCI 1.0 ready\n" },
        new("GCI-4.2", "sends header and data apart") { InPieces = true },
        new("GCI-4.3", "loses lines that come together") { In = (t, m) => m == "SYST:SYNC? 32" && t.Before() == "SYST:SYNC? 31" ? null : m },
        Hears("GCI-4.4", "loses a byte between segments", "^SYST:SYNC\\? 44$", "SYST:SYNC? 4"),
        new("GCI-4.5", "executes a line that was cut off") { AtEnd = (_, line) => line.Length > 0 ? line : null },
        Hears("GCI-4.6", "has no number for a line that is too long", "^TOO LONG$", "*ESE 256"),
        new("GCI-4.7", "hangs up on garbage") { Cuts = (_, m) => m.Length is > 20 and < 6000 && m.Any(c => c > 0x80) },
        new("GCI-4.8", "answers an unknown query with an empty line") { Unasked = (_, m) => m == "NO:SUCH?" ? "\n" : null },
        new("GCI-4.9", "sends two line feeds after a block") { Out = (_, m, r) => m == "DIAG:BLOC?" && r == "#13abc\n" ? r + "\n" : r },
        new("GCI-4.10", "forgets errors with the connection") { AtEnd = (t, _) => t.Role.Length == 0 ? "*CLS" : null },
        new("GCI-4.11", "tells events on the command port")
        {
            Unasked = (t, m) =>
            {
                if (m.StartsWith("ACQ:STAR ", StringComparison.Ordinal)) t.All.SayToSilent("{\"k\":\"state\"}\n");
                return null;
            },
        },
        Hears("GCI-4.12", "takes negative numbers for SYNC", "^SYST:SYNC\\? -1$", "SYST:SYNC? 1"),
        Deaf("GCI-4.13", "serves twelve connections", "^SYST:SYNC\\? 101[3-5]$"),
        new("GCI-8.22", "is slow with one query") { DelayMs = m => m == "FRAM:LIST?" ? 80 : 0 },
    ];

    private static IEnumerable<Break> Refusals() =>
    [
        Deaf("GCI-7.1", "does not refuse motion while the chain is open", "^MOT:HOME ", t => t.All["fault estop"]),
        Deaf("GCI-7.2", "does not refuse motion of unhomed axes", "^MOT:STAR .*,1$", t => !t.All["homed"]),
        Deaf("GCI-7.3", "takes a target beyond the limit", "^HEAD1:RAD 1$"),
        Deaf("GCI-7.4", "jogs without a token", "^MOT:JOG .*,10$"),
        Deaf("GCI-7.5", "takes a target from anybody", "^GANT:ROT 0$"),
        Hears("GCI-7.6", "starts from a compound message", "^(ACQ:STAR \"[^\"]+\");\\*OPC$", "$1"),
        Deaf("GCI-7.8", "turns with the collimator unlatched", "^MOT:STAR ", t => t.All["fault collimator"]),
        Deaf("GCI-7.9", "moves an overloaded table", "^MOT:STAR ", t => t.All["fault table.overload"]),
        Deaf("GCI-7.10", "resets a cause that stands", "^INT:RES$", t => t.All["fault estop"]),
        Deaf("GCI-7.11", "arms with a stale confirmation", "^CT:ARM$", t => t.Said.TakeLast(4).Contains("CT:MA 30")),
        Deaf("GCI-7.12", "arms the CT while the camera counts", "^CT:ARM$", t => t.Before(2).StartsWith("ACQ:STAR ", StringComparison.Ordinal)),
        Deaf("GCI-7.13", "takes a setting while it runs", "^HEAD1:MATR 128$"),
        Deaf("GCI-7.14", "arms without room", "^ACQ:ARM$", t => t.All["fault store.full"]),
        Deaf("GCI-7.15", "discards without the right count", "^FRAM:DISC \"(?!11111111).*,0$"),
        Deaf("GCI-7.16", "sets the clock during a run", "^SYST:TIME "),
        Deaf("GCI-7.17", "takes any speed", "^GANT:ROT:SPE 1000$"),
        Deaf("GCI-7.18", "takes NAN as a position", "^TABL:LONG NAN$"),
        Hears("GCI-7.19", "ends a run at *TRG", "^\\*TRG$", "*TRG\nABOR"),
        Hears("GCI-7.20", "stops at *TST?", "^\\*TST\\?$", "*TST?\nMOT:STOP"),
    ];

    private static IEnumerable<Break> Sessions() =>
    [
        new("GCI-8.1", "gives control to everybody") { Out = (t, m, r) => m == "SYST:SESS?" && t.Role.Length == 0 ? r.Replace("VIEW", "CONT", StringComparison.Ordinal) : r },
        new("GCI-8.2", "keeps a context for each connection") { Out = (t, m, r) => m == "*ESE?" && t.Role.Length == 0 && !t.Said.Any(s => s.StartsWith("*ESE ", StringComparison.Ordinal)) ? "0\n" : r },
        new("GCI-8.3", "shares one context among sessions") { Out = (t, m, r) => m == "*ESE?" && t.Role.Length == 0 && t.All["ese 21"] ? "21\n" : r, In = (t, m) => { if (m == "*ESE 21") t.All["ese 21"] = true; return m; } },
        new("GCI-8.4", "tells no name of the session") { Out = (t, m, r) => m == "SYST:SESS?" && t.Role == "VIEW" ? Regex.Replace(r, "\"[^\"]*\"", "\"\"") : r },
        Deaf("GCI-8.5", "does not check secrets", "^SYST:SESS:OPEN .*\"wrong\"$"),
        new("GCI-8.6", "forgets a session's errors") { In = (t, m) => m.StartsWith("SYST:SESS:OPEN ", StringComparison.Ordinal) && m.Contains(",VIEW,\"s\"", StringComparison.Ordinal) ? m + "\n*CLS" : m },
        new("GCI-8.7", "drops the lease with the connection") { AtEnd = (t, _) => t.Role == "CONT" ? "SYST:CONT:REL" : null },
        Says("GCI-8.8", "lists no sessions", "^SYST:SESS:LIST\\?$", _ => "\"\""),
        Deaf("GCI-8.9", "keeps closed sessions", "^SYST:SESS:CLOS$", t => t.Said.Any(s => s.Contains(",VIEW,", StringComparison.Ordinal))),
        Deaf("GCI-8.10", "says nothing when the lease is taken", "^SYST:CONT:REQ$", t => !t.Session.StartsWith("check-", StringComparison.Ordinal) && t.Role == "CONT" && !t.All["released"]),
        Deaf("GCI-8.11", "says nothing when VIEW wants control", "^SYST:CONT:REQ$", t => t.Role.Length == 0),
        new("GCI-8.12", "does not tell the owner") { Out = (t, m, r) => m == "SYST:STAT?" && t.Role.Length == 0 ? Regex.Replace(r, "\"[^\"]*\"", "\"\"") : r },
        Deaf("GCI-8.13", "does not give the lease back", "^SYST:CONT:REL$"),
        Deaf("GCI-8.14", "takes any length of the lease", "^SYST:CONT:LEAS 31 S$"),
        new("GCI-8.15", "never loses a lease") { Out = (t, m, r) => m == "SYST:CONT:OWN?" && t.All["short lease"] && r == "\"\"\n" ? "\"somebody\"\n" : r, In = (t, m) => { if (m == "SYST:CONT:LEAS 2 S") t.All["short lease"] = true; return m; } },
        Deaf("GCI-8.16", "takes ABORt only from the holder", "^ABOR$", t => t.Role.Length == 0),
        Deaf("GCI-8.17", "takes MOT:STOP only from the holder", "^MOT:STOP$", t => t.Role.Length == 0 && t.Before() != "*WAI"),
        Deaf("GCI-8.18", "lets a stop wait behind *WAI", "^MOT:STOP$", t => t.Before() == "*WAI"),
        Hears("GCI-8.19", "forgets a start in a compound message without a word", "^\\*ESE 0;:MOT:HOME .*$", "*ESE 0"),
        new("GCI-8.20", "starts again with the same id") { In = (t, m) => m.StartsWith("ACQ:STAR ", StringComparison.Ordinal) && t.Said.SkipLast(1).Contains(m) ? m.Insert(m.Length - 1, "x") : m },
        Says("GCI-8.21", "calls unknown operations done", "^SYST:OPER\\? ", r => r == "UNKN,0" ? "DONE,0" : r),
        Hears("GCI-8.23", "goes on behind an error", "^\\*ESE 1;:NO:SUCH;\\*ESE 2$", "*ESE 1\nNO:SUCH\n*ESE 2"),
        new("GCI-8.24", "forgets operations with the connection") { Out = (t, m, r) => m.StartsWith("SYST:OPER? ", StringComparison.Ordinal) && t.Role.Length == 0 ? "UNKN,0\n" : r },
        new("GCI-8.25", "ends a run with its connection") { AtEnd = (t, _) => t.Role == "CONT" ? "ABOR" : null },
    ];

    private static IEnumerable<Break> Tree() =>
    [
        new("GCI-9.1", "has words of its own for states") { Out = (t, m, r) => m == "SYST:STAT?" && t.Role.Length == 0 ? r.Replace(",OK,", ",FINE,", StringComparison.Ordinal) : r },
        Says("GCI-9.2", "does not quote its features", "^SYST:GCI:FEAT\\?$", r => r.Trim('"')),
        Says("GCI-9.3", "describes no collimators", "^SYST:DESC\\?$", r => Block(r, b => b.Replace("\"collimators\"", "\"kollimators\"", StringComparison.Ordinal))),
        Says("GCI-9.4", "has an uptime that stands", "^SYST:BOOT\\?$", r => r.Split(',')[0] + ",1000"),
        Says("GCI-9.5", "tells no date", "^SYST:TICK\\?$", r => r.Split(',')[0] + ",\"yesterday\",1"),
        Deaf("GCI-9.6", "leaves a query unanswered", "^GANT:GEOM\\?$"),
        Hears("GCI-9.7", "sets another zoom", "^HEAD1:ZOOM 2$", "HEAD1:ZOOM 3"),
        Deaf("GCI-9.8", "takes a matrix that is no power of two", "^HEAD1:MATR 100$"),
        Deaf("GCI-9.9", "takes any name for a run", "^ACQ:ID \"u1\"$"),
        new("GCI-9.10", "moves by a target alone") { Out = (t, m, r) => m == "STAT:OPER:COND?" && t.All["target"] ? Bits(r, set: 8) : r },
        new("GCI-9.11", "never finishes homing") { Out = (t, m, r) => m.StartsWith("SYST:OPER? ", StringComparison.Ordinal) && t.All.Get("home") == m.Replace("SYST:OPER?", "MOT:HOME", StringComparison.Ordinal) ? "RUNN,0\n" : r },
        Says("GCI-9.12", "is never at its target", "^TABL:LONG:ACT\\?$", r => r.Split(',')[0] + ",0"),
        Deaf("GCI-9.13", "does not refuse homing in HOLD", "^MOT:HOME ", t => t.All["stopped"]),
        Deaf("GCI-9.14", "takes a stale plan", "^MOT:STAR ", t => t.All["stale"]),
        Says("GCI-9.15", "has words of its own for axes", "^MOT:STAT\\?$", r => r.Replace("HOLD", "IDLE", StringComparison.Ordinal)),
        Says("GCI-9.16", "answers words in full", "^HEAD1:COLL\\?$", r => r.Replace("LATC", "LATCHED", StringComparison.Ordinal)),
        Says("GCI-9.17", "has bits without a cause", "^INT:STAT\\?$", r => r == "OK,0" ? "OK,4" : r),
        new("GCI-9.18", "has a test frame that changes") { Out = (t, m, r) => m == "DIAG:FRAM?" && t.Before() == "DIAG:FRAM?" ? r[..^3] + "xx\n" : r },
        Deaf("GCI-9.19", "takes blocks of any size", "^DIAG:BLOC #565537"),
        Hears("GCI-9.20", "answers what it should refuse", "^SYST:LOG\\? 1,501$", "SYST:SYNC? 0"),
        Deaf("GCI-9.21", "resets faults that are none", "^SYST:FAUL:RES$"),
        Deaf("GCI-9.22", "knows any fault", "no\\.such\\.fault"),
        Deaf("GCI-9.23", "does not run faster", "^DIAG:SIM:SPE 1000$", t => t.Before() == "SYST:TICK?" && t.Before(3) == "*CLS"),
        Says("GCI-10.1", "does not tell an open chain", "^STAT:QUES:COND\\?$", r => Bits(r, clear: 512)),
        new("GCI-10.2", "says it counts behind an open chain") { Out = (t, m, r) => m == "SYST:STAT?" && t.All["fault estop"] && t.All.Get("mode").Contains("STAT", StringComparison.Ordinal) ? r.Replace(",HOLD,", ",RUNN,", StringComparison.Ordinal) : r },
        new("GCI-10.3", "stays armed for ever")
        {
            Out = (t, m, r) =>
            {
                if (m == "SYST:ERR?" && !r.StartsWith("0,", StringComparison.Ordinal)) t.All["armed"] = false;
                return m == "SYST:STAT?" && t.All["armed"] ? r.Replace(",IDLE,", ",ARM,", StringComparison.Ordinal) : r;
            },
        },
        Says("GCI-15.1", "speaks another major version", "^SYST:GCI:VERS\\?$", _ => "2.0"),
    ];

    private static IEnumerable<Break> Runs() =>
    [
        new("GCI-9.30", "arms what its check refuses") { In = (t, m) => m == "ACQ:ARM" && t.All["check refused"] && t.Said.TakeLast(5).Any(s => s.StartsWith("ACQ:LIM:TIME INF", StringComparison.Ordinal)) ? null : m, Out = (t, m, r) => { if (m == "ACQ:CHEC?") t.All["check refused"] = !r.StartsWith("OK", StringComparison.Ordinal); return r; } },
        Deaf("GCI-9.31", "says nothing at a second start", "^ACQ:STAR ", t => t.All["twice"], (t, m) => { if (m.StartsWith("ACQ:STAR ", StringComparison.Ordinal)) { t.All["twice"] = t.All["once"]; t.All["once"] = true; } else if (m is "ABOR" or "ACQ:ARM" or "ACQ:STOP" or "*RST") t.All["once"] = t.All["twice"] = false; }),
        Deaf("GCI-9.32", "pauses what does not run", "^ACQ:PAUS$", t => !t.All["started"]),
        Frame("GCI-9.33", "does not mark a stopped frame", f => f.Flags &= ~1, f => (f.Flags & 1) != 0 && f.Mode == 1 && f.Tag == "ACQ:STOP"),
        Frame("GCI-9.34", "does not mark an aborted frame", f => f.Flags &= ~1, f => (f.Flags & 1) != 0 && f.Mode == 1 && f.Tag == "ABOR"),
        Frame("GCI-9.35", "counts the pause as live", f => f.LiveUs = f.ElapsedUs, f => f.Mode == 1 && f.ElapsedUs > f.LiveUs + 5_000_000),
        new("GCI-9.36", "counts to twice the limit") { In = (_, m) => Regex.Replace(m, "COUN (\\d+)$", n => "COUN " + (2 * long.Parse(n.Groups[1].Value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture)) },
        new("GCI-9.40", "announces a frame too many") { Out = (t, m, r) => m == "ACQ:CHEC?" && t.All.Get("mode").Contains("MODE STAT", StringComparison.Ordinal) ? OneMore(r, 1) : r },
        Frame("GCI-9.41", "forgets the phase", f => f.Phase = 1, f => f.Phase == 2),
        Frame("GCI-9.42", "tells no table way", f => f.TableEndUm = f.TableStartUm, f => f.Mode == 4),
        Frame("GCI-9.43", "tells wrong angles", f => f.AngleStartMdeg = f.AngleEndMdeg = f.AngleEndMdeg + (f.View == 2 ? 1000 : 0), f => f.Mode == 5 && f.AngleStartMdeg == f.AngleEndMdeg),
        Frame("GCI-9.44", "tells no end angles", f => f.AngleEndMdeg = f.AngleStartMdeg, f => f.Mode == 5 && f.AngleStartMdeg != f.AngleEndMdeg),
        Frame("GCI-9.45", "forgets the gate bin", f => f.GateBin = 1, f => f.Mode == 3),
        Frame("GCI-9.46", "does not mark a held view", f => f.Flags &= ~2, f => f.Mode == 5),
        Says("GCI-10.4", "does not tell waiting frames", "^\\*STB\\?$", r => Bits(r, clear: 1)),
        Says("GCI-10.5", "does not tell a program", "^STAT:OPER(:COND)?\\?$", r => Bits(r, clear: 16384)),
    ];

    private static IEnumerable<Break> Frames() =>
    [
        Frame("GCI-11.1", "does not say that it is simulated", f => f.Flags &= ~256, f => f.Mode == 1),
        new("GCI-11.2", "has a wrong CRC in the header") { Frame = (_, f) => f[124] ^= 1 },
        Frame("GCI-11.3", "has a wrong sum in the header", f => f.Sum++, f => f.Mode == 1),
        Frame("GCI-11.4", "numbers frames from 0", f => f.Number--, f => f.Mode == 1),
        new("GCI-11.5", "gives other bytes the second time") { Out = (t, m, r) => m.StartsWith("FRAM:DATA? ", StringComparison.Ordinal) && !m.Contains(',', StringComparison.Ordinal) && t.Before() == m ? r[..^2] + (char)(r[^2] ^ 1) + "\n" : r },
        Says("GCI-11.6", "announces another CRC", "^FRAM:NEXT\\?$", r => OneMore(r, 2)),
        Hears("GCI-11.7", "gives another part", "^FRAM:DATA\\? 1,100,1000$", "FRAM:DATA? 1,101,1000"),
        new("GCI-11.8", "lists runs without frames") { Out = (t, m, r) => { if (m != "FRAM:LIST?") return r; if (r != "\"\"\n") t.All.Put("list", r); return r == "\"\"\n" && t.All.Get("list") is { Length: > 0 } old ? old : r; } },
        new("GCI-11.9", "takes acknowledgements of frames to come")
        {
            Out = (t, m, r) => { if (m == "FRAM:RANG?") t.All.Put("last", r.Split(',')[1]); return r; },
            In = (t, m) => m.StartsWith("FRAM:ACKN ", StringComparison.Ordinal) && long.TryParse(m.AsSpan(10), CultureInfo.InvariantCulture, out long n) && long.TryParse(t.All.Get("last"), CultureInfo.InvariantCulture, out long last) && n > last && last > 0 ? null : m,
        },
        Deaf("GCI-11.10", "takes acknowledgements from anybody", "^FRAM:ACKN 1$", t => t.Role.Length == 0 && t.Said.Contains("FRAM:DATA? 1")),
        new("GCI-11.11", "has a wrong ledger") { Out = (t, m, r) => m == "ACQ:LEDG?" && t.All.Get("mode").Contains("MODE STAT", StringComparison.Ordinal) ? OneMore(r, -1) : r },
        Frame("GCI-11.12", "counts longer than time", f => f.LiveUs = f.ElapsedUs + 1, f => f.Mode == 1 && f.ElapsedUs / 1_000_000 == 20),
        Deaf("GCI-11.13", "selects any run", "abcd\"$"),
        Says("GCI-11.14", "forgets that its store is kept", "^FRAM:STOR\\?$", r => r.Replace("NVOL", "VOL", StringComparison.Ordinal)),
        new("GCI-11.15", "selects nothing by itself") { Out = (t, m, r) => m == "FRAM:SEL?" && t.Role == "VIEW" ? "\"\"\n" : r },
        Deaf("GCI-11.16", "keeps a running image after the run", "^FRAM:PREV\\? 1$", t => t.Said.TakeLast(6).Contains("ABOR")),
    ];

    private static IEnumerable<Break> Ct() =>
    [
        Deaf("GCI-9.50", "takes any tube voltage", "^CT:KV 95$"),
        new("GCI-9.51", "tells no dose") { Out = (t, m, r) => m == "CT:DOSE?" && t.Role.Length == 0 ? "LOW,LOW\n" : r },
        Says("GCI-9.52", "does not tell that it is armed", "^STAT:OPER(:COND)?\\?$", r => Bits(r, clear: 2048)),
        Deaf("GCI-9.53", "arms without a new confirmation", "^CT:ARM$", t => t.All["exposed"]),
        Deaf("GCI-9.54", "ends the beam only for the holder", "^CT:EXP:STOP$", t => t.Role.Length == 0),
        new("GCI-9.55", "stays armed for ever") { Out = (t, m, r) => m == "SYST:STAT?" && t.All["ct armed"] ? r.Replace(",STAN,", ",ARM,", StringComparison.Ordinal) : r },
    ];

    private static IEnumerable<Break> Events() =>
    [
        Says("GCI-12.1", "tells no event port", "^SYST:COMM:TCP:EVEN\\?$", _ => "0"),
        Line("GCI-12.2", "leaves out numbers", (_, l) => l.Contains("\"k\":\"op\"", StringComparison.Ordinal) ? Regex.Replace(l, "\"q\":(\\d+)", n => "\"q\":" + (1 + long.Parse(n.Groups[1].Value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture)) : l),
        Request("GCI-12.3", "does not replay", (_, l) => Regex.Replace(l, ",\"since\":\\d+", "")),
        Request("GCI-12.4", "tells what nobody asked for", (_, l) => l == "{\"sub\":[\"frame\"]}" ? "{\"sub\":[\"frame\",\"state\"]}" : l),
        Line("GCI-12.5", "has no beat", (_, l) => l.Contains("\"k\":\"beat\"", StringComparison.Ordinal) ? null : l),
        Request("GCI-12.6", "falls silent at garbage", (m, l) => { if (l == "no json") m["silent"] = true; return l; }) with { Event = (m, l) => m["silent"] ? null : l },
        Request("GCI-12.7", "wants to know every member", (_, l) => l.Contains("colour", StringComparison.Ordinal) ? null : l),
        Line("GCI-12.8", "numbers positions", (_, l) => l.Replace("\"k\":\"pos\"", "\"q\":1,\"k\":\"pos\"", StringComparison.Ordinal)),
        new("GCI-12.9", "does not stop without tokens") { Out = (t, m, r) => m == "SYST:STAT?" && t.Said.TakeLast(4).Any(s => s == "STAT:OPER:COND?") && t.Said.Any(s => s.StartsWith("MOT:JOG ", StringComparison.Ordinal)) ? r.Replace("HOLD,", "MOV,", StringComparison.Ordinal) : r },
        new("GCI-12.10", "moves again at a late token") { Out = (t, m, r) => m == "STAT:OPER:COND?" && t.Before().EndsWith(":ACT?", StringComparison.Ordinal) && t.Said.Any(s => s.StartsWith("MOT:JOG ", StringComparison.Ordinal)) ? Bits(r, set: 8) : r },
    ];

    private static Break Line(string id, string what, Func<BreakMemory, string, string?> change) => new(id, what) { Event = change };

    private static Break Request(string id, string what, Func<BreakMemory, string, string?> change) => new(id, what) { Request = change };

    private static Break Hears(string id, string what, string pattern, string replacement) =>
        new(id, what) { In = (_, m) => Regex.Replace(m, pattern, replacement, RegexOptions.Singleline) };

    private static Break Deaf(string id, string what, string pattern, Func<BreakTalk, bool>? when = null, Action<BreakTalk, string>? note = null) =>
        new(id, what)
        {
            In = (t, m) =>
            {
                note?.Invoke(t, m);
                return Regex.IsMatch(m, pattern, RegexOptions.Singleline) && (when is null || when(t)) ? null : m;
            },
        };

    private static Break Says(string id, string what, string pattern, Func<string, string> change) =>
        new(id, what) { Out = (_, m, r) => Regex.IsMatch(m, pattern) ? change(r[..^1]) + "\n" : r };

    private static Break Frame(string id, string what, Action<EditableFrame> change, Func<EditableFrame, bool> which) =>
        new(id, what)
        {
            Frame = (memory, bytes) =>
            {
                var frame = new EditableFrame(bytes, memory.Get("end"));
                if (!which(frame)) return;
                change(frame);
                frame.Seal();
            },
        };

    private static string LastFirst(BreakTalk t, string message, string reply)
    {
        if (message != "SYST:ERR?") return reply;
        string[] three = ["NO:SUCH", "SYST:SYNC?", "*ESE 256"];
        if (reply.StartsWith("-113", StringComparison.Ordinal) && t.Said.Count > 3 && t.Said[^4..^1].SequenceEqual(three)) return "-222,\"Data out of range\"\n";
        return reply;
    }

    private static string Bits(string reply, int set = 0, int clear = 0)
    {
        string text = reply.TrimEnd('\n');
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int bits)) return reply;
        return ((bits | set) & ~clear).ToString(CultureInfo.InvariantCulture) + (reply.EndsWith('\n') ? "\n" : "");
    }

    /// <summary>Adds one to a field; a field that is 0 in a reply "0,0,0" stays.</summary>
    private static string OneMore(string reply, int field)
    {
        bool line = reply.EndsWith('\n');
        string[] fields = reply.TrimEnd('\n').Split(',');
        int at = field < 0 ? fields.Length + field : field;
        if (reply.StartsWith("0,0,0", StringComparison.Ordinal) || at >= fields.Length || !ulong.TryParse(fields[at], CultureInfo.InvariantCulture, out ulong n)) return reply;
        fields[at] = (n + 1).ToString(CultureInfo.InvariantCulture);
        return string.Join(',', fields) + (line ? "\n" : "");
    }

    private static string Block(string reply, Func<string, string> change)
    {
        int digits = reply[1] - '0';
        string content = change(reply[(2 + digits)..]);
        string count = content.Length.ToString(CultureInfo.InvariantCulture);
        return "#" + count.Length.ToString(CultureInfo.InvariantCulture) + count + content;
    }
}
