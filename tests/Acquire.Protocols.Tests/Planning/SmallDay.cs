using Acquire.Protocols.Planning;

namespace Acquire.Protocols.Tests.Planning;

/// <summary>Small random days that use everything: two cameras, collimators, exchanges, breaks, kits, staff, rooms, fixed and injected patients.</summary>
internal static class SmallDay
{
    public static PlanStudy Delayed { get; } = new()
    {
        Id = "delayed", Radiopharmaceutical = "MDP", ActivityMBq = 700, Collimator = "LEHR", SetUpMinutes = 5, LaterMinutes = 40, TurnoverMinutes = 5, OpensMinutes = 120, TargetMinutes = 180, ClosesMinutes = 255,
    };

    public static DayRequest Make(int seed, int visits)
    {
        var random = new Random(seed);
        int grid = 15;
        List<PlanPatient> patients = [];
        for (int left = visits, n = 1; left > 0; n++)
        {
            int pick = random.Next(10);
            PlanStudy study = pick switch
            {
                < 3 => Delayed with { LaterMinutes = 25 + (15 * random.Next(3)) },
                < 6 when left > 1 => Delayed with { FirstLeadMinutes = 15, FirstTailMinutes = 15, LaterMinutes = 40 },
                < 8 => Delayed with { Collimator = "MEGP", Radiopharmaceutical = "", LaterMinutes = 40 },
                8 => Delayed with { LaterMinutes = 0, FollowedBy = "" , FirstLeadMinutes = 0, FirstTailMinutes = 30 },
                _ => Delayed with { Needs = ["ct"], FollowedBy = "67Ga" },
            };
            bool injected = random.Next(4) == 0 && study.LaterMinutes > 0;
            patients.Add(new PlanPatient
            {
                Slot = n.ToString("00", System.Globalization.CultureInfo.InvariantCulture),
                Study = study,
                ReadyMinute = 480 + (grid * random.Next(12)),
                Priority = (PlanPriority)random.Next(3),
                Lateness = new Lateness(0.3, 20),
                FixedMinute = !injected && random.Next(8) == 0 ? 540 + (grid * random.Next(6)) : null,
                AnnouncedInjectionMinute = random.Next(4) == 0 ? 480 + (grid * random.Next(16)) : null,
                LeavesMinute = random.Next(6) == 0 ? 840 + (grid * random.Next(8)) : null,
                Progress = injected ? new VisitProgress { InjectedMinute = 450 - (grid * random.Next(4)) } : new VisitProgress(),
            });
            left -= (study.OnCamera ? 1 : 0) + (study.LaterMinutes > 0 ? 1 : 0);
        }
        bool two = random.Next(3) > 0;
        PlanCamera a = new()
        {
            Id = "A", Features = ["ct"], Collimators = ["LEHR", "MEGP"], Mounted = random.Next(4) == 0 ? "MEGP" : "LEHR", ExchangeMinutes = 15 * (1 + random.Next(2)),
            OpensMinute = 480, ClosesMinute = 780, OvertimeUntilMinute = 930, Breaks = random.Next(2) == 0 ? [new PlanBreak(600, 600 + (grid * random.Next(6)), 30)] : [],
            Blocked = random.Next(2) == 0 ? [new PlanStretch(480, 480 + (grid * random.Next(1, 4)), "quality control")] : [],
        };
        PlanCamera b = a with { Id = "B", Features = [], Collimators = random.Next(2) == 0 ? ["LEHR"] : ["LEHR", "MEGP"], Mounted = "LEHR", Breaks = [new PlanBreak(660, 720, 30)], Blocked = [] };
        return new DayRequest
        {
            Day = "2026-01-15",
            GridMinutes = grid,
            Cameras = two ? [a, b] : [a],
            Injection = new InjectionTeam { Staff = 1, Rooms = 1, LeadMinutes = 0, TailMinutes = 15, OpensMinute = 480, ClosesMinute = 900, Breaks = [(new PlanStretch(600, 630, "break"), 1)] },
            Kits = random.Next(2) == 0 ? [new TracerKit("K1", "MDP", "Tc-99m", 480, 240, 1500 + random.Next(2500))] : [new TracerKit("K1", "MDP", "Tc-99m", 480, 150, 1800), new TracerKit("K2", "MDP", "Tc-99m", 600, 240, 2500)],
            Patients = patients,
            KnockOn = new Lateness(0.3, 10),
        };
    }
}
