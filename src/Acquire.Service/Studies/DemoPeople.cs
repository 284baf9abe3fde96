using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Timeline;
using Acquire.Service.Gantry;

namespace Acquire.Service.Studies;

/// <summary>What does not go as planned in a demo.</summary>
public enum DemoStory
{
    /// <summary>Everything goes as planned.</summary>
    None,
    /// <summary>Part of the tracer goes beside the vein.</summary>
    Extravasation,
    /// <summary>The patient leaves 25 minutes after the injection and is back at 3 h 50 min.</summary>
    PatientAway,
    /// <summary>The patient is taken off the table after the flow and is back when the blood pool is over.</summary>
    MissedPool,
    /// <summary>The syringe holds 27 % less than prescribed.</summary>
    WrongActivity,
}

/// <summary>The people of the demo: they answer the console's questions and do to the simulated patient what a technologist would do to a real one.</summary>
/// <remarks>They know the simulator's own commands (feature SIM); the console itself never uses those but for its clock.</remarks>
public sealed class DemoPeople(GantryDriver gantry, StudyClock clock, int seed, AcquisitionProtocol protocol, DemoStory story = DemoStory.None, string doseReason = "") : IStudyPeople
{
    private static readonly Dictionary<string, string> Answers = new(StringComparer.Ordinal)
    {
        ["identity"] = "yes",
        ["positioning"] = "yes",
        ["weight-kg"] = "78",
        ["egfr"] = "95",
        ["age-years"] = "54",
        ["background"] = "yes",
        ["collimator-seated"] = "yes",
        ["mixed"] = "yes",
        ["breast-feeding-ga67"] = "not applicable",
        ["injection-arm"] = "right arm, forearm vein, 20 ml flush",
    };

    private static readonly Dictionary<string, string> Child = new(StringComparer.Ordinal) { ["weight-kg"] = "46", ["age-years"] = "14" };

    /// <inheritdoc/>
    public string Role => "demo technologist";

    /// <inheritdoc/>
    public Task<string> AnswerAsync(PreparationQuestion question, CancellationToken cancellation) => Task.FromResult(
        protocol.IsPaediatric && Child.TryGetValue(question.Id, out string? child) ? child : Answers.GetValueOrDefault(question.Id, "no"));

    /// <inheritdoc/>
    public async Task<string> AcknowledgeAsync(Prompt prompt, CancellationToken cancellation)
    {
        switch (prompt.Kind)
        {
            case PromptKind.Hydration:
                await gantry.CommandAsync("DIAG:SIM:PAT:DRIN 500", cancellation);
                return "drank 500 ml";
            case PromptKind.Void:
                await clock.PassAsync(TimeSpan.FromMinutes(4), cancellation);
                await gantry.CommandAsync("DIAG:SIM:PAT:VOID", cancellation);
                return "bladder emptied";
            case PromptKind.Decision:
                return "yes, two vertebrae";
            default:
                return "done";
        }
    }

    /// <inheritdoc/>
    public Task<double> LayDownAsync(AcquisitionProtocol protocol, CancellationToken cancellation) => Task.FromResult(1000.0); // L3 of the simulated patient

    /// <inheritdoc/>
    /// <remarks>As by hand: inwards until the gantry's collision model says no, then one step back.</remarks>
    public async Task<IReadOnlyList<double>> BringHeadsCloseAsync(CancellationToken cancellation)
    {
        const double StepMm = 10;
        double[] radius = [120, 120];
        while (true)
        {
            for (int head = 1; head <= radius.Length; head++) await gantry.Motion.TargetRadiusAsync(head, radius[head - 1], cancellation);
            string reason = (await gantry.Motion.PlanAsync(cancellation)).Verdict;
            int blocked = reason switch { "COLL_1" => 0, "COLL_2" => 1, _ => -1 };
            if (blocked < 0 || radius[blocked] >= 390) return radius;
            radius[blocked] += StepMm;
        }
    }

    /// <inheritdoc/>
    public Task<(double MBq, DateTimeOffset At)> MeasureSyringeAsync(double prescribedMBq, CancellationToken cancellation)
    {
        double deviation = ((seed * 37 % 61) - 30) / 1000.0; // within 3 % of the prescription, another for every seed
        if (story == DemoStory.WrongActivity) deviation = -0.27; // beyond the 20 % that ask for a reason
        return Task.FromResult((Math.Round(prescribedMBq * (1 + deviation), 1), clock.GetUtcNow()));
    }

    /// <inheritdoc/>
    public Task<string> ReasonForActivityAsync(string finding, CancellationToken cancellation) => Task.FromResult(doseReason.Trim());

    /// <inheritdoc/>
    /// <remarks>Told from what the journal holds alone, so that a study continued by another process goes on with the same story.</remarks>
    public StudyEvent? Noticed(IReadOnlyList<StudyEvent> sofar, DateTimeOffset now)
    {
        if (sofar.OfType<TracerInjected>().FirstOrDefault() is not { } injected) return null;
        TimeSpan since = now - injected.At;
        if (story == DemoStory.Extravasation) return sofar.OfType<ExtravasationNoted>().Any() ? null : new ExtravasationNoted(now, Role, 15);
        (TimeSpan leaves, TimeSpan returns, string why) = story switch
        {
            DemoStory.PatientAway => (TimeSpan.FromMinutes(25), TimeSpan.FromMinutes(230), "another examination"),
            DemoStory.MissedPool => (TimeSpan.Zero, TimeSpan.FromMinutes(14), "unwell, taken off the table"),
            _ => (TimeSpan.MaxValue, TimeSpan.MaxValue, ""),
        };
        if (since >= leaves && !sofar.OfType<PatientAway>().Any()) return new PatientAway(now, Role, why);
        return since >= returns && sofar.OfType<PatientAway>().Any() && !sofar.OfType<PatientBack>().Any() ? new PatientBack(now, Role) : null;
    }

    /// <inheritdoc/>
    /// <remarks>The syringe is emptied once: when the link breaks over the command, the patient is looked at before anything is sent again.</remarks>
    public async Task<DateTimeOffset> InjectAsync(string tracerId, double activityMBq, CancellationToken cancellation)
    {
        // The simulator knows one tracer, which spreads as MDP; a second syringe is another injection of it, said by the caller's journal.
        DateTimeOffset from = clock.GetUtcNow() - TimeSpan.FromMinutes(10);
        while (true)
        {
            if (await InjectionAsync(cancellation) is { } given && (tracerId.Length == 0 || given > from)) return given;
            try
            {
                await gantry.CommandOnceAsync(FormattableString.Invariant($"DIAG:SIM:PAT:INJ {activityMBq:0.###}"), cancellation);
            }
            catch (GantryLinkLostException)
            {
                // Whether it was given shows when the patient is asked again.
            }
        }
    }

    /// <inheritdoc/>
    public Task<(TimeSpan Offset, TimeSpan Tolerance)> CompareCalibratorClockAsync(CancellationToken cancellation) => Task.FromResult((TimeSpan.Zero, TimeSpan.FromSeconds(5)));

    /// <inheritdoc/>
    public async Task PlaceSourceAsync(double activityMBq, CancellationToken cancellation) => await InjectAsync("", activityMBq, cancellation);

    /// <inheritdoc/>
    public async Task<bool> WasInjectedAsync(CancellationToken cancellation) => await InjectionAsync(cancellation) is not null;

    private async Task<DateTimeOffset?> InjectionAsync(CancellationToken cancellation)
    {
        string[] given = GantryReply.Fields(await gantry.QueryAsync("DIAG:SIM:PAT:INJ?", cancellation), 2);
        return GantryReply.Number(given[0]) > 0 ? DateTimeOffset.Parse(given[1], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null;
    }

    /// <inheritdoc/>
    public async Task<(double MBq, DateTimeOffset At)> MeasureResidualAsync(CancellationToken cancellation)
    {
        await clock.PassAsync(TimeSpan.FromSeconds(45), cancellation);
        return (Math.Round(6 + (seed * 13 % 40 / 10.0), 1), clock.GetUtcNow());
    }

    /// <inheritdoc/>
    public Task<bool> ReleaseDoseAsync(double ctdiMGy, double dlpMGyCm, CancellationToken cancellation) => Task.FromResult(true);
}
