using System.Reflection;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Report;

/// <summary>The study as one HTML file that needs nothing else: verdict, what to do now, pictures, all checks, times, dose, ledger, origin.</summary>
/// <remarks>The patient's name and id stand in the header, for the person treating the patient, and nowhere else in the file.</remarks>
public static class StudyReport
{
    /// <summary>Writes the report; the file appears whole or not at all.</summary>
    /// <param name="path">File to write; its folder is made.</param>
    /// <param name="study">The study.</param>
    /// <param name="quality">Verdicts.</param>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public static void Write(string path, StudyRecord study, QualityReport quality) => Page(study, quality).Write(path);

    /// <summary>The report as text.</summary>
    public static string Html(StudyRecord study, QualityReport quality) => Page(study, quality).ToString();

    private static HtmlPage Page(StudyRecord study, QualityReport quality)
    {
        ArgumentNullException.ThrowIfNull(study);
        ArgumentNullException.ThrowIfNull(quality);
        var page = new HtmlPage($"{study.Protocol.Title} {study.StudyKey}");
        Header(page, study, quality);
        QualitySection.AppendActions(page, quality);
        Images(page, study);
        QualitySection.Append(page, quality);
        if (study.Protocol.Cautions.Count > 0)
        {
            page.Section("To keep in mind");
            page.Raw("<ul>");
            foreach (string caution in study.Protocol.Cautions) page.Raw($"<li>{HtmlPage.Text(caution)}</li>");
            page.Raw("</ul>");
        }
        Times(page, study);
        Dose(page, study);
        Ledger(page, study);
        Origin(page, study);
        return page;
    }

    private static void Header(HtmlPage page, StudyRecord study, QualityReport quality)
    {
        ScheduledStudy s = study.Scheduled;
        page.Raw($"<header><div><h1>{HtmlPage.Text(study.Protocol.Title)}</h1>");
        page.Facts([
            ("Patient", s.PatientName.Reveal().Replace('^', ' ').Trim()),
            ("Patient ID", s.PatientId.Reveal()),
            ("Study", study.StudyKey),
            ("Requested", s.RequestedProcedureDescription),
            ("Started", Moment(study.Started)),
            ("Injected", study.Injected is { } i ? Moment(i) : "not injected"),
            ("Ended", study.Ending.ToString().ToLowerInvariant() + (study.EndingReason.Length > 0 ? $": {study.EndingReason}" : "")),
        ]);
        page.Raw($"</div><div>{HtmlPage.Badge(quality.Verdict, big: true)}<p class=\"dim\">{string.Join(", ", quality.Results.GroupBy(r => r.Verdict).OrderByDescending(g => g.Key).Select(g => $"{g.Count()} {Words(g.Key)}"))}</p></div></header>");
        if (IsSimulated(study)) page.Raw("<p class=\"banner\">Made by a simulator: no patient was imaged. Not for clinical use.</p>");
        if (study.Ending is not (Ending.Complete or Ending.Open)) page.Raw($"<p class=\"banner\">This study did not end complete: {HtmlPage.Text(study.Ending.ToString().ToLowerInvariant())}{(study.EndingReason.Length > 0 ? ", " + HtmlPage.Text(study.EndingReason) : "")}.</p>");
        if (study.Ending == Ending.Open) page.Raw("<p class=\"banner\">This study is still open: the report shows what there is so far.</p>");
    }

    private static void Images(HtmlPage page, StudyRecord study)
    {
        foreach (CountSeries flow in study.Series.Where(s => s.Kind == AcquisitionKind.Dynamic && s.Frames.Count > 0)) PlanarSection.AppendFlow(page, flow, study.Injected);
        foreach (StudyPhase phase in study.Protocol.Phases)
        {
            CountSeries[] views = [.. study.Series.Where(s => s.Kind == AcquisitionKind.Static && s.Frames.Count > 0 && phase.Acquisitions.Any(a => a.Id == s.StepId))];
            if (views.Length == 0) continue;
            page.Section(phase.Title);
            PlanarSection.AppendStatic(page, views, study.Injected);
        }
        CountSeries[] other = [.. study.Series.Where(s => s.Kind == AcquisitionKind.Static && s.Frames.Count > 0 && !study.Protocol.Phases.Any(p => p.Acquisitions.Any(a => a.Id == s.StepId)))];
        if (other.Length > 0)
        {
            page.Section("Other views");
            PlanarSection.AppendStatic(page, other, study.Injected);
        }
        if (QualityInput.Of(study).Views is { } tomo) RawViewsSection.Append(page, tomo);
        if (study.Series.LastOrDefault(s => s.Kind == AcquisitionKind.Tomo) is { } spect) PlanarSection.Ended(page, spect);
        SlicesSection.Append(page, study.Reconstructions, study.Ct, study.AttenuationMap);
    }

    private static void Times(HtmlPage page, StudyRecord study)
    {
        if (study.Timeline.Count > 0)
        {
            page.Section("Times, planned and actual");
            page.Raw(TimelineChart.Svg(study.Timeline));
            page.Table(["Step", "#Window", "#Target", "#Start", "#End", "State", "Why"], study.Timeline.Select(t => (IReadOnlyList<string>)
                [t.Title, $"{Clock(t.PlannedOpen)} \u2013 {Clock(t.PlannedClose)}", Clock(t.PlannedTarget), t.ActualStart is { } s ? Clock(s) : "\u2013", t.ActualEnd is { } e ? Clock(e) : "\u2013", t.State, t.Reason]));
            page.Paragraph("Times from the injection, hours:minutes:seconds. The axis of the chart is stretched around the injection.", dim: true);
        }
        if (study.Prompts.Count == 0) return;
        page.Section("Prompts and answers");
        page.Table(["Prompt", "#Shown", "#Answered", "Answer", "By"], study.Prompts.Select(p => (IReadOnlyList<string>)
            [p.Text, Clock(p.Shown), p.Answered is { } a ? Clock(a) : "not answered", p.Answer, p.By]));
    }

    private static void Dose(HtmlPage page, StudyRecord study)
    {
        page.Section("Dose record");
        if (study.Doses.Count == 0 && study.Protocol.Source is null) page.Paragraph("The journal holds no dose record.");
        foreach (DoseReport dose in study.Doses) Tracer(page, study, dose);
        page.Facts([
            ("CT", study.CtFacts is { } ct ? Judging.Say($"{ct.Kv:0} kV, {ct.MA:0} mA, {ct.RotationSeconds:0.##} s, pitch {ct.Pitch:0.##}, slice {ct.SliceMm:0.##} mm, {ct.Ending.ToString().ToLowerInvariant()}") : "none"),
            ("CTDIvol", study.CtFacts is { } c ? Judging.Say($"{c.CtdiVolMGy:0.00} mGy") + Alert(study, c.CtdiVolMGy, a => a.CtdiAlertMGy, "mGy") : ""),
            ("DLP", study.CtFacts is { } d ? Judging.Say($"{d.DlpMGyCm:0} mGy cm") + Alert(study, d.DlpMGyCm, a => a.DlpAlertMGyCm, "mGy cm") : ""),
        ]);
    }

    /// <summary>One tracer: everything by the dose record, which knows residual, clocks and what is not known of them.</summary>
    private static void Tracer(HtmlPage page, StudyRecord study, DoseReport dose)
    {
        Tracer tracer = study.Protocol.TracerOf(dose.TracerId);
        List<(string, string)> facts =
        [
            ("Radiopharmaceutical", tracer.Radiopharmaceutical),
            ("Prescribed", dose.Prescription.Refusal.Length > 0 ? dose.Prescription.Refusal : Judging.Say($"{dose.Prescription.MBq:0} MBq (range {tracer.MinimumMBq:0} to {tracer.MaximumMBq:0}); {dose.Prescription.Words}")),
            ("Given against prescribed", dose.Check?.Words ?? "not measured"),
        ];
        if (study.DoseReasons.TryGetValue(dose.TracerId, out string? reason)) facts.Add(("Reason for the deviation", reason));
        if (dose.Record is { } r && dose.Net is { } n)
        {
            facts.Add(("Syringe before", Judging.Say($"{r.AssayMBq:0.0} MBq at {Moment(r.AssayAt)}, clock of the calibrator {r.CalibratorClockOffset.TotalSeconds:+0;-0;0} s against the console's (\u00b1{r.ClockTolerance.TotalSeconds:0} s)")));
            facts.Add(("Syringe after", r is { ResidualMBq: { } left, ResidualAt: { } when } ? Judging.Say($"{left:0.0} MBq at {Moment(when)}") : "not measured"));
            facts.Add(("Injected", Moment(r.InjectedAt) + (r.InjectionSite.Length > 0 ? $", {r.InjectionSite}" : "")));
            facts.Add(("Net activity at the injection", Judging.Say($"{n.MBq:0.0} MBq, standard uncertainty {n.UncertaintyMBq:0.0} MBq (k = 1)")));
            facts.Add(("SUV", n.IsQuantitative ? "may be given" : $"not given: {n.Reason}"));
        }
        else
        {
            facts.Add(("Net activity at the injection", "not injected"));
        }
        if (dose.Effective is { } e)
            facts.Add(("Effective dose", double.IsNaN(e.MilliSievert) ? $"{e.Set} has no coefficient for {e.ReferenceAge}" : Judging.Say($"{e.MilliSievert:0.00} mSv for a reference person ({e.ReferenceAge}), {e.Set}")));
        page.Facts(facts);
    }

    private static string Alert(StudyRecord study, double value, Func<CtAcquisition, double> limit, string unit)
    {
        CtAcquisition? plan = study.Protocol.Phases.SelectMany(p => p.Acquisitions).OfType<CtAcquisition>().FirstOrDefault();
        return plan is null ? "" : Judging.Say($" (the protocol alerts above {limit(plan):0.#} {unit}{(value > limit(plan) ? ": EXCEEDED" : "")})");
    }

    private static void Ledger(HtmlPage page, StudyRecord study)
    {
        if (study.Ledgers.Count == 0) return;
        page.Section("Stored against the gantry's ledger");
        page.Table(["Acquisition", "#Frames stored", "#Frames made", "#Counts stored", "#Counts made", "Checksums", "Result"], study.Ledgers.Select(l => (IReadOnlyList<string>)
            [l.Title, Judging.Number(l.FramesStored), Judging.Number(l.FramesLedger), Judging.Number(l.CountsStored), Judging.Number(l.CountsLedger), l.CrcEqual ? "equal" : "differ", l.Equal ? "\u2713 equal" : "\u2717 NOT equal"]));
    }

    private static void Origin(HtmlPage page, StudyRecord study)
    {
        page.Section("Where this comes from");
        ReconstructionSettings r = study.Protocol.Reconstruction;
        page.Facts([
            ("Program", ProgramVersion),
            ("Protocol", $"{study.Protocol.Id}, version {study.Protocol.Version}"),
            ("Protocol file SHA-256", study.Protocol.ContentHash),
            ("Gantry", study.GantryIdentity),
            ("Collimator", string.Join(", ", study.Series.Select(s => s.Collimator).Distinct())),
            ("Energy windows", string.Join("; ", study.Protocol.EnergyWindows.Select(w => Judging.Say($"{w.Name} {w.LowerLimitKeV:0.#}-{w.UpperLimitKeV:0.#} keV")))),
            ("Reconstruction", study.Reconstructions.Count == 0 ? "none" : Judging.Say($"OSEM {r.Iterations} iterations x {r.Subsets} subsets, attenuation {(r.AttenuationCorrection ? "corrected" : "not corrected")}, scatter {r.ScatterCorrection}, collimator response {(r.CollimatorResponse ? "modelled" : "not modelled")}, filter {r.PostFilterMm:0.#} mm")),
            ("Study Instance UID", study.Scheduled.StudyInstanceUid),
        ]);
        page.Paragraph("This report gives quality and quantities. It contains no diagnosis; reading the images is the physician's.", dim: true);
    }

    /// <summary>Name and version of this program for reports.</summary>
    internal static string ProgramVersion =>
        "Acquire " + (typeof(StudyReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    /// <summary>True when any frame of the study carries the gantry's mark of a simulator; what the gantry calls itself does not count.</summary>
    internal static bool IsSimulated(StudyRecord study) => study.Series.Any(s => s.Frames.Any(f => f.IsSimulated));

    private static string Words(Verdict v) => v switch { Verdict.NotSet => "not judged", Verdict.Warn => "warning", _ => v.ToString().ToLowerInvariant() };

    private static string Moment(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    private static string Clock(TimeSpan t) => Judging.Say($"{(t < TimeSpan.Zero ? "-" : "")}{(int)Math.Abs(t.TotalHours)}:{Math.Abs(t.Minutes):00}:{Math.Abs(t.Seconds):00}");
}
