using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Imaging;
using Acquire.Service.Dicom;

namespace Acquire.Service.Tests.Dicom;

/// <summary>Our files before programs of other people: dicom3tools, DCMTK, pydicom.</summary>
public sealed class WrittenObjectsJudgedByOthersTests(WrittenStudy written) : IClassFixture<WrittenStudy>
{
    /// <summary>Warnings that stay, with the reason in docs/dicom.md.</summary>
    private static readonly string[] s_justified =
    [
        "Warning - Attribute is not present in standard DICOM IOD - (0x0008,0x3012) UI Radiopharmaceutical Administration Event UID",
        "Warning - Dicom dataset contains attributes not present in standard DICOM IOD - this is a Standard Extended SOP Class",
        "Warning - CTDIvol is present but it is uninterpretable without CTDIPhantomTypeCodeSequence, which is absent - attribute <CTDIvol>",
    ];

    private const string LateralityUnknown = "Warning - is only permitted to be empty when actually unknown; should be absent (not empty) if an unpaired body part, and have a value if a paired body part - attribute <Laterality>";

    private const string PixelSums = """
        import sys, json, pydicom, numpy as np
        out = {}
        for p in sys.argv[1:]:
            d = pydicom.dcmread(p)
            a = d.pixel_array
            out[p] = {"sum": int(a.astype(np.int64).sum()), "shape": list(a.shape), "type": "\\".join(d.ImageType), "sop": str(d.SOPInstanceUID), "name": str(d.PatientName),
                      "for": str(d.FrameOfReferenceUID), "study": str(d.StudyInstanceUID), "series": str(d.SeriesInstanceUID)}
        print(json.dumps(out))
        """;

    /// <summary>For every frame of the TOMO object: where DICOM's own words (IOP of the detector at its start angle, direction, step, table) put the point, against where the bright pixel is.</summary>
    private const string TomoPoint = """
        import sys, json, math, pydicom, numpy as np
        d = pydicom.dcmread(sys.argv[1]); p = [float(x) for x in sys.argv[2:5]]
        a = d.pixel_array; rot = d.RotationInformationSequence[0]
        sign = 1 if rot.RotationDirection == "CC" else -1
        sp = float(d.PixelSpacing[0]); rows, cols = d.Rows, d.Columns; worst = 0; radii = []
        for f in range(int(d.NumberOfFrames)):
            det = d.DetectorInformationSequence[d.DetectorVector[f] - 1]
            view = d.AngularViewVector[f]; turn = sign * (view - 1) * float(rot.AngularStep)
            phi = math.radians(float(det.StartAngle) + turn)
            # the plane of the first view, turned with the detector: towards the patient's left while the DICOM angle grows (x' = x cos + y sin, y' = -x sin + y cos)
            t = math.radians(turn); c, s = math.cos(t), math.sin(t)
            turned = lambda v: (v[0] * c + v[1] * s, -v[0] * s + v[1] * c, v[2])
            iop = [float(x) for x in det.ImageOrientationPatient]; ipp = [float(x) for x in det.ImagePositionPatient]
            u, w, o = turned(iop[:3]), turned(iop[3:]), turned(ipp)
            rel = [p[i] - o[i] for i in range(3)]
            col = sum(rel[i] * u[i] for i in range(3)) / sp; row = sum(rel[i] * w[i] for i in range(3)) / sp
            img = a[f].copy(); img[0, 0] = 0
            r, k = np.unravel_index(int(img.argmax()), img.shape)
            worst = max(worst, abs(col - k), abs(row - r))
            # the detector's face lies in the direction of its angle
            n = (math.sin(phi), math.cos(phi)); centre = [o[i] + (cols - 1) / 2 * sp * u[i] + (rows - 1) / 2 * sp * w[i] for i in range(3)]
            radii.append(centre[0] * n[0] + centre[1] * n[1])
        rp = [float(x) for x in d.DetectorInformationSequence[0].RadialPosition]
        print(json.dumps({"worst": worst, "radius": radii[0], "stated": rp[0], "radii": len(rp), "direction": rot.RotationDirection, "arc": float(rot.ScanArc), "frames": int(rot.NumberOfFramesInRotation)}))
        """;

    [Fact]
    public void Dciodvfy_EveryObject_NoErrorsAndOnlyTheJustifiedWarnings()
    {
        Tools.Need("dciodvfy", "dicom3tools");
        Assert.Empty(written.Objects.Refused);
        Assert.Equal(["STATIC", "STATIC", "DYNAMIC", "TOMO", "RECON TOMO", "RECON TOMO", "CT"], written.Objects.Select(o => o.Kind).Where(k => k != "CT").Append("CT").OrderBy(k => "STDYTORECT".IndexOf(k[..2], StringComparison.Ordinal)));
        string[] complaints = [.. written.Paths.SelectMany(path => Complaints(path).Select(l => $"{Path.GetFileName(path)}: {l}"))];
        Assert.True(complaints.Length == 0, string.Join(Environment.NewLine, complaints));
    }

    [Theory]
    [InlineData("HAND", true)]
    [InlineData("FOOT", true)]
    [InlineData("HIP", true)]
    [InlineData("PELVIS", false)]
    [InlineData("WHOLEBODY", false)]
    [InlineData("CSPINE", false)]
    [InlineData("ABDOMEN", false)]
    [InlineData("SKULL", false)]
    public void Dciodvfy_OtherBodyParts_LateralityUnknownOnlyWherePaired(string bodyPart, bool paired)
    {
        Tools.Need("dciodvfy", "dicom3tools");
        using var folder = new TemporaryFolder();
        WrittenObjects objects = NuclearMedicineObjects.Write(SyntheticStudy.Make(bodyPart: bodyPart) with { Ct = null }, folder.Path, new UidSource("x"));
        string[] complaints = [.. objects.SelectMany(o => Complaints(o.Path))];
        Assert.Equal(paired ? [LateralityUnknown] : [], complaints.Distinct());
    }

    [Theory]
    [InlineData(Ending.Aborted, 21)]
    [InlineData(Ending.Stopped, 40)]
    [InlineData(Ending.Failed, 5)]
    [InlineData(Ending.Open, 9)]
    public void Dciodvfy_IncompleteSeries_AreValidAndSayWhatTheyAre(Ending ending, int frames)
    {
        Tools.Need("dciodvfy", "dicom3tools");
        using var folder = new TemporaryFolder();
        var study = SyntheticStudy.Make();
        CountSeries cut = SyntheticStudy.Tomo();
        cut = cut with { Frames = [.. cut.Frames.Take(frames)], Ending = ending, EndingReason = "emergency stop pressed" };
        CountSeries flow = SyntheticStudy.Flow(1);
        flow = flow with { Frames = [.. flow.Frames.Take(Math.Min(frames, 20))], Ending = ending };
        WrittenObjects objects = NuclearMedicineObjects.Write(study with { Ct = null, Series = [flow, cut] }, folder.Path, new UidSource("x"));
        Assert.Empty(objects.Refused);
        string[] complaints = [.. objects.SelectMany(o => Complaints(o.Path))];
        Assert.True(complaints.Length == 0, string.Join(Environment.NewLine, complaints));
        WrittenObject tomo = objects.First(o => o.Kind == "TOMO");
        Assert.Equal(frames, tomo.Frames);
        Assert.Equal(cut.Frames.Sum(f => f.Sum), tomo.PixelSum);
        JsonElement json = Tools.Python("import sys, json, pydicom\nd = pydicom.dcmread(sys.argv[1])\nprint(json.dumps({'c': d.ImageComments, 'p': d.CommentsOnThePerformedProcedureStep, 't': d.get('AcquisitionTerminationCondition')}))", tomo.Path);
        Assert.Contains($"{frames} of 48 frames", json.GetProperty("c").GetString());
        Assert.Contains("emergency stop pressed", json.GetProperty("p").GetString());
        Assert.Equal(ending is Ending.Aborted or Ending.Stopped ? "MANU" : null, json.GetProperty("t").GetString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Dciodvfy_OnlyOneOfTwoWindowsTaken_DescribesThatOne(int window)
    {
        Tools.Need("dciodvfy", "dicom3tools");
        using var folder = new TemporaryFolder();
        CountSeries[] series = [.. written.Study.Series.Select(s => s with { Frames = [.. s.Frames.Where(f => f.EnergyWindow == window)], ExpectedFrames = s.Frames.Count / 2 })];
        WrittenObjects objects = NuclearMedicineObjects.Write(written.Study with { Series = series, Ct = null }, folder.Path, new UidSource("x"));
        Assert.Equal(6, objects.Count);
        Assert.All(objects, o => Assert.Empty(o.Findings));
        string[] complaints = [.. objects.SelectMany(o => Complaints(o.Path))];
        Assert.True(complaints.Length == 0, string.Join(Environment.NewLine, complaints));
        EnergyWindow read = Assert.Single(NuclearMedicineFile.Read(objects[0].Path).EnergyWindows);
        Assert.Equal(series[0].EnergyWindows[window - 1].LowerLimitKeV, read.LowerLimitKeV);
    }

    [Fact]
    public void Dcentvfy_WholeStudy_ObjectsAgreeWithEachOther()
    {
        Tools.Need("dcentvfy", "dicom3tools");
        (_, string output, string error) = Tools.Run("dcentvfy", written.Paths);
        Assert.Empty(Tools.Lines(output + error, "Error"));
    }

    [Fact]
    public void Pydicom_EveryObject_SamePixelSumsAndOneFrameOfReference()
    {
        JsonElement read = Tools.Python(PixelSums, written.Paths);
        foreach (WrittenObject o in written.Objects)
        {
            JsonElement one = read.GetProperty(o.Path);
            Assert.Equal(o.PixelSum, one.GetProperty("sum").GetInt64());
            Assert.Equal(o.SopInstanceUid, one.GetProperty("sop").GetString());
            Assert.Equal("MUSTER^ERIKA", one.GetProperty("name").GetString());
        }
        foreach (CountSeries series in written.Study.Series)
            Assert.Equal(series.Frames.Sum(f => f.Counts.Sum(c => (long)c)), read.GetProperty(written.PathOf(series.StepId)).GetProperty("sum").GetInt64());
        JsonElement[] all = [.. written.Paths.Select(p => read.GetProperty(p))];
        Assert.Single(all.Select(a => a.GetProperty("for").GetString()).Distinct());
        Assert.Equal(written.Study.Scheduled.StudyInstanceUid, Assert.Single(all.Select(a => a.GetProperty("study").GetString()).Distinct()));
        Assert.Equal(7, all.Select(a => a.GetProperty("series").GetString()).Distinct().Count());
        Assert.Equal(all.Length, all.Select(a => a.GetProperty("sop").GetString()).Distinct().Count());
    }

    [Fact]
    public void Dcm2Json_EveryObject_CountsAccumulatedAndVectorsAsStored()
    {
        Tools.Need("dcm2json", "dcmtk");
        foreach (CountSeries series in written.Study.Series)
        {
            (int code, string output, string error) = Tools.Run("dcm2json", written.PathOf(series.StepId));
            Assert.True(code == 0, error);
            JsonElement json = JsonDocument.Parse(output).RootElement;
            Assert.Equal(series.Frames.Sum(f => f.Sum), Number(json, "00180070"));
            int frames = (int)Number(json, "00280008");
            Assert.Equal(series.Frames.Count, frames);
            byte[] pixels = json.GetProperty("7FE00010").GetProperty("InlineBinary").GetBytesFromBase64();
            int[] window = Vector(json, "00540010"), detector = Vector(json, "00540020");
            int[] index = series.Kind switch { AcquisitionKind.Tomo => Vector(json, "00540090"), AcquisitionKind.Dynamic => Vector(json, "00540100"), _ => [.. Enumerable.Repeat(0, frames)] };
            int size = SyntheticStudy.Matrix * SyntheticStudy.Matrix;
            for (int f = 0; f < frames; f++)
            {
                CountFrame frame = series.Frames.Single(x => x.EnergyWindow == window[f] && x.Detector == detector[f] && (series.Kind == AcquisitionKind.Tomo ? x.AngularView : x.TimeSlice) == index[f]);
                for (int i = 0; i < size; i++) Assert.Equal(frame.Counts[i], BitConverter.ToUInt16(pixels, 2 * ((f * size) + i)));
            }
        }
    }

    [Fact]
    public void Dcm2Json_Views_CodesFollowTheAngles()
    {
        Tools.Need("dcm2json", "dcmtk");
        string[] Views(string step) => [.. JsonDocument.Parse(Tools.Run("dcm2json", written.PathOf(step)).Output).RootElement.GetProperty("00540022").GetProperty("Value").EnumerateArray()
            .Select(d => d.GetProperty("00540220").GetProperty("Value")[0].GetProperty("00080100").GetProperty("Value")[0].GetString()!)];
        Assert.Equal(["399321004", "399001007"], Views("pool")); // 180: anterior, 0: posterior
        Assert.Equal(["399108003", "399136008"], Views("oblique")); // 225: RAO, 45: LPO
    }

    [Fact]
    public void Pydicom_TomoPointOffTheAxis_FallsWhereTheDicomGeometryPutsIt()
    {
        (double x, double y, double z) = SyntheticStudy.Point;
        JsonElement read = Tools.Python(TomoPoint, [written.PathOf("spect"), .. new[] { x, y, z }.Select(v => v.ToString(CultureInfo.InvariantCulture))]);
        Assert.InRange(read.GetProperty("worst").GetDouble(), 0, 0.51);
        Assert.Equal(read.GetProperty("stated").GetDouble(), read.GetProperty("radius").GetDouble(), 3);
        Assert.Equal(12, read.GetProperty("radii").GetInt32());
        Assert.Equal("CW", read.GetProperty("direction").GetString());
        Assert.Equal(180, read.GetProperty("arc").GetDouble());
        Assert.Equal(12, read.GetProperty("frames").GetInt32());
    }

    [Fact]
    public void Pydicom_Reconstruction_RealWorldValuesAndPlaces()
    {
        JsonElement read = Tools.Python("""
            import sys, json, pydicom, numpy as np
            d = pydicom.dcmread(sys.argv[1]); m = d.RealWorldValueMappingSequence[0]; det = d.DetectorInformationSequence[0]
            v = d.pixel_array * float(m.RealWorldValueSlope) + float(m.RealWorldValueIntercept)
            print(json.dumps({"values": v[3].ravel()[:2000].tolist(), "ipp": [float(x) for x in det.ImagePositionPatient], "spacing": float(d.SpacingBetweenSlices), "slices": int(d.NumberOfSlices),
                              "slope": float(m.RealWorldValueSlope), "corrected": d.CorrectedImage if isinstance(d.CorrectedImage, str) else list(d.CorrectedImage)}))
            """, written.PathOf("AC"));
        Volume volume = written.Study.Reconstructions["AC"];
        double slope = read.GetProperty("slope").GetDouble();
        double[] values = [.. read.GetProperty("values").EnumerateArray().Select(v => v.GetDouble())];
        for (int i = 0; i < values.Length; i++) Assert.Equal(volume.Values[(3 * volume.Nx * volume.Ny) + i], values[i], 0.5001 * slope);
        double[] ipp = [.. read.GetProperty("ipp").EnumerateArray().Select(v => v.GetDouble())];
        Assert.All(new[] { volume.X0Mm, volume.Y0Mm, volume.Z0Mm }.Zip(ipp), pair => Assert.Equal(pair.First, pair.Second, 6));
        Assert.Equal(volume.DzMm, read.GetProperty("spacing").GetDouble(), 6);
        Assert.Equal(["ATTN", "SCAT"], read.GetProperty("corrected").EnumerateArray().Select(v => v.GetString()));
    }

    [Fact]
    public void Pydicom_EveryCode_HasTheMeaningOfTheStandardsTables()
    {
        JsonElement wrong = Tools.Python("""
            import sys, json, pydicom
            from pydicom.sr._concepts_dict import concepts
            known = {}
            for word in concepts["SCT"].values():
                for code, (meaning, groups) in word.items(): known.setdefault(code, set()).add(meaning.lower())
            wrong = []; seen = set()
            def walk(d):
                for e in d:
                    if e.VR == "SQ":
                        for i in e.value:
                            if "CodeValue" in i and i.CodingSchemeDesignator == "SCT":
                                seen.add(i.CodeValue)
                                if i.CodeMeaning.lower() not in known.get(i.CodeValue, ()): wrong.append([i.CodeValue, i.CodeMeaning])
                            walk(i)
            for p in sys.argv[1:]: walk(pydicom.dcmread(p, stop_before_pixels=True))
            print(json.dumps({"wrong": wrong, "seen": len(seen)}))
            """, written.Paths);
        Assert.Equal("[]", wrong.GetProperty("wrong").ToString());
        Assert.True(wrong.GetProperty("seen").GetInt32() >= 10);
    }

    private static string[] Complaints(string path)
    {
        (_, string output, string error) = Tools.Run("dciodvfy", path);
        string text = output + error;
        Assert.Contains("NMImage CTImage".Split(' '), word => text.Contains(word, StringComparison.Ordinal));
        return [.. Tools.Lines(text, "Error").Concat(Tools.Lines(text, "Warning")).Where(l => !s_justified.Contains(l.Trim()))];
    }

    private static long Number(JsonElement json, string tag) => json.GetProperty(tag).GetProperty("Value")[0].GetInt64();
    private static int[] Vector(JsonElement json, string tag) => [.. json.GetProperty(tag).GetProperty("Value").EnumerateArray().Select(v => v.GetInt32())];
}
