using System.Diagnostics;
using System.IO.Ports;
using System.Text;
using Acquire.Protocols.Gantry.Serial;

namespace Acquire.Simulator.Tests.Serial;

/// <summary>The client's end of a serial line on one thread: plain text, and the framed link.</summary>
internal sealed class FramedClient : IDisposable
{
    private static uint s_attempts;
    private readonly SerialPort _port;
    private readonly FramedLink _link;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly byte[] _wire = new byte[LinkFrame.MaxWire];
    private readonly List<byte>[] _got = [[], [], [], []];

    public FramedClient(string port)
    {
        _port = new SerialPort(port, 115_200, Parity.None, 8, StopBits.One) { ReadTimeout = 1, WriteTimeout = 10_000 };
        _port.Open();
        _link = new FramedLink(new LinkOptions { IsClient = true, BootId = 77, Attempt = ++s_attempts });
    }

    public FramedLink Link => _link;
    public LinkHello Gantry { get; private set; }

    public void SendText(string text) => _port.BaseStream.Write(Encoding.Latin1.GetBytes(text));

    public string ReadTextLine()
    {
        _port.ReadTimeout = 20_000;
        var line = new StringBuilder();
        for (int b = _port.ReadByte(); b != '\n'; b = _port.ReadByte()) line.Append((char)b);
        _port.ReadTimeout = 1;
        return line.ToString();
    }

    public string AskText(string query)
    {
        SendText(query + "\n");
        return ReadTextLine();
    }

    public void OpenLink()
    {
        _link.Open(_clock.Elapsed);
        Pump(() => _link.State == LinkState.Up);
    }

    public string Ask(string query)
    {
        _link.Offer(0, Encoding.ASCII.GetBytes(query + "\n"));
        return ReadLine(0);
    }

    public int Try(string command) => int.Parse(Ask(command + "\nSYST:ERR?").Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);

    public void Do(params string[] commands) => Assert.All(commands, c => Assert.Equal(0, Try(c)));

    public void Say(int channel, string line) => _link.Offer(channel, Encoding.ASCII.GetBytes(line + "\n"));

    public string ReadLine(int channel)
    {
        Pump(() => _got[channel].Contains((byte)'\n'));
        int end = _got[channel].IndexOf((byte)'\n');
        string line = Encoding.ASCII.GetString([.. _got[channel][..end]]);
        _got[channel].RemoveRange(0, end + 1);
        return line;
    }

    /// <summary>A block with its line feed.</summary>
    public byte[] ReadBlock(int channel)
    {
        List<byte> got = _got[channel];
        Pump(() => got.Count > 2 && got.Count >= 2 + got[1] - '0');
        int digits = got[1] - '0';
        int length = int.Parse(Encoding.ASCII.GetString([.. got[2..(2 + digits)]]), System.Globalization.CultureInfo.InvariantCulture);
        Pump(() => got.Count >= 2 + digits + length + 1);
        byte[] block = [.. got[(2 + digits)..(2 + digits + length)]];
        Assert.Equal((byte)'\n', got[2 + digits + length]);
        got.RemoveRange(0, 3 + digits + length);
        return block;
    }

    public bool HasNothing(int channel) => _got[channel].Count == 0;

    /// <summary>Ends the link: two RST frames.</summary>
    public void CloseLink()
    {
        _link.Close();
        Pump(() => _link.WakeAt(_clock.Elapsed) == TimeSpan.MaxValue);
    }

    public void Pump(Func<bool> until)
    {
        byte[] buffer = new byte[4096];
        var limit = Stopwatch.StartNew();
        while (!until())
        {
            // Only against a test that would hang for ever.
            if (limit.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException("the gantry did not do what was waited for");
            _link.Tick(_clock.Elapsed);
            int length = _link.NextFrame(_clock.Elapsed, _wire);
            if (length > 0) _port.BaseStream.Write(_wire, 0, length);
            else
            {
                try
                {
                    int read = _port.BaseStream.Read(buffer, 0, buffer.Length);
                    _link.Receive(buffer.AsSpan(0, read), _clock.Elapsed);
                }
                catch (TimeoutException)
                {
                    // Nothing there yet.
                }
            }
            while (_link.TryTake(out LinkEvent happened))
            {
                if (happened is LinkEvent.Received received) _got[received.Channel].AddRange(received.Bytes.ToArray());
                if (happened is LinkEvent.Opened opened) Gantry = opened.Peer;
                if (happened is LinkEvent.SpeedChanged speed) _port.BaudRate = speed.Baud;
            }
        }
    }

    public void Dispose() => _port.Dispose();
}
