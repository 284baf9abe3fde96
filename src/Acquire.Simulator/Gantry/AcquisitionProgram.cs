using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>One stretch of counting: a static, one frame time of a dynamic, one stop or sweep of a tomo.</summary>
/// <param name="Phase">Dynamic phase from 1, else 0.</param>
/// <param name="View">View or time slice from 1; 0 for a static.</param>
/// <param name="CountUs">Counting time.</param>
/// <param name="PauseUs">Pause behind it.</param>
/// <param name="Angle">Machine angle at the start; null: stay.</param>
/// <param name="AngleEnd">At the end; differs when the gantry turns while counting.</param>
/// <param name="Radii">Radius of head 1 and 2; null: stay.</param>
/// <param name="Table">Longitudinal table position at the start; null: stay.</param>
/// <param name="TableEnd">At the end; the table moves while counting.</param>
internal sealed record ProgramStep(ushort Phase, uint View, long CountUs, long PauseUs, double? Angle = null, double? AngleEnd = null, double[]? Radii = null, double? Table = null, double? TableEnd = null)
{
    /// <summary>The gantry turns while counting.</summary>
    public bool Sweeps => Angle is { } a && AngleEnd is { } e && a != e;
    /// <summary>The table moves while counting.</summary>
    public bool Travels => Table is not null;
    /// <summary>Machine angle after so much counting.</summary>
    public double AngleAt(long countedUs) => Angle!.Value + ((AngleEnd!.Value - Angle.Value) * countedUs / CountUs);
    /// <summary>Table position after so much counting.</summary>
    public double TableAt(long countedUs) => Table!.Value + ((TableEnd!.Value - Table.Value) * countedUs / CountUs);
}

/// <summary>What an acquisition will do, worked out from the settings, with the reasons why it cannot.</summary>
internal sealed record AcquisitionProgram
{
    private const long SettleUs = 500_000;

    public required FrameMode Mode { get; init; }
    public required IReadOnlyList<int> Heads { get; init; }
    public required IReadOnlyList<ProgramStep> Steps { get; init; }
    public required IReadOnlyList<string> Reasons { get; init; }
    public required int FramesPerStep { get; init; }
    public required double Seconds { get; init; }
    public required long Bytes { get; init; }
    public double CountLimit { get; init; } = double.PositiveInfinity;
    /// <summary>Heads with their windows as they were when this was worked out.</summary>
    public required IReadOnlyList<ArmedHead> Armed { get; init; }
    /// <summary>Bins of a cycle; 0 when the run is not gated.</summary>
    public int Bins { get; init; }
    public string GateSource { get; init; } = "ECG";
    /// <summary>Accepted cycle lengths, % of the mean.</summary>
    public double GateLow { get; init; }
    public double GateHigh { get; init; }
    /// <summary>Events are kept too.</summary>
    public bool IsList { get; init; }
    /// <summary>Only a count or a person ends it.</summary>
    public bool IsOpenEnded { get; init; }
    public bool MovesGantry => Steps.Count > 0 && (Steps[0].Angle is not null || Steps[0].Travels);
    /// <summary>Pixels of each frame of a step, in their order.</summary>
    public int[] PixelsPerFrame => [.. Armed.SelectMany(h => Enumerable.Repeat(PixelsOf(h), h.Windows.Length * Math.Max(1, Bins)))];
    public int Frames => Steps.Count * FramesPerStep;

    private int PixelsOf(ArmedHead head) => head.Matrix * (Steps.Count > 0 && Steps[0].Travels ? WholeBodyStrip.Rows(Steps[0].Table!.Value, Steps[0].TableEnd!.Value, head.PixelMm) : head.Matrix);

    public static AcquisitionProgram From(SimulatedGantry gantry, Guid? id)
    {
        SettingStore set = gantry.Settings;
        var reasons = new List<string>();
        FrameMode mode = set.Word("ACQuire:MODE") switch
        {
            "DYN" => FrameMode.Dynamic, "GAT" => FrameMode.Gated, "WBOD" => FrameMode.WholeBody, "TOMO" => FrameMode.Tomo, "GTOM" => FrameMode.GatedTomo, _ => FrameMode.Static,
        };
        int[] heads = set.Word("ACQuire:HEADs") switch { "1" => [1], "2" => gantry.Heads.Count > 1 ? [2] : [], _ => [.. Enumerable.Range(1, gantry.Heads.Count)] };
        if (heads.Length == 0) reasons.Add("HEAD");
        if (id is null || gantry.Store.Find(id.Value) is not null) reasons.Add("ID");
        if (!gantry.Homed) reasons.Add("HOME");
        else if (gantry.State != GantryStates.Ready) reasons.Add("STAT");
        if (gantry.Interlock != "OK") reasons.Add("ILOC");
        List<ProgramStep> steps = mode switch
        {
            FrameMode.Static or FrameMode.Gated => StaticSteps(set, reasons),
            FrameMode.Dynamic => DynamicSteps(set, reasons),
            FrameMode.WholeBody => WholeBodySteps(gantry, heads, reasons),
            _ => TomoSteps(gantry, heads, reasons),
        };
        bool gated = mode is FrameMode.Gated or FrameMode.GatedTomo, list = set.Get("ACQuire:LIST")[0].IsOn;
        // Events of a moving table would need the table's place for every one of them: not kept (docs/decisions/0015).
        if (list && mode == FrameMode.WholeBody) reasons.Add("LIST");
        foreach (int h in heads)
        {
            DetectorHead head = gantry.Heads[h - 1];
            if (head.Windows.Count == 0 && !reasons.Contains("WIND")) reasons.Add("WIND");
            if (head.Latch != "LATC") reasons.Add("COLL" + h);
            if (head.Voltage != HighVoltage.On) reasons.Add("HV" + h);
            if (head.IsTooWarm) reasons.Add("TEMP" + h);
        }
        IReadOnlyList<GciValue> gate = set.Get("ACQuire:GATE:WINDow");
        if (gated && gate[0].Number >= gate[1].Number) reasons.Add("GATE");
        var program = new AcquisitionProgram
        {
            Mode = mode, Heads = heads, Steps = steps, Reasons = reasons, FramesPerStep = 0, Bytes = 0, Seconds = Duration(gantry, steps),
            Armed = [.. heads.Select(h => new ArmedHead(h, gantry.Heads[h - 1].Matrix, gantry.Heads[h - 1].PixelMm, [.. gantry.Heads[h - 1].Windows]))],
            CountLimit = mode is FrameMode.Static or FrameMode.Gated ? set.Number("ACQuire:LIMit:COUNts") : double.PositiveInfinity,
            Bins = gated ? (int)set.Number("ACQuire:GATE:BINS") : 0, GateSource = set.Word("ACQuire:GATE:SOURce"), GateLow = gate[0].Number, GateHigh = gate[1].Number, IsList = list,
            IsOpenEnded = mode is FrameMode.Static or FrameMode.Gated && double.IsInfinity(set.Number("ACQuire:LIMit:TIME")),
        };
        int[] pixels = program.PixelsPerFrame;
        // 4 bytes a pixel: what a frame takes when a pixel passes 65 535 (docs: control-interface 16, "static"). Packets of list mode are not reserved: a full store drops them.
        program = program with { FramesPerStep = pixels.Length, Bytes = steps.Count * pixels.Sum(n => FrameHeader.Length + (4L * n)) };
        if (program.Bytes > gantry.Store.FreeBytes || gantry.Faults.IsOn("store.full")) reasons.Add("STOR");
        return program;
    }

    private static List<ProgramStep> WholeBodySteps(SimulatedGantry gantry, int[] heads, List<string> reasons)
    {
        Axis table = gantry.Motion[AxisName.Longitudinal];
        IReadOnlyList<GciValue> range = gantry.Settings.Has("ACQuire:WBODy:RANGe") ? gantry.Settings.Get("ACQuire:WBODy:RANGe") : [new GciValue(0), new GciValue(0)];
        double start = range[0].Number, end = range[1].Number, speed = gantry.Settings.Number("ACQuire:WBODy:SPEed");
        if (start == end || Math.Min(start, end) < table.Min || Math.Max(start, end) > table.Max)
        {
            reasons.Add("LIM");
            return [];
        }
        double rotation = gantry.Motion.Position(AxisName.Rotation);
        foreach (int h in heads)
        {
            double radius = gantry.Motion.Radius(h).Position(gantry.Clock.NowUs);
            for (double t = Math.Min(start, end); t <= Math.Max(start, end); t += 20)
                if (radius < gantry.Motion.ContourRadius(h, rotation, t) - 0.2 && !reasons.Contains("PATH" + h)) reasons.Add("PATH" + h);
        }
        return [new ProgramStep(0, 0, Us(Math.Abs(end - start) / speed), 0, Table: start, TableEnd: end)];
    }

    private static List<ProgramStep> StaticSteps(SettingStore set, List<string> reasons)
    {
        double time = set.Number("ACQuire:LIMit:TIME");
        if (double.IsInfinity(time) && double.IsInfinity(set.Number("ACQuire:LIMit:COUNts"))) reasons.Add("LIM");
        return [new ProgramStep(0, 0, double.IsInfinity(time) ? 86_400_000_000 : Us(time), 0)];
    }

    private static List<ProgramStep> DynamicSteps(SettingStore set, List<string> reasons)
    {
        var steps = new List<ProgramStep>();
        for (int phase = 1; phase <= 16; phase++)
        {
            if (!set.Has("ACQuire:DYNamic:PHASe#", phase)) continue;
            IReadOnlyList<GciValue> v = set.Get("ACQuire:DYNamic:PHASe#", phase);
            for (int i = 0; i < v[0].Integer; i++)
                steps.Add(new ProgramStep((ushort)phase, (uint)steps.Count + 1, Us(v[1].Number), v.Count > 2 ? Us(v[2].Number) : 0));
        }
        if (steps.Count == 0) reasons.Add("PHAS");
        return steps;
    }

    private static List<ProgramStep> TomoSteps(SimulatedGantry gantry, int[] heads, List<string> reasons)
    {
        SettingStore set = gantry.Settings;
        double start = set.Number("ACQuire:TOMO:STARt"), arc = set.Number("ACQuire:TOMO:ARC"), time = set.Number("ACQuire:TOMO:TIME");
        int views = (int)set.Number("ACQuire:TOMO:VIEWs");
        double direction = set.Word("ACQuire:TOMO:DIRection") == "CCW" ? -1 : 1;
        bool sweep = set.Word("ACQuire:TOMO:MODE") == "CONT", contour = set.Word("ACQuire:TOMO:ORBit") == "CONT";
        double table = gantry.Motion.Position(AxisName.Longitudinal), last = start + (direction * arc * (sweep ? views : views - 1) / views);
        Axis rotation = gantry.Motion[AxisName.Rotation];
        if (last < rotation.Min || last > rotation.Max || (sweep && arc / (views * time) > gantry.SpeedLimit(rotation))) reasons.Add("LIM");
        var steps = new List<ProgramStep>(views);
        for (int i = 0; i < views; i++)
        {
            double angle = start + (direction * arc * i / views), end = sweep ? start + (direction * arc * (i + 1) / views) : angle;
            double[] radii = [RadiusAt(gantry, 1, contour, (angle + end) / 2, table), RadiusAt(gantry, 2, contour, (angle + end) / 2, table)];
            foreach (int h in heads)
                if (radii[h - 1] < gantry.Motion.ContourRadius(h, angle, table) - 0.2 && !reasons.Contains("PATH" + h)) reasons.Add("PATH" + h);
            steps.Add(new ProgramStep(0, (uint)i + 1, Us(time), 0, angle, end, radii));
        }
        return steps;
    }

    private static double RadiusAt(SimulatedGantry gantry, int head, bool contour, double rotation, double table)
    {
        if (!contour) return gantry.Motion.Radius(head).Position(gantry.Clock.NowUs);
        if (!gantry.Settings.Has("CONTour:RADii")) return gantry.Motion.ContourRadius(head, rotation, table);
        // The list covers 360 degrees of the head's machine angle evenly, from 0 (docs/decisions/0004).
        IReadOnlyList<GciValue> radii = gantry.Settings.Get("CONTour:RADii");
        double angle = gantry.Motion.HeadAngle(head, rotation) % 360;
        return radii[(int)Math.Round((angle < 0 ? angle + 360 : angle) / 360 * radii.Count) % radii.Count].Number;
    }

    private static double Duration(SimulatedGantry gantry, List<ProgramStep> steps)
    {
        double us = steps.Sum(s => (double)(s.CountUs + s.PauseUs));
        if (steps.Count > 0 && steps[0].Table is { } begin && !gantry.Motion[AxisName.Longitudinal].IsAt(begin, gantry.Clock.NowUs))
            us += gantry.Motion.DurationClear([(gantry.Motion[AxisName.Longitudinal], begin)]) + SettleUs;
        if (steps.Count == 0 || steps[0].Angle is null) return us / 1e6;
        (Axis Axis, double To)[] first = [(gantry.Motion[AxisName.Rotation], steps[0].Angle!.Value), (gantry.Motion.Radius(1), steps[0].Radii![0]), (gantry.Motion.Radius(2), steps[0].Radii![1])];
        (Axis Axis, double To)[] needed = [.. first.Where(m => !m.Axis.IsAt(m.To, gantry.Clock.NowUs))];
        if (needed.Length > 0) us += gantry.Motion.DurationClear(needed) + SettleUs;
        for (int i = 1; i < (steps[0].Sweeps ? 1 : steps.Count); i++)
        {
            int from = i - 1, to = i;
            double move = gantry.Motion.Coordinated([.. Axes(gantry).Select(a => (a.Axis, a.Of(steps[from]), a.Of(steps[to]))).Where(m => Math.Abs(m.Item3 - m.Item2) >= m.Axis.Resolution / 2)])?.DurationUs ?? 0;
            if (move > 0) us += move + SettleUs;
        }
        return us / 1e6;
    }

    /// <summary>The axes a tomo moves, and where a step wants them.</summary>
    private static IEnumerable<(Axis Axis, Func<ProgramStep, double> Of)> Axes(SimulatedGantry gantry)
    {
        yield return (gantry.Motion[AxisName.Rotation], s => s.Angle!.Value);
        for (int head = 1; head <= gantry.Heads.Count; head++)
        {
            int h = head;
            yield return (gantry.Motion.Radius(h), s => s.Radii![h - 1]);
        }
    }

    public static long Us(double seconds) => (long)Math.Round(seconds * 1e6);
}
