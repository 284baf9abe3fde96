namespace Acquire.Protocols.Planning;

/// <summary>
/// The next decisions in words, with what the alternative would cost: each is planned, not guessed (least regret). Slots, never names.
/// </summary>
public static class PlanAdvice
{
    private const int Choices = 3;

    /// <summary>Advice for the next injections and the next later visits, the most costly to get wrong first.</summary>
    /// <param name="plan">The plan in force.</param>
    /// <param name="budget">Work per alternative; null: <see cref="PlanBudget.Live"/>.</param>
    public static IReadOnlyList<string> For(DayPlan plan, PlanBudget? budget = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        List<(int Regret, string Text)> advice = [];
        PlannedPatient[] injections = [.. plan.Patients.Where(p => p.InjectionPlanned).OrderBy(p => p.InjectionMinute).Take(Choices)];
        if (injections.Length > 0)
        {
            PlannedPatient first = injections[0];
            bool said = false;
            foreach (PlannedPatient other in injections.Skip(1).Where(o => PlanCosts.EarliestInjection(o.Patient) <= first.InjectionMinute + 30))
            {
                // The other one goes first: this one not before it.
                DayRequest swapped = With(plan.Request, first.Slot, p => p with { ReadyMinute = Math.Max(p.ReadyMinute, other.InjectionMinute!.Value + plan.Request.GridMinutes) });
                DayPlan alternative = DayPlanner.Plan(swapped, budget ?? PlanBudget.Live, plan);
                int regret = alternative.Objective - plan.Objective;
                if (regret <= 0 || said) continue;
                said = true;
                advice.Add((regret, $"Inject the {first.Slot} slot first, at {ClockText.Write(first.InjectionMinute!.Value)}: with the {other.Slot} slot before it {Worst(plan, alternative)}."));
            }
            if (!said) advice.Add((0, $"Next injection: the {first.Slot} slot at {ClockText.Write(first.InjectionMinute!.Value)}{Window(first)}."));
        }
        foreach (PlanCamera camera in plan.Request.Cameras)
        {
            PlannedPatient[] next = [.. plan.Patients.Where(p => p.Later is { State: VisitState.Planned } l && l.Camera == camera.Id && !p.InjectionPlanned).OrderBy(p => p.Later!.FromMinute).Take(2)];
            if (next.Length == 0) continue;
            PlannedPatient scan = next[0];
            int afterwards = next.Length > 1 ? next[1].Later!.ToMinute : scan.Later!.FromMinute + 30;
            DayRequest put = With(plan.Request, scan.Slot, p => p with { BackMinute = afterwards });
            DayPlan alternative = DayPlanner.Plan(put, budget ?? PlanBudget.Live, plan);
            int regret = alternative.Objective - plan.Objective;
            string what = $"On camera {camera.Id} next: the {scan.Slot} slot at {ClockText.Write(scan.Later!.FromMinute)}";
            advice.Add(regret > 0
                ? (regret, $"{what}; {(next.Length > 1 ? $"with the {next[1].Slot} slot before it" : "half an hour later")} {Worst(plan, alternative)}.")
                : (0, $"{what}{Closing(scan)}; it may change places with the one after it."));
        }
        foreach (PlannedPatient p in plan.Patients.Where(p => !p.Placed && !p.Patient.Progress.Left))
        {
            advice.Add((int.MaxValue, p.InjectionMinute is null
                ? $"The {p.Slot} slot has no place today: give it another day{Because(plan, p)}."
                : $"The {p.Slot} slot is injected and has no camera time left: find time by hand."));
        }
        foreach (PlannedPatient p in plan.Patients.Where(p => p.OutsideWindow && p.Later!.State == VisitState.Planned))
            advice.Add((int.MaxValue - 1, $"The {p.Slot} slot cannot be imaged within its window, which closes at {ClockText.Write(p.ClosesMinute!.Value)}: take it at {ClockText.Write(p.Later!.FromMinute)} and note the reason, or let a physician decide."));
        return [.. advice.OrderByDescending(a => a.Regret).Select(a => a.Text)];
    }

    private static DayRequest With(DayRequest day, string slot, Func<PlanPatient, PlanPatient> change) =>
        day with { Patients = [.. day.Patients.Select(p => p.Slot == slot ? change(p) : p)] };

    private static string Window(PlannedPatient p) => p.Later is null ? "" : $"; its images are then due between {ClockText.Write(p.OpensMinute!.Value)} and {ClockText.Write(p.ClosesMinute!.Value)}";

    private static string Closing(PlannedPatient p) => $", whose window closes at {ClockText.Write(p.ClosesMinute!.Value)}";

    private static string Because(DayPlan plan, PlannedPatient p)
    {
        TracerKit[] kits = [.. plan.Request.Kits.Where(k => k.Radiopharmaceutical == p.Patient.Study.Radiopharmaceutical)];
        if (kits.Length > 0 && plan.Kits.Where(u => kits.Contains(u.Kit)).All(u => u.LeftMBq - u.TakenMBq < p.Patient.Study.ActivityMBq)) return ", the kits have no dose left";
        return kits.Length > 0 && kits.All(k => k.ExpiresMinute < p.Patient.ReadyMinute) ? $", the last kit expires at {ClockText.Write(kits.Max(k => k.ExpiresMinute))}" : "";
    }

    /// <summary>The part of the objective that grows most, in words.</summary>
    private static string Worst(DayPlan plan, DayPlan alternative)
    {
        var before = plan.Parts.GroupBy(p => (p.Kind, p.Whom)).ToDictionary(g => g.Key, g => (Points: g.Sum(x => x.Points), Minutes: g.Sum(x => x.Minutes)));
        (string Kind, string Whom, int Grows, int Minutes) worst = alternative.Parts.GroupBy(p => (p.Kind, p.Whom))
            .Select(g => (g.Key.Kind, g.Key.Whom, Grows: g.Sum(x => x.Points) - before.GetValueOrDefault(g.Key).Points, Minutes: g.Sum(x => x.Minutes) - before.GetValueOrDefault(g.Key).Minutes))
            .OrderByDescending(x => x.Grows).ThenBy(x => x.Whom, StringComparer.Ordinal).FirstOrDefault();
        PlannedPatient? whom = alternative.Find(worst.Whom);
        string closes = whom?.ClosesMinute is { } c ? ClockText.Write(c) : "";
        return worst.Kind switch
        {
            "outside the window" => $"the window of the {worst.Whom} slot would close at {closes}, before its images are done",
            "no later images" => $"there would be no camera time left for the {worst.Whom} slot, whose window closes at {closes}",
            "not today" => $"the {worst.Whom} slot could not be done today",
            "waiting" => $"the {worst.Whom} slot would wait {worst.Minutes} min longer",
            "overtime" => $"{worst.Whom} would work {worst.Minutes} min longer",
            "risk of missing the window" => $"the images of the {worst.Whom} slot would stand closer to {closes}, when its window closes",
            "off the target" => $"the images of the {worst.Whom} slot would be {worst.Minutes} min farther from their target",
            "change of an announced time" => $"the {worst.Whom} slot would have to be told another time",
            "break not taken" => $"{worst.Whom} would have no break",
            "collimator exchange" => $"{worst.Whom} would need one more exchange of collimators",
            _ => "the day would be no better",
        };
    }
}
