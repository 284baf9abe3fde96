using System.Diagnostics;
using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

/// <summary>Every file of protocols/, found by being there.</summary>
public sealed class ShippedProtocolTests
{
    public static TheoryData<string> Files() => [.. ShippedProtocols.Files];

    private static ResolvedProtocol Resolved(string file)
    {
        ProtocolResult result = ShippedProtocols.Read(file);
        Assert.True(result.IsValid, string.Join('\n', result.Problems));
        return result.Resolved;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void File_IsValid_AndItsIdIsItsPath(string file)
    {
        ProtocolResult result = ShippedProtocols.Read(file);
        Assert.True(result.IsValid, string.Join('\n', result.Problems));
        Assert.Equal(file, result.Protocol.Id + ".yaml");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryFigure_NamesItsSourceWithAStatusLetter(string file)
    {
        string[] without = [.. Resolved(file).Values.Where(v => v.IsFigure && v.Status.Length == 0).Select(v => $"{v.File}:{v.Line}: {v.Path} {v.Written}: {v.Source}")];
        Assert.True(without.Length == 0, string.Join('\n', without));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void ResolvedText_ReadAgain_SaysTheSame(string file)
    {
        ResolvedProtocol resolved = Resolved(file);
        ProtocolResult again = ProtocolReader.Read(resolved.Yaml, "resolved.yaml");
        Assert.True(again.IsValid, string.Join('\n', again.Problems));
        Assert.Equal(resolved.ContentHash, again.Resolved.ContentHash);
        Assert.Empty(ProtocolDifference.Between(resolved, again.Resolved));
        Assert.Equal(resolved.Values.Select(v => v.Status), again.Resolved.Values.Select(v => v.Status));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void SheetAndDrawing_InTheDocuments_AreThoseOfTheFile(string file)
    {
        AcquisitionProtocol protocol = ShippedProtocols.Read(file).Protocol!;
        string picture = protocol.Id.Replace('/', '-') + ".svg", docs = Path.Combine(SharedData.ProjectRoot, "docs");
        Assert.Contains(ProtocolSheet.Write(protocol, $"pictures/protocols/{picture}"), File.ReadAllText(Path.Combine(docs, "protocols.md")), StringComparison.Ordinal);
        Assert.Equal(ProtocolDrawing.Svg(protocol), File.ReadAllText(Path.Combine(docs, "pictures", "protocols", picture)));
        System.Xml.Linq.XDocument.Parse(ProtocolDrawing.Svg(protocol));
    }

    [Fact]
    public void Library_HasAProtocolForEveryIndicationOfTheIssue()
    {
        string[] wanted =
        [
            "bone/facet", "bone/discogenic", "bone/compression-fracture", "bone/sacral-insufficiency", "bone/pars", "bone/pseudarthrosis", "bone/adjacent-segment", "bone/revision",
            "bone/fusion-planning", "bone/malignancy", "bone/sacroiliac", "infection/spondylodiscitis-mdp", "infection/spondylodiscitis-sequential", "infection/spondylodiscitis-in111-biotin",
            "camera-qc/daily-flood", "camera-qc/centre-of-rotation", "camera-qc/extrinsic-flood", "camera-qc/tomographic-phantom",
        ];
        Assert.Empty(wanted.Except(ShippedProtocols.Files.Select(f => f[..^5])));
    }

    [Fact]
    public void EveryPart_IsTakenInBySomeProtocol()
    {
        HashSet<string> used = [.. ShippedProtocols.Files.SelectMany(f => Resolved(f).Files)];
        string[] parts = [.. Directory.EnumerateFiles(Path.Combine(ShippedProtocols.Folder, "parts"), "*.yaml").Select(f => $"parts/{Path.GetFileName(f)}")];
        Assert.Empty(parts.Except(used));
    }

    [Fact]
    public void Schema_Committed_IsWhatTheLanguageGives() =>
        Assert.Equal(ProtocolSchema.Write(), File.ReadAllText(Path.Combine(ShippedProtocols.Folder, "protocol.schema.json")));

    [Fact]
    public void Reference_InTheDocuments_IsWhatTheLanguageGives() =>
        Assert.Contains(ProtocolSchema.Reference(), File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "docs", "protocol-language.md")), StringComparison.Ordinal);

    [Fact]
    public void EveryFile_PointsEditorsToTheSchema() =>
        Assert.All(Directory.EnumerateFiles(ShippedProtocols.Folder, "*.yaml", SearchOption.AllDirectories).Where(f => Path.GetDirectoryName(f) != ShippedProtocols.Folder),
            f => Assert.Equal("# yaml-language-server: $schema=../protocol.schema.json", File.ReadLines(f).First()));

    /// <summary>Judged by another tool: python3-jsonschema over python3-yaml.</summary>
    [Fact]
    public void Schema_ByJsonschema_TakesEveryFileAndRefusesWrongOnes()
    {
        const string Python = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(Python) && Run(Python, "-c", "import jsonschema, yaml").Code == 0, "needs python3-jsonschema and python3-yaml");
        string folder = Directory.CreateTempSubdirectory("acquire-schema-").FullName;
        try
        {
            foreach (string file in ShippedProtocols.Files) File.WriteAllText(Path.Combine(folder, $"whole-{file.Replace('/', '-')}"), Resolved(file).Yaml);
            (string Name, string Find, string Replace)[] wrong =
            [
                ("unit", "stop-time: 15 s", "stop-time: 15 mm"), ("word", "orbit: body-contour", "orbit: elliptic"), ("key", "body-part:", "bodypart:"), ("missing", "collimator: LEHR ", "# "),
                ("kind", "kind: tomo", "kind: tomos"), ("variant", "        pre-roll: 8 s ", "        views: 120 "), ("list", "prompts:", "prompts: none\nold:"), ("whole", "matrix: 128", "matrix: 128.5"),
                ("window", "width: 20 %", "lower: 120 keV"), ("limit", "fail: 25 kcounts", "fail: 25 %"),
            ];
            foreach ((string name, string find, string replace) in wrong)
            {
                string text = Resolved("bone/facet.yaml").Yaml;
                Assert.Contains(find, text, StringComparison.Ordinal);
                File.WriteAllText(Path.Combine(folder, $"wrong-{name}.yaml"), text.Replace(find, replace, StringComparison.Ordinal));
            }
            (int code, string output) = Run(Python, Path.Combine(SharedData.ProjectRoot, "tests", "peers", "check_schema.py"), Path.Combine(ShippedProtocols.Folder, "protocol.schema.json"), folder, ShippedProtocols.Folder);
            Assert.True(code == 0, output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
