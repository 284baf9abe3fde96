using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;

namespace Acquire.Service.Report;

/// <summary>Reconstructed volumes: three planes through the hottest bone, CT (or map), fused, and maximum projections.</summary>
internal static class SlicesSection
{
    private const double PixelMm = 1.5;
    private const double Widest = 380;
    private const double Highest = 620;
    // Bone window: cancellous and cortical bone spread over the gray scale, soft tissue dark but still seen.
    private const float BoneLevelHu = 300;
    private const float BoneWidthHu = 1000;

    /// <summary>Appends the section.</summary>
    public static void Append(HtmlPage page, IReadOnlyDictionary<string, Volume> volumes, Volume? ct, Volume? map)
    {
        if (volumes.Count == 0) return;
        page.Section("SPECT, reconstructed");
        string first = volumes.ContainsKey("AC") ? "AC" : volumes.Keys.Order(StringComparer.Ordinal).First();
        Volume main = volumes[first];
        (double x, double y, double z) = Pictures.HottestBone(main, ct, map);
        SliceBox body = SliceBox.Around(main, ct, map), whole = SliceBox.Whole(main), box = body.Holding((x, y, z));
        page.Paragraph(Judging.Say($"All planes go through the cross: {Math.Abs(x):0} mm {(x >= 0 ? "left" : "right")} and {Math.Abs(y):0} mm {(y >= 0 ? "behind" : "in front")} of the rotation axis, z = {z:0} mm, the hottest {(ct is not null ? "bone (CT above 150 HU)" : map is not null ? "bone (map above 0.0168 per mm)" : "place")} of {first}. This is where the number is largest, not a finding."));
        double upper = Pictures.Percentile(main.Values, 0.9985);
        page.Sub($"{first}: SPECT, {(ct is not null ? "CT" : map is not null ? "attenuation map" : "")}{(ct is not null || map is not null ? ", fused" : "")}");
        Planes(page, first, main, ct, map, box, (x, y, z), upper);
        foreach (string name in volumes.Keys.Where(n => n != first).Order(StringComparer.Ordinal))
        {
            page.Sub($"{name}: SPECT");
            Planes(page, name, volumes[name], null, null, box, (x, y, z), Pictures.Percentile(volumes[name].Values, 0.9985));
        }
        page.Paragraph(Judging.Say($"SPECT: {ColourMap.Inferno.Name} colours or inverted gray, full scale at the 99.85th percentile ({Judging.Number(upper)} {main.Unit} for {first}). {(ct is not null ? Judging.Say($"CT: bone window, level {BoneLevelHu:0} HU, width {BoneWidthHu:0} HU ({BoneLevelHu - (BoneWidthHu / 2):0} to {BoneLevelHu + (BoneWidthHu / 2):0} HU).") : map is not null ? "Map window 0 to 0.025 per mm." : "")} Pixel {PixelMm:0.#} mm, no smoothing added beyond interpolation. All cut to the same box around the body{(ct is not null ? " within the CT" : "")}, {box.X1 - box.X0:0} x {box.Y1 - box.Y0:0} x {box.Z1 - box.Z0:0} mm of {whole.X1 - whole.X0:0} x {whole.Y1 - whole.Y0:0} x {whole.Z1 - whole.Z0:0} mm (across, front to back, along)."), dim: true);
        page.Sub("Maximum projections");
        var active = SliceBox.Around(main, null, null);
        IReadOnlyList<(RasterImage Image, double AngleDeg)> mips = Pictures.MaximumProjections(main, box with { Z0 = Math.Min(box.Z0, active.Z0), Z1 = Math.Max(box.Z1, active.Z1) }, 12, 3);
        page.Raw("<div class=\"row\">");
        page.Raw(HtmlPage.Cine([.. mips.Select(m => m.Image)], $"Film of {mips.Count} maximum projections around the patient", "Turning; first from the front, then from the patient's left. The whole length that holds activity, also beyond the slices above.", 230, 4));
        page.Raw("<div class=\"row\" style=\"flex:1;min-width:300px;gap:6px\">");
        foreach ((RasterImage image, double angle) in mips.Where((_, n) => n % 2 == 0))
            page.Raw(HtmlPage.Figure(image, $"Maximum projection, {Orientation.ViewName(angle)}", Judging.Say($"{Orientation.ViewName(angle)} ({angle:0} degrees)"), 150, 0, (Orientation.LeftEdge(angle), Orientation.RightEdge(angle), "", "")));
        page.Raw("</div></div>");
    }

    private static void Planes(HtmlPage page, string name, Volume v, Volume? ct, Volume? map, SliceBox box, (double X, double Y, double Z) at, double upper)
    {
        Volume? anatomy = ct ?? map;
        double shown = Math.Min(Math.Min(Widest / Math.Max(box.X1 - box.X0, box.Y1 - box.Y0), Highest / (box.Z1 - box.Z0)) * PixelMm, 6);
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
            page.Raw(HtmlPage.Figure(gray, $"{name} SPECT, {word} slice", $"{name}, {word}: {side}", width * shown, 0, edges));
            if (anatomy is null) continue;
            (float[] a, _, _) = Pictures.Slice(anatomy, plane, at, box, PixelMm, ct is not null ? -1000 : 0);
            float[] window = Array.ConvertAll(a, x => ct is not null ? (x - BoneLevelHu + (BoneWidthHu / 2)) / BoneWidthHu : x / 0.025f);
            string what = ct is not null ? "CT" : "attenuation map";
            page.Raw(HtmlPage.Figure(Pictures.Planar(window, width, height, 1, ColourMap.Gray), $"{what}, {word} slice", $"{what}, {word}", width * shown, 0, edges));
            page.Raw(HtmlPage.Figure(Pictures.Fused(window, level, width, height, cross), $"{name} over {what}, {word} slice, cross at the hottest place", $"{name} on {what}, {word}", width * shown, 0, edges));
        }
        page.Raw("</div>");
    }
}
