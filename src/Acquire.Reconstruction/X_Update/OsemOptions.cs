using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>Settings of <see cref="Osem"/>.</summary>
public sealed record OsemOptions
{
    /// <summary>Passes over all views, 1 or more; with a <see cref="Stop"/> rule the most there will be.</summary>
    public int Iterations { get; init; } = 5;
    /// <summary>Subsets of views per iteration; 1 is MLEM.</summary>
    public int Subsets { get; init; } = 12;
    /// <summary>Which views a subset takes, and in which order subsets come.</summary>
    public SubsetChoice Choice { get; init; } = SubsetChoice.Interleaved;
    /// <summary>Penalty on differences between neighbours; null for none (plain OSEM).</summary>
    public RelativeDifferencePrior? Prior { get; init; }
    /// <summary>Step of iteration n (from 0) = 1 / (1 + this x n): with a prior and many subsets the steps must fall for the image to settle (block-sequential regularised EM). 0 for full steps.</summary>
    public double Relaxation { get; init; }
    /// <summary>Carry on in the direction of the last steps (Nesterov): more progress for each pass, and more noise at the same count of iterations.</summary>
    public bool Momentum { get; init; }
    /// <summary>Image to start from, on the model's grid, counts per voxel and view; null for a uniform one.</summary>
    public Volume? Start { get; init; }
    /// <summary>When to stop before <see cref="Iterations"/>; null for never.</summary>
    public StopRule? Stop { get; init; }
    /// <summary>Compute the likelihood for <see cref="ReconstructionProgress"/> (a stop rule that needs it does anyway).</summary>
    public bool Likelihood { get; init; }
    /// <summary>Threads, 1 or more; 0 for as many as there are processors. The result does not depend on it.</summary>
    public int Threads { get; init; }
}
