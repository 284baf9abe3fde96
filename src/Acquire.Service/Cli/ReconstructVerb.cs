using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Imaging;
using Acquire.Reconstruction;
using Acquire.Service.Dicom;

namespace Acquire.Service.Cli;

/// <summary><c>acquire reconstruct</c>: projections to a volume; also what the service starts as its worker process.</summary>
/// <remarks>With --progress json every line on standard output is one JSON object with a "kind": progress or done.</remarks>
public sealed class ReconstructVerb : IVerb
{
    /// <summary>What was asked for, beside geometry and options of the engine.</summary>
    private sealed record Request(string Input, string? Attenuation, bool ScatterOff, string Out, string How, double CpsPerMBq, double? WeightKg, double? ActivityMBq, double? SecondsPerView, string? Uncertainty, int Seed, bool Dicom, string? Start, string Register);

    /// <inheritdoc/>
    public Command Build()
    {
        Argument<string> input = new("INPUT") { Description = "Folder in raw-plus-JSON form, Interfile 3.3 header, or DICOM NM tomographic file." };
        Option<string> method = new("--method") { Description = "osem, bsrem (with a penalty that keeps edges), mlem or fbp.", DefaultValueFactory = _ => "osem" };
        Option<int> iterations = new("--iterations") { Description = "Passes over all views; with --stop the most there will be.", DefaultValueFactory = _ => 5 };
        Option<int> subsets = new("--subsets") { Description = "Subsets of views (osem, bsrem).", DefaultValueFactory = _ => 12 };
        Option<string> choice = new("--subset-choice") { Description = "interleaved, balanced (unequal views) or sequential.", DefaultValueFactory = _ => "interleaved" };
        Option<string?> stop = new("--stop") { Description = "Stop earlier: change:PERCENT, likelihood:GAIN (per thousand counts and iteration), noise:PERCENT (soft tissue, before the filter) or region:X,Y,Z,R,PERCENT (mm); several with ';'." };
        Option<double> prior = new("--prior") { Description = "Strength of bsrem's penalty.", DefaultValueFactory = _ => new RelativeDifferencePrior().Strength };
        Option<string> tissue = new("--tissue") { Description = "on or off: bsrem's penalty lets go at borders of tissue in CT or map.", DefaultValueFactory = _ => "on" };
        Option<string> momentum = new("--momentum") { Description = "on or off: fewer passes to the same image.", DefaultValueFactory = _ => "off" };
        Option<string?> begin = new("--start") { Description = "Image to start from: fbp, or a volume in raw-plus-JSON form (counts)." };
        Option<string?> attenuation = new("--attenuation") { Description = "'off', a map (raw-plus-JSON folder, for 140.5 keV) or a folder of CT slices; without it the map that came with the input." };
        Option<string> register = new("--register") { Description = "off, estimate (say where the CT or map lies against the SPECT, six degrees of freedom) or apply (move it there; look at both).", DefaultValueFactory = _ => "off" };
        Option<string> response = new("--response") { Description = "on or off: model collimator and crystal blur.", DefaultValueFactory = _ => "on" };
        Option<double> voxel = new("--voxel") { Description = "Voxel size, mm; 0 for the bins'.", DefaultValueFactory = _ => 0 };
        Option<double> slice = new("--slice") { Description = "Voxel size along the patient, mm; 0 for --voxel or the bins'.", DefaultValueFactory = _ => 0 };
        Option<double> filter = new("--filter") { Description = "Gaussian post filter, FWHM in mm.", DefaultValueFactory = _ => 0 };
        Option<string> window = new("--window") { Description = "Window of fbp: butterworth, hann or ramp.", DefaultValueFactory = _ => "butterworth" };
        Option<double> cutOff = new("--cutoff") { Description = "Cut-off of fbp as a fraction of Nyquist.", DefaultValueFactory = _ => 0.5 };
        Option<double> calibration = new("--calibration") { Description = "Counts per second and MBq: the volume is then kBq/ml at the start of the first view.", DefaultValueFactory = _ => 0 };
        Option<double?> weight = new("--weight") { Description = "Body weight, kg; with --activity the volume is SUV." };
        Option<double?> activity = new("--activity") { Description = "Net injected activity decayed to the start of the first view, MBq." };
        Option<double?> seconds = new("--seconds-per-view") { Description = "By hand: live time of a view, s, for --calibration." };
        Option<string?> uncertainty = new("--uncertainty") { Description = "Also a map of the standard deviation: bootstrap:N (N reconstructions) or halves (2, smoothed)." };
        Option<int> seed = new("--seed") { Description = "Seed of --uncertainty.", DefaultValueFactory = _ => 1 };
        Option<string> folder = new("--out") { Description = "Folder for volume.json, volume.f32, volume.nii, recon.dcm and report.html.", Required = true };
        Option<string> dicom = new("--dicom") { Description = "on or off: write recon.dcm (NM, RECON TOMO).", DefaultValueFactory = _ => "on" };
        Option<int> threads = new("--threads") { Description = "Threads; 0 for all processors. The result does not depend on it.", DefaultValueFactory = _ => 0 };
        Option<int> memory = new("--memory") { Description = "Working memory allowed, MB; 0 for no limit. More is refused in words, not swapped.", DefaultValueFactory = _ => 0 };
        GeometryOptions geometry = new();
        Option<string> progress = new("--progress") { Description = "text, json or off.", DefaultValueFactory = _ => "text" };
        Command command = new("reconstruct", "Reconstructs tomographic projections into a volume.")
        {
            input, method, iterations, subsets, choice, stop, prior, tissue, momentum, begin, attenuation, register, response, voxel, slice, filter, window, cutOff, calibration, weight, activity, seconds, uncertainty, seed, folder, dicom, threads, memory, progress,
        };
        geometry.AddTo(command);
        command.SetAction((result, cancel) =>
        {
            ReconstructionOptions options = new()
            {
                Method = Word<ReconstructionMethod>(result.GetValue(method)!, "--method"), Iterations = result.GetValue(iterations), Subsets = result.GetValue(subsets), Choice = Word<SubsetChoice>(result.GetValue(choice)!, "--subset-choice"),
                Stop = StopRuleOf(result.GetValue(stop)), PriorStrength = result.GetValue(prior), PriorFollowsTissue = OnOff(result.GetValue(tissue)!, "--tissue"), Momentum = OnOff(result.GetValue(momentum)!, "--momentum"),
                Attenuation = !string.Equals(result.GetValue(attenuation), "off", StringComparison.OrdinalIgnoreCase), Response = OnOff(result.GetValue(response)!, "--response"),
                VoxelMm = Size(result.GetValue(voxel), "--voxel"), SliceMm = Size(result.GetValue(slice), "--slice"), FilterMm = result.GetValue(filter),
                Fbp = new FbpOptions { Window = Word<FbpWindow>(result.GetValue(window)!, "--window"), CutOff = GeometryOptions.Positive(result.GetValue(cutOff), "--cutoff")!.Value },
                Threads = result.GetValue(threads) is >= 0 and var t ? t : throw Bad("--threads must be 0 or more."),
            };
            string how = result.GetValue(progress)!.ToUpperInvariant();
            if (how is not ("TEXT" or "JSON" or "OFF")) throw Bad("--progress must be text, json or off.");
            int megabytes = result.GetValue(memory);
            if (megabytes < 0) throw Bad("--memory must be 0 or more MB.");
            if (megabytes > 0) EngineMemory.LimitMegabytes(megabytes);
            double cps = Size(result.GetValue(calibration), "--calibration");
            if ((result.GetValue(weight) is null) != (result.GetValue(activity) is null)) throw Bad("--weight and --activity belong together: SUV needs both.");
            if (result.GetValue(weight) is not null && cps <= 0) throw Bad("SUV needs --calibration.");
            Run(new Request(result.GetValue(input)!, result.GetValue(attenuation), geometry.ScatterOff(result), result.GetValue(folder)!, how, cps, result.GetValue(weight), result.GetValue(activity),
                GeometryOptions.Positive(result.GetValue(seconds), "--seconds-per-view"), result.GetValue(uncertainty), result.GetValue(seed), OnOff(result.GetValue(dicom)!, "--dicom"), result.GetValue(begin), result.GetValue(register)!.ToUpperInvariant() is var moved and ("OFF" or "ESTIMATE" or "APPLY") ? moved : throw Bad("--register must be off, estimate or apply.")), geometry.Of(result), options, cancel);
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static void Run(Request request, GeometryByHand byHand, ReconstructionOptions options, CancellationToken cancel)
    {
        TimeProvider time = TimeProvider.System;
        long begin = time.GetTimestamp();
        int replicates = Replicates(request.Uncertainty);
        ReconstructionInput input = ReconstructionInput.Read(request.Input, byHand);
        if (request.SecondsPerView is { } s) input = input with { Projections = input.Projections with { SecondsPerView = s } };
        List<string> notes = [.. input.Findings];
        if (!options.Attenuation) input = input with { AttenuationMap = null };
        else if (request.Attenuation is { } given) input = WithMap(input, given, options, notes);
        if (request.ScatterOff) input = input with { Projections = input.Projections with { Scatter = null } };
        if (request.Register != "OFF") input = Registered(input, options, request.Register == "APPLY", notes, time, cancel);
        if (request.Start is { } start) options = options with { Start = StartOf(start, input) };
        ProjectionSet p = input.Projections;
        bool corrected = options.Attenuation && input.AttenuationMap is not null && options.Method != ReconstructionMethod.Fbp;
        if (request.CpsPerMBq > 0 && !corrected) notes.Add("kBq/ml without attenuation correction is too low inside the body");
        double total = 0;
        foreach (float c in p.Counts) total += c;
        if (request.How == "TEXT")
        {
            Say($"{input.Description}");
            foreach (string note in notes) Say($"note: {note}");
            Say($"{p.Views} views of {p.Columns} x {p.Rows}, bins {p.BinMm} x {p.RowMm} mm, radius {p.RadiusMm.Min()} to {p.RadiusMm.Max()} mm, {total:N0} counts, photopeak {input.PhotopeakKeV:0.#} keV, scatter {(p.Scatter is null ? "not estimated" : "estimated")}, attenuation {(corrected ? "corrected" : "not corrected")}");
        }
        long started = time.GetTimestamp();
        TimeSpan last = TimeSpan.Zero;
        OsemResult made = Reconstructor.Reconstruct(input, options, time, request.How == "OFF" ? null : report =>
        {
            if (report.Update < report.Updates && report.Elapsed - last < TimeSpan.FromSeconds(request.How == "JSON" ? 0.2 : 2)) return;
            last = report.Elapsed;
            if (request.How == "JSON") Json(new { kind = "progress", update = report.Update, updates = report.Updates, iteration = report.Iteration, elapsedSeconds = report.Elapsed.TotalSeconds, leftSeconds = report.Left.TotalSeconds });
            else Say($"  iteration {report.Iteration}, update {report.Update} of {report.Updates}, {report.Left.TotalSeconds:F1} s left");
        }, cancel);
        TimeSpan took = time.GetElapsedTime(started);
        Volume? deviation = replicates switch
        {
            0 => null,
            1 => Uncertainty.HalfCounts(input, options, request.Seed, time, cancel: cancel),
            _ => Uncertainty.Bootstrap(input, options, replicates, request.Seed, time, null, n => Replicated(request.How, n, replicates), cancel),
        };
        Volume Quantity(Volume v)
        {
            if (request.CpsPerMBq <= 0) return v;
            Volume kbq = Quantification.KbqPerMl(v, p.SecondsPerView, request.CpsPerMBq);
            return request.WeightKg is { } kg ? Quantification.Suv(kbq, kg, request.ActivityMBq!.Value) : kbq;
        }
        Volume volume = Quantity(made.Image);
        deviation = deviation is null ? null : Quantity(deviation);
        Dictionary<string, object> facts = Facts(options, made, input, corrected, took);
        string how = string.Join(", ", facts.Select(m => $"{m.Key.Replace('_', ' ')} {m.Value switch { true => "yes", false => "no", object other => other }}"));
        Write(request, input, options, volume, deviation, facts, how, corrected);

        FiguresOfMerit? merit = input.Truth is { } truth && truth.Values.Length == volume.Values.Length ? FiguresOfMerit.Compare(volume, truth, input.AttenuationMap, input.Spheres) : null;
        double sum = volume.Values.Sum(v => (double)v), peakMb = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        float largest = volume.Values.Max();
        if (request.How == "JSON")
        {
            Json(new
            {
                kind = "done", folder = request.Out, nx = volume.Nx, ny = volume.Ny, nz = volume.Nz, unit = volume.Unit, sum, largest, iterations = made.Iterations, stoppedBy = made.StoppedBy, seconds = took.TotalSeconds, allSeconds = time.GetElapsedTime(begin).TotalSeconds, peakMemoryMb = peakMb,
                merit = merit is null ? null : new { nrmseBodyPercent = merit.NrmseBodyPercent, nrmseBonePercent = merit.NrmseBonePercent, softTissueCvPercent = merit.SoftTissueCvPercent, softTissueBiasPercent = merit.SoftTissueBiasPercent, contrastRecoveryPercent = merit.ContrastRecoveryPercent.ToDictionary(c => c.Name, c => c.Percent) },
            });
            return;
        }
        if (request.How == "OFF") return;
        if (made.StoppedBy.Length > 0) Say($"stopped after {made.Iterations} iterations: {made.StoppedBy}");
        Say($"{volume.Nx} x {volume.Ny} x {volume.Nz} voxels of {volume.DxMm:0.###} x {volume.DyMm:0.###} x {volume.DzMm:0.###} mm in {took.TotalSeconds:F2} s ({time.GetElapsedTime(begin).TotalSeconds:F2} s with reading and writing), peak memory {peakMb:F0} MB");
        Say($"sum {sum:F0} {volume.Unit}{(volume.Unit == "counts" ? " per view" : "")}, largest voxel {largest:G4}; written to {request.Out}");
        if (merit is null) return;
        Say($"against the truth: NRMSE body {merit.NrmseBodyPercent:F1} %, bone {merit.NrmseBonePercent:F1} %; soft tissue CV {merit.SoftTissueCvPercent:F1} %, bias {merit.SoftTissueBiasPercent:F1} %");
        foreach ((string name, double percent) in merit.ContrastRecoveryPercent) Say($"  contrast recovery {name}: {percent:F1} %");
    }

    private static void Write(Request request, ReconstructionInput input, ReconstructionOptions options, Volume volume, Volume? deviation, Dictionary<string, object> facts, string how, bool corrected)
    {
        string folder = request.Out;
        try
        {
            RawFolder.WriteVolume(folder, volume, $"Reconstruction of: {input.Description}", facts);
            NiftiWriter.Write(Path.Combine(folder, "volume.nii"), volume, "Acquire reconstruction");
            if (deviation is not null)
            {
                RawFolder.WriteVolume(Path.Combine(folder, "deviation"), deviation, $"Standard deviation ({request.Uncertainty}) of: {input.Description}", facts);
                NiftiWriter.Write(Path.Combine(folder, "deviation", "deviation.nii"), deviation, "Acquire standard deviation");
            }
            if (options.Attenuation && request.Attenuation is not null && input.AttenuationMap is { } map)
                RawFolder.WriteVolume(Path.Combine(folder, "attenuation"), map, "Attenuation map used, on the grid of the reconstruction", []);
            if (request.Dicom)
            {
                List<string> corrections = [];
                if (corrected) corrections.Add("ATTN");
                if (input.Projections.Scatter is not null) corrections.Add("SCAT");
                if (facts.ContainsKey("decay_weighted")) corrections.Add("DECY");
                string function = options.Method == ReconstructionMethod.Fbp ? $"FBP {options.Fbp.Window}" : $"{options.Method.ToString().ToUpperInvariant()} {facts["iterations"]}i{facts["subsets"]}s";
                EnergyWindow? window = input.Series?.EnergyWindows.FirstOrDefault(w => w.Role == EnergyWindowRole.Photopeak && input.PhotopeakKeV > w.LowerLimitKeV && input.PhotopeakKeV < w.UpperLimitKeV);
                ReconstructionFile.Write(Path.Combine(folder, "recon.dcm"), volume, new ReconstructionFacts(input.Series is null ? null : request.Input, window, input.Series?.Collimator ?? "", how, function, options.FilterMm, corrections), TimeProvider.System.GetLocalNow());
            }
            if (request.How == "TEXT") InputReport.Write(folder, input, how, volume, Console.Out, deviation is null ? [] : [("Standard deviation, median in the body", Relative(volume, deviation))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"cannot write to '{folder}': {e.Message}", ExitCodes.Storage, e);
        }
    }

    private static Dictionary<string, object> Facts(ReconstructionOptions options, OsemResult made, ReconstructionInput input, bool corrected, TimeSpan took)
    {
        ProjectionSet p = input.Projections;
        Dictionary<string, object> facts = new()
        {
            ["method"] = options.Method.ToString().ToLowerInvariant(), ["attenuation_corrected"] = corrected,
            ["response_modelled"] = options.Method != ReconstructionMethod.Fbp && options.Response, ["scatter_modelled"] = p.Scatter is not null,
            ["filter_fwhm_mm"] = options.FilterMm, ["views"] = p.Views, ["photopeak_kev"] = input.PhotopeakKeV, ["seconds"] = Math.Round(took.TotalSeconds, 3),
        };
        if (input.Nuclide.Length > 0) facts["nuclide"] = input.Nuclide;
        if (p.ViewWeight is { } w && w.Max() > w.Min()) facts["decay_weighted"] = true;
        if (p.ArcDeg is not null) facts["turning_views_modelled"] = options.Method != ReconstructionMethod.Fbp;
        if (options.Method == ReconstructionMethod.Fbp)
        {
            facts["window"] = options.Fbp.Window.ToString().ToLowerInvariant();
            facts["cutoff_of_nyquist"] = options.Fbp.CutOff;
            return facts;
        }
        facts["iterations"] = made.Iterations;
        facts["subsets"] = options.UsedSubsets;
        if (made.StoppedBy.Length > 0) facts["stopped_by"] = made.StoppedBy;
        if (options.Momentum) facts["momentum"] = true;
        if (options.Method == ReconstructionMethod.Bsrem) (facts["prior_strength"], facts["prior_follows_tissue"]) = (options.PriorStrength, options.PriorFollowsTissue);
        return facts;
    }

    private static ReconstructionInput WithMap(ReconstructionInput input, string path, ReconstructionOptions options, List<string> notes)
    {
        bool ready = File.Exists(path) || File.Exists(Path.Combine(path, RawFolder.VolumeFile)) || File.Exists(Path.Combine(path, RawFolder.ProblemFile));
        if (!ready && Directory.Exists(path))
        {
            (Volume hu, double kv, IReadOnlyList<string> findings) = CtSeries.Read(path);
            AttenuationMapResult made = AttenuationMap.FromCt(hu, kv > 0 ? kv : 120, Reconstructor.GridOf(input.Projections, options).Empty(input.Projections.CentreZMm), keV: input.PhotopeakKeV);
            notes.AddRange(findings);
            if (made.MetalVoxels > 0) notes.Add($"metal in the CT: {made.MetalVoxels} voxels above {AttenuationMap.MetalHu:0} HU are taken as titanium; look at the reconstruction without attenuation too");
            if (made.ClippedVoxels > 0) notes.Add($"the CT is clipped at {made.ClipHu:0} HU ({made.ClippedVoxels} voxels): metal is denser than its numbers say");
            if (made.OutsideFieldFraction > 0.02) notes.Add(string.Create(CultureInfo.InvariantCulture, $"{100 * made.OutsideFieldFraction:0} % of the reconstruction lies outside the CT and is taken as air"));
            return input with { AttenuationMap = made.Map, Ct = hu };
        }
        Volume map = RawFolder.ReadVolume(path);
        if (map.Unit == "HU") throw Bad("the attenuation file holds HU; give a map in 1/mm or a folder of CT slices.");
        // Maps are kept for Tc-99m; another photopeak needs other numbers.
        return input with { AttenuationMap = map with { Values = Array.ConvertAll(map.Values, m => (float)PhotonAttenuation.Convert(m, PhotonAttenuation.TechnetiumKeV, input.PhotopeakKeV)) } };
    }

    /// <summary>A quick image without attenuation finds where the anatomy belongs; it is moved only when that was asked for.</summary>
    private static ReconstructionInput Registered(ReconstructionInput input, ReconstructionOptions options, bool apply, List<string> notes, TimeProvider time, CancellationToken cancel)
    {
        if (input.AttenuationMap is not { } map) throw Bad("--register needs a CT or an attenuation map.");
        Volume quick = Reconstructor.Run(input, new ReconstructionOptions { Iterations = 2, Subsets = Math.Min(12, input.Projections.Views), Attenuation = false, Response = options.Response, FilterMm = 8, Threads = options.Threads }, time, null, cancel);
        RigidRegistration found = RigidRegistration.Of(quick, map);
        RigidMovement m = found.Movement;
        notes.Add(string.Create(CultureInfo.InvariantCulture, $"the anatomy fits the SPECT best {m.XMm:0.0} mm to the left, {m.YMm:0.0} mm to the back, {m.ZMm:0.0} mm to the head, turned by {m.AboutXDeg:0.0}, {m.AboutYDeg:0.0}, {m.AboutZDeg:0.0} degrees about x, y, z (explains {100 * found.Explained:0.0} % of the SPECT there, {100 * found.ExplainedAtRest:0.0} % as it lies); {(apply ? "it was moved there: keep the reconstruction without it beside this one" : "it was not moved")}"));
        return apply ? input with { AttenuationMap = m.Move(map, 0), Ct = input.Ct is null ? null : m.Move(input.Ct, -1000, RigidMovement.Centre(map)) } : input;
    }

    private static Volume StartOf(string text, ReconstructionInput input)
    {
        if (!text.Equals("fbp", StringComparison.OrdinalIgnoreCase)) return RawFolder.ReadVolume(text);
        Volume fbp = GaussianFilter.Apply(Fbp.Reconstruct(input.Projections, new FbpOptions()), 10);
        return fbp with { Values = Array.ConvertAll(fbp.Values, v => Math.Max(0, v)) };
    }

    private static StopRule? StopRuleOf(string? text)
    {
        if (text is null) return null;
        StopRule rule = new();
        foreach (string part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = part.Split(':');
            double[] numbers = words.Length == 2 ? [.. words[1].Split(',').Select(w => double.TryParse(w, CultureInfo.InvariantCulture, out double n) && double.IsFinite(n) ? n : double.NaN)] : [];
            if (numbers.Length == 0 || numbers.Any(double.IsNaN) || numbers[^1] <= 0) throw Bad($"--stop '{part}' is not NAME:NUMBER with a number above 0.");
            rule = (words[0].ToUpperInvariant(), numbers.Length) switch
            {
                ("CHANGE", 1) => rule with { ImageChangePercent = numbers[0] },
                ("LIKELIHOOD", 1) => rule with { LikelihoodGainPerThousandCounts = numbers[0] },
                ("NOISE", 1) => rule with { NoisePercent = numbers[0] },
                ("REGION", 5) => rule with { RegionChangePercent = numbers[4], Region = new KnownSphere("the region", numbers[0], numbers[1], numbers[2], numbers[3]) },
                _ => throw Bad("--stop knows change:PERCENT, likelihood:GAIN, noise:PERCENT and region:X,Y,Z,R,PERCENT."),
            };
        }
        return rule;
    }

    private static int Replicates(string? text)
    {
        if (text is null) return 0;
        if (text.Equals("halves", StringComparison.OrdinalIgnoreCase)) return 1;
        string[] parts = text.Split(':');
        return parts.Length == 2 && parts[0].Equals("bootstrap", StringComparison.OrdinalIgnoreCase) && int.TryParse(parts[1], CultureInfo.InvariantCulture, out int n) && n is >= 2 and <= 1000 ? n : throw Bad("--uncertainty must be halves or bootstrap:N with N from 2 to 1000.");
    }

    private static void Replicated(string how, int done, int all)
    {
        if (how == "JSON") Json(new { kind = "replicate", done, all });
        else if (how == "TEXT" && (done == all || done % 5 == 0)) Say($"  replicate {done} of {all}");
    }

    private static string Relative(Volume volume, Volume deviation)
    {
        float level = volume.Values.Max() * 0.02f;
        double[] shares = [.. volume.Values.Zip(deviation.Values).Where(v => v.First > level).Select(v => (double)v.Second / v.First).Order()];
        return shares.Length == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{100 * shares[shares.Length / 2]:F1} %");
    }

    private static double Size(double value, string option) => value is >= 0 and < 10000 ? value : throw Bad($"{option} must be 0 or more.");

    private static void Say(FormattableString text) => Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static void Json(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Strict));

    private static readonly JsonSerializerOptions Strict = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static AcquireException Bad(string message) => new(message, ExitCodes.BadInput);

    private static bool OnOff(string text, string option) => text.ToUpperInvariant() switch { "ON" => true, "OFF" => false, _ => throw Bad($"{option} must be on or off.") };

    private static T Word<T>(string text, string option) where T : struct, Enum
        => Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) && !int.TryParse(text, CultureInfo.InvariantCulture, out _) ? value : throw Bad($"{option} must be one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");
}
