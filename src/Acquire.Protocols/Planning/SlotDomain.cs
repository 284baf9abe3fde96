namespace Acquire.Protocols.Planning;

/// <summary>What is still allowed to one patient in a branch of the search.</summary>
internal sealed class SlotDomain
{
    public required bool[] Injection { get; init; }
    public required bool[] Later { get; init; }
    public required bool[] FirstCamera { get; init; }
    public required bool[] LaterCamera { get; init; }
    public required bool[] Kit { get; init; }
    public bool Drop { get; set; } = true;

    public static SlotDomain Of(SlotProblem p, SlotJob j) => new()
    {
        Injection = [.. Enumerable.Range(0, p.Slots).Select(t => j.Injects && t >= p.First && j.InjectionCost[t] < SlotProblem.Never && MayInject(p, j, t))],
        Later = [.. Enumerable.Range(0, p.Slots).Select(t => j.LaterSlots > 0 && t >= p.First && t + j.LaterSlots + j.FollowSlots <= p.Slots && j.LaterCost[t] < SlotProblem.Never)],
        FirstCamera = [.. p.Cameras.Select((_, c) => j.FirstSlots > 0 && j.FirstCamera[c] < SlotProblem.Never)],
        LaterCamera = [.. p.Cameras.Select((_, c) => j.LaterSlots > 0 && j.LaterCamera[c] < SlotProblem.Never)],
        Kit = [.. j.KitNeed.Select(_ => true)],
    };

    private static bool MayInject(SlotProblem p, SlotJob j, int t)
    {
        if (t - j.StaffLead < p.First || t + j.StaffTail > p.Slots || (j.FirstSlots > 0 && (t - j.FirstLead < p.First || t + j.FirstTail > p.Slots))) return false;
        for (int s = t - j.StaffLead; s < t + j.StaffTail; s++)
            if (p.Staff[s] <= 0 || (j.NeedsRoom && p.Rooms[s] <= 0)) return false;
        return j.KitNeed.Length == 0 || j.KitNeed.Any(k => k[t] >= 0);
    }

    public SlotDomain Copy() => new()
    {
        Injection = [.. Injection],
        Later = [.. Later],
        FirstCamera = [.. FirstCamera],
        LaterCamera = [.. LaterCamera],
        Kit = [.. Kit],
        Drop = Drop,
    };
}
