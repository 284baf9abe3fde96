using Acquire.Protocols.Planning;

namespace Acquire.Protocols.Tests.Planning;

/// <summary>
/// Checks a plan against docs/planner.md from the plan's minutes alone, and counts its points again. Shares no code with the planner:
/// walks the day minute by minute.
/// </summary>
internal static class PlanRecount
{
    /// <summary>What is wrong with the plan, in words; empty when nothing is.</summary>
    public static List<string> Wrong(DayPlan plan)
    {
        DayRequest day = plan.Request;
        List<string> wrong = [];
        int now = day.NowMinute ?? int.MinValue;
        foreach (PlanCamera c in day.Cameras)
        {
            // Everything that takes the camera, with the collimator it needs ("" for breaks and exchanges).
            List<(int From, int To, string What, string Collimator)> taken = [];
            foreach (PlannedPatient p in plan.Patients)
            {
                if (p.First is { } f && f.Camera == c.Id) taken.Add((f.FromMinute, f.ToMinute, p.Slot, f.State == VisitState.Planned ? p.Patient.Study.Collimator : "?"));
                if (p.Later is { } l && l.Camera == c.Id)
                {
                    taken.Add((l.FromMinute, l.ToMinute, p.Slot, l.State == VisitState.Planned ? p.Patient.Study.Collimator : "?"));
                    if (l.State == VisitState.Planned && !p.Patient.Study.Needs.All(c.Features.Contains)) wrong.Add($"{p.Slot} needs what {c.Id} has not");
                }
            }
            foreach (CameraStep s in plan.Steps.Where(s => s.Camera == c.Id && s.Kind != CameraStepKind.SkippedBreak)) taken.Add((s.FromMinute, s.ToMinute, s.What, ""));
            var ordered = taken.OrderBy(t => t.From).ToList();
            for (int n = 1; n < ordered.Count; n++)
                if (ordered[n].From < ordered[n - 1].To) wrong.Add($"{c.Id}: {ordered[n - 1].What} and {ordered[n].What} overlap");
            string on = c.Mounted;
            foreach ((int from, int to, string what, string collimator) in ordered)
            {
                if (collimator == "?") continue;
                if (from < Math.Max(c.OpensMinute, now) || to > c.OvertimeUntilMinute) wrong.Add($"{c.Id}: {what} outside opening hours or before now");
                if (c.Blocked.Any(b => b.FromMinute < to && b.ToMinute > from)) wrong.Add($"{c.Id}: {what} while blocked");
                CameraStep? step = collimator.Length == 0 ? plan.Steps.First(s => s.Camera == c.Id && s.FromMinute == from && s.What == what) : null;
                if (step?.Kind == CameraStepKind.Exchange)
                {
                    if (to - from < c.ExchangeMinutes) wrong.Add($"{c.Id}: exchange too short");
                    if (!what.StartsWith(on + " to ", StringComparison.Ordinal)) wrong.Add($"{c.Id}: exchange from what is not on");
                    on = what[(on.Length + 4)..];
                    if (!c.Collimators.Contains(on)) wrong.Add($"{c.Id} has no {on}");
                }
                if (collimator.Length > 0 && collimator != on) wrong.Add($"{c.Id}: {what} needs {collimator}, {on} is on");
            }
            CameraStep[] breaks = [.. plan.Steps.Where(s => s.Camera == c.Id && s.Kind == CameraStepKind.Break)];
            int skipped = plan.Steps.Count(s => s.Camera == c.Id && s.Kind == CameraStepKind.SkippedBreak);
            if (breaks.Length + skipped != c.Breaks.Count) wrong.Add($"{c.Id}: {breaks.Length} breaks and {skipped} skipped of {c.Breaks.Count}");
            if (skipped == 0)
                foreach ((PlanBreak b, CameraStep s) in c.Breaks.OrderBy(b => b.EarliestMinute).Zip(breaks))
                    if (s.FromMinute < b.EarliestMinute || s.FromMinute > b.LatestMinute || s.ToMinute - s.FromMinute < b.LengthMinutes) wrong.Add($"{c.Id}: break at the wrong time or too short");
        }
        foreach (PlannedPatient p in plan.Patients) Patient(plan, p, now, wrong);
        Team(plan, wrong);
        foreach (TracerKit k in day.Kits)
        {
            double used = plan.Patients.Where(p => p.Kit == k.Id).Sum(p => p.Patient.Study.ActivityMBq * Math.Exp(Math.Log(2) / 6.0067 * (p.InjectionMinute!.Value - k.ReadyMinute) / 60));
            if (used > k.ActivityMBq) wrong.Add($"kit {k.Id} has {k.ActivityMBq}, taken {used:F0}");
            foreach (PlannedPatient p in plan.Patients.Where(p => p.Kit == k.Id))
                if (p.InjectionMinute < k.ReadyMinute || p.InjectionMinute > k.ReadyMinute + k.LifeMinutes || k.Radiopharmaceutical != p.Patient.Study.Radiopharmaceutical) wrong.Add($"{p.Slot} from kit {k.Id} at {p.InjectionMinute}");
        }
        return wrong;
    }

    private static void Patient(DayPlan plan, PlannedPatient p, int now, List<string> wrong)
    {
        PlanStudy s = p.Patient.Study;
        VisitProgress v = p.Patient.Progress;
        if (v.InjectedMinute is { } was && p.InjectionMinute != was) wrong.Add($"{p.Slot}: an injection given was moved");
        if (v.LaterBeganMinute is { } began && (p.Later?.FromMinute != began || p.Later.Camera != v.LaterCamera)) wrong.Add($"{p.Slot}: a visit begun was moved");
        if (!p.Placed || v.Left || v.LaterBeganMinute is not null) return;
        if (v.InjectedMinute is null)
        {
            if (p.InjectionMinute is not { } i) { wrong.Add($"{p.Slot} is placed without an injection"); return; }
            if (i < p.Patient.ReadyMinute || i < now) wrong.Add($"{p.Slot} is injected before ready");
            if (s.FirstTailMinutes > 0)
            {
                if (p.First is not { } f) wrong.Add($"{p.Slot} needs a camera at the injection");
                else if (f.FromMinute > i - s.FirstLeadMinutes || f.ToMinute < i + s.FirstTailMinutes || f.FromMinute < p.Patient.ReadyMinute) wrong.Add($"{p.Slot}: first visit too short or too early");
            }
            if (p.Patient.FixedMinute is { } at && (i < at || i >= at + plan.Request.GridMinutes)) wrong.Add($"{p.Slot}: fixed time moved");
            if (s.Radiopharmaceutical.Length > 0 && p.Kit.Length == 0) wrong.Add($"{p.Slot} has no kit");
        }
        if (s.LaterMinutes == 0) return;
        if (p.Later is not { } l) { wrong.Add($"{p.Slot} is placed without its images"); return; }
        int first = l.FromMinute + s.SetUpMinutes - p.InjectionMinute!.Value, last = l.FromMinute + s.LaterMinutes - p.InjectionMinute.Value;
        if (first < s.OpensMinutes) wrong.Add($"{p.Slot}: images before the window");
        if (last > s.ClosesMinutes && v.InjectedMinute is null) wrong.Add($"{p.Slot}: images after the window, of somebody not injected yet");
        if (p.OutsideWindow != (last > s.ClosesMinutes)) wrong.Add($"{p.Slot}: says outside {p.OutsideWindow}");
        if (l.ToMinute - l.FromMinute < s.LaterMinutes + s.TurnoverMinutes) wrong.Add($"{p.Slot}: later visit too short");
        if (l.FromMinute + s.LaterMinutes > (p.Patient.LeavesMinute ?? int.MaxValue) || l.FromMinute < (p.Patient.BackMinute ?? int.MinValue)) wrong.Add($"{p.Slot}: not there then");
    }

    private static void Team(DayPlan plan, List<string> wrong)
    {
        InjectionTeam team = plan.Request.Injection;
        int grid = plan.Request.GridMinutes;
        int Up(int m) => (m + grid - 1) / grid * grid;
        foreach (int minute in Enumerable.Range(0, 1440))
        {
            PlannedPatient[] injecting = [.. plan.Patients.Where(p => p.InjectionPlanned && p.InjectionMinute - Up(team.LeadMinutes) <= minute && minute < p.InjectionMinute + Up(team.TailMinutes))];
            int following = plan.Patients.Count(p => p.Patient.Study.FollowedBy.Length > 0 && p.Later is { State: VisitState.Planned } l
                && minute >= l.FromMinute + Up(l.ToMinute - l.FromMinute) && minute < l.FromMinute + Up(l.ToMinute - l.FromMinute) + Up(team.LeadMinutes + team.TailMinutes));
            int there = minute < team.OpensMinute || minute >= team.ClosesMinute ? 0 : team.Staff - team.Breaks.Where(b => b.When.FromMinute <= minute && minute < b.When.ToMinute).Sum(b => b.Staff);
            if (injecting.Length + following > there) wrong.Add($"{injecting.Length + following} injections at {minute}, {there} people");
            if (injecting.Count(p => p.Patient.Study.FirstTailMinutes == 0) > team.Rooms) wrong.Add($"too few rooms at {minute}");
        }
    }

    /// <summary>The objective, counted from minutes by the words of docs/planner.md.</summary>
    public static int Points(DayPlan plan)
    {
        DayRequest day = plan.Request;
        PlanWeights w = day.Weights;
        static int Quarters(int minutes)
        {
            int q = 0;
            for (int m = minutes; m > 0; m -= 15) q++;
            return q;
        }
        int points = 0;
        foreach (PlannedPatient p in plan.Patients)
        {
            if (p.Patient.Progress.Left || p.Patient.Progress.LaterBeganMinute is not null) continue;
            int weight = p.Patient.Priority == PlanPriority.Urgent ? 4 : p.Patient.Priority == PlanPriority.Soon ? 2 : 1;
            PlanStudy s = p.Patient.Study;
            bool injected = p.Patient.Progress.InjectedMinute is not null;
            if (injected && s.LaterMinutes == 0) continue;
            if (!p.Placed)
            {
                points += (injected ? w.NoImages : w.NotToday) * weight;
                continue;
            }
            if (!injected)
            {
                int ready = p.Patient.ReadyMinute + (s.FirstTailMinutes > 0 ? s.FirstLeadMinutes : 0);
                points += w.WaitingPerQuarter * weight * Quarters(p.InjectionMinute!.Value - ready - w.WaitingFreeMinutes);
                if (p.Patient.AnnouncedInjectionMinute is { } told) points += w.ChangePerQuarter * Quarters(Math.Abs(p.InjectionMinute.Value - told) - w.ChangeFreeMinutes);
            }
            if (p.Later is not { } l) continue;
            int lag = l.FromMinute + s.SetUpMinutes - p.InjectionMinute!.Value, slack = s.ClosesMinutes - (lag + s.LaterMinutes - s.SetUpMinutes);
            points += w.TargetPerQuarter * Quarters(Math.Abs(lag - s.TargetMinutes) - w.TargetFreeMinutes);
            if (slack < 0) points += weight * (w.OutsideWindow + (w.BeyondPerQuarter * Quarters(-slack)));
            else points += (int)Math.Round(w.Risk * weight * Beyond(p.Patient.Lateness, day.KnockOn, slack), MidpointRounding.AwayFromZero);
            if (p.Patient.AnnouncedLaterMinute is { } told2) points += w.ChangePerQuarter * Quarters(Math.Abs(l.FromMinute - told2) - w.ChangeFreeMinutes);
        }
        foreach (PlanCamera c in day.Cameras)
        {
            points += w.Exchange * plan.Steps.Count(s => s.Camera == c.Id && s.Kind == CameraStepKind.Exchange);
            points += w.SkippedBreak * plan.Steps.Count(s => s.Camera == c.Id && s.Kind == CameraStepKind.SkippedBreak);
            int end = plan.Steps.Where(s => s.Camera == c.Id).Select(s => s.ToMinute)
                .Concat(plan.Patients.SelectMany(p => new[] { p.First, p.Later }).Where(v => v is { State: VisitState.Planned } && v.Camera == c.Id).Select(v => v!.ToMinute)).DefaultIfEmpty(0).Max();
            int grid = day.GridMinutes;
            points += w.OvertimePerQuarter * Quarters(((end + grid - 1) / grid * grid) - c.ClosesMinute);
        }
        return points;
    }

    /// <summary>P(late + inherited &gt; slack) by summing over the inherited lateness in steps, against the planner's closed form.</summary>
    private static double Beyond(Lateness a, Lateness b, int slack)
    {
        const double step = 0.002;
        double p = a.Beyond(slack) * (1 - (b.MeanMinutes > 0 ? b.Share : 0));
        if (b.MeanMinutes <= 0) return p;
        for (double x = step / 2; x < slack; x += step) p += b.Share * Math.Exp(-x / b.MeanMinutes) / b.MeanMinutes * step * a.Beyond(slack - x);
        return p + (b.Share * Math.Exp(-slack / b.MeanMinutes));
    }
}
