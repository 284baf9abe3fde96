using Acquire.Protocols.Clinical;

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

/// <summary>What kind of thing comes next.</summary>
public enum NextKind
{
    /// <summary>Nothing: the study is closed.</summary>
    Nothing,
    /// <summary>Answer the preparation question <see cref="NextAction.ItemId"/>.</summary>
    AnswerQuestion,
    /// <summary>A physician decides on the answer to question <see cref="NextAction.ItemId"/>; the decision is a new answer.</summary>
    PhysicianDecides,
    /// <summary>Run the readiness checks.</summary>
    CheckReadiness,
    /// <summary>Measure the syringe.</summary>
    MeasureDose,
    /// <summary>Start <see cref="NextAction.StepId"/> of phase <see cref="NextAction.ItemId"/>.</summary>
    StartAcquisition,
    /// <summary>Inject.</summary>
    Inject,
    /// <summary>Wait for the end of the running acquisition.</summary>
    WaitForEnd,
    /// <summary>Measure the emptied syringe.</summary>
    MeasureResidual,
    /// <summary>Show the prompt <see cref="NextAction.ItemId"/> and have it answered.</summary>
    AnswerPrompt,
    /// <summary>Nothing to do until <see cref="NextAction.At"/>.</summary>
    Wait,
    /// <summary>A person repeats <see cref="NextAction.StepId"/> or skips the rest of phase <see cref="NextAction.ItemId"/> with a reason.</summary>
    RepeatOrSkip,
    /// <summary>Reconstruct.</summary>
    Reconstruct,
    /// <summary>Run the quality checks.</summary>
    JudgeQuality,
    /// <summary>Close the study.</summary>
    EndStudy,
}

/// <summary>The one next action.</summary>
/// <param name="Kind">What.</param>
/// <param name="Text">In words for people.</param>
/// <param name="ItemId">Question, prompt or phase; empty when none.</param>
/// <param name="StepId">Acquisition; empty when none.</param>
/// <param name="At">When it is wanted; null for now.</param>
/// <param name="Countdown">Time left until then (negative when past); null when there is nothing to count to.</param>
public sealed record NextAction(NextKind Kind, string Text, string ItemId = "", string StepId = "", DateTimeOffset? At = null, TimeSpan? Countdown = null);
