using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Tests.Physics;

/// <summary>Resolution, sensitivity, windows, attenuation, scatter and dead time against closed forms and the tables of docs: physics-and-qc.</summary>
public sealed class CameraTests
{
    private static readonly Projector Camera = new(Collimator.Lehr);

    private static Exposure Look(double machineDeg = 0, double radius = 100, int matrix = 128, double pixel = 4.8, double lower = 126.45, double upper = 154.55, double table = 1000) =>
        new(1, machineDeg, machineDeg, radius, table, matrix, pixel, lower, upper, TimeSpan.Zero, TimeSpan.FromSeconds(1));

    private static Scene SceneOf(Phantom phantom, double mbq = 1)
    {
        var scene = new Scene(phantom, new SealedSource(), 1);
        scene.Inject(TimeSpan.Zero, mbq);
        return scene;
    }

    [Theory]
    [InlineData(50, 5.5)]
    [InlineData(100, 7.4)]
    [InlineData(150, 9.5)]
    [InlineData(200, 11.7)]
    [InlineData(250, 14.0)]
    public void PointInAir_AtADistance_HasTheTableWidthAndSensitivity(double distance, double fwhm)
    {
        Scene scene = SceneOf(TestPhantoms.Point(new Vec(0, 0, -1000)));
        Exposure look = Look(radius: distance, matrix: 256, pixel: 0.6);
        float[] image = scene.Expected(look);
        Assert.Equal(fwhm, Fwhm(image, 256, 0.6), 0.03 * fwhm);
        Assert.Equal(91, scene.CountRateCps(look), 0.01 * 91);
        Assert.Equal(91, image.Sum(), 0.01 * 91);
    }

    [Fact]
    public void Collimator_SiemensLehr_GivesTheGoldenValues()
    {
        Collimator c = Collimator.Lehr;
        Assert.Equal(23.31, c.EffectiveLengthMm, 0.01);
        Assert.Equal(1.171e-4, c.GeometricEfficiency, 0.01e-4);
        Assert.Equal(87, c.FormulaCpsPerMBq, 0.9);
        Assert.InRange(c.Calibration, 1.03, 1.06);
    }

    [Theory]
    [InlineData(126.45, 154.55, 0.983)]
    [InlineData(129.97, 151.05, 0.926)]
    [InlineData(0.1, 1000, 1)]
    [InlineData(140.511, 1000, 0.5)]
    public void Window_OfAGivenWidth_HoldsTheTableShareOfThePeak(double lower, double upper, double share) =>
        Assert.Equal(share, new EnergyResponse(lower, upper).PrimaryShare, 0.003);

    [Theory]
    [InlineData(100, 0.358, 0.287)]
    [InlineData(110, 0.333, 0.299)]
    [InlineData(150, 0.257, 0.335)]
    public void UniformCylinder_PrimaryAndScatter_AgreeWithClosedFormAndTable(double radius, double tablePrimary, double tableScatter)
    {
        Phantom phantom = TestPhantoms.UniformCylinder(radius);
        Projection p = Camera.Project(phantom, new ViewKey(37, radius + 15, 1000, 128, 4.8, 0));
        double primary = p.PrimarySum[0] / p.InAirSum[0];
        // Closed form: mean over parallel chords of (1 - exp(-mu L)) / mu against L.
        double mu = 0.01536, lit = 0, all = 0;
        for (int i = 0; i < 20_000; i++)
        {
            double x = radius * (i + 0.5) / 20_000, chord = 2 * Math.Sqrt((radius * radius) - (x * x));
            lit += (1 - Math.Exp(-mu * chord)) / mu;
            all += chord;
        }
        Assert.Equal(lit / all, primary, 0.003 * primary);
        // The table counts primaries inside the 20 % window against all in air.
        Assert.Equal(tablePrimary, 0.983 * primary, 0.005 * tablePrimary);
        Projection slice = LongCylinder(radius);
        Assert.Equal(tableScatter, Scattered(slice, 126.45, 154.55) / (0.983 * slice.PrimarySum[0]), 0.08 * tableScatter);
    }

    [Theory]
    [InlineData(50, 0.456, 0.318)]
    [InlineData(100, 0.212, 0.617)]
    [InlineData(150, 0.098, 0.908)]
    public void PointInSlab_AtADepth_HasTheTablesPrimaryAndScatter(double depth, double tablePrimary, double tableScatter)
    {
        Projection p = InWater(depth, Part.Box("slab", new(0, 0, -1000), 400, 150, 400, Material.Water, new Emission(0, 0)), 150 - depth);
        Assert.Equal(tablePrimary, 0.983 * p.PrimarySum[0], 0.006 * tablePrimary);
        Assert.Equal(Math.Exp(-0.01536 * depth), p.PrimarySum[0], 0.005 * p.PrimarySum[0]);
        Assert.Equal(tableScatter, Scattered(p, 126.45, 154.55) / (0.983 * p.PrimarySum[0]), 0.05 * tableScatter);
    }

    [Theory]
    [InlineData(50, 0.301, 1.11, 0.34)]
    [InlineData(110, 0.643, 1.00, 0.45)]
    [InlineData(160, 0.931, 0.95, 0.51)]
    public void PointInCylinder_AtADepth_HasTheTablesScatterRatios(double depth, double tableScatter, double tableTew, double tableDew)
    {
        Projection p = InWater(depth, Part.Cylinder("cylinder", new(0, 0, -1000), 110, 110, 400, Material.Water, new Emission(0, 0)), 110 - depth);
        double scatter = Scattered(p, 126.45, 154.55);
        Assert.Equal(tableScatter, scatter / (0.983 * p.PrimarySum[0]), 0.10 * tableScatter);
        Assert.Equal(tableTew, Tew(p) / scatter, 0.10 * tableTew);
        Assert.Equal(tableDew, scatter / Counted(p, 92, 125), 0.15 * tableDew);
    }

    [Theory]
    [InlineData(100, 1.05, 0.40)]
    [InlineData(110, 1.05, 0.39)]
    [InlineData(150, 1.05, 0.39)]
    public void UniformCylinder_ScatterWindows_GiveTheTablesEstimates(double radius, double tableTew, double tableDew)
    {
        Projection p = LongCylinder(radius);
        double scatter = Scattered(p, 126.45, 154.55);
        Assert.Equal(tableTew, Tew(p) / scatter, 0.10 * tableTew);
        Assert.Equal(tableDew, scatter / Counted(p, 92, 125), 0.15 * tableDew);
    }

    [Fact]
    public void DeadTime_RisingActivity_FollowsTheParalysableLaw()
    {
        Phantom phantom = TestPhantoms.UniformCylinder();
        Exposure look = Look(radius: 125);
        double unit = SceneOf(phantom).CountRateCps(look), trigger = SceneOf(phantom).TriggerRateCps(look);
        Assert.True(trigger > 1.5 * unit);
        foreach (double mbq in new[] { 1e3, 5e3, 2e4 })
        {
            // The mean over 1 s; decay within it is 3e-5.
            double seen = SceneOf(phantom, mbq).Expected(look).Sum(v => (double)v), lost = seen / (unit * mbq);
            double tau = -Math.Log(lost) / (trigger * mbq);
            Assert.Equal(0.7e-6, tau, 0.02 * 0.7e-6);
            Assert.Equal(lost, SceneOf(phantom, mbq).LiveFraction(look), 1e-3);
        }
        double twenty = 0.2231 / 0.7e-6 / trigger;
        Assert.Equal(0.8, SceneOf(phantom, twenty).Expected(look).Sum(v => (double)v) / (unit * twenty), 0.002);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(90)]
    [InlineData(180)]
    [InlineData(270)]
    [InlineData(23)]
    [InlineData(251.5)]
    public void OffAxisPoint_FromAnyAngle_LiesWhereTheHouseConventionSays(double machineDeg)
    {
        var place = new Vec(80, 35, -940);
        Scene scene = SceneOf(TestPhantoms.Point(place));
        float[] image = scene.Expected(Look(machineDeg, 200));
        double row = 0, column = 0, sum = 0;
        for (int r = 0; r < 128; r++)
        {
            for (int c = 0; c < 128; c++)
            {
                row += r * image[(r * 128) + c];
                column += c * image[(r * 128) + c];
                sum += image[(r * 128) + c];
            }
        }
        double phi = (180 - machineDeg) * Math.PI / 180;
        Assert.Equal(63.5 + (((place.X * -Math.Cos(phi)) + (place.Y * Math.Sin(phi))) / 4.8), column / sum, 0.05);
        Assert.Equal(63.5 - ((place.Z + 1000) / 4.8), row / sum, 0.05);
    }

    [Fact]
    public void OffAxisPoint_InPlainWords_LeftIsLeftFromBehindAndRightFromTheFront()
    {
        Scene scene = SceneOf(TestPhantoms.Point(new Vec(80, 35, -940)));
        (double Row, double Column) behind = Hottest(scene.Expected(Look(180, 200))), front = Hottest(scene.Expected(Look(0, 200)));
        (double Row, double Column) left = Hottest(scene.Expected(Look(90, 200)));
        Assert.True(behind.Column < 63 && front.Column > 64, "patient's left: left from behind, right from the front");
        Assert.True(behind.Row < 63, "the head end is up");
        Assert.True(left.Column > 64, "from the patient's left the back is on the viewer's right");
        Assert.True(Hottest(scene.Expected(Look(180, 200, table: 1020))).Row < behind.Row, "moving the table in shows more of the feet: the same place goes up");
    }

    [Fact]
    public void Field_OutsideTheUsefulField_StaysEmpty()
    {
        float[] image = SceneOf(TestPhantoms.UniformCylinder()).Expected(Look(radius: 125));
        // 388 mm are 80.8 rows: 40.4 either side of the middle.
        for (int r = 0; r < 128; r++)
        {
            double sum = 0;
            for (int c = 0; c < 128; c++) sum += image[(r * 128) + c];
            if (r is < 23 or > 104) Assert.Equal(0, sum);
            else Assert.True(sum > 0);
        }
    }

    [Fact]
    public void MovingHead_OverASmallArc_IsTheMeanOfTheArc()
    {
        Scene scene = SceneOf(TestPhantoms.Point(new Vec(60, 10, -1000)));
        float[] moving = scene.Expected(Look(10, 200) with { HeadAngleEndDeg = 16 });
        var still = new double[moving.Length];
        for (int i = 0; i < 24; i++)
        {
            float[] one = scene.Expected(Look(10 + (6 * (i + 0.5) / 24), 200));
            for (int k = 0; k < still.Length; k++) still[k] += one[k] / 24;
        }
        double peak = still.Max();
        for (int k = 0; k < still.Length; k++) Assert.Equal(still[k], moving[k], 0.01 * peak);
    }

    private static Projection InWater(double depth, Part water, double y)
    {
        Part ball = Part.Ellipsoid("ball", new(0, y, -1000), 2, 2, 2, Material.Water);
        var phantom = new Phantom { Parts = [water, ball.With([new(0, 1 / ball.VolumeMl)])], Compartments = ["ball"], Outline = [], LineSpacingMm = 0.8 };
        Projection p = Camera.Project(phantom, new ViewKey(0, y + depth + 15, 1000, 128, 4.8, 0));
        // The lines sample the ball: its share in air need not be exactly 1.
        p.PrimarySum[0] /= p.InAirSum[0];
        for (int q = 0; q < 3; q++) p.MomentSums[0][q] /= p.InAirSum[0];
        return p;
    }

    /// <summary>The middle ten rows of a cylinder longer than the field: what an endless field would count of an endless cylinder.</summary>
    private static Projection LongCylinder(double radius)
    {
        Part water = Part.Cylinder("cylinder", new(0, 0, -1000), radius, radius, 600, Material.Water);
        var phantom = new Phantom { Parts = [water.With([new(0, 1 / water.VolumeMl)])], Compartments = ["cylinder"], Outline = [] };
        Projection p = Camera.Project(phantom, new ViewKey(0, radius + 15, 1000, 128, 4.8, 0));
        p.PrimarySum[0] = 0;
        Array.Clear(p.MomentSums[0]);
        for (int row = 59; row < 69; row++)
        {
            int r = row - p.Row0;
            p.PrimarySum[0] += p.Primary[0].AsSpan(r * p.Columns, p.Columns).ToArray().Sum(v => (double)v);
            double y = p.CoarseRow0 + (r * p.CoarseStep);
            int y0 = (int)y;
            for (int q = 0; q < 3; q++)
            {
                for (int x = 0; x < p.CoarseColumns; x++)
                {
                    float[] m = p.Moments[0][q]!;
                    p.MomentSums[0][q] += p.CoarseStep * (((1 - (y - y0)) * m[(y0 * p.CoarseColumns) + x]) + ((y - y0) * m[((y0 + 1) * p.CoarseColumns) + x]));
                }
            }
        }
        return p;
    }

    private static double Scattered(Projection p, double lower, double upper)
    {
        (double c0, double c1, double c2) = new EnergyResponse(lower, upper).Scatter();
        return (c0 * p.MomentSums[0][0]) + (c1 * p.MomentSums[0][1]) + (c2 * p.MomentSums[0][2]);
    }

    private static double Counted(Projection p, double lower, double upper) =>
        (new EnergyResponse(lower, upper).PrimaryShare * p.PrimarySum[0]) + Scattered(p, lower, upper);

    /// <summary>Triple-window estimate from the lower 5 keV sub-window alone (docs: physics-and-qc 2.3).</summary>
    private static double Tew(Projection p) => Counted(p, 121.45, 126.45) / 5 * 28.1 / 2;

    private static (double Row, double Column) Hottest(float[] image)
    {
        int at = Array.IndexOf(image, image.Max());
        return (at / 128, at % 128);
    }

    private static double Fwhm(float[] image, int n, double pixel)
    {
        var line = new double[n];
        for (int i = 0; i < image.Length; i++) line[i % n] += image[i];
        double half = line.Max() / 2;
        int a = Array.FindIndex(line, v => v >= half), b = Array.FindLastIndex(line, v => v >= half);
        double left = a - ((line[a] - half) / (line[a] - line[a - 1])), right = b + ((line[b] - half) / (line[b] - line[b + 1]));
        return (right - left) * pixel;
    }
}
