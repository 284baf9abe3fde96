using System.Text;
using Acquire.Service.Gantry;
using Acquire.Testing;

namespace Acquire.Service.Tests.Gantry;

/// <summary>The link against a scripted gantry: every way an answer can be wrong, late or missing.</summary>
public sealed class GantryLinkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Query_Answered_GivesTheReply()
    {
        await using GantryLink link = await LinkAsync(new ScriptedGantry());

        Assert.Equal("maker,model,1,2", await link.QueryAsync("*IDN?", Cancel));
    }

    [Fact]
    public async Task Query_RefusedWithoutReply_ThrowsTheErrorOfTheQueue()
    {
        var gantry = new ScriptedGantry();
        gantry.Rule = (_, line) => line == "NO:SUCH?" ? gantry.Refuse(-113, "Undefined header") : null;
        await using GantryLink link = await LinkAsync(gantry);

        GantryRefusedException e = await Assert.ThrowsAsync<GantryRefusedException>(() => link.QueryAsync("NO:SUCH?", Cancel));

        Assert.Equal(-113, e.Code);
        Assert.Equal("maker,model,1,2", await link.QueryAsync("*IDN?", Cancel));
    }

    [Fact]
    public async Task QueryBytes_BlockWithLineFeedsInside_IsCountedNotScanned()
    {
        byte[] block = [10, 35, 10, 13, 0, 255, 10];
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "FRAM:DATA? 1" ? "#17" + Encoding.Latin1.GetString(block) + "\n" : null };
        await using GantryLink link = await LinkAsync(gantry);

        Assert.Equal(block, await link.QueryBytesAsync("FRAM:DATA? 1", Cancel));
    }

    [Fact]
    public async Task Query_AnswerComesAfterTheDeadline_IsStillItsOwnAndTheNextOneGetsItsOwn()
    {
        var time = new FakeTime();
        ScriptedGantry.Connection? asked = null;
        var gantry = new ScriptedGantry
        {
            Rule = (connection, line) =>
            {
                if (line == "TABL:LONG?") asked = connection;
                if (asked is null || !line.StartsWith("SYST:", StringComparison.Ordinal)) return line == "TABL:LONG?" ? "" : null;
                return "";
            },
        };
        await using GantryLink link = await LinkAsync(gantry, time);

        Task<string> late = link.QueryAsync("TABL:LONG?", Cancel);
        await UntilAsync(() => gantry.Lines.Count == 3);
        time.Advance(TimeSpan.FromSeconds(6));
        await UntilAsync(() => gantry.Lines.Count == 4); // one more marker: is the link late or lost?
        string[] markers = [.. gantry.Lines.Where(l => l.Line.StartsWith("SYST:SYNC? ", StringComparison.Ordinal)).Select(l => l.Line["SYST:SYNC? ".Length..])];
        asked!.Say($"1250.0\n0,\"No error\"\n{markers[0]}\n{markers[1]}\n");
        asked = null;

        Assert.Equal("1250.0", await late);
        Assert.Equal("maker,model,1,2", await link.QueryAsync("*IDN?", Cancel));
        Assert.Single(gantry.Connections);
    }

    [Fact]
    public async Task Query_ReplyLost_IsATimeOutAndTheLinkStaysInStep()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "TABL:LONG?" ? "" : null };
        await using GantryLink link = await LinkAsync(gantry);

        await Assert.ThrowsAsync<GantryTimeoutException>(() => link.QueryAsync("TABL:LONG?", Cancel));

        Assert.Null(link.Lost);
        Assert.Equal("maker,model,1,2", await link.QueryAsync("*IDN?", Cancel));
    }

    [Fact]
    public async Task Query_MarkerLost_NextOneDoesNotGetItsAnswer()
    {
        bool swallow = true;
        var gantry = new ScriptedGantry();
        gantry.Rule = (_, line) => swallow && line.StartsWith("SYST:SYNC? ", StringComparison.Ordinal) ? Swallow() : line == "TABL:LONG?" ? "1250.0\n" : null;
        string Swallow()
        {
            swallow = false;
            return "";
        }
        await using GantryLink link = await LinkAsync(gantry);

        Task<string> first = link.QueryAsync("TABL:LONG?", Cancel);
        Task<string> second = link.QueryAsync("*IDN?", Cancel);

        await Assert.ThrowsAsync<GantryTimeoutException>(() => first);
        await Assert.ThrowsAsync<GantryTimeoutException>(() => second); // nobody can say which line was whose: both are asked again
        Assert.Equal("1250.0", await link.QueryAsync("TABL:LONG?", Cancel));
    }

    [Fact]
    public async Task Query_GantrySaysNothingAtAll_LinkIsLost()
    {
        var time = new FakeTime();
        var gantry = new ScriptedGantry { Rule = (_, _) => "" };
        await using GantryLink link = await LinkAsync(gantry, time);

        Task<string> query = link.QueryAsync("*IDN?", Cancel);
        await UntilAsync(() => gantry.Lines.Count == 3);
        time.Advance(TimeSpan.FromSeconds(6));
        await UntilAsync(() => gantry.Lines.Count == 4);
        time.Advance(TimeSpan.FromSeconds(6));

        GantryLinkLostException e = await Assert.ThrowsAsync<GantryLinkLostException>(() => query);
        Assert.IsNotType<GantryTimeoutException>(e);
        Assert.NotNull(link.Lost);
        Assert.True(gantry.Connections[0].IsClosed);
    }

    [Fact]
    public async Task Queries_ManyAtOnce_EachGetsItsOwnAnswer()
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line.StartsWith("ECHO? ", StringComparison.Ordinal) ? line[6..] + "\n" : null };
        await using GantryLink link = await LinkAsync(gantry);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => link.QueryAsync($"ECHO? {i}", Cancel)));

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), answers);
    }

    [Fact]
    public async Task Query_CallerGivesUp_ItsAnswerIsNotTheNextOnes()
    {
        ScriptedGantry.Connection? asked = null;
        var gantry = new ScriptedGantry { Rule = (c, line) => line == "SLOW?" ? Keep(c) : null };
        string Keep(ScriptedGantry.Connection c)
        {
            asked = c;
            return "";
        }
        await using GantryLink link = await LinkAsync(gantry);
        using var cancel = new CancellationTokenSource();

        // The marker of the slow one comes at once here; what matters is that the caller's giving up leaves the order alone.
        Task<string> slow = link.QueryAsync("SLOW?", cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => slow);

        Assert.Equal("maker,model,1,2", await link.QueryAsync("*IDN?", Cancel));
        Assert.True(asked is null || !asked.IsClosed);
    }

    [Fact]
    public async Task Command_LinkClosedByThePeer_IsLinkLost()
    {
        var gantry = new ScriptedGantry();
        gantry.Rule = (connection, line) =>
        {
            if (line != "ACQ:ARM") return null;
            connection.Drop();
            return "";
        };
        await using GantryLink link = await LinkAsync(gantry);

        await Assert.ThrowsAsync<GantryLinkLostException>(() => link.CommandAsync("ACQ:ARM", Cancel));
    }

    [Theory]
    [InlineData("#9999999999\n")]
    [InlineData("#x\n")]
    [InlineData("#0abc\n")]
    [InlineData("#15hello!\n")]
    public async Task Query_AnsweredWithABlockThatIsNone_LinkIsLostNotMisread(string garbage)
    {
        var gantry = new ScriptedGantry { Rule = (_, line) => line == "FRAM:DATA? 1" ? garbage : null };
        await using GantryLink link = await LinkAsync(gantry);

        await Assert.ThrowsAsync<GantryLinkLostException>(() => link.QueryBytesAsync("FRAM:DATA? 1", Cancel));
    }

    [Theory]
    [InlineData("ACQ:LAB \"Muster, Max\"")]
    [InlineData("ACQ:LABEL 'Muster'")]
    [InlineData("ACQ:MODE STAT;LAB \"M\u00fcller\"")]
    [InlineData("*IDN?\nABOR")]
    public async Task Send_TextThatCouldNameAPatientOrBreakTheLine_IsRefusedBeforeItGoesOut(string message)
    {
        var gantry = new ScriptedGantry();
        await using GantryLink link = await LinkAsync(gantry);

        ArgumentException e = await Assert.ThrowsAnyAsync<ArgumentException>(() => link.CommandAsync(message, Cancel));

        Assert.Empty(gantry.Lines);
        Assert.DoesNotContain("uster", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_LabelThatIsAKey_GoesOut()
    {
        var gantry = new ScriptedGantry();
        await using GantryLink link = await LinkAsync(gantry);

        await link.CommandAsync("ACQ:LAB \"Sd55bc280d4-2\"", Cancel);

        Assert.Contains("ACQ:LAB \"Sd55bc280d4-2\"", gantry.Commands);
    }

    [Theory]
    [InlineData("\"a,b\",2,\"\"", new[] { "a,b", "2", "" })]
    [InlineData("READ,IDLE,STAN,OK,\"console\"", new[] { "READ", "IDLE", "STAN", "OK", "console" })]
    public void Fields_CommasInQuotes_DoNotSplit(string reply, string[] expected) => Assert.Equal(expected, GantryReply.Fields(reply));

    internal static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static Task<GantryLink> LinkAsync(ScriptedGantry gantry, TimeProvider? time = null) => GantryLink.ConnectAsync(gantry, time ?? TimeProvider.System, Cancel);
}
