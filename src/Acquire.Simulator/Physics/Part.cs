namespace Acquire.Simulator.Physics;

/// <summary>The solids parts are made of; each is convex, so a straight line meets it once.</summary>
internal enum Solid
{
    /// <summary>Ellipsoid of three semi-axes.</summary>
    Ellipsoid,
    /// <summary>Elliptic cylinder: cross-section by axes 1 and 2, half length by axis 3.</summary>
    Cylinder,
    /// <summary>Box of three half edges.</summary>
    Box,
}

/// <summary>A vector in patient coordinates, mm.</summary>
internal readonly record struct Vec(double X, double Y, double Z)
{
    public static Vec operator +(Vec a, Vec b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);
    public static Vec operator -(Vec a, Vec b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);
    public static Vec operator *(double k, Vec a) => new(k * a.X, k * a.Y, k * a.Z);
    public double Dot(Vec b) => (X * b.X) + (Y * b.Y) + (Z * b.Z);
    public Vec Cross(Vec b) => new((Y * b.Z) - (Z * b.Y), (Z * b.X) - (X * b.Z), (X * b.Y) - (Y * b.X));
    public double Length => Math.Sqrt(Dot(this));
    public Vec Unit => (1 / Length) * this;
}

/// <summary>Activity of one compartment in a part: the share of the compartment's activity that lies in one millilitre of it.</summary>
/// <param name="Compartment">Index of the compartment.</param>
/// <param name="PerMl">Share per millilitre, 1/ml.</param>
internal readonly record struct Emission(int Compartment, double PerMl);

/// <summary>One named, numbered piece of a phantom: where it is, what it is made of, what activity it takes up.</summary>
/// <remarks>Where parts overlap the later one in the phantom's list is what is there (as a painter would).</remarks>
internal sealed class Part
{
    private Part(string name, Solid solid, Vec centre, Vec axis1, Vec axis2, Vec axis3, Material material, Emission[] emissions)
    {
        Name = name;
        Solid = solid;
        Centre = centre;
        Axis1 = axis1;
        Axis2 = axis2;
        Axis3 = axis3;
        Material = material;
        Emissions = emissions;
    }

    /// <summary>Name, unique in its phantom: "facet L4 left".</summary>
    public string Name { get; }
    /// <summary>Kind of solid.</summary>
    public Solid Solid { get; }
    /// <summary>Centre, patient coordinates, mm.</summary>
    public Vec Centre { get; }
    /// <summary>First semi-axis, a vector of that length; the three are at right angles.</summary>
    public Vec Axis1 { get; }
    /// <inheritdoc cref="Axis1"/>
    public Vec Axis2 { get; }
    /// <inheritdoc cref="Axis1"/>
    public Vec Axis3 { get; }
    /// <summary>What it is made of.</summary>
    public Material Material { get; }
    /// <summary>What activity it holds.</summary>
    public Emission[] Emissions { get; }

    /// <summary>Volume, ml.</summary>
    public double VolumeMl => 1e-3 * Axis1.Length * Axis2.Length * Axis3.Length * Solid switch
    {
        Solid.Ellipsoid => 4.0 / 3.0 * Math.PI,
        Solid.Cylinder => 2 * Math.PI,
        _ => 8,
    };

    public static Part Ellipsoid(string name, Vec centre, double sx, double sy, double sz, Material material, params Emission[] emissions) =>
        new(name, Solid.Ellipsoid, centre, new(sx, 0, 0), new(0, sy, 0), new(0, 0, sz), material, emissions);

    /// <summary>An ellipsoid turned about z by an angle, degrees, from x towards y.</summary>
    public static Part TurnedEllipsoid(string name, Vec centre, double sx, double sy, double sz, double aboutZDeg, Material material, params Emission[] emissions)
    {
        (double sin, double cos) = Math.SinCos(aboutZDeg * Math.PI / 180);
        return new(name, Solid.Ellipsoid, centre, new(sx * cos, sx * sin, 0), new(-sy * sin, sy * cos, 0), new(0, 0, sz), material, emissions);
    }

    /// <summary>An upright elliptic cylinder.</summary>
    public static Part Cylinder(string name, Vec centre, double sx, double sy, double halfZ, Material material, params Emission[] emissions) =>
        new(name, Solid.Cylinder, centre, new(sx, 0, 0), new(0, sy, 0), new(0, 0, halfZ), material, emissions);

    /// <summary>A round rod from one point to another.</summary>
    public static Part Rod(string name, Vec from, Vec to, double radius, Material material, params Emission[] emissions)
    {
        Vec half = 0.5 * (to - from);
        Vec aside = Math.Abs(half.Unit.Z) < 0.9 ? new Vec(0, 0, 1) : new Vec(1, 0, 0);
        Vec a1 = half.Cross(aside).Unit;
        Vec a2 = half.Cross(a1).Unit;
        return new(name, Solid.Cylinder, 0.5 * (from + to), radius * a1, radius * a2, half, material, emissions);
    }

    /// <summary>An upright box of half edges.</summary>
    public static Part Box(string name, Vec centre, double hx, double hy, double hz, Material material, params Emission[] emissions) =>
        new(name, Solid.Box, centre, new(hx, 0, 0), new(0, hy, 0), new(0, 0, hz), material, emissions);

    /// <summary>The same part with other activity.</summary>
    public Part With(Emission[] emissions) => new(Name, Solid, Centre, Axis1, Axis2, Axis3, Material, emissions);

    /// <summary>Half extent along a unit direction, mm: the part lies within centre +- this.</summary>
    public double HalfExtent(Vec direction)
    {
        double a = Axis1.Dot(direction), b = Axis2.Dot(direction), c = Axis3.Dot(direction);
        return Solid switch
        {
            Solid.Ellipsoid => Math.Sqrt((a * a) + (b * b) + (c * c)),
            Solid.Cylinder => Math.Sqrt((a * a) + (b * b)) + Math.Abs(c),
            _ => Math.Abs(a) + Math.Abs(b) + Math.Abs(c),
        };
    }
}
