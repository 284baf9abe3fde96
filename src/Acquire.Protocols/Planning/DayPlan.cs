namespace Acquire.Protocols.Planning;

/// <summary>Whether a visit may still be moved.</summary>
public enum VisitState
{
    /// <summary>Planned: may be moved.</summary>
    Planned,
    /// <summary>Done or running: stays.</summary>
    Fixed,
}

/// <summary>A visit to a camera, with getting on and off.</summary>
/// <param name="Camera">Camera.</param>
/// <param name="FromMinute">Start, minute of the day.</param>
/// <param name="ToMinute">End, the camera is free again.</param>
/// <param name="State">May it be moved.</param>
public sealed record PlannedVisit(string Camera, int FromMinute, int ToMinute, VisitState State);

/// <summary>One patient's day.</summary>
public sealed record PlannedPatient
{
    /// <summary>Slot.</summary>
    public required string Slot { get; init; }
    /// <summary>As requested.</summary>
    public required PlanPatient Patient { get; init; }
    /// <summary>False: not today (or, injected: no later images).</summary>
    public required bool Placed { get; init; }
    /// <summary>Injection, minute of the day; null when none.</summary>
    public int? InjectionMinute { get; init; }
    /// <summary>The injection is planned, not given yet.</summary>
    public bool InjectionPlanned { get; init; }
    /// <summary>Visit at the injection.</summary>
    public PlannedVisit? First { get; init; }
    /// <summary>Later visit.</summary>
    public PlannedVisit? Later { get; init; }
    /// <summary>Kit the dose comes from.</summary>
    public string Kit { get; init; } = "";

    /// <summary>Opening of the later visit's window, minute of the day: first count not before.</summary>
    public int? OpensMinute => InjectionMinute + Patient.Study.OpensMinutes;
    /// <summary>Closing of the later visit's window, minute of the day: last count not after.</summary>
    public int? ClosesMinute => InjectionMinute + Patient.Study.ClosesMinutes;
    /// <summary>
    /// When to ask the patient back: 10 min before the later visit, and as much earlier (an hour at the most) as it takes that lateness pushes the
    /// images out of their window in no more than one case of 500.
    /// </summary>
    public int? BackByMinute => Later is null || InjectionMinute is not { } i ? null
        : Later.FromMinute - (int)Math.Clamp(Math.Ceiling((Patient.Lateness.Within(0.002) - (Patient.Study.LatestCountMinutes - (Later.FromMinute + Patient.Study.SetUpMinutes - i))) / 5) * 5, 10, 60);
    /// <summary>True when the later visit is planned, or was, outside its window.</summary>
    public bool OutsideWindow => Later is not null && InjectionMinute is { } i &&
        (Later.FromMinute + Patient.Study.SetUpMinutes - i < Patient.Study.OpensMinutes || Later.FromMinute + Patient.Study.SetUpMinutes - i > Patient.Study.LatestCountMinutes);
}

/// <summary>What a camera does beside visits.</summary>
public enum CameraStepKind
{
    /// <summary>Collimators are exchanged.</summary>
    Exchange,
    /// <summary>Break.</summary>
    Break,
    /// <summary>A break that could not be placed.</summary>
    SkippedBreak,
}

/// <summary>A step of a camera beside visits.</summary>
/// <param name="Camera">Camera.</param>
/// <param name="Kind">Kind.</param>
/// <param name="FromMinute">Start.</param>
/// <param name="ToMinute">End.</param>
/// <param name="What">In words.</param>
public sealed record CameraStep(string Camera, CameraStepKind Kind, int FromMinute, int ToMinute, string What);

/// <summary>A part of the objective.</summary>
/// <param name="Kind">What for: "waiting", "overtime", ...</param>
/// <param name="Whom">Slot or camera.</param>
/// <param name="Points">Points.</param>
public sealed record PlanPart(string Kind, string Whom, int Points)
{
    /// <summary>The minutes it stands for; 0 where it is none.</summary>
    public int Minutes { get; init; }
}

/// <summary>What the plan takes from a kit.</summary>
/// <param name="Kit">Kit.</param>
/// <param name="LeftMBq">In it before the plan, MBq at its reference time.</param>
/// <param name="TakenMBq">Taken by the plan, MBq at its reference time.</param>
public sealed record KitUse(TracerKit Kit, int LeftMBq, int TakenMBq);

/// <summary>A plan of a day with its objective and the proof of how good it is.</summary>
public sealed record DayPlan
{
    /// <summary>What was asked.</summary>
    public required DayRequest Request { get; init; }
    /// <summary>Patients in the order of the request.</summary>
    public required IReadOnlyList<PlannedPatient> Patients { get; init; }
    /// <summary>Exchanges and breaks.</summary>
    public required IReadOnlyList<CameraStep> Steps { get; init; }
    /// <summary>Where the points come from; they add up to <see cref="Objective"/>.</summary>
    public required IReadOnlyList<PlanPart> Parts { get; init; }
    /// <summary>Objective, points; less is better.</summary>
    public required int Objective { get; init; }
    /// <summary>Proven: no plan of this day on this grid has fewer points.</summary>
    public required int LowerBound { get; init; }
    /// <summary>Points between the plan and what is proven.</summary>
    public int Gap => Objective - LowerBound;
    /// <summary>True when no plan on the grid is better.</summary>
    public bool IsOptimal => Gap == 0;
    /// <summary>Evaluations of the bound the search took.</summary>
    public int Evaluations { get; init; }
    /// <summary>Branches the search looked into.</summary>
    public int Branches { get; init; }
    /// <summary>Kits.</summary>
    public IReadOnlyList<KitUse> Kits { get; init; } = [];
    /// <summary>Prices of the search's root.</summary>
    internal double[] Prices { get; init; } = [];

    /// <summary>The patient of a slot; null when there is none.</summary>
    public PlannedPatient? Find(string slot) => Patients.FirstOrDefault(p => p.Slot == slot);
    /// <summary>Points of one kind.</summary>
    public int PointsOf(string kind) => Parts.Where(p => p.Kind == kind).Sum(p => p.Points);
}
