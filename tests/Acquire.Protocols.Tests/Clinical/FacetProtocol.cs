using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

/// <summary>A whole protocol in one file (data/whole.yaml), read once: what is changed in it stands in it.</summary>
internal static class FacetProtocol
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "tests", "Acquire.Protocols.Tests", "Clinical", "data", "whole.yaml"));

    public static AcquisitionProtocol Protocol { get; } = Read();

    private static AcquisitionProtocol Read()
    {
        ProtocolResult result = ProtocolReader.Read(Text, "facet.yaml");
        Assert.True(result.IsValid, string.Join('\n', result.Problems));
        return result.Protocol!;
    }
}
