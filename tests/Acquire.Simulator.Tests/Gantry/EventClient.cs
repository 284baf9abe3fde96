using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>A plain socket on the event port; knows nothing of the simulator's code.</summary>
internal sealed class EventClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly StreamReader _lines;

    public EventClient(int port, int receiveBuffer = 0)
    {
        _client = new TcpClient { NoDelay = true, ReceiveTimeout = 20_000 };
        if (receiveBuffer > 0) _client.ReceiveBufferSize = receiveBuffer;
        _client.Connect("127.0.0.1", port);
        _lines = new StreamReader(_client.GetStream(), Encoding.UTF8);
    }

    public void Send(string line) => _client.GetStream().Write(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>The next line that is no beat; null when the gantry closed.</summary>
    public JsonElement? Next()
    {
        try
        {
            while (_lines.ReadLine() is { } line)
            {
                JsonElement e = JsonDocument.Parse(line).RootElement;
                if (e.GetProperty("k").GetString() != "beat") return e;
            }
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads on until a line of that kind (and value member) comes.</summary>
    public JsonElement Until(string kind, Func<JsonElement, bool>? where = null)
    {
        while (Next() is { } e)
            if (e.GetProperty("k").GetString() == kind && (where is null || where(e.GetProperty("v")))) return e;
        throw new EndOfStreamException("the gantry closed the event connection before " + kind);
    }

    /// <summary>Reads on until a line of that kind comes, whatever members it has.</summary>
    public JsonElement UntilAny(string kind)
    {
        while (Next() is { } e)
            if (e.GetProperty("k").GetString() == kind) return e;
        throw new EndOfStreamException("the gantry closed the event connection before " + kind);
    }

    public void Dispose()
    {
        _lines.Dispose();
        _client.Dispose();
    }
}
