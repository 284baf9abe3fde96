namespace Acquire.Protocols.Planning;

/// <summary>Points of each kind for one decision about one patient: the one place where the objective is defined (docs/planner.md).</summary>
internal sealed class PlanCosts(DayRequest day)
{
    private readonly PlanWeights _w = day.Weights;

    /// <summary>Points for every begun quarter of an hour.</summary>
    private static int Points(int perQuarter, int minutes) => minutes <= 0 ? 0 : perQuarter * ((minutes + 14) / 15);

    /// <summary>Waiting from readiness to injection.</summary>
    public int Waiting(PlanPatient p, int injection) => Points(_w.WaitingPerQuarter * p.Weight, injection - EarliestInjection(p) - _w.WaitingFreeMinutes);

    /// <summary>Off the injection time the patient was told.</summary>
    public int ChangedInjection(PlanPatient p, int injection) => p.AnnouncedInjectionMinute is { } told ? Points(_w.ChangePerQuarter, Math.Abs(injection - told) - _w.ChangeFreeMinutes) : 0;

    /// <summary>Off the time of the later visit the patient was told.</summary>
    public int ChangedLater(PlanPatient p, int later) => p.AnnouncedLaterMinute is { } told ? Points(_w.ChangePerQuarter, Math.Abs(later - told) - _w.ChangeFreeMinutes) : 0;

    /// <summary>Off the target of the later visit.</summary>
    /// <param name="p">Patient.</param>
    /// <param name="lag">From injection to first count of the later visit, minutes.</param>
    public int OffTarget(PlanPatient p, int lag) => Points(_w.TargetPerQuarter, Math.Abs(lag - p.Study.TargetMinutes) - _w.TargetFreeMinutes);

    /// <summary>Probability that lateness pushes the later visit out of its window, weighted.</summary>
    public int Risk(PlanPatient p, int lag)
    {
        int slack = p.Study.LatestCountMinutes - lag;
        if (slack < 0) return 0;
        return (int)Math.Round(_w.Risk * p.Weight * Lateness.SumBeyond(p.Lateness, day.KnockOn, slack), MidpointRounding.AwayFromZero);
    }

    /// <summary>Outside the window of the later visit.</summary>
    public int Outside(PlanPatient p, int lag)
    {
        int beyond = lag - p.Study.LatestCountMinutes;
        return beyond <= 0 ? 0 : (_w.OutsideWindow * p.Weight) + Points(_w.BeyondPerQuarter * p.Weight, beyond);
    }

    /// <summary>Not placed at all.</summary>
    public int Dropped(PlanPatient p) => (p.Progress.InjectedMinute is null ? _w.NotToday : _w.NoImages) * p.Weight;

    /// <summary>Earliest minute of the injection: ready, and laid on the camera when it is given there.</summary>
    public static int EarliestInjection(PlanPatient p) => p.ReadyMinute + (p.Study.OnCamera ? p.Study.FirstLeadMinutes : 0);
}
