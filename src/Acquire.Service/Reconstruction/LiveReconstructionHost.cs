using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Reconstruction;

/// <summary>Limits of the live worker.</summary>
/// <param name="MemoryMb">Memory of the whole process; more and it is ended and begun again.</param>
/// <param name="FinishSeconds">Longest a finished image may take.</param>
/// <param name="Restarts">How often it is begun again before the service goes on without it.</param>
public sealed record LiveLimits(int MemoryMb = 1500, double FinishSeconds = 120, int Restarts = 3);

/// <summary>
/// The live reconstruction as a process of this same program at low priority, fed by frames. Nothing here is ever waited for by the acquisition: frames go into a
/// queue, a worker that dies, hangs or eats memory is ended and begun again with all frames so far, and when it cannot be kept alive the service goes on without it.
/// </summary>
public sealed class LiveReconstructionHost : IAsyncDisposable
{
    private readonly LiveBegin _begin;
    private readonly LiveLimits _limits;
    private readonly TimeProvider _wall;
    private readonly Action<LiveState> _watch;
    private readonly List<CountFrame> _frames = [];
    private readonly BlockingCollection<LiveMessage> _queue = [];
    private readonly ConcurrentDictionary<int, (LiveFinish Message, TaskCompletionSource<string?> Done)> _finishes = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _supervisor;
    private readonly object _lock = new();
    private Process? _process;
    private int _nextId;

    /// <summary>Begins.</summary>
    /// <param name="begin">The series and its settings.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="wall">Wall clock.</param>
    /// <param name="watch">Told what the worker says of itself, on a thread of the host; must not block.</param>
    public LiveReconstructionHost(LiveBegin begin, LiveLimits limits, TimeProvider wall, Action<LiveState>? watch = null)
    {
        (_begin, _limits, _wall, _watch) = (begin, limits, wall, watch ?? (_ => { }));
        _supervisor = Task.Run(SuperviseAsync);
    }

    /// <summary>How often the worker was begun again.</summary>
    public int Restarts { get; private set; }

    /// <summary>True when the worker was given up; <see cref="FinishAsync"/> then answers null at once.</summary>
    public bool GivenUp { get; private set; }

    /// <summary>Process of the worker, for tests and for a service engineer; 0 when there is none.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Gives a frame to the worker; never waits.</summary>
    /// <param name="frame">Frame that is stored and acknowledged already.</param>
    public void Post(CountFrame frame)
    {
        lock (_lock)
        {
            _frames.Add(frame);
            if (!_queue.IsAddingCompleted) _queue.Add(new LiveFrame(frame));
        }
    }

    /// <summary>Asks for the image of all frames so far.</summary>
    /// <param name="ctFolder">CT slices for attenuation correction; null for none.</param>
    /// <param name="output">Folder for the volume.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>null when it lies there; else why it does not.</returns>
    public async Task<string?> FinishAsync(string? ctFolder, string output, CancellationToken cancellation)
    {
        if (GivenUp) return "the live reconstruction was given up";
        TaskCompletionSource<string?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LiveFinish message = new(Interlocked.Increment(ref _nextId), ctFolder, output);
        _finishes[message.Id] = (message, done);
        if (GivenUp) return "the live reconstruction was given up";
        bool existed = Directory.Exists(output);
        lock (_lock) _queue.Add(message, CancellationToken.None);
        string? why = null;
        try
        {
            return why = await done.Task.WaitAsync(TimeSpan.FromSeconds(_limits.FinishSeconds), _wall, cancellation);
        }
        catch (TimeoutException)
        {
            Kill();
            return why = string.Create(CultureInfo.InvariantCulture, $"the live reconstruction took more than {_limits.FinishSeconds:0} s and was ended");
        }
        finally
        {
            _finishes.TryRemove(message.Id, out _);
            // A worker that was ended may have left an image, whole or half: what is said not to be there must not lie there.
            if (why is not null && !existed && Directory.Exists(output)) Directory.Delete(output, recursive: true);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Kill();
        lock (_lock) _queue.CompleteAdding();
        await _supervisor;
        _end.Dispose();
        _queue.Dispose();
    }

    private async Task SuperviseAsync()
    {
        for (int attempt = 0; attempt <= _limits.Restarts && !_end.IsCancellationRequested; attempt++)
        {
            if (attempt > 0) Restarts = attempt;
            string why;
            try
            {
                why = await OnceAsync();
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException or AcquireException)
            {
                why = e.GetType().Name;
            }
            if (_end.IsCancellationRequested) return;
            _watch(new LiveState("worker ended", 0, 0, why));
            lock (_lock)
            {
                // What was in the queue comes again from the list, and what was asked for is asked again.
                while (_queue.TryTake(out _)) { }
                foreach (CountFrame frame in _frames) _queue.Add(new LiveFrame(frame));
                foreach ((LiveFinish message, _) in _finishes.Values.OrderBy(f => f.Message.Id)) _queue.Add(message);
            }
        }
        GivenUp = true;
        foreach ((_, TaskCompletionSource<string?> done) in _finishes.Values) done.TrySetResult(string.Create(CultureInfo.InvariantCulture, $"the worker ended {_limits.Restarts + 1} times"));
    }

    private async Task<string> OnceAsync()
    {
        ProcessStartInfo start = WorkerProgram.Start("reconstruct-live", "--memory", (_limits.MemoryMb / 2).ToString(CultureInfo.InvariantCulture));
        start.RedirectStandardInput = true;
        // Managed memory has its own hard limit (hexadecimal bytes), so that a defect ends the worker and not the machine's patience; below the limit of the whole process,
        // so that garbage is collected before the process is ended for it.
        start.Environment["DOTNET_GCHeapHardLimit"] = (_limits.MemoryMb * 1048576L * 4 / 5).ToString("X", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TC_QuickJitForLoops"] = "1";
        using Process process = Process.Start(start) ?? throw new AcquireException("the live worker could not be started", ExitCodes.Unexpected);
        _process = process;
        ProcessId = process.Id;
        WorkerPriority.Lower(process);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        Task watch = WatchMemoryAsync(process, stop.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        Task feed = Task.Run(() => Feed(process, stop.Token), CancellationToken.None);
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line) Answer(line);
        await process.WaitForExitAsync(CancellationToken.None);
        ProcessId = 0;
        await stop.CancelAsync();
        await feed;
        await watch;
        string said = (await errors).Trim().ReplaceLineEndings(" ");
        return said.Length > 0 ? said : string.Create(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}");
    }

    private void Feed(Process process, CancellationToken stop)
    {
        try
        {
            process.StandardInput.WriteLine(_begin.ToLine());
            foreach (LiveMessage message in _queue.GetConsumingEnumerable(stop))
            {
                process.StandardInput.WriteLine(message.ToLine());
                if (message is LiveFinish || _queue.Count == 0) process.StandardInput.Flush();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The worker is gone, or the host ends: whoever reads its output sees that and acts.
        }
    }

    private async Task WatchMemoryAsync(Process process, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), _wall, stop);
                process.Refresh();
                if (process.WorkingSet64 <= _limits.MemoryMb * 1048576L) continue;
                _watch(new LiveState("memory", 0, 0, string.Create(CultureInfo.InvariantCulture, $"{process.WorkingSet64 / 1048576} MB of {_limits.MemoryMb} MB")));
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // It ended.
        }
    }

    private void Answer(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            switch (root.GetProperty("kind").GetString())
            {
                case "preview":
                    _watch(new LiveState("preview", root.GetProperty("views").GetInt32(), root.GetProperty("seconds").GetDouble(), ""));
                    break;
                case "finished":
                    string? why = root.GetProperty("why").GetString();
                    if (_finishes.TryGetValue(root.GetProperty("id").GetInt32(), out (LiveFinish, TaskCompletionSource<string?> Done) asked)) asked.Done.TrySetResult(why is { Length: > 0 } ? why : null);
                    _watch(new LiveState("finished", root.GetProperty("views").GetInt32(), root.GetProperty("seconds").GetDouble(), why ?? ""));
                    break;
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not one of our lines: progress is only for the eye.
        }
    }

    private void Kill()
    {
        try
        {
            _process?.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended already.
        }
    }
}

/// <summary>What the live worker says of itself.</summary>
/// <param name="What">preview, finished, memory or worker ended.</param>
/// <param name="Views">Views in the image.</param>
/// <param name="Seconds">Seconds it took.</param>
/// <param name="Why">Reason; "" when all is well.</param>
public sealed record LiveState(string What, int Views, double Seconds, string Why);
