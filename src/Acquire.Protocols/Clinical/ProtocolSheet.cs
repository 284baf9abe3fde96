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
    /// <returns>Markdown, lines ended by line feeds.</returns>
    public static string Write(AcquisitionProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        var page = new StringBuilder();
        void Line(FormattableString text) => page.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Tracer t = protocol.Tracer;
        Line($"### {protocol.Id}: {protocol.Title}");
        Line($"");
        Line($"Version {protocol.Version}, body part {protocol.BodyPart}, collimator {protocol.Collimator}.");
        Line($"{t.Radiopharmaceutical} ({t.Nuclide}), {t.PrescribedMBq:0} MBq (range {t.MinimumMBq:0} to {t.MaximumMBq:0}); warn {t.WarnDeviationPercent:0.#} % off the prescription, reason beyond {t.ReasonDeviationPercent:0.#} %.");
        Line($"");
        Line($"Energy windows: {string.Join("; ", protocol.EnergyWindows.Select(w => Say($"{w.Name} {w.LowerLimitKeV:0.0#} to {w.UpperLimitKeV:0.0#} keV ({RoleWords(w.Role)})")))}.");
        Line($"");
        Line($"Times from the injection:");
        Line($"");
        Line($"```");
        foreach (string row in Chart(protocol)) Line($"{row}");
        Line($"```");
        Line($"");
        Line($"| Phase | Opens | Target | Closes | Takes | Again? | Acquisitions |");
        Line($"|---|---|---|---|---|---|---|");
        foreach (StudyPhase p in protocol.Phases)
            Line($"| {p.Title} | {Words(p.Opens)} | {Words(p.Target)} | {Words(p.Closes)} | {Words(p.NominalDuration)} | {(p.Repeatable ? "yes" : "no")} | {string.Join("<br>", p.Acquisitions.Select(Describe))} |");
        foreach (StudyPhase p in protocol.Phases.Where(p => p.RenalTargets.Count > 0))
        {
            Line($"");
            Line($"Slow clearance moves '{p.Title}' and what follows: {string.Join("; ", p.RenalTargets.OrderByDescending(r => r.UpToMlPerMin).Select(r => Say($"up to {r.UpToMlPerMin:0.#} mL/min target {Words(r.Target)}")))}.");
        }
        Line($"");
        Line($"| At | Prompt | |");
        Line($"|---|---|---|");
        foreach (Prompt p in protocol.Prompts)
            Line($"| {Words(p.At)} | {p.Text} | {(p.GateFor is not null ? $"gate for {p.GateFor}{(p.ValidFor is { } valid ? $", counts for {Words(valid)}" : "")}" : "advice")} |");
        Line($"");
        ReconstructionSettings r = protocol.Reconstruction;
        Line($"Reconstruction: OSEM {r.Iterations} x {r.Subsets}, attenuation {(r.AttenuationCorrection ? "from CT" : "none")}, scatter {r.ScatterCorrection}, collimator response {(r.CollimatorResponse ? "yes" : "no")}, Gaussian {r.PostFilterMm:0.#} mm.");
        Line($"");
        Line($"Before the injection: {string.Join(", ", protocol.Preparation.Select(q => q.Id + (q.Required ? "" : " (if known)") + (q.BlockingAnswer is { } b ? $" (\"{b}\": a physician decides)" : "")))}.");
        Line($"");
        Line($"| Check | Warn | Fail | Unit | Source |");
        Line($"|---|---|---|---|---|");
        foreach (QualityLimit l in protocol.QualityLimits) Line($"| {l.Check} | {l.Warn:0.##} | {l.Fail:0.##} | {l.Unit} | {l.Source} |");
        Section("Cautions", protocol.Cautions);
        Section("Quantities", protocol.Quantities);
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
        double end = Math.Max(1, protocol.Phases.Select(p => p.Closes.TotalMinutes).DefaultIfEmpty(1).Max());
        int At(TimeSpan time) => (int)Math.Round(Math.Sqrt(Math.Clamp(time.TotalMinutes, 0, end) / end) * (ChartWidth - 1));
        int name = protocol.Phases.Select(p => p.Id.Length).Concat(protocol.Prompts.Select(p => p.Id.Length)).DefaultIfEmpty(0).Max();
        foreach (StudyPhase p in protocol.Phases)
        {
            char[] bar = Blank();
            for (int i = At(p.Opens); i <= At(p.Closes); i++) bar[i] = '-';
            for (int i = At(p.Target); i <= At(p.Target + p.NominalDuration); i++) bar[i] = '#';
            yield return $"{p.Id.PadRight(name)} |{new string(bar)}|";
        }
        foreach (Prompt p in protocol.Prompts)
        {
            char[] bar = Blank();
            bar[At(p.At)] = '!';
            yield return $"{p.Id.PadRight(name)} |{new string(bar)}|";
        }
        char[] axis = new string(' ', ChartWidth + 6).ToCharArray();
        foreach (int minutes in (int[])[0, 10, 60, 120, 180, 240, 300])
        {
            if (minutes > end) break;
            string label = minutes is 0 or 10 ? $"{minutes} min" : $"{minutes / 60} h";
            label.CopyTo(0, axis, At(TimeSpan.FromMinutes(minutes)), label.Length);
        }
        yield return $"{new string(' ', name)}  {new string(axis).TrimEnd()}";

        static char[] Blank() => new string(' ', ChartWidth).ToCharArray();
    }

    private static string Describe(PlannedAcquisition a) => a switch
    {
        FlowAcquisition f => Say($"{f.Title}: {f.Frames} x {Words(f.FrameTime)} after {Words(f.PreRoll)} pre-roll, {f.Matrix}"),
        StaticAcquisition s => Say($"{s.Title}: {Words(s.TimeLimit)}{(s.CountLimit is { } c ? Say($" or {c / 1000.0:0.#} kcounts") : "")}, {s.Matrix}{(s.RotationDeg != 0 ? Say($", head 1 at {s.RotationDeg:0.#} deg") : "")}"),
        TomoAcquisition v => Say($"{v.Title}: {v.ViewsTotal} views on {v.ArcDeg:0.#} deg, {Words(v.StopTime)} per stop, {v.Matrix}, {(v.Continuous ? "continuous" : "step and shoot")}, {(v.BodyContour ? "body contour" : "circular")}"),
        CtAcquisition c => Say($"{c.Title}: {c.Kv:0.#} kV, {c.MA:0.#} mA x {Words(c.RotationTime)}, pitch {c.Pitch:0.0#}, {c.SliceMm:0.0#} mm, {c.LengthMm:0.#} mm; alerts {c.CtdiAlertMGy:0.0#} mGy, {c.DlpAlertMGyCm:0.#} mGy.cm"),
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
