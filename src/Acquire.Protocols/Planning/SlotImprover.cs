namespace Acquire.Protocols.Planning;

/// <summary>Finds good plans: places patients one by one where each costs least, then takes a few out and puts them back in other orders.</summary>
internal sealed class SlotImprover(SlotProblem problem, Func<bool> stop)
{
    private readonly SlotPlacement _placement = new(problem);

    /// <summary>Best plan found so far.</summary>
    public SlotPattern[] Best { get; private set; } = [.. problem.Jobs.Select(_ => SlotPattern.Dropped)];
    /// <summary>Its objective.</summary>
    public int BestCost { get; private set; } = int.MaxValue;

    /// <summary>Takes a plan as it is, as far as it fits; what does not is placed anew.</summary>
    public void From(IReadOnlyList<SlotPattern> plan)
    {
        _placement.Clear();
        for (int j = 0; j < plan.Count; j++) _placement.Put(j, plan[j]);
        for (int j = 0; j < plan.Count; j++)
            if (!_placement.Patterns[j].Placed) _placement.Put(j, _placement.Best(j));
        Keep();
    }

    /// <summary>Places all in the given order, then each once more.</summary>
    public void Greedy(IReadOnlyList<int> order)
    {
        _placement.Clear();
        foreach (int j in order) _placement.Put(j, _placement.Best(j));
        Keep();
        Settle();
    }

    /// <summary>Places each once more until nothing gets better.</summary>
    public void Settle()
    {
        double cost = _placement.Total();
        for (int round = 0; round < 20; round++)
        {
            double before = cost;
            for (int j = 0; j < problem.Jobs.Length; j++)
            {
                SlotPattern old = _placement.Patterns[j];
                _placement.Remove(j);
                if (!_placement.Put(j, _placement.Best(j))) _placement.Put(j, old);
                double now = _placement.Total();
                if (now <= cost) cost = now;
                else
                {
                    _placement.Remove(j);
                    _placement.Put(j, old);
                }
            }
            if (cost >= before || stop()) break;
        }
        Keep();
    }

    /// <summary>
    /// Takes a few patients out, who are near each other in time or any, and puts them back in another order; keeps what is better, and for a while
    /// what is a little worse, so that whole stretches of the day can move.
    /// </summary>
    /// <param name="rounds">How often.</param>
    /// <param name="random">Seeded.</param>
    /// <param name="enough">Stop at this objective.</param>
    public void Shake(int rounds, Random random, int enough)
    {
        int n = problem.Jobs.Length;
        if (n < 2 || BestCost <= enough) return;
        Load(Best);
        double cost = _placement.Total();
        int[] chosen = new int[n];
        double[] key = new double[n];
        var old = new SlotPattern[n]; // by patient
        int since = 0;
        for (int round = 0; round < rounds && BestCost > enough && !stop(); round++)
        {
            int size = Math.Min(n, 2 + random.Next(Math.Min(7, n)));
            for (int j = 0; j < n; j++) chosen[j] = j;
            if (random.Next(4) > 0)
            {
                SlotPattern centre = _placement.Patterns[random.Next(n)];
                int at = centre.Later >= 0 && (centre.Injection < 0 || random.Next(2) == 0) ? centre.Later : centre.Injection;
                for (int j = 0; j < n; j++)
                {
                    SlotPattern p = _placement.Patterns[j];
                    int away = p.Placed ? Math.Min(p.Injection >= 0 ? Math.Abs(p.Injection - at) : int.MaxValue, p.Later >= 0 ? Math.Abs(p.Later - at) : int.MaxValue) : 0;
                    key[j] = away + (random.NextDouble() * 12);
                }
            }
            else
            {
                for (int j = 0; j < n; j++) key[j] = random.NextDouble();
            }
            Array.Sort(key, chosen);
            for (int m = 0; m < size; m++)
            {
                int j = chosen[m];
                old[j] = _placement.Patterns[j];
                _placement.Remove(j);
                key[m] = random.Next(3) switch
                {
                    0 => random.NextDouble() * problem.Slots,
                    1 => old[j].Placed ? Math.Max(old[j].Injection, 0) + (random.NextDouble() * 20) : random.NextDouble() * problem.Slots,
                    _ => (problem.Jobs[j].LagCost.Length * 2) + (random.NextDouble() * 40),
                };
            }
            Array.Sort(key, chosen, 0, size);
            for (int m = 0; m < size; m++) _placement.Put(chosen[m], _placement.Best(chosen[m]));
            double now = _placement.Total();
            double allowed = since < 40 ? 0 : Math.Min(6, 0.02 * since) * random.NextDouble();
            if (now <= cost + allowed)
            {
                since = now < cost - 0.5 ? 0 : since + 1;
                cost = now;
                Keep();
                if (BestCost < now - 12 || since > 600)
                {
                    Load(Best);
                    cost = _placement.Total();
                    since = 0;
                }
                continue;
            }
            since++;
            for (int m = 0; m < size; m++) _placement.Remove(chosen[m]);
            for (int m = 0; m < size; m++) _placement.Put(chosen[m], old[chosen[m]]);
        }
    }

    private void Load(SlotPattern[] plan)
    {
        _placement.Clear();
        for (int j = 0; j < plan.Length; j++) _placement.Put(j, plan[j]);
    }

    private void Keep()
    {
        double total = _placement.Total();
        if (total >= BestCost) return;
        BestCost = (int)Math.Round(total);
        Best = [.. _placement.Patterns];
    }
}
