using Acquire.Protocols.Imaging;

namespace Acquire.Protocols.Clinical;

/// <summary>One study as a site wants it done: what to ask, inject, take, reconstruct and check, and when.</summary>
/// <remarks>Read from a YAML file in protocols/ by <c>ProtocolReader</c>; every default there is site-editable (house rule 6).</remarks>
public sealed record AcquisitionProtocol
{
    /// <summary>Short id, e.g. "bone/facet".</summary>
    public required string Id { get; init; }
    /// <summary>Title for people.</summary>
    public required string Title { get; init; }
    /// <summary>Version text of the file.</summary>
    public required string Version { get; init; }
    /// <summary>SHA-256 of the resolved content, hex: what an approval names. Comments and the way values are written do not count (docs/protocol-language.md).</summary>
    public string ContentHash { get; init; } = "";
    /// <summary>Study of a patient, or check of a camera.</summary>
    public ProtocolKind Kind { get; init; }
    /// <summary>True when it is made for children: stricter rules for activity and CT hold.</summary>
    public bool IsPaediatric { get; init; }
    /// <summary>What the field of view holds, by names of vertebrae or landmarks; empty when not said.</summary>
    public string FieldOfView { get; init; } = "";
    /// <summary>Body part as DICOM Body Part Examined, e.g. "LSPINE".</summary>
    public required string BodyPart { get; init; }
    /// <summary>What is injected first; time zero of every phase that names no other. For a camera check the source, with its wanted activity as prescription.</summary>
    public required Tracer Tracer { get; init; }
    /// <summary>Tracers injected after the first, each with its own time zero.</summary>
    public IReadOnlyList<LaterTracer> LaterTracers { get; init; } = [];
    /// <summary>What the camera is checked with; null for a study.</summary>
    public CheckSource? Source { get; init; }
    /// <summary>Collimator that must be latched on every head, e.g. "LEHR".</summary>
    public required string Collimator { get; init; }
    /// <summary>Energy windows of the first tracer's acquisitions; the first is the photopeak. Later tracers have their own.</summary>
    public required IReadOnlyList<EnergyWindow> EnergyWindows { get; init; }
    /// <summary>Questions to be answered before the injection.</summary>
    public required IReadOnlyList<PreparationQuestion> Preparation { get; init; }
    /// <summary>Prompts to people, relative to the injection.</summary>
    public required IReadOnlyList<Prompt> Prompts { get; init; }
    /// <summary>Phases in order.</summary>
    public required IReadOnlyList<StudyPhase> Phases { get; init; }
    /// <summary>How the SPECT is reconstructed.</summary>
    public required ReconstructionSettings Reconstruction { get; init; }
    /// <summary>Quality limits by check name.</summary>
    public required IReadOnlyList<QualityLimit> QualityLimits { get; init; }
    /// <summary>Reconstructions besides <see cref="Reconstruction"/>, e.g. the quantitative one.</summary>
    public IReadOnlyList<FurtherReconstruction> FurtherReconstructions { get; init; } = [];
    /// <summary>What the technologist should keep in mind. No diagnosis.</summary>
    public IReadOnlyList<string> Cautions { get; init; } = [];
    /// <summary>What the reader should keep in mind. No diagnosis.</summary>
    public IReadOnlyList<string> ReaderCautions { get; init; } = [];
    /// <summary>Published context for the reader.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];
    /// <summary>Quantities to report.</summary>
    public IReadOnlyList<string> Quantities { get; init; } = [];

    /// <summary>Tracer a phase counts from.</summary>
    public Tracer TracerOf(StudyPhase phase) => LaterTracers.FirstOrDefault(t => t.Id == phase.TracerId)?.Tracer ?? Tracer;

    /// <summary>Tracer of an id; the first for an empty one.</summary>
    public Tracer TracerOf(string tracerId) => LaterTracers.FirstOrDefault(t => t.Id == tracerId)?.Tracer ?? Tracer;

    /// <summary>Collimator of a phase.</summary>
    public string CollimatorOf(StudyPhase phase) => LaterTracers.FirstOrDefault(t => t.Id == phase.TracerId)?.Collimator ?? Collimator;

    /// <summary>Energy windows of a phase.</summary>
    public IReadOnlyList<EnergyWindow> WindowsOf(StudyPhase phase) => LaterTracers.FirstOrDefault(t => t.Id == phase.TracerId)?.EnergyWindows ?? EnergyWindows;

    /// <summary>Phase an acquisition belongs to.</summary>
    public StudyPhase PhaseOf(string stepId) => Phases.First(p => p.Acquisitions.Any(a => a.Id == stepId));

    /// <summary>Activity to prescribe for a patient of that weight and age, with the rule when it was a child's.</summary>
    public Prescription PrescriptionFor(string tracerId, double? weightKg, double? ageYears) => Prescription.Of(TracerOf(tracerId), weightKg, ageYears);
}

/// <summary>What a protocol is for.</summary>
public enum ProtocolKind
{
    /// <summary>A patient is injected.</summary>
    Study,
    /// <summary>A source is put before the camera; time zero is when it is in place.</summary>
    CameraCheck,
}

/// <summary>A source a camera is checked with.</summary>
/// <param name="Description">What is put before the camera, and where.</param>
/// <param name="SimulatedAs">Scene of the simulator nearest to it; null when none is named.</param>
public sealed record CheckSource(string Description, string? SimulatedAs);

/// <summary>A tracer injected after the first.</summary>
/// <param name="Id">Short id.</param>
/// <param name="Title">For people.</param>
/// <param name="Tracer">What is injected.</param>
/// <param name="Collimator">Collimator of its phases.</param>
/// <param name="EnergyWindows">Windows of its phases; the first is a photopeak.</param>
/// <param name="Opens">Earliest injection after the first one.</param>
/// <param name="Target">Wanted injection after the first one.</param>
/// <param name="Closes">Latest injection after the first one.</param>
public sealed record LaterTracer(string Id, string Title, Tracer Tracer, string Collimator, IReadOnlyList<EnergyWindow> EnergyWindows, TimeSpan Opens, TimeSpan Target, TimeSpan Closes);

/// <summary>What is given some hours before a tracer.</summary>
/// <param name="Id">Id of the step on the timeline.</param>
/// <param name="Agent">What is given.</param>
/// <param name="AmountMg">How much, mg.</param>
/// <param name="Wait">The tracer follows not before this.</param>
/// <param name="Latest">And at the latest after this.</param>
public sealed record Premedication(string Id, string Agent, double AmountMg, TimeSpan Wait, TimeSpan Latest);

/// <summary>A reconstruction besides the first.</summary>
/// <param name="Id">Short id.</param>
/// <param name="Title">What it is for.</param>
/// <param name="Settings">How.</param>
public sealed record FurtherReconstruction(string Id, string Title, ReconstructionSettings Settings);

/// <summary>Radiopharmaceutical and activity rule.</summary>
/// <param name="Radiopharmaceutical">e.g. "99mTc-MDP".</param>
/// <param name="Nuclide">Name known to <c>Radionuclide</c>, e.g. "Tc-99m".</param>
/// <param name="PrescribedMBq">Prescription for an adult.</param>
/// <param name="MinimumMBq">Soft lower limit.</param>
/// <param name="MaximumMBq">Soft upper limit (site reference level).</param>
/// <param name="WarnDeviationPercent">Measured against prescribed: warn beyond.</param>
/// <param name="ReasonDeviationPercent">Measured against prescribed: a reason is needed beyond.</param>
public sealed record Tracer(string Radiopharmaceutical, string Nuclide, double PrescribedMBq, double MinimumMBq, double MaximumMBq,
    double WarnDeviationPercent, double ReasonDeviationPercent)
{
    /// <summary>Diagnostic reference level of nation or site: nothing is prescribed above it; null when not set.</summary>
    public double? ReferenceLevelMBq { get; init; }
    /// <summary>"bolus" or "slow"; empty when not said.</summary>
    public string Injection { get; init; } = "";
    /// <summary>Coefficient set of the effective dose, one of <c>EffectiveDose.Sets</c>; null when there is none for it.</summary>
    public string? DoseCoefficients { get; init; }
    /// <summary>Rule for children; null: this tracer is not for children.</summary>
    public PaediatricRule? Paediatric { get; init; }
    /// <summary>What is given before it; null when nothing.</summary>
    public Premedication? Premedication { get; init; }
}

/// <summary>A question that has to be answered before the injection; the answer is stored with name and time.</summary>
/// <param name="Id">Short id.</param>
/// <param name="Text">As asked.</param>
/// <param name="Required">Injection waits for the answer.</param>
/// <param name="BlockingAnswer">When the answer is this word, a physician must decide; null when none blocks.</param>
public sealed record PreparationQuestion(string Id, string Text, bool Required, string? BlockingAnswer);

/// <summary>What kind of prompt.</summary>
public enum PromptKind
{
    /// <summary>Advice to drink; suppressed under fluid restriction.</summary>
    Hydration,
    /// <summary>Empty the bladder: a gate before the phase it names.</summary>
    Void,
    /// <summary>Come back, lie down, anything else.</summary>
    Note,
    /// <summary>Somebody decides whether the phase it names is taken: an answer that begins with "no" skips it.</summary>
    Decision,
}

/// <summary>What must have happened before a prompt is shown.</summary>
public enum PromptOccasion
{
    /// <summary>Nothing: it is always shown.</summary>
    Always,
    /// <summary>Tracer went beside the vein.</summary>
    Extravasation,
    /// <summary>A phase that cannot be repeated was missed.</summary>
    MissedPool,
}

/// <summary>A prompt to a person.</summary>
/// <param name="Id">Short id.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Text">As shown.</param>
/// <param name="At">Due this long after the injection.</param>
/// <param name="GateFor">Phase id that waits until this prompt is acknowledged; null when it is advice only.</param>
/// <param name="ValidFor">A gate's answer counts for this long (a void 40 minutes before the scan does not empty the bladder); null: for ever.</param>
public sealed record Prompt(string Id, PromptKind Kind, string Text, TimeSpan At, string? GateFor, TimeSpan? ValidFor)
{
    /// <summary>Phase whose shift for slow clearance this prompt follows; a gate follows its phase. Null: the prompt stays where it is.</summary>
    public string? MovesWith { get; init; }
    /// <summary>Later tracer whose injection <see cref="At"/> counts from; empty: the first.</summary>
    public string TracerId { get; init; } = "";
    /// <summary>Not due before this phase is over; null: the time alone decides.</summary>
    public string? After { get; init; }
    /// <summary>Shown only when this happened.</summary>
    public PromptOccasion OnlyAfter { get; init; }
    /// <summary>Who is asked: "technologist", "physician" or "patient".</summary>
    public string Asks { get; init; } = "technologist";
}

/// <summary>A stretch of the study with its window from the injection.</summary>
/// <param name="Id">flow, pool, delayed, spect, ct ...</param>
/// <param name="Title">For people.</param>
/// <param name="Opens">Earliest start after injection (flow: the armed pre-roll is negative).</param>
/// <param name="Target">Wanted start after injection.</param>
/// <param name="Closes">Latest end after injection.</param>
/// <param name="Repeatable">False for flow and pool.</param>
/// <param name="Acquisitions">What is taken, in order.</param>
public sealed record StudyPhase(string Id, string Title, TimeSpan Opens, TimeSpan Target, TimeSpan Closes, bool Repeatable,
    IReadOnlyList<PlannedAcquisition> Acquisitions)
{
    /// <summary>
    /// Later targets for patients who clear slowly, smallest rate first; empty when the phase does not wait for clearance.
    /// The whole window moves by the same span, and with it every later phase and its gates (docs: clinical 2.3, status D).
    /// </summary>
    public IReadOnlyList<RenalTarget> RenalTargets { get; init; } = [];

    /// <summary>Later tracer whose injection the window counts from; empty: the first.</summary>
    public string TracerId { get; init; } = "";

    /// <summary>When the phase is wanted at all; null: always.</summary>
    public PhaseCondition? OnlyWhen { get; init; }

    /// <summary>Time all acquisitions take when nothing stops them, without gantry motion between them.</summary>
    public TimeSpan NominalDuration => Acquisitions.Aggregate(TimeSpan.Zero, (sum, a) => sum + a.NominalDuration);
}

/// <summary>When a phase is wanted: any one of these is enough.</summary>
/// <param name="Question">Preparation question ...</param>
/// <param name="Answer">... answered with this word.</param>
/// <param name="ClearanceUpToMlPerMin">A glomerular filtration rate up to this, mL/min.</param>
/// <param name="Missed">This phase was missed.</param>
public sealed record PhaseCondition(string? Question, string? Answer, double? ClearanceUpToMlPerMin, string? Missed);

/// <summary>Target of a phase for a slow clearance.</summary>
/// <param name="UpToMlPerMin">Applies up to this glomerular filtration rate, mL/min.</param>
/// <param name="Target">Wanted start after the injection.</param>
public sealed record RenalTarget(double UpToMlPerMin, TimeSpan Target);

/// <summary>One acquisition of a phase.</summary>
public abstract record PlannedAcquisition
{
    /// <summary>Step id, unique in the protocol, e.g. "delayed-oblique".</summary>
    public required string Id { get; init; }
    /// <summary>Title for people.</summary>
    public required string Title { get; init; }
    /// <summary>How patient and camera are positioned; empty when not said.</summary>
    public string Setup { get; init; } = "";
    /// <summary>Table position from the middle of the field of view the study is centred on, mm; grows towards the head.</summary>
    public double TableOffsetMm { get; init; }
    /// <summary>Kind for DICOM and storage.</summary>
    public abstract AcquisitionKind Kind { get; }
    /// <summary>Time the acquisition takes when nothing stops it, without gantry motion.</summary>
    public abstract TimeSpan NominalDuration { get; }
}

/// <summary>Flow: frames in time, armed and started before the injection.</summary>
public sealed record FlowAcquisition : PlannedAcquisition
{
    /// <summary>Time taken before the injection so that no bolus frame is lost.</summary>
    public required TimeSpan PreRoll { get; init; }
    /// <summary>Frames after the pre-roll.</summary>
    public required int Frames { get; init; }
    /// <summary>Time per frame (also of the pre-roll frames).</summary>
    public required TimeSpan FrameTime { get; init; }
    /// <summary>Matrix.</summary>
    public required int Matrix { get; init; }
    /// <summary>Zoom.</summary>
    public double Zoom { get; init; } = 1;
    /// <summary>Machine angle of head 1, degrees (0 = above the table, so head 2 is posterior).</summary>
    public double RotationDeg { get; init; }
    /// <inheritdoc/>
    public override AcquisitionKind Kind => AcquisitionKind.Dynamic;
    /// <inheritdoc/>
    public override TimeSpan NominalDuration => PreRoll + (Frames * FrameTime);
}

/// <summary>Planar view on all heads at one gantry angle.</summary>
public sealed record StaticAcquisition : PlannedAcquisition
{
    /// <summary>Stop at this time ...</summary>
    public required TimeSpan TimeLimit { get; init; }
    /// <summary>... or at this many counts on a head, whichever comes first; null: time only.</summary>
    public long? CountLimit { get; init; }
    /// <summary>Matrix.</summary>
    public required int Matrix { get; init; }
    /// <summary>Zoom.</summary>
    public double Zoom { get; init; } = 1;
    /// <summary>Machine angle of head 1, degrees.</summary>
    public double RotationDeg { get; init; }
    /// <inheritdoc/>
    public override AcquisitionKind Kind => AcquisitionKind.Static;
    /// <inheritdoc/>
    public override TimeSpan NominalDuration => TimeLimit;
}

/// <summary>The table moves through the field of view while both heads count.</summary>
public sealed record WholeBodyAcquisition : PlannedAcquisition
{
    /// <summary>Table speed, cm/min.</summary>
    public required double SpeedCmPerMin { get; init; }
    /// <summary>Length scanned, mm.</summary>
    public required double LengthMm { get; init; }
    /// <summary>Pixels across.</summary>
    public required int Columns { get; init; }
    /// <summary>Pixels along.</summary>
    public required int Rows { get; init; }
    /// <summary>Counts per view the speed aims at; null when not set.</summary>
    public long? CountsTarget { get; init; }
    /// <summary>Machine angle of head 1, degrees.</summary>
    public double RotationDeg { get; init; }
    /// <inheritdoc/>
    public override AcquisitionKind Kind => AcquisitionKind.WholeBody;
    /// <inheritdoc/>
    public override TimeSpan NominalDuration => TimeSpan.FromMinutes(LengthMm / 10 / SpeedCmPerMin);
}

/// <summary>SPECT.</summary>
public sealed record TomoAcquisition : PlannedAcquisition
{
    /// <summary>Projections in all, over all heads.</summary>
    public required int ViewsTotal { get; init; }
    /// <summary>Arc covered by all heads together, degrees.</summary>
    public required double ArcDeg { get; init; }
    /// <summary>Time per stop.</summary>
    public required TimeSpan StopTime { get; init; }
    /// <summary>Longest time per stop when the count rate asks for more; null: as set.</summary>
    public TimeSpan? LongestStop { get; init; }
    /// <summary>Matrix.</summary>
    public required int Matrix { get; init; }
    /// <summary>Zoom.</summary>
    public double Zoom { get; init; } = 1;
    /// <summary>True: gantry turns while counting.</summary>
    public bool Continuous { get; init; }
    /// <summary>True: radius per angle from the body contour; false: one radius.</summary>
    public bool BodyContour { get; init; }
    /// <summary>Machine angle of head 1 at the first stop, degrees.</summary>
    public double StartRotationDeg { get; init; }
    /// <summary>True: clockwise seen from the feet (machine angle grows).</summary>
    public bool Clockwise { get; init; } = true;
    /// <summary>Stops per head with that many heads at 180 degrees.</summary>
    public int StopsPerHead(int heads) => ViewsTotal / heads;
    /// <summary>Angle between neighbouring stops with that many heads sharing the arc, degrees.</summary>
    public double StepDeg(int heads) => ArcDeg / heads / StopsPerHead(heads);
    /// <summary>Machine angle of head 1 at a stop counted from 0, degrees.</summary>
    public double RotationAtStopDeg(int stop, int heads) => StartRotationDeg + ((Clockwise ? 1 : -1) * stop * StepDeg(heads));
    /// <inheritdoc/>
    public override AcquisitionKind Kind => AcquisitionKind.Tomo;
    /// <summary>With two heads.</summary>
    public override TimeSpan NominalDuration => StopsPerHead(2) * StopTime;
}

/// <summary>CT.</summary>
public sealed record CtAcquisition : PlannedAcquisition
{
    /// <summary>Tube voltage.</summary>
    public required double Kv { get; init; }
    /// <summary>Tube current.</summary>
    public required double MA { get; init; }
    /// <summary>Rotation time.</summary>
    public required TimeSpan RotationTime { get; init; }
    /// <summary>Pitch.</summary>
    public required double Pitch { get; init; }
    /// <summary>Slice thickness and spacing.</summary>
    public required double SliceMm { get; init; }
    /// <summary>Length scanned, centred on the SPECT field of view.</summary>
    public required double LengthMm { get; init; }
    /// <summary>Alert above this CTDIvol, mGy.</summary>
    public required double CtdiAlertMGy { get; init; }
    /// <summary>Alert above this DLP, mGy cm.</summary>
    public required double DlpAlertMGyCm { get; init; }
    /// <summary>Nothing is exposed above this CTDIvol, mGy; null: no lock.</summary>
    public double? CtdiLockMGy { get; init; }
    /// <summary>Nothing is exposed above this DLP, mGy cm; null: no lock.</summary>
    public double? DlpLockMGyCm { get; init; }
    /// <summary>"attenuation", "low-dose", "diagnostic", "metal" or "paediatric"; empty when not said.</summary>
    public string Preset { get; init; } = "";
    /// <summary>True: reconstructed with and without metal artefact reduction, both kept.</summary>
    public bool MetalArtefactReduction { get; init; }
    /// <summary>True: extended HU scale.</summary>
    public bool ExtendedHu { get; init; }
    /// <inheritdoc/>
    public override AcquisitionKind Kind => AcquisitionKind.Ct;
    /// <inheritdoc/>
    public override TimeSpan NominalDuration => RotationTime * (LengthMm / Math.Max(1, Pitch * 20));
}

/// <summary>How a SPECT is reconstructed.</summary>
/// <param name="Iterations">OSEM iterations.</param>
/// <param name="Subsets">Subsets; must divide the number of views.</param>
/// <param name="AttenuationCorrection">From the CT.</param>
/// <param name="ScatterCorrection">"TEW" or "none".</param>
/// <param name="CollimatorResponse">Resolution recovery.</param>
/// <param name="PostFilterMm">Gaussian FWHM, mm; 0 for none.</param>
public sealed record ReconstructionSettings(int Iterations, int Subsets, bool AttenuationCorrection, string ScatterCorrection, bool CollimatorResponse, double PostFilterMm)
{
    /// <summary>What a protocol without a SPECT has.</summary>
    public static ReconstructionSettings None { get; } = new(0, 0, false, "none", false, 0);
}

/// <summary>Limit of one quality check.</summary>
/// <param name="Check">Check name, e.g. "counts-per-view".</param>
/// <param name="Warn">Warn beyond this.</param>
/// <param name="Fail">Fail beyond this.</param>
/// <param name="Unit">Unit of both.</param>
/// <param name="Source">Where the limit comes from, with its status letter.</param>
public sealed record QualityLimit(string Check, double Warn, double Fail, string Unit, string Source);
