namespace Acquire.Service.Conformance;

/// <summary>What a check does to a gantry beyond asking it; people near a real one must have agreed to it.</summary>
[Flags]
internal enum Needs
{
    /// <summary>Asks, and changes only settings of its own status context.</summary>
    Nothing = 0,
    /// <summary>Takes the control lease and changes settings; nothing moves.</summary>
    Control = 1,
    /// <summary>Moves axes.</summary>
    Motion = 2,
    /// <summary>Arms and counts.</summary>
    Counting = 4,
    /// <summary>X-rays.</summary>
    Exposure = 8,
    /// <summary>Needs faults made by name: feature SIM.</summary>
    Simulator = 16,
    /// <summary>Waits for seconds of wall time.</summary>
    Patience = 32,
    /// <summary>Measures time on the wire; meaningless while the machine does other work.</summary>
    Timing = 64,
}

/// <summary>One testable statement of the reference and its black-box check.</summary>
/// <param name="Id">GCI-section.number; never used for another statement.</param>
/// <param name="Title">A few words.</param>
/// <param name="Requirement">What the reference says, in a sentence.</param>
/// <param name="Needs">What the check does.</param>
/// <param name="Check">Ends without exception when the gantry conforms.</param>
internal sealed record Clause(string Id, string Title, string Requirement, Needs Needs, Action<CheckBench> Check)
{
    /// <summary>Word of SYSTem:GCI:FEATures? without which the clause does not apply; empty for all gantries.</summary>
    public string Feature { get; init; } = "";

    /// <summary>Section of the reference.</summary>
    public int Section => int.Parse(Id.AsSpan(4, Id.IndexOf('.', StringComparison.Ordinal) - 4), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>How a check ended.</summary>
internal enum Outcome
{
    /// <summary>The gantry does what the clause says.</summary>
    Pass,
    /// <summary>It does not.</summary>
    Fail,
    /// <summary>It could not be reached because something before it did not work.</summary>
    Blocked,
    /// <summary>The gantry lacks the feature, or the clause is about another transport.</summary>
    NotApplicable,
    /// <summary>It was not allowed on the command line.</summary>
    Skipped,
}

/// <summary>Verdict on a clause, with evidence.</summary>
/// <param name="Clause">Clause.</param>
/// <param name="Outcome">Verdict.</param>
/// <param name="Expected">What should have come, when it did not; else why it was not checked.</param>
/// <param name="Came">What came instead.</param>
/// <param name="Transcript">What went over the wire, shortened.</param>
/// <param name="Seconds">Wall time.</param>
internal sealed record ClauseResult(Clause Clause, Outcome Outcome, string Expected, string Came, IReadOnlyList<string> Transcript, double Seconds);

/// <summary>The gantry did something else than the clause says.</summary>
internal sealed class ClauseFailedException(string expected, string came) : Exception($"expected {expected}; came {came}")
{
    /// <summary>What should have come.</summary>
    public string Expected { get; } = expected;
    /// <summary>What came.</summary>
    public string Came { get; } = came;
}

/// <summary>The check could not be reached: something before it failed.</summary>
internal sealed class ClauseBlockedException(string reason) : Exception(reason);

/// <summary>The clause is not for this gantry.</summary>
internal sealed class ClauseNotApplicableException(string reason) : Exception(reason);
