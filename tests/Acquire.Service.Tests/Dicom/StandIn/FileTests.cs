using System.Buffers.Binary;
using System.Text;
using Acquire.Testing;
using FellowOakDicom;

namespace Acquire.Service.Tests.Dicom.StandIn;

/// <summary>Files as others wrote them, files written again, and files that are broken (docs: fo-dicom-api 4).</summary>
public sealed class FileTests
{
    public static TheoryData<string, string> RealFiles => new() { { "nmqc", "UNIFORMIDAD_1.dcm" }, { "nmqc", "Jaszack.dcm" }, { "dicom-nm", "wholebody_bone_wg04.dcm" } };

    /// <summary>Private and unknown tags, nested sequences, every value: DCMTK sees no difference after our reading and writing.</summary>
    [Theory]
    [MemberData(nameof(RealFiles))]
    public void OpenAndSave_RealFile_NothingIsLost(string folder, string name)
    {
        string path = SharedData.Path(folder, name);
        Tools.Need("dcmdump", "dcmtk");
        using var temporary = new TemporaryFolder();
        Assert.Equal(Dump(path), Dump(Again(path, temporary)));
    }

    [Theory]
    [InlineData("+ti")]
    [InlineData("+te")]
    [InlineData("+e")]
    [InlineData("-e")]
    public void OpenAndSave_OtherSyntaxesAndLengths_NothingIsLost(string option)
    {
        string path = SharedData.Path("nmqc", "Jaszack.dcm");
        Tools.Need("dcmconv", "dcmtk");
        using var temporary = new TemporaryFolder();
        Assert.Equal(0, Tools.Run("dcmconv", option, path, temporary.File("in.dcm")).ExitCode);
        Assert.Equal(Dump(temporary.File("in.dcm")), Dump(Again(temporary.File("in.dcm"), temporary)));
    }

    [Fact]
    public void OpenAndSave_CompressedFragments_NothingIsLost()
    {
        string path = SharedData.Path("nmqc", "UNIFORMIDAD_1.dcm");
        Tools.Need("dcmcrle", "dcmtk");
        using var temporary = new TemporaryFolder();
        Assert.Equal(0, Tools.Run("dcmcrle", path, temporary.File("in.dcm")).ExitCode);
        DicomFile file = DicomFile.Open(temporary.File("in.dcm"), FileReadOption.ReadAll);
        Assert.True(file.FileMetaInfo.TransferSyntax.IsEncapsulated);
        Assert.Equal(Dump(temporary.File("in.dcm")), Dump(Again(temporary.File("in.dcm"), temporary)));
    }

    [Fact]
    public void Save_TextWithoutFittingCharacterSet_QuestionMarksAndNoError()
    {
        Assert.Equal("M?STER", SavedName(null, "MÜSTER"));
        Assert.Equal("M?STER", SavedName("ISO_IR 999", "MÜSTER"));
        Assert.Equal("MÜSTER", SavedName("ISO_IR 100", "MÜSTER"));
        Assert.Equal("MÜSTER 漢", SavedName("ISO_IR 192", "MÜSTER 漢"));
        Assert.Equal("?", SavedName("ISO_IR 100", "漢"));
    }

    [Fact]
    public void OpenAndSave_TextOfAnUnknownCharacterSet_KeepsItsBytes()
    {
        using var temporary = new TemporaryFolder();
        byte[] name = [0x1B, 0x24, 0x42, 0x3B, 0x33, 0xC4, 0xFE, 0x20];
        byte[] file = [.. new byte[128], .. "DICM"u8, .. Explicit(0x0002, 0x0010, "UI", "1.2.840.10008.1.2.1\0"), .. Explicit(0x0008, 0x0005, "CS", "\\ISO 2022 IR 87 "), .. Tag(0x0010, 0x0010), (byte)'P', (byte)'N', 8, 0, .. name];
        File.WriteAllBytes(temporary.File("in.dcm"), file);
        Assert.True(File.ReadAllBytes(Again(temporary.File("in.dcm"), temporary)).AsSpan().IndexOf(name) > 0);
    }

    [Fact]
    public void Open_ItemsOfSequences_InheritTheCharacterSet()
    {
        using var temporary = new TemporaryFolder();
        DicomDataset ds = Minimal();
        ds.Add(DicomTag.SpecificCharacterSet, "ISO_IR 100").Add(DicomTag.ViewCodeSequence, new DicomDataset { { DicomTag.CodeMeaning, "schräg" } });
        Assert.True(DicomFile.Open(Saved(ds, temporary), FileReadOption.ReadAll).Dataset.TryGetSequence(DicomTag.ViewCodeSequence, out DicomSequence read));
        Assert.Equal("schräg", read.First().GetSingleValue<string>(DicomTag.CodeMeaning));
    }

    [Fact]
    public void Open_UnknownOfUndefinedLength_IsReadAsASequence()
    {
        // (0009,1001) UN of undefined length: implicit little endian inside (PS3.5 6.2.2).
        byte[] inner = [.. Tag(0xFFFE, 0xE000), .. U32(0xFFFFFFFF), .. Tag(0x0010, 0x0020), .. U32(2), (byte)'I', (byte)'D', .. Tag(0xFFFE, 0xE00D), .. U32(0), .. Tag(0xFFFE, 0xE0DD), .. U32(0)];
        DicomFile file = Open([.. Explicit(0x0009, 0x0010, "LO", "ACME"), .. Tag(0x0009, 0x1001), (byte)'U', (byte)'N', 0, 0, .. U32(0xFFFFFFFF), .. inner, .. Explicit(0x0010, 0x0020, "LO", "OUTER ")]);
        Assert.Equal("OUTER", file.Dataset.GetSingleValue<string>(DicomTag.PatientID));
        DicomSequence sequence = Assert.IsType<DicomSequence>(file.Dataset.Single(i => i.Tag.Group == 9 && i.Tag.Element == 0x1001));
        Assert.Equal("ID", sequence.Single().GetSingleValue<string>(DicomTag.PatientID));
    }

    [Fact]
    public void Open_OddLength_IsReadAsItStands()
    {
        DicomFile file = Open([.. Tag(0x0010, 0x0020), (byte)'L', (byte)'O', 3, 0, (byte)'A', (byte)'B', (byte)'C', .. Explicit(0x0010, 0x0040, "CS", "F ")]);
        Assert.Equal("ABC", file.Dataset.GetSingleValue<string>(DicomTag.PatientID));
        Assert.Equal("F", file.Dataset.GetSingleValue<string>(DicomTag.PatientSex));
    }

    [Fact]
    public void Open_CutFile_IsPartialAndWithoutTheCutElement()
    {
        DicomFile file = Open([.. Explicit(0x0010, 0x0020, "LO", "WHOLE "), .. Tag(0x0010, 0x0040), (byte)'C', (byte)'S', 20, 0, (byte)'F']);
        Assert.True(file.IsPartial);
        Assert.Equal("WHOLE", file.Dataset.GetSingleValue<string>(DicomTag.PatientID));
        Assert.False(file.Dataset.TryGetString(DicomTag.PatientSex, out _));
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(70, false)]
    [InlineData(200_000, false)]
    public void Open_NestedSequences_ToALimit(int depth, bool readable)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < depth; i++) bytes.AddRange([.. Tag(0x0040, 0x0275), (byte)'S', (byte)'Q', 0, 0, .. U32(0xFFFFFFFF), .. Tag(0xFFFE, 0xE000), .. U32(0xFFFFFFFF)]);
        for (int i = 0; i < depth; i++) bytes.AddRange([.. Tag(0xFFFE, 0xE00D), .. U32(0), .. Tag(0xFFFE, 0xE0DD), .. U32(0)]);
        if (readable) Assert.False(Open([.. bytes]).IsPartial);
        else Assert.Contains("nested deeper", Assert.Throws<DicomFileException>(() => Open([.. bytes])).Message);
    }

    [Fact]
    public void Open_BrokenStructure_ThrowsWhatIsWrong()
    {
        Assert.Contains("value representation", Assert.Throws<DicomFileException>(() => Open([.. Tag(0x0010, 0x0020), (byte)'Z', (byte)'Z', 2, 0, 1, 1])).Message);
        Assert.Contains("undefined length", Assert.Throws<DicomFileException>(() => Open([.. Tag(0x0010, 0x0020), (byte)'U', (byte)'T', 0, 0, .. U32(0xFFFFFFFF)])).Message);
        Assert.Contains("delimiter", Assert.Throws<DicomFileException>(() => Open([.. Tag(0xFFFE, 0xE00D), .. U32(0)])).Message);
        byte[] overrun = [.. Tag(0x0040, 0x0275), (byte)'S', (byte)'Q', 0, 0, .. U32(18), .. Tag(0xFFFE, 0xE000), .. U32(10), .. Tag(0x0010, 0x0020), (byte)'L', (byte)'O', 40, 0, 65, 65, .. Explicit(0x0054, 0x0400, "SH", new string('x', 60))];
        Assert.Contains("runs past", Assert.Throws<DicomFileException>(() => Open(overrun)).Message);
        Assert.Contains("item should start", Assert.Throws<DicomFileException>(() => Open([.. Tag(0x0040, 0x0275), (byte)'S', (byte)'Q', 0, 0, .. U32(0xFFFFFFFF), .. Tag(0x0010, 0x0020), .. U32(0)])).Message);
    }

    [Fact]
    public void Open_MissingOrForeignFile_Throws()
    {
        using var temporary = new TemporaryFolder();
        Assert.Throws<DicomFileException>(() => DicomFile.Open(temporary.File("none"), FileReadOption.ReadAll));
        File.WriteAllBytes(temporary.File("empty"), []);
        Assert.Throws<DicomFileException>(() => DicomFile.Open(temporary.File("empty"), FileReadOption.ReadAll));
    }

    [Fact]
    public void Save_MetaGroup_IsWhatDcmtkExpects()
    {
        Tools.Need("dcmdump", "dcmtk");
        using var temporary = new TemporaryFolder();
        string dump = Tools.Run("dcmdump", "-q", Saved(Minimal(), temporary)).Output;
        Assert.Contains("(0002,0001) OB 00\\01", dump);
        Assert.Contains("(0002,0002) UI =NuclearMedicineImageStorage", dump);
        Assert.Contains("(0002,0003) UI [2.25.5]", dump);
        Assert.Contains("(0002,0010) UI =LittleEndianExplicit", dump);
        Assert.Equal("", Tools.Run("dcmdump", Saved(Minimal(), temporary)).Error);
    }

    private static DicomDataset Minimal() => new() { { DicomTag.SOPClassUID, DicomUID.NuclearMedicineImageStorage }, { DicomTag.SOPInstanceUID, "2.25.5" } };

    private static string Saved(DicomDataset ds, TemporaryFolder folder)
    {
        using FileStream stream = File.Create(folder.File("saved.dcm"));
        new DicomFile(ds).Save(stream);
        return folder.File("saved.dcm");
    }

    private static string SavedName(string? term, string name)
    {
        using var temporary = new TemporaryFolder();
        DicomDataset ds = Minimal();
        if (term is not null) ds.Add(DicomTag.SpecificCharacterSet, term);
        return DicomFile.Open(Saved(ds.Add(DicomTag.PatientName, name), temporary), FileReadOption.ReadAll).Dataset.GetSingleValue<string>(DicomTag.PatientName);
    }

    private static string Again(string path, TemporaryFolder folder)
    {
        DicomFile file = DicomFile.Open(path, FileReadOption.ReadAll);
        using FileStream stream = File.Create(folder.File("again.dcm"));
        file.Save(stream);
        return folder.File("again.dcm");
    }

    /// <summary>All elements and values as DCMTK prints them, without what re-encoding may change: lengths of sequences, VR of unknown tags, group lengths.</summary>
    private static string Dump(string path) => string.Join('\n', Tools.Run("dcmdump", "-q", "+L", "+R", "100000", "-Un", path).Output.Split("# Dicom-Data-Set")[1].Split('\n')
        .Where(l => !l.Contains("SequenceDelimitationItem", StringComparison.Ordinal) && !l.Contains("ItemDelimitationItem", StringComparison.Ordinal) && !l.Contains(",0000) UL", StringComparison.Ordinal) && !l.StartsWith('#'))
        .Select(l => l.Contains(" SQ (", StringComparison.Ordinal) || l.Contains(" na (", StringComparison.Ordinal) ? l[..l.IndexOf('(', l.IndexOf(')'))] : l));

    private static DicomFile Open(byte[] dataset)
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllBytes(temporary.File("x.dcm"), [.. new byte[128], .. "DICM"u8, .. Explicit(0x0002, 0x0010, "UI", "1.2.840.10008.1.2.1\0"), .. dataset]);
        return DicomFile.Open(temporary.File("x.dcm"), FileReadOption.ReadAll);
    }

    private static byte[] Tag(ushort group, ushort element) => [(byte)group, (byte)(group >> 8), (byte)element, (byte)(element >> 8)];
    private static byte[] Explicit(ushort group, ushort element, string vr, string value) => [.. Tag(group, element), .. Encoding.ASCII.GetBytes(vr), (byte)value.Length, (byte)(value.Length >> 8), .. Encoding.ASCII.GetBytes(value)];

    private static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
