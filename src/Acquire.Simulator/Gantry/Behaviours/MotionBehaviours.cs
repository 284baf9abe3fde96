using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>Axes and moves. Targets alone never move anything.</summary>
internal static class MotionBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        AddAxis(set, "GANTry:ROTation", g => g.Gantry.Motion[AxisName.Rotation]);
        AddAxis(set, "HEAD#:RADius", g => g.Gantry.Motion.Radius(g.Suffix));
        AddAxis(set, "TABLe:LONGitudinal", g => g.Gantry.Motion[AxisName.Longitudinal]);
        AddAxis(set, "TABLe:VERTical", g => g.Gantry.Motion[AxisName.Vertical]);
        AddAxis(set, "TABLe:LATeral", g => g.Gantry.Motion[AxisName.Lateral]);
        set.Set("GANTry:GEOMetry", c => c.Gantry.Motion.SetTarget(c.Gantry.Motion[AxisName.Geometry], AngleOf(c.Text(0))));
        set.Query("GANTry:GEOMetry", c => WordOf(c.Gantry.Motion[AxisName.Geometry].Target ?? c.Gantry.Motion.Position(AxisName.Geometry)));
        set.Query("GANTry:GEOMetry:ACTual", c => Actual(c, c.Gantry.Motion[AxisName.Geometry]));
        set.Query("CONTour:RADii", c => c.Gantry.Settings.Has(c.Row.Header) ? SettingStore.Format(c.Row, c.Gantry.Settings.Get(c.Row.Header)) : "0");
        set.Set("CONTour:CLEar", c => c.Gantry.Settings.Remove("CONTour:RADii"));
        set.Query("MOTion:PLAN", c =>
        {
            if (c.Gantry.State is not (GantryStates.Ready or GantryStates.Hold or GantryStates.Unhomed)) return "STAT,0,0";
            (MovePlan? plan, string reason) = c.Gantry.Motion.Plan();
            if (plan is not null && plan.Moves.Any(m => c.Gantry.SpeedOf(m.Axis) > c.Gantry.SpeedLimit(m.Axis))) return "SPE,0,0";
            return plan is null ? reason + ",0,0" : string.Create(CultureInfo.InvariantCulture, $"OK,{GciText.Number(plan.DurationUs / 1e6)},{plan.Id}");
        });
        set.Set("MOTion:STARt", c =>
        {
            c.Gantry.DemandInterlock();
            MovePlan? plan = c.Gantry.Motion.LastPlan;
            if (c.Gantry.Motion.NotHomed(plan?.Moves.Select(m => m.Axis) ?? c.Gantry.Motion.Present.Where(a => a.Target is not null))) throw new GciException(201);
            if (plan is null || plan.Id != c.Arguments[1].Integer) throw new GciException(202, "no such plan");
            if (!c.Gantry.Motion.IsCurrent(plan)) throw new GciException(-221, "PLAN");
            foreach ((Axis axis, _) in plan.Moves)
            {
                c.Gantry.DemandAxisFree(axis);
                c.Gantry.DemandSpeed(axis);
            }
            c.Gantry.StartMove(c.Text(0), plan);
        });
        set.Set("MOTion:JOG", c => c.Gantry.Jog.Begin(c.Session, AxisOf(c, c.Text(0)), c.Number(1)));
        set.Set("MOTion:HOME", c =>
        {
            c.Gantry.DemandInterlock();
            Axis[] axes = c.Arguments.Count > 1 ? [.. c.Arguments.Skip(1).Select(a => AxisOf(c, a.Text)).Distinct()] : [.. c.Gantry.Motion.Present];
            foreach (Axis axis in axes) c.Gantry.DemandAxisFree(axis);
            c.Gantry.StartHoming(c.Text(0), axes);
        });
        set.Set("MOTion:STOP", c => c.Gantry.StopMotion());
        set.Set("MOTion:CLEar", c => c.Gantry.Motion.ClearTargets());
        set.Set("MOTion:RESume", c => c.Gantry.ResumeMotion(c.Text(0)));
        set.Query("MOTion:STATe", c => string.Join(',', c.Gantry.Motion.Present.Select(a => string.Join(',', a.Word, GciText.Number(Rounded(a, c.Gantry.Clock.NowUs)),
            GciText.Number(a.Target ?? Rounded(a, c.Gantry.Clock.NowUs)), StateOf(c.Gantry, a)))));
    }

    private static string StateOf(SimulatedGantry gantry, Axis axis) =>
        axis.IsFaulted ? "FAUL"
        : gantry.State == GantryStates.EStop || (axis.IsTable && gantry.Chain.Stands(InterlockCondition.ManualRelease)) ? "OFF"
        : axis.IsMoving(gantry.Clock.NowUs) ? "MOVE" : axis.IsAtLimit ? "LIM" : "HOLD";

    private static Axis AxisOf(CommandCall c, string word) =>
        c.Gantry.Motion.Present.FirstOrDefault(a => a.Word == word) ?? throw new GciException(-241, word);

    private static void AddAxis(BehaviourSet set, string header, Func<CommandCall, Axis> axis)
    {
        set.Set(header + "[:TARGet]", c => c.Gantry.Motion.SetTarget(axis(c), c.Number(0)));
        set.Query(header + "[:TARGet]", c => GciText.Number(axis(c).Target ?? Rounded(axis(c), c.Gantry.Clock.NowUs)));
        set.Query(header + ":ACTual", c => Actual(c, axis(c)));
        set.Set(header + ":SPEed", c =>
        {
            if (c.Number(0) > c.Gantry.SpeedLimit(axis(c))) throw new GciException(-222, "patient on the table");
            c.Gantry.Settings.Set(c.Row.Header, c.Suffix, c.Arguments);
        });
    }

    private static string Actual(CommandCall c, Axis axis) =>
        GciText.Number(Rounded(axis, c.Gantry.Clock.NowUs)) + (axis.Target is { } t && !axis.IsAt(t, c.Gantry.Clock.NowUs) ? ",0" : ",1");

    private static double AngleOf(string geometry) => geometry switch { "L90" => 90, "L76" => 76, _ => 180 };

    private static string WordOf(double angle) => angle switch { < 83 => "L76", < 135 => "L90", _ => "H180" };

    private static double Rounded(Axis axis, long tickUs) => Math.Round(axis.Position(tickUs), 3);
}
