using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>Event port and hold-to-run watchdog (reference section 12).</summary>
internal static class Events
{
    private const string AllKinds = "[\"state\",\"alarm\",\"frame\",\"op\"]";

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-12.1", "The event port", "SYST:COMM:TCP:EVEN? tells a port on which somebody listens; nothing is said there before something is subscribed, but beats.", Needs.Nothing, x =>
        {
            TcpPlainLink link = Connect(x);
            while (link.Arrives(50))
                if (Line(link) is { } e && e.Kind is not "beat") throw new ClauseFailedException("beats at most", e.Text);
        }),
        new("GCI-12.2", "Numbered lines", "One JSON object a line; state, alarm, frame and op are numbered without gaps, with tick and kind; a run tells its states, its operation and its frames.", Needs.Counting, x =>
        {
            TcpPlainLink link = Connect(x);
            link.Send($"{{\"sub\":{AllKinds}}}");
            x.StartStatic(20);
            CheckBench.Prepare(() => x.WaitEnd(20));
            List<EventLine> lines = Until(link, l => l.Kind == "frame");
            long? last = null;
            foreach (EventLine l in lines.Where(l => l.Kind is "state" or "alarm" or "frame" or "op"))
            {
                if (l.Number is null || l.Tick is null) throw new ClauseFailedException("q and t in every numbered line", l.Text);
                if (last is not null && l.Number != last + 1) throw new ClauseFailedException(CheckBench.Say($"q {last + 1}"), l.Text);
                last = l.Number;
            }
            foreach (string kind in (string[])["state", "op", "frame"])
                if (lines.All(l => l.Kind != kind)) throw new ClauseFailedException($"a line of kind {kind}", string.Join(' ', lines.Select(l => l.Kind)));
        }),
        new("GCI-12.3", "Replay", "A client that comes back gets what came after \"since\", byte for byte.", Needs.Counting, x =>
        {
            TcpPlainLink link = Connect(x);
            link.Send($"{{\"sub\":{AllKinds}}}");
            x.StartStatic(20);
            CheckBench.Prepare(() => x.WaitEnd(20));
            EventLine[] lines = [.. Until(link, l => l.Kind == "frame").Where(l => l.Number is not null)];
            link.Dispose();
            TcpPlainLink again = Connect(x);
            again.Send(CheckBench.Say($"{{\"sub\":{AllKinds},\"since\":{lines[0].Number}}}"));
            foreach (EventLine expected in lines.Skip(1))
            {
                EventLine came = NextNumbered(again);
                if (came.Text != expected.Text) throw new ClauseFailedException(expected.Text, came.Text);
            }
        }),
        new("GCI-12.4", "Only what was subscribed", "Kinds that were not subscribed do not come.", Needs.Counting, x =>
        {
            TcpPlainLink link = Connect(x);
            link.Send("{\"sub\":[\"frame\"]}");
            x.StartStatic(20);
            CheckBench.Prepare(() => x.WaitEnd(20));
            foreach (EventLine l in Until(link, l => l.Kind == "frame"))
                if (l.Kind is "state" or "op" or "alarm" or "pos" or "rate") throw new ClauseFailedException("frames and beats only", l.Text);
        }),
        new("GCI-12.5", "A beat every second", "A sign of life comes every second.", Needs.Patience, x =>
        {
            TcpPlainLink link = Connect(x);
            for (int i = 0; i < 2; i++)
            {
                if (!link.Arrives(1500)) throw new ClauseFailedException("a line within 1.5 s", "nothing");
                if (Line(link) is { Kind: not "beat" } other) throw new ClauseFailedException("a beat", other.Text);
            }
        }),
        new("GCI-12.6", "Garbage on the event port", "Harms neither the gantry nor another event connection.", Needs.Counting, x =>
        {
            TcpPlainLink good = Connect(x), bad = Connect(x);
            good.Send("{\"sub\":[\"state\"]}");
            bad.SendText("no json\n{\"sub\":17}\n[[[[\n\x01\x02\xff\n");
            bad.SendText(new string('x', 20_000));
            x.StartStatic(20);
            CheckBench.Prepare(() => x.Console.Do("ABOR"));
            Until(good, l => l.Kind == "state");
            x.View.ExpectInStep();
        }),
        new("GCI-12.7", "Unknown members are passed over", "A request with members and kinds nobody knows is followed as far as it is known.", Needs.Counting, x =>
        {
            TcpPlainLink link = Connect(x);
            link.Send("{\"sub\":[\"state\",\"nonsense\"],\"colour\":{\"of\":[1,2]}}");
            x.StartStatic(20);
            CheckBench.Prepare(() => x.Console.Do("ABOR"));
            Until(link, l => l.Kind == "state");
        }),
        new("GCI-12.8", "Positions are not numbered", "pos comes without q, at most every posMs, while an axis moves.", Needs.Motion, x =>
        {
            TcpPlainLink link = Connect(x);
            link.Send("{\"sub\":[\"pos\"],\"posMs\":50}");
            Modes.Move(x, out _);
            EventLine pos = Until(link, l => l.Kind == "pos")[^1];
            if (pos.Number is not null) throw new ClauseFailedException("no q", pos.Text);
            CheckBench.Prepare(() => x.Console.Do("MOT:STOP"));
        }),
        new("GCI-12.9", "Hold-to-run", "MOT:JOG moves while ticks are answered by tokens; 300 ms after the last token it has stopped: HOLD, 204.", Needs.Motion | Needs.Patience, x =>
        {
            TcpPlainLink link = Jog(x, out string axis);
            int answered = 0;
            bool moved = false;
            while (answered < 8)
            {
                EventLine tick = Until(link, l => l.Kind == "tick")[^1];
                link.Send(CheckBench.Say($"{{\"tok\":{tick.Count}}}"));
                answered++;
                moved |= (int.Parse(x.Console.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & (8 | 256)) == (8 | 256);
            }
            if (!moved) throw new ClauseFailedException("OPER bits 3 and 8 while tokens come", x.Console.Ask("STAT:OPER:COND?"));
            x.Pause(700);
            if (x.State(0) != "HOLD") throw new ClauseFailedException("HOLD 700 ms after the last token (300 ms and the way to stand still)", x.State(0));
            string at = x.Console.Ask($"{axis}:ACT?");
            x.Pause(50);
            if (x.Console.Ask($"{axis}:ACT?") != at) throw new ClauseFailedException("an axis at rest", x.Console.Ask($"{axis}:ACT?"));
            if (!x.Console.Ask("SYST:FAUL?").Contains("204", StringComparison.Ordinal) && !x.Console.Ask("SYST:ERR:ALL?").Contains("204,", StringComparison.Ordinal)) throw new ClauseFailedException("204 in SYST:FAUL? or SYST:ERR?", x.Console.Ask("SYST:FAUL?"));
        }),
        new("GCI-12.10", "Late tokens restart nothing", "Expiry latches: old tokens, or tokens that come later, move nothing.", Needs.Motion | Needs.Patience, x =>
        {
            TcpPlainLink link = Jog(x, out string axis);
            EventLine tick = Until(link, l => l.Kind == "tick")[^1];
            link.Send(CheckBench.Say($"{{\"tok\":{tick.Count}}}"));
            x.Pause(800);
            string at = x.Console.Ask($"{axis}:ACT?");
            for (int i = -1; i < 6; i++) link.Send(CheckBench.Say($"{{\"tok\":{tick.Count + i}}}"));
            x.Pause(100);
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 8, 0);
            if (x.Console.Ask($"{axis}:ACT?") != at || x.State(0) == "MOV") throw new ClauseFailedException("an axis at rest", x.Console.Ask($"{axis}:ACT?"));
        }),
    ];

    private sealed record EventLine(string Text, string Kind, long? Number, long? Tick, long? Count);

    private static TcpPlainLink Connect(CheckBench x)
    {
        if (x.IsSerial) throw new ClauseNotApplicableException("events come on channel 1 of the framed link");
        string port = x.View.Ask("SYST:COMM:TCP:EVEN?");
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int n) || n is < 1 or > 65535) throw new ClauseFailedException("SYST:COMM:TCP:EVEN? → a port", port);
        return x.OpenPort(n, "events");
    }

    private static TcpPlainLink Jog(CheckBench x, out string axis)
    {
        x.Ready();
        TcpPlainLink link = Connect(x);
        // Whose token it is: the session's name and secret are ours (decision 0004), a gantry that does not ask for them passes them over.
        link.Send($"{{\"session\":\"{x.ConsoleName}\",\"secret\":\"{x.Secret}\",\"sub\":[\"state\"]}}");
        x.Pause(20);
        string[] axes = [.. x.Console.Fields("MOT:STAT?").Where((_, i) => i % 4 == 0)];
        string word = axes.FirstOrDefault(a => a.StartsWith("LONG", StringComparison.OrdinalIgnoreCase)) ?? throw new ClauseNotApplicableException("no table axis in MOT:STAT?");
        axis = "TABL:LONG";
        double at = double.Parse(x.Console.Fields("TABL:LONG:ACT?")[0], CultureInfo.InvariantCulture);
        x.Console.Do(CheckBench.Say($"MOT:JOG {word},{(at > 500 ? -20 : 20)}"));
        return link;
    }

    private static EventLine? Line(TcpPlainLink link)
    {
        string text = link.ReadLine();
        if (text.Trim().Length == 0) return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            long? Number(string name) => root.TryGetProperty(name, out JsonElement n) && n.TryGetInt64(out long v) ? v : null;
            string kind = root.TryGetProperty("k", out JsonElement k) ? k.GetString() ?? "" : throw new ClauseFailedException("a member k", text);
            return new EventLine(text, kind, Number("q"), Number("t"), Number("n"));
        }
        catch (JsonException)
        {
            throw new ClauseFailedException("a line of JSON", WireNotes.Show(Encoding.Latin1.GetBytes(text)));
        }
    }

    private static EventLine NextNumbered(TcpPlainLink link)
    {
        return Until(link, l => l.Number is not null)[^1];
    }

    private static List<EventLine> Until(TcpPlainLink link, Func<EventLine, bool> isLast)
    {
        var lines = new List<EventLine>();
        // A beat comes every second: after five of them it will not come any more.
        while (lines.Count < 100_000 && lines.Count(l => l.Kind == "beat") < 5)
        {
            if (Line(link) is not { } line) continue;
            lines.Add(line);
            if (isLast(line)) return lines;
        }
        throw new ClauseFailedException("the line that was waited for", string.Join(' ', lines.Select(l => l.Kind).Distinct()));
    }
}
