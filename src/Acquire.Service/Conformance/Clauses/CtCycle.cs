using System.Globalization;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>CT: warm-up, dose confirmation, arming, exposure and its end (reference section 9 "CT", section 10).</summary>
internal static class CtCycle
{
    private const Needs Beam = Needs.Exposure | Needs.Motion;

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-9.50", "CT settings", "Mode, kV, mA, rotation time, pitch and range are taken in STANdby, in range only.", Needs.Exposure, x =>
        {
            Standby(x);
            x.Console.Do("CT:MODE HEL", "CT:KV 120 KV", "CT:MA 20 MA", "CT:ROT 1 S", "CT:PITC 1", "CT:RANG 100,140");
            x.Console.Expect("CT:MODE?;KV?;MA?", "HEL;120;20");
            x.Console.ExpectError("CT:KV 95", -222, -224);
            x.Console.ExpectError("CT:MA 5", -222);
            x.Console.ExpectError("CT:PITC 3", -222);
            x.Console.ExpectError("CT:MODE MRI", -224, -141);
        }) { Feature = "CT" },
        new("GCI-9.51", "CT:STATe? and CT:DOSE?", "state,heat %,seconds left; ctdi mGy,dlp mGy·cm.", Needs.Nothing, x =>
        {
            string[] state = x.View.Fields("CT:STAT?"), dose = x.View.Fields("CT:DOSE?");
            if (state.Length != 3 || state[0] is not ("OFF" or "WARM" or "STAN" or "ARM" or "EXP" or "COOL" or "FAU")) throw new ClauseFailedException("state,heat %,seconds left", string.Join(',', state));
            double heat = double.Parse(state[1], CultureInfo.InvariantCulture), left = double.Parse(state[2], CultureInfo.InvariantCulture);
            if (heat is < 0 or > 100 || left < 0) throw new ClauseFailedException("0…100 % and no negative time", string.Join(',', state));
            if (dose.Length != 2 || !dose.All(d => double.TryParse(d, CultureInfo.InvariantCulture, out _))) throw new ClauseFailedException("ctdi,dlp", string.Join(',', dose));
        }) { Feature = "CT" },
        new("GCI-9.52", "A helical scan", "OFF→WARMup→STANdby→(confirm, ARM) ARMed→(STARt) EXPosing→STANdby; X-ray on and CT armed are told (OPER bits 9 and 11).", Beam, x =>
        {
            Standby(x);
            Set(x, 100, 140);
            CheckBench.Prepare(() => x.Console.Do("CT:PITC 0.5"));
            CheckBench.Prepare(() => x.Console.Do("CT:DOSE:CONF " + x.Console.Ask("CT:DOSE?")));
            x.Console.Do("CT:ARM");
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 2048, 2048);
            if (x.State(2) != "ARM") throw new ClauseFailedException("CT ARMed", x.State(2));
            string id = x.NewId();
            x.Console.Ask("STAT:OPER?");
            x.Console.Do($"CT:EXP:STAR \"{id}\"");
            if (x.State(2) != "EXP") throw new ClauseFailedException("EXPosing", x.State(2));
            x.Wait("the end of the scan", () => x.State(2) != "EXP", 300);
            CommonCommands.Bits(x.Console, "STAT:OPER?", 512, 512);
            if (x.State(2) is not ("STAN" or "COOL")) throw new ClauseFailedException("STANdby or COOLing", x.State(2));
            x.Console.Expect($"SYST:OPER? \"{id}\"", "DONE,0");
            DrainCt(x);
        }) { Feature = "CT" },
        new("GCI-9.53", "The confirmation is used up", "After a scan, and after any setting, the dose must be confirmed again (503).", Beam, x =>
        {
            Standby(x);
            Set(x, 100, 120);
            Confirm(x);
            CheckBench.Prepare(() => x.Console.Do($"CT:EXP:STAR \"{x.NewId()}\""));
            CheckBench.Prepare(() => x.Wait("the end of the scan", () => x.State(2) != "EXP", 300));
            DrainCt(x);
            Standby(x);
            Set(x, 100, 120);
            x.Console.ExpectError("CT:ARM", 503);
            x.Console.ExpectError($"CT:EXP:STAR \"{x.NewId()}\"", 505, 503, -221);
        }) { Feature = "CT" },
        new("GCI-9.54", "Any session ends the beam", "CT:EXP:STOP from VIEW → STANdby; then 505 until confirmed and armed anew.", Beam, x =>
        {
            Standby(x);
            Set(x, 100, 300);
            Confirm(x);
            CheckBench.Prepare(() => x.Console.Do($"CT:EXP:STAR \"{x.NewId()}\""));
            x.View.Send("CT:EXP:STOP");
            x.View.Expect("SYST:ERR?", "0,\"No error\"");
            if (x.State(2) is "EXP" or "ARM") throw new ClauseFailedException("STANdby", x.State(2));
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 512, 0);
            x.Console.ExpectError($"CT:EXP:STAR \"{x.NewId()}\"", 505, 503, -221);
            CheckBench.Prepare(() => x.Wait("rest", () => x.State(0) != "PROG", 60));
            DrainCt(x);
        }) { Feature = "CT" },
        new("GCI-9.55", "An armed CT expires", "ARMed for 120 s, then STANdby.", Needs.Exposure | Needs.Simulator, x =>
        {
            Standby(x);
            Set(x, 100, 120);
            Confirm(x);
            x.Elapse(122);
            if (x.State(2) == "ARM") throw new ClauseFailedException("not armed after 120 s", "ARM");
            x.Console.ExpectError($"CT:EXP:STAR \"{x.NewId()}\"", 505, 503, -221);
        }) { Feature = "CT" },
    ];

    /// <summary>Tube warm, CT in STANdby.</summary>
    public static void Standby(CheckBench x)
    {
        x.Ready();
        CheckBench.Prepare(() =>
        {
            if (x.State(2) is "ARM" or "EXP") x.Console.Do("CT:EXP:STOP");
            if (x.State(2) == "OFF") x.Console.Do($"CT:WARM \"{x.NewId()}\"");
            if (x.State(2) != "STAN") x.Wait("CT STANdby", () => x.State(2) == "STAN", 900);
        });
    }

    /// <summary>Settings of a short helical scan.</summary>
    public static void Set(CheckBench x, double start, double end) => CheckBench.Prepare(() =>
    {
        if (CommonCommands.Help(x.View).Contains("CT:ID")) x.Console.Do($"CT:ID \"{x.NewRun()}\"");
        if (CommonCommands.Help(x.View).Contains("CT:SLICE")) x.Console.Do("CT:SLIC 10");
        x.Console.Do("CT:MODE HEL", "CT:KV 120", "CT:MA 10", "CT:ROT 1", "CT:PITC 1", CheckBench.Say($"CT:RANG {start},{end}"));
    });

    /// <summary>Confirms the dose and arms.</summary>
    public static void Confirm(CheckBench x) => CheckBench.Prepare(() => x.Console.Do("CT:DOSE:CONF " + x.Console.Ask("CT:DOSE?"), "CT:ARM"));

    /// <summary>Where slices are frames (ours), gives ours back.</summary>
    public static void DrainCt(CheckBench x)
    {
        if (!CommonCommands.Help(x.View).Contains("CT:ID")) return;
        CheckBench.Prepare(() => x.Drain(x.Console.Ask("CT:ID?").Trim('"')));
    }
}
