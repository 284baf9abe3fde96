using System.Globalization;
using Acquire.Protocols.Gantry;

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
        set.Set("DIAGnostic:SIMulation:FAULt", c =>
        {
            c.Gantry.Faults.Set(c.Text(0), c.Arguments[1].IsOn);
            if (c.Text(0) == "estop") c.Gantry.EmergencyStop(c.Arguments[1].IsOn);
        });
    }
}
