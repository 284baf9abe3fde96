namespace Acquire.Protocols.Planning;

/// <summary>
/// What a camera does over the day beside its visits: which collimator is on, when it is exchanged, when its breaks are, when it closes.
/// A shortest path over (slot, breaks taken, collimator), exact, forwards and backwards.
/// </summary>
/// <remarks>
/// With <c>gain</c>, holding a collimator through an open slot earns that price (the bound); with <c>need</c>, a slot that a visit occupies can
/// only be held, with the visit's collimator (the plan). Costs: exchanges, overtime slots until the camera closes, breaks not taken.
/// </remarks>
internal sealed class CameraPath
{
    private const double None = 1e15;
    private readonly SlotCamera _camera;
    private readonly int _slots, _first, _collimators, _breaks, _states;
    private readonly double[] _toGo;
    private readonly double[] _fromStart;
    private int _lastNeeded;

    public CameraPath(SlotCamera camera, int slots, int first)
    {
        _camera = camera;
        _slots = slots;
        _first = first;
        _collimators = camera.Collimators.Length;
        _breaks = camera.Breaks.Length;
        _states = (_breaks + 1) * _collimators;
        _toGo = new double[(slots + 1) * _states];
        _fromStart = new double[(slots + 1) * _states];
    }

    /// <summary>Cost of the cheapest path; at least 1e14 when there is none.</summary>
    public double Cost => _toGo[(_first * _states) + _camera.Mounted];

    /// <summary>Points of overtime up to a slot: every begun stretch counts in full, charged at its first slot.</summary>
    private int OvertimeUpTo(int slot) => slot <= _camera.RegularEnd ? 0 : (slot - _camera.RegularEnd + _camera.OvertimeEvery - 1) / _camera.OvertimeEvery * _camera.OvertimeCost;

    private int Overtime(int slot) => Overtime(slot, slot + 1);

    private int Overtime(int from, int to) => to <= _camera.RegularEnd ? 0 : OvertimeUpTo(to) - OvertimeUpTo(from);

    /// <summary>A stretch in which nothing else happens: open and not needed by a visit.</summary>
    private bool Free(int from, int length, ReadOnlySpan<sbyte> need)
    {
        if (from + length > _slots) return false;
        for (int t = from; t < from + length; t++)
            if (!_camera.Open[t] || (need.Length > 0 && need[t] >= 0)) return false;
        return true;
    }

    /// <summary>Computes costs to go, from every slot and state to the end of the day.</summary>
    /// <param name="gain">Price by slot x collimator of this camera; empty: none.</param>
    /// <param name="need">By slot, collimator of this camera a visit needs, -1 for none; empty: none.</param>
    public void Backward(ReadOnlySpan<double> gain, ReadOnlySpan<sbyte> need)
    {
        int k0 = _collimators;
        _lastNeeded = need.LastIndexOfAnyExcept((sbyte)-1);
        for (int b = 0; b <= _breaks; b++)
            for (int k = 0; k < k0; k++) _toGo[(_slots * _states) + (b * k0) + k] = (_breaks - b) * (double)_camera.SkippedBreakCost;
        int exchange = _camera.ExchangeSlots;
        int free = 0; // length of the free stretch that starts here
        for (int t = _slots - 1; t >= _first; t--)
        {
            bool open = _camera.Open[t];
            int wanted = need.Length > 0 ? need[t] : -1;
            free = open && wanted < 0 ? free + 1 : 0;
            int overtime = Overtime(t);
            for (int b = _breaks; b >= 0; b--)
            {
                SlotBreak? next = b < _breaks ? _camera.Breaks[b] : null;
                for (int k = 0; k < k0; k++)
                {
                    int here = (t * _states) + (b * k0) + k;
                    if (next is not null && t > next.Latest)
                    {
                        _toGo[here] = _toGo[here + k0] + _camera.SkippedBreakCost;
                        continue;
                    }
                    double best = None;
                    if (wanted < 0 || wanted == k)
                        best = _toGo[here + _states] + overtime - (open && gain.Length > 0 ? gain[(t * k0) + k] : 0);
                    if (next is not null && t >= next.Earliest && free >= next.Length)
                        best = Math.Min(best, _toGo[((t + next.Length) * _states) + ((b + 1) * k0) + k] + Overtime(t, t + next.Length));
                    if (free >= exchange)
                    {
                        double cost = _camera.ExchangeCost + Overtime(t, t + exchange);
                        for (int other = 0; other < k0; other++)
                            if (other != k) best = Math.Min(best, _toGo[((t + exchange) * _states) + (b * k0) + other] + cost);
                    }
                    if (t >= _camera.RegularEnd && b == _breaks && wanted < 0 && t > _lastNeeded) best = Math.Min(best, 0);
                    _toGo[here] = best;
                }
            }
        }
    }

    /// <summary>Computes costs from the start of the day to every slot and state (after <see cref="Backward"/> with the same needs).</summary>
    public void Forward(ReadOnlySpan<sbyte> need)
    {
        int k0 = _collimators;
        Array.Fill(_fromStart, None);
        _fromStart[(_first * _states) + _camera.Mounted] = 0;
        int exchange = _camera.ExchangeSlots;
        for (int t = _first; t < _slots; t++)
        {
            int wanted = need[t];
            for (int b = 0; b <= _breaks; b++)
            {
                SlotBreak? next = b < _breaks ? _camera.Breaks[b] : null;
                for (int k = 0; k < k0; k++)
                {
                    int here = (t * _states) + (b * k0) + k;
                    double so = _fromStart[here];
                    if (so >= None) continue;
                    if (next is not null && t > next.Latest)
                    {
                        Lower(here + k0, so + _camera.SkippedBreakCost);
                        continue;
                    }
                    if (wanted < 0 || wanted == k) Lower(here + _states, so + Overtime(t));
                    if (wanted >= 0) continue;
                    if (next is not null && t >= next.Earliest && Free(t, next.Length, need))
                        Lower(((t + next.Length) * _states) + ((b + 1) * k0) + k, so + Overtime(t, t + next.Length));
                    if (k0 > 1 && Free(t, exchange, need))
                    {
                        double cost = so + _camera.ExchangeCost + Overtime(t, t + exchange);
                        for (int other = 0; other < k0; other++)
                            if (other != k) Lower(((t + exchange) * _states) + (b * k0) + other, cost);
                    }
                }
            }
        }
    }

    private void Lower(int state, double cost)
    {
        if (cost < _fromStart[state]) _fromStart[state] = cost;
    }

    /// <summary>What a further visit of that collimator in [from, to) adds to the cost of the path; at least 1e14 when it cannot be. The stretch must be open and free.</summary>
    public double Added(int collimator, int from, int to)
    {
        double best = None;
        for (int b = 0; b <= _breaks; b++)
        {
            int state = (b * _collimators) + collimator;
            best = Math.Min(best, _fromStart[(from * _states) + state] + _toGo[(to * _states) + state]);
        }
        return best >= None / 2 ? None : best + Overtime(from, to) - Cost;
    }

    /// <summary>Walks the cheapest path after <see cref="Backward"/> and tells what it does in every slot.</summary>
    /// <param name="gain">As given to <see cref="Backward"/>.</param>
    /// <param name="need">As given to <see cref="Backward"/>.</param>
    /// <param name="held">By slot: collimator of this camera held through it, -1 for none (exchange, break, closed).</param>
    /// <param name="steps">Exchanges (new collimator) and breaks (-1 - number) with their first slot, when wanted.</param>
    /// <returns>Slot the camera closes at.</returns>
    public int Walk(ReadOnlySpan<double> gain, ReadOnlySpan<sbyte> need, Span<sbyte> held, List<(int Slot, int Length, int What)>? steps)
    {
        const double tiny = 1e-9;
        int k0 = _collimators, t = _first, b = 0, k = _camera.Mounted;
        held.Fill(-1);
        int exchange = _camera.ExchangeSlots;
        while (t < _slots)
        {
            int here = (t * _states) + (b * k0) + k;
            double goal = _toGo[here] + tiny + (Math.Abs(_toGo[here]) * 1e-12);
            SlotBreak? next = b < _breaks ? _camera.Breaks[b] : null;
            if (next is not null && t > next.Latest)
            {
                steps?.Add((t, 0, -1 - b));
                b++;
                continue;
            }
            int wanted = need.Length > 0 ? need[t] : -1;
            if (t >= _camera.RegularEnd && b == _breaks && wanted < 0 && t > _lastNeeded && goal >= 0) return t;
            if (next is not null && t >= next.Earliest && Free(t, next.Length, need) && _toGo[((t + next.Length) * _states) + ((b + 1) * k0) + k] + Overtime(t, t + next.Length) <= goal)
            {
                steps?.Add((t, next.Length, -1 - b));
                t += next.Length;
                b++;
                continue;
            }
            double holding = wanted < 0 || wanted == k ? _toGo[here + _states] + Overtime(t) - (_camera.Open[t] && gain.Length > 0 ? gain[(t * k0) + k] : 0) : None;
            if (holding > goal && Free(t, exchange, need))
            {
                int to = -1;
                for (int other = 0; other < k0 && to < 0; other++)
                    if (other != k && _toGo[((t + exchange) * _states) + (b * k0) + other] + _camera.ExchangeCost + Overtime(t, t + exchange) <= goal) to = other;
                if (to >= 0)
                {
                    steps?.Add((t, exchange, to));
                    t += exchange;
                    k = to;
                    continue;
                }
            }
            if (_camera.Open[t]) held[t] = (sbyte)k;
            t++;
        }
        return _slots;
    }
}
