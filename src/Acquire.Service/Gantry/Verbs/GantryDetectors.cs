using System.Buffers.Binary;
using System.Globalization;
using Acquire.Protocols.Imaging;

namespace Acquire.Service.Gantry;

/// <summary>A head's collimator.</summary>
/// <param name="Name">Name, e.g. LEHR.</param>
/// <param name="Serial">Serial number.</param>
/// <param name="Latch">LATC, OPEN, NONE.</param>
public sealed record CollimatorState(string Name, string Serial, string Latch);

/// <summary>Count rates of a head.</summary>
/// <param name="TotalCps">All events.</param>
/// <param name="AcceptedCps">In the windows.</param>
/// <param name="DeadPercent">Dead time.</param>
public sealed record HeadRate(double TotalCps, double AcceptedCps, double DeadPercent);

/// <summary>Heads.</summary>
public sealed class GantryDetectors(GantryDriver gantry)
{
    /// <summary>High voltage on or off; on takes a ramp, see <see cref="HighVoltageAsync"/>.</summary>
    public Task SetHighVoltageAsync(int head, bool on, CancellationToken cancellation) => gantry.CommandAsync($"HEAD{Digit(head)}:HV {(on ? "ON" : "OFF")}", cancellation);

    /// <summary>OFF, RAMP or ON, and volts.</summary>
    public async Task<(string State, double Volts)> HighVoltageAsync(int head, CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync($"HEAD{Digit(head)}:HV?", 2, cancellation);
        return (f[0], GantryReply.Number(f[1]));
    }

    /// <summary>The collimator.</summary>
    public async Task<CollimatorState> CollimatorAsync(int head, CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync($"HEAD{Digit(head)}:COLL?", 3, cancellation);
        return new CollimatorState(f[0], f[1], f[2]);
    }

    /// <summary>Refuses when a head has not the collimator the protocol needs, or not latched.</summary>
    /// <exception cref="AcquireException">Says what is there and what to do.</exception>
    public async Task VerifyCollimatorAsync(int head, string name, CancellationToken cancellation)
    {
        CollimatorState c = await CollimatorAsync(head, cancellation);
        if (!c.Name.Contains(name, StringComparison.OrdinalIgnoreCase) || c.Latch != "LATC")
            throw new AcquireException($"head {head} has collimator {c.Name} ({c.Latch}); the protocol needs {name}, latched. Nothing was started; change or latch it, then try again", ExitCodes.Gantry);
    }

    /// <summary>Temperature of a head, °C.</summary>
    public async Task<double> TemperatureAsync(int head, CancellationToken cancellation) => GantryReply.Number(await gantry.QueryAsync($"HEAD{Digit(head)}:TEMP?", cancellation));

    /// <summary>Matrix and zoom, read back.</summary>
    public async Task SetMatrixAsync(int head, int matrix, double zoom, CancellationToken cancellation)
    {
        await gantry.Settings.SetAsync("HEAD#:MATRix", [head], $"the matrix of head {head}", cancellation, matrix);
        await gantry.Settings.SetAsync("HEAD#:ZOOM", [head], $"the zoom of head {head}", cancellation, zoom);
    }

    /// <summary>Energy windows, all others removed, each read back.</summary>
    /// <exception cref="AcquireException">The gantry holds other limits than asked for.</exception>
    public async Task SetWindowsAsync(int head, IReadOnlyList<EnergyWindow> windows, CancellationToken cancellation)
    {
        await gantry.CommandAsync($"HEAD{Digit(head)}:ENER:CLE", cancellation);
        for (int w = 1; w <= windows.Count; w++)
            await gantry.Settings.SetAsync("HEAD#:ENERgy:WINDow#", [head, w], $"energy window {w} of head {head}", cancellation, windows[w - 1].Name, windows[w - 1].LowerLimitKeV, windows[w - 1].UpperLimitKeV);
    }

    /// <summary>Rates now.</summary>
    public async Task<HeadRate> RateAsync(int head, CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync($"HEAD{Digit(head)}:RATE?", 2, cancellation);
        return new HeadRate(GantryReply.Number(f[0]), GantryReply.Number(f[1]), f.Length > 2 ? GantryReply.Number(f[2]) : 0);
    }

    /// <summary>Energy spectrum: counts per channel.</summary>
    public async Task<IReadOnlyList<uint>> SpectrumAsync(int head, CancellationToken cancellation)
    {
        byte[] block = await gantry.QueryBlockAsync($"HEAD{Digit(head)}:ENER:SPEC?", 64 << 10, cancellation);
        uint[] counts = new uint[block.Length / 4];
        for (int i = 0; i < counts.Length; i++) counts[i] = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(4 * i));
        return counts;
    }

    private static string Digit(int head) => head is 1 or 2 ? head.ToString(CultureInfo.InvariantCulture) : throw new ArgumentOutOfRangeException(nameof(head), head, "heads are 1 and 2");
}
