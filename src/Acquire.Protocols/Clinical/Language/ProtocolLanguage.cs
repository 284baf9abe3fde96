using Acquire.Protocols.Nuclides;

namespace Acquire.Protocols.Clinical.Language;

/// <summary>The protocol language, said once: every key with its meaning, unit and range.</summary>
internal static class ProtocolLanguage
{
    // No nested class reads a static of this class: two threads that enter from both sides would wait for each other for ever.
    private static class NuclideNames
    {
        public static readonly string[] All = [.. Radionuclide.All.Select(n => n.Name)];
    }

    /// <summary>Rule for children.</summary>
    internal static class Paediatric
    {
        public static readonly WordKey Rule = new("rule", "which guideline gives the activity; the other one is shown beside it", ["eanm-card", "north-american"]);
        public static readonly WordKey Class = new("class", "column of the EANM dosage card", ["A", "B", "C"]);
        public static readonly QuantityKey Baseline = new("baseline", "baseline activity of the EANM dosage card", Dimension.Activity, 0.1, 1000);
        public static readonly QuantityKey CardMinimum = new("card-minimum", "minimum activity of the EANM dosage card", Dimension.Activity, 0.1, 1000);
        public static readonly QuantityKey PerWeight = new("per-weight", "activity per weight of the North American consensus", Dimension.ActivityPerWeight, 0.01, 100, Required: false);
        public static readonly QuantityKey ConsensusMinimum = new("consensus-minimum", "minimum activity of the North American consensus", Dimension.Activity, 0.1, 1000, Required: false);
        public static readonly QuantityKey BelowAge = new("below-age", "the rule applies below this age", Dimension.Age, 1, 25);
        public static readonly QuantityKey BelowWeight = new("below-weight", "and below this weight at any age", Dimension.Weight, 3, 80, Required: false);
        public static readonly KeyGroup Group = new("a paediatric rule", Rule, Class, Baseline, CardMinimum, PerWeight, ConsensusMinimum, BelowAge, BelowWeight);
    }

    /// <summary>What is given some hours before the tracer.</summary>
    internal static class Premedication
    {
        public static readonly TextKey Id = new("id", "short id of this step", "streptavidin");
        public static readonly TextKey Agent = new("agent", "what is given", "streptavidin i.v.");
        public static readonly QuantityKey Amount = new("amount", "how much", Dimension.Mass, 0);
        public static readonly TimeKey Wait = new("wait", "the tracer is given this long after it, not before", "4 h");
        public static readonly TimeKey Latest = new("latest", "and at the latest this long after it", "6 h");
        public static readonly KeyGroup Group = new("a premedication", Id, Agent, Amount, Wait, Latest);
    }

    /// <summary>What is injected.</summary>
    internal static class Tracer
    {
        public static readonly TextKey Radiopharmaceutical = new("radiopharmaceutical", "what is injected", "99mTc-MDP");
        public static readonly WordKey Nuclide = new("nuclide", "its radionuclide", NuclideNames.All);
        public static readonly QuantityKey Prescribed = new("prescribed", "prescribed activity for an adult", Dimension.Activity);
        public static readonly QuantityKey Minimum = new("minimum", "soft lower limit of the activity", Dimension.Activity);
        public static readonly QuantityKey Maximum = new("maximum", "soft upper limit of the activity", Dimension.Activity);
        public static readonly QuantityKey ReferenceLevel = new("reference-level", "national or site diagnostic reference level: no prescription above it", Dimension.Activity, Required: false);
        public static readonly QuantityKey Warn = new("warn-deviation", "measured against prescribed: warn beyond", Dimension.Percent);
        public static readonly QuantityKey Reason = new("reason-deviation", "measured against prescribed: a reason is needed beyond", Dimension.Percent);
        public static readonly WordKey Injection = new("injection", "how it is given", ["bolus", "slow"], Required: false);
        public static readonly WordKey DoseCoefficients = new("dose-coefficients", "coefficient set of the effective dose", EffectiveDose.Sets, Required: false);
        public static readonly GroupKey Children = new("paediatric", "rule for children; without it nobody below 18 years is injected by this protocol", Paediatric.Group, Required: false);
        public static readonly GroupKey Before = new("premedication", "what is given before the tracer", Premedication.Group, Required: false);
        private static readonly Key[] Shared = [Radiopharmaceutical, Nuclide, Prescribed, Minimum, Maximum, ReferenceLevel, Warn, Reason, Injection, DoseCoefficients, Children, Before];
        public static readonly KeyGroup Group = new("a tracer", Shared);

        public static readonly TextKey Id = new("id", "short id, named by its phases and energy windows", "ga67");
        public static readonly TextKey Title = new("title", "for people", "Ga-67 citrate");
        public static readonly TextKey Collimator = new("collimator", "collimator of its phases", "MEGP");
        public static readonly TimeKey Opens = new("opens", "earliest injection, from the first injection", "4 h");
        public static readonly TimeKey Target = new("target", "wanted injection, from the first injection", "24 h");
        public static readonly TimeKey Closes = new("closes", "latest injection, from the first injection", "36 h");
        public static readonly KeyGroup Later = new("a later tracer", [Id, Title, Collimator, Opens, Target, Closes, .. Shared]) { Identity = Id };
    }

    /// <summary>What a camera is checked with.</summary>
    internal static class Source
    {
        public static readonly TextKey Description = new("description", "what is put before the camera, and where", "point source in air, on the axis");
        public static readonly WordKey Nuclide = new("nuclide", "its radionuclide", NuclideNames.All);
        public static readonly QuantityKey Activity = new("activity", "wanted activity", Dimension.Activity, 0.01, 5000);
        public static readonly QuantityKey Minimum = new("minimum", "least activity", Dimension.Activity, 0.01, 5000);
        public static readonly QuantityKey Maximum = new("maximum", "most activity: above it dead time falsifies the result", Dimension.Activity, 0.01, 5000);
        public static readonly TextKey Stand = new("simulated-as", "scene of the simulator nearest to it", "point", Required: false);
        public static readonly KeyGroup Group = new("a source", Description, Nuclide, Activity, Minimum, Maximum, Stand);
    }

    /// <summary>An energy window.</summary>
    internal static class Window
    {
        public static readonly TextKey Name = new("name", "short name, at most 16 plain characters; also the DICOM energy window name", "Tc99m");
        public static readonly WordKey Role = new("role", "what it is for", ["photopeak", "scatter-lower", "scatter-upper"]);
        public static readonly TextKey For = new("tracer", "id of the later tracer it belongs to; without it the first", "ga67", Required: false);
        public static readonly WordKey Nuclide = new("nuclide", "nuclide whose photopeak it holds", NuclideNames.All);
        public static readonly QuantityKey Centre = new("centre", "centre", Dimension.Energy, 10, 1500);
        public static readonly QuantityKey Width = new("width", "total width", Dimension.Percent);
        public static readonly QuantityKey Lower = new("lower", "lower limit", Dimension.Energy, 10, 1500);
        public static readonly QuantityKey Upper = new("upper", "upper limit", Dimension.Energy, 10, 1500);
        public static readonly KeyGroup Group = new("an energy window", Name, Role, For) { Identity = Name, Alternatives = [[Nuclide, Centre, Width], [Lower, Upper]] };
    }

    /// <summary>A question before the injection.</summary>
    internal static class Question
    {
        public static readonly TextKey Id = new("id", "short id; the answers to weight-kg, age-years, egfr and fluid-restriction change the timeline", "pregnancy");
        public static readonly TextKey Text = new("question", "as asked", "Is the patient pregnant?");
        public static readonly YesNoKey Required = new("required", "the injection waits for the answer");
        public static readonly TextKey BlockedBy = new("blocked-by", "an answer after which a physician must decide", "\"yes\"", Required: false);
        public static readonly KeyGroup Group = new("a question", Id, Text, Required, BlockedBy) { Identity = Id };
    }

    /// <summary>A prompt.</summary>
    internal static class PromptText
    {
        public static readonly TextKey Id = new("id", "short id; phases and prompts share their ids", "void");
        public static readonly WordKey Kind = new("kind", "hydration: advice, replaced under fluid restriction; void: empty the bladder; note: anything else; decision: its answer opens or skips the phase it is a gate for", ["hydration", "void", "note", "decision"]);
        public static readonly TextKey Text = new("text", "as shown", "Empty the bladder now.");
        public static readonly TimeKey At = new("at", "due this long after the injection", "170 min");
        public static readonly TextKey For = new("tracer", "id of the later tracer whose injection 'at' counts from; without it the first", "ga67", Required: false);
        public static readonly TextKey After = new("after", "not due before this phase is over", "spect", Required: false);
        public static readonly TextKey GateFor = new("gate-for", "phase that waits for the answer", "delayed", Required: false);
        public static readonly TimeKey ValidFor = new("valid-for", "a gate's answer counts for this long", "30 min", Required: false);
        public static readonly TextKey MovesWith = new("moves-with", "phase whose shift for slow clearance it follows; a gate follows its phase", "delayed", Required: false);
        public static readonly WordKey OnlyAfter = new("only-after", "shown only when this happened", ["extravasation", "missed-pool"], Required: false);
        public static readonly WordKey Asks = new("asks", "who is asked", ["technologist", "physician", "patient"], Required: false);
        public static readonly KeyGroup Group = new("a prompt", Id, Kind, Text, At, For, After, GateFor, ValidFor, MovesWith, OnlyAfter, Asks) { Identity = Id };
    }

    /// <summary>A later target for slow clearance.</summary>
    internal static class Renal
    {
        public static readonly QuantityKey UpTo = new("up-to", "applies up to this clearance", Dimension.Clearance, 0.001, 200);
        public static readonly TimeKey Target = new("target", "wanted start after the injection", "240 min");
        public static readonly KeyGroup Group = new("a renal target", UpTo, Target);
    }

    /// <summary>When a phase is wanted at all.</summary>
    internal static class Only
    {
        public static readonly TextKey Question = new("question", "preparation question that must be answered with 'answer'", "late-images", Required: false);
        public static readonly TextKey Answer = new("answer", "the answer", "\"yes\"", Required: false);
        public static readonly QuantityKey Clearance = new("clearance-up-to", "or a clearance up to this", Dimension.Clearance, 0, 200, Required: false);
        public static readonly TextKey Missed = new("missed", "or this phase was missed: the plan changes instead of failing", "pool", Required: false);
        public static readonly KeyGroup Group = new("a condition", Question, Answer, Clearance, Missed);
    }

    /// <summary>An acquisition.</summary>
    internal static class Step
    {
        public static readonly TextKey Id = new("id", "short id, unique in the protocol", "delayed-posterior");
        public static readonly TextKey Title = new("title", "for people", "Delayed, posterior");
        public static readonly WordKey Kind = new("kind", "what is taken", ["flow", "static", "whole-body", "tomo", "ct"]);
        public static readonly TextKey Setup = new("setup", "how patient and camera are positioned", "arms up, knees on a roll", Required: false);
        public static readonly QuantityKey TableOffset = new("table-offset", "table position from the middle of the field of view the study is centred on; grows towards the head", Dimension.Length, -1500, 1500, Required: false);
        public static readonly WholeKey Matrix = new("matrix", "pixels across and along", 128);
        public static readonly QuantityKey Zoom = new("zoom", "zoom factor", Dimension.Ratio, 1, 4, Required: false);
        public static readonly QuantityKey Rotation = new("rotation", "machine angle of head 1; 0 above the table, clockwise from the feet", Dimension.Angle, -180, 360, Required: false);

        public static readonly TimeKey PreRoll = new("pre-roll", "time taken before the injection so that no bolus frame is lost", "8 s");
        public static readonly WholeKey Frames = new("frames", "frames after the pre-roll", 60);
        public static readonly TimeKey FrameTime = new("frame-time", "time per frame", "1 s");

        public static readonly TimeKey Time = new("time", "stop after this time", "300 s");
        public static readonly QuantityKey CountLimit = new("count-limit", "or at this many counts, whichever comes first", Dimension.Counts, Required: false);

        public static readonly QuantityKey Speed = new("speed", "table speed", Dimension.Speed, 2, 60);
        public static readonly QuantityKey BodyLength = new("length", "length scanned", Dimension.Length, 300, 2200);
        public static readonly WholeKey Columns = new("columns", "pixels across", 256);
        public static readonly WholeKey Rows = new("rows", "pixels along", 1024);
        public static readonly QuantityKey CountsTarget = new("counts-target", "counts per view the speed aims at", Dimension.Counts, 100_000, 10_000_000, Required: false);

        public static readonly WholeKey Views = new("views", "projections in all, over all heads", 120);
        public static readonly QuantityKey Arc = new("arc", "arc of all heads together", Dimension.Angle);
        public static readonly TimeKey StopTime = new("stop-time", "time per stop", "15 s");
        public static readonly TimeKey LongestStop = new("longest-stop", "longest time per stop when the count rate asks for more", "40 s", Required: false);
        public static readonly WordKey Motion = new("motion", "how the gantry turns", ["step-and-shoot", "continuous"]);
        public static readonly WordKey Orbit = new("orbit", "radius per angle", ["body-contour", "circular"]);
        public static readonly QuantityKey StartRotation = new("start-rotation", "machine angle of head 1 at the first stop", Dimension.Angle, -180, 360, Required: false);
        public static readonly WordKey Direction = new("direction", "seen from the feet", ["clockwise", "counter-clockwise"]);

        public static readonly WordKey Preset = new("preset", "what the CT is for", ["attenuation", "low-dose", "diagnostic", "metal", "paediatric"], Required: false);
        public static readonly QuantityKey Voltage = new("voltage", "tube voltage", Dimension.Voltage, 70, 150);
        public static readonly QuantityKey Current = new("current", "tube current", Dimension.Current, 5, 500);
        public static readonly TimeKey RotationTime = new("rotation-time", "time of one turn", "0.8 s");
        public static readonly QuantityKey Pitch = new("pitch", "table feed per turn over beam width", Dimension.Ratio with { Name = "a number", Example = "1" }, 0.3, 2.5);
        public static readonly QuantityKey Slice = new("slice", "slice thickness and spacing", Dimension.Length, 0.4, 10);
        public static readonly QuantityKey Length = new("length", "length scanned, centred on the SPECT field of view", Dimension.Length, 10, 2000);
        public static readonly WordKey Metal = new("metal-artefact-reduction", "both: with and without are kept", ["none", "both"], Required: false);
        public static readonly YesNoKey ExtendedHu = new("extended-hu", "extended HU scale, so that metal is not clipped", Required: false);
        public static readonly QuantityKey CtdiAlert = new("ctdi-alert", "a person releases the exposure above this CTDIvol", Dimension.Ctdi);
        public static readonly QuantityKey DlpAlert = new("dlp-alert", "and above this dose-length product", Dimension.Dlp);
        public static readonly QuantityKey CtdiLock = new("ctdi-lock", "nothing is exposed above this CTDIvol, whoever asks", Dimension.Ctdi, 0.01, 100, Required: false);
        public static readonly QuantityKey DlpLock = new("dlp-lock", "nor above this dose-length product", Dimension.Dlp, 1, 5000, Required: false);

        public static readonly KeyGroup Group = new("an acquisition", Id, Kind, Title, Setup, TableOffset)
        {
            Identity = Id,
            Selector = Kind,
            Variants = new Dictionary<string, IReadOnlyList<Key>>(StringComparer.Ordinal)
            {
                ["flow"] = [PreRoll, Frames, FrameTime, Matrix, Zoom, Rotation],
                ["static"] = [Time, CountLimit, Matrix, Zoom, Rotation],
                ["whole-body"] = [Speed, BodyLength, Columns, Rows, CountsTarget, Rotation],
                ["tomo"] = [Views, Arc, StopTime, LongestStop, Matrix, Zoom, Motion, Orbit, StartRotation, Direction],
                ["ct"] = [Preset, Voltage, Current, RotationTime, Pitch, Slice, Length, Metal, ExtendedHu, CtdiAlert, DlpAlert, CtdiLock, DlpLock],
            },
        };
    }

    /// <summary>A phase.</summary>
    internal static class Phase
    {
        public static readonly TextKey Id = new("id", "short id", "delayed");
        public static readonly TextKey Title = new("title", "for people", "Delayed planar views");
        public static readonly TextKey For = new("tracer", "id of the later tracer whose injection its window counts from; without it the first", "ga67", Required: false);
        public static readonly TimeKey Opens = new("opens", "earliest start after the injection; a flow's armed pre-roll is negative", "120 min");
        public static readonly TimeKey Target = new("target", "wanted start", "180 min");
        public static readonly TimeKey Closes = new("closes", "latest end", "300 min");
        public static readonly YesNoKey Repeatable = new("repeatable", "may be taken again, or late with a reason");
        public static readonly GroupKey OnlyWhen = new("only-when", "the phase is wanted only when one of these holds", Only.Group, Required: false);
        public static readonly ListKey RenalTargets = new("renal-targets", "later targets for slow clearance; everything after moves by the same span", Renal.Group, Required: false);
        public static readonly ListKey Acquisitions = new("acquisitions", "what is taken, in order", Step.Group);
        public static readonly KeyGroup Group = new("a phase", Id, Title, For, Opens, Target, Closes, Repeatable, OnlyWhen, RenalTargets, Acquisitions) { Identity = Id };
    }

    /// <summary>How a SPECT is reconstructed.</summary>
    internal static class Reconstruction
    {
        public static readonly WordKey Algorithm = new("algorithm", "algorithm", ["OSEM"]);
        public static readonly WholeKey Iterations = new("iterations", "iterations", 4);
        public static readonly WholeKey Subsets = new("subsets", "subsets; must divide the views and leave at least 4 in each", 8);
        public static readonly YesNoKey Attenuation = new("attenuation-correction", "from the CT");
        public static readonly WordKey Scatter = new("scatter-correction", "scatter correction", ["TEW", "none"]);
        public static readonly YesNoKey Response = new("collimator-response", "resolution recovery");
        public static readonly QuantityKey Filter = new("post-filter", "Gaussian FWHM after it; 0 mm for none", Dimension.Length, 0, 30);
        private static readonly Key[] Shared = [Algorithm, Iterations, Subsets, Attenuation, Scatter, Response, Filter];
        public static readonly KeyGroup Group = new("a reconstruction", Shared);

        public static readonly TextKey Id = new("id", "short id", "quantitative");
        public static readonly TextKey Title = new("title", "what it is for", "For SUV");
        public static readonly KeyGroup Further = new("a further reconstruction", [Id, Title, .. Shared]) { Identity = Id };
    }

    /// <summary>A quality limit; the unit of its figures goes by the check.</summary>
    internal static class Limit
    {
        public static readonly WordKey Check = new("check", "name of the check (docs/qc)", [.. QualityCheckKind.All.Select(k => k.Name)]);
        public static readonly TextKey Source = new("source", "where the figures come from, with status letter", "physics-and-qc 4.4 (EK)");
        private static readonly Dictionary<string, (QuantityKey Warn, QuantityKey Fail)> Figures = QualityCheckKind.All.ToDictionary(k => k.Name, k => (
            new QuantityKey("warn", $"warn {(k.LowIsWorse ? "below" : "above")} this", k.Dimension), new QuantityKey("fail", $"fail {(k.LowIsWorse ? "below" : "above")} this", k.Dimension)), StringComparer.Ordinal);
        public static QuantityKey Warn(string check) => Figures[check].Warn;
        public static QuantityKey Fail(string check) => Figures[check].Fail;
        public static readonly KeyGroup Group = new("a quality limit", Check, Source)
        {
            Identity = Check,
            Selector = Check,
            Variants = Figures.ToDictionary(f => f.Key, f => (IReadOnlyList<Key>)[f.Value.Warn, f.Value.Fail], StringComparer.Ordinal),
        };
    }

    // The whole file. What comes before 'id' puts a protocol together from others and is gone once it is read.
    public static readonly TextKey Extends = new("extends", "a complete protocol this one is a variant of: it has everything of it, less and more what stands here", "facet.yaml", Required: false);
    public static readonly TextsKey Include = new("include", "parts (files) that are taken in, in this order, before what stands here", "../parts/spine-questions.yaml");
    public static readonly TextKey Part = new("part", "this file is no protocol but a part of protocols: what it is for", "questions before a bone study of the spine", Required: false);

    public static readonly TextKey Id = new("id", "group/name", "bone/facet");
    public static readonly TextKey Title = new("title", "for people", "Facetogenic pain, lumbar");
    public static readonly TextKey Version = new("version", "version of this file, free text", "\"1\"");
    public static readonly WordKey Kind = new("kind", "study: a patient is injected; camera-qc: a source is put before the camera", ["study", "camera-qc"], Required: false);
    public static readonly WordKey Population = new("population", "whom it is for; a paediatric protocol holds to stricter rules for activity and CT", ["adult", "paediatric"], Required: false);
    public static readonly TextKey BodyPart = new("body-part", "DICOM Body Part Examined", "LSPINE");
    public static readonly TextKey Field = new("field-of-view", "what the field of view holds, by names of vertebrae or landmarks", "T11 to S3", Required: false);
    public static readonly TextKey Collimator = new("collimator", "collimator on every head; must fit the nuclide; \"none\" for intrinsic camera checks", "LEHR");
    public static readonly GroupKey TracerKey = new("tracer", "what is injected, and how much", Tracer.Group, Required: false);
    public static readonly ListKey LaterTracers = new("later-tracers", "tracers injected after the first, each with its own time zero", Tracer.Later, Required: false);
    public static readonly GroupKey SourceKey = new("source", "what the camera is checked with (kind: camera-qc)", Source.Group, Required: false);
    public static readonly ListKey EnergyWindows = new("energy-windows", "energy windows of every acquisition; the first is the photopeak", Window.Group);
    public static readonly ListKey Preparation = new("preparation", "questions answered before the injection; each answer is stored with role and time", Question.Group, MayBeEmpty: true);
    public static readonly ListKey Prompts = new("prompts", "prompts to people, by time from the injection", PromptText.Group, MayBeEmpty: true);
    public static readonly ListKey Phases = new("phases", "phases in the order of doing", Phase.Group);
    public static readonly GroupKey ReconstructionKey = new("reconstruction", "how the SPECT is reconstructed", Reconstruction.Group, Required: false);
    public static readonly ListKey FurtherReconstructions = new("further-reconstructions", "reconstructions besides it", Reconstruction.Further, Required: false);
    public static readonly ListKey QualityLimits = new("quality-limits", "limits of the quality checks", Limit.Group);
    public static readonly TextsKey Cautions = new("cautions", "what the technologist keeps in mind; no diagnosis", "Keep the detectors close.");
    public static readonly TextsKey ReaderCautions = new("reader-cautions", "what the reader keeps in mind; no diagnosis", "An early fracture may show nothing.");
    public static readonly TextsKey Quantities = new("quantities", "quantities to report", "SUVmax per facet");
    public static readonly TextsKey Evidence = new("evidence", "published context shown to the reader", "SPECT/CT ... (author year, S)");

    /// <summary>The language's root.</summary>
    public static readonly KeyGroup Root = new("a protocol",
        Part, Extends, Include, Id, Title, Version, Kind, Population, BodyPart, Field, Collimator, TracerKey, LaterTracers, SourceKey, EnergyWindows, Preparation, Prompts, Phases,
        ReconstructionKey, FurtherReconstructions, QualityLimits, Cautions, ReaderCautions, Quantities, Evidence);
}
