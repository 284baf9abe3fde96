using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>Hold-to-run: motion that lives on a pressed button.</summary>
/// <remarks>GCI 1.0 section 12. The gantry asks every 100 ms; a token answers only out of <see cref="Sample"/>, which the code calls that has just looked at the
/// button. No timer and no thread of ours can keep the motion alive behind a hung screen: when nobody samples, the gantry stops by itself within 300 ms.</remarks>
public sealed class HoldToRun
{
    private readonly GantryDriver _gantry;
    private readonly GantryEventFeed _events;
    private long _tick = -1;
    private long _answered = -1;

    internal HoldToRun(GantryDriver gantry, GantryEventFeed events)
    {
        _gantry = gantry;
        _events = events;
        events.Received += OnEvent;
    }

    /// <summary>Called by the code that has just sampled the button.</summary>
    /// <param name="pressed">What it saw.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <returns>False once the button was released and the stop was sent.</returns>
    public async Task<bool> Sample(bool pressed, CancellationToken cancellation)
    {
        if (!pressed)
        {
            Detach();
            await _gantry.Motion.StopAsync(cancellation);
            return false;
        }
        long tick = Interlocked.Read(ref _tick);
        if (tick < 0 || Interlocked.Exchange(ref _answered, tick) == tick) return true;
        await _events.SendAsync(new GciEventRequest { Token = tick }, timed: false, cancellation);
        return true;
    }

    internal void Detach() => _events.Received -= OnEvent;

    private void OnEvent(GciEvent e)
    {
        if (e.Kind == GciEventKinds.Tick && e.Count is { } n) Interlocked.Exchange(ref _tick, n);
    }
}
