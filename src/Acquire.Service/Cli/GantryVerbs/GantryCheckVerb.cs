using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using Acquire.Service.Conformance;

namespace Acquire.Service.Cli;

/// <summary><c>acquire gantry check</c>: black-box conformance of any gantry to GCI 1.0.</summary>
public sealed class GantryCheckVerb : IGantrySubcommand
{
    /// <inheritdoc/>
    public Command Build()
    {
        var where = new Argument<string?>("HOST:PORT") { Description = "Control port of the gantry.", Arity = ArgumentArity.ZeroOrOne };
        var serial = new Option<string?>("--serial") { Description = "Serial line in plain text mode (115200 8N1) instead of HOST:PORT, e.g. /dev/ttyS0 or COM3." };
        var allow = new Option<string?>("--allow") { Description = "What the check may do, separated by commas: motion, counting, exposure. Without it nothing moves, counts or exposes. People near a gantry must know before it is given." };
        var only = new Option<string?>("--only") { Description = "Only these clauses, separated by commas: GCI-2.4, or GCI-7 for a whole section." };
        var list = new Option<bool>("--list") { Description = "List the clauses and end." };
        var markdown = new Option<bool>("--markdown") { Description = "With --list: as the Markdown of docs/conformance.md." };
        var report = new Option<string?>("--report") { Description = "Write a report to read (one HTML file)." };
        var json = new Option<string?>("--json") { Description = "Write all verdicts with evidence as JSON." };
        var quiet = new Option<bool>("--quiet") { Description = "Print only what did not pass." };
        var command = new Command("check", "Checks a gantry against the published interface, clause by clause, from outside, and prints pass or fail for each. Safe by default: it takes no step that moves, counts or exposes without --allow. Exit code 0 when nothing failed, 6 when a clause failed, 3 when no gantry answers.")
        {
            where, serial, allow, only, list, markdown, report, json, quiet,
        };
        command.SetAction(parse =>
        {
            if (parse.GetValue(list))
            {
                Console.Out.Write(parse.GetValue(markdown) ? ConformanceDocument.Markdown() : string.Concat(ConformanceDocument.Lines().Select(l => l + "\n")));
                return ExitCodes.Ok;
            }
            IReadOnlyList<Clause> clauses = ClauseList.Choose(Words(parse.GetValue(only)));
            Needs allowed = Allowed(parse.GetValue(allow));
            (string? address, string? line) = (parse.GetValue(where), parse.GetValue(serial));
            if ((address is null) == (line is null)) throw new AcquireException("give either HOST:PORT or --serial PORT", ExitCodes.BadInput);
            ConformanceReport result = line is not null ? OverSerial(line, clauses, allowed, parse.GetValue(quiet)) : OverTcp(address!, clauses, allowed, parse.GetValue(quiet));
            Console.WriteLine();
            Console.WriteLine(result.Summary());
            if (result.Count(Outcome.Skipped) > 0) Console.WriteLine("skipped clauses are no passes: allow what they need with --allow motion,counting,exposure when nobody can be hurt");
            if (parse.GetValue(json) is { } jsonFile) result.WriteJson(jsonFile);
            if (parse.GetValue(report) is { } htmlFile) result.WriteHtml(htmlFile);
            return result.IsGood ? ExitCodes.Ok : ExitCodes.QualityFailed;
        });
        return command;
    }

    private static ConformanceReport OverTcp(string address, IReadOnlyList<Clause> clauses, Needs allowed, bool quiet)
    {
        int colon = address.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
            throw new AcquireException($"'{address}' is no HOST:PORT", ExitCodes.BadInput);
        string host = address[..colon].Trim('[', ']');
        var notes = new WireNotes();
        using var bench = new CheckBench(who => new TcpPlainLink(host, port, who, notes), (p, who) => new TcpPlainLink(host, p, who, notes), allowed, TimeProvider.System, notes);
        return Run(bench, address, clauses, allowed, quiet);
    }

    private static ConformanceReport OverSerial(string line, IReadOnlyList<Clause> clauses, Needs allowed, bool quiet)
    {
        var notes = new WireNotes();
        // One line, one connection, the default session: what needs another, or the lease, is not applicable.
        using var bench = new CheckBench(who => who == "view" ? new SerialPlainLink(line, who, notes) : throw new ClauseNotApplicableException("plain serial has one connection and no control"), null, allowed, TimeProvider.System, notes);
        return Run(bench, line, clauses, allowed, quiet);
    }

    private static ConformanceReport Run(CheckBench bench, string address, IReadOnlyList<Clause> clauses, Needs allowed, bool quiet)
    {
        var runner = new ConformanceRunner(bench, TimeProvider.System);
        var results = new List<ClauseResult>();
        DateTimeOffset at = TimeProvider.System.GetUtcNow();
        try
        {
            foreach (ClauseResult result in runner.Run(clauses))
            {
                results.Add(result);
                if (!quiet || result.Outcome is Outcome.Fail or Outcome.Blocked) Console.WriteLine(ConformanceReport.Line(result));
            }
        }
        catch (SocketException e)
        {
            throw new AcquireException($"no gantry answers at {address}: {e.SocketErrorCode}", ExitCodes.Gantry, e);
        }
        return new ConformanceReport(address, runner.Identity, allowed == Needs.Nothing ? "nothing that moves, counts or exposes" : allowed.ToString().ToLowerInvariant(), at, results);
    }

    private static Needs Allowed(string? text)
    {
        Needs allowed = Needs.Nothing;
        foreach (string word in Words(text))
            allowed |= word.ToLowerInvariant() switch
            {
                "motion" => Needs.Motion,
                "counting" => Needs.Counting,
                "exposure" => Needs.Exposure,
                _ => throw new AcquireException($"--allow knows motion, counting and exposure, not '{word}'", ExitCodes.BadInput),
            };
        return allowed;
    }

    private static string[] Words(string? text) => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
