using System.Globalization;
using Acquire.Protocols.Gantry;
using Acquire.Simulator.Faults;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>Feature SIM: time, patient and faults. Never in a real gantry.</summary>
internal static class SimulationBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Query("DIAGnostic:FRAMe", c => c.ReplyBlock(FixedFrame.Bytes));
        set.Set("DIAGnostic:SIMulation:LINK", c => c.Gantry.DisturbLink(TimeSpan.FromSeconds(c.Number(0)), c.Number(1)));
        set.Query("DIAGnostic:SIMulation:LINK", c => GciText.Number(Math.Round(c.Gantry.LinkDownLeft.TotalSeconds, 3)) + "," + GciText.Number(c.Gantry.LineErrorRate));
        set.Set("DIAGnostic:BLOCk", c => c.Gantry.StoredBlock = c.Arguments[0].Bytes);
        set.Query("DIAGnostic:BLOCk", c => c.ReplyBlock(c.Gantry.StoredBlock is { Length: > 0 } block ? block : throw new GciException(-221, "nothing stored")));
        set.Set("DIAGnostic:SIMulation:CLOCk", c => c.Gantry.Clock.SetStep(c.Text(0) == "STEP"));
        set.Query("DIAGnostic:SIMulation:CLOCk", c => c.Gantry.Clock.IsStep ? "STEP" : "FREE");
        set.SlowQuery("DIAGnostic:SIMulation:ADVance", async (c, _) =>
        {
            long tick = await c.Gantry.AdvanceAsync(AcquisitionProgram.Us(c.Number(0)));
            c.Reply(tick.ToString(CultureInfo.InvariantCulture));
        });
        set.Set("DIAGnostic:SIMulation:SPEed", c => c.Gantry.Clock.SetSpeed(c.Number(0)));
        set.Query("DIAGnostic:SIMulation:SPEed", c => GciText.Number(c.Gantry.Clock.Speed));
        set.Set("DIAGnostic:SIMulation:PATient:INJect", c => c.Gantry.Patient.Happen(c.Gantry.Scene, c.Gantry.Clock, "inject", c.Number(0)));
        set.Query("DIAGnostic:SIMulation:PATient:INJect", c =>
        {
            (double mbq, DateTimeOffset? at) = c.Gantry.Patient.LastInjection;
            return string.Create(CultureInfo.InvariantCulture, $"{GciText.Number(mbq)},\"{at?.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}\"");
        });
        set.Set("DIAGnostic:SIMulation:PATient:DRINk", c => c.Gantry.Patient.Happen(c.Gantry.Scene, c.Gantry.Clock, "drink", c.Number(0)));
        set.Set("DIAGnostic:SIMulation:PATient:VOID", c => c.Gantry.Patient.Happen(c.Gantry.Scene, c.Gantry.Clock, "void", 0));
        set.Set("DIAGnostic:SIMulation:TABLe:LOAD", c => c.Gantry.LoadTable(c.Number(0)));
        set.Query("DIAGnostic:SIMulation:TABLe:LOAD", c => GciText.Number(c.Gantry.TableLoadKg));
        set.Set("DIAGnostic:SIMulation:EXCHange", c => Exchange(c.Gantry, c.Arguments[0].IsOn));
        set.Query("DIAGnostic:SIMulation:EXCHange", c => c.Gantry.InExchange ? "1" : "0");
        set.Set("DIAGnostic:SIMulation:COLLimator", c =>
        {
            if (!c.Gantry.InExchange) throw new GciException(-221, "not in the exchange position");
            if (c.Arguments[0].Integer > c.Gantry.Heads.Count) throw new GciException(-241, "head 2");
            if (c.Text(1).Length > 0 && !c.Gantry.Capabilities.Collimators.Any(k => k.Name == c.Text(1))) throw new GciException(-224, c.Text(1));
            c.Gantry.Heads[(int)c.Arguments[0].Integer - 1].Mounted = c.Text(1);
        });
        set.Set("DIAGnostic:SIMulation:FAULt", c =>
        {
            Fault fault = FaultBoard.Named(c.Text(0));
            int after = c.Arguments.Count > 2 ? (int)c.Arguments[2].Integer : -1;
            if (!c.Arguments[1].IsOn) c.Gantry.Faults.Off(fault.Name);
            else if (after >= 0) c.Gantry.Faults.Arm(fault.Name, FaultMode.After, after);
            else c.Gantry.Faults.Arm(fault.Name, fault.Stands ? FaultMode.On : FaultMode.Once);
        });
    }

    /// <summary>At the gantry's own panel: heads out, rotation at 0, table out; then the collimators can be changed and nothing turns.</summary>
    private static void Exchange(SimulatedGantry gantry, bool on)
    {
        bool there = gantry.State is GantryStates.Ready or GantryStates.Unhomed or GantryStates.Hold && gantry.Motion[AxisName.Rotation].IsAt(0, gantry.Clock.NowUs)
            && gantry.Heads.All(h => gantry.Motion.Radius(h.Number).IsAt(gantry.Motion.Radius(h.Number).Max, gantry.Clock.NowUs)) && gantry.Motion.Position(AxisName.Longitudinal) < 10;
        if (on && !there) throw new GciException(-221, "rotation 0, heads out, table out");
        gantry.InExchange = on;
    }
}
