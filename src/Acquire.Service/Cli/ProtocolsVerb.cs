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
        var validate = new Command("validate", "Check protocol files: every problem with file, line, column and what would be right") { files };
        validate.SetAction(parsed => Validate(parsed.GetValue(files)!, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

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

        return new Command("protocols", "List, check, show, compare and approve protocol files") { list, show, validate, diff, schema };
    }

    private static int List(string folder, TextWriter output, TextWriter error)
    {
        if (!Directory.Exists(folder)) throw new AcquireException($"there is no folder {folder}; name it with --folder", ExitCodes.BadInput);
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
        }
        return worst;
    }

    private static int Validate(string[] paths, TextWriter output, TextWriter error)
    {
        int worst = ExitCodes.Ok;
        foreach (string path in paths)
        {
            if (Read(path, error) is not { } result) worst = ExitCodes.BadInput;
            else output.WriteLine($"{path}: {result.Protocol!.Id} version {result.Protocol.Version} is valid, sha256 {result.Protocol.ContentHash}");
        }
        return worst;
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
