using System.Globalization;
using System.Text;

namespace Acquire.Protocols.Planning;

/// <summary>What a stretch of a line of the chart shows; a terminal may colour it.</summary>
public enum PlanInk
{
    /// <summary>Words.</summary>
    Plain,
    /// <summary>Less important.</summary>
    Faint,
    /// <summary>Visit at the injection.</summary>
    First,
    /// <summary>Later visit.</summary>
    Later,
    /// <summary>Window.</summary>
    Window,
    /// <summary>Exchange, break, blocked.</summary>
    Other,
    /// <summary>Needs attention.</summary>
    Alert,
    /// <summary>Heading.</summary>
    Heading,
}

/// <summary>Text with its ink.</summary>
public readonly record struct InkedText(PlanInk Ink, string Text);

/// <summary>A plan as lines of text: cameras, then one line per slot with its window.</summary>
public static class PlanText
{
    private const int Left = 21, Right = 18;
    private static readonly int[] Scales = [5, 6, 10, 12, 15, 20, 30, 60];

    /// <summary>Draws the plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="advice">Advice, below it.</param>
    /// <param name="columns">Width, at least 60.</param>
    /// <returns>Lines; none is longer than <paramref name="columns"/>, except advice.</returns>
    public static IReadOnlyList<IReadOnlyList<InkedText>> Draw(DayPlan plan, IReadOnlyList<string> advice, int columns)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(advice);
        (int from, int to) = Span(plan);
        int width = Math.Max(60, columns) - Left - Right;
        int scale = Scales.FirstOrDefault(s => (to - from + s - 1) / s <= width, 60);
        from = from / 60 * 60;
        int cells = Math.Min(width, (to - from + scale - 1) / scale);
        List<IReadOnlyList<InkedText>> lines = [];
        DayRequest day = plan.Request;
        string now = day.NowMinute is { } n ? $", from {ClockText.Write(n)} on" : "";
        lines.Add([new(PlanInk.Heading, $"Plan of {(day.Day.Length > 0 ? day.Day : "the day")}: {plan.Patients.Count} slots, {day.Cameras.Count} cameras{now}; one column is {scale} min")]);
        lines.Add([new(PlanInk.Faint, Scale(from, scale, cells))]);
        foreach (PlanCamera c in day.Cameras) lines.Add(CameraLine(plan, c, from, scale, cells));
        foreach (KitUse k in plan.Kits) lines.Add(KitLine(k, from, scale, cells));
        lines.Add([new(PlanInk.Faint, "slot  ready  inject  r ready, I inject, ( on camera ), . window, + target, # images")]);
        foreach (PlannedPatient p in plan.Patients.OrderBy(p => p.InjectionMinute ?? int.MaxValue).ThenBy(p => p.Later?.FromMinute ?? int.MaxValue).ThenBy(p => p.Slot, StringComparer.Ordinal))
            lines.Add(PatientLine(p, from, scale, cells));
        lines.Add([]);
        foreach (string line in Footer(plan)) lines.Add([new(line.StartsWith("NOT", StringComparison.Ordinal) ? PlanInk.Alert : PlanInk.Plain, line)]);
        foreach (string line in advice) lines.Add([new(PlanInk.Heading, "> "), new(PlanInk.Plain, line)]);
        return lines;
    }

    /// <summary>First and last minute worth drawing.</summary>
    internal static (int From, int To) Span(DayPlan plan)
    {
        int from = plan.Request.Cameras.Min(c => c.OpensMinute), to = plan.Request.Cameras.Max(c => c.ClosesMinute);
        foreach (PlannedPatient p in plan.Patients)
        {
            if (p.InjectionMinute is >= 0) from = Math.Min(from, Math.Min(p.InjectionMinute.Value, p.First?.FromMinute ?? int.MaxValue));
            to = Math.Max(to, Math.Max(p.Later?.ToMinute ?? 0, p.First?.ToMinute ?? 0));
        }
        return (from, to + 10);
    }

    /// <summary>Objective, bound, gap and where the points come from.</summary>
    internal static IEnumerable<string> Footer(DayPlan plan)
    {
        string proof = plan.IsOptimal ? "gap 0: proven optimal on this grid" : string.Create(CultureInfo.InvariantCulture, $"gap {plan.Gap} ({100.0 * plan.Gap / Math.Max(1, plan.Objective):F0} %): no plan has fewer than {plan.LowerBound}");
        yield return $"objective {plan.Objective} points, {proof}";
        string parts = string.Join(", ", plan.Parts.GroupBy(p => p.Kind).OrderByDescending(g => g.Sum(x => x.Points)).Select(g => $"{g.Key} {g.Sum(x => x.Points)}"));
        if (parts.Length > 0) yield return $"  {parts}";
        string[] outside = [.. plan.Patients.Where(p => p.OutsideWindow).Select(p => p.Slot)], dropped = [.. plan.Patients.Where(p => !p.Placed && !p.Patient.Progress.Left).Select(p => p.Slot)];
        if (outside.Length > 0) yield return $"NOT WITHIN THE WINDOW: {string.Join(", ", outside)}";
        if (dropped.Length > 0) yield return $"NOT PLACED: {string.Join(", ", dropped)}";
    }

    private static string Scale(int from, int scale, int cells)
    {
        var line = new StringBuilder(new string(' ', Left + cells + 5));
        int every = 60 / scale >= 6 ? 60 : 120;
        for (int m = from; m < from + (cells * scale); m += every)
        {
            int at = Left + ((m - from) / scale);
            string text = ClockText.Write(m)[..5];
            for (int i = 0; i < text.Length && at + i < line.Length; i++) line[at + i] = text[i];
        }
        return line.ToString().TrimEnd();
    }

    private static List<InkedText> CameraLine(DayPlan plan, PlanCamera c, int from, int scale, int cells)
    {
        var row = new Row(cells);
        int At(int minute) => (int)Math.Floor((minute - from) / (double)scale);
        int End(int minute) => Math.Max(0, (minute - from + scale - 1) / scale);
        row.Fill(End(c.OpensMinute), At(c.ClosesMinute), '.', PlanInk.Faint);
        foreach (PlanStretch b in c.Blocked) row.Fill(At(b.FromMinute), End(b.ToMinute), '#', PlanInk.Other);
        foreach (CameraStep s in plan.Steps.Where(s => s.Camera == c.Id)) row.Fill(At(s.FromMinute), Math.Max(At(s.FromMinute) + 1, End(s.ToMinute)), s.Kind switch { CameraStepKind.Exchange => 'x', CameraStepKind.Break => '-', _ => '!' }, PlanInk.Other);
        foreach (PlannedPatient p in plan.Patients)
        {
            if (p.First is { } f && f.Camera == c.Id) row.Block(At(f.FromMinute), At(f.ToMinute), p.Slot, '(', ')', ' ', PlanInk.First);
            if (p.Later is { } l && l.Camera == c.Id) row.Block(At(l.FromMinute), At(l.ToMinute), p.Slot, '[', ']', '=', PlanInk.Later);
        }
        List<InkedText> line = [new(PlanInk.Heading, $"camera {c.Id}".PadRight(12)), new(PlanInk.Faint, c.Mounted.PadRight(Left - 12))];
        line.AddRange(row.Inked());
        return line;
    }

    private static List<InkedText> KitLine(KitUse k, int from, int scale, int cells)
    {
        var row = new Row(cells);
        row.Fill((k.Kit.ReadyMinute - from) / scale, (k.Kit.ExpiresMinute - from) / scale, '~', PlanInk.Window);
        List<InkedText> line = [new(PlanInk.Plain, Cut($"kit {k.Kit.Id} {100.0 * k.TakenMBq / Math.Max(1, k.LeftMBq):F0} % taken", Left))];
        line.AddRange(row.Inked());
        line.Add(new(PlanInk.Faint, $" until {ClockText.Write(k.Kit.ExpiresMinute)}"));
        return line;
    }

    private static string Cut(string text, int width) => (text.Length > width ? text[..width] : text).PadRight(width);

    private static List<InkedText> PatientLine(PlannedPatient p, int from, int scale, int cells)
    {
        var row = new Row(cells);
        int At(int minute) => (int)Math.Floor((minute - from) / (double)scale);
        if (p.OpensMinute is { } opens && p.Patient.Study.LaterMinutes > 0)
        {
            row.Fill(At(opens), At(p.ClosesMinute!.Value), '.', PlanInk.Window);
            row.Fill(At(p.InjectionMinute!.Value + p.Patient.Study.TargetMinutes), At(p.InjectionMinute!.Value + p.Patient.Study.TargetMinutes) + 1, '+', PlanInk.Window);
        }
        if (p.Patient.ReadyMinute >= from && p.Patient.Progress.InjectedMinute is null) row.Fill(At(p.Patient.ReadyMinute), At(p.Patient.ReadyMinute) + 1, 'r', PlanInk.Faint);
        if (p.First is { } f) row.Block(At(f.FromMinute), At(f.ToMinute), "", '(', ')', ' ', PlanInk.First);
        if (p.InjectionMinute is { } i and >= 0) row.Fill(At(i), At(i) + 1, 'I', PlanInk.First);
        if (p.Later is { } l) row.Fill(At(l.FromMinute), Math.Max(At(l.FromMinute) + 1, At(l.ToMinute)), '#', p.OutsideWindow ? PlanInk.Alert : PlanInk.Later);
        string priority = p.Patient.Priority switch { PlanPriority.Urgent => "!", PlanPriority.Soon => "+", _ => " " };
        string injection = p.InjectionMinute is { } at ? (at < 0 ? "before" : ClockText.Write(at)) : "-";
        List<InkedText> line = [new(PlanInk.Heading, Cut(p.Slot + priority, 6)), new(PlanInk.Faint, Cut(ClockText.Write(p.Patient.ReadyMinute), 7)), new(p.InjectionPlanned ? PlanInk.Plain : PlanInk.Faint, Cut(injection, Left - 13))];
        line.AddRange(row.Inked());
        string state = p.Patient.Progress.Left ? " left" : !p.Placed ? " NOT PLACED" : p.Later is { } v ? $" {v.Camera} {ClockText.Write(v.FromMinute)}-{ClockText.Write(v.ToMinute)}{(v.State == VisitState.Fixed ? " *" : "")}" : "";
        line.Add(new(p.OutsideWindow || (!p.Placed && !p.Patient.Progress.Left) ? PlanInk.Alert : PlanInk.Plain, state));
        return line;
    }

    private sealed class Row(int cells)
    {
        private readonly char[] _text = [.. Enumerable.Repeat(' ', cells)];
        private readonly PlanInk[] _ink = new PlanInk[cells];

        public void Fill(int from, int to, char c, PlanInk ink)
        {
            for (int n = Math.Max(0, from); n < Math.Min(_text.Length, to); n++) (_text[n], _ink[n]) = (c, ink);
        }

        public void Block(int from, int to, string label, char open, char close, char fill, PlanInk ink)
        {
            to = Math.Max(from + 1, to);
            Fill(from, to, fill, ink);
            int room = to - from;
            string text = room >= label.Length + 2 ? open + label + new string(fill, room - label.Length - 2) + close
                : label.Length > 0 && room >= label.Length ? label + new string(fill, room - label.Length) : label.Length > 0 ? label[^room..] : new string(open, 1);
            for (int n = 0; n < text.Length && n < room; n++) Fill(from + n, from + n + 1, text[n], ink);
        }

        public IEnumerable<InkedText> Inked()
        {
            for (int n = 0; n < _text.Length;)
            {
                int end = n;
                while (end < _text.Length && _ink[end] == _ink[n]) end++;
                yield return new(_ink[n], new string(_text, n, end - n));
                n = end;
            }
        }
    }
}
