using System.Text;
using Acquire.Protocols.Imaging;
using Acquire.Testing;

namespace Acquire.Reconstruction.Tests;

public sealed class InputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-recon").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_SimsetInterfile_HasItsTotalAndGeometry()
    {
        ReconstructionInput input = ReconstructionInput.Read(SharedData.Path("simset", "input.hs"));

        ProjectionSet p = input.Projections;
        Assert.Equal((120, 64, 128), (p.Views, p.Rows, p.Columns));
        Assert.Equal(3.32, p.BinMm);
        Assert.Equal(180, p.AngleDeg[0]);
        Assert.Equal(177, p.AngleDeg[1]);
        Assert.All(p.RadiusMm, r => Assert.Equal(150, r));
        double total = 0;
        foreach (float c in p.Counts) total += c;
        Assert.InRange(total, 25.15e6, 25.17e6);
        Assert.Null(input.Response);
    }

    [Fact]
    public void Read_ReconSpine_HasItsTotalMapAndLesions()
    {
        ReconstructionInput input = ReconstructionInput.Read(SharedData.Path("recon-spine"));

        double total = 0;
        foreach (float c in input.Projections.Counts) total += c;
        Assert.Equal(7499910, total, 1);
        Assert.Equal(-3, input.Projections.AngleDeg[1]);
        Assert.Equal(140.7, input.Projections.RadiusMm[5]);
        Assert.Equal(5, input.Spheres.Count);
        Assert.Equal(6.997, input.Response!.FwhmMm(100), 0.01);
        Assert.NotNull(input.Truth);
        Assert.Equal(0.0151, input.AttenuationMap!.Values.Where(m => m > 0.012f).Order().ElementAt(1000), 0.004);
    }

    [Fact]
    public void Reconstruct_ReconSpine_LesionsStandWhereTheTruthHasThem()
    {
        ReconstructionInput input = ReconstructionInput.Read(SharedData.Path("recon-spine"));

        Volume v = Reconstructor.Run(input, new ReconstructionOptions { Iterations = 4, Subsets = 15 }, TimeProvider.System);
        FiguresOfMerit merit = FiguresOfMerit.Compare(v, input.Truth!, input.AttenuationMap, input.Spheres);

        foreach ((string name, double percent) in merit.ContrastRecoveryPercent.Take(4)) Assert.InRange(percent, 50, 130);
        Assert.InRange(merit.SoftTissueBiasPercent, -3, 3);
        // The data set states its counts per unit activity; the scale must be one over it.
        Assert.Equal(1 / 0.5762453, merit.Scale, 0.01 / 0.5762453);
    }

    [Fact]
    public void WriteVolume_ReadBack_IsTheSame()
    {
        Volume v = Volume.Centred(3, 3, 2, 4.8, "1/mm", centreZMm: 17);
        v = v with { DzMm = 2, Z0Mm = -5, Values = Geometry.Noise(18, 1) };

        RawFolder.WriteVolume(_folder, v, "title", []);
        Volume back = RawFolder.ReadVolume(_folder);

        Assert.Equal(v with { Values = back.Values }, back);
        Assert.Equal(v.Values, back.Values);
    }

    [Theory]
    [InlineData("!extent of rotation := 360", "--extent")]
    [InlineData("radius := 150", "--radius")]
    [InlineData("start angle := 180", "--start-angle")]
    [InlineData("!direction of rotation := CW", "--direction")]
    [InlineData("!number of projections := 2", "number of projections")]
    public void Read_InterfileWithoutAKey_SaysWhichOptionGivesIt(string removed, string named)
    {
        string path = WriteInterfile(removed);

        BadInputException e = Assert.Throws<BadInputException>(() => ReconstructionInput.Read(path));

        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Read_InterfileBigEndianShorts_AndGeometryByHand()
    {
        ReconstructionInput input = ReconstructionInput.Read(WriteInterfile(""), new GeometryByHand { RadiusMm = 99, StartAngleDeg = 10, AnglesGrow = true, ExtentDeg = 180 });

        Assert.Equal([10, 100], input.Projections.AngleDeg);
        Assert.All(input.Projections.RadiusMm, r => Assert.Equal(99, r));
        Assert.Equal(258, input.Projections.Counts[1]);
    }

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}", "files")]
    [InlineData("{\"files\":{\"projections.f32\":{\"shape\":[1,2,2],\"axes\":[\"view\",\"z\",\"t\"]}},\"bin_mm\":[4,4],\"angle_step_deg\":3,\"start_angle_deg\":0}", "--radius")]
    [InlineData("{\"files\":{\"projections.f32\":{\"shape\":[1,2,3],\"axes\":[\"view\",\"z\",\"t\"]}},\"bin_mm\":[4,4]}", "float32 values")]
    [InlineData("{\"files\":{\"projections.f32\":{\"shape\":[1,2,2],\"axes\":[\"view\",\"t\",\"z\"]}},\"bin_mm\":[4,4]}", "axes")]
    [InlineData("{\"files\":{\"projections.f32\":{\"shape\":[1,-2,2],\"axes\":[\"view\",\"z\",\"t\"]}},\"bin_mm\":[4,4]}", "whole numbers")]
    public void Read_BadRawFolder_SaysWhatIsWrong(string json, string named)
    {
        File.WriteAllText(Path.Combine(_folder, "problem.json"), json);
        File.WriteAllBytes(Path.Combine(_folder, "projections.f32"), new byte[16]);

        BadInputException e = Assert.Throws<BadInputException>(() => ReconstructionInput.Read(_folder));

        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Nifti_HasSizeSignsAndData()
    {
        Volume v = Volume.Centred(4, 3, 2, 4.8, "counts") with { Values = Geometry.Noise(24, 1) };
        string path = Path.Combine(_folder, "v.nii");

        NiftiWriter.Write(path, v, "test");

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal(352 + (24 * 4), file.Length);
        Assert.Equal(348, BitConverter.ToInt32(file));
        Assert.Equal("n+1\0", Encoding.ASCII.GetString(file, 344, 4));
        Assert.Equal(4, BitConverter.ToInt16(file, 42));
        Assert.Equal(-4.8f, BitConverter.ToSingle(file, 280));
        Assert.Equal(4.8f, BitConverter.ToSingle(file, 280 + 32 + 8));
        Assert.Equal(v.Values[5], BitConverter.ToSingle(file, 352 + 20));
    }

    private string WriteInterfile(string removed)
    {
        string header = """
            !INTERFILE :=
            !version of keys := 3.3
            name of data file := d.s
            imagedata byte order := BIGENDIAN
            !number format := unsigned integer
            !number of bytes per pixel := 2
            !matrix size [2] := 1
            !scaling factor (mm/pixel) [2] := 3
            !matrix size [1] := 4
            !scaling factor (mm/pixel) [1] := 3
            !number of projections := 2
            !extent of rotation := 360
            !direction of rotation := CW
            start angle := 180
            radius := 150
            """;
        if (removed.Length > 0) header = header.Replace(removed, "", StringComparison.Ordinal);
        byte[] data = new byte[16];
        data[2] = 1;
        data[3] = 2;
        File.WriteAllBytes(Path.Combine(_folder, "d.s"), data);
        string path = Path.Combine(_folder, "h.hs");
        File.WriteAllText(path, header);
        return path;
    }
}
