namespace Acquire.Protocols.Planning;

/// <summary>Patients placed on cameras, staff, rooms and kits; takes one out, finds the best place for one, puts it there. All costs exact.</summary>
internal sealed class SlotPlacement
{
    private const double None = 1e14;
    private readonly SlotProblem _problem;
    private readonly CameraPath[] _paths;
    private readonly sbyte[][] _need;
    private readonly int[] _staff, _rooms, _kits;
    private readonly double[] _cameraCost;
    private readonly bool[] _forwardKnown;
    private readonly double[] _later, _first;
    private readonly int[] _laterCamera, _firstCamera;
    private readonly SlotPattern[] _patterns;

    public SlotPlacement(SlotProblem problem)
    {
        _problem = problem;
        _paths = [.. problem.Cameras.Select(c => new CameraPath(c, problem.Slots, problem.First))];
        _need = [.. problem.Cameras.Select(_ => Enumerable.Repeat((sbyte)-1, problem.Slots).ToArray())];
        _staff = [.. problem.Staff];
        _rooms = [.. problem.Rooms];
        _kits = [.. problem.Kits];
        _cameraCost = new double[problem.Cameras.Length];
        _forwardKnown = new bool[problem.Cameras.Length];
        _later = new double[problem.Slots + 1];
        _first = new double[problem.Slots + 1];
        _laterCamera = new int[problem.Slots + 1];
        _firstCamera = new int[problem.Slots + 1];
        _patterns = new SlotPattern[problem.Jobs.Length];
        Array.Fill(_patterns, SlotPattern.Dropped);
        for (int c = 0; c < problem.Cameras.Length; c++) Recompute(c);
    }

    /// <summary>Where everybody is.</summary>
    public IReadOnlyList<SlotPattern> Patterns => _patterns;

    /// <summary>The objective of what is placed now, points; at least 1e14 when a camera's path is impossible.</summary>
    public double Total()
    {
        double total = 0;
        for (int j = 0; j < _patterns.Length; j++) total += CostOf(_problem, j, _patterns[j]);
        for (int c = 0; c < _paths.Length; c++) total += _cameraCost[c];
        return total;
    }

    /// <summary>The path of a camera as it stands.</summary>
    public int Walk(int camera, Span<sbyte> held, List<(int Slot, int Length, int What)> steps) => _paths[camera].Walk([], _need[camera], held, steps);

    /// <summary>Cost of one patient's pattern without cameras' paths, points.</summary>
    public static double CostOf(SlotProblem problem, int job, SlotPattern p)
    {
        SlotJob j = problem.Jobs[job];
        if (!p.Placed) return j.DropCost;
        double cost = 0;
        if (p.Injection >= 0) cost += j.InjectionCost[p.Injection];
        if (p.FirstCamera >= 0) cost += j.FirstCamera[p.FirstCamera];
        if (p.Later >= 0)
        {
            cost += j.LaterCost[p.Later] + j.LaterCamera[p.LaterCamera];
            if (p.Injection >= 0) cost += j.LagCost[p.Later - p.Injection - j.MinLag];
        }
        return cost;
    }

    /// <summary>Clears everything.</summary>
    public void Clear()
    {
        for (int j = 0; j < _patterns.Length; j++)
            if (_patterns[j].Placed) Remove(j);
    }

    /// <summary>Takes a patient out.</summary>
    public void Remove(int job)
    {
        SlotPattern p = _patterns[job];
        if (!p.Placed) return;
        Book(job, p, put: false);
        _patterns[job] = SlotPattern.Dropped;
    }

    /// <summary>Puts a patient, who is not placed, somewhere; false and unchanged when it does not fit.</summary>
    public bool Put(int job, SlotPattern p)
    {
        if (!p.Placed) return true;
        if (!Fits(job, p)) return false;
        Book(job, p, put: true);
        _patterns[job] = p;
        if ((p.FirstCamera < 0 || _cameraCost[p.FirstCamera] < None) && (p.LaterCamera < 0 || _cameraCost[p.LaterCamera] < None)) return true;
        Remove(job);
        return false;
    }

    private bool Fits(int job, SlotPattern p)
    {
        SlotJob j = _problem.Jobs[job];
        if (p.Injection >= 0)
        {
            if (j.InjectionCost[p.Injection] >= SlotProblem.Never || !HandsFree(j, p.Injection)) return false;
            if (j.KitNeed.Length > 0 && (p.Kit < 0 || j.KitNeed[p.Kit][p.Injection] < 0 || j.KitNeed[p.Kit][p.Injection] > _kits[p.Kit])) return false;
            if (j.FirstSlots > 0 && !CameraFree(p.FirstCamera, p.Injection - j.FirstLead, p.Injection + j.FirstTail)) return false;
        }
        if (p.Later >= 0)
        {
            if (j.LaterCost[p.Later] >= SlotProblem.Never || !CameraFree(p.LaterCamera, p.Later, p.Later + j.LaterSlots) || !FollowFree(j, p.Later)) return false;
        }
        return true;
    }

    private bool CameraFree(int camera, int from, int to)
    {
        if (from < _problem.First || to > _problem.Slots) return false;
        for (int t = from; t < to; t++)
            if (!_problem.Cameras[camera].Open[t] || _need[camera][t] >= 0) return false;
        return true;
    }

    private bool HandsFree(SlotJob j, int injection)
    {
        int from = injection - j.StaffLead, to = injection + j.StaffTail;
        if (from < 0 || to > _problem.Slots) return false;
        for (int t = from; t < to; t++)
            if (_staff[t] <= 0 || (j.NeedsRoom && _rooms[t] <= 0)) return false;
        return true;
    }

    private bool FollowFree(SlotJob j, int later)
    {
        int from = later + j.LaterSlots;
        if (from + j.FollowSlots > _problem.Slots) return false;
        for (int t = from; t < from + j.FollowSlots; t++)
            if (_staff[t] <= 0) return false;
        return true;
    }

    private void Book(int job, SlotPattern p, bool put)
    {
        SlotJob j = _problem.Jobs[job];
        int sign = put ? -1 : 1;
        if (p.Injection >= 0)
        {
            for (int t = p.Injection - j.StaffLead; t < p.Injection + j.StaffTail; t++)
            {
                _staff[t] += sign;
                if (j.NeedsRoom) _rooms[t] += sign;
            }
            if (j.KitNeed.Length > 0) _kits[p.Kit] += sign * j.KitNeed[p.Kit][p.Injection];
            if (j.FirstSlots > 0)
            {
                Mark(p.FirstCamera, p.Injection - j.FirstLead, p.Injection + j.FirstTail, put ? j.FirstCollimator : -1);
                Recompute(p.FirstCamera);
            }
        }
        if (p.Later >= 0)
        {
            Mark(p.LaterCamera, p.Later, p.Later + j.LaterSlots, put ? j.LaterCollimator : -1);
            for (int t = p.Later + j.LaterSlots; t < p.Later + j.LaterSlots + j.FollowSlots; t++) _staff[t] += sign;
            Recompute(p.LaterCamera);
        }
    }

    private void Mark(int camera, int from, int to, int collimator)
    {
        sbyte local = (sbyte)(collimator < 0 ? -1 : _problem.Cameras[camera].LocalCollimator(collimator));
        Array.Fill(_need[camera], local, from, to - from);
    }

    private void Recompute(int camera)
    {
        _paths[camera].Backward([], _need[camera]);
        _cameraCost[camera] = _paths[camera].Cost;
        _forwardKnown[camera] = false;
    }

    /// <summary>The cheapest place for a patient who is not placed, everybody else staying; <see cref="SlotPattern.Dropped"/> when dropping is cheaper.</summary>
    /// <param name="job">The patient.</param>
    /// <param name="may">By slot of injection: may it be; empty: all.</param>
    public SlotPattern Best(int job, ReadOnlySpan<bool> may = default)
    {
        SlotJob j = _problem.Jobs[job];
        for (int c = 0; c < _paths.Length; c++)
        {
            if (_forwardKnown[c]) continue;
            _paths[c].Forward(_need[c]);
            _forwardKnown[c] = true;
        }
        SlotPattern best = SlotPattern.Dropped;
        double lowest = j.DropCost;
        if (j.LaterSlots > 0) Starts(j, later: true);
        if (!j.Injects)
        {
            for (int d = _problem.First; d <= _problem.Slots - j.LaterSlots; d++)
            {
                if (!(_later[d] < lowest)) continue;
                lowest = _later[d];
                best = new SlotPattern(-1, -1, d, _laterCamera[d], -1);
            }
            return best;
        }
        if (j.FirstSlots > 0) Starts(j, later: false);
        for (int i = _problem.First; i < _problem.Slots; i++)
        {
            double cost = j.InjectionCost[i];
            if (cost >= lowest || (may.Length > 0 && !may[i])) continue;
            if (j.FirstSlots > 0)
            {
                int start = i - j.FirstLead;
                if (start < _problem.First || start + j.FirstSlots > _problem.Slots) continue;
                cost += _first[start];
            }
            if (cost >= lowest || !HandsFree(j, i)) continue;
            int kit = KitFor(j, i);
            if (kit == -2) continue;
            if (j.LaterSlots == 0)
            {
                lowest = cost;
                best = new SlotPattern(i, j.FirstSlots > 0 ? _firstCamera[i - j.FirstLead] : -1, -1, -1, kit);
                continue;
            }
            for (int lag = 0; lag < j.LagCost.Length; lag++)
            {
                int d = i + j.MinLag + lag;
                if (d + j.LaterSlots > _problem.Slots) break;
                double all = cost + j.LagCost[lag] + _later[d];
                if (all >= lowest) continue;
                lowest = all;
                best = new SlotPattern(i, j.FirstSlots > 0 ? _firstCamera[i - j.FirstLead] : -1, d, _laterCamera[d], kit);
            }
        }
        return best;
    }

    /// <summary>The kit that expires first among those that have enough; -1 when none is needed, -2 when none has.</summary>
    private int KitFor(SlotJob j, int injection)
    {
        if (j.KitNeed.Length == 0) return -1;
        for (int k = 0; k < j.KitNeed.Length; k++)
        {
            int need = j.KitNeed[k][injection];
            if (need >= 0 && need <= _kits[k]) return k;
        }
        return -2;
    }

    /// <summary>Cheapest camera by start slot of a visit.</summary>
    private void Starts(SlotJob j, bool later)
    {
        double[] cost = later ? _later : _first;
        int[] which = later ? _laterCamera : _firstCamera;
        int length = later ? j.LaterSlots : j.FirstSlots;
        int[] cameras = later ? j.LaterCamera : j.FirstCamera;
        Array.Fill(cost, None);
        for (int c = 0; c < _paths.Length; c++)
        {
            if (cameras[c] >= SlotProblem.Never) continue;
            int local = _problem.Cameras[c].LocalCollimator(later ? j.LaterCollimator : j.FirstCollimator);
            bool[] open = _problem.Cameras[c].Open;
            int free = 0;
            for (int t = _problem.Slots - 1; t >= _problem.First; t--)
            {
                free = open[t] && _need[c][t] < 0 ? free + 1 : 0;
                if (free < length) continue;
                if (later && (j.LaterCost[t] >= SlotProblem.Never || (j.FollowSlots > 0 && !FollowFree(j, t)))) continue;
                double added = _paths[c].Added(local, t, t + length) + cameras[c] + (later ? j.LaterCost[t] : 0);
                if (added >= cost[t]) continue;
                cost[t] = added;
                which[t] = c;
            }
        }
    }
}
