namespace Acquire.Protocols.Planning;

/// <summary>How urgently a patient is to be done; waiting and being left out weigh by it.</summary>
public enum PlanPriority
{
    /// <summary>Weight 1.</summary>
    Routine,
    /// <summary>Weight 2: an inpatient, a patient in pain, a child.</summary>
    Soon,
    /// <summary>Weight 4.</summary>
    Urgent,
}

/// <summary>How late a patient (or a scan) may be: late with some probability, and then by an exponentially distributed time.</summary>
/// <param name="Share">Probability of being late at all, 0 to 1.</param>
/// <param name="MeanMinutes">Mean lateness of those who are late, minutes.</param>
public sealed record Lateness(double Share, double MeanMinutes)
{
    /// <summary>Never late.</summary>
    public static Lateness None { get; } = new(0, 0);

    /// <summary>Probability of being late by more than that many minutes.</summary>
    public double Beyond(double minutes) => minutes < 0 ? 1 : MeanMinutes <= 0 ? 0 : Share * Math.Exp(-minutes / MeanMinutes);

    /// <summary>Minutes that are exceeded with at most that probability.</summary>
    public double Within(double probability) => Share <= probability || MeanMinutes <= 0 ? 0 : MeanMinutes * Math.Log(Share / probability);

    /// <summary>Probability that two independent latenesses add up to more than that many minutes.</summary>
    public static double SumBeyond(Lateness a, Lateness b, double minutes)
    {
        if (minutes < 0) return 1;
        double onlyA = a.Beyond(minutes) * (1 - (b.MeanMinutes > 0 ? b.Share : 0)), onlyB = b.Beyond(minutes) * (1 - (a.MeanMinutes > 0 ? a.Share : 0));
        if (a.MeanMinutes <= 0 || b.MeanMinutes <= 0) return onlyA + onlyB;
        double m = a.MeanMinutes, n = b.MeanMinutes;
        double both = Math.Abs(m - n) < 1e-6 * m
            ? Math.Exp(-minutes / m) * (1 + (minutes / m))
            : ((m * Math.Exp(-minutes / m)) - (n * Math.Exp(-minutes / n))) / (m - n);
        return onlyA + onlyB + (a.Share * b.Share * both);
    }
}

/// <summary>What a study needs of the day; taken from a protocol (<see cref="PlanStudies"/>) or stated in the day's file. Minutes.</summary>
public sealed record PlanStudy
{
    /// <summary>Id of the protocol, or the name used in the day's file.</summary>
    public required string Id { get; init; }
    /// <summary>What is injected; a kit of that name gives it. Empty: nothing is drawn from a kit.</summary>
    public string Radiopharmaceutical { get; init; } = "";
    /// <summary>Nuclide, as <c>Radionuclide</c> names it.</summary>
    public string Nuclide { get; init; } = "Tc-99m";
    /// <summary>Activity to be injected, MBq.</summary>
    public double ActivityMBq { get; init; }
    /// <summary>Collimator of all visits.</summary>
    public required string Collimator { get; init; }
    /// <summary>Features the camera of the later visit must have ("ct", "spect").</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];
    /// <summary>Minutes on the camera before the injection (positioning, pre-roll); with <see cref="FirstTailMinutes"/> 0: injected off the camera.</summary>
    public int FirstLeadMinutes { get; init; }
    /// <summary>Minutes on the camera from the injection on (flow, blood pool, getting off, cleaning).</summary>
    public int FirstTailMinutes { get; init; }
    /// <summary>Minutes on the camera of the later visit, positioning to last count; 0: none that day.</summary>
    public int LaterMinutes { get; init; }
    /// <summary>Minutes after a later visit until the next patient may come (getting off, cleaning).</summary>
    public int TurnoverMinutes { get; init; }
    /// <summary>Minutes at the start of the later visit before it counts (getting on, positioning).</summary>
    public int SetUpMinutes { get; init; }
    /// <summary>Earliest first count of the later visit, minutes from the injection.</summary>
    public int OpensMinutes { get; init; }
    /// <summary>Wanted first count, minutes from the injection.</summary>
    public int TargetMinutes { get; init; }
    /// <summary>Latest last count, minutes from the injection.</summary>
    public int ClosesMinutes { get; init; }
    /// <summary>Nuclide and tracer given directly after the later visit, e.g. "67Ga-citrate" after MDP; empty: none.</summary>
    public string FollowedBy { get; init; } = "";

    /// <summary>True when the injection is given on the camera.</summary>
    public bool OnCamera => FirstTailMinutes > 0;
    /// <summary>Latest start of counting so that it ends within the window, minutes from the injection.</summary>
    public int LatestCountMinutes => ClosesMinutes - (LaterMinutes - SetUpMinutes);
}

/// <summary>Where a patient's visits stand; nothing set: all is ahead.</summary>
public sealed record VisitProgress
{
    /// <summary>Injected at this minute (negative: an earlier day); null: not yet.</summary>
    public int? InjectedMinute { get; init; }
    /// <summary>Camera of the visit at the injection, when there was one.</summary>
    public string FirstCamera { get; init; } = "";
    /// <summary>End of the visit at the injection as known; null with <see cref="FirstCamera"/>: by the study's times.</summary>
    public int? FirstEndsMinute { get; init; }
    /// <summary>The later visit began at this minute.</summary>
    public int? LaterBeganMinute { get; init; }
    /// <summary>Camera of the later visit.</summary>
    public string LaterCamera { get; init; } = "";
    /// <summary>End of the later visit as known; null: by the study's times.</summary>
    public int? LaterEndsMinute { get; init; }
    /// <summary>Gone home or sent away: nothing more is planned.</summary>
    public bool Left { get; init; }
}

/// <summary>A patient of the day, by slot: no name, no id.</summary>
public sealed record PlanPatient
{
    /// <summary>Slot, e.g. "07" or "10:40".</summary>
    public required string Slot { get; init; }
    /// <summary>What is done.</summary>
    public required PlanStudy Study { get; init; }
    /// <summary>Ready to be injected or laid on the camera, minute of the day.</summary>
    public required int ReadyMinute { get; init; }
    /// <summary>How urgently.</summary>
    public PlanPriority Priority { get; init; }
    /// <summary>How late this patient may come, each time.</summary>
    public Lateness Lateness { get; init; } = Lateness.None;
    /// <summary>The injection is fixed at this minute.</summary>
    public int? FixedMinute { get; init; }
    /// <summary>Not back for the later visit before this minute.</summary>
    public int? BackMinute { get; init; }
    /// <summary>The later visit must end by then (transport, dialysis).</summary>
    public int? LeavesMinute { get; init; }
    /// <summary>Injection time the patient was told; null: none yet.</summary>
    public int? AnnouncedInjectionMinute { get; init; }
    /// <summary>Time of the later visit the patient was told; null: none yet.</summary>
    public int? AnnouncedLaterMinute { get; init; }
    /// <summary>What has happened.</summary>
    public VisitProgress Progress { get; init; } = new();

    /// <summary>Weight of the priority.</summary>
    public int Weight => Priority switch { PlanPriority.Urgent => 4, PlanPriority.Soon => 2, _ => 1 };
}

/// <summary>A break: starts between two minutes of the day and lasts.</summary>
/// <param name="EarliestMinute">Earliest start.</param>
/// <param name="LatestMinute">Latest start.</param>
/// <param name="LengthMinutes">Length.</param>
public sealed record PlanBreak(int EarliestMinute, int LatestMinute, int LengthMinutes);

/// <summary>A stretch of the day.</summary>
/// <param name="FromMinute">Start.</param>
/// <param name="ToMinute">End.</param>
/// <param name="What">What for, or why.</param>
public sealed record PlanStretch(int FromMinute, int ToMinute, string What);

/// <summary>A camera.</summary>
public sealed record PlanCamera
{
    /// <summary>Id, e.g. "A".</summary>
    public required string Id { get; init; }
    /// <summary>Features: ct, spect, dual-head.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];
    /// <summary>Collimators that are there.</summary>
    public required IReadOnlyList<string> Collimators { get; init; }
    /// <summary>The one that is on now.</summary>
    public required string Mounted { get; init; }
    /// <summary>Minutes an exchange takes.</summary>
    public int ExchangeMinutes { get; init; } = 15;
    /// <summary>Opening, minute of the day.</summary>
    public required int OpensMinute { get; init; }
    /// <summary>Regular end.</summary>
    public required int ClosesMinute { get; init; }
    /// <summary>Latest end; between the two is overtime.</summary>
    public required int OvertimeUntilMinute { get; init; }
    /// <summary>Breaks still to be taken, in order.</summary>
    public IReadOnlyList<PlanBreak> Breaks { get; init; } = [];
    /// <summary>Times it cannot be used: quality control, service, fixed appointments.</summary>
    public IReadOnlyList<PlanStretch> Blocked { get; init; } = [];
}

/// <summary>Who and what is there for injections.</summary>
public sealed record InjectionTeam
{
    /// <summary>People.</summary>
    public required int Staff { get; init; }
    /// <summary>Injection rooms.</summary>
    public required int Rooms { get; init; }
    /// <summary>Minutes of a person before an injection.</summary>
    public int LeadMinutes { get; init; } = 5;
    /// <summary>Minutes of a person from an injection on.</summary>
    public int TailMinutes { get; init; } = 5;
    /// <summary>First minute.</summary>
    public required int OpensMinute { get; init; }
    /// <summary>Last minute.</summary>
    public required int ClosesMinute { get; init; }
    /// <summary>Breaks: that many people are away.</summary>
    public IReadOnlyList<(PlanStretch When, int Staff)> Breaks { get; init; } = [];
}

/// <summary>A kit: labelled vial from which doses are drawn.</summary>
/// <param name="Id">Id.</param>
/// <param name="Radiopharmaceutical">What it holds.</param>
/// <param name="Nuclide">Nuclide.</param>
/// <param name="ReadyMinute">Ready from, also the reference time of the activity.</param>
/// <param name="LifeMinutes">Life after preparation, minutes (docs: clinical 2.4: 6 h, X, unless the label differs).</param>
/// <param name="ActivityMBq">Activity that can be drawn, MBq at <paramref name="ReadyMinute"/>.</param>
public sealed record TracerKit(string Id, string Radiopharmaceutical, string Nuclide, int ReadyMinute, int LifeMinutes, double ActivityMBq)
{
    /// <summary>Last minute it may be used.</summary>
    public int ExpiresMinute => ReadyMinute + LifeMinutes;

    /// <summary>What a dose takes from the kit, in whole MBq at the reference time, rounded up: later doses take more. Null when the kit cannot be used then.</summary>
    public int? Takes(double doseMBq, int minute)
    {
        if (minute < ReadyMinute || minute > ExpiresMinute) return null;
        double hours = (minute - ReadyMinute) / 60.0;
        double halfLifeHours = (Nuclides.Radionuclide.Find(Nuclide) ?? Nuclides.Radionuclide.Tc99m).HalfLifeSeconds / 3600;
        return (int)Math.Ceiling((doseMBq * Math.Pow(2, hours / halfLifeHours)) - 1e-9);
    }
}

/// <summary>What things weigh against each other, in points. One point is a begun quarter of an hour of waiting of a routine patient. Editable in the day's file.</summary>
public sealed record PlanWeights
{
    /// <summary>An injected patient whose later images are not taken at all, times the priority's weight.</summary>
    public int NoImages { get; init; } = 1000;
    /// <summary>A scan that ends outside its window, times the priority's weight.</summary>
    public int OutsideWindow { get; init; } = 300;
    /// <summary>Every begun quarter of an hour beyond the window, times the priority's weight.</summary>
    public int BeyondPerQuarter { get; init; } = 5;
    /// <summary>A patient who is not placed today, times the priority's weight.</summary>
    public int NotToday { get; init; } = 200;
    /// <summary>A break that cannot be taken.</summary>
    public int SkippedBreak { get; init; } = 100;
    /// <summary>Certainty of missing the window through lateness, times the priority's weight; multiplied by its probability.</summary>
    public int Risk { get; init; } = 300;
    /// <summary>Every begun quarter of an hour a camera works after its regular end.</summary>
    public int OvertimePerQuarter { get; init; } = 2;
    /// <summary>Every begun quarter of an hour of waiting for the injection beyond <see cref="WaitingFreeMinutes"/>, times the priority's weight.</summary>
    public int WaitingPerQuarter { get; init; } = 1;
    /// <summary>Waiting that costs nothing, minutes.</summary>
    public int WaitingFreeMinutes { get; init; } = 15;
    /// <summary>Every begun quarter of an hour off the target of the later visit beyond <see cref="TargetFreeMinutes"/>.</summary>
    public int TargetPerQuarter { get; init; } = 1;
    /// <summary>Distance from the target that costs nothing, minutes.</summary>
    public int TargetFreeMinutes { get; init; } = 30;
    /// <summary>An exchange of collimators.</summary>
    public int Exchange { get; init; } = 1;
    /// <summary>Every begun quarter of an hour off an announced time beyond <see cref="ChangeFreeMinutes"/>.</summary>
    public int ChangePerQuarter { get; init; } = 1;
    /// <summary>Distance from an announced time that costs nothing, minutes.</summary>
    public int ChangeFreeMinutes { get; init; } = 10;
}

/// <summary>A day to be planned, or planned again: everything the planner knows. Times are minutes since midnight.</summary>
public sealed record DayRequest
{
    /// <summary>The day, as written (2026-01-15).</summary>
    public string Day { get; init; } = "";
    /// <summary>Slot of the grid, minutes.</summary>
    public int GridMinutes { get; init; } = 5;
    /// <summary>Now; nothing is planned before it. Null: the whole day is ahead.</summary>
    public int? NowMinute { get; init; }
    /// <summary>Cameras.</summary>
    public required IReadOnlyList<PlanCamera> Cameras { get; init; }
    /// <summary>Injections.</summary>
    public required InjectionTeam Injection { get; init; }
    /// <summary>Kits.</summary>
    public IReadOnlyList<TracerKit> Kits { get; init; } = [];
    /// <summary>Patients.</summary>
    public required IReadOnlyList<PlanPatient> Patients { get; init; }
    /// <summary>Lateness that a scan inherits from those before it on the camera.</summary>
    public Lateness KnockOn { get; init; } = Lateness.None;
    /// <summary>Weights.</summary>
    public PlanWeights Weights { get; init; } = new();
}
