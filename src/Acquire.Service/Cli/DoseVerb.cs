using System.CommandLine;
using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Timeline;

namespace Acquire.Service.Cli;

/// <summary><c>acquire dose</c>: the dose record of an injection from its readings, without a study.</summary>
public sealed class DoseVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var protocol = new Argument<string>("protocol") { Description = "Protocol file: tracer, prescription, rule for children, coefficients" };
        var tracer = new Option<string>("--tracer") { Description = "Later tracer of the protocol, e.g. ga67. Default: the first.", DefaultValueFactory = _ => "" };
        var assay = new Option<string?>("--assay") { Description = "Full syringe: MBq@TIME on the calibrator's clock, e.g. 705@2026-03-02T08:00:00Z" };
        var injected = new Option<string?>("--injected") { Description = "Injection, console's clock, e.g. 2026-03-02T08:12:30Z" };
        var residual = new Option<string?>("--residual") { Description = "Emptied syringe: MBq@TIME on the calibrator's clock" };
        var offset = new Option<double>("--calibrator-offset") { Description = "Calibrator's clock less the console's, s" };
        var tolerance = new Option<double>("--clock-tolerance") { Description = "Half-width of what is not known of that, s", DefaultValueFactory = _ => 60 };
        var weight = new Option<double?>("--weight") { Description = "Weight, kg" };
        var age = new Option<double?>("--age") { Description = "Age, years" };
        var command = new Command("dose", "Prescription by weight and age, check of the syringe, net activity with uncertainty, effective dose with its coefficient set") { protocol, tracer, assay, injected, residual, offset, tolerance, weight, age };
        command.SetAction(parsed =>
        {
            StudySession.ReadProtocol(parsed.GetValue(protocol)!, out AcquisitionProtocol p);
            string id = parsed.GetValue(tracer)!;
            if (id.Length > 0 && p.LaterTracers.All(t => t.Id != id)) throw new AcquireException($"the protocol has no later tracer '{id}'", ExitCodes.BadInput);
            List<StudyEvent> events = [];
            DateTimeOffset any = DateTimeOffset.UnixEpoch;
            if (parsed.GetValue(weight) is { } kg) events.Add(new QuestionAnswered(any, "cli", PatientFactors.WeightQuestion, kg.ToString(CultureInfo.InvariantCulture)));
            if (parsed.GetValue(age) is { } years) events.Add(new QuestionAnswered(any, "cli", PatientFactors.AgeQuestion, years.ToString(CultureInfo.InvariantCulture)));
            events.Add(new ClockCompared(any, "cli", ClockCompared.DoseCalibrator, parsed.GetValue(offset), parsed.GetValue(tolerance)));
            if (parsed.GetValue(assay) is { } a) events.Add(new DoseMeasured(Reading(a, "--assay").At, "cli", Reading(a, "--assay").MBq, id));
            if (parsed.GetValue(injected) is { } i) events.Add(new TracerInjected(Time(i, "--injected"), "cli", 0, id));
            if (parsed.GetValue(residual) is { } r) events.Add(new ResidualMeasured(Reading(r, "--residual").At, "cli", Reading(r, "--residual").MBq, id));
            foreach (string line in DoseReport.Of(p, id, events).Lines()) parsed.InvocationConfiguration.Output.WriteLine(line);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static (double MBq, DateTimeOffset At) Reading(string text, string option)
    {
        string[] parts = text.Split('@');
        return parts.Length == 2 && double.TryParse(parts[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double mbq) && mbq >= 0
            ? (mbq, Time(parts[1], option)) : throw new AcquireException($"{option} '{text}' is no reading; right would be 705@2026-03-02T08:00:00Z", ExitCodes.BadInput);
    }

    private static DateTimeOffset Time(string text, string option) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
        ? at : throw new AcquireException($"{option} '{text}' is no time; right would be 2026-03-02T08:00:00Z", ExitCodes.BadInput);
}
