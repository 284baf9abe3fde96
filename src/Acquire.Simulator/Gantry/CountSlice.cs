using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Gantry;

/// <summary>One cycle of the heart or the breath.</summary>
/// <param name="StartUs">Tick of its R wave.</param>
/// <param name="EndUs">Tick of the next one.</param>
/// <param name="IsAccepted">Its length lies in ACQuire:GATE:WINDow.</param>
internal readonly record struct Beat(long StartUs, long EndUs, bool IsAccepted);

/// <summary>The table's travel of a whole-body run, and how far it was in a slice.</summary>
/// <param name="StartMm">Start of ACQuire:WBODy:RANGe.</param>
/// <param name="EndMm">End of it.</param>
/// <param name="FromMm">Table at the start of the slice.</param>
/// <param name="ToMm">Table at its end.</param>
internal readonly record struct TableTravel(double StartMm, double EndMm, double FromMm, double ToMm);

/// <summary>A head in a slice: its energy windows and what it looks at, once per window.</summary>
internal sealed record HeadSlice(int Head, int Matrix, Exposure[] Windows);

/// <summary>An uninterrupted stretch of counting: all its counts depend on, frozen when it was over, so that they can be drawn on any thread.</summary>
internal sealed record CountSlice
{
    public required long StartUs { get; init; }
    public required long EndUs { get; init; }
    public required HeadSlice[] Heads { get; init; }
    /// <summary>Key of the chance that divides counts further (cycles, rows, events).</summary>
    public required ulong Key { get; init; }
    /// <summary>Bins of a cycle; 0 when the run is not gated.</summary>
    public int Bins { get; init; }
    public Beat[] Beats { get; init; } = [];
    public TableTravel? Travel { get; init; }
    /// <summary>A photomultiplier of head 1 is dead (fault pmt.dead).</summary>
    public bool HasDeadTube { get; init; }
    public double Seconds => (EndUs - StartUs) / 1e6;
}

/// <summary>What a slice adds to the running frames, in their order: head, window, bin.</summary>
internal sealed class SliceCounts
{
    public required uint[][] Pixels { get; init; }
    public required double[] LiveUs { get; init; }
    /// <summary>The same counts as events in order of time, when the run is kept in list mode; else null.</summary>
    public EventBatch? Events { get; init; }
    /// <summary>Lowest share of time any head was able to count.</summary>
    public double LeastLive { get; init; } = 1;
}
