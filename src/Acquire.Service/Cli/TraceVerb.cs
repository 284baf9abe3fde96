using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Acquire.Service.Gantry;

namespace Acquire.Service.Cli;

/// <summary><c>acquire trace</c>: what went over the wire, and whether it would go so again.</summary>
public sealed class TraceVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var command = new Command("trace", "The wire trace: everything console and gantry said to each other.");
        command.Subcommands.Add(Show());
        command.Subcommands.Add(Replay());
        return command;
    }

    private static Command Show()
    {
        var path = new Argument<string>("FILE") { Description = "Segment wire-*.trace, a folder of them, or a data folder." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Only from this UTC time on.", CustomParser = Time };
        var to = new Option<DateTimeOffset?>("--to") { Description = "Only up to this UTC time.", CustomParser = Time };
        var grep = new Option<string?>("--grep") { Description = "Only messages this regular expression matches." };
        var follow = new Option<bool>("--follow") { Description = "Goes on showing what comes." };
        var all = new Option<bool>("--all") { Description = "Also beats, renewals and the lines every message has (SYST:ERR?, SYST:SYNC? and their answers)." };
        var command = new Command("show", "Prints a wire trace: time, connection, channel, direction, message.") { path, from, to, grep, follow, all };
        command.SetAction(async (parse, cancellation) =>
        {
            Regex? wanted = Pattern(parse.GetValue(grep));
            DateTimeOffset? since = parse.GetValue(from), until = parse.GetValue(to);
            bool everything = parse.GetValue(all);
            int damaged = 0;
            string file = "";
            int shown = 0;
            while (true)
            {
                int seen = 0;
                foreach (WireRecord r in WireTraceReader.Read(parse.GetValue(path)!, what =>
                {
                    if (file == what) return;
                    file = what;
                    if (!parse.GetValue(follow)) Console.Error.WriteLine($"acquire: {what}");
                    damaged++;
                }))
                {
                    if (++seen <= shown) continue;
                    shown = seen;
                    if (r.Wall < since || r.Wall > until || (!everything && IsNoise(r)) || (wanted is not null && !wanted.IsMatch(r.Text))) continue;
                    Console.WriteLine(Line(r, everything));
                }
                if (!parse.GetValue(follow)) return damaged == 0 ? ExitCodes.Ok : ExitCodes.Storage;
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, cancellation);
            }
        });
        return command;
    }

    private static Command Replay()
    {
        var path = new Argument<string>("FILE") { Description = "Segment wire-*.trace, a folder of them, or a data folder." };
        var data = new Option<string?>("--data") { Description = "Data folder of the study. Default: the one the trace lies in." };
        var protocol = new Option<string?>("--protocol") { Description = "Replays with another protocol: shows the first command that would be another." };
        var against = new Option<string?>("--against") { Description = "HOST:PORT of a simulator, started like the recorded one: sends it what was sent and compares what it answers." };
        var most = new Option<int>("--most") { Description = "Differences to print.", DefaultValueFactory = _ => 10 };
        var command = new Command("replay", "Drives the console's driver with the recorded gantry and looks whether the same commands come out in the same order; or a simulator with the recorded console.")
        {
            path, data, protocol, against, most,
        };
        command.SetAction(async (parse, cancellation) =>
        {
            string file = parse.GetValue(path)!;
            IReadOnlyList<WireRecord> run = WireTraceReader.ReadFirstRun(file, what => Console.Error.WriteLine($"acquire: {what}"));
            return parse.GetValue(against) is { } address
                ? await AgainstAsync(run, GantryAddress.Parse(address, TimeProvider.System), parse.GetValue(most), cancellation)
                : await DriveAsync(run, parse.GetValue(data) ?? DataFolderOf(file), parse.GetValue(protocol), cancellation);
        });
        return command;
    }

    private static async Task<int> DriveAsync(IReadOnlyList<WireRecord> run, string data, string? protocol, CancellationToken cancellation)
    {
        ReplayTransport replay = await StudyReplay.RunAsync(data, run, protocol is null ? null : StudySession.ReadProtocol(protocol, out _), cancellation);
        if (replay.MissingBlock is { } block)
            throw new AcquireException($"a block of {block.Length} bytes (CRC-32 {block.Crc:x8}) is neither in the trace nor among the frames of {data}; give the study's data folder with --data", ExitCodes.BadInput);
        if ((replay.Difference ?? (replay.AtEnd ? null : replay.Unsaid())) is { } d)
        {
            Console.WriteLine($"the first difference is at record {d.Record}, after {replay.Replayed} equal messages:");
            Console.WriteLine($"  recorded: {(d.Recorded.Length == 0 ? "(nothing more)" : d.Recorded)}");
            Console.WriteLine($"  now:      {(d.Sent.Length == 0 ? "(nothing more)" : d.Sent)}");
            return ExitCodes.QualityFailed;
        }
        Console.WriteLine($"{replay.Replayed} of {replay.Messages} messages replayed, no difference");
        return ExitCodes.Ok;
    }

    private static async Task<int> AgainstAsync(IReadOnlyList<WireRecord> run, GantryAddress address, int most, CancellationToken cancellation)
    {
        int differences = 0;
        try
        {
            (int sent, int compared) = await ReplayAgainst.RunAsync(run, address.Transport, address.SessionSecret, TimeProvider.System, (record, command, then, now) =>
            {
                if (differences++ >= most) return;
                Console.WriteLine($"record {record.Number}, {command}");
                Console.WriteLine($"  recorded: {then}");
                Console.WriteLine($"  now:      {now}");
            }, cancellation);
            Console.WriteLine($"{sent} messages sent, {compared} answers compared, {(differences == 0 ? "no difference" : $"{differences} differ")}");
            return differences == 0 ? ExitCodes.Ok : ExitCodes.QualityFailed;
        }
        catch (Exception e) when (e is GantryLinkLostException or IOException or InvalidDataException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new AcquireException($"the gantry at {address.Transport.Name} broke off: {e.Message}; {differences} differences before that", ExitCodes.Gantry, e);
        }
    }

    private static string DataFolderOf(string path)
    {
        for (string? folder = Path.GetFullPath(path); folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "journal.db"))) return folder;
        throw new AcquireException("the trace lies in no data folder; give the study's with --data, or a simulator with --against", ExitCodes.BadInput);
    }

    private static bool IsNoise(WireRecord r) => r.IsTimed || (r.Direction == WireDirection.FromGantry && r.Block is null
        && (r.Text == "0,\"No error\"" || (r.Text.Length == 10 && r.Text.All(char.IsAsciiDigit) && (r.Text[0] is '1' or '2'))));

    private static string Line(WireRecord r, bool everything)
    {
        string text = r.Block is { } block ? string.Create(CultureInfo.InvariantCulture, $"block of {block.Length} bytes, CRC-32 {block.Crc:x8}")
            : everything || r.Direction != WireDirection.ToGantry ? r.Text.Replace("\n", " | ", StringComparison.Ordinal) : ReplayTransport.Shown(r.Text);
        return string.Create(CultureInfo.InvariantCulture, $"{r.Wall.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff} {r.MonotonicUs / 1e6,12:F6} {r.Connection,3} {r.Channel,-7} {WireTraceFormat.Word(r.Direction)} {text}");
    }

    private static Regex? Pattern(string? text)
    {
        if (text is null) return null;
        try
        {
            return new Regex(text, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException e)
        {
            throw new AcquireException($"--grep is no regular expression: {e.Message}", ExitCodes.BadInput, e);
        }
    }

    private static DateTimeOffset? Time(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)) return time;
        result.AddError($"'{result.Tokens[0].Value}' is no time; give UTC such as 2026-01-15T08:30:00Z");
        return null;
    }
}
