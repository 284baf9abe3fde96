namespace Acquire.Protocols.Imaging;

/// <summary>One stored image of counts from one detector in one energy window, with what is known of how it was taken.</summary>
/// <remarks>
/// House convention for detector images (docs/architecture.md, "Which way is up"): the image is what somebody standing
/// at the detector and facing the patient sees, patient head up. Row 0 is nearest the patient's head; columns grow to that
/// viewer's right. With the detector at DICOM angle phi (0 = at the patient's back, growing towards the patient's left,
/// PS3.3 C.8.4.12) the column direction in patient coordinates (x to patient left, y to the back, z to the head) is
/// (-cos phi, +sin phi, 0) and the row direction (0, 0, -1).
/// </remarks>
public sealed record CountFrame
{
    /// <summary>Number within its acquisition, from 1, in order of completion.</summary>
    public required int FrameNumber { get; init; }
    /// <summary>Detector (head), from 1.</summary>
    public required int Detector { get; init; }
    /// <summary>Energy window, from 1; an index into <see cref="CountSeries.EnergyWindows"/>.</summary>
    public required int EnergyWindow { get; init; }
    /// <summary>Dynamic phase, from 1; 0 when the acquisition has none.</summary>
    public int Phase { get; init; }
    /// <summary>Angular view of this detector, from 1; 0 when not tomographic.</summary>
    public int AngularView { get; init; }
    /// <summary>Frame of a dynamic phase, from 1; 0 when not dynamic.</summary>
    public int TimeSlice { get; init; }
    /// <summary>Start of counting, console time (UTC).</summary>
    public required DateTimeOffset Start { get; init; }
    /// <summary>Time from start to end of counting.</summary>
    public required TimeSpan Elapsed { get; init; }
    /// <summary>Time the detector was able to count (elapsed less dead time).</summary>
    public required TimeSpan Live { get; init; }
    /// <summary>DICOM angle of the detector, degrees, at start and end: 0 at the patient's back, growing to the patient's left.</summary>
    public required double AngleStartDeg { get; init; }
    /// <inheritdoc cref="AngleStartDeg"/>
    public required double AngleEndDeg { get; init; }
    /// <summary>Distance from rotation axis to collimator face, mm.</summary>
    public required double RadiusMm { get; init; }
    /// <summary>Longitudinal table position at start, mm; grows as the table moves in. Patient z of the image centre = -this.</summary>
    public required double TableLongitudinalMm { get; init; }
    /// <summary>Pixel size, mm, square.</summary>
    public required double PixelMm { get; init; }
    /// <summary>Columns.</summary>
    public required int Width { get; init; }
    /// <summary>Rows.</summary>
    public required int Height { get; init; }
    /// <summary>Counts, row-major [row, column], length Width x Height.</summary>
    public required uint[] Counts { get; init; }
    /// <summary>True when the frame was cut short (stop, hold, power loss).</summary>
    public bool IsPartial { get; init; }
    /// <summary>True when the gantry marked the frame as made by a simulator (GCI frame flag): no patient was imaged.</summary>
    public bool IsSimulated { get; init; }
    /// <summary>Sum of all pixels.</summary>
    public long Sum
    {
        get
        {
            long sum = 0;
            foreach (uint c in Counts) sum += c;
            return sum;
        }
    }
}

/// <summary>What kind of acquisition a series of frames came from; the words of DICOM Image Type value 3.</summary>
public enum AcquisitionKind
{
    /// <summary>Planar view(s), one frame per detector and window.</summary>
    Static,
    /// <summary>Frames in time.</summary>
    Dynamic,
    /// <summary>Moving table.</summary>
    WholeBody,
    /// <summary>Projections around the patient.</summary>
    Tomo,
    /// <summary>CT slices; pixel = HU + 1024.</summary>
    Ct,
}

/// <summary>How a run ended, in the same words in console, DICOM, MPPS and log (house rule 3).</summary>
public enum Ending
{
    /// <summary>Still running.</summary>
    Open,
    /// <summary>All that was asked for was taken.</summary>
    Complete,
    /// <summary>A person stopped it; what was counted is kept.</summary>
    Stopped,
    /// <summary>Aborted by a person, the gantry or an interlock; what was counted is kept.</summary>
    Aborted,
    /// <summary>It could not go on; the reason says why.</summary>
    Failed,
}

/// <summary>An energy window as set on the detector. Name is also the DICOM Energy Window Name.</summary>
/// <param name="Name">Short name, e.g. "Tc99m" or "Tc99m scatter".</param>
/// <param name="LowerLimitKeV">Lower limit, keV.</param>
/// <param name="UpperLimitKeV">Upper limit, keV.</param>
/// <param name="Role">What it is for.</param>
public sealed record EnergyWindow(string Name, double LowerLimitKeV, double UpperLimitKeV, EnergyWindowRole Role)
{
    /// <summary>Width, keV.</summary>
    public double WidthKeV => UpperLimitKeV - LowerLimitKeV;
}

/// <summary>What an energy window is for.</summary>
public enum EnergyWindowRole
{
    /// <summary>Photopeak: the image.</summary>
    Photopeak,
    /// <summary>Scatter window below the photopeak.</summary>
    ScatterLower,
    /// <summary>Scatter window above the photopeak.</summary>
    ScatterUpper,
}

/// <summary>All frames of one acquisition, with what belongs to them together.</summary>
public sealed record CountSeries
{
    /// <summary>Identity the acquisition had on the wire.</summary>
    public required Guid AcquisitionId { get; init; }
    /// <summary>Step id in the protocol, e.g. "delayed-posterior".</summary>
    public required string StepId { get; init; }
    /// <summary>Title for people, e.g. "Blood pool, anterior and posterior".</summary>
    public required string Title { get; init; }
    /// <summary>Kind of acquisition.</summary>
    public required AcquisitionKind Kind { get; init; }
    /// <summary>Energy windows, in the order the frames' <see cref="CountFrame.EnergyWindow"/> counts them.</summary>
    public required IReadOnlyList<EnergyWindow> EnergyWindows { get; init; }
    /// <summary>Number of detectors that took part.</summary>
    public required int DetectorCount { get; init; }
    /// <summary>Collimator name as read back from the gantry, e.g. "LEHR".</summary>
    public required string Collimator { get; init; }
    /// <summary>Frames in order of <see cref="CountFrame.FrameNumber"/>.</summary>
    public required IReadOnlyList<CountFrame> Frames { get; init; }
    /// <summary>How it ended.</summary>
    public Ending Ending { get; init; } = Ending.Complete;
    /// <summary>Why, in words; empty when complete.</summary>
    public string EndingReason { get; init; } = "";
    /// <summary>Number of frames the protocol asked for; frames missing against this are a finding, never hidden.</summary>
    public int ExpectedFrames { get; init; }
    /// <summary>True when the same view cannot be taken again (flow, blood pool).</summary>
    public bool Repeatable { get; init; } = true;
}
