using System.Buffers.Binary;
using System.Collections.Concurrent;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>A frame that is there at once (a CT slice, a scout): how to compute its pixels, and its header without what depends on them.</summary>
/// <param name="Run">Run.</param>
/// <param name="Header">Header; pixel size in bytes, sum and CRC are filled in later.</param>
/// <param name="Compute">Draws the pixels; called once, on another thread.</param>
internal sealed record FrameJob(StoredRun Run, FrameHeader Header, Func<uint[]> Compute);

/// <summary>A stretch of counting that is over and belongs to frames that still run.</summary>
/// <param name="Run">Run.</param>
/// <param name="Frames">The frames it adds to.</param>
/// <param name="SoFar">Their headers if they ended with it.</param>
/// <param name="Compute">Draws the counts; called once, on another thread.</param>
internal sealed record SliceJob(StoredRun Run, RunningFrames Frames, FrameHeader[] SoFar, Func<SliceCounts> Compute)
{
    /// <summary>Keep the running frames on the disk behind this slice.</summary>
    public bool Checkpoint { get; init; }
    /// <summary>Where its events go; null when the run is not kept in list mode.</summary>
    public ListRecorder? List { get; init; }
}

/// <summary>Frames that are complete with the slices before.</summary>
internal sealed record CloseJob(StoredRun Run, RunningFrames Frames, FrameHeader[] Headers)
{
    /// <summary>List mode is told of the closing.</summary>
    public ListRecorder? List { get; init; }
}

/// <summary>Computes counts in parallel outside the gantry's lock, stores frames durably and announces them in order. A stop never waits for it.</summary>
internal sealed class FramePipeline : IAsyncDisposable
{
    private readonly BlockingCollection<(StoredRun? Run, Action Commit)> _queue = [];
    /// <summary>Results that may wait for their turn on the disk: memory stays bounded when counts come faster than it takes them.</summary>
    private const int ComputedAhead = 16;
    private readonly ComputeThreads _compute = new(Math.Max(1, Environment.ProcessorCount));
    private readonly SemaphoreSlim _ahead = new(ComputedAhead);
    private readonly Lock _gate;
    private readonly Action<StoredRun> _onStored;
    private readonly Action<StoredRun, string> _onFailure;
    private readonly Func<Task> _beforeWrite;
    private readonly Thread _committer;
    private readonly Lock _waitersGate = new();
    private readonly List<(int Below, TaskCompletionSource Signal)> _waiters = [];
    private int _pending;

    public FramePipeline(Lock gate, Action<StoredRun> onStored, Action<StoredRun, string> onFailure, Func<Task> beforeWrite)
    {
        _gate = gate;
        _beforeWrite = beforeWrite;
        _onStored = onStored;
        _onFailure = onFailure;
        _committer = new Thread(CommitAll) { IsBackground = true, Name = "frames" };
        _committer.Start();
    }

    /// <summary>Changes frames before they are stored: only in a simulator that breaks a clause on purpose.</summary>
    public Action<byte[]>? Touch { get; set; }

    public int Pending => Volatile.Read(ref _pending);

    public void Enqueue(FrameJob job)
    {
        Task<uint[]> pixels = Compute(job.Compute);
        Put(job.Run, () => Commit(job.Run, Assemble(job.Header, Take(pixels), out FrameHeader header), header));
    }

    public void Enqueue(SliceJob job)
    {
        Task<SliceCounts> counts = Compute(job.Compute);
        Put(job.Run, () =>
        {
            SliceCounts slice = Take(counts);
            job.Frames.Add(slice, job.SoFar);
            job.List?.Take(slice);
            if (job.Checkpoint) FrameStore.WriteCheckpoint(job.Run, job.Frames, job.List?.Written ?? 0);
            job.List?.Publish();
        });
    }

    public void Enqueue(CloseJob job) => Put(job.Run, () =>
    {
        for (int f = 0; f < job.Headers.Length; f++)
        {
            Commit(job.Run, job.Frames.Close(job.Headers[f], f, out FrameHeader header), header);
            job.List?.FrameClosed(header.Number);
        }
        // The tags are on the disk before the checkpoint says so, and read by nobody before that.
        job.List?.Flush();
        FrameStore.DropCheckpoint(job.Run, job.List?.Written ?? 0);
        job.List?.Publish();
    });

    /// <summary>Runs without the gantry's lock after everything enqueued before is stored.</summary>
    public void ThenOutside(StoredRun run, Action action) => Put(run, action);

    /// <summary>Closes a run when everything enqueued before is stored: what it is to say is asked under the gantry's lock, kept on the disk without it, and then told.</summary>
    public void Close(StoredRun run, Func<RunInfo> closed, Action then) => Put(run, () =>
    {
        RunInfo info;
        lock (_gate)
        {
            if (run.HasEnded) return;
            info = closed();
        }
        try
        {
            FrameStore.Save(run, info);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full: the run stays open on it and will be closed as POWer at the next boot; this boot knows better.
        }
        lock (_gate)
        {
            run.Info = info;
            then();
        }
    });

    /// <summary>Completes once fewer than so many jobs wait.</summary>
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

    /// <summary>Completes when everything enqueued so far is stored.</summary>
    public Task WhenDone()
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Put(null, signal.SetResult);
        return signal.Task;
    }

    public ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        _committer.Join();
        _compute.Dispose();
        _ahead.Dispose();
        _queue.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<T> Compute<T>(Func<T> compute) => _compute.Run(() =>
    {
        // Jobs are begun in their order and taken in it, so the one that is taken next never waits here.
        _ahead.Wait();
        return compute();
    });

    private T Take<T>(Task<T> computed)
    {
        try
        {
            return computed.GetAwaiter().GetResult();
        }
        finally
        {
            _ahead.Release();
        }
    }

    private void Put(StoredRun? run, Action commit)
    {
        Interlocked.Increment(ref _pending);
        if (_queue.IsAddingCompleted) Finished();
        else _queue.Add((run, commit));
    }

    private void CommitAll()
    {
        foreach ((StoredRun? run, Action commit) in _queue.GetConsumingEnumerable())
        {
            try
            {
                commit();
            }
            catch (Exception e)
            {
                // The committer must outlive whatever a scene or a disk throws: the run is closed and says why.
                if (run is not null) lock (_gate) _onFailure(run, e.Message);
            }
            Finished();
        }
    }

    private void Commit(StoredRun run, byte[] frame, FrameHeader header)
    {
        Touch?.Invoke(frame);
        // Fault store.slow. The thread is the committer's own: nobody else waits with it.
        _beforeWrite().GetAwaiter().GetResult();
        FrameStore.WriteFrame(run, header.Number, frame);
        var entry = FrameEntry.Of(frame, header);
        FrameStore.AppendIndex(run, entry);
        lock (_gate)
        {
            run.Add(entry);
            _onStored(run);
        }
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
