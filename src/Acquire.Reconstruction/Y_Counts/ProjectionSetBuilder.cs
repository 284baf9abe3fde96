using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Protocols.Nuclides;

namespace Acquire.Reconstruction;

/// <summary>How a series of frames is made into projections.</summary>
public sealed record ProjectionSetOptions
{
    /// <summary>Nuclide whose photopeak is reconstructed, e.g. "In-111"; "" to take the one whose line lies in the window (Tc-99m before others).</summary>
    public string Nuclide { get; init; } = "";
    /// <summary>Half-life of the nuclide, hours; null for that of the nuclide, 0 for no decay correction.</summary>
    public double? HalfLifeHours { get; init; }
    /// <summary>How scatter is estimated.</summary>
    public ScatterMethod Scatter { get; init; } = ScatterMethod.Windows;
    /// <summary>k of <see cref="ScatterMethod.DualWindow"/>.</summary>
    public double ScatterK { get; init; } = ScatterEstimate.DualWindowK;
    /// <summary>Factor on the scatter estimate, 1 as it is; 0 leaves scatter out.</summary>
    public double ScatterFactor { get; init; } = 1;
    /// <summary>Smoothing of the scatter estimate, FWHM in mm (docs: physics-and-qc 2.3: 10 to 15 mm).</summary>
    public double ScatterSmoothingMm { get; init; } = 15;
    /// <summary>Photopeak window to use, from 1; 0 for the first with that role.</summary>
    public int Window { get; init; }
    /// <summary>Dead time per event, microseconds, where frames carry no live time of their own; 0 for none.</summary>
    public double DeadTimeMicroseconds { get; init; }
    /// <summary>Full-spectrum rate over the rate in all windows taken together, for <see cref="DeadTimeMicroseconds"/>; about 2.5 for Tc-99m in a body with a 20 % photopeak and a lower window (EK, to be measured per camera).</summary>
    public double SpectrumFactor { get; init; } = 2.5;
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
    /// <see cref="ProjectionSet"/>: columns and rows reversed. Scatter: <see cref="ScatterEstimate"/> from the windows of the same view
    /// nearest the photopeak, smoothed. Frames that turned while they counted (continuous rotation) keep their arc.
    /// </remarks>
    /// <param name="tomo">Frames of a tomographic acquisition.</param>
    /// <param name="options">Choices; null for the defaults.</param>
    /// <exception cref="BadInputException">No photopeak frames, mixed matrices, or nothing counted.</exception>
    public static ProjectionSet FromCountSeries(CountSeries tomo, ProjectionSetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tomo);
        options ??= new ProjectionSetOptions();
        int window = PhotopeakWindow(tomo, options);
        List<CountFrame> peak = [.. tomo.Frames.Where(f => f.EnergyWindow == window && f.Live > TimeSpan.Zero).OrderBy(f => f.Start).ThenBy(f => f.FrameNumber)];
        if (peak.Count == 0) throw ReconstructionInput.Bad("the series has no photopeak frames with counting time.");
        CountFrame first = peak[0];
        if (peak.Any(f => f.Width != first.Width || f.Height != first.Height || Math.Abs(f.PixelMm - first.PixelMm) > 1e-6)) throw ReconstructionInput.Bad("frames differ in matrix or pixel size.");
        if (peak.Any(f => Math.Abs(f.TableLongitudinalMm - first.TableLongitudinalMm) > 1)) throw ReconstructionInput.Bad("the table moved during the acquisition; views at different table positions cannot be reconstructed together.");
        if (peak.Any(f => f.RadiusMm <= 0)) throw ReconstructionInput.Bad("a frame has no radius (Radial Position); give --radius MM.");

        EnergyWindow photopeak = tomo.EnergyWindows[window - 1];
        int lower = Beside(tomo, photopeak, EnergyWindowRole.ScatterLower), upper = Beside(tomo, photopeak, EnergyWindowRole.ScatterUpper);
        (double byLower, double byUpper) = ScatterEstimate.Factors(options.Scatter, lower > 0 ? tomo.EnergyWindows[lower - 1].WidthKeV : 0, upper > 0 ? tomo.EnergyWindows[upper - 1].WidthKeV : 0, photopeak.WidthKeV, options.ScatterK);
        if (byLower == 0) lower = 0;
        if (byUpper == 0) upper = 0;
        if (options.Scatter == ScatterMethod.DualWindow && lower == 0) throw ReconstructionInput.Bad("scatter by dual window needs a window below the photopeak, and the series has none.");
        double hours = options.HalfLifeHours ?? (NuclideOf(photopeak, options.Nuclide).Nuclide.HalfLifeSeconds / 3600);
        double lambda = hours > 0 ? Math.Log(2) / (hours * 3600) : 0;
        Func<CountFrame, double> live = Live(tomo, options);
        List<Merged> views = [];
        foreach (CountFrame frame in peak)
        {
            double angle = Middle(frame), weight = Weight(frame, first.Start, lambda, live);
            double arc = Math.Abs(Math.IEEERemainder(frame.AngleEndDeg - frame.AngleStartDeg, 360));
            Merged? view = views.Find(v => Apart(v.AngleDeg, angle) <= SameAngleDeg && Math.Abs(v.RadiusMm - frame.RadiusMm) <= SameRadiusMm && Math.Abs(v.ArcDeg - arc) <= 0.5);
            if (view is null) views.Add(view = new Merged(angle, frame.RadiusMm, arc));
            view.Frames.Add(frame);
            view.Weight += weight;
        }
        views.Sort((a, b) => a.AngleDeg.CompareTo(b.AngleDeg));
        bool wantScatter = options.ScatterFactor > 0 && (lower > 0 || upper > 0);
        ILookup<(int Window, int Detector, int View, int Phase), CountFrame> beside = tomo.Frames.Where(f => f.EnergyWindow == lower || f.EnergyWindow == upper).ToLookup(f => (f.EnergyWindow, f.Detector, f.AngularView, f.Phase));

        int rows = first.Height, columns = first.Width, size = rows * columns;
        float[] counts = new float[views.Count * size];
        float[]? scatter = wantScatter ? new float[counts.Length] : null;
        double reference = Weight(first, first.Start, lambda, live);
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
                    Add(side, estimate, (float)((w == lower ? byLower : byUpper) * options.ScatterFactor));
                }
            }
            if (scatter is not null) ScatterEstimate.Smooth(scatter.AsSpan(v * size, size), columns, rows, options.ScatterSmoothingMm / first.PixelMm);
        }
        return new ProjectionSet
        {
            Views = views.Count, Rows = rows, Columns = columns, BinMm = first.PixelMm, RowMm = first.PixelMm,
            AngleDeg = [.. views.Select(v => v.AngleDeg)], ArcDeg = views.Any(v => v.ArcDeg > SystemModel.LeastArcDeg) ? [.. views.Select(v => v.ArcDeg)] : null, RadiusMm = [.. views.Select(v => v.RadiusMm)],
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
        options ??= new ProjectionSetOptions();
        ProjectionSet set = FromCountSeries(tomo, options);
        (Radionuclide nuclide, double keV) = NuclideOf(tomo.EnergyWindows[PhotopeakWindow(tomo, options) - 1], options.Nuclide);
        int taken = tomo.Frames.Count, expected = tomo.ExpectedFrames;
        return new ReconstructionInput
        {
            Projections = set,
            Nuclide = nuclide.Name, PhotopeakKeV = keV,
            Response = byHand.ResponseAt(keV) ?? DetectorResponse.FromName(tomo.Collimator, keV),
            Description = string.Create(CultureInfo.InvariantCulture, $"{tomo.Title}: {set.Views} views of {set.Columns} x {set.Rows}, {taken}{(expected > taken ? $" of {expected}" : "")} frames"),
        };
    }

    /// <summary>The nuclide and the photon line that a window is set on.</summary>
    /// <param name="window">Photopeak window.</param>
    /// <param name="name">Nuclide named by a person or file; "" to search.</param>
    /// <returns>The nuclide and the energy of its line, keV. A window on no known line: Tc-99m's half-life, the window's middle.</returns>
    /// <exception cref="BadInputException">The nuclide is not known, or has no line in the window.</exception>
    public static (Radionuclide Nuclide, double KeV) NuclideOf(EnergyWindow window, string name)
    {
        ArgumentNullException.ThrowIfNull(window);
        ArgumentNullException.ThrowIfNull(name);
        double middle = (window.LowerLimitKeV + window.UpperLimitKeV) / 2;
        PhotonLine? Line(Radionuclide n) => n.Photopeaks.Where(l => l.EnergyKeV > window.LowerLimitKeV && l.EnergyKeV < window.UpperLimitKeV).MinBy(l => Math.Abs(l.EnergyKeV - middle));
        if (name.Length > 0)
        {
            Radionuclide named = Radionuclide.All.FirstOrDefault(n => n.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw ReconstructionInput.Bad($"the nuclide '{name}' is not known; known are {string.Join(", ", Radionuclide.All.Select(n => n.Name))}.");
            return Line(named) is { } of ? (named, of.EnergyKeV)
                : throw ReconstructionInput.Bad(FormattableString.Invariant($"the window {window.LowerLimitKeV:0.#} to {window.UpperLimitKeV:0.#} keV holds no line of {named.Name} that is imaged."));
        }
        foreach (Radionuclide nuclide in Radionuclide.All)
            if (Line(nuclide) is { } line && Math.Abs(line.EnergyKeV - middle) < 0.06 * middle) return (nuclide, line.EnergyKeV);
        return (Radionuclide.Tc99m, middle);
    }

    private static int PhotopeakWindow(CountSeries tomo, ProjectionSetOptions options)
    {
        if (options.Window > tomo.EnergyWindows.Count || options.Window < 0) throw ReconstructionInput.Bad($"there is no energy window {options.Window}; the series has {tomo.EnergyWindows.Count}.");
        if (options.Window > 0) return options.Window;
        for (int n = 0; n < tomo.EnergyWindows.Count; n++)
            if (tomo.EnergyWindows[n].Role == EnergyWindowRole.Photopeak && (options.Nuclide.Length == 0 || Radionuclide.Find(options.Nuclide) is not { } wanted
                || wanted.Photopeaks.Any(l => l.EnergyKeV > tomo.EnergyWindows[n].LowerLimitKeV && l.EnergyKeV < tomo.EnergyWindows[n].UpperLimitKeV))) return n + 1;
        throw ReconstructionInput.Bad(options.Nuclide.Length > 0 ? $"the series has no photopeak window on a line of {options.Nuclide}." : "the series has no photopeak window.");
    }

    /// <summary>The scatter window nearest the photopeak on its side; 0 when there is none. With several nuclides each photopeak has its own.</summary>
    private static int Beside(CountSeries tomo, EnergyWindow photopeak, EnergyWindowRole role)
    {
        int best = 0;
        double nearest = double.MaxValue;
        for (int n = 0; n < tomo.EnergyWindows.Count; n++)
        {
            EnergyWindow w = tomo.EnergyWindows[n];
            if (w.Role != role) continue;
            double gap = role == EnergyWindowRole.ScatterLower ? photopeak.LowerLimitKeV - w.UpperLimitKeV : w.LowerLimitKeV - photopeak.UpperLimitKeV;
            if (Math.Abs(gap) < nearest && Math.Abs(gap) < photopeak.UpperLimitKeV / 2) (best, nearest) = (n + 1, Math.Abs(gap));
        }
        return best;
    }

    /// <summary>Seconds a frame could count: its own live time, or, where the camera gives none (live = elapsed) and a dead time is given, elapsed times the live share at its rate.</summary>
    private static Func<CountFrame, double> Live(CountSeries tomo, ProjectionSetOptions options)
    {
        if (options.DeadTimeMicroseconds <= 0) return f => f.Live.TotalSeconds;
        Dictionary<(int, int, int, DateTimeOffset), double> counted = [];
        foreach (CountFrame f in tomo.Frames)
        {
            (int, int, int, DateTimeOffset) key = (f.Detector, f.AngularView, f.Phase, f.Start);
            counted[key] = counted.GetValueOrDefault(key) + f.Sum;
        }
        return f =>
        {
            double seconds = f.Elapsed.TotalSeconds;
            if (seconds <= 0 || f.Live.TotalSeconds < seconds * 0.99999) return f.Live.TotalSeconds;
            return seconds * DeadTime.LiveShare(options.SpectrumFactor * counted[(f.Detector, f.AngularView, f.Phase, f.Start)] / seconds, options.DeadTimeMicroseconds * 1e-6);
        };
    }

    private static double Middle(CountFrame f)
    {
        double sweep = Math.IEEERemainder(f.AngleEndDeg - f.AngleStartDeg, 360);
        double middle = (f.AngleStartDeg + (sweep / 2)) % 360;
        return middle < 0 ? middle + 360 : middle;
    }

    private static double Apart(double a, double b) => Math.Abs(Math.IEEERemainder(a - b, 360));

    /// <summary>Live seconds times the mean of exp(-lambda t) over the frame.</summary>
    private static double Weight(CountFrame f, DateTimeOffset start, double lambda, Func<CountFrame, double> live)
    {
        double from = (f.Start - start).TotalSeconds, length = Math.Max(f.Elapsed.TotalSeconds, f.Live.TotalSeconds), x = lambda * length;
        double mean = x < 1e-9 ? 1 : (1 - Math.Exp(-x)) / x;
        return live(f) * Math.Exp(-lambda * from) * mean;
    }

    private static void Add(CountFrame f, Span<float> target, float factor)
    {
        int n = f.Counts.Length;
        for (int i = 0; i < n; i++) target[n - 1 - i] += factor * f.Counts[i];
    }

    private sealed class Merged(double angleDeg, double radiusMm, double arcDeg)
    {
        public double ArcDeg { get; } = arcDeg;
        public double AngleDeg { get; } = angleDeg;
        public double RadiusMm { get; } = radiusMm;
        public double Weight { get; set; }
        public List<CountFrame> Frames { get; } = [];
    }
}
