namespace Acquire.Protocols.Clinical;

/// <summary>One thing wrong with a protocol file, where it is, and what would be right.</summary>
/// <param name="File">The file it is in: the protocol itself or one it takes in.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Right">What would be right.</param>
public sealed record ProtocolProblem(string File, int Line, int Column, string What, string Right)
{
    /// <summary>"file:line:column: what is wrong; what would be right", the form editors jump to.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}: {What}; {Right}";
}
