using System.CommandLine;
using System.Globalization;
using Acquire.Protocols.Clinical;
using Acquire.Service.Dicom;
using Acquire.Service.Gantry;
using Acquire.Service.Storage;
using Acquire.Service.Studies;
using Acquire.Service.StudyRecords;

namespace Acquire.Service.Cli;

/// <summary><c>acquire demo</c>: the main job, from worklist to verdict, against the simulator.</summary>
public sealed class DemoVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var data = new Option<string?>("--data") { Description = "Folder everything goes to. Default: a new folder below acquire-data/." };
        var protocol = new Option<string>("--protocol") { Description = "Protocol file.", DefaultValueFactory = _ => Shipped("protocols", "bone", "facet.yaml") };
        var worklist = new Option<string>("--worklist") { Description = "DICOM worklist entry (file) of the scheduled patient.", DefaultValueFactory = _ => Shipped("demo", "worklist", "facet.wl") };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random: the same seed gives the same frames, byte for byte.", DefaultValueFactory = _ => 1 };
        var speed = new Option<double>("--speed") { Description = "Study seconds per second of wall time, at the most; 1 is real time.", DefaultValueFactory = _ => 1000 };
        var scenario = new Option<string?>("--scenario") { Description = "Simulated patient or phantom. Default: what a camera check names, else facet-l4-left." };
        var port = new Option<int>("--port") { Description = "TCP port for the simulator; 0 takes any free one.", DefaultValueFactory = _ => 0 };
        var gantry = new Option<string?>("--gantry") { Description = $"{GantryTransports.Syntax}: a simulator that runs already, instead of starting one." };
        var plain = new Option<bool>("--plain") { Description = "Plain lines instead of the live display." };
        var reason = new Option<string>("--reason") { Description = "Why the study is done by a protocol nobody approved, or that was changed since; needed on any gantry that is no simulator.", DefaultValueFactory = _ => "" };
        var doseReason = new Option<string>("--dose-reason") { Description = DoseReasonHelp, DefaultValueFactory = _ => "" };
        var story = new Option<string>("--story") { Description = "What does not go as planned: none, extravasation, patient-away, missed-pool, wrong-activity (27 % below the prescription).", DefaultValueFactory = _ => "none" };
        story.AcceptOnlyFromAmong("none", "extravasation", "patient-away", "missed-pool", "wrong-activity");
        var command = new Command("demo", "Takes one scheduled patient through a whole study against the simulator: checks, injection, flow, blood pool, prompts, views, SPECT, CT, reconstruction, quality, DICOM and report.")
        {
            data, protocol, worklist, seed, speed, scenario, port, gantry, plain, reason, doseReason, story,
        };
        command.SetAction(async (parse, cancellation) =>
        {
            double wanted = Speed(parse.GetValue(speed));
            if (parse.GetValue(port) is < 0 or > 65535) throw new AcquireException("--port must be 0 (any free one) or 1 to 65535", ExitCodes.BadInput);
            if (parse.GetValue(gantry) is { } given) GantryAddress.Parse(given, TimeProvider.System);
            string protocolYaml = StudySession.ReadProtocol(parse.GetValue(protocol)!, out AcquisitionProtocol chosen);
            ScheduledStudy scheduled = WorklistFile.Read(parse.GetValue(worklist)!)[0];
            string folder = parse.GetValue(data) ?? NewFolder();
            using DataFolder opened = DataFolder.Open(folder);
            Console.WriteLine($"data folder: {opened.Path}");
            StudySession session = StudySession.Create(opened, scheduled, protocolYaml,
                new DemoOptions(parse.GetValue(seed), wanted, parse.GetValue(scenario) ?? chosen.Source?.SimulatedAs ?? "facet-l4-left", parse.GetValue(port), parse.GetValue(gantry))
                {
                    Standing = ProtocolApprovals.Standing(chosen, ApprovalFile.Read(ProtocolFile.FolderOf(parse.GetValue(protocol)!))) is { NeedsReason: true } standing ? standing.Words : "",
                    Reason = parse.GetValue(reason)!,
                    Story = Enum.Parse<DemoStory>(parse.GetValue(story)!.Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
                    DoseReason = parse.GetValue(doseReason)!,
                });
            return await session.RunAsync(parse.GetValue(plain), TimeSpan.Zero, cancellation);
        });
        return command;
    }

    /// <summary>Help of <c>--dose-reason</c>.</summary>
    internal const string DoseReasonHelp = "Why an activity more than 20 % off the prescription (or outside the protocol's range) is given nevertheless. Without it nothing is injected then.";

    /// <summary>A speed that can be.</summary>
    /// <exception cref="AcquireException">It cannot.</exception>
    internal static double Speed(double wanted) => wanted > 0 && double.IsFinite(wanted) ? wanted : throw new AcquireException("--speed must be a number above 0; 1 is real time", ExitCodes.BadInput);

    /// <summary>A file that comes with the program: from the working folder when it is there (edited by the site), else from beside the program.</summary>
    private static string Shipped(params string[] parts)
    {
        string local = Path.Combine(parts);
        return File.Exists(local) ? local : Path.Combine([AppContext.BaseDirectory, .. parts]);
    }

    private static string NewFolder() => Path.Combine("acquire-data", "demo-" + TimeProvider.System.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
}

/// <summary><c>acquire resume</c>: goes on with the study that was open when the console died.</summary>
public sealed class ResumeVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var data = new Option<string?>("--data") { Description = "Data folder. Default: the newest below acquire-data/." };
        var speed = new Option<double?>("--speed") { Description = "Study seconds per second of wall time, at the most. Default: as before." };
        var outage = new Option<double>("--outage") { Description = "Study minutes the console was away; the gantry and the patient went on meanwhile.", DefaultValueFactory = _ => 0 };
        var plain = new Option<bool>("--plain") { Description = "Plain lines instead of the live display." };
        var doseReason = new Option<string>("--dose-reason") { Description = DemoVerb.DoseReasonHelp, DefaultValueFactory = _ => "" };
        var command = new Command("resume", "Goes on with the open study of a data folder from what is on disk. What could not be repeated is reported as what it is.") { data, speed, outage, plain, doseReason };
        command.SetAction(async (parse, cancellation) =>
        {
            double? wanted = parse.GetValue(speed) is { } given ? DemoVerb.Speed(given) : null;
            double away = parse.GetValue(outage);
            if (!(away is >= 0 and <= MaxOutageMinutes)) throw new AcquireException($"--outage must be 0 to {MaxOutageMinutes} minutes", ExitCodes.BadInput);
            string folder = parse.GetValue(data) ?? Newest();
            if (!File.Exists(Path.Combine(folder, "journal.db"))) throw new AcquireException($"there is no journal in {folder}; give the data folder with --data", ExitCodes.BadInput);
            using DataFolder opened = DataFolder.Open(folder);
            StudySession? session = StudySession.Resume(opened, wanted, parse.GetValue(doseReason)!);
            if (session is null)
            {
                Console.WriteLine($"no study is open in {opened.Path}: nothing to resume");
                return ExitCodes.Ok;
            }
            return await session.RunAsync(parse.GetValue(plain), TimeSpan.FromMinutes(away), cancellation);
        });
        return command;
    }

    private const int MaxOutageMinutes = 7 * 24 * 60;

    private static string Newest() => Directory.Exists("acquire-data")
        ? Directory.GetDirectories("acquire-data").OrderByDescending(d => d, StringComparer.Ordinal).FirstOrDefault() ?? "acquire-data"
        : "acquire-data";
}
