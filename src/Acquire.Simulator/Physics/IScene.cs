namespace Acquire.Simulator.Physics;

/// <summary>The world in front of the detectors: a patient (or phantom) with activity in it, seen through collimator and crystal.</summary>
/// <remarks>
/// Times are gantry ticks since boot. All answers are a pure function of (seed, events told so far, request): the same
/// requests give the same counts, whatever the number of threads, the order of asking or the wall clock.
/// Patient coordinates: x to patient left, y to the back, z to the head, mm; z = -(table position) for the image centre.
/// </remarks>
public interface IScene
{
    /// <summary>The tracer goes in, net activity in MBq at that tick.</summary>
    void Inject(TimeSpan tick, double activityMBq);
    /// <summary>The patient drinks.</summary>
    void Drink(TimeSpan tick, double millilitres);
    /// <summary>The patient empties the bladder.</summary>
    void Void(TimeSpan tick);
    /// <summary>Draws the Poisson counts of one exposure. Overwrites <paramref name="counts"/> ([row, column], see CountFrame's convention).</summary>
    void Expose(in Exposure exposure, Span<uint> counts);
    /// <summary>Expected counts per second over the whole head in that window at that moment, before dead time.</summary>
    double CountRateCps(in Exposure exposure);
    /// <summary>Share of the exposure's time in which the head was able to count (paralysable dead time on its whole trigger rate), 0 to 1.</summary>
    double LiveFraction(in Exposure exposure) => 1;
    /// <summary>One CT slice in HU, [row, column]: row 0 anterior, growing to the back; column 0 at the patient's right, growing to the left (as in a DICOM axial image, head first supine).</summary>
    void CtSlice(in CtSliceRequest request, Span<short> hounsfield);
    /// <summary>May be called before a rotation starts so that the views to come are computed ahead on other threads.</summary>
    void Prepare(IReadOnlyList<Exposure> exposures);
    /// <summary>Smallest safe distance from axis to collimator face at a machine angle, mm (body contour plus a margin).</summary>
    double ContourRadiusMm(double headAngleDeg, double tableMm);
}

/// <summary>One head, one window, one stretch of time.</summary>
/// <param name="Head">Head from 1.</param>
/// <param name="HeadAngleStartDeg">Machine angle of this head at start (0 above the table, clockwise seen from the feet).</param>
/// <param name="HeadAngleEndDeg">At end; equal when the head stands.</param>
/// <param name="RadiusMm">Axis to collimator face.</param>
/// <param name="TableMm">Longitudinal table position.</param>
/// <param name="Matrix">Rows and columns.</param>
/// <param name="PixelMm">Pixel size.</param>
/// <param name="LowerKeV">Lower window limit.</param>
/// <param name="UpperKeV">Upper window limit.</param>
/// <param name="StartTick">Start of counting.</param>
/// <param name="Duration">Time of counting.</param>
public readonly record struct Exposure(
    int Head, double HeadAngleStartDeg, double HeadAngleEndDeg, double RadiusMm, double TableMm,
    int Matrix, double PixelMm, double LowerKeV, double UpperKeV, TimeSpan StartTick, TimeSpan Duration);

/// <summary>One CT slice.</summary>
/// <param name="TableMm">Position along the table, in table coordinates of the gamma camera's plane.</param>
/// <param name="Matrix">Rows and columns.</param>
/// <param name="PixelMm">Pixel size.</param>
/// <param name="SliceMm">Slice thickness.</param>
/// <param name="Kv">Tube voltage.</param>
/// <param name="MAs">Effective mAs.</param>
/// <param name="StartTick">Start of the rotation that made the slice: seeds its noise.</param>
public readonly record struct CtSliceRequest(double TableMm, int Matrix, double PixelMm, double SliceMm, double Kv, double MAs, TimeSpan StartTick);
