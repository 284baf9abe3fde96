using Acquire.Protocols.Clinical;

namespace Acquire.Protocols.Timeline;

/// <summary>A phase or a prompt on the timeline of a study.</summary>
public sealed record TimelineItem
{
    /// <summary>Id of the phase or prompt in the protocol.</summary>
    public required string Id { get; init; }
    /// <summary>Which turn of a prompt, from 1: when a gate's answer runs out before its phase starts, the prompt comes back as a new item with the next number. 1 for phases.</summary>
    public int Round { get; init; } = 1;
    /// <summary>Title of the phase, or text of the prompt as to be shown to this patient.</summary>
    public required string Title { get; init; }
    /// <summary>Kind of prompt; null for a phase.</summary>
    public PromptKind? Prompt { get; init; }
    /// <summary>True for a prompt.</summary>
    public bool IsPrompt => Prompt is not null;
    /// <summary>Later tracer whose injection this item is; null for phases and prompts.</summary>
    public string? Injects { get; init; }
    /// <summary>Opening from the injection, after adaptation to the patient.</summary>
    public required TimeSpan Opens { get; init; }
    /// <summary>Target from the injection.</summary>
    public required TimeSpan Target { get; init; }
    /// <summary>Latest start from the injection that still ends before the closing.</summary>
    public required TimeSpan LatestStart { get; init; }
    /// <summary>Closing from the injection.</summary>
    public required TimeSpan Closes { get; init; }
    /// <summary>Opening; null before the injection.</summary>
    public DateTimeOffset? OpensAt { get; init; }
    /// <summary>Target; null before the injection.</summary>
    public DateTimeOffset? TargetAt { get; init; }
    /// <summary>Latest start; null before the injection.</summary>
    public DateTimeOffset? LatestStartAt { get; init; }
    /// <summary>Closing; null before the injection.</summary>
    public DateTimeOffset? ClosesAt { get; init; }
    /// <summary>State.</summary>
    public required ItemState State { get; init; }
    /// <summary>Why, in words for people.</summary>
    public required string Reason { get; init; }
    /// <summary>First start of what counts; for a prompt when it was first shown. Null when it did not happen.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>Last end; for a prompt when it was answered.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>A phase that may be started at this moment: window, order, gates and camera allow it. At most one phase at a time.</summary>
    public bool CanStart { get; init; }
    /// <summary>Starting or skipping it now asks for a reason (window closed, or it was tried before).</summary>
    public bool NeedsReason { get; init; }
    /// <summary>Gates this phase waits for: ids of prompts.</summary>
    public IReadOnlyList<string> BlockedBy { get; init; } = [];
    /// <summary>Steps still to be taken, in order: a phase's acquisitions that have not ended complete.</summary>
    public IReadOnlyList<string> StepsToDo { get; init; } = [];
    /// <summary>Answer to a prompt; null when none.</summary>
    public string? Answer { get; init; }
    /// <summary>Nothing more is expected of it.</summary>
    public bool IsOver => State is ItemState.Done or ItemState.Skipped or ItemState.Missed or ItemState.Incomplete;
}
