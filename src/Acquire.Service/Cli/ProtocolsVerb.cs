using System.CommandLine;
using System.Text;
using Acquire.Protocols.Clinical;

namespace Acquire.Service.Cli;

/// <summary>protocols validate FILE... and protocols show FILE.</summary>
public sealed class ProtocolsVerb : IVerb
{

    /// <inheritdoc/>
    public Command Build()
    {
        var files = new Argument<string[]>("file") { Description = "Protocol files (protocols/bone/facet.yaml)", Arity = ArgumentArity.OneOrMore };
        var validate = new Command("validate", "Check protocol files: every problem with line, column and what would be right") { files };
        validate.SetAction(parsed => Validate(parsed.GetValue(files)!, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var file = new Argument<string>("file") { Description = "Protocol file" };
        var show = new Command("show", "Print a protocol as one page, with its timeline drawn") { file };
        show.SetAction(parsed => Show(parsed.GetValue(file)!, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return new Command("protocols", "Check and show protocol files") { validate, show };
    }

    private static int Validate(string[] paths, TextWriter output, TextWriter error)
    {
        int worst = ExitCodes.Ok;
        foreach (string path in paths)
        {
            ProtocolResult result = ProtocolFile.Read(path);
            if (!result.IsValid)
            {
                foreach (ProtocolProblem problem in result.Problems) error.WriteLine(problem);
                worst = ExitCodes.BadInput;
                continue;
            }
            output.WriteLine($"{path}: {result.Protocol.Id} version {result.Protocol.Version} is valid, sha256 {result.Protocol.ContentHash}");
        }
        return worst;
    }

    private static int Show(string path, TextWriter output, TextWriter error)
    {
        ProtocolResult result = ProtocolFile.Read(path);
        if (!result.IsValid)
        {
            foreach (ProtocolProblem problem in result.Problems) error.WriteLine(problem);
            return ExitCodes.BadInput;
        }
        output.Write(ProtocolSheet.Write(result.Protocol));
        output.WriteLine();
        output.WriteLine($"sha256 {result.Protocol.ContentHash}");
        return ExitCodes.Ok;
    }
}
