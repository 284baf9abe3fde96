namespace Acquire.Simulator.Physics;

/// <summary>
/// Cuts a phantom along a row of parallel straight lines at one height z: per line the ordered list of stretches and the part
/// each lies in. Exact (closed-form intersection of a line with each solid); nothing is voxelised.
/// </summary>
/// <remarks>One instance serves one set of parts, one direction and one spacing; it is used by one thread.</remarks>
internal sealed class RowCaster
{
    private const int Capacity = 96;

    private readonly struct Local(Part part, Vec across, Vec along)
    {
        public readonly Solid Solid = part.Solid;
        public readonly double Zc = part.Centre.Z, Zh = part.HalfExtent(new Vec(0, 0, 1));
        public readonly double Uc = part.Centre.Dot(across), Uh = part.HalfExtent(across), Sc = part.Centre.Dot(along);
        public readonly double A1 = Scaled(part.Axis1, across), A2 = Scaled(part.Axis2, across), A3 = Scaled(part.Axis3, across);
        public readonly double D1 = Scaled(part.Axis1, along), D2 = Scaled(part.Axis2, along), D3 = Scaled(part.Axis3, along);
        public readonly double W1 = Scaled(part.Axis1, new Vec(0, 0, 1)), W2 = Scaled(part.Axis2, new Vec(0, 0, 1)), W3 = Scaled(part.Axis3, new Vec(0, 0, 1));

        private static double Scaled(Vec axis, Vec direction) => axis.Dot(direction) / axis.Dot(axis);
    }

    private readonly Local[] locals;
    private readonly double u0;
    private readonly double du;
    private readonly int[] counts;
    private readonly double[] from;
    private readonly double[] to;
    private readonly int[] part;

    /// <summary>Prepares a row of <paramref name="lines"/> lines at u = u0 + i du, running in the direction <paramref name="along"/>.</summary>
    public RowCaster(IReadOnlyList<Part> parts, Vec across, Vec along, double u0, double du, int lines)
    {
        locals = new Local[parts.Count];
        for (int i = 0; i < locals.Length; i++) locals[i] = new Local(parts[i], across, along);
        this.u0 = u0;
        this.du = du;
        counts = new int[lines];
        from = new double[lines * Capacity];
        to = new double[lines * Capacity];
        part = new int[lines * Capacity];
    }

    /// <summary>Stretches of one line in growing order, after <see cref="Cast"/>.</summary>
    public int Count(int line) => counts[line];
    /// <summary>Starts of the stretches of a line, mm along.</summary>
    public ReadOnlySpan<double> From(int line) => from.AsSpan(line * Capacity, counts[line]);
    /// <summary>Ends of the stretches of a line, mm along.</summary>
    public ReadOnlySpan<double> To(int line) => to.AsSpan(line * Capacity, counts[line]);
    /// <summary>Index of the part each stretch lies in.</summary>
    public ReadOnlySpan<int> PartOf(int line) => part.AsSpan(line * Capacity, counts[line]);

    /// <summary>Cuts at one height, mm.</summary>
    public void Cast(double z)
    {
        Array.Clear(counts);
        for (int p = 0; p < locals.Length; p++)
        {
            ref readonly Local l = ref locals[p];
            double dz = z - l.Zc;
            if (Math.Abs(dz) >= l.Zh) continue;
            int first = Math.Max(0, (int)Math.Ceiling((l.Uc - l.Uh - u0) / du));
            int last = Math.Min(counts.Length - 1, (int)Math.Floor((l.Uc + l.Uh - u0) / du));
            for (int i = first; i <= last; i++)
            {
                double v = u0 + (i * du) - l.Uc;
                double o1 = (v * l.A1) + (dz * l.W1), o2 = (v * l.A2) + (dz * l.W2), o3 = (v * l.A3) + (dz * l.W3);
                double lo, hi;
                switch (l.Solid)
                {
                    case Solid.Ellipsoid:
                        if (!Ball((l.D1 * l.D1) + (l.D2 * l.D2) + (l.D3 * l.D3), (o1 * l.D1) + (o2 * l.D2) + (o3 * l.D3), (o1 * o1) + (o2 * o2) + (o3 * o3) - 1, out lo, out hi)) continue;
                        break;
                    case Solid.Cylinder:
                        if (!Ball((l.D1 * l.D1) + (l.D2 * l.D2), (o1 * l.D1) + (o2 * l.D2), (o1 * o1) + (o2 * o2) - 1, out lo, out hi)) continue;
                        Slab(o3, l.D3, ref lo, ref hi);
                        break;
                    default:
                        lo = double.NegativeInfinity;
                        hi = double.PositiveInfinity;
                        Slab(o1, l.D1, ref lo, ref hi);
                        Slab(o2, l.D2, ref lo, ref hi);
                        Slab(o3, l.D3, ref lo, ref hi);
                        break;
                }
                if (hi - lo > 1e-9) Paint(i, l.Sc + lo, l.Sc + hi, p);
            }
        }
    }

    private static bool Ball(double a, double b, double c, out double lo, out double hi)
    {
        if (a < 1e-18)
        {
            lo = double.NegativeInfinity;
            hi = double.PositiveInfinity;
            return c < 0;
        }
        double disc = (b * b) - (a * c);
        if (disc <= 0)
        {
            lo = hi = 0;
            return false;
        }
        double root = Math.Sqrt(disc);
        lo = (-b - root) / a;
        hi = (-b + root) / a;
        return true;
    }

    private static void Slab(double o, double d, ref double lo, ref double hi)
    {
        if (Math.Abs(d) < 1e-12)
        {
            if (Math.Abs(o) >= 1) hi = lo;
            return;
        }
        double a = (-1 - o) / d, b = (1 - o) / d;
        lo = Math.Max(lo, Math.Min(a, b));
        hi = Math.Min(hi, Math.Max(a, b));
    }

    private void Paint(int line, double a, double b, int p)
    {
        int at = line * Capacity, n = counts[line];
        if (n + 2 > Capacity) throw new InvalidOperationException($"More than {Capacity} stretches along one line: the phantom has too many parts behind each other.");
        Span<double> f = from.AsSpan(at, Capacity), t = to.AsSpan(at, Capacity);
        Span<int> w = part.AsSpan(at, Capacity);
        int i = 0;
        while (i < n && t[i] <= a) i++;
        // Stretch i is the first that ends after a. j: first stretch that starts at or after b.
        int j = i;
        while (j < n && f[j] < b) j++;
        bool left = i < j && f[i] < a, right = i < j && t[j - 1] > b;
        double lf = left ? f[i] : 0, rt = right ? t[j - 1] : 0;
        int lp = left ? w[i] : 0, rp = right ? w[j - 1] : 0;
        int added = 1 + (left ? 1 : 0) + (right ? 1 : 0);
        int shift = added - (j - i);
        if (shift != 0 && j < n)
        {
            f[j..n].CopyTo(f[(j + shift)..]);
            t[j..n].CopyTo(t[(j + shift)..]);
            w[j..n].CopyTo(w[(j + shift)..]);
        }
        int k = i;
        if (left) { f[k] = lf; t[k] = a; w[k++] = lp; }
        f[k] = a; t[k] = b; w[k++] = p;
        if (right) { f[k] = b; t[k] = rt; w[k] = rp; }
        counts[line] = n + shift;
    }
}
