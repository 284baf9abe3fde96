using System.Globalization;
using Acquire.Protocols.Nuclides;
using Acquire.Protocols.Timeline;

namespace Acquire.Protocols.Clinical;

/// <summary>The dose record of one tracer of a study, put together from its journal: readings, clocks, net activity, prescription and effective dose.</summary>
/// <param name="TracerId">Later tracer; empty: the first.</param>
/// <param name="Record">Readings with their clocks; null when not injected yet.</param>
/// <param name="Net">Net activity at the injection; null when not injected yet.</param>
/// <param name="Prescription">What was to be given, and by which rule.</param>
/// <param name="Check">Measured against prescribed; null when nothing was measured.</param>
/// <param name="Effective">Effective dose with its coefficient set; null when there is no set or no injection.</param>
public sealed record DoseReport(string TracerId, DoseRecord? Record, NetActivity? Net, Prescription Prescription, PrescriptionCheck? Check, EffectiveDose? Effective)
{
    /// <summary>Puts it together.</summary>
    public static DoseReport Of(AcquisitionProtocol protocol, string tracerId, IReadOnlyList<StudyEvent> events)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(events);
        Tracer tracer = protocol.TracerOf(tracerId);
        PatientFactors patient = new PatientFactors().With(events);
        Prescription prescription = protocol.PrescriptionFor(tracerId, patient.WeightKg, patient.AgeYears);
        DoseMeasured? assay = events.OfType<DoseMeasured>().LastOrDefault(d => d.TracerId == tracerId);
        ResidualMeasured? residual = events.OfType<ResidualMeasured>().LastOrDefault(r => r.TracerId == tracerId);
        TracerInjected? injected = events.OfType<TracerInjected>().FirstOrDefault(i => i.TracerId == tracerId);
        Radionuclide? nuclide = Radionuclide.Find(tracer.Nuclide);
        if (assay is null || nuclide is null) return new DoseReport(tracerId, null, null, prescription, null, null);
        ClockCompared? calibrator = events.OfType<ClockCompared>().LastOrDefault(c => c.Clock == ClockCompared.DoseCalibrator), injector = events.OfType<ClockCompared>().LastOrDefault(c => c.Clock == ClockCompared.Injector);
        TimeSpan offset = TimeSpan.FromSeconds(calibrator?.OffsetSeconds ?? 0);
        DateTimeOffset at = injected?.At ?? assay.At - offset;
        double measured = nuclide.ActivityAt(assay.MBq, assay.At - offset, at);
        PrescriptionCheck? check = prescription.MBq > 0 ? PrescriptionCheck.Of(measured, prescription.MBq, tracer) : null;
        if (injected is null) return new DoseReport(tracerId, null, null, prescription, check, null);
        var record = new DoseRecord
        {
            Nuclide = nuclide,
            AssayMBq = assay.MBq,
            AssayAt = assay.At,
            InjectedAt = injected.At,
            ResidualMBq = residual?.MBq,
            ResidualAt = residual?.At,
            CalibratorClockOffset = offset,
            ClockTolerance = calibrator is null ? TimeSpan.FromSeconds(60) : TimeSpan.FromSeconds(calibrator.ToleranceSeconds),
            InjectionClockTolerance = TimeSpan.FromSeconds(injector?.ToleranceSeconds ?? 0),
            InjectionSite = injected.Site.Length > 0 ? injected.Site : events.OfType<QuestionAnswered>().LastOrDefault(q => q.Id == "injection-arm")?.Answer ?? "",
            Extravasated = events.OfType<ExtravasationNoted>().Any(),
        };
        NetActivity net = record.Net();
        return new DoseReport(tracerId, record, net, prescription, check, tracer.DoseCoefficients is { } set ? EffectiveDose.Of(net.MBq, patient.AgeYears, set) : null);
    }

    /// <summary>The record in lines for people. No identity in it.</summary>
    public IReadOnlyList<string> Lines()
    {
        List<string> lines = [Prescription.Refusal.Length > 0 ? $"prescription: none, {Prescription.Refusal}" : $"prescription: {Prescription.Words}"];
        if (Check is not null) lines.Add($"syringe: {Check.Words}");
        if (Record is { } r && Net is { } n)
        {
            lines.Add(Say($"assay {r.AssayMBq:0.0} MBq at {r.AssayAt:HH:mm:ss}, calibrator's clock {r.CalibratorClockOffset.TotalSeconds:+0;-0;0} s against the console's (+/-{r.ClockTolerance.TotalSeconds:0} s)"));
            lines.Add(r is { ResidualMBq: { } left, ResidualAt: { } when } ? Say($"residual {left:0.0} MBq at {when:HH:mm:ss}, {100 * n.ResidualMBq / n.SyringeMBq:0.0} % of the syringe") : "residual not measured");
            lines.Add($"injected {r.InjectedAt.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}{(r.InjectionSite.Length > 0 ? $", {r.InjectionSite}" : "")}");
            lines.Add(Say($"net activity at the injection {n.MBq:0.0} MBq, standard uncertainty {n.UncertaintyMBq:0.0} MBq (k = 1)"));
            lines.Add(n.IsQuantitative ? "SUV may be given" : $"no SUV: {n.Reason}");
        }
        if (Effective is { } e)
            lines.Add(double.IsNaN(e.MilliSievert) ? $"effective dose: {e.Set} has no coefficient for {e.ReferenceAge}" : Say($"effective dose {e.MilliSievert:0.00} mSv for a reference person ({e.ReferenceAge}): {e.CoefficientMSvPerMBq:0.####} mSv/MBq, {e.Set}; {e.Source}"));
        return lines;
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
