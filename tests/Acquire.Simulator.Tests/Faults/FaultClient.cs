using System.Net.Sockets;
using System.Text;

namespace Acquire.Simulator.Tests.Faults;

/// <summary>A plain socket on the fault port.</summary>
internal sealed class FaultClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly StreamReader _lines;

    public FaultClient(int port)
    {
        _client = new TcpClient("127.0.0.1", port) { NoDelay = true, ReceiveTimeout = 20_000 };
        _lines = new StreamReader(_client.GetStream(), Encoding.ASCII);
    }

    public string Say(string line)
    {
        _client.GetStream().Write(Encoding.ASCII.GetBytes(line + "\n"));
        return _lines.ReadLine()!;
    }

    public List<string> List(string line)
    {
        var lines = new List<string>();
        for (string next = Say(line); next != "."; next = _lines.ReadLine()!) lines.Add(next);
        return lines;
    }

    public void Do(params string[] lines)
    {
        foreach (string line in lines) Assert.Equal("ok", Say(line));
    }

    public void Dispose()
    {
        _lines.Dispose();
        _client.Dispose();
    }
}
