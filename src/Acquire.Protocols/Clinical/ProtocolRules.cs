using Acquire.Protocols.Clinical.Language;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Nuclides;

namespace Acquire.Protocols.Clinical;

/// <summary>A phase with the places of its values.</summary>
internal sealed record ReadPhase(StudyPhase Phase, Located<TimeSpan> Opens, Located<TimeSpan> Target, Located<TimeSpan> Closes, IReadOnlyList<ReadStep> Steps, Place At)
{
    /// <summary>True when everything its times depend on was read.</summary>
    public bool Timed => Opens.Ok && Target.Ok && Closes.Ok && Steps.All(s => s.Ok);
}

/// <summary>An acquisition with its place; <see cref="Ok"/> when its values make sense.</summary>
internal sealed record ReadStep(PlannedAcquisition Acquisition, Place At, bool Ok);

/// <summary>A prompt with the places of its values.</summary>
internal sealed record ReadPrompt(Prompt Prompt, Located<string> Kind, Located<TimeSpan> When, Located<string> Gate, Located<TimeSpan> Valid, Located<string> Moves, Located<string> After, Place At);

/// <summary>A later tracer with the places of its values.</summary>
internal sealed record ReadLater(LaterTracer Tracer, Radionuclide? Nuclide, Located<string> Id, Located<TimeSpan> Opens, Place At);

/// <summary>An energy window with its place, the tracer it belongs to, and the nuclide whose photopeak it holds.</summary>
internal sealed record ReadWindow(EnergyWindow Window, Place At, string TracerId, Radionuclide? Nuclide);

/// <summary>Ids that may stand only once.</summary>
internal sealed class UniqueIds(ProblemList problems, string what)
{
    private readonly Dictionary<string, Place> _seen = new(StringComparer.Ordinal);

    /// <summary>False when it was there before.</summary>
    public bool Add(Located<string> id)
    {
        if (!id.Ok || _seen.TryAdd(id.Value, id.At)) return true;
        problems.Add(id.At, $"{what} '{id.Value}' is there twice", _seen[id.Value].File == id.At.File ? $"it already stands on line {_seen[id.Value].Line}: give each its own" : $"it already stands in {_seen[id.Value].LineText}: give each its own");
        return false;
    }
}

/// <summary>What no schema can say: rules between values. Each method reports what it finds and returns whether the values can be used further.</summary>
internal sealed class ProtocolRules(ProblemList problems)
{
    private static readonly int[] Matrices = [64, 128, 256, 512, 1024];
    private static readonly string[] Forbidden = ["positive for", "pain generator", "loose"];
    private readonly UniqueIds _timelineIds = new(problems, "timeline id");

    public void ProtocolId(Located<string> id)
    {
        if (id.Ok && (id.Value.Length > 64 || id.Value.Split('/').Any(p => !IsIdentifier(p))))
            problems.Add(id.At, $"the id '{id.Value}' is not of the form group/name", "use lower-case letters, digits and '-', such as bone/facet");
    }

    public void Identifier(Located<string> id)
    {
        if (id.Ok && !IsIdentifier(id.Value))
            problems.Add(id.At, $"'{id.Value}' cannot be an id", "use lower-case letters, digits and '-', starting with a letter, at most 32, such as delayed-posterior");
    }

    /// <summary>Phases and prompts share one timeline, so they share their ids.</summary>
    public void TimelineId(Located<string> id)
    {
        Identifier(id);
        _timelineIds.Add(id);
    }

    public void Activity(Located<double> prescribed, Located<double> minimum, Located<double> maximum, Located<double> warn, Located<double> reason)
    {
        Positive(prescribed, "prescribed", "MBq");
        Positive(minimum, "minimum", "MBq");
        if (minimum.Ok && maximum.Ok && minimum.Value >= maximum.Value)
            problems.Add(maximum.At, $"the maximum of {maximum.Value:0.##} MBq is not above the minimum of {minimum.Value:0.##} MBq", "give a maximum above the minimum");
        else if (prescribed.Ok && prescribed.Value > 0 && minimum.Ok && maximum.Ok && (prescribed.Value < minimum.Value || prescribed.Value > maximum.Value))
            problems.Add(prescribed.At, $"the prescribed activity of {prescribed.Value:0.##} MBq is outside the range", $"prescribe {minimum.Value:0.##} to {maximum.Value:0.##} MBq, or change the range");
        bool both = Percentage(warn, "warn-deviation", 0) & Percentage(reason, "reason-deviation", 0);
        if (both && warn.Value > reason.Value)
            problems.Add(warn.At, $"warning at {warn.Value:0.##} % comes after the reason asked for at {reason.Value:0.##} %", "warn first: make warn-deviation the smaller one");
    }

    /// <summary>Nothing is prescribed above the reference level of nation or site (docs: clinical 1.1).</summary>
    public void ReferenceLevel(Located<double> prescribed, Located<double> reference)
    {
        if (!Positive(reference, "reference-level", "MBq") || !prescribed.Ok || prescribed.Value <= reference.Value) return;
        Bad(prescribed.At, $"the prescribed activity of {prescribed.Value:0.##} MBq is above the reference level of {reference.Value:0.##} MBq", $"prescribe at most {reference.Value:0.##} MBq, or have the medical physics expert change the level");
    }

    public void Range(Located<double> value, Located<double> minimum, Located<double> maximum, string key)
    {
        if (minimum.Ok && maximum.Ok && minimum.Value >= maximum.Value) Bad(maximum.At, $"the maximum of {maximum.Value:0.##} MBq is not above the minimum of {minimum.Value:0.##} MBq", "give a maximum above the minimum");
        else if (value.Ok && minimum.Ok && maximum.Ok && (value.Value < minimum.Value || value.Value > maximum.Value))
            Bad(value.At, $"'{key}' of {value.Value:0.##} MBq is outside the range", $"use {minimum.Value:0.##} to {maximum.Value:0.##} MBq, or change the range");
    }

    public void Coefficients(Located<string> set, Radionuclide? nuclide)
    {
        if (set.Ok && nuclide is not null && EffectiveDose.NuclideOf(set.Value) is { } of && of != nuclide.Name)
            Bad(set.At, $"the dose coefficients '{set.Value}' are for {of}, not {nuclide.Name}", $"use one of {string.Join(", ", EffectiveDose.Sets.Where(s => EffectiveDose.NuclideOf(s) == nuclide.Name).DefaultIfEmpty("none: leave the key out"))}");
    }

    public void ChildRule(Located<string> rule, Located<double> perKg, Located<double> least)
    {
        if (rule is { Ok: true, Value: "north-american" } && !perKg.Ok) Bad(rule.At, "the North American consensus needs an activity per weight", "add 'per-weight: 9.3 MBq/kg' and 'consensus-minimum: 37 MBq'");
        else if (perKg.Ok && !least.Ok) Bad(perKg.At, "an activity per weight needs its minimum", "add 'consensus-minimum: 37 MBq'");
    }

    public void Collimator(Located<string> collimator, Radionuclide? nuclide, bool mayBeNone)
    {
        if (!collimator.Ok || (mayBeNone && collimator.Value == "none")) return;
        if (collimator.Value == "none")
        {
            Bad(collimator.At, "a study needs a collimator", nuclide is null ? "name it" : $"use one of {string.Join(", ", nuclide.Collimators)}");
            return;
        }
        string[] all = [.. Radionuclide.All.SelectMany(n => n.Collimators).Distinct()];
        if (!all.Contains(collimator.Value))
        {
            string? near = YamlMapReader.Nearest(collimator.Value, all);
            problems.Add(collimator.At, $"unknown collimator '{collimator.Value}'", near is not null ? $"did you mean '{near}'?" : $"use one of {string.Join(", ", all)}");
        }
        else if (nuclide is not null && !nuclide.Collimators.Contains(collimator.Value))
        {
            problems.Add(collimator.At, $"collimator {collimator.Value} does not fit {nuclide.Name}", $"use one of {string.Join(", ", nuclide.Collimators)}");
        }
    }

    /// <summary>Id of a later tracer; empty for the first or when it is not known (then reported).</summary>
    public string TracerNamed(Located<string> name, IReadOnlyList<ReadLater> later)
    {
        if (!name.Ok) return "";
        if (later.Any(l => l.Tracer.Id == name.Value)) return name.Value;
        string[] ids = [.. later.Select(l => l.Tracer.Id)];
        string? near = YamlMapReader.Nearest(name.Value, ids);
        problems.Add(name.At, $"there is no later tracer '{name.Value}'", near is not null ? $"did you mean '{near}'?" : ids.Length == 0 ? "leave 'tracer' out: there is only the first one" : $"the later tracers are {string.Join(", ", ids)}");
        return "";
    }

    public void InOrder(Located<TimeSpan> opens, Located<TimeSpan> target, Located<TimeSpan> closes)
    {
        if (opens.Ok && target.Ok && opens.Value > target.Value) Bad(target.At, $"the target of {Words(target.Value)} lies before the opening at {Words(opens.Value)}", "order them: opens, target, closes");
        else if (target.Ok && closes.Ok && target.Value >= closes.Value) Bad(closes.At, $"the closing at {Words(closes.Value)} is not after the target of {Words(target.Value)}", "order them: opens, target, closes");
    }

    /// <summary>A later tracer is injected when the images of the one before are over, and imaged when what is left of it no longer shows (docs: clinical 1.6).</summary>
    public void LaterTracers(IReadOnlyList<ReadLater> later, IReadOnlyList<ReadPhase> phases, Radionuclide? first)
    {
        List<(string Id, Radionuclide? Nuclide, TimeSpan At)> before = [("", first, TimeSpan.Zero)];
        foreach (ReadLater read in later)
        {
            LaterTracer tracer = read.Tracer;
            ReadPhase[] own = [.. phases.Where(p => p.Phase.TracerId == tracer.Id)];
            if (own.Length == 0) Bad(read.At, $"no phase takes images of '{tracer.Id}'", $"write 'tracer: {tracer.Id}' in the phase that does, or take the tracer out");
            foreach ((string id, Radionuclide? nuclide, TimeSpan at) in before)
            {
                if (read.Opens.Ok && phases.LastOrDefault(p => p.Phase.TracerId == id && p.Timed && p.Phase.OnlyWhen is null) is { } last && at + last.Phase.Target + last.Phase.NominalDuration > tracer.Opens)
                    Bad(read.Opens.At, $"'{tracer.Id}' could be injected at {Words(tracer.Opens)} while '{last.Phase.Id}' runs until {Words(at + last.Phase.Target + last.Phase.NominalDuration)}", "finish the images of one tracer before the next is injected: open later");
                foreach (ReadPhase phase in own.Where(p => p.Opens.Ok && read.Opens.Ok))
                {
                    TimeSpan since = tracer.Opens - at + phase.Phase.Opens;
                    (TimeSpan wait, string why) = WaitBetween(nuclide?.Name, read.Nuclide?.Name);
                    if (since < wait)
                        Bad(phase.Opens.At, $"'{phase.Phase.Id}' may start {Words(since)} after the {nuclide!.Name} was given, which still shows ({100 * nuclide.DecayFactor(since):0.#} % left)", $"wait {Words(wait)}: {why}");
                }
            }
            before.Add((tracer.Id, read.Nuclide, tracer.Target));
        }
    }

    private static (TimeSpan Wait, string Why) WaitBetween(string? earlier, string? later) => (earlier, later) switch
    {
        ("Tc-99m", "In-111" or "Ga-67") => (TimeSpan.FromHours(24), "Tc-99m lies in the lower skirt of the next photopeak (clinical 1.6, X)"),
        ("Ga-67" or "In-111", "Tc-99m") => (TimeSpan.FromDays(7), "its higher energies fall into the Tc-99m window (clinical 1.6, EANM16 Table 5, S); give the Tc-99m first"),
        _ => (TimeSpan.Zero, ""),
    };

    public void Premedication(IReadOnlyList<ReadLater> later)
    {
        foreach (ReadLater read in later.Where(l => l.Tracer.Tracer.Premedication is { } p && l.Tracer.Opens < p.Wait))
            Bad(read.Opens.At, $"'{read.Tracer.Id}' opens before the wait of {Words(read.Tracer.Tracer.Premedication!.Wait)} after {read.Tracer.Tracer.Premedication.Agent} can be over", "open later, or shorten the wait");
    }

    public void WindowName(Located<string> name)
    {
        if (name.Ok && (name.Value.Length > 16 || name.Value.Any(c => c is < ' ' or > '~' or '\\')))
            problems.Add(name.At, $"the window name '{name.Value}' does not fit DICOM", "use at most 16 plain characters without backslash");
    }

    public bool WindowShape(Located<double> centre, Located<double> width) =>
        centre.Ok & (Percentage(width, "width", 0) && (width.Value <= 60 || Bad(width.At, $"a window of {width.Value:0.##} % is not an energy window", "use a total width of 5 to 60 %")));

    public bool WindowLimits(Located<double> lower, Located<double> upper)
    {
        if (!lower.Ok || !upper.Ok) return false;
        return lower.Value < upper.Value || Bad(lower.At, $"the lower limit of {lower.Value:0.##} keV is not below the upper limit of {upper.Value:0.##} keV", "swap them or correct one");
    }

    public void HoldsPhotopeak(EnergyWindow window, Place at, Radionuclide? nuclide)
    {
        if (nuclide is null || nuclide.Photopeaks.Any(p => p.EnergyKeV > window.LowerLimitKeV && p.EnergyKeV < window.UpperLimitKeV)) return;
        problems.Add(at, $"the photopeak window {window.LowerLimitKeV:0.0##} to {window.UpperLimitKeV:0.0##} keV holds no photopeak of {nuclide.Name}",
            $"{nuclide.Name} has {string.Join(", ", nuclide.Photopeaks.Select(p => $"{p.EnergyKeV:0.0} keV"))}");
    }

    /// <summary>Windows that are counted together: photopeak first, scatter windows on their side, none over another.</summary>
    public void Windows(IReadOnlyList<ReadWindow> windows, Place root)
    {
        if (windows[0].Window.Role != EnergyWindowRole.Photopeak)
            problems.Add(windows[0].At, "the first energy window is not the photopeak", "put the window with role: photopeak first");
        EnergyWindow[] peaks = [.. windows.Select(w => w.Window).Where(w => w.Role == EnergyWindowRole.Photopeak)];
        EnergyWindow lowest = peaks.MinBy(p => p.LowerLimitKeV) ?? windows[0].Window, highest = peaks.MaxBy(p => p.UpperLimitKeV) ?? windows[0].Window;
        foreach (ReadWindow read in windows)
        {
            EnergyWindow window = read.Window;
            if (window.Role == EnergyWindowRole.ScatterLower && window.LowerLimitKeV >= highest.LowerLimitKeV)
                problems.Add(read.At, $"'{window.Name}' is not below the photopeak", $"a scatter-lower window ends at or below {highest.LowerLimitKeV:0.0##} keV");
            else if (window.Role == EnergyWindowRole.ScatterUpper && window.UpperLimitKeV <= lowest.UpperLimitKeV)
                problems.Add(read.At, $"'{window.Name}' is not above the photopeak", $"a scatter-upper window starts at or above {lowest.UpperLimitKeV:0.0##} keV");
        }
        // Limits are written to 0.1 keV: windows that touch to that precision do not overlap.
        const double Touching = 0.1;
        for (int i = 1; i < windows.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                EnergyWindow a = windows[j].Window, b = windows[i].Window;
                double from = Math.Max(a.LowerLimitKeV, b.LowerLimitKeV), to = Math.Min(a.UpperLimitKeV, b.UpperLimitKeV);
                bool between = windows[i].Nuclide is not null && windows[j].Nuclide is not null && windows[i].Nuclide!.Name != windows[j].Nuclide!.Name;
                // Photopeaks of two nuclides may not even touch: 99mTc at 20 % ends at 154.6 keV, 111In at 20 % begins at 154.2 keV (clinical 1.5, D).
                if (to - from > (between ? 0 : Touching))
                    problems.Add(windows[i].At, between
                        ? $"'{b.Name}' ({windows[i].Nuclide!.Name}) and '{a.Name}' ({windows[j].Nuclide!.Name}) overlap from {from:0.0##} to {to:0.0##} keV"
                        : $"'{b.Name}' and '{a.Name}' overlap from {from:0.0##} to {to:0.0##} keV",
                        between ? "a count would be of both nuclides: 15 % on both for simultaneous studies (clinical 1.5)" : "a count would be in both: narrow one of them (15 % instead of 20 % often does)");
            }
        }
        string[] nuclides = [.. windows.Select(w => w.Nuclide?.Name).OfType<string>().Distinct()];
        if (nuclides.Length > 1 && windows.All(w => w.Window.Role != EnergyWindowRole.ScatterUpper))
            problems.Add(windows.First(w => w.Nuclide?.Name == nuclides[1]).At, $"{string.Join(" and ", nuclides)} are counted together without a window above the lower photopeak", "add a window with role: scatter-upper (clinical 1.5, X: required when a second nuclide is present)");
        if (windows.Count > 8) problems.Add(root, $"{windows.Count} energy windows", "use at most 8");
    }

    /// <summary>Every tracer is looked at through a window of its own nuclide.</summary>
    public void WindowsOfEveryTracer(Dictionary<string, IReadOnlyList<ReadWindow>> windows, IReadOnlyList<ReadLater> later, YamlMapReader map)
    {
        if (!windows.ContainsKey("")) problems.Add(map.At, "the first tracer has no energy window", "add one without 'tracer'");
        foreach (ReadLater read in later.Where(l => l.Id.Ok && !windows.ContainsKey(l.Tracer.Id)))
            problems.Add(read.At, $"'{read.Tracer.Id}' has no energy window", $"add one with 'tracer: {read.Tracer.Id}'");
    }

    public bool Matrix(Located<int> matrix, bool tomographic)
    {
        if (!matrix.Ok) return false;
        int[] allowed = tomographic ? [64, 128, 256] : Matrices;
        return allowed.Contains(matrix.Value) || Bad(matrix.At, $"a matrix of {matrix.Value} is not possible here", $"use {string.Join(", ", allowed)}");
    }

    public bool Duration(Located<TimeSpan> time, string key, TimeSpan longest)
    {
        if (!time.Ok) return false;
        if (time.Value <= TimeSpan.Zero) return Bad(time.At, $"'{key}' must be longer than zero", "give a time such as \"15 s\"");
        return time.Value <= longest || Bad(time.At, $"'{key}' of {Words(time.Value)} is too long", $"use at most {Words(longest)}");
    }

    public bool Flow(Located<TimeSpan> preRoll, Located<int> frames, Located<TimeSpan> frameTime)
    {
        bool ok = Duration(frameTime, "frame-time", TimeSpan.FromSeconds(60));
        ok &= frames.Ok && (frames.Value is >= 1 and <= 4096 || Bad(frames.At, $"{frames.Value} frames are not possible", "use 1 to 4096"));
        if (!preRoll.Ok) return false;
        if (preRoll.Value < TimeSpan.Zero || preRoll.Value > TimeSpan.FromSeconds(60))
            return Bad(preRoll.At, $"a pre-roll of {Words(preRoll.Value)} is not possible", "use 0 to 60 s, given as a positive time");
        if (ok && preRoll.Value.Ticks % frameTime.Value.Ticks != 0)
            return Bad(preRoll.At, $"the pre-roll of {Words(preRoll.Value)} is not a whole number of frames of {Words(frameTime.Value)}", $"use a multiple of {Words(frameTime.Value)}");
        return ok;
    }

    public bool BodyMatrix(Located<int> columns, Located<int> rows)
    {
        bool ok = Matrix(columns, tomographic: false);
        if (!rows.Ok) return false;
        return ok & (rows.Value is 512 or 1024 or 2048 || Bad(rows.At, $"{rows.Value} rows are not possible here", "use 512, 1024, 2048"));
    }

    public bool CountLimit(Located<double> counts) => !counts.Ok || counts.Value >= 1000 || Bad(counts.At, $"a count limit of {counts.Value:0} would stop at once", "use at least 1 kcounts");

    public bool Tomo(Located<int> views, Located<double> arc, Located<TimeSpan> stop, Located<TimeSpan> longest)
    {
        bool ok = Duration(stop, "stop-time", TimeSpan.FromMinutes(10));
        if (longest.Ok && stop.Ok && longest.Value < stop.Value) ok = Bad(longest.At, $"'longest-stop' of {Words(longest.Value)} is shorter than the stop-time of {Words(stop.Value)}", "make it the longer one, or leave it out");
        if (!arc.Ok || !views.Ok) return false;
        if (arc.Value is < 180 or > 360) return Bad(arc.At, $"an arc of {arc.Value:0.##} deg is not possible", "use 180 to 360 deg for all heads together");
        if (views.Value is < 2 or > 720) return Bad(views.At, $"{views.Value} views are not possible", "use 2 to 720");
        if (views.Value % 2 != 0) return Bad(views.At, $"{views.Value} views cannot be shared by two heads", $"use an even number such as {views.Value + 1}");
        double step = arc.Value / views.Value;
        if (step < 0.5) return Bad(views.At, $"{views.Value} views on {arc.Value:0.##} deg are closer than 0.5 deg", $"use at most {(int)(arc.Value / 0.5)}");
        if (!IsExactStep(step))
        {
            int near = Enumerable.Range(2, 719).Where(v => v % 2 == 0 && arc.Value / v >= 0.5 && IsExactStep(arc.Value / v)).OrderBy(v => Math.Abs(v - views.Value)).FirstOrDefault();
            return Bad(views.At, $"{views.Value} views do not divide the arc of {arc.Value:0.##} deg", $"use for example {near}, a step of {arc.Value / near:0.####} deg");
        }
        return ok;
    }

    /// <summary>A step a gantry can be told exactly: a multiple of 0.1 deg or of 1/16 deg (128 views on 360 deg).</summary>
    private static bool IsExactStep(double step) => IsWhole(step * 10) || IsWhole(step * 16);

    private static bool IsWhole(double x) => Math.Abs(x - Math.Round(x)) < 1e-9;

    public bool Ct(Located<TimeSpan> rotation, Located<double> slice, Located<double> length, Located<double> ctdi, Located<double> dlp, Located<double> ctdiLock, Located<double> dlpLock)
    {
        bool ok = slice.Ok & length.Ok & Positive(ctdi, "ctdi-alert", "mGy") & Positive(dlp, "dlp-alert", "mGy.cm");
        ok &= rotation.Ok && (rotation.Value >= TimeSpan.FromSeconds(0.2) && rotation.Value <= TimeSpan.FromSeconds(60)
            || Bad(rotation.At, $"a rotation time of {Words(rotation.Value)} is not possible", "use 0.2 to 60 s"));
        if (ctdiLock.Ok && ctdi.Ok && ctdiLock.Value < ctdi.Value) ok = Bad(ctdiLock.At, $"the lock at {ctdiLock.Value:0.##} mGy comes before the alert at {ctdi.Value:0.##} mGy", "alert first: make ctdi-alert the smaller one");
        if (dlpLock.Ok && dlp.Ok && dlpLock.Value < dlp.Value) ok = Bad(dlpLock.At, $"the lock at {dlpLock.Value:0.##} mGy.cm comes before the alert at {dlp.Value:0.##} mGy.cm", "alert first: make dlp-alert the smaller one");
        if (slice.Ok && length.Ok && slice.Value > length.Value) return Bad(slice.At, "a slice is thicker than the length scanned", "check the units");
        return ok;
    }

    /// <summary>A child's CT comes after a review with the patient on the bed, is short, and is locked (docs: clinical 5.5: NADEL10, PED-SPCT S; DLP cap 40 to 60 mGy.cm X).</summary>
    public void PaediatricCt(IReadOnlyList<ReadPhase> phases, IReadOnlyList<ReadPrompt> prompts)
    {
        const double MostKv = 100, MostDlp = 60;
        foreach (ReadPhase phase in phases)
        {
            foreach (ReadStep step in phase.Steps.Where(s => s.Acquisition is CtAcquisition))
            {
                var ct = (CtAcquisition)step.Acquisition;
                if (ct.Kv > MostKv) Bad(step.At, $"'{ct.Id}' takes {ct.Kv:0.#} kV in a protocol for children", $"use at most {MostKv:0} kV (clinical 5.5: 80 to 100 kV)");
                if (ct.DlpLockMGyCm is not { } cap) Bad(step.At, $"'{ct.Id}' has no lock in a protocol for children", $"add 'dlp-lock: {MostDlp:0} mGy.cm' or less (clinical 5.5, X)");
                else if (cap > MostDlp) Bad(step.At, $"'{ct.Id}' is locked at {cap:0.##} mGy.cm only", $"lock a child's CT at {MostDlp:0} mGy.cm or less (clinical 5.5, X)");
                if (!prompts.Any(p => p.Prompt.Kind == PromptKind.Decision && p.Prompt.GateFor == phase.Phase.Id))
                    Bad(phase.At, $"'{phase.Phase.Id}' exposes a child without a review before", $"add a prompt with kind: decision and gate-for: {phase.Phase.Id}");
            }
        }
    }

    public void Condition(YamlMapReader condition, Located<string> question, Located<string> answer, Located<string> missed, Located<double> clearance, IReadOnlyList<PreparationQuestion> questions, IReadOnlyList<ReadPhase> before)
    {
        if (!question.Ok && !missed.Ok && !clearance.Ok && !condition.Has(ProtocolLanguage.Only.Clearance)) Bad(condition.At, "'only-when' says nothing", "give 'question', 'clearance-up-to' or 'missed'");
        if (answer.Ok && !question.Ok) Bad(answer.At, "'answer' without its question", "add 'question'");
        if (question.Ok && questions.All(q => q.Id != question.Value))
        {
            string? near = YamlMapReader.Nearest(question.Value, [.. questions.Select(q => q.Id)]);
            Bad(question.At, $"there is no question '{question.Value}'", near is not null ? $"did you mean '{near}'?" : "ask it under 'preparation'");
        }
        if (missed.Ok && before.All(p => p.Phase.Id != missed.Value))
        {
            string? near = YamlMapReader.Nearest(missed.Value, [.. before.Select(p => p.Phase.Id)]);
            Bad(missed.At, $"there is no phase '{missed.Value}' before this one", near is not null ? $"did you mean '{near}'?" : "name a phase that comes earlier in the file");
        }
    }

    public bool Renal(Located<double> clearance, Located<TimeSpan> later, Located<TimeSpan> target)
    {
        if (!clearance.Ok || !later.Ok || !target.Ok) return false;
        return later.Value >= target.Value || Bad(later.At, $"a slow clearance asks for {Words(later.Value)}, earlier than the usual {Words(target.Value)}", "a renal target lies at or after the phase's target");
    }

    public void RenalOrder(IReadOnlyList<(RenalTarget Target, Place At)> rows)
    {
        (RenalTarget Target, Place At)[] sorted = [.. rows.OrderByDescending(r => r.Target.UpToMlPerMin)];
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Target.UpToMlPerMin == sorted[i - 1].Target.UpToMlPerMin)
                problems.Add(sorted[i].At, $"{sorted[i].Target.UpToMlPerMin:0.##} mL/min is there twice", "keep one row per clearance");
            else if (sorted[i].Target.Target < sorted[i - 1].Target.Target)
                problems.Add(sorted[i].At, $"a clearance of {sorted[i].Target.UpToMlPerMin:0.##} mL/min gets an earlier target than {sorted[i - 1].Target.UpToMlPerMin:0.##} mL/min", "slower clearance waits longer");
        }
    }

    public void Phase(ReadPhase read)
    {
        if (!read.Opens.Ok || !read.Target.Ok || !read.Closes.Ok) return;
        StudyPhase phase = read.Phase;
        if (phase.Opens > phase.Target)
        {
            problems.Add(read.Target.At, $"the target of {Words(phase.Target)} lies before the opening at {Words(phase.Opens)}", "order them: opens, target, closes");
            return;
        }
        if (phase.Target >= phase.Closes)
        {
            problems.Add(read.Closes.At, $"the closing at {Words(phase.Closes)} is not after the target of {Words(phase.Target)}", "order them: opens, target, closes");
            return;
        }
        TimeSpan preRoll = phase.Acquisitions.OfType<FlowAcquisition>().Select(f => f.PreRoll).FirstOrDefault();
        if (phase.Opens < -preRoll)
        {
            problems.Add(read.Opens.At, $"phase '{phase.Id}' opens {Words(-phase.Opens)} before the injection",
                preRoll > TimeSpan.Zero ? $"a flow may open by its pre-roll, at {Words(-preRoll)}" : "only a flow with a pre-roll may open before the injection");
        }
        if (!read.Timed) return;
        TimeSpan window = phase.Closes - phase.Target, need = phase.NominalDuration;
        if (need > window)
            problems.Add(read.Closes.At, $"phase '{phase.Id}' takes {Words(need)} and cannot end by {Words(phase.Closes)} when started at its target of {Words(phase.Target)}",
                $"close at {Words(phase.Target + need)} or later, start earlier, or take less");
    }

    /// <summary>Phases use one camera: each can be over before the next one's target.</summary>
    public void Order(IReadOnlyList<ReadPhase> phases)
    {
        for (int i = 1; i < phases.Count; i++)
        {
            ReadPhase here = phases[i];
            if (phases.Take(i).LastOrDefault(p => p.Phase.TracerId == here.Phase.TracerId) is not { } before || !before.Timed || !here.Timed) continue;
            TimeSpan free = before.Phase.Target + before.Phase.NominalDuration;
            if (here.Phase.Target < free)
                problems.Add(here.Target.At, $"phase '{here.Phase.Id}' wants to start at {Words(here.Phase.Target)} while '{before.Phase.Id}' runs until {Words(free)}",
                    $"set the target to {Words(free)} or later, or change the order of the phases");
        }
    }

    public void Gates(IReadOnlyList<ReadPrompt> prompts, IReadOnlyList<ReadPhase> phases)
    {
        foreach (ReadPrompt read in prompts)
        {
            Prompt prompt = read.Prompt;
            if (read.When.Ok && prompt.At < TimeSpan.Zero)
                problems.Add(read.When.At, $"prompt '{prompt.Id}' is due before the injection", "what comes before the injection is a question under 'preparation'");
            if (read.Valid.Ok && prompt.ValidFor <= TimeSpan.Zero)
                problems.Add(read.Valid.At, "'valid-for' must be longer than zero", "give a time such as \"30 min\"");
            PhaseNamed(read.Moves, phases, "to move with");
            PhaseNamed(read.After, phases, "to come after");
            if (read.Kind.Ok && prompt.Kind == PromptKind.Decision && !read.Gate.Ok && prompt.OnlyAfter == PromptOccasion.Always)
                problems.Add(read.Kind.At, $"decision '{prompt.Id}' decides on nothing", "add 'gate-for' with the phase it opens or skips");
            if (!read.Gate.Ok)
            {
                if (read.Valid.Ok) problems.Add(read.Valid.At, "'valid-for' has a meaning for a gate only", "add 'gate-for' or remove it");
                continue;
            }
            if (read.Kind.Ok && prompt.Kind == PromptKind.Hydration)
                problems.Add(read.Gate.At, "drinking is advice and cannot be a gate", "remove 'gate-for', or use kind: void");
            if (PhaseNamed(read.Gate, phases, "to be a gate for") is not { } gated) continue;
            if (prompt.TracerId != gated.Phase.TracerId)
            {
                problems.Add(read.Gate.At, $"prompt '{prompt.Id}' counts from another injection than '{gated.Phase.Id}'", gated.Phase.TracerId.Length == 0 ? "leave 'tracer' out" : $"write 'tracer: {gated.Phase.TracerId}'");
                continue;
            }
            if (!read.When.Ok || !gated.Target.Ok) continue;
            if (prompt.At > gated.Phase.Target)
                problems.Add(read.When.At, $"prompt '{prompt.Id}' comes at {Words(prompt.At)}, after the target of '{gated.Phase.Id}' at {Words(gated.Phase.Target)}", "a gate's prompt comes before its phase");
            else if (read.Valid.Ok && prompt.ValidFor > TimeSpan.Zero && prompt.At + prompt.ValidFor < gated.Phase.Target)
                problems.Add(read.Valid.At, $"an answer at {Words(prompt.At)} is out of date before '{gated.Phase.Id}' starts at {Words(gated.Phase.Target)}", "prompt later or let it count for longer");
        }
    }

    private ReadPhase? PhaseNamed(Located<string> name, IReadOnlyList<ReadPhase> phases, string purpose)
    {
        if (!name.Ok) return null;
        if (phases.FirstOrDefault(p => p.Phase.Id == name.Value) is { } found) return found;
        string[] ids = [.. phases.Select(p => p.Phase.Id)];
        string? near = YamlMapReader.Nearest(name.Value, ids);
        problems.Add(name.At, $"there is no phase '{name.Value}' {purpose}", near is not null ? $"did you mean '{near}'?" : $"the phases are {string.Join(", ", ids)}");
        return null;
    }

    public void Reconstruction(Located<int> iterations, Located<int> subsets, Located<bool> attenuation, Located<string> scatter,
        IReadOnlyList<ReadPhase> phases, IReadOnlyDictionary<string, IReadOnlyList<ReadWindow>> windows)
    {
        if (iterations.Ok && iterations.Value is < 1 or > 200) Bad(iterations.At, $"{iterations.Value} iterations are not possible", "use 1 to 200");
        if (subsets.Ok && subsets.Value < 1)
        {
            Bad(subsets.At, $"{subsets.Value} subsets are not possible", "use 1 or more");
        }
        else if (subsets.Ok)
        {
            foreach (TomoAcquisition tomo in phases.SelectMany(p => p.Steps).Where(s => s.Ok).Select(s => s.Acquisition).OfType<TomoAcquisition>())
            {
                int[] fitting = [.. Enumerable.Range(1, tomo.ViewsTotal).Where(n => tomo.ViewsTotal % n == 0 && tomo.ViewsTotal / n >= 4)];
                if (tomo.ViewsTotal % subsets.Value != 0)
                    Bad(subsets.At, $"{subsets.Value} subsets do not divide the {tomo.ViewsTotal} views of '{tomo.Id}'", $"use one of {string.Join(", ", fitting)}");
                else if (!fitting.Contains(subsets.Value))
                    Bad(subsets.At, $"{subsets.Value} subsets leave {tomo.ViewsTotal / subsets.Value} views of '{tomo.Id}' in each", $"leave at least 4: use one of {string.Join(", ", fitting)}");
            }
        }
        if (scatter.Ok && scatter.Value == "TEW" && windows.Count > 0)
        {
            foreach (IReadOnlyList<ReadWindow> set in windows.Values.Where(set => set.Count > 0 && set.All(w => w.Window.Role != EnergyWindowRole.ScatterLower)))
                if (phases.Any(p => p.Phase.TracerId == set[0].TracerId && p.Steps.Any(s => s.Acquisition is TomoAcquisition)))
                    Bad(scatter.At, "TEW needs a scatter window below the photopeak", set[0].TracerId.Length == 0 ? "add an energy window with role: scatter-lower, or write scatter-correction: none" : $"add an energy window with role: scatter-lower and tracer: {set[0].TracerId}, or write scatter-correction: none");
        }
        if (attenuation.Ok && attenuation.Value && phases.Count > 0 && phases.All(p => p.Steps.Count > 0) && !phases.SelectMany(p => p.Steps).Any(s => s.Acquisition is CtAcquisition))
            Bad(attenuation.At, "attenuation correction needs a CT and none is planned", "add an acquisition with kind: ct, or write attenuation-correction: no");
    }

    public void Limit(QualityCheckKind kind, Located<double> warn, Located<double> fail)
    {
        if (kind.Unit == "%" && !(Percentage(warn, "warn", 0) & Percentage(fail, "fail", 0))) return;
        foreach ((Located<double> value, string key) in ((Located<double>, string)[])[(warn, "warn"), (fail, "fail")])
            if (value.Ok && value.Value < 0) Bad(value.At, $"'{key}' is negative", "limits are zero or more");
        if (warn.Ok && fail.Ok && (kind.LowIsWorse ? warn.Value < fail.Value : warn.Value > fail.Value))
            Bad(warn.At, $"'{kind.Name}' would fail before it warns", kind.LowIsWorse ? "warn at the higher figure: less is worse here" : "warn at the lower figure: more is worse here");
    }

    /// <summary>Texts shown to people report quality and quantities and never a diagnosis (docs: clinical 7, point 1).</summary>
    public void Wording(IEnumerable<Located<string>> texts)
    {
        foreach (Located<string> text in texts.Where(t => t.Ok))
            foreach (string words in Forbidden.Where(w => $" {text.Value} ".Replace('.', ' ').Replace(',', ' ').Contains($" {w} ", StringComparison.OrdinalIgnoreCase)))
                problems.Add(text.At, $"\"{words}\" is a diagnosis", "say what to look at or measure, not what it is");
    }

    private static bool IsIdentifier(string id) =>
        id.Length is >= 1 and <= 32 && char.IsAsciiLetterLower(id[0]) && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private bool Bad(Place at, string what, string right)
    {
        problems.Add(at, what, right);
        return false;
    }

    private bool Positive(Located<double> value, string key, string unit) =>
        value.Ok && (value.Value > 0 || Bad(value.At, $"'{key}' is {value.Value:0.##} {unit}", "it must be more than zero"));

    private bool Percentage(Located<double> value, string key, double low) =>
        value.Ok && ((value.Value > low || (value.Value == 0 && key is "warn" or "fail")) && value.Value <= 100
            || Bad(value.At, $"'{key}' is {value.Value:0.##} %", "a percentage here lies between 0 and 100"));

    internal static string Words(TimeSpan t)
    {
        string sign = t < TimeSpan.Zero ? "-" : "";
        double s = Math.Abs(t.TotalSeconds);
        return s >= 120 && s % 6 < 1e-6 ? $"{sign}{s / 60:0.##} min" : $"{sign}{s:0.###} s";
    }
}
