using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Acquire.Simulator.Gantry;

/// <summary>Log of rare events: the last 10 000 lines in memory for SYSTem:LOG?, and a plain text file when one is named. It never carries patient data.</summary>
internal sealed class SimulatorLog(string? path, TimeProvider wall)
{
    private const int Kept = 10_000;
    private readonly Lock _gate = new();
    private readonly Queue<(long Tick, string Line)> _lines = new();
    private Func<(long TickUs, DateTimeOffset Utc)> _clock = () => (0, default);
    private long _last;

    /// <summary>Where ticks and the gantry's UTC come from.</summary>
    public void Follow(Func<(long TickUs, DateTimeOffset Utc)> clock) => _clock = clock;

    public void Write(string what)
    {
        lock (_gate)
        {
            (long tick, DateTimeOffset utc) = _clock();
            _lines.Enqueue((++_last, JsonSerializer.Serialize(new { q = _last, t = tick, utc = utc.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), text = what })));
            if (_lines.Count > Kept) _lines.Dequeue();
            if (path is null) return;
            try
            {
                File.AppendAllText(path, string.Create(CultureInfo.InvariantCulture, $"{wall.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {what}\n"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A log that cannot be written must not stop a gantry.
            }
        }
    }

    /// <summary>Lines from that number on, one JSON object a line; empty when there are none.</summary>
    public byte[] Read(long from, int count)
    {
        lock (_gate) return Encoding.UTF8.GetBytes(string.Concat(_lines.Where(l => l.Tick >= from).Take(count).Select(l => l.Line + "\n")));
    }
}
