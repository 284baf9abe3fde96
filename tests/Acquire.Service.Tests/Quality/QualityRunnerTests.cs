using Acquire.Protocols.Clinical;
using Acquire.Service;
using Acquire.Service.Quality;
using Acquire.Testing;

namespace Acquire.Service.Tests.Quality;

public sealed class QualityRunnerTests
{
    private sealed class Throwing : IQualityCheck
    {
        public string Name => "throwing";
        public string Title => "Throws";
        public string Unit => "mm";
        public bool Applies(QualityInput input) => true;
        public QualityResult Judge(QualityInput input, QualityLimit? limit) => throw new InvalidOperationException("secret Zweistein");
    }

    private sealed class Fixed(double figure) : IQualityCheck
    {
        public string Name => "fixed";
        public string Title => "Fixed";
        public string Unit => "mm";
        public bool Applies(QualityInput input) => true;
        public QualityResult Judge(QualityInput input, QualityLimit? limit) => Judging.Result(this, Judging.Of(figure, limit), figure, limit, "", "act");
    }

    [Fact]
    public void Run_CheckThatThrows_BecomesErrorAndHidesNoOther()
    {
        QualityReport report = QualityRunner.Run([new Throwing(), new Fixed(1)], new QualityInput(), new QualityLimits([new QualityLimit("fixed", 5, 9, "mm", "X")]));
        Assert.Equal(Verdict.Error, report.Verdict);
        Assert.Equal([Verdict.Error, Verdict.Pass], report.Results.Select(r => r.Verdict));
        Assert.DoesNotContain("secret", report.Results[0].Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, Verdict.Pass)]
    [InlineData(5, Verdict.Pass)]
    [InlineData(6, Verdict.Warn)]
    [InlineData(9.5, Verdict.Fail)]
    [InlineData(double.NaN, Verdict.Error)]
    public void Of_FigureAgainstLimits_GivesVerdict(double figure, Verdict expected) =>
        Assert.Equal(expected, Judging.Of(figure, new QualityLimit("x", 5, 9, "mm", "X")));

    [Fact]
    public void Run_LimitInAnotherUnit_IsConvertedOrRefused()
    {
        Assert.Equal(Verdict.Warn, QualityRunner.Run([new Fixed(6)], new QualityInput(), new QualityLimits([new QualityLimit("fixed", 0.5, 0.9, "cm", "X")])).Verdict);
        Assert.Equal(Verdict.Error, QualityRunner.Run([new Fixed(6)], new QualityInput(), new QualityLimits([new QualityLimit("fixed", 5, 9, "min", "X")])).Verdict);
        Assert.Equal(Verdict.NotSet, QualityRunner.Run([new Fixed(6)], new QualityInput(), new QualityLimits([])).Verdict);
    }

    [Fact]
    public void Verdict_Merging_IsTheMaximum() =>
        Assert.True(Verdict.NotSet < Verdict.Pass && Verdict.Pass < Verdict.Warn && Verdict.Warn < Verdict.Fail && Verdict.Fail < Verdict.Error);

    [Fact]
    public void AllChecks_EachHasUniqueNameFileLimitAndPage()
    {
        QualityLimits limits = QualityLimits.LoadDefault();
        Assert.Equal(21, QualityRunner.AllChecks.Count);
        Assert.Equal(QualityRunner.AllChecks.Count, QualityRunner.AllChecks.Select(c => c.Name).Distinct().Count());
        foreach (IQualityCheck check in QualityRunner.AllChecks)
        {
            Assert.True(File.Exists(Path.Combine(SharedData.ProjectRoot, "src", "Acquire.Service", "Quality", "Checks", check.GetType().Name + ".cs")), check.Name);
            string page = Path.Combine(SharedData.ProjectRoot, "docs", "qc", check.Name + ".md");
            Assert.True(File.Exists(page), $"{check.Name} has no page in docs/qc");
            string text = File.ReadAllText(page);
            foreach (string part in (string[])["## What", "## How", "## Limits", "## What to do", "## What it cannot see"]) Assert.True(text.Contains(part, StringComparison.Ordinal), $"{check.Name}.md lacks '{part}'");
            QualityLimit? limit = limits.For(check.Name);
            Assert.True(limit is not null, $"{check.Name} has no limit");
            Assert.True(QualityLimits.TryConvert(limit, check.Unit, out _), $"{check.Name}: limit in {limit.Unit}, check in {check.Unit}");
        }
        Assert.All(limits.All, l => Assert.Contains(QualityRunner.AllChecks, c => c.Name == l.Check));
    }

    [Theory]
    [InlineData("- {check: a, warn: 1 mm, fail: 2 mm, colour: red, source: X}", "1:38: 'colour' is not known")]
    [InlineData("- {check: a, warn: one mm, fail: 2 mm, source: X}", "1:20: 'one mm' is not a number")]
    [InlineData("- {check: a, warn: 1 furlong, fail: 2 furlong, source: X}", "'furlong' is not a unit")]
    [InlineData("- {check: a, warn: 1 mm, fail: 2 px, source: X}", "both need one unit")]
    [InlineData("- {check: a, warn: 1 mm, source: X}", "'fail' is missing")]
    [InlineData("- {check: a, warn: 1 mm, fail: 2 mm, source: \" \"}", "a limit needs a source")]
    [InlineData("check: a", "a list of limits is expected")]
    [InlineData("- {check: a, warn: 1, fail: 2, source: X}\n- {check: a, warn: 1, fail: 2, source: X}", "2:3: 'a' has a limit already")]
    [InlineData("- {check: [", "limits.yaml:2:1:")]
    public void Parse_WrongFile_NamesLineColumnAndWhatIsRight(string yaml, string expected)
    {
        AcquireException e = Assert.Throws<AcquireException>(() => QualityLimits.Parse(yaml, "limits.yaml"));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadInput, e.ExitCode);
    }

    [Fact]
    public void With_ProtocolLimits_OverrideTheSites()
    {
        QualityLimits limits = QualityLimits.LoadDefault().With([new QualityLimit("motion-axial", 0.25, 0.5, "px", "site X")]);
        Assert.Equal(0.25, limits.For("motion-axial")!.Warn);
        Assert.Equal(3, limits.For("truncation")!.Warn);
    }

    [Fact]
    public void ProtocolLimits_OfTheLibrary_NameKnownChecksInUnitsTheyUnderstand()
    {
        Assert.NotEmpty(ShippedProtocols.Files);
        foreach (string file in ShippedProtocols.Files)
        {
            AcquisitionProtocol? protocol = ShippedProtocols.Read(file).Protocol;
            Assert.NotNull(protocol);
            foreach (QualityLimit limit in protocol.QualityLimits)
            {
                IQualityCheck? check = QualityRunner.AllChecks.FirstOrDefault(c => c.Name == limit.Check);
                Assert.True(check is not null, $"{Path.GetFileName(file)}: no check '{limit.Check}'");
                Assert.True(QualityLimits.TryConvert(limit, check.Unit, out _), $"{limit.Check}: '{limit.Unit}' for '{check.Unit}'");
            }
        }
    }
}
