using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>Reconstructed volumes: three planes through the hottest bone, CT (or map), fused, and maximum projections.</summary>
internal static class SlicesSection
{
    private const double PixelMm = 2;
    private const double Shown = 1.8;

    /// <summary>Appends the section.</summary>
    public static void Append(HtmlPage page, IReadOnlyDictionary<string, Volume> volumes, Volume? ct, Volume? map)
    {
        if (volumes.Count == 0) return;
        page.Section("SPECT, reconstructed");
        string first = volumes.ContainsKey("AC") ? "AC" : volumes.Keys.Order(StringComparer.Ordinal).First();
        Volume main = volumes[first];
        var box = SliceBox.Around(main, ct, map);
        (double x, double y, double z) = Pictures.HottestBone(main, ct, map);
        page.Paragraph(Judging.Say($"All planes go through the cross: {Math.Abs(x):0} mm {(x >= 0 ? "left" : "right")} and {Math.Abs(y):0} mm {(y >= 0 ? "behind" : "in front")} of the rotation axis, z = {z:0} mm, the hottest {(ct is not null ? "bone (CT above 150 HU)" : map is not null ? "bone (map above 0.0168 per mm)" : "place")} of {first}. This is where the number is largest, not a finding."));
        double upper = Pictures.Percentile(main.Values, 0.9985);
        page.Sub($"{first}: SPECT, {(ct is not null ? "CT" : map is not null ? "attenuation map" : "")}{(ct is not null || map is not null ? ", fused" : "")}");
        Planes(page, first, main, ct, map, box, (x, y, z), upper);
        foreach (string name in volumes.Keys.Where(n => n != first).Order(StringComparer.Ordinal))
        {
            page.Sub($"{name}: SPECT");
            Planes(page, name, volumes[name], null, null, box, (x, y, z), Pictures.Percentile(volumes[name].Values, 0.9985));
        }
        page.Paragraph(Judging.Say($"SPECT: {ColourMap.Inferno.Name} colours or inverted gray, full scale at the 99.85th percentile ({Judging.Number(upper)} {main.Unit} for {first}). {(ct is not null ? "CT window -450 to 1050 HU." : map is not null ? "Map window 0 to 0.025 per mm." : "")} Pixel {PixelMm:0} mm, no smoothing added beyond interpolation."), dim: true);
        page.Sub("Maximum projections");
        IReadOnlyList<(RasterImage Image, double AngleDeg)> mips = Pictures.MaximumProjections(main, box, 12, 3);
        page.Raw("<div class=\"row\">");
        page.Raw(HtmlPage.Cine([.. mips.Select(m => m.Image)], $"Film of {mips.Count} maximum projections around the patient", "Turning; first from the front, then from the patient's left.", 230, 4));
        page.Raw("<div class=\"row\" style=\"flex:1;min-width:300px;gap:6px\">");
        foreach ((RasterImage image, double angle) in mips.Where((_, n) => n % 2 == 0))
            page.Raw(HtmlPage.Figure(image, $"Maximum projection, {Orientation.ViewName(angle)}", Judging.Say($"{Orientation.ViewName(angle)} ({angle:0} degrees)"), 132, 0, (Orientation.LeftEdge(angle), Orientation.RightEdge(angle), "", "")));
        page.Raw("</div></div>");
    }

    private static void Planes(HtmlPage page, string name, Volume v, Volume? ct, Volume? map, SliceBox box, (double X, double Y, double Z) at, double upper)
    {
        Volume? anatomy = ct ?? map;
        page.Raw(anatomy is null ? "<div class=\"row\">" : "<div class=\"slices\">");
        foreach (SlicePlane plane in Enum.GetValues<SlicePlane>())
        {
            (string L, string R, string T, string B) edges = plane switch
            {
                SlicePlane.Axial => ("R", "L", "A", "P"), SlicePlane.Coronal => ("R", "L", "H", "F"), _ => ("A", "P", "H", "F"),
            };
            string side = plane == SlicePlane.Sagittal ? "the patient's front is on the left of the picture" : "the patient's right is on the left of the picture";
            string word = plane.ToString().ToLowerInvariant();
            (float[] s, int width, int height) = Pictures.Slice(v, plane, at, box, PixelMm, 0);
            (int Column, int Row) cross = Pictures.PixelOf(plane, at, box, PixelMm);
            float[] level = Array.ConvertAll(s, x => (float)(upper > 0 ? x / upper : 0));
            RasterImage gray = Pictures.Planar(level, width, height, 1);
            page.Raw(HtmlPage.Figure(gray, $"{name} SPECT, {word} slice", $"{name}, {word}: {side}", width * Shown, 0, edges));
            if (anatomy is null) continue;
            (float[] a, _, _) = Pictures.Slice(anatomy, plane, at, box, PixelMm, ct is not null ? -1000 : 0);
            float[] window = Array.ConvertAll(a, x => ct is not null ? (x + 450) / 1500f : x / 0.025f);
            string what = ct is not null ? "CT" : "attenuation map";
            page.Raw(HtmlPage.Figure(Pictures.Planar(window, width, height, 1, ColourMap.Gray), $"{what}, {word} slice", $"{what}, {word}", width * Shown, 0, edges));
            page.Raw(HtmlPage.Figure(Pictures.Fused(window, level, width, height, cross), $"{name} over {what}, {word} slice, cross at the hottest place", $"{name} on {what}, {word}", width * Shown, 0, edges));
        }
        page.Raw("</div>");
    }
}
