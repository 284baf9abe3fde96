using Acquire.Simulator.Physics;

namespace Acquire.Simulator.Tests.Physics;

/// <summary>Counting noise: Poisson, independent, repeatable, and no matter of threads or order.</summary>
public sealed class NoiseTests
{
    private static Exposure Look(int second, int head = 1, double lower = 126.45, double upper = 154.55) =>
        new(head, 180, 180, 125, 1000, 64, 9.6, lower, upper, TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(1));

    private static Scene Cylinder(int seed)
    {
        var scene = new Scene(TestPhantoms.UniformCylinder(), new SealedSource(), seed);
        scene.Inject(TimeSpan.Zero, 400);
        return scene;
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(4)]
    [InlineData(11.9)]
    [InlineData(12.1)]
    [InlineData(60)]
    [InlineData(900)]
    public void Poisson_ManyDraws_FollowTheDistribution(double mean)
    {
        const int draws = 200_000;
        var histogram = new Dictionary<uint, int>();
        for (int i = 0; i < draws; i++)
        {
            uint k = new CounterRandom(CounterRandom.Mix(99, (ulong)i)).Poisson(mean);
            histogram[k] = histogram.GetValueOrDefault(k) + 1;
        }
        double chi = 0, log = -mean, expectedRest = draws, seenRest = draws;
        int degrees = 0;
        for (uint k = 0; k < (mean * 2) + 50; k++)
        {
            if (k > 0) log += Math.Log(mean / k);
            double expected = draws * Math.Exp(log);
            if (expected < 20) continue;
            int seen = histogram.GetValueOrDefault(k);
            chi += (seen - expected) * (seen - expected) / expected;
            expectedRest -= expected;
            seenRest -= seen;
            degrees++;
        }
        if (expectedRest > 20) chi += (seenRest - expectedRest) * (seenRest - expectedRest) / expectedRest;
        Assert.InRange((chi - degrees) / Math.Sqrt(2 * degrees), -4, 4);
    }

    [Fact]
    public void Expose_ManyFrames_VarianceIsTheMeanAndBinsAreIndependent()
    {
        Scene scene = Cylinder(7);
        var counts = new uint[64 * 64];
        var other = new uint[64 * 64];
        double chi = 0, neighbours = 0, frames = 0, heads = 0, windows = 0;
        long bins = 0, pairs = 0;
        double[]? last = null;
        for (int second = 0; second < 150; second++)
        {
            Exposure look = Look(second);
            double[] pull = Pulls(scene, look, counts);
            double[] head2 = Pulls(scene, look with { Head = 2 }, other), low = Pulls(scene, Look(second, 1, 108, 126), other);
            for (int i = 0; i < pull.Length; i++)
            {
                if (double.IsNaN(pull[i])) continue;
                bins++;
                chi += pull[i] * pull[i];
                heads += pull[i] * head2[i];
                if (!double.IsNaN(low[i])) windows += pull[i] * low[i];
                if (last is not null) frames += pull[i] * last[i];
                if ((i + 1) % 64 != 0 && !double.IsNaN(pull[i + 1]))
                {
                    neighbours += pull[i] * pull[i + 1];
                    pairs++;
                }
            }
            last = pull;
        }
        Assert.True(bins > 50_000);
        // E chi2 = N, Var = 2N (+ sum 1/mean, the kurtosis of Poisson; means here are above 1).
        Assert.InRange((chi - bins) / Math.Sqrt(3.0 * bins), -4, 4);
        Assert.InRange(neighbours / Math.Sqrt(pairs), -4, 4);
        Assert.InRange(frames / Math.Sqrt(bins), -4, 4);
        Assert.InRange(heads / Math.Sqrt(bins), -4, 4);
        Assert.InRange(windows / Math.Sqrt(bins), -4, 4);

        static double[] Pulls(Scene scene, in Exposure look, uint[] counts)
        {
            scene.Expose(look, counts);
            float[] mean = scene.Expected(look);
            var pulls = new double[mean.Length];
            for (int i = 0; i < mean.Length; i++) pulls[i] = mean[i] >= 1 ? (counts[i] - mean[i]) / Math.Sqrt(mean[i]) : double.NaN;
            return pulls;
        }
    }

    [Fact]
    public void Expose_TwoSeeds_AgreeInTheMeanAndDifferInTheNoise()
    {
        uint[] a = new uint[64 * 64], b = new uint[64 * 64];
        double sumA = 0, sumB = 0;
        int same = 0, busy = 0;
        Scene one = Cylinder(1), two = Cylinder(2);
        for (int second = 0; second < 40; second++)
        {
            one.Expose(Look(second), a);
            two.Expose(Look(second), b);
            sumA += a.Sum(v => (double)v);
            sumB += b.Sum(v => (double)v);
            for (int i = 0; i < a.Length; i++)
            {
                if (a[i] + b[i] < 4) continue;
                busy++;
                if (a[i] == b[i]) same++;
            }
        }
        Assert.InRange((sumA - sumB) / Math.Sqrt(sumA + sumB), -4, 4);
        Assert.True(same < 0.3 * busy);
    }

    [Fact]
    public void Expose_AnyThreadsAnyOrderPreparedOrNot_GivesTheSameCounts()
    {
        Exposure[] looks = [.. Enumerable.Range(0, 12).Select(i => new Exposure(1 + (i % 2), i * 31, i * 31, 230, 1000, 64, 9.6, 126.45, 154.55, TimeSpan.FromSeconds(7200 + (20 * i)), TimeSpan.FromSeconds(15)))];
        uint[][] straight = Take(looks, parallel: 1, prepare: false);
        uint[][] again = Take(looks, parallel: 4, prepare: true);
        uint[][] backwards = Take([.. looks.Reverse()], parallel: 2, prepare: false);
        for (int i = 0; i < looks.Length; i++)
        {
            Assert.Equal(straight[i], again[i]);
            Assert.Equal(straight[i], backwards[looks.Length - 1 - i]);
        }

        static uint[][] Take(Exposure[] looks, int parallel, bool prepare)
        {
            IScene scene = SceneFactory.Create("facet-l4-left", 5);
            scene.Inject(TimeSpan.FromSeconds(100), 700);
            if (prepare) scene.Prepare(looks);
            var all = new uint[looks.Length][];
            Parallel.For(0, looks.Length, new ParallelOptions { MaxDegreeOfParallelism = parallel }, i =>
            {
                all[i] = new uint[64 * 64];
                scene.Expose(looks[i], all[i]);
            });
            return all;
        }
    }

    [Fact]
    public void Expose_SameRequestTwice_IsIdenticalAndBeforeInjectionIsEmpty()
    {
        Scene scene = Cylinder(3);
        uint[] a = new uint[64 * 64], b = new uint[64 * 64];
        scene.Expose(Look(5), a);
        scene.Expose(Look(6), b);
        Assert.NotEqual(a, b);
        scene.Expose(Look(5), b);
        Assert.Equal(a, b);
        var late = new Scene(TestPhantoms.UniformCylinder(), new SealedSource(), 3);
        late.Inject(TimeSpan.FromSeconds(60), 400);
        late.Expose(Look(5), b);
        Assert.All(b, v => Assert.Equal(0u, v));
    }
}
