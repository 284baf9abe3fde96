using System.Globalization;
using System.Net;
using System.Text;

namespace Acquire.Protocols.Planning;

/// <summary>A plan as a picture: cameras above, one row per slot below with its window as a band.</summary>
public static class PlanSvg
{
    private const int Width = 1280, Left = 150, Right = 150, Top = 70, CameraRow = 50, SlotRow = 21;

    private const string Style = """
        .bg{fill:#fff}.t{fill:#1d2430;font:13px system-ui,sans-serif}.s{fill:#5a6472;font:11px system-ui,sans-serif}.h{fill:#1d2430;font:600 17px system-ui,sans-serif}
        .grid{stroke:#d5dae1;stroke-width:1}.lane{fill:#f1f4f8}.first{fill:#b35900}.later{fill:#1f6fb2}.fixed{fill:#6b7583}.bad{fill:#b3202a}.on{fill:#fff;font:600 11px system-ui,sans-serif}
        .win{fill:#bfe0cb}.target{stroke:#1d7a43;stroke-width:2}.ex{fill:#7a3fb0}.br{fill:#c9cfd8}.blk{fill:#9aa4b1}.kit{fill:#e7d7a8}.now{stroke:#b3202a;stroke-width:2;stroke-dasharray:4 3}.inj{fill:#b35900;stroke:#fff;stroke-width:1}.wait{stroke:#8a94a3;stroke-width:2}.end{stroke:#5a6472;stroke-width:1.5;stroke-dasharray:2 3}
        @media (prefers-color-scheme:dark){.bg{fill:#14181f}.t{fill:#e8ecf2}.s{fill:#a8b2c0}.h{fill:#f2f5f9}.grid{stroke:#2c3440}.lane{fill:#1b212a}.first{fill:#d97a1f}.later{fill:#3d8fd6}.fixed{fill:#7b8696}.bad{fill:#e0525c}.on{fill:#0d1117}
        .win{fill:#23503a}.target{stroke:#5fce8d}.ex{fill:#b083e0}.br{fill:#48525f}.blk{fill:#5d6875}.kit{fill:#57491f}.inj{fill:#f0a050;stroke:#14181f}.wait{stroke:#8a94a3}.end{stroke:#a8b2c0}.now{stroke:#ff7b84}}
        """;

    /// <summary>Draws the plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="advice">Advice, below.</param>
    /// <returns>The SVG, self-contained, legible light and dark.</returns>
    public static string Draw(DayPlan plan, IReadOnlyList<string> advice)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(advice);
        (int from, int to) = PlanText.Span(plan);
        from = from / 30 * 30;
        to = (to + 29) / 30 * 30;
        double scale = (Width - Left - Right) / (double)(to - from);
        double X(int minute) => Left + ((Math.Clamp(minute, from, to) - from) * scale);
        PlannedPatient[] rows = [.. plan.Patients.OrderBy(p => p.InjectionMinute ?? int.MaxValue).ThenBy(p => p.Later?.FromMinute ?? int.MaxValue).ThenBy(p => p.Slot, StringComparer.Ordinal)];
        DayRequest day = plan.Request;
        int kitsTop = Top + (day.Cameras.Count * CameraRow) + 6, slotsTop = kitsTop + (plan.Kits.Count * 20) + 24, bottom = slotsTop + (rows.Length * SlotRow) + 8;
        string[] footer = [.. PlanText.Footer(plan)];
        int height = bottom + 58 + ((footer.Length + advice.Count) * 19) + 12;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" role=\"img\" aria-label=\"Plan of the day\">\n<style>{Style}</style>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"bg\" width=\"{Width}\" height=\"{height}\"/>\n");
        Text(svg, "h", 16, 28, $"Plan of {(day.Day.Length > 0 ? day.Day : "the day")}: {rows.Length} slots, {day.Cameras.Count} cameras{(day.NowMinute is { } now ? $", from {ClockText.Write(now)} on" : "")}");
        for (int m = (from + 59) / 60 * 60; m <= to; m += 60)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(m):F1}\" y1=\"{Top - 8}\" x2=\"{X(m):F1}\" y2=\"{bottom}\"/>\n");
            Text(svg, "s", X(m) - 14, Top - 14, ClockText.Write(m));
        }
        int y = Top;
        foreach (PlanCamera c in day.Cameras)
        {
            Box(svg, "lane", X(c.OpensMinute), y, X(c.OvertimeUntilMinute), CameraRow - 14, "");
            Text(svg, "t", 16, y + 16, $"Camera {c.Id}");
            Text(svg, "s", 16, y + 31, $"{c.Mounted} on");
            foreach (PlanStretch b in c.Blocked) Box(svg, "blk", X(b.FromMinute), y, X(b.ToMinute), CameraRow - 14, $"{b.What} {ClockText.Write(b.FromMinute)} to {ClockText.Write(b.ToMinute)}");
            foreach (CameraStep s in plan.Steps.Where(s => s.Camera == c.Id))
            {
                Box(svg, s.Kind == CameraStepKind.Exchange ? "ex" : s.Kind == CameraStepKind.Break ? "br" : "bad", X(s.FromMinute), y, Math.Max(X(s.ToMinute), X(s.FromMinute) + 3), CameraRow - 14, $"{s.What} {ClockText.Write(s.FromMinute)} to {ClockText.Write(s.ToMinute)}");
                if (s.Kind == CameraStepKind.Exchange) Text(svg, "s", X(s.FromMinute), y - 2, s.What[(s.What.LastIndexOf(' ') + 1)..]);
                if (s.Kind == CameraStepKind.Break && X(s.ToMinute) - X(s.FromMinute) > 34) Text(svg, "s", X(s.FromMinute) + 4, y + 22, "break");
            }
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"end\" x1=\"{X(c.ClosesMinute):F1}\" y1=\"{y - 2}\" x2=\"{X(c.ClosesMinute):F1}\" y2=\"{y + CameraRow - 12}\"/>\n");
            foreach (PlannedPatient p in plan.Patients)
            {
                if (p.First is { } f && f.Camera == c.Id) Visit(svg, p, f, "first", X, y, CameraRow - 14);
                if (p.Later is { } l && l.Camera == c.Id) Visit(svg, p, l, p.OutsideWindow ? "bad" : "later", X, y, CameraRow - 14);
            }
            y += CameraRow;
        }
        y = kitsTop;
        foreach (KitUse k in plan.Kits)
        {
            Text(svg, "s", 16, y + 12, $"Kit {k.Kit.Id}, {100.0 * k.TakenMBq / Math.Max(1, k.LeftMBq):F0} % taken");
            Box(svg, "kit", X(k.Kit.ReadyMinute), y, X(k.Kit.ExpiresMinute), 14, $"{k.Kit.Radiopharmaceutical} {ClockText.Write(k.Kit.ReadyMinute)} to {ClockText.Write(k.Kit.ExpiresMinute)}");
            string expires = $"expires {ClockText.Write(k.Kit.ExpiresMinute)}";
            Text(svg, "s", Math.Max(X(k.Kit.ReadyMinute) + 4, X(k.Kit.ExpiresMinute) - 82), y + 11, expires);
            y += 20;
        }
        Text(svg, "s", 16, slotsTop - 6, "slot, ready");
        Text(svg, "s", Width - Right + 8, slotsTop - 6, "inject, images");
        y = slotsTop;
        foreach (PlannedPatient p in rows)
        {
            SlotLine(svg, p, X, y, from);
            y += SlotRow;
        }
        if (day.NowMinute is { } at) svg.Append(CultureInfo.InvariantCulture, $"<line class=\"now\" x1=\"{X(at):F1}\" y1=\"{Top - 8}\" x2=\"{X(at):F1}\" y2=\"{bottom}\"/>\n");
        Legend(svg, bottom + 18);
        y = bottom + 48;
        foreach (string line in footer)
        {
            Text(svg, "t", 16, y, line.Trim());
            y += 19;
        }
        foreach (string line in advice)
        {
            Text(svg, "t", 16, y, "\u25B8 " + line);
            y += 19;
        }
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static void SlotLine(StringBuilder svg, PlannedPatient p, Func<int, double> X, int y, int from)
    {
        string priority = p.Patient.Priority switch { PlanPriority.Urgent => " urgent", PlanPriority.Soon => " soon", _ => "" };
        Text(svg, "t", 16, y + 14, p.Slot);
        Text(svg, "s", 62, y + 14, $"{ClockText.Write(p.Patient.ReadyMinute)}{priority}");
        if (p.OpensMinute is { } opens && p.Patient.Study.LaterMinutes > 0)
        {
            Box(svg, "win", X(opens), y + 3, X(p.ClosesMinute!.Value), SlotRow - 7, $"window of {p.Slot}: {ClockText.Write(opens)} to {ClockText.Write(p.ClosesMinute.Value)}");
            int target = p.InjectionMinute!.Value + p.Patient.Study.TargetMinutes;
            if (target >= from) svg.Append(CultureInfo.InvariantCulture, $"<line class=\"target\" x1=\"{X(target):F1}\" y1=\"{y + 1}\" x2=\"{X(target):F1}\" y2=\"{y + SlotRow - 3}\"/>\n");
        }
        if (p.InjectionMinute is { } i and >= 0)
        {
            if (i > p.Patient.ReadyMinute) svg.Append(CultureInfo.InvariantCulture, $"<line class=\"wait\" x1=\"{X(p.Patient.ReadyMinute):F1}\" y1=\"{y + 10}\" x2=\"{X(i):F1}\" y2=\"{y + 10}\"/>\n");
            if (p.First is { } f) Box(svg, "first", X(f.FromMinute), y + 4, X(f.ToMinute), SlotRow - 9, "");
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"inj\" cx=\"{X(i):F1}\" cy=\"{y + 10}\" r=\"5\"><title>injection of {WebUtility.HtmlEncode(p.Slot)} at {ClockText.Write(i)}</title></circle>\n");
        }
        if (p.Later is { } l) Box(svg, p.OutsideWindow ? "bad" : l.State == VisitState.Fixed ? "fixed" : "later", X(l.FromMinute), y + 4, X(l.ToMinute), SlotRow - 9, "");
        string text = p.Patient.Progress.Left ? "left" : !p.Placed ? "not placed" : $"{(p.InjectionMinute is { } at ? at < 0 ? "before" : ClockText.Write(at) : "")}{(p.Later is { } v ? $", {v.Camera} {ClockText.Write(v.FromMinute)}" : "")}";
        Text(svg, "s", Width - Right + 8, y + 14, text);
    }

    private static void Visit(StringBuilder svg, PlannedPatient p, PlannedVisit v, string look, Func<int, double> X, int y, int height)
    {
        Box(svg, v.State == VisitState.Fixed && look != "bad" ? "fixed" : look, X(v.FromMinute), y, X(v.ToMinute) - 1, height, $"{p.Slot} {ClockText.Write(v.FromMinute)} to {ClockText.Write(v.ToMinute)}");
        double room = X(v.ToMinute) - X(v.FromMinute), wide = p.Slot.Length * 6.6;
        if (room > wide + 4) Text(svg, "on", X(v.FromMinute) + ((room - wide) / 2), y + (height / 2.0) + 4, p.Slot);
    }

    private static void Legend(StringBuilder svg, int y)
    {
        double x = Left;
        foreach ((string look, string text) in (ReadOnlySpan<(string, string)>)[("first", "on camera at injection"), ("later", "images"), ("fixed", "done or running"), ("win", "window of the images"), ("ex", "collimator exchange"), ("br", "break"), ("blk", "blocked"), ("kit", "kit usable"), ("bad", "outside window")])
        {
            Box(svg, look, x, y - 10, x + 14, 11, "");
            Text(svg, "s", x + 18, y, text);
            x += 30 + (text.Length * 5.9);
        }
    }

    private static void Box(StringBuilder svg, string look, double x, double y, double right, double height, string title)
    {
        if (right - x < 0.5) return;
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{look}\" x=\"{x:F1}\" y=\"{y:F1}\" width=\"{right - x:F1}\" height=\"{height:F1}\" rx=\"2\">");
        if (title.Length > 0) svg.Append(CultureInfo.InvariantCulture, $"<title>{WebUtility.HtmlEncode(title)}</title>");
        svg.Append("</rect>\n");
    }

    private static void Text(StringBuilder svg, string look, double x, double y, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{look}\" x=\"{x:F1}\" y=\"{y:F1}\">{WebUtility.HtmlEncode(text)}</text>\n");
}
