using Acquire.Service.Conformance.Clauses;

namespace Acquire.Service.Conformance;

/// <summary>All clauses, in the order in which they are checked: what a gantry must be able to do before the next can be checked comes first.</summary>
internal static class ClauseList
{
    /// <summary>All clauses.</summary>
    public static IReadOnlyList<Clause> All { get; } =
    [
        .. Refusals.All().Where(c => c.Id == "GCI-7.2"), .. Transport.All(), .. Grammar.All(), .. CommonCommands.All().Where(c => c.Needs == Needs.Nothing || c.Needs == Needs.Control), .. Sessions.All().Where(c => (c.Needs & (Needs.Motion | Needs.Counting)) == 0),
        .. Tree.All(), .. CommonCommands.All().Where(c => c.Needs != Needs.Nothing && c.Needs != Needs.Control),
        .. Sessions.All().Where(c => (c.Needs & (Needs.Motion | Needs.Counting)) != 0), .. Refusals.All().Where(c => c.Id != "GCI-7.2"), .. Modes.All(), .. Events.All(), .. CtCycle.All(),
    ];

    /// <summary>Chooses clauses by id or by the beginning of one ("GCI-7", "GCI-2.").</summary>
    /// <exception cref="AcquireException">An id names nothing.</exception>
    public static IReadOnlyList<Clause> Choose(IReadOnlyList<string> ids)
    {
        if (ids.Count == 0) return All;
        foreach (string id in ids)
            if (!All.Any(c => Means(c, id))) throw new AcquireException($"there is no clause {id}; --list shows them", ExitCodes.BadInput);
        return [.. All.Where(c => ids.Any(id => Means(c, id)))];
    }

    private static bool Means(Clause clause, string id) =>
        clause.Id.Equals(id, StringComparison.OrdinalIgnoreCase) || (id.EndsWith('.') && clause.Id.StartsWith(id, StringComparison.OrdinalIgnoreCase)) || clause.Id.StartsWith(id + ".", StringComparison.OrdinalIgnoreCase);
}
