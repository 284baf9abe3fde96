namespace Acquire.Protocols.Planning;

/// <summary>How much work a search may do. Counts, so that the same problem gives the same plan everywhere; a deadline may be asked from outside.</summary>
/// <param name="Evaluations">Evaluations of the bound at the most.</param>
/// <param name="Nodes">Branches looked into at the most.</param>
/// <param name="Shakes">Tries to improve a plan by taking patients out, at the start.</param>
/// <param name="Stop">Asked between steps: true ends the search with the best plan so far. Null: never.</param>
public sealed record PlanBudget(int Evaluations = 40_000, int Nodes = 4_000, int Shakes = 4000, Func<bool>? Stop = null)
{
    /// <summary>For planning a day beforehand.</summary>
    public static PlanBudget Full { get; } = new();
    /// <summary>For planning again while the day runs: one look at the bound, mostly improvement of the plan there is.</summary>
    public static PlanBudget Live { get; } = new(250, 12, 250);
}

/// <summary>What a search found.</summary>
/// <param name="Patterns">The plan.</param>
/// <param name="Objective">Its objective, points.</param>
/// <param name="LowerBound">Proven: no plan has less, points.</param>
/// <param name="Evaluations">Evaluations done.</param>
/// <param name="Nodes">Branches looked into.</param>
/// <param name="Prices">Prices at the root, to start the next search from.</param>
internal sealed record SlotResult(SlotPattern[] Patterns, int Objective, int LowerBound, int Evaluations, int Nodes, double[] Prices)
{
    public bool Optimal => LowerBound >= Objective;
}

/// <summary>Best-first branch and bound over the patients' times and cameras, with the bound of <see cref="SlotBound"/>.</summary>
internal sealed class SlotSearch
{
    private sealed record Node(SlotDomain[] Domains, double[] Prices, double Bound, int Depth);

    private readonly SlotProblem _p;
    private readonly PlanBudget _budget;
    private readonly SlotBound _bound;
    private readonly SlotImprover _improver;
    private readonly Random _random = new(20260115);

    private SlotSearch(SlotProblem problem, PlanBudget budget)
    {
        _p = problem;
        _budget = budget;
        _bound = new SlotBound(problem);
        _improver = new SlotImprover(problem, () => budget.Stop?.Invoke() ?? false);
    }

    /// <summary>Solves.</summary>
    /// <param name="problem">The day.</param>
    /// <param name="budget">How long.</param>
    /// <param name="warm">Plan to start from, or null.</param>
    /// <param name="warmPrices">Prices of an earlier search of a problem of the same shape, or null.</param>
    public static SlotResult Solve(SlotProblem problem, PlanBudget budget, IReadOnlyList<SlotPattern>? warm = null, double[]? warmPrices = null) =>
        new SlotSearch(problem, budget).Run(warm, warmPrices);

    private bool Stop() => _bound.Evaluations >= _budget.Evaluations || (_budget.Stop?.Invoke() ?? false);

    private SlotResult Run(IReadOnlyList<SlotPattern>? warm, double[]? warmPrices)
    {
        int n = _p.Jobs.Length;
        if (n == 0)
        {
            int cost = (int)Math.Round(new SlotPlacement(_p).Total());
            return new SlotResult([], cost, cost, 0, 0, []);
        }
        if (warm is not null)
        {
            _improver.From(warm);
            _improver.Settle();
        }
        int[] natural = [.. Enumerable.Range(0, n).OrderBy(j => EarliestCheap(_p.Jobs[j])).ThenBy(j => j)];
        _improver.Greedy(natural);
        if (!(_budget.Stop?.Invoke() ?? false)) _improver.Greedy([.. Enumerable.Range(0, n).OrderByDescending(j => _p.Jobs[j].DropCost).ThenBy(j => _p.Jobs[j].LagCost.Length).ThenBy(j => EarliestCheap(_p.Jobs[j]))]);
        _improver.Shake(_budget.Shakes / 2, _random, 0);

        SlotDomain[] root = [.. _p.Jobs.Select(j => SlotDomain.Of(_p, j))];
        double[] start = warmPrices is not null && warmPrices.Length == _bound.Best.Length ? warmPrices : new double[_bound.Best.Length];
        double rootBound = _bound.Raise(root, start, _improver.BestCost, Math.Min(120, _budget.Evaluations / 2), Stop);
        double[] rootPrices = [.. _bound.Best];
        Heuristics(rootBound, shakes: _budget.Shakes / 4);
        if (!Done(rootBound) && !Stop())
        {
            _bound.Strike(root, rootBound, _improver.BestCost);
            double more = _bound.Raise(root, rootPrices, _improver.BestCost, Math.Min(400, Math.Max(20, _budget.Evaluations / 2)), Stop);
            if (more > rootBound) (rootBound, rootPrices) = (more, [.. _bound.Best]);
            Heuristics(rootBound, shakes: _budget.Shakes / 4);
        }

        var queue = new PriorityQueue<Node, (double Bound, int Depth, int Order)>();
        int order = 0, nodes = 1;
        double? left = null; // the lowest bound among branches not looked into, when the search had to end before them
        if (!Done(rootBound)) Branch(new Node(root, rootPrices, rootBound, 0), queue, ref order);
        while (queue.Count > 0)
        {
            Node node = queue.Dequeue();
            if (Done(node.Bound)) break;
            if (nodes >= _budget.Nodes || Stop())
            {
                left = node.Bound;
                break;
            }
            nodes++;
            double bound = Math.Max(node.Bound, _bound.Raise(node.Domains, node.Prices, _improver.BestCost, 60, Stop));
            if (Done(bound)) continue;
            if (node.Depth < 6 || nodes % 4 == 0) Heuristics(bound, shakes: nodes % 8 == 0 ? 60 : 0);
            if (!Done(bound)) Branch(node with { Bound = bound, Prices = [.. _bound.Best] }, queue, ref order);
        }
        int lower = left is { } l ? (int)Math.Min(_improver.BestCost, Math.Ceiling(l - SlotBound.Slack)) : _improver.BestCost;
        return new SlotResult(_improver.Best, _improver.BestCost, lower, _bound.Evaluations, nodes, rootPrices);
    }

    private bool Done(double bound) => bound > _improver.BestCost - 1 + SlotBound.Slack;

    private int EarliestCheap(SlotJob j)
    {
        int[] costs = j.Injects ? j.InjectionCost : j.LaterCost;
        int best = _p.First;
        for (int t = _p.First; t < _p.Slots; t++)
            if (costs[t] < costs[best]) best = t;
        return best;
    }

    private void Heuristics(double bound, int shakes)
    {
        if (_budget.Stop?.Invoke() ?? false) return;
        int[] order = [.. Enumerable.Range(0, _p.Jobs.Length).OrderBy(j => Mean(_bound.MeanInjection[j]) ?? Mean(_bound.MeanLater[j]) ?? 0)];
        _improver.Greedy(order);
        int[] byLater = [.. Enumerable.Range(0, _p.Jobs.Length).OrderBy(j => Mean(_bound.MeanLater[j]) ?? Mean(_bound.MeanInjection[j]) ?? 0)];
        _improver.Greedy(byLater);
        if (shakes > 0) _improver.Shake(shakes, _random, (int)Math.Ceiling(bound - SlotBound.Slack));
    }

    private static double Sum(double[] weights)
    {
        double sum = 0;
        foreach (double w in weights) sum += w;
        return sum;
    }

    private static double? Mean(double[] weights)
    {
        double sum = 0, at = 0;
        for (int t = 0; t < weights.Length; t++)
        {
            sum += weights[t];
            at += t * weights[t];
        }
        return sum > 1e-9 ? at / sum : null;
    }

    private void Branch(Node node, PriorityQueue<Node, (double, int, int)> queue, ref int order)
    {
        if (!_bound.Strike(node.Domains, node.Bound, _improver.BestCost)) return;
        // Each way of splitting a patient's choices with how undecided the averaged choices are about it.
        double widest = -1;
        Func<SlotDomain, bool[]>? which = null;
        int job = -1, cut = -1;
        int whether = -1; // a patient of whom it is undecided whether to place him at all goes before any question of when
        double half = 0.02;
        for (int j = 0; j < _p.Jobs.Length; j++)
        {
            double placed = Sum(_p.Jobs[j].Injects ? _bound.MeanInjection[j] : _bound.MeanLater[j]);
            if (node.Domains[j].Drop && Math.Min(placed, 1 - placed) > half && (Array.IndexOf(node.Domains[j].Injection, true) >= 0 || Array.IndexOf(node.Domains[j].Later, true) >= 0))
            {
                half = Math.Min(placed, 1 - placed);
                whether = j;
            }
            Consider(j, d => d.Injection, _bound.MeanInjection[j], 1.0);
            Consider(j, d => d.Later, _bound.MeanLater[j], 1.0);
            Consider(j, d => d.FirstCamera, _bound.MeanFirstCamera[j], 0.02);
            Consider(j, d => d.LaterCamera, _bound.MeanLaterCamera[j], 0.02);
            Consider(j, d => d.Kit, _bound.MeanKit[j], 0.02);
        }
        if (which is null || whether >= 0)
        {
            // Nothing is open but who is dropped, or nothing at all: what remains is one plan per choice.
            int open = whether >= 0 ? whether : Array.FindIndex(node.Domains, d => d.Drop && (d.Injection.Any(m => m) || d.Later.Any(m => m)));
            if (open < 0)
            {
                Determined(node);
                return;
            }
            SlotDomain[] kept = Copy(node.Domains, open), dropped = Copy(node.Domains, open);
            kept[open].Drop = false;
            Array.Clear(dropped[open].Injection);
            Array.Clear(dropped[open].Later);
            Push(node, kept, queue, ref order);
            Push(node, dropped, queue, ref order);
            return;
        }
        SlotDomain[] low = Copy(node.Domains, job), high = Copy(node.Domains, job);
        bool[] lowMay = which(low[job]), highMay = which(high[job]);
        for (int t = 0; t < lowMay.Length; t++)
        {
            if (t <= cut) highMay[t] = false;
            else lowMay[t] = false;
        }
        Push(node, low, queue, ref order);
        Push(node, high, queue, ref order);

        void Consider(int j, Func<SlotDomain, bool[]> part, double[] mean, double weight)
        {
            bool[] may = part(node.Domains[j]);
            int first = Array.IndexOf(may, true), last = Array.LastIndexOf(may, true);
            if (first < 0 || first == last) return;
            double sum = 0, at = 0, square = 0;
            for (int t = first; t <= last; t++)
            {
                sum += mean[t];
                at += mean[t] * t;
                square += mean[t] * t * t;
            }
            double middle = sum > 1e-9 ? at / sum : first, spread = sum > 1e-9 ? Math.Sqrt(Math.Max(0, (square / sum) - (middle * middle))) : 0;
            double undecided = weight * (spread + (1e-6 * (last - first)));
            if (undecided <= widest) return;
            widest = undecided;
            which = part;
            job = j;
            cut = Math.Clamp((int)Math.Floor(middle), first, last - 1);
        }
    }

    private static SlotDomain[] Copy(SlotDomain[] domains, int job)
    {
        // Striking out changes a node's own domains, so a child owns all of them.
        _ = job;
        return [.. domains.Select(d => d.Copy())];
    }

    private static void Push(Node node, SlotDomain[] domains, PriorityQueue<Node, (double, int, int)> queue, ref int order)
    {
        order++;
        queue.Enqueue(new Node(domains, node.Prices, node.Bound, node.Depth + 1), (node.Bound, -node.Depth, -order));
    }

    /// <summary>One choice is left to everybody: it is a plan, or nothing.</summary>
    private void Determined(Node node)
    {
        var plan = new SlotPattern[_p.Jobs.Length];
        for (int j = 0; j < plan.Length; j++)
        {
            SlotDomain d = node.Domains[j];
            if (_p.Jobs[j].Injects && _p.Jobs[j].LaterSlots > 0 && Array.IndexOf(d.Injection, true) >= 0 != Array.IndexOf(d.Later, true) >= 0) return;
            int injection = Array.IndexOf(d.Injection, true), later = Array.IndexOf(d.Later, true);
            plan[j] = injection < 0 && later < 0 ? SlotPattern.Dropped
                : new SlotPattern(injection, Array.IndexOf(d.FirstCamera, true), later, later < 0 ? -1 : Array.IndexOf(d.LaterCamera, true), Array.IndexOf(d.Kit, true));
        }
        _improver.From(plan);
    }
}
