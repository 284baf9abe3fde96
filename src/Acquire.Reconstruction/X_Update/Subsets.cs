namespace Acquire.Reconstruction;

/// <summary>How views are put into subsets.</summary>
public enum SubsetChoice
{
    /// <summary>Every S-th view in order of angle; successive subsets lie far apart. The usual choice.</summary>
    Interleaved,
    /// <summary>As interleaved, but neighbours are exchanged so that all subsets weigh alike (live time, decay); for views that are missing, repeated or unequally long.</summary>
    Balanced,
    /// <summary>Every S-th view, subsets one after the other: slower at first, for comparison.</summary>
    Sequential,
}

/// <summary>Views of each subset and the order of subsets.</summary>
public static class Subsets
{
    /// <summary>Views of each subset, as indices; every view is in exactly one.</summary>
    /// <param name="angleDeg">Angles of the views, degrees.</param>
    /// <param name="weight">Weights of the views; null for all alike.</param>
    /// <param name="subsets">How many, 1 to the number of views.</param>
    /// <param name="choice">How.</param>
    public static int[][] Make(double[] angleDeg, double[]? weight, int subsets, SubsetChoice choice)
    {
        ArgumentNullException.ThrowIfNull(angleDeg);
        int[] byAngle = [.. Enumerable.Range(0, angleDeg.Length).OrderBy(v => ((angleDeg[v] % 360) + 360) % 360).ThenBy(v => v)];
        if (choice != SubsetChoice.Balanced) return [.. Enumerable.Range(0, subsets).Select(s => byAngle.Where((_, n) => n % subsets == s).ToArray())];
        // Round by round around the circle: the heaviest view of a round goes to the subset that has least so far.
        List<int>[] made = [.. Enumerable.Range(0, subsets).Select(_ => new List<int>())];
        double[] sum = new double[subsets];
        for (int first = 0; first < byAngle.Length; first += subsets)
        {
            int[] round = [.. byAngle[first..Math.Min(first + subsets, byAngle.Length)].OrderByDescending(v => weight?[v] ?? 1).ThenBy(v => v)];
            int[] open = [.. Enumerable.Range(0, subsets).OrderBy(s => sum[s]).ThenBy(s => (s - (first / subsets) + (subsets * byAngle.Length)) % subsets)];
            for (int n = 0; n < round.Length; n++)
            {
                made[open[n]].Add(round[n]);
                sum[open[n]] += weight?[round[n]] ?? 1;
            }
        }
        return [.. made.Select(m => m.ToArray())];
    }

    /// <summary>Order of subsets: steps of about 0.38 of their number, without common divisor, so that neighbours in time lie apart in angle.</summary>
    /// <param name="subsets">How many.</param>
    /// <param name="choice">How.</param>
    public static int[] Order(int subsets, SubsetChoice choice)
    {
        if (choice == SubsetChoice.Sequential) return [.. Enumerable.Range(0, subsets)];
        int step = Math.Max(1, (int)Math.Round(subsets * 0.381966));
        while (Gcd(step, subsets) != 1) step++;
        return [.. Enumerable.Range(0, subsets).Select(s => s * step % subsets)];
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
