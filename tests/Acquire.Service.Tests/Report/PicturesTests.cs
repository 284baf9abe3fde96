using Acquire.Protocols.Imaging;
using Acquire.Service.Report;

namespace Acquire.Service.Tests.Report;

public sealed class PicturesTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 5, 3)]
    [InlineData(128, 96, 1)]
    public void PngEncoder_AnyPicture_IsReadBackByAnIndependentReader(int width, int height, int channels)
    {
        var image = new RasterImage(width, height, channels);
        var random = new Random(4);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(i % 3 == 0 ? random.Next(256) : i / 2);
        PngReader read = PngReader.Read(PngEncoder.Encode(image));
        Assert.Equal((width, height, channels), (read.Width, read.Height, read.Channels));
        Assert.Equal(image.Pixels, read.Pixels);
    }

    [Fact]
    public void ColourMaps_LightnessIncreasesSteadily_AlsoForRedGreenBlindEyes()
    {
        double last = -1;
        double lastBlind = -1;
        for (int i = 0; i <= 255; i++)
        {
            (byte r, byte g, byte b) = ColourMap.Inferno.At(i / 255.0);
            double l = Lightness(Linear(r), Linear(g), Linear(b));
            // Deuteranopia, Machado, Oliveira, Fernandes 2009, severity 1.
            double lr = Linear(r), lg = Linear(g), lb = Linear(b);
            double blind = Lightness((0.367 * lr) + (0.861 * lg) - (0.228 * lb), (0.280 * lr) + (0.673 * lg) + (0.047 * lb), (-0.012 * lr) + (0.043 * lg) + (0.969 * lb));
            Assert.True(l >= last - 0.05, $"lightness falls at {i}");
            Assert.True(blind >= lastBlind - 0.25, $"deuteranopia: lightness falls at {i}: {blind:0.00} after {lastBlind:0.00}");
            (last, lastBlind) = (l, blind);
        }
        Assert.True(last > 90);
        Assert.Equal(((byte)0, (byte)0, (byte)4), ColourMap.Inferno.At(double.NaN));
        Assert.Equal(((byte)255, (byte)255, (byte)255), ColourMap.Gray.At(7));
    }

    [Theory]
    [InlineData(180, "R", "L", "anterior")]
    [InlineData(0, "L", "R", "posterior")]
    [InlineData(90, "A", "P", "left lateral")]
    [InlineData(270, "P", "A", "right lateral")]
    [InlineData(45, "LA", "RP", "left posterior oblique")]
    public void Orientation_DetectorAngle_GivesSidesAndName(double angle, string left, string right, string name)
    {
        Assert.Equal(name, Orientation.ViewName(angle));
        Assert.Equal(left.Order(), Orientation.LeftEdge(angle).Order());
        Assert.Equal(right.Order(), Orientation.RightEdge(angle).Order());
    }

    /// <summary>One hot voxel at the patient's left, front, head side must come out on the right, on top, and on the left in the three planes.</summary>
    [Fact]
    public void Slice_HotVoxelLeftFrontHead_LiesWhereTheClinicLooksForIt()
    {
        Volume v = Volume.Centred(40, 40, 40, 5, "counts");
        int i = 30, j = 8, k = 33; // +x left, -y front, +z head
        v.Values[v.Index(i, j, k)] = 100;
        (double X, double Y, double Z) at = (v.X0Mm + (i * 5), v.Y0Mm + (j * 5), v.Z0Mm + (k * 5));
        var box = new SliceBox(-100, 100, -100, 100, -100, 100);
        foreach ((SlicePlane plane, bool right, bool top) in ((SlicePlane, bool, bool)[])[(SlicePlane.Axial, true, true), (SlicePlane.Coronal, true, true), (SlicePlane.Sagittal, false, true)])
        {
            (float[] values, int width, int height) = Pictures.Slice(v, plane, at, box, 2, 0);
            int hot = Array.IndexOf(values, values.Max());
            Assert.Equal(right, hot % width > width / 2);
            Assert.Equal(top, hot / width < height / 2);
            (int column, int row) = Pictures.PixelOf(plane, at, box, 2);
            Assert.InRange(hot % width, column - 1, column + 1);
            Assert.InRange(hot / width, row - 1, row + 1);
        }
    }

    [Fact]
    public void SliceBox_CtShorterThanSpect_IsTheBodyWithinTheCt()
    {
        Volume spect = Volume.Centred(60, 60, 60, 10, "counts"), air = Volume.Centred(50, 50, 30, 10, "HU");
        Volume ct = air with { Values = [.. air.Values.Select((_, n) => Inside(air, n) ? 40f : -1000f)] };
        SliceBox box = SliceBox.Around(spect, ct, null);
        Assert.Equal(new SliceBox(-100 - 7, 100 + 7, -50 - 7, 50 + 7, -157, 157), box);
        Assert.Equal(box, box.Holding((0, 0, 0)));
        Assert.Equal(212, box.Holding((0, 0, 200)).Z1);
        Assert.Equal(SliceBox.Whole(spect), SliceBox.Around(spect, air with { Values = Array.ConvertAll(air.Values, _ => -1000f) }, null));
    }

    private static bool Inside(Volume v, int n) => Math.Abs(v.X0Mm + (n % v.Nx * v.DxMm)) < 100 && Math.Abs(v.Y0Mm + (n / v.Nx % v.Ny * v.DyMm)) < 50;

    [Fact]
    public void MaximumProjections_HotVoxelOnTheLeft_MovesAsTheDetectorConventionSays()
    {
        Volume v = Volume.Centred(40, 40, 40, 5, "counts");
        v.Values[v.Index(32, 20, 30)] = 100; // patient left, head side
        IReadOnlyList<(RasterImage Image, double AngleDeg)> mips = Pictures.MaximumProjections(v, new SliceBox(-100, 100, -100, 100, -100, 100), 4, 5);
        Assert.Equal([180.0, 90, 0, 270], mips.Select(m => m.AngleDeg));
        Assert.True(Column(mips[0].Image) > 25, "from the front the patient's left is on the right");
        Assert.InRange(Column(mips[1].Image), 17, 23);
        Assert.True(Column(mips[2].Image) < 15, "from the back the patient's left is on the left");
    }

    [Fact]
    public void HottestBone_KidneyHotterThanBone_TakesTheBone()
    {
        Volume spect = Volume.Centred(30, 30, 30, 5, "counts"), ct = Volume.Centred(30, 30, 30, 5, "HU");
        foreach ((int i, int j, int k, float s, float hu) in ((int, int, int, float, float)[])[(8, 12, 15, 100, 40), (15, 22, 15, 60, 500)])
            for (int c = -2; c <= 2; c++)
                for (int b = -2; b <= 2; b++)
                    for (int a = -2; a <= 2; a++)
                    {
                        spect.Values[spect.Index(i + a, j + b, k + c)] = s;
                        ct.Values[ct.Index(i + a, j + b, k + c)] = hu;
                    }
        (double x, double y, _) = Pictures.HottestBone(spect, ct);
        Assert.InRange(x, spect.X0Mm + 70, spect.X0Mm + 80);
        Assert.InRange(y, spect.Y0Mm + 105, spect.Y0Mm + 115);
        Volume map = ct with { Unit = "1/mm", Values = Array.ConvertAll(ct.Values, hu => hu > 100 ? 0.020f : 0.015f) };
        Assert.InRange(Pictures.HottestBone(spect, null, map).XMm, spect.X0Mm + 70, spect.X0Mm + 80);
        Assert.InRange(Pictures.HottestBone(spect, null).XMm, spect.X0Mm + 35, spect.X0Mm + 45);
    }

    private static int Column(RasterImage inverted) => Array.IndexOf(inverted.Pixels, inverted.Pixels.Min()) % inverted.Width;

    private static double Linear(byte v) => v <= 10 ? v / 255.0 / 12.92 : Math.Pow(((v / 255.0) + 0.055) / 1.055, 2.4);

    private static double Lightness(double r, double g, double b)
    {
        double y = Math.Max(0, (0.2126 * r) + (0.7152 * g) + (0.0722 * b));
        return y > 0.008856 ? (116 * Math.Cbrt(y)) - 16 : 903.3 * y;
    }
}
