using System.Globalization;
using Acquire.Protocols.Imaging;
using FellowOakDicom;

namespace Acquire.Service.Dicom;

/// <summary>From DICOM's description of a nuclear medicine image to the house's values.</summary>
/// <remarks>
/// Angle of view i of detector h = start(h) + sign x (i - 1) x step; start from the detector's item if it says, else from the rotation's; sign + for CC
/// (docs: physics-and-qc 7.2). Frames keep their rows and columns: DICOM's detector image and <see cref="CountFrame"/> have the same sense (seen from the
/// detector, head up). A vendor's image orientation is not trusted against the angle: real files carry the same orientation on both heads (7.5).
/// The table position, which carries z, comes from Image Position (Patient) where the image stands upright in the patient, else from Table Traverse, else 0.
/// </remarks>
public static class NuclearMedicineConversions
{
    /// <summary>The frames as a <see cref="CountSeries"/>.</summary>
    /// <param name="image">STATIC, WHOLE BODY, DYNAMIC or TOMO.</param>
    /// <param name="byHand">Geometry a person gave; wins over the file.</param>
    /// <returns>The series, and what was assumed on top of the image's own findings.</returns>
    /// <exception cref="AcquireException">Something needed is missing; the message names attribute, tag and the option that gives it. Or the kind has no counts.</exception>
    public static (CountSeries Series, IReadOnlyList<string> Findings) ToCountSeries(this NuclearMedicineImage image, TomoGeometryByHand? byHand = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        AcquisitionKind kind = image.Kind switch
        {
            NuclearImageKind.Static or NuclearImageKind.Other => AcquisitionKind.Static,
            NuclearImageKind.WholeBody => AcquisitionKind.WholeBody,
            NuclearImageKind.Dynamic => AcquisitionKind.Dynamic,
            NuclearImageKind.Tomo => AcquisitionKind.Tomo,
            _ => throw DicomFiles.Bad($"{image.FileName} is {image.Kind}, not projections or planar views"),
        };
        var findings = new List<string>();
        double pixel = Pixel(image, byHand);
        IReadOnlyList<EnergyWindow> windows = image.EnergyWindows.Count > 0 ? image.EnergyWindows : [new EnergyWindow("window 1", 0, 0, EnergyWindowRole.Photopeak)];
        Orbit? orbit = kind == AcquisitionKind.Tomo ? new Orbit(image, byHand, findings) : null;
        DateTimeOffset start = image.Start ?? DateTimeOffset.UnixEpoch;
        if (image.Start is null) findings.Add("no acquisition date: times count from 1970-01-01");
        var frames = new List<CountFrame>(image.Frames.Count);
        foreach (NuclearFrame frame in image.Frames)
        {
            int detector = Math.Max(1, frame.Detector);
            if (frame.Pixels.AsSpan().ContainsAnyInRange(int.MinValue, -1)) throw DicomFiles.Bad($"{image.FileName}: frame {frame.Number} has negative pixels, which counts cannot have");
            double seconds = SecondsOf(image, frame, findings);
            int order = Math.Max(1, kind == AcquisitionKind.Tomo ? frame.View : frame.TimeSlice);
            double angle = orbit?.AngleDeg(frame) ?? Detector(image, detector)?.StartAngleDeg ?? 0;
            DateTimeOffset begin = start + PhaseStart(image, frame) + TimeSpan.FromSeconds((order - 1) * (seconds + (PhaseOf(image, frame)?.PauseSeconds ?? 0)));
            frames.Add(new CountFrame
            {
                FrameNumber = frame.Number, Detector = detector, EnergyWindow = Math.Max(1, frame.EnergyWindow), Phase = frame.Phase, AngularView = frame.View, TimeSlice = frame.TimeSlice,
                Start = begin, Elapsed = TimeSpan.FromSeconds(seconds), Live = TimeSpan.FromSeconds(seconds), AngleStartDeg = angle, AngleEndDeg = angle,
                RadiusMm = orbit?.RadiusMm(frame) ?? (Detector(image, detector)?.RadiiMm is [double radius, ..] ? radius : 0), TableLongitudinalMm = Table(image, frame, pixel, findings),
                PixelMm = pixel, Width = image.Columns, Height = image.Rows, Counts = Array.ConvertAll(frame.Pixels, p => (uint)p),
            });
        }
        if (kind != AcquisitionKind.Tomo && image.Detectors.Any(d => d.StartAngleDeg is null)) findings.Add("no start angle: planar views are given angle 0");
        if (kind == AcquisitionKind.Tomo) findings.Add("times of the views are counted from the start without the time the gantry moved");
        var series = new CountSeries
        {
            AcquisitionId = Guid.Empty, StepId = "file", Title = image.FileName, Kind = kind, EnergyWindows = windows, DetectorCount = frames.Max(f => f.Detector),
            Collimator = image.Detectors.Select(d => d.Collimator).FirstOrDefault(c => c.Length > 0) ?? "", Frames = frames, ExpectedFrames = Expected(image),
        };
        return (series, [.. findings.Distinct()]);
    }

    /// <summary>The slices of a transverse reconstruction as a <see cref="Volume"/> with house axes (x left, y back, z head), mapped to real-world values.</summary>
    /// <param name="image">RECON TOMO.</param>
    /// <returns>The volume, and what was assumed.</returns>
    /// <exception cref="AcquireException">Not a reconstruction, not transverse, or without pixel size.</exception>
    public static (Volume Volume, IReadOnlyList<string> Findings) ToVolume(this NuclearMedicineImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Kind != NuclearImageKind.ReconTomo) throw DicomFiles.Bad($"{image.FileName} is {image.Kind}, not a reconstruction");
        if (image.RowSpacingMm is not double dy || image.ColumnSpacingMm is not double dx) throw Missing(image, DicomTag.PixelSpacing, "--pixel");
        var findings = new List<string>();
        double? spacing = image.SliceSpacingMm is double s && s != 0 ? s : image.SliceThicknessMm;
        if (spacing is null) throw DicomFiles.Bad($"{image.FileName}: {Text.Name(DicomTag.SpacingBetweenSlices)} and {Text.Name(DicomTag.SliceThickness)} are missing; the slices have no distance");
        if (image.SliceSpacingMm is null or 0) findings.Add("no Spacing Between Slices: the slice thickness is taken");
        if (spacing < 0) findings.Add("Spacing Between Slices is negative: the first slice is nearest the head");
        NuclearDetector? detector = image.Detectors is [NuclearDetector only, ..] ? only : null;
        double[] orientation = detector?.Orientation?.ToArray() ?? [1, 0, 0, 0, 1, 0];
        if (detector?.Orientation is null) findings.Add("no Image Orientation (Patient): transverse slices of a supine patient, head first, are assumed");
        double nx = image.Columns, ny = image.Rows;
        double[] position = detector?.Position?.ToArray() ?? [-(nx - 1) / 2 * dx, -(ny - 1) / 2 * dy, 0];
        if (detector?.Position is null) findings.Add("no Image Position (Patient): slices are centred on the axis, the first at z = 0");
        (int, int) axes = AxialStack.Signs(orientation) ?? throw DicomFiles.Bad($"{image.FileName}: {Text.Name(DicomTag.ImageOrientationPatient)} is not transverse; only transverse slices become a volume");
        NuclearFrame[] frames = [.. image.Frames.OrderBy(f => f.Slice)];
        if (frames.Select(f => f.Slice).Distinct().Count() != frames.Length) throw DicomFiles.Bad($"{image.FileName}: {Text.Name(DicomTag.SliceVector)} names a slice twice");
        int normal = axes.Item1 * axes.Item2;
        var slices = frames.Select(f => (Z: position[2] + ((f.Slice - frames[0].Slice) * spacing.Value * normal), Values: Array.ConvertAll(f.Pixels, p => (float)((p * image.ValueSlope) + image.ValueIntercept))));
        Volume volume = AxialStack.Build([.. slices.Select(s => (s.Z, (Func<float[]>)(() => s.Values)))], image.Columns, image.Rows, dx, dy, position[0], position[1], axes, image.ValueUnit, image.FileName, Math.Abs(spacing.Value));
        return (volume, findings);
    }

    private static double Pixel(NuclearMedicineImage image, TomoGeometryByHand? byHand)
    {
        if (byHand?.PixelMm is double given) return given;
        if (image.RowSpacingMm is not double row || image.ColumnSpacingMm is not double column) throw Missing(image, DicomTag.PixelSpacing, "--pixel MM");
        return Math.Abs(row - column) <= 1e-3 * row ? row : throw DicomFiles.Bad($"{image.FileName}: {Text.Name(DicomTag.PixelSpacing)} differs along rows and columns; give one size with --pixel MM");
    }

    private static AcquireException Missing(NuclearMedicineImage image, DicomTag tag, string option) =>
        DicomFiles.Bad($"{image.FileName}: {Text.Name(tag)} is missing; give it with {option}");

    private static NuclearDetector? Detector(NuclearMedicineImage image, int number) => number <= image.Detectors.Count ? image.Detectors[number - 1] : null;

    private static NuclearPhase? PhaseOf(NuclearMedicineImage image, NuclearFrame frame) => frame.Phase >= 1 && frame.Phase <= image.Phases.Count ? image.Phases[frame.Phase - 1] : null;

    /// <summary>Time from the start to the first frame of the frame's phase.</summary>
    private static TimeSpan PhaseStart(NuclearMedicineImage image, NuclearFrame frame)
    {
        double seconds = 0;
        for (int p = 0; p < frame.Phase - 1 && p < image.Phases.Count; p++)
        {
            NuclearPhase phase = image.Phases[p];
            seconds += phase.DelaySeconds + (phase.Frames * (phase.FrameSeconds ?? 0)) + (Math.Max(0, phase.Frames - 1) * phase.PauseSeconds);
        }
        return TimeSpan.FromSeconds(seconds + (PhaseOf(image, frame)?.DelaySeconds ?? 0));
    }

    private static double SecondsOf(NuclearMedicineImage image, NuclearFrame frame, List<string> findings)
    {
        double? seconds = PhaseOf(image, frame)?.FrameSeconds
            ?? (frame.Rotation >= 1 && frame.Rotation <= image.Rotations.Count ? image.Rotations[frame.Rotation - 1].FrameSeconds : null) ?? image.FrameSeconds;
        if (seconds is double known) return known;
        findings.Add($"{Text.Name(DicomTag.ActualFrameDuration)} is missing: frames are taken as equally long, 1 s each");
        return 1;
    }

    private static double Table(NuclearMedicineImage image, NuclearFrame frame, double pixel, List<string> findings)
    {
        NuclearDetector? detector = Detector(image, Math.Max(1, frame.Detector));
        if (detector?.Position is { } position && detector.Orientation is { } o && Math.Abs(o[3]) < 1e-3 && Math.Abs(o[4]) < 1e-3 && Math.Abs(o[5] + 1) < 1e-3)
            return ((image.Rows - 1) / 2.0 * pixel) - position[2];
        if (image.Rotations is [{ TableTraverseMm: double traverse }, ..]) return traverse;
        findings.Add("no position along the table: the axial centre of the detector is z = 0");
        return 0;
    }

    private static int Expected(NuclearMedicineImage image) => image.Kind == NuclearImageKind.Tomo
        ? image.Frames.Select(f => f.EnergyWindow).Distinct().Count() * image.Frames.Select(f => f.Detector).Distinct().Count() * image.Frames.Select(f => f.Rotation).Distinct().Count() * image.Frames.Max(f => f.View)
        : image.Frames.Count;

    /// <summary>Angle and radius of every view of a TOMO image.</summary>
    private sealed class Orbit
    {
        private readonly NuclearMedicineImage _image;
        private readonly TomoGeometryByHand? _byHand;
        private readonly double _step;
        private readonly double[] _starts;
        private readonly int _views;

        internal Orbit(NuclearMedicineImage image, TomoGeometryByHand? byHand, List<string> findings)
        {
            _image = image;
            _byHand = byHand;
            if (image.Frames.Any(f => f.View < 1)) throw Missing(image, DicomTag.AngularViewVector, "a file that has it: the order of the frames cannot be told");
            if (image.Frames.Any(f => f.Rotation > 1)) throw DicomFiles.Bad($"{image.FileName} has several rotations; one is read");
            _views = image.Frames.Max(f => f.View);
            NuclearRotation? rotation = image.Rotations is [NuclearRotation only, ..] ? only : null;
            double step = byHand?.ExtentDeg is double extent ? extent / _views : rotation?.StepDeg is double stated and > 0 ? stated : throw Missing(image, DicomTag.AngularStep, "--extent DEGREES (arc of one detector)");
            bool grows = byHand?.AnglesGrow ?? rotation?.AnglesGrow ?? throw Missing(image, DicomTag.RotationDirection, "--direction cc or cw");
            _step = grows ? step : -step;
            int detectors = image.Frames.Max(f => Math.Max(1, f.Detector));
            double? first = Detector(image, 1)?.StartAngleDeg ?? rotation?.StartAngleDeg;
            double origin = byHand?.StartAngleDeg ?? first ?? throw Missing(image, DicomTag.StartAngle, "--start-angle DEGREES");
            _starts = new double[detectors];
            for (int d = 1; d <= detectors; d++)
            {
                double? own = Detector(image, d)?.StartAngleDeg;
                if (own is double angle && (byHand?.StartAngleDeg is null || first is double)) _starts[d - 1] = angle + (byHand?.StartAngleDeg is double shifted ? shifted - first!.Value : 0);
                else if (d == 1) _starts[0] = origin;
                else if (byHand?.StartAngleDeg is not null) _starts[d - 1] = origin + ((d - 1) * 360.0 / detectors);
                else throw DicomFiles.Bad($"{image.FileName}: {Text.Name(DicomTag.StartAngle)} of detector {d} is missing; give the first with --start-angle DEGREES, and the others are spaced evenly");
            }
            if (byHand?.StartAngleDeg is null && rotation?.StartAngleDeg is double common && Math.Abs(Math.IEEERemainder(common - _starts[0], 360)) > 0.1)
                findings.Add(string.Create(CultureInfo.InvariantCulture, $"Start Angle of the rotation ({common:0.##}) and of detector 1 ({_starts[0]:0.##}) differ; the detector's is taken"));
            if (rotation?.ArcDeg is double arc && Math.Abs(arc - (step * _views)) > step && Math.Abs(arc - (step * _views * detectors)) > step)
                findings.Add(string.Create(CultureInfo.InvariantCulture, $"Scan Arc says {arc:0.##} degrees; {_views} views of {step:0.###} degrees cover {step * _views:0.##}"));
        }

        internal double AngleDeg(NuclearFrame frame)
        {
            double angle = (_starts[Math.Max(1, frame.Detector) - 1] + (_step * (frame.View - 1))) % 360;
            return angle < 0 ? angle + 360 : angle;
        }

        internal double RadiusMm(NuclearFrame frame)
        {
            if (_byHand?.RadiusMm is double given) return given;
            foreach (IReadOnlyList<double>? radii in new[] { Detector(_image, Math.Max(1, frame.Detector))?.RadiiMm, _image.Rotations is [NuclearRotation rotation, ..] ? rotation.RadiiMm : null })
            {
                if (radii is null || radii.Count == 0 || radii.All(r => r <= 0)) continue;
                double radius = radii.Count == 1 ? radii[0] : frame.View <= radii.Count ? radii[frame.View - 1]
                    : throw DicomFiles.Bad($"{_image.FileName}: {Text.Name(DicomTag.RadialPosition)} has {radii.Count} values for {_views} views; give one with --radius MM");
                if (radius > 0) return radius;
            }
            throw Missing(_image, DicomTag.RadialPosition, "--radius MM");
        }
    }
}
