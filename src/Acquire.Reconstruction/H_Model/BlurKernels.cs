using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Acquire.Reconstruction;

/// <summary>The inner loops of the blur: columns along z (a whole number of 16-float vectors), weighted along t and shifted along z.</summary>
internal static unsafe class BlurKernels
{
    private const int Lanes = RotationKernels.Lanes;

    /// <summary>
    /// Blurs columns first..end of a plane along t and z into another plane. Columns two before and two after must exist and
    /// are read; zero beyond the ends of z. lastMask keeps the padding of the last vector zero.
    /// </summary>
    public static void Blur(float* source, float* target, int first, int end, int stride, int vectors, in BlurKernel k, Vector512<float> lastMask, float* scratch)
    {
        if (Avx512F.IsSupported) BlurAvx512(source, target, first, end, stride, vectors, k, lastMask);
        else BlurPortable(source, target, first, end, stride, vectors, k, lastMask, scratch);
    }

    /// <summary>Both ways on managed arrays: (columns + 4) x stride values in, the blurred planes out, AVX-512's first where there is one.</summary>
    internal static (float[] Chosen, float[] Portable) BlurBothWays(float[] source, int columns, int vectors, BlurKernel kernel, int usedInLastVector)
    {
        int stride = vectors * Lanes;
        float[] chosen = new float[source.Length], portable = new float[source.Length], scratch = new float[stride + (2 * Lanes)];
        Vector512<float> mask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(usedInLastVector)).AsSingle();
        fixed (float* s = source, a = chosen, b = portable, column = scratch)
        {
            Blur(s + (2 * stride), a + (2 * stride), 0, columns, stride, vectors, kernel, mask, column);
            BlurPortable(s + (2 * stride), b + (2 * stride), 0, columns, stride, vectors, kernel, mask, column);
        }
        return (chosen, portable);
    }

    internal static void BlurPortable(float* source, float* target, int first, int end, int stride, int vectors, in BlurKernel k, Vector512<float> lastMask, float* scratch)
    {
        Vector512<float> ct = Vector512.Create(k.Ct), at = Vector512.Create(k.At), bt = Vector512.Create(k.Bt);
        Vector512<float> cz = Vector512.Create(k.Cz), az = Vector512.Create(k.Az), bz = Vector512.Create(k.Bz);
        float* column = scratch + Lanes;
        Vector512<float>.Zero.Store(scratch);
        Vector512<float>.Zero.Store(column + (vectors * Lanes));
        for (int i = first; i < end; i++)
        {
            float* s = source + ((long)i * stride);
            for (int v = 0, o = 0; v < vectors; v++, o += Lanes) AlongT(s + o, stride, ct, at, bt).Store(column + o);
            float* d = target + ((long)i * stride);
            for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
            {
                float* c = column + o;
                Vector512<float> r = Combine(Vector512.Load(c), Vector512.Load(c - 1), Vector512.Load(c + 1), Vector512.Load(c - 2), Vector512.Load(c + 2), cz, az, bz);
                if (v == vectors - 1) r &= lastMask;
                r.Store(d + o);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BlurAvx512(float* source, float* target, int first, int end, int stride, int vectors, in BlurKernel k, Vector512<float> lastMask)
    {
        Vector512<float> ct = Vector512.Create(k.Ct), at = Vector512.Create(k.At), bt = Vector512.Create(k.Bt);
        Vector512<float> cz = Vector512.Create(k.Cz), az = Vector512.Create(k.Az), bz = Vector512.Create(k.Bz);
        int last = (vectors - 1) * Lanes;
        for (int i = first; i < end; i++)
        {
            float* s = source + ((long)i * stride);
            float* d = target + ((long)i * stride);
            Vector512<float> before = Vector512<float>.Zero, here = AlongT(s, stride, ct, at, bt);
            for (int o = 0; o < last; o += Lanes)
            {
                Vector512<float> after = AlongT(s + o + Lanes, stride, ct, at, bt);
                AlongZ(before, here, after, cz, az, bz).Store(d + o);
                before = here;
                here = after;
            }
            (AlongZ(before, here, Vector512<float>.Zero, cz, az, bz) & lastMask).Store(d + last);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> AlongT(float* s, int stride, Vector512<float> c, Vector512<float> a, Vector512<float> b)
        => Vector512.FusedMultiplyAdd(c, Vector512.Load(s),
            Vector512.FusedMultiplyAdd(a, Vector512.Load(s - stride) + Vector512.Load(s + stride),
                b * (Vector512.Load(s - (2 * stride)) + Vector512.Load(s + (2 * stride)))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> AlongZ(Vector512<float> before, Vector512<float> here, Vector512<float> after, Vector512<float> c, Vector512<float> a, Vector512<float> b)
    {
        Vector512<int> p = before.AsInt32(), h = here.AsInt32(), n = after.AsInt32();
        return Combine(here,
            Avx512F.AlignRight32(h, p, 15).AsSingle(), Avx512F.AlignRight32(n, h, 1).AsSingle(),
            Avx512F.AlignRight32(h, p, 14).AsSingle(), Avx512F.AlignRight32(n, h, 2).AsSingle(), c, a, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Combine(Vector512<float> here, Vector512<float> m1, Vector512<float> p1, Vector512<float> m2, Vector512<float> p2, Vector512<float> c, Vector512<float> a, Vector512<float> b)
        => Vector512.FusedMultiplyAdd(c, here, Vector512.FusedMultiplyAdd(a, m1 + p1, b * (m2 + p2)));
}
