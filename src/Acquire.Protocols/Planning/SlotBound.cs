namespace Acquire.Protocols.Planning;

/// <summary>
/// Lower bound by prices (Lagrangian relaxation): every slot of a camera with a collimator, of a person and of a room, and every MBq of a kit has a
/// price; each patient then chooses the cheapest place alone, each camera the best-paid path of the day. For any prices not below zero the sum is a
/// lower bound of every plan. Prices are raised where more is wanted than there is (volume algorithm), which also averages the choices made.
/// </summary>
internal sealed class SlotBound
{
    private const double None = 1e14;
    private readonly SlotProblem _p;
    private readonly int _slots, _cameras, _length, _staffAt, _roomAt, _kitAt;
    private readonly int[] _cameraAt, _k;
    private readonly CameraPath[] _paths;
    private readonly bool[][][] _openFor; // camera, length index -> may start
    private readonly Dictionary<int, int> _lengthIndex = [];
    private readonly double[] _gradient, _mean, _prices, _later, _first, _sums, _staffSum, _roomSum;
    private readonly sbyte[] _held;
    private readonly bool[] _tieLater, _tieFirst;
    private readonly int[] _laterCamera, _firstCamera;
    private readonly double[] _minInjection, _minLater;

    public SlotBound(SlotProblem problem)
    {
        _p = problem;
        _slots = problem.Slots;
        _cameras = problem.Cameras.Length;
        _k = [.. problem.Cameras.Select(c => c.Collimators.Length)];
        _cameraAt = new int[_cameras];
        int at = 0;
        for (int c = 0; c < _cameras; c++)
        {
            _cameraAt[c] = at;
            at += _slots * _k[c];
        }
        (_staffAt, _roomAt, _kitAt) = (at, at + _slots, at + (2 * _slots));
        _length = _kitAt + problem.Kits.Length;
        _paths = [.. problem.Cameras.Select(c => new CameraPath(c, _slots, problem.First))];
        int[] lengths = [.. problem.Jobs.SelectMany(j => new[] { j.FirstSlots, j.LaterSlots }).Where(l => l > 0).Distinct()];
        for (int n = 0; n < lengths.Length; n++) _lengthIndex[lengths[n]] = n;
        _openFor = [.. problem.Cameras.Select(c => lengths.Select(l => Starts(c.Open, l)).ToArray())];
        _gradient = new double[_length];
        _mean = new double[_length];
        _prices = new double[_length];
        _later = new double[_slots];
        _first = new double[_slots];
        _laterCamera = new int[_slots];
        _firstCamera = new int[_slots];
        _tieLater = new bool[_slots];
        _tieFirst = new bool[_slots];
        _sums = new double[_cameras * 8 * (_slots + 1)];
        _staffSum = new double[_slots + 1];
        _roomSum = new double[_slots + 1];
        _held = new sbyte[_slots];
        _minInjection = new double[_slots];
        _minLater = new double[_slots];
        Best = new double[_length];
        MeanInjection = [.. problem.Jobs.Select(_ => new double[_slots])];
        MeanLater = [.. problem.Jobs.Select(_ => new double[_slots])];
        MeanFirstCamera = [.. problem.Jobs.Select(_ => new double[_cameras])];
        MeanLaterCamera = [.. problem.Jobs.Select(_ => new double[_cameras])];
        MeanKit = [.. problem.Jobs.Select(j => new double[j.KitNeed.Length])];
    }

    private static bool[] Starts(bool[] open, int length)
    {
        bool[] may = new bool[open.Length];
        int free = 0;
        for (int t = open.Length - 1; t >= 0; t--)
        {
            free = open[t] ? free + 1 : 0;
            may[t] = free >= length;
        }
        return may;
    }

    /// <summary>Evaluations of the bound so far: the measure of work.</summary>
    public int Evaluations { get; private set; }
    /// <summary>Prices of the best bound of the last <see cref="Raise"/>.</summary>
    public double[] Best { get; }
    /// <summary>Averaged choices by patient and slot: approximately the fractional optimum.</summary>
    public double[][] MeanInjection { get; }
    /// <summary>As <see cref="MeanInjection"/>, of the later visit.</summary>
    public double[][] MeanLater { get; }
    /// <summary>By patient and camera, of the first visit.</summary>
    public double[][] MeanFirstCamera { get; }
    /// <summary>By patient and camera, of the later visit.</summary>
    public double[][] MeanLaterCamera { get; }
    /// <summary>By patient and kit.</summary>
    public double[][] MeanKit { get; }

    /// <summary>Raises the bound from the given prices.</summary>
    /// <param name="domains">What is allowed.</param>
    /// <param name="start">Prices to start from (of the parent, or zeros).</param>
    /// <param name="upper">Objective of the best plan known: stops when the bound exceeds <c>upper - 1</c>.</param>
    /// <param name="rounds">Evaluations at the most.</param>
    /// <param name="stop">Asked before every evaluation.</param>
    /// <returns>The bound; above 1e13 when nothing is possible.</returns>
    public double Raise(SlotDomain[] domains, double[] start, double upper, int rounds, Func<bool> stop)
    {
        start.CopyTo(_prices, 0);
        double best = Evaluate(domains, _prices, 1);
        _prices.CopyTo(Best, 0);
        _gradient.CopyTo(_mean, 0);
        double theta = 0.5;
        int red = 0;
        double alphaMax = 0.2, lastCheck = best;
        for (int round = 1; round < rounds && best <= upper - 1 + Slack && !stop(); round++)
        {
            double norm = 0;
            for (int n = 0; n < _length; n++)
                if (_mean[n] > 0 || Best[n] > 0) norm += _mean[n] * _mean[n];
            if (norm < 1e-12) break;
            double step = theta * Math.Max(0.5, Math.Min(upper, best + Math.Max(5, 0.1 * Math.Abs(best))) - best) / norm;
            for (int n = 0; n < _length; n++) _prices[n] = Math.Max(0, Best[n] + (step * _mean[n]));
            double value = Evaluate(domains, _prices, 0);
            double gg = 0, gm = 0, mm = 0;
            for (int n = 0; n < _length; n++)
            {
                double g = _gradient[n], m = _mean[n];
                gg += g * g;
                gm += g * m;
                mm += m * m;
            }
            double span = gg - (2 * gm) + mm;
            double alpha = span > 1e-12 ? Math.Clamp((mm - gm) / span, alphaMax / 10, alphaMax) : alphaMax;
            for (int n = 0; n < _length; n++) _mean[n] += alpha * (_gradient[n] - _mean[n]);
            Average(alpha);
            if (value > best)
            {
                best = value;
                _prices.CopyTo(Best, 0);
                red = 0;
                if (gm >= 0) theta = Math.Min(2, theta * 1.1);
            }
            else if (++red >= 8)
            {
                theta = Math.Max(1e-4, theta * 0.66);
                red = 0;
            }
            if (round % 50 == 0)
            {
                if (best - lastCheck < 0.01 * Math.Abs(best)) alphaMax = Math.Max(0.01, alphaMax * 0.6);
                lastCheck = best;
            }
        }
        return best;
    }

    /// <summary>Rounding of sums of doubles: a bound is believed down to this.</summary>
    public const double Slack = 1e-6;

    private double[] _choiceInjection = [];
    private SlotPattern[] _choice = [];
    private bool[] _choiceTieFirst = [], _choiceTieLater = [];

    private void Average(double alpha)
    {
        for (int j = 0; j < _choice.Length; j++)
        {
            SlotPattern p = _choice[j];
            Decay(MeanInjection[j], alpha);
            Decay(MeanLater[j], alpha);
            Decay(MeanFirstCamera[j], alpha);
            Decay(MeanLaterCamera[j], alpha);
            Decay(MeanKit[j], alpha);
            if (p.Injection >= 0) MeanInjection[j][p.Injection] += alpha;
            if (p.Later >= 0) MeanLater[j][p.Later] += alpha;
            if (p.FirstCamera >= 0) Split(MeanFirstCamera[j], p.FirstCamera, _choiceTieFirst[j], _p.Jobs[j].FirstCamera, alpha);
            if (p.LaterCamera >= 0) Split(MeanLaterCamera[j], p.LaterCamera, _choiceTieLater[j], _p.Jobs[j].LaterCamera, alpha);
            if (p.Kit >= 0) MeanKit[j][p.Kit] += alpha;
        }
    }

    private static void Decay(double[] mean, double alpha)
    {
        for (int n = 0; n < mean.Length; n++) mean[n] *= 1 - alpha;
    }

    private static void Split(double[] mean, int camera, bool tie, int[] allowed, double alpha)
    {
        if (!tie)
        {
            mean[camera] += alpha;
            return;
        }
        for (int c = 0; c < mean.Length; c++)
            if (allowed[c] < SlotProblem.Never) mean[c] += alpha / 2;
    }

    /// <summary>The bound at these prices, with the gradient and everybody's choice.</summary>
    private double Evaluate(SlotDomain[] domains, double[] prices, double forget)
    {
        Evaluations++;
        int jobs = _p.Jobs.Length;
        if (_choice.Length != jobs)
        {
            _choice = new SlotPattern[jobs];
            _choiceTieFirst = new bool[jobs];
            _choiceTieLater = new bool[jobs];
            _choiceInjection = new double[jobs];
        }
        Sums(prices);
        double value = 0;
        Array.Clear(_gradient);
        for (int t = _p.First; t < _slots; t++)
        {
            _gradient[_staffAt + t] = -_p.Staff[t];
            _gradient[_roomAt + t] = -_p.Rooms[t];
            value -= (prices[_staffAt + t] * _p.Staff[t]) + (prices[_roomAt + t] * _p.Rooms[t]);
        }
        for (int k = 0; k < _p.Kits.Length; k++)
        {
            // In units of 100 MBq, so that the numbers are of the size of the others.
            _gradient[_kitAt + k] = -_p.Kits[k] / 100.0;
            value -= prices[_kitAt + k] * _p.Kits[k] / 100.0;
        }
        for (int c = 0; c < _cameras; c++)
        {
            ReadOnlySpan<double> gain = prices.AsSpan(_cameraAt[c], _slots * _k[c]);
            _paths[c].Backward(gain, []);
            value += _paths[c].Cost;
            _paths[c].Walk(gain, [], _held, null);
            for (int t = _p.First; t < _slots; t++)
                if (_held[t] >= 0) _gradient[_cameraAt[c] + (t * _k[c]) + _held[t]] -= 1;
        }
        for (int j = 0; j < jobs; j++)
        {
            double cost = Choose(j, domains[j], prices, out SlotPattern choice, out bool tieFirst, out bool tieLater);
            if (cost >= None / 2) return None;
            value += cost;
            _choice[j] = choice;
            _choiceTieFirst[j] = tieFirst;
            _choiceTieLater[j] = tieLater;
            Use(j, choice, tieFirst, tieLater);
        }
        if (forget > 0)
        {
            for (int j = 0; j < jobs; j++)
            {
                Array.Clear(MeanInjection[j]);
                Array.Clear(MeanLater[j]);
                Array.Clear(MeanFirstCamera[j]);
                Array.Clear(MeanLaterCamera[j]);
                Array.Clear(MeanKit[j]);
            }
            Average(1);
        }
        return value;
    }

    private void Sums(double[] prices)
    {
        for (int c = 0; c < _cameras; c++)
        {
            for (int k = 0; k < _k[c]; k++)
            {
                double sum = 0;
                int at = SumAt(c, k);
                for (int t = 0; t < _slots; t++)
                {
                    _sums[at + t] = sum;
                    sum += prices[_cameraAt[c] + (t * _k[c]) + k];
                }
                _sums[at + _slots] = sum;
            }
        }
        double staff = 0, room = 0;
        for (int t = 0; t < _slots; t++)
        {
            (_staffSum[t], _roomSum[t]) = (staff, room);
            staff += prices[_staffAt + t];
            room += prices[_roomAt + t];
        }
        (_staffSum[_slots], _roomSum[_slots]) = (staff, room);
    }

    private int SumAt(int camera, int collimator) => ((camera * 8) + collimator) * (_slots + 1);

    private double LaterCosts(SlotJob j, SlotDomain d)
    {
        double lowest = None;
        for (int t = _p.First; t < _slots; t++)
        {
            _later[t] = None;
            if (!d.Later[t]) continue;
            double best = None, second = None;
            int which = -1;
            for (int c = 0; c < _cameras; c++)
            {
                if (!d.LaterCamera[c] || !_openFor[c][_lengthIndex[j.LaterSlots]][t]) continue;
                int at = SumAt(c, _p.Cameras[c].LocalCollimator(j.LaterCollimator));
                double cost = _sums[at + t + j.LaterSlots] - _sums[at + t] + j.LaterCamera[c];
                if (cost < best) (second, best, which) = (best, cost, c);
                else if (cost < second) second = cost;
            }
            if (which < 0) continue;
            _tieLater[t] = second - best < 1e-9;
            int end = t + j.LaterSlots;
            _later[t] = best + j.LaterCost[t] + (j.FollowSlots > 0 ? _staffSum[end + j.FollowSlots] - _staffSum[end] : 0);
            _laterCamera[t] = which;
            if (_later[t] < lowest) lowest = _later[t];
        }
        return lowest;
    }

    /// <summary>Cost of injecting at a slot, camera of the first visit and kit included, later visit not; a large number when it may not be.</summary>
    private double InjectionCost(SlotJob j, SlotDomain d, double[] prices, int t, out int kit)
    {
        kit = -1;
        int from = t - j.StaffLead, to = t + j.StaffTail;
        double cost = j.InjectionCost[t] + _staffSum[to] - _staffSum[from] + (j.NeedsRoom ? _roomSum[to] - _roomSum[from] : 0);
        if (j.KitNeed.Length > 0)
        {
            double cheapest = None;
            for (int k = 0; k < j.KitNeed.Length; k++)
            {
                if (!d.Kit[k] || j.KitNeed[k][t] < 0) continue;
                double price = prices[_kitAt + k] * j.KitNeed[k][t] / 100.0;
                if (price >= cheapest) continue;
                cheapest = price;
                kit = k;
            }
            if (kit < 0) return None;
            cost += cheapest;
        }
        if (j.FirstSlots > 0)
        {
            int start = t - j.FirstLead;
            double best = None, second = None;
            int which = -1;
            for (int c = 0; c < _cameras; c++)
            {
                if (!d.FirstCamera[c] || !_openFor[c][_lengthIndex[j.FirstSlots]][start]) continue;
                int at = SumAt(c, _p.Cameras[c].LocalCollimator(j.FirstCollimator));
                double price = _sums[at + start + j.FirstSlots] - _sums[at + start] + j.FirstCamera[c];
                if (price < best) (second, best, which) = (best, price, c);
                else if (price < second) second = price;
            }
            if (which < 0) return None;
            _firstCamera[t] = which;
            _tieFirst[t] = second - best < 1e-9;
            cost += best;
        }
        return cost;
    }

    private double Choose(int job, SlotDomain d, double[] prices, out SlotPattern choice, out bool tieFirst, out bool tieLater)
    {
        SlotJob j = _p.Jobs[job];
        tieFirst = tieLater = false;
        choice = SlotPattern.Dropped;
        double best = d.Drop ? j.DropCost : None;
        double floor = j.LaterSlots > 0 ? LaterCosts(j, d) : 0;
        if (!j.Injects)
        {
            for (int t = _p.First; t < _slots; t++)
            {
                if (!(_later[t] < best)) continue;
                best = _later[t];
                choice = new SlotPattern(-1, -1, t, _laterCamera[t], -1);
                tieLater = _tieLater[t];
            }
            return best;
        }
        bool[] injection = d.Injection;
        for (int t = _p.First; t < _slots; t++)
        {
            if (!injection[t] || j.InjectionCost[t] + floor >= best) continue;
            double cost = InjectionCost(j, d, prices, t, out int kit);
            if (cost + floor >= best) continue;
            if (j.LaterSlots == 0)
            {
                best = cost;
                choice = new SlotPattern(t, j.FirstSlots > 0 ? _firstCamera[t] : -1, -1, -1, kit);
                tieFirst = j.FirstSlots > 0 && _tieFirst[t];
                continue;
            }
            int from = t + j.MinLag, to = Math.Min(_slots, from + j.LagCost.Length);
            double room = best - cost;
            int at = -1;
            for (int s = from; s < to; s++)
            {
                double later = _later[s] + j.LagCost[s - from];
                if (later >= room) continue;
                room = later;
                at = s;
            }
            if (at < 0) continue;
            best = cost + room;
            choice = new SlotPattern(t, j.FirstSlots > 0 ? _firstCamera[t] : -1, at, _laterCamera[at], kit);
            tieFirst = j.FirstSlots > 0 && _tieFirst[t];
            tieLater = _tieLater[at];
        }
        return best;
    }

    private void Use(int job, SlotPattern p, bool tieFirst, bool tieLater)
    {
        SlotJob j = _p.Jobs[job];
        if (p.Injection >= 0)
        {
            for (int t = p.Injection - j.StaffLead; t < p.Injection + j.StaffTail; t++)
            {
                _gradient[_staffAt + t] += 1;
                if (j.NeedsRoom) _gradient[_roomAt + t] += 1;
            }
            if (p.Kit >= 0) _gradient[_kitAt + p.Kit] += j.KitNeed[p.Kit][p.Injection] / 100.0;
            if (p.FirstCamera >= 0) Occupy(p.FirstCamera, tieFirst, j.FirstCamera, j.FirstCollimator, p.Injection - j.FirstLead, j.FirstSlots);
        }
        if (p.Later < 0) return;
        Occupy(p.LaterCamera, tieLater, j.LaterCamera, j.LaterCollimator, p.Later, j.LaterSlots);
        for (int t = p.Later + j.LaterSlots; t < p.Later + j.LaterSlots + j.FollowSlots; t++) _gradient[_staffAt + t] += 1;
    }

    private void Occupy(int camera, bool tie, int[] allowed, int collimator, int start, int length)
    {
        // Cameras that cost the same share the visit: any mixture of choices is a gradient as good, and equal cameras keep equal prices.
        tie = tie && _cameras == 2 && allowed[0] < SlotProblem.Never && allowed[1] < SlotProblem.Never;
        for (int c = tie ? 0 : camera; c <= (tie ? 1 : camera); c++)
        {
            int at = _cameraAt[c] + _p.Cameras[c].LocalCollimator(collimator);
            for (int t = start; t < start + length; t++) _gradient[at + (t * _k[c])] += tie ? 0.5 : 1;
        }
    }

    /// <summary>Strikes out what cannot be in a plan better than <paramref name="upper"/>, at the best prices of the last <see cref="Raise"/>.</summary>
    /// <returns>False when a patient has nothing left.</returns>
    public bool Strike(SlotDomain[] domains, double bound, double upper)
    {
        double room = upper - 1 - bound + Slack;
        Sums(Best);
        for (int job = 0; job < domains.Length; job++)
        {
            SlotJob j = _p.Jobs[job];
            SlotDomain d = domains[job];
            if (j.LaterSlots > 0) LaterCosts(j, d);
            double least = d.Drop ? j.DropCost : None;
            if (!j.Injects)
            {
                for (int t = _p.First; t < _slots; t++) least = Math.Min(least, _later[t]);
                for (int t = _p.First; t < _slots; t++)
                    if (_later[t] > least + room) d.Later[t] = false;
            }
            else
            {
                Array.Fill(_minLater, None);
                for (int t = _p.First; t < _slots; t++)
                {
                    _minInjection[t] = None;
                    if (!d.Injection[t]) continue;
                    double cost = InjectionCost(j, d, Best, t, out _);
                    if (j.LaterSlots == 0)
                    {
                        _minInjection[t] = cost;
                    }
                    else
                    {
                        int from = t + j.MinLag, to = Math.Min(_slots, from + j.LagCost.Length);
                        double lowest = None;
                        for (int s = from; s < to; s++)
                        {
                            double all = cost + _later[s] + j.LagCost[s - from];
                            if (all < lowest) lowest = all;
                            if (all < _minLater[s]) _minLater[s] = all;
                        }
                        _minInjection[t] = lowest;
                    }
                    least = Math.Min(least, _minInjection[t]);
                }
                for (int t = _p.First; t < _slots; t++)
                {
                    if (_minInjection[t] > least + room) d.Injection[t] = false;
                    if (j.LaterSlots > 0 && _minLater[t] > least + room) d.Later[t] = false;
                }
            }
            if (d.Drop && j.DropCost > least + room) d.Drop = false;
            if (least >= None / 2) return false;
        }
        return true;
    }
}
