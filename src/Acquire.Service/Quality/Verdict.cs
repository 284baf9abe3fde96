namespace Acquire.Service.Quality;

/// <summary>What a check says. Ordered so that merging several verdicts is taking the maximum.</summary>
public enum Verdict
{
    /// <summary>Not judged: what the check needs is not there.</summary>
    NotSet = 0,
    /// <summary>Within its limits.</summary>
    Pass = 1,
    /// <summary>Beyond the warning limit: look before the patient leaves.</summary>
    Warn = 2,
    /// <summary>Beyond the fail limit: act, or say why not.</summary>
    Fail = 3,
    /// <summary>The check itself could not run; that is never a pass.</summary>
    Error = 4,
}
