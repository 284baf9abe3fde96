namespace Acquire.Service.Quality;

/// <summary>Says displacements and what to do about them.</summary>
internal static class MotionWords
{
    /// <summary>Displacements below this are not told: a turning object looks different from view to view by that much (found on clean simulated studies).</summary>
    public const double LeastPx = 0.25;

    /// <summary>An axial displacement in words.</summary>
    public static string Axial(StepEvent e, TomoViews views)
    {
        string way = e.Size[0] > 0 ? "feet" : "head";
        return Judging.Say($"The patient moved {Math.Abs(e.Size[0]) * views.RowMm:0} mm ({Math.Abs(e.Size[0]):0.0} px, standard error {e.Sigma:0.00}) towards the {way} at view {e.FirstStop + 1}{Until(e, views)}.");
    }

    /// <summary>A transverse displacement in words.</summary>
    public static string Lateral(StepEvent e, TomoViews views)
    {
        double x = e.Size[0] * views.PixelMm, y = e.Size[1] * views.PixelMm;
        return Judging.Say($"The patient moved {Math.Sqrt((x * x) + (y * y)):0} mm ({e.Length:0.0} px, standard error {e.Sigma:0.00}; {Math.Abs(x):0} mm to the {(x > 0 ? "left" : "right")}, {Math.Abs(y):0} mm {(y > 0 ? "backwards" : "forwards")}) at view {e.FirstStop + 1}{Until(e, views)}.");
    }

    /// <summary>What to repeat: the shorter side of every displacement.</summary>
    public static string Action(IReadOnlyList<StepEvent> events, TomoViews views, double worthMentioning)
    {
        bool[] repeat = new bool[views.Stops];
        StepEvent[] worth = [.. events.Where(e => e.Length > worthMentioning)];
        foreach (StepEvent e in worth)
        {
            bool inside = e.EndStop - e.FirstStop <= views.Stops / 2;
            for (int s = 0; s < views.Stops; s++)
                if ((s >= e.FirstStop && s < e.EndStop) == inside) repeat[s] = true;
        }
        int stops = repeat.Count(r => r);
        if (stops == 0) return "";
        if (worth.Length > 2 || stops > views.Stops / 2) return "The patient moved several times: repeat the SPECT from the start with better support.";
        var runs = new List<string>();
        for (int s = 0; s < repeat.Length; s++)
        {
            if (!repeat[s]) continue;
            int end = s;
            while (end + 1 < repeat.Length && repeat[end + 1]) end++;
            runs.Add(TomoViews.StopsInWords(s, end));
            s = end;
        }
        double seconds = views.ElapsedSeconds[0] * stops * 1.15;
        string time = seconds > 0 ? Judging.Say($" (about {Math.Max(1, Math.Ceiling(seconds / 60)):0} min)") : "";
        return $"Repeat {string.Join(" and ", runs)}{time} after supporting the patient; if not possible, offer motion correction and keep the original.";
    }

    private static string Until(StepEvent e, TomoViews views) => e.EndStop >= views.Stops ? " and stayed there" : $" and was back at view {e.EndStop + 1}";
}
