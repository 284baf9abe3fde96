using Acquire.Protocols.Clinical;
using Acquire.Testing;

namespace Acquire.Protocols.Tests.Clinical;

public sealed class ProtocolApprovalTests
{
    private static readonly AcquisitionProtocol Facet = FacetProtocol.Protocol;

    private static ProtocolApproval By(string name, string hash, bool withdrawn = false) => new(Facet.Id, Facet.Version, hash, name, "medical physicist", new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero), withdrawn ? "limit was wrong" : "", withdrawn);

    private static ProtocolStanding Standing(params ProtocolApproval[] approvals) =>
        ProtocolApprovals.Standing(Facet, ProtocolApprovals.Parse("# head\n" + string.Concat(approvals.Select(ProtocolApprovals.Entry)), "approvals.yaml"));

    [Fact]
    public void Standing_NothingApproved_NeedsAReason()
    {
        Assert.Equal(ProtocolStandingKind.Unapproved, Standing().Kind);
        Assert.True(Standing().NeedsReason);
    }

    [Fact]
    public void Standing_ThisContentApproved_NamesWhoAndWhen()
    {
        ProtocolStanding s = Standing(By("A. \"Meyer\", B", Facet.ContentHash));
        Assert.Equal((ProtocolStandingKind.Approved, "approved by A. \"Meyer\", B (medical physicist) on 2026-03-02"), (s.Kind, s.Words));
        Assert.False(s.NeedsReason);
    }

    [Fact]
    public void Standing_ContentChangedSince_IsMarked() => Assert.Equal(ProtocolStandingKind.Changed, Standing(By("Meyer", new string('a', 64))).Kind);

    [Fact]
    public void Standing_Withdrawn_TheLastEntryCounts()
    {
        Assert.Equal(ProtocolStandingKind.Withdrawn, Standing(By("Meyer", Facet.ContentHash), By("Meyer", Facet.ContentHash, withdrawn: true)).Kind);
        Assert.Equal(ProtocolStandingKind.Approved, Standing(By("Meyer", Facet.ContentHash), By("Meyer", Facet.ContentHash, withdrawn: true), By("Roth", Facet.ContentHash)).Kind);
    }

    [Theory]
    [InlineData("by: Meyer", "a.yaml:1:1")]
    [InlineData("- {protocol: a/b, version: \"1\", hash: abc, by: M, role: p, date: 2026-03-02T08:00:00Z}", "no SHA-256")]
    [InlineData("- {protocol: a/b, version: \"1\", by: M, role: p, date: 2026-03-02T08:00:00Z}", "'hash' is missing")]
    [InlineData("- {protocol: a/b, sign: x}", "a.yaml:1:19: 'sign' is not known")]
    [InlineData("- {", "a.yaml:2:1:")]
    public void Parse_WrongFile_SaysWhere(string text, string expected) => Assert.Contains(expected, Assert.Throws<FormatException>(() => ProtocolApprovals.Parse(text, "a.yaml")).Message, StringComparison.Ordinal);
}
