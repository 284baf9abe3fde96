using System.Text.Json.Serialization;
using Acquire.Protocols.Imaging;

namespace Acquire.Protocols.Timeline;

/// <summary>
/// Something that happened in a study: the only truth, from which everything shown is derived (docs/architecture.md). The stored
/// form is JSON with the discriminator "type"; names of types and members are stable and are never reused with another meaning.
/// </summary>
/// <param name="At">When it happened, console time (not when it was written down).</param>
/// <param name="By">Role or initials of who did it, or "console" or "gantry"; never a patient's data.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StudyOpened), "study-opened")]
[JsonDerivedType(typeof(QuestionAnswered), "question-answered")]
[JsonDerivedType(typeof(ReadinessPassed), "readiness-passed")]
[JsonDerivedType(typeof(DoseMeasured), "dose-measured")]
[JsonDerivedType(typeof(TracerInjected), "tracer-injected")]
[JsonDerivedType(typeof(ResidualMeasured), "residual-measured")]
[JsonDerivedType(typeof(PromptShown), "prompt-shown")]
[JsonDerivedType(typeof(PromptAnswered), "prompt-answered")]
[JsonDerivedType(typeof(AcquisitionStarted), "acquisition-started")]
[JsonDerivedType(typeof(AcquisitionEnded), "acquisition-ended")]
[JsonDerivedType(typeof(PhaseSkipped), "phase-skipped")]
[JsonDerivedType(typeof(ReconstructionDone), "reconstruction-done")]
[JsonDerivedType(typeof(QualityJudged), "quality-judged")]
[JsonDerivedType(typeof(StudyEnded), "study-ended")]
[JsonDerivedType(typeof(ServiceRestarted), "service-restarted")]
[JsonDerivedType(typeof(Note), "note")]
[JsonDerivedType(typeof(ClockCompared), "clock-compared")]
[JsonDerivedType(typeof(ExtravasationNoted), "extravasation-noted")]
[JsonDerivedType(typeof(PatientAway), "patient-away")]
[JsonDerivedType(typeof(PatientBack), "patient-back")]
public abstract record StudyEvent(DateTimeOffset At, string By);

/// <summary>The study was opened with a protocol.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="ProtocolId">Id of the protocol.</param>
/// <param name="ProtocolHash">Content hash of the protocol file.</param>
public sealed record StudyOpened(DateTimeOffset At, string By, string ProtocolId = "", string ProtocolHash = "") : StudyEvent(At, By);

/// <summary>A preparation question was answered; a later answer to the same question replaces it.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Id">Question id.</param>
/// <param name="Answer">The answer.</param>
public sealed record QuestionAnswered(DateTimeOffset At, string By, string Id, string Answer) : StudyEvent(At, By);

/// <summary>The readiness checks before the injection passed.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
public sealed record ReadinessPassed(DateTimeOffset At, string By) : StudyEvent(At, By);

/// <summary>The full syringe was measured at <see cref="StudyEvent.At"/>.</summary>
/// <param name="At">Time of the measurement.</param>
/// <param name="By">Who.</param>
/// <param name="MBq">Activity, MBq.</param>
/// <param name="TracerId">Later tracer it is of; empty: the first.</param>
/// <param name="Reason">Why an activity outside the limits was taken nevertheless; empty when none was needed.</param>
public sealed record DoseMeasured(DateTimeOffset At, string By, double MBq, string TracerId = "", string Reason = "") : StudyEvent(At, By);

/// <summary>The tracer was injected at <see cref="StudyEvent.At"/>: time zero of every window. The first one counts.</summary>
/// <param name="At">Time of the injection.</param>
/// <param name="By">Who.</param>
/// <param name="NetMBq">Net activity at the injection as known then, MBq (a residual measured later corrects it).</param>
/// <param name="TracerId">Later tracer it is of; empty: the first.</param>
/// <param name="Site">Where, e.g. "right forearm vein"; empty when not noted.</param>
public sealed record TracerInjected(DateTimeOffset At, string By, double NetMBq, string TracerId = "", string Site = "") : StudyEvent(At, By);

/// <summary>The emptied syringe was measured.</summary>
/// <param name="At">Time of the measurement.</param>
/// <param name="By">Who.</param>
/// <param name="MBq">Activity left, MBq.</param>
/// <param name="TracerId">Later tracer it is of; empty: the first.</param>
public sealed record ResidualMeasured(DateTimeOffset At, string By, double MBq, string TracerId = "") : StudyEvent(At, By);

/// <summary>A clock was compared with the console's; its readings are corrected by the offset from then on.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Clock">"dose-calibrator", "injector" or "gantry".</param>
/// <param name="OffsetSeconds">That clock less the console's, s.</param>
/// <param name="ToleranceSeconds">Half-width of what is not known of it, s.</param>
public sealed record ClockCompared(DateTimeOffset At, string By, string Clock, double OffsetSeconds, double ToleranceSeconds) : StudyEvent(At, By)
{
    /// <summary>Name of the dose calibrator's clock.</summary>
    public const string DoseCalibrator = "dose-calibrator";
    /// <summary>Name of the injector's clock.</summary>
    public const string Injector = "injector";
    /// <summary>Name of the gantry's clock.</summary>
    public const string Gantry = "gantry";
}

/// <summary>Tracer went beside the vein: no SUV, and the prompts for it are shown.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="By">Who.</param>
/// <param name="Percent">Estimated share of the activity left at the site, percent; null when not estimated.</param>
public sealed record ExtravasationNoted(DateTimeOffset At, string By, double? Percent = null) : StudyEvent(At, By);

/// <summary>The patient left and cannot be reached for a while; nothing is started meanwhile.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record PatientAway(DateTimeOffset At, string By, string Reason) : StudyEvent(At, By);

/// <summary>The patient is back. An acquisition that starts says so too.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
public sealed record PatientBack(DateTimeOffset At, string By) : StudyEvent(At, By);

/// <summary>A prompt was shown to a person.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Id">Prompt id.</param>
public sealed record PromptShown(DateTimeOffset At, string By, string Id) : StudyEvent(At, By);

/// <summary>A prompt was acknowledged. Every answer of a gate with a validity starts its validity anew.</summary>
/// <param name="At">When what it asks for was done.</param>
/// <param name="By">Who.</param>
/// <param name="Id">Prompt id.</param>
/// <param name="Answer">The answer in words.</param>
public sealed record PromptAnswered(DateTimeOffset At, string By, string Id, string Answer) : StudyEvent(At, By);

/// <summary>An acquisition started counting.</summary>
/// <param name="At">When, console time.</param>
/// <param name="By">Who.</param>
/// <param name="StepId">Step of the protocol.</param>
/// <param name="AcquisitionId">Identity on the wire.</param>
/// <param name="StartTickUs">Gantry tick at the start, microseconds.</param>
public sealed record AcquisitionStarted(DateTimeOffset At, string By, string StepId, Guid AcquisitionId, ulong StartTickUs) : StudyEvent(At, By);

/// <summary>An acquisition ended.</summary>
/// <param name="At">When, console time.</param>
/// <param name="By">Who.</param>
/// <param name="StepId">Step of the protocol.</param>
/// <param name="AcquisitionId">Identity on the wire.</param>
/// <param name="Ending">How.</param>
/// <param name="Reason">Why, in words; empty when complete.</param>
public sealed record AcquisitionEnded(DateTimeOffset At, string By, string StepId, Guid AcquisitionId, Ending Ending, string Reason) : StudyEvent(At, By);

/// <summary>A person decided to leave out a phase, or the rest of one.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="PhaseId">Phase.</param>
/// <param name="Reason">Why.</param>
public sealed record PhaseSkipped(DateTimeOffset At, string By, string PhaseId, string Reason) : StudyEvent(At, By);

/// <summary>The SPECT was reconstructed and stored.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
public sealed record ReconstructionDone(DateTimeOffset At, string By) : StudyEvent(At, By);

/// <summary>The quality checks gave their verdict.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Verdict">Overall verdict: "pass", "warn" or "fail".</param>
public sealed record QualityJudged(DateTimeOffset At, string By, string Verdict) : StudyEvent(At, By);

/// <summary>The study was closed.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Ending">How.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record StudyEnded(DateTimeOffset At, string By, Ending Ending, string Reason) : StudyEvent(At, By);

/// <summary>The service came back after a crash, power cut or restart.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Reason">Why, as far as known.</param>
public sealed record ServiceRestarted(DateTimeOffset At, string By, string Reason) : StudyEvent(At, By);

/// <summary>A free remark on the study; no patient data.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Text">The remark.</param>
public sealed record Note(DateTimeOffset At, string By, string Text) : StudyEvent(At, By);
