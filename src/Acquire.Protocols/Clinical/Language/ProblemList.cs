namespace Acquire.Protocols.Clinical.Language;

/// <summary>Collects problems of a protocol and of the files it is put together from; each place names its file.</summary>
internal sealed class ProblemList
{
    private readonly List<ProtocolProblem> _all = [];

    public bool Any => _all.Count > 0;

    public void Add(Place at, string what, string right) => _all.Add(new ProtocolProblem(at.File, at.Line, at.Column, what, right));

    /// <summary>By file in the order they were first found, then in order of place; the same finding once.</summary>
    public IReadOnlyList<ProtocolProblem> InOrder()
    {
        string[] files = [.. _all.Select(p => p.File).Distinct(StringComparer.Ordinal)];
        return [.. _all.Distinct().OrderBy(p => Array.IndexOf(files, p.File)).ThenBy(p => p.Line).ThenBy(p => p.Column)];
    }
}
