using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>Which way arrows point (docs/architecture.md).</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> MayUse = new(StringComparer.Ordinal)
    {
        ["StudyRecords"] = [],
        ["Gantry"] = ["StudyRecords"],
        ["Storage"] = ["StudyRecords"],
        ["Acquisition"] = ["StudyRecords", "Gantry", "Storage"],
        ["Reconstruction"] = [],
        ["Quality"] = ["StudyRecords"],
        ["Dicom"] = ["StudyRecords"],
        ["Report"] = ["StudyRecords", "Quality"],
        ["Conformance"] = ["Quality", "Report"],
        ["Studies"] = ["StudyRecords", "Gantry", "Storage", "Acquisition", "Reconstruction", "Quality", "Dicom", "Report"],
        ["Cli"] = ["StudyRecords", "Gantry", "Storage", "Acquisition", "Reconstruction", "Quality", "Dicom", "Report", "Studies", "Conformance"],
    };

    [Fact]
    public void ServiceRooms_UseOnlyWhatLiesBelowThem()
    {
        string service = Path.Combine(SharedData.ProjectRoot, "src", "Acquire.Service");
        var wrong = new List<string>();
        foreach (string file in Directory.EnumerateFiles(service, "*.cs", SearchOption.AllDirectories))
        {
            string[] parts = Path.GetRelativePath(service, file).Split(Path.DirectorySeparatorChar);
            if (parts.Length < 2 || parts[0] is "bin" or "obj") continue;
            Assert.True(MayUse.ContainsKey(parts[0]), $"room {parts[0]} is not in the table of docs/architecture.md");
            foreach (Match used in Room().Matches(File.ReadAllText(file)))
            {
                string room = used.Groups[1].Value;
                if (room != parts[0] && MayUse.ContainsKey(room) && !MayUse[parts[0]].Contains(room)) wrong.Add($"{string.Join('/', parts)} uses {room}");
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void OnlyTheDicomRoom_KnowsFellowOakDicom()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(SharedData.ProjectRoot, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && File.ReadAllText(f).Contains("FellowOakDicom", StringComparison.Ordinal))];

        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.Contains(Path.Combine("Acquire.Service", "Dicom"), f, StringComparison.Ordinal));
    }

    [Fact]
    public void ServiceAndSimulator_DoNotReferToEachOther()
    {
        string[] service = References(Path.Combine(AcquireProgram.Folder, "acquire.dll"));
        string[] simulator = References(Path.Combine(AcquireProgram.Folder, "simulator", "acquire-sim.dll"));

        Assert.Contains("Acquire.Protocols", service);
        Assert.Contains("Acquire.Protocols", simulator);
        Assert.DoesNotContain("acquire-sim", service);
        Assert.DoesNotContain("acquire", simulator);
    }

    [Fact]
    public void Reconstruction_RefersToProtocolsOnly_SoThatItRunsWithoutAHost()
    {
        string[] references = References(Path.Combine(AcquireProgram.Folder, "Acquire.Reconstruction.dll"));

        Assert.Equal(["Acquire.Protocols"], references.Where(r => r.StartsWith("acquire", StringComparison.OrdinalIgnoreCase)));
        Assert.DoesNotContain(references, r => r.StartsWith("fo-dicom", StringComparison.OrdinalIgnoreCase) || r is "System.Net.Sockets" or "System.Diagnostics.Process");
    }

    [Fact]
    public void Protocols_RefersToNothingOfOursAndDoesNoInputOrOutput()
    {
        string[] references = References(Path.Combine(AcquireProgram.Folder, "Acquire.Protocols.dll"));

        Assert.DoesNotContain(references, r => r.StartsWith("acquire", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(references, r => r is "System.IO.FileSystem" or "System.Net.Sockets" or "System.Console" or "System.Diagnostics.Process" || r.Contains("Logging", StringComparison.Ordinal));
        Assert.All(Directory.EnumerateFiles(Path.Combine(SharedData.ProjectRoot, "src", "Acquire.Protocols"), "*.cs", SearchOption.AllDirectories), f =>
            Assert.DoesNotMatch(@"\b(File|Directory|FileStream|Console|Stopwatch)\.[A-Z]|TimeProvider\.", File.ReadAllText(f)));
    }

    private static string[] References(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        MetadataReader reader = file.GetMetadataReader();
        return [.. reader.AssemblyReferences.Select(h => reader.GetString(reader.GetAssemblyReference(h).Name))];
    }

    [GeneratedRegex(@"\bAcquire\.Service\.([A-Z][A-Za-z]+)")]
    private static partial Regex Room();
}
