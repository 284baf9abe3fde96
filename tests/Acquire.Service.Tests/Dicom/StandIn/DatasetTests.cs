using FellowOakDicom;
using FellowOakDicom.Imaging;
using FellowOakDicom.IO.Buffer;

namespace Acquire.Service.Tests.Dicom.StandIn;

/// <summary>The documented semantics of the package (docs: fo-dicom-api 2, 3, 5). Only public members, so the same tests judge the package itself with -p:UseNuGetFoDicom=true.</summary>
public sealed class DatasetTests
{
    [Fact]
    public void Add_TagThatIsThere_Throws_AddOrUpdateReplaces()
    {
        var ds = new DicomDataset { { DicomTag.PatientID, "1" } };
        Assert.Throws<ArgumentException>(() => ds.Add(DicomTag.PatientID, "2"));
        Assert.Equal("2", ds.AddOrUpdate(DicomTag.PatientID, "2").GetSingleValue<string>(DicomTag.PatientID));
    }

    [Fact]
    public void Add_ItemsAndSequencesByInitialiser_EnumeratedInTagOrder()
    {
        var ds = new DicomDataset
        {
            { DicomTag.Rows, (ushort)4 },
            new DicomSequence(DicomTag.RequestAttributesSequence, new DicomDataset { { DicomTag.RequestedProcedureID, "R" } }),
            { DicomTag.ViewCodeSequence, new DicomDataset { { DicomTag.CodeValue, "V" } } },
            { DicomTag.PatientID, "1" },
        };
        Assert.Equal(["(0010,0020)", "(0028,0010)", "(0040,0275)", "(0054,0220)"], ds.Select(i => i.Tag.ToString()));
        Assert.True(ds.TryGetSequence(DicomTag.ViewCodeSequence, out DicomSequence codes));
        Assert.Equal("V", Assert.Single(codes).GetSingleValue<string>(DicomTag.CodeValue));
        Assert.False(ds.TryGetSequence(DicomTag.PatientID, out _));
    }

    [Fact]
    public void Get_EmptyValue_AsDocumented()
    {
        var ds = new DicomDataset { { DicomTag.PatientID, "" }, { DicomTag.PatientName, (string)null! }, { DicomTag.FocalDistance, "" } };
        Assert.True(ds.TryGetString(DicomTag.PatientID, out string text));
        Assert.Equal("", text);
        Assert.Equal("d", ds.GetSingleValueOrDefault(DicomTag.PatientID, "d"));
        Assert.Throws<DicomDataException>(() => ds.GetSingleValue<string>(DicomTag.PatientID));
        Assert.Equal(7, ds.GetSingleValueOrDefault(DicomTag.FocalDistance, 7));
        Assert.Equal("d", ds.GetSingleValueOrDefault(DicomTag.PatientName, "d"));
    }

    [Fact]
    public void Get_MissingTag_AsDocumented()
    {
        var ds = new DicomDataset();
        Assert.Throws<DicomDataException>(() => ds.GetSingleValue<string>(DicomTag.PatientID));
        Assert.False(ds.TryGetString(DicomTag.PatientID, out _));
        Assert.False(ds.TryGetSingleValue(DicomTag.PatientID, out string _));
        Assert.False(ds.TryGetValues(DicomTag.EnergyWindowVector, out ushort[] _));
        Assert.Null(ds.GetDicomItem<DicomElement>(DicomTag.PixelData));
    }

    [Fact]
    public void Get_SeveralValues_JoinedOrDefaultOrAll()
    {
        var ds = new DicomDataset { { DicomTag.ImageType, "A", "B" }, { DicomTag.EnergyWindowVector, (ushort)3, (ushort)1 } };
        Assert.True(ds.TryGetString(DicomTag.ImageType, out string text));
        Assert.Equal("A\\B", text);
        Assert.Throws<DicomDataException>(() => ds.GetSingleValue<string>(DicomTag.ImageType));
        Assert.Equal("d", ds.GetSingleValueOrDefault(DicomTag.ImageType, "d"));
        Assert.True(ds.TryGetString(DicomTag.EnergyWindowVector, out string first));
        Assert.Equal("3", first);
        Assert.True(ds.TryGetValues(DicomTag.EnergyWindowVector, out ushort[] all));
        Assert.Equal([3, 1], all.Select(v => (int)v));
    }

    [Fact]
    public void Numbers_OfEveryDocumentedForm()
    {
        var ds = new DicomDataset
        {
            { DicomTag.PatientWeight, " 68.50 " }, { DicomTag.PatientSize, 1.0 / 3 }, { DicomTag.SliceThickness, 4.8m }, { DicomTag.SeriesNumber, 12 }, { DicomTag.InstanceNumber, "13" },
            { DicomTag.Rows, "64" }, { DicomTag.CTDIvol, 1.25 },
        };
        Assert.Equal(" 68.50 ", ds.GetSingleValue<string>(DicomTag.PatientWeight));
        Assert.Equal(68.5, ds.GetSingleValue<double>(DicomTag.PatientWeight));
        Assert.Equal("0.3333333333", ds.GetSingleValue<string>(DicomTag.PatientSize));
        Assert.Equal("4.8", ds.GetSingleValue<string>(DicomTag.SliceThickness));
        Assert.Equal(12, ds.GetSingleValue<int>(DicomTag.SeriesNumber));
        Assert.Equal(13, ds.GetSingleValue<int>(DicomTag.InstanceNumber));
        Assert.Equal(64, ds.GetSingleValue<int>(DicomTag.Rows));
        Assert.Equal(1.25, ds.GetSingleValue<double>(DicomTag.CTDIvol));
    }

    [Fact]
    public void TypeThatDoesNotFit_NamesBoth()
    {
        var ds = new DicomDataset();
        Assert.Contains("US", Assert.Throws<InvalidOperationException>(() => ds.Add(DicomTag.Rows, 64)).Message);
        Assert.Throws<InvalidOperationException>(() => ds.Add(DicomTag.PatientID, 64));
    }

    [Fact]
    public void UnparsableNumber_FormatExceptionOrDefault()
    {
        DicomDataset ds = new DicomDataset().NotValidated().Add(DicomTag.PatientWeight, "heavy").Validated();
        Assert.Throws<FormatException>(() => ds.GetSingleValue<decimal>(DicomTag.PatientWeight));
        Assert.Equal(1m, ds.GetSingleValueOrDefault(DicomTag.PatientWeight, 1m));
    }

    [Theory]
    [InlineData(0x00080060, "lower")]
    [InlineData(0x00080060, "SEVENTEENLETTERSX")]
    [InlineData(0x00080050, "SEVENTEEN LETTERS")]
    [InlineData(0x0008103E, "back\\slash")]
    [InlineData(0x0020000D, "1.02.3")]
    [InlineData(0x0020000D, "1.2.x")]
    [InlineData(0x00101030, "68,5")]
    [InlineData(0x00101030, "1.23456789012345678")]
    [InlineData(0x00200011, "1.5")]
    [InlineData(0x00200011, "99999999999")]
    [InlineData(0x00080020, "2026-03-02")]
    [InlineData(0x00080020, "20261302")]
    [InlineData(0x00080030, "250000")]
    [InlineData(0x00100010, "A^B^C^D^E^F")]
    [InlineData(0x00100010, "A=B=C=D")]
    public void Add_ValueThatBreaksItsRules_IsRefusedUnlessSwitchedOff(long number, string value)
    {
        DicomTag tag = new[] { DicomTag.Modality, DicomTag.AccessionNumber, DicomTag.SeriesDescription, DicomTag.StudyInstanceUID, DicomTag.PatientWeight, DicomTag.SeriesNumber, DicomTag.StudyDate, DicomTag.StudyTime, DicomTag.PatientName }
            .Single(t => ((uint)t.Group << 16 | t.Element) == (uint)number);
        Assert.Throws<DicomValidationException>(() => new DicomDataset().Add(tag, value));
        Assert.True(new DicomDataset().NotValidated().Add(tag, value).TryGetString(tag, out _));
    }

    [Theory]
    [InlineData("20260302-20260303")]
    [InlineData("20260302-")]
    public void Add_DateRange_IsAllowed(string range) => Assert.True(new DicomDataset().Add(DicomTag.StudyDate, range).TryGetString(DicomTag.StudyDate, out _));

    [Fact]
    public void Add_WrongNumberOfValues_IsRefusedAlsoForBinary()
    {
        Assert.Throws<DicomValidationException>(() => new DicomDataset().Add(DicomTag.Rows, (ushort)1, (ushort)2));
        Assert.Throws<DicomValidationException>(() => new DicomDataset().Add(DicomTag.ImagePositionPatient, "1", "2"));
    }

    [Fact]
    public void PixelData_NewFrames_CountThemselves()
    {
        var ds = new DicomDataset { { DicomTag.Rows, (ushort)1 }, { DicomTag.Columns, (ushort)2 } };
        Assert.Throws<DicomDataException>(() => DicomPixelData.Create(ds, true));
        Assert.Throws<DicomImagingException>(() => DicomPixelData.Create(new DicomDataset { { DicomTag.BitsAllocated, (ushort)16 } }));
        ds.Add(DicomTag.BitsAllocated, (ushort)16).Add(DicomTag.SamplesPerPixel, (ushort)1).Add(DicomTag.PhotometricInterpretation, "MONOCHROME2");
        DicomPixelData pixels = DicomPixelData.Create(ds, true);
        Assert.Equal(0, pixels.NumberOfFrames);
        pixels.AddFrame(new MemoryByteBuffer([1, 0, 2, 0]));
        pixels.AddFrame(new MemoryByteBuffer([3, 0, 4, 0]));
        Assert.Equal(2, ds.GetSingleValue<int>(DicomTag.NumberOfFrames));
        Assert.Equal(4, pixels.UncompressedFrameSize);
        Assert.Equal([3, 0, 4, 0], DicomPixelData.Create(ds).GetFrame(1).Data);
        Assert.Throws<IndexOutOfRangeException>(() => DicomPixelData.Create(ds).GetFrame(2));
    }

    [Fact]
    public void File_WithoutClassOrInstance_Throws() => Assert.Throws<DicomDataException>(() => new DicomFile(new DicomDataset { { DicomTag.PatientID, "1" } }));
}
