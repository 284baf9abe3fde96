using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Quality.Checks;

/// <summary>Views missing, taken twice, frozen or out of order. docs/qc/sinogram-gaps.md.</summary>
public sealed class SinogramGapsCheck : IQualityCheck
{
    private const double FrozenBelow = 0.8;

    /// <inheritdoc/>
    public string Name => "sinogram-gaps";
    /// <inheritdoc/>
    public string Title => "Every view is there, once and live";
    /// <inheritdoc/>
    public string Unit => "frames";
    /// <inheritdoc/>
    public bool Applies(QualityInput input) => input.Views is not null;

    /// <inheritdoc/>
    public QualityResult Judge(QualityInput input, QualityLimit? limit)
    {
        TomoViews views = input.Views!;
        var findings = new List<string>();
        int faults = Missing(input.Tomo, findings);
        int gaps = Gaps(views, findings);
        faults += input.Tomo is null || faults == 0 ? gaps : 0;
        faults += Empty(views, findings);
        faults += Frozen(views, findings);
        if (input.Tomo is not null) faults += Order(views, findings);
        string words = faults == 0
            ? $"{views.Count} views, evenly spaced, none twice, neighbours differ as counts must."
            : string.Join(" ", findings.Select(f => char.ToUpperInvariant(f[0]) + f[1..] + "."));
        return Judging.Result(this, Judging.Of(faults, limit), faults, limit, words,
            "Fetch the missing frames from the gantry again if it still has them; otherwise repeat those views. Do not reconstruct over a gap without saying so.");
    }

    private static int Missing(CountSeries? tomo, List<string> findings)
    {
        int missing = tomo is null ? 0 : Math.Max(0, tomo.ExpectedFrames - tomo.Frames.Count);
        if (missing > 0) findings.Add($"{missing} of {tomo!.ExpectedFrames} frames are missing");
        return missing;
    }

    private static int Gaps(TomoViews views, List<string> findings)
    {
        if (views.Count < 8) return 0;
        double[] angles = [.. views.AngleDeg.Order()];
        double[] steps = new double[angles.Length];
        for (int i = 0; i < angles.Length; i++) steps[i] = i + 1 < angles.Length ? angles[i + 1] - angles[i] : angles[0] + 360 - angles[^1];
        double step = SmoothFit.Median(steps);
        if (step < 1e-6)
        {
            findings.Add("the views do not advance in angle");
            return views.Count;
        }
        // An arc of less than a full turn has one wide step by design: the widest is left out unless the views nearly fill the turn.
        int widest = Array.IndexOf(steps, steps.Max());
        bool partArc = steps[widest] > 60;
        int missing = 0, twice = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            if (i == widest && partArc) continue;
            if (steps[i] < step * 0.25) twice++;
            else if (steps[i] > step * 1.5)
            {
                int absent = Math.Max(1, (int)Math.Round(steps[i] / step) - 1);
                missing += absent;
                findings.Add(Judging.Say($"{absent} view{(absent == 1 ? "" : "s")} missing between {angles[i]:0.#} and {angles[(i + 1) % angles.Length]:0.#} degrees"));
            }
        }
        if (twice > 0) findings.Add($"{twice} angle{(twice == 1 ? " was" : "s were")} taken twice");
        return missing + twice;
    }

    private static int Empty(TomoViews views, List<string> findings)
    {
        double median = SmoothFit.Median(views.Counts);
        int[] empty = [.. Enumerable.Range(0, views.Count).Where(v => views.Counts[v] < 0.02 * median || views.Counts[v] <= 0)];
        if (empty.Length > 0) findings.Add($"{empty.Length} view{(empty.Length == 1 ? " is" : "s are")} empty (first: head {views.Head[empty[0]]}, view {views.Stop[empty[0]] + 1})");
        return empty.Length;
    }

    private static int Frozen(TomoViews views, List<string> findings)
    {
        int frozen = 0;
        for (int head = 1; head <= views.Heads; head++)
        {
            int last = -1;
            for (int v = 0; v < views.Count; v++)
            {
                if (views.Head[v] != head) continue;
                if (last >= 0 && views.Counts[v] > 0 && views.Counts[last] > 0)
                {
                    (double d, int pixels) = Dispersion(views.Images[last], views.Images[v]);
                    // Independent counts give 1 or more with standard deviation about sqrt(2/pixels).
                    if (pixels >= 20 && d < Math.Min(FrozenBelow, 1 - (6 * Math.Sqrt(2.0 / pixels))))
                    {
                        frozen++;
                        findings.Add(Judging.Say($"head {head}, {TomoViews.StopsInWords(views.Stop[v], views.Stop[v])} repeats the one before (index of dispersion {d:0.00}, independent counts give at least 1)"));
                    }
                }
                last = v;
            }
        }
        return frozen;
    }

    /// <summary>Mean of (a-b)^2/(a+b) over pixels with counts: exactly 1 for independent counts of one mean, less when one is a copy (docs: physics-and-qc 4.4).</summary>
    internal static (double D, int Pixels) Dispersion(float[] a, float[] b)
    {
        double sum = 0;
        int pixels = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double both = a[i] + b[i];
            if (both <= 0) continue;
            double difference = a[i] - b[i];
            sum += difference * difference / both;
            pixels++;
        }
        return (pixels == 0 ? 1 : sum / pixels, pixels);
    }

    private static int Order(TomoViews views, List<string> findings)
    {
        int wrong = 0;
        for (int head = 1; head <= views.Heads; head++)
        {
            int[] own = [.. Enumerable.Range(0, views.Count).Where(v => views.Head[v] == head)];
            if (own.Length < 3) continue;
            int turn = 0;
            for (int i = 1; i < own.Length; i++) turn += Math.Sign(Math.IEEERemainder(views.AngleDeg[own[i]] - views.AngleDeg[own[i - 1]], 360));
            for (int i = 1; i < own.Length; i++)
                if (Math.Sign(Math.IEEERemainder(views.AngleDeg[own[i]] - views.AngleDeg[own[i - 1]], 360)) == -Math.Sign(turn)) wrong++;
        }
        if (wrong > 0) findings.Add($"{wrong} time{(wrong == 1 ? "" : "s")} the angle goes back while time goes on");
        return wrong;
    }
}
