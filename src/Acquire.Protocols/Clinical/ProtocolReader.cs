using System.Security.Cryptography;
using System.Text;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Nuclides;

namespace Acquire.Protocols.Clinical;

/// <summary>Reads a protocol file (YAML with units in the text; docs/protocols.md). Pure: text in, protocol or problems out.</summary>
public static class ProtocolReader
{
    /// <summary>Longest text that is read, characters.</summary>
    public const int MaximumLength = 1_000_000;

    /// <summary>Reads one file's text.</summary>
    /// <param name="yamlText">The file's text. A byte order mark does not count for the hash.</param>
    /// <param name="fileName">Its name, for the problems only.</param>
    /// <returns>The protocol with <see cref="AcquisitionProtocol.ContentHash"/> = SHA-256 of the text's UTF-8 bytes in lower-case hex, or all problems at once. Never throws on any text.</returns>
    public static ProtocolResult Read(string yamlText, string fileName)
    {
        ArgumentNullException.ThrowIfNull(yamlText);
        var problems = new ProblemList(fileName);
        string text = yamlText.TrimStart('\uFEFF');
        if (text.Length > MaximumLength)
        {
            problems.Add(new Place(1, 1), $"the file has {text.Length} characters", $"a protocol has at most {MaximumLength}");
            return new ProtocolResult(null, problems.InOrder());
        }
        YamlNode? root = YamlTree.Read(text, problems);
        if (root is YamlMap map)
        {
            AcquisitionProtocol protocol = Protocol(new YamlMapReader(map, "a protocol", problems)) with
            {
                ContentHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
            };
            if (!problems.Any) return new ProtocolResult(protocol, []);
        }
        else if (root is not null)
        {
            problems.Add(root.At, $"the file is {YamlMapReader.Shape(root)}", "a protocol starts with 'id: group/name'");
        }
        return new ProtocolResult(null, problems.InOrder());
    }

    private static AcquisitionProtocol Protocol(YamlMapReader map)
    {
        var rules = new ProtocolRules(map.Problems);
        Located<string> id = map.Text("id", example: "bone/facet");
        rules.ProtocolId(id);
        Located<string> title = map.Text("title");
        Located<string> version = map.Text("version", example: "\"1\"");
        Located<string> bodyPart = map.Text("body-part", example: "LSPINE");
        Tracer tracer = ReadTracer(map, rules, out Radionuclide? nuclide);
        Located<string> collimator = map.Text("collimator", example: "LEHR");
        rules.Collimator(collimator, nuclide);
        IReadOnlyList<(EnergyWindow Window, Place At)> windows = ReadWindows(map, rules, nuclide);
        IReadOnlyList<PreparationQuestion> preparation = ReadPreparation(map, rules);
        IReadOnlyList<ReadPhase> phases = ReadPhases(map, rules);
        IReadOnlyList<ReadPrompt> prompts = ReadPrompts(map, rules);
        rules.Order(phases);
        rules.Gates(prompts, phases);
        ReconstructionSettings reconstruction = ReadReconstruction(map, rules, phases, windows);
        IReadOnlyList<QualityLimit> limits = ReadLimits(map, rules);
        IReadOnlyList<string> cautions = map.Texts("cautions");
        rules.Wording(map, "cautions");
        IReadOnlyList<string> quantities = map.Texts("quantities");
        map.End();
        return new AcquisitionProtocol
        {
            Id = id.Value,
            Title = title.Value,
            Version = version.Value,
            BodyPart = bodyPart.Value,
            Tracer = tracer,
            Collimator = collimator.Value,
            EnergyWindows = [.. windows.Select(w => w.Window)],
            Preparation = preparation,
            Prompts = [.. prompts.Select(p => p.Prompt)],
            Phases = [.. phases.Select(p => p.Phase)],
            Reconstruction = reconstruction,
            QualityLimits = limits,
            Cautions = cautions,
            Quantities = quantities,
        };
    }

    private static Tracer ReadTracer(YamlMapReader map, ProtocolRules rules, out Radionuclide? nuclide)
    {
        nuclide = null;
        if (map.Map("tracer", "a tracer") is not { } tracer) return new Tracer("", "", 0, 0, 0, 0, 0);
        Located<string> name = tracer.Text("radiopharmaceutical", example: "99mTc-MDP");
        Located<string> nuclideName = tracer.Word("nuclide", [.. Radionuclide.All.Select(n => n.Name)]);
        if (nuclideName.Ok) nuclide = Radionuclide.Find(nuclideName.Value);
        Located<double> prescribed = tracer.Quantity("prescribed", Dimension.Activity);
        Located<double> minimum = tracer.Quantity("minimum", Dimension.Activity);
        Located<double> maximum = tracer.Quantity("maximum", Dimension.Activity);
        Located<double> warn = tracer.Quantity("warn-deviation", Dimension.Percent);
        Located<double> reason = tracer.Quantity("reason-deviation", Dimension.Percent);
        tracer.End();
        rules.Activity(prescribed, minimum, maximum, warn, reason);
        return new Tracer(name.Value, nuclideName.Value, prescribed.Value, minimum.Value, maximum.Value, warn.Value, reason.Value);
    }

    private static readonly string[] Roles = ["photopeak", "scatter-lower", "scatter-upper"];

    private static List<(EnergyWindow Window, Place At)> ReadWindows(YamlMapReader map, ProtocolRules rules, Radionuclide? tracerNuclide)
    {
        List<(EnergyWindow Window, Place At)> windows = [];
        var names = new UniqueIds(map.Problems, "energy window");
        bool all = true;
        foreach (YamlMap entry in map.Maps("energy-windows"))
        {
            var window = new YamlMapReader(entry, "an energy window", map.Problems);
            Located<string> name = window.Text("name", example: "Tc99m");
            names.Add(name);
            rules.WindowName(name);
            Located<string> role = window.Word("role", Roles);
            EnergyWindowRole windowRole = (EnergyWindowRole)Math.Max(0, Array.IndexOf(Roles, role.Value));
            double lower = 0, upper = 0;
            bool ok;
            Place at;
            Radionuclide? nuclide = tracerNuclide;
            if (window.Has("centre") || window.Has("width") || window.Has("nuclide"))
            {
                Located<string> nuclideName = window.Word("nuclide", [.. Radionuclide.All.Select(n => n.Name)]);
                if (nuclideName.Ok) nuclide = Radionuclide.Find(nuclideName.Value);
                Located<double> centre = window.Quantity("centre", Dimension.Energy);
                Located<double> width = window.Quantity("width", Dimension.Percent);
                foreach (string key in (string[])["lower", "upper"])
                    if (window.Node(key, required: false) is { } twice)
                        map.Problems.Add(twice.At, $"'{key}' is given as well as centre and width", "write the window one way: 'centre' and 'width', or 'lower' and 'upper'");
                ok = rules.WindowShape(centre, width);
                at = centre.At;
                lower = centre.Value * (1 - (width.Value / 200));
                upper = centre.Value * (1 + (width.Value / 200));
            }
            else
            {
                Located<double> low = window.Quantity("lower", Dimension.Energy);
                Located<double> high = window.Quantity("upper", Dimension.Energy);
                ok = rules.WindowLimits(low, high);
                at = low.At;
                (lower, upper) = (low.Value, high.Value);
                foreach (string key in (string[])["nuclide", "centre", "width"]) window.Node(key, required: false);
            }
            window.End();
            if (!ok || !role.Ok)
            {
                all = false;
                continue;
            }
            var made = new EnergyWindow(name.Value, lower, upper, windowRole);
            if (windowRole == EnergyWindowRole.Photopeak) rules.HoldsPhotopeak(made, at, nuclide);
            windows.Add((made, at));
        }
        if (all) rules.Windows(windows, map.At);
        return windows;
    }

    private static List<PreparationQuestion> ReadPreparation(YamlMapReader map, ProtocolRules rules)
    {
        List<PreparationQuestion> questions = [];
        var ids = new UniqueIds(map.Problems, "question");
        foreach (YamlMap entry in map.Maps("preparation", mayBeEmpty: true))
        {
            var question = new YamlMapReader(entry, "a question", map.Problems);
            Located<string> id = question.Text("id", example: "pregnancy");
            ids.Add(id);
            rules.Identifier(id);
            Located<string> text = question.Text("question");
            Located<bool> required = question.YesNo("required");
            Located<string> blocking = question.Text("blocked-by", required: false, example: "\"yes\"");
            question.End();
            questions.Add(new PreparationQuestion(id.Value, text.Value, required.Value, blocking.Ok ? blocking.Value : null));
        }
        return questions;
    }

    private static readonly string[] PromptKinds = ["hydration", "void", "note"];

    private static List<ReadPrompt> ReadPrompts(YamlMapReader map, ProtocolRules rules)
    {
        List<ReadPrompt> prompts = [];
        foreach (YamlMap entry in map.Maps("prompts", mayBeEmpty: true))
        {
            var prompt = new YamlMapReader(entry, "a prompt", map.Problems);
            Located<string> id = prompt.Text("id", example: "void");
            rules.TimelineId(id);
            Located<string> kind = prompt.Word("kind", PromptKinds);
            Located<string> text = prompt.Text("text");
            Located<TimeSpan> at = prompt.Time("at");
            Located<string> gate = prompt.Text("gate-for", required: false, example: "delayed");
            Located<TimeSpan> valid = prompt.Time("valid-for", required: false);
            Located<string> moves = prompt.Text("moves-with", required: false, example: "delayed");
            prompt.End();
            PromptKind promptKind = (PromptKind)Math.Max(0, Array.IndexOf(PromptKinds, kind.Value));
            prompts.Add(new ReadPrompt(new Prompt(id.Value, promptKind, text.Value, at.Value, gate.Ok ? gate.Value : null, valid.Ok ? valid.Value : null)
            {
                MovesWith = moves.Ok ? moves.Value : gate.Ok ? gate.Value : null,
            }, kind, at, gate, valid, moves));
        }
        return prompts;
    }

    private static List<ReadPhase> ReadPhases(YamlMapReader map, ProtocolRules rules)
    {
        List<ReadPhase> phases = [];
        var stepIds = new UniqueIds(map.Problems, "acquisition");
        foreach (YamlMap entry in map.Maps("phases"))
        {
            var phase = new YamlMapReader(entry, "a phase", map.Problems);
            Located<string> id = phase.Text("id", example: "delayed");
            rules.TimelineId(id);
            Located<string> title = phase.Text("title");
            Located<TimeSpan> opens = phase.Time("opens");
            Located<TimeSpan> target = phase.Time("target");
            Located<TimeSpan> closes = phase.Time("closes");
            Located<bool> repeatable = phase.YesNo("repeatable");
            List<ReadStep> steps = [];
            foreach (YamlMap step in phase.Maps("acquisitions"))
                if (ReadStepOf(new YamlMapReader(step, "an acquisition", map.Problems), rules, stepIds) is { } made) steps.Add(made);
            List<(RenalTarget Target, Place At)> renal = [];
            foreach (YamlMap row in phase.Maps("renal-targets", required: false))
            {
                var target1 = new YamlMapReader(row, "a renal target", map.Problems);
                Located<double> clearance = target1.Quantity("up-to", Dimension.Clearance);
                Located<TimeSpan> later = target1.Time("target");
                target1.End();
                if (rules.Renal(clearance, later, target)) renal.Add((new RenalTarget(clearance.Value, later.Value), clearance.At));
            }
            phase.End();
            rules.RenalOrder(renal);
            var read = new ReadPhase(new StudyPhase(id.Value, title.Value, opens.Value, target.Value, closes.Value, repeatable.Value, [.. steps.Select(s => s.Acquisition)])
            {
                RenalTargets = [.. renal.Select(r => r.Target).OrderBy(r => r.UpToMlPerMin)],
            }, opens, target, closes, steps, phase.At);
            rules.Phase(read);
            phases.Add(read);
        }
        return phases;
    }

    private static readonly string[] StepKinds = ["flow", "static", "tomo", "ct"];

    private static ReadStep? ReadStepOf(YamlMapReader step, ProtocolRules rules, UniqueIds ids)
    {
        Located<string> id = step.Text("id", example: "delayed-posterior");
        ids.Add(id);
        rules.Identifier(id);
        Located<string> kind = step.Word("kind", StepKinds);
        Located<string> title = step.Text("title");
        if (!kind.Ok) return null;
        ReadStep made;
        switch (kind.Value)
        {
            case "flow":
            {
                Located<TimeSpan> preRoll = step.Time("pre-roll");
                Located<int> frames = step.Whole("frames", 60);
                Located<TimeSpan> frameTime = step.Time("frame-time");
                Located<int> matrix = step.Whole("matrix", 128);
                Located<double> rotation = step.Quantity("rotation", Dimension.Angle, required: false);
                bool ok = rules.Flow(preRoll, frames, frameTime) & rules.Matrix(matrix, tomographic: false) & rules.Rotation(rotation);
                made = new ReadStep(new FlowAcquisition
                {
                    Id = id.Value, Title = title.Value, PreRoll = preRoll.Value, Frames = frames.Value, FrameTime = frameTime.Value, Matrix = matrix.Value, RotationDeg = rotation.Value,
                }, step.At, ok);
                break;
            }
            case "static":
            {
                Located<TimeSpan> time = step.Time("time");
                Located<double> counts = step.Quantity("count-limit", Dimension.Counts, required: false);
                Located<int> matrix = step.Whole("matrix", 256);
                Located<double> rotation = step.Quantity("rotation", Dimension.Angle, required: false);
                bool ok = rules.Duration(time, "time", TimeSpan.FromHours(1)) & rules.Matrix(matrix, tomographic: false) & rules.Rotation(rotation) & rules.CountLimit(counts);
                made = new ReadStep(new StaticAcquisition
                {
                    Id = id.Value, Title = title.Value, TimeLimit = time.Value, CountLimit = counts.Ok ? (long)counts.Value : null, Matrix = matrix.Value, RotationDeg = rotation.Value,
                }, step.At, ok);
                break;
            }
            case "tomo":
            {
                Located<int> views = step.Whole("views", 120);
                Located<double> arc = step.Quantity("arc", Dimension.Angle);
                Located<TimeSpan> stop = step.Time("stop-time");
                Located<int> matrix = step.Whole("matrix", 128);
                Located<string> motion = step.Word("motion", ["step-and-shoot", "continuous"]);
                Located<string> orbit = step.Word("orbit", ["body-contour", "circular"]);
                Located<double> start = step.Quantity("start-rotation", Dimension.Angle, required: false);
                Located<string> direction = step.Word("direction", ["clockwise", "counter-clockwise"]);
                bool ok = rules.Tomo(views, arc, stop) & rules.Matrix(matrix, tomographic: true) & rules.Rotation(start);
                made = new ReadStep(new TomoAcquisition
                {
                    Id = id.Value, Title = title.Value, ViewsTotal = views.Value, ArcDeg = arc.Value, StopTime = stop.Value, Matrix = matrix.Value,
                    Continuous = motion.Value == "continuous", BodyContour = orbit.Value == "body-contour", StartRotationDeg = start.Value, Clockwise = direction.Value == "clockwise",
                }, step.At, ok && motion.Ok && orbit.Ok && direction.Ok);
                break;
            }
            default:
            {
                Located<double> kv = step.Quantity("voltage", Dimension.Voltage);
                Located<double> ma = step.Quantity("current", Dimension.Current);
                Located<TimeSpan> rotation = step.Time("rotation-time");
                Located<double> pitch = step.Number("pitch", 1.0);
                Located<double> slice = step.Quantity("slice", Dimension.Length);
                Located<double> length = step.Quantity("length", Dimension.Length);
                Located<double> ctdi = step.Quantity("ctdi-alert", Dimension.Ctdi);
                Located<double> dlp = step.Quantity("dlp-alert", Dimension.Dlp);
                bool ok = rules.Ct(kv, ma, rotation, pitch, slice, length, ctdi, dlp);
                made = new ReadStep(new CtAcquisition
                {
                    Id = id.Value, Title = title.Value, Kv = kv.Value, MA = ma.Value, RotationTime = rotation.Value, Pitch = pitch.Value, SliceMm = slice.Value, LengthMm = length.Value,
                    CtdiAlertMGy = ctdi.Value, DlpAlertMGyCm = dlp.Value,
                }, step.At, ok);
                break;
            }
        }
        step.End();
        return made;
    }

    private static ReconstructionSettings ReadReconstruction(YamlMapReader map, ProtocolRules rules, IReadOnlyList<ReadPhase> phases, IReadOnlyList<(EnergyWindow Window, Place At)> windows)
    {
        if (map.Map("reconstruction", "a reconstruction") is not { } r) return new ReconstructionSettings(0, 0, false, "none", false, 0);
        r.Word("algorithm", ["OSEM"]);
        Located<int> iterations = r.Whole("iterations", 4);
        Located<int> subsets = r.Whole("subsets", 8);
        Located<bool> attenuation = r.YesNo("attenuation-correction");
        Located<string> scatter = r.Word("scatter-correction", ["TEW", "none"]);
        Located<bool> response = r.YesNo("collimator-response");
        Located<double> filter = r.Quantity("post-filter", Dimension.Length);
        r.End();
        rules.Reconstruction(iterations, subsets, attenuation, scatter, filter, phases, windows);
        return new ReconstructionSettings(iterations.Value, subsets.Value, attenuation.Value, scatter.Value, response.Value, filter.Value);
    }

    private static List<QualityLimit> ReadLimits(YamlMapReader map, ProtocolRules rules)
    {
        List<QualityLimit> limits = [];
        var ids = new UniqueIds(map.Problems, "limit for");
        foreach (YamlMap entry in map.Maps("quality-limits"))
        {
            var limit = new YamlMapReader(entry, "a quality limit", map.Problems);
            Located<string> check = limit.Word("check", [.. QualityCheckKind.All.Select(k => k.Name)]);
            if (!ids.Add(check) || !check.Ok) continue;
            QualityCheckKind kind = QualityCheckKind.Find(check.Value)!;
            Located<double> warn = limit.Quantity("warn", kind.Dimension);
            Located<double> fail = limit.Quantity("fail", kind.Dimension);
            Located<string> source = limit.Text("source", example: "physics-and-qc 4.4 (EK)");
            limit.End();
            rules.Limit(kind, warn, fail);
            limits.Add(new QualityLimit(kind.Name, warn.Value, fail.Value, kind.Unit, source.Value));
        }
        return limits;
    }
}
