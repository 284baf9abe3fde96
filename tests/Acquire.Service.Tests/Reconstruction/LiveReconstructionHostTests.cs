using System.Collections.Concurrent;
using System.Diagnostics;
using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;
using Acquire.Reconstruction.Tests;
using Acquire.Service.Reconstruction;

namespace Acquire.Service.Tests.Reconstruction;

/// <summary>The worker is a real process; waiting is for its answers, never for time.</summary>
public sealed class LiveReconstructionHostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("acquire-live").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task KilledWorker_IsBegunAgain_AndTheImageIsTheSame()
    {
        List<CountFrame> frames = Frames();
        var states = new ConcurrentQueue<LiveState>();
        var ended = new TaskCompletionSource();
        await using LiveReconstructionHost host = new(Begin(), new LiveLimits(), TimeProvider.System, state =>
        {
            states.Enqueue(state);
            if (state.What == "worker ended") ended.TrySetResult();
        });
        foreach (CountFrame frame in frames.Take(30)) host.Post(frame);
        Assert.Null(await host.FinishAsync(null, Path.Combine(_folder, "half"), TestContext.Current.CancellationToken));

        using (Process worker = Process.GetProcessById(host.ProcessId)) worker.Kill();
        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
        foreach (CountFrame frame in frames.Skip(30)) host.Post(frame);
        Assert.Null(await host.FinishAsync(null, Path.Combine(_folder, "whole"), TestContext.Current.CancellationToken));

        Assert.Equal(1, host.Restarts);
        ReconstructionInput offline = ProjectionSetBuilder.ToInput(Begin().Series with { Frames = frames }, new GeometryByHand());
        Volume expected = Reconstructor.Run(offline, new ReconstructionOptions { Iterations = 2, Subsets = 4, Attenuation = false }, TimeProvider.System);
        Assert.Equal(expected.Values, RawFolder.ReadVolume(Path.Combine(_folder, "whole")).Values);
    }

    /// <summary>A worker that cannot live within its memory is given up after its restarts, and who asks is told at once: the service then reconstructs from the files.</summary>
    [Fact]
    public async Task WorkerBeyondItsMemory_IsGivenUpAndSaysSo()
    {
        await using LiveReconstructionHost host = new(Begin(), new LiveLimits(MemoryMb: 24, Restarts: 1), TimeProvider.System);
        foreach (CountFrame frame in Frames()) host.Post(frame);

        string? why = await host.FinishAsync(null, Path.Combine(_folder, "never"), TestContext.Current.CancellationToken);

        Assert.NotNull(why);
        Assert.False(Directory.Exists(Path.Combine(_folder, "never")));
    }

    [Fact]
    public async Task FramesThatMakeNoSpect_AreRefusedInWords_AndTheWorkerLives()
    {
        await using LiveReconstructionHost host = new(Begin(), new LiveLimits(), TimeProvider.System);
        Assert.Contains("no photopeak frames", await host.FinishAsync(null, Path.Combine(_folder, "none"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (CountFrame frame in Frames()) host.Post(frame);

        Assert.Null(await host.FinishAsync(null, Path.Combine(_folder, "some"), TestContext.Current.CancellationToken));
        Assert.Equal(0, host.Restarts);
    }

    private static LiveBegin Begin() => new(new CountSeries
    {
        AcquisitionId = Guid.Empty, StepId = "spect", Title = "SPECT", Kind = AcquisitionKind.Tomo, DetectorCount = 1, Collimator = "LEHR", Frames = [],
        EnergyWindows = [new("Tc99m", 126.45, 154.55, EnergyWindowRole.Photopeak)],
    }, 2, 4, true, true, 0, "");

    private static List<CountFrame> Frames()
    {
        const int views = 40, size = 24;
        ProjectionSet set = Geometry.Circular(views, size, size, 8, 110);
        using SystemModel model = new(set, null, DetectorResponse.FromName("LEHR"));
        float[] p = model.Project(Geometry.Cylinder(set, 55, 8, 12, -6).Values);
        List<CountFrame> frames = [];
        for (int view = 0; view < views; view++)
        {
            uint[] counts = new uint[size * size];
            for (int n = 0; n < counts.Length; n++) counts[counts.Length - 1 - n] = (uint)Math.Round(p[(view * counts.Length) + n]);
            frames.Add(new CountFrame
            {
                FrameNumber = view + 1, Detector = 1, EnergyWindow = 1, AngularView = view + 1, Start = new DateTimeOffset(2026, 1, 2, 8, 0, 0, TimeSpan.Zero).AddSeconds(18 * view), Elapsed = TimeSpan.FromSeconds(15), Live = TimeSpan.FromSeconds(15),
                AngleStartDeg = set.AngleDeg[view], AngleEndDeg = set.AngleDeg[view], RadiusMm = 110, TableLongitudinalMm = 0, PixelMm = 8, Width = size, Height = size, Counts = counts,
            });
        }
        return frames;
    }
}
