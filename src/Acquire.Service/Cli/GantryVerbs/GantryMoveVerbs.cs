using System.CommandLine;
using System.Globalization;
using Acquire.Service.Gantry;

namespace Acquire.Service.Cli;

/// <summary>What the small verbs share: a driver on an address, its exceptions as one line.</summary>
internal static class GantryErrand
{
    public static async Task<int> RunAsync(string where, GantryRole role, Func<GantryDriver, Task<int>> errand, CancellationToken cancellation, bool withEvents = false)
    {
        // A name of its own: a console that works with this gantry keeps its session, and its lease is not taken from it.
        string name = string.Create(CultureInfo.InvariantCulture, $"service-{Environment.ProcessId}");
        GantryAddress address = GantryAddress.Parse(where, TimeProvider.System, name);
        try
        {
            await using GantryDriver gantry = await GantryDriver.OpenAsync(address.Transport,
                new GantryDriverOptions { SessionName = name, Role = role, WithEvents = withEvents, FirstAttempts = 2 }, TimeProvider.System, cancellation);
            gantry.Notice = Console.Error.WriteLine;
            try
            {
                return await errand(gantry);
            }
            finally
            {
                // Also when the errand was refused: the next one must not wait for this lease to run out.
                if (role == GantryRole.Control) await ReleaseAsync(gantry);
            }
        }
        catch (Exception e) when (e is GantryLinkLostException or GantryRefusedException or GantryProtocolException or GantryControlLostException or GantryRestartedException)
        {
            throw new AcquireException(e.Message, ExitCodes.Gantry, e);
        }
    }

    private static async Task ReleaseAsync(GantryDriver gantry)
    {
        try
        {
            await gantry.CommandAsync("SYST:CONT:REL", CancellationToken.None);
        }
        catch (Exception e) when (e is GantryLinkLostException or GantryRefusedException or GantryProtocolException or GantryControlLostException or GantryRestartedException)
        {
            // The link or the lease is gone already: it then ends by itself, and the errand's own word is the one to tell.
        }
    }

    public static async Task<int> WaitAsync(GantryDriver gantry, string operation, double seconds, CancellationToken cancellation)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            (string state, int code) = await gantry.OperationAsync(operation, cancellation);
            if (state == "DONE")
            {
                Console.WriteLine("done");
                return ExitCodes.Ok;
            }
            if (state != "RUNN") throw new AcquireException($"the gantry ended the move with {state} (code {code})", ExitCodes.Gantry);
            if (TimeProvider.System.GetElapsedTime(began).TotalSeconds > (2 * seconds) + 60) throw new AcquireException("the gantry does not come to an end; it was left moving, `acquire gantry stop` stops it", ExitCodes.Gantry);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellation);
        }
    }

    public static Argument<string> Where() => new("HOST:PORT") { Description = "The gantry: " + GantryTransports.Syntax + "." };

    public static string Operation(string what) => $"{what}-{Guid.NewGuid():N}"[..24];
}

/// <summary><c>acquire gantry move</c>: targets, the gantry's check of the way, and only with --start the move.</summary>
public sealed class GantryMoveVerb : IGantrySubcommand
{
    /// <inheritdoc/>
    public Command Build()
    {
        Argument<string> where = GantryErrand.Where();
        var rotation = new Option<double?>("--rotation") { Description = "Machine angle, deg." };
        var radius1 = new Option<double?>("--radius1") { Description = "Head 1 from the axis, mm." };
        var radius2 = new Option<double?>("--radius2") { Description = "Head 2 from the axis, mm." };
        var table = new Option<double?>("--table") { Description = "Table along the patient, mm." };
        var height = new Option<double?>("--height") { Description = "Table height, mm." };
        var lateral = new Option<double?>("--lateral") { Description = "Table sideways, mm." };
        var start = new Option<bool>("--start") { Description = "Really move. Stand where you see the gantry. Without it only the way is checked." };
        var command = new Command("move", "Checks a move in the gantry's collision model and, with --start, does it.") { where, rotation, radius1, radius2, table, height, lateral, start };
        command.SetAction((parse, cancellation) => GantryErrand.RunAsync(parse.GetValue(where)!, GantryRole.Control, async gantry =>
        {
            GantryMotion motion = gantry.Motion;
            string state = (await gantry.StatusAsync(cancellation)).Gantry;
            if (state != "READ") throw new AcquireException(state == "UNH" ? "the gantry is not homed; `acquire gantry home` first" : $"the gantry is in state {state}, not ready to move; `acquire gantry status` says more", ExitCodes.Gantry);
            await motion.ClearTargetsAsync(cancellation);
            if (parse.GetValue(rotation) is { } deg) await motion.TargetRotationAsync(deg, cancellation);
            if (parse.GetValue(radius1) is { } r1) await motion.TargetRadiusAsync(1, r1, cancellation);
            if (parse.GetValue(radius2) is { } r2) await motion.TargetRadiusAsync(2, r2, cancellation);
            if (parse.GetValue(table) is { } t) await motion.TargetTableAsync(t, cancellation);
            if (parse.GetValue(height) is { } h) await motion.TargetTableHeightAsync(h, cancellation);
            if (parse.GetValue(lateral) is { } l) await motion.TargetTableSidewaysAsync(l, cancellation);
            MovePlan plan = await motion.PlanAsync(cancellation);
            if (!plan.IsPossible) throw new AcquireException($"the gantry cannot move there: {plan.Verdict}; nothing was moved", ExitCodes.Gantry);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the way is free, {plan.Seconds:0.0} s"));
            if (!parse.GetValue(start))
            {
                await motion.ClearTargetsAsync(cancellation);
                Console.WriteLine("nothing was moved; --start moves");
                return ExitCodes.Ok;
            }
            string operation = GantryErrand.Operation("move");
            await motion.StartAsync(operation, plan, cancellation);
            return await GantryErrand.WaitAsync(gantry, operation, plan.Seconds, cancellation);
        }, cancellation));
        return command;
    }
}

/// <summary><c>acquire gantry home</c>.</summary>
public sealed class GantryHomeVerb : IGantrySubcommand
{
    /// <inheritdoc/>
    public Command Build()
    {
        Argument<string> where = GantryErrand.Where();
        var axes = new Option<string[]>("--axis") { Description = "Only these axes: ROT, HEAD1, HEAD2, LONG, VERT, LAT, GEOM. Default: all.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("home", "Moves axes to their reference positions. Stand where you see the gantry.") { where, axes };
        command.SetAction((parse, cancellation) => GantryErrand.RunAsync(parse.GetValue(where)!, GantryRole.Control, async gantry =>
        {
            string operation = GantryErrand.Operation("home");
            await gantry.Motion.HomeAsync(operation, cancellation, parse.GetValue(axes) ?? []);
            return await GantryErrand.WaitAsync(gantry, operation, 180, cancellation);
        }, cancellation));
        return command;
    }
}

/// <summary><c>acquire gantry stop</c>: motion, acquisition and exposure; needs no session and no lease.</summary>
public sealed class GantryStopVerb : IGantrySubcommand
{
    /// <inheritdoc/>
    public Command Build()
    {
        Argument<string> where = GantryErrand.Where();
        var motion = new Option<bool>("--motion") { Description = "Only motion, by a controlled stop; default: everything (ABORt)." };
        var command = new Command("stop", "Stops the gantry at once, whoever commands it. Frames counted so far are kept. No emergency stop: that is the red button.") { where, motion };
        command.SetAction(async (parse, cancellation) =>
        {
            GantryAddress address = GantryAddress.Parse(parse.GetValue(where)!, TimeProvider.System);
            if (address.Transport.HasOneWire)
                return await GantryErrand.RunAsync(parse.GetValue(where)!, GantryRole.View, async gantry =>
                {
                    await using GantryStopLine line = await GantryStopLine.OpenAsync(address.Transport, TimeProvider.System, cancellation, gantry);
                    return await SayAsync(line, parse.GetValue(motion));
                }, cancellation);
            try
            {
                await using GantryStopLine line = await GantryStopLine.OpenAsync(address.Transport, TimeProvider.System, cancellation);
                return await SayAsync(line, parse.GetValue(motion));
            }
            catch (GantryLinkLostException e)
            {
                throw new AcquireException($"STOP WAS NOT CONFIRMED ({e.Message}): use the stop at the gantry", ExitCodes.Gantry, e);
            }
        });
        return command;
    }

    private static async Task<int> SayAsync(GantryStopLine line, bool motionOnly)
    {
        await (motionOnly ? line.StopMotionAsync() : line.AbortAsync());
        Console.WriteLine("stopped; the gantry confirmed");
        return ExitCodes.Ok;
    }
}

/// <summary><c>acquire gantry watch</c>: the gantry's events as they come.</summary>
public sealed class GantryWatchVerb : IGantrySubcommand
{
    /// <inheritdoc/>
    public Command Build()
    {
        Argument<string> where = GantryErrand.Where();
        var positions = new Option<bool>("--positions") { Description = "Also axis positions and count rates." };
        var command = new Command("watch", "Prints states, alarms, frames and operations as the gantry announces them, until Ctrl-C. Takes no lease.") { where, positions };
        command.SetAction((parse, cancellation) => GantryErrand.RunAsync(parse.GetValue(where)!, GantryRole.View, async gantry =>
        {
            GantryStatus s = await gantry.StatusAsync(cancellation);
            Console.WriteLine($"gantry {s.Gantry}, acquisition {s.Acquisition}, CT {s.Ct}, interlock {s.Interlock}, {(s.Owner.Length == 0 ? "nobody commands" : s.Owner + " commands")}");
            gantry.Events!.Received += e =>
            {
                if (e.Kind is "beat" or "tick" || (e.Kind is "pos" or "rate" && !parse.GetValue(positions))) return;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{e.Number,8} {(e.TickUs ?? 0) / 1e6,14:F3} s  {e.Kind,-6} {(e.Value.ValueKind == System.Text.Json.JsonValueKind.Undefined ? "" : e.Value.GetRawText())}"));
            };
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C is how this ends.
            }
            return ExitCodes.Ok;
        }, cancellation, withEvents: true));
        return command;
    }
}
