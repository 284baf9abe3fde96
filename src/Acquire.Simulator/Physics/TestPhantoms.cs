namespace Acquire.Simulator.Physics;

/// <summary>Phantoms whose images have closed forms.</summary>
internal static class TestPhantoms
{
    /// <summary>A round cylinder of water along the axis with activity evenly in it, 220 x 400 mm.</summary>
    public static Phantom UniformCylinder(double radiusMm = 110)
    {
        Part water = Part.Cylinder("cylinder", new(0, 0, -1000), radiusMm, radiusMm, 200, Material.Water);
        Part filled = water.With([new(0, 1 / water.VolumeMl)]);
        return new Phantom { Parts = [filled], Compartments = ["cylinder"], Outline = [filled] };
    }

    /// <summary>A 2 mm ball of activity in air.</summary>
    public static Phantom Point(Vec place)
    {
        Part ball = Part.Ellipsoid("point", place, 1, 1, 1, Material.Air);
        return new Phantom { Parts = [ball.With([new(0, 1 / ball.VolumeMl)])], Compartments = ["point"], Outline = [], LineSpacingMm = 0.151, LayerMm = 8 };
    }
}
