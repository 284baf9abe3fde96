using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>Settings of a gantry: written as the command table says, read back, and refused hard when the gantry holds something else.</summary>
/// <remarks>Tolerance of a number is the resolution the table gives it, no more: the gantry rounds to that, so half of it would do and more would hide a fault.
/// Words, names and switches must be equal.</remarks>
public sealed class GantrySettings(GantryDriver gantry)
{
    /// <summary>Sets and reads back.</summary>
    /// <param name="header">Header as in <see cref="GciTable"/>.</param>
    /// <param name="suffixes">Digit suffixes in order.</param>
    /// <param name="what">For people, in messages.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <param name="values">Numbers (in the table's base unit), words (short form), strings, switches, ids.</param>
    /// <exception cref="AcquireException">The gantry holds something else than asked for, or has no such setting.</exception>
    public async Task SetAsync(string header, IReadOnlyList<int> suffixes, string what, CancellationToken cancellation, params object[] values)
    {
        GciCommand row = GciTable.Row(header);
        string name = row.Pattern.Format([.. suffixes]);
        await gantry.CommandAsync(Command(row, name, values), cancellation);
        string[] held = GantryReply.Fields(await gantry.QueryAsync(name + "?", cancellation));
        if (Difference(row, values, held) is { } difference)
            throw new AcquireException($"the gantry holds {what} as {difference}; nothing was started. Set it at the gantry or have the gantry looked at, then try again", ExitCodes.Gantry);
    }

    /// <summary>The message that sets a row.</summary>
    /// <param name="row">Row of the table.</param>
    /// <param name="name">Header as sent.</param>
    /// <param name="values">Values.</param>
    public static string Command(GciCommand row, string name, params object[] values) =>
        name + " " + string.Join(',', values.Select((v, i) => Format(ParameterAt(row, i), v)));

    /// <summary>What differs between values asked for and fields read back, in words; null when nothing does.</summary>
    public static string? Difference(GciCommand row, IReadOnlyList<object> asked, IReadOnlyList<string> held)
    {
        for (int i = 0; i < asked.Count; i++)
        {
            if (i >= held.Count) return $"nothing, asked was {Shown(asked[i])}";
            GciParameter parameter = ParameterAt(row, i);
            bool same = parameter switch
            {
                GciNumber number => Same(number, Convert.ToDouble(asked[i], CultureInfo.InvariantCulture), GantryReply.Number(held[i])),
                GciSwitch => held[i] == ((bool)asked[i] ? "1" : "0"),
                GciUuid => held[i].Equals(Shown(asked[i]), StringComparison.OrdinalIgnoreCase),
                _ => held[i] == Shown(asked[i]),
            };
            if (!same) return $"{held[i]}, asked was {Shown(asked[i])}{Tolerance(parameter)}";
        }
        return null;
    }

    private static bool Same(GciNumber number, double asked, double held) =>
        double.IsPositiveInfinity(asked) ? held >= GciText.Infinity : Math.Abs(asked - held) <= number.Resolution * (1 + 1e-9);

    private static string Tolerance(GciParameter parameter) =>
        parameter is GciNumber number ? FormattableString.Invariant($" {number.Unit} (tolerance {number.Resolution:0.######})") : "";

    private static GciParameter ParameterAt(GciCommand row, int i) => row.Parameters[Math.Min(i, row.Parameters.Count - 1)];

    private static string Format(GciParameter parameter, object value) => (parameter, value) switch
    {
        (GciNumber, _) when double.IsPositiveInfinity(Convert.ToDouble(value, CultureInfo.InvariantCulture)) => "INF",
        (GciNumber, _) => GciText.Number(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        (GciSwitch, bool on) => on ? "ON" : "OFF",
        (GciString or GciUuid, _) => GciText.Quote(Shown(value)),
        _ => Shown(value),
    };

    private static string Shown(object value) => value is Guid id ? id.ToString("D") : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
