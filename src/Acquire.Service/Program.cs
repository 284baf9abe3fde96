using System.CommandLine;
using Acquire.Service;
using Acquire.Service.Cli;

Rooms.Connect();
var root = new RootCommand("Acquire: open acquisition console for SPECT/CT bone studies of the spine. It reports quality and quantities, never a diagnosis.");
foreach (Type type in typeof(IVerb).Assembly.GetTypes().Where(t => t.IsClass && !t.IsAbstract && typeof(IVerb).IsAssignableFrom(t)).OrderBy(t => t.Name, StringComparer.Ordinal))
    root.Subcommands.Add(((IVerb)Activator.CreateInstance(type)!).Build());

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null, // Ctrl-C is Stop, and the study still ends honestly
    });
}
catch (AcquireException e)
{
    Console.Error.WriteLine($"acquire: {e.Message}");
    return e.ExitCode;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("acquire: stopped; what was acknowledged is stored");
    return ExitCodes.StudyNotComplete;
}
catch (Exception e) when (Environment.GetEnvironmentVariable("ACQUIRE_TRACE") is null)
{
    // The process boundary: one line without the message, which could quote data of a patient.
    Console.Error.WriteLine($"acquire: unexpected {e.GetType().Name} in {e.TargetSite?.DeclaringType?.Name}.{e.TargetSite?.Name}: a defect of ours. What was acknowledged is stored; ACQUIRE_TRACE=1 shows the stack");
    return ExitCodes.Unexpected;
}
