using System.CommandLine;
using System.Globalization;
using Acquire.Protocols.Clinical;

namespace Acquire.Service.Cli;

/// <summary><c>acquire protocols</c>: list, show, validate, diff.</summary>
public sealed class ProtocolsVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var folder = new Option<string>("--folder") { Description = "Folder of the protocols. Default: protocols, else the one beside the program.", DefaultValueFactory = _ => ProtocolFile.DefaultFolder };

        var list = new Command("list", "All protocols of the folder: id, title, activity, phases, approval") { folder };
        list.SetAction(parsed => List(parsed.GetValue(folder)!, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var files = new Argument<string[]>("file") { Description = "Protocol files (protocols/bone/facet.yaml)", Arity = ArgumentArity.OneOrMore };
        var gantry = new Option<string?>("--gantry") { Description = "Also say whether this camera can run them: a file with the reply to SYST:DESC? (JSON) or a capabilities file (demo/gantries/dual-ct.yaml)." };
        var validate = new Command("validate", "Check protocol files: every problem with file, line, column and what would be right; with --gantry also whether a camera can run them") { files, gantry };
        validate.SetAction(parsed => Validate(parsed.GetValue(files)!, parsed.GetValue(gantry), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var file = new Argument<string>("file") { Description = "Protocol file" };
        var resolved = new Option<bool>("--resolved") { Description = "Every value with the file and line it comes from, its source and the status of the source, as one YAML file that stands for itself." };
        var show = new Command("show", "Print a protocol as one page, with its timeline drawn") { file, resolved };
        show.SetAction(parsed => Show(parsed.GetValue(file)!, parsed.GetValue(resolved), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var second = new Argument<string>("other") { Description = "Protocol file to compare with" };
        var diff = new Command("diff", "What two protocols say differently, key by key: old -> new; the way they are written does not count") { file, second };
        diff.SetAction(parsed => Diff(parsed.GetValue(file)!, parsed.GetValue(second)!, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var reference = new Option<bool>("--reference") { Description = "The language as Markdown tables instead (docs/protocol-language.md)." };
        var schema = new Command("schema", "Print the JSON Schema of protocol files for editors (protocols/protocol.schema.json)") { reference };
        schema.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(reference) ? ProtocolSchema.Reference() : ProtocolSchema.Write());
            return ExitCodes.Ok;
        });

        var by = new Option<string>("--by") { Description = "Name of the person who approves", Required = true };
        var role = new Option<string>("--role") { Description = "Role of that person", DefaultValueFactory = _ => "medical physicist" };
        var note = new Option<string>("--note") { Description = "Note; for --withdraw the reason", DefaultValueFactory = _ => "" };
        var withdraw = new Option<bool>("--withdraw") { Description = "Take the approval of this content back" };
        var site = new Option<string?>("--folder") { Description = "Folder whose approvals.yaml takes it. Default: the one the file belongs to, where a study looks for it." };
        var approve = new Command("approve", "Record that a person approves the content of a protocol, by its hash; appended to approvals.yaml of the folder") { file, by, role, note, withdraw, site };
        approve.SetAction(parsed => Approve(parsed.GetValue(file)!, parsed.GetValue(by)!, parsed.GetValue(role)!, parsed.GetValue(note)!, parsed.GetValue(withdraw), parsed.GetValue(site) ?? ProtocolFile.FolderOf(parsed.GetValue(file)!),
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var pictures = new Option<string>("--out") { Description = "Folder for the drawings (SVG)", Required = true };
        var markdown = new Option<string?>("--markdown") { Description = "File the sheets are written to, one page each. Default: standard output." };
        var sheet = new Command("sheet", "One page per protocol with its timeline drawn") { files, pictures, markdown };
        sheet.SetAction(parsed => Sheet(parsed.GetValue(files)!, parsed.GetValue(pictures)!, parsed.GetValue(markdown), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        return new Command("protocols", "List, check, show, compare, approve and draw protocol files") { list, show, validate, diff, approve, sheet, schema };
    }

    private static int List(string folder, TextWriter output, TextWriter error)
    {
        if (!Directory.Exists(folder)) throw new AcquireException($"there is no folder {folder}; name it with --folder", ExitCodes.BadInput);
        IReadOnlyList<ProtocolApproval> approvals = ApprovalFile.Read(folder);
        int worst = ExitCodes.Ok;
        foreach (string path in ProtocolFile.Find(folder))
        {
            if (Read(path, error) is not { } result)
            {
                worst = ExitCodes.BadInput;
                continue;
            }
            AcquisitionProtocol p = result.Protocol!;
            output.WriteLine($"{p.Id,-38} {p.Title}");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",-38} {path}; {string.Join(", ", p.Phases.Select(f => f.Id))}"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",-38} version {p.Version}, {p.Tracer.PrescribedMBq:0} MBq {p.Tracer.Nuclide}; {ProtocolApprovals.Standing(p, approvals).Words}"));
        }
        return worst;
    }

    private static int Validate(string[] paths, string? gantryFile, TextWriter output, TextWriter error)
    {
        GantryDescription? gantry = gantryFile is null ? null : ReadGantry(gantryFile);
        int worst = ExitCodes.Ok;
        foreach (string path in paths)
        {
            if (Read(path, error) is not { } result)
            {
                worst = ExitCodes.BadInput;
                continue;
            }
            ProtocolNeeds needs = ProtocolNeeds.Of(result.Protocol!);
            output.WriteLine($"{path}: {result.Protocol!.Id} version {result.Protocol.Version} is valid, sha256 {result.Protocol.ContentHash}");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  needs {needs.Bytes / 1048576.0:0} MB in {needs.Frames} frames, {needs.CameraTime.TotalMinutes:0} min of counting, {needs.Visits} visit{(needs.Visits == 1 ? "" : "s")} to the camera; {ProtocolApprovals.Standing(result.Protocol, ApprovalFile.Read(ProtocolFile.FolderOf(path))).Words}"));
            if (gantry is null) continue;
            IReadOnlyList<string> against = Feasibility.Against(result.Protocol, gantry);
            foreach (string why in against) error.WriteLine($"{path}: cannot run on this camera ({gantry.Model}) because {why}");
            if (against.Count > 0) worst = ExitCodes.BadInput;
            else output.WriteLine($"  can run on this camera ({gantry.Model})");
        }
        return worst;
    }

    private static GantryDescription ReadGantry(string path)
    {
        try
        {
            return GantryDescription.Parse(File.ReadAllText(path));
        }
        catch (FormatException e)
        {
            throw new AcquireException($"{path}: {e.Message}", ExitCodes.BadInput, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"{path} cannot be read: {e.Message}", ExitCodes.BadInput, e);
        }
    }

    private static int Approve(string path, string by, string role, string note, bool withdraw, string folder, TextWriter output, TextWriter error)
    {
        if (Read(path, error) is not { } result) return ExitCodes.BadInput;
        if (string.IsNullOrWhiteSpace(by)) throw new AcquireException("--by needs the name of the person who approves", ExitCodes.BadInput);
        AcquisitionProtocol protocol = result.Protocol!;
        ProtocolStanding before = ProtocolApprovals.Standing(protocol, ApprovalFile.Read(folder));
        if (withdraw && before.Kind != ProtocolStandingKind.Approved) throw new AcquireException($"there is nothing to withdraw: {before.Words}", ExitCodes.BadInput);
        if (withdraw && string.IsNullOrWhiteSpace(note)) throw new AcquireException("a withdrawal needs its reason: --note", ExitCodes.BadInput);
        var approval = new ProtocolApproval(protocol.Id, protocol.Version, protocol.ContentHash, by.Trim(), role.Trim(), TimeProvider.System.GetUtcNow(), note.Trim(), withdraw);
        string file = ApprovalFile.Append(folder, approval);
        output.WriteLine($"{protocol.Id} version {protocol.Version}, sha256 {protocol.ContentHash}: {(withdraw ? "approval withdrawn" : "approved")} by {approval.By} ({approval.Role}); written to {file}");
        return ExitCodes.Ok;
    }

    private static int Sheet(string[] paths, string pictures, string? markdown, TextWriter output, TextWriter error)
    {
        var pages = new System.Text.StringBuilder();
        Directory.CreateDirectory(pictures);
        foreach (string path in paths)
        {
            if (Read(path, error) is not { } result) return ExitCodes.BadInput;
            string picture = Path.Combine(pictures, ProtocolFile.PictureOf(result.Protocol!));
            File.WriteAllText(picture, ProtocolDrawing.Svg(result.Protocol!));
            string link = Path.GetRelativePath(markdown is null ? "." : Path.GetDirectoryName(Path.GetFullPath(markdown))!, picture).Replace('\\', '/');
            pages.Append(ProtocolSheet.Write(result.Protocol!, link)).Append('\n');
        }
        if (markdown is null) output.Write(pages);
        else File.WriteAllText(markdown, ProtocolFile.SheetsHead + pages);
        return ExitCodes.Ok;
    }

    private static int Show(string path, bool resolved, TextWriter output, TextWriter error)
    {
        if (Read(path, error) is not { } result) return ExitCodes.BadInput;
        if (resolved)
        {
            output.WriteLine($"# {path}, put together from {string.Join(", ", result.Resolved!.Files)}");
            output.WriteLine($"# sha256 of the content {result.Resolved.ContentHash}");
            output.Write(result.Resolved.Yaml);
            return ExitCodes.Ok;
        }
        output.Write(ProtocolSheet.Write(result.Protocol!));
        output.WriteLine();
        output.WriteLine($"sha256 {result.Protocol!.ContentHash}");
        return ExitCodes.Ok;
    }

    private static int Diff(string first, string second, TextWriter output, TextWriter error)
    {
        if (Read(first, error) is not { } a || Read(second, error) is not { } b) return ExitCodes.BadInput;
        IReadOnlyList<ProtocolDifference> differences = ProtocolDifference.Between(a.Resolved!, b.Resolved!);
        foreach (ProtocolDifference difference in differences) output.WriteLine(difference);
        output.WriteLine(differences.Count == 0 ? "same content" : $"{differences.Count} differences");
        return ExitCodes.Ok;
    }

    private static ProtocolResult? Read(string path, TextWriter error)
    {
        ProtocolResult result = ProtocolFile.Read(path);
        if (result.IsValid) return result;
        foreach (ProtocolProblem problem in result.Problems) error.WriteLine(problem);
        return null;
    }
}
