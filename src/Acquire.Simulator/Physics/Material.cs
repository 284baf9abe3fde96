namespace Acquire.Simulator.Physics;

/// <summary>What a part is made of: a mixture of the tabulated tissues, enough to give its attenuation at any energy.</summary>
/// <remarks>Linear attenuation coefficients from 60 to 364.5 keV, 1/cm: docs: physics-and-qc 2.1 (NIST tables, log-log interpolation, [OWN]).</remarks>
internal sealed class Material
{
    private static readonly double[] LogKeV = Logs(60, 65, 70, 75, 80, 93.3, 113, 140.5, 159, 171.3, 184.6, 208.4, 245.4, 300.2, 364.5);
    private static readonly double[] LogWater = Logs(0.2059, 0.1995, 0.1937, 0.1885, 0.1837, 0.1746, 0.1643, 0.1536, 0.1477, 0.1441, 0.1406, 0.1350, 0.1274, 0.1186, 0.1100);
    private static readonly double[] LogMuscle = Logs(0.2150, 0.2082, 0.2020, 0.1965, 0.1914, 0.1819, 0.1711, 0.1599, 0.1537, 0.1500, 0.1464, 0.1405, 0.1326, 0.1234, 0.1145);
    private static readonly double[] LogAdipose = Logs(0.1875, 0.1828, 0.1785, 0.1746, 0.1710, 0.1636, 0.1548, 0.1452, 0.1399, 0.1366, 0.1333, 0.1281, 0.1210, 0.1127, 0.1046);
    private static readonly double[] LogLung = Logs(0.0534, 0.0517, 0.0501, 0.0487, 0.0475, 0.0451, 0.0424, 0.0396, 0.0381, 0.0372, 0.0363, 0.0348, 0.0329, 0.0306, 0.0284);
    private static readonly double[] LogBone = Logs(0.6044, 0.5491, 0.5023, 0.4624, 0.4280, 0.3771, 0.3327, 0.2947, 0.2772, 0.2685, 0.2601, 0.2472, 0.2316, 0.2136, 0.1975);

    private readonly double water;
    private readonly double muscle;
    private readonly double adipose;
    private readonly double lung;
    private readonly double bone;

    private Material(string name, double water = 0, double muscle = 0, double adipose = 0, double lung = 0, double bone = 0)
    {
        Name = name;
        this.water = water;
        this.muscle = muscle;
        this.adipose = adipose;
        this.lung = lung;
        this.bone = bone;
    }

    /// <summary>Name for lists and labels.</summary>
    public string Name { get; }

    /// <summary>Density, g/cm3 (the densities the coefficients are tabulated for).</summary>
    public double DensityGPerMl => (1.00 * water) + (1.05 * muscle) + (0.95 * adipose) + (0.26 * lung) + (1.92 * bone);

    /// <summary>Nothing at all.</summary>
    public static Material Air { get; } = new("air");
    /// <summary>Water, 1.00 g/cm3.</summary>
    public static Material Water { get; } = new("water", water: 1);
    /// <summary>Muscle and solid organs, 1.05 g/cm3.</summary>
    public static Material SoftTissue { get; } = new("soft tissue", muscle: 1);
    /// <summary>Blood: as muscle, a little denser (1.06 g/cm3).</summary>
    public static Material Blood { get; } = new("blood", muscle: 1.01);
    /// <summary>Fat, 0.95 g/cm3.</summary>
    public static Material Adipose { get; } = new("fat", adipose: 1);
    /// <summary>Lung, 0.26 g/cm3.</summary>
    public static Material Lung { get; } = new("lung", lung: 1);
    /// <summary>Vertebral spongiosa: mu 0.18/cm at 140.5 keV (docs: physics-and-qc 2.1, [EK]), so 15 % cortical bone in soft tissue.</summary>
    public static Material Spongiosa { get; } = new("spongiosa", muscle: 0.851, bone: 0.149);
    /// <summary>Small bones and shells at the resolution of these images: 45 % cortical bone in soft tissue.</summary>
    public static Material MixedBone { get; } = new("mixed bone", muscle: 0.55, bone: 0.45);
    /// <summary>Cortical bone, 1.92 g/cm3.</summary>
    public static Material CorticalBone { get; } = new("cortical bone", bone: 1);
    /// <summary>Carbon-fibre skin of the table.</summary>
    public static Material TableSkin { get; } = new("table skin", water: 0.65);
    /// <summary>Foam of mattress and table core.</summary>
    public static Material Foam { get; } = new("foam", water: 0.03);

    /// <summary>Linear attenuation coefficient, 1/mm, at an energy of 60 to 364.5 keV (held at the ends outside).</summary>
    public double MuPerMm(double keV)
    {
        double x = Math.Log(keV);
        return 0.1 * ((water * At(LogWater, x)) + (muscle * At(LogMuscle, x)) + (adipose * At(LogAdipose, x)) + (lung * At(LogLung, x)) + (bone * At(LogBone, x)));
    }

    /// <summary>CT number in HU at an effective energy: 1000 (mu - mu_water) / mu_water (docs: physics-and-qc 2.2).</summary>
    public double Hounsfield(double effectiveKeV)
    {
        double w = Water.MuPerMm(effectiveKeV);
        return 1000 * (MuPerMm(effectiveKeV) - w) / w;
    }

    private static double[] Logs(params ReadOnlySpan<double> values)
    {
        var logs = new double[values.Length];
        for (int i = 0; i < logs.Length; i++) logs[i] = Math.Log(values[i]);
        return logs;
    }

    private static double At(double[] table, double x)
    {
        if (x <= LogKeV[0]) return Math.Exp(table[0]);
        for (int i = 1; i < LogKeV.Length; i++)
        {
            if (x <= LogKeV[i])
                return Math.Exp(table[i - 1] + ((table[i] - table[i - 1]) * (x - LogKeV[i - 1]) / (LogKeV[i] - LogKeV[i - 1])));
        }
        return Math.Exp(table[^1]);
    }
}
