using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Protocols.Imaging;
using FsCheck;
using FsCheck.Fluent;

namespace Acquire.Protocols.Tests.Clinical;

public sealed class ProtocolReaderTests
{
    [Fact]
    public void Read_Facet_HoldsTheValuesOfTheFile()
    {
        AcquisitionProtocol p = FacetProtocol.Protocol;
        Assert.Equal(["flow", "pool", "delayed", "spect", "ct"], p.Phases.Select(x => x.Id));
        Assert.Equal(700, p.Tracer.PrescribedMBq);
        Assert.Equal("LEHR", p.Collimator);
        EnergyWindow peak = p.EnergyWindows[0];
        Assert.Equal(EnergyWindowRole.Photopeak, peak.Role);
        Assert.Equal(126.45, peak.LowerLimitKeV, 9);
        Assert.Equal(154.55, peak.UpperLimitKeV, 9);
        Assert.Equal((116.6, 126.45, EnergyWindowRole.ScatterLower), (p.EnergyWindows[1].LowerLimitKeV, p.EnergyWindows[1].UpperLimitKeV, p.EnergyWindows[1].Role));
        FlowAcquisition flow = Assert.IsType<FlowAcquisition>(Assert.Single(p.Phases[0].Acquisitions));
        Assert.Equal((TimeSpan.FromSeconds(8), 60, TimeSpan.FromSeconds(1), 128), (flow.PreRoll, flow.Frames, flow.FrameTime, flow.Matrix));
        Assert.Equal([0, 45, -45], p.Phases[2].Acquisitions.Cast<StaticAcquisition>().Select(a => a.RotationDeg));
        TomoAcquisition tomo = Assert.IsType<TomoAcquisition>(Assert.Single(p.Phases[3].Acquisitions));
        Assert.Equal((120, 360.0, TimeSpan.FromSeconds(15), 128, true, false), (tomo.ViewsTotal, tomo.ArcDeg, tomo.StopTime, tomo.Matrix, tomo.BodyContour, tomo.Continuous));
        CtAcquisition ct = Assert.IsType<CtAcquisition>(Assert.Single(p.Phases[4].Acquisitions));
        Assert.Equal(40, ct.MA * ct.RotationTime.TotalSeconds / ct.Pitch, 9);
        Assert.Equal((TimeSpan.FromMinutes(120), TimeSpan.FromMinutes(180), TimeSpan.FromMinutes(300)), (p.Phases[2].Opens, p.Phases[2].Target, p.Phases[2].Closes));
        Assert.Equal(new ReconstructionSettings(4, 8, true, "TEW", true, 7), p.Reconstruction);
        Prompt gate = Assert.Single(p.Prompts, x => x.GateFor is not null);
        Assert.Equal(("void", "delayed", TimeSpan.FromMinutes(30)), (gate.Id, gate.GateFor, gate.ValidFor));
        Assert.Equal(50000, p.QualityLimits.Single(l => l.Check == "counts-per-view").Warn);
        Assert.Equal(19, p.QualityLimits.Count);
    }

    /// <summary>One wrong file of each kind: text to find in data/whole.yaml, what replaces it, the text the problem must point at, and both halves of the message.</summary>
    public static TheoryData<string, string, string, string, string> Mutations() => new()
    {
        // keys
        { "        frames: 60 ", "        fram: 60 ", "fram: 60", "unknown key 'fram'", "did you mean 'frames'?" },
        { "        frame-time: 1 s", "        frame_time: 1 s", "frame_time", "unknown key 'frame_time'", "did you mean 'frame-time'?" },
        { "body-part: LSPINE", "colour: LSPINE", "colour", "unknown key 'colour'", "a protocol has the keys part, extends, include, id, title" },
        { "  iterations: 4", "  iterations: 4\n  iterations: 5", "iterations: 5", "'iterations' is given twice", "it already stands on line" },
        { "  nuclide: Tc-99m    ", "  # none             ", "radiopharmaceutical: 99mTc", "'nuclide' is missing", "a tracer needs it" },
        { "        views: 120    ", "        # views       ", "id: spect\n        kind", "'views' is missing", "an acquisition needs it" },
        { "collimator: LEHR ", "collimator:\n", "\n ", "'collimator' has no value", "write 'collimator: LEHR'" },
        // units and forms
        { "stop-time: 15 s ", "stop-time: 15   ", "15   ", "'stop-time' is \"15\"", "expected a time such as \"15 s\"" },
        { "stop-time: 15 s ", "stop-time: 15 mm ", "15 mm", "'stop-time' is \"15 mm\"", "expected a time such as \"15 s\"" },
        { "stop-time: 15 s ", "stop-time: soon ", "soon", "'stop-time' is \"soon\"", "expected a time" },
        { "prescribed: 700 MBq", "prescribed: 700 mbq", "700 mbq", "'prescribed' is \"700 mbq\"", "mind capitals in the unit: expected an activity such as \"700 MBq\"" },
        { "prescribed: 700 MBq", "prescribed: 19 mCi", "19 mCi", "'prescribed' is \"19 mCi\"", "units: MBq, GBq, kBq" },
        { "centre: 140.5 keV", "centre: \"140,5 keV\"", "\"140,5 keV\"", "'centre' is \"140,5 keV\"", "write the decimals with a point" },
        { "width: 20 %}", "width: 20 keV}", "20 keV", "'width' is \"20 keV\"", "expected a percentage such as \"20 %\"" },
        { "        frames: 60 ", "        frames: 60.5 ", "60.5", "'frames' is \"60.5\"", "expected a whole number such as 60" },
        { "slice: 3.0 mm ", "slice: 3.0 s ", "3.0 s", "'slice' is \"3.0 s\"", "expected a length such as \"1.0 mm\"" },
        { "  attenuation-correction: yes", "  attenuation-correction: maybe", "maybe", "'attenuation-correction' is \"maybe\"", "write yes or no" },
        { "up-to: 60 mL/min", "up-to: 60 ml", "60 ml", "'up-to' is \"60 ml\"", "expected a glomerular filtration rate" },
        { "warn: 50 kcounts", "warn: 50 %", "50 %", "'warn' is \"50 %\"", "expected a number of counts" },
        // words
        { "nuclide: Tc-99m    ", "nuclide: Tc99m     ", "Tc99m    ", "unknown nuclide 'Tc99m'", "did you mean 'Tc-99m'?" },
        { "collimator: LEHR ", "collimator: LEHRR ", "LEHRR", "unknown collimator 'LEHRR'", "did you mean 'LEHR'?" },
        { "collimator: LEHR ", "collimator: MEGP ", "MEGP", "collimator MEGP does not fit Tc-99m", "use one of LEHR" },
        { "        orbit: body-contour", "        orbit: elliptic", "elliptic", "unknown orbit 'elliptic'", "use one of body-contour, circular" },
        { "kind: tomo", "kind: tomos", "tomos", "unknown kind 'tomos'", "did you mean 'tomo'?" },
        { "check: truncation", "check: truncatoin", "truncatoin", "unknown check 'truncatoin'", "did you mean 'truncation'?" },
        { "id: bone/facet", "id: Bone Facet", "Bone Facet", "not of the form group/name", "such as bone/facet" },
        { "      - id: delayed-posterior", "      - id: Delayed Posterior", "Delayed Posterior", "cannot be an id", "use lower-case letters" },
        // values
        { "        time: 300 s                  # EANM16: 3", "        time: 0 s                  # EANM16: 3", "0 s    ", "'time' must be longer than zero", "give a time such as" },
        { "stop-time: 15 s ", "stop-time: -15 s ", "-15 s", "'stop-time' must be longer than zero", "give a time" },
        { "matrix: 128                  # 4 to 5", "matrix: 100                  # 4 to 5", "100 ", "a matrix of 100 is not possible here", "use 64, 128, 256" },
        { "matrix: 256                  # EANM16: 128", "matrix: 300                  # EANM16: 128", "300 ", "a matrix of 300 is not possible here", "512, 1024" },
        { "views: 120 ", "views: 119 ", "119", "119 views cannot be shared by two heads", "such as 120" },
        { "views: 120 ", "views: 118 ", "118", "118 views do not divide the arc of 360 deg", "use for example 120, a step of 3 deg" },
        { "views: 120 ", "views: 722 ", "722", "722 views are not possible", "use 2 to 720" },
        { "arc: 360 deg", "arc: 400 deg", "400 deg", "an arc of 400 deg is not possible", "use 180 to 360 deg" },
        { "  subsets: 8 ", "  subsets: 7 ", "7 ", "7 subsets do not divide the 120 views of 'spect'", "use one of 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30" },
        { "  subsets: 8 ", "  subsets: 60 ", "60 ", "60 subsets leave 2 views of 'spect' in each", "leave at least 4" },
        { "lower: 116.6 keV, upper: 126.45 keV", "lower: 126.45 keV, upper: 116.6 keV", "126.45 keV, upper", "the lower limit of 126.45 keV is not below the upper limit of 116.6 keV", "swap them" },
        { "upper: 126.45 keV", "upper: 130 keV", "116.6 keV", "'Tc99m scatter' and 'Tc99m' overlap from 126.45 to 130.0 keV", "a count would be in both" },
        { "centre: 140.5 keV", "centre: 170 keV", "170 keV", "holds no photopeak of Tc-99m", "Tc-99m has 140.5 keV" },
        { "role: scatter-lower, lower: 116.6 keV, upper: 126.45 keV", "role: scatter-upper, lower: 116.6 keV, upper: 126.45 keV", "116.6 keV", "'Tc99m scatter' is not above the photopeak", "starts at or above 154.55 keV" },
        { "name: Tc99m scatter,", "name: Technetium scatter window,", "Technetium scatter", "does not fit DICOM", "at most 16" },
        { "prescribed: 700 MBq", "prescribed: 1.2 GBq", "1.2 GBq", "the prescribed activity of 1200 MBq is outside the range", "prescribe 300 to 1110 MBq" },
        { "minimum: 300 MBq", "minimum: 1200 MBq", "1110 MBq", "the maximum of 1110 MBq is not above the minimum of 1200 MBq", "give a maximum above" },
        { "reason-deviation: 20 %", "reason-deviation: 120 %", "120 %", "'reason-deviation' is 120 %", "between 0 and 100" },
        { "warn-deviation: 10 %", "warn-deviation: 30 %", "30 %", "comes after the reason asked for", "warn first" },
        { "pre-roll: 8 s", "pre-roll: 8.5 s", "8.5 s", "the pre-roll of 8.5 s is not a whole number of frames of 1 s", "use a multiple of 1 s" },
        { "voltage: 110 kV", "voltage: 11 kV", "11 kV", "'voltage' is 11 kV", "use 70 to 150 kV" },
        { "  post-filter: 7 mm", "  post-filter: 70 mm", "70 mm", "'post-filter' is 70 mm", "use 0 to 30 mm" },
        { "  iterations: 4 ", "  iterations: 0 ", "0 ", "0 iterations are not possible", "use 1 to 200" },
        { "rotation: 45 deg ", "rotation: 450 deg ", "450 deg", "'rotation' is 450 deg", "use -180 to 360 deg" },
        { "warn: 50 kcounts, fail: 25 kcounts", "warn: 25 kcounts, fail: 50 kcounts", "25 kcounts, fail", "'counts-per-view' would fail before it warns", "less is worse here" },
        { "warn: 3 %, fail: 5 %", "warn: 30 %, fail: 5 %", "30 %", "'head-balance' would fail before it warns", "more is worse here" },
        { "warn: 3 %, fail: 5 %", "warn: 3 %, fail: 500 %", "500 %", "'fail' is 500 %", "between 0 and 100" },
        // windows in time and order
        { "    opens: 120 min                   # EANM16", "    opens: 200 min                   # EANM16", "180 min                  # site", "the target of 180 min lies before the opening at 200 min", "order them" },
        { "    closes: 300 min", "    closes: 3 min", "3 min", "the closing at 3 min is not after the target of 180 min", "order them" },
        { "    opens: 60 s ", "    opens: -10 s ", "-10 s", "phase 'pool' opens 10 s before the injection", "only a flow with a pre-roll" },
        { "    opens: -8 s ", "    opens: -30 s ", "-30 s", "phase 'flow' opens 30 s before the injection", "a flow may open by its pre-roll, at -8 s" },
        { "    closes: 10 min", "    closes: 5 min", "5 min", "phase 'pool' takes 5 min and cannot end by 5 min when started at its target of 90 s", "close at 6.5 min or later" },
        { "    target: 200 min  ", "    target: 190 min  ", "190 min", "phase 'spect' wants to start at 190 min while 'delayed' runs until 195 min", "set the target to 195 min or later" },
        { "{up-to: 45 mL/min, target: 240 min}", "{up-to: 45 mL/min, target: 200 min}", "45 mL/min, target: 200", "a clearance of 45 mL/min gets an earlier target than 60 mL/min", "slower clearance waits longer" },
        { "{up-to: 60 mL/min, target: 210 min}", "{up-to: 60 mL/min, target: 100 min}", "100 min", "earlier than the usual 180 min", "at or after the phase's target" },
        // between parts
        { "    gate-for: delayed", "    gate-for: delaid", "delaid", "there is no phase 'delaid' to be a gate for", "did you mean 'delayed'?" },
        { "    moves-with: delayed", "    moves-with: dinner", "dinner", "there is no phase 'dinner' to move with", "the phases are flow, pool, delayed, spect, ct" },
        { "    at: 170 min", "    at: 190 min", "190 min", "prompt 'void' comes at 190 min, after the target of 'delayed' at 180 min", "before its phase" },
        { "    valid-for: 30 min", "    valid-for: 5 min", "5 min", "an answer at 170 min is out of date before 'delayed' starts at 180 min", "let it count for longer" },
        { "    kind: void", "    kind: hydration", "delayed\n    valid", "drinking is advice and cannot be a gate", "remove 'gate-for'" },
        { "    at: 15 min", "    at: -15 min", "-15 min", "prompt 'drink-first' is due before the injection", "a question under 'preparation'" },
        { "  - id: drink-second", "  - id: drink-first", "drink-first\n    kind: hydration\n    at: 75", "timeline id 'drink-first' is there twice", "give each its own" },
        { "      - id: delayed-oblique-left", "      - id: delayed-oblique-right", "delayed-oblique-right\n        kind: static\n        title: Delayed, left", "acquisition 'delayed-oblique-right' is there twice", "it already stands on line" },
        { "  - id: implants", "  - id: pregnancy", "pregnancy\n    question: Implants", "question 'pregnancy' is there twice", "give each its own" },
        { "check: ledger,", "check: bladder,", "bladder, warn: 0 series", "limit for 'bladder' is there twice", "give each its own" },
        { "  scatter-correction: TEW", "  scatter-correction: DEW", "DEW", "unknown scatter-correction 'DEW'", "did you mean 'TEW'?" },
        { "role: scatter-lower, lower: 116.6 keV, upper: 126.45 keV", "role: scatter-upper, lower: 154.55 keV, upper: 158.8 keV", "TEW\n", "TEW needs a scatter window below the photopeak", "role: scatter-lower" },
        { "  - SUVmax and SUVmean per facet, with", "  - kept: SUVmax and SUVmean per facet, with", "kept: SUVmax", "an entry of 'quantities' is a group of keys", "quote a text that has a colon" },
        { "  - Keep the detectors close;", "  - Say which facet is positive for pain.\n  - Keep the detectors close;", "Say which", "\"positive for\" is a diagnosis", "say what to look at" },
        // YAML itself
        { "tracer:\n", "tracer: &t\n", "&t", "the anchor '&t' is not used in protocol files", "write the value without it" },
        { "quantities:\n", "quantities: everything\nmore:\n", "everything", "'quantities' must be a list, not \"everything\"", "start every entry with '- '" },
        { "preparation:  ", "preparation: none\nask:  ", "none\n", "'preparation' must be a list", "start every entry" },
        { "  iterations: 4", "\titerations: 4", "\titer", "this is not YAML", "spaces, never tabs" },
    };

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Read_WrongFile_NamesThePlaceAndWhatWouldBeRight(string find, string replace, string at, string what, string right)
    {
        int start = FacetProtocol.Text.IndexOf(find, StringComparison.Ordinal);
        Assert.True(start >= 0, $"whole.yaml has no '{find}'");
        string text = string.Concat(FacetProtocol.Text.AsSpan(0, start), replace, FacetProtocol.Text.AsSpan(start + find.Length));
        // The place is found by plain search, from the beginning of the group the change was made in.
        int from = Math.Max(0, text.LastIndexOf("\n\n", start, StringComparison.Ordinal));
        int place = text.IndexOf(at, start, StringComparison.Ordinal);
        if (place < 0) place = text.IndexOf(at, from, StringComparison.Ordinal);
        int before = text.LastIndexOf(at, start, StringComparison.Ordinal);
        string[] places = [.. new[] { place, before }.Where(p => p >= 0).Select(p => Position(text, p))];

        ProtocolResult result = ProtocolReader.Read(text, "wrong.yaml");

        Assert.False(result.IsValid);
        Assert.Contains(result.Problems, p => p.What.Contains(what, StringComparison.Ordinal) && p.Right.Contains(right, StringComparison.Ordinal) && places.Contains($"{p.Line}:{p.Column}"));
        Assert.True(result.Problems.Count <= 2, "one mistake should not be told many times:\n" + string.Join('\n', result.Problems));
        static string Position(string text, int index)
        {
            int line = text.AsSpan(0, index).Count('\n') + 1;
            return string.Create(CultureInfo.InvariantCulture, $"{line}:{index - text.LastIndexOf('\n', Math.Max(0, index - 1))}");
        }
    }

    [Fact]
    public void Read_SeveralMistakes_ReportsAllAtOnceInOrder()
    {
        string text = FacetProtocol.Text.Replace("        frames: 60 ", "        fram: 60 ", StringComparison.Ordinal)
            .Replace("views: 120 ", "views: 119 ", StringComparison.Ordinal)
            .Replace("prescribed: 700 MBq", "prescribed: 700", StringComparison.Ordinal)
            .Replace("    gate-for: delayed", "    gate-for: delay", StringComparison.Ordinal);
        IReadOnlyList<ProtocolProblem> problems = ProtocolReader.Read(text, "wrong.yaml").Problems;
        Assert.Equal(4, problems.Count);
        Assert.Equal(problems.OrderBy(p => p.Line).ThenBy(p => p.Column), problems);
        Assert.All(problems, p => Assert.Matches(@"^wrong\.yaml:\d+:\d+: .+; .+$", p.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n# only a comment\n")]
    [InlineData("just words")]
    [InlineData("- a\n- b\n")]
    [InlineData("{")]
    [InlineData("a: [1, 2")]
    [InlineData("a: *b")]
    [InlineData("--- \nid: x\n--- \nid: y\n")]
    [InlineData("? [a, b]\n: c\n")]
    [InlineData("\0\u0001")]
    [InlineData("id: !!binary abc")]
    public void Read_NotAProtocol_GivesProblemsAndNeverThrows(string text)
    {
        ProtocolResult result = ProtocolReader.Read(text, "x.yaml");
        Assert.False(result.IsValid);
        Assert.NotEmpty(result.Problems);
    }

    [Fact]
    public void Read_DeepNesting_IsRefused()
    {
        ProtocolResult result = ProtocolReader.Read(new string('[', 200_000), "x.yaml");
        Assert.Contains("nested deeper", Assert.Single(result.Problems).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyDamageToTheFile_NeverThrowsAndAlwaysSaysWhere()
    {
        string text = FacetProtocol.Text;
        string[] lines = text.Split('\n');
        Gen<string> damage = Gen.Choose(0, text.Length - 1).SelectMany(at => Gen.Choose(0, 40).SelectMany(length => Gen.Elements("", " ", ":", "-", "\t", "\"", "{", "]", "\n", "9", "é", "  x: 1\n").Select(insert =>
            string.Concat(text.AsSpan(0, at), insert, text.AsSpan(Math.Min(text.Length, at + length))))));
        Gen<string> lineLost = Gen.Choose(0, lines.Length - 1).Select(n => string.Join('\n', lines.Where((_, i) => i != n)));
        Property property = Prop.ForAll(Gen.OneOf(damage, lineLost).ToArbitrary(), broken =>
        {
            ProtocolResult result = ProtocolReader.Read(broken, "x.yaml");
            int count = broken.Split('\n').Length;
            return result.IsValid ? result.Problems.Count == 0 : result.Problems.Count > 0 && result.Problems.All(p => p.Line >= 1 && p.Line <= count + 1 && p.Column >= 1 && p.What.Length > 0 && p.Right.Length > 0);
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(20260302, 7), property);
    }
}
