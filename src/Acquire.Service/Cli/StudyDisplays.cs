using System.Globalization;
using Acquire.Service.Acquisition;
using Acquire.Service.Studies;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Acquire.Service.Cli;

/// <summary>Plain lines, for pipes and logs.</summary>
public sealed class PlainDisplay(TextWriter output) : IStudyDisplay
{
    private string _step = "";
    private int _tenths;

    /// <inheritdoc/>
    public void Say(DateTimeOffset at, TimeSpan? sinceInjection, string line) => output.WriteLine($"{Clock.Of(at)}  {Clock.Since(sinceInjection),10}  {line}");

    /// <inheritdoc/>
    public void Show(RunProgress progress)
    {
        int tenths = progress.FramesExpected == 0 ? 0 : 10 * progress.FramesStored / progress.FramesExpected;
        if (progress.StepId == _step && tenths == _tenths) return;
        bool fresh = progress.StepId != _step;
        _step = progress.StepId;
        _tenths = tenths;
        if (!fresh || progress.FramesStored > 0)
            output.WriteLine($"{"",8}  {"",10}    {progress.Title}: {progress.InWords}");
    }

    /// <inheritdoc/>
    public void Ended() => _step = "";

    /// <inheritdoc/>
    public void Next(string what, TimeSpan? countdown, DateTimeOffset now, TimeSpan? sinceInjection) { }
}

/// <summary>Live display: phase, the one next action, countdown, counts, prompts and what was answered.</summary>
/// <param name="studyKey">Pseudonymous key of the study on the screen.</param>
public sealed class LiveDisplay(string studyKey) : IStudyDisplay
{
    private const int StoryLines = 14;
    private readonly Lock _gate = new();
    private readonly Queue<string> _story = new();
    private RunProgress? _run;
    private string _next = "";
    private TimeSpan? _countdown;
    private DateTimeOffset _now;
    private TimeSpan? _since;

    /// <inheritdoc/>
    public void Say(DateTimeOffset at, TimeSpan? sinceInjection, string line)
    {
        lock (_gate)
        {
            _now = at;
            _since = sinceInjection;
            _story.Enqueue($"[grey]{Clock.Of(at)}[/] [blue]{Clock.Since(sinceInjection),10}[/]  {Markup.Escape(line)}");
            while (_story.Count > StoryLines) _story.Dequeue();
        }
    }

    /// <inheritdoc/>
    public void Show(RunProgress progress)
    {
        lock (_gate) _run = progress;
    }

    /// <inheritdoc/>
    public void Ended()
    {
        lock (_gate) _run = null;
    }

    /// <inheritdoc/>
    public void Next(string what, TimeSpan? countdown, DateTimeOffset now, TimeSpan? sinceInjection)
    {
        lock (_gate)
        {
            _next = what;
            _countdown = countdown;
            _now = now;
            _since = sinceInjection;
        }
    }

    /// <summary>Draws until the work is done.</summary>
    public async Task WhileAsync(Task work)
    {
        await AnsiConsole.Live(Draw()).AutoClear(false).StartAsync(async context =>
        {
            while (!work.IsCompleted)
            {
                context.UpdateTarget(Draw());
                await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System));
            }
            context.UpdateTarget(Draw());
        });
    }

    private Rows Draw()
    {
        lock (_gate)
        {
            var rows = new List<IRenderable>
            {
                new Rule($"[bold]Acquire[/]  study {studyKey}  {Clock.Of(_now)}{(_since is null ? "" : $"  injection {Clock.Since(_since)}")}").LeftJustified(),
                new Markup($"[bold yellow]{Markup.Escape(_next)}[/]{(_countdown is { } c ? $"  in [bold]{Clock.Span(c)}[/]" : "")}"),
            };
            if (_run is { } run)
            {
                double share = run.FramesExpected == 0 ? 0 : (double)run.FramesStored / run.FramesExpected;
                int full = (int)Math.Round(40 * share);
                rows.Add(new Markup(string.Create(CultureInfo.InvariantCulture,
                    $"{Markup.Escape(run.Title)}  [green]{new string('█', full)}[/][grey]{new string('░', 40 - full)}[/] {run.InWords}{(run.CountRateCps > 0 ? string.Create(CultureInfo.InvariantCulture, $", {run.CountRateCps / 1000:F1} kcps") : "")}")));
            }
            rows.Add(new Rule().RuleStyle("grey"));
            rows.AddRange(_story.Select(line => new Markup(line)));
            return new Rows(rows);
        }
    }
}

/// <summary>How study times are written: 24 h clock, and hours, minutes, seconds from the injection.</summary>
internal static class Clock
{
    public static string Of(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Since(TimeSpan? since) => since is { } s ? (s < TimeSpan.Zero ? "-" : "+") + Span(s.Duration()) : "";

    public static string Span(TimeSpan s)
    {
        TimeSpan d = s.Duration();
        return string.Create(CultureInfo.InvariantCulture, $"{(s < TimeSpan.Zero ? "-" : "")}{(int)d.TotalHours}:{d.Minutes:00}:{d.Seconds:00}");
    }
}
