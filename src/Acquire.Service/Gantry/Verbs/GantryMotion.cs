using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Gantry;

/// <summary>One axis as MOTion:STATe? tells it.</summary>
/// <param name="Axis">ROT, HEAD1, HEAD2, LONG, VERT, LAT, GEOM.</param>
/// <param name="Actual">Position, deg or mm.</param>
/// <param name="Target">Target, deg or mm.</param>
/// <param name="State">OFF, HOLD, MOVE, LIM, FAUL.</param>
public sealed record AxisState(string Axis, double Actual, double Target, string State);

/// <summary>A checked move.</summary>
/// <param name="Verdict">OK, or why not (HOME, LIM, COLL_1, STAT and so on).</param>
/// <param name="Seconds">How long it takes.</param>
/// <param name="Plan">Plan id to start it with.</param>
public sealed record MovePlan(string Verdict, double Seconds, long Plan)
{
    /// <summary>It may be started.</summary>
    public bool IsPossible => Verdict == "OK";
}

/// <summary>Axes and moves. Targets alone move nothing.</summary>
public sealed class GantryMotion(GantryDriver gantry)
{
    /// <summary>Positions are verified to five steps of the axis's resolution: 0.05 deg, 0.5 mm.</summary>
    public const int PositionSteps = 5;

    private const string RotationRow = "GANTry:ROTation[:TARGet]", RadiusRow = "HEAD#:RADius[:TARGet]";

    /// <summary>Target of the machine angle, deg; 0 = head 1 above the table.</summary>
    public Task TargetRotationAsync(double deg, CancellationToken cancellation) => gantry.Settings.SetAsync(RotationRow, [], "the target of the rotation", cancellation, deg);

    /// <summary>Target of a head's distance from the axis, mm.</summary>
    public Task TargetRadiusAsync(int head, double mm, CancellationToken cancellation) => gantry.Settings.SetAsync(RadiusRow, [head], $"the target radius of head {head}", cancellation, mm);

    /// <summary>Target of the table along the patient, mm.</summary>
    public Task TargetTableAsync(double mm, CancellationToken cancellation) => gantry.Settings.SetAsync("TABLe:LONGitudinal[:TARGet]", [], "the target of the table", cancellation, mm);

    /// <summary>Target of the table's height, mm.</summary>
    public Task TargetTableHeightAsync(double mm, CancellationToken cancellation) => gantry.Settings.SetAsync("TABLe:VERTical[:TARGet]", [], "the target height of the table", cancellation, mm);

    /// <summary>Target of the table sideways, mm.</summary>
    public Task TargetTableSidewaysAsync(double mm, CancellationToken cancellation) => gantry.Settings.SetAsync("TABLe:LATeral[:TARGet]", [], "the sideways target of the table", cancellation, mm);

    /// <summary>Target of the angle between the heads: H180, L90, L76.</summary>
    public Task TargetGeometryAsync(string geometry, CancellationToken cancellation) => gantry.Settings.SetAsync("GANTry:GEOMetry", [], "the head geometry", cancellation, geometry);

    /// <summary>Radius per view angle for TOMO with orbit CONTour, mm.</summary>
    public Task SetContourAsync(IReadOnlyList<double> radiiMm, CancellationToken cancellation) =>
        gantry.Settings.SetAsync("CONTour:RADii", [], "the contour", cancellation, [.. radiiMm.Select(r => (object)r)]);

    /// <summary>Forgets a contour: the gantry's own is used.</summary>
    public Task ClearContourAsync(CancellationToken cancellation) => gantry.CommandAsync("CONT:CLE", cancellation);

    /// <summary>Speed of an axis, deg/s or mm/s.</summary>
    /// <param name="axisHeader">Header of the axis without target, e.g. GANTry:ROTation, TABLe:LONGitudinal, HEAD#:RADius.</param>
    /// <param name="head">Head for HEAD#:RADius, else 0.</param>
    /// <param name="speed">Speed.</param>
    /// <param name="cancellation">Cancellation.</param>
    public Task SetSpeedAsync(string axisHeader, int head, double speed, CancellationToken cancellation) =>
        gantry.Settings.SetAsync(axisHeader + ":SPEed", head == 0 ? [] : [head], "the speed of " + axisHeader, cancellation, speed);

    /// <summary>Forgets all targets.</summary>
    public Task ClearTargetsAsync(CancellationToken cancellation) => gantry.CommandAsync("MOT:CLE", cancellation);

    /// <summary>Checks the move to all targets in the gantry's collision model.</summary>
    public async Task<MovePlan> PlanAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("MOT:PLAN?", 1, cancellation);
        return f.Length < 3 ? new MovePlan(f[0], 0, 0) : new MovePlan(f[0], GantryReply.Number(f[1]), GantryReply.Whole<long>(f[2]));
    }

    /// <summary>Runs a plan as one coordinated move.</summary>
    public Task StartAsync(string operation, MovePlan plan, CancellationToken cancellation) =>
        gantry.StartAsync(operation, FormattableString.Invariant($"MOT:STAR \"{operation}\",{plan.Plan}"), cancellation);

    /// <summary>Finds the reference positions of axes; of all when none is named.</summary>
    public Task HomeAsync(string operation, CancellationToken cancellation, params string[] axes) =>
        gantry.StartAsync(operation, $"MOT:HOME \"{operation}\"{string.Concat(axes.Select(a => "," + a))}", cancellation);

    /// <summary>Controlled stop, then HOLD. For a stop that waits behind nothing use <see cref="GantryStopLine"/>.</summary>
    public Task StopAsync(CancellationToken cancellation) => gantry.CommandAsync("MOT:STOP", cancellation);

    /// <summary>HOLD to READy; moves nothing. A person has looked before.</summary>
    public Task ResumeAsync(string operation, CancellationToken cancellation) => gantry.StartAsync(operation, $"MOT:RES \"{operation}\"", cancellation);

    /// <summary>All axes.</summary>
    public async Task<IReadOnlyList<AxisState>> AxesAsync(CancellationToken cancellation)
    {
        string[] f = await gantry.FieldsAsync("MOT:STAT?", 4, cancellation);
        return [.. f.Chunk(4).Where(c => c.Length == 4).Select(c => new AxisState(c[0], GantryReply.Number(c[1]), GantryReply.Number(c[2]), c[3]))];
    }

    /// <summary>Machine angle now, deg.</summary>
    public Task<double> RotationAsync(CancellationToken cancellation) => ActualAsync("GANT:ROT:ACT?", cancellation);

    /// <summary>Radius of a head now, mm.</summary>
    public Task<double> RadiusAsync(int head, CancellationToken cancellation) => ActualAsync(FormattableString.Invariant($"HEAD{head}:RAD:ACT?"), cancellation);

    /// <summary>Table along the patient now, mm.</summary>
    public Task<double> TableAsync(CancellationToken cancellation) => ActualAsync("TABL:LONG:ACT?", cancellation);

    /// <summary>Height of the table now, mm.</summary>
    public Task<double> TableHeightAsync(CancellationToken cancellation) => ActualAsync("TABL:VERT:ACT?", cancellation);

    /// <summary>Whether the rotation stands within tolerance of an angle.</summary>
    public async Task<bool> IsAtRotationAsync(double deg, CancellationToken cancellation) => Math.Abs(await RotationAsync(cancellation) - deg) <= ToleranceOf(RotationRow);

    /// <summary>Whether the table stands within tolerance of a position.</summary>
    public async Task<bool> IsAtTableAsync(double mm, CancellationToken cancellation) => Math.Abs(await TableAsync(cancellation) - mm) <= ToleranceOf("TABLe:LONGitudinal[:TARGet]");

    /// <summary>Refuses when the gantry is not where it was sent.</summary>
    /// <exception cref="AcquireException">It is not; says by how much and what to do.</exception>
    public async Task VerifyRotationAsync(double deg, CancellationToken cancellation) => Demand("the rotation", await RotationAsync(cancellation), deg, RotationRow, "deg");

    /// <summary>Refuses when a head is not at its radius.</summary>
    public async Task VerifyRadiusAsync(int head, double mm, CancellationToken cancellation) => Demand($"head {head}", await RadiusAsync(head, cancellation), mm, RadiusRow, "mm");

    /// <summary>Refuses when the table is not where it was sent.</summary>
    public async Task VerifyTableAsync(double mm, CancellationToken cancellation) => Demand("the table", await TableAsync(cancellation), mm, "TABLe:LONGitudinal[:TARGet]", "mm");

    /// <summary>Refuses when the table has not the height it was sent to.</summary>
    public async Task VerifyTableHeightAsync(double mm, CancellationToken cancellation) => Demand("the table's height", await TableHeightAsync(cancellation), mm, "TABLe:VERTical[:TARGet]", "mm");

    /// <summary>Refuses when the heads do not stand at the asked angle to each other.</summary>
    public async Task VerifyGeometryAsync(string geometry, CancellationToken cancellation)
    {
        string held = await gantry.QueryAsync("GANT:GEOM?", cancellation);
        if (held != geometry) throw new AcquireException($"the heads stand in geometry {held}, asked was {geometry}; nothing was started. Bring them there, then try again", ExitCodes.Gantry);
    }

    /// <summary>Tolerance of an axis: five steps of the table's resolution.</summary>
    public static double ToleranceOf(string header) => PositionSteps * ((GciNumber)GciTable.Row(header).Parameters[0]).Resolution * (1 + 1e-9);

    /// <summary>Starts hold-to-run of an axis: it moves only while <see cref="HoldToRun.Sample"/> keeps saying that the button is pressed.</summary>
    /// <param name="axis">ROT, HEAD1, HEAD2, LONG, VERT, LAT.</param>
    /// <param name="percent">Speed and direction, -100 to 100.</param>
    /// <param name="cancellation">Cancellation.</param>
    /// <exception cref="AcquireException">The driver was opened without events: no tick would come.</exception>
    public async Task<HoldToRun> JogAsync(string axis, double percent, CancellationToken cancellation)
    {
        GantryEventFeed events = gantry.Events ?? throw new AcquireException("hold-to-run needs the gantry's events, and this driver was opened without them", ExitCodes.Gantry);
        var held = new HoldToRun(gantry, events);
        try
        {
            // Never sent twice: a jog that was lost on the way is the operator's to press again.
            await gantry.CommandOnceAsync(string.Create(CultureInfo.InvariantCulture, $"MOT:JOG {axis},{GciText.Number(percent)}"), cancellation);
        }
        catch
        {
            held.Detach();
            throw;
        }
        return held;
    }

    private async Task<double> ActualAsync(string query, CancellationToken cancellation) => GantryReply.Number((await gantry.FieldsAsync(query, 1, cancellation))[0]);

    private static void Demand(string what, double actual, double asked, string header, string unit)
    {
        double tolerance = ToleranceOf(header);
        if (!(Math.Abs(actual - asked) <= tolerance))
            throw new AcquireException(FormattableString.Invariant($"{what} stands at {actual:0.###} {unit}, asked was {asked:0.###} {unit} (tolerance {tolerance:0.###}); nothing was started. Move it again, or have the axis looked at"), ExitCodes.Gantry);
    }
}
