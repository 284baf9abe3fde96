using System.CommandLine;

namespace Acquire.Service.Cli;

/// <summary>One subcommand of <c>acquire gantry</c>, in a file of its own; found by being there.</summary>
public interface IGantrySubcommand
{
    /// <summary>The command with its options and action.</summary>
    Command Build();
}
