namespace Acquire.Protocols.Nuclides;

/// <summary>An activity for a child, with the rule and the row of the guideline it came from, to be shown and stored.</summary>
/// <param name="MBq">Activity to prescribe, MBq.</param>
/// <param name="Rule">Name and version of the rule.</param>
/// <param name="Row">The row used, in words.</param>
/// <param name="Source">Source with status letters.</param>
public sealed record PaediatricActivity(double MBq, string Rule, string Row, string Source)
{
    private const double RoundToMBq = 5;

    // EANM dosage card 5.7.2016 (docs: clinical 1.2, R; class B reproduces EANM16 Table 1 at 10, 20, 30, 40, 50 kg, S). kg, A, B, C.
    private static readonly (double Kg, double A, double B, double C)[] Card =
    [
        (3, 1.00, 1.00, 1.00), (4, 1.12, 1.14, 1.33), (6, 1.47, 1.71, 2.00), (8, 1.71, 2.14, 3.00), (10, 1.94, 2.71, 3.67), (12, 2.18, 3.14, 4.67),
        (14, 2.35, 3.57, 5.67), (16, 2.53, 4.00, 6.33), (18, 2.71, 4.43, 7.33), (20, 2.88, 4.86, 8.33), (22, 3.06, 5.29, 9.33), (24, 3.18, 5.71, 10.00),
        (26, 3.35, 6.14, 11.00), (28, 3.47, 6.43, 12.00), (30, 3.65, 6.86, 13.00), (32, 3.77, 7.29, 14.00), (34, 3.88, 7.72, 15.00), (36, 4.00, 8.00, 16.00),
        (38, 4.18, 8.43, 17.00), (40, 4.29, 8.86, 18.00), (42, 4.41, 9.14, 19.00), (44, 4.53, 9.57, 20.00), (46, 4.65, 10.00, 21.00), (48, 4.77, 10.29, 22.00),
        (50, 4.88, 10.71, 23.00), (52, 5.00, 11.29, 24.67), (56, 5.24, 12.00, 26.67), (60, 5.47, 12.71, 28.67), (64, 5.65, 13.43, 31.00), (68, 5.77, 14.00, 32.33),
    ];

    /// <summary>EANM dosage card: baseline times the multiple of the weight's row, never below the minimum, rounded to 5 MBq. Between rows the lower one counts; nothing is interpolated.</summary>
    /// <param name="weightKg">Weight, kg, above zero; below 3 kg the 3 kg row counts, above 68 kg the 68 kg row.</param>
    /// <param name="dosageClass">Column.</param>
    /// <param name="baselineMBq">Baseline activity of the agent, MBq.</param>
    /// <param name="minimumMBq">Minimum of the agent, MBq.</param>
    /// <param name="adultMBq">The adult prescription no child exceeds (docs: clinical 1.2, X).</param>
    public static PaediatricActivity EanmCard(double weightKg, DosageClass dosageClass, double baselineMBq, double minimumMBq, double adultMBq = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(weightKg);
        (double Kg, double A, double B, double C) row = Card[0];
        foreach ((double Kg, double A, double B, double C) r in Card)
            if (r.Kg <= weightKg) row = r;
        double multiple = dosageClass switch { DosageClass.A => row.A, DosageClass.B => row.B, _ => row.C };
        return Bounded(baselineMBq * multiple, minimumMBq, adultMBq, "EANM dosage card 5.7.2016",
            $"{row.Kg:0} kg, class {dosageClass}: {multiple:0.00} x {baselineMBq:0.##} MBq, minimum {minimumMBq:0.##} MBq", "EDC (R), clinical 1.2");
    }

    /// <summary>EANM card for 99mTc-MDP: class B, baseline 35 MBq, minimum 40 MBq (EANM16, S).</summary>
    public static PaediatricActivity MdpByEanmCard(double weightKg, double adultMBq = double.PositiveInfinity) => EanmCard(weightKg, DosageClass.B, 35, 40, adultMBq);

    /// <summary>North American consensus for 99mTc-MDP: 9.3 MBq/kg, minimum 37 MBq, rounded to 5 MBq above the minimum (NACG Table 1, S).</summary>
    public static PaediatricActivity MdpByNorthAmericanConsensus(double weightKg, double adultMBq = double.PositiveInfinity) => NorthAmericanConsensus(weightKg, 9.3, 37, adultMBq);

    /// <summary>North American consensus: activity per weight, never below the minimum, rounded to 5 MBq above it.</summary>
    public static PaediatricActivity NorthAmericanConsensus(double weightKg, double perKgMBq, double minimumMBq, double adultMBq = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(weightKg);
        return Bounded(perKgMBq * weightKg, minimumMBq, adultMBq, "North American consensus 2010/2016", $"{weightKg:0.#} kg x {perKgMBq:0.##} MBq/kg, minimum {minimumMBq:0.##} MBq", "NACG Table 1 (S), clinical 1.2");
    }

    private static PaediatricActivity Bounded(double exact, double minimum, double adult, string rule, string row, string source)
    {
        double rounded = Math.Round(exact / RoundToMBq, MidpointRounding.AwayFromZero) * RoundToMBq;
        double mbq = Math.Min(Math.Max(rounded, minimum), adult);
        if (rounded < minimum) row += "; the minimum counts";
        if (rounded > adult) row += $"; held at the adult prescription of {adult:0} MBq";
        return new PaediatricActivity(mbq, rule, row, source);
    }
}
