using System.Threading.Channels;

namespace Acquire.Simulator.Serial;

/// <summary>A stream over one or two channels of the link: what arrived is read, what is written goes to the link.</summary>
/// <param name="write">Takes whole writes; completes when there is room for more.</param>
internal sealed class LinkStream(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write) : Stream
{
    private readonly Channel<ReadOnlyMemory<byte>> _arrived = Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new UnboundedChannelOptions { SingleReader = true });
    private ReadOnlyMemory<byte> _rest;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Bytes arrived.</summary>
    public void Arrive(ReadOnlyMemory<byte> bytes) => _arrived.Writer.TryWrite(bytes);

    /// <summary>No more will come: reads give 0 once all is read.</summary>
    public void End() => _arrived.Writer.TryComplete();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!await _arrived.Reader.WaitToReadAsync(cancellationToken)) return 0;
            if (_arrived.Reader.TryRead(out ReadOnlyMemory<byte> next)) _rest = next;
        }
        int count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write(buffer, cancellationToken);
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => write(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        // Nothing is held back here.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        End();
        base.Dispose(disposing);
    }
}
