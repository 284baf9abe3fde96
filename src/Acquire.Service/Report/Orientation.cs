namespace Acquire.Service.Report;

/// <summary>Which side of the patient lies at which edge of a detector image (see CountFrame's convention).</summary>
public static class Orientation
{
    /// <summary>Letters for the right edge of the image of a detector at this DICOM angle: L, R, A (front), P (back), or two for oblique views.</summary>
    public static string RightEdge(double dicomAngleDeg)
    {
        // The column direction is (-cos phi, +sin phi) in (x to the left, y to the back).
        double phi = dicomAngleDeg * Math.PI / 180, x = -Math.Cos(phi), y = Math.Sin(phi);
        string side = x > 0 ? "L" : "R", depth = y > 0 ? "P" : "A";
        return Math.Abs(y) < 0.3 ? side : Math.Abs(x) < 0.3 ? depth : Math.Abs(x) >= Math.Abs(y) ? side + depth : depth + side;
    }

    /// <summary>Letters for the left edge.</summary>
    public static string LeftEdge(double dicomAngleDeg) => RightEdge(dicomAngleDeg + 180);

    /// <summary>Name of a view: anterior, posterior, laterals, obliques; the side named is the one towards the detector.</summary>
    public static string ViewName(double dicomAngleDeg)
    {
        // The detector is at (sin phi, cos phi): at 0 behind the patient, at 90 on the left.
        double phi = dicomAngleDeg * Math.PI / 180, x = Math.Sin(phi), y = Math.Cos(phi);
        string side = x > 0 ? "left" : "right", depth = y > 0 ? "posterior" : "anterior";
        return Math.Abs(x) < 0.3 ? depth : Math.Abs(y) < 0.3 ? side + " lateral" : $"{side} {depth} oblique";
    }

    /// <summary>The sentence a caption needs.</summary>
    public static string Caption(double dicomAngleDeg)
    {
        string left = Words(LeftEdge(dicomAngleDeg));
        return $"{ViewName(dicomAngleDeg)}; head up; the patient's {left} is on the left of the picture";
    }

    private static string Words(string letters) => letters[0] switch { 'L' => "left", 'R' => "right", 'A' => "front", _ => "back" };
}
