using System.CommandLine;

namespace Acquire.Service.Cli;

/// <summary>One verb of the command line, in a file of its own; found by being there.</summary>
public interface IVerb
{
    /// <summary>The command with its options and action.</summary>
    Command Build();
}
