using System.CommandLine;
using Acquire.Service;
using Acquire.Service.Cli;

Rooms.Connect();
var root = new RootCommand("Acquire: open acquisition console for SPECT/CT bone studies of the spine. It reports quality and quantities, never a diagnosis.");
foreach (Type type in typeof(IVerb).Assembly.GetTypes().Where(t => t.IsClass && !t.IsAbstract && typeof(IVerb).IsAssignableFrom(t)).OrderBy(t => t.Name, StringComparer.Ordinal))
    root.Subcommands.Add(((IVerb)Activator.CreateInstance(type)!).Build());

try
{
    System.CommandLine.ParseResult parsed = root.Parse(args);
    // Ctrl-C is Stop for a study, and a study that is stopped still fetches what was counted: nothing is cancelled over its head.
    int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    return parsed.Errors.Count > 0 ? ExitCodes.BadInput : code;
}
catch (Acquire.Reconstruction.BadInputException e)
{
    Console.Error.WriteLine($"acquire: {e.Message}");
    return ExitCodes.BadInput;
}
catch (AcquireException e)
{
    Console.Error.WriteLine($"acquire: {e.Message}");
    return e.ExitCode;
}
catch (Exception e) when (e is InvalidDataException or Microsoft.Data.Sqlite.SqliteException or System.Text.Json.JsonException)
{
    // Frame numbers and offsets only: neither frame store nor journal quotes what it holds. JSON's own message may, so it is not shown.
    string what = e is InvalidDataException ? e.Message : "the journal.db of the data folder is damaged or not ours";
    Console.Error.WriteLine($"acquire: {what}; it was left as it is, docs/data-folder.md says how to read what is left");
    return ExitCodes.Storage;
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
