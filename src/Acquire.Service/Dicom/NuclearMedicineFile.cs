using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Imaging;
using FellowOakDicom;
using FellowOakDicom.Imaging;

namespace Acquire.Service.Dicom;

/// <summary>Reads nuclear medicine images of any vendor.</summary>
/// <remarks>Tolerant in what does not change a count or a place (old date forms, old code schemes, a wrong SOP class, missing vectors that the
/// order of frames replaces): each is a finding. Strict in what does: cut or compressed pixel data, wrong sizes and vectors that contradict the
/// frames are refused. What geometry is missing shows only when it is needed (<see cref="NuclearMedicineConversions"/>).</remarks>
public static class NuclearMedicineFile
{
    /// <summary>Frames that would need more memory than this, bytes, are refused.</summary>
    private const long MaximumPixelBytes = 2_000_000_000;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="AcquireException">Not DICOM, not nuclear medicine, cut, compressed, or contradicting itself.</exception>
    public static NuclearMedicineImage Read(string path)
    {
        DicomFile file = DicomFiles.Open(path);
        return new Reading(Path.GetFileName(path), file).Run();
    }

    private sealed class Reading(string name, DicomFile file)
    {
        private readonly DicomDataset _ds = file.Dataset;
        private readonly List<string> _findings = [];

        internal NuclearMedicineImage Run()
        {
            bool nmClass = Text.First(_ds, DicomTag.SOPClassUID) == DicomUID.NuclearMedicineImageStorage.UID;
            if (!nmClass && Text.First(_ds, DicomTag.Modality) != "NM") throw Bad("is not a nuclear medicine image (neither SOP class nor modality NM)");
            if (!nmClass) _findings.Add("modality is NM, but the SOP class is not Nuclear Medicine Image Storage");
            NuclearImageKind kind = KindOf();
            int rows = Whole(DicomTag.Rows), columns = Whole(DicomTag.Columns);
            if (rows < 1 || columns < 1) throw Bad($"has no {Text.Name(DicomTag.Rows)} or {Text.Name(DicomTag.Columns)}");
            int[][] pixels = Pixels(rows, columns);
            (string nuclide, double? keV) = Nuclide();
            double[] spacing = Text.Numbers(_ds, DicomTag.PixelSpacing);
            IReadOnlyList<NuclearRotation> rotations = [.. Items(DicomTag.RotationInformationSequence).Select(Rotation)];
            IReadOnlyList<NuclearPhase> phases = [.. Items(DicomTag.PhaseInformationSequence).Select(PhaseOf)];
            NuclearDetector[] detectors = [.. Items(DicomTag.DetectorInformationSequence).Select(Detector)];
            List<NuclearFrame> frames = Frames(kind, pixels, rotations, phases);
            if (detectors.Length == 0 && frames.Count > 0) detectors = [.. Enumerable.Repeat(new NuclearDetector("", null, [], Vector3(_ds, DicomTag.ImagePositionPatient, 3), Vector3(_ds, DicomTag.ImageOrientationPatient, 6)), Math.Max(1, frames.Max(f => f.Detector)))];
            (double slope, double intercept, string unit) = Mapping(kind);
            long? stated = Text.Number(_ds, DicomTag.CountsAccumulated) is double counts and > 0 ? (long)counts : null;
            var image = new NuclearMedicineImage
            {
                FileName = name, Kind = kind, Rows = rows, Columns = columns,
                RowSpacingMm = spacing.Length == 2 && spacing[0] > 0 ? spacing[0] : null, ColumnSpacingMm = spacing.Length == 2 && spacing[1] > 0 ? spacing[1] : null,
                Frames = frames, EnergyWindows = Windows(frames, keV), Detectors = detectors, Rotations = rotations, Phases = phases,
                FrameSeconds = Seconds(_ds), SliceSpacingMm = Text.Number(_ds, DicomTag.SpacingBetweenSlices), SliceThicknessMm = Text.Number(_ds, DicomTag.SliceThickness),
                CountsAccumulated = stated, Nuclide = nuclide, Start = Text.When(_ds, DicomTag.AcquisitionDate, DicomTag.AcquisitionTime, Text.First(_ds, DicomTag.TimezoneOffsetFromUTC)),
                ValueSlope = slope, ValueIntercept = intercept, ValueUnit = unit, Findings = _findings,
            };
            if (stated is long total && kind is not (NuclearImageKind.ReconTomo or NuclearImageKind.ReconGatedTomo) && total != image.TotalCounts)
                _findings.Add(string.Create(CultureInfo.InvariantCulture, $"Counts Accumulated says {total}, the pixels add up to {image.TotalCounts}"));
            if (IsFeetFirst()) _findings.Add("patient was feet first: angles and positions are taken as referring to the patient, as the standard says");
            return image;
        }

        private AcquireException Bad(string message) => DicomFiles.Bad($"{name} {message}");
        private int Whole(DicomTag tag) => Text.Whole(_ds, tag);
        private DicomDataset[] Items(DicomTag tag) => _ds.TryGetSequence(tag, out DicomSequence sequence) ? [.. sequence] : [];
        private static double? Seconds(DicomDataset ds) => Text.Number(ds, DicomTag.ActualFrameDuration) is double ms and > 0 ? ms / 1000 : null;
        private static double[]? Vector3(DicomDataset ds, DicomTag tag, int length) => Text.Numbers(ds, tag) is { } v && v.Length == length ? v : null;

        private NuclearImageKind KindOf()
        {
            string[] type = Text.Strings(_ds, DicomTag.ImageType);
            string third = type.Length > 2 ? type[2] : "";
            NuclearImageKind? kind = third switch
            {
                "STATIC" => NuclearImageKind.Static,
                "WHOLE BODY" => NuclearImageKind.WholeBody,
                "DYNAMIC" => NuclearImageKind.Dynamic,
                "GATED" => NuclearImageKind.Gated,
                "TOMO" => NuclearImageKind.Tomo,
                "GATED TOMO" => NuclearImageKind.GatedTomo,
                "RECON TOMO" => NuclearImageKind.ReconTomo,
                "RECON GATED TOMO" => NuclearImageKind.ReconGatedTomo,
                _ => null,
            };
            if (kind is null) _findings.Add($"{Text.Name(DicomTag.ImageType)} names no kind of nuclear medicine image");
            return kind ?? NuclearImageKind.Other;
        }

        private int[][] Pixels(int rows, int columns)
        {
            if (file.FileMetaInfo.TransferSyntax.IsEncapsulated) throw Bad($"has compressed pixels ({file.FileMetaInfo.TransferSyntax.UID.UID}); decompress it first, e.g. with dcmdjpeg or gdcmconv --raw");
            if (_ds.GetDicomItem<DicomElement>(DicomTag.PixelData) is not DicomElement element) throw Bad($"has no {Text.Name(DicomTag.PixelData)}");
            if (_ds.GetSingleValueOrDefault(DicomTag.SamplesPerPixel, (ushort)1) != 1) throw Bad("has colour pixels, not counts");
            int bits = Whole(DicomTag.BitsAllocated);
            if (bits is not (8 or 16 or 32)) throw Bad($"has {bits} bits per pixel; 8, 16 and 32 are read");
            bool signed = Whole(DicomTag.PixelRepresentation) == 1;
            double stated = Text.Number(_ds, DicomTag.NumberOfFrames) ?? 1;
            if (stated is < 1 or > int.MaxValue || stated != Math.Floor(stated)) throw Bad($"has {Text.Name(DicomTag.NumberOfFrames)} {stated.ToString(CultureInfo.InvariantCulture)}");
            int frames = (int)stated;
            long frameBytes = (long)rows * columns * (bits / 8);
            if (frames * (double)frameBytes > MaximumPixelBytes) throw Bad("is larger than 2 GB of pixels");
            if (element.Buffer.Size < frames * frameBytes)
                throw Bad(string.Create(CultureInfo.InvariantCulture, $"holds {element.Buffer.Size} bytes of pixels where {frames} frames of {columns} x {rows} need {frames * frameBytes}"));
            if (element.Buffer.Size > frames * frameBytes + 1) _findings.Add("more bytes of pixels than the frames need");
            DicomPixelData data = DicomPixelData.Create(_ds);
            int[][] pixels = new int[frames][];
            for (int f = 0; f < frames; f++)
            {
                ReadOnlySpan<byte> raw = data.GetFrame(f).Data;
                int[] frame = new int[rows * columns];
                for (int i = 0; i < frame.Length; i++)
                {
                    frame[i] = bits switch
                    {
                        8 => signed ? (sbyte)raw[i] : raw[i],
                        16 => signed ? BinaryPrimitives.ReadInt16LittleEndian(raw[(2 * i)..]) : BinaryPrimitives.ReadUInt16LittleEndian(raw[(2 * i)..]),
                        _ => BinaryPrimitives.ReadInt32LittleEndian(raw[(4 * i)..]),
                    };
                    if (bits == 32 && !signed && frame[i] < 0) throw Bad("has a pixel above 2 147 483 647 counts");
                }
                pixels[f] = frame;
            }
            return pixels;
        }

        private List<NuclearFrame> Frames(NuclearImageKind kind, int[][] pixels, IReadOnlyList<NuclearRotation> rotations, IReadOnlyList<NuclearPhase> phases)
        {
            int count = pixels.Length;
            int[] Vector(DicomTag tag)
            {
                if (!_ds.TryGetValues(tag, out ushort[] values) || values.Length == 0) return new int[count];
                if (values.Length != count) throw Bad($"has {values.Length} values in {Text.Name(tag)} for {count} frames");
                return Array.ConvertAll(values, v => (int)v);
            }
            int[] window = Vector(DicomTag.EnergyWindowVector), detector = Vector(DicomTag.DetectorVector), phase = Vector(DicomTag.PhaseVector), rotation = Vector(DicomTag.RotationVector);
            int[] view = Vector(DicomTag.AngularViewVector), time = Vector(DicomTag.TimeSliceVector), slice = Vector(DicomTag.SliceVector);
            int[] interval = Vector(DicomTag.RRIntervalVector), slot = Vector(DicomTag.TimeSlotVector);

            // A missing vector is replaced by the order the standard prescribes, where the counts leave only one way to read it.
            bool Absent(int[] vector) => vector[0] == 0;
            void Assume(string what) => _findings.Add($"{what} is missing: the order of the standard is assumed");
            if (kind is NuclearImageKind.ReconTomo && Absent(slice))
            {
                for (int i = 0; i < count; i++) slice[i] = i + 1;
                if (count > 1) Assume(Text.Name(DicomTag.SliceVector));
            }
            if (kind is NuclearImageKind.Static or NuclearImageKind.WholeBody or NuclearImageKind.Dynamic or NuclearImageKind.Tomo or NuclearImageKind.Other)
            {
                int windows = Math.Max(1, Whole(DicomTag.NumberOfEnergyWindows)), detectors = Math.Max(1, Whole(DicomTag.NumberOfDetectors));
                int inner = count % (windows * detectors) == 0 ? count / (windows * detectors) : 0;
                if (Absent(window) && (windows == 1 || inner > 0))
                {
                    for (int i = 0; i < count; i++) window[i] = windows == 1 ? 1 : (i / (inner * detectors)) + 1;
                    if (windows > 1) Assume(Text.Name(DicomTag.EnergyWindowVector));
                }
                if (Absent(detector) && (detectors == 1 || inner > 0))
                {
                    for (int i = 0; i < count; i++) detector[i] = detectors == 1 ? 1 : (i / inner % detectors) + 1;
                    if (detectors > 1) Assume(Text.Name(DicomTag.DetectorVector));
                }
                if (kind == NuclearImageKind.Tomo && Absent(rotation) && Math.Max(1, Whole(DicomTag.NumberOfRotations)) == 1) Array.Fill(rotation, 1);
                if (kind == NuclearImageKind.Tomo && Absent(view) && inner > 0 && rotation[0] == 1 && rotation.All(r => r == 1) && (rotations.Count == 0 || rotations[0].Frames is 0 || rotations[0].Frames == inner))
                {
                    for (int i = 0; i < count; i++) view[i] = (i % inner) + 1;
                    Assume(Text.Name(DicomTag.AngularViewVector));
                }
                if (kind == NuclearImageKind.Dynamic && Absent(phase) && phases.Count <= 1) Array.Fill(phase, 1);
                if (kind == NuclearImageKind.Dynamic && Absent(time) && inner > 0 && phases.Count <= 1)
                {
                    for (int i = 0; i < count; i++) time[i] = (i % inner) + 1;
                    Assume(Text.Name(DicomTag.TimeSliceVector));
                }
            }
            return [.. Enumerable.Range(0, count).Select(i => new NuclearFrame(i + 1, window[i], detector[i], phase[i], rotation[i], view[i], time[i], slice[i], interval[i], slot[i], pixels[i]))];
        }

        private static NuclearDetector Detector(DicomDataset item) => new(Text.First(item, DicomTag.CollimatorGridName), Text.Number(item, DicomTag.StartAngle),
            Radii(item), Vector3(item, DicomTag.ImagePositionPatient, 3), Vector3(item, DicomTag.ImageOrientationPatient, 6));

        private static double[] Radii(DicomDataset item) => [.. Text.Numbers(item, DicomTag.RadialPosition)];

        private static NuclearRotation Rotation(DicomDataset item)
        {
            double? step = Text.Number(item, DicomTag.AngularStep);
            bool? grows = Text.First(item, DicomTag.RotationDirection) switch { "CC" or "CCW" => true, "CW" => false, _ => null };
            return new NuclearRotation(Text.Number(item, DicomTag.StartAngle), step is null ? null : Math.Abs(step.Value), grows, Text.Number(item, DicomTag.ScanArc),
                Text.Whole(item, DicomTag.NumberOfFramesInRotation), Seconds(item), Radii(item), Text.Number(item, DicomTag.TableTraverse));
        }

        private static NuclearPhase PhaseOf(DicomDataset item) => new(Text.Whole(item, DicomTag.NumberOfFramesInPhase), Seconds(item),
            (Text.Number(item, DicomTag.PhaseDelay) ?? 0) / 1000, (Text.Number(item, DicomTag.PauseBetweenFrames) ?? 0) / 1000);

        private (string Name, double? KeV) Nuclide()
        {
            foreach (DicomDataset item in Items(DicomTag.RadiopharmaceuticalInformationSequence))
            {
                if (!item.TryGetSequence(DicomTag.RadionuclideCodeSequence, out DicomSequence codes)) continue;
                foreach (DicomDataset code in codes)
                {
                    string value = Text.First(code, DicomTag.CodeValue);
                    if (value == "C-163A8") value = "72454006"; // the old SNM3/SRT code of Tc-99m
                    if (Text.First(code, DicomTag.CodingSchemeDesignator) is "99SDM" or "SNM3") _findings.Add("codes are of a retired scheme");
                    foreach ((string nuclide, Code known, double keV) in Codes.Nuclides)
                        if (known.Value == value) return (nuclide, keV);
                }
            }
            return ("", null);
        }

        private List<EnergyWindow> Windows(List<NuclearFrame> frames, double? keV)
        {
            var limits = new List<(string Name, double Low, double High)>();
            foreach (DicomDataset item in Items(DicomTag.EnergyWindowInformationSequence))
            {
                double low = 0, high = 0;
                if (item.TryGetSequence(DicomTag.EnergyWindowRangeSequence, out DicomSequence ranges))
                {
                    double[] lower = [.. ranges.Select(r => Text.Number(r, DicomTag.EnergyWindowLowerLimit) ?? 0)], upper = [.. ranges.Select(r => Text.Number(r, DicomTag.EnergyWindowUpperLimit) ?? 0)];
                    if (lower.Length > 0) (low, high) = (lower.Min(), upper.Max());
                    if (lower.Length > 1) _findings.Add("an energy window of several ranges is described by its outer limits");
                }
                limits.Add((Text.First(item, DicomTag.EnergyWindowName), low, high));
            }
            int used = frames.Count == 0 ? 0 : frames.Max(f => f.EnergyWindow);
            if (limits.Count < used) _findings.Add($"{Text.Name(DicomTag.EnergyWindowInformationSequence)} describes {limits.Count} of {used} energy windows");
            while (limits.Count < used) limits.Add(("", 0, 0));

            int peak = limits.FindIndex(w => keV is double e && e > w.Low && e < w.High && !IsScatterName(w.Name));
            if (peak < 0)
            {
                peak = Math.Max(0, limits.FindIndex(w => !IsScatterName(w.Name)));
                if (limits.Count > 1) _findings.Add($"no window is known to hold the photopeak; window {peak + 1} is taken for it");
            }
            return [.. limits.Select((w, i) => new EnergyWindow(w.Name.Length > 0 ? w.Name : $"window {i + 1}", w.Low, w.High, i == peak ? EnergyWindowRole.Photopeak
                : keV is double e && e > w.Low && e < w.High && !IsScatterName(w.Name) ? EnergyWindowRole.Photopeak
                : w.High <= 0 || w.High <= (limits[peak].Low + limits[peak].High) / 2 ? EnergyWindowRole.ScatterLower : EnergyWindowRole.ScatterUpper))];
        }

        private static bool IsScatterName(string name) => name.Contains("scat", StringComparison.OrdinalIgnoreCase);

        private (double Slope, double Intercept, string Unit) Mapping(NuclearImageKind kind)
        {
            if (Items(DicomTag.RealWorldValueMappingSequence).FirstOrDefault() is DicomDataset mapping
                && mapping.TryGetSingleValue(DicomTag.RealWorldValueSlope, out double slope) && mapping.TryGetSingleValue(DicomTag.RealWorldValueIntercept, out double intercept))
            {
                string unit = mapping.TryGetSequence(DicomTag.MeasurementUnitsCodeSequence, out DicomSequence units) && units.FirstOrDefault() is DicomDataset code ? Text.First(code, DicomTag.CodeValue).Trim('{', '}') : "1";
                return (slope, intercept, unit);
            }
            double rescale = Text.Number(_ds, DicomTag.RescaleSlope) ?? 1, offset = Text.Number(_ds, DicomTag.RescaleIntercept) ?? 0;
            if (rescale == 1 && offset == 0) return (1, 0, "counts");
            _findings.Add("Rescale Slope and Intercept do not belong to nuclear medicine images; " + (kind is NuclearImageKind.ReconTomo or NuclearImageKind.ReconGatedTomo ? "they are applied" : "they are not applied to counts"));
            return kind is NuclearImageKind.ReconTomo or NuclearImageKind.ReconGatedTomo && rescale != 0 ? (rescale, offset, "1") : (1, 0, "counts");
        }

        private bool IsFeetFirst() => Items(DicomTag.PatientGantryRelationshipCodeSequence).Any(c => Text.First(c, DicomTag.CodeValue) is "102541007" or "F-10480");
    }
}
