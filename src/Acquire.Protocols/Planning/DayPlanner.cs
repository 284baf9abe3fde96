namespace Acquire.Protocols.Planning;

/// <summary>Plans a day: a pure function of the request and the budget.</summary>
public static class DayPlanner
{
    /// <summary>Plans.</summary>
    /// <param name="day">The day; with <see cref="DayRequest.NowMinute"/> what is done or running stays and the rest is planned.</param>
    /// <param name="budget">How much work; null: <see cref="PlanBudget.Full"/>.</param>
    /// <param name="earlier">The plan so far, as a start; what was announced counts by the patients' announced times.</param>
    /// <returns>The best plan found, with the bound proven.</returns>
    public static DayPlan Plan(DayRequest day, PlanBudget? budget = null, DayPlan? earlier = null)
    {
        ArgumentNullException.ThrowIfNull(day);
        var grid = new DayGrid(day);
        IReadOnlyList<SlotPattern>? warm = earlier is null ? null : [.. grid.Ahead.Select(p => grid.PatternOf(p, earlier))];
        return grid.Plan(SlotSearch.Solve(grid.Problem, budget ?? PlanBudget.Full, warm));
    }

    /// <summary>The request with every planned time announced to its patient: planning again then weighs changes.</summary>
    public static DayRequest Announced(DayPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Request with
        {
            Patients = [.. plan.Patients.Select(p => p.Patient with
            {
                AnnouncedInjectionMinute = p.InjectionPlanned ? p.InjectionMinute : p.Patient.AnnouncedInjectionMinute,
                AnnouncedLaterMinute = p.Later is { State: VisitState.Planned } later ? later.FromMinute : p.Patient.AnnouncedLaterMinute,
            })],
        };
    }
}
