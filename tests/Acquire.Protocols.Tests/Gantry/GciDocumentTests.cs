using Acquire.Protocols.Gantry;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Gantry;

public sealed class GciDocumentTests
{
    /// <summary>ACQUIRE_UPDATE_DOCS=1 rewrites the generated part.</summary>
    [Fact]
    public void Markdown_DocumentOnDisk_IsWhatTheTableSays()
    {
        string path = Path.Combine(SharedData.ProjectRoot, "docs", "gantry-interface.md");
        string document = File.ReadAllText(path);
        int at = document.IndexOf(GciDocument.Marker, StringComparison.Ordinal);
        Assert.True(at > 0, "the marker line is missing in docs/gantry-interface.md");
        if (Environment.GetEnvironmentVariable("ACQUIRE_UPDATE_DOCS") == "1") File.WriteAllText(path, document[..at] + GciDocument.Markdown());
        else Assert.True(document[at..] == GciDocument.Markdown(), "docs/gantry-interface.md is stale: run this test with ACQUIRE_UPDATE_DOCS=1");
    }
}
