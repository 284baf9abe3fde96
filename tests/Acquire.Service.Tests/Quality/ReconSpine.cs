using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Acquire.Protocols.Imaging;
using Acquire.Testing;

namespace Acquire.Service.Tests.Quality;

/// <summary>The data set of shared/data/recon-spine, which this project's own code did not make: projections as frames of two heads, map, truth.</summary>
internal sealed class ReconSpine
{
    private const int N = 128;
    private readonly float[] _projections = Read("projections.f32.gz", 120 * N * N);
    private readonly double[] _radius;

    public ReconSpine()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(SharedData.Path("recon-spine", "problem.json")));
        _radius = [.. json.RootElement.GetProperty("radius_mm").EnumerateArray().Select(e => e.GetDouble())];
    }

    public static Volume Map() => Volume.Centred(N, N, N, 4.8, "1/mm") with { Values = Read("mumap.f32.gz", N * N * N) };
    public static Volume Truth() => Volume.Centred(N, N, N, 4.8, "1") with { Values = Read("truth.f32.gz", N * N * N) };

    public ProjectionSet Projections() => new()
    {
        Views = 120, Rows = N, Columns = N, BinMm = 4.8, RowMm = 4.8, AngleDeg = [.. Enumerable.Range(0, 120).Select(Angle)], RadiusMm = _radius, Counts = _projections,
    };

    private static double Angle(int view) => (360 - (3.0 * view)) % 360;

    /// <summary>The same counts as a dual-head study; whole rows or columns of displacement per stop are exact on pixels.</summary>
    /// <param name="shift">Rows towards the feet and millimetres in patient x and y (rounded to columns) of a stop.</param>
    public CountSeries Tomo(Func<int, (int Rows, double XMm, double YMm)> shift)
    {
        var frames = new List<CountFrame>();
        for (int stop = 0; stop < 60; stop++)
            for (int head = 1; head <= 2; head++)
            {
                int view = stop + (60 * (head - 1));
                (int rows, double x, double y) = shift(stop);
                double phi = Angle(view) * Math.PI / 180;
                int columns = (int)Math.Round(-((x * Math.Cos(phi)) - (y * Math.Sin(phi))) / 4.8);
                uint[] counts = new uint[N * N];
                for (int r = 0; r < N; r++)
                    for (int c = 0; c < N; c++)
                    {
                        int z = N - 1 - (r - rows), t = N - 1 - (c - columns);
                        if (z is >= 0 and < N && t is >= 0 and < N) counts[(r * N) + c] = (uint)_projections[(((view * N) + z) * N) + t];
                    }
                frames.Add(new CountFrame
                {
                    FrameNumber = frames.Count + 1, Detector = head, EnergyWindow = 1, AngularView = stop + 1, Start = SyntheticSpect.Start.AddSeconds(stop * 18),
                    Elapsed = TimeSpan.FromSeconds(15), Live = TimeSpan.FromSeconds(15), AngleStartDeg = Angle(view), AngleEndDeg = Angle(view), RadiusMm = _radius[view],
                    TableLongitudinalMm = 0, PixelMm = 4.8, Width = N, Height = N, Counts = counts,
                });
            }
        return new CountSeries
        {
            AcquisitionId = Guid.Empty, StepId = "spect", Title = "recon-spine", Kind = AcquisitionKind.Tomo, EnergyWindows = [new EnergyWindow("Tc99m", 126.5, 154.6, EnergyWindowRole.Photopeak)],
            DetectorCount = 2, Collimator = "LEHR", Frames = frames, ExpectedFrames = 120,
        };
    }

    private static float[] Read(string name, int length)
    {
        using FileStream file = File.OpenRead(SharedData.Path("recon-spine", name));
        using var zip = new GZipStream(file, CompressionMode.Decompress);
        float[] values = new float[length];
        zip.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
