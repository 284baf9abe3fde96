using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality;

/// <summary>One quality check: one file in Quality/Checks, one page in docs/qc, found by being there. It has a parameterless constructor and no state.</summary>
public interface IQualityCheck
{
    /// <summary>Name in kebab case; the page is docs/qc/&lt;Name&gt;.md and limits are found by it.</summary>
    string Name { get; }
    /// <summary>Title for people.</summary>
    string Title { get; }
    /// <summary>Unit the figure and the limits of this check have; empty for a pure number.</summary>
    string Unit { get; }
    /// <summary>True when the input holds what this check looks at.</summary>
    bool Applies(QualityInput input);
    /// <summary>Looks and judges. A pure function of its arguments.</summary>
    /// <param name="input">What there is.</param>
    /// <param name="limit">Limit in <see cref="Unit"/>; null when none is configured: the figure is then given without a verdict.</param>
    QualityResult Judge(QualityInput input, QualityLimit? limit);
}
