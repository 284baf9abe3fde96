using System.Collections.Concurrent;

namespace Acquire.Simulator.Gantry;

/// <summary>Threads that draw counts. They are not the thread pool's, which answers commands: a stop is not behind a picture.</summary>
/// <remarks>They run at the program's own priority on purpose: a lower one was tried, and every collection then waited until the starved thread came to a safe point.</remarks>
internal sealed class ComputeThreads : IDisposable
{
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
        foreach (Action action in _work.GetConsumingEnumerable()) action();
    }
}
