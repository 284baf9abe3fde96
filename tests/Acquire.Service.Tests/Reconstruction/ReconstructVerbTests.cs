using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Acquire.Protocols.Imaging;
using Acquire.Service;
using Acquire.Service.Cli;
using Acquire.Reconstruction;
using Acquire.Reconstruction.Tests;

namespace Acquire.Service.Tests.Reconstruction;

public sealed class ReconstructVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-verb").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--method", "osem", "--subsets", "4", "--iterations", "3")]
    [InlineData("--method", "mlem", "--iterations", "6")]
    [InlineData("--method", "fbp", "--window", "hann", "--cutoff", "0.9")]
    [InlineData("--method", "osem", "--attenuation", "off", "--response", "off", "--filter", "6")]
    public void Invoke_Problem_WritesAVolumeThatReadsBack(params string[] options)
    {
        WriteProblem();
        string result = Path.Combine(_folder, "out");

        Assert.Equal(ExitCodes.Ok, Invoke(["reconstruct", _folder, "--out", result, "--progress", "off", .. options]));

        Volume v = RawFolder.ReadVolume(result);
        Assert.Equal((24, 24, 6), (v.Nx, v.Ny, v.Nz));
        Assert.Equal(6, v.DxMm);
        Assert.True(v.Values[v.Index(12, 12, 3)] > 0.3);
        Assert.True(File.Exists(Path.Combine(result, "volume.nii")));
    }

    [Fact]
    public void Invoke_ProgressJson_EveryLineIsAnObjectAndTheLastIsDone()
    {
        WriteProblem();
        using StringWriter text = new(CultureInfo.InvariantCulture);
        TextWriter console = Console.Out;
        Console.SetOut(text);
        try
        {
            Assert.Equal(ExitCodes.Ok, Invoke(["reconstruct", _folder, "--out", Path.Combine(_folder, "out"), "--progress", "json"]));
        }
        finally
        {
            Console.SetOut(console);
        }

        string[] kinds = [.. text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("kind").GetString()!)];
        Assert.Equal("done", kinds[^1]);
        Assert.All(kinds[..^1], k => Assert.Equal("progress", k));
        Assert.NotEmpty(kinds[..^1]);
    }

    [Theory]
    [InlineData("--method", "magic")]
    [InlineData("--method", "1")]
    [InlineData("--subsets", "1000")]
    [InlineData("--iterations", "0")]
    [InlineData("--filter", "-1")]
    [InlineData("--radius", "-5")]
    [InlineData("--direction", "left")]
    [InlineData("--collimator", "XYZ")]
    [InlineData("--attenuation", "nowhere")]
    [InlineData("--response", "maybe")]
    [InlineData("--scatter", "dual:9")]
    [InlineData("--scatter", "some")]
    [InlineData("--stop", "noise:25")]
    [InlineData("--stop", "change")]
    [InlineData("--stop", "region:1,2,3,5")]
    [InlineData("--voxel", "-2")]
    [InlineData("--voxel", "0.01")]
    [InlineData("--arc", "90")]
    [InlineData("--calibration", "90")]
    [InlineData("--weight", "70")]
    [InlineData("--uncertainty", "bootstrap:1")]
    [InlineData("--register", "apply")]
    [InlineData("--dead-time", "-1")]
    [InlineData("--threads", "-1")]
    [InlineData("--start", "nowhere")]
    public void Invoke_BadOption_IsBadInputWithOneLine(string option, string value)
    {
        WriteProblem();

        Exception e = Assert.ThrowsAny<Exception>(() => Invoke(["reconstruct", _folder, "--out", Path.Combine(_folder, "out"), "--progress", "off", option, value]));

        Assert.True(e is BadInputException or AcquireException { ExitCode: ExitCodes.BadInput }, e.ToString());
        Assert.DoesNotContain('\n', e.Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "out")));
    }

    private static int Invoke(string[] args)
    {
        RootCommand root = new();
        root.Subcommands.Add(new ReconstructVerb().Build());
        return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private void WriteProblem()
    {
        ProjectionSet set = Geometry.Circular(12, 24, 6, 6, 80);
        using SystemModel model = new(set, null, null);
        float[] p = model.Project(Geometry.Cylinder(set, 50, 1).Values);
        File.WriteAllBytes(Path.Combine(_folder, "projections.f32"), MemoryMarshal.AsBytes(p.AsSpan()).ToArray());
        File.WriteAllText(Path.Combine(_folder, "problem.json"), """
            { "files": { "projections.f32": { "shape": [12, 6, 24], "axes": ["view", "z", "t"] } },
              "bin_mm": [6, 6], "angle_step_deg": 30, "start_angle_deg": 0, "radius_mm": 80,
              "collimator": { "hole_diameter_mm": 1.11, "effective_length_mm": 23.3 }, "intrinsic_fwhm_mm": 3.8 }
            """);
    }
}
