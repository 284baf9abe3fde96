namespace Acquire.Service.Conformance.Clauses;

/// <summary>Text grammar (reference section 2).</summary>
internal static class Grammar
{
    private const Needs None = Needs.Nothing;

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-2.1", "Short form", "A mnemonic may be written as the capitals of the table.", None, x => x.View.Expect("SYST:VERS?", "1999.0")),
        new("GCI-2.2", "Long form", "A mnemonic may be written in full.", None, x => x.View.Expect("SYSTEM:VERSION?", "1999.0")),
        new("GCI-2.3", "Any case", "Headers are accepted in any case.", None, x =>
        {
            x.View.Expect("sYsT:vErSiOn?", "1999.0");
            x.View.Expect("syst:vers?", "1999.0");
        }),
        new("GCI-2.4", "No abbreviation in between", "A mnemonic has exactly two spellings; anything between is -113.", None, x =>
        {
            x.View.ExpectError("SYSTE:VERS?", -113);
            x.View.ExpectError("SYST:VERSI?", -113);
        }),
        new("GCI-2.5", "Mnemonics of at most 12 characters", "A longer mnemonic is a command error (-112 or -113).", None, x => x.View.ExpectError("SYSTEMSYSTEMX:VERS?", -112, -113)),
        new("GCI-2.6", "Optional nodes", "Nodes in brackets may be left out.", None, x =>
        {
            x.View.Expect("SYST:ERR:NEXT?", "0,\"No error\"");
            x.View.Expect("SYST:ERR?", "0,\"No error\"");
            x.View.Ask("STAT:OPER:EVEN?");
            x.View.Expect("STAT:OPER?", "0");
        }),
        new("GCI-2.7", "The question mark follows the header", "'?' makes a query only straight after the header.", None, x => x.View.ExpectError("SYST:VERS ?", -101, -102, -103, -104, -108, -113)),
        new("GCI-2.8", "HEAD# needs its digit", "A missing digit is refused with -114, never taken as 1.", None, x =>
        {
            x.View.ExpectError("HEAD:COLL?", -114);
            x.View.ExpectError("HEAD:TEMP?", -114);
        }),
        new("GCI-2.9", "Suffix out of range", "A digit that names nothing is -114.", None, x =>
        {
            x.View.ExpectError("HEAD0:COLL?", -114);
            x.View.ExpectError("HEAD9:COLL?", -114);
        }),
        new("GCI-2.10", "Suffix where none belongs", "A digit after a node without instances is refused (-113 or -114).", None, x => x.View.ExpectError("SYST1:VERS?", -113, -114)),
        new("GCI-2.11", "Path rule after ';'", "After ';' the next header starts at the parent of the last one.", None, x => x.View.Expect("SYST:VERS?;SYNC? 7;ERR:COUN?", "1999.0;7;0")),
        new("GCI-2.12", "';:' goes back to the root", "A leading ':' starts at the root.", None, x => x.View.Expect("SYST:VERS?;:SYST:SYNC? 8", "1999.0;8")),
        new("GCI-2.13", "Common commands leave the path alone", "'*' commands neither use nor change the path.", None, x => x.View.Expect("SYST:VERS?;*OPC?;SYNC? 9", "1999.0;1;9")),
        new("GCI-2.14", "Each message starts at the root", "A path does not survive the line feed.", None, x =>
        {
            x.View.Expect("SYST:VERS?", "1999.0");
            x.View.ExpectError("VERS?", -113);
        }),
        new("GCI-2.15", "Nothing runs before the line feed", "A message is executed when its LF arrives, not before.", None, x =>
        {
            x.View.SendText("SYST:SYNC? 15");
            x.View.ExpectQuiet(60);
            x.View.SendText("\n");
            string came = x.View.ReadText();
            if (came != "15") throw new ClauseFailedException("15 after the line feed", came);
        }),
        new("GCI-2.16", "CR is white space", "A CR before the LF is ignored.", None, x =>
        {
            x.View.SendText("SYST:SYNC? 16\r\n");
            string came = x.View.ReadText();
            if (came != "16") throw new ClauseFailedException("16", came);
        }),
        new("GCI-2.17", "White space", "Blanks and tabs may stand before the header, before parameters, around ',' and ';'.", None, x =>
        {
            x.View.Expect(" \t SYST:SYNC? \t 17 \t ; SYNC?  18 ", "17;18");
            x.View.Expect("\tSYST:VERS?;\t*OPC?", "1999.0;1");
        }),
        new("GCI-2.18", "A blank before the parameter", "Parameters follow at least one blank.", None, x => x.View.ExpectError("SYST:SYNC?5", -101, -102, -103, -113)),
        new("GCI-2.19", "Numbers", "5, +5.0, .5E1, 5. and 50e-1 are the same number.", None, x =>
        {
            foreach (string n in (string[])["5", "+5.0", ".5E1", "5.", "50e-1", "0000005", "5E+0"]) x.View.Expect("SYST:SYNC? " + n, "5");
        }),
        new("GCI-2.20", "Numbers with a base", "#H, #Q and #B are numbers.", None, x =>
        {
            foreach (string n in (string[])["#H1F", "#Q37", "#B11111", "#h1f"]) x.View.Expect("SYST:SYNC? " + n, "31");
        }),
        new("GCI-2.21", "Bad numbers", "What only looks like a number is a command error.", None, x =>
        {
            foreach (string n in (string[])["1.2.3", "#H", "#B12", "+-5", "."]) x.View.ExpectError("SYST:SYNC? " + n, -101, -102, -103, -120, -121, -123, -131, -138);
            x.View.ExpectError("SYST:SYNC? 1E99999", -123, -222);
        }),
        new("GCI-2.22", "Unit suffixes", "S and MS (and the other listed units) are accepted and converted to the base unit.", Needs.Control, x =>
        {
            x.Console.Do("ACQ:LIM:TIME 5 S");
            Near(x.Console, "ACQ:LIM:TIME?", 5);
            x.Console.Do("ACQ:LIM:TIME 2500 MS");
            Near(x.Console, "ACQ:LIM:TIME?", 2.5);
            x.Console.Do("ACQ:LIM:TIME 7s");
            Near(x.Console, "ACQ:LIM:TIME?", 7);
        }),
        new("GCI-2.23", "Wrong unit", "Every other unit is -131; M alone is no millimetre.", Needs.Control, x =>
        {
            x.Console.ExpectError("ACQ:LIM:TIME 5 KG", -131);
            x.Console.ExpectError("ACQ:LIM:TIME 5 MM", -131);
            x.Console.ExpectError("ACQ:LIM:TIME 5 M", -131);
        }),
        new("GCI-2.24", "Unit where none belongs", "A unit after a pure number is -138.", None, x => x.View.ExpectError("SYST:SYNC? 5 S", -138)),
        new("GCI-2.25", "MIN and MAX of a query", "? MIN and ? MAX answer the limits.", None, x =>
        {
            Number(x.View, "HEAD1:MATR? MIN", out double least);
            Number(x.View, "HEAD1:MATR? MAX", out double most);
            Number(x.View, "HEAD1:MATR? MAXIMUM", out double same);
            if (least is not > 0 || most < least || most != same) throw new ClauseFailedException("0 < MIN ≤ MAX", CheckBench.Say($"{least}, {most}, {same}"));
        }),
        new("GCI-2.26", "MIN, MAX and DEF as values", "The words stand for the numbers.", Needs.Control, x =>
        {
            Number(x.Console, "HEAD1:MATR? MIN", out double least);
            x.Console.Do("HEAD1:MATR MIN");
            Near(x.Console, "HEAD1:MATR?", least);
            x.Console.Do("HEAD1:MATR DEF");
            Number(x.Console, "HEAD1:MATR?", out _);
        }),
        new("GCI-2.27", "Infinity", "INF where it is allowed is answered as 9.9E37.", Needs.Control, x =>
        {
            x.Console.Do("ACQ:LIM:TIME INF");
            Near(x.Console, "ACQ:LIM:TIME?", 9.9e37);
        }),
        new("GCI-2.28", "Rounding before the range check", "A device rounds to its resolution, then checks the range.", Needs.Control, x =>
        {
            // 0.1 mm: 109.96 becomes 110.0, which is allowed; 109.94 becomes 109.9, which is not.
            if (x.State(0) is not ("READ" or "UNH" or "HOLD")) throw new ClauseBlockedException("targets need a gantry at rest");
            Number(x.Console, "HEAD1:RAD? MIN", out double least);
            x.Console.Do(CheckBench.Say($"HEAD1:RAD {least - 0.04}"));
            Near(x.Console, "HEAD1:RAD?", least);
            x.Console.ExpectError(CheckBench.Say($"HEAD1:RAD {least - 0.06}"), -222);
            x.Console.Send("MOT:CLE");
            x.Console.NextError();
        }),
        new("GCI-2.29", "Words in two spellings, answered short", "Enumeration words are taken short or long in any case and answered in short form, upper case.", Needs.Control, x =>
        {
            x.Console.Do("ACQ:MODE dynamic");
            x.Console.Expect("ACQ:MODE?", "DYN");
            x.Console.Do("ACQ:MODE Stat");
            x.Console.Expect("ACQ:MODE?", "STAT");
        }),
        new("GCI-2.30", "Illegal words", "A word that is not in the list, also one in between, is refused (-224 or -141).", Needs.Control, x =>
        {
            x.Console.ExpectError("ACQ:MODE STATI", -141, -224);
            x.Console.ExpectError("ACQ:MODE BANANA", -141, -224);
        }),
        new("GCI-2.31", "Strings", "Strings in \" or ', with the quote doubled inside.", Needs.Control, x =>
        {
            x.Console.Do("ACQ:LAB \"a \"\"b\"\" c\"");
            x.Console.Expect("ACQ:LAB?", "\"a \"\"b\"\" c\"");
            x.Console.Do("ACQ:LAB 'it''s; , :'");
            x.Console.Expect("ACQ:LAB?", "\"it's; , :\"");
        }),
        new("GCI-2.32", "Unclosed string", "A string that is not closed is -151.", None, x => x.View.ExpectError("SYST:OPER? \"abc", -151)),
        new("GCI-2.33", "Wrong kind of parameter", "A string for a number is -104 or -158; a number for a string is -104.", None, x =>
        {
            x.View.ExpectError("SYST:SYNC? \"5\"", -104, -158);
            x.View.ExpectError("SYST:OPER? 5", -104);
            x.View.ExpectError("SYST:SYNC? FIVE", -104, -141, -148);
        }),
        new("GCI-2.34", "Definite blocks in", "#<digit><count><bytes> is taken whole, also with LF, ';' and quotes inside.", None, x =>
        {
            x.NeedsProtectedLink();
            foreach (string content in (string[])["hello", "a\nb;*RST\n\"", "\0\x01\xff#15x"])
            {
                byte[] bytes = System.Text.Encoding.Latin1.GetBytes(content);
                x.View.SendText(CheckBench.Say($"DIAG:BLOC #{bytes.Length.ToString(System.Globalization.CultureInfo.InvariantCulture).Length}{bytes.Length}{content}\n"));
                if (x.View.NextError() is not 0 and var error) throw new ClauseFailedException("no error after DIAG:BLOC", CheckBench.Say($"error {error}"));
                byte[] back = x.View.AskBlock("DIAG:BLOC?");
                if (!back.AsSpan().SequenceEqual(bytes)) throw new ClauseFailedException(WireNotes.Show(bytes), WireNotes.Show(back));
            }
        }),
        new("GCI-2.35", "Bad blocks", "A block of unknown length (#0) or with a bad head is -161.", None, x =>
        {
            x.View.ExpectError("DIAG:BLOC #0abc", -161);
            x.View.ExpectError("DIAG:BLOC #A", -161, -120, -121);
        }),
        new("GCI-2.36", "Block where none belongs", "A block for a number is -168 or -104.", None, x => x.View.ExpectError("SYST:SYNC? #15hello", -168, -104)),
        new("GCI-2.37", "Too many or too few parameters", "-108 and -109.", None, x =>
        {
            x.View.ExpectError("SYST:SYNC? 1,2", -108);
            x.View.ExpectError("SYST:VERS? 1", -108);
            x.View.ExpectError("SYST:SYNC?", -109);
            x.View.ExpectError("SYST:OPER?", -109);
        }),
        new("GCI-2.38", "Separators", "Two values without a comma are -103.", None, x =>
        {
            x.View.ExpectError("*ESE 1 2", -103);
            x.View.ExpectError("SYST:OPER? \"a\" \"b\"", -103);
        }),
        new("GCI-2.39", "Commands are never answered", "No reply to a command, not even an empty line.", None, x =>
        {
            foreach (string command in (string[])["*CLS", "*ESE 0", "*OPC", "STAT:OPER:ENAB 0", "*SRE 0"])
            {
                x.View.Send(command);
                x.View.ExpectInStep();
            }
        }),
        new("GCI-2.40", "Unknown headers", "An unknown header is -113, and an unknown query gets no reply.", None, x =>
        {
            x.View.ExpectError("NO:SUCH:THING", -113);
            x.View.ExpectError("NO:SUCH?", -113);
            x.View.ExpectError("*FOO?", -113);
            x.View.ExpectError("SYST:NOPE?", -113);
        }),
        new("GCI-2.41", "Bad characters", "Control characters and bytes above 126 in a header are a command error.", None, x =>
        {
            x.View.ExpectError("SY\x01ST:VERS?", -101, -102, -103, -113);
            x.View.ExpectError("SYST:V\xe9RS?", -101, -102, -103, -113);
        }),
        new("GCI-2.42", "Syntax errors", "Headers that are none are command errors.", None, x =>
        {
            foreach (string m in (string[])["::", "SYST::VERS?", "*", "?", "5", ":"]) x.View.ExpectError(m, -101, -102, -103, -113);
        }),
        new("GCI-2.43", "Empty messages", "Empty lines and empty units are harmless.", None, x =>
        {
            x.View.SendText("\n\r\n  \n");
            x.View.ExpectInStep();
            x.View.Expect("SYST:ERR?", "0,\"No error\"");
        }),
    ];

    private static void Number(PlainLink link, string query, out double value)
    {
        string came = link.Ask(query);
        if (!double.TryParse(came, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out value)) throw new ClauseFailedException(query + " → a number", came);
    }

    private static void Near(PlainLink link, string query, double expected)
    {
        Number(link, query, out double came);
        if (Math.Abs(came - expected) > 1e-6 * Math.Max(1, Math.Abs(expected))) throw new ClauseFailedException(CheckBench.Say($"{query} → {expected}"), CheckBench.Say($"{came}"));
    }
}
