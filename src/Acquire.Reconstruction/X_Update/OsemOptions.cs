namespace Acquire.Reconstruction;

/// <summary>Settings of <see cref="Osem"/>.</summary>
public sealed record OsemOptions
{
    /// <summary>Passes over all views, 1 or more.</summary>
    public int Iterations { get; init; } = 5;
    /// <summary>Subsets of views per iteration; 1 is MLEM.</summary>
    public int Subsets { get; init; } = 12;
    /// <summary>Threads, 1 or more; 0 for as many as there are processors. The result does not depend on it.</summary>
    public int Threads { get; init; }
}
