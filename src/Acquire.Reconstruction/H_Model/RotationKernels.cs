using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Acquire.Reconstruction;

/// <summary>Where one point of the turned grid takes its activity and attenuation from: columns along z of the volume, with weights.</summary>
internal unsafe struct DepthSample
{
    /// <summary>Most columns two bilinear samples can have between them.</summary>
    public const int MostColumns = 8;

    /// <summary>Columns used of <see cref="Offset"/>.</summary>
    public int Count;

    /// <summary>Share that belongs to the wider level of blur.</summary>
    public float Wide;

    public fixed int Offset[MostColumns];
    public fixed float Weight[MostColumns];
    public fixed int MuOffset[4];
    public fixed float MuWeight[4];
}

/// <summary>
/// The inner loops of rotation and attenuation. For one bin along t all planes of one level of blur are walked through while the two
/// sums (wider and narrower level) stay in registers; each step works on up to four vectors of 16 slices, for which the weights are alike.
/// </summary>
internal static unsafe class RotationKernels
{
    /// <summary>Floats in a vector.</summary>
    public const int Lanes = 16;

    /// <summary>wide and narrow take what samples first..end (far to near) add: sum = (sum h + part) h, h = exp(-u), u = mu x half a step; without mu: sum + part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(float* wide, float* narrow, DepthSample* samples, int count, float* f, float* u, int vectors)
    {
        int o = 0;
        for (; vectors >= 4; vectors -= 4, o += 4 * Lanes)
        {
            float* wo = wide + o, no = narrow + o, fo = f + o, uo = u + o;
            Vector512<float> w0 = Vector512.Load(wo), w1 = Vector512.Load(wo + Lanes), w2 = Vector512.Load(wo + (2 * Lanes)), w3 = Vector512.Load(wo + (3 * Lanes));
            Vector512<float> n0 = Vector512.Load(no), n1 = Vector512.Load(no + Lanes), n2 = Vector512.Load(no + (2 * Lanes)), n3 = Vector512.Load(no + (3 * Lanes));
            for (int k = 0; k < count; k++)
            {
                DepthSample* s = samples + k;
                Vector512<float> r0 = Vector512<float>.Zero, r1 = r0, r2 = r0, r3 = r0;
                for (int c = 0; c < s->Count; c++)
                {
                    Vector512<float> w = Vector512.Create(s->Weight[c]);
                    float* p = fo + s->Offset[c];
                    r0 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p), r0);
                    r1 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + Lanes), r1);
                    r2 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + (2 * Lanes)), r2);
                    r3 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + (3 * Lanes)), r3);
                }
                Vector512<float> share = Vector512.Create(s->Wide);
                if (u is null)
                {
                    w0 = Vector512.FusedMultiplyAdd(share, r0, w0);
                    w1 = Vector512.FusedMultiplyAdd(share, r1, w1);
                    w2 = Vector512.FusedMultiplyAdd(share, r2, w2);
                    w3 = Vector512.FusedMultiplyAdd(share, r3, w3);
                    share = Vector512<float>.One - share;
                    n0 = Vector512.FusedMultiplyAdd(share, r0, n0);
                    n1 = Vector512.FusedMultiplyAdd(share, r1, n1);
                    n2 = Vector512.FusedMultiplyAdd(share, r2, n2);
                    n3 = Vector512.FusedMultiplyAdd(share, r3, n3);
                    continue;
                }
                Vector512<float> h0 = Vector512<float>.Zero, h1 = h0, h2 = h0, h3 = h0;
                for (int c = 0; c < 4; c++)
                {
                    Vector512<float> w = Vector512.Create(s->MuWeight[c]);
                    float* p = uo + s->MuOffset[c];
                    h0 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p), h0);
                    h1 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + Lanes), h1);
                    h2 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + (2 * Lanes)), h2);
                    h3 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + (3 * Lanes)), h3);
                }
                h0 = ExpNegative(h0);
                h1 = ExpNegative(h1);
                h2 = ExpNegative(h2);
                h3 = ExpNegative(h3);
                w0 = Vector512.FusedMultiplyAdd(share, r0, w0 * h0) * h0;
                w1 = Vector512.FusedMultiplyAdd(share, r1, w1 * h1) * h1;
                w2 = Vector512.FusedMultiplyAdd(share, r2, w2 * h2) * h2;
                w3 = Vector512.FusedMultiplyAdd(share, r3, w3 * h3) * h3;
                share = Vector512<float>.One - share;
                n0 = Vector512.FusedMultiplyAdd(share, r0, n0 * h0) * h0;
                n1 = Vector512.FusedMultiplyAdd(share, r1, n1 * h1) * h1;
                n2 = Vector512.FusedMultiplyAdd(share, r2, n2 * h2) * h2;
                n3 = Vector512.FusedMultiplyAdd(share, r3, n3 * h3) * h3;
            }
            w0.Store(wo);
            w1.Store(wo + Lanes);
            w2.Store(wo + (2 * Lanes));
            w3.Store(wo + (3 * Lanes));
            n0.Store(no);
            n1.Store(no + Lanes);
            n2.Store(no + (2 * Lanes));
            n3.Store(no + (3 * Lanes));
        }
        for (; vectors > 0; vectors--, o += Lanes)
        {
            float* fo = f + o, uo = u + o;
            Vector512<float> w0 = Vector512.Load(wide + o), n0 = Vector512.Load(narrow + o);
            for (int k = 0; k < count; k++)
            {
                DepthSample* s = samples + k;
                Vector512<float> r0 = Vector512<float>.Zero, h0 = r0, share = Vector512.Create(s->Wide);
                for (int c = 0; c < s->Count; c++) r0 = Vector512.FusedMultiplyAdd(Vector512.Create(s->Weight[c]), Vector512.Load(fo + s->Offset[c]), r0);
                if (u is null) h0 = Vector512<float>.One;
                else
                {
                    for (int c = 0; c < 4; c++) h0 = Vector512.FusedMultiplyAdd(Vector512.Create(s->MuWeight[c]), Vector512.Load(uo + s->MuOffset[c]), h0);
                    h0 = ExpNegative(h0);
                }
                w0 = Vector512.FusedMultiplyAdd(share, r0, w0 * h0) * h0;
                n0 = Vector512.FusedMultiplyAdd(Vector512<float>.One - share, r0, n0 * h0) * h0;
            }
            w0.Store(wide + o);
            n0.Store(narrow + o);
        }
    }

    /// <summary>Transpose of <see cref="Gather"/>: samples are walked from near to far, the volume takes weight x (shared planes) x h, the planes are multiplied by h^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* wide, float* narrow, DepthSample* samples, int count, float* volume, float* u, int vectors)
    {
        int o = 0;
        for (; vectors >= 4; vectors -= 4, o += 4 * Lanes)
        {
            float* wo = wide + o, no = narrow + o, to = volume + o, uo = u + o;
            Vector512<float> w0 = Vector512.Load(wo), w1 = Vector512.Load(wo + Lanes), w2 = Vector512.Load(wo + (2 * Lanes)), w3 = Vector512.Load(wo + (3 * Lanes));
            Vector512<float> n0 = Vector512.Load(no), n1 = Vector512.Load(no + Lanes), n2 = Vector512.Load(no + (2 * Lanes)), n3 = Vector512.Load(no + (3 * Lanes));
            for (int k = count - 1; k >= 0; k--)
            {
                DepthSample* s = samples + k;
                Vector512<float> share = Vector512.Create(s->Wide), x0, x1, x2, x3;
                if (u is null)
                {
                    x0 = Vector512.FusedMultiplyAdd(share, w0 - n0, n0);
                    x1 = Vector512.FusedMultiplyAdd(share, w1 - n1, n1);
                    x2 = Vector512.FusedMultiplyAdd(share, w2 - n2, n2);
                    x3 = Vector512.FusedMultiplyAdd(share, w3 - n3, n3);
                }
                else
                {
                    Vector512<float> h0 = Vector512<float>.Zero, h1 = h0, h2 = h0, h3 = h0;
                    for (int c = 0; c < 4; c++)
                    {
                        Vector512<float> w = Vector512.Create(s->MuWeight[c]);
                        float* p = uo + s->MuOffset[c];
                        h0 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p), h0);
                        h1 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + Lanes), h1);
                        h2 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + (2 * Lanes)), h2);
                        h3 = Vector512.FusedMultiplyAdd(w, Vector512.Load(p + (3 * Lanes)), h3);
                    }
                    h0 = ExpNegative(h0);
                    h1 = ExpNegative(h1);
                    h2 = ExpNegative(h2);
                    h3 = ExpNegative(h3);
                    w0 *= h0;
                    w1 *= h1;
                    w2 *= h2;
                    w3 *= h3;
                    n0 *= h0;
                    n1 *= h1;
                    n2 *= h2;
                    n3 *= h3;
                    x0 = Vector512.FusedMultiplyAdd(share, w0 - n0, n0);
                    x1 = Vector512.FusedMultiplyAdd(share, w1 - n1, n1);
                    x2 = Vector512.FusedMultiplyAdd(share, w2 - n2, n2);
                    x3 = Vector512.FusedMultiplyAdd(share, w3 - n3, n3);
                    w0 *= h0;
                    w1 *= h1;
                    w2 *= h2;
                    w3 *= h3;
                    n0 *= h0;
                    n1 *= h1;
                    n2 *= h2;
                    n3 *= h3;
                }
                for (int c = 0; c < s->Count; c++)
                {
                    Vector512<float> w = Vector512.Create(s->Weight[c]);
                    float* p = to + s->Offset[c];
                    Vector512.FusedMultiplyAdd(w, x0, Vector512.Load(p)).Store(p);
                    Vector512.FusedMultiplyAdd(w, x1, Vector512.Load(p + Lanes)).Store(p + Lanes);
                    Vector512.FusedMultiplyAdd(w, x2, Vector512.Load(p + (2 * Lanes))).Store(p + (2 * Lanes));
                    Vector512.FusedMultiplyAdd(w, x3, Vector512.Load(p + (3 * Lanes))).Store(p + (3 * Lanes));
                }
            }
            w0.Store(wo);
            w1.Store(wo + Lanes);
            w2.Store(wo + (2 * Lanes));
            w3.Store(wo + (3 * Lanes));
            n0.Store(no);
            n1.Store(no + Lanes);
            n2.Store(no + (2 * Lanes));
            n3.Store(no + (3 * Lanes));
        }
        for (; vectors > 0; vectors--, o += Lanes)
        {
            float* to = volume + o, uo = u + o;
            Vector512<float> w0 = Vector512.Load(wide + o), n0 = Vector512.Load(narrow + o);
            for (int k = count - 1; k >= 0; k--)
            {
                DepthSample* s = samples + k;
                Vector512<float> h0 = Vector512<float>.Zero;
                if (u is null) h0 = Vector512<float>.One;
                else
                {
                    for (int c = 0; c < 4; c++) h0 = Vector512.FusedMultiplyAdd(Vector512.Create(s->MuWeight[c]), Vector512.Load(uo + s->MuOffset[c]), h0);
                    h0 = ExpNegative(h0);
                }
                w0 *= h0;
                n0 *= h0;
                Vector512<float> x0 = Vector512.FusedMultiplyAdd(Vector512.Create(s->Wide), w0 - n0, n0);
                w0 *= h0;
                n0 *= h0;
                for (int c = 0; c < s->Count; c++)
                {
                    float* p = to + s->Offset[c];
                    Vector512.FusedMultiplyAdd(Vector512.Create(s->Weight[c]), x0, Vector512.Load(p)).Store(p);
                }
            }
            w0.Store(wide + o);
            n0.Store(narrow + o);
        }
    }

    /// <summary>exp(-u) for small u (half a voxel of bone: 0.07, of titanium: 0.2) by its series to fourth order; error below u^5/120.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ExpNegative(Vector512<float> u)
    {
        Vector512<float> r = Vector512.FusedMultiplyAdd(u, Vector512.Create(1f / 24), Vector512.Create(-1f / 6));
        r = Vector512.FusedMultiplyAdd(r, u, Vector512.Create(0.5f));
        r = Vector512.FusedMultiplyAdd(r, u, Vector512.Create(-1f));
        return Vector512.FusedMultiplyAdd(r, u, Vector512<float>.One);
    }
}
