using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

/// <summary>Protocols put together from files: who wins, what is refused, and where it is said.</summary>
public sealed class ProtocolFilesTests
{
    private static ProtocolResult Read(string file, params (string File, string Find, string Replace)[] changes)
    {
        var open = changes.ToList();
        ProtocolResult result = ShippedProtocols.Read(file, (name, text) =>
        {
            foreach ((string File, string Find, string Replace) change in changes.Where(c => c.File == name))
            {
                Assert.Contains(change.Find, text, StringComparison.Ordinal);
                int at = text.IndexOf(change.Find, StringComparison.Ordinal);
                text = string.Concat(text.AsSpan(0, at), change.Replace, text.AsSpan(at + change.Find.Length));
                open.Remove(change);
            }
            return text;
        });
        Assert.True(open.Count == 0, $"{string.Join(", ", open.Select(c => c.File))} was never read");
        return result;
    }

    /// <summary>A wrong file of each kind among files that take each other in: protocol, file changed, find, replace, file the problem is in, text it points at, both halves of the message.</summary>
    public static TheoryData<string, string, string, string, string, string, string, string> Mutations() => new()
    {
        // files that take each other in
        { "bone/facet.yaml", "bone/facet.yaml", "  - ../parts/pool.yaml", "  - ../parts/pol.yaml", "bone/facet.yaml", "../parts/pol.yaml", "'parts/pol.yaml' cannot be read", "counts from the folder of this file" },
        { "bone/facet.yaml", "parts/pool.yaml", "part: the planar blood pool", "part: the planar blood pool\ninclude: ../bone/facet.yaml", "parts/pool.yaml", "../bone/facet.yaml", "take each other in: bone/facet.yaml -> parts/pool.yaml -> bone/facet.yaml", "take one of these lines out" },
        { "bone/facet.yaml", "parts/pool.yaml", "part: the planar blood pool", "part: the planar blood pool\ninclude: pool.yaml", "parts/pool.yaml", "pool.yaml\nphases", "take each other in: parts/pool.yaml -> parts/pool.yaml", "take one of these lines out" },
        { "bone/facet.yaml", "parts/pool.yaml", "part: the planar blood pool\n", "", "bone/facet.yaml", "../parts/pool.yaml", "'parts/pool.yaml' is a whole protocol", "write 'extends:'" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "extends: spondylodiscitis-mdp.yaml", "extends: ../parts/mdp.yaml", "infection/spondylodiscitis-sequential.yaml", "../parts/mdp.yaml", "'parts/mdp.yaml' is only a part", "write 'include:' for parts" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "extends: spondylodiscitis-mdp.yaml", "extends: [spondylodiscitis-mdp.yaml]", "infection/spondylodiscitis-sequential.yaml", "[spondylo", "'extends' must be one file, not a list", "write 'extends:" },
        { "bone/facet.yaml", "bone/facet.yaml", "  - ../parts/pool.yaml", "  - /etc/passwd", "bone/facet.yaml", "/etc/passwd", "'/etc/passwd' is no file beside this one", "write a path from this file" },
        { "bone/facet.yaml", "bone/facet.yaml", "  - ../parts/pool.yaml", "  - a: b", "bone/facet.yaml", "a: b", "an entry of 'include' is a group of keys", "write '- file.yaml'" },
        { "bone/facet.yaml", "bone/facet.yaml", "  - ../parts/ct-low-dose.yaml", "  - ../parts/ct-low-dose.yaml\n  - ../parts/ct-metal.yaml", "bone/facet.yaml", "../parts/ct-metal.yaml", "'phases/ct/acquisitions/ct/voltage' is given by parts/ct-low-dose.yaml:16 and differently by parts/ct-metal.yaml:16", "say in this file which counts" },
        { "bone/facet.yaml", "bone/facet.yaml", "title: Low-dose CT T11 to S3", "remove: yes\n      - id: cte\n        remove: yes", "bone/facet.yaml", "id: cte", "there is no 'cte' in the included files to remove", "did you mean 'ct'?" },
        { "bone/facet.yaml", "bone/facet.yaml", "  - id: ct\n    target: 220 min ", "  - id: cd\n    target: 220 min ", "bone/facet.yaml", "id: cd", "'title' is missing", "did you mean to change 'ct' of an included file?" },
        { "bone/facet.yaml", "bone/facet.yaml", "      - id: spect\n", "      - id: spct\n", "bone/facet.yaml", "id: spct", "'kind' is missing", "did you mean to change 'spect' of an included file?" },
        { "bone/facet.yaml", "bone/facet.yaml", "include:", "tracer: MDP\ninclude:", "bone/facet.yaml", "MDP\n", "'tracer' is \"MDP\" here and a group of keys in parts/mdp.yaml:", "write it the same way" },
        { "bone/facet.yaml", "bone/facet.yaml", "reader-cautions:\n", "reader-cautions:\n  - A shift of 5 mm between SPECT and CT moves uptake to the neighbouring structure; check registration before localising.\n", "bone/facet.yaml", "A shift of 5 mm", "this text stands already in parts/reading.yaml:", "take it out here" },
        // a mistake in a part is told in the part
        { "bone/facet.yaml", "parts/spect.yaml", "stop-time: 15 s", "stop-time: 15", "parts/spect.yaml", "15   ", "'stop-time' is \"15\"", "expected a time" },
        { "bone/facet.yaml", "parts/pool.yaml", "closes: 10 min", "closes: 5 min", "parts/pool.yaml", "5 min", "phase 'pool' takes 5 min and cannot end by 5 min", "close at 6.5 min or later" },
        { "bone/facet.yaml", "parts/flow.yaml", "\nphases:", "\nphase:", "parts/flow.yaml", "phase:", "unknown key 'phase'", "did you mean" },
        { "bone/facet.yaml", "parts/mdp.yaml", "width: 20 %}", "width: 20 %", "parts/mdp.yaml", "", "this is not YAML", "brackets" },
        // activity and children
        { "bone/facet.yaml", "parts/mdp.yaml", "prescribed: 700 MBq", "prescribed: 850 MBq", "parts/mdp.yaml", "850 MBq", "the prescribed activity of 850 MBq is above the reference level of 800 MBq", "prescribe at most 800 MBq" },
        { "bone/facet.yaml", "parts/mdp.yaml", "ICRP80 phosphonates ", "ICRP128 Ga-67 citrate ", "parts/mdp.yaml", "ICRP128", "the dose coefficients 'ICRP128 Ga-67 citrate' are for Ga-67, not Tc-99m", "use one of ICRP80 phosphonates, ICRP128 phosphonates" },
        { "bone/pars.yaml", "bone/pars.yaml", "  - ../parts/mdp-children.yaml\n", "", "parts/mdp.yaml", "radiopharmaceutical", "a protocol for children has no paediatric rule", "add 'paediatric:'" },
        { "bone/pars.yaml", "parts/mdp-children.yaml", "    per-weight: 9.3 MBq/kg", "    #", "parts/mdp-children.yaml", "", "", "" },
        { "bone/pars.yaml", "parts/mdp-children.yaml", "consensus-minimum: 37 MBq", "# no minimum", "parts/mdp-children.yaml", "9.3 MBq/kg", "an activity per weight needs its minimum", "consensus-minimum" },
        { "bone/pars.yaml", "parts/mdp-children.yaml", "class: B", "class: D", "parts/mdp-children.yaml", "D  ", "unknown class 'D'", "A" },
        { "bone/pars.yaml", "bone/pars.yaml", "dlp-lock: 50 mGy.cm", "dlp-lock: 150 mGy.cm", "bone/pars.yaml", "id: ct\n        kind: ct", "'ct' is locked at 150 mGy.cm only", "60 mGy.cm or less" },
        { "bone/pars.yaml", "bone/pars.yaml", "        dlp-lock: 50 mGy.cm", "        #", "bone/pars.yaml", "id: ct\n        kind: ct", "'ct' has no lock", "add 'dlp-lock: 60 mGy.cm'" },
        { "bone/pars.yaml", "bone/pars.yaml", "voltage: 80 kV", "voltage: 120 kV", "bone/pars.yaml", "id: ct\n        kind: ct", "'ct' takes 120 kV in a protocol for children", "at most 100 kV" },
        { "bone/pars.yaml", "bone/pars.yaml", "kind: decision", "kind: note", "bone/pars.yaml", "id: ct\n    title", "'ct' exposes a child without a review", "kind: decision" },
        { "bone/pars.yaml", "bone/pars.yaml", "dlp-alert: 30 mGy.cm", "dlp-alert: 55 mGy.cm", "bone/pars.yaml", "50 mGy.cm", "the lock at 50 mGy.cm comes before the alert at 55 mGy.cm", "alert first" },
        // more than one nuclide
        { "infection/spondylodiscitis-in111-biotin.yaml", "infection/spondylodiscitis-in111-biotin.yaml", "{name: In111 scatter,", "{name: Tc99m, role: photopeak, nuclide: Tc-99m, centre: 140.5 keV, width: 20 %}\n  - {name: In111 scatter,", "infection/spondylodiscitis-in111-biotin.yaml", "146.5 keV", "'In111 scatter' and 'Tc99m' overlap from 146.5 to 154.55 keV", "narrow one of them" },
        { "infection/spondylodiscitis-in111-biotin.yaml", "infection/spondylodiscitis-in111-biotin.yaml", "centre: 171.3 keV, width: 15 %}     ", "centre: 171.3 keV, width: 20 %}\n  - {name: Tc99m, role: photopeak, nuclide: Tc-99m, centre: 140.5 keV, width: 20 %} ", "infection/spondylodiscitis-in111-biotin.yaml", "140.5 keV", "'Tc99m' (Tc-99m) and 'In111 171' (In-111) overlap from 154.17 to 154.55 keV", "15 % on both" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "    opens: 5 h ", "    opens: 1 h ", "infection/spondylodiscitis-sequential.yaml", "1 h ", "'ga67' could be injected at 60 min while 'ct' runs until", "open later" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "    tracer: ga67\n    opens: 1440 min                  # 24 to 72 h", "    tracer: ga67\n    opens: 60 min                  # 24 to 72 h", "infection/spondylodiscitis-sequential.yaml", "60 min                  # 24", "'ga67-planar' may start 360 min after the Tc-99m was given, which still shows (50 % left)", "wait 1440 min" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "role: photopeak, tracer: ga67, nuclide: Ga-67, centre: 93.3", "role: photopeak, tracer: ga76, nuclide: Ga-67, centre: 93.3", "infection/spondylodiscitis-sequential.yaml", "ga76", "there is no later tracer 'ga76'", "the later tracers are ga67" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "collimator: MEGP", "collimator: LEHR", "infection/spondylodiscitis-sequential.yaml", "LEHR", "collimator LEHR does not fit Ga-67", "use one of MEGP" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "    closes: 30 h ", "    closes: 3 h ", "infection/spondylodiscitis-sequential.yaml", "3 h ", "the closing at 180 min is not after the target of 360 min", "order them" },
        { "infection/spondylodiscitis-sequential.yaml", "infection/spondylodiscitis-sequential.yaml", "    kind: void\n    tracer: ga67", "    kind: void", "infection/spondylodiscitis-sequential.yaml", "ga67-planar\n    valid", "prompt 'void-ga67' counts from another injection than 'ga67-planar'", "write 'tracer: ga67'" },
        { "infection/spondylodiscitis-in111-biotin.yaml", "infection/spondylodiscitis-in111-biotin.yaml", "latest: 6 h ", "latest: 3 h ", "infection/spondylodiscitis-in111-biotin.yaml", "3 h ", "'latest' of 180 min is not after the wait of 240 min", "before 'latest'" },
        // conditions, decisions, order
        { "infection/spondylodiscitis-mdp.yaml", "parts/late.yaml", "      question: late-images", "      question: late-imges", "parts/late.yaml", "late-imges", "there is no question 'late-imges'", "did you mean 'late-images'?" },
        { "infection/spondylodiscitis-mdp.yaml", "infection/spondylodiscitis-mdp.yaml", "      missed: pool", "      missed: poll", "infection/spondylodiscitis-mdp.yaml", "poll", "there is no phase 'poll' before this one", "did you mean 'pool'?" },
        { "bone/pars.yaml", "bone/pars.yaml", "    after: spect", "    after: spekt", "bone/pars.yaml", "spekt", "there is no phase 'spekt' to come after", "did you mean 'spect'?" },
        { "bone/malignancy.yaml", "parts/whole-body.yaml", "rows: 1024 ", "rows: 1000 ", "parts/whole-body.yaml", "1000 ", "1000 rows are not possible here", "512, 1024, 2048" },
        { "bone/malignancy.yaml", "parts/whole-body.yaml", "speed: 12 cm/min", "speed: 120 cm/min", "parts/whole-body.yaml", "120 cm/min", "'speed' is 120 cm/min", "use 2 to 60 cm/min" },
        { "bone/facet.yaml", "parts/spect.yaml", "longest-stop: 40 s", "longest-stop: 4 s", "parts/spect.yaml", "4 s ", "'longest-stop' of 4 s is shorter than the stop-time of 15 s", "make it the longer one" },
        // camera checks
        { "camera-qc/daily-flood.yaml", "camera-qc/daily-flood.yaml", "kind: camera-qc", "kind: study", "camera-qc/daily-flood.yaml", "id: camera", "'tracer' is missing", "kind: camera-qc" },
        { "camera-qc/daily-flood.yaml", "camera-qc/daily-flood.yaml", "  activity: 370 MBq", "  activity: 3700 MBq", "camera-qc/daily-flood.yaml", "3700 MBq", "'activity' of 3700 MBq is outside the range", "use 100 to 740 MBq" },
        { "camera-qc/daily-flood.yaml", "camera-qc/daily-flood.yaml", "source:", "sorce:", "camera-qc/daily-flood.yaml", "sorce:", "unknown key 'sorce'", "did you mean 'source'?" },
        { "bone/facet.yaml", "bone/facet.yaml", "include:", "collimator: none\ninclude:", "bone/facet.yaml", "none\n", "a study needs a collimator", "use one of LEHR" },
    };

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Read_WrongFileAmongFiles_NamesTheRightFileAndPlace(string protocol, string file, string find, string replace, string inFile, string at, string what, string right)
    {
        ProtocolResult result = Read(protocol, (file, find, replace));
        if (what.Length == 0)
        {
            // A key that may be left out: the control that the others fail for their own reason.
            Assert.True(result.IsValid || result.Problems.All(p => p.What.Contains("consensus", StringComparison.Ordinal) || p.What.Contains("per weight", StringComparison.Ordinal)), string.Join('\n', result.Problems));
            return;
        }
        Assert.False(result.IsValid);
        ProtocolProblem[] found = [.. result.Problems.Where(p => p.File == inFile && p.What.Contains(what, StringComparison.Ordinal) && p.Right.Contains(right, StringComparison.Ordinal))];
        Assert.True(found.Length > 0, $"expected in {inFile}: {what}; {right}\nfound:\n{string.Join('\n', result.Problems)}");
        if (at.Length == 0) return;
        string text = File.ReadAllText(Path.Combine(ShippedProtocols.Folder, inFile));
        if (file == inFile)
        {
            int changed = text.IndexOf(find, StringComparison.Ordinal);
            text = string.Concat(text.AsSpan(0, changed), replace, text.AsSpan(changed + find.Length));
        }
        List<string> places = [];
        for (int i = text.IndexOf(at, StringComparison.Ordinal); i >= 0; i = text.IndexOf(at, i + 1, StringComparison.Ordinal))
            places.Add($"{text.AsSpan(0, i).Count('\n') + 1}:{i - text.LastIndexOf('\n', Math.Max(0, i - 1))}");
        Assert.True(found.Any(p => places.Contains($"{p.Line}:{p.Column}")), $"expected at {string.Join(" or ", places)}:\n{string.Join('\n', result.Problems)}");
    }

    [Fact]
    public void Hash_CountsWhatIsSaidAndNotHowItIsWritten()
    {
        string hash = Read("bone/facet.yaml").Resolved!.ContentHash;
        Assert.Equal(hash, Read("bone/facet.yaml", ("parts/spect.yaml", "stop-time: 15 s ", "stop-time: 0.25 min ")).Resolved!.ContentHash);
        Assert.Equal(hash, Read("bone/facet.yaml", ("parts/spect.yaml", "# for 700 MBq at 3 h", "# another comment")).Resolved!.ContentHash);
        Assert.Equal(hash, Read("bone/facet.yaml", ("bone/facet.yaml", "    target: 220 min  ", "    title: CT\n    target: 220 min  ")).Resolved!.ContentHash);
        Assert.NotEqual(hash, Read("bone/facet.yaml", ("parts/spect.yaml", "stop-time: 15 s ", "stop-time: 16 s ")).Resolved!.ContentHash);
        Assert.NotEqual(hash, Read("bone/facet.yaml", ("parts/questions.yaml", "Is the patient pregnant", "Is the patient Pregnant")).Resolved!.ContentHash);
    }

    [Fact]
    public void Diff_NamesKeyMeaningOldNewAndChange()
    {
        ResolvedProtocol before = Read("bone/facet.yaml").Resolved!;
        ResolvedProtocol after = Read("bone/facet.yaml", ("parts/spect.yaml", "stop-time: 15 s ", "stop-time: 20 s "), ("bone/facet.yaml", "quantities:\n", "quantities:\n  - A new one\n"), ("parts/pool.yaml", "matrix: 256 ", "matrix: 128 ")).Resolved!;
        Assert.Equal(["phases/pool/acquisitions/pool/matrix (pixels across and along): 256 -> 128 (-50 %)", "phases/spect/acquisitions/spect/stop-time (time per stop): 15 s -> 20 s (+33.3 %)", "quantities (quantities to report): added: A new one"],
            ProtocolDifference.Between(before, after).Select(d => d.ToString()).Order(StringComparer.Ordinal));
        Assert.Empty(ProtocolDifference.Between(before, before));
    }

    [Fact]
    public void Resolved_NamesFileLineSourceAndStatusOfEveryValue()
    {
        ResolvedValue stop = Read("bone/sacroiliac.yaml").Resolved!.Values.Single(v => v.Path == "phases/spect/acquisitions/spect/stop-time");
        Assert.Equal(("18 s", "18 s", "bone/sacroiliac.yaml", "X"), (stop.Written, stop.Canonical, stop.File, stop.Status));
        ResolvedValue views = Read("bone/sacroiliac.yaml").Resolved!.Values.Single(v => v.Path == "phases/spect/acquisitions/spect/views");
        Assert.Equal(("parts/spect.yaml", "R"), (views.File, views.Status));
        Assert.Contains("SNM03: 60 to 120", views.Source, StringComparison.Ordinal);
        Assert.Equal(1 + Array.FindIndex(File.ReadAllLines(Path.Combine(ShippedProtocols.Folder, "parts", "spect.yaml")), l => l.Contains("views: 120", StringComparison.Ordinal)), views.Line);
    }
}
