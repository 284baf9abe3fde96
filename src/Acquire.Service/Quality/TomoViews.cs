using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality;

/// <summary>The photopeak views of one tomographic acquisition in one shape, whether they came as frames or as a ProjectionSet.</summary>
/// <remarks>Images are as a viewer at the detector sees them (see <see cref="CountFrame"/>): row 0 at the head, columns along -t.</remarks>
internal sealed class TomoViews
{
    /// <summary>Number of views.</summary>
    public required int Count { get; init; }
    /// <summary>Rows per view.</summary>
    public required int Rows { get; init; }
    /// <summary>Columns per view.</summary>
    public required int Columns { get; init; }
    /// <summary>Column pitch, mm.</summary>
    public required double PixelMm { get; init; }
    /// <summary>Row pitch, mm.</summary>
    public required double RowMm { get; init; }
    /// <summary>Detector of each view, from 1.</summary>
    public required int[] Head { get; init; }
    /// <summary>Gantry stop of each view in order of time, from 0; simultaneous views of several heads share it.</summary>
    public required int[] Stop { get; init; }
    /// <summary>Stops in all.</summary>
    public required int Stops { get; init; }
    /// <summary>DICOM angle at the middle of each view, degrees in 0..360.</summary>
    public required double[] AngleDeg { get; init; }
    /// <summary>Start of each view after the first, seconds; all zero when unknown.</summary>
    public required double[] StartSeconds { get; init; }
    /// <summary>Elapsed seconds of each view; 0 when unknown.</summary>
    public required double[] ElapsedSeconds { get; init; }
    /// <summary>Counts per view.</summary>
    public required double[] Counts { get; init; }
    /// <summary>Counts per live second at the time of the first view (or counts by view weight when times are unknown).</summary>
    public required double[] Rate { get; init; }
    /// <summary>Pixels per view.</summary>
    public required float[][] Images { get; init; }
    /// <summary>True when heads and times are known (frames), false when only projections were given.</summary>
    public required bool HasTimes { get; init; }
    /// <summary>Number of heads.</summary>
    public int Heads => Head.Length == 0 ? 0 : Head.Max();

    /// <summary>Takes the frames when there are any, else the projections; null when there is neither.</summary>
    public static TomoViews? From(QualityInput input) =>
        input.Tomo is { Frames.Count: > 0 } tomo ? FromFrames(tomo, Photopeak(tomo), input.HalfLifeSeconds)
        : input.Projections is { Views: > 0 } p ? FromProjections(p)
        : null;

    /// <summary>Number of the photopeak window of a series (the first when no role says so), from 1.</summary>
    public static int Photopeak(CountSeries series)
    {
        for (int i = 0; i < series.EnergyWindows.Count; i++)
            if (series.EnergyWindows[i].Role == EnergyWindowRole.Photopeak) return i + 1;
        return 1;
    }

    private static TomoViews? FromFrames(CountSeries tomo, int window, double halfLife)
    {
        CountFrame[] frames = [.. tomo.Frames.Where(f => f.EnergyWindow == window).OrderBy(f => f.Start).ThenBy(f => f.Detector)];
        if (frames.Length == 0) return null;
        int n = frames.Length, rows = frames[0].Height, columns = frames[0].Width;
        double lambda = Math.Log(2) / halfLife;
        double[] start = new double[n], rate = new double[n];
        int[] stop = new int[n];
        int next = 0;
        for (int i = 0; i < n; i++)
        {
            CountFrame f = frames[i];
            start[i] = (f.Start - frames[0].Start).TotalSeconds;
            // Views of two heads belong to one stop when they overlap by more than half.
            bool same = i > 0 && frames[i - 1].Detector != f.Detector && start[i] < start[i - 1] + (frames[i - 1].Elapsed.TotalSeconds / 2) && !SameStopTaken(frames, stop, i, next);
            if (i > 0 && !same) next++;
            stop[i] = next;
            double t = f.Elapsed.TotalSeconds, live = f.Live.TotalSeconds > 0 ? f.Live.TotalSeconds : t;
            double decay = Math.Exp(lambda * start[i]) * (t > 0 ? lambda * t / (1 - Math.Exp(-lambda * t)) : 1);
            rate[i] = f.Sum / Math.Max(1e-9, live) * decay;
        }
        return new TomoViews
        {
            Count = n, Rows = rows, Columns = columns, PixelMm = frames[0].PixelMm, RowMm = frames[0].PixelMm,
            Head = [.. frames.Select(f => f.Detector)], Stop = stop, Stops = next + 1,
            AngleDeg = [.. frames.Select(f => MiddleDeg(f.AngleStartDeg, f.AngleEndDeg))],
            StartSeconds = start, ElapsedSeconds = [.. frames.Select(f => f.Elapsed.TotalSeconds)],
            Counts = [.. frames.Select(f => (double)f.Sum)], Rate = rate,
            Images = [.. frames.Select(f => Array.ConvertAll(f.Counts, c => (float)c))], HasTimes = true,
        };
    }

    private static bool SameStopTaken(CountFrame[] frames, int[] stop, int i, int current)
    {
        for (int j = i - 1; j >= 0 && stop[j] == current; j--)
            if (frames[j].Detector == frames[i].Detector) return true;
        return false;
    }

    private static double MiddleDeg(double a, double b)
    {
        double turn = Math.IEEERemainder(b - a, 360);
        double m = (a + (turn / 2)) % 360;
        return m < 0 ? m + 360 : m;
    }

    private static TomoViews FromProjections(ProjectionSet p)
    {
        int size = p.Rows * p.Columns;
        float[][] images = new float[p.Views][];
        double[] counts = new double[p.Views], rate = new double[p.Views];
        for (int v = 0; v < p.Views; v++)
        {
            float[] image = new float[size];
            for (int z = 0; z < p.Rows; z++)
                for (int t = 0; t < p.Columns; t++)
                {
                    float c = p.Counts[(((v * p.Rows) + z) * p.Columns) + t];
                    image[((p.Rows - 1 - z) * p.Columns) + (p.Columns - 1 - t)] = c;
                    counts[v] += c;
                }
            images[v] = image;
            rate[v] = counts[v] / (p.ViewWeight?[v] ?? 1);
        }
        return new TomoViews
        {
            Count = p.Views, Rows = p.Rows, Columns = p.Columns, PixelMm = p.BinMm, RowMm = p.RowMm,
            Head = [.. Enumerable.Repeat(1, p.Views)], Stop = [.. Enumerable.Range(0, p.Views)], Stops = p.Views,
            AngleDeg = [.. p.AngleDeg.Select(a => MiddleDeg(a, a))],
            StartSeconds = new double[p.Views], ElapsedSeconds = [.. Enumerable.Repeat(p.SecondsPerView, p.Views)],
            Counts = counts, Rate = rate, Images = images, HasTimes = false,
        };
    }

    /// <summary>
    /// Rows that can tell an axial movement: those with counts, less a margin at each end. The end of the detector's field is a sharp
    /// edge in the image that stays where it is when the patient moves; it must not take part.
    /// </summary>
    /// <param name="margin">Rows left out at each end.</param>
    public (int First, int End) AxialRange(int margin)
    {
        double[] mean = new double[Rows];
        for (int v = 0; v < Count; v++)
        {
            double[] sums = RowSums(v);
            for (int r = 0; r < Rows; r++) mean[r] += sums[r];
        }
        double level = 0.1 * mean.Order().ElementAt(Rows * 9 / 10);
        int first = Array.FindIndex(mean, m => m > level), last = Array.FindLastIndex(mean, m => m > level);
        return (first + margin, last + 1 - margin);
    }

    /// <summary>Sum over columns: counts per row of one view.</summary>
    public double[] RowSums(int view)
    {
        double[] sums = new double[Rows];
        float[] image = Images[view];
        for (int r = 0; r < Rows; r++)
            for (int c = 0; c < Columns; c++) sums[r] += image[(r * Columns) + c];
        return sums;
    }

    /// <summary>Sum over rows: counts per column of one view.</summary>
    public double[] ColumnSums(int view)
    {
        double[] sums = new double[Columns];
        float[] image = Images[view];
        for (int r = 0; r < Rows; r++)
            for (int c = 0; c < Columns; c++) sums[c] += image[(r * Columns) + c];
        return sums;
    }

    /// <summary>Name of some views for people: gantry stops from 1.</summary>
    public static string StopsInWords(int first, int last) => first == last ? $"view {first + 1}" : $"views {first + 1} to {last + 1}";
}
