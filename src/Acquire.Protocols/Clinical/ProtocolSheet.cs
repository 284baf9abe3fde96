using System.Globalization;
using System.Text;
using Acquire.Protocols.Clinical.Language;
using Acquire.Protocols.Imaging;

namespace Acquire.Protocols.Clinical;

/// <summary>A protocol as one page for people: Markdown with its timeline drawn, as `acquire protocols show` prints it.</summary>
public static class ProtocolSheet
{
    private const int ChartWidth = 60;

    /// <summary>Writes the page.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="picture">Path of its drawing, to be shown; null: the timeline as text.</param>
    /// <returns>Markdown, lines ended by line feeds.</returns>
    public static string Write(AcquisitionProtocol protocol, string? picture = null)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        var page = new StringBuilder();
        void Line(FormattableString text) => page.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
        ProtocolNeeds needs = ProtocolNeeds.Of(protocol);
        Line($"### {protocol.Id}: {protocol.Title}");
        Line($"");
        Line($"Version {protocol.Version}, body part {protocol.BodyPart}{(protocol.FieldOfView.Length > 0 ? $", {protocol.FieldOfView}" : "")}, collimator {protocol.Collimator}.");
        if (protocol.Source is { } source) Line($"Source: {source.Description}, {protocol.Tracer.Nuclide}, {protocol.Tracer.PrescribedMBq:0} MBq ({protocol.Tracer.MinimumMBq:0} to {protocol.Tracer.MaximumMBq:0}).");
        else Line($"{Describe(protocol.Tracer)}");
        foreach (LaterTracer later in protocol.LaterTracers)
            Line($"Then {later.Title} {Words(later.Target)} after the first injection ({Words(later.Opens)} to {Words(later.Closes)}), collimator {later.Collimator}: {Describe(later.Tracer)}");
        Line($"Needs {needs.Bytes / 1048576.0:0} MB in {needs.Frames} frames, {needs.CameraTime.TotalMinutes:0} min of counting{(needs.Visits > 1 ? $" in {needs.Visits} visits to the camera" : "")}.");
        Line($"");
        Line($"Energy windows: {string.Join("; ", protocol.EnergyWindows.Concat(protocol.LaterTracers.SelectMany(t => t.EnergyWindows)).Select(w => Say($"{w.Name} {w.LowerLimitKeV:0.0#} to {w.UpperLimitKeV:0.0#} keV ({RoleWords(w.Role)})")))}.");
        Line($"");
        if (picture is not null)
        {
            Line($"![Timeline of {protocol.Id}]({picture})");
        }
        else
        {
            Line($"Times from the injection:");
            Line($"");
            Line($"```");
            foreach (string row in Chart(protocol)) Line($"{row}");
            Line($"```");
        }
        Line($"");
        Line($"| Phase | Opens | Target | Closes | Takes | Again? | Acquisitions |");
        Line($"|---|---|---|---|---|---|---|");
        foreach (StudyPhase p in protocol.Phases)
            Line($"| {p.Title}{(p.OnlyWhen is { } only ? $" ({Describe(only)})" : "")} | {Words(p.Opens)} | {Words(p.Target)} | {Words(p.Closes)} | {Words(p.NominalDuration)} | {(p.Repeatable ? "yes" : "no")} | {string.Join("<br>", p.Acquisitions.Select(Describe))} |");
        foreach (StudyPhase p in protocol.Phases.Where(p => p.RenalTargets.Count > 0))
        {
            Line($"");
            Line($"Slow clearance moves '{p.Title}' and what follows: {string.Join("; ", p.RenalTargets.OrderByDescending(r => r.UpToMlPerMin).Select(r => Say($"up to {r.UpToMlPerMin:0.#} mL/min target {Words(r.Target)}")))}.");
        }
        if (protocol.Prompts.Count > 0)
        {
            Line($"");
            Line($"| At | Prompt | |");
            Line($"|---|---|---|");
            foreach (Prompt p in protocol.Prompts)
                Line($"| {Words(p.At)} | {p.Text} | {Describe(p)} |");
        }
        if (protocol.Reconstruction != ReconstructionSettings.None)
        {
            Line($"");
            Line($"Reconstruction: {Describe(protocol.Reconstruction)}; always without attenuation correction too.{string.Concat(protocol.FurtherReconstructions.Select(f => $" {f.Title}: {Describe(f.Settings)}."))}");
        }
        Line($"");
        Line($"Before {(protocol.Kind == ProtocolKind.CameraCheck ? "the source is counted" : "the injection")}: {string.Join(", ", protocol.Preparation.Select(q => q.Id + (q.Required ? "" : " (if known)") + (q.BlockingAnswer is { } b ? $" (\"{b}\": a physician decides)" : "")))}.");
        Line($"");
        Line($"Quality limits, warn/fail: {string.Join("; ", protocol.QualityLimits.Select(l => Say($"{l.Check} {l.Warn:0.##}/{l.Fail:0.##} {l.Unit}").TrimEnd()))}.");
        Section("Cautions for the technologist", protocol.Cautions);
        Section("Cautions for the reader", protocol.ReaderCautions);
        Section("Quantities", protocol.Quantities);
        Section("Evidence", protocol.Evidence);
        return page.ToString();

        void Section(string title, IReadOnlyList<string> lines)
        {
            if (lines.Count == 0) return;
            Line($"");
            Line($"{title}:");
            Line($"");
            foreach (string text in lines) Line($"- {text}");
        }
    }

    /// <summary>Windows as bars on a square-root scale of time, so that minutes and hours both show: '-' open, '#' the acquisition at its target, '!' a prompt.</summary>
    private static IEnumerable<string> Chart(AcquisitionProtocol protocol)
    {
        TimeSpan Zero(string tracer) => protocol.LaterTracers.FirstOrDefault(t => t.Id == tracer)?.Target ?? TimeSpan.Zero;
        double end = Math.Max(1, protocol.Phases.Select(p => (Zero(p.TracerId) + p.Closes).TotalMinutes).DefaultIfEmpty(1).Max());
        int At(TimeSpan time) => (int)Math.Round(Math.Sqrt(Math.Clamp(time.TotalMinutes, 0, end) / end) * (ChartWidth - 1));
        int name = protocol.Phases.Select(p => p.Id.Length).Concat(protocol.Prompts.Select(p => p.Id.Length)).DefaultIfEmpty(0).Max();
        foreach (StudyPhase p in protocol.Phases)
        {
            TimeSpan zero = Zero(p.TracerId);
            char[] bar = Blank();
            for (int i = At(zero + p.Opens); i <= At(zero + p.Closes); i++) bar[i] = '-';
            for (int i = At(zero + p.Target); i <= At(zero + p.Target + p.NominalDuration); i++) bar[i] = '#';
            yield return $"{p.Id.PadRight(name)} |{new string(bar)}|";
        }
        foreach (Prompt p in protocol.Prompts)
        {
            char[] bar = Blank();
            bar[At(Zero(p.TracerId) + p.At)] = '!';
            yield return $"{p.Id.PadRight(name)} |{new string(bar)}|";
        }
        char[] axis = new string(' ', ChartWidth + 6).ToCharArray();
        int free = 0;
        foreach (int minutes in (int[])[0, 10, 60, 120, 180, 240, 300, 1440, 2880])
        {
            if (minutes > end || At(TimeSpan.FromMinutes(minutes)) < free) continue;
            string label = minutes is 0 or 10 ? $"{minutes} min" : $"{minutes / 60} h";
            label.CopyTo(0, axis, At(TimeSpan.FromMinutes(minutes)), label.Length);
            free = At(TimeSpan.FromMinutes(minutes)) + label.Length + 1;
        }
        yield return $"{new string(' ', name)}  {new string(axis).TrimEnd()}";

        static char[] Blank() => new string(' ', ChartWidth).ToCharArray();
    }

    private static string Describe(Tracer t)
    {
        string children = t.Paediatric is not { } c ? " Not for patients below 18 years."
            : Say($" Below {c.BelowYears:0} years{(c.BelowKg is { } kg ? Say($" or {kg:0} kg") : "")}: {(c.Rule == "eanm-card" ? "EANM dosage card" : "North American consensus")}, class {c.DosageClass}, baseline {c.BaselineMBq:0.#} MBq, at least {c.CardMinimumMBq:0.#} MBq; e.g. 20 kg {Prescription.Of(t, 20, 6).MBq:0} MBq, 40 kg {Prescription.Of(t, 40, 12).MBq:0} MBq.");
        string before = t.Premedication is not { } p ? "" : Say($" {p.AmountMg:0.##} mg {p.Agent} {Words(p.Wait)} to {Words(p.Latest)} before.");
        Nuclides.EffectiveDose? dose = t.DoseCoefficients is { } set ? Nuclides.EffectiveDose.Of(t.PrescribedMBq, null, set) : null;
        return Say($"{t.Radiopharmaceutical} ({t.Nuclide}), {t.PrescribedMBq:0} MBq (range {t.MinimumMBq:0} to {t.MaximumMBq:0}{(t.ReferenceLevelMBq is { } level ? Say($", reference level {level:0}") : "")}); warn {t.WarnDeviationPercent:0.#} % off the prescription, reason beyond {t.ReasonDeviationPercent:0.#} %.") +
            (dose is null ? "" : Say($" Effective dose {dose.MilliSievert:0.0} mSv, adult ({dose.Set}).")) + children + before;
    }

    private static string Describe(PhaseCondition only) => "only when " + string.Join(" or ", new[]
    {
        only.Question is null ? null : $"{only.Question} is \"{only.Answer}\"",
        only.ClearanceUpToMlPerMin is { } limit ? Say($"the clearance is at most {limit:0.#} mL/min") : null,
        only.Missed is null ? null : $"'{only.Missed}' was missed",
    }.OfType<string>());

    private static string Describe(Prompt p) => string.Join(", ", new[]
    {
        p.GateFor is null ? "advice" : $"{(p.Kind == PromptKind.Decision ? "decides on" : "gate for")} {p.GateFor}{(p.ValidFor is { } valid ? $", counts for {Words(valid)}" : "")}",
        p.Asks == "technologist" ? null : $"asks the {p.Asks}",
        p.After is null ? null : $"after {p.After}",
        p.OnlyAfter switch { PromptOccasion.Extravasation => "only after extravasation", PromptOccasion.MissedPool => "only when the pool was missed", _ => null },
    }.OfType<string>());

    private static string Describe(ReconstructionSettings r) =>
        Say($"OSEM {r.Iterations} x {r.Subsets}, attenuation {(r.AttenuationCorrection ? "from CT" : "none")}, scatter {r.ScatterCorrection}, collimator response {(r.CollimatorResponse ? "yes" : "no")}, Gaussian {r.PostFilterMm:0.#} mm");

    private static string Describe(PlannedAcquisition a) => a switch
    {
        FlowAcquisition f => Say($"{f.Title}: {f.Frames} x {Words(f.FrameTime)} after {Words(f.PreRoll)} pre-roll, {f.Matrix}"),
        StaticAcquisition s => Say($"{s.Title}: {Words(s.TimeLimit)}{(s.CountLimit is { } c ? Say($" or {c / 1000.0:0.#} kcounts") : "")}, {s.Matrix}{(s.RotationDeg != 0 ? Say($", head 1 at {s.RotationDeg:0.#} deg") : "")}"),
        WholeBodyAcquisition w => Say($"{w.Title}: {w.SpeedCmPerMin:0.#} cm/min over {w.LengthMm:0} mm, {w.Columns} x {w.Rows}"),
        TomoAcquisition v => Say($"{v.Title}: {v.ViewsTotal} views on {v.ArcDeg:0.#} deg, {Words(v.StopTime)} per stop, {v.Matrix}, {(v.Continuous ? "continuous" : "step and shoot")}, {(v.BodyContour ? "body contour" : "circular")}"),
        CtAcquisition c => Say($"{c.Title}: {c.Kv:0.#} kV, {c.MA:0.#} mA x {Words(c.RotationTime)}, pitch {c.Pitch:0.0#}, {c.SliceMm:0.0#} mm, {c.LengthMm:0.#} mm; alerts {c.CtdiAlertMGy:0.0#} mGy, {c.DlpAlertMGyCm:0.#} mGy.cm{(c.DlpLockMGyCm is { } cap ? Say($", locked above {c.CtdiLockMGy:0.0#} mGy or {cap:0.#} mGy.cm") : "")}"),
        _ => a.Title,
    };

    private static string RoleWords(EnergyWindowRole role) => role switch
    {
        EnergyWindowRole.Photopeak => "photopeak",
        EnergyWindowRole.ScatterLower => "scatter below",
        _ => "scatter above",
    };

    private static string Words(TimeSpan t) => ProtocolRules.Words(t);

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
