using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Acquire.Service.Reconstruction;

/// <summary>Runs a reconstruction as a process of this same program at lower priority: if it dies or eats memory, the acquisition does not notice.</summary>
public static class ReconstructionWorker
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Reconstructs a DICOM tomo into a folder in raw-plus-JSON form (docs/reconstruction.md).</summary>
    /// <param name="input">DICOM NM tomographic file.</param>
    /// <param name="ctFolder">Folder of CT slices for attenuation correction; null for none.</param>
    /// <param name="settings">Protocol's settings.</param>
    /// <param name="output">Folder for the volume.</param>
    /// <param name="progress">Share done, 0 to 1, and seconds left.</param>
    /// <param name="wall">Wall clock for the time limit.</param>
    /// <param name="cancellation">Ends the worker.</param>
    /// <exception cref="AcquireException">The worker failed twice; the message says why.</exception>
    public static async Task RunAsync(string input, string? ctFolder, Acquire.Protocols.Clinical.ReconstructionSettings settings, string output,
        Action<double, double> progress, TimeProvider wall, CancellationToken cancellation)
    {
        string[] arguments =
        [
            "reconstruct", input, "--method", "osem", "--iterations", settings.Iterations.ToString(CultureInfo.InvariantCulture),
            "--subsets", settings.Subsets.ToString(CultureInfo.InvariantCulture), "--response", settings.CollimatorResponse ? "on" : "off",
            "--scatter", settings.ScatterCorrection.Equals("none", StringComparison.OrdinalIgnoreCase) ? "off" : "on",
            "--filter", settings.PostFilterMm.ToString("0.##", CultureInfo.InvariantCulture), "--attenuation", ctFolder ?? "off", "--out", output, "--progress", "json",
        ];
        string why = "";
        for (int attempt = 0; attempt < 2; attempt++)
        {
            (int code, why) = await OnceAsync(arguments, progress, wall, cancellation);
            if (code == ExitCodes.Ok) return;
            if (code is ExitCodes.BadInput or ExitCodes.Storage) break; // the same again would fail the same way
        }
        throw new AcquireException($"the reconstruction failed: {why}", ExitCodes.Unexpected);
    }

    private static async Task<(int Code, string Why)> OnceAsync(string[] arguments, Action<double, double> progress, TimeProvider wall, CancellationToken cancellation)
    {
        ProcessStartInfo start = WorkerProgram.Start(arguments);
        using Process process = Process.Start(start) ?? throw new AcquireException("the reconstruction worker could not be started", ExitCodes.Unexpected);
        WorkerPriority.Lower(process);
        using var limit = new CancellationTokenSource(Limit, wall);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(either.Token);
            while (await process.StandardOutput.ReadLineAsync(either.Token) is { } line) Report(line, progress);
            await process.WaitForExitAsync(either.Token);
            string why = (await errors).Trim().ReplaceLineEndings(" ");
            return (process.ExitCode, why.Length > 0 ? why : string.Create(CultureInfo.InvariantCulture, $"the worker ended with code {process.ExitCode}"));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return (ExitCodes.Unexpected, string.Create(CultureInfo.InvariantCulture, $"the worker took more than {Limit.TotalMinutes:F0} minutes and was ended"));
        }
    }

    private static void Report(string line, Action<double, double> progress)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.GetProperty("kind").GetString() != "progress") return;
            progress(document.RootElement.GetProperty("update").GetDouble() / document.RootElement.GetProperty("updates").GetDouble(), document.RootElement.GetProperty("leftSeconds").GetDouble());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // A line that is no progress report is only not shown.
        }
    }
}
