using System.CommandLine;
using Acquire.Service.Gantry;
using Spectre.Console;

namespace Acquire.Service.Cli;

/// <summary><c>acquire gantry status</c>: everything the gantry says of itself, on one page. Takes no lease and changes nothing.</summary>
public sealed class GantryStatusVerb : IGantrySubcommand
{
    /// <inheritdoc/>
    public Command Build()
    {
        var where = new Argument<string>("HOST:PORT") { Description = $"The gantry: {GantryTransports.Syntax}." };
        var command = new Command("status", "Prints states, axes, heads, interlock, store and CT. Changes nothing, takes no lease.") { where };
        command.SetAction(async (parse, cancellation) =>
        {
            GantryAddress address = GantryAddress.Parse(parse.GetValue(where)!, TimeProvider.System);
            try
            {
                await using GantryLink link = await GantryLink.ConnectAsync(address.Transport, TimeProvider.System, cancellation);
                await PrintAsync(link, cancellation);
                return ExitCodes.Ok;
            }
            catch (GantryLinkLostException e)
            {
                throw new AcquireException($"{e.Message}; start the gantry or simulator, or give its address as HOST:PORT", ExitCodes.Gantry, e);
            }
            catch (Exception e) when (e is GantryRefusedException or GantryProtocolException)
            {
                throw new AcquireException(e.Message, ExitCodes.Gantry, e);
            }
        });
        return command;
    }

    private static async Task PrintAsync(GantryLink link, CancellationToken cancellation)
    {
        async Task<string[]> Ask(string query, int atLeast = 1) => GantryReply.Fields(await link.QueryAsync(query, cancellation), atLeast);
        string identity = await link.QueryAsync("*IDN?", cancellation);
        string[] state = await Ask("SYST:STAT?", 5);
        Table table = new Table().Border(TableBorder.Simple).AddColumns("what", "is").HideHeaders();
        void Row(string what, string value) => table.AddRow(Markup.Escape(what), Markup.Escape(value));
        Row("gantry", identity);
        Row("states", $"gantry {state[0]}, acquisition {state[1]}, CT {state[2]}, interlock {state[3]}");
        Row("control", state[4].Length == 0 ? "free" : "held by " + state[4]);
        Row("interlock", string.Join(", ", await Ask("INT:CAUS?")));
        string[] axes = await Ask("MOT:STAT?");
        for (int i = 0; i + 3 < axes.Length; i += 4) Row("axis " + axes[i], $"{axes[i + 1]}, target {axes[i + 2]}, {axes[i + 3]}");
        for (int head = 1; head <= 2; head++)
        {
            try
            {
                string[] collimator = await Ask($"HEAD{head}:COLL?", 3), voltage = await Ask($"HEAD{head}:HV?", 2), rate = await Ask($"HEAD{head}:RATE?", 2), heat = await Ask($"HEAD{head}:TEMP?");
                Row($"head {head}", $"collimator {collimator[0]} ({collimator[2]}), high voltage {voltage[0]} {voltage[1]} V, {heat[0]} °C, {rate[0]} cps, {rate[1]} in the windows");
            }
            catch (GantryRefusedException)
            {
                Row($"head {head}", "none"); // a single-head gantry
            }
        }
        string[] store = await Ask("FRAM:STOR?", 4);
        Row("frame store", $"{store[0]}, {Mega(store[2])} MB used, {Mega(store[3])} MB free of {Mega(store[1])} MB");
        try
        {
            string[] ct = await Ask("CT:STAT?", 2);
            Row("CT", $"{ct[0]}, heat {ct[1]} %");
        }
        catch (GantryRefusedException)
        {
            Row("CT", "none");
        }
        AnsiConsole.Write(table);
    }

    private static string Mega(string bytes) => (GantryReply.Number(bytes) / 1048576).ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
}
