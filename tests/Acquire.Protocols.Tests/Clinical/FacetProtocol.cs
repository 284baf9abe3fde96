using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

/// <summary>The shipped protocol, read once.</summary>
internal static class FacetProtocol
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "protocols", "bone", "facet.yaml"));

    public static AcquisitionProtocol Protocol { get; } = Read();

    private static AcquisitionProtocol Read()
    {
        ProtocolResult result = ProtocolReader.Read(Text, "facet.yaml");
        Assert.True(result.IsValid, string.Join('\n', result.Problems));
        return result.Protocol!;
    }
}
