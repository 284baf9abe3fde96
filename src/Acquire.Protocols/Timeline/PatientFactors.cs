using System.Globalization;

namespace Acquire.Protocols.Timeline;

/// <summary>What of a patient changes the timing and the prompts; no identity in it.</summary>
public sealed record PatientFactors
{
    /// <summary>Id of the preparation question whose answer gives <see cref="WeightKg"/>.</summary>
    public const string WeightQuestion = "weight-kg";
    /// <summary>Id of the preparation question whose answer gives <see cref="AgeYears"/>.</summary>
    public const string AgeQuestion = "age-years";
    /// <summary>Id of the preparation question whose answer gives <see cref="GfrMlPerMin"/> or "dialysis".</summary>
    public const string RenalQuestion = "egfr";
    /// <summary>Id of the preparation question whose answer "yes" or "no" gives <see cref="FluidRestricted"/>.</summary>
    public const string FluidQuestion = "fluid-restriction";

    /// <summary>Weight, kg; null when not known.</summary>
    public double? WeightKg { get; init; }
    /// <summary>Age, years; null when not known.</summary>
    public double? AgeYears { get; init; }
    /// <summary>Glomerular filtration rate, mL/min; null when not known.</summary>
    public double? GfrMlPerMin { get; init; }
    /// <summary>On dialysis: timed as no clearance, to be agreed with nephrology (docs: clinical 2.3, EANM16, S).</summary>
    public bool OnDialysis { get; init; }
    /// <summary>Fluid is restricted: the drinking advice is replaced by the ward's plan (docs: clinical 2.1, X).</summary>
    public bool FluidRestricted { get; init; }

    /// <summary>These factors with what the answers to the known questions say; the last answer counts, an answer that is no number leaves a factor as it is.</summary>
    public PatientFactors With(IEnumerable<StudyEvent> events)
    {
        PatientFactors factors = this;
        foreach (QuestionAnswered q in events.OfType<QuestionAnswered>())
        {
            string answer = (q.Answer ?? "").Trim();
            double? number = double.TryParse(answer, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double n) && n is > 0 and < 1000 ? n : null;
            factors = q.Id switch
            {
                WeightQuestion when number is not null => factors with { WeightKg = number },
                AgeQuestion when number is not null => factors with { AgeYears = number },
                RenalQuestion when number is not null => factors with { GfrMlPerMin = number, OnDialysis = false },
                RenalQuestion when answer.StartsWith("dialysis", StringComparison.OrdinalIgnoreCase) => factors with { OnDialysis = true },
                FluidQuestion when answer.Equals("yes", StringComparison.OrdinalIgnoreCase) => factors with { FluidRestricted = true },
                FluidQuestion when answer.Equals("no", StringComparison.OrdinalIgnoreCase) => factors with { FluidRestricted = false },
                _ => factors,
            };
        }
        return factors;
    }
}
