using System.Diagnostics;
using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Testing;

namespace Acquire.EndToEnd.Tests;

/// <summary>The main job through the front door: processes, wire, disk.</summary>
public sealed class WholeStudyTests
{
    private const string AsFastAsItGoes = "1000000";

    [Fact]
    public async Task Demo_ShortStudy_EndsCompleteWithEveryFrameWhole()
    {
        using var data = new TemporaryData();

        (int code, string output, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes);

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("study complete", output, StringComparison.Ordinal);
        Assert.All(data.Frames().Values, frame => Assert.Null(FrameHeader.Check(frame, out _)));
        // 14 flow frames x 2 heads; pool and three delayed views x 2 heads x 2 windows; 12 stops x 2 heads x 2 windows; 10 slices.
        Assert.Equal((14 * 2) + (4 * 4) + (12 * 4) + 10, data.Frames().Count);
        Assert.Contains("Made by a simulator", await File.ReadAllTextAsync(Path.Combine(data.StudyFolder, "report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(data.StudyFolder, "dicom"), "*.dcm", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Demo_WholeStudy_NamesThePatientOnlyWhereADoctorLooks()
    {
        using var data = new TemporaryData();

        (int code, string output, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes);

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        string[] identifiers = ["MUSTER", "Muster", "ACQ-DEMO-1"];
        Assert.All(identifiers, id => Assert.DoesNotContain(id, output + errors, StringComparison.Ordinal));
        // Allowed: the DICOM files, the report, and the column study.scheduled of the journal (with its write-ahead log).
        string[] named = [.. Directory.GetFiles(data.Path, "*", SearchOption.AllDirectories)
            .Where(f => identifiers.Any(id => Path.GetRelativePath(data.Path, f).Contains(id, StringComparison.OrdinalIgnoreCase) || System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(f)).Contains(id, StringComparison.Ordinal)))
            .Select(f => Path.GetRelativePath(data.Path, f))];
        Assert.Contains(named, f => f.EndsWith("report.html", StringComparison.Ordinal));
        Assert.All(named, f => Assert.True(f.EndsWith(".dcm", StringComparison.Ordinal) || f.EndsWith("report.html", StringComparison.Ordinal) || f.StartsWith("journal.db", StringComparison.Ordinal), f));
        Assert.Equal("0", Query(data, "SELECT count(*) FROM event WHERE body LIKE '%MUSTER%' OR body LIKE '%ACQ-DEMO%'"));
        Assert.Equal("0", Query(data, "SELECT count(*) FROM fact WHERE body LIKE '%MUSTER%' OR body LIKE '%ACQ-DEMO%'"));
    }

    [Fact]
    public async Task Demo_SameSeedAtAnotherSpeed_SameFramesByteForByte()
    {
        using var first = new TemporaryData();
        using var second = new TemporaryData();
        using var other = new TemporaryData();

        await AcquireProgram.RunAsync("demo", "--plain", "--data", first.Path, "--protocol", ShortProtocol.Write(first), "--speed", AsFastAsItGoes, "--seed", "7");
        await AcquireProgram.RunAsync("demo", "--plain", "--data", second.Path, "--protocol", ShortProtocol.Write(second), "--speed", "20000", "--seed", "7");
        await AcquireProgram.RunAsync("demo", "--plain", "--data", other.Path, "--protocol", ShortProtocol.Write(other), "--speed", AsFastAsItGoes, "--seed", "8");

        IReadOnlyDictionary<string, byte[]> a = first.Frames(), b = second.Frames();
        Assert.NotEmpty(a);
        Assert.Equal(a.Keys.Order(StringComparer.Ordinal), b.Keys.Order(StringComparer.Ordinal));
        Assert.All(a, frame => Assert.True(frame.Value.AsSpan().SequenceEqual(b[frame.Key]), $"{frame.Key} differs"));
        ulong[] sums = [.. a.Values.Select(Sum).Order()];
        Assert.NotEqual(sums, [.. other.Frames().Values.Select(Sum).Order()]);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Demo_KilledAtRandomMomentsThenResumed_LosesNoAcknowledgedFrame(int seed)
    {
        using TemporaryData reference = await ReferenceAsync();
        using var data = new TemporaryData();
        var random = new Random(seed);
        string protocol = ShortProtocol.Write(data);
        string[] arguments = ["demo", "--plain", "--data", data.Path, "--protocol", protocol, "--speed", AsFastAsItGoes, "--seed", "11"];
        bool ended = false;
        int kills = 0;
        Dictionary<string, byte[]> seen = new(StringComparer.Ordinal);
        while (!ended && kills < 4)
        {
            using AcquireProgram program = AcquireProgram.Start(arguments);
            // Killed after a random number of lines and a random further moment: in waits, moves, between fetch and acknowledge, in the finish.
            int lines = random.Next(1, 45);
            for (int i = 0; i < lines && await program.Output.ReadLineAsync() is not null; i++) { }
            Thread.SpinWait(random.Next(0, 3_000_000));
            program.Kill();
            await program.EndAsync();
            kills++;
            Dictionary<string, byte[]> onDisk = data.Frames().ToDictionary();
            Assert.All(onDisk.Values, frame => Assert.Null(FrameHeader.Check(frame, out _)));
            Assert.All(seen, frame => Assert.True(onDisk.TryGetValue(frame.Key, out byte[]? now) && now.AsSpan().SequenceEqual(frame.Value), $"{frame.Key} was on disk before the kill and is not, or is another"));
            seen = onDisk;
            if (File.Exists(data.File("journal.db")) && StudyIsOpened(data)) arguments = ["resume", "--plain", "--data", data.Path];
            ended = StudyHasEnded(data);
        }
        if (!ended)
        {
            (int code, string output, string errors) = await AcquireProgram.RunAsync(arguments);
            Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        }

        IReadOnlyDictionary<string, byte[]> expected = reference.Frames(), actual = data.Frames();
        Assert.All(seen, frame => Assert.True(actual[frame.Key].AsSpan().SequenceEqual(frame.Value), $"{frame.Key} changed after the kill"));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(actual, frame => Assert.Null(FrameHeader.Check(frame.Value, out _)));
    }

    /// <summary>20 seeds; ACQUIRE_KILL_SEEDS=N makes a longer campaign of the same test.</summary>
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("ACQUIRE_KILL_SEEDS") ?? "20", CultureInfo.InvariantCulture))];

    [Fact]
    public async Task Resume_SimulatorKilledInTheRotation_TakesTheRestAndSaysSo()
    {
        using var data = new TemporaryData();
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes))
        {
            while (await program.Output.ReadLineAsync() is { } line && !(line.Contains("SPECT T11 to S3", StringComparison.Ordinal) && line.Contains("frames stored", StringComparison.Ordinal))) { }
            program.Kill();
            await program.EndAsync();
        }
        data.KillSimulator();

        (int code, string output, string errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path);

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("lost power", output, StringComparison.Ordinal);
        Assert.Contains("study complete", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_FlowRanOutBeforeTheInjection_TakesAnotherAndInjectsIntoIt()
    {
        using var data = new TemporaryData();
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", "10"))
        {
            while (await program.Output.ReadLineAsync() is { } line && !line.Contains("armed and started", StringComparison.Ordinal)) { }
            program.Kill();
            await program.EndAsync();
        }

        (int code, string output, string errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path, "--speed", AsFastAsItGoes, "--outage", "10");

        Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
        int injected = output.IndexOf("injected", StringComparison.Ordinal), again = output.IndexOf("armed and started", StringComparison.Ordinal);
        Assert.True(again >= 0 && again < injected, $"injected while no flow was counting:\n{output}");
        Assert.DoesNotContain("not written as DICOM", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_SimulatorKilledInTheFlow_ReportsThePartialFlowAsWhatItIs()
    {
        using var data = new TemporaryData();
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes))
        {
            while (await program.Output.ReadLineAsync() is { } line && !line.Contains("injected", StringComparison.Ordinal)) { }
            program.Kill();
            await program.EndAsync();
        }
        data.KillSimulator();

        (int code, string output, string errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path);

        Assert.True(code == 5, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("cannot be repeated", output, StringComparison.Ordinal);
        Assert.Contains("lost power", await File.ReadAllTextAsync(Path.Combine(data.StudyFolder, "report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_StoppedInTheRotation_EndsStoppedInTheSameWordsEverywhereAndKeepsTheCounts()
    {
        using var data = new TemporaryData();
        string[] arguments = ["demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", "3000"];
        using AcquireProgram program = AcquireProgram.Start(arguments);
        while (await program.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !(line.Contains("SPECT T11 to S3", StringComparison.Ordinal) && line.Contains("frames stored", StringComparison.Ordinal))) { }

        await program.StopAsync();
        string output = await program.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        int code = await program.EndAsync();

        Assert.True(code == 5, $"exit code {code}\n{output}\n{program.Errors}");
        Assert.Contains("the gantry confirmed", output, StringComparison.Ordinal);
        Assert.Contains("study stopped: stopped by the operator", output, StringComparison.Ordinal);
        Assert.Contains("stopped by the operator", Query(data, "SELECT body FROM event WHERE kind='StudyEnded'"), StringComparison.Ordinal);
        Assert.Contains("stopped by the operator", await File.ReadAllTextAsync(Path.Combine(data.StudyFolder, "report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        string ledger = Query(data, "SELECT body FROM fact WHERE kind='result' AND body LIKE '%SPECT%'");
        Assert.Contains("\"CrcEqual\":true", ledger, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_InterruptedInTheFlow_KeepsWhatWasCountedAndSaysWhoStoppedIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends SIGINT with kill");
        using var data = new TemporaryData();
        string output = "";
        int code;
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", "10"))
        {
            while (await program.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("injected", StringComparison.Ordinal)) { }
            using (Process interrupt = Process.Start("kill", ["-INT", $"{program.Id}"])) await interrupt.WaitForExitAsync(TestContext.Current.CancellationToken);
            output = await program.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
            code = await program.EndAsync();
        }

        Assert.True(code == 5, $"exit code {code}\n{output}");
        Assert.Matches(@"Flow.*: stopped by the operator; \d+ of 28 frames kept", output);
        Assert.Contains("study stopped: stopped by the operator", output, StringComparison.Ordinal);
        Assert.Equal("Stopped", Query(data, "SELECT json_extract(body, '$.Ending') FROM fact WHERE kind='result'"));
        Assert.Equal("1", Query(data, "SELECT json_extract(body, '$.Ledger.Equal') FROM fact WHERE kind='result'")); // also what was being counted when the stop came
    }

    [Fact]
    public async Task Resume_ConsoleAndSimulatorKilledInTheCt_IsNotExposedAgainByItself()
    {
        using var data = new TemporaryData();
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes))
        {
            while (await program.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("exposing", StringComparison.Ordinal)) { }
            program.Kill();
            await program.EndAsync();
        }
        data.KillSimulator();

        (int code, string output, string errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path);
        (int again, string nothing, _) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path);

        Assert.True(code is 5 or 0 or 6, $"exit code {code}\n{output}\n{errors}");
        if (code == 5) Assert.Contains("not exposed again without a person's decision", output, StringComparison.Ordinal);
        else Assert.Contains("10 slices, ledger equal", output, StringComparison.Ordinal); // the CT was over before the kill came
        Assert.Equal(0, again);
        Assert.Contains("nothing to resume", nothing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_FrameDamagedOnDiskMeanwhile_NamesItAndFinishesTheRest()
    {
        using var data = new TemporaryData();
        using (AcquireProgram program = AcquireProgram.Start("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes))
        {
            while (await program.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("Delayed, anterior and posterior: complete", StringComparison.Ordinal)) { }
            program.Kill();
            await program.EndAsync();
        }
        string damaged = data.File(data.Frames().First(f => { FrameHeader.TryRead(f.Value, out FrameHeader? h); return h!.Mode == FrameMode.Dynamic && h.Number == 5; }).Key);
        byte[] bytes = await File.ReadAllBytesAsync(damaged, TestContext.Current.CancellationToken);
        bytes[500] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes, TestContext.Current.CancellationToken);

        (int code, string output, string errors) = await AcquireProgram.RunAsync("resume", "--plain", "--data", data.Path);

        Assert.True(code == 5, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("frame 5 of run", output, StringComparison.Ordinal);
        Assert.Contains("damaged on disk", await File.ReadAllTextAsync(Path.Combine(data.StudyFolder, "report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(data.StudyFolder, "dicom"), "recon*.dcm"));
    }

    private static readonly SemaphoreSlim ReferenceGate = new(1, 1);
    private static IReadOnlyDictionary<string, byte[]>? _reference;

    private static async Task<TemporaryData> ReferenceAsync()
    {
        var data = new TemporaryData();
        await ReferenceGate.WaitAsync();
        try
        {
            if (_reference is null)
            {
                (int code, string output, string errors) = await AcquireProgram.RunAsync("demo", "--plain", "--data", data.Path, "--protocol", ShortProtocol.Write(data), "--speed", AsFastAsItGoes, "--seed", "11");
                Assert.True(code is 0 or 6, $"exit code {code}\n{output}\n{errors}");
                _reference = data.Frames();
                return data;
            }
        }
        finally
        {
            ReferenceGate.Release();
        }
        foreach ((string path, byte[] bytes) in _reference)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(data.File(path))!);
            await File.WriteAllBytesAsync(data.File(path), bytes);
        }
        return data;
    }

    private static ulong Sum(byte[] frame)
    {
        FrameHeader.TryRead(frame, out FrameHeader? header);
        return header!.Sum;
    }

    private static bool StudyIsOpened(TemporaryData data) => long.Parse(Query(data, "SELECT count(*) FROM study"), CultureInfo.InvariantCulture) > 0;

    private static bool StudyHasEnded(TemporaryData data) => StudyIsOpened(data) && long.Parse(Query(data, "SELECT count(*) FROM event WHERE kind='StudyEnded'"), CultureInfo.InvariantCulture) > 0;

    private static string Query(TemporaryData data, string sql)
    {
        if (!File.Exists(data.File("journal.db"))) return "0";
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={data.File("journal.db")};Pooling=False");
        connection.Open();
        using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        try
        {
            return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture)!;
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            return "0"; // killed before the tables were made
        }
    }
}
