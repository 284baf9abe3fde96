using Acquire.Protocols.Imaging;
using Acquire.Service.Acquisition;
using Acquire.Service.Storage;
using Acquire.Service.Studies;

namespace Acquire.Service.Tests.Storage;

public sealed class DataFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-data").FullName;

    [Fact]
    public void Open_HeldByAnother_RefusedWithStorageCode()
    {
        using DataFolder first = DataFolder.Open(_folder);

        AcquireException e = Assert.Throws<AcquireException>(() => DataFolder.Open(_folder));

        Assert.Equal(ExitCodes.Storage, e.ExitCode);
        Assert.Contains("another instance", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AfterTheFirstClosed_Works()
    {
        DataFolder.Open(_folder).Dispose();

        using DataFolder again = DataFolder.Open(_folder);

        Assert.Empty(again.Journal.Studies());
    }

    [Fact]
    public void Open_JournalIsNoDatabase_SaysSoAndLeavesItAlone()
    {
        string path = Path.Combine(_folder, "journal.db");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("this is no database ", 100)));
        byte[] before = File.ReadAllBytes(path);

        AcquireException e = Assert.Throws<AcquireException>(() => DataFolder.Open(_folder));

        Assert.Equal(ExitCodes.Storage, e.ExitCode);
        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(path));
        DataFolderIsFree();
    }

    [Fact]
    public void RequireSpace_MoreThanThereIs_RefusesWithBothNumbers()
    {
        using DataFolder data = DataFolder.Open(_folder);

        AcquireException e = Assert.Throws<AcquireException>(() => data.RequireSpace(data.FreeBytes() + (1L << 40), "the study"));

        Assert.Matches(@"\d+ MB free; the study needs \d+ MB", e.Message);
    }

    [Fact]
    public void Journal_ReopenedAfterAppend_HasTheEventsInOrder()
    {
        using (DataFolder data = DataFolder.Open(_folder))
        {
            data.Journal.AddStudy("S1", DateTimeOffset.UnixEpoch, "{}", "id: x", ("demo", "{}"));
            data.Journal.Append("S1", DateTimeOffset.UnixEpoch.AddSeconds(2), "Note", "second in time");
            data.Journal.Append("S1", DateTimeOffset.UnixEpoch.AddSeconds(1), "Note", "first in time");
        }

        using DataFolder again = DataFolder.Open(_folder);

        Assert.Equal(["second in time", "first in time"], again.Journal.Events("S1"));
        Assert.Equal("{}", again.Journal.Facts("S1", "text")["demo"]);
    }

    [Fact]
    public void Withdraw_StudyWithoutEvent_IsGone_StudyWithOneStays()
    {
        using DataFolder data = DataFolder.Open(_folder);
        data.Journal.AddStudy("S1", DateTimeOffset.UnixEpoch, "{}", "id: x", ("demo", "{}"));
        data.Journal.AddStudy("S2", DateTimeOffset.UnixEpoch, "{}", "id: x", ("demo", "{}"));
        data.Journal.Append("S2", DateTimeOffset.UnixEpoch, "Note", "it began");

        data.Journal.Withdraw("S1");
        data.Journal.Withdraw("S2");

        Assert.Equal(["S2"], data.Journal.Studies());
        Assert.Empty(data.Journal.Facts("S1", "text"));
        Assert.Single(data.Journal.Facts("S2", "text"));
    }

    [Fact]
    public void KeepPlan_SamePlanAgainAfterARestart_KeepsItsPlaceBeforeTheNext()
    {
        using DataFolder data = DataFolder.Open(_folder);
        data.Journal.AddStudy("S1", DateTimeOffset.UnixEpoch, "{}", "id: x", ("demo", "{}"));
        var facts = new StudyFacts(data.Journal, "S1");
        // Rows come back by identity, so a wrong order shows only when the later plan has the smaller one.
        RunPlan first = Plan("ffffffff-0000-8000-8000-000000000000"), second = Plan("00000000-0000-8000-8000-000000000001");

        facts.KeepPlan(first);
        facts.KeepPlan(first);
        facts.KeepPlan(second);

        Assert.Equal([first.AcquisitionId, second.AcquisitionId], facts.Plans().Select(p => p.AcquisitionId));
    }

    private static RunPlan Plan(string id) => new(Guid.Parse(id), "spect", "SPECT", AcquisitionKind.Tomo, [], 2, "LEHR", 240, 0, 6);

    private void DataFolderIsFree()
    {
        File.Delete(Path.Combine(_folder, "journal.db"));
        DataFolder.Open(_folder).Dispose();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
