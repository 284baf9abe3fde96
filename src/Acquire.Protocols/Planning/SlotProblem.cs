namespace Acquire.Protocols.Planning;

/// <summary>A break of a camera's technologist, in grid slots.</summary>
internal sealed record SlotBreak(int Earliest, int Latest, int Length);

/// <summary>A camera on the grid: what it can hold and when.</summary>
internal sealed record SlotCamera
{
    /// <summary>Collimators it has, as indices into <see cref="SlotProblem.Collimators"/>.</summary>
    public required int[] Collimators { get; init; }
    /// <summary>The one mounted at the first slot, index into <see cref="Collimators"/>.</summary>
    public required int Mounted { get; init; }
    /// <summary>Slots an exchange takes.</summary>
    public required int ExchangeSlots { get; init; }
    /// <summary>Points an exchange costs.</summary>
    public required int ExchangeCost { get; init; }
    /// <summary>True where the camera may work: open, not blocked, not before now.</summary>
    public required bool[] Open { get; init; }
    /// <summary>First slot of overtime.</summary>
    public required int RegularEnd { get; init; }
    /// <summary>Points per begun <see cref="OvertimeEvery"/> slots of overtime until the camera closes.</summary>
    public required int OvertimeCost { get; init; }
    /// <summary>Slots of overtime that cost <see cref="OvertimeCost"/> together.</summary>
    public required int OvertimeEvery { get; init; }
    /// <summary>Breaks still to be taken, in order.</summary>
    public required SlotBreak[] Breaks { get; init; }
    /// <summary>Points a break costs that is not taken.</summary>
    public required int SkippedBreakCost { get; init; }

    /// <summary>Index into <see cref="Collimators"/>; -1 when it has none of that kind.</summary>
    public int LocalCollimator(int collimator) => Array.IndexOf(Collimators, collimator);
}

/// <summary>A patient on the grid. Every cost is in whole points.</summary>
internal sealed record SlotJob
{
    /// <summary>Points when the patient is not placed today at all.</summary>
    public required int DropCost { get; init; }

    /// <summary>True when an injection is still to be given.</summary>
    public bool Injects => InjectionCost.Length > 0;
    /// <summary>Points by slot of the injection; <see cref="SlotProblem.Never"/> where it may not be. Empty: nothing to inject.</summary>
    public int[] InjectionCost { get; init; } = [];
    /// <summary>Slots staff is busy before the injection.</summary>
    public int StaffLead { get; init; }
    /// <summary>Slots staff is busy from the injection on.</summary>
    public int StaffTail { get; init; }
    /// <summary>The injection is given in an injection room, for as long as staff is busy.</summary>
    public bool NeedsRoom { get; init; }
    /// <summary>By kit and slot: what the dose takes from the kit, MBq at the kit's reference time; -1 where the kit cannot be used. Empty: no kit is needed.</summary>
    public int[][] KitNeed { get; init; } = [];

    /// <summary>Slots on the camera before the injection; 0 with <see cref="FirstTail"/> 0: injected off the camera.</summary>
    public int FirstLead { get; init; }
    /// <summary>Slots on the camera from the injection on.</summary>
    public int FirstTail { get; init; }
    /// <summary>Slots of the first visit.</summary>
    public int FirstSlots => FirstLead + FirstTail;
    /// <summary>Collimator of the first visit.</summary>
    public int FirstCollimator { get; init; }
    /// <summary>Points by camera for the first visit; <see cref="SlotProblem.Never"/> where it cannot be.</summary>
    public int[] FirstCamera { get; init; } = [];

    /// <summary>Slots of the later visit; 0: none today.</summary>
    public int LaterSlots { get; init; }
    /// <summary>Smallest wait from injection to later visit, slots (of a patient who injects today).</summary>
    public int MinLag { get; init; }
    /// <summary>Points by wait beyond <see cref="MinLag"/>; its length gives the largest wait.</summary>
    public int[] LagCost { get; init; } = [];
    /// <summary>Points by start slot of the later visit.</summary>
    public int[] LaterCost { get; init; } = [];
    /// <summary>Collimator of the later visit.</summary>
    public int LaterCollimator { get; init; }
    /// <summary>Points by camera for the later visit.</summary>
    public int[] LaterCamera { get; init; } = [];
    /// <summary>Slots injection staff is busy directly after the later visit (injection of the next tracer); 0: none.</summary>
    public int FollowSlots { get; init; }
}

/// <summary>
/// A day on a grid of equal slots: the exact problem that is solved (docs/planner.md states it in words, tests/peers/day.mzn in MiniZinc).
/// All data are whole numbers, so an optimum is a whole number and a gap below 1 is none.
/// </summary>
internal sealed record SlotProblem
{
    /// <summary>A cost that bars a choice.</summary>
    public const int Never = 1_000_000;

    /// <summary>Slots of the day.</summary>
    public required int Slots { get; init; }
    /// <summary>Slot the path of every camera starts at (now).</summary>
    public required int First { get; init; }
    /// <summary>Names of collimators.</summary>
    public required string[] Collimators { get; init; }
    /// <summary>Cameras.</summary>
    public required SlotCamera[] Cameras { get; init; }
    /// <summary>Patients.</summary>
    public required SlotJob[] Jobs { get; init; }
    /// <summary>People who can inject, by slot.</summary>
    public required int[] Staff { get; init; }
    /// <summary>Injection rooms, by slot.</summary>
    public required int[] Rooms { get; init; }
    /// <summary>Content of the kits, MBq at each kit's reference time.</summary>
    public required int[] Kits { get; init; }
}

/// <summary>Where one patient is placed: slots and cameras; -1 for what does not apply.</summary>
internal readonly record struct SlotPattern(int Injection, int FirstCamera, int Later, int LaterCamera, int Kit)
{
    /// <summary>Not placed today.</summary>
    public static readonly SlotPattern Dropped = new(-1, -1, -1, -1, -1);
    /// <summary>True when placed.</summary>
    public bool Placed => Injection >= 0 || Later >= 0;
}
