using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;
using Acquire.Service.Quality.Checks;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Tests.Quality;

public sealed class StudyCheckTests
{
    private static readonly QualityLimits Limits = QualityLimits.LoadDefault();
    private static readonly StudyRecord Good = SyntheticStudy.Good(new SyntheticSpect { StopsPerHead = 4, CountsPerView = 100, Matrix = 16, PixelMm = 38.4 });

    private static QualityResult Judge(IQualityCheck check, StudyRecord study)
    {
        var input = new QualityInput { Study = study };
        Assert.True(check.Applies(input));
        return check.Judge(input, Limits.For(check.Name));
    }

    private static StudyRecord With(CountSeries series) => Good with { Series = [.. Good.Series.Select(s => s.StepId == series.StepId ? series : s)] };
    private static StudyRecord Without(string step) => Good with { Series = [.. Good.Series.Where(s => s.StepId != step)] };

    [Fact]
    public void StudyChecks_GoodStudy_Pass()
    {
        foreach (IQualityCheck check in (IQualityCheck[])[new FlowTimingCheck(), new PoolTimingCheck(), new DelayedTimingCheck(), new LedgerCheck(), new PartialSeriesCheck()])
        {
            QualityResult r = Judge(check, Good);
            Assert.True(r.Verdict == Verdict.Pass, $"{check.Name}: {r.Words}");
        }
    }

    [Theory]
    [InlineData(-8, 68, Verdict.Pass)]
    [InlineData(2, 60, Verdict.Warn)]
    [InlineData(12, 60, Verdict.Fail)]
    [InlineData(-8, 30, Verdict.Warn)]
    public void FlowTiming_StartedLateOrStoppedEarly_IsFound(double start, int seconds, Verdict expected) =>
        Assert.Equal(expected, Judge(new FlowTimingCheck(), With(SyntheticStudy.Flow(start, seconds))).Verdict);

    [Theory]
    [InlineData(2, Verdict.Pass)]
    [InlineData(0.5, Verdict.Warn)]
    [InlineData(6, Verdict.Fail)]
    public void PoolTiming_EarlyOrLate_IsFound(double start, Verdict expected)
    {
        QualityResult r = Judge(new PoolTimingCheck(), With(SyntheticStudy.Static("pool-ap", "Blood pool", start, 300, 16, 1000, 1)));
        Assert.Equal(expected, r.Verdict);
        Assert.Equal(start + 5, r.Figure!.Value, 6);
        if (expected == Verdict.Fail) Assert.Contains("late pool", r.Action, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, Verdict.Fail)]
    [InlineData(130, Verdict.Warn)]
    [InlineData(180, Verdict.Pass)]
    [InlineData(310, Verdict.Warn)]
    public void DelayedTiming_EarlyOrLate_IsFound(double start, Verdict expected) =>
        Assert.Equal(expected, Judge(new DelayedTimingCheck(), Without("spect") with { Series = [.. Good.Series.Where(s => s.StepId is not ("spect" or "delayed-ap")), SyntheticStudy.Static("delayed-ap", "Delayed", start, 300, 16, 1000, 1)] }).Verdict);

    [Fact]
    public void Timing_PhaseNotTaken_Fails()
    {
        Assert.Equal(Verdict.Fail, Judge(new FlowTimingCheck(), Without("flow")).Verdict);
        Assert.Equal(Verdict.Fail, Judge(new PoolTimingCheck(), Without("pool-ap")).Verdict);
        Assert.Equal(Verdict.Fail, Judge(new DelayedTimingCheck(), Good with { Series = [.. Good.Series.Take(2)] }).Verdict);
    }

    [Fact]
    public void Ledger_OneCountOrChecksumOff_Fails()
    {
        QualityResult count = Judge(new LedgerCheck(), Good with { Ledgers = [.. Good.Ledgers.Select((l, i) => i == 3 ? l with { CountsStored = l.CountsStored - 1 } : l)] });
        Assert.Equal(Verdict.Fail, count.Verdict);
        Assert.Contains("SPECT", count.Words, StringComparison.Ordinal);
        Assert.Equal(Verdict.Fail, Judge(new LedgerCheck(), Good with { Ledgers = [.. Good.Ledgers.Select((l, i) => i == 0 ? l with { CrcEqual = false } : l)] }).Verdict);
        Assert.Equal(Verdict.Warn, Judge(new LedgerCheck(), Good with { Ledgers = [.. Good.Ledgers.Take(3)] }).Verdict);
    }

    [Fact]
    public void PartialSeries_StoppedMissingOrCalledCompleteWrongly_Fails()
    {
        CountSeries spect = Good.Series[^1];
        QualityResult stopped = Judge(new PartialSeriesCheck(), With(spect with { Ending = Ending.Stopped, EndingReason = "patient unwell", Frames = [.. spect.Frames.Take(5)] }));
        Assert.Equal(Verdict.Fail, stopped.Verdict);
        Assert.Contains("stopped (patient unwell), 5 of 16 frames", stopped.Words, StringComparison.Ordinal);
        Assert.Contains("Repeat or complete", stopped.Action, StringComparison.Ordinal);
        Assert.Contains("marked complete, but 5 of 16 frames", Judge(new PartialSeriesCheck(), With(spect with { Frames = [.. spect.Frames.Take(5)] })).Words, StringComparison.Ordinal);
        Assert.Contains("Cannot be taken again: Flow", Judge(new PartialSeriesCheck(), Without("flow")).Action, StringComparison.Ordinal);
        Assert.Contains("CT: not taken", Judge(new PartialSeriesCheck(), Good with { CtFacts = null, Ct = null }).Words, StringComparison.Ordinal);
        Assert.Contains("CT: 153 of 160 slices", Judge(new PartialSeriesCheck(), Good with { CtFacts = Good.CtFacts! with { ExpectedSlices = 160 } }).Words, StringComparison.Ordinal);
    }
}
