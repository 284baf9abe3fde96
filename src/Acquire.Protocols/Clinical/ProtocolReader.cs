using Acquire.Protocols.Clinical.Language;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Nuclides;
using L = Acquire.Protocols.Clinical.Language.ProtocolLanguage;

namespace Acquire.Protocols.Clinical;

/// <summary>Reads a protocol file (YAML with units in the text; docs/protocol-language.md). Pure: text in, protocol or problems out.</summary>
public static class ProtocolReader
{
    /// <summary>Longest text that is read, characters.</summary>
    public const int MaximumLength = 1_000_000;

    /// <summary>Reads one file's text that stands for itself.</summary>
    /// <param name="yamlText">The file's text. A byte order mark does not count.</param>
    /// <param name="fileName">Its name, for the problems only.</param>
    /// <returns>The protocol, or all problems at once. Never throws on any text.</returns>
    public static ProtocolResult Read(string yamlText, string fileName) =>
        Read(yamlText, fileName, _ => new ProtocolText(null, "is not taken in: this text has to stand for itself"));

    /// <summary>Reads a file with the files it takes in (<c>extends</c>, <c>include</c>).</summary>
    /// <param name="yamlText">The file's text.</param>
    /// <param name="fileName">Its name: the names of the files it takes in count from its folder.</param>
    /// <param name="files">Gives the text of a file by its path.</param>
    /// <returns>The protocol with every value's place and source, or all problems of all files at once. Never throws on any text.</returns>
    public static ProtocolResult Read(string yamlText, string fileName, Func<string, ProtocolText> files)
    {
        ArgumentNullException.ThrowIfNull(yamlText);
        ArgumentNullException.ThrowIfNull(files);
        var problems = new ProblemList();
        string text = yamlText.TrimStart('\uFEFF');
        if (text.Length > MaximumLength)
        {
            problems.Add(new Place(fileName, 1, 1), $"the file has {text.Length} characters", $"a protocol has at most {MaximumLength}");
            return new ProtocolResult(null, problems.InOrder());
        }
        var composer = new ProtocolComposer(path => Bounded(files(path)), problems);
        if (composer.Compose(text, fileName) is { } map)
        {
            if (map.Value(L.Part.Name) is YamlScalar part)
            {
                problems.Add(part.At, "this file is a part, not a protocol", "it is checked with the protocols that include it");
                return new ProtocolResult(null, problems.InOrder());
            }
            AcquisitionProtocol protocol = Protocol(new YamlMapReader(map, L.Root, problems));
            if (!problems.Any)
            {
                ResolvedProtocol resolved = ResolvedProtocol.Of(map, composer.Files);
                return new ProtocolResult(protocol with { ContentHash = resolved.ContentHash }, []) { Resolved = resolved };
            }
        }
        return new ProtocolResult(null, problems.InOrder());
    }

    private static ProtocolText Bounded(ProtocolText read) =>
        read.Text?.Length > MaximumLength ? new ProtocolText(null, $"has more than {MaximumLength} characters") : read with { Text = read.Text?.TrimStart('\uFEFF') };

    private static AcquisitionProtocol Protocol(YamlMapReader map)
    {
        var rules = new ProtocolRules(map.Problems);
        Located<string> id = map.Text(L.Id);
        rules.ProtocolId(id);
        Located<string> title = map.Text(L.Title);
        Located<string> version = map.Text(L.Version);
        Located<string> kind = map.Word(L.Kind);
        bool isCheck = kind.Value == "camera-qc";
        bool isPaediatric = map.Word(L.Population).Value == "paediatric";
        Located<string> bodyPart = map.Text(L.BodyPart);
        Located<string> field = map.Text(L.Field);
        Tracer tracer = isCheck ? ReadSource(map, rules, out CheckSource? source, out Radionuclide? nuclide) : ReadFirst(map, rules, isPaediatric, out source, out nuclide);
        Located<string> collimator = map.Text(L.Collimator);
        rules.Collimator(collimator, nuclide, isCheck);
        List<ReadLater> later = ReadLaterTracers(map, rules, isPaediatric);
        IReadOnlyDictionary<string, IReadOnlyList<ReadWindow>> windows = ReadWindows(map, rules, nuclide, later);
        IReadOnlyList<ReadWindow> firstWindows = windows.GetValueOrDefault("") ?? [];
        IReadOnlyList<PreparationQuestion> preparation = ReadPreparation(map, rules);
        IReadOnlyList<ReadPhase> phases = ReadPhases(map, rules, later, preparation);
        IReadOnlyList<ReadPrompt> prompts = ReadPrompts(map, rules, later);
        rules.Premedication(later);
        rules.Order(phases);
        rules.LaterTracers(later, phases, nuclide);
        rules.Gates(prompts, phases);
        if (isPaediatric) rules.PaediatricCt(phases, prompts);
        if (isCheck && map.Map(L.TracerKey) is { } noTracer) map.Problems.Add(noTracer.At, "a camera check injects nobody", "describe what is put before the camera under 'source'");
        if (!isCheck && map.Map(L.SourceKey) is { } noSource) map.Problems.Add(noSource.At, "a study has no 'source'", "write 'kind: camera-qc', or describe what is injected under 'tracer'");
        ReconstructionSettings reconstruction = ReadReconstruction(map, rules, phases, windows);
        IReadOnlyList<FurtherReconstruction> further = ReadFurther(map, rules, phases, windows);
        IReadOnlyList<QualityLimit> limits = ReadLimits(map, rules);
        IReadOnlyList<Located<string>> cautions = map.Texts(L.Cautions), readers = map.Texts(L.ReaderCautions), quantities = map.Texts(L.Quantities), evidence = map.Texts(L.Evidence);
        rules.Wording([.. cautions, .. readers, .. quantities]);
        map.End();
        return new AcquisitionProtocol
        {
            Id = id.Value,
            Title = title.Value,
            Version = version.Value,
            Kind = isCheck ? ProtocolKind.CameraCheck : ProtocolKind.Study,
            IsPaediatric = isPaediatric,
            BodyPart = bodyPart.Value,
            FieldOfView = field.Value,
            Tracer = tracer,
            LaterTracers = [.. later.Select(l => l.Tracer with { EnergyWindows = [.. (windows.GetValueOrDefault(l.Tracer.Id) ?? []).Select(w => w.Window)] })],
            Source = source,
            Collimator = collimator.Value,
            EnergyWindows = [.. firstWindows.Select(w => w.Window)],
            Preparation = preparation,
            Prompts = [.. prompts.Select(p => p.Prompt)],
            Phases = [.. phases.Select(p => p.Phase)],
            Reconstruction = reconstruction,
            FurtherReconstructions = further,
            QualityLimits = limits,
            Cautions = [.. cautions.Select(t => t.Value)],
            ReaderCautions = [.. readers.Select(t => t.Value)],
            Quantities = [.. quantities.Select(t => t.Value)],
            Evidence = [.. evidence.Select(t => t.Value)],
        };
    }

    private static readonly Tracer NoTracer = new("", "", 0, 0, 0, 0, 0);

    private static Tracer ReadFirst(YamlMapReader map, ProtocolRules rules, bool paediatric, out CheckSource? source, out Radionuclide? nuclide)
    {
        source = null;
        nuclide = null;
        if (map.Map(L.TracerKey) is { } tracer)
        {
            Tracer made = ReadTracer(tracer, rules, paediatric, out nuclide);
            tracer.End();
            return made;
        }
        if (!map.Has(L.TracerKey)) map.Problems.Add(map.At, "'tracer' is missing", "a study says what is injected; a check of the camera says 'kind: camera-qc' and 'source'");
        return NoTracer;
    }

    private static Tracer ReadTracer(YamlMapReader tracer, ProtocolRules rules, bool paediatric, out Radionuclide? nuclide)
    {
        nuclide = null;
        Located<string> name = tracer.Text(L.Tracer.Radiopharmaceutical);
        Located<string> nuclideName = tracer.Word(L.Tracer.Nuclide);
        if (nuclideName.Ok) nuclide = Radionuclide.Find(nuclideName.Value);
        Located<double> prescribed = tracer.Quantity(L.Tracer.Prescribed);
        Located<double> minimum = tracer.Quantity(L.Tracer.Minimum);
        Located<double> maximum = tracer.Quantity(L.Tracer.Maximum);
        Located<double> reference = tracer.Quantity(L.Tracer.ReferenceLevel);
        Located<double> warn = tracer.Quantity(L.Tracer.Warn);
        Located<double> reason = tracer.Quantity(L.Tracer.Reason);
        Located<string> injection = tracer.Word(L.Tracer.Injection);
        Located<string> coefficients = tracer.Word(L.Tracer.DoseCoefficients);
        rules.Coefficients(coefficients, nuclide);
        rules.Activity(prescribed, minimum, maximum, warn, reason);
        rules.ReferenceLevel(prescribed, reference);
        PaediatricRule? children = null;
        if (tracer.Map(L.Tracer.Children) is { } child)
        {
            Located<string> rule = child.Word(L.Paediatric.Rule);
            Located<string> column = child.Word(L.Paediatric.Class);
            Located<double> baseline = child.Quantity(L.Paediatric.Baseline), least = child.Quantity(L.Paediatric.CardMinimum);
            Located<double> perKg = child.Quantity(L.Paediatric.PerWeight), consensusLeast = child.Quantity(L.Paediatric.ConsensusMinimum);
            Located<double> years = child.Quantity(L.Paediatric.BelowAge), kg = child.Quantity(L.Paediatric.BelowWeight);
            child.End();
            rules.ChildRule(rule, perKg, consensusLeast);
            children = new PaediatricRule(rule.Value, (DosageClass)Math.Max(0, Array.IndexOf(["A", "B", "C"], column.Value)), baseline.Value, least.Value,
                perKg.Ok ? perKg.Value : null, consensusLeast.Ok ? consensusLeast.Value : null, years.Value, kg.Ok ? kg.Value : null);
        }
        else if (paediatric && !tracer.Has(L.Tracer.Children))
        {
            tracer.Problems.Add(tracer.At, "a protocol for children has no paediatric rule for its activity", "add 'paediatric:' with rule, class, baseline and card-minimum (clinical 1.2)");
        }
        Premedication? before = null;
        if (tracer.Map(L.Tracer.Before) is { } agent)
        {
            Located<string> id = agent.Text(L.Premedication.Id);
            rules.TimelineId(id);
            Located<string> what = agent.Text(L.Premedication.Agent);
            Located<double> amount = agent.Quantity(L.Premedication.Amount);
            Located<TimeSpan> wait = agent.Time(L.Premedication.Wait), latest = agent.Time(L.Premedication.Latest);
            agent.End();
            if (rules.Duration(wait, "wait", TimeSpan.FromDays(7)) && latest.Ok && latest.Value <= wait.Value)
                tracer.Problems.Add(latest.At, $"'latest' of {ProtocolRules.Words(latest.Value)} is not after the wait of {ProtocolRules.Words(wait.Value)}", "the tracer is given after 'wait' and before 'latest'");
            before = new Premedication(id.Value, what.Value, amount.Value, wait.Value, latest.Value);
        }
        return new Tracer(name.Value, nuclideName.Value, prescribed.Value, minimum.Value, maximum.Value, warn.Value, reason.Value)
        {
            ReferenceLevelMBq = reference.Ok ? reference.Value : null,
            Injection = injection.Value,
            DoseCoefficients = coefficients.Ok ? coefficients.Value : null,
            Paediatric = children,
            Premedication = before,
        };
    }

    private static Tracer ReadSource(YamlMapReader map, ProtocolRules rules, out CheckSource? source, out Radionuclide? nuclide)
    {
        source = null;
        nuclide = null;
        if (map.Map(L.SourceKey) is not { } read)
        {
            if (!map.Has(L.SourceKey)) map.Problems.Add(map.At, "'source' is missing", "a check of the camera says what is put before it");
            return NoTracer;
        }
        Located<string> description = read.Text(L.Source.Description);
        Located<string> name = read.Word(L.Source.Nuclide);
        if (name.Ok) nuclide = Radionuclide.Find(name.Value);
        Located<double> activity = read.Quantity(L.Source.Activity), minimum = read.Quantity(L.Source.Minimum), maximum = read.Quantity(L.Source.Maximum);
        Located<string> stand = read.Text(L.Source.Stand);
        read.End();
        rules.Range(activity, minimum, maximum, "activity");
        source = new CheckSource(description.Value, stand.Ok ? stand.Value : null);
        return new Tracer(description.Value, name.Value, activity.Value, minimum.Value, maximum.Value, 100, 100);
    }

    private static List<ReadLater> ReadLaterTracers(YamlMapReader map, ProtocolRules rules, bool paediatric)
    {
        List<ReadLater> later = [];
        var ids = new UniqueIds(map.Problems, "tracer");
        foreach (YamlMapReader entry in map.Maps(L.LaterTracers))
        {
            Located<string> id = entry.Text(L.Tracer.Id);
            ids.Add(id);
            rules.TimelineId(id);
            Located<string> title = entry.Text(L.Tracer.Title), collimator = entry.Text(L.Tracer.Collimator);
            Located<TimeSpan> opens = entry.Time(L.Tracer.Opens), target = entry.Time(L.Tracer.Target), closes = entry.Time(L.Tracer.Closes);
            Tracer tracer = ReadTracer(entry, rules, paediatric, out Radionuclide? nuclide);
            entry.End();
            rules.Collimator(collimator, nuclide, mayBeNone: false);
            rules.InOrder(opens, target, closes);
            later.Add(new ReadLater(new LaterTracer(id.Value, title.Value, tracer, collimator.Value, [], opens.Value, target.Value, closes.Value), nuclide, id, opens, entry.At));
        }
        return later;
    }

    private static Dictionary<string, IReadOnlyList<ReadWindow>> ReadWindows(YamlMapReader map, ProtocolRules rules, Radionuclide? firstNuclide, IReadOnlyList<ReadLater> later)
    {
        List<ReadWindow> windows = [];
        var names = new UniqueIds(map.Problems, "energy window");
        bool all = true;
        foreach (YamlMapReader window in map.Maps(L.EnergyWindows))
        {
            Located<string> name = window.Text(L.Window.Name);
            names.Add(name);
            rules.WindowName(name);
            Located<string> role = window.Word(L.Window.Role);
            EnergyWindowRole windowRole = (EnergyWindowRole)Math.Max(0, Array.IndexOf([.. L.Window.Role.Words], role.Value));
            Located<string> of = window.Text(L.Window.For);
            string tracer = rules.TracerNamed(of, later);
            Radionuclide? nuclide = tracer.Length == 0 ? firstNuclide : later.FirstOrDefault(l => l.Tracer.Id == tracer)?.Nuclide;
            double lower, upper;
            bool ok;
            Place at;
            if (window.Has(L.Window.Centre) || window.Has(L.Window.Width) || window.Has(L.Window.Nuclide))
            {
                Located<string> nuclideName = window.Word(L.Window.Nuclide);
                if (nuclideName.Ok) nuclide = Radionuclide.Find(nuclideName.Value);
                Located<double> centre = window.Quantity(L.Window.Centre);
                Located<double> width = window.Quantity(L.Window.Width);
                ok = rules.WindowShape(centre, width);
                at = centre.At;
                lower = centre.Value * (1 - (width.Value / 200));
                upper = centre.Value * (1 + (width.Value / 200));
            }
            else
            {
                Located<double> low = window.Quantity(L.Window.Lower);
                Located<double> high = window.Quantity(L.Window.Upper);
                ok = rules.WindowLimits(low, high);
                at = low.At;
                (lower, upper) = (low.Value, high.Value);
            }
            window.End();
            if (!ok || !role.Ok)
            {
                all = false;
                continue;
            }
            var made = new EnergyWindow(name.Value, lower, upper, windowRole);
            if (windowRole == EnergyWindowRole.Photopeak) rules.HoldsPhotopeak(made, at, nuclide);
            windows.Add(new ReadWindow(made, at, tracer, windowRole == EnergyWindowRole.Photopeak ? nuclide : null));
        }
        var byTracer = windows.GroupBy(w => w.TracerId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (IReadOnlyList<ReadWindow>)[.. g], StringComparer.Ordinal);
        if (all)
        {
            foreach (IReadOnlyList<ReadWindow> set in byTracer.Values) rules.Windows(set, map.At);
            if (windows.Count > 0) rules.WindowsOfEveryTracer(byTracer, later, map);
        }
        return byTracer;
    }

    private static List<PreparationQuestion> ReadPreparation(YamlMapReader map, ProtocolRules rules)
    {
        List<PreparationQuestion> questions = [];
        var ids = new UniqueIds(map.Problems, "question");
        foreach (YamlMapReader question in map.Maps(L.Preparation))
        {
            Located<string> id = question.Text(L.Question.Id);
            ids.Add(id);
            rules.Identifier(id);
            Located<string> text = question.Text(L.Question.Text);
            Located<bool> required = question.YesNo(L.Question.Required);
            Located<string> blocking = question.Text(L.Question.BlockedBy);
            question.End();
            questions.Add(new PreparationQuestion(id.Value, text.Value, required.Value, blocking.Ok ? blocking.Value : null));
        }
        return questions;
    }

    private static List<ReadPrompt> ReadPrompts(YamlMapReader map, ProtocolRules rules, IReadOnlyList<ReadLater> later)
    {
        List<ReadPrompt> prompts = [];
        foreach (YamlMapReader prompt in map.Maps(L.Prompts))
        {
            Located<string> id = prompt.Text(L.PromptText.Id);
            rules.TimelineId(id);
            Located<string> kind = prompt.Word(L.PromptText.Kind);
            Located<string> text = prompt.Text(L.PromptText.Text);
            Located<TimeSpan> at = prompt.Time(L.PromptText.At);
            Located<string> tracer = prompt.Text(L.PromptText.For);
            Located<string> after = prompt.Text(L.PromptText.After);
            Located<string> gate = prompt.Text(L.PromptText.GateFor);
            Located<TimeSpan> valid = prompt.Time(L.PromptText.ValidFor);
            Located<string> moves = prompt.Text(L.PromptText.MovesWith);
            Located<string> onlyAfter = prompt.Word(L.PromptText.OnlyAfter);
            Located<string> asks = prompt.Word(L.PromptText.Asks);
            prompt.End();
            prompts.Add(new ReadPrompt(new Prompt(id.Value, (PromptKind)Math.Max(0, Array.IndexOf([.. L.PromptText.Kind.Words], kind.Value)), text.Value, at.Value,
                gate.Ok ? gate.Value : null, valid.Ok ? valid.Value : null)
            {
                MovesWith = moves.Ok ? moves.Value : gate.Ok ? gate.Value : null,
                TracerId = rules.TracerNamed(tracer, later),
                After = after.Ok ? after.Value : null,
                OnlyAfter = onlyAfter.Value switch { "extravasation" => PromptOccasion.Extravasation, "missed-pool" => PromptOccasion.MissedPool, _ => PromptOccasion.Always },
                Asks = asks.Ok ? asks.Value : "technologist",
            }, kind, at, gate, valid, moves, after, prompt.At));
            rules.Wording([text]);
        }
        return prompts;
    }

    private static List<ReadPhase> ReadPhases(YamlMapReader map, ProtocolRules rules, IReadOnlyList<ReadLater> later, IReadOnlyList<PreparationQuestion> questions)
    {
        List<ReadPhase> phases = [];
        var stepIds = new UniqueIds(map.Problems, "acquisition");
        foreach (YamlMapReader phase in map.Maps(L.Phases))
        {
            Located<string> id = phase.Text(L.Phase.Id);
            rules.TimelineId(id);
            Located<string> title = phase.Text(L.Phase.Title);
            Located<string> tracer = phase.Text(L.Phase.For);
            Located<TimeSpan> opens = phase.Time(L.Phase.Opens);
            Located<TimeSpan> target = phase.Time(L.Phase.Target);
            Located<TimeSpan> closes = phase.Time(L.Phase.Closes);
            Located<bool> repeatable = phase.YesNo(L.Phase.Repeatable);
            PhaseCondition? only = null;
            if (phase.Map(L.Phase.OnlyWhen) is { } condition)
            {
                Located<string> question = condition.Text(L.Only.Question), answer = condition.Text(L.Only.Answer), missed = condition.Text(L.Only.Missed);
                Located<double> clearance = condition.Quantity(L.Only.Clearance);
                condition.End();
                rules.Condition(condition, question, answer, missed, clearance, questions, phases);
                only = new PhaseCondition(question.Ok ? question.Value : null, answer.Ok ? answer.Value : question.Ok ? "yes" : null, clearance.Ok ? clearance.Value : null, missed.Ok ? missed.Value : null);
            }
            List<ReadStep> steps = [];
            foreach (YamlMapReader step in phase.Maps(L.Phase.Acquisitions))
                if (ReadStepOf(step, rules, stepIds, phases.SelectMany(p => p.Steps).Concat(steps)) is { } made) steps.Add(made);
            List<(RenalTarget Target, Place At)> renal = [];
            foreach (YamlMapReader row in phase.Maps(L.Phase.RenalTargets))
            {
                Located<double> clearance = row.Quantity(L.Renal.UpTo);
                Located<TimeSpan> slower = row.Time(L.Renal.Target);
                row.End();
                if (rules.Renal(clearance, slower, target)) renal.Add((new RenalTarget(clearance.Value, slower.Value), clearance.At));
            }
            phase.End(near: id.Ok ? YamlMapReader.Nearest(id.Value, [.. phases.Where(p => p.At.File != phase.At.File).Select(p => p.Phase.Id)]) : null);
            rules.RenalOrder(renal);
            var read = new ReadPhase(new StudyPhase(id.Value, title.Value, opens.Value, target.Value, closes.Value, repeatable.Value, [.. steps.Select(s => s.Acquisition)])
            {
                RenalTargets = [.. renal.Select(r => r.Target).OrderBy(r => r.UpToMlPerMin)],
                TracerId = rules.TracerNamed(tracer, later),
                OnlyWhen = only,
            }, opens, target, closes, steps, phase.At);
            rules.Phase(read);
            phases.Add(read);
        }
        return phases;
    }

    private static ReadStep? ReadStepOf(YamlMapReader step, ProtocolRules rules, UniqueIds ids, IEnumerable<ReadStep> others)
    {
        Located<string> id = step.Text(L.Step.Id);
        ids.Add(id);
        rules.Identifier(id);
        Located<string> kind = step.Word(L.Step.Kind);
        Located<string> title = step.Text(L.Step.Title);
        Located<string> setup = step.Text(L.Step.Setup);
        Located<double> offset = step.Quantity(L.Step.TableOffset);
        string? near = id.Ok ? YamlMapReader.Nearest(id.Value, [.. others.Where(o => o.At.File != step.At.File).Select(o => o.Acquisition.Id)]) : null;
        if (!kind.Ok)
        {
            if (!step.Has(L.Step.Kind)) step.End(near);
            return null;
        }
        PlannedAcquisition planned;
        bool ok;
        switch (kind.Value)
        {
            case "flow":
            {
                Located<TimeSpan> preRoll = step.Time(L.Step.PreRoll);
                Located<int> frames = step.Whole(L.Step.Frames);
                Located<TimeSpan> frameTime = step.Time(L.Step.FrameTime);
                Located<int> matrix = step.Whole(L.Step.Matrix);
                Located<double> zoom = step.Quantity(L.Step.Zoom), rotation = step.Quantity(L.Step.Rotation);
                ok = rules.Flow(preRoll, frames, frameTime) & rules.Matrix(matrix, tomographic: false);
                planned = new FlowAcquisition
                {
                    Id = id.Value, Title = title.Value, PreRoll = preRoll.Value, Frames = frames.Value, FrameTime = frameTime.Value, Matrix = matrix.Value, Zoom = zoom.Ok ? zoom.Value : 1, RotationDeg = rotation.Value,
                };
                break;
            }
            case "static":
            {
                Located<TimeSpan> time = step.Time(L.Step.Time);
                Located<double> counts = step.Quantity(L.Step.CountLimit);
                Located<int> matrix = step.Whole(L.Step.Matrix);
                Located<double> zoom = step.Quantity(L.Step.Zoom), rotation = step.Quantity(L.Step.Rotation);
                ok = rules.Duration(time, "time", TimeSpan.FromHours(2)) & rules.Matrix(matrix, tomographic: false) & rules.CountLimit(counts);
                planned = new StaticAcquisition
                {
                    Id = id.Value, Title = title.Value, TimeLimit = time.Value, CountLimit = counts.Ok ? (long)counts.Value : null, Matrix = matrix.Value, Zoom = zoom.Ok ? zoom.Value : 1, RotationDeg = rotation.Value,
                };
                break;
            }
            case "whole-body":
            {
                Located<double> speed = step.Quantity(L.Step.Speed), length = step.Quantity(L.Step.BodyLength), counts = step.Quantity(L.Step.CountsTarget), rotation = step.Quantity(L.Step.Rotation);
                Located<int> columns = step.Whole(L.Step.Columns), rows = step.Whole(L.Step.Rows);
                ok = speed.Ok & length.Ok & rules.BodyMatrix(columns, rows);
                planned = new WholeBodyAcquisition
                {
                    Id = id.Value, Title = title.Value, SpeedCmPerMin = speed.Ok ? speed.Value : 1, LengthMm = length.Value, Columns = columns.Value, Rows = rows.Value,
                    CountsTarget = counts.Ok ? (long)counts.Value : null, RotationDeg = rotation.Value,
                };
                break;
            }
            case "tomo":
            {
                Located<int> views = step.Whole(L.Step.Views);
                Located<double> arc = step.Quantity(L.Step.Arc);
                Located<TimeSpan> stop = step.Time(L.Step.StopTime), longest = step.Time(L.Step.LongestStop);
                Located<int> matrix = step.Whole(L.Step.Matrix);
                Located<double> zoom = step.Quantity(L.Step.Zoom), start = step.Quantity(L.Step.StartRotation);
                Located<string> motion = step.Word(L.Step.Motion), orbit = step.Word(L.Step.Orbit), direction = step.Word(L.Step.Direction);
                ok = rules.Tomo(views, arc, stop, longest) & rules.Matrix(matrix, tomographic: true) & motion.Ok & orbit.Ok & direction.Ok;
                planned = new TomoAcquisition
                {
                    Id = id.Value, Title = title.Value, ViewsTotal = views.Value, ArcDeg = arc.Value, StopTime = stop.Value, LongestStop = longest.Ok ? longest.Value : null, Matrix = matrix.Value, Zoom = zoom.Ok ? zoom.Value : 1,
                    Continuous = motion.Value == "continuous", BodyContour = orbit.Value == "body-contour", StartRotationDeg = start.Value, Clockwise = direction.Value == "clockwise",
                };
                break;
            }
            default:
            {
                Located<string> preset = step.Word(L.Step.Preset), metal = step.Word(L.Step.Metal);
                Located<double> kv = step.Quantity(L.Step.Voltage), ma = step.Quantity(L.Step.Current), pitch = step.Quantity(L.Step.Pitch), slice = step.Quantity(L.Step.Slice), length = step.Quantity(L.Step.Length);
                Located<TimeSpan> rotation = step.Time(L.Step.RotationTime);
                Located<bool> extended = step.YesNo(L.Step.ExtendedHu);
                Located<double> ctdi = step.Quantity(L.Step.CtdiAlert), dlp = step.Quantity(L.Step.DlpAlert), ctdiLock = step.Quantity(L.Step.CtdiLock), dlpLock = step.Quantity(L.Step.DlpLock);
                ok = kv.Ok & ma.Ok & pitch.Ok & rules.Ct(rotation, slice, length, ctdi, dlp, ctdiLock, dlpLock);
                planned = new CtAcquisition
                {
                    Id = id.Value, Title = title.Value, Kv = kv.Value, MA = ma.Value, RotationTime = rotation.Value, Pitch = pitch.Value, SliceMm = slice.Value, LengthMm = length.Value,
                    CtdiAlertMGy = ctdi.Value, DlpAlertMGyCm = dlp.Value, CtdiLockMGy = ctdiLock.Ok ? ctdiLock.Value : null, DlpLockMGyCm = dlpLock.Ok ? dlpLock.Value : null,
                    Preset = preset.Value, MetalArtefactReduction = metal.Value == "both", ExtendedHu = extended.Value,
                };
                break;
            }
        }
        step.End(near);
        return new ReadStep(planned with { Setup = setup.Value, TableOffsetMm = offset.Value }, step.At, ok);
    }

    private static ReconstructionSettings ReadReconstruction(YamlMapReader map, ProtocolRules rules, IReadOnlyList<ReadPhase> phases, IReadOnlyDictionary<string, IReadOnlyList<ReadWindow>> windows)
    {
        if (map.Map(L.ReconstructionKey) is not { } r)
        {
            if (!map.Has(L.ReconstructionKey) && phases.SelectMany(p => p.Steps).FirstOrDefault(s => s.Acquisition is TomoAcquisition) is { } tomo)
                map.Problems.Add(map.At, "'reconstruction' is missing", $"'{tomo.Acquisition.Id}' is a tomo and has to be reconstructed");
            return ReconstructionSettings.None;
        }
        ReconstructionSettings settings = ReadSettings(r, rules, phases, windows);
        r.End();
        return settings;
    }

    private static ReconstructionSettings ReadSettings(YamlMapReader r, ProtocolRules rules, IReadOnlyList<ReadPhase> phases, IReadOnlyDictionary<string, IReadOnlyList<ReadWindow>> windows)
    {
        r.Word(L.Reconstruction.Algorithm);
        Located<int> iterations = r.Whole(L.Reconstruction.Iterations);
        Located<int> subsets = r.Whole(L.Reconstruction.Subsets);
        Located<bool> attenuation = r.YesNo(L.Reconstruction.Attenuation);
        Located<string> scatter = r.Word(L.Reconstruction.Scatter);
        Located<bool> response = r.YesNo(L.Reconstruction.Response);
        Located<double> filter = r.Quantity(L.Reconstruction.Filter);
        rules.Reconstruction(iterations, subsets, attenuation, scatter, phases, windows);
        return new ReconstructionSettings(iterations.Value, subsets.Value, attenuation.Value, scatter.Value, response.Value, filter.Value);
    }

    private static List<FurtherReconstruction> ReadFurther(YamlMapReader map, ProtocolRules rules, IReadOnlyList<ReadPhase> phases, IReadOnlyDictionary<string, IReadOnlyList<ReadWindow>> windows)
    {
        List<FurtherReconstruction> further = [];
        var ids = new UniqueIds(map.Problems, "reconstruction");
        foreach (YamlMapReader entry in map.Maps(L.FurtherReconstructions))
        {
            Located<string> id = entry.Text(L.Reconstruction.Id), title = entry.Text(L.Reconstruction.Title);
            ids.Add(id);
            rules.Identifier(id);
            further.Add(new FurtherReconstruction(id.Value, title.Value, ReadSettings(entry, rules, phases, windows)));
            entry.End();
        }
        return further;
    }

    private static List<QualityLimit> ReadLimits(YamlMapReader map, ProtocolRules rules)
    {
        List<QualityLimit> limits = [];
        var ids = new UniqueIds(map.Problems, "limit for");
        foreach (YamlMapReader limit in map.Maps(L.QualityLimits))
        {
            Located<string> check = limit.Word(L.Limit.Check);
            if (!ids.Add(check) || !check.Ok) continue;
            QualityCheckKind kind = QualityCheckKind.Find(check.Value)!;
            Located<double> warn = limit.Quantity(L.Limit.Warn(kind.Name));
            Located<double> fail = limit.Quantity(L.Limit.Fail(kind.Name));
            Located<string> source = limit.Text(L.Limit.Source);
            limit.End();
            rules.Limit(kind, warn, fail);
            limits.Add(new QualityLimit(kind.Name, warn.Value, fail.Value, kind.Unit, source.Value));
        }
        return limits;
    }
}
