using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Tests.Dicom;

/// <summary>A small study with every kind of series; its tomo holds one bright pixel per view where a point off the axis must fall.</summary>
internal static class SyntheticStudy
{
    public const double PixelMm = 4.8;
    public const int Matrix = 32;
    /// <summary>The point, patient coordinates (x left, y back, z head), mm.</summary>
    public static readonly (double X, double Y, double Z) Point = (24.0, -14.4, 33.6);
    public const double TableMm = 12.0;

    private static readonly EnergyWindow[] s_windows =
    [
        new("Tc99m", 126.45, 154.55, EnergyWindowRole.Photopeak),
        new("Tc99m scatter", 108, 126.45, EnergyWindowRole.ScatterLower),
    ];

    public static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public static AcquisitionProtocol Protocol(string bodyPart = "LSPINE") => new()
    {
        Id = "bone/facet", Title = "Facet joints, lumbar spine", Version = "1", BodyPart = bodyPart,
        Tracer = new Tracer("99mTc-MDP", "Tc-99m", 600, 400, 740, 10, 20), Collimator = "LEHR", EnergyWindows = s_windows,
        Preparation = [], Prompts = [], QualityLimits = [],
        Phases =
        [
            Phase("flow", new FlowAcquisition { Id = "flow", Title = "Flow", PreRoll = TimeSpan.FromSeconds(4), Frames = 4, FrameTime = TimeSpan.FromSeconds(2), Matrix = Matrix }),
            Phase("pool", new StaticAcquisition { Id = "pool", Title = "Blood pool", TimeLimit = TimeSpan.FromSeconds(300), CountLimit = 500_000, Matrix = Matrix }),
            Phase("spect", new TomoAcquisition { Id = "spect", Title = "SPECT", ViewsTotal = 24, ArcDeg = 360, StopTime = TimeSpan.FromSeconds(15), Matrix = Matrix }),
            Phase("ct", new CtAcquisition { Id = "ct", Title = "CT", Kv = 120, MA = 20, RotationTime = TimeSpan.FromSeconds(0.8), Pitch = 1, SliceMm = 5, LengthMm = 30, CtdiAlertMGy = 50, DlpAlertMGyCm = 500 }),
        ],
        Reconstruction = new ReconstructionSettings(4, 8, true, "TEW", true, 6),
    };

    public static StudyRecord Make(int seed = 1, string bodyPart = "LSPINE") => new()
    {
        StudyKey = "study-0001",
        Scheduled = new ScheduledStudy
        {
            PatientName = new Protected("MUSTER^ERIKA"), PatientId = new Protected("ACQ-0001"), BirthDate = new Protected("19610412"), Sex = "F", WeightKg = 68.5, HeightM = 1.68,
            AccessionNumber = new Protected("A-77"), StudyInstanceUid = "2.25.329800735698586629295641978511506172918", RequestedProcedureId = "RP-1",
            RequestedProcedureDescription = "SPECT/CT lumbar spine", ScheduledStepId = "SPS-1", ScheduledStepDescription = "Three-phase bone study", ScheduledStart = Start,
            ReferringPhysician = new Protected("HAUS^GREGOR"),
        },
        Protocol = Protocol(bodyPart),
        Started = Start,
        Injected = Start + TimeSpan.FromMinutes(10),
        NetActivityMBq = 598.3,
        GantryIdentity = "Acquire project,Simulated gantry,SIM-1,1.0",
        Series = [Flow(seed), Static("pool", [180, 0], seed, 10), Static("oblique", [225, 45], seed, 180), Tomo()],
        Ct = CtVolume(),
        CtFacts = new CtFacts(Id(9), "ct", 120, 20, 0.8, 1, 5, 1.6, 4.8, Start + TimeSpan.FromHours(4), Ending.Complete, 6),
        Reconstructions = new Dictionary<string, Volume> { ["AC"] = Recon(3), ["NAC"] = Recon(1) },
        Ending = Ending.Complete,
    };

    public static Guid Id(int number) => new(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    public static CountSeries Static(string step, double[] anglesDeg, int seed, int minute)
    {
        var random = new Random(seed + minute);
        var frames = new List<CountFrame>();
        for (int d = 1; d <= anglesDeg.Length; d++)
            for (int w = 1; w <= 2; w++)
                frames.Add(Frame(frames.Count + 1, d, w, anglesDeg[d - 1], Start + TimeSpan.FromMinutes(10 + minute), 300, Noise(random)));
        return Series(step, AcquisitionKind.Static, 20 + minute, frames, frames.Count);
    }

    public static CountSeries Flow(int seed)
    {
        var random = new Random(seed);
        var frames = new List<CountFrame>();
        for (int t = 1; t <= 6; t++)
            for (int d = 1; d <= 2; d++)
                for (int w = 1; w <= 2; w++)
                    frames.Add(Frame(frames.Count + 1, d, w, d == 1 ? 180 : 0, Start + TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds((2 * t) - 6), 2, Noise(random)) with { Phase = 1, TimeSlice = t });
        return Series("flow", AcquisitionKind.Dynamic, 1, frames, frames.Count) with { Repeatable = false };
    }

    /// <summary>12 stops of two opposed heads, angles falling by 15 degrees (machine clockwise), radius per view.</summary>
    public static CountSeries Tomo(int stops = 12, double startDeg = 180, double stepDeg = -15)
    {
        var frames = new List<CountFrame>();
        for (int v = 1; v <= stops; v++)
            for (int d = 1; d <= 2; d++)
                for (int w = 1; w <= 2; w++)
                {
                    double angle = startDeg + (stepDeg * (v - 1)) + (d == 2 ? 180 : 0);
                    angle = ((angle % 360) + 360) % 360;
                    uint[] counts = new uint[Matrix * Matrix];
                    (int row, int column) = Expected(angle);
                    counts[(row * Matrix) + column] = (uint)(w == 1 ? 1000 + v : 100 + v);
                    counts[0] = (uint)d;
                    frames.Add(Frame(frames.Count + 1, d, w, angle, Start + TimeSpan.FromHours(3) + TimeSpan.FromSeconds(17 * v), 15, counts)
                        with { AngularView = v, RadiusMm = 200 + (5 * Math.Sin(v)) + d });
                }
        return Series("spect", AcquisitionKind.Tomo, 40, frames, frames.Count);
    }

    /// <summary>Where the point falls, by the picture and not by the formula: somebody at the detector, facing the patient, head up.</summary>
    public static (int Row, int Column) Expected(double angleDeg)
    {
        // The viewer's right is the patient's left seen from the front (180), the patient's right seen from the back (0), the back seen from the left (90).
        double phi = angleDeg * Math.PI / 180;
        double right = (-Math.Cos(phi) * Point.X) + (Math.Sin(phi) * Point.Y);
        double up = Point.Z + TableMm;
        return ((int)Math.Round(((Matrix - 1) / 2.0) - (up / PixelMm)), (int)Math.Round(((Matrix - 1) / 2.0) + (right / PixelMm)));
    }

    public static Volume CtVolume()
    {
        var ct = new Volume { Nx = 24, Ny = 20, Nz = 6, DxMm = 2, DyMm = 2, DzMm = 5, X0Mm = -23, Y0Mm = -19, Z0Mm = -24.5, Unit = "HU", Values = new float[24 * 20 * 6] };
        for (int i = 0; i < ct.Values.Length; i++) ct.Values[i] = -1000 + (i % 2400);
        return ct;
    }

    private static Volume Recon(float scale)
    {
        Volume volume = Volume.Centred(Matrix, Matrix, 10, PixelMm, "counts", -TableMm);
        for (int i = 0; i < volume.Values.Length; i++) volume.Values[i] = scale * (i % 977) / 7f;
        return volume;
    }

    private static StudyPhase Phase(string id, PlannedAcquisition acquisition) => new(id, acquisition.Title, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromHours(6), true, [acquisition]);

    private static CountSeries Series(string step, AcquisitionKind kind, int id, List<CountFrame> frames, int expected) => new()
    {
        AcquisitionId = Id(id), StepId = step, Title = $"Series {step}", Kind = kind, EnergyWindows = s_windows, DetectorCount = 2, Collimator = "LEHR", Frames = frames, ExpectedFrames = expected,
    };

    private static CountFrame Frame(int number, int detector, int window, double angle, DateTimeOffset start, double seconds, uint[] counts) => new()
    {
        FrameNumber = number, Detector = detector, EnergyWindow = window, Start = start, Elapsed = TimeSpan.FromSeconds(seconds), Live = TimeSpan.FromSeconds(seconds * 0.99),
        AngleStartDeg = angle, AngleEndDeg = angle, RadiusMm = 210, TableLongitudinalMm = TableMm, PixelMm = PixelMm, Width = Matrix, Height = Matrix, Counts = counts,
    };

    private static uint[] Noise(Random random)
    {
        uint[] counts = new uint[Matrix * Matrix];
        for (int i = 0; i < counts.Length; i++) counts[i] = (uint)random.Next(0, 60);
        counts[5] = ushort.MaxValue;
        return counts;
    }
}
