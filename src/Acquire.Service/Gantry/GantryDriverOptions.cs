namespace Acquire.Service.Gantry;

/// <summary>What a session may do.</summary>
public enum GantryRole
{
    /// <summary>Look, and stop.</summary>
    View,
    /// <summary>Command, with the control lease.</summary>
    Control,
}

/// <summary>How a driver works with its gantry.</summary>
public sealed record GantryDriverOptions
{
    /// <summary>Session name; a new process with the same name and secret takes over where the last one died.</summary>
    public string SessionName { get; init; } = "console";
    /// <summary>Keeps honest clients apart; no security.</summary>
    public string SessionSecret { get; init; } = "acquire";
    /// <summary>Role.</summary>
    public GantryRole Role { get; init; } = GantryRole.Control;
    /// <summary>Deadlines.</summary>
    public GantryDeadlines Deadlines { get; init; } = new();
    /// <summary>Wire trace; null for none.</summary>
    public WireTrace? Trace { get; init; }
    /// <summary>Attempts of the first connection; waits between them double from 0.1 s to 2 s, with jitter.</summary>
    public int FirstAttempts { get; init; } = 6;
    /// <summary>Attempts to restore a link that was lost; about 45 s with the waits between them.</summary>
    public int RestoreAttempts { get; init; } = 24;
    /// <summary>Renew the lease while nobody speaks, and restore a lost link at once; off only where time does not run (a replay).</summary>
    public bool KeepAlive { get; init; } = true;
    /// <summary>Subscribe to the gantry's events. The driver does all it does without them too.</summary>
    public bool WithEvents { get; init; } = true;
}
