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
internal sealed record ReadPrompt(Prompt Prompt, Located<string> Kind, Located<TimeSpan> When, Located<string> Gate, Located<TimeSpan> Valid, Located<string> Moves);

/// <summary>Ids that may stand only once.</summary>
internal sealed class UniqueIds(ProblemList problems, string what)
{
    private readonly Dictionary<string, Place> _seen = new(StringComparer.Ordinal);

    /// <summary>False when it was there before.</summary>
    public bool Add(Located<string> id)
    {
        if (!id.Ok || _seen.TryAdd(id.Value, id.At)) return true;
        problems.Add(id.At, $"{what} '{id.Value}' is there twice", $"it already stands on line {_seen[id.Value].Line}: give each its own");
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

    public void Collimator(Located<string> collimator, Radionuclide? nuclide)
    {
        if (!collimator.Ok) return;
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

    public void WindowName(Located<string> name)
    {
        if (name.Ok && (name.Value.Length > 16 || name.Value.Any(c => c is < ' ' or > '~' or '\\')))
            problems.Add(name.At, $"the window name '{name.Value}' does not fit DICOM", "use at most 16 plain characters without backslash");
    }

    public bool WindowShape(Located<double> centre, Located<double> width) =>
        InRange(centre, "centre", 10, 1500, "keV") & (Percentage(width, "width", 0) && (width.Value <= 60 || Bad(width.At, $"a window of {width.Value:0.##} % is not an energy window", "use a total width of 5 to 60 %")));

    public bool WindowLimits(Located<double> lower, Located<double> upper)
    {
        if (!(InRange(lower, "lower", 10, 1500, "keV") & InRange(upper, "upper", 10, 1500, "keV"))) return false;
        return lower.Value < upper.Value || Bad(lower.At, $"the lower limit of {lower.Value:0.##} keV is not below the upper limit of {upper.Value:0.##} keV", "swap them or correct one");
    }

    public void HoldsPhotopeak(EnergyWindow window, Place at, Radionuclide? nuclide)
    {
        if (nuclide is null || nuclide.Photopeaks.Any(p => p.EnergyKeV > window.LowerLimitKeV && p.EnergyKeV < window.UpperLimitKeV)) return;
        problems.Add(at, $"the photopeak window {window.LowerLimitKeV:0.0##} to {window.UpperLimitKeV:0.0##} keV holds no photopeak of {nuclide.Name}",
            $"{nuclide.Name} has {string.Join(", ", nuclide.Photopeaks.Select(p => $"{p.EnergyKeV:0.0} keV"))}");
    }

    public void Windows(IReadOnlyList<(EnergyWindow Window, Place At)> windows, Place root)
    {
        if (windows.Count == 0) return;
        if (windows[0].Window.Role != EnergyWindowRole.Photopeak)
            problems.Add(windows[0].At, "the first energy window is not the photopeak", "put the window with role: photopeak first");
        EnergyWindow peak = windows[0].Window;
        foreach ((EnergyWindow window, Place at) in windows)
        {
            if (window.Role == EnergyWindowRole.ScatterLower && window.LowerLimitKeV >= peak.LowerLimitKeV)
                problems.Add(at, $"'{window.Name}' is not below the photopeak", $"a scatter-lower window ends at or below {peak.LowerLimitKeV:0.0##} keV");
            else if (window.Role == EnergyWindowRole.ScatterUpper && window.UpperLimitKeV <= peak.UpperLimitKeV)
                problems.Add(at, $"'{window.Name}' is not above the photopeak", $"a scatter-upper window starts at or above {peak.UpperLimitKeV:0.0##} keV");
        }
        // Limits are written to 0.1 keV: windows that touch to that precision do not overlap.
        const double Touching = 0.1;
        for (int i = 1; i < windows.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                EnergyWindow a = windows[j].Window, b = windows[i].Window;
                double from = Math.Max(a.LowerLimitKeV, b.LowerLimitKeV), to = Math.Min(a.UpperLimitKeV, b.UpperLimitKeV);
                if (to - from > Touching)
                    problems.Add(windows[i].At, $"'{b.Name}' and '{a.Name}' overlap from {from:0.0##} to {to:0.0##} keV", "a count would be in both: narrow one of them (15 % instead of 20 % often does)");
            }
        }
        if (windows.Count > 8) problems.Add(root, $"{windows.Count} energy windows", "use at most 8");
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

    public bool Rotation(Located<double> angle) => !angle.Ok || InRange(angle, "rotation", -180, 360, "deg");

    public bool CountLimit(Located<double> counts) => !counts.Ok || counts.Value >= 1000 || Bad(counts.At, $"a count limit of {counts.Value:0} would stop at once", "use at least 1 kcounts");

    public bool Tomo(Located<int> views, Located<double> arc, Located<TimeSpan> stop)
    {
        bool ok = Duration(stop, "stop-time", TimeSpan.FromMinutes(10));
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

    public bool Ct(Located<double> kv, Located<double> ma, Located<TimeSpan> rotation, Located<double> pitch, Located<double> slice, Located<double> length, Located<double> ctdi, Located<double> dlp)
    {
        bool ok = InRange(kv, "voltage", 70, 150, "kV") & InRange(ma, "current", 5, 500, "mA") & InRange(pitch, "pitch", 0.3, 2.5, "") &
            InRange(slice, "slice", 0.4, 10, "mm") & InRange(length, "length", 10, 2000, "mm") & Positive(ctdi, "ctdi-alert", "mGy") & Positive(dlp, "dlp-alert", "mGy.cm");
        ok &= rotation.Ok && (rotation.Value >= TimeSpan.FromSeconds(0.2) && rotation.Value <= TimeSpan.FromSeconds(60)
            || Bad(rotation.At, $"a rotation time of {Words(rotation.Value)} is not possible", "use 0.2 to 60 s"));
        if (slice.Ok && length.Ok && slice.Value > length.Value) return Bad(slice.At, "a slice is thicker than the length scanned", "check the units");
        return ok;
    }

    public bool Renal(Located<double> clearance, Located<TimeSpan> later, Located<TimeSpan> target)
    {
        bool ok = InRange(clearance, "up-to", 0.001, 200, "mL/min");
        if (!ok || !later.Ok || !target.Ok) return false;
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
            ReadPhase before = phases[i - 1], here = phases[i];
            if (!before.Timed || !here.Timed) continue;
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
            if (!read.Gate.Ok)
            {
                if (read.Valid.Ok) problems.Add(read.Valid.At, "'valid-for' has a meaning for a gate only", "add 'gate-for' or remove it");
                continue;
            }
            if (read.Kind.Ok && prompt.Kind == PromptKind.Hydration)
                problems.Add(read.Gate.At, "drinking is advice and cannot be a gate", "remove 'gate-for', or use kind: void");
            if (PhaseNamed(read.Gate, phases, "to be a gate for") is not { } gated) continue;
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

    public void Reconstruction(Located<int> iterations, Located<int> subsets, Located<bool> attenuation, Located<string> scatter, Located<double> filter,
        IReadOnlyList<ReadPhase> phases, IReadOnlyList<(EnergyWindow Window, Place At)> windows)
    {
        if (iterations.Ok && iterations.Value is < 1 or > 200) Bad(iterations.At, $"{iterations.Value} iterations are not possible", "use 1 to 200");
        if (filter.Ok) InRange(filter, "post-filter", 0, 30, "mm");
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
        if (scatter.Ok && scatter.Value == "TEW" && windows.Count > 0 && windows.All(w => w.Window.Role != EnergyWindowRole.ScatterLower))
            Bad(scatter.At, "TEW needs a scatter window below the photopeak", "add an energy window with role: scatter-lower, or write scatter-correction: none");
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
    public void Wording(YamlMapReader map, string key)
    {
        if (map.Node(key, required: false) is not YamlList list) return;
        foreach (YamlScalar text in list.Items.OfType<YamlScalar>())
            foreach (string words in Forbidden.Where(w => $" {text.Text} ".Replace('.', ' ').Replace(',', ' ').Contains($" {w} ", StringComparison.OrdinalIgnoreCase)))
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

    private bool InRange(Located<double> value, string key, double low, double high, string unit) =>
        value.Ok && ((value.Value >= low && value.Value <= high)
            || Bad(value.At, $"'{key}' is {value.Value:0.###} {unit}".TrimEnd(), $"use {low:0.###} to {high:0.###} {unit}".TrimEnd()));

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
