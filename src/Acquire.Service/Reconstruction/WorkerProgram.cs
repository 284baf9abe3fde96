using System.Diagnostics;
using System.Reflection;

namespace Acquire.Service.Reconstruction;

/// <summary>How this program starts itself once more as a worker: the program as it runs, or by dotnet where that is what runs it (or a test does).</summary>
internal static class WorkerProgram
{
    private const string Name = "acquire";

    /// <summary>Start of a worker with the verb as its first argument; output and errors are read by the caller.</summary>
    /// <exception cref="AcquireException">The program does not know its own path.</exception>
    public static ProcessStartInfo Start(params IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath ?? throw new AcquireException("this program does not know its own path and cannot start its worker", ExitCodes.Unexpected);
        // By the assembly's name: file names are no help, "Acquire.Benchmarks" without its extension is "Acquire".
        bool isAcquire = string.Equals(Assembly.GetEntryAssembly()?.GetName().Name, Name, StringComparison.Ordinal);
        bool isDotNet = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isDotNet || isAcquire ? program : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (isDotNet || !isAcquire) start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, Name + ".dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
