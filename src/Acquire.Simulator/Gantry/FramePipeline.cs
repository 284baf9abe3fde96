using System.Buffers.Binary;
using System.Threading.Channels;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>A frame whose counting is over: how to compute its pixels, and its header without what depends on them.</summary>
/// <param name="Run">Run.</param>
/// <param name="Header">Header; pixel size in bytes, sum and CRC are filled in later.</param>
/// <param name="Compute">Draws the pixels; called once, on another thread.</param>
internal sealed record FrameJob(StoredRun Run, FrameHeader Header, Func<uint[]> Compute)
{
    /// <summary>Share of the counting time in which the head was able to count; asked when the frame is committed.</summary>
    public Func<double> LiveShare { get; init; } = () => 1;
}

/// <summary>Computes frames in parallel outside the gantry's lock, stores them durably and announces them in order. A stop never waits for it.</summary>
internal sealed class FramePipeline : IAsyncDisposable
{
    private readonly Channel<(FrameJob? Job, Task<uint[]>? Pixels, Action? Then)> _queue = Channel.CreateUnbounded<(FrameJob?, Task<uint[]>?, Action?)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _workers = new(Math.Max(1, Environment.ProcessorCount));
    private readonly Lock _gate;
    private readonly Action<FrameJob> _onStored;
    private readonly Action<StoredRun, string> _onFailure;
    private readonly Task _committer;
    private readonly Lock _waitersGate = new();
    private readonly List<(int Below, TaskCompletionSource Signal)> _waiters = [];
    private int _pending;

    public FramePipeline(Lock gate, Action<FrameJob> onStored, Action<StoredRun, string> onFailure)
    {
        _gate = gate;
        _onStored = onStored;
        _onFailure = onFailure;
        _committer = Task.Run(CommitAsync);
    }

    public int Pending => Volatile.Read(ref _pending);

    public void Enqueue(FrameJob job)
    {
        Interlocked.Increment(ref _pending);
        _queue.Writer.TryWrite((job, Task.Run(() => ComputeAsync(job)), null));
    }

    /// <summary>Runs under the gantry's lock after all frames enqueued before are stored.</summary>
    public void Then(Action action)
    {
        Interlocked.Increment(ref _pending);
        _queue.Writer.TryWrite((null, null, action));
    }

    /// <summary>Completes once fewer than so many frames wait.</summary>
    public Task WhenBelow(int count)
    {
        lock (_waitersGate)
        {
            if (Pending < count) return Task.CompletedTask;
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, signal));
            return signal.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _committer;
        _workers.Dispose();
    }

    private async Task<uint[]> ComputeAsync(FrameJob job)
    {
        await _workers.WaitAsync();
        try
        {
            return job.Compute();
        }
        finally
        {
            _workers.Release();
        }
    }

    private async Task CommitAsync()
    {
        await foreach ((FrameJob? job, Task<uint[]>? pixels, Action? then) in _queue.Reader.ReadAllAsync())
        {
            try
            {
                if (job is not null) await CommitAsync(job, await pixels!);
                else lock (_gate) then!();
            }
            catch (Exception e)
            {
                // The committer must outlive whatever a scene or a disk throws: the run is closed and says why.
                if (job is not null) lock (_gate) _onFailure(job.Run, e.Message);
            }
            Finished();
        }
    }

    private Task CommitAsync(FrameJob job, uint[] pixels)
    {
        byte[] frame = Assemble(job.Header with { LiveUs = (ulong)Math.Round(job.Header.LiveUs * job.LiveShare()) }, pixels, out FrameHeader header);
        FrameStore.WriteFrame(job.Run, header.Number, frame);
        var entry = FrameEntry.Of(frame, header);
        lock (_gate)
        {
            FrameStore.Announce(job.Run, entry);
            _onStored(job);
        }
        return Task.CompletedTask;
    }

    private void Finished()
    {
        int left = Interlocked.Decrement(ref _pending);
        lock (_waitersGate)
        {
            foreach ((int below, TaskCompletionSource signal) in _waiters)
                if (left < below) signal.TrySetResult();
            _waiters.RemoveAll(w => left < w.Below);
        }
    }

    internal static byte[] Assemble(FrameHeader template, uint[] pixels, out FrameHeader header)
    {
        ulong sum = 0;
        uint max = 0;
        foreach (uint p in pixels)
        {
            sum += p;
            max = Math.Max(max, p);
        }
        int size = max > ushort.MaxValue ? 4 : 2;
        byte[] frame = new byte[FrameHeader.Length + (pixels.Length * size)];
        Span<byte> raw = frame.AsSpan(FrameHeader.Length);
        for (int i = 0; i < pixels.Length; i++)
        {
            if (size == 2) BinaryPrimitives.WriteUInt16LittleEndian(raw[(2 * i)..], (ushort)pixels[i]);
            else BinaryPrimitives.WriteUInt32LittleEndian(raw[(4 * i)..], pixels[i]);
        }
        header = template with { BytesPerPixel = (byte)size, Sum = sum, PixelCrc = Crc32.Of(raw) };
        header.Write(frame);
        return frame;
    }
}
