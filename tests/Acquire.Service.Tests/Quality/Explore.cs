using Acquire.Service.Quality;
using Acquire.Service.Quality.Checks;
namespace Acquire.Service.Tests.Quality;
public sealed class Explore
{
    [Fact]
    public void Print()
    {
        var limits = QualityLimits.LoadDefault();
        using var o = new StreamWriter("/tmp/explore.txt");
        var data = new ReconSpine();
        var sw = System.Diagnostics.Stopwatch.StartNew();
        var clean = new QualityInput { Tomo = data.Tomo(_ => (0, 0, 0)) };
        var r0 = new MotionAxialCheck().Judge(clean, limits.For("motion-axial"));
        o.WriteLine($"clean {r0.Verdict} {r0.Words} {sw.ElapsedMilliseconds} ms");
        var ns = NeighbourShift.Of(clean.Views!)!;
        o.WriteLine($"sigma {SmoothFit.Median(ns.Sigma):0.000} scatter {1.4826 * SmoothFit.MedianAbsolute(ns.Rows):0.000}");
        foreach (int rows in (int[])[1, 2])
        {
            int n = 0, f = 0, exact = 0; double sum = 0;
            foreach (int sign in (int[])[-1, 1])
            for (int from = 5; from <= 55; from += 5)
            {
                var r = new MotionAxialCheck().Judge(new QualityInput { Tomo = data.Tomo(s => s >= from ? (sign * rows, 0, 0) : (0, 0, 0)) }, limits.For("motion-axial"));
                n++; if (r.Verdict >= Verdict.Warn) f++; if (r.Words.Contains("at view " + (from + 1) + " and stayed")) exact++; sum += r.Figure ?? 0;
            }
            o.WriteLine($"recon-spine lasting {rows} rows: found {f}/{n}, located {exact} mean figure {sum / n:0.00}");
            n = f = 0;
            for (int from = 2; from <= 50; from += 4)
            {
                var r = new MotionAxialCheck().Judge(new QualityInput { Tomo = data.Tomo(s => s >= from && s < from + 6 ? (rows, 0, 0) : (0, 0, 0)) }, limits.For("motion-axial"));
                n++; if (r.Verdict >= Verdict.Warn) f++;
            }
            o.WriteLine($"recon-spine 6 stops there and back {rows} rows: found {f}/{n}");
        }
        int alarms = 0, studies = 40;
        for (int seed = 100; seed < 100 + studies; seed++)
        {
            var r = new MotionAxialCheck().Judge(new QualityInput { Tomo = new SyntheticSpect { Seed = seed, CountsPerView = seed % 2 == 0 ? 50000 : 25000 }.Tomo() }, limits.For("motion-axial"));
            if (r.Verdict > Verdict.Pass || r.Figure > 0) { alarms++; o.WriteLine(r.Words); }
        }
        o.WriteLine($"false alarms {alarms} in {studies}");
        foreach (double mm in (double[])[2.4, 4.8])
        {
            int n = 0, w = 0, fl = 0; double sum = 0;
            for (int seed = 1; seed <= 16; seed++)
            {
                int from = 6 + (seed * 7 % 48);
                var r = new MotionAxialCheck().Judge(new QualityInput { Tomo = new SyntheticSpect { Seed = seed, Motion = s => s >= from ? (0, 0, mm) : (0, 0, 0) }.Tomo() }, limits.For("motion-axial")); n++;
                if (r.Figure > 0.25) w++; if (r.Verdict >= Verdict.Warn) fl++; sum += r.Figure ?? 0;
            }
            o.WriteLine($"synthetic 50k axial {mm} mm: displacement reported {w}/{n}, warned or failed {fl}, mean {sum / n:0.00}");
        }
    }
}
