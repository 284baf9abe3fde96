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
    /// <summary>SHA-256 of the file's bytes, hex: what an approval names.</summary>
    public string ContentHash { get; init; } = "";
    /// <summary>Body part as DICOM Body Part Examined, e.g. "LSPINE".</summary>
    public required string BodyPart { get; init; }
    /// <summary>What is injected.</summary>
    public required Tracer Tracer { get; init; }
    /// <summary>Collimator that must be latched on every head, e.g. "LEHR".</summary>
    public required string Collimator { get; init; }
    /// <summary>Energy windows of every acquisition; the first is the photopeak.</summary>
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
    /// <summary>What technologist and reader should keep in mind. No diagnosis.</summary>
    public IReadOnlyList<string> Cautions { get; init; } = [];
    /// <summary>Quantities to report.</summary>
    public IReadOnlyList<string> Quantities { get; init; } = [];
}

/// <summary>Radiopharmaceutical and activity rule.</summary>
/// <param name="Radiopharmaceutical">e.g. "99mTc-MDP".</param>
/// <param name="Nuclide">Name known to <c>Radionuclide</c>, e.g. "Tc-99m".</param>
/// <param name="PrescribedMBq">Prescription for an adult.</param>
/// <param name="MinimumMBq">Soft lower limit.</param>
/// <param name="MaximumMBq">Soft upper limit (site reference level).</param>
/// <param name="WarnDeviationPercent">Measured against prescribed: warn beyond.</param>
/// <param name="ReasonDeviationPercent">Measured against prescribed: a reason is needed beyond.</param>
public sealed record Tracer(string Radiopharmaceutical, string Nuclide, double PrescribedMBq, double MinimumMBq, double MaximumMBq,
    double WarnDeviationPercent, double ReasonDeviationPercent);

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

    /// <summary>Time all acquisitions take when nothing stops them, without gantry motion between them.</summary>
    public TimeSpan NominalDuration => Acquisitions.Aggregate(TimeSpan.Zero, (sum, a) => sum + a.NominalDuration);
}

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
    /// <summary>Machine angle of head 1, degrees.</summary>
    public double RotationDeg { get; init; }
    /// <inheritdoc/>
    public override AcquisitionKind Kind => AcquisitionKind.Static;
    /// <inheritdoc/>
    public override TimeSpan NominalDuration => TimeLimit;
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
    /// <summary>Matrix.</summary>
    public required int Matrix { get; init; }
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
public sealed record ReconstructionSettings(int Iterations, int Subsets, bool AttenuationCorrection, string ScatterCorrection, bool CollimatorResponse, double PostFilterMm);

/// <summary>Limit of one quality check.</summary>
/// <param name="Check">Check name, e.g. "counts-per-view".</param>
/// <param name="Warn">Warn beyond this.</param>
/// <param name="Fail">Fail beyond this.</param>
/// <param name="Unit">Unit of both.</param>
/// <param name="Source">Where the limit comes from, with its status letter.</param>
public sealed record QualityLimit(string Check, double Warn, double Fail, string Unit, string Source);
