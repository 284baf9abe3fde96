namespace Acquire.Simulator.Physics;

/// <summary>
/// A parametric adult trunk, 70 kg, supine, from the lower chest to the hips: L3 at z = -1000, the rotation axis at x = y = 0, a little
/// off-centre and unequal left and right on purpose.
/// </summary>
/// <remarks>
/// Uptake: docs: clinical 6.3. Bone parts take B W / (10.5 kg) per gram with W the region's weight; blood-borne activity lies by blood
/// content, the interstitial pools by weight (general soft tissue 1, fat 0.3, liver 1.7, lung 0.6 over an effective 40 kg, so that muscle
/// reads SUV 0.27 at 3 h). Within their published ranges the vertebral bodies are set high (W 3.0, SUV 5.4 per gram; 3-6 in the table, 5.9 +-1.5
/// for lumbar vertebrae in clinical 4.6) so that the counts come near the planner's figure (clinical 4.2); one gram of soft tissue is taken as one millilitre. Sizes are common anatomical values, [EK].
/// </remarks>
internal static class AdultTrunk
{
    private const double SkeletonG = 10_500, InterstitialMl = 40_000;

    private static readonly (string Name, double Z, double X, double Y, double HalfWidth, double HalfDepth, double HalfHeight)[] Levels =
    [
        ("T10", -838, 5, 55, 17, 15, 11.5), ("T11", -866, 5, 52, 18.5, 15.5, 12), ("T12", -896, 4, 48, 20, 16, 12.5), ("L1", -928, 3, 44, 21.5, 16.5, 13),
        ("L2", -963, 2, 40, 22.5, 17, 13.5), ("L3", -1000, 0, 38, 24, 17, 14), ("L4", -1037, -1, 40, 25, 17.5, 14), ("L5", -1073, 0, 46, 26, 17.5, 13),
    ];

    /// <summary>Volume step of the bladder: its image is recomputed when it has grown by this factor.</summary>
    private const double BladderStep = 1.3;

    /// <summary>The nearest volume the bladder is drawn with, ml.</summary>
    public static double BladderLevel(double millilitres) =>
        Math.Pow(BladderStep, Math.Round(Math.Log(Math.Max(10, millilitres)) / Math.Log(BladderStep)));

    /// <summary>Builds the trunk with a hot facet joint L4 left: bone uptake x 3, blood content x 1.4.</summary>
    public static Phantom FacetL4Left(double bladderMl) => Build(bladderMl, lesionBone: 3, lesionBlood: 1.4);

    private static Phantom Build(double bladderMl, double lesionBone, double lesionBlood)
    {
        var parts = new List<Part>();
        const double cx = 5, cy = 8;
        Part skin = Part.Cylinder("table", new(0, 92, -1000), 195, 55, 1000, Material.TableSkin);
        Part body = Part.Cylinder("subcutaneous fat", new(cx, cy, -1000), 170, 115, 340, Material.Adipose, Soft(0.015, 0.3));
        parts.Add(skin);
        parts.Add(Part.Cylinder("mattress", new(0, 90, -1000), 191.5, 51.5, 1000, Material.Foam));
        parts.Add(body);
        parts.Add(Part.Cylinder("soft tissue", new(cx, cy + 1, -1000), 156, 100, 340, Material.SoftTissue, Soft(0.03, 1)));

        // Organs.
        parts.Add(Part.Ellipsoid("lung right", new(-78, 5, -735), 62, 82, 128, Material.Lung, [new(MdpPatient.LungBlood, 1 / 4000.0), new(MdpPatient.Interstitial, 0.6 / InterstitialMl)]));
        parts.Add(Part.Ellipsoid("lung left", new(88, 8, -738), 56, 80, 136, Material.Lung, [new(MdpPatient.LungBlood, 1 / 4000.0), new(MdpPatient.Interstitial, 0.6 / InterstitialMl)]));
        Part right = Part.Ellipsoid("heart, right", new(2, -42, -762), 36, 38, 45, Material.Blood);
        Part left = Part.Ellipsoid("heart, left", new(48, -36, -766), 36, 36, 46, Material.Blood);
        parts.Add(right.With([new(MdpPatient.RightHeart, 1 / right.VolumeMl)]));
        parts.Add(left.With([new(MdpPatient.LeftHeart, 1 / left.VolumeMl)]));
        parts.Add(Part.TurnedEllipsoid("liver", new(-62, -8, -858), 84, 72, 74, -12, Material.SoftTissue, Soft(0.20, 1.7)));
        parts.Add(Part.TurnedEllipsoid("spleen", new(106, 42, -858), 20, 40, 54, 25, Material.SoftTissue, Soft(0.35, 1.2)));
        parts.Add(Part.Ellipsoid("bowel gas", new(58, -52, -978), 26, 20, 24, Material.Air));
        Part kidneyLeft = Part.TurnedEllipsoid("kidney left", new(64, 60, -930), 27, 24, 54, 30, Material.SoftTissue);
        Part kidneyRight = Part.TurnedEllipsoid("kidney right", new(-64, 62, -946), 26, 24, 52, -30, Material.SoftTissue);
        double kidneys = kidneyLeft.VolumeMl + kidneyRight.VolumeMl;
        parts.Add(kidneyLeft.With([new(MdpPatient.Kidneys, 1 / kidneys), new(MdpPatient.Interstitial, 1 / InterstitialMl)]));
        parts.Add(kidneyRight.With([new(MdpPatient.Kidneys, 1 / kidneys), new(MdpPatient.Interstitial, 1 / InterstitialMl)]));
        parts.Add(Part.Rod("vena cava", new(-16, 12, -1046), new(-16, 4, -800), 10.5, Material.Blood, new Emission(MdpPatient.TissueBlood, 1 / MdpPatient.TissueBloodMl)));
        Emission artery = new(MdpPatient.Arteries, 1 / MdpPatient.ArteriesMl);
        parts.Add(Part.Rod("aorta", new(8, 12, -1044), new(14, 24, -740), 9.5, Material.Blood, artery));
        parts.Add(Part.Rod("iliac artery left", new(8, 12, -1038), new(58, 4, -1140), 5.5, Material.Blood, artery));
        parts.Add(Part.Rod("iliac artery right", new(6, 12, -1038), new(-50, 4, -1140), 5.5, Material.Blood, artery));
        parts.Add(Part.Rod("femoral artery left", new(58, 4, -1138), new(88, -48, -1250), 4.5, Material.Blood, artery));
        parts.Add(Part.Rod("femoral artery right", new(-50, 4, -1138), new(-84, -48, -1250), 4.5, Material.Blood, artery));

        // Ribs 8 to 12: rods along the wall of the chest, running down to the front.
        Rib(parts, 8, -795, 150, -70, 150);
        Rib(parts, 9, -815, 150, -66, 140);
        Rib(parts, 10, -836, 150, -62, 120);
        Rib(parts, 11, -864, 146, -56, 88);
        Rib(parts, 12, -894, 140, -46, 58);

        // Spine.
        for (int i = 0; i < Levels.Length; i++)
        {
            (string name, double z, double x, double y, double w, double d, double h) = Levels[i];
            bool lumbar = name[0] == 'L';
            parts.Add(Part.Cylinder($"vertebral body {name}", new(x, y, z), w, d, h, Material.Spongiosa, Bone(Material.Spongiosa, 3.0)));
            parts.Add(Part.Cylinder($"endplate {name} upper", new(x, y, z + h - 1), w + 1, d + 1, 1.6, Material.MixedBone, Bone(Material.MixedBone, 2.8)));
            parts.Add(Part.Cylinder($"endplate {name} lower", new(x, y, z - h + 1), w + 1, d + 1, 1.6, Material.MixedBone, Bone(Material.MixedBone, 2.8)));
            foreach ((string side, int sign) in new[] { ("left", 1), ("right", -1) })
            {
                parts.Add(Part.Ellipsoid($"pedicle {name} {side}", new(x + (sign * 15), y + d + 6, z + 3), 4.5, 10, 7.5, Material.MixedBone, Bone(Material.MixedBone, 1.7)));
                parts.Add(Part.Ellipsoid($"transverse process {name} {side}", new(x + (sign * (lumbar ? 34 : 28)), y + d + 14, z + 2), lumbar ? 16 : 11, 3.5, 5, Material.MixedBone, Bone(Material.MixedBone, 1.2)));
                parts.Add(Part.TurnedEllipsoid($"lamina {name} {side}", new(x + (sign * 9), y + d + 26, z - 4), 10, 3.5, 9, sign * -25, Material.MixedBone, Bone(Material.MixedBone, 1.5)));
                // The joint with the level below lies at the lower edge; the left one of L4 is the lesion.
                bool lesion = name == "L4" && side == "left";
                double facet = lesion ? 8.5 : lumbar ? 7.5 : 5.5;
                parts.Add(Part.Ellipsoid($"facet {name} {side}", new(x + (sign * (lumbar ? 18.5 : 13)), y + d + 22, z - h - 2), facet - 1, facet, facet + 2, Material.MixedBone,
                    Bone(Material.MixedBone, lesion ? 1.7 * lesionBone : 1.7, lesion ? lesionBlood : 1)));
            }
            parts.Add(Part.Ellipsoid($"spinous process {name}", new(x + (i % 2), y + d + 42, z - 8), 3.5, 16, lumbar ? 10 : 7, Material.MixedBone, Bone(Material.MixedBone, 1.1)));
        }

        // Pelvis.
        parts.Add(Part.Ellipsoid("sacrum S1", new(0, 60, -1107), 47, 20, 18, Material.Spongiosa, Bone(Material.Spongiosa, 2.1)));
        parts.Add(Part.Ellipsoid("sacrum S2", new(0, 74, -1135), 44, 17, 18, Material.Spongiosa, Bone(Material.Spongiosa, 2.1)));
        parts.Add(Part.Ellipsoid("sacrum S3", new(0, 84, -1160), 35, 14, 16, Material.Spongiosa, Bone(Material.Spongiosa, 1.8)));
        parts.Add(Part.Ellipsoid("sacrum S4-5", new(1, 88, -1185), 22, 9, 17, Material.Spongiosa, Bone(Material.Spongiosa, 1.6)));
        foreach ((string side, int sign) in new[] { ("left", 1), ("right", -1) })
        {
            parts.Add(Part.TurnedEllipsoid($"iliac wing {side}", new(sign * 88, 30, -1128), 9, 62, 60, sign * -38, Material.MixedBone, Bone(Material.MixedBone, 1.7)));
            parts.Add(Part.TurnedEllipsoid($"iliac crest {side}", new(sign * 92, 34, -1078), 9, 52, 12, sign * -38, Material.MixedBone, Bone(Material.MixedBone, 2.2)));
            parts.Add(Part.TurnedEllipsoid($"sacroiliac joint {side}", new(sign * 48, 66, -1122), 4, 18, 27, sign * -28, Material.MixedBone, Bone(Material.MixedBone, side == "left" ? 2.3 : 2.2)));
            parts.Add(Part.Ellipsoid($"acetabulum {side}", new(sign * 88, 18, -1205), 26, 28, 26, Material.Spongiosa, Bone(Material.Spongiosa, 1.4)));
            parts.Add(Part.Ellipsoid($"femoral head {side}", new(sign * 92, 14, -1218), 23, 23, 23, Material.Spongiosa, Bone(Material.Spongiosa, 0.8)));
        }

        double r = Math.Cbrt(3 * bladderMl * 1000 / (4 * Math.PI));
        const double floor = -1268;
        Part bladder = Part.Ellipsoid("bladder", new(3, -28, floor + (0.95 * r)), 1.12 * r, 0.94 * r, 0.95 * r, Material.Water);
        parts.Add(bladder.With([new(MdpPatient.Bladder, 1 / bladder.VolumeMl)]));
        Part site = Part.Ellipsoid("injection site", new(-300, 20, -420), 8, 8, 12, Material.SoftTissue);
        parts.Add(site.With([new(MdpPatient.InjectionSite, 1 / site.VolumeMl)]));

        return new Phantom { Parts = parts, Compartments = MdpPatient.Names, Outline = [skin, body], BladderMl = bladderMl, BladderTopMm = floor + (1.9 * r) };
    }

    private static void Rib(List<Part> parts, int number, double z, double halfWidth, double drop, double lastDeg)
    {
        const int pieces = 7;
        foreach ((string side, int sign) in new[] { ("left", 1), ("right", -1) })
        {
            Vec from = At(10);
            for (int i = 1; i <= pieces; i++)
            {
                Vec to = At(10 + ((lastDeg - 10) * i / pieces));
                parts.Add(Part.Rod($"rib {number} {side}, piece {i}", from, to, 5.2, Material.MixedBone, Bone(Material.MixedBone, number == 9 && sign < 0 && i == 4 ? 0.8 : 0.6)));
                from = to;
            }

            // Angle from straight back along the ellipse of the wall.
            Vec At(double degrees)
            {
                (double sin, double cos) = Math.SinCos(degrees * Math.PI / 180);
                return new(5 + (sign * (12 + ((halfWidth - 12) * sin))), 4 + (88 * cos), z + (drop * degrees / 90));
            }
        }
    }

    private static Emission[] Soft(double bloodContent, double interstitial) =>
        [new(MdpPatient.TissueBlood, bloodContent / MdpPatient.TissueBloodMl), new(MdpPatient.Interstitial, interstitial / InterstitialMl)];

    /// <summary>Bone of a region's weight, its marrow with 6 % blood.</summary>
    private static Emission[] Bone(Material material, double weight, double blood = 1) =>
        [new(MdpPatient.Bone, weight * material.DensityGPerMl / SkeletonG), new(MdpPatient.TissueBlood, 0.06 * blood / MdpPatient.TissueBloodMl), new(MdpPatient.Interstitial, 0.3 / InterstitialMl)];
}
