namespace Acquire.Protocols.Timeline;

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
    /// <summary>Measure the syringe of tracer <see cref="NextAction.ItemId"/> (empty: the first).</summary>
    MeasureDose,
    /// <summary>Start <see cref="NextAction.StepId"/> of phase <see cref="NextAction.ItemId"/>.</summary>
    StartAcquisition,
    /// <summary>Inject. Without a step to be counted meanwhile <see cref="NextAction.ItemId"/> is the tracer (empty: the first).</summary>
    Inject,
    /// <summary>Wait for the end of the running acquisition.</summary>
    WaitForEnd,
    /// <summary>Measure the emptied syringe of tracer <see cref="NextAction.ItemId"/> (empty: the first).</summary>
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
