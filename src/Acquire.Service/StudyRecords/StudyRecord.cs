using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.StudyRecords;

/// <summary>All there is of a study at one moment, read back from disk: what DICOM objects, checks and the report are made of.</summary>
public sealed record StudyRecord
{
    /// <summary>Pseudonymous study key: the only name a study has in logs.</summary>
    public required string StudyKey { get; init; }
    /// <summary>The worklist entry.</summary>
    public required ScheduledStudy Scheduled { get; init; }
    /// <summary>The protocol it was done by.</summary>
    public required AcquisitionProtocol Protocol { get; init; }
    /// <summary>Start of the study (first event), console time.</summary>
    public required DateTimeOffset Started { get; init; }
    /// <summary>Time zero of every window; null before the injection.</summary>
    public DateTimeOffset? Injected { get; init; }
    /// <summary>Dose record of every tracer of the protocol, first tracer first: prescription, syringe, residual, clocks, net activity with its uncertainty. Empty for a camera check.</summary>
    public IReadOnlyList<DoseReport> Doses { get; init; } = [];
    /// <summary>Why an activity beyond the limits was given, by tracer ("" the first); a tracer that needed none is not in here.</summary>
    public IReadOnlyDictionary<string, string> DoseReasons { get; init; } = new Dictionary<string, string>();
    /// <summary>Net activity of the first tracer at its injection, MBq, with the residual and the clocks of <see cref="Doses"/>; null before.</summary>
    public double? NetActivityMBq { get; init; }
    /// <summary>Syringe before injection: MBq at time; null when not measured.</summary>
    public (double MBq, DateTimeOffset At)? SyringeBefore { get; init; }
    /// <summary>Residual after injection.</summary>
    public (double MBq, DateTimeOffset At)? SyringeAfter { get; init; }
    /// <summary>Flow, pool, delayed views, SPECT, in the order taken; not the CT.</summary>
    public required IReadOnlyList<CountSeries> Series { get; init; }
    /// <summary>CT in HU in the study's frame of reference; null when none was taken.</summary>
    public Volume? Ct { get; init; }
    /// <summary>Settings and dose of the CT; null when none.</summary>
    public CtFacts? CtFacts { get; init; }
    /// <summary>Further CT scans of the study, in its order; <see cref="Ct"/> is the one that covers most of the last SPECT.</summary>
    public IReadOnlyList<CtScan> OtherCts { get; init; } = [];
    /// <summary>Reconstructed SPECT volumes by name ("AC", "NAC"); empty before.</summary>
    public IReadOnlyDictionary<string, Volume> Reconstructions { get; init; } = new Dictionary<string, Volume>();
    /// <summary>How each of <see cref="Reconstructions"/> was made, by its name; one that is not in here was made of the last SPECT as the protocol's reconstruction says.</summary>
    public IReadOnlyDictionary<string, ReconstructionOrigin> Origins { get; init; } = new Dictionary<string, ReconstructionOrigin>();
    /// <summary>Attenuation map used, 1/mm in SPECT space; null when none.</summary>
    public Volume? AttenuationMap { get; init; }
    /// <summary>Plan against what happened.</summary>
    public IReadOnlyList<TimelineEntry> Timeline { get; init; } = [];
    /// <summary>Comparison of stored sums with the gantry's ledger, one per acquisition.</summary>
    public IReadOnlyList<LedgerComparison> Ledgers { get; init; } = [];
    /// <summary>Prompts and answers.</summary>
    public IReadOnlyList<PromptAnswer> Prompts { get; init; } = [];
    /// <summary>Gantry as it identified itself.</summary>
    public string GantryIdentity { get; init; } = "";
    /// <summary>How the study ended.</summary>
    public Ending Ending { get; init; } = Ending.Open;
    /// <summary>Why, in words.</summary>
    public string EndingReason { get; init; } = "";

    /// <summary>What a step of the protocol shows: its tracer, when that was injected and how much of it. Null instants and activities while it was not.</summary>
    /// <param name="stepId">Step; one that is not in the protocol shows the first tracer.</param>
    public ShownTracer TracerOf(string stepId)
    {
        StudyPhase? phase = Protocol.Phases.FirstOrDefault(p => p.Acquisitions.Any(a => a.Id == stepId));
        string id = phase?.TracerId ?? "";
        if (id.Length == 0) return new ShownTracer("", Protocol.Tracer, Injected, NetActivityMBq);
        DoseReport? dose = Doses.FirstOrDefault(d => d.TracerId == id);
        return new ShownTracer(id, Protocol.TracerOf(id), dose?.Record?.InjectedAt, dose?.Net?.MBq);
    }
}

/// <summary>How a volume was made.</summary>
/// <param name="StepId">SPECT it was made of.</param>
/// <param name="Title">For people, e.g. "SPECT for SUV".</param>
/// <param name="Settings">Settings of the reconstruction.</param>
/// <param name="Attenuation">Corrected for attenuation from the CT.</param>
public sealed record ReconstructionOrigin(string StepId, string Title, ReconstructionSettings Settings, bool Attenuation);

/// <summary>The tracer a series shows.</summary>
/// <param name="Id">Its id in the protocol; empty for the first.</param>
/// <param name="Tracer">The tracer.</param>
/// <param name="Injected">When it was injected; null when it was not.</param>
/// <param name="NetMBq">Net activity at its injection; null when not known.</param>
public sealed record ShownTracer(string Id, Tracer Tracer, DateTimeOffset? Injected, double? NetMBq);

/// <summary>Settings and dose of a CT.</summary>
/// <param name="AcquisitionId">Identity on the wire.</param>
/// <param name="StepId">Step id in the protocol.</param>
/// <param name="Kv">kV.</param>
/// <param name="MA">mA.</param>
/// <param name="RotationSeconds">Rotation time.</param>
/// <param name="Pitch">Pitch.</param>
/// <param name="SliceMm">Slice thickness and spacing.</param>
/// <param name="CtdiVolMGy">CTDIvol as the gantry reported it.</param>
/// <param name="DlpMGyCm">DLP as the gantry reported it.</param>
/// <param name="Start">Start of exposure.</param>
/// <param name="Ending">How it ended.</param>
/// <param name="ExpectedSlices">Slices asked for.</param>
public sealed record CtFacts(Guid AcquisitionId, string StepId, double Kv, double MA, double RotationSeconds, double Pitch, double SliceMm,
    double CtdiVolMGy, double DlpMGyCm, DateTimeOffset Start, Ending Ending, int ExpectedSlices);

/// <summary>A CT scan beside the one the SPECT is corrected with.</summary>
/// <param name="Facts">Facts.</param>
/// <param name="StoredSlices">Slices on disk.</param>
/// <param name="Read">Reads the volume, HU; null when slices are damaged or missing. Not kept: a scan may have half a gigabyte.</param>
public sealed record CtScan(CtFacts Facts, int StoredSlices, Func<Volume?> Read);

/// <summary>One row of the timeline: planned against actual, times from the injection.</summary>
/// <param name="Id">Phase or prompt id.</param>
/// <param name="Title">For people.</param>
/// <param name="IsPrompt">A prompt rather than a phase.</param>
/// <param name="PlannedOpen">Window opens.</param>
/// <param name="PlannedTarget">Target.</param>
/// <param name="PlannedClose">Window closes.</param>
/// <param name="ActualStart">Start; null when it did not happen.</param>
/// <param name="ActualEnd">End.</param>
/// <param name="State">State in words: done, late, missed, skipped ...</param>
/// <param name="Reason">Why, in words.</param>
public sealed record TimelineEntry(string Id, string Title, bool IsPrompt, TimeSpan PlannedOpen, TimeSpan PlannedTarget, TimeSpan PlannedClose,
    TimeSpan? ActualStart, TimeSpan? ActualEnd, string State, string Reason);

/// <summary>Stored sums against the gantry's ledger.</summary>
/// <param name="StepId">Step id.</param>
/// <param name="Title">Title of the step.</param>
/// <param name="FramesStored">Frames on disk.</param>
/// <param name="FramesLedger">Frames the gantry says it made.</param>
/// <param name="CountsStored">Counts on disk over all heads.</param>
/// <param name="CountsLedger">Counts in the ledger.</param>
/// <param name="CrcEqual">CRC over all frame CRCs equal.</param>
public sealed record LedgerComparison(string StepId, string Title, long FramesStored, long FramesLedger, long CountsStored, long CountsLedger, bool CrcEqual)
{
    /// <summary>Nothing lost, nothing invented.</summary>
    public bool Equal => FramesStored == FramesLedger && CountsStored == CountsLedger && CrcEqual;
}

/// <summary>A prompt and what was answered.</summary>
/// <param name="Id">Prompt id.</param>
/// <param name="Text">As shown.</param>
/// <param name="Shown">When shown, from the injection.</param>
/// <param name="Answered">When answered; null when not.</param>
/// <param name="Answer">The answer in words.</param>
/// <param name="By">Who (role or initials), never the patient.</param>
public sealed record PromptAnswer(string Id, string Text, TimeSpan Shown, TimeSpan? Answered, string Answer, string By);
