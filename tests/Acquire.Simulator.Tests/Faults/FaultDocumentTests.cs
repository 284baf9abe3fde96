using Acquire.Simulator.Faults;
using Acquire.Testing;

namespace Acquire.Simulator.Tests.Faults;

public sealed class FaultDocumentTests
{
    /// <summary>ACQUIRE_UPDATE_DOCS=1 rewrites it.</summary>
    [Fact]
    public void Markdown_DocumentOnDisk_IsWhatTheCatalogueSays()
    {
        string path = Path.Combine(SharedData.ProjectRoot, "docs", "simulator-faults.md");
        if (Environment.GetEnvironmentVariable("ACQUIRE_UPDATE_DOCS") == "1") File.WriteAllText(path, FaultDocument.Markdown());
        else Assert.True(File.ReadAllText(path) == FaultDocument.Markdown(), "docs/simulator-faults.md is stale: run this test with ACQUIRE_UPDATE_DOCS=1");
    }

    [Fact]
    public void All_Catalogue_HasEveryNameOnceAndSaysWhatIsSeen()
    {
        Assert.Equal(FaultCatalogue.All.Count, FaultCatalogue.All.Select(f => f.Name).Distinct().Count());
        Assert.All(FaultCatalogue.All, f => Assert.True(f.Does.Length > 10 && f.Shows.Length > 5 && f.Name.Length <= 32, f.Name));
        Assert.All(FaultCatalogue.All.Where(f => f.Apply is not null), f => Assert.True(f.Stands, f.Name));
    }
}
