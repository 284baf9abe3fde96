using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Acquire.Benchmarks;

/// <summary>What this machine can do, measured in the same run as the figures it is compared with.</summary>
internal static class Machine
{
    public static void Print()
    {
        double bytes = CopyBytesPerSecond();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors, Vector512 {(Vector512.IsHardwareAccelerated ? "in hardware" : "emulated")}: {MultiplyAddsPerSecond(Environment.ProcessorCount) / 1e9:F0} G multiply-adds/s on all, {MultiplyAddsPerSecond(1) / 1e9:F0} on one; reading memory {bytes / 1e9:F0} GB/s on one"));
        Console.WriteLine();
    }

    /// <summary>float32 multiply-adds per second with twelve independent chains in registers.</summary>
    public static double MultiplyAddsPerSecond(int threads)
    {
        const int rounds = 1_000_000;
        double best = 0;
        for (int run = 0; run < 20; run++)
        {
            long start = Stopwatch.GetTimestamp();
            float[] results = new float[threads];
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, t => results[t] = Chains(rounds));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (results.Sum() > 0) best = Math.Max(best, threads * (double)rounds * 12 * 16 / seconds);
        }
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains(int rounds)
    {
        Vector512<float> m = Vector512.Create(0.999999f), c = Vector512.Create(1e-7f);
        Vector512<float> a0 = m, a1 = m, a2 = m, a3 = m, a4 = m, a5 = m, a6 = m, a7 = m, a8 = m, a9 = m, aa = m, ab = m;
        for (int n = 0; n < rounds; n++)
        {
            a0 = Vector512.FusedMultiplyAdd(a0, m, c);
            a1 = Vector512.FusedMultiplyAdd(a1, m, c);
            a2 = Vector512.FusedMultiplyAdd(a2, m, c);
            a3 = Vector512.FusedMultiplyAdd(a3, m, c);
            a4 = Vector512.FusedMultiplyAdd(a4, m, c);
            a5 = Vector512.FusedMultiplyAdd(a5, m, c);
            a6 = Vector512.FusedMultiplyAdd(a6, m, c);
            a7 = Vector512.FusedMultiplyAdd(a7, m, c);
            a8 = Vector512.FusedMultiplyAdd(a8, m, c);
            a9 = Vector512.FusedMultiplyAdd(a9, m, c);
            aa = Vector512.FusedMultiplyAdd(aa, m, c);
            ab = Vector512.FusedMultiplyAdd(ab, m, c);
        }
        return Vector512.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + aa + ab);
    }

    private static double CopyBytesPerSecond()
    {
        float[] memory = new float[64 << 20];
        Array.Fill(memory, 1f);
        double best = 0;
        for (int run = 0; run < 3; run++)
        {
            long start = Stopwatch.GetTimestamp();
            float sum = Sum(memory);
            if (sum > 0) best = Math.Max(best, memory.Length * 4.0 / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> values)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (int n = 0; n + 64 <= values.Length; n += 64)
        {
            a += Vector512.Create(values.Slice(n, 16));
            b += Vector512.Create(values.Slice(n + 16, 16));
            c += Vector512.Create(values.Slice(n + 32, 16));
            d += Vector512.Create(values.Slice(n + 48, 16));
        }
        return Vector512.Sum(a + b + c + d);
    }
}
