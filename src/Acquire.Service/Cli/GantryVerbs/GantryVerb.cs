using System.CommandLine;

namespace Acquire.Service.Cli;

/// <summary><c>acquire gantry</c>: what a service engineer does with a gantry by hand.</summary>
public sealed class GantryVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build()
    {
        var command = new Command("gantry", "Talks to a gantry (GCI 1.0) or to the simulator: status, moves, stop.");
        foreach (Type type in typeof(IGantrySubcommand).Assembly.GetTypes().Where(t => t.IsClass && !t.IsAbstract && typeof(IGantrySubcommand).IsAssignableFrom(t)).OrderBy(t => t.Name, StringComparer.Ordinal))
            command.Subcommands.Add(((IGantrySubcommand)Activator.CreateInstance(type)!).Build());
        return command;
    }
}
