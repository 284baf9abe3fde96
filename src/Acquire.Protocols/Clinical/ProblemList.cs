namespace Acquire.Protocols.Clinical;

/// <summary>Collects problems of one file.</summary>
internal sealed class ProblemList(string file)
{
    private readonly List<ProtocolProblem> _all = [];

    public bool Any => _all.Count > 0;

    public void Add(Place at, string what, string right) => _all.Add(new ProtocolProblem(file, at.Line, at.Column, what, right));

    /// <summary>In order of place; the same finding once.</summary>
    public IReadOnlyList<ProtocolProblem> InOrder() => [.. _all.Distinct().OrderBy(p => p.Line).ThenBy(p => p.Column)];
}
