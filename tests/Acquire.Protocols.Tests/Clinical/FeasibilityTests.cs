using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

public sealed class FeasibilityTests
{
    private static AcquisitionProtocol Protocol(string file) => ShippedProtocols.Read(file).Protocol!;

    private static GantryDescription File(string name) => GantryDescription.Parse(System.IO.File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "demo", "gantries", name)));

    private const string Json = """
        {"model":"Test","features":["STAT","DYN","WB","TOMO.STEP","CT"],"heads":[{"matrixMin":64,"matrixMax":512,"windowsMax":2,"keVMin":50,"keVMax":250,"frameSecondsMin":2},{"matrixMin":64,"matrixMax":512}],
        "collimators":[{"name":"LEHR","keVMax":170},{"name":"MEGP","keVMax":200}],"axes":[{"name":"ROT","min":-180,"max":180,"resolution":0.1},{"name":"LONG","min":0,"max":1200}],
        "ct":{"present":true,"kv":[80,110,120]},"store":{"capacityBytes":100000000}}
        """;

    [Fact]
    public void Against_StandardCamera_OfTheDemo_RunsEveryProtocol() =>
        Assert.All(ShippedProtocols.Files, f => Assert.Empty(Feasibility.Against(Protocol(f), File("dual-ct.yaml"))));

    [Theory]
    [InlineData("bone/facet.yaml", "'flow' takes frames of 1 s; its shortest frame is 2 s")]
    [InlineData("bone/malignancy.yaml", "'whole-body' scans 1900 mm; its table moves 1200 mm")]
    [InlineData("bone/pseudarthrosis.yaml", "'ct' takes 140 kV; its tube has 80, 110, 120 kV")]
    [InlineData("bone/pseudarthrosis.yaml", "its frame store of 95 MB does not hold the")]
    [InlineData("camera-qc/daily-flood.yaml", "'flood' asks for a matrix of 1024; it has 64 to 512")]
    [InlineData("infection/spondylodiscitis-in111-biotin.yaml", "it needs 3 energy windows; it has 2 per head")]
    [InlineData("infection/spondylodiscitis-in111-biotin.yaml", "it takes 245.4 keV through MEGP, which is made for 200 keV and less")]
    [InlineData("infection/spondylodiscitis-sequential.yaml", "the window 'Ga67 300' of 270.2 to 330.2 keV is outside its 50 to 250 keV")]
    public void Against_ACameraThatCannot_SaysWhy(string file, string why) => Assert.Contains(Feasibility.Against(Protocol(file), GantryDescription.Parse(Json)), w => w.StartsWith(why, StringComparison.Ordinal));

    [Fact]
    public void Against_SingleHead_NoCtNoMegp()
    {
        IReadOnlyList<string> why = Feasibility.Against(Protocol("infection/spondylodiscitis-sequential.yaml"), File("single.yaml"));
        Assert.Contains("'Ga-67 citrate' needs the collimator MEGP; it has LEHR", why);
        Assert.Contains("'ct' is a CT and it has none", why);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1, 2]")]
    [InlineData("{\"heads\": 3}")]
    [InlineData("heads: many")]
    public void Parse_NoDescription_IsRefusedInWords(string text) => Assert.Throws<FormatException>(() => GantryDescription.Parse(text));

    [Fact]
    public void Needs_AddUpFramesBytesTimeAndVisits()
    {
        ProtocolNeeds needs = ProtocolNeeds.Of(FacetProtocol.Protocol);
        // 68 flow frames and four views on two heads (views in two windows), 120 views in two windows, 120 slices.
        Assert.Equal((68 * 2) + (4 * 4) + (120 * 2) + 120, needs.Frames);
        Assert.Equal((68 * 2 * (32768L + 128)) + (16 * (131072L + 128)) + (240 * (32768L + 128)) + (120 * (524288L + 128)), needs.Bytes);
        Assert.Equal(2, needs.Visits);
        Assert.Equal(3, ProtocolNeeds.Of(Protocol("infection/spondylodiscitis-sequential.yaml")).Visits);
    }
}
