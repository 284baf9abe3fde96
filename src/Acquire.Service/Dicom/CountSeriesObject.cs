using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using FellowOakDicom;
using FellowOakDicom.Imaging;
using FellowOakDicom.IO.Buffer;

namespace Acquire.Service.Dicom;

/// <summary>One acquisition as an NM Image object: STATIC, DYNAMIC or TOMO.</summary>
internal sealed class CountSeriesObject
{
    private readonly StudyModules _modules;
    private readonly CountSeries _series;
    private readonly SeriesPlace _place;
    private readonly List<string> _findings = [];
    private readonly CountFrame[] _frames;
    private readonly string _type;
    private readonly int[] _windows;

    internal CountSeriesObject(StudyModules modules, CountSeries series, SeriesPlace place)
    {
        _modules = modules;
        _series = series;
        _place = place;
        _type = series.Kind switch
        {
            AcquisitionKind.Static => "STATIC",
            AcquisitionKind.Dynamic => "DYNAMIC",
            AcquisitionKind.Tomo => "TOMO",
            AcquisitionKind.WholeBody when WholeBody is not null => "WHOLE BODY",
            AcquisitionKind.WholeBody => throw new RefusedException("a whole-body object needs scan velocity and scan length, and the protocol does not say them"),
            _ => throw new RefusedException("this kind of acquisition is not a nuclear medicine image"),
        };
        // Frame order of the object: energy window, detector, then (phase, time slice) or (rotation, view); the last varies fastest (PS3.3 C.8.4.8).
        _frames = [.. series.Frames.OrderBy(f => f.EnergyWindow).ThenBy(f => f.Detector).ThenBy(PhaseOf).ThenBy(IndexOf).ThenBy(f => f.FrameNumber)];
        // Windows that were set but not taken are not in the object: the highest value of a vector must be the number of windows described.
        _windows = [.. _frames.Select(f => f.EnergyWindow).Distinct().Order()];
        Check();
    }

    internal WrittenObject Write(string folder)
    {
        long sum = _frames.Sum(f => f.Sum);
        string ending = StudyModules.EndingText(_series.Ending, _series.EndingReason, _frames.Length, _series.ExpectedFrames);
        if (ending.Length > 0) _findings.Add(ending);
        if (_frames.Any(f => f.IsPartial))
            _findings.Add($"frames cut short: {string.Join(", ", _frames.Where(f => f.IsPartial).Select(f => f.FrameNumber).Order())}");
        if (sum > int.MaxValue) _findings.Add(string.Create(CultureInfo.InvariantCulture, $"{sum} counts do not fit Counts Accumulated, which is left empty"));
        DicomDataset[] detectors = Detectors();
        DicomDataset kind = Kind();

        string id = _series.AcquisitionId.ToString("N");
        string state = string.Create(CultureInfo.InvariantCulture, $"{_series.Ending}/{_frames.Length}/{sum}");
        string instanceUid = _modules.Uids.For("instance", id, _series.StepId, state);
        string seriesUid = _modules.Uids.For("series", id, _series.StepId);
        DateTimeOffset start = _frames.Min(f => f.Start);
        DateTimeOffset end = _frames.Max(f => f.Start + f.Elapsed);
        CountFrame first = _frames[0];

        DicomDataset ds = _modules.Begin(DicomUID.NuclearMedicineImageStorage, instanceUid, seriesUid, "NM", _place.SeriesNumber, 1, _series.Title, start, end, string.Join(". ", _findings));
        ds.Add(DicomTag.ImageType, "ORIGINAL", "PRIMARY", _type, "EMISSION");
        if (sum <= int.MaxValue)
        {
            ds.Add(DicomTag.CountsAccumulated, (int)sum);
        }
        else
        {
            ds.Add(DicomTag.CountsAccumulated, "");
        }
        if (Termination() is string termination) ds.Add(DicomTag.AcquisitionTerminationCondition, termination);
        StudyModules.AddOrientation(ds);
        _modules.AddRadiopharmaceutical(ds, start, _series.StepId);
        StudyModules.AddEnergyWindows(ds, _windows.Select(w => _series.EnergyWindows[w - 1]));
        ds.Add(DicomTag.EnergyWindowVector, Vector(f => Array.IndexOf(_windows, f.EnergyWindow) + 1));
        ds.Add(DicomTag.NumberOfDetectors, (ushort)detectors.Length);
        ds.Add(DicomTag.DetectorInformationSequence, detectors);
        ds.Add(DicomTag.DetectorVector, Vector(f => f.Detector));
        foreach (DicomItem item in kind) ds.Add(item);
        if (_series.Kind == AcquisitionKind.WholeBody && WholeBody is { } body)
        {
            // PS3.3 C.8.4.9: millimetres per second and millimetres; one pass of the table.
            ds.Add(DicomTag.ScanVelocity, Text.Ds(body.SpeedCmPerMin / 6));
            ds.Add(DicomTag.WholeBodyTechnique, "1PS");
            ds.Add(DicomTag.ScanLength, (int)Math.Round(body.LengthMm));
        }

        DicomFiles.AddPixels(ds, first.Height, first.Width, Text.Ds(first.PixelMm, first.PixelMm), _frames.Select(Pixels));

        string path = Path.Combine(folder, _place.FileName + ".dcm");
        DicomFiles.Save(ds, path);
        return new WrittenObject(_type, _series.StepId, path, DicomUID.NuclearMedicineImageStorage.UID, instanceUid, seriesUid, _frames.Length, sum, _findings);
    }

    /// <summary>A step id as part of a file name.</summary>
    internal static string FileWord(string text) => string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-'));

    /// <summary>Position and direction of a detector image in the patient: the conventions of <see cref="CountFrame"/> as Image Position and Orientation (Patient).</summary>
    internal static (double[] Position, double[] Orientation) Geometry(CountFrame frame)
    {
        (double sin, double cos) = Math.SinCos(frame.AngleStartDeg * Math.PI / 180);
        double across = (frame.Width - 1) / 2.0 * frame.PixelMm, along = (frame.Height - 1) / 2.0 * frame.PixelMm;
        double[] position = [(frame.RadiusMm * sin) + (across * cos), (frame.RadiusMm * cos) - (across * sin), along - frame.TableLongitudinalMm];
        return (position, [-cos, sin, 0, 0, 0, -1]);
    }

    private WholeBodyAcquisition? WholeBody => _modules.Study.Protocol.Phases.SelectMany(p => p.Acquisitions).OfType<WholeBodyAcquisition>().FirstOrDefault(a => a.Id == _series.StepId);

    private int PhaseOf(CountFrame frame) => _series.Kind == AcquisitionKind.Dynamic ? Math.Max(1, frame.Phase) : 1;
    private int IndexOf(CountFrame frame) => _series.Kind switch { AcquisitionKind.Dynamic => frame.TimeSlice, AcquisitionKind.Tomo => frame.AngularView, _ => 1 };

    private void Check()
    {
        if (_frames.Length == 0) throw new RefusedException("no frame was stored");
        if (_frames.Length > ushort.MaxValue) throw new RefusedException($"{_frames.Length} frames; the vectors of an NM object count to 65535");
        CountFrame first = _frames[0];
        int detectors = Math.Max(_series.DetectorCount, _frames.Max(f => f.Detector));
        foreach (CountFrame frame in _frames)
        {
            if (frame.Width != first.Width || frame.Height != first.Height || frame.PixelMm != first.PixelMm) throw new RefusedException("frames of different size in one acquisition");
            if (frame.Counts.Length != frame.Width * frame.Height) throw new RefusedException($"frame {frame.FrameNumber} does not have the pixels its size says");
            if (frame.Detector < 1 || frame.EnergyWindow < 1 || frame.EnergyWindow > _series.EnergyWindows.Count) throw new RefusedException($"frame {frame.FrameNumber} names a detector or an energy window that does not exist");
            if (_series.Kind is not (AcquisitionKind.Static or AcquisitionKind.WholeBody) && IndexOf(frame) < 1) throw new RefusedException($"frame {frame.FrameNumber} has no number within its {_type} acquisition");
            if (frame.Counts.Max() > ushort.MaxValue)
                throw new RefusedException($"frame {frame.FrameNumber} has a pixel of {frame.Counts.Max()} counts; an NM object holds 16 bits per pixel (PS3.3 C.8.4.9), and counts are neither clipped nor scaled. The stored frames are whole");
        }
        int distinct = _frames.Select(f => (f.EnergyWindow, f.Detector, PhaseOf(f), IndexOf(f))).Distinct().Count();
        if (distinct != _frames.Length) throw new RefusedException("two frames have the same detector, energy window and number");
        int indices = _frames.Select(f => (PhaseOf(f), IndexOf(f))).Distinct().Count();
        int whole = _windows.Length * detectors * indices;
        int last = _frames.GroupBy(PhaseOf).Sum(phase => phase.Max(IndexOf));
        if (distinct != whole || indices != last)
            _findings.Add(string.Create(CultureInfo.InvariantCulture, $"{distinct} frames where {_windows.Length * detectors * last} would be complete: use the vectors, not the order"));
        if (_frames.Max(f => f.Detector) < detectors || _frames.Select(f => f.Detector).Distinct().Count() < detectors)
            _findings.Add("a detector has no frame");
    }

    private ushort[] Vector(Func<CountFrame, int> number) => Array.ConvertAll(_frames, f => (ushort)number(f));

    private DicomDataset[] Detectors()
    {
        int count = _frames.Max(f => f.Detector);
        var items = new DicomDataset[count];
        for (int d = 1; d <= count; d++)
        {
            var item = new DicomDataset();
            StudyModules.AddCollimator(item, _series.Collimator);
            CountFrame[] own = [.. _frames.Where(f => f.Detector == d)];
            if (own.Length == 0)
            {
                item.Add(DicomTag.ImagePositionPatient, "");
                item.Add(DicomTag.ImageOrientationPatient, "");
                items[d - 1] = item;
                continue;
            }
            (double[] position, double[] orientation) = Geometry(own[0]);
            item.Add(DicomTag.ImagePositionPatient, Text.Ds(position));
            item.Add(DicomTag.ImageOrientationPatient, Text.Ds(orientation));
            item.Add(DicomTag.StartAngle, Text.Ds(Circle(own[0].AngleStartDeg)));
            item.Add(DicomTag.RadialPosition, Radii(own));
            if (_series.Kind != AcquisitionKind.Tomo) item.Add(DicomTag.ViewCodeSequence, Codes.Item(Codes.View(own[0].AngleStartDeg)));
            items[d - 1] = item;
        }
        return items;
    }

    /// <summary>One radius, or one per view when they differ. The place of a view that is missing holds its neighbour's, so that the others keep theirs.</summary>
    private string[] Radii(CountFrame[] frames)
    {
        if (_series.Kind != AcquisitionKind.Tomo || frames.Select(f => f.RadiusMm).Distinct().Count() == 1) return Text.Ds([frames[0].RadiusMm]);
        ILookup<int, CountFrame> byView = frames.ToLookup(f => f.AngularView);
        double[] radii = new double[_frames.Max(f => f.AngularView)];
        double last = frames[0].RadiusMm;
        for (int v = 1; v <= radii.Length; v++) radii[v - 1] = last = byView[v].FirstOrDefault()?.RadiusMm ?? last;
        return Text.Ds(radii);
    }

    private DicomDataset Kind() => _series.Kind switch
    {
        AcquisitionKind.Static or AcquisitionKind.WholeBody => Static(),
        AcquisitionKind.Dynamic => Dynamic(),
        _ => Tomo(),
    };

    private DicomDataset Static()
    {
        TimeSpan longest = _frames.Max(f => f.Elapsed);
        NoteDurations(_frames, longest);
        return new DicomDataset
        {
            { DicomTag.FrameIncrementPointer, DicomTag.EnergyWindowVector, DicomTag.DetectorVector },
            { DicomTag.ActualFrameDuration, Text.Milliseconds(longest) },
        };
    }

    private DicomDataset Dynamic()
    {
        var phases = new List<DicomDataset>();
        DateTimeOffset? before = null;
        foreach (IGrouping<int, CountFrame> phase in _frames.GroupBy(PhaseOf).OrderBy(g => g.Key))
        {
            if (phase.Key != phases.Count + 1) throw new RefusedException($"phase {phases.Count + 1} has no frame");
            CountFrame[] frames = [.. phase];
            CountFrame[] one = [.. frames.Where(f => f.Detector == frames[0].Detector && f.EnergyWindow == frames[0].EnergyWindow)];
            TimeSpan duration = Median(one.Select(f => f.Elapsed));
            TimeSpan pause = one.Length < 2 ? TimeSpan.Zero : Median(one.Skip(1).Zip(one, (next, f) => (next.Start - f.Start - f.Elapsed) / Math.Max(1, next.TimeSlice - f.TimeSlice)));
            NoteDurations(frames, duration);
            phases.Add(new DicomDataset
            {
                { DicomTag.ActualFrameDuration, Text.Milliseconds(duration) },
                { DicomTag.NumberOfFramesInPhase, (ushort)frames.Max(f => f.TimeSlice) },
                { DicomTag.PhaseDelay, Text.Milliseconds(before is DateTimeOffset last ? Positive(one[0].Start - last) : TimeSpan.Zero) },
                { DicomTag.PauseBetweenFrames, Text.Milliseconds(Positive(pause)) },
            });
            if (Planned() is FlowAcquisition) phases[^1].Add(DicomTag.PhaseDescription, "FLOW");
            before = one[^1].Start + one[^1].Elapsed;
        }
        return new DicomDataset
        {
            { DicomTag.FrameIncrementPointer, DicomTag.EnergyWindowVector, DicomTag.DetectorVector, DicomTag.PhaseVector, DicomTag.TimeSliceVector },
            { DicomTag.PhaseVector, Vector(PhaseOf) },
            { DicomTag.NumberOfPhases, (ushort)phases.Count },
            { DicomTag.PhaseInformationSequence, phases.ToArray() },
            { DicomTag.TimeSliceVector, Vector(f => f.TimeSlice) },
        };
    }

    private DicomDataset Tomo()
    {
        int views = _frames.Max(f => f.AngularView);
        (double start, double step) = Angles(views);
        TimeSpan duration = Median(_frames.Select(f => f.Elapsed));
        NoteDurations(_frames, duration);
        bool continuous = _frames.Count(f => Math.Abs(Signed(f.AngleEndDeg - f.AngleStartDeg)) > 0.1) > _frames.Length / 2;
        var rotation = new DicomDataset
        {
            { DicomTag.TableTraverse, Text.Ds(_frames[0].TableLongitudinalMm) },
            { DicomTag.RotationDirection, step >= 0 ? "CC" : "CW" },
            { DicomTag.ScanArc, Text.Ds(Math.Abs(step) * views) },
            { DicomTag.AngularStep, Text.Ds(Math.Abs(step)) },
            { DicomTag.ActualFrameDuration, Text.Milliseconds(duration) },
            { DicomTag.NumberOfFramesInRotation, (ushort)views },
            { DicomTag.StartAngle, Text.Ds(Circle(start)) },
        };
        string[][] radii = [.. _frames.GroupBy(f => f.Detector).Select(g => Radii([.. g]))];
        if (radii.All(r => r.SequenceEqual(radii[0]))) rotation.Add(DicomTag.RadialPosition, radii[0]);
        return new DicomDataset
        {
            { DicomTag.FrameIncrementPointer, DicomTag.EnergyWindowVector, DicomTag.DetectorVector, DicomTag.RotationVector, DicomTag.AngularViewVector },
            { DicomTag.RotationVector, Vector(_ => 1) },
            { DicomTag.NumberOfRotations, (ushort)1 },
            { DicomTag.RotationInformationSequence, rotation },
            { DicomTag.AngularViewVector, Vector(f => f.AngularView) },
            { DicomTag.TypeOfDetectorMotion, continuous ? "CONTINUOUS" : "STEP AND SHOOT" },
        };
    }

    /// <summary>Start angle and signed step that describe all views of all detectors; says how far the views depart from them.</summary>
    private (double Start, double Step) Angles(int views)
    {
        CountFrame[] lead = [.. _frames.Where(f => f.Detector == _frames[0].Detector && f.EnergyWindow == _frames[0].EnergyWindow)];
        double step;
        if (lead.Length > 1)
        {
            double turned = 0;
            for (int i = 1; i < lead.Length; i++) turned += Signed(lead[i].AngleStartDeg - lead[i - 1].AngleStartDeg);
            step = Math.Round(turned / (lead[^1].AngularView - lead[0].AngularView), 4);
        }
        else if (Planned() is TomoAcquisition plan)
        {
            // The DICOM angle falls while the machine angle grows (head first supine).
            step = plan.ArcDeg / plan.ViewsTotal * (plan.Clockwise ? -1 : 1);
        }
        else
        {
            throw new RefusedException("a single view has no angular step");
        }
        double start = Circle(lead[0].AngleStartDeg - (step * (lead[0].AngularView - 1)));
        double worst = 0;
        foreach (IGrouping<int, CountFrame> detector in _frames.GroupBy(f => f.Detector))
        {
            CountFrame own = detector.First();
            worst = Math.Max(worst, detector.Max(f => Math.Abs(Signed(f.AngleStartDeg - own.AngleStartDeg - (step * (f.AngularView - own.AngularView))))));
            if (own.AngularView != 1) throw new RefusedException($"detector {detector.Key} has no first view, which gives its start angle");
        }
        if (worst > 0.05) _findings.Add(string.Create(CultureInfo.InvariantCulture, $"view angles depart by up to {worst:0.00} degrees from equal steps"));
        return (start, step);
    }

    /// <summary>Null where DICOM has no true word for it: a failure is neither a person's stop nor time.</summary>
    private string? Termination() => _series.Ending switch
    {
        Ending.Stopped or Ending.Aborted => "MANU",
        Ending.Complete when Planned() is StaticAcquisition { CountLimit: not null } plan && _frames.Max(f => f.Elapsed) < plan.TimeLimit - TimeSpan.FromMilliseconds(1) => "CNTS",
        Ending.Complete => "TIME",
        _ => null,
    };

    private PlannedAcquisition? Planned() => _modules.Study.Protocol.Phases.SelectMany(p => p.Acquisitions).FirstOrDefault(a => a.Id == _series.StepId);

    private void NoteDurations(CountFrame[] frames, TimeSpan stated)
    {
        int other = frames.Count(f => Math.Abs((f.Elapsed - stated).TotalMilliseconds) > Math.Max(1, stated.TotalMilliseconds / 1000));
        if (other > 0) _findings.Add(string.Create(CultureInfo.InvariantCulture, $"{other} of {frames.Length} frames differ from the stated duration of {stated.TotalSeconds:0.###} s"));
    }

    private static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return sorted[sorted.Length / 2];
    }

    private static TimeSpan Positive(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    /// <summary>Angle within 0 and 360, and not 360 by rounding.</summary>
    private static double Circle(double degrees)
    {
        double angle = Math.Round(((degrees % 360) + 360) % 360, 6);
        return angle >= 360 ? 0 : angle;
    }

    /// <summary>Difference of angles as the shorter way round.</summary>
    private static double Signed(double degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;

    private static byte[] Pixels(CountFrame frame)
    {
        byte[] bytes = new byte[2 * frame.Counts.Length];
        for (int i = 0; i < frame.Counts.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), (ushort)frame.Counts[i]);
        return bytes;
    }
}
