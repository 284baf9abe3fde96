using System.Globalization;
using Acquire.Protocols.Imaging;

namespace Acquire.Reconstruction;

/// <summary>How a series of frames is made into projections.</summary>
public sealed record ProjectionSetOptions
{
    /// <summary>Half-life of the nuclide, hours; Tc-99m by default (docs: physics-and-qc 1.1). 0 for no decay correction.</summary>
    public double HalfLifeHours { get; init; } = 6.0067;
    /// <summary>Factor on the scatter estimate, 1 for plain TEW; 0 leaves scatter out.</summary>
    public double ScatterFactor { get; init; } = 1;
    /// <summary>Smoothing of the scatter estimate, FWHM in mm (docs: physics-and-qc 2.3: 10 to 15 mm).</summary>
    public double ScatterSmoothingMm { get; init; } = 15;
    /// <summary>Photopeak window to use, from 1; 0 for the first with that role.</summary>
    public int Window { get; init; }
}

/// <summary>Puts the frames of a tomographic series in order for reconstruction.</summary>
public static class ProjectionSetBuilder
{
    /// <summary>Frames nearer than this in angle (degrees) count as the same view, when radius agrees too.</summary>
    public const double SameAngleDeg = 0.1;

    /// <summary>Frames nearer than this in radius (mm) may be added.</summary>
    public const double SameRadiusMm = 1;

    /// <summary>Makes a projection set.</summary>
    /// <remarks>
    /// Views of all detectors are merged in order of angle; views that were not taken are left out (the model knows the angles
    /// that are there); frames at the same angle and radius are added with their weights, others stand as views of their own.
    /// The angle of a view is the middle of its frame. The weight of a view is its live time times the mean of the decay over
    /// its time, against the first view. Frames are turned from the viewer's sense of <see cref="CountFrame"/> into the axes of
    /// <see cref="ProjectionSet"/>: columns and rows reversed. Scatter: <see cref="ScatterEstimate.TripleEnergyWindow"/> from the
    /// windows of the same view, smoothed.
    /// </remarks>
    /// <param name="tomo">Frames of a tomographic acquisition.</param>
    /// <param name="options">Choices; null for the defaults.</param>
    /// <exception cref="BadInputException">No photopeak frames, mixed matrices, or nothing counted.</exception>
    public static ProjectionSet FromCountSeries(CountSeries tomo, ProjectionSetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tomo);
        options ??= new ProjectionSetOptions();
        int window = options.Window > 0 ? options.Window : IndexOf(tomo, EnergyWindowRole.Photopeak);
        if (window < 1 || window > tomo.EnergyWindows.Count) throw ReconstructionInput.Bad("the series has no photopeak window.");
        List<CountFrame> peak = [.. tomo.Frames.Where(f => f.EnergyWindow == window && f.Live > TimeSpan.Zero).OrderBy(f => f.Start).ThenBy(f => f.FrameNumber)];
        if (peak.Count == 0) throw ReconstructionInput.Bad("the series has no photopeak frames with counting time.");
        CountFrame first = peak[0];
        if (peak.Any(f => f.Width != first.Width || f.Height != first.Height || Math.Abs(f.PixelMm - first.PixelMm) > 1e-6)) throw ReconstructionInput.Bad("frames differ in matrix or pixel size.");
        if (peak.Any(f => Math.Abs(f.TableLongitudinalMm - first.TableLongitudinalMm) > 1)) throw ReconstructionInput.Bad("the table moved during the acquisition; views at different table positions cannot be reconstructed together.");
        if (peak.Any(f => f.RadiusMm <= 0)) throw ReconstructionInput.Bad("a frame has no radius (Radial Position); give --radius MM.");

        int lower = IndexOf(tomo, EnergyWindowRole.ScatterLower), upper = IndexOf(tomo, EnergyWindowRole.ScatterUpper);
        double lambda = options.HalfLifeHours > 0 ? Math.Log(2) / (options.HalfLifeHours * 3600) : 0;
        List<Merged> views = [];
        foreach (CountFrame frame in peak)
        {
            double angle = Middle(frame), weight = Weight(frame, first.Start, lambda);
            Merged? view = views.Find(v => Apart(v.AngleDeg, angle) <= SameAngleDeg && Math.Abs(v.RadiusMm - frame.RadiusMm) <= SameRadiusMm);
            if (view is null) views.Add(view = new Merged(angle, frame.RadiusMm));
            view.Frames.Add(frame);
            view.Weight += weight;
        }
        views.Sort((a, b) => a.AngleDeg.CompareTo(b.AngleDeg));
        bool wantScatter = options.ScatterFactor > 0 && (lower > 0 || upper > 0);
        ILookup<(int Window, int Detector, int View, int Phase), CountFrame> beside = tomo.Frames.Where(f => f.EnergyWindow == lower || f.EnergyWindow == upper).ToLookup(f => (f.EnergyWindow, f.Detector, f.AngularView, f.Phase));

        int rows = first.Height, columns = first.Width, size = rows * columns;
        float[] counts = new float[views.Count * size];
        float[]? scatter = wantScatter ? new float[counts.Length] : null;
        double reference = Weight(first, first.Start, lambda);
        for (int v = 0; v < views.Count; v++)
        {
            Span<float> target = counts.AsSpan(v * size, size);
            foreach (CountFrame f in views[v].Frames)
            {
                Add(f, target, 1);
                if (scatter is null) continue;
                Span<float> estimate = scatter.AsSpan(v * size, size);
                foreach (int w in new[] { lower, upper })
                {
                    if (w < 1) continue;
                    // A view taken twice has two: the one counted at the same time belongs to this frame.
                    CountFrame? side = beside[(w, f.Detector, f.AngularView, f.Phase)].MinBy(s => Math.Abs((s.Start - f.Start).TotalSeconds));
                    if (side is null || side.Width != columns || side.Height != rows)
                        throw ReconstructionInput.Bad(string.Create(CultureInfo.InvariantCulture, $"view {f.AngularView} of detector {f.Detector} has no frame in the scatter window '{tomo.EnergyWindows[w - 1].Name}'."));
                    double factor = ScatterEstimate.TripleEnergyWindow(w == lower ? 1 : 0, tomo.EnergyWindows[w - 1].WidthKeV, w == upper ? 1 : 0, tomo.EnergyWindows[w - 1].WidthKeV, tomo.EnergyWindows[window - 1].WidthKeV);
                    Add(side, estimate, (float)(factor * options.ScatterFactor));
                }
            }
            if (scatter is not null) ScatterEstimate.Smooth(scatter.AsSpan(v * size, size), columns, rows, options.ScatterSmoothingMm / first.PixelMm);
        }
        return new ProjectionSet
        {
            Views = views.Count, Rows = rows, Columns = columns, BinMm = first.PixelMm, RowMm = first.PixelMm,
            AngleDeg = [.. views.Select(v => v.AngleDeg)], RadiusMm = [.. views.Select(v => v.RadiusMm)],
            Counts = counts, Scatter = scatter, ViewWeight = [.. views.Select(v => v.Weight / reference)],
            SecondsPerView = first.Live.TotalSeconds, CentreZMm = -first.TableLongitudinalMm,
        };
    }

    /// <summary>The same as a <see cref="ReconstructionInput"/>, with the response of the collimator the series names.</summary>
    /// <param name="tomo">Frames of a tomographic acquisition.</param>
    /// <param name="byHand">Radius and response given by the person.</param>
    /// <param name="options">Choices; null for the defaults.</param>
    public static ReconstructionInput ToInput(CountSeries tomo, GeometryByHand byHand, ProjectionSetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tomo);
        ArgumentNullException.ThrowIfNull(byHand);
        if (byHand.RadiusMm is { } radius) tomo = tomo with { Frames = [.. tomo.Frames.Select(f => f with { RadiusMm = radius })] };
        ProjectionSet set = FromCountSeries(tomo, options);
        int taken = tomo.Frames.Count, expected = tomo.ExpectedFrames;
        return new ReconstructionInput
        {
            Projections = set,
            Response = byHand.Response ?? DetectorResponse.FromName(tomo.Collimator),
            Description = string.Create(CultureInfo.InvariantCulture, $"{tomo.Title}: {set.Views} views of {set.Columns} x {set.Rows}, {taken}{(expected > taken ? $" of {expected}" : "")} frames"),
        };
    }

    private static int IndexOf(CountSeries tomo, EnergyWindowRole role)
    {
        for (int n = 0; n < tomo.EnergyWindows.Count; n++)
            if (tomo.EnergyWindows[n].Role == role) return n + 1;
        return 0;
    }

    private static double Middle(CountFrame f)
    {
        double sweep = Math.IEEERemainder(f.AngleEndDeg - f.AngleStartDeg, 360);
        double middle = (f.AngleStartDeg + (sweep / 2)) % 360;
        return middle < 0 ? middle + 360 : middle;
    }

    private static double Apart(double a, double b) => Math.Abs(Math.IEEERemainder(a - b, 360));

    /// <summary>Live seconds times the mean of exp(-lambda t) over the frame.</summary>
    private static double Weight(CountFrame f, DateTimeOffset start, double lambda)
    {
        double from = (f.Start - start).TotalSeconds, length = Math.Max(f.Elapsed.TotalSeconds, f.Live.TotalSeconds), x = lambda * length;
        double mean = x < 1e-9 ? 1 : (1 - Math.Exp(-x)) / x;
        return f.Live.TotalSeconds * Math.Exp(-lambda * from) * mean;
    }

    private static void Add(CountFrame f, Span<float> target, float factor)
    {
        int n = f.Counts.Length;
        for (int i = 0; i < n; i++) target[n - 1 - i] += factor * f.Counts[i];
    }

    private sealed class Merged(double angleDeg, double radiusMm)
    {
        public double AngleDeg { get; } = angleDeg;
        public double RadiusMm { get; } = radiusMm;
        public double Weight { get; set; }
        public List<CountFrame> Frames { get; } = [];
    }
}
