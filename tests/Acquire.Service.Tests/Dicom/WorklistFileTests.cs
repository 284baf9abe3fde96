using Acquire.Service;
using Acquire.Service.Dicom;
using Acquire.Service.StudyRecords;
using Acquire.Testing;

namespace Acquire.Service.Tests.Dicom;

public sealed class WorklistFileTests
{
    private const string Head = "(0008,0005) CS ISO_IR 192\n";
    private const string Patient = "(0010,0010) PN MUSTER^ERIKA\n(0010,0020) LO ID-1\n";
    private const string Study = "(0020,000d) UI 2.25.77\n";
    private const string Step = "(0040,0100) SQ\n(fffe,e000) na\n(0040,0009) SH S1\n(fffe,e00d) na\n(fffe,e0dd) na\n";

    [Fact]
    public void Read_TheDemoPatient_EverythingInItsPlace()
    {
        ScheduledStudy study = Assert.Single(WorklistFile.Read(Path.Combine(AppContext.BaseDirectory, "demo", "worklist", "facet.wl")));
        Assert.Equal("MUSTER^ERIKA", study.PatientName.Reveal());
        Assert.Equal("ACQ-DEMO-1", study.PatientId.Reveal());
        Assert.Equal("19610412", study.BirthDate.Reveal());
        Assert.Equal(("F", 68.5, 1.68), (study.Sex, study.WeightKg, study.HeightM));
        Assert.Equal("ACQ-2026-0117", study.AccessionNumber.Reveal());
        Assert.StartsWith("2.25.", study.StudyInstanceUid);
        Assert.Equal(("RP-0117", "SPS-0117-1"), (study.RequestedProcedureId, study.ScheduledStepId));
        Assert.Equal(new DateTimeOffset(2026, 3, 2, 8, 30, 0, TimeSpan.Zero), study.ScheduledStart);
        Assert.Equal("HAUSARZT^GREGOR", study.ReferringPhysician.Reveal());
    }

    [Fact]
    public void DemoFile_IsWhatItsTextSays()
    {
        Tools.Need("dump2dcm", "dcmtk");
        using var folder = new TemporaryFolder();
        string source = Path.Combine(SharedData.ProjectRoot, "demo", "worklist");
        Assert.Equal(0, Tools.Run("dump2dcm", "+te", Path.Combine(source, "facet.dump"), folder.File("again.wl")).ExitCode);
        static string Dataset(string path) => Tools.Run("dcmdump", path).Output.Split("# Dicom-Data-Set")[1];
        Assert.Equal(Dataset(Path.Combine(source, "facet.wl")), Dataset(folder.File("again.wl")));
    }

    [Fact]
    public void Read_OnlyWhatIsNeeded_OptionalPartsEmpty()
    {
        ScheduledStudy study = Assert.Single(Read(Head + Patient + Study + Step));
        Assert.Equal("", study.Sex);
        Assert.Null(study.WeightKg);
        Assert.Null(study.ScheduledStart);
        Assert.True(study.AccessionNumber.IsEmpty);
        Assert.Equal("S1", study.ScheduledStepId);
    }

    [Theory]
    [InlineData("ISO_IR 192", "MÜSTER^ÉRIKA")]
    [InlineData("ISO_IR 100", "MÜSTER^ÉRIKA")]
    [InlineData("ISO_IR 144", "Иванова^Анна")]
    [InlineData("ISO_IR 101", "Łuczak^Żaneta")]
    [InlineData("ISO_IR 126", "Διονυσιος")]
    public void Read_CharacterSets_NamesAreWhole(string term, string name)
    {
        // The bytes are made by DCMTK and iconv through pydicom, not by us.
        using var folder = new TemporaryFolder();
        Tools.Python("""
            import sys, json, pydicom
            from pydicom.dataset import Dataset, FileMetaDataset
            d = Dataset(); d.SpecificCharacterSet = sys.argv[2]; d.PatientName = sys.argv[3]; d.PatientID = "1"; d.StudyInstanceUID = "2.25.7"
            s = Dataset(); s.ScheduledProcedureStepDescription = sys.argv[3]; d.ScheduledProcedureStepSequence = [s]
            d.file_meta = FileMetaDataset(); d.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"; d.file_meta.MediaStorageSOPClassUID = "1.2"; d.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
            d.is_little_endian = True; d.is_implicit_VR = False
            pydicom.dcmwrite(sys.argv[1], d, write_like_original=False); print(json.dumps({}))
            """, folder.File("x.wl"), term, name);
        ScheduledStudy study = Assert.Single(WorklistFile.Read(folder.File("x.wl")));
        Assert.Equal(name, study.PatientName.Reveal());
        Assert.Equal(name, study.ScheduledStepDescription);
    }

    [Theory]
    [InlineData(Head + Study + Step, "PatientName (0010,0010)")]
    [InlineData(Head + Patient + Step, "StudyInstanceUID (0020,000d)")]
    [InlineData(Head + Patient + Study, "ScheduledProcedureStepSequence (0040,0100)")]
    [InlineData(Head + "(0010,0010) PN MUSTER^ERIKA\n(0010,0020) LO\n" + Study + Step, "PatientID (0010,0020)")]
    public void Read_SomethingNeededIsMissing_NamesItAndNoPatient(string dump, string attribute)
    {
        AcquireException e = Assert.Throws<AcquireException>(() => Read(dump));
        Assert.Equal(ExitCodes.BadInput, e.ExitCode);
        Assert.Contains(attribute, e.Message);
        Assert.DoesNotContain("MUSTER", e.Message);
    }

    [Theory]
    [InlineData("\\ISO 2022 IR 87", "ISO 2022 IR 87")]
    [InlineData("ISO_IR 999", "ISO_IR 999")]
    public void Read_ANameThatCannotBeDecoded_IsRefusedRatherThanDamaged(string term, string named)
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "demo", "worklist", "facet.wl"));
        int charset = whole.AsSpan().IndexOf("ISO_IR 192"u8) - 2, at = whole.AsSpan().IndexOf("MUSTER"u8);
        byte[] text = System.Text.Encoding.ASCII.GetBytes(term.Length % 2 == 0 ? term : term + " ");
        whole[at] = 0xDC;
        File.WriteAllBytes(folder.File("x.wl"), [.. whole[..charset], (byte)text.Length, 0, .. text, .. whole[(charset + 12)..]]);
        Assert.Contains(named, Assert.Throws<AcquireException>(() => WorklistFile.Read(folder.File("x.wl"))).Message);
    }

    [Fact]
    public void Read_EveryByteDamaged_AnEntryOrAClearLine()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "demo", "worklist", "facet.wl"));
        var random = new Random(9);
        for (int at = 128; at < whole.Length; at++)
        {
            byte[] bytes = [.. whole];
            bytes[at] = (byte)(at % 2 == 0 ? 0xFF : random.Next(256));
            File.WriteAllBytes(folder.File("x.wl"), bytes);
            try
            {
                Assert.NotEmpty(WorklistFile.Read(folder.File("x.wl")));
            }
            catch (AcquireException e)
            {
                Assert.Equal(ExitCodes.BadInput, e.ExitCode);
                Assert.DoesNotContain("ERIKA", e.Message);
            }
        }
    }

    [Fact]
    public void Read_NotDicom_OneClearLine()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("text.wl"), "not a worklist");
        Assert.Equal(ExitCodes.BadInput, Assert.Throws<AcquireException>(() => WorklistFile.Read(folder.File("text.wl"))).ExitCode);
    }

    private static IReadOnlyList<ScheduledStudy> Read(string dump)
    {
        Tools.Need("dump2dcm", "dcmtk");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("x.dump"), dump);
        Assert.Equal(0, Tools.Run("dump2dcm", "+te", folder.File("x.dump"), folder.File("x.wl")).ExitCode);
        return WorklistFile.Read(folder.File("x.wl"));
    }
}
