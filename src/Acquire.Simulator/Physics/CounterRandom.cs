namespace Acquire.Simulator.Physics;

/// <summary>Random numbers addressed by a key: the same key gives the same numbers on any thread, in any order.</summary>
/// <remarks>SplitMix64 (Steele, Lea, Flood 2014) started from a mixed key; each key is a stream of its own.</remarks>
internal struct CounterRandom(ulong key)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong state = key;

    /// <summary>Mixes one more part into a key.</summary>
    public static ulong Mix(ulong key, ulong part) => Finish(key ^ Finish(part + Golden)) + Golden;

    /// <summary>Next number above 0 and below 1.</summary>
    public double NextDouble() => ((Next() >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>Next 64 random bits.</summary>
    public ulong Next() => Finish(state += Golden);

    /// <summary>A Poisson number of a mean of 0 or more.</summary>
    /// <remarks>Below 12 by inversion, above by transformed rejection (PTRS, Hoermann 1993), both exact.</remarks>
    public uint Poisson(double mean)
    {
        if (mean <= 0) return 0;
        if (mean < 12)
        {
            double u = NextDouble(), p = Math.Exp(-mean);
            uint k = 0;
            while (u > p && k < 200)
            {
                u -= p;
                k++;
                p *= mean / k;
            }
            return k;
        }
        double slam = Math.Sqrt(mean), loglam = Math.Log(mean);
        double b = 0.931 + (2.53 * slam), a = -0.059 + (0.02483 * b);
        double invAlpha = 1.1239 + (1.1328 / (b - 3.4)), vr = 0.9277 - (3.6224 / (b - 2));
        while (true)
        {
            double u = NextDouble() - 0.5, v = NextDouble();
            double us = 0.5 - Math.Abs(u);
            double k = Math.Floor((((2 * a / us) + b) * u) + mean + 0.43);
            if (us >= 0.07 && v <= vr) return (uint)k;
            if (k < 0 || (us < 0.013 && v > us)) continue;
            if (Math.Log(v) + Math.Log(invAlpha) - Math.Log((a / (us * us)) + b) <= (k * loglam) - mean - LogFactorial(k)) return (uint)k;
        }
    }

    /// <summary>A normal number of mean 0 and deviation 1, by the sum of twelve 16-bit uniforms (tails end at 6).</summary>
    public double Normal()
    {
        ulong a = Next(), b = Next(), c = Next();
        long sum = Fold(a) + Fold(b) + Fold(c);
        return (sum - (6 * 65535.0)) / 65536.0;

        static long Fold(ulong x) => (long)((x & 0xFFFF) + ((x >> 16) & 0xFFFF) + ((x >> 32) & 0xFFFF) + (x >> 48));
    }

    private static double LogFactorial(double k)
    {
        if (k < 2) return 0;
        if (k < 10)
        {
            double sum = 0;
            for (int i = 2; i <= (int)k; i++) sum += Math.Log(i);
            return sum;
        }
        double n = k + 1, n2 = n * n;
        return ((n - 0.5) * Math.Log(n)) - n + 0.9189385332046727 + ((1 / 12.0 - ((1 / 360.0 - (1 / (1260.0 * n2))) / n2)) / n);
    }

    private static ulong Finish(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
