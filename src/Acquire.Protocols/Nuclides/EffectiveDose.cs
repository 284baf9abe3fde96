namespace Acquire.Protocols.Nuclides;

/// <summary>An estimate of effective dose with the coefficient it was made from. An estimate for a reference person, never a patient's dose.</summary>
/// <param name="MilliSievert">Effective dose, mSv.</param>
/// <param name="CoefficientMSvPerMBq">Coefficient, mSv/MBq.</param>
/// <param name="Set">Name of the coefficient set.</param>
/// <param name="ReferenceAge">Reference person: "adult", "15 y", "10 y", "5 y", "1 y".</param>
/// <param name="Source">Source with status letters.</param>
public sealed record EffectiveDose(double MilliSievert, double CoefficientMSvPerMBq, string Set, string ReferenceAge, string Source)
{
    private static readonly (string Name, double Years)[] Ages = [("adult", 20), ("15 y", 15), ("10 y", 10), ("5 y", 5), ("1 y", 1)];

    /// <summary>Named coefficient sets: phosphonates by ICRP 80 (default) and ICRP 128, gallium citrate (docs: clinical 1.3).</summary>
    public static IReadOnlyList<string> Sets { get; } = ["ICRP80 phosphonates", "ICRP128 phosphonates", "ICRP128 Ga-67 citrate", "In-111-DTPA as surrogate"];

    /// <summary>Nuclide a coefficient set is for; null when the set is not known.</summary>
    public static string? NuclideOf(string set) => set switch { "ICRP80 phosphonates" or "ICRP128 phosphonates" => "Tc-99m", "ICRP128 Ga-67 citrate" => "Ga-67", "In-111-DTPA as surrogate" => "In-111", _ => null };

    /// <summary>Estimates from the activity given.</summary>
    /// <param name="mbq">Net activity, MBq.</param>
    /// <param name="ageYears">Age, years; null for adult. The nearest reference age counts, of two equally near the younger (higher) one.</param>
    /// <param name="set">One of <see cref="Sets"/>.</param>
    /// <exception cref="ArgumentException">The set is not known.</exception>
    public static EffectiveDose Of(double mbq, double? ageYears = null, string set = "ICRP80 phosphonates")
    {
        (double[] table, string source) = set switch
        {
            "ICRP80 phosphonates" => ((double[])[0.0057, 0.0070, 0.011, 0.014, 0.027], "ICRP 80; adult, 15 y, 5 y in EANM16 Table 6 (S), 10 y and 1 y by ratio (D); clinical 1.3"),
            "ICRP128 phosphonates" => ((double[])[0.0049, 0.0057, 0.0086, 0.012, 0.018], "ICRP 128 (R); clinical 1.3"),
            "ICRP128 Ga-67 citrate" => ((double[])[0.10, 0.13, 0.20, 0.33, 0.64], "ICRP 80/128 (R); clinical 1.3"),
            "In-111-DTPA as surrogate" => ((double[])[0.021, double.NaN, double.NaN, double.NaN, double.NaN], "In-111-DTPA i.v. (ICRP 53/128, R) as surrogate for renal clearance: no coefficient of In-111-biotin was found; adults only; clinical 1.3"),
            _ => throw new ArgumentException($"'{set}' is not a coefficient set; known are {string.Join(", ", Sets)}", nameof(set)),
        };
        int nearest = 0;
        if (ageYears is { } years)
            for (int i = 1; i < Ages.Length; i++)
                if (Math.Abs(Ages[i].Years - years) <= Math.Abs(Ages[nearest].Years - years) && years < 17.5) nearest = i;
        return new EffectiveDose(mbq * table[nearest], table[nearest], set, Ages[nearest].Name, source);
    }

    /// <summary>CT of an adult trunk: DLP times 0.0148 mSv per mGy cm (docs: clinical 4.3, D from CT-GUP).</summary>
    public static EffectiveDose OfCt(double dlpMGyCm) => new(dlpMGyCm * 0.0148, 0.0148, "DLP adult trunk", "adult", "0.0148 mSv per mGy cm, D from CT-GUP; clinical 4.3");
}
