using System.Globalization;
using Acquire.Protocols.Imaging;

namespace Acquire.Protocols.Clinical;

/// <summary>Whether a protocol can be run on a gantry, without asking the gantry.</summary>
public static class Feasibility
{
    /// <summary>Everything that stands against it, in words that follow "cannot run on this camera because"; empty when it can run.</summary>
    public static IReadOnlyList<string> Against(AcquisitionProtocol protocol, GantryDescription gantry)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentNullException.ThrowIfNull(gantry);
        List<string> why = [];
        foreach ((string collimator, IReadOnlyList<EnergyWindow> windows, string of) in Sets(protocol))
        {
            if (collimator != "none" && gantry.Collimators.Count > 0)
            {
                EnergyWindow peak = windows.Where(w => w.Role == EnergyWindowRole.Photopeak).MaxBy(w => w.LowerLimitKeV) ?? windows[0];
                double energy = (peak.LowerLimitKeV + peak.UpperLimitKeV) / 2;
                if (!gantry.Collimators.TryGetValue(collimator, out double most)) why.Add($"{of}needs the collimator {collimator}; it has {string.Join(", ", gantry.Collimators.Keys)}");
                else if (energy > most * 1.01) why.Add(Say($"{of}takes {energy:0.#} keV through {collimator}, which is made for {most:0.#} keV and less"));
            }
            if (gantry.WindowsMax is { } count && windows.Count > count) why.Add(Say($"{of}needs {windows.Count} energy windows; it has {count} per head"));
            if (gantry.KeV is { } kev)
                why.AddRange(windows.Where(w => w.LowerLimitKeV < kev.Min || w.UpperLimitKeV > kev.Max).Select(w => Say($"the window '{w.Name}' of {w.LowerLimitKeV:0.#} to {w.UpperLimitKeV:0.#} keV is outside its {kev.Min:0.#} to {kev.Max:0.#} keV")));
        }
        foreach (PlannedAcquisition step in protocol.Phases.SelectMany(p => p.Acquisitions)) why.AddRange(Against(step, gantry).Select(w => $"'{step.Id}' {w}"));
        ProtocolNeeds needs = ProtocolNeeds.Of(protocol, gantry.Heads);
        long longest = needs.LargestAcquisitionBytes;
        if (gantry.StoreBytes is { } store && longest > store) why.Add(Say($"its frame store of {store / 1048576.0:0} MB does not hold the {longest / 1048576.0:0} MB of the largest acquisition"));
        return why;
    }

    private static IEnumerable<(string Collimator, IReadOnlyList<EnergyWindow> Windows, string Of)> Sets(AcquisitionProtocol protocol) =>
        protocol.LaterTracers.Select(t => (t.Collimator, t.EnergyWindows, $"'{t.Title}' ")).Prepend((protocol.Collimator, protocol.EnergyWindows, "it "));

    private static IEnumerable<string> Against(PlannedAcquisition step, GantryDescription gantry)
    {
        bool Has(string feature) => gantry.Features.Count == 0 || gantry.Features.Contains(feature, StringComparer.OrdinalIgnoreCase);
        int? matrix = step switch { FlowAcquisition f => f.Matrix, StaticAcquisition s => s.Matrix, TomoAcquisition t => t.Matrix, WholeBodyAcquisition w => w.Columns, _ => null };
        if (matrix is { } pixels && gantry.Matrix is { } can && (pixels < can.Min || pixels > can.Max)) yield return Say($"asks for a matrix of {pixels}; it has {can.Min} to {can.Max}");
        switch (step)
        {
            case FlowAcquisition flow:
                if (!Has("DYN")) yield return "is a flow, which it does not take";
                if (flow.FrameTime.TotalSeconds < gantry.FrameSecondsMin) yield return Say($"takes frames of {flow.FrameTime.TotalSeconds:0.###} s; its shortest frame is {gantry.FrameSecondsMin:0.###} s");
                break;
            case WholeBodyAcquisition body:
                if (!Has("WB")) yield return "is a whole body, which it does not take";
                if (gantry.Table is { } way && body.LengthMm > way.Max - way.Min) yield return Say($"scans {body.LengthMm:0} mm; its table moves {way.Max - way.Min:0} mm");
                break;
            case TomoAcquisition tomo:
                if (!Has(tomo.Continuous ? "TOMO.CONT" : "TOMO.STEP")) yield return tomo.Continuous ? "turns while counting, which it does not do" : "steps and shoots, which it does not do";
                if (tomo.ViewsTotal % gantry.Heads != 0) yield return Say($"shares {tomo.ViewsTotal} views among {gantry.Heads} heads");
                double step1 = tomo.StepDeg(gantry.Heads);
                if (gantry.RotationResolutionDeg is { } fine && fine > 0 && Math.Abs((step1 / fine) - Math.Round(step1 / fine)) > 1e-6) yield return Say($"steps by {step1:0.####} deg; its rotation is set to {fine:0.###} deg");
                if (gantry.Rotation is { } turn && tomo.ArcDeg / gantry.Heads > turn.Max - turn.Min) yield return Say($"turns {tomo.ArcDeg / gantry.Heads:0} deg; its rotation has {turn.Max - turn.Min:0} deg");
                break;
            case CtAcquisition ct:
                if (gantry.HasCt == false || !Has("CT"))
                {
                    yield return "is a CT and it has none";
                    break;
                }
                if (gantry.Kv.Count > 0 && !gantry.Kv.Contains(ct.Kv)) yield return Say($"takes {ct.Kv:0.#} kV; its tube has {string.Join(", ", gantry.Kv)} kV");
                if (gantry.Table is { } travel && ct.LengthMm > travel.Max - travel.Min) yield return Say($"scans {ct.LengthMm:0} mm; its table moves {travel.Max - travel.Min:0} mm");
                break;
            default:
                break;
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a protocol needs of disk and camera.</summary>
/// <param name="Bytes">Frames of all acquisitions, bytes, headers included.</param>
/// <param name="LargestAcquisitionBytes">Frames of the largest one.</param>
/// <param name="Frames">Number of frames.</param>
/// <param name="CameraTime">Time the camera counts or exposes, without motion between acquisitions.</param>
/// <param name="Visits">How often the patient comes to the camera: phases more than 45 min apart are visits of their own.</param>
public sealed record ProtocolNeeds(long Bytes, long LargestAcquisitionBytes, int Frames, TimeSpan CameraTime, int Visits)
{
    private const int HeaderBytes = 128;
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(45);

    /// <summary>Adds up.</summary>
    public static ProtocolNeeds Of(AcquisitionProtocol protocol, int heads = 2)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        long bytes = 0, largest = 0;
        int frames = 0;
        foreach (StudyPhase phase in protocol.Phases)
        {
            foreach (PlannedAcquisition step in phase.Acquisitions)
            {
                (int count, long each) = FramesOf(step, heads, protocol.WindowsOf(phase).Count);
                frames += count;
                bytes += count * each;
                largest = Math.Max(largest, count * each);
            }
        }
        TimeSpan? end = null;
        int visits = 0;
        foreach (StudyPhase phase in protocol.Phases)
        {
            TimeSpan start = phase.Target + (protocol.LaterTracers.FirstOrDefault(t => t.Id == phase.TracerId)?.Target ?? TimeSpan.Zero);
            if (end is null || start - end > Apart) visits++;
            end = start + phase.NominalDuration;
        }
        return new ProtocolNeeds(bytes, largest, frames, protocol.Phases.Aggregate(TimeSpan.Zero, (sum, p) => sum + p.NominalDuration), visits);
    }

    /// <summary>Frames of one acquisition and the bytes of each.</summary>
    public static (int Frames, long BytesEach) FramesOf(PlannedAcquisition step, int heads, int windows) => step switch
    {
        FlowAcquisition f => ((f.Frames + (int)Math.Ceiling(f.PreRoll / f.FrameTime)) * heads, (2L * f.Matrix * f.Matrix) + HeaderBytes),
        StaticAcquisition s => (heads * windows, (2L * s.Matrix * s.Matrix) + HeaderBytes),
        WholeBodyAcquisition w => (heads * windows, (2L * w.Columns * w.Rows) + HeaderBytes),
        TomoAcquisition t => (t.ViewsTotal * windows, (2L * t.Matrix * t.Matrix) + HeaderBytes),
        CtAcquisition c => ((int)Math.Round(c.LengthMm / c.SliceMm), (512L * 512 * 2) + HeaderBytes),
        _ => (0, 0),
    };
}
