using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Tests.Gantry;

/// <summary>A plain socket, as any bench tool has; knows nothing of the simulator's code.</summary>
internal sealed class WireClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly BufferedStream _stream;

    public WireClient(int port)
    {
        _client = new TcpClient("127.0.0.1", port) { NoDelay = true, ReceiveTimeout = 20_000 };
        _stream = new BufferedStream(_client.GetStream());
    }

    public Socket Socket => _client.Client;

    public void Send(string text) => SendBytes(Encoding.Latin1.GetBytes(text));

    public void SendBytes(byte[] bytes) => _client.GetStream().Write(bytes);

    public byte[] ReadReply()
    {
        int first = _stream.ReadByte();
        if (first < 0) throw new EndOfStreamException();
        if (first == '#')
        {
            int digits = _stream.ReadByte() - '0';
            byte[] count = new byte[digits];
            _stream.ReadExactly(count);
            byte[] block = new byte[int.Parse(Encoding.ASCII.GetString(count), CultureInfo.InvariantCulture)];
            _stream.ReadExactly(block);
            Assert.Equal('\n', _stream.ReadByte());
            return block;
        }
        var line = new List<byte>();
        for (int b = first; b != '\n'; b = _stream.ReadByte())
        {
            if (b < 0) throw new EndOfStreamException();
            line.Add((byte)b);
        }
        return [.. line];
    }

    public string Ask(string query) => Encoding.ASCII.GetString(AskBytes(query));

    public byte[] AskBytes(string query)
    {
        Send(query + "\n");
        return ReadReply();
    }

    /// <summary>A command; gives the number of the error it left.</summary>
    public int Try(string command)
    {
        Send(command + "\n");
        return int.Parse(Ask("SYST:ERR?").Split(',')[0], CultureInfo.InvariantCulture);
    }

    public void Do(params string[] commands)
    {
        foreach (string command in commands)
        {
            Send(command + "\n");
            string error = Ask("SYST:ERR?");
            Assert.True(error.StartsWith("0,", StringComparison.Ordinal), command + " → " + error);
        }
    }

    public void Advance(double seconds) => Ask(string.Create(CultureInfo.InvariantCulture, $"DIAG:SIM:ADV? {seconds}"));

    public WireClient TakeControl(string name = "console", string secret = "s")
    {
        Do($"SYST:SESS:OPEN \"{name}\",CONT,\"{secret}\"", "SYST:CONT:REQ");
        return this;
    }

    /// <summary>High voltage on, all axes homed: READy at tick 30 s.</summary>
    public WireClient MakeReady()
    {
        Do("HEAD1:HV ON;:HEAD2:HV ON", "MOT:HOME \"home\"");
        Advance(30);
        return this;
    }

    /// <summary>Moves to the targets set before.</summary>
    public void Move(string operation)
    {
        string[] plan = Ask("MOT:PLAN?").Split(',');
        Assert.Equal("OK", plan[0]);
        Do($"MOT:STAR \"{operation}\",{plan[2]}");
        Advance(double.Parse(plan[1], CultureInfo.InvariantCulture));
    }

    /// <summary>All frames of the selected run, each checked, acknowledged one by one.</summary>
    public List<byte[]> FetchAll(bool acknowledge = true)
    {
        var frames = new List<byte[]>();
        if (!acknowledge)
        {
            string[] range = Ask("FRAM:RANG?").Split(',');
            for (int n = int.Parse(range[0], CultureInfo.InvariantCulture); n <= int.Parse(range[1], CultureInfo.InvariantCulture); n++) frames.Add(AskBytes("FRAM:DATA? " + n.ToString(CultureInfo.InvariantCulture)));
            return frames;
        }
        while (Ask("FRAM:NEXT?").Split(',') is var next && next[0] != "0")
        {
            byte[] frame = AskBytes("FRAM:DATA? " + next[0]);
            Assert.Equal(next[1], frame.Length.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(next[2], Crc32.Of(frame).ToString(CultureInfo.InvariantCulture));
            frames.Add(frame);
            Do("FRAM:ACKN " + next[0]);
        }
        return frames;
    }

    public static FrameHeader Header(byte[] frame)
    {
        Assert.Null(FrameHeader.Check(frame, out FrameHeader? header));
        return header!;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }
}
