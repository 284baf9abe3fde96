using System.Globalization;
using Acquire.Protocols.Nuclides;

namespace Acquire.Protocols.Clinical;

/// <summary>Rule for children as a protocol file gives it (docs: clinical 1.2).</summary>
/// <param name="Rule">"eanm-card" or "north-american".</param>
/// <param name="DosageClass">Column of the EANM card.</param>
/// <param name="BaselineMBq">Baseline of the EANM card.</param>
/// <param name="CardMinimumMBq">Minimum of the EANM card.</param>
/// <param name="MBqPerKg">North American consensus; null when the agent has no row there.</param>
/// <param name="ConsensusMinimumMBq">Its minimum.</param>
/// <param name="BelowYears">Applies below this age ...</param>
/// <param name="BelowKg">... and below this weight at any age; null: by age alone.</param>
public sealed record PaediatricRule(string Rule, DosageClass DosageClass, double BaselineMBq, double CardMinimumMBq, double? MBqPerKg, double? ConsensusMinimumMBq, double BelowYears, double? BelowKg);

/// <summary>An activity prescribed for one patient.</summary>
/// <param name="MBq">Activity, MBq; 0 when it cannot be prescribed.</param>
/// <param name="Words">Where it comes from, with the guideline's row for a child.</param>
/// <param name="Child">The rule's result for a child; null for an adult.</param>
/// <param name="Alternative">What the other guideline would give; null when there is none.</param>
/// <param name="Refusal">Why nothing may be prescribed by this protocol; empty when it may.</param>
public sealed record Prescription(double MBq, string Words, PaediatricActivity? Child, PaediatricActivity? Alternative, string Refusal)
{
    private const double AdultYears = 18;

    /// <summary>Prescribes.</summary>
    /// <param name="tracer">Tracer with its rules.</param>
    /// <param name="weightKg">Weight, kg; null when not known.</param>
    /// <param name="ageYears">Age, years; null when not known: an adult, unless the weight says otherwise.</param>
    public static Prescription Of(Tracer tracer, double? weightKg, double? ageYears)
    {
        ArgumentNullException.ThrowIfNull(tracer);
        string adult = Say($"{tracer.PrescribedMBq:0.#} MBq, the protocol's prescription for an adult");
        if (tracer.Paediatric is not { } rule)
            return ageYears < AdultYears
                ? new Prescription(0, "", null, null, Say($"the patient is {ageYears:0.#} years old and this protocol has no rule for children (clinical 5.5, X: no adult activity below 18 years); take a protocol with one"))
                : new Prescription(tracer.PrescribedMBq, adult, null, null, "");
        bool child = ageYears < rule.BelowYears || (rule.BelowKg is { } kg && weightKg < kg);
        if (!child) return new Prescription(tracer.PrescribedMBq, adult, null, null, "");
        if (weightKg is not { } weight || weight <= 0)
            return new Prescription(0, "", null, null, "the weight is not known; a child's activity goes by weight");
        PaediatricActivity card = PaediatricActivity.EanmCard(weight, rule.DosageClass, rule.BaselineMBq, rule.CardMinimumMBq, tracer.PrescribedMBq);
        PaediatricActivity? consensus = rule is { MBqPerKg: { } perKg, ConsensusMinimumMBq: { } least } ? PaediatricActivity.NorthAmericanConsensus(weight, perKg, least, tracer.PrescribedMBq) : null;
        (PaediatricActivity used, PaediatricActivity? other) = rule.Rule == "north-american" && consensus is not null ? (consensus, card) : (card, consensus);
        string words = Say($"{used.MBq:0.#} MBq by {used.Rule}: {used.Row}") + (other is null ? "" : Say($" (by {other.Rule}: {other.MBq:0.#} MBq)"));
        return new Prescription(used.MBq, words, used, other, "");
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
