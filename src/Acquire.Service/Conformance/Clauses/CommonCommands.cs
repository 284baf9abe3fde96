using System.Globalization;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>IEEE 488.2 common commands, error queue and status model (reference section 2 "Mandated", "Errors", "Status byte").</summary>
internal static class CommonCommands
{
    private const Needs None = Needs.Nothing;

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-2.50", "*IDN?", "Maker, model, serial, firmware: four fields, no extra commas, at most 72 characters.", None, x =>
        {
            string came = x.View.Ask("*IDN?");
            if (came.Split(',') is not { Length: 4 } fields || fields.Any(f => f.Length == 0) || came.Length > 72) throw new ClauseFailedException("four fields in at most 72 characters", came);
        }),
        new("GCI-2.51", "*ESE", "Takes 0…255 and gives it back; else -222.", None, x =>
        {
            RoundTrip(x.View, "*ESE", 0, 36, 255);
            x.View.ExpectError("*ESE 256", -222);
            x.View.ExpectError("*ESE -1", -222);
            x.View.Do("*ESE 0");
        }),
        new("GCI-2.52", "*SRE", "Takes 0…255; bit 6 cannot be set.", None, x =>
        {
            RoundTrip(x.View, "*SRE", 0, 36, 191);
            x.View.Do("*SRE 255");
            x.View.Expect("*SRE?", "191");
            x.View.Do("*SRE 0");
        }),
        new("GCI-2.53", "*ESR? clears what it reads", "Reading the event status register clears it.", None, x =>
        {
            x.View.Send("NO:SUCH");
            x.View.Ask("SYST:ERR?");
            Bits(x.View, "*ESR?", 32, 32);
            x.View.Expect("*ESR?", "0");
        }),
        new("GCI-2.54", "ESR bits by class of error", "-1xx sets bit 5, -2xx bit 4, positive numbers bit 3.", None, x =>
        {
            ErrorBit(x.View, "NO:SUCH", 32);
            ErrorBit(x.View, "*ESE 256", 16);
            ErrorBit(x.View, "FRAM:SEL \"00000000-0000-4000-8000-000000000001\"", 8);
        }),
        new("GCI-2.55", "*OPC", "Sets ESR bit 0 once all pending operations are done; at once when none is.", None, x =>
        {
            x.View.Send("*OPC");
            x.View.ExpectInStep();
            Bits(x.View, "*ESR?", 1, 1);
        }),
        new("GCI-2.56", "*OPC?", "Answers 1 when nothing is pending.", None, x => x.View.Expect("*OPC?", "1")),
        new("GCI-2.57", "*OPC? waits for motion", "Answers only once all pending operations are done.", Needs.Motion, x =>
        {
            Modes.Move(x, out _);
            string before = x.View.Ask("STAT:OPER:COND?");
            PlainLink other = x.Open("waiting");
            other.Send("*OPC?");
            other.ExpectQuiet(30);
            if ((int.Parse(before, CultureInfo.InvariantCulture) & 8) == 0) throw new ClauseFailedException("STAT:OPER:COND? with bit 3 during a move", before);
            x.Wait("the end of the move", () => x.State(0) == "READ", 120);
            if (other.ReadText() is not "1" and var came) throw new ClauseFailedException("1 once the move is done", came);
        }),
        new("GCI-2.58", "*WAI holds back its own session", "The session's next command waits; other sessions do not.", Needs.Motion, x =>
        {
            Modes.Move(x, out _);
            PlainLink other = x.Open("waiting");
            other.Do($"SYST:SESS:OPEN \"{x.NewId()}\",VIEW,\"x\"");
            other.Send("*WAI;SYST:SYNC? 58");
            other.ExpectQuiet(30);
            x.View.ExpectInStep();
            x.Wait("the end of the move", () => x.State(0) == "READ", 120);
            if (other.ReadText() is not "58" and var came) throw new ClauseFailedException("58 once the move is done", came);
            other.Send("SYST:SESS:CLOS");
        }),
        new("GCI-2.59", "*CLS", "Clears event registers and error queue, no enables.", None, x =>
        {
            x.View.Do("*ESE 36", "*SRE 4", "STAT:OPER:ENAB 24", "STAT:QUES:ENAB 512");
            x.View.Send("NO:SUCH");
            x.View.Send("*CLS");
            x.View.Expect("SYST:ERR:COUN?;*ESR?", "0;0");
            x.View.Expect("*ESE?;*SRE?;:STAT:OPER:ENAB?;:STAT:QUES:ENAB?", "36;4;24;512");
            x.View.Do("*ESE 0", "*SRE 0", "STAT:PRES");
        }),
        new("GCI-2.60", "*RST leaves status alone", "*RST leaves *ESE, *SRE, event registers and error queue alone.", Needs.Control, x =>
        {
            x.Console.Do("*ESE 36", "*SRE 4");
            x.Console.Ask("*ESR?");
            x.Console.Send("NO:SUCH");
            x.Console.Send("*RST");
            x.Console.Expect("*ESE?;*SRE?", "36;4");
            int number = x.Console.NextError();
            if (number != -113) throw new ClauseFailedException("-113 still in the queue", CheckBench.Say($"{number}"));
            if (x.Console.NextError() is not 0 and var second) throw new ClauseFailedException("no error of *RST", CheckBench.Say($"{second}"));
            Bits(x.Console, "*ESR?", 32, 32);
            x.Console.Do("*ESE 0", "*SRE 0");
        }),
        new("GCI-2.61", "*RST resets settings", "Settings go to their defaults.", Needs.Control, x =>
        {
            x.Console.Do("*RST");
            string fresh = x.Console.Ask("ACQ:MODE?;:HEAD1:ZOOM?;:ACQ:LIM:TIME?");
            x.Console.Do("ACQ:MODE DYN", "HEAD1:ZOOM 2", "ACQ:LIM:TIME 33");
            if (x.Console.Ask("ACQ:MODE?;:HEAD1:ZOOM?;:ACQ:LIM:TIME?") == fresh) throw new ClauseFailedException("settings that can be changed", fresh);
            x.Console.Do("*RST");
            x.Console.Expect("ACQ:MODE?;:HEAD1:ZOOM?;:ACQ:LIM:TIME?", fresh);
        }),
        new("GCI-2.62", "*TST?", "Answers a number and changes nothing.", None, x =>
        {
            string before = x.View.Ask("SYST:STAT?");
            x.View.Send("*TST?");
            string came = x.View.ReadText(30_000);
            if (!int.TryParse(came, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) throw new ClauseFailedException("a number", came);
            x.View.Expect("SYST:STAT?", before);
        }),
        new("GCI-2.63", "*STB? is not cleared by reading", "Bit 2 tells the error queue; reading the byte clears nothing.", None, x =>
        {
            x.View.Send("NO:SUCH");
            Bits(x.View, "*STB?", 4, 4);
            Bits(x.View, "*STB?", 4, 4);
            x.View.Ask("SYST:ERR?");
            Bits(x.View, "*STB?", 4, 0);
        }),
        new("GCI-2.64", "ESR and master summary", "Bit 5 is the summary of ESR & ESE, bit 6 of STB & SRE.", None, x =>
        {
            x.View.Do("*ESE 32", "*SRE 32");
            Bits(x.View, "*STB?", 96, 0);
            x.View.Send("NO:SUCH");
            Bits(x.View, "*STB?", 96, 96);
            x.View.Send("*CLS");
            x.View.Do("*SRE 0", "*ESE 0");
            Bits(x.View, "*STB?", 96, 0);
        }),
        new("GCI-2.65", "SYSTem:VERSion?", "1999.0", None, x => x.View.Expect("SYST:VERS?", "1999.0")),
        new("GCI-2.66", "Empty error queue", "0,\"No error\"", None, x => x.View.Expect("SYST:ERR?", "0,\"No error\"")),
        new("GCI-2.67", "First in, first out", "Errors are read one at a time, oldest first.", None, x =>
        {
            x.View.SendText("NO:SUCH\nSYST:SYNC?\n*ESE 256\n");
            int[] came = [x.View.NextError(), x.View.NextError(), x.View.NextError(), x.View.NextError()];
            if (came is not [-113, -109, -222, 0]) throw new ClauseFailedException("-113, -109, -222, 0", string.Join(", ", came));
        }),
        new("GCI-2.68", "SYSTem:ERRor:COUNt?", "How many errors wait; asking takes none.", None, x =>
        {
            x.View.SendText("NO:SUCH\nNO:SUCH\n");
            x.View.Expect("SYST:ERR:COUN?", "2");
            x.View.Expect("SYST:ERR:COUN?", "2");
        }),
        new("GCI-2.69", "SYSTem:ERRor:ALL?", "All errors in one reply, oldest first, which empties the queue.", None, x =>
        {
            x.View.SendText("NO:SUCH\n*ESE 256\n");
            string[] came = x.View.Fields("SYST:ERR:ALL?");
            if (came.Length != 4 || came[0] != "-113" || came[2] != "-222") throw new ClauseFailedException("-113,\"…\",-222,\"…\"", string.Join(',', came));
            x.View.Expect("SYST:ERR:COUN?", "0");
        }),
        new("GCI-2.70", "Queue overflow", "On overflow the oldest stay and the last entry becomes -350.", None, x =>
        {
            x.View.SendText("*ESE 256\n" + string.Concat(Enumerable.Repeat("NO:SUCH\n", 600)));
            int count = int.Parse(x.View.Ask("SYST:ERR:COUN?"), CultureInfo.InvariantCulture);
            if (count > 600) throw new ClauseNotApplicableException("a queue of more than 600 errors");
            if (count < 2) throw new ClauseFailedException("a queue that ends somewhere", CheckBench.Say($"{count} errors"));
            int first = x.View.NextError(), last = 0;
            for (int i = 1; i < count; i++) last = x.View.NextError();
            if (first != -222 || last != -350) throw new ClauseFailedException("-222 first, -350 last", CheckBench.Say($"{first} first, {last} last of {count}"));
            x.View.Expect("SYST:ERR?", "0,\"No error\"");
        }),
        new("GCI-2.71", "Form of an error", "<number>,\"<text>[;<detail>]\", at most 255 characters of text.", None, x =>
        {
            x.View.Send("NO:SUCH:" + string.Join(':', Enumerable.Repeat("HEADER", 9)));
            string came = x.View.Ask("SYST:ERR?");
            string[] fields = PlainLink.Split(came);
            if (fields.Length != 2 || fields[1].Length is < 4 or > 257) throw new ClauseFailedException("number,\"text\" of 2 to 255 characters", came);
        }),
        new("GCI-2.72", "Registers give back what they take", "ENABle, PTRansition and NTRansition of OPERation and QUEStionable; bit 15 is always 0.", None, x =>
        {
            foreach (string register in (string[])["STAT:OPER", "STAT:QUES"])
                foreach (string part in (string[])["ENAB", "PTR", "NTR"])
                {
                    RoundTrip(x.View, $"{register}:{part}", 0, 1234, 32767);
                    x.View.Send($"{register}:{part} 65535");
                    if (x.View.NextError() is not (0 or -222)) throw new ClauseFailedException("65535 taken or refused with -222", "another error");
                    x.View.Expect($"{register}:{part}?", "32767");
                }
            x.View.Do("STAT:PRES");
        }),
        new("GCI-2.73", "STATus:PRESet", "Enables 0, every rise latches, no fall does.", None, x =>
        {
            x.View.Do("STAT:OPER:ENAB 5;PTR 6;NTR 7", "STAT:QUES:ENAB 5;PTR 6;NTR 7", "STAT:PRES");
            x.View.Expect("STAT:OPER:ENAB?;PTR?;NTR?", "0;32767;0");
            x.View.Expect("STAT:QUES:ENAB?;PTR?;NTR?", "0;32767;0");
        }),
        new("GCI-2.74", "Event registers latch rises and clear by reading", "A condition that rose is latched until the event register is read.", Needs.Counting, x =>
        {
            CheckBench.Prepare(() => x.View.Do("STAT:PRES"));
            x.View.Ask("STAT:OPER?");
            x.Arm("ACQ:MODE STAT;LIM:TIME 20 S");
            Bits(x.View, "STAT:OPER:COND?", 64, 64);
            x.Console.Do("ABOR");
            Bits(x.View, "STAT:OPER:COND?", 64, 0);
            Bits(x.View, "STAT:OPER?", 64, 64);
            Bits(x.View, "STAT:OPER?", 64, 0);
        }),
        new("GCI-2.75", "Transition filters", "PTRansition and NTRansition choose which edges latch.", Needs.Counting, x =>
        {
            CheckBench.Prepare(() => x.View.Do("STAT:PRES", "STAT:OPER:PTR 0;NTR 64"));
            x.View.Ask("STAT:OPER?");
            x.Arm("ACQ:MODE STAT;LIM:TIME 20 S");
            Bits(x.View, "STAT:OPER?", 64, 0);
            x.Console.Do("ABOR");
            Bits(x.View, "STAT:OPER?", 64, 64);
            x.View.Do("STAT:PRES");
        }),
        new("GCI-2.76", "Summary bit of OPERation", "Event & enable reach bit 7 of the status byte.", Needs.Counting, x =>
        {
            CheckBench.Prepare(() => x.View.Do("STAT:PRES"));
            x.View.Ask("STAT:OPER?");
            x.Arm("ACQ:MODE STAT;LIM:TIME 20 S");
            Bits(x.View, "*STB?", 128, 0);
            x.View.Do("STAT:OPER:ENAB 64");
            Bits(x.View, "*STB?", 128, 128);
            x.View.Ask("STAT:OPER?");
            Bits(x.View, "*STB?", 128, 0);
            x.View.Do("STAT:PRES");
            x.Console.Do("ABOR");
        }),
        new("GCI-2.77", "SYSTem:HELP:HEADers?", "A block with one header per line, capitals marking the short form; every mandated header is in it.", None, x =>
        {
            HashSet<string> help = Help(x.View);
            string[] missing = [.. Tree.Headers.Where(h => h.Feature.Length == 0 || x.Features.Contains(h.Feature)).SelectMany(h => h.Forms).Where(f => !help.Contains(Bare(f)))];
            if (missing.Length > 0) throw new ClauseFailedException("every header of the reference", "missing: " + string.Join(", ", missing));
        }),
        new("GCI-2.78", "What help lists exists", "Every query without required parameters that help lists is known to the parser.", None, x =>
        {
            string text = System.Text.Encoding.Latin1.GetString(x.View.AskBlock("SYST:HELP:HEAD?"));
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(l => l.EndsWith('?') && !l.StartsWith('*')))
            {
                // An impossible parameter: whatever the gantry thinks of it, it must know the header.
                string header = string.Concat(line.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Where(c => !char.IsLower(c))).Replace("#", "1", StringComparison.Ordinal);
                x.View.Send(header + " #13abc,#13abc,#13abc,#13abc,#13abc");
                if (x.View.NextError() is -113 or 0) throw new ClauseFailedException(header + " known, and refused with five blocks", "-113 or no error");
            }
        }),
    ];

    /// <summary>Headers that help lists, without brackets, upper case.</summary>
    public static HashSet<string> Help(PlainLink link) =>
        [.. System.Text.Encoding.Latin1.GetString(link.AskBlock("SYST:HELP:HEAD?")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Bare)];

    /// <summary>Checks bits of a reply.</summary>
    public static void Bits(PlainLink link, string query, int mask, int expected)
    {
        string came = link.Ask(query);
        if (!int.TryParse(came, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) || (bits & mask) != expected)
            throw new ClauseFailedException(CheckBench.Say($"{query} & {mask} = {expected}"), came);
    }

    private static string Bare(string header) => header.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Replace("#", "", StringComparison.Ordinal).ToUpperInvariant();

    private static void RoundTrip(PlainLink link, string header, params int[] values)
    {
        foreach (int value in values)
        {
            link.Do(CheckBench.Say($"{header} {value}"));
            link.Expect(header + "?", CheckBench.Say($"{value}"));
        }
    }

    private static void ErrorBit(PlainLink link, string message, int bit)
    {
        link.Ask("*ESR?");
        link.Send(message);
        string error = link.Ask("SYST:ERR?"), came = link.Ask("*ESR?");
        if (came != CheckBench.Say($"{bit}")) throw new ClauseFailedException(CheckBench.Say($"*ESR? → {bit} after {error}"), came);
    }
}
