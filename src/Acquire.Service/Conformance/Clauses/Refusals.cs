namespace Acquire.Service.Conformance.Clauses;

/// <summary>The eighteen things a gantry must refuse (reference section 7), and the commands that must never do harm.</summary>
internal static class Refusals
{
    private static readonly int[] Chain = [601, 602, 603, 604, 605, 606, 607];
    private const Needs Sim = Needs.Simulator | Needs.Motion;

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-7.1", "No motion while the interlock is not OK", "Any motion is refused (6xx, or -221 for the state ESTop).", Sim, x =>
        {
            x.Ready();
            x.Fault("estop", true);
            x.Console.ExpectError($"MOT:HOME \"{x.NewId()}\"", [-221, .. Chain]);
            x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",1", [-221, 202, .. Chain]);
            x.Console.ExpectError($"MOT:RES \"{x.NewId()}\"", [-221, .. Chain]);
            if (x.State(0) != "EST") throw new ClauseFailedException("EST", x.State(0));
        }),
        new("GCI-7.2", "No motion of an unhomed axis", "201, except homing and slow hold-to-run.", Needs.Control, x =>
        {
            if (x.State(0) != "UNH") throw new ClauseNotApplicableException("the gantry is homed already");
            x.Console.Do("GANT:ROT 10");
            x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",1", 201, 202, -221);
            x.Console.ExpectError("ACQ:ARM", 201, -221);
            x.Console.Send("MOT:CLE");
            x.Console.NextError();
        }),
        new("GCI-7.3", "Targets outside limits", "-222; and a path the collision model rejects is no plan (202 when started).", Needs.Control, x =>
        {
            x.Console.ExpectError("GANT:ROT 100000", -222);
            x.Console.ExpectError("TABL:LONG -5000", -222);
            x.Console.ExpectError("HEAD1:RAD 1", -222);
            x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",2147483647", 202, 201, -221);
        }),
        new("GCI-7.4", "Hold-to-run needs its token", "MOT:JOG without a fresh token or the switch is 203.", Needs.Motion, x =>
        {
            if (!CommonCommands.Help(x.View).Contains("MOTION:JOG")) throw new ClauseNotApplicableException("no hold-to-run here");
            x.Ready();
            foreach (string axis in x.View.Fields("MOT:STAT?").Where((_, i) => i % 4 == 0)) x.Console.ExpectError($"MOT:JOG {axis},10", 203);
            if (x.State(0) == "MOV") throw new ClauseFailedException("no motion", "MOV");
        }),
        new("GCI-7.5", "Nothing without the lease", "Start, arm, reset or setting from a session without the lease is -203.", Needs.Nothing, x =>
        {
            x.NeedsProtectedLink();
            string id = x.NewId();
            string[] commands =
            [
                "GANT:ROT 0", "HEAD1:MATR 64", "ACQ:MODE STAT", "ACQ:LIM:TIME 5", "ACQ:ARM", $"ACQ:STAR \"{id}\"", $"MOT:HOME \"{id}\"", $"MOT:STAR \"{id}\",1", $"MOT:RES \"{id}\"", "INT:RES", "HEAD1:HV ON",
                "FRAM:ACKN 1", "FRAM:DISC \"11111111-2222-4333-8444-555555555555\",0", "*RST", "MOT:CLE",
                .. x.Features.Contains("CT") ? (string[])["CT:ARM", $"CT:EXP:STAR \"{id}\"", $"CT:WARM \"{id}\"", "CT:KV 120"] : [],
            ];
            foreach (string command in commands) x.View.ExpectError(command, -203);
        }),
        new("GCI-7.6", "No start in a compound message", "-221;COMPOUND, and nothing starts.", Needs.Counting, x =>
        {
            x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            x.Console.ExpectError($"ACQ:STAR \"{x.NewId()}\";*OPC", -221);
            x.Console.ExpectError($"*ESE 0;:ACQ:STAR \"{x.NewId()}\"", -221);
            if (x.State(1) != "ARM") throw new ClauseFailedException("still ARMed", x.State(1));
            x.Console.Do("ABOR");
        }),
        new("GCI-7.7", "Nothing dangerous over plain serial", "Setting, motion or exposure over unframed serial is 110.", Needs.Nothing, x =>
        {
            if (!x.IsSerial) throw new ClauseNotApplicableException("not a serial line: see --serial");
            x.View.ExpectError("ACQ:MODE STAT", 110);
            x.View.ExpectError("HEAD1:MATR 64", 110);
            x.View.ExpectError($"MOT:HOME \"{x.NewId()}\"", 110);
            x.View.ExpectError($"ACQ:STAR \"{x.NewId()}\"", 110);
            if (x.Features.Contains("CT")) x.View.ExpectError($"CT:EXP:STAR \"{x.NewId()}\"", 110);
        }),
        new("GCI-7.8", "No rotation with the collimator unlatched", "302, or 6xx.", Sim, x =>
        {
            x.Ready();
            double angle = double.Parse(x.Console.Fields("GANT:ROT:ACT?")[0], System.Globalization.CultureInfo.InvariantCulture);
            x.Fault("collimator", true);
            CheckBench.Prepare(() => x.Console.Do(CheckBench.Say($"GANT:ROT {(angle > 5 ? angle - 5 : angle + 5)}")));
            string[] plan = x.Console.Fields("MOT:PLAN?");
            x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",{(plan[0] == "OK" ? plan[2] : "1")}", [302, 202, .. Chain]);
            if (x.State(0) == "MOV") throw new ClauseFailedException("no motion", "MOV");
            x.Fault("collimator", false);
            x.Console.Do("MOT:CLE");
        }),
        new("GCI-7.9", "No table motion above the load limit or with manual release active", "604 and 607.", Sim, x =>
        {
            foreach ((string fault, int error) in ((string, int)[])[("table.overload", 604), ("table.release", 607)])
            {
                x.Ready();
                double at = double.Parse(x.Console.Fields("TABL:LONG:ACT?")[0], System.Globalization.CultureInfo.InvariantCulture);
                CheckBench.Prepare(() => x.Console.Do(CheckBench.Say($"TABL:LONG {at + 10}")));
                string plan = x.Console.Fields("MOT:PLAN?")[2];
                x.Fault(fault, true);
                x.Console.ExpectError($"MOT:STAR \"{x.NewId()}\",{plan}", error, -221);
                x.Fault(fault, false);
                x.Console.Send("INT:RES");
                x.Console.Send($"MOT:RES \"{x.NewId()}\"");
                x.Console.Send("MOT:CLE");
                x.Console.Send("*CLS");
                x.Console.ExpectInStep();
            }
        }),
        new("GCI-7.10", "No reset of a cause that still stands", "-221; the reset after the local release only permits a restart.", Sim, x =>
        {
            x.Ready();
            x.Fault("estop", true);
            x.Console.ExpectError("INT:RES", -221);
            x.Fault("estop", false);
            x.Console.Do("INT:RES");
            if (x.State(0) is not ("HOLD" or "UNH")) throw new ClauseFailedException("HOLD: a reset only permits a restart", x.State(0));
            if (x.State(3) != "OK") throw new ClauseFailedException("interlock OK", x.State(3));
        }),
        new("GCI-7.11", "No exposure without tube, dose and arming", "501–505; after any stop confirm and arm anew.", Needs.Exposure, x =>
        {
            CtCycle.Standby(x);
            x.Console.ExpectError($"CT:EXP:STAR \"{x.NewId()}\"", 505, 503, -221);
            CtCycle.Set(x, 100, 140);
            x.Console.ExpectError("CT:ARM", 503);
            string dose = x.Console.Ask("CT:DOSE?");
            x.Console.ExpectError("CT:DOSE:CONF 999,9999", 503);
            x.Console.Do("CT:DOSE:CONF " + dose, "CT:MA 30");
            x.Console.ExpectError("CT:ARM", 503);
            x.Console.Do("CT:DOSE:CONF " + x.Console.Ask("CT:DOSE?"), "CT:ARM", "CT:EXP:STOP");
            x.Console.ExpectError($"CT:EXP:STAR \"{x.NewId()}\"", 505, 503, -221);
            x.Console.ExpectError("CT:ARM", 503);
        }) { Feature = "CT" },
        new("GCI-7.12", "SPECT motion and CT exclude each other", "-221.", Needs.Exposure | Needs.Counting | Needs.Motion, x =>
        {
            CtCycle.Standby(x);
            x.StartStatic(600);
            x.Console.ExpectError("CT:ARM", -221);
            CheckBench.Prepare(() => x.Console.Do("ABOR"));
            CheckBench.Prepare(() => x.Drain(x.Console.Ask("FRAM:SEL?").Trim('"')));
            CtCycle.Standby(x);
            CtCycle.Set(x, 100, 200);
            CtCycle.Confirm(x);
            CheckBench.Prepare(() => x.Console.Do($"CT:EXP:STAR \"{x.NewId()}\""));
            x.Console.ExpectError($"MOT:HOME \"{x.NewId()}\"", -221);
            x.Console.ExpectError("ACQ:ARM", -221);
            x.Console.Do("CT:EXP:STOP");
        }) { Feature = "CT" },
        new("GCI-7.13", "No change of settings while armed or running", "-221 (armed: or back to IDLE), and the value stays.", Needs.Counting, x =>
        {
            x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            x.Console.Do($"ACQ:STAR \"{x.NewId()}\"");
            string before = x.Console.Ask("HEAD1:MATR?;:ACQ:LIM:TIME?;:ACQ:MODE?;:HEAD1:ENER:WIND1?");
            foreach (string setting in (string[])["HEAD1:MATR 128", "ACQ:LIM:TIME 5", "ACQ:MODE DYN", "HEAD1:ENER:WIND1 \"x\",100,120", "HEAD1:ZOOM 2", $"ACQ:ID \"{x.NewRun()}\"", "GANT:ROT 20"])
                x.Console.ExpectError(setting, -221);
            x.Console.Expect("HEAD1:MATR?;:ACQ:LIM:TIME?;:ACQ:MODE?;:HEAD1:ENER:WIND1?", before);
            if (x.State(1) != "RUNN") throw new ClauseFailedException("RUNN", x.State(1));
            x.Console.Do("ABOR");
        }),
        new("GCI-7.14", "No arming when the store cannot hold the result", "410.", Needs.Counting | Needs.Simulator, x =>
        {
            x.Ready();
            CheckBench.Prepare(() => x.Configure("ACQ:MODE STAT;LIM:TIME 10 S"));
            x.Fault("store.full", true);
            x.Console.ExpectError("ACQ:ARM", 410);
            x.Fault("store.full", false);
            if (x.State(1) != "IDLE") throw new ClauseFailedException("IDLE", x.State(1));
        }),
        new("GCI-7.15", "No discarding except by run and count", "FRAM:DISC with another count than the unacknowledged frames is -222.", Needs.Counting, x =>
        {
            string run = x.StartStatic(10);
            CheckBench.Prepare(() => x.WaitEnd(10));
            CheckBench.Prepare(() => x.Console.Do($"FRAM:SEL \"{run}\""));
            string[] range = x.Console.Fields("FRAM:RANG?");
            int left = int.Parse(range[1], System.Globalization.CultureInfo.InvariantCulture);
            x.Console.ExpectError(CheckBench.Say($"FRAM:DISC \"{run}\",{left + 1}"), -222);
            x.Console.ExpectError($"FRAM:DISC \"{run}\",0", -222);
            x.Console.Expect("FRAM:RANG?", string.Join(',', range));
            // A run whose last frame has just come may still be closing: the right order is taken soon, a wrong one never.
            x.Wait("the order with run and count taken", () => x.Console.ErrorOf(CheckBench.Say($"FRAM:DISC \"{run}\",{left}")) == 0, 5);
            x.Console.Expect("FRAM:NEXT?", "0,0,0");
        }),
        new("GCI-7.16", "No change of the clock during an acquisition", "-221.", Needs.Counting, x =>
        {
            if (!CommonCommands.Help(x.View).Contains("SYSTEM:TIME")) throw new ClauseNotApplicableException("the clock cannot be set here");
            x.StartStatic(600);
            x.Console.ExpectError("SYST:TIME \"2026-01-15T12:00:00Z\"", -221);
            x.Console.Do("ABOR");
        }),
        new("GCI-7.17", "No speed above the limit", "-222.", Needs.Control, x =>
        {
            x.Console.ExpectError("GANT:ROT:SPE 1000", -222);
            x.Console.ExpectError("TABL:LONG:SPE 100000", -222);
            x.Console.ExpectError("HEAD1:RAD:SPE 0", -222);
        }),
        new("GCI-7.18", "No NaN, infinity, empty or unknown word as a position", "-1xx or -222.", Needs.Control, x =>
        {
            foreach (string word in (string[])["NAN", "INF", "NINF", "", "HERE", "9.91E37", "1E40"])
                x.Console.ExpectError(("TABL:LONG " + word).TrimEnd(), -222, -224, -101, -102, -104, -108, -109, -120, -123, -141, -148);
        }),
        new("GCI-7.19", "Common commands and disconnecting lose no frame", "*RST, *CLS, *TST?, *TRG and a closed connection during a run change neither run nor frames.", Needs.Counting, x =>
        {
            x.StartStatic(600);
            TcpPlainLink tool = x.OpenTcp("tool");
            tool.SendText("*RST\n*CLS\n*TRG\n*TST?\n");
            tool.ReadText(30_000);
            tool.Dispose();
            x.Console.Send("*RST");
            x.Console.Send("*CLS");
            x.Console.ExpectInStep();
            if (x.State(1) != "RUNN") throw new ClauseFailedException("RUNN", x.State(1));
            CheckBench.Prepare(() => x.WaitEnd(600));
            x.Console.Send("*RST");
            x.Console.Send("*CLS");
            string[] range = x.Console.Fields("FRAM:RANG?");
            if (range[1] == "0" || range[1] != range[2]) throw new ClauseFailedException("all frames there", string.Join(',', range));
        }),
        new("GCI-7.20", "Common commands and disconnecting move nothing", "*RST, *CLS, *TST? and a closed connection neither start nor stop motion.", Needs.Motion, x =>
        {
            Modes.Move(x, out string operation);
            TcpPlainLink tool = x.OpenTcp("tool");
            tool.SendText("*RST\n*CLS\n*TST?\n");
            tool.ReadText(30_000);
            tool.Dispose();
            x.Wait("the end of the move", () => x.State(0) != "MOV", 120);
            x.Console.Expect($"SYST:OPER? \"{operation}\"", "DONE,0");
            string before = x.Console.Ask("MOT:STAT?");
            x.Console.Send("*RST");
            x.Console.ExpectInStep();
            string[] now = PlainLink.Split(x.Console.Ask("MOT:STAT?")), then = PlainLink.Split(before);
            for (int i = 1; i < then.Length; i += 4)
                if (now[i] != then[i]) throw new ClauseFailedException("the same positions after *RST", string.Join(',', now));
        }),
    ];
}
