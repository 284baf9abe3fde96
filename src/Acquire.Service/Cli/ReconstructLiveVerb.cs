using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;
using Acquire.Service.Dicom;
using Acquire.Service.Reconstruction;

namespace Acquire.Service.Cli;

/// <summary><c>acquire reconstruct-live</c>: the worker behind <see cref="LiveReconstructionHost"/>. Messages in, one JSON object a line out; it ends when its input does.</summary>
public sealed class ReconstructLiveVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        Option<int> memory = new("--memory") { Description = "Working memory allowed, MB.", DefaultValueFactory = _ => 700 };
        Command command = new("reconstruct-live", "Worker of the service: reconstructs while views come in (messages on standard input).") { memory };
        command.Hidden = true;
        command.SetAction(async (parse, cancel) =>
        {
            EngineMemory.LimitMegabytes(Math.Max(64, parse.GetValue(memory)));
            await RunAsync(Console.In, Console.Out, TimeProvider.System, cancel);
            return ExitCodes.Ok;
        });
        return command;
    }

    internal static async Task RunAsync(TextReader input, TextWriter output, TimeProvider time, CancellationToken cancel)
    {
        Channel<LiveMessage> messages = Channel.CreateUnbounded<LiveMessage>();
        Task reading = Task.Run(async () =>
        {
            try
            {
                while (await input.ReadLineAsync(cancel) is { } line) await messages.Writer.WriteAsync(LiveMessage.FromLine(line), cancel);
            }
            finally
            {
                messages.Writer.Complete();
            }
        }, cancel);
        LiveReconstruction? live = null;
        string preview = "";
        long lastRefined = 0;
        while (await messages.Reader.WaitToReadAsync(cancel))
        {
            while (messages.Reader.TryRead(out LiveMessage? message))
            {
                switch (message)
                {
                    case LiveBegin begin:
                        (live, preview) = (Begin(begin), begin.Preview);
                        Warm(begin);
                        break;
                    case LiveFrame frame:
                        live?.Add(frame.Frame);
                        break;
                    case LiveFinish finish:
                        Finish(live, finish, output, time, cancel);
                        break;
                }
            }
            // Previews are for the eye: one every two seconds, and only while nothing else waits.
            if (live is null || !live.CanRefine || (lastRefined != 0 && time.GetElapsedTime(lastRefined) < TimeSpan.FromSeconds(2))) continue;
            long start = time.GetTimestamp();
            try
            {
                Volume? image = live.Refine(cancel);
                if (image is not null && preview.Length > 0) RawFolder.WriteVolume(preview, image, $"As it grows: {live.Views} views", []);
                Say(output, new { kind = "preview", views = live.Views, seconds = time.GetElapsedTime(start).TotalSeconds });
            }
            catch (Exception e) when (e is BadInputException or IOException or UnauthorizedAccessException)
            {
                // A preview that cannot be made is no harm; the finished image will say why.
                Say(output, new { kind = "preview-failed", views = live.Views, why = e.Message });
            }
            lastRefined = time.GetTimestamp();
        }
        await reading;
    }

    private static LiveReconstruction Begin(LiveBegin b) => new(b.Series, new ReconstructionOptions { Iterations = b.Iterations, Subsets = b.Subsets, Response = b.Response, FilterMm = b.FilterMm },
        new ProjectionSetOptions { Scatter = b.Scatter ? ScatterMethod.Windows : ScatterMethod.None });

    private static void Finish(LiveReconstruction? live, LiveFinish finish, TextWriter output, TimeProvider time, CancellationToken cancel)
    {
        long start = time.GetTimestamp();
        string why = "";
        int views = 0;
        try
        {
            if (live is null) throw new BadInputException("no series was begun.");
            ProjectionSet projections = live.Input().Projections;
            views = projections.Views;
            (Volume? map, Volume? ct) = (null, null);
            if (finish.CtFolder is not null)
            {
                (Volume hu, double kv, _) = CtSeries.Read(finish.CtFolder);
                ct = hu;
                map = AttenuationMap.FromCt(hu, kv > 0 ? kv : 120, Reconstructor.Grid(projections)).Map;
            }
            OsemResult made = live.Finish(map, ct, time, null, cancel);
            RawFolder.WriteVolume(finish.Out, made.Image, "Live reconstruction", [KeyValuePair.Create<string, object>("views", views), KeyValuePair.Create<string, object>("iterations", made.Iterations)]);
            NiftiWriter.Write(Path.Combine(finish.Out, "volume.nii"), made.Image, "Acquire reconstruction");
            if (map is not null) RawFolder.WriteVolume(Path.Combine(finish.Out, "attenuation"), map, "Attenuation map used, on the grid of the reconstruction", []);
        }
        catch (Exception e) when (e is BadInputException or AcquireException or IOException or UnauthorizedAccessException)
        {
            why = e.Message;
        }
        Say(output, new { kind = "finished", id = finish.Id, views, seconds = time.GetElapsedTime(start).TotalSeconds, why });
    }

    /// <summary>Everything once on a small problem of the same kind, so that the first image that matters does not pay for the just-in-time compiler.</summary>
    private static void Warm(LiveBegin begin)
    {
        EnergyWindow[] windows = [.. begin.Series.EnergyWindows];
        LiveReconstruction small = Begin(begin with { Iterations = 3, Subsets = 4 });
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (int view = 0; view < 16; view++)
            for (int w = 1; w <= windows.Length; w++)
                small.Add(new CountFrame
                {
                    FrameNumber = (view * windows.Length) + w, Detector = 1, EnergyWindow = w, AngularView = view + 1, Start = start.AddSeconds(10 * view), Elapsed = TimeSpan.FromSeconds(10), Live = TimeSpan.FromSeconds(10),
                    AngleStartDeg = view * 22.5, AngleEndDeg = view * 22.5, RadiusMm = 150, TableLongitudinalMm = 0, PixelMm = 6, Width = 64, Height = 64, Counts = [.. Enumerable.Repeat(3u, 64 * 64)],
                });
        try
        {
            for (int n = 0; n < 4; n++)
            {
                ProjectionSet p = small.Input().Projections;
                Volume map = Reconstructor.Grid(p);
                for (int i = 0; i < map.Values.Length; i++) map.Values[i] = i % 64 is > 20 and < 44 && i / 64 % 64 is > 20 and < 44 ? 0.015f : 0;
                small.Finish(map, null, TimeProvider.System);
            }
            small.Refine();
        }
        catch (BadInputException)
        {
            // A series that cannot be reconstructed says so when it is finished.
        }
    }

    private static void Say(TextWriter output, object message)
    {
        output.WriteLine(JsonSerializer.Serialize(message));
        output.Flush();
    }
}
