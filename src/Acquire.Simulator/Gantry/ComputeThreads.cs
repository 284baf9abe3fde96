using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Acquire.Simulator.Gantry;

/// <summary>Threads that draw counts. They are not the thread pool's, which answers commands, and they yield to everybody: a stop is not behind a picture.</summary>
internal sealed partial class ComputeThreads : IDisposable
{
    private const int Nice = 10;
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread[] _threads;

    public ComputeThreads(int count)
    {
        _threads = [.. Enumerable.Range(1, count).Select(n => new Thread(Work) { IsBackground = true, Name = "counts " + n.ToString(System.Globalization.CultureInfo.InvariantCulture) })];
        foreach (Thread thread in _threads) thread.Start();
    }

    public Task<T> Run<T>(Func<T> compute)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(compute());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (Thread thread in _threads) thread.Join();
        _work.Dispose();
    }

    private void Work()
    {
        // .NET's thread priorities do nothing on Linux; there, 0 means the calling thread.
        if (OperatingSystem.IsLinux()) _ = SetPriority(0, 0, Nice);
        foreach (Action action in _work.GetConsumingEnumerable()) action();
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
