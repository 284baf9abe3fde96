using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Acquire.Simulator.Physics;

/// <summary>
/// Expected projections of a phantom through a collimator: straight lines cut the analytic parts exactly, emission is integrated along them in
/// closed form against the attenuation in front, and the image of each depth layer is blurred with the resolution at its distance.
/// </summary>
/// <remarks>
/// Approximations, all stated: resolution is Gaussian and constant across a layer (emission is shared between the two neighbouring layers by
/// its depth, so the mean variance is right); attenuation is taken along the normal; septal penetration is left out (1.3 % on the shortest
/// path for LEHR at 140 keV, docs: physics-and-qc 1.4); scatter by <see cref="EnergyResponse"/> spread sideways with an exponential of
/// 0.28 /cm (docs: physics-and-qc 2.3 [S61]), here two Gaussians of the same variance, and thinned where there is less than about two
/// centimetres of matter to scatter in; scatter from activity more than 60 mm above or below the useful field is left out.
/// </remarks>
internal sealed class Projector(Collimator collimator)
{
    /// <summary>Useful field of view along the columns, mm (docs: physics-and-qc 1.2).</summary>
    public const double UfovColumnsMm = 532;
    /// <summary>Useful field of view along the rows (axial), mm.</summary>
    public const double UfovRowsMm = 388;
    /// <summary>How far outside the useful field, along the axis, activity is still projected for the scatter it throws in, mm.</summary>
    public const double AxialMarginMm = 60;
    private const double CoarseMm = 14;
    private const double NarrowSigmaMm = 25, BroadSigmaMm = 66.8;
    private const double ScatterThicknessCm = 2;

    private static readonly double MuWater = Material.Water.MuPerMm(EnergyResponse.PeakKeV);

    /// <summary>Computes the expected projection of every compartment.</summary>
    public Projection Project(Phantom phantom, in ViewKey view)
    {
        (double sin, double cos) = Math.SinCos(view.DicomDeg * Math.PI / 180);
        Vec across = new(-cos, sin, 0), normal = new(sin, cos, 0), up = new(0, 0, 1);
        double zc = -view.TableMm;
        int fold = Math.Max(1, (int)Math.Ceiling((view.PixelMm / phantom.LineSpacingMm) - 1e-9));
        double px = view.PixelMm / fold;

        // What emits, seen from this side.
        double uLo = double.MaxValue, uHi = double.MinValue, zLo = double.MaxValue, zHi = double.MinValue, sLo = double.MaxValue, sHi = double.MinValue;
        foreach (Part p in phantom.Parts)
        {
            if (p.Emissions.Length == 0) continue;
            double u = p.Centre.Dot(across), z = p.Centre.Z, s = p.Centre.Dot(normal);
            double hu = p.HalfExtent(across), hz = p.HalfExtent(up), hs = p.HalfExtent(normal);
            if (Math.Abs(z - zc) - hz > (UfovRowsMm / 2) + AxialMarginMm) continue;
            (uLo, uHi) = (Math.Min(uLo, u - hu), Math.Max(uHi, u + hu));
            (zLo, zHi) = (Math.Min(zLo, z - hz), Math.Max(zHi, z + hz));
            (sLo, sHi) = (Math.Min(sLo, s - hs), Math.Max(sHi, s + hs));
        }
        int groups = phantom.Compartments.Count;
        if (uLo > uHi) return Nothing(groups);

        int layers = (int)Math.Ceiling((sHi - sLo) / phantom.LayerMm) + 1;
        double z0 = view.RadiusMm - sHi;
        double margin = 3.3 * collimator.SystemFwhmMm(Math.Max(0, view.RadiusMm - sLo)) / 2.3548200450309493;
        double half = (view.Matrix * fold / 2.0) - 0.5;
        (int c0, int cols) = Range(uLo - margin, uHi + margin, (UfovColumnsMm / 2) + margin, px, half);
        (int r0, int rows) = Range(zc - zHi - margin, zc - zLo + margin, (UfovRowsMm / 2) + Math.Max(margin, AxialMarginMm), px, half);

        var taps = new float[layers][];
        int pad = 0;
        for (int k = 0; k < layers; k++)
        {
            taps[k] = Gaussian(collimator.SystemFwhmMm(Math.Max(0, z0 + (k * phantom.LayerMm))) / 2.3548200450309493 / px);
            pad = Math.Max(pad, taps[k].Length - 1);
        }
        int width = Vector<float>.Count;
        int colsUp = (cols + width - 1) / width * width;
        int stride = colsUp + (2 * pad) + width;

        int mesh = Math.Max(1, (int)Math.Round(CoarseMm / px));
        int cc = ((cols - 1) / mesh) + 1, cr = ((rows - 1) / mesh) + 1;
        var coarse = new float[groups][][];
        for (int g = 0; g < groups; g++) coarse[g] = [new float[cc * cr], new float[cc * cr], new float[cc * cr]];
        var thickness = new float[cc * cr];
        var inAir = new double[groups];

        // Parts as flat tables for the inner loop.
        int n = phantom.Parts.Count;
        var mu = new double[n];
        var emission = new Emission[n][];
        for (int i = 0; i < n; i++)
        {
            mu[i] = phantom.Parts[i].Material.MuPerMm(EnergyResponse.PeakKeV);
            emission[i] = phantom.Parts[i].Emissions;
        }

        var row = new float[groups * layers * stride];
        var touched = new bool[groups * layers];
        var planes = new float[groups * layers][];
        var rowFirst = new int[groups * layers];
        var rowLast = new int[groups * layers];
        Span<double> m0 = stackalloc double[groups], m1 = stackalloc double[groups], m2 = stackalloc double[groups];
        double voxel = px * px * 1e-3, layer = phantom.LayerMm;
        // Lines run along the normal, towards the detector.
        var caster = new RowCaster(phantom.Parts, across, normal, (c0 - half) * px, px, cols);
        for (int r = 0; r < rows; r++)
        {
            double down = (r0 + r - half) * px;
            caster.Cast(zc - down);
            float rowCover = Cover(down, px, UfovRowsMm / 2);
            for (int c = 0; c < cols; c++)
            {
                int count = caster.Count(c);
                if (count == 0) continue;
                ReadOnlySpan<double> from = caster.From(c), to = caster.To(c);
                ReadOnlySpan<int> which = caster.PartOf(c);
                int cell = (r / mesh * cc) + (c / mesh);
                double cover = rowCover * Cover((c0 + c - half) * px, px, UfovColumnsMm / 2);
                double through = 1, tau = 0;
                m0.Clear();
                m1.Clear();
                m2.Clear();
                for (int i = count - 1; i >= 0; i--)
                {
                    int p = which[i];
                    double m = mu[p];
                    Emission[] em = emission[p];
                    if (em.Length == 0)
                    {
                        double x = m * (to[i] - from[i]);
                        tau += x;
                        through *= Math.Exp(-x);
                        continue;
                    }
                    double far = view.RadiusMm - from[i];
                    double near = view.RadiusMm - to[i];
                    foreach (Emission e in em) inAir[e.Compartment] += e.PerMl * (far - near) * voxel * cover;
                    while (far - near > 1e-9)
                    {
                        int k = Math.Clamp((int)((near - z0) / layer + 1e-9), 0, layers - 2);
                        double end = k == layers - 2 ? far : Math.Min(far, z0 + ((k + 1) * layer));
                        double length = end - near, x = m * length;
                        // (1 - exp(-x)) / x
                        double mean = x < 0.5 ? 1 - (x * (0.5 - (x * ((1 / 6.0) - (x * ((1 / 24.0) - (x * ((1 / 120.0) - (x / 720)))))))) ) : (1 - Math.Exp(-x)) / x;
                        double strength = through * mean * length * voxel;
                        double depthCm = (tau + (0.5 * x)) / (10 * MuWater);
                        double share = (((near + end) * 0.5) - z0 - (k * layer)) / layer;
                        foreach (Emission e in em)
                        {
                            double v = strength * e.PerMl;
                            int at = (e.Compartment * layers) + k;
                            touched[at] = touched[at + 1] = true;
                            int o = (at * stride) + pad + c;
                            row[o] += (float)(v * (1 - share));
                            row[o + stride] += (float)(v * share);
                            m0[e.Compartment] += v;
                            m1[e.Compartment] += v * depthCm;
                            m2[e.Compartment] += v * depthCm * depthCm;
                        }
                        tau += x;
                        through *= 1 - (x * mean);
                        near = end;
                    }
                }
                thickness[cell] += (float)(tau / (10 * MuWater));
                for (int g = 0; g < groups; g++)
                {
                    if (m0[g] == 0) continue;
                    coarse[g][0][cell] += (float)m0[g];
                    coarse[g][1][cell] += (float)m1[g];
                    coarse[g][2][cell] += (float)m2[g];
                }
            }
            // Blur along the row while it is in the cache.
            for (int at = 0; at < touched.Length; at++)
            {
                if (!touched[at]) continue;
                touched[at] = false;
                if (planes[at] is null)
                {
                    planes[at] = ArrayPool<float>.Shared.Rent(rows * colsUp);
                    Array.Clear(planes[at]);
                    rowFirst[at] = r;
                }
                rowLast[at] = r;
                Span<float> line = row.AsSpan(at * stride, stride);
                BlurRow(line, pad, taps[at % layers], planes[at].AsSpan(r * colsUp, colsUp));
                line.Clear();
            }
        }

        // Blur along the columns, sum the layers, fold into pixels of the matrix.
        int firstColumn = Math.Max(0, FloorDiv(c0, fold)), lastColumn = Math.Min(view.Matrix - 1, FloorDiv(c0 + cols - 1, fold));
        int firstRow = Math.Max(0, FloorDiv(r0, fold)), lastRow = Math.Min(view.Matrix - 1, FloorDiv(r0 + rows - 1, fold));
        int outColumns = Math.Max(0, lastColumn - firstColumn + 1), outRows = Math.Max(0, lastRow - firstRow + 1);
        var primary = new float[]?[groups];
        var primarySum = new double[groups];
        float[] fine = new float[rows * colsUp];
        var columnCover = new float[cols];
        for (int c = 0; c < cols; c++) columnCover[c] = Cover((c0 + c - half) * px, px, UfovColumnsMm / 2);
        for (int g = 0; g < groups; g++)
        {
            bool any = false;
            for (int k = 0; k < layers; k++)
            {
                float[]? plane = planes[(g * layers) + k];
                if (plane is null) continue;
                if (!any) Array.Clear(fine);
                any = true;
                                BlurColumns(plane, fine, rows, colsUp, rowFirst[(g * layers) + k], rowLast[(g * layers) + k], taps[k]);
                ArrayPool<float>.Shared.Return(plane);
            }
            if (!any) continue;
            var image = new float[outRows * outColumns];
            double sum = 0;
            for (int r = 0; r < rows; r++)
            {
                int target = FloorDiv(r0 + r, fold) - firstRow;
                float rowCover = Cover((r0 + r - half) * px, px, UfovRowsMm / 2);
                if (rowCover == 0 || (uint)target >= (uint)outRows) continue;
                for (int c = 0; c < cols; c++)
                {
                    int tc = FloorDiv(c0 + c, fold) - firstColumn;
                    float v = fine[(r * colsUp) + c] * rowCover * columnCover[c];
                    if (v == 0) continue;
                    sum += v;
                    if ((uint)tc < (uint)outColumns) image[(target * outColumns) + tc] += v;
                }
            }
            primary[g] = image;
            primarySum[g] = sum;
        }

        double cellMm = mesh * px;
        float[]?[][] moments = SpreadScatter(coarse, thickness, cc, cr, mesh, cols, rows, cellMm);
        double origin = mesh / 2.0 - 0.5;
        var sums = new double[groups][];
        for (int g = 0; g < groups; g++)
        {
            sums[g] = new double[3];
            for (int q = 0; q < 3; q++)
            {
                float[]? m = moments[g][q];
                if (m is null) continue;
                for (int y = 0; y < cr; y++)
                {
                    double cy = Cover((r0 + (y * mesh) + origin - half) * px, cellMm, UfovRowsMm / 2);
                    for (int x = 0; x < cc; x++) sums[g][q] += m[(y * cc) + x] * cy * Cover((c0 + (x * mesh) + origin - half) * px, cellMm, UfovColumnsMm / 2);
                }
            }
        }
        double matrixHalf = (view.Matrix - 1) / 2.0;
        var outColumnCover = new float[outColumns];
        var outRowCover = new float[outRows];
        for (int c = 0; c < outColumns; c++) outColumnCover[c] = Cover((firstColumn + c - matrixHalf) * view.PixelMm, view.PixelMm, UfovColumnsMm / 2);
        for (int r = 0; r < outRows; r++) outRowCover[r] = Cover((firstRow + r - matrixHalf) * view.PixelMm, view.PixelMm, UfovRowsMm / 2);
        double middle = (fold - 1) / 2.0;
        return new Projection
        {
            Row0 = firstRow, Column0 = firstColumn, Rows = outRows, Columns = outColumns,
            Primary = primary, PrimarySum = primarySum, InAirSum = inAir, Moments = moments, MomentSums = sums,
            CoarseColumns = cc, CoarseRows = cr,
            CoarseColumn0 = ((firstColumn * fold) + middle - c0 - origin) / mesh,
            CoarseRow0 = ((firstRow * fold) + middle - r0 - origin) / mesh,
            CoarseStep = fold / (double)mesh,
            ColumnCover = outColumnCover, RowCover = outRowCover,
        };
    }

    private static Projection Nothing(int groups)
    {
        var sums = new double[groups][];
        var moments = new float[]?[groups][];
        for (int g = 0; g < groups; g++)
        {
            sums[g] = new double[3];
            moments[g] = new float[]?[3];
        }
        return new Projection
        {
            Row0 = 0, Column0 = 0, Rows = 0, Columns = 0, Primary = new float[]?[groups], PrimarySum = new double[groups], InAirSum = new double[groups],
            Moments = moments, MomentSums = sums, CoarseColumns = 0, CoarseRows = 0, CoarseColumn0 = 0, CoarseRow0 = 0, CoarseStep = 1, ColumnCover = [], RowCover = [],
        };
    }

    /// <summary>First fine index and number of indices that cover [lo, hi], no further than +-limit.</summary>
    private static (int First, int Count) Range(double lo, double hi, double limit, double px, double half)
    {
        lo = Math.Clamp(lo, -limit, limit);
        hi = Math.Clamp(hi, -limit, limit);
        int first = (int)Math.Floor((lo / px) + half + 0.5), last = (int)Math.Floor((hi / px) + half + 0.5);
        return (first, last - first + 1);
    }

    /// <summary>Share of a cell of this size around a place that lies within +-limit.</summary>
    private static float Cover(double centre, double size, double limit) =>
        (float)Math.Clamp((limit + (size / 2) - Math.Abs(centre)) / size, 0, 1);

    private static int FloorDiv(int a, int b) => (a >= 0 ? a : a - b + 1) / b;

    /// <summary>Half of a normalised sampled Gaussian: [0] is the centre.</summary>
    private static float[] Gaussian(double sigma)
    {
        int n = Math.Max(1, (int)Math.Ceiling(3.3 * sigma));
        var taps = new double[n + 1];
        double sum = 0;
        for (int i = 0; i <= n; i++)
        {
            taps[i] = Math.Exp(-0.5 * i * i / (sigma * sigma));
            sum += i == 0 ? taps[i] : 2 * taps[i];
        }
        var result = new float[n + 1];
        for (int i = 0; i <= n; i++) result[i] = (float)(taps[i] / sum);
        return result;
    }

    private static void BlurRow(ReadOnlySpan<float> padded, int pad, float[] taps, Span<float> target)
    {
        int width = Vector<float>.Count;
        ref float source = ref MemoryMarshal.GetReference(padded);
        for (int c = 0; c < target.Length; c += width)
        {
            Vector<float> sum = Vector.LoadUnsafe(ref source, (nuint)(pad + c)) * taps[0];
            for (int t = 1; t < taps.Length; t++)
                sum += (Vector.LoadUnsafe(ref source, (nuint)(pad + c - t)) + Vector.LoadUnsafe(ref source, (nuint)(pad + c + t))) * taps[t];
            sum.CopyTo(target[c..]);
        }
    }

    private static void BlurColumns(float[] plane, float[] target, int rows, int cols, int first, int last, float[] taps)
    {
        int n = taps.Length - 1, width = Vector<float>.Count;
        ref float source = ref MemoryMarshal.GetArrayDataReference(plane);
        ref float sink = ref MemoryMarshal.GetArrayDataReference(target);
        for (int r = Math.Max(0, first - n); r <= Math.Min(rows - 1, last + n); r++)
        {
            int a = Math.Max(first, r - n), b = Math.Min(last, r + n);
            for (int c = 0; c < cols; c += width)
            {
                Vector<float> sum = Vector.LoadUnsafe(ref sink, (nuint)((r * cols) + c));
                for (int s = a; s <= b; s++) sum += Vector.LoadUnsafe(ref source, (nuint)((s * cols) + c)) * taps[Math.Abs(s - r)];
                sum.StoreUnsafe(ref sink, (nuint)((r * cols) + c));
            }
        }
    }

    private static float[]?[][] SpreadScatter(float[][][] coarse, float[] thickness, int cc, int cr, int mesh, int cols, int rows, double cellMm)
    {
        int groups = coarse.Length;
        var matter = new float[cc * cr];
        for (int y = 0; y < cr; y++)
        {
            int h = Math.Min(mesh, rows - (y * mesh));
            for (int x = 0; x < cc; x++)
            {
                int w = Math.Min(mesh, cols - (x * mesh));
                double mean = thickness[(y * cc) + x] / (h * w);
                matter[(y * cc) + x] = (float)(1 - Math.Exp(-mean / ScatterThicknessCm));
            }
        }
        var moments = new float[]?[groups][];
        var pass = new float[cc * cr];
        float[][] kernels = [Gaussian(NarrowSigmaMm / cellMm), Gaussian(BroadSigmaMm / cellMm)];
        for (int g = 0; g < groups; g++)
        {
            moments[g] = new float[]?[3];
            for (int q = 0; q < 3; q++)
            {
                float[] source = coarse[g][q];
                if (!source.AsSpan().ContainsAnyExcept(0f)) continue;
                var spread = new float[cc * cr];
                foreach (float[] kernel in kernels)
                {
                    for (int y = 0; y < cr; y++)
                    {
                        ReadOnlySpan<float> line = source.AsSpan(y * cc, cc);
                        for (int x = 0; x < cc; x++)
                        {
                            float sum = line[x] * kernel[0];
                            for (int t = 1; t < kernel.Length; t++)
                            {
                                if (x - t >= 0) sum += line[x - t] * kernel[t];
                                if (x + t < cc) sum += line[x + t] * kernel[t];
                            }
                            pass[(y * cc) + x] = 0.5f * sum;
                        }
                    }
                    for (int y = 0; y < cr; y++)
                    {
                        int a = Math.Max(0, y - kernel.Length + 1), b = Math.Min(cr - 1, y + kernel.Length - 1);
                        for (int s = a; s <= b; s++)
                        {
                            float k = kernel[Math.Abs(s - y)];
                            for (int x = 0; x < cc; x++) spread[(y * cc) + x] += k * pass[(s * cc) + x];
                        }
                    }
                }
                for (int i = 0; i < spread.Length; i++) spread[i] *= matter[i];
                moments[g][q] = spread;
            }
        }
        return moments;
    }
}
