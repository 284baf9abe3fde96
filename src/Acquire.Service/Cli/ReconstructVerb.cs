using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Imaging;
using Acquire.Service.Dicom;
using Acquire.Reconstruction;

namespace Acquire.Service.Cli;

/// <summary><c>acquire reconstruct</c>: projections to a volume; also what the service starts as its worker process.</summary>
/// <remarks>With --progress json every line on standard output is one JSON object with a "kind": progress or done.</remarks>
public sealed class ReconstructVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        Argument<string> input = new("INPUT") { Description = "Folder in raw-plus-JSON form, Interfile 3.3 header, or DICOM NM tomographic file." };
        Option<string> method = new("--method") { Description = "osem, mlem or fbp.", DefaultValueFactory = _ => "osem" };
        Option<int> iterations = new("--iterations") { Description = "Passes over all views.", DefaultValueFactory = _ => 5 };
        Option<int> subsets = new("--subsets") { Description = "Subsets of views (osem).", DefaultValueFactory = _ => 12 };
        Option<string?> attenuation = new("--attenuation") { Description = "'off', a map (raw-plus-JSON folder) or a folder of CT slices; without it the map that came with the input." };
        Option<string> response = new("--response") { Description = "on or off: model collimator and crystal blur.", DefaultValueFactory = _ => "on" };
        Option<string> scatter = new("--scatter") { Description = "on or off: add the scatter estimate of the scatter window, where there is one, in the model.", DefaultValueFactory = _ => "on" };
        Option<double> filter = new("--filter") { Description = "Gaussian post filter, FWHM in mm.", DefaultValueFactory = _ => 0 };
        Option<string> window = new("--window") { Description = "Window of fbp: butterworth, hann or ramp.", DefaultValueFactory = _ => "butterworth" };
        Option<double> cutOff = new("--cutoff") { Description = "Cut-off of fbp as a fraction of Nyquist.", DefaultValueFactory = _ => 0.5 };
        Option<string> folder = new("--out") { Description = "Folder for volume.json, volume.f32 and volume.nii.", Required = true };
        Option<int> threads = new("--threads") { Description = "Threads; 0 for all processors. The result does not depend on it.", DefaultValueFactory = _ => 0 };
        GeometryOptions geometry = new();
        Option<string> progress = new("--progress") { Description = "text, json or off.", DefaultValueFactory = _ => "text" };
        Command command = new("reconstruct", "Reconstructs tomographic projections into a volume.")
        {
            input, method, iterations, subsets, attenuation, response, scatter, filter, window, cutOff, folder, threads, progress,
        };
        geometry.AddTo(command);
        command.SetAction((result, cancel) =>
        {
            GeometryByHand byHand = geometry.Of(result);
            ReconstructionOptions settings = new()
            {
                Method = Word<ReconstructionMethod>(result.GetValue(method)!, "--method"),
                Iterations = result.GetValue(iterations),
                Subsets = result.GetValue(subsets),
                Attenuation = !string.Equals(result.GetValue(attenuation), "off", StringComparison.OrdinalIgnoreCase),
                Response = OnOff(result.GetValue(response)!, "--response"),
                FilterMm = result.GetValue(filter),
                Fbp = new FbpOptions { Window = Word<FbpWindow>(result.GetValue(window)!, "--window"), CutOff = GeometryOptions.Positive(result.GetValue(cutOff), "--cutoff")!.Value },
                Threads = Math.Max(0, result.GetValue(threads)),
            };
            string how = result.GetValue(progress)!.ToUpperInvariant();
            if (how is not ("TEXT" or "JSON" or "OFF")) throw Bad("--progress must be text, json or off.");
            Run(result.GetValue(input)!, result.GetValue(attenuation), OnOff(result.GetValue(scatter)!, "--scatter"), byHand, settings, result.GetValue(folder)!, how, cancel);
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static void Run(string path, string? attenuation, bool scatter, GeometryByHand byHand, ReconstructionOptions settings, string folder, string how, CancellationToken cancel)
    {
        TimeProvider time = TimeProvider.System;
        long begin = time.GetTimestamp();
        ReconstructionInput input = ReconstructionInput.Read(path, byHand);
        if (settings.Attenuation && attenuation is not null) input = input with { AttenuationMap = Map(attenuation, input.Projections) };
        if (!settings.Attenuation) input = input with { AttenuationMap = null };
        if (!scatter) input = input with { Projections = input.Projections with { Scatter = null } };
        ProjectionSet p = input.Projections;
        bool corrected = settings.Attenuation && input.AttenuationMap is not null && settings.Method != ReconstructionMethod.Fbp;
        double total = 0;
        foreach (float c in p.Counts) total += c;
        if (how == "TEXT")
        {
            Say($"{input.Description}");
            foreach (string finding in input.Findings) Say($"note: {finding}");
            Say($"{p.Views} views of {p.Columns} x {p.Rows}, bins {p.BinMm} x {p.RowMm} mm, radius {p.RadiusMm.Min()} to {p.RadiusMm.Max()} mm, {total:N0} counts, scatter {(p.Scatter is null ? "not estimated" : "estimated")}, attenuation {(corrected ? "corrected" : "not corrected")}");
        }
        long start = time.GetTimestamp();
        TimeSpan last = TimeSpan.Zero;
        Volume volume = Reconstructor.Run(input, settings, time, how == "OFF" ? null : report =>
        {
            if (report.Update < report.Updates && report.Elapsed - last < TimeSpan.FromSeconds(how == "JSON" ? 0.2 : 2)) return;
            last = report.Elapsed;
            if (how == "JSON") Json(new { kind = "progress", update = report.Update, updates = report.Updates, iteration = report.Iteration, elapsedSeconds = report.Elapsed.TotalSeconds, leftSeconds = report.Left.TotalSeconds });
            else Say($"  iteration {report.Iteration}, update {report.Update} of {report.Updates}, {report.Left.TotalSeconds:F1} s left");
        }, cancel);
        TimeSpan took = time.GetElapsedTime(start);
        double sum = 0;
        float largest = 0;
        foreach (float v in volume.Values)
        {
            sum += v;
            largest = Math.Max(largest, v);
        }

        Dictionary<string, object> made = new()
        {
            ["method"] = settings.Method.ToString().ToLowerInvariant(), ["attenuation_corrected"] = corrected,
            ["response_modelled"] = settings.Method != ReconstructionMethod.Fbp && settings.Response, ["scatter_modelled"] = p.Scatter is not null,
            ["filter_fwhm_mm"] = settings.FilterMm, ["views"] = p.Views, ["seconds"] = Math.Round(took.TotalSeconds, 3),
        };
        if (settings.Method == ReconstructionMethod.Fbp)
        {
            made["window"] = settings.Fbp.Window.ToString().ToLowerInvariant();
            made["cutoff_of_nyquist"] = settings.Fbp.CutOff;
        }
        else
        {
            made["iterations"] = settings.Iterations;
            made["subsets"] = settings.Method == ReconstructionMethod.Mlem ? 1 : settings.Subsets;
        }
        try
        {
            RawFolder.WriteVolume(folder, volume, $"Reconstruction of: {input.Description}", made);
            NiftiWriter.Write(Path.Combine(folder, "volume.nii"), volume, "Acquire reconstruction");
            if (settings.Attenuation && attenuation is not null && input.AttenuationMap is { } map)
                RawFolder.WriteVolume(Path.Combine(folder, "attenuation"), map, "Attenuation map used, on the grid of the reconstruction", []);
            if (how == "TEXT") InputReport.Write(folder, input, string.Join(", ", made.Select(m => $"{m.Key.Replace('_', ' ')} {m.Value switch { true => "yes", false => "no", object other => other }}")), volume, Console.Out);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"cannot write to '{folder}': {e.Message}", ExitCodes.Storage, e);
        }

        FiguresOfMerit? merit = input.Truth is { } truth && truth.Values.Length == volume.Values.Length ? FiguresOfMerit.Compare(volume, truth, input.AttenuationMap, input.Spheres) : null;
        double peakMb = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        if (how == "JSON")
        {
            Json(new
            {
                kind = "done", folder, nx = volume.Nx, ny = volume.Ny, nz = volume.Nz, unit = volume.Unit, sum, largest, seconds = took.TotalSeconds, allSeconds = time.GetElapsedTime(begin).TotalSeconds, peakMemoryMb = peakMb,
                merit = merit is null ? null : new { nrmseBodyPercent = merit.NrmseBodyPercent, nrmseBonePercent = merit.NrmseBonePercent, softTissueCvPercent = merit.SoftTissueCvPercent, softTissueBiasPercent = merit.SoftTissueBiasPercent, contrastRecoveryPercent = merit.ContrastRecoveryPercent.ToDictionary(c => c.Name, c => c.Percent) },
            });
            return;
        }
        if (how == "OFF") return;
        Say($"{volume.Nx} x {volume.Ny} x {volume.Nz} voxels of {volume.DxMm} x {volume.DyMm} x {volume.DzMm} mm in {took.TotalSeconds:F2} s ({time.GetElapsedTime(begin).TotalSeconds:F2} s with reading and writing), peak memory {peakMb:F0} MB");
        Say($"sum {sum:F0} {volume.Unit} per view, largest voxel {largest:G4}; written to {folder}");
        if (merit is null) return;
        Say($"against the truth: NRMSE body {merit.NrmseBodyPercent:F1} %, bone {merit.NrmseBonePercent:F1} %; soft tissue CV {merit.SoftTissueCvPercent:F1} %, bias {merit.SoftTissueBiasPercent:F1} %");
        foreach ((string name, double percent) in merit.ContrastRecoveryPercent) Say($"  contrast recovery {name}: {percent:F1} %");
    }

    private static Volume Map(string path, ProjectionSet projections)
    {
        bool ready = File.Exists(path) || File.Exists(Path.Combine(path, RawFolder.VolumeFile)) || File.Exists(Path.Combine(path, RawFolder.ProblemFile));
        if (!ready && Directory.Exists(path))
        {
            (Volume hu, double kv, IReadOnlyList<string> _) = CtSeries.Read(path);
            return AttenuationMap.FromCt(hu, kv, Reconstructor.Grid(projections)).Map;
        }
        Volume map = RawFolder.ReadVolume(path);
        if (map.Unit == "HU") throw Bad("the attenuation file holds HU; give a map in 1/mm or a folder of CT slices.");
        return map;
    }

    private static void Say(FormattableString text) => Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static void Json(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Strict));

    private static readonly JsonSerializerOptions Strict = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static AcquireException Bad(string message) => new(message, ExitCodes.BadInput);

    private static bool OnOff(string text, string option) => text.ToUpperInvariant() switch { "ON" => true, "OFF" => false, _ => throw Bad($"{option} must be on or off.") };

    private static T Word<T>(string text, string option) where T : struct, Enum
        => Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) && !int.TryParse(text, CultureInfo.InvariantCulture, out _) ? value : throw Bad($"{option} must be one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");
}
