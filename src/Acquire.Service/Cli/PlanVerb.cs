using System.CommandLine;
using System.Diagnostics;
using System.Text;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Planning;
using Spectre.Console;

namespace Acquire.Service.Cli;

/// <summary><c>acquire plan</c>: plans a day, or plans it again while it runs.</summary>
public sealed class PlanVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var file = new Argument<string>("day") { Description = "The day's file (demo/days/tuesday.yaml; docs/planner.md says how to write one)." };
        var now = new Option<string?>("--now") { Description = "HH:MM: plan again from then on; what was planned before it is taken as done, unless --replan says otherwise." };
        var replan = new Option<string?>("--replan") { Description = "File of what went otherwise than planned (late, injected, later-began, ends, left, down). Without --now, from its last event on." };
        var svg = new Option<string?>("--svg") { Description = "Draw the plan into this SVG file." };
        var json = new Option<string?>("--json") { Description = "Write the plan into this JSON file." };
        var seconds = new Option<double>("--time-limit") { Description = "Seconds of search at the most; the best plan so far is then shown with its gap.", DefaultValueFactory = _ => 2 };
        var columns = new Option<int?>("--columns") { Description = "Width of the chart. Default: the terminal's, 100 without one." };
        var command = new Command("plan", "Plans a day: patients by slot, two visits each with their window from the injection, cameras with collimators, kits, staff, breaks. Shows the proven gap.") { file, now, replan, svg, json, seconds, columns };
        command.SetAction(parse => Run(parse.GetValue(file)!, parse.GetValue(now), parse.GetValue(replan), parse.GetValue(svg), parse.GetValue(json), parse.GetValue(seconds), parse.GetValue(columns),
            parse.InvocationConfiguration.Output, parse.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(string file, string? nowText, string? replanFile, string? svg, string? json, double seconds, int? columns, TextWriter output, TextWriter error)
    {
        if (!(seconds is > 0 and <= 3600)) throw new AcquireException("--time-limit must be above 0 and at most 3600 seconds", ExitCodes.BadInput);
        if (columns is < 60 or > 400) throw new AcquireException("--columns must be 60 to 400", ExitCodes.BadInput);
        int? now = nowText is null ? null : ClockText.Parse(nowText) ?? throw new AcquireException($"--now is \"{nowText}\": write a time of the day such as 08:30", ExitCodes.BadInput);
        string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? ".";
        DayResult day = DayReader.Read(TextOf(file), file, name => ProtocolFile.Read(Locate(name, folder)));
        if (day.Request is null) return Report(day.Problems, error);
        long start = Stopwatch.GetTimestamp();
        PlanBudget budget = PlanBudget.Full with { Stop = () => Stopwatch.GetElapsedTime(start).TotalSeconds > seconds };
        DayPlan plan = DayPlanner.Plan(day.Request, budget);
        if (now is not null || replanFile is not null)
        {
            IReadOnlyList<DayEvent> events = [];
            if (replanFile is not null)
            {
                (events, IReadOnlyList<ProtocolProblem> problems) = DayEventReader.Read(TextOf(replanFile), replanFile, day.Request);
                if (problems.Count > 0) return Report(problems, error);
            }
            int at = now ?? (events.Count > 0 ? events.Max(e => e.AtMinute) : throw new AcquireException($"{replanFile} has no event: give --now", ExitCodes.BadInput));
            DayRequest rest = DayProgress.At(plan, at, events);
            start = Stopwatch.GetTimestamp();
            plan = DayPlanner.Plan(rest, budget, plan);
        }
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        IReadOnlyList<string> advice = PlanAdvice.For(plan, PlanBudget.Live);
        Show(plan, advice, columns, output);
        output.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"planned in {took:F2} s: {plan.Evaluations} bounds, {plan.Branches} branches"));
        if (svg is not null) Write(svg, PlanSvg.Draw(plan, advice));
        if (json is not null) Write(json, PlanJson.Write(plan, advice));
        return ExitCodes.Ok;
    }

    /// <summary>A protocol named in a day: as given, beside the day's file, or among the files that come with the program.</summary>
    private static string Locate(string name, string folder) =>
        new[] { name, Path.Combine(folder, name), Path.Combine(AppContext.BaseDirectory, name) }.FirstOrDefault(File.Exists) ?? name;

    private static int Report(IReadOnlyList<ProtocolProblem> problems, TextWriter error)
    {
        foreach (ProtocolProblem problem in problems) error.WriteLine(problem);
        return ExitCodes.BadInput;
    }

    private static void Show(DayPlan plan, IReadOnlyList<string> advice, int? columns, TextWriter output)
    {
        bool terminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.ColorSystem != ColorSystem.NoColors;
        int width = columns ?? (terminal ? Math.Clamp(AnsiConsole.Profile.Width, 60, 160) : 100);
        foreach (IReadOnlyList<InkedText> line in PlanText.Draw(plan, advice, width))
        {
            if (!terminal)
            {
                output.WriteLine(string.Concat(line.Select(t => t.Text)).TrimEnd());
                continue;
            }
            foreach (InkedText text in line) AnsiConsole.Write(new Text(text.Text, StyleOf(text.Ink)));
            AnsiConsole.WriteLine();
        }
    }

    private static Style StyleOf(PlanInk ink) => ink switch
    {
        PlanInk.First => new Style(Color.Black, Color.Orange1),
        PlanInk.Later => new Style(Color.Black, Color.DeepSkyBlue1),
        PlanInk.Window => new Style(Color.SeaGreen3),
        PlanInk.Other => new Style(Color.MediumPurple1),
        PlanInk.Alert => new Style(Color.Red, decoration: Decoration.Bold),
        PlanInk.Faint => new Style(Color.Grey),
        PlanInk.Heading => new Style(decoration: Decoration.Bold),
        _ => Style.Plain,
    };

    private static string TextOf(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > ProtocolReader.MaximumLength * 4L }) throw new AcquireException($"{path} is too large for a day", ExitCodes.BadInput);
            return new UTF8Encoding(false, true).GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException)
        {
            throw new AcquireException($"{path} is not UTF-8 text: save it as UTF-8", ExitCodes.BadInput);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new AcquireException(e is FileNotFoundException or DirectoryNotFoundException ? $"there is no file {path}: check the path" : $"{path} cannot be read: {e.Message}", ExitCodes.BadInput);
        }
    }

    private static void Write(string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new AcquireException($"{path} cannot be written: {e.Message}", ExitCodes.Storage);
        }
    }
}
