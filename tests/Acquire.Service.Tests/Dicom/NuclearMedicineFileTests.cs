using Acquire.Protocols.Imaging;
using Acquire.Service;
using Acquire.Service.Dicom;
using Acquire.Reconstruction;
using Acquire.Service.StudyRecords;
using Acquire.Testing;
using FellowOakDicom;

namespace Acquire.Service.Tests.Dicom;

public sealed class NuclearMedicineFileTests(WrittenStudy written) : IClassFixture<WrittenStudy>
{
    [Theory]
    [InlineData("flow")]
    [InlineData("pool")]
    [InlineData("oblique")]
    [InlineData("spect")]
    public void ToCountSeries_WhatWeWrote_IsWhatWasStored(string step)
    {
        CountSeries stored = written.Study.Series.Single(s => s.StepId == step);
        NuclearMedicineImage image = NuclearMedicineFile.Read(written.PathOf(step));
        Assert.Empty(image.Findings);
        (CountSeries read, _) = image.ToCountSeries();
        Assert.Equal(stored.Kind, read.Kind);
        Assert.Equal(stored.Collimator, read.Collimator);
        Assert.Equal(stored.EnergyWindows, read.EnergyWindows);
        Assert.Equal(stored.Frames.Count, read.Frames.Count);
        foreach (CountFrame frame in stored.Frames)
        {
            CountFrame twin = read.Frames.Single(f => f.Detector == frame.Detector && f.EnergyWindow == frame.EnergyWindow && f.AngularView == frame.AngularView && f.TimeSlice == frame.TimeSlice && f.Phase == frame.Phase);
            Assert.Equal(frame.Counts, twin.Counts);
            Assert.Equal(frame.AngleStartDeg, twin.AngleStartDeg, 6);
            Assert.Equal(frame.RadiusMm, twin.RadiusMm, 6);
            Assert.Equal(frame.TableLongitudinalMm, twin.TableLongitudinalMm, 4);
            Assert.Equal(frame.PixelMm, twin.PixelMm);
            Assert.Equal(frame.Elapsed, twin.Elapsed);
        }
        Assert.Equal(stored.Frames.Min(f => f.Start), read.Frames.Min(f => f.Start));
        if (step == "flow") Assert.All(stored.Frames, f => Assert.Equal(f.Start, read.Frames.Single(t => t.Detector == f.Detector && t.EnergyWindow == f.EnergyWindow && t.TimeSlice == f.TimeSlice).Start));
    }

    [Theory]
    [InlineData(180, -15)]
    [InlineData(90, 15)]
    [InlineData(0, 7.5)]
    [InlineData(359.5, -3)]
    public void ToCountSeries_AnyStartAndDirection_KeepsEveryAngle(double start, double step)
    {
        using var folder = new TemporaryFolder();
        CountSeries tomo = SyntheticStudy.Tomo(startDeg: start, stepDeg: step);
        WrittenObject one = Assert.Single(NuclearMedicineObjects.Write(Only(tomo), folder.Path, new UidSource("x")));
        CountSeries read = NuclearMedicineFile.Read(one.Path).ToCountSeries().Series;
        foreach (CountFrame frame in tomo.Frames)
            Assert.Equal(0, Math.IEEERemainder(frame.AngleStartDeg - read.Frames.Single(f => (f.Detector, f.EnergyWindow, f.AngularView) == (frame.Detector, frame.EnergyWindow, frame.AngularView)).AngleStartDeg, 360), 6);
    }

    [Fact]
    public void SyntheticPoint_SeenFromTheFour_FallsWhereAPersonStandingThereSeesIt()
    {
        // The point lies to the patient's left, towards the front and above the centre.
        const double Middle = (SyntheticStudy.Matrix - 1) / 2.0;
        Assert.True(SyntheticStudy.Expected(180).Column > Middle, "seen from the front, the patient's left is on the viewer's right");
        Assert.True(SyntheticStudy.Expected(0).Column < Middle, "seen from the back, the patient's left is on the viewer's left");
        Assert.True(SyntheticStudy.Expected(90).Column < Middle, "seen from the patient's left, the front is on the viewer's left");
        Assert.True(SyntheticStudy.Expected(270).Column > Middle, "seen from the patient's right, the front is on the viewer's right");
        Assert.All(new[] { 0.0, 90, 180, 270 }, a => Assert.True(SyntheticStudy.Expected(a).Row < Middle, "above"));
    }

    [Fact]
    public void ToVolume_WhatWeWrote_SameValuesAndPlaces()
    {
        Volume stored = written.Study.Reconstructions["AC"];
        (Volume read, _) = NuclearMedicineFile.Read(written.PathOf("AC")).ToVolume();
        Assert.Equal((stored.Nx, stored.Ny, stored.Nz, stored.Unit), (read.Nx, read.Ny, read.Nz, read.Unit));
        Assert.Equal(stored.X0Mm, read.X0Mm, 6);
        Assert.Equal(stored.Y0Mm, read.Y0Mm, 6);
        Assert.Equal(stored.Z0Mm, read.Z0Mm, 6);
        Assert.Equal(stored.DzMm, read.DzMm, 6);
        double half = stored.Values.Max() / 65535.0 * 0.501;
        for (int i = 0; i < stored.Values.Length; i++) Assert.Equal(stored.Values[i], read.Values[i], half);
    }

    [Fact]
    public void CtRead_WhatWeWrote_SameVolume()
    {
        (Volume read, double kv, IReadOnlyList<string> findings) = CtSeries.Read(Path.GetDirectoryName(written.PathOf("ct"))!);
        Volume stored = written.Study.Ct!;
        Assert.Empty(findings);
        Assert.Equal(120, kv);
        Assert.Equal(stored.Values, read.Values);
        Assert.Equal((stored.Nx, stored.Ny, stored.Nz), (read.Nx, read.Ny, read.Nz));
        Assert.Equal(stored.Z0Mm, read.Z0Mm, 6);
        Assert.Equal(stored.DzMm, read.DzMm, 6);
    }

    [Fact]
    public void CtRead_ASliceMissing_IsRefusedWithThePlace()
    {
        string[] slices = [.. written.Objects.Where(o => o.Kind == "CT").Select(o => o.Path).Where((_, i) => i != 2)];
        AcquireException e = Assert.Throws<AcquireException>(() => CtSeries.Read(slices.Reverse(), "ct"));
        Assert.Contains("a slice is missing", e.Message);
        Assert.Equal(ExitCodes.BadInput, e.ExitCode);
    }

    [Fact]
    public void Write_Twice_SameBytes()
    {
        using var folder = new TemporaryFolder();
        WrittenObjects again = NuclearMedicineObjects.Write(SyntheticStudy.Make(), folder.Path, new UidSource(written.Study.StudyKey));
        Assert.Equal(written.Objects.Count, again.Count);
        foreach ((WrittenObject a, WrittenObject b) in written.Objects.Zip(again)) Assert.Equal(File.ReadAllBytes(a.Path), File.ReadAllBytes(b.Path));
        Assert.Empty(Directory.GetFiles(folder.Path, "*.part", SearchOption.AllDirectories));
        Assert.NotEqual(new UidSource("a").For("x"), new UidSource("b").For("x"));
        Assert.Matches(@"^2\.25\.[1-9][0-9]{30,38}$", new UidSource("a").For("x"));
    }

    [Fact]
    public void Write_APixelAbove16Bits_IsRefusedAndNothingIsClipped()
    {
        using var folder = new TemporaryFolder();
        CountSeries pool = written.Study.Series[1];
        uint[] counts = [.. pool.Frames[0].Counts];
        counts[7] = 65_536;
        CountSeries bright = pool with { Frames = [pool.Frames[0] with { Counts = counts }, .. pool.Frames.Skip(1)] };
        WrittenObjects objects = NuclearMedicineObjects.Write(Only(bright), folder.Path, new UidSource("x"));
        Assert.Empty(objects);
        RefusedObject refused = Assert.Single(objects.Refused);
        Assert.Contains("65536 counts", refused.Reason);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_ALostFrame_KeepsTheOthersInTheirPlaces()
    {
        using var folder = new TemporaryFolder();
        CountSeries tomo = SyntheticStudy.Tomo();
        CountSeries holed = tomo with { Frames = [.. tomo.Frames.Where(f => !(f.AngularView == 5 && f.Detector == 1))] };
        WrittenObject one = Assert.Single(NuclearMedicineObjects.Write(Only(holed), folder.Path, new UidSource("x")));
        Assert.Contains(one.Findings, f => f.Contains("46 frames where 48 would be complete", StringComparison.Ordinal));
        CountSeries read = NuclearMedicineFile.Read(one.Path).ToCountSeries().Series;
        Assert.Equal(48, read.ExpectedFrames);
        foreach (CountFrame frame in holed.Frames)
        {
            CountFrame twin = read.Frames.Single(f => (f.Detector, f.EnergyWindow, f.AngularView) == (frame.Detector, frame.EnergyWindow, frame.AngularView));
            Assert.Equal(frame.Counts, twin.Counts);
            Assert.Equal(frame.RadiusMm, twin.RadiusMm, 6);
        }
    }

    [Fact]
    public void Write_ValuesThatBreakDicomRules_NeverPutPatientDataIntoMessages()
    {
        using var folder = new TemporaryFolder();
        ScheduledStudy odd = written.Study.Scheduled with { PatientName = new Protected(new string('Q', 80)), BirthDate = new Protected("1961-04-12"), StudyInstanceUid = "" };
        WrittenObjects objects = NuclearMedicineObjects.Write(written.Study with { Scheduled = odd, Ct = null }, folder.Path, new UidSource("x"));
        Assert.Equal(6, objects.Count);
        Assert.DoesNotContain(objects.SelectMany(o => o.Findings).Concat(objects.Refused.Select(r => r.Reason)), t => t.Contains("QQQ", StringComparison.Ordinal) || t.Contains("1961", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("RadialPosition (0018,1142)", "--radius")]
    [InlineData("AngularStep (0018,1144)", "--extent")]
    [InlineData("RotationDirection (0018,1140)", "--direction")]
    [InlineData("StartAngle (0054,0200)", "--start-angle")]
    [InlineData("PixelSpacing (0028,0030)", "--pixel")]
    public void ToCountSeries_GeometryMissing_NamesAttributeAndOption(string attribute, string option)
    {
        NuclearMedicineImage image = NuclearMedicineFile.Read(written.PathOf("spect"));
        NuclearRotation rotation = image.Rotations[0];
        image = option switch
        {
            "--radius" => image with { Detectors = [.. image.Detectors.Select(d => d with { RadiiMm = [] })], Rotations = [rotation with { RadiiMm = [] }] },
            "--extent" => image with { Rotations = [rotation with { StepDeg = null }] },
            "--direction" => image with { Rotations = [rotation with { AnglesGrow = null }] },
            "--start-angle" => image with { Detectors = [.. image.Detectors.Select(d => d with { StartAngleDeg = null })], Rotations = [rotation with { StartAngleDeg = null }] },
            _ => image with { RowSpacingMm = null },
        };
        AcquireException e = Assert.Throws<AcquireException>(() => image.ToCountSeries());
        Assert.Equal(ExitCodes.BadInput, e.ExitCode);
        Assert.Contains(attribute, e.Message);
        Assert.Contains(option, e.Message);

        var byHand = new TomoGeometryByHand { RadiusMm = 205, ExtentDeg = 180, AnglesGrow = false, StartAngleDeg = 180, PixelMm = SyntheticStudy.PixelMm };
        CountSeries given = image.ToCountSeries(byHand).Series;
        CountSeries stored = SyntheticStudy.Tomo();
        Assert.All(given.Frames, f => Assert.Equal(205, f.RadiusMm));
        Assert.All(stored.Frames, f => Assert.Equal(f.AngleStartDeg, given.Frames.Single(g => (g.Detector, g.EnergyWindow, g.AngularView) == (f.Detector, f.EnergyWindow, f.AngularView)).AngleStartDeg, 6));
    }

    [Fact]
    public void Read_RealFlood_TotalCountsOfTheReference()
    {
        NuclearMedicineImage flood = NuclearMedicineFile.Read(SharedData.Path("nmqc", "UNIFORMIDAD_1.dcm"));
        Assert.Equal(NuclearImageKind.Static, flood.Kind);
        Assert.Equal(16_000_045, flood.TotalCounts);
        Assert.Equal((256, 256), (flood.Rows, flood.Columns));
        Assert.Equal(2.065, flood.RowSpacingMm!.Value, 3);
        Assert.Equal("Tc-99m", flood.Nuclide);
        Assert.Equal((126, 154), ((int)flood.EnergyWindows[0].LowerLimitKeV, (int)flood.EnergyWindows[0].UpperLimitKeV));
        Assert.Equal(16_000_045, flood.ToCountSeries().Series.Frames.Sum(f => f.Sum));
    }

    [Theory]
    [InlineData("FourBar.dcm", 512, 533_338)]
    [InlineData("Spatial_Resol_X.dcm", 512, 0)]
    public void Read_RealQcImages_CountsOfTheReference(string name, int size, long counts)
    {
        NuclearMedicineImage image = NuclearMedicineFile.Read(SharedData.Path("nmqc", name));
        Assert.Equal(size, image.Rows);
        if (counts > 0) Assert.Equal(counts, image.TotalCounts);
        else Assert.InRange(image.TotalCounts, 1_400_000, 1_600_000);
    }

    [Fact]
    public void Read_RealWholeBodyUnderTheWrongClass_CountsAndAFinding()
    {
        NuclearMedicineImage body = NuclearMedicineFile.Read(SharedData.Path("dicom-nm", "wholebody_bone_wg04.dcm"));
        Assert.Equal(NuclearImageKind.WholeBody, body.Kind);
        Assert.Equal(3_527_976, body.TotalCounts);
        Assert.Equal((1024, 256), (body.Rows, body.Columns));
        Assert.Contains(body.Findings, f => f.Contains("SOP class", StringComparison.Ordinal));
    }

    [Fact]
    public void ToVolume_RealJaszczak_NegativeSpacingIsTurnedHeadUp()
    {
        NuclearMedicineImage image = NuclearMedicineFile.Read(SharedData.Path("nmqc", "Jaszack.dcm"));
        (Volume volume, IReadOnlyList<string> findings) = image.ToVolume();
        Assert.Equal((128, 128, 45), (volume.Nx, volume.Ny, volume.Nz));
        Assert.Equal(4.13, volume.DzMm, 3);
        Assert.Contains(findings, f => f.Contains("negative", StringComparison.Ordinal));
        // Image position is that of slice 1, the slices go towards the feet: slice 1 is the last of the volume.
        Assert.Equal(-165.2, volume.Z0Mm + (44 * volume.DzMm), 2);
        Assert.Equal(image.Frames[0].Pixels.Select(p => (float)p), volume.Values.Skip(44 * 128 * 128));
    }

    [Fact]
    public void Read_RealHeartFullOfDefects_IsReadWithFindings()
    {
        NuclearMedicineImage heart = NuclearMedicineFile.Read(SharedData.Path("dicom-nm", "recon_heart_13_frames.dcm"));
        Assert.Equal(NuclearImageKind.ReconTomo, heart.Kind);
        Assert.Equal(13, heart.Frames.Count);
        Assert.Equal(new DateTimeOffset(1993, 11, 24, 9, 53, 0, TimeSpan.Zero), heart.Start);
        (Volume volume, IReadOnlyList<string> findings) = heart.ToVolume();
        Assert.Equal(13, volume.Nz);
        Assert.Contains(findings, f => f.Contains("no Image Position", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_ImplicitAndBigEndianTwins_TheSameImage()
    {
        Tools.Need("dcmconv", "dcmtk");
        using var folder = new TemporaryFolder();
        NuclearMedicineImage plain = NuclearMedicineFile.Read(written.PathOf("spect"));
        foreach (string option in new[] { "+ti", "+tb" })
        {
            string twin = folder.File($"twin{option}.dcm");
            Assert.Equal(0, Tools.Run("dcmconv", option, written.PathOf("spect"), twin).ExitCode);
            NuclearMedicineImage read = NuclearMedicineFile.Read(twin);
            Assert.Equal(plain.Frames.Select(f => (f.Sum, f.Detector, f.View)), read.Frames.Select(f => (f.Sum, f.Detector, f.View)));
            Assert.Equal(plain.Frames[7].Pixels, read.Frames[7].Pixels);
            Assert.Equal(plain.Detectors[1].StartAngleDeg, read.Detectors[1].StartAngleDeg);
            Assert.Equal(plain.EnergyWindows, read.EnergyWindows);
        }
    }

    [Fact]
    public void Read_Deflated_SaysWhatIsWrong()
    {
        Tools.Need("dcmconv", "dcmtk");
        using var folder = new TemporaryFolder();
        string twin = folder.File("deflated.dcm");
        Assert.SkipUnless(Tools.Run("dcmconv", "+td", written.PathOf("pool"), twin).ExitCode == 0, "this dcmconv cannot deflate");
        Assert.Contains("deflated", Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(twin)).Message);
    }

    [Fact]
    public void Read_Compressed_SaysHowToDecompress()
    {
        Tools.Need("dcmcrle", "dcmtk");
        using var folder = new TemporaryFolder();
        string twin = folder.File("rle.dcm");
        Assert.Equal(0, Tools.Run("dcmcrle", written.PathOf("pool"), twin).ExitCode);
        AcquireException e = Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(twin));
        Assert.Contains("compressed", e.Message);
    }

    [Fact]
    public void Read_ACtSlice_IsNotNuclearMedicine()
    {
        AcquireException e = Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(written.PathOf("ct")));
        Assert.Contains("not a nuclear medicine image", e.Message);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(1000)]
    [InlineData(5000)]
    [InlineData(-1)]
    [InlineData(-5000)]
    public void Read_CutAnywhere_OneClearLine(int at)
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(written.PathOf("pool"));
        string cut = folder.File("cut.dcm");
        File.WriteAllBytes(cut, whole[..(at < 0 ? whole.Length + at : at)]);
        AcquireException e = Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(cut));
        Assert.Equal(ExitCodes.BadInput, e.ExitCode);
        Assert.StartsWith("cut.dcm", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Read_EveryByteOfTheHeadDamaged_NeverAnythingButAnImageOrAClearLine()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(written.PathOf("oblique"));
        string damaged = folder.File("damaged.dcm");
        var random = new Random(5);
        int refused = 0;
        for (int round = 0; round < 1300; round++)
        {
            byte[] bytes = [.. whole];
            int at = 128 + (2 * round);
            bytes[at] = (byte)(round % 3 == 0 ? 0xFF : random.Next(256));
            File.WriteAllBytes(damaged, bytes);
            try
            {
                NuclearMedicineFile.Read(damaged).ToCountSeries();
            }
            catch (AcquireException e)
            {
                Assert.Equal(ExitCodes.BadInput, e.ExitCode);
                refused++;
            }
        }
        Assert.InRange(refused, 130, 1299);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4096)]
    public void Read_Garbage_IsNotDicom(int length)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = new byte[length];
        new Random(3).NextBytes(bytes);
        File.WriteAllBytes(folder.File("x.dcm"), bytes);
        Assert.Contains("cannot be read as DICOM", Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(folder.File("x.dcm"))).Message);
        Assert.Contains("there is no file", Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(folder.File("none.dcm"))).Message);
    }

    [Fact]
    public void Read_PixelsTooFew_SaysHowMany()
    {
        using var folder = new TemporaryFolder();
        DicomDataset ds = DicomFile.Open(written.PathOf("pool"), FileReadOption.ReadAll).Dataset;
        ds.AddOrUpdate(DicomTag.Rows, (ushort)64);
        using (FileStream stream = File.Create(folder.File("few.dcm"))) new DicomFile(ds).Save(stream);
        Assert.Contains("need", Assert.Throws<AcquireException>(() => NuclearMedicineFile.Read(folder.File("few.dcm"))).Message);
    }

    [Fact]
    public void Write_PartOfTheStudyAgain_GivesTheSameFiles()
    {
        using var folder = new TemporaryFolder();
        WrittenObjects again = NuclearMedicineObjects.Write(written.Study with { Series = [.. written.Study.Series.Where(s => s.Kind == AcquisitionKind.Tomo)], Ct = null }, folder.Path, new UidSource(written.Study.StudyKey));
        Assert.Equal(["spect", "AC", "NAC"], again.Select(o => o.StepId));
        foreach (WrittenObject one in again)
        {
            WrittenObject first = written.Objects.Single(o => o.StepId == one.StepId);
            Assert.Equal(Path.GetFileName(first.Path), Path.GetFileName(one.Path));
            Assert.Equal(File.ReadAllBytes(first.Path), File.ReadAllBytes(one.Path));
        }
    }

    [Fact]
    public void Write_AStepTakenTwice_TwoSeriesSideBySide()
    {
        using var folder = new TemporaryFolder();
        CountSeries first = SyntheticStudy.Static("pool", [180, 0], 1, 10), second = first with { AcquisitionId = SyntheticStudy.Id(77) };
        WrittenObjects two = NuclearMedicineObjects.Write(written.Study with { Series = [first with { Ending = Ending.Aborted }, second], Ct = null, Reconstructions = new Dictionary<string, Volume>() }, folder.Path, new UidSource("x"));
        Assert.Equal(["nm02-pool.dcm", "nm02-pool-run2.dcm"], two.Select(o => Path.GetFileName(o.Path)));
        Assert.Equal(2, two.Select(o => o.SeriesInstanceUid).Distinct().Count());
    }

    [Fact]
    public void Write_WhatCannotBeTrue_IsRefusedWithTheReasonAndTheRestIsWritten()
    {
        using var folder = new TemporaryFolder();
        CountSeries pool = written.Study.Series[1];
        Volume broken = written.Study.Reconstructions["AC"] with { Values = [.. written.Study.Reconstructions["AC"].Values] };
        broken.Values[3] = float.NaN;
        Volume ct = written.Study.Ct! with { Values = [.. written.Study.Ct!.Values] };
        ct.Values[0] = -1025;
        WrittenObjects objects = NuclearMedicineObjects.Write(written.Study with
        {
            Series = [pool, pool with { StepId = "body", Kind = AcquisitionKind.WholeBody }, pool with { StepId = "none", Frames = [] }, pool with { StepId = "twice", Frames = [pool.Frames[0], pool.Frames[0]] }],
            Reconstructions = new Dictionary<string, Volume> { ["AC"] = broken }, Ct = ct,
        }, folder.Path, new UidSource("x"));
        Assert.Equal("pool", Assert.Single(objects).StepId);
        Assert.Equal(["body", "none", "twice", "AC", "ct"], objects.Refused.Select(r => r.StepId));
        Assert.All(objects.Refused, r => Assert.True(r.Reason.Length > 10));
    }

    [Fact]
    public void Write_WhereNothingCanBeWritten_IsAStorageFault()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("taken"), "");
        Assert.Equal(ExitCodes.Storage, Assert.Throws<AcquireException>(() => NuclearMedicineObjects.Write(written.Study, folder.File("taken"), new UidSource("x"))).ExitCode);
    }

    /// <summary>The whole chain of a file: frames, DICOM, frames, projections; the point must lie where the axes of the projections put it.</summary>
    [Theory]
    [InlineData(180, -15)]
    [InlineData(90, 15)]
    public void ToCountSeries_ThenProjections_ThePointIsAtItsPlace(double start, double step)
    {
        using var folder = new TemporaryFolder();
        WrittenObject one = Assert.Single(NuclearMedicineObjects.Write(Only(SyntheticStudy.Tomo(startDeg: start, stepDeg: step)), folder.Path, new UidSource("x")));
        ProjectionSet set = ProjectionSetBuilder.FromCountSeries(NuclearMedicineFile.Read(one.Path).ToCountSeries().Series, new ProjectionSetOptions { ScatterFactor = 0 });
        (double x, double y, double z) = SyntheticStudy.Point;
        Assert.Equal(24, set.Views);
        Assert.Equal(-SyntheticStudy.TableMm, set.CentreZMm, 6);
        for (int v = 0; v < set.Views; v++)
        {
            double phi = set.AngleDeg[v] * Math.PI / 180, t = (x * Math.Cos(phi)) - (y * Math.Sin(phi));
            int size = set.Rows * set.Columns, brightest = Enumerable.Range(0, size).MaxBy(i => set.Counts[(v * size) + i]);
            Assert.Equal((t / set.BinMm) + ((set.Columns - 1) / 2.0), brightest % set.Columns, 0.51);
            Assert.Equal(((z - set.CentreZMm) / set.RowMm) + ((set.Rows - 1) / 2.0), brightest / set.Columns, 0.51);
        }
    }

    private StudyRecord Only(CountSeries series) => written.Study with { Series = [series], Ct = null, Reconstructions = new Dictionary<string, Volume>() };
}
