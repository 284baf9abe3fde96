namespace Acquire.Protocols.Planning;

/// <summary>Days made up from a seed, for benchmarks and tests: a department with two SPECT/CT cameras and the mix of studies of clinical 5.</summary>
public static class SyntheticDay
{
    /// <summary>Delayed images only, injected in the injection room: facetogenic pain and the like (clinical 5): one planar view, SPECT of 15 min, CT.</summary>
    public static PlanStudy DelayedOnly { get; } = new()
    {
        Id = "delayed", Radiopharmaceutical = "99mTc-MDP", ActivityMBq = 700, Collimator = "LEHR", Needs = ["ct"],
        SetUpMinutes = 5, LaterMinutes = 30, TurnoverMinutes = 5, OpensMinutes = 120, TargetMinutes = 180, ClosesMinutes = 300,
    };

    /// <summary>Three phases: flow and pool on the camera at the injection.</summary>
    public static PlanStudy ThreePhase { get; } = DelayedOnly with { Id = "three-phase", FirstLeadMinutes = 5, FirstTailMinutes = 15 };
    /// <summary>Whole body only, no CT.</summary>
    public static PlanStudy WholeBody { get; } = DelayedOnly with { Id = "whole-body", Needs = [], LaterMinutes = 25 };
    /// <summary>Follow-up with SUV: the time after the injection repeats the baseline within 15 min (clinical 3.3, X).</summary>
    public static PlanStudy FollowUp { get; } = DelayedOnly with { Id = "follow-up", OpensMinutes = 165, ClosesMinutes = 195 + 25 };
    /// <summary>Ga-67 injected two days ago: one visit with MEGP.</summary>
    public static PlanStudy Gallium { get; } = new()
    {
        Id = "ga67", Nuclide = "Ga-67", Collimator = "MEGP", Needs = ["ct"], SetUpMinutes = 5, LaterMinutes = 45, TurnoverMinutes = 5, OpensMinutes = 24 * 60, TargetMinutes = 48 * 60, ClosesMinutes = 72 * 60,
    };

    /// <summary>A day.</summary>
    /// <param name="seed">Seed.</param>
    /// <param name="patients">How many.</param>
    /// <param name="gallium">Patients among them who need the other collimator.</param>
    public static DayRequest Make(int seed, int patients = 20, int gallium = 1)
    {
        var random = new Random(seed);
        List<PlanPatient> list = [];
        // Booked over the day as a department would, one after the other with what people ask for mixed in.
        int step = Math.Min(30, 370 / Math.Max(1, patients));
        for (int n = 0; n < patients; n++)
        {
            int pick = random.Next(100);
            PlanStudy study = n < gallium ? Gallium : pick < 40 ? DelayedOnly : pick < 65 ? ThreePhase : pick < 85 ? WholeBody : FollowUp;
            int ready = Math.Max(8 * 60, (8 * 60) + ((n * step) + random.Next(-30, 31)) / 5 * 5);
            list.Add(new PlanPatient
            {
                Slot = (n + 1).ToString("00", System.Globalization.CultureInfo.InvariantCulture),
                Study = study,
                ReadyMinute = study == Gallium ? (8 * 60) + (random.Next(8 * 60) / 5 * 5) : ready,
                Priority = random.Next(100) switch { < 5 => PlanPriority.Urgent, < 20 => PlanPriority.Soon, _ => PlanPriority.Routine },
                Lateness = new Lateness(0.3, 15),
                Progress = study == Gallium ? new VisitProgress { InjectedMinute = (-2 * 1440) + 600 + random.Next(240) } : new VisitProgress(),
            });
        }
        return new DayRequest
        {
            Cameras = [Camera("A", 11 * 60), Camera("B", (12 * 60) + 15)],
            Injection = new InjectionTeam { Staff = 2, Rooms = 2, OpensMinute = 7 * 60 + 45, ClosesMinute = 17 * 60, Breaks = [(new PlanStretch(12 * 60, 12 * 60 + 30, "break"), 1), (new PlanStretch(12 * 60 + 30, 13 * 60, "break"), 1)] },
            Kits = [new TracerKit("K1", "99mTc-MDP", "Tc-99m", 7 * 60 + 45, 360, 24_000), new TracerKit("K2", "99mTc-MDP", "Tc-99m", 12 * 60, 360, 9_000)],
            Patients = list,
            KnockOn = new Lateness(0.3, 8),
        };
    }

    private static PlanCamera Camera(string id, int lunch) => new()
    {
        Id = id, Features = ["ct", "spect", "dual-head"], Collimators = ["LEHR", "MEGP"], Mounted = "LEHR", ExchangeMinutes = 15,
        OpensMinute = 7 * 60 + 30, ClosesMinute = 18 * 60, OvertimeUntilMinute = 20 * 60,
        Breaks = [new PlanBreak(lunch, lunch + 60, 30)],
        Blocked = [new PlanStretch(7 * 60 + 30, 8 * 60, "daily quality control")],
    };
}
