using System.Net;
using System.Net.Sockets;
using System.Text;
using Acquire.Service.Gantry;

namespace Acquire.Service.Tests.Gantry;

/// <summary>The link against a scripted responder: every way an answer can be wrong.</summary>
public sealed class GantryLinkTests
{
    [Fact]
    public async Task Query_Answered_GivesTheReply()
    {
        await using var gantry = new Responder(line => line == "*IDN?" ? "maker,model,1,2\n" : null);
        await using GantryLink link = await gantry.ConnectAsync();

        Assert.Equal("maker,model,1,2", await link.QueryAsync("*IDN?", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Query_RefusedWithoutReply_ThrowsTheErrorOfTheQueue()
    {
        await using var gantry = new Responder(line => line == "SYST:ERR?" ? "-113,\"Undefined header\"\n" : null);
        await using GantryLink link = await gantry.ConnectAsync();

        GantryRefusedException e = await Assert.ThrowsAsync<GantryRefusedException>(() => link.QueryAsync("NO:SUCH?", TestContext.Current.CancellationToken));

        Assert.Equal(-113, e.Code);
    }

    [Fact]
    public async Task QueryBytes_BlockWithLineFeedsInside_IsCountedNotScanned()
    {
        byte[] block = [10, 35, 10, 13, 0, 255, 10];
        await using var gantry = new Responder(line => line == "FRAM:DATA? 1" ? "#17" + Encoding.Latin1.GetString(block) + "\n" : null);
        await using GantryLink link = await gantry.ConnectAsync();

        Assert.Equal(block, await link.QueryBytesAsync("FRAM:DATA? 1", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Query_AnswerCameAfterTheDeadline_NextQueryGetsItsOwnAnswer()
    {
        var held = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var gantry = new Responder(line => line switch
        {
            "TABL:LONG?" => held.Task.GetAwaiter().GetResult() ? "1250.0\n" : "",
            "*IDN?" => "who\n",
            _ => null,
        });
        await using GantryLink link = await gantry.ConnectAsync(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAsync<GantryLinkLostException>(() => link.QueryAsync("TABL:LONG?", TestContext.Current.CancellationToken));
        held.SetResult(true);

        Assert.Equal("who", await link.QueryAsync("*IDN?", TestContext.Current.CancellationToken, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Command_LinkClosedByThePeer_IsLinkLost()
    {
        await using var gantry = new Responder(_ => throw new IOException("gone"));
        await using GantryLink link = await gantry.ConnectAsync();

        await Assert.ThrowsAsync<GantryLinkLostException>(() => link.CommandAsync("ACQ:ARM", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("\"a,b\",2,\"\"", new[] { "a,b", "2", "" })]
    [InlineData("READ,IDLE,STAN,OK,\"console\"", new[] { "READ", "IDLE", "STAN", "OK", "console" })]
    public void Fields_CommasInQuotes_DoNotSplit(string reply, string[] expected) => Assert.Equal(expected, GantryDriver.Fields(reply));

    /// <summary>Answers lines by a rule; SYST:SYNC? is answered as the standard says, SYST:ERR? with no error unless the rule does.</summary>
    private sealed class Responder : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        public Responder(Func<string, string?> rule)
        {
            _listener.Start();
            _serving = Task.Run(async () =>
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
                try
                {
                    while (await reader.ReadLineAsync() is { } line)
                    {
                        string? reply = line.StartsWith("SYST:SYNC? ", StringComparison.Ordinal) ? line["SYST:SYNC? ".Length..] + "\n" : rule(line) ?? (line == "SYST:ERR?" ? "0,\"No error\"\n" : "");
                        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(reply));
                    }
                }
                catch (IOException)
                {
                    // The rule or the test hung up.
                }
            });
        }

        public Task<GantryLink> ConnectAsync() => ConnectAsync(TimeSpan.FromSeconds(10));

        public async Task<GantryLink> ConnectAsync(TimeSpan deadline) =>
            await GantryLink.ConnectAsync("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, TimeProvider.System, CancellationToken.None, deadline);

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving.WaitAsync(TimeSpan.FromSeconds(10)).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
