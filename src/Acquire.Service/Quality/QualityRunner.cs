using Acquire.Protocols.Clinical;

namespace Acquire.Service.Quality;

/// <summary>Runs every check that applies. A check that throws becomes an Error of its own and never hides the others.</summary>
public static class QualityRunner
{
    /// <summary>All checks of this program, found by type, in order of name.</summary>
    public static IReadOnlyList<IQualityCheck> AllChecks { get; } = [.. typeof(QualityRunner).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && typeof(IQualityCheck).IsAssignableFrom(t))
        .Select(t => (IQualityCheck)Activator.CreateInstance(t)!)
        .OrderBy(c => c.Name, StringComparer.Ordinal)];

    /// <summary>Runs all checks that apply.</summary>
    /// <param name="input">What there is.</param>
    /// <param name="limits">Limits by check name, see <see cref="QualityLimits"/>.</param>
    public static QualityReport Run(QualityInput input, QualityLimits limits) => Run(AllChecks, input, limits);

    /// <summary>Runs the given checks.</summary>
    public static QualityReport Run(IEnumerable<IQualityCheck> checks, QualityInput input, QualityLimits limits)
    {
        ArgumentNullException.ThrowIfNull(checks);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(limits);
        var results = new List<QualityResult>();
        foreach (IQualityCheck check in checks)
        {
            QualityResult? result = RunOne(check, input, limits);
            if (result is not null) results.Add(result);
        }
        return QualityReport.Of(results);
    }

    private static QualityResult? RunOne(IQualityCheck check, QualityInput input, QualityLimits limits)
    {
        try
        {
            if (!check.Applies(input)) return null;
            QualityLimit? limit = limits.For(check.Name);
            if (limit is not null && !QualityLimits.TryConvert(limit, check.Unit, out limit))
                return Failed(check, $"its limit is given in '{limit.Unit}', the check needs '{check.Unit}'", "Correct the unit in the protocol or in quality-limits.yaml.");
            return check.Judge(input, limit);
        }
        catch (Exception e)
        {
            // A boundary: whatever goes wrong inside one check is that check's verdict. Only the type is told, because
            // a message from below could carry more than we know.
            return Failed(check, $"it stopped on {e.GetType().Name}", "Look at the data by eye; report this to the maker of the software.");
        }
    }

    private static QualityResult Failed(IQualityCheck check, string reason, string action) => new()
    {
        Check = check.Name, Title = check.Title, Verdict = Verdict.Error, Unit = check.Unit,
        Words = $"This check could not judge: {reason}.", Action = action,
    };
}
