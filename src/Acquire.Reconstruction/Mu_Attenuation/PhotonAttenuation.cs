namespace Acquire.Reconstruction;

/// <summary>How attenuation, resolution and lead change with the photon's energy.</summary>
/// <remarks>Tables of docs: physics-and-qc 2.1 (NIST, S7/S8; titanium EK), interpolated log-log; energies outside 60 to 364.5 keV are held at the ends.</remarks>
public static class PhotonAttenuation
{
    /// <summary>Energy the maps of this program are for unless said otherwise, keV: Tc-99m.</summary>
    public const double TechnetiumKeV = 140.5;

    // keV, then 1/cm: water, cortical bone (1.92 g/cm3), titanium, lead.
    private static readonly (double KeV, double Water, double Bone, double Titanium, double Lead)[] Rows =
    [
        (60, 0.2059, 0.6044, 3.455, 57.0), (70, 0.1937, 0.5023, 2.456, 38.5), (80, 0.1837, 0.4280, 1.828, 27.5), (93.3, 0.1746, 0.3771, 1.389, 75.1),
        (113, 0.1643, 0.3327, 1.055, 46.4), (140.5, 0.1536, 0.2947, 0.806, 26.92), (159, 0.1477, 0.2772, 0.710, 19.8), (171.3, 0.1441, 0.2685, 0.670, 16.5),
        (184.6, 0.1406, 0.2601, 0.631, 13.8), (208.4, 0.1350, 0.2472, 0.579, 10.3), (245.4, 0.1274, 0.2316, 0.527, 7.17), (300.2, 0.1186, 0.2136, 0.470, 4.57), (364.5, 0.1100, 0.1975, 0.428, 3.15),
    ];

    /// <summary>Water, 1/mm.</summary>
    /// <param name="keV">Energy, keV.</param>
    public static double WaterPerMm(double keV) => At(keV, r => r.Water) / 10;

    /// <summary>Cortical bone of 1.92 g/cm3, 1/mm.</summary>
    /// <param name="keV">Energy, keV.</param>
    public static double BonePerMm(double keV) => At(keV, r => r.Bone) / 10;

    /// <summary>Titanium, 1/mm.</summary>
    /// <param name="keV">Energy, keV.</param>
    public static double TitaniumPerMm(double keV) => At(keV, r => r.Titanium) / 10;

    /// <summary>Lead, 1/mm: what septa are made of.</summary>
    /// <param name="keV">Energy, keV.</param>
    public static double LeadPerMm(double keV) => At(keV, r => r.Lead) / 10;

    /// <summary>A map for one energy turned into that for another: water to water, bone to bone, titanium to titanium, straight lines between them and nothing to nothing.</summary>
    /// <param name="mu">Attenuation at the first energy, 1/mm.</param>
    /// <param name="fromKeV">First energy.</param>
    /// <param name="toKeV">Second energy.</param>
    public static double Convert(double mu, double fromKeV, double toKeV)
    {
        if (Math.Abs(fromKeV - toKeV) < 0.05) return mu;
        (double From, double To)[] knots = [(0, 0), (WaterPerMm(fromKeV), WaterPerMm(toKeV)), (BonePerMm(fromKeV), BonePerMm(toKeV)), (TitaniumPerMm(fromKeV), TitaniumPerMm(toKeV))];
        int n = 1;
        while (n < knots.Length - 1 && mu > knots[n].From) n++;
        return knots[n - 1].To + ((mu - knots[n - 1].From) / (knots[n].From - knots[n - 1].From) * (knots[n].To - knots[n - 1].To));
    }

    private static double At(double keV, Func<(double KeV, double Water, double Bone, double Titanium, double Lead), double> column)
    {
        int n = 0;
        while (n < Rows.Length - 2 && keV > Rows[n + 1].KeV) n++;
        // Lead jumps at its K edge of 88 keV, between the rows of 80 and 93: below it the lower rows are carried on.
        double f = Math.Clamp(Math.Log(keV / Rows[n].KeV) / Math.Log(Rows[n + 1].KeV / Rows[n].KeV), 0, 1);
        return Math.Exp(Math.Log(column(Rows[n])) + (f * (Math.Log(column(Rows[n + 1])) - Math.Log(column(Rows[n])))));
    }
}
