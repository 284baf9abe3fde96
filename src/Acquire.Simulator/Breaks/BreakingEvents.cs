namespace Acquire.Simulator.Breaks;

/// <summary>Stands between the event port's wire and a sound gantry: changes lines either way.</summary>
internal sealed class BreakingEvents(Stream inner, Break broken, BreakMemory memory) : Stream
{
    private readonly List<byte> _line = [];
    private readonly Queue<byte> _forGantry = new();

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        byte[] bytes = new byte[4096];
        while (_forGantry.Count == 0)
        {
            int read = await inner.ReadAsync(bytes, cancellationToken);
            if (read == 0) return 0;
            foreach (byte b in bytes[..read]) Take(b);
        }
        int n = 0;
        while (n < buffer.Length && _forGantry.TryDequeue(out byte b)) buffer.Span[n++] = b;
        return n;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (broken.Event is not { } change)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }
        foreach (string line in Break.Text.GetString(buffer.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (change(memory, line) is { } changed) await inner.WriteAsync(Break.Text.GetBytes(changed + "\n"), cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    public override void Flush() => inner.Flush();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Take(byte b)
    {
        _line.Add(b);
        // What is no line is handed on as it is: the gantry has its own limit.
        if (b != (byte)'\n' && _line.Count < 8192) return;
        string line = Break.Text.GetString([.. _line]);
        _line.Clear();
        string? changed = broken.Request is { } request && line.EndsWith('\n') ? request(memory, line[..^1]) : line.TrimEnd('\n');
        if (changed is null) return;
        foreach (byte x in Break.Text.GetBytes(line.EndsWith('\n') ? changed + "\n" : line)) _forGantry.Enqueue(x);
    }
}
