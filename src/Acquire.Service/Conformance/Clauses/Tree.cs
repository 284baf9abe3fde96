using System.Globalization;
using System.Text.Json;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>A header of the reference that every gantry (or every one with the feature) must have.</summary>
/// <param name="Feature">Word of SYST:GCI:FEAT?; empty for all.</param>
/// <param name="Forms">As help lists them.</param>
internal sealed record RequiredHeader(string Feature, params string[] Forms);

/// <summary>The command tree: system, motion, detectors, interlock, diagnosis (reference sections 9, 10 and 15).</summary>
internal static class Tree
{
    /// <summary>The headers of reference section 9 (and 2 "Mandated"), by feature.</summary>
    public static IReadOnlyList<RequiredHeader> Headers { get; } =
    [
        new("", "*CLS", "*ESE", "*ESE?", "*ESR?", "*IDN?", "*OPC", "*OPC?", "*RST", "*SRE", "*SRE?", "*STB?", "*TST?", "*WAI"),
        new("", "SYSTem:ERRor:NEXT?", "SYSTem:ERRor:COUNt?", "SYSTem:ERRor:ALL?", "SYSTem:VERSion?", "SYSTem:HELP:HEADers?", "STATus:PRESet"),
        new("", [.. ((string[])["STATus:OPERation", "STATus:QUEStionable"]).SelectMany(r => (string[])[r + ":EVENt?", r + ":CONDition?", r + ":ENABle", r + ":ENABle?", r + ":PTRansition", r + ":PTRansition?", r + ":NTRansition", r + ":NTRansition?"])]),
        new("", "SYSTem:STATe?", "SYSTem:GCI:VERSion?", "SYSTem:GCI:FEATures?", "SYSTem:DESCription?", "SYSTem:BOOT?", "SYSTem:TICK?", "SYSTem:SYNC?"),
        new("", "SYSTem:SESSion:OPEN", "SYSTem:SESSion:CLOSe", "SYSTem:SESSion?", "SYSTem:SESSion:LIST?", "SYSTem:CONTrol:REQuest", "SYSTem:CONTrol:RELease", "SYSTem:CONTrol:OWNer?", "SYSTem:CONTrol:LEASe", "SYSTem:OPERation?"),
        new("", "SYSTem:TIME", "SYSTem:FAULt?", "SYSTem:FAULt:RESet", "SYSTem:LOG?"),
        new("", "GANTry:ROTation:TARGet", "GANTry:ROTation:ACTual?", "GANTry:ROTation:SPEed", "GANTry:GEOMetry", "HEAD#:RADius:TARGet", "HEAD#:RADius:ACTual?"),
        new("", "TABLe:LONGitudinal:TARGet", "TABLe:LONGitudinal:ACTual?", "TABLe:VERTical:TARGet", "TABLe:LATeral:TARGet", "CONTour:RADii", "MOTion:PLAN?", "MOTion:STARt", "MOTion:HOME"),
        new("", "MOTion:JOG", "MOTion:STOP", "MOTion:CLEar", "MOTion:RESume", "MOTion:STATe?"),
        new("", "HEAD#:HV", "HEAD#:HV?", "HEAD#:COLLimator?", "HEAD#:TEMPerature?", "HEAD#:MATRix", "HEAD#:ZOOM", "HEAD#:ENERgy:WINDow#", "HEAD#:RATE?", "HEAD#:ENERgy:SPECtrum?"),
        new("", "ACQuire:ID", "ACQuire:LABel", "ACQuire:MODE", "ACQuire:HEADs", "ACQuire:LIMit:TIME", "ACQuire:LIMit:COUNts", "ACQuire:ONLoss", "ACQuire:CHECk?", "ACQuire:ARM", "ACQuire:STARt", "ACQuire:PAUSe", "ACQuire:RESume", "ACQuire:STOP"),
        new("", "ABORt", "ACQuire:STATe?", "ACQuire:LEDGer?"),
        new("LIST", "ACQuire:LIST", "SYSTem:COMMunicate:TCPip:STReam?"),
        new("DYN", "ACQuire:DYNamic:PHASe#"),
        new("GATE", "ACQuire:GATE:BINS", "ACQuire:GATE:SOURce", "ACQuire:GATE:WINDow"),
        new("WB", "ACQuire:WBODy:RANGe", "ACQuire:WBODy:SPEed"),
        new("TOMO.STEP", "ACQuire:TOMO:STARt", "ACQuire:TOMO:ARC", "ACQuire:TOMO:VIEWs", "ACQuire:TOMO:TIME", "ACQuire:TOMO:MODE", "ACQuire:TOMO:DIRection", "ACQuire:TOMO:ORBit"),
        new("", "FRAMe:SELect", "FRAMe:RANGe?", "FRAMe:NEXT?", "FRAMe:DATA?", "FRAMe:ACKNowledge", "FRAMe:PREView?", "FRAMe:STORe?", "FRAMe:LIST?", "FRAMe:DISCard"),
        new("CT", "CT:MODE", "CT:KV", "CT:MA", "CT:ROTime", "CT:PITCh", "CT:RANGe", "CT:SCOut:ANGLe", "CT:DOSE?", "CT:DOSE:CONFirm", "CT:WARMup", "CT:ARM", "CT:EXPose:STARt", "CT:EXPose:STOP", "CT:STATe?"),
        new("", "INTerlock:STATe?", "INTerlock:CAUSe?", "INTerlock:RESet", "DIAGnostic:FRAMe?", "DIAGnostic:BLOCk", "DIAGnostic:BLOCk?"),
        new("SIM", "DIAGnostic:SIMulation:FAULt", "DIAGnostic:SIMulation:SPEed", "DIAGnostic:SIMulation:LINK"),
    ];

    private static readonly string[] Known = ["STAT", "DYN", "GATE", "WB", "TOMO.STEP", "TOMO.CONT", "LIST", "CT", "STORE.NV", "SIM"];

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-9.1", "SYSTem:STATe?", "gantry,acquisition,ct,interlock,\"owner\" in the words of the state machines.", Needs.Nothing, x =>
        {
            string[] s = x.View.Fields("SYST:STAT?");
            bool good = s.Length == 5 && s[0] is "BOOT" or "UNH" or "READ" or "MOV" or "PROG" or "HOLD" or "EST" or "FAU" or "SERV";
            good = good && s[1] is "IDLE" or "ARM" or "RUNN" or "PAUS" or "HOLD" or "DRA" && s[2] is "OFF" or "WARM" or "STAN" or "ARM" or "EXP" or "COOL" or "FAU" && s[3] is "OK" or "TRIP" or "RES" && s[4].StartsWith('"');
            if (!good) throw new ClauseFailedException("five state words", string.Join(',', s));
        }),
        new("GCI-9.2", "SYSTem:GCI:FEATures?", "One string of words separated by commas.", Needs.Nothing, x =>
        {
            string came = x.View.Ask("SYST:GCI:FEAT?");
            string[] words = came.Trim('"').Split(',');
            if (came.Length < 2 || came[0] != '"' || came[^1] != '"' || !words.Any(Known.Contains) || words.Any(w => w.Length == 0 || w.Contains(' ', StringComparison.Ordinal))) throw new ClauseFailedException("\"STAT,…\"", came);
        }),
        new("GCI-9.3", "SYSTem:DESCription?", "A block of JSON: axes, limits, speeds, heads, collimators, store.", Needs.Nothing, x =>
        {
            byte[] json = x.View.AskBlock("SYST:DESC?");
            try
            {
                using JsonDocument d = JsonDocument.Parse(json);
                string[] missing = [.. ((string[])["axes", "heads", "collimators", "store"]).Where(n => !d.RootElement.TryGetProperty(n, out _))];
                if (missing.Length > 0) throw new ClauseFailedException("axes, heads, collimators, store", "missing: " + string.Join(", ", missing));
            }
            catch (JsonException e)
            {
                throw new ClauseFailedException("JSON", e.Message);
            }
        }),
        new("GCI-9.4", "SYSTem:BOOT?", "The boot id stays, the uptime grows.", Needs.Nothing, x =>
        {
            string[] one = x.View.Fields("SYST:BOOT?");
            x.Pause(5);
            string[] two = x.View.Fields("SYST:BOOT?");
            if (one.Length != 2 || one[0] != two[0]) throw new ClauseFailedException("the same boot id twice", string.Join(',', one) + " and " + string.Join(',', two));
            if (ulong.Parse(two[1], CultureInfo.InvariantCulture) <= ulong.Parse(one[1], CultureInfo.InvariantCulture)) throw new ClauseFailedException("an uptime that grows", one[1] + " and " + two[1]);
        }),
        new("GCI-9.5", "SYSTem:TICK?", "tick µs,\"UTC\",uncertainty µs; the tick grows.", Needs.Nothing, x =>
        {
            string[] one = x.View.Fields("SYST:TICK?");
            x.Pause(5);
            string[] two = x.View.Fields("SYST:TICK?");
            bool utc = one.Length == 3 && DateTimeOffset.TryParse(one[1].Trim('"'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) && double.Parse(one[2], CultureInfo.InvariantCulture) >= 0;
            if (!utc) throw new ClauseFailedException("tick,\"UTC\",uncertainty", string.Join(',', one));
            if (ulong.Parse(two[0], CultureInfo.InvariantCulture) <= ulong.Parse(one[0], CultureInfo.InvariantCulture)) throw new ClauseFailedException("a tick that grows", one[0] + " and " + two[0]);
        }),
        new("GCI-9.6", "All queries, any state, any role", "The queries without parameters are answered in role VIEW, or refused with a number of the table.", Needs.Nothing, x =>
        {
            string[] queries =
            [
                "SYST:STAT?", "SYST:BOOT?", "SYST:TICK?", "SYST:SESS?", "SYST:SESS:LIST?", "SYST:CONT:OWN?", "SYST:CONT:LEAS?", "GANT:ROT?", "GANT:ROT:ACT?", "GANT:ROT:SPE?", "GANT:GEOM?", "HEAD1:RAD?", "HEAD1:RAD:ACT?",
                "TABL:LONG?", "TABL:LONG:ACT?", "TABL:VERT:ACT?", "TABL:LAT:ACT?", "MOT:STAT?", "MOT:PLAN?", "HEAD1:HV?", "HEAD1:COLL?", "HEAD1:TEMP?", "HEAD1:MATR?", "HEAD1:ZOOM?", "HEAD1:ENER:WIND1?", "HEAD1:RATE?",
                "ACQ:ID?", "ACQ:LAB?", "ACQ:MODE?", "ACQ:HEAD?", "ACQ:LIM:TIME?", "ACQ:LIM:COUN?", "ACQ:ONL?", "ACQ:CHEC?", "ACQ:STAT?", "FRAM:RANG?", "FRAM:NEXT?", "FRAM:STOR?", "FRAM:LIST?", "INT:STAT?", "INT:CAUS?",
            ];
            foreach (string query in queries)
            {
                x.View.SendText(query + "\nSYST:SYNC? 96\n");
                string came = x.View.ReadText();
                if (came != "96")
                {
                    if (x.View.ReadText() is not "96" and var next) throw new ClauseFailedException(query + " → one reply", came + " and " + next);
                    if (came.Length == 0) throw new ClauseFailedException(query + " → something", "an empty line");
                    continue;
                }
                int error = x.View.NextError();
                if (error is not (301 or 430 or 420)) throw new ClauseFailedException(query + " → a reply", CheckBench.Say($"none, error {error}"));
            }
        }),
        new("GCI-9.7", "Settings keep what they are told", "A setting answers its value in base units.", Needs.Control, x =>
        {
            foreach ((string set, string query, double value) in ((string, string, double)[])
                [("HEAD1:MATR 64", "HEAD1:MATR?", 64), ("HEAD1:ZOOM 2", "HEAD1:ZOOM?", 2), ("ACQ:LIM:TIME 12.5 S", "ACQ:LIM:TIME?", 12.5), ("ACQ:LIM:COUN 5E5", "ACQ:LIM:COUN?", 5e5), ("GANT:ROT:SPE 2", "GANT:ROT:SPE?", 2)])
            {
                x.Console.Do(set);
                if (Math.Abs(double.Parse(x.Console.Ask(query), CultureInfo.InvariantCulture) - value) > 1e-9) throw new ClauseFailedException(CheckBench.Say($"{query} → {value}"), x.Console.Ask(query));
            }
            x.Console.Do("HEAD1:ENER:WIND1 \"Tc99m\",129.5,150.5");
            x.Console.Expect("HEAD1:ENER:WIND1?", "\"Tc99m\",129.5,150.5");
        }),
        new("GCI-9.8", "Settings are held to their ranges", "-222, or -224 for a value that is not in the list.", Needs.Control, x =>
        {
            foreach (string command in (string[])["HEAD1:MATR 100", "HEAD1:MATR 4096", "HEAD1:ZOOM 9", "ACQ:LIM:TIME 0", "ACQ:LIM:COUN 0", "HEAD1:ENER:WIND1 \"x\",150,120", "HEAD1:ENER:WIND1 \"x\",1,120", "HEAD1:ENER:WIND1 \"x\",100,9000"])
                x.Console.ExpectError(command, -222, -224);
            x.Console.ExpectError("HEAD1:ENER:WIND17 \"x\",100,120", -114);
        }),
        new("GCI-9.9", "Names of runs", "ACQ:ID takes a uuid (-224 else); a name that was used is 430.", Needs.Counting, x =>
        {
            x.Console.ExpectError("ACQ:ID \"u1\"", -224);
            string used = x.Once("STAT", () => Modes.PlayStatic(x)).Run;
            x.Console.ExpectError($"ACQ:ID \"{used}\"", 430);
            string id = x.NewRun();
            x.Console.Do($"ACQ:ID \"{id}\"");
            if (!x.Console.Ask("ACQ:ID?").Trim('"').Equals(id, StringComparison.OrdinalIgnoreCase)) throw new ClauseFailedException(id, x.Console.Ask("ACQ:ID?"));
        }),
        new("GCI-9.10", "Targets alone never move anything", "Setting a target starts no motion.", Needs.Control, x =>
        {
            if (x.State(0) is not ("READ" or "UNH" or "HOLD")) throw new ClauseBlockedException("targets need a gantry at rest");
            string[] before = x.Console.Fields("TABL:LONG:ACT?");
            double at = double.Parse(before[0], CultureInfo.InvariantCulture);
            x.Console.Do(CheckBench.Say($"TABL:LONG {(at > 100 ? at - 50 : at + 50)}"));
            x.Pause(30);
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 8, 0);
            string[] after = x.Console.Fields("TABL:LONG:ACT?");
            if (after[0] != before[0] || after[1] != "0") throw new ClauseFailedException(before[0] + ",0", string.Join(',', after));
            x.Console.Send("MOT:CLE");
            x.Console.NextError();
        }),
        new("GCI-9.11", "Homing", "MOT:HOME → MOVing → READy.", Needs.Motion, x =>
        {
            string id = x.NewId();
            x.Console.Do($"MOT:HOME \"{id}\"");
            if (x.State(0) != "MOV") throw new ClauseFailedException("MOV", x.State(0));
            x.Wait("READy after homing", () => x.State(0) == "READ", 300);
            x.Console.Expect($"SYST:OPER? \"{id}\"", "DONE,0");
        }),
        new("GCI-9.12", "Plan and move", "MOT:PLAN? → OK,duration,id; MOT:STAR runs it: MOVing, OPER bit 3, then READy at the target.", Needs.Motion, x =>
        {
            double target = Modes.Move(x, out string id);
            if (x.State(0) != "MOV") throw new ClauseFailedException("MOV", x.State(0));
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 8, 8);
            x.Console.Expect($"SYST:OPER? \"{id}\"", "RUNN,0");
            x.Wait("READy after the move", () => x.State(0) == "READ", 120);
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 8, 0);
            string[] actual = x.Console.Fields("TABL:LONG:ACT?");
            if (Math.Abs(double.Parse(actual[0], CultureInfo.InvariantCulture) - target) > 0.1 || actual[1] != "1") throw new ClauseFailedException(CheckBench.Say($"{target},1"), string.Join(',', actual));
            x.Console.Expect($"SYST:OPER? \"{id}\"", "DONE,0");
        }),
        new("GCI-9.13", "HOLD and resume", "STOP → HOLD; nothing starts from HOLD; MOT:RES → READy and moves nothing.", Needs.Motion, x =>
        {
            Modes.Move(x, out string id);
            CheckBench.Prepare(() => x.Console.Do("MOT:STOP"));
            CheckBench.Prepare(() => x.Wait("HOLD", () => x.State(0) == "HOLD", 30));
            if (!x.Console.Ask($"SYST:OPER? \"{id}\"").StartsWith("STOP,", StringComparison.Ordinal)) throw new ClauseFailedException("STOP", x.Console.Ask($"SYST:OPER? \"{id}\""));
            x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",1", -221, 202);
            x.Console.ExpectError($"MOT:HOME \"{x.NewId()}\"", -221);
            string before = x.Console.Ask("TABL:LONG:ACT?");
            x.Console.Do($"MOT:RES \"{x.NewId()}\"");
            if (x.State(0) != "READ") throw new ClauseFailedException("READ", x.State(0));
            x.Pause(20);
            if (x.Console.Ask("TABL:LONG:ACT?").Split(',')[0] != before.Split(',')[0]) throw new ClauseFailedException("no motion by MOT:RES", x.Console.Ask("TABL:LONG:ACT?"));
        }),
        new("GCI-9.14", "A plan is for the targets it was made for", "Targets changed since: the plan is refused.", Needs.Motion, x =>
        {
            x.Ready();
            double at = double.Parse(x.Console.Fields("TABL:LONG:ACT?")[0], CultureInfo.InvariantCulture), way = at > 200 ? -10 : 10;
            CheckBench.Prepare(() => x.Console.Do(CheckBench.Say($"TABL:LONG {at + way}")));
            string[] plan = x.Console.Fields("MOT:PLAN?");
            CheckBench.Prepare(() => x.Console.Do(CheckBench.Say($"TABL:LONG {at + (3 * way)}")));
            x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",{plan[2]}", -221, 202);
            if (x.State(0) == "MOV") throw new ClauseFailedException("no motion", "MOV");
            x.Console.Do("MOT:CLE");
        }),
        new("GCI-9.15", "MOTion:STATe?", "Per axis: word,actual,target,OFF|HOLD|MOVE|LIM|FAU.", Needs.Nothing, x =>
        {
            string[] f = x.View.Fields("MOT:STAT?");
            if (f.Length == 0 || f.Length % 4 != 0) throw new ClauseFailedException("four values per axis", string.Join(',', f));
            for (int i = 0; i < f.Length; i += 4)
                if (!double.TryParse(f[i + 1], CultureInfo.InvariantCulture, out _) || !double.TryParse(f[i + 2], CultureInfo.InvariantCulture, out _) || f[i + 3] is not ("OFF" or "HOLD" or "MOVE" or "LIM" or "FAU"))
                    throw new ClauseFailedException("word,actual,target,state", string.Join(',', f[i..(i + 4)]));
        }),
        new("GCI-9.16", "Detectors", "HV?, COLL?, TEMP? and RATE? answer in their forms.", Needs.Nothing, x =>
        {
            string[] hv = x.View.Fields("HEAD1:HV?"), coll = x.View.Fields("HEAD1:COLL?"), temp = x.View.Fields("HEAD1:TEMP?");
            if (hv.Length != 2 || hv[0] is not ("OFF" or "RAMP" or "ON")) throw new ClauseFailedException("OFF|RAMP|ON,volts", string.Join(',', hv));
            if (coll.Length != 3 || coll[2] is not ("LATC" or "OPEN" or "NONE") || coll[0][0] != '"') throw new ClauseFailedException("\"name\",\"serial\",LATC|OPEN|NONE", string.Join(',', coll));
            if (temp.Length != 1 || double.Parse(temp[0], CultureInfo.InvariantCulture) is < -20 or > 80) throw new ClauseFailedException("a temperature in °C", string.Join(',', temp));
            if (hv[0] != "ON") return;
            string[] rate = x.View.Fields("HEAD1:RATE?");
            if (rate.Length != 3 || double.Parse(rate[1], CultureInfo.InvariantCulture) > double.Parse(rate[0], CultureInfo.InvariantCulture) * 1.000001) throw new ClauseFailedException("total ≥ accepted cps, dead %", string.Join(',', rate));
        }),
        new("GCI-9.17", "INTerlock:STATe? and :CAUSe?", "OK|TRIP|RES,bits and a list of words.", Needs.Nothing, x =>
        {
            string[] s = x.View.Fields("INT:STAT?");
            if (s.Length != 2 || s[0] is not ("OK" or "TRIP" or "RES") || !int.TryParse(s[1], CultureInfo.InvariantCulture, out int bits) || (s[0] == "OK") != (bits == 0)) throw new ClauseFailedException("OK,0 or TRIP|RES with bits", string.Join(',', s));
            if (x.View.Ask("INT:CAUS?").Length == 0) throw new ClauseFailedException("a word", "an empty line");
        }),
        new("GCI-9.18", "DIAGnostic:FRAMe?", "A fixed frame of 32 896 bytes with a true header, the same every time.", Needs.Nothing, x =>
        {
            byte[] one = x.View.AskBlock("DIAG:FRAM?"), two = x.View.AskBlock("DIAG:FRAM?");
            if (one.Length != 32_896 || !one.AsSpan().SequenceEqual(two)) throw new ClauseFailedException("32 896 bytes, twice the same", CheckBench.Say($"{one.Length} and {two.Length} bytes"));
            var frame = new FrameBytes(one);
            if (frame.Magic != "GFR1" || frame.HeaderCrc != FrameBytes.Crc32Of(one.AsSpan(0, 124)) || frame.PixelCrc != FrameBytes.Crc32Of(frame.Pixels)) throw new ClauseFailedException("magic and both CRCs", frame.ToString());
        }),
        new("GCI-9.19", "DIAGnostic:BLOCk of at most 64 KiB", "65 536 bytes are kept; more is -223 (or -363).", Needs.Nothing, x =>
        {
            x.NeedsProtectedLink();
            byte[] content = new byte[65_536];
            for (int i = 0; i < content.Length; i++) content[i] = (byte)(i * 31);
            x.View.SendBytes([.. "DIAG:BLOC #565536"u8, .. content, (byte)'\n']);
            if (x.View.NextError() is not 0 and var error) throw new ClauseFailedException("no error", CheckBench.Say($"{error}"));
            if (!x.View.AskBlock("DIAG:BLOC?").AsSpan().SequenceEqual(content)) throw new ClauseFailedException("the same 65 536 bytes", "others");
            x.View.SendBytes([.. "DIAG:BLOC #565537"u8, .. content, 0, (byte)'\n']);
            if (x.View.NextError() is not (-223 or -363) and var many) throw new ClauseFailedException("-223", CheckBench.Say($"{many}"));
        }),
        new("GCI-9.20", "SYSTem:LOG?", "A block of JSON lines; count 1…500, else -222.", Needs.Nothing, x =>
        {
            x.View.ExpectError("SYST:LOG? 1,501", -222);
            byte[] block = x.View.AskBlock("SYST:LOG? 1,5");
            foreach (string line in System.Text.Encoding.UTF8.GetString(block).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                try
                {
                    using var _ = JsonDocument.Parse(line);
                }
                catch (JsonException)
                {
                    throw new ClauseFailedException("a line of JSON", line);
                }
        }),
        new("GCI-9.21", "SYSTem:FAULt?", "A list of \"code,text\"; reset only in HOLD or FAULt.", Needs.Control, x =>
        {
            if (!x.View.Ask("SYST:FAUL?").StartsWith('"')) throw new ClauseFailedException("a string", x.View.Ask("SYST:FAUL?"));
            if (x.State(0) is "READ" or "UNH") x.Console.ExpectError("SYST:FAUL:RES", -221);
        }),
        new("GCI-9.22", "Faults of the simulator by name", "DIAG:SIM:FAUL with an unknown name is -224.", Needs.Control | Needs.Simulator, x => x.Console.ExpectError("DIAG:SIM:FAUL \"no.such.fault\",ON", -224)),
        new("GCI-9.23", "Speed of the simulator's clock", "DIAG:SIM:SPE makes gantry time run faster.", Needs.Simulator, x =>
        {
            x.NeedsProtectedLink();
            double from = x.Tick();
            x.Speed(1000);
            x.View.ExpectInStep();
            x.Pause(40);
            double to = x.Tick();
            x.Speed(1);
            if (to - from < 20) throw new ClauseFailedException("more than 20 s of gantry time in 40 ms", CheckBench.Say($"{to - from:0.0} s"));
        }),
        new("GCI-10.1", "Emergency stop", "The chain opens: ESTop, interlock TRIP with its cause, QUES bit 9 and STB bit 1; after the release RESettable; after INT:RES OK and HOLD.", Needs.Motion | Needs.Simulator, x =>
        {
            x.Ready();
            CommonCommands.Bits(x.Console, "STAT:QUES:COND?", 512, 0);
            x.Fault("estop", true);
            string state = x.Console.Ask("SYST:STAT?");
            if (!state.StartsWith("EST,", StringComparison.Ordinal) || !state.Contains(",TRIP,", StringComparison.Ordinal)) throw new ClauseFailedException("EST,…,TRIP", state);
            CommonCommands.Bits(x.Console, "STAT:QUES:COND?", 512, 512);
            CommonCommands.Bits(x.Console, "*STB?", 2, 2);
            if (x.Console.Ask("INT:CAUS?") is "NONE" or "" or "\"\"") throw new ClauseFailedException("a cause", "none");
            x.Fault("estop", false);
            if (x.State(3) != "RES") throw new ClauseFailedException("RESettable", x.State(3));
            x.Console.Do("INT:RES");
            if (x.State(3) != "OK" || x.State(0) is not ("HOLD" or "UNH")) throw new ClauseFailedException("OK and HOLD", x.Console.Ask("SYST:STAT?"));
            CommonCommands.Bits(x.Console, "STAT:QUES:COND?", 512, 0);
        }),
        new("GCI-10.2", "Emergency stop during a run", "The run goes to HOLD and keeps its counts.", Needs.Motion | Needs.Counting | Needs.Simulator, x =>
        {
            x.StartStatic(600);
            x.Elapse(5);
            x.Fault("estop", true);
            if (x.State(1) != "HOLD") throw new ClauseFailedException("acquisition HOLD", x.State(1));
            x.Fault("estop", false);
            CheckBench.Prepare(() => x.Console.Do("INT:RES", $"MOT:RES \"{x.NewId()}\""));
            x.Console.Do($"ACQ:RES \"{x.NewId()}\"");
            if (x.State(1) != "RUNN") throw new ClauseFailedException("RUNN after ACQ:RES", x.State(1));
            x.Console.Do("ACQ:STOP");
        }),
        new("GCI-10.3", "An armed run expires", "ARMed for 300 s, then IDLE.", Needs.Counting | Needs.Simulator, x =>
        {
            x.Arm("ACQ:MODE STAT;LIM:TIME 20 S");
            x.Elapse(99);
            if (x.State(1) != "ARM") throw new ClauseFailedException("still ARMed after 100 s", x.State(1));
            x.Elapse(206);
            if (x.State(1) != "IDLE") throw new ClauseFailedException("IDLE after 305 s", x.State(1));
        }),
        new("GCI-15.1", "Version of the interface", "major.minor with major 1.", Needs.Nothing, x =>
        {
            string[] v = x.View.Ask("SYST:GCI:VERS?").Split('.');
            if (v.Length != 2 || v[0] != "1" || !int.TryParse(v[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)) throw new ClauseFailedException("1.x", string.Join('.', v));
        }),
    ];
}
