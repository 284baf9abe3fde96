using Acquire.Protocols.Imaging;

namespace Acquire.Service.Dicom;

/// <summary>What a nuclear medicine file holds; Image Type value 3.</summary>
public enum NuclearImageKind
{
    /// <summary>STATIC.</summary>
    Static,
    /// <summary>WHOLE BODY.</summary>
    WholeBody,
    /// <summary>DYNAMIC.</summary>
    Dynamic,
    /// <summary>GATED.</summary>
    Gated,
    /// <summary>TOMO: projections.</summary>
    Tomo,
    /// <summary>GATED TOMO.</summary>
    GatedTomo,
    /// <summary>RECON TOMO: slices.</summary>
    ReconTomo,
    /// <summary>RECON GATED TOMO.</summary>
    ReconGatedTomo,
    /// <summary>Not stated, or not a word of the standard.</summary>
    Other,
}

/// <summary>One frame with its place in every vector of the file (from 1; 0 where the file has no such vector).</summary>
/// <param name="Number">Number in the file, from 1.</param>
/// <param name="EnergyWindow">Energy Window Vector.</param>
/// <param name="Detector">Detector Vector.</param>
/// <param name="Phase">Phase Vector.</param>
/// <param name="Rotation">Rotation Vector.</param>
/// <param name="View">Angular View Vector.</param>
/// <param name="TimeSlice">Time Slice Vector.</param>
/// <param name="Slice">Slice Vector.</param>
/// <param name="RRInterval">R-R Interval Vector.</param>
/// <param name="TimeSlot">Time Slot Vector.</param>
/// <param name="Pixels">Stored values, row-major [row, column]; counts for acquired images.</param>
public sealed record NuclearFrame(int Number, int EnergyWindow, int Detector, int Phase, int Rotation, int View, int TimeSlice, int Slice, int RRInterval, int TimeSlot, int[] Pixels)
{
    /// <summary>Sum of the stored values.</summary>
    public long Sum => Pixels.Sum(p => (long)p);
}

/// <summary>A detector as the file describes it.</summary>
/// <param name="Collimator">Collimator Grid Name, "" when not stated.</param>
/// <param name="StartAngleDeg">Start Angle of this detector, degrees (0 at the patient's back, growing to the left); null when not stated.</param>
/// <param name="RadiiMm">Radial Position: none, one, or one per view, mm.</param>
/// <param name="Position">Image Position (Patient), 3 numbers, mm; null when not stated.</param>
/// <param name="Orientation">Image Orientation (Patient), 6 numbers; null when not stated.</param>
public sealed record NuclearDetector(string Collimator, double? StartAngleDeg, IReadOnlyList<double> RadiiMm, IReadOnlyList<double>? Position, IReadOnlyList<double>? Orientation);

/// <summary>A rotation as the file describes it.</summary>
/// <param name="StartAngleDeg">Start Angle, degrees; null when not stated.</param>
/// <param name="StepDeg">Angular Step, degrees, without sign; null when not stated.</param>
/// <param name="AnglesGrow">Rotation Direction: true for CC, false for CW; null when not stated.</param>
/// <param name="ArcDeg">Scan Arc, degrees; null when not stated.</param>
/// <param name="Frames">Number of Frames in Rotation; 0 when not stated.</param>
/// <param name="FrameSeconds">Actual Frame Duration, seconds; null when not stated.</param>
/// <param name="RadiiMm">Radial Position: none, one, or one per view, mm.</param>
/// <param name="TableTraverseMm">Table Traverse, mm; null when not stated.</param>
public sealed record NuclearRotation(double? StartAngleDeg, double? StepDeg, bool? AnglesGrow, double? ArcDeg, int Frames, double? FrameSeconds, IReadOnlyList<double> RadiiMm, double? TableTraverseMm);

/// <summary>A dynamic phase as the file describes it.</summary>
/// <param name="Frames">Number of Frames in Phase.</param>
/// <param name="FrameSeconds">Actual Frame Duration, seconds; null when not stated.</param>
/// <param name="DelaySeconds">Phase Delay, seconds.</param>
/// <param name="PauseSeconds">Pause Between Frames, seconds.</param>
public sealed record NuclearPhase(int Frames, double? FrameSeconds, double DelaySeconds, double PauseSeconds);

/// <summary>Geometry a person gives for what a file does not say; what is given here wins over the file.</summary>
public sealed record TomoGeometryByHand
{
    /// <summary>--start-angle: DICOM angle of the first view of the first detector, degrees; further detectors are spaced evenly over 360 degrees when the file does not say.</summary>
    public double? StartAngleDeg { get; init; }
    /// <summary>--direction: true for cc (angles grow), false for cw.</summary>
    public bool? AnglesGrow { get; init; }
    /// <summary>--extent: arc covered by one detector, degrees.</summary>
    public double? ExtentDeg { get; init; }
    /// <summary>--radius: axis to collimator face, mm, for all views.</summary>
    public double? RadiusMm { get; init; }
    /// <summary>--pixel: pixel size, mm.</summary>
    public double? PixelMm { get; init; }
}

/// <summary>A nuclear medicine image of any vendor: frames, vectors and the geometry as far as the file states it.</summary>
public sealed record NuclearMedicineImage
{
    /// <summary>File name without folder, for messages.</summary>
    public required string FileName { get; init; }
    /// <summary>Kind.</summary>
    public required NuclearImageKind Kind { get; init; }
    /// <summary>Rows of a frame.</summary>
    public required int Rows { get; init; }
    /// <summary>Columns of a frame.</summary>
    public required int Columns { get; init; }
    /// <summary>Distance between rows, mm; null when not stated.</summary>
    public double? RowSpacingMm { get; init; }
    /// <summary>Distance between columns, mm; null when not stated.</summary>
    public double? ColumnSpacingMm { get; init; }
    /// <summary>Frames in file order.</summary>
    public required IReadOnlyList<NuclearFrame> Frames { get; init; }
    /// <summary>Energy windows; the role is told from nuclide, limits and name (see findings when it was a guess).</summary>
    public required IReadOnlyList<EnergyWindow> EnergyWindows { get; init; }
    /// <summary>Detectors.</summary>
    public required IReadOnlyList<NuclearDetector> Detectors { get; init; }
    /// <summary>Rotations; empty when none is described.</summary>
    public required IReadOnlyList<NuclearRotation> Rotations { get; init; }
    /// <summary>Phases; empty when none is described.</summary>
    public required IReadOnlyList<NuclearPhase> Phases { get; init; }
    /// <summary>Actual Frame Duration of the whole image, seconds; null when not stated.</summary>
    public double? FrameSeconds { get; init; }
    /// <summary>Spacing Between Slices, mm, with its sign; null when not stated.</summary>
    public double? SliceSpacingMm { get; init; }
    /// <summary>Slice Thickness, mm; null when not stated.</summary>
    public double? SliceThicknessMm { get; init; }
    /// <summary>Counts Accumulated as stated; null when not.</summary>
    public long? CountsAccumulated { get; init; }
    /// <summary>Nuclide name such as "Tc-99m"; "" when not stated or not known.</summary>
    public string Nuclide { get; init; } = "";
    /// <summary>Start of the acquisition; null when not stated.</summary>
    public DateTimeOffset? Start { get; init; }
    /// <summary>Value = stored x this + <see cref="ValueIntercept"/>; 1 when no mapping is stated.</summary>
    public double ValueSlope { get; init; } = 1;
    /// <inheritdoc cref="ValueSlope"/>
    public double ValueIntercept { get; init; }
    /// <summary>Unit of mapped values; "counts" when no mapping is stated.</summary>
    public string ValueUnit { get; init; } = "counts";
    /// <summary>What the file does differently from the standard, and what was assumed. Never patient data.</summary>
    public required IReadOnlyList<string> Findings { get; init; }
    /// <summary>Sum of all stored values.</summary>
    public long TotalCounts => Frames.Sum(f => f.Sum);
}
