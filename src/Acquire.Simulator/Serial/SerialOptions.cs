using System.Globalization;

namespace Acquire.Simulator.Serial;

/// <summary>What is wrong with the serial line on purpose (<c>--serial-errors</c>).</summary>
/// <param name="BitRate">Probability that a bit is wrong, both directions.</param>
/// <param name="DropRate">Probability, per byte, that a run of 1 to 40 bytes begins that vanishes.</param>
/// <param name="HangUpEvery">The port is closed and opened again after so long; null: never.</param>
public sealed record LineErrors(double BitRate = 0, double DropRate = 0, TimeSpan? HangUpEvery = null)
{
    /// <summary>Reads <c>bits=1e-5,drops=1e-6,hangup=60</c>; any of them may be left out.</summary>
    /// <exception cref="FormatException">It is something else; the message says what.</exception>
    public static LineErrors Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var errors = new LineErrors();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=');
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !(value >= 0))
                throw new FormatException($"'{part}' is no line error; give bits=RATE, drops=RATE, hangup=SECONDS, for example bits=1e-5,hangup=60");
            errors = pair[0] switch
            {
                "bits" when value <= 0.1 => errors with { BitRate = value },
                "drops" when value <= 0.1 => errors with { DropRate = value },
                "hangup" when value >= 0.1 => errors with { HangUpEvery = TimeSpan.FromSeconds(value) },
                _ => throw new FormatException($"'{part}' is no line error; bits and drops take 0 to 0.1, hangup 0.1 s or more"),
            };
        }
        return errors;
    }
}

/// <summary>The simulator's serial port.</summary>
/// <param name="Port">Device: /dev/ttyUSB0, one end of a socat pair, COM3.</param>
public sealed record SerialOptions(string Port)
{
    /// <summary>Speed at power-up and after a link has ended, bits a second.</summary>
    public int Baud { get; init; } = 115_200;
    /// <summary>Bytes take their time as at that speed; null: only on a pseudo terminal, which has none of its own.</summary>
    public bool? Paced { get; init; }
    /// <summary>Latency timer of a USB adapter at the client: a packet that is not full waits so long. FTDI's default is 16 ms.</summary>
    public TimeSpan AdapterLatency { get; init; }
    /// <summary>What is wrong with the line.</summary>
    public LineErrors Errors { get; init; } = new();
    /// <summary>Plain text may do everything, for bench tools; never in a real gantry (docs/decisions/0022).</summary>
    public bool PlainControl { get; init; }
    /// <summary>Seed of the errors.</summary>
    public int Seed { get; init; } = 1;
}
