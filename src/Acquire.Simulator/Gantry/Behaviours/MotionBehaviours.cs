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
            (MovePlan? plan, string reason) = c.Gantry.Motion.Plan(c.Gantry.Homed);
            return plan is null ? reason + ",0,0" : string.Create(CultureInfo.InvariantCulture, $"OK,{GciText.Number(plan.DurationUs / 1e6)},{plan.Id}");
        });
        set.Set("MOTion:STARt", c =>
        {
            if (!c.Gantry.Homed) throw new GciException(201);
            c.Gantry.DemandInterlock();
            MovePlan? plan = c.Gantry.Motion.LastPlan;
            if (plan is null || plan.Id != c.Arguments[1].Integer) throw new GciException(202, "no such plan");
            if (!c.Gantry.Motion.IsCurrent(plan)) throw new GciException(-221, "PLAN");
            if (plan.Moves.Any(m => m.Axis.Name == AxisName.Rotation)) c.Gantry.DemandLatched();
            c.Gantry.StartMove(c.Text(0), plan);
        });
        set.Set("MOTion:JOG", _ => throw new GciException(203, "no token"));
        set.Set("MOTion:HOME", c =>
        {
            c.Gantry.DemandInterlock();
            c.Gantry.DemandLatched();
            c.Gantry.StartHoming(c.Text(0));
        });
        set.Set("MOTion:STOP", c => c.Gantry.StopMotion());
        set.Set("MOTion:CLEar", c => c.Gantry.Motion.ClearTargets());
        set.Set("MOTion:RESume", c => c.Gantry.ResumeMotion(c.Text(0)));
        set.Query("MOTion:STATe", c => string.Join(',', c.Gantry.Motion.Axes.Select(a => string.Join(',', a.Word, GciText.Number(Rounded(a, c.Gantry.Clock.NowUs)),
            GciText.Number(a.Target ?? Rounded(a, c.Gantry.Clock.NowUs)), c.Gantry.State == GantryStates.EStop ? "OFF" : a.IsMoving(c.Gantry.Clock.NowUs) ? "MOVE" : "HOLD"))));
    }

    private static void AddAxis(BehaviourSet set, string header, Func<CommandCall, Axis> axis)
    {
        set.Set(header + "[:TARGet]", c => c.Gantry.Motion.SetTarget(axis(c), c.Number(0)));
        set.Query(header + "[:TARGet]", c => GciText.Number(axis(c).Target ?? Rounded(axis(c), c.Gantry.Clock.NowUs)));
        set.Query(header + ":ACTual", c => Actual(c, axis(c)));
    }

    private static string Actual(CommandCall c, Axis axis) =>
        GciText.Number(Rounded(axis, c.Gantry.Clock.NowUs)) + (axis.Target is { } t && !axis.IsAt(t, c.Gantry.Clock.NowUs) ? ",0" : ",1");

    private static double AngleOf(string geometry) => geometry switch { "L90" => 90, "L76" => 76, _ => 180 };

    private static string WordOf(double angle) => angle switch { < 83 => "L76", < 135 => "L90", _ => "H180" };

    private static double Rounded(Axis axis, long tickUs) => Math.Round(axis.Position(tickUs), 3);
}
