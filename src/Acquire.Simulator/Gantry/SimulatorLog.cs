using System.Globalization;

namespace Acquire.Simulator.Gantry;

/// <summary>Plain text log of rare events, wall time in front. Without a file it is silent; it never carries patient data.</summary>
internal sealed class SimulatorLog(string? path, TimeProvider wall)
{
    private readonly Lock _gate = new();

    public void Write(string what)
    {
        if (path is null) return;
        string line = string.Create(CultureInfo.InvariantCulture, $"{wall.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {what}\n");
        lock (_gate)
        {
            try
            {
                File.AppendAllText(path, line);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A log that cannot be written must not stop a gantry.
            }
        }
    }
}
