using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Acquire.Service.Gantry;

namespace Acquire.Service.Tests.Gantry;

/// <summary>A gantry that does what a test tells it: remembers settings, answers them back, lies where asked, loses its line or its memory when asked.</summary>
internal sealed class ScriptedGantry : IGantryTransport
{
    private readonly ConcurrentDictionary<string, string> _held = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly List<Connection> _connections = [];
    private readonly Lock _gate = new();

    public string Name => "scripted";

    /// <summary>Boot id; set another to have restarted.</summary>
    public ulong Boot { get; set; } = 1;

    /// <summary>Answers before everything else: null for "not mine", "" for no answer.</summary>
    public Func<Connection, string, string?> Rule { get; set; } = (_, _) => null;

    /// <summary>Refuses new connections.</summary>
    public bool IsUnreachable { get; set; }

    /// <summary>Every line received, in order, with the connection it came on.</summary>
    public ConcurrentQueue<(int Connection, string Line)> Lines { get; } = new();

    /// <summary>Lines that are neither a marker nor an error query.</summary>
    public IReadOnlyList<string> Commands => [.. Lines.Select(l => l.Line).Where(l => l != "SYST:ERR?" && !l.StartsWith("SYST:SYNC? ", StringComparison.Ordinal))];

    public IReadOnlyList<Connection> Connections
    {
        get { lock (_gate) return [.. _connections]; }
    }

    /// <summary>Puts an error into the queue; the command that is being answered is refused with it.</summary>
    public string? Refuse(int code, string text = "refused")
    {
        _errors.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{code},\"{text}\""));
        return "";
    }

    public string? Held(string header) => _held.GetValueOrDefault(header);

    public void Hold(string header, string value) => _held[header] = value;

    public Task<IGantryWire> ConnectAsync(CancellationToken cancellation)
    {
        if (IsUnreachable) throw new GantryLinkLostException("no gantry answers at scripted");
        lock (_gate)
        {
            var connection = new Connection(this, _connections.Count + 1);
            _connections.Add(connection);
            return Task.FromResult<IGantryWire>(connection);
        }
    }

    private string? Answer(Connection connection, string line)
    {
        Lines.Enqueue((connection.Number, line));
        if (Rule(connection, line) is { } ruled) return ruled;
        if (line.StartsWith("SYST:SYNC? ", StringComparison.Ordinal)) return line["SYST:SYNC? ".Length..] + "\n";
        if (line == "SYST:ERR?") return (_errors.TryDequeue(out string? error) ? error : "0,\"No error\"") + "\n";
        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        string header = blank < 0 ? line : line[..blank];
        switch (header)
        {
            case "SYST:GCI:VERS?":
                return "1.0\n";
            case "*IDN?":
                return "maker,model,1,2\n";
            case "SYST:CONT:LEAS?":
                return "30\n";
            case "SYST:BOOT?":
                return string.Create(CultureInfo.InvariantCulture, $"{Boot},1000\n");
            case "SYST:SESS?":
                return "1,\"console\",CONT,20000\n";
            case "SYST:OPER?":
                return "UNKN,0\n";
            case "SYST:STAT?":
                return "READ,IDLE,STAN,OK,\"console\"\n";
            case "SYST:COMM:TCP:EVEN?":
                return "0\n";
        }
        if (header.EndsWith('?')) return _held.TryGetValue(header[..^1], out string? value) ? value + "\n" : Refuse(-113, "Undefined header");
        if (blank > 0) _held[header] = line[(blank + 1)..];
        return null;
    }

    /// <summary>One wire.</summary>
    internal sealed class Connection : IGantryWire
    {
        private readonly PipeStream _control;
        private readonly StringBuilder _line = new();
        private readonly ScriptedGantry _gantry;

        public Connection(ScriptedGantry gantry, int number)
        {
            _gantry = gantry;
            Number = number;
            _control = new PipeStream(Take);
        }

        public int Number { get; }
        public Stream Control => _control;
        public Stream? Stop => null;
        public Stream? Events => null;
        public Stream? Bulk => null;
        public bool IsClosed => _control.IsClosed;

        /// <summary>Says something on this connection.</summary>
        public void Say(string text) => _control.Feed(Encoding.Latin1.GetBytes(text));

        /// <summary>Hangs up.</summary>
        public void Drop() => _control.Close();

        /// <summary>Takes nothing that is sent any more: writes wait.</summary>
        public bool IsStuck
        {
            set => _control.IsStuck = value;
        }

        public Func<int, CancellationToken, Task<Stream>> Port { get; set; } = (_, _) => throw new GantryLinkLostException("no such port");

        public Task<Stream> OpenPortAsync(int port, CancellationToken cancellation) => Port(port, cancellation);

        public ValueTask DisposeAsync()
        {
            Drop();
            return ValueTask.CompletedTask;
        }

        private void Take(byte[] bytes)
        {
            foreach (byte b in bytes)
            {
                if (b != '\n')
                {
                    _line.Append((char)b);
                    continue;
                }
                string line = _line.ToString();
                _line.Clear();
                if (_gantry.Answer(this, line) is { Length: > 0 } answer) Say(answer);
            }
        }
    }
}

/// <summary>A duplex stream in memory: what is written goes to a function, what is fed can be read.</summary>
internal sealed class PipeStream(Action<byte[]> written) : Stream
{
    private readonly Channel<byte[]> _fed = Channel.CreateUnbounded<byte[]>();
    private readonly Lock _writing = new();
    private ReadOnlyMemory<byte> _rest;
    private volatile bool _closed;

    public bool IsStuck { get; set; }
    public bool IsClosed => _closed;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void Feed(byte[] bytes) => _fed.Writer.TryWrite(bytes);

    /// <summary>Nothing more will be said; what is written is still taken.</summary>
    public void EndFeed() => _fed.Writer.TryComplete();

    public override void Close()
    {
        _closed = true;
        _fed.Writer.TryComplete();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            if (!await _fed.Reader.WaitToReadAsync(cancellationToken) || !_fed.Reader.TryRead(out byte[]? next)) return 0;
            _rest = next;
        }
        int n = Math.Min(buffer.Length, _rest.Length);
        _rest[..n].CopyTo(buffer);
        _rest = _rest[n..];
        return n;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsStuck) await Task.Delay(Timeout.Infinite, cancellationToken);
        if (_closed) throw new IOException("closed");
        byte[] bytes = buffer.ToArray();
        await Task.Yield();
        lock (_writing) written(bytes);
    }

    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
