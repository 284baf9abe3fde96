namespace Acquire.Service.Gantry;

/// <summary>How long an answer may take, wall time, by class of request. They guard the wire, not the study.</summary>
/// <remarks>GCI 1.0 section 8: any query is answered within 50 ms; what is more is for busy machines and slow lines.</remarks>
public sealed record GantryDeadlines
{
    /// <summary>A query.</summary>
    public TimeSpan Query { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>A setting and its SYST:ERR?.</summary>
    public TimeSpan Setting { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>A start (operation id) and its SYST:ERR?.</summary>
    public TimeSpan Start { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>A stop to be confirmed, on each line it is tried on.</summary>
    public TimeSpan Stop { get; init; } = TimeSpan.FromSeconds(2);
    /// <summary>SYST:SYNC? after a deadline has passed; no answer then means the link is lost.</summary>
    public TimeSpan Synchronise { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Slowest line a block may come on, bytes/s: 8 192 suits 115 200 baud with repeats.</summary>
    public double LeastBytesPerSecond { get; init; } = 1 << 20;

    /// <summary>The same time for everything.</summary>
    public static GantryDeadlines Of(TimeSpan all) => new() { Query = all, Setting = all, Start = all, Stop = all };

    /// <summary>A block of that many bytes.</summary>
    public TimeSpan Block(long bytes) => Query + TimeSpan.FromSeconds(bytes / LeastBytesPerSecond);
}
