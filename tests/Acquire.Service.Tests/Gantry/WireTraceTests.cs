using System.Text;
using Acquire.Service.Gantry;
using Acquire.Service.Tests.Dicom;
using Acquire.Testing;

namespace Acquire.Service.Tests.Gantry;

/// <summary>The wire trace on disk: whole, bounded, readable after anything.</summary>
public sealed class WireTraceTests
{
    [Fact]
    public async Task Trace_WhatWasWritten_IsReadBackFieldByField()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTime();
        byte[] small = [1, 2, 10, 255], large = new byte[5000];
        await using (WireTrace trace = WireTrace.Open(folder.Path, time))
        {
            WireTraceConnection control = trace.Connect("control", "here");
            time.Advance(TimeSpan.FromMilliseconds(1.5));
            control.Sent("*IDN?\nSYST:ERR?");
            control.Received(Encoding.Latin1.GetBytes("a\"b\\\u00e9\u0001"));
            control.ReceivedBlock(small);
            control.ReceivedBlock(large);
            trace.Connect("stop", "here").Sent("SYST:SYNC? 5", isTimed: true);
        }

        WireRecord[] records = [.. WireTraceReader.Read(folder.Path, d => Assert.Fail(d)).Where(r => r.Number > 0)];

        Assert.Equal(Enumerable.Range(1, 7).Select(n => (long)n), records.Select(r => r.Number));
        Assert.Equal("*IDN?\nSYST:ERR?", records[1].Text);
        Assert.Equal((1500, WireDirection.ToGantry, 1, "control"), (records[1].MonotonicUs, records[1].Direction, records[1].Connection, records[1].Channel));
        Assert.Equal("a\"b\\\u00e9\u0001", records[2].Text);
        Assert.Equal(small, records[3].Block!.Bytes);
        Assert.Null(records[4].Block!.Bytes); // of long blocks only length and CRC
        Assert.Equal((5000, Acquire.Protocols.Gantry.Crc32.Of(large)), (records[4].Block!.Length, records[4].Block!.Crc));
        Assert.True(records[6].IsTimed);
    }

    [Fact]
    public async Task Trace_CutAnywhere_EverythingBeforeTheCutIsRead()
    {
        using var folder = new TemporaryFolder();
        await using (WireTrace trace = WireTrace.Open(folder.Path, new FakeTime()))
        {
            WireTraceConnection control = trace.Connect("control", "here");
            for (int i = 0; i < 20; i++) control.Sent($"ACQ:STAT? {i}");
        }
        string file = WireTrace.Segments(folder.Path).Single();
        byte[] whole = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        int[] ends = [.. Enumerable.Range(0, whole.Length).Where(i => whole[i] == '\n')];
        for (int length = 0; length < whole.Length; length += 7)
        {
            await File.WriteAllBytesAsync(file, whole[..length], TestContext.Current.CancellationToken);
            // A record whose line feed alone is missing is whole all the same: its CRC says so.
            int read = WireTraceReader.Read(folder.Path).Count();
            Assert.InRange(read, ends.Count(e => e < length), ends.Count(e => e <= length));
        }
    }

    [Fact]
    public async Task Trace_OneByteDamaged_CostsThatRecordOnlyAndIsTold()
    {
        using var folder = new TemporaryFolder();
        await using (WireTrace trace = WireTrace.Open(folder.Path, new FakeTime()))
        {
            WireTraceConnection control = trace.Connect("control", "here");
            for (int i = 0; i < 20; i++) control.Sent($"ACQ:STAT? {i}");
        }
        string file = WireTrace.Segments(folder.Path).Single();
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        int at = bytes.AsSpan().IndexOf("ACQ:STAT? 7"u8) + 4;
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var told = new List<string>();

        WireRecord[] records = [.. WireTraceReader.Read(folder.Path, told.Add)];

        Assert.Equal(21, records.Length); // head of the segment, opening, nineteen of twenty
        Assert.Single(told);
        Assert.DoesNotContain(records, r => r.Text == "ACQ:STAT? 7");
    }

    [Fact]
    public async Task Trace_BeyondItsBounds_DropsTheOldestSegmentsAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        var options = new WireTraceOptions { SegmentBytes = 4_000, TotalBytes = 20_000 };
        await using (WireTrace trace = WireTrace.Open(folder.Path, new FakeTime(), options))
        {
            WireTraceConnection control = trace.Connect("control", "here");
            for (int i = 0; i < 2_000; i++)
            {
                control.Sent($"ACQ:STAT? {i}");
                if (i % 20 == 0) await Task.Delay(1, TestContext.Current.CancellationToken); // lets the writer come between, so that there are many segments
            }
        }

        long size = new DirectoryInfo(folder.Path).GetFiles(WireTrace.Pattern).Sum(f => f.Length);
        WireRecord[] records = [.. WireTraceReader.Read(folder.Path)];

        Assert.True(size < 20_000 + (3 * options.SegmentBytes), $"{size} bytes");
        Assert.Equal(2_001, records.Max(r => r.Number)); // the newest is there
        Assert.Contains(records, r => r.Text.StartsWith("dropped wire-", StringComparison.Ordinal));
        long[] numbers = [.. records.Where(r => r.Number > 0).Select(r => r.Number)];
        Assert.Equal(numbers.Length, numbers[^1] - numbers[0] + 1); // what is left has no gaps
    }

    [Fact]
    public async Task Trace_OlderThanItsAge_IsDroppedWhenTheNextSegmentBegins()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTime();
        await using (WireTrace trace = WireTrace.Open(folder.Path, time)) trace.Connect("control", "here").Sent("*IDN?");
        File.SetLastWriteTimeUtc(WireTrace.Segments(folder.Path).Single(), (time.GetUtcNow() - TimeSpan.FromDays(31)).UtcDateTime);

        await using (WireTrace.Open(folder.Path, time)) { }

        Assert.EndsWith("wire-000002.trace", WireTrace.Segments(folder.Path).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_OfASession_HoldsNoSecret()
    {
        using var folder = new TemporaryFolder();
        await using (WireTrace trace = WireTrace.Open(folder.Path, TimeProvider.System))
        await using (await GantryDriver.OpenAsync(new ScriptedGantry(), new GantryDriverOptions { WithEvents = false, SessionSecret = "hushhush", Trace = trace }, TimeProvider.System, TestContext.Current.CancellationToken)) { }

        string text = await File.ReadAllTextAsync(WireTrace.Segments(folder.Path).Single(), TestContext.Current.CancellationToken);

        Assert.Contains("SYST:SESS:OPEN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hushhush", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadFirstRun_SegmentsOfTwoRuns_GivesTheFirstOnly()
    {
        using var folder = new TemporaryFolder();
        for (int run = 0; run < 2; run++)
        {
            await using WireTrace trace = WireTrace.Open(folder.Path, new FakeTime());
            trace.Connect("control", $"run {run}");
        }

        Assert.Equal("open run 0", Assert.Single(WireTraceReader.ReadFirstRun(folder.Path)).Text);
    }
}
