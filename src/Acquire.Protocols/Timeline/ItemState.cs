namespace Acquire.Protocols.Timeline;

/// <summary>State of an item of the timeline. With the same events and growing time an item only moves down this list as far as <see cref="Missed"/>.</summary>
public enum ItemState
{
    /// <summary>Its window is not open, or something before it is not over.</summary>
    Waiting,
    /// <summary>May be done now; the target is still ahead.</summary>
    Open,
    /// <summary>Wanted now.</summary>
    Due,
    /// <summary>Past the moment at which it would still end within its window; for a prompt: past its time.</summary>
    Late,
    /// <summary>Its window closed, or what it was for went ahead without it.</summary>
    Missed,
    /// <summary>Counting now.</summary>
    Running,
    /// <summary>Tried, not complete; what was counted is kept. The reason says what is missing.</summary>
    Incomplete,
    /// <summary>Every acquisition ended complete; a prompt is answered.</summary>
    Done,
    /// <summary>Left out by a person, with the reason.</summary>
    Skipped,
}
