using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>IEEE 488.2 common commands and SCPI status. None of them moves anything or loses a frame.</summary>
internal static class CommonBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Set("*CLS", c => c.Session.Status.Clear());
        set.Set("*ESE", c => c.Session.Status.EventEnable = (byte)c.Number(0));
        set.Query("*ESE", c => Text(c.Session.Status.EventEnable));
        set.Query("*ESR", c => Text((int)c.Session.Status.ReadEvents()));
        set.Query("*IDN", c => "Acquire," + c.Gantry.Capabilities.Model + "," + c.Gantry.Options.Seed.ToString(CultureInfo.InvariantCulture) + ",GCI1.0");
        set.Set("*OPC", c => c.Session.WantsOperationComplete = true);
        set.SlowQuery("*OPC", async (c, gone) =>
        {
            await c.Gantry.WhenIdle().WaitAsync(gone);
            c.Reply("1");
        });
        set.SlowSet("*WAI", (c, gone) => c.Gantry.WhenIdle().WaitAsync(gone));
        set.Set("*RST", c =>
        {
            c.Gantry.Settings.Reset();
            c.Gantry.Ct.ClearConfirmation();
            c.Gantry.Motion.ClearTargets();
            foreach (DetectorHead head in c.Gantry.Heads) head.ResetWindows();
        });
        set.Set("*SRE", c => c.Session.Status.RequestEnable = (byte)c.Number(0));
        set.Query("*SRE", c => Text(c.Session.Status.RequestEnable));
        set.Query("*STB", c => Text(c.Gantry.StatusByteOf(c.Session)));
        set.Set("*TRG", _ => throw new GciException(-211));
        set.Query("*TST", _ => "0");
        AddRegister(set, "STATus:OPERation", s => s.Operation);
        AddRegister(set, "STATus:QUEStionable", s => s.Questionable);
        AddRegister(set, "STATus:QUEStionable:INTerlock", s => s.Interlock);
        set.Set("STATus:PRESet", c =>
        {
            c.Session.Status.Operation.Preset();
            c.Session.Status.Questionable.Preset();
            c.Session.Status.Interlock.Preset();
        });
    }

    private static void AddRegister(BehaviourSet set, string header, Func<StatusModel, StatusRegister> register)
    {
        set.Query(header + "[:EVENt]", c => Text(register(c.Session.Status).ReadEvent()));
        set.Query(header + ":CONDition", c => Text(register(c.Session.Status).Condition));
        set.Set(header + ":ENABle", c => register(c.Session.Status).Enable = (ushort)c.Number(0));
        set.Query(header + ":ENABle", c => Text(register(c.Session.Status).Enable));
        set.Set(header + ":PTRansition", c => register(c.Session.Status).PositiveTransition = (ushort)c.Number(0));
        set.Query(header + ":PTRansition", c => Text(register(c.Session.Status).PositiveTransition));
        set.Set(header + ":NTRansition", c => register(c.Session.Status).NegativeTransition = (ushort)c.Number(0));
        set.Query(header + ":NTRansition", c => Text(register(c.Session.Status).NegativeTransition));
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
