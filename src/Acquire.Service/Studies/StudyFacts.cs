using Acquire.Service.StudyRecords;
using System.Text.Json;
using System.Text.Json.Serialization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Gantry;
using Acquire.Protocols.Imaging;
using Acquire.Service.Acquisition;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;

namespace Acquire.Service.Studies;

/// <summary>Facts of a study in the journal: one current value each, JSON (docs/data-folder.md).</summary>
public sealed class StudyFacts(Journal journal, string studyKey)
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        Converters = { new JsonStringEnumConverter() },
        WriteIndented = false,
    };

    /// <summary>Plans of all runs, in the order they were made.</summary>
    public IReadOnlyList<RunPlan> Plans() => [.. Read<RunPlanFact>("plan").OrderBy(p => p.Order).Select(p => p.Plan)];

    /// <summary>Keeps a plan before its run is started. A plan that is kept again, after a restart, stays in its place.</summary>
    public void KeepPlan(RunPlan plan)
    {
        IReadOnlyList<RunPlan> plans = Plans();
        if (!plans.Any(p => p.AcquisitionId == plan.AcquisitionId)) Keep("plan", plan.AcquisitionId.ToString("D"), new RunPlanFact(plans.Count, plan));
    }

    /// <summary>Clock anchor per boot of the gantry.</summary>
    public IReadOnlyDictionary<ulong, ClockAnchor> Clocks() => Read<ClockAnchor>("clock").ToDictionary(c => c.BootId);

    /// <summary>Keeps the first anchor of a boot; later ones do not move frames that are already dated.</summary>
    public void KeepClock(ClockAnchor anchor)
    {
        if (!Clocks().ContainsKey(anchor.BootId)) Keep("clock", anchor.BootId.ToString(System.Globalization.CultureInfo.InvariantCulture), anchor);
    }

    /// <summary>Result per run.</summary>
    public IReadOnlyDictionary<Guid, RunResult> Results() =>
        journal.Facts(studyKey, "result").ToDictionary(f => Guid.Parse(f.Key), f => JsonSerializer.Deserialize<RunResult>(f.Value, Json)!);

    /// <summary>Keeps how a run ended.</summary>
    public void KeepResult(Guid acquisition, RunResult result) => Keep("result", acquisition.ToString("D"), result);

    /// <summary>Facts of the CT of that run; null when none.</summary>
    public CtFacts? Ct(Guid acquisition) => Read<CtFacts>("ct").LastOrDefault(c => c.AcquisitionId == acquisition);

    /// <summary>Keeps the facts of the CT.</summary>
    public void KeepCt(CtFacts facts) => Keep("ct", facts.AcquisitionId.ToString("D"), facts);

    /// <summary>A single named text.</summary>
    public string? Text(string name) => journal.Facts(studyKey, "text").GetValueOrDefault(name);

    /// <summary>Keeps a single named text.</summary>
    public void KeepText(string name, string value) => journal.Keep(studyKey, "text", name, value);

    private void Keep<T>(string kind, string id, T value) => journal.Keep(studyKey, kind, id, JsonSerializer.Serialize(value, Json));

    private IEnumerable<T> Read<T>(string kind) => journal.Facts(studyKey, kind).Values.Select(body => JsonSerializer.Deserialize<T>(body, Json)!);

    private sealed record RunPlanFact(int Order, RunPlan Plan);
}

/// <summary>Makes series and volumes out of stored frames: gantry words in, house conventions out.</summary>
public static class StoredSeries
{
    /// <summary>All runs of one step of the protocol as one series; a tomo that was continued is put together in order of its stops.</summary>
    /// <param name="planned">The step.</param>
    /// <param name="plans">Its runs, in order.</param>
    /// <param name="results">How they ended; a run without a result is open.</param>
    /// <param name="store">Frames.</param>
    /// <param name="clocks">Clock anchors by boot id.</param>
    /// <param name="repeatable">Whether the phase can be repeated.</param>
    public static CountSeries Build(PlannedAcquisition planned, IReadOnlyList<RunPlan> plans, IReadOnlyDictionary<Guid, RunResult> results,
        FrameStore store, IReadOnlyDictionary<ulong, ClockAnchor> clocks, bool repeatable)
    {
        int expected = plans.Max(p => p.ExpectedFrames + FramesBefore(p));
        // A repeated view stands for itself, a flow that ended before the injection was taken again: the last run that has all its frames is the view.
        IReadOnlyList<RunPlan> runs = planned is TomoAcquisition ? plans : [plans.LastOrDefault(p => store.Numbers(p.AcquisitionId).Count == p.ExpectedFrames) ?? plans[^1]];
        RunPlan first = runs[0];
        var frames = new List<CountFrame>();
        var damaged = new List<uint>();
        foreach (RunPlan plan in runs)
        {
            foreach (StoredFrame stored in store.ReadAll(plan.AcquisitionId, (number, _) => damaged.Add(number)))
            {
                CountFrame frame = ToCountFrame(stored, planned, plan, clocks);
                bool takenAgain = frame.IsPartial && runs.SkipWhile(p => p != plan).Skip(1).Any(later => frame.AngularView - 1 >= later.FirstStop);
                if (!takenAgain) frames.Add(frame); // else the next run took this stop again, whole
            }
        }
        frames = JoinHeldViews(frames);
        RunResult? last = results.GetValueOrDefault(plans[^1].AcquisitionId);
        bool complete = frames.Count == expected && frames.TrueForAll(f => !f.IsPartial);
        return new CountSeries
        {
            AcquisitionId = first.AcquisitionId,
            StepId = planned.Id,
            Title = planned.Title,
            Kind = planned.Kind,
            EnergyWindows = first.EnergyWindows,
            DetectorCount = first.Detectors,
            Collimator = first.Collimator,
            Frames = [.. frames.Select((f, i) => f with { FrameNumber = i + 1 })],
            ExpectedFrames = expected,
            Ending = damaged.Count > 0 ? Ending.Failed : complete ? Ending.Complete : last?.Ending ?? Ending.Open,
            EndingReason = damaged.Count > 0 ? $"failed because frame {string.Join(", ", damaged)} of run {first.AcquisitionId} is damaged on disk; the others are sound" : complete ? "" : last?.Reason ?? "not ended",
            Repeatable = repeatable,
        };
    }

    /// <summary>When the stored frames of a run were counted, console time; null when there are none. Damaged frames and boots without an anchor are passed over.</summary>
    public static (DateTimeOffset Start, DateTimeOffset End)? CountedBetween(RunPlan plan, FrameStore store, IReadOnlyDictionary<ulong, ClockAnchor> clocks)
    {
        (DateTimeOffset Start, DateTimeOffset End)? span = null;
        foreach (StoredFrame frame in store.ReadAll(plan.AcquisitionId, (_, _) => { }))
        {
            if (!clocks.TryGetValue(frame.Header.BootId, out ClockAnchor? clock)) continue;
            DateTimeOffset start = clock.At(frame.Header.StartTickUs), end = clock.At(frame.Header.StartTickUs + frame.Header.ElapsedUs);
            span = span is { } s ? (start < s.Start ? start : s.Start, end > s.End ? end : s.End) : (start, end);
        }
        return span;
    }

    /// <summary>CT slices as a volume in HU in the study's frame of reference.</summary>
    /// <returns>Null when there are less than two sound slices or one is missing between others: a volume would put anatomy in a wrong place.</returns>
    public static Volume? BuildCt(RunPlan plan, FrameStore store)
    {
        List<StoredFrame> slices = [.. store.ReadAll(plan.AcquisitionId, (_, _) => { }).OrderByDescending(f => f.Header.TableStartUm)];
        if (slices.Count < 2) return null;
        FrameHeader first = slices[0].Header;
        double spacing = (first.TableStartUm - slices[^1].Header.TableStartUm) / 1000.0 / (slices.Count - 1);
        for (int k = 1; k < slices.Count; k++)
            if (Math.Abs(((slices[k - 1].Header.TableStartUm - slices[k].Header.TableStartUm) / 1000.0) - spacing) > 0.1 * spacing) return null;
        double pixel = first.PixelUm / 1000.0;
        var volume = new Volume
        {
            Nx = first.Width, Ny = first.Height, Nz = slices.Count, DxMm = pixel, DyMm = pixel, DzMm = spacing,
            X0Mm = -(first.Width - 1) / 2.0 * pixel, Y0Mm = -(first.Height - 1) / 2.0 * pixel, Z0Mm = -first.TableStartUm / 1000.0,
            Unit = "HU", Values = new float[first.Width * first.Height * slices.Count],
        };
        int plane = first.Width * first.Height;
        for (int k = 0; k < slices.Count; k++)
        {
            uint[] pixels = FrameHeader.Pixels(slices[k].Bytes, slices[k].Header);
            for (int i = 0; i < plane; i++) volume.Values[(k * plane) + i] = pixels[i] - 1024f;
        }
        return volume;
    }

    /// <summary>A view the gantry held in the middle comes as two frames of the same view: their counts and times together are the view.</summary>
    private static List<CountFrame> JoinHeldViews(List<CountFrame> frames)
    {
        var joined = new List<CountFrame>(frames.Count);
        foreach (CountFrame frame in frames)
        {
            int first = frame.AngularView == 0 ? -1 : joined.FindIndex(f => f.AngularView == frame.AngularView && f.Detector == frame.Detector && f.EnergyWindow == frame.EnergyWindow);
            if (first < 0)
            {
                joined.Add(frame);
                continue;
            }
            CountFrame part = joined[first];
            joined[first] = part with { Counts = [.. part.Counts.Zip(frame.Counts, (a, b) => a + b)], Elapsed = part.Elapsed + frame.Elapsed, Live = part.Live + frame.Live, IsPartial = frame.IsPartial };
        }
        return joined;
    }

    private static int FramesBefore(RunPlan plan) => plan.FirstStop * plan.Detectors * plan.EnergyWindows.Count;

    internal static CountFrame ToCountFrame(StoredFrame stored, PlannedAcquisition planned, RunPlan plan, IReadOnlyDictionary<ulong, ClockAnchor> clocks)
    {
        FrameHeader h = stored.Header;
        ClockAnchor clock = clocks.TryGetValue(h.BootId, out ClockAnchor? anchor) ? anchor
            : throw new InvalidDataException($"the journal has no clock anchor for boot {h.BootId} of the gantry");
        return new CountFrame
        {
            FrameNumber = (int)h.Number,
            Detector = h.Head,
            EnergyWindow = h.Window,
            Phase = h.Phase,
            AngularView = planned is TomoAcquisition ? (int)h.View + plan.FirstStop : 0,
            TimeSlice = planned is FlowAcquisition ? (int)h.View : 0,
            Start = clock.At(h.StartTickUs),
            Elapsed = TimeSpan.FromMicroseconds(h.ElapsedUs),
            Live = TimeSpan.FromMicroseconds(h.LiveUs),
            AngleStartDeg = DicomAngle(h.AngleStartMdeg),
            AngleEndDeg = DicomAngle(h.AngleEndMdeg),
            RadiusMm = h.RadiusUm / 1000.0,
            TableLongitudinalMm = h.TableStartUm / 1000.0,
            PixelMm = h.PixelUm / 1000.0,
            Width = h.Width,
            Height = h.Height,
            Counts = FrameHeader.Pixels(stored.Bytes, h),
            IsPartial = h.Flags.HasFlag(FrameFlags.Partial),
            IsSimulated = h.Flags.HasFlag(FrameFlags.Simulated),
        };
    }

    /// <summary>Machine angle of a head to DICOM angle, patient head first supine: 180 - machine, in [0, 360).</summary>
    private static double DicomAngle(int machineMdeg) => (((180_000 - machineMdeg) % 360_000) + 360_000) % 360_000 / 1000.0;
}

/// <summary>A worklist entry in the journal's form. The only place where what names a patient is written to the database.</summary>
public static class ScheduledStudyJson
{
    /// <summary>To JSON.</summary>
    public static string Write(ScheduledStudy s) => JsonSerializer.Serialize(new Entry(s.PatientName.Reveal(), s.PatientId.Reveal(), s.BirthDate.Reveal(), s.Sex, s.WeightKg,
        s.HeightM, s.AccessionNumber.Reveal(), s.StudyInstanceUid, s.RequestedProcedureId, s.RequestedProcedureDescription, s.ScheduledStepId, s.ScheduledStepDescription,
        s.ScheduledStart, s.ReferringPhysician.Reveal()), StudyFacts.Json);

    /// <summary>From JSON.</summary>
    public static ScheduledStudy Read(string json)
    {
        Entry e = JsonSerializer.Deserialize<Entry>(json, StudyFacts.Json)!;
        return new ScheduledStudy
        {
            PatientName = new Protected(e.PatientName), PatientId = new Protected(e.PatientId), BirthDate = new Protected(e.BirthDate), Sex = e.Sex, WeightKg = e.WeightKg,
            HeightM = e.HeightM, AccessionNumber = new Protected(e.AccessionNumber), StudyInstanceUid = e.StudyInstanceUid, RequestedProcedureId = e.RequestedProcedureId,
            RequestedProcedureDescription = e.RequestedProcedureDescription, ScheduledStepId = e.ScheduledStepId, ScheduledStepDescription = e.ScheduledStepDescription,
            ScheduledStart = e.ScheduledStart, ReferringPhysician = new Protected(e.ReferringPhysician),
        };
    }

    private sealed record Entry(string PatientName, string PatientId, string BirthDate, string Sex, double? WeightKg, double? HeightM, string AccessionNumber,
        string StudyInstanceUid, string RequestedProcedureId, string RequestedProcedureDescription, string ScheduledStepId, string ScheduledStepDescription,
        DateTimeOffset? ScheduledStart, string ReferringPhysician);
}
