using System.CommandLine;
using System.Globalization;
using Acquire.Protocols.Imaging;
using Acquire.Service.Quality;
using Acquire.Reconstruction;

namespace Acquire.Service.Cli;

/// <summary><c>acquire qc</c>: quality checks on projections of any origin, with a quick reconstruction.</summary>
public sealed class QcVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var input = new Argument<string>("INPUT") { Description = "Folder in raw-plus-JSON form, Interfile 3.3 header, or DICOM NM tomographic file." };
        var output = new Option<string>("--out") { Description = "Folder for the quick-look volume and report.html.", Required = true };
        var geometry = new GeometryOptions();
        var command = new Command("qc", "Checks the quality of tomographic projections, prints a verdict with figure and limit for each check, and writes a report. Exit code 6 when a check fails.")
        {
            input, output,
        };
        geometry.AddTo(command);
        command.SetAction(parse =>
        {
            ReconstructionInput read = ReconstructionInput.Read(parse.GetValue(input)!, geometry.Of(parse));
            foreach (string finding in read.Findings) Console.WriteLine($"note: {finding}");
            int subsets = Enumerable.Range(1, 12).Last(n => read.Projections.Views % n == 0);
            var settings = new ReconstructionOptions { Iterations = 2, Subsets = subsets, Response = read.Response is not null, Attenuation = read.AttenuationMap is not null, FilterMm = 6 };
            Volume volume = Reconstructor.Run(read, settings, TimeProvider.System);
            string how = string.Create(CultureInfo.InvariantCulture, $"quick look, OSEM {settings.Iterations} x {subsets}, response {(settings.Response ? "modelled" : "not modelled")}, attenuation {(settings.Attenuation ? "corrected" : "not corrected")}, filter 6 mm");
            string folder = parse.GetValue(output)!;
            try
            {
                RawFolder.WriteVolume(folder, volume, $"Quick look of: {read.Description}", [KeyValuePair.Create<string, object>("how", how)]);
                QualityReport quality = InputReport.Write(folder, read, how, volume, Console.Out);
                return quality.Verdict >= Verdict.Fail ? ExitCodes.QualityFailed : ExitCodes.Ok;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new AcquireException($"cannot write to '{folder}': {e.Message}", ExitCodes.Storage, e);
            }
        });
        return command;
    }
}
