using Acquire.Service.Report;

namespace Acquire.Service.Tests.Report;

public sealed class CountWindowTests
{
    private const int Size = 64;

    [Fact]
    public void Around_CountsInDifferentPlaces_HoldsThoseOfEveryFrame()
    {
        float[] left = Blob(10, 20), right = Blob(44, 38);
        CountWindow part = CountWindow.Around([(left, Size, Size), (right, Size, Size)]);
        Assert.Equal(1, part.Part);
        Assert.Equal(left.Sum(), part.Cut(left, Size).Sum());
        Assert.Equal(right.Sum(), part.Cut(right, Size).Sum());
        Assert.InRange(part.Column, 4, 10);
        Assert.InRange(part.Row, 14, 20);
        Assert.InRange(part.Column + part.Width, 48, 54);
        Assert.InRange(part.Row + part.Height, 42, 48);
    }

    [Fact]
    public void Around_HotSpotAtTheCorner_ReachesTheEdge()
    {
        float[] image = Blob(30, 30);
        image[^1] = 50;
        CountWindow part = CountWindow.Around([(image, Size, Size)]);
        Assert.Equal((Size, Size), (part.Column + part.Width, part.Row + part.Height));
        Assert.Equal(1, part.Part);
    }

    [Fact]
    public void Around_CornerPixelsThatFillNoCell_AreHeldToo()
    {
        const int odd = 189; // cells of 5 pixels; 4 pixels are left over
        float[] image = new float[odd * odd];
        for (int r = 90; r < 100; r++)
            for (int c = 90; c < 110; c++) image[(r * odd) + c] = 10;
        image[^1] = 200;
        Assert.Equal(1, CountWindow.Around([(image, odd, odd)]).Part);
    }

    [Fact]
    public void Around_FrameOfNothingButNoise_DoesNotWidenTheOthers()
    {
        float[] noise = new float[Size * Size];
        for (int i = 0; i < noise.Length; i += 17) noise[i] = 1;
        CountWindow alone = CountWindow.Around([(Blob(30, 30), Size, Size)]), both = CountWindow.Around([(noise, Size, Size), (Blob(30, 30), Size, Size)]);
        Assert.Equal((alone.Column, alone.Row, alone.Width, alone.Height), (both.Column, both.Row, both.Width, both.Height));
        Assert.True(both.Part < 0.99, "what is cut away is said");
        Assert.Contains("98.", new CountWindow(1, 1, 8, 8, 0.98999).Words(Size, Size, 9.6, 9.6), StringComparison.Ordinal);
    }

    [Fact]
    public void Around_NoCountsAtAll_IsTheWholeField()
    {
        CountWindow part = CountWindow.Around([(new float[Size * Size], Size, Size)]);
        Assert.Equal(new CountWindow(0, 0, Size, Size, 1), part);
        Assert.Contains("whole field", part.Words(Size, Size, 9.6, 9.6), StringComparison.Ordinal);
    }

    private static float[] Blob(int column, int row)
    {
        float[] image = new float[Size * Size];
        for (int r = row; r < row + 4; r++)
            for (int c = column; c < column + 4; c++) image[(r * Size) + c] = 100;
        return image;
    }
}
