using System.CommandLine;
using Acquire.Service;
using Acquire.Service.Cli;

Rooms.Connect();
var root = new RootCommand("Acquire: open acquisition console for SPECT/CT bone studies of the spine. It reports quality and quantities, never a diagnosis.");
foreach (Type type in typeof(IVerb).Assembly.GetTypes().Where(t => t.IsClass && !t.IsAbstract && typeof(IVerb).IsAssignableFrom(t)).OrderBy(t => t.Name, StringComparer.Ordinal))
    root.Subcommands.Add(((IVerb)Activator.CreateInstance(type)!).Build());

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (AcquireException e)
{
    Console.Error.WriteLine($"acquire: {e.Message}");
    return e.ExitCode;
}
