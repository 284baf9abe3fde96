using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Acquire.Reconstruction;

/// <summary>
/// The inner loops of the projector pair: every operation works on columns along z (contiguous, a whole number of 16-float
/// vectors), so that the weights of rotation and of the blur along t are the same for a whole vector.
/// </summary>
internal static unsafe class ColumnKernels
{
    public const int Lanes = 16;

    /// <summary>Four bilinear weights and where the four columns lie.</summary>
    internal readonly ref struct Corner(long offset, float w00, float w10, float w01, float w11)
    {
        public readonly long Offset = offset;
        public readonly float W00 = w00, W10 = w10, W01 = w01, W11 = w11;

        /// <summary>Both sets of weights on the same four columns.</summary>
        public Corner Plus(in Corner other) => new(Offset, W00 + other.W00, W10 + other.W10, W01 + other.W01, W11 + other.W11);
    }

    /// <summary>Both samples, one after the other.</summary>
    public static void Add(float* wide, float* narrow, float share, float* f, in Corner a, in Corner b, int strideX, long strideY, int vectors)
    {
        if (a.Offset == b.Offset)
        {
            Add(wide, narrow, share, f, a.Plus(b), strideX, strideY, vectors);
            return;
        }
        Add(wide, narrow, share, f, a, strideX, strideY, vectors);
        Add(wide, narrow, share, f, b, strideX, strideY, vectors);
    }

    /// <summary>Transpose of that.</summary>
    public static void Spread(float* wide, float* narrow, float share, float* volume, in Corner a, in Corner b, int strideX, long strideY, int vectors)
    {
        if (a.Offset == b.Offset)
        {
            Spread(wide, narrow, share, volume, a.Plus(b), strideX, strideY, vectors);
            return;
        }
        Spread(wide, narrow, share, volume, a, strideX, strideY, vectors);
        Spread(wide, narrow, share, volume, b, strideX, strideY, vectors);
    }

    /// <summary>wide += share x rotated f; narrow += (1 - share) x rotated f.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* wide, float* narrow, float share, float* f, in Corner c, int strideX, long strideY, int vectors)
    {
        float* p00 = f + c.Offset, p10 = p00 + strideX, p01 = p00 + strideY, p11 = p01 + strideX;
        Vector512<float> w00 = Vector512.Create(c.W00), w10 = Vector512.Create(c.W10), w01 = Vector512.Create(c.W01), w11 = Vector512.Create(c.W11);
        Vector512<float> s = Vector512.Create(share);
        for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
        {
            Vector512<float> r = Bilinear(p00 + o, p10 + o, p01 + o, p11 + o, w00, w10, w01, w11), far = s * r;
            (Vector512.Load(wide + o) + far).Store(wide + o);
            (Vector512.Load(narrow + o) + (r - far)).Store(narrow + o);
        }
    }

    /// <summary>
    /// As <see cref="Add(float*, float*, float, float*, in Corner, int, long, int)"/> with attenuation by the half-voxel rule: plane = plane h^2 + part h, h = exp(-u), u = rotated (mu x half a step).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddAttenuated(float* wide, float* narrow, float share, float* f, float* u, in Corner c, int strideX, long strideY, int vectors)
    {
        float* p00 = f + c.Offset, p10 = p00 + strideX, p01 = p00 + strideY, p11 = p01 + strideX;
        float* q00 = u + c.Offset, q10 = q00 + strideX, q01 = q00 + strideY, q11 = q01 + strideX;
        Vector512<float> w00 = Vector512.Create(c.W00), w10 = Vector512.Create(c.W10), w01 = Vector512.Create(c.W01), w11 = Vector512.Create(c.W11);
        Vector512<float> s = Vector512.Create(share);
        for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
        {
            Vector512<float> r = Bilinear(p00 + o, p10 + o, p01 + o, p11 + o, w00, w10, w01, w11), far = s * r;
            Vector512<float> h = ExpNegative(Bilinear(q00 + o, q10 + o, q01 + o, q11 + o, w00, w10, w01, w11));
            (Vector512.FusedMultiplyAdd(Vector512.Load(wide + o), h, far) * h).Store(wide + o);
            (Vector512.FusedMultiplyAdd(Vector512.Load(narrow + o), h, r - far) * h).Store(narrow + o);
        }
    }

    /// <summary>The same for two samples that lie in different cells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddAttenuated(float* wide, float* narrow, float share, float* f, float* u, in Corner a, in Corner b, in Corner middle, int strideX, long strideY, int vectors)
    {
        float* p00 = f + a.Offset, p10 = p00 + strideX, p01 = p00 + strideY, p11 = p01 + strideX;
        float* r00 = f + b.Offset, r10 = r00 + strideX, r01 = r00 + strideY, r11 = r01 + strideX;
        float* q00 = u + middle.Offset, q10 = q00 + strideX, q01 = q00 + strideY, q11 = q01 + strideX;
        Vector512<float> a00 = Vector512.Create(a.W00), a10 = Vector512.Create(a.W10), a01 = Vector512.Create(a.W01), a11 = Vector512.Create(a.W11);
        Vector512<float> b00 = Vector512.Create(b.W00), b10 = Vector512.Create(b.W10), b01 = Vector512.Create(b.W01), b11 = Vector512.Create(b.W11);
        Vector512<float> m00 = Vector512.Create(middle.W00), m10 = Vector512.Create(middle.W10), m01 = Vector512.Create(middle.W01), m11 = Vector512.Create(middle.W11);
        Vector512<float> s = Vector512.Create(share);
        for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
        {
            Vector512<float> r = Bilinear(p00 + o, p10 + o, p01 + o, p11 + o, a00, a10, a01, a11) + Bilinear(r00 + o, r10 + o, r01 + o, r11 + o, b00, b10, b01, b11), far = s * r;
            Vector512<float> h = ExpNegative(Bilinear(q00 + o, q10 + o, q01 + o, q11 + o, m00, m10, m01, m11));
            (Vector512.FusedMultiplyAdd(Vector512.Load(wide + o), h, far) * h).Store(wide + o);
            (Vector512.FusedMultiplyAdd(Vector512.Load(narrow + o), h, r - far) * h).Store(narrow + o);
        }
    }

    /// <summary>Transpose of <see cref="Add(float*, float*, float, float*, in Corner, int, long, int)"/>: volume += weights x (share x wide + (1 - share) x narrow).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* wide, float* narrow, float share, float* volume, in Corner c, int strideX, long strideY, int vectors)
    {
        float* p00 = volume + c.Offset, p10 = p00 + strideX, p01 = p00 + strideY, p11 = p01 + strideX;
        Vector512<float> w00 = Vector512.Create(c.W00), w10 = Vector512.Create(c.W10), w01 = Vector512.Create(c.W01), w11 = Vector512.Create(c.W11);
        Vector512<float> s = Vector512.Create(share);
        for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
        {
            Vector512<float> n = Vector512.Load(narrow + o), x = Vector512.FusedMultiplyAdd(s, Vector512.Load(wide + o) - n, n);
            Vector512.FusedMultiplyAdd(w00, x, Vector512.Load(p00 + o)).Store(p00 + o);
            Vector512.FusedMultiplyAdd(w10, x, Vector512.Load(p10 + o)).Store(p10 + o);
            Vector512.FusedMultiplyAdd(w01, x, Vector512.Load(p01 + o)).Store(p01 + o);
            Vector512.FusedMultiplyAdd(w11, x, Vector512.Load(p11 + o)).Store(p11 + o);
        }
    }

    /// <summary>Transpose of <see cref="AddAttenuated(float*, float*, float, float*, float*, in Corner, int, long, int)"/>: volume += weights x h x (shared planes); planes x h^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SpreadAttenuated(float* wide, float* narrow, float share, float* volume, float* u, in Corner c, int strideX, long strideY, int vectors)
    {
        float* p00 = volume + c.Offset, p10 = p00 + strideX, p01 = p00 + strideY, p11 = p01 + strideX;
        float* q00 = u + c.Offset, q10 = q00 + strideX, q01 = q00 + strideY, q11 = q01 + strideX;
        Vector512<float> w00 = Vector512.Create(c.W00), w10 = Vector512.Create(c.W10), w01 = Vector512.Create(c.W01), w11 = Vector512.Create(c.W11);
        Vector512<float> s = Vector512.Create(share);
        for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
        {
            Vector512<float> h = ExpNegative(Bilinear(q00 + o, q10 + o, q01 + o, q11 + o, w00, w10, w01, w11));
            Vector512<float> n = Vector512.Load(narrow + o) * h, w = Vector512.Load(wide + o) * h;
            (n * h).Store(narrow + o);
            (w * h).Store(wide + o);
            Vector512<float> x = Vector512.FusedMultiplyAdd(s, w - n, n);
            Vector512.FusedMultiplyAdd(w00, x, Vector512.Load(p00 + o)).Store(p00 + o);
            Vector512.FusedMultiplyAdd(w10, x, Vector512.Load(p10 + o)).Store(p10 + o);
            Vector512.FusedMultiplyAdd(w01, x, Vector512.Load(p01 + o)).Store(p01 + o);
            Vector512.FusedMultiplyAdd(w11, x, Vector512.Load(p11 + o)).Store(p11 + o);
        }
    }

    /// <summary>The same for two samples that lie in different cells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SpreadAttenuated(float* wide, float* narrow, float share, float* volume, float* u, in Corner a, in Corner b, in Corner middle, int strideX, long strideY, int vectors)
    {
        float* p00 = volume + a.Offset, p10 = p00 + strideX, p01 = p00 + strideY, p11 = p01 + strideX;
        float* r00 = volume + b.Offset, r10 = r00 + strideX, r01 = r00 + strideY, r11 = r01 + strideX;
        float* q00 = u + middle.Offset, q10 = q00 + strideX, q01 = q00 + strideY, q11 = q01 + strideX;
        Vector512<float> a00 = Vector512.Create(a.W00), a10 = Vector512.Create(a.W10), a01 = Vector512.Create(a.W01), a11 = Vector512.Create(a.W11);
        Vector512<float> b00 = Vector512.Create(b.W00), b10 = Vector512.Create(b.W10), b01 = Vector512.Create(b.W01), b11 = Vector512.Create(b.W11);
        Vector512<float> m00 = Vector512.Create(middle.W00), m10 = Vector512.Create(middle.W10), m01 = Vector512.Create(middle.W01), m11 = Vector512.Create(middle.W11);
        Vector512<float> s = Vector512.Create(share);
        for (int v = 0, o = 0; v < vectors; v++, o += Lanes)
        {
            Vector512<float> h = ExpNegative(Bilinear(q00 + o, q10 + o, q01 + o, q11 + o, m00, m10, m01, m11));
            Vector512<float> n = Vector512.Load(narrow + o) * h, w = Vector512.Load(wide + o) * h;
            (n * h).Store(narrow + o);
            (w * h).Store(wide + o);
            Vector512<float> x = Vector512.FusedMultiplyAdd(s, w - n, n);
            // One after the other: the two cells may share columns.
            Vector512.FusedMultiplyAdd(a00, x, Vector512.Load(p00 + o)).Store(p00 + o);
            Vector512.FusedMultiplyAdd(a10, x, Vector512.Load(p10 + o)).Store(p10 + o);
            Vector512.FusedMultiplyAdd(a01, x, Vector512.Load(p01 + o)).Store(p01 + o);
            Vector512.FusedMultiplyAdd(a11, x, Vector512.Load(p11 + o)).Store(p11 + o);
            Vector512.FusedMultiplyAdd(b00, x, Vector512.Load(r00 + o)).Store(r00 + o);
            Vector512.FusedMultiplyAdd(b10, x, Vector512.Load(r10 + o)).Store(r10 + o);
            Vector512.FusedMultiplyAdd(b01, x, Vector512.Load(r01 + o)).Store(r01 + o);
            Vector512.FusedMultiplyAdd(b11, x, Vector512.Load(r11 + o)).Store(r11 + o);
        }
    }

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
    private static Vector512<float> Bilinear(float* p00, float* p10, float* p01, float* p11, Vector512<float> w00, Vector512<float> w10, Vector512<float> w01, Vector512<float> w11)
        => Vector512.FusedMultiplyAdd(w01, Vector512.Load(p01), w00 * Vector512.Load(p00)) + Vector512.FusedMultiplyAdd(w11, Vector512.Load(p11), w10 * Vector512.Load(p10));

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

    /// <summary>exp(-u) for small u (half a voxel of bone: 0.07) by its series to fourth order; error below u^5/120.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ExpNegative(Vector512<float> u)
    {
        Vector512<float> r = Vector512.FusedMultiplyAdd(u, Vector512.Create(1f / 24), Vector512.Create(-1f / 6));
        r = Vector512.FusedMultiplyAdd(r, u, Vector512.Create(0.5f));
        r = Vector512.FusedMultiplyAdd(r, u, Vector512.Create(-1f));
        return Vector512.FusedMultiplyAdd(r, u, Vector512<float>.One);
    }
}
