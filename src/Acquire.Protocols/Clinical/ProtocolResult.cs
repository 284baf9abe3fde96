namespace Acquire.Protocols.Clinical;

/// <summary>What reading a protocol file gave: the protocol, or everything that is wrong with the file.</summary>
/// <param name="Protocol">The protocol; null when there is any problem.</param>
/// <param name="Problems">All problems, file by file in order of line and column; empty when <paramref name="Protocol"/> is there.</param>
public sealed record ProtocolResult(AcquisitionProtocol? Protocol, IReadOnlyList<ProtocolProblem> Problems)
{
    /// <summary>The protocol value by value, each with its place and source; null when there is any problem.</summary>
    public ResolvedProtocol? Resolved { get; init; }

    /// <summary>True when the file can be used.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Protocol), nameof(Resolved))]
    public bool IsValid => Protocol is not null;
}
