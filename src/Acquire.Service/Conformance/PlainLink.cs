using System.Globalization;
using System.Text;

namespace Acquire.Service.Conformance;

/// <summary>A byte pipe to the gantry as any bench tool has one; knows nothing of the driver's code. Not thread-safe.</summary>
internal abstract class PlainLink(string who, WireNotes notes) : IDisposable
{
    /// <summary>How long a reply may take before it counts as missing, ms (what generic tools wait).</summary>
    public const int ReplyMs = 2000;
    /// <summary>How long this kit waits: more only where the machine itself is the bottleneck (its own tests).</summary>
    public static int PatienceMs { get; set; } = ReplyMs;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _at;
    private int _end;
    private int _sync;

    /// <summary>Name in the notes.</summary>
    public string Who { get; } = who;
    /// <summary>Where it is written down.</summary>
    protected WireNotes Notes { get; } = notes;
    /// <summary>Bytes of the last receive call; tells whether a reply came in one piece.</summary>
    public int LastReceive { get; private set; }

    /// <summary>Sends bytes as they are.</summary>
    public void SendBytes(ReadOnlySpan<byte> bytes)
    {
        Notes.Sent(Who, bytes);
        Write(bytes);
    }

    /// <summary>Sends text as it is, one byte a character.</summary>
    public void SendText(string text) => SendBytes(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends a message: the text and a line feed.</summary>
    public void Send(string message) => SendText(message + "\n");

    /// <summary>The next whole reply without its line feed.</summary>
    /// <exception cref="ClauseFailedException">None came, or the connection ended.</exception>
    public byte[] Read(int timeoutMs = 0)
    {
        var reply = new List<byte>();
        bool inQuotes = false, fieldStart = true;
        while (true)
        {
            byte b = Next(timeoutMs, reply);
            if (b == (byte)'\n' && !inQuotes) break;
            reply.Add(b);
            if (b == (byte)'#' && fieldStart && !inQuotes) ReadBlock(reply, timeoutMs);
            else if (b == (byte)'"') inQuotes = !inQuotes;
            fieldStart = b is (byte)',' or (byte)';';
        }
        byte[] bytes = [.. reply];
        Notes.Came(Who, bytes);
        return bytes;
    }

    /// <summary>The next whole reply as text.</summary>
    public string ReadText(int timeoutMs = 0) => Encoding.Latin1.GetString(Read(timeoutMs));

    /// <summary>The next line as it is: on the event port quotes and '#' mean nothing to the reader.</summary>
    public string ReadLine(int timeoutMs = 0)
    {
        var line = new List<byte>();
        for (byte b = Next(timeoutMs, line); b != (byte)'\n'; b = Next(timeoutMs, line)) line.Add(b);
        byte[] bytes = [.. line];
        Notes.Came(Who, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Asks and waits for the reply.</summary>
    public string Ask(string query)
    {
        Send(query);
        return ReadText();
    }

    /// <summary>Asks for one block and gives its bytes.</summary>
    public byte[] AskBlock(string query)
    {
        Send(query);
        byte[] reply = Read();
        if (reply.Length < 3 || reply[0] != (byte)'#' || reply[1] is < (byte)'1' or > (byte)'9') throw new ClauseFailedException($"a block in answer to {query}", WireNotes.Show(reply));
        return reply[(2 + reply[1] - '0')..];
    }

    /// <summary>Answer and the values between its commas, strings taken whole.</summary>
    public string[] Fields(string query) => Split(Ask(query));

    /// <summary>The values between the commas of a reply, strings taken whole with their quotes.</summary>
    public static string[] Split(string reply)
    {
        var fields = new List<string>();
        int start = 0;
        bool inQuotes = false;
        for (int i = 0; i < reply.Length; i++)
        {
            if (reply[i] == '"') inQuotes = !inQuotes;
            if (reply[i] != ',' || inQuotes) continue;
            fields.Add(reply[start..i]);
            start = i + 1;
        }
        fields.Add(reply[start..]);
        return [.. fields];
    }

    /// <summary>Number of the oldest error; the reply must look like one.</summary>
    public int NextError() => ErrorNumber(Ask("SYST:ERR?"));

    /// <summary>Sends a message that must not be answered and gives the number of the error it left.</summary>
    public int ErrorOf(string message)
    {
        Send(message);
        return NextError();
    }

    /// <summary>Sends commands one by one, none of which may be answered or leave an error.</summary>
    public void Do(params string[] commands)
    {
        foreach (string command in commands)
        {
            Send(command);
            string error = Ask("SYST:ERR?");
            if (ErrorNumber(error) != 0) throw new ClauseFailedException($"no error after {command}", error);
        }
    }

    /// <summary>The reply must be exactly that.</summary>
    public void Expect(string query, string expected)
    {
        string came = Ask(query);
        if (came != expected) throw new ClauseFailedException($"{query} → {expected}", came);
    }

    /// <summary>The message must not be answered and must leave one of these errors, and only one.</summary>
    public void ExpectError(string message, params int[] allowed)
    {
        Send(message);
        string came = Ask("SYST:ERR?");
        if (!allowed.Contains(ErrorNumber(came))) throw new ClauseFailedException($"{message} → error {string.Join(" or ", allowed)}", came);
        string next = Ask("SYST:ERR?");
        if (ErrorNumber(next) != 0) throw new ClauseFailedException($"one error after {message}", $"{came} and {next}");
    }

    /// <summary>Nothing may be waiting: a sync number sent now comes back first.</summary>
    public void ExpectInStep()
    {
        string token = (100_000 + ++_sync).ToString(CultureInfo.InvariantCulture);
        string came = Ask("SYST:SYNC? " + token);
        if (came != token) throw new ClauseFailedException($"nothing before {token}", came);
    }

    /// <summary>Waits; nothing may come meanwhile.</summary>
    public void ExpectQuiet(int ms)
    {
        if (_at < _end || WaitForBytes(ms)) throw new ClauseFailedException(string.Create(CultureInfo.InvariantCulture, $"nothing within {ms} ms"), WireNotes.Show(Take()));
        Notes.Say(string.Create(CultureInfo.InvariantCulture, $"{Who}: nothing within {ms} ms"));
    }

    /// <summary>True when something can be read within that time.</summary>
    public bool Arrives(int ms) => _at < _end || WaitForBytes(ms);

    /// <summary>The next bytes, as many as asked for.</summary>
    public byte[] ReadExactly(int count, int timeoutMs = 0)
    {
        var bytes = new List<byte>(count);
        while (bytes.Count < count) bytes.Add(Next(timeoutMs, bytes));
        return [.. bytes];
    }

    /// <summary>Number in front of an error reply.</summary>
    public static int ErrorNumber(string reply)
    {
        int comma = reply.IndexOf(',', StringComparison.Ordinal);
        return comma > 0 && int.TryParse(reply.AsSpan(0, comma), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && reply.Length > comma + 2 && reply[comma + 1] == '"' && reply[^1] == '"'
            ? number : throw new ClauseFailedException("an error as number,\"text\"", reply);
    }

    /// <summary>Ends the connection.</summary>
    public abstract void Dispose();

    /// <summary>Writes all bytes.</summary>
    protected abstract void Write(ReadOnlySpan<byte> bytes);
    /// <summary>Waits until something can be read (also the end of the connection).</summary>
    protected abstract bool WaitForBytes(int ms);
    /// <summary>Reads what is there; 0 at the end of the connection.</summary>
    protected abstract int ReadSome(byte[] buffer);

    private void ReadBlock(List<byte> reply, int timeoutMs)
    {
        byte digits = Next(timeoutMs, reply);
        reply.Add(digits);
        if (digits is < (byte)'1' or > (byte)'9') return;
        int length = 0;
        for (int i = 0; i < digits - '0'; i++)
        {
            byte d = Next(timeoutMs, reply);
            reply.Add(d);
            if (d is < (byte)'0' or > (byte)'9') throw new ClauseFailedException("digits of a block's length", WireNotes.Show([.. reply]));
            length = (length * 10) + (d - '0');
        }
        for (int i = 0; i < length; i++) reply.Add(Next(timeoutMs, reply));
    }

    private byte Next(int timeoutMs, List<byte> soFar)
    {
        if (_at == _end)
        {
            if (timeoutMs == 0) timeoutMs = PatienceMs;
            if (!WaitForBytes(timeoutMs)) throw new ClauseFailedException(string.Create(CultureInfo.InvariantCulture, $"a reply within {timeoutMs} ms"), soFar.Count == 0 ? "nothing" : "only " + WireNotes.Show([.. soFar]));
            _at = 0;
            _end = LastReceive = ReadSome(_buffer);
            if (_end == 0) throw new ClauseFailedException("a reply", "the connection ended" + (soFar.Count == 0 ? "" : " after " + WireNotes.Show([.. soFar])));
        }
        return _buffer[_at++];
    }

    private byte[] Take()
    {
        if (_at == _end)
        {
            _at = 0;
            _end = ReadSome(_buffer);
        }
        byte[] bytes = _buffer[_at.._end];
        _at = _end;
        return bytes;
    }
}
