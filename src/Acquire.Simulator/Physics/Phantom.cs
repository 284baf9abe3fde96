namespace Acquire.Simulator.Physics;

/// <summary>A set of parts with the compartments their activity belongs to.</summary>
internal sealed class Phantom
{
    /// <summary>What lies in front of the detectors, painted in this order.</summary>
    public required IReadOnlyList<Part> Parts { get; init; }
    /// <summary>Names of the compartments, in the order of their indices.</summary>
    public required IReadOnlyList<string> Compartments { get; init; }
    /// <summary>Parts the detectors must not touch (body, table); empty when there is nothing.</summary>
    public required IReadOnlyList<Part> Outline { get; init; }
    /// <summary>Largest distance between neighbouring lines of a projection, mm.</summary>
    public double LineSpacingMm { get; init; } = 2.5;
    /// <summary>Thickness of the depth layers that are blurred together, mm.</summary>
    public double LayerMm { get; init; } = 16;
    /// <summary>Volume of the bladder this phantom was built with, ml; 0 when it has none.</summary>
    public double BladderMl { get; init; }
    /// <summary>Head end of the bladder, patient z, mm: views that end above it do not depend on its volume.</summary>
    public double BladderTopMm { get; init; } = double.NegativeInfinity;

    /// <summary>Smallest safe distance of a flat detector from the axis, seen at a DICOM angle, mm: the outline plus 15 mm, at least 110.</summary>
    public double ContourRadiusMm(double dicomDeg)
    {
        (double sin, double cos) = Math.SinCos(dicomDeg * Math.PI / 180);
        var n = new Vec(sin, cos, 0);
        double reach = 95;
        foreach (Part p in Outline) reach = Math.Max(reach, p.Centre.Dot(n) + p.HalfExtent(n));
        return reach + 15;
    }
}
