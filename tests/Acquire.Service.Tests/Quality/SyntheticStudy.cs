using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Timeline;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Tests.Quality;

/// <summary>A whole study of analytic pictures for tests of checks and report.</summary>
internal static class SyntheticStudy
{
    public const string FamilyName = "Zweistein", PatientId = "PID-774411";
    public static DateTimeOffset Injected { get; } = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly EnergyWindow Peak = new("Tc99m", 126.5, 154.6, EnergyWindowRole.Photopeak);

    public static AcquisitionProtocol Protocol() => new()
    {
        Id = "bone/facet", Title = "Lumbar spine, three phases with SPECT/CT", Version = "1.2", ContentHash = new string('a', 64), BodyPart = "LSPINE",
        Tracer = new Tracer("99mTc-MDP", "Tc-99m", 700, 300, 1110, 10, 20), Collimator = "LEHR", EnergyWindows = [Peak], Preparation = [], Prompts = [],
        Phases =
        [
            new StudyPhase("flow", "Flow", TimeSpan.FromSeconds(-10), TimeSpan.Zero, TimeSpan.FromSeconds(70), false, [new FlowAcquisition { Id = "flow", Title = "Flow", PreRoll = TimeSpan.FromSeconds(8), Frames = 60, FrameTime = TimeSpan.FromSeconds(1), Matrix = 64 }]),
            new StudyPhase("pool", "Blood pool", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), false, [new StaticAcquisition { Id = "pool-ap", Title = "Blood pool", TimeLimit = TimeSpan.FromMinutes(5), Matrix = 128 }]),
            new StudyPhase("delayed", "Delayed views", TimeSpan.FromMinutes(120), TimeSpan.FromMinutes(180), TimeSpan.FromMinutes(300), true,
                [new StaticAcquisition { Id = "delayed-ap", Title = "Delayed, front and back", TimeLimit = TimeSpan.FromMinutes(5), Matrix = 128 }]),
            new StudyPhase("spect", "SPECT/CT", TimeSpan.FromMinutes(120), TimeSpan.FromMinutes(190), TimeSpan.FromMinutes(300), true,
                [new TomoAcquisition { Id = "spect", Title = "SPECT", ViewsTotal = 120, ArcDeg = 360, StopTime = TimeSpan.FromSeconds(15), Matrix = 128 },
                 new CtAcquisition { Id = "ct", Title = "CT", Kv = 110, MA = 40, RotationTime = TimeSpan.FromSeconds(0.6), Pitch = 1, SliceMm = 3, LengthMm = 459, CtdiAlertMGy = 4, DlpAlertMGyCm = 215 }]),
        ],
        Reconstruction = new ReconstructionSettings(4, 8, true, "TEW", true, 7), QualityLimits = [],
        Cautions = ["Bladder beside the sacrum: void before the SPECT.", "Metal at L5: read beside the CT."],
    };

    /// <summary>A study in which everything went well.</summary>
    public static StudyRecord Good(SyntheticSpect? spect = null)
    {
        spect ??= new SyntheticSpect();
        CountSeries tomo = Shifted(spect.Tomo(0.21), Injected.AddMinutes(190));
        return new StudyRecord
        {
            StudyKey = "S-20260302-0007",
            Scheduled = new ScheduledStudy
            {
                PatientName = new Protected(FamilyName + "^Ida"), PatientId = new Protected(PatientId), BirthDate = new Protected("19611105"), Sex = "F",
                StudyInstanceUid = "1.2.826.0.1.3680043.10.511.3.1", RequestedProcedureDescription = "Bone scintigraphy lumbar spine <three phase & SPECT/CT>",
            },
            Protocol = Protocol(), Started = Injected.AddMinutes(-12), Injected = Injected, NetActivityMBq = 683.7,
            Doses = [DoseReport.Of(Protocol(), "", [new DoseMeasured(Injected.AddMinutes(-5), "technologist", 702), new TracerInjected(Injected, "technologist", 695.3), new ResidualMeasured(Injected.AddMinutes(4), "technologist", 11.5)])],
            SyringeBefore = (702, Injected.AddMinutes(-5)), SyringeAfter = (11.5, Injected.AddMinutes(4)),
            Series = [Flow(), Static("pool-ap", "Blood pool", 2, 300, 128, 320_000, bone: 0.25), Static("delayed-ap", "Delayed, front and back", 180, 300, 128, 800_000, bone: 1), tomo],
            Ct = spect.Ct(), CtFacts = new CtFacts(new Guid(9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1), "ct", 110, 40, 0.6, 1, 3, 3.1, 142, Injected.AddMinutes(212), Ending.Complete, 153),
            Reconstructions = new Dictionary<string, Volume> { ["AC"] = spect.Activity(0.15), ["NAC"] = spect.Activity(0.2) },
            Timeline =
            [
                new TimelineEntry("flow", "Flow", false, TimeSpan.FromSeconds(-10), TimeSpan.Zero, TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(-8), TimeSpan.FromSeconds(60), "done", ""),
                new TimelineEntry("pool", "Blood pool", false, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(7), "done", ""),
                new TimelineEntry("drink", "Drink half a litre", true, TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(100), TimeSpan.FromMinutes(22), null, "answered", ""),
                new TimelineEntry("void", "Empty the bladder", true, TimeSpan.FromMinutes(165), TimeSpan.FromMinutes(170), TimeSpan.FromMinutes(180), TimeSpan.FromMinutes(171), null, "answered", ""),
                new TimelineEntry("delayed", "Delayed views", false, TimeSpan.FromMinutes(120), TimeSpan.FromMinutes(180), TimeSpan.FromMinutes(300), TimeSpan.FromMinutes(180), TimeSpan.FromMinutes(185), "done", ""),
                new TimelineEntry("spect", "SPECT/CT", false, TimeSpan.FromMinutes(120), TimeSpan.FromMinutes(190), TimeSpan.FromMinutes(300), TimeSpan.FromMinutes(190), TimeSpan.FromMinutes(213), "late", "scanner was warming up"),
            ],
            Ledgers = [.. new[] { ("flow", "Flow"), ("pool-ap", "Blood pool"), ("delayed-ap", "Delayed, front and back"), ("spect", "SPECT") }.Select(s => new LedgerComparison(s.Item1, s.Item2, 120, 120, 1_000_000, 1_000_000, true))],
            Prompts = [new PromptAnswer("void", "Please empty the bladder", TimeSpan.FromMinutes(170), TimeSpan.FromMinutes(171), "done", "technologist")],
            GantryIdentity = "OpenGantry,Simulated SPECT/CT,SIM-1,0.1", Ending = Ending.Complete,
        };
    }

    public static CountSeries Flow(double startSeconds = -8, int seconds = 68)
    {
        var random = new Random(5);
        var frames = new List<CountFrame>();
        for (int n = 0; n < seconds; n++)
            for (int head = 1; head <= 2; head++)
            {
                double t = startSeconds + n + 0.5, vessel = t > 8 ? Math.Exp(-(t - 18) * (t - 18) / 60) + (0.35 * (1 - Math.Exp(-(t - 8) / 10))) : 0, tissue = t > 14 ? 0.5 * (1 - Math.Exp(-(t - 14) / 15)) : 0;
                frames.Add(Frame(frames.Count + 1, head, Injected.AddSeconds(startSeconds + n), 1, 64, head == 1 ? 180 : 0, (x, z) =>
                    (6 * vessel * Math.Exp(-x * x / 300) * (z > -60 ? 1 : 0)) + (6 * vessel * Math.Exp(-(Math.Abs(x) + (0.5 * z)) * (Math.Abs(x) + (0.5 * z)) / 300) * (z <= -60 ? 1 : 0)) + (tissue * Body(x)), random) with { TimeSlice = n + 1, Phase = 1 });
            }
        return Series("flow", "Flow", AcquisitionKind.Dynamic, frames) with { Repeatable = false };
    }

    public static CountSeries Static(string step, string title, double atMinutes, double seconds, int matrix, double counts, double bone)
    {
        var random = new Random(6);
        var frames = new List<CountFrame>();
        foreach ((int head, double angle) in new[] { (1, 180.0), (2, 0.0) })
        {
            double left = head == 1 ? 1 : -1;
            double Activity(double column, double z)
            {
                double x = column * left; // patient x: the anterior image has the patient's left on the right
                double spine = Math.Exp(-x * x / 500) * (1.2 + Math.Sin(z / 6.0)), hot = 6 * Math.Exp(-(((x + 30) * (x + 30)) + ((z - 20) * (z - 20))) / 120);
                double kidneys = 2.2 * Math.Exp(-((Math.Abs(x) - 60) * (Math.Abs(x) - 60) / 500) - ((z - 60) * (z - 60) / 1800));
                return (bone * ((3 * spine) + hot)) + kidneys + (0.6 * Body(x));
            }
            double sum = 0;
            for (int r = 0; r < matrix; r++)
                for (int c = 0; c < matrix; c++) sum += Activity((c - ((matrix - 1) / 2.0)) * 4.8 * 128 / matrix, (((matrix - 1) / 2.0) - r) * 4.8 * 128 / matrix);
            frames.Add(Frame(head, head, Injected.AddMinutes(atMinutes), seconds, matrix, angle, (c, z) => counts / sum * Activity(c, z), random));
        }
        return Series(step, title, AcquisitionKind.Static, frames);
    }

    public static CountSeries Shifted(CountSeries series, DateTimeOffset start)
    {
        TimeSpan by = start - series.Frames.Min(f => f.Start);
        return series with { Frames = [.. series.Frames.Select(f => f with { Start = f.Start + by })] };
    }

    private static double Body(double x) => Math.Abs(x) < 170 ? Math.Sqrt(1 - (x * x / 28900)) : 0;

    private static CountFrame Frame(int number, int head, DateTimeOffset start, double seconds, int matrix, double angle, Func<double, double, double> mean, Random random)
    {
        double pixel = 4.8 * 128 / matrix;
        uint[] counts = new uint[matrix * matrix];
        for (int r = 0; r < matrix; r++)
            for (int c = 0; c < matrix; c++) counts[(r * matrix) + c] = SyntheticSpect.Poisson(random, mean((c - ((matrix - 1) / 2.0)) * pixel, (((matrix - 1) / 2.0) - r) * pixel));
        return new CountFrame
        {
            FrameNumber = number, Detector = head, EnergyWindow = 1, Start = start, Elapsed = TimeSpan.FromSeconds(seconds), Live = TimeSpan.FromSeconds(seconds),
            AngleStartDeg = angle, AngleEndDeg = angle, RadiusMm = 200, TableLongitudinalMm = 0, PixelMm = pixel, Width = matrix, Height = matrix, Counts = counts, IsSimulated = true,
        };
    }

    private static CountSeries Series(string step, string title, AcquisitionKind kind, List<CountFrame> frames) => new()
    {
        AcquisitionId = Guid.Empty, StepId = step, Title = title, Kind = kind, EnergyWindows = [Peak], DetectorCount = 2, Collimator = "LEHR", Frames = frames, ExpectedFrames = frames.Count,
    };
}
