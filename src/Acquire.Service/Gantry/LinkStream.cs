using System.Threading.Channels;

namespace Acquire.Service.Gantry;

/// <summary>A stream over channels of the serial link: what arrived is read, what is written is offered to the link whole.</summary>
/// <param name="write">Takes a whole write; throws <see cref="IOException"/> when the link is gone.</param>
/// <param name="acknowledged">Completes when the gantry's side has all that was written.</param>
internal sealed class LinkStream(Action<ReadOnlyMemory<byte>> write, Func<CancellationToken, Task> acknowledged) : Stream
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

    /// <summary>The link is gone: reads fail once all is read.</summary>
    public void End(IOException lost) => _arrived.Writer.TryComplete(lost);

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

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        write(buffer.ToArray()); // the caller may use its buffer again
        return ValueTask.CompletedTask;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override Task FlushAsync(CancellationToken cancellationToken) => acknowledged(cancellationToken);
    public override void Flush() => acknowledged(CancellationToken.None).GetAwaiter().GetResult();
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override void Write(byte[] buffer, int offset, int count) => write(buffer.AsSpan(offset, count).ToArray());
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
