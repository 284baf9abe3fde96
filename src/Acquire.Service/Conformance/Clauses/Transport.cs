using System.Globalization;
using System.Text;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>What real clients need of the byte pipe (reference section 4) and how fast it answers (section 8).</summary>
internal static class Transport
{
    private const Needs None = Needs.Nothing;

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-4.1", "No greeting", "Nothing is sent before the first question.", None, x => x.OpenTcp().ExpectQuiet(100)),
        new("GCI-4.2", "A reply is one send", "Header and data of a reply leave in one piece: a client that reads once has it whole.", None, x =>
        {
            PlainLink link = x.OpenTcp();
            foreach (string query in (string[])["*IDN?", "SYST:STAT?", "*IDN?;*ESE?;*STB?", "SYST:ERR?", "MOT:STAT?", "SYST:TICK?"])
                for (int i = 0; i < 10; i++)
                {
                    byte[] reply = Encoding.Latin1.GetBytes(link.Ask(query));
                    if (link.LastReceive != reply.Length + 1) throw new ClauseFailedException(CheckBench.Say($"{query}: all {reply.Length + 1} bytes at once"), CheckBench.Say($"{link.LastReceive} in the last piece"));
                }
        }),
        new("GCI-4.3", "Several lines in one segment", "All are executed and answered, in order.", None, x =>
        {
            x.View.SendText("SYST:SYNC? 31\nSYST:SYNC? 32\n*ESE 0\nSYST:SYNC? 33\n");
            string came = string.Join(' ', x.View.ReadText(), x.View.ReadText(), x.View.ReadText());
            if (came != "31 32 33") throw new ClauseFailedException("31 32 33", came);
            x.View.ExpectInStep();
        }),
        new("GCI-4.4", "One line in many segments", "Pieces are put together.", None, x =>
        {
            PlainLink link = x.OpenTcp();
            foreach (char c in "SYST:SYNC? 44\n") link.SendText(c.ToString());
            if (link.ReadText() is not "44" and var came) throw new ClauseFailedException("44", came);
        }),
        new("GCI-4.5", "A line cut off by close is dropped", "It is never executed and never glued to the next connection.", None, x =>
        {
            x.View.Do("*ESE 0");
            TcpConnection(x, "*ESE 5");
            TcpConnection(x, "NO:SUCH:HEADER");
            PlainLink next = x.OpenTcp("next");
            next.Send("SYST:SYNC? 45");
            if (next.ReadText() is not "45" and var came) throw new ClauseFailedException("45", came);
            x.Pause(20);
            x.View.Expect("*ESE?;:SYST:ERR:COUN?", "0;0");
        }),
        new("GCI-4.6", "A line of 300 kB", "-363, and the next message is understood.", None, x =>
        {
            PlainLink link = x.OpenTcp();
            link.SendText("ACQ:LAB " + new string('A', 300_000) + "\n");
            link.ExpectInStep();
            if (link.NextError() is not -363 and var came) throw new ClauseFailedException("-363", CheckBench.Say($"{came}"));
        }),
        new("GCI-4.7", "Garbage", "Bytes that mean nothing leave errors, and the connection lives.", None, x =>
        {
            PlainLink link = x.OpenTcp();
            byte[] garbage = new byte[5000];
            uint state = 12345;
            for (int i = 0; i < garbage.Length; i++)
            {
                state = (state * 1664525) + 1013904223;
                garbage[i] = (byte)(state >> 24);
                // '#' could begin a block, '?' could ask something: here only nonsense is meant.
                if (garbage[i] is (byte)'#' or (byte)'?') garbage[i] = (byte)'!';
            }
            link.SendBytes(garbage);
            link.SendText("\"\n'\n\n");
            link.ExpectInStep();
            if (link.Ask("SYST:ERR:COUN?") == "0") throw new ClauseFailedException("errors", "none");
            link.Send("*CLS");
        }),
        new("GCI-4.8", "One reply for one query", "An unknown query gets no reply; the next reply belongs to the next query.", None, x =>
        {
            x.View.SendText("NO:SUCH?\nSYST:SYNC? 48\n");
            if (x.View.ReadText() is not "48" and var came) throw new ClauseFailedException("48", came);
        }),
        new("GCI-4.9", "A line feed after a block", "Exactly one LF follows the bytes of a block.", None, x =>
        {
            x.NeedsProtectedLink();
            x.View.AskBlock("SYST:HELP:HEAD?");
            x.View.ExpectInStep();
            x.View.Do("DIAG:BLOC #13abc");
            x.View.Send("DIAG:BLOC?");
            string came = Encoding.Latin1.GetString(x.View.ReadExactly(7));
            if (came != "#13abc\n") throw new ClauseFailedException("#13abc and a line feed", WireNotes.Show(Encoding.Latin1.GetBytes(came)));
            x.View.ExpectInStep();
        }),
        new("GCI-4.10", "Errors survive the connection", "An error made on one default connection is readable on the next (lxi opens one for every command).", None, x =>
        {
            TcpConnection(x, "NO:SUCH\n");
            PlainLink next = x.OpenTcp("next");
            for (int i = 0; i < 20 && next.Ask("SYST:ERR:COUN?") == "0"; i++) x.Pause(5);
            if (next.NextError() is not -113 and var came) throw new ClauseFailedException("-113", CheckBench.Say($"{came}"));
        }),
        new("GCI-4.11", "Nothing unasked", "No event, alarm or prompt ever appears on the command port.", Needs.Counting, x =>
        {
            PlainLink quiet = x.OpenTcp("quiet");
            x.StartStatic(10);
            x.WaitEnd(10);
            x.Console.Do("ABOR");
            quiet.ExpectQuiet(20);
            x.Console.ExpectInStep();
        }),
        new("GCI-4.12", "SYSTem:SYNC?", "Answers the same number, 0…2147483647, else -222.", None, x =>
        {
            x.View.Expect("SYST:SYNC? 0", "0");
            x.View.Expect("SYST:SYNC? 2147483647", "2147483647");
            x.View.ExpectError("SYST:SYNC? -1", -222);
            x.View.ExpectError("SYST:SYNC? 2147483648", -222);
        }),
        new("GCI-4.13", "Many connections", "Sixteen connections at a time, each answered.", None, x =>
        {
            PlainLink[] links = [.. Enumerable.Range(0, 16).Select(i => x.OpenTcp(CheckBench.Say($"link {i}")))];
            for (int i = 0; i < links.Length; i++) links[i].Send(CheckBench.Say($"SYST:SYNC? {1000 + i}"));
            for (int i = links.Length - 1; i >= 0; i--)
                if (links[i].ReadText() != CheckBench.Say($"{1000 + i}")) throw new ClauseFailedException("each its own number", CheckBench.Say($"another on link {i}"));
        }),
        new("GCI-8.22", "Any query within 50 ms", "Replies to queries of every kind come within 50 ms (99 of 100).", Needs.Timing, x =>
        {
            string[] queries = ["*IDN?", "*STB?", "SYST:STAT?", "SYST:ERR?", "MOT:STAT?", "FRAM:RANG?", "ACQ:STAT?", "SYST:TICK?", "CT:STAT?", "INT:STAT?", "FRAM:LIST?", "SYST:SESS:LIST?"];
            if (!x.Features.Contains("CT")) queries = [.. queries.Where(q => q != "CT:STAT?")];
            var times = new List<double>();
            int late = 0;
            const int Rounds = 300;
            for (int i = 0; i < Rounds && late <= Rounds / 100; i++)
            {
                long began = x.Time.GetTimestamp();
                x.View.Ask(queries[i % queries.Length]);
                times.Add(x.Time.GetElapsedTime(began).TotalMilliseconds);
                if (times[^1] > 50) late++;
            }
            times.Sort();
            string figures = string.Create(CultureInfo.InvariantCulture, $"{times.Count} queries: median {times[times.Count / 2]:0.00} ms, 99 % {times[(int)(times.Count * 0.99)]:0.00} ms, worst {times[^1]:0.0} ms");
            x.Notes.Say(figures);
            if (late > Rounds / 100) throw new ClauseFailedException("99 of 100 within 50 ms", figures);
        }),
    ];

    private static void TcpConnection(CheckBench x, string text)
    {
        TcpPlainLink link = x.OpenTcp("cut");
        link.SendText(text);
        link.EndSending();
        if (!link.IsEndedWithin(1000)) x.Notes.Say("the gantry keeps a half-closed connection open");
        link.Dispose();
    }
}
