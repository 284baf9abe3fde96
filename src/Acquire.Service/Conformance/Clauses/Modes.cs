using System.Globalization;

namespace Acquire.Service.Conformance.Clauses;

/// <summary>Runs of every mode, and the frames they leave (reference sections 9 "Acquisition", 10, 11 and 16).</summary>
internal static class Modes
{
    private const Needs Turn = Needs.Counting | Needs.Motion;

    public static IEnumerable<Clause> All() =>
    [
        new("GCI-9.30", "ACQuire:CHECk?", "OK|reasons,frames,bytes,seconds; ARM with something missing is 402.", Needs.Counting, x =>
        {
            x.Ready();
            CheckBench.Prepare(() => x.Configure("ACQ:MODE STAT;LIM:TIME 20 S"));
            string[] good = x.Console.Fields("ACQ:CHEC?");
            if (good.Length != 4 || good[0] != "OK" || long.Parse(good[1], CultureInfo.InvariantCulture) < 1 || double.Parse(good[3], CultureInfo.InvariantCulture) < 20) throw new ClauseFailedException("OK,frames,bytes,seconds ≥ 20", string.Join(',', good));
            CheckBench.Prepare(() => x.Console.Do("ACQ:LIM:TIME INF;COUN INF"));
            string[] bad = x.Console.Fields("ACQ:CHEC?");
            if (bad.Length != 4 || bad[0] == "OK") throw new ClauseFailedException("a reason: a static without any limit has no end", string.Join(',', bad));
            x.Console.ExpectError("ACQ:ARM", 402);
        }),
        new("GCI-9.31", "Order of arming and starting", "STARt without ARM is 401; a second STARt is -213.", Needs.Counting, x =>
        {
            x.Ready();
            CheckBench.Prepare(() => x.Configure("ACQ:MODE STAT;LIM:TIME 600 S"));
            x.Console.ExpectError($"ACQ:STAR \"{x.NewId()}\"", 401);
            CheckBench.Prepare(() => x.Console.Do("ACQ:ARM", $"ACQ:STAR \"{x.NewId()}\""));
            x.Console.ExpectError($"ACQ:STAR \"{x.NewId()}\"", -213);
            x.Console.Do("ABOR");
        }),
        new("GCI-9.32", "States of a run", "IDLE→ARMed→RUNNing↔PAUSed→DRAining→(last ack) IDLE; what is not allowed in a state is -221.", Needs.Counting, x =>
        {
            string run = x.Arm("ACQ:MODE STAT;LIM:TIME 600 S");
            x.Console.ExpectError("ACQ:PAUS", -221);
            x.Console.ExpectError("ACQ:STOP", -221);
            CheckBench.Prepare(() => x.Console.Do($"ACQ:STAR \"{x.NewId()}\""));
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 16, 16);
            x.Elapse(5);
            x.Console.Do("ACQ:PAUS");
            if (x.State(1) != "PAUS") throw new ClauseFailedException("PAUS", x.State(1));
            CommonCommands.Bits(x.Console, "STAT:OPER:COND?", 16, 0);
            x.Console.Do($"ACQ:RES \"{x.NewId()}\"");
            if (x.State(1) != "RUNN") throw new ClauseFailedException("RUNN", x.State(1));
            x.Console.Do("ACQ:STOP");
            if (x.State(1) != "DRA") throw new ClauseFailedException("DRA", x.State(1));
            x.Console.ExpectError("ACQ:ARM", -221);
            CheckBench.Prepare(() => x.WaitEnd(10));
            CheckBench.Prepare(() => x.Drain(run));
            x.Wait("IDLE after the last acknowledgement", () => x.State(1) == "IDLE", 10);
        }),
        new("GCI-9.33", "ACQuire:STOP keeps all counts", "Frames of what was counted, marked partial (flag 0).", Needs.Counting, x => Ended(x, "ACQ:STOP", "STOP")),
        new("GCI-9.34", "ABORt keeps the frames", "Marked partial.", Needs.Counting, x => Ended(x, "ABOR", "ABOR")),
        new("GCI-9.35", "Pausing counts nothing", "Live time of a paused run is the time it counted.", Needs.Counting, x =>
        {
            string run = x.StartStatic(600);
            x.Elapse(10);
            CheckBench.Prepare(() => x.Console.Do("ACQ:PAUS"));
            x.Elapse(20);
            if (x.State(1) != "PAUS") throw new ClauseFailedException("PAUS", x.State(1));
            CheckBench.Prepare(() => x.Console.Do($"ACQ:RES \"{x.NewId()}\""));
            CheckBench.Prepare(() => x.WaitEnd(700));
            CheckBench.Prepare(() => x.Console.Do($"FRAM:SEL \"{run}\""));
            var frame = new FrameBytes(x.Console.AskBlock("FRAM:DATA? 1"));
            if (frame.LiveUs is > 600_100_000 or < 590_000_000 || frame.ElapsedUs < frame.LiveUs + 19_900_000) throw new ClauseFailedException("600 s live, and at least 20 s more elapsed", CheckBench.Say($"{frame.LiveUs / 1e6:0.0} s live in {frame.ElapsedUs / 1e6:0.0} s"));
        }),
        new("GCI-9.36", "A limit of counts", "A static ends when it has them.", Needs.Counting, x =>
        {
            x.Ready();
            double rate = double.Parse(x.Console.Fields("HEAD1:RATE?")[1], CultureInfo.InvariantCulture);
            if (rate < 100) throw new ClauseNotApplicableException("no source before the detectors");
            RunRecord r = RunRecord.Play(x, 60, string.Create(CultureInfo.InvariantCulture, $"ACQ:MODE STAT;LIM:TIME 600 S;COUN {rate * 5:0}"));
            double most = r.Frames.Max(f => (double)f.Frame.Sum), sigma = Math.Sqrt(rate * 5);
            if (Math.Abs(most - (rate * 5)) > (6 * sigma) + (0.05 * rate * 5)) throw new ClauseFailedException(CheckBench.Say($"about {rate * 5:0} counts"), CheckBench.Say($"{most:0}"));
        }),
        new("GCI-9.40", "Static", "One frame per head and window; all acknowledged → IDLE.", Needs.Counting, x => Whole(x, "STAT", 1)),
        new("GCI-9.41", "Dynamic", "One frame per time slice, head and window; phases and slices in the header.", Needs.Counting, x =>
        {
            RunRecord r = Whole(x, "DYN", 2);
            int perSlice = r.Frames.Count / 6;
            if (r.Frames.Count != 6 * perSlice || r.Frames.Count(f => f.Frame.Phase == 1) != 4 * perSlice || r.Frames.Count(f => f.Frame.Phase == 2) != 2 * perSlice) throw new ClauseFailedException("4 slices of phase 1 and 2 of phase 2", CheckBench.Say($"{r.Frames.Count} frames"));
            foreach (FrameRead f in r.Frames)
                if (Math.Abs((f.Frame.ElapsedUs / 1e6) - (f.Frame.Phase == 1 ? 1 : 5)) > 0.02) throw new ClauseFailedException("1 s in phase 1, 5 s in phase 2", CheckBench.Say($"{f.Frame.ElapsedUs / 1e6} s in {f.Frame}"));
            ulong[] starts = [.. r.Frames.Select(f => f.Frame.StartTickUs).Distinct()];
            if (!starts.SequenceEqual(starts.Order())) throw new ClauseFailedException("slices in order of time", string.Join(' ', starts));
        }) { Feature = "DYN" },
        new("GCI-9.42", "Whole body", "The table runs through the range; one frame per head whose table positions are true.", Turn, x =>
        {
            RunRecord r = Whole(x, "WB", 4);
            foreach (FrameRead f in r.Frames)
                if (Math.Abs(Math.Abs(f.Frame.TableEndUm - f.Frame.TableStartUm) - 400_000) > 2_000 && Math.Abs(f.Frame.TableEndUm - f.Frame.TableStartUm) < 400_000) throw new ClauseFailedException("400 mm of table way in the header", CheckBench.Say($"{f.Frame.TableStartUm} to {f.Frame.TableEndUm} µm"));
        }) { Feature = "WB" },
        new("GCI-9.43", "Tomo, step and shoot", "One frame per view, head and window, each at its angle; OPER tells motion, settling, counting and the program.", Turn, x =>
        {
            RunRecord r = Whole(x, "TOMO.STEP", 5);
            int[] angles = [.. r.Frames.Where(f => f.Frame.Head == 1).Select(f => f.Frame.AngleStartMdeg).Distinct()];
            if (angles is not [var a, var b, var c, var d] || b - a != 45_000 || c - b != 45_000 || d - c != 45_000) throw new ClauseFailedException("four angles of head 1, 45° apart", string.Join(' ', angles));
            if (r.Frames.Any(f => f.Frame.AngleStartMdeg != f.Frame.AngleEndMdeg)) throw new ClauseFailedException("no turn while counting", "another angle at the end");
        }) { Feature = "TOMO.STEP" },
        new("GCI-9.44", "Tomo, continuous", "One rotation, frames cut by angle, each with its true start and end angle and live time.", Turn, x =>
        {
            RunRecord r = Whole(x, "TOMO.CONT", 5);
            FrameBytes[] head = [.. r.Frames.Select(f => f.Frame).Where(f => f.Head == 1 && f.Window == r.Frames[0].Frame.Window)];
            if (head.Length != 4 || head.Any(f => Math.Abs(f.AngleEndMdeg - f.AngleStartMdeg - 45_000) > 100)) throw new ClauseFailedException("four frames of 45° each", string.Join(' ', head.Select(f => CheckBench.Say($"{f.AngleStartMdeg}…{f.AngleEndMdeg}"))));
            for (int i = 1; i < head.Length; i++)
                if (Math.Abs(head[i].StartTickUs - (double)(head[i - 1].StartTickUs + head[i - 1].ElapsedUs)) > 1e5) throw new ClauseFailedException("no time lost between frames", CheckBench.Say($"{head[i].StartTickUs} after {head[i - 1].StartTickUs} + {head[i - 1].ElapsedUs}"));
        }) { Feature = "TOMO.CONT" },
        new("GCI-9.45", "Gated", "One frame per gate bin, head and window, with the bin in the header.", Needs.Counting, x =>
        {
            RunRecord r = Whole(x, "GATE", 3);
            uint[] bins = [.. r.Frames.Select(f => f.Frame.GateBin).Distinct().Order()];
            if (bins.Length != 8) throw new ClauseFailedException("8 gate bins", string.Join(' ', bins));
        }) { Feature = "GATE" },
        new("GCI-9.46", "A press of the pad during a tomo", "HOLD; the view is closed as partial and held (flags 0 and 1); RES measures its rest into a second frame of the same view.", Turn | Needs.Simulator, x =>
        {
            string run = x.Arm(Tomo("STEP", 100));
            CheckBench.Prepare(() => x.Console.Do($"ACQ:STAR \"{x.NewId()}\""));
            CheckBench.Prepare(() => x.Wait("counting of the first view", () => (int.Parse(x.Console.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture) & 16) != 0, 120, 100));
            x.Elapse(10);
            x.Fault("estop", true);
            if (x.State(1) != "HOLD") throw new ClauseFailedException("acquisition HOLD", x.State(1));
            x.Fault("estop", false);
            CheckBench.Prepare(() => x.Console.Do("INT:RES", $"MOT:RES \"{x.NewId()}\""));
            x.Console.Do($"ACQ:RES \"{x.NewId()}\"");
            CheckBench.Prepare(() => x.WaitEnd(600));
            CheckBench.Prepare(() => x.Console.Do($"FRAM:SEL \"{run}\""));
            int last = int.Parse(x.Console.Fields("FRAM:RANG?")[1], CultureInfo.InvariantCulture);
            FrameBytes[] frames = [.. Enumerable.Range(1, last).Select(n => new FrameBytes(x.Console.AskBlock(CheckBench.Say($"FRAM:DATA? {n}")))).Where(f => f.Head == 1)];
            FrameBytes[] held = [.. frames.Where(f => (f.Flags & 3) == 3)];
            if (held.Length == 0 || !held.All(h => frames.Count(f => f.View == h.View && f.Window == h.Window) == 2)) throw new ClauseFailedException("a view in two parts, the first with flags 0 and 1", string.Join("; ", frames.Select(f => f.ToString())));
            FrameBytes[] parts = [.. frames.Where(f => f.View == held[0].View && f.Window == held[0].Window)];
            double live = parts.Sum(p => (double)p.LiveUs) / 1e6;
            if (live is < 95 or > 100.1) throw new ClauseFailedException("both parts together 100 s", CheckBench.Say($"{live:0.00} s"));
        }) { Feature = "TOMO.STEP" },
        new("GCI-10.4", "Status of a run", "Counting (OPER 4) while it counts; frames pending (OPER 10) and STB bit 0 until the last acknowledgement.", Needs.Counting, x =>
        {
            RunRecord r = Static(x);
            // Seen in the latched event register: a fast clock passes a whole run between two looks.
            if ((r.ConditionCounting & 16) == 0) throw new ClauseFailedException("OPER bit 4 while counting", CheckBench.Say($"{r.ConditionCounting}"));
            if ((r.ConditionPending & (16 | 1024)) != 1024) throw new ClauseFailedException("OPER bit 10, no longer bit 4", CheckBench.Say($"{r.ConditionPending}"));
            if ((r.StatusPending & 1) == 0) throw new ClauseFailedException("STB bit 0", CheckBench.Say($"{r.StatusPending}"));
        }),
        new("GCI-10.5", "Status of a tomo", "OPER tells the program (14), moving (3) and counting (4) in turn; gantry PROGram.", Turn, x =>
        {
            x.Arm(Tomo("STEP", 20));
            CheckBench.Prepare(() => x.Console.Do($"ACQ:STAR \"{x.NewId()}\""));
            if (x.State(0) != "PROG") throw new ClauseFailedException("PROG", x.State(0));
            int seen = int.Parse(x.Console.Ask("STAT:OPER:COND?"), CultureInfo.InvariantCulture);
            x.Wait("OPER bits 3, 4 and 14", () => ((seen |= int.Parse(x.Console.Ask("STAT:OPER?"), CultureInfo.InvariantCulture)) & (8 | 16 | 16384)) == (8 | 16 | 16384) || x.State(1) != "RUNN", 300, 200);
            seen |= int.Parse(x.Console.Ask("STAT:OPER?"), CultureInfo.InvariantCulture);
            if ((seen & (8 | 16 | 16384)) != (8 | 16 | 16384)) throw new ClauseFailedException("OPER bits 3, 4 and 14 during a tomo", CheckBench.Say($"{seen}"));
            x.Console.Do("ABOR");
            x.Wait("rest", () => x.State(0) is "HOLD" or "READ", 60);
        }) { Feature = "TOMO.STEP" },
        .. FrameClauses(),
    ];

    private static IEnumerable<Clause> FrameClauses() =>
    [
        new("GCI-11.1", "Frame header", "GFR1, 128 bytes, version, the run's uuid, this boot, true sizes; simulated flag 8 exactly with feature SIM.", Needs.Counting, x =>
        {
            string boot = x.View.Fields("SYST:BOOT?")[0];
            Each(x, f => f.Frame.Magic == "GFR1" && f.Frame.HeaderLength == 128 && f.Frame.Version >= 1, "GFR1 and 128 bytes");
            string run = Static(x).Run;
            Each(x, f => f.Frame.Uuid.Equals(run, StringComparison.OrdinalIgnoreCase), "uuid " + run);
            Each(x, f => f.Frame.Boot.ToString(CultureInfo.InvariantCulture) == boot, "boot " + boot);
            Each(x, f => f.Frame.BytesPerPixel is 2 or 4 && f.Frame.Bytes.Length == 128 + (f.Frame.Width * f.Frame.Height * f.Frame.BytesPerPixel), "128 + width × height × bytes per pixel");
            Each(x, f => f.Frame.Width == 64 && f.Frame.Height == 64 && f.Frame.Head is 1 or 2 && f.Frame.Window >= 1, "64 × 64 of head 1 or 2");
            Each(x, f => ((f.Frame.Flags & 256) != 0) == x.IsSimulated, x.IsSimulated ? "flag 8" : "no flag 8");
        }),
        new("GCI-11.2", "CRC of the header", "Bytes 124–127 are the CRC-32 of bytes 0–123.", Needs.Counting, x => Each(x, f => f.Frame.HeaderCrc == FrameBytes.Crc32Of(f.Frame.Bytes.AsSpan(0, 124)), "the header's CRC-32")),
        new("GCI-11.3", "CRC and sum of the pixels", "Both are those of the pixels.", Needs.Counting, x =>
        {
            Each(x, f => f.Frame.PixelCrc == FrameBytes.Crc32Of(f.Frame.Pixels), "the pixels' CRC-32");
            Each(x, f => f.Frame.Sum == f.Frame.PixelSum(), "the pixels' sum");
        }),
        new("GCI-11.4", "Numbers without gaps", "n = 1, 2, 3… over heads and windows in order of completion, in FRAM:NEXT? as in the headers.", Needs.Counting, x =>
        {
            uint n = 0;
            Each(x, f => f.Number == ++n && f.Frame.Number == n, "the next number");
        }),
        new("GCI-11.5", "The same bytes every time", "Reading a frame again gives the same bytes.", Needs.Counting, x => Each(x, f => f.Frame.Bytes.AsSpan().SequenceEqual(f.Again), "the same bytes twice")),
        new("GCI-11.6", "What FRAMe:NEXT? announces", "n,bytes,crc32 are those of the frame.", Needs.Counting, x =>
        {
            Each(x, f => f.Bytes == f.Frame.Bytes.Length, "the announced length");
            Each(x, f => f.Crc == f.Frame.Crc, "the announced CRC-32");
        }),
        new("GCI-11.7", "Parts of a frame", "FRAM:DATA? n,offset,length gives exactly that part; beyond the frame is -222.", Needs.Counting, x =>
        {
            string run = Waiting(x);
            byte[] whole = x.Console.AskBlock("FRAM:DATA? 1");
            byte[] parts = [.. x.Console.AskBlock("FRAM:DATA? 1,0,100"), .. x.Console.AskBlock("FRAM:DATA? 1,100,1000"), .. x.Console.AskBlock("FRAM:DATA? 1,1100")];
            if (!whole.AsSpan().SequenceEqual(parts)) throw new ClauseFailedException(CheckBench.Say($"{whole.Length} bytes in three parts"), CheckBench.Say($"{parts.Length} bytes, or others"));
            x.Console.ExpectError(CheckBench.Say($"FRAM:DATA? 1,{whole.Length}"), -222);
            x.Console.ExpectError(CheckBench.Say($"FRAM:DATA? 1,0,{whole.Length + 1}"), -222);
            CheckBench.Prepare(() => x.Drain(run));
        }),
        new("GCI-11.8", "Nothing is left after the last acknowledgement", "FRAM:NEXT? 0,0,0; the run leaves FRAM:LIST?; acquisition IDLE.", Needs.Counting, x =>
        {
            RunRecord r = Static(x);
            if (!r.ListBefore.Contains(r.Run, StringComparison.OrdinalIgnoreCase)) throw new ClauseFailedException("the run in FRAM:LIST? before", r.ListBefore);
            if (r.NextAfter != "0,0,0") throw new ClauseFailedException("0,0,0", r.NextAfter);
            if (r.ListAfter.Contains(r.Run, StringComparison.OrdinalIgnoreCase)) throw new ClauseFailedException("the run no longer in FRAM:LIST?", r.ListAfter);
            if (PlainLink.Split(r.StateAfter)[1] != "IDLE") throw new ClauseFailedException("IDLE", r.StateAfter);
        }),
        new("GCI-11.9", "Acknowledgement", "Beyond the last complete frame is -222; repeating is fine; a released frame is 421, an unknown one 420.", Needs.Counting, x =>
        {
            string run = Waiting(x);
            int last = int.Parse(x.Console.Fields("FRAM:RANG?")[1], CultureInfo.InvariantCulture);
            x.Console.ExpectError(CheckBench.Say($"FRAM:ACKN {last + 1}"), -222);
            x.Console.ExpectError(CheckBench.Say($"FRAM:DATA? {last + 1}"), 420);
            x.Console.Expect("FRAM:RANG?", CheckBench.Say($"1,{last},{last}"));
            x.Console.Do("FRAM:ACKN 1", "FRAM:ACKN 1");
            x.Console.ExpectError("FRAM:DATA? 1", 421);
            if (last > 1) x.Console.Expect("FRAM:RANG?", CheckBench.Say($"2,{last},{last}"));
            CheckBench.Prepare(() => x.Drain(run));
        }),
        new("GCI-11.10", "Reading acknowledges nothing", "A frame stays until it is acknowledged, however often it is read.", Needs.Counting, x =>
        {
            string run = Waiting(x);
            string before = x.Console.Ask("FRAM:NEXT?");
            x.Console.AskBlock("FRAM:DATA? 1");
            PlainLink other = x.OpenTcp();
            other.Do($"FRAM:SEL \"{run}\"");
            other.AskBlock("FRAM:DATA? 1");
            x.Console.Expect("FRAM:NEXT?", before);
            other.ExpectError("FRAM:ACKN 1", -203);
            x.Console.Expect("FRAM:NEXT?", before);
            CheckBench.Prepare(() => x.Drain(run));
        }),
        new("GCI-11.11", "The ledger", "Counts, lost and live seconds per head, number of frames and CRC over all frame CRCs are those of what was fetched; acknowledging changes nothing.", Needs.Counting, x => CompareLedger(Static(x))),
        new("GCI-11.12", "Time in the header", "Live ≤ elapsed, and both what was asked for.", Needs.Counting, x =>
        {
            Each(x, f => f.Frame.LiveUs <= f.Frame.ElapsedUs && f.Frame.LiveUs > 0, "0 < live ≤ elapsed");
            Each(x, f => Math.Abs((f.Frame.ElapsedUs / 1e6) - 20) < 0.05, "20 s elapsed");
        }),
        new("GCI-11.13", "An unknown run", "FRAM:SEL of an unknown uuid is 430.", Needs.Nothing, x =>
        {
            x.NeedsProtectedLink();
            x.View.ExpectError("FRAM:SEL \"00000000-0000-4000-8000-00000000abcd\"", 430);
        }),
        new("GCI-11.14", "FRAMe:STORe?", "VOL|NVOL,capacity,used,free bytes.", Needs.Nothing, x =>
        {
            string[] s = x.View.Fields("FRAM:STOR?");
            if (s.Length != 4 || s[0] is not ("VOL" or "NVOL") || (s[0] == "NVOL") != x.Features.Contains("STORE.NV")) throw new ClauseFailedException("VOL|NVOL as in FEATures,capacity,used,free", string.Join(',', s));
            double[] n = [.. s.Skip(1).Select(t => double.Parse(t, CultureInfo.InvariantCulture))];
            if (n[1] + n[2] > n[0] * 1.000001) throw new ClauseFailedException("used + free ≤ capacity", string.Join(',', s));
        }),
        new("GCI-11.15", "Selection of a run", "FRAM:SEL chooses for its own session only; without it the current run is meant.", Needs.Counting, x =>
        {
            string run = Waiting(x), old = CheckBench.Prepare(() => Static(x).Run);
            PlainLink own = Sessions.Open(x, "VIEW", out _);
            own.Expect("FRAM:SEL?", $"\"{run}\"");
            own.Expect("FRAM:NEXT?", x.Console.Ask("FRAM:NEXT?"));
            own.Do($"FRAM:SEL \"{old}\"");
            own.Expect("FRAM:NEXT?", "0,0,0");
            if (x.Console.Ask("FRAM:NEXT?") == "0,0,0") throw new ClauseFailedException("the console's own selection", "0,0,0");
            own.Send("SYST:SESS:CLOS");
            own.ExpectInStep();
            CheckBench.Prepare(() => x.Drain(run));
        }),
        new("GCI-11.16", "Running image", "FRAM:PREV? gives an image while a run counts, no frame and no acknowledgement; 420 else.", Needs.Counting, x =>
        {
            if (!CommonCommands.Help(x.View).Contains("FRAME:PREVIEW?")) throw new ClauseNotApplicableException("no running image here");
            x.StartStatic(600);
            x.Elapse(3);
            byte[] image = x.Console.AskBlock("FRAM:PREV? 1");
            if (image.Length < 64 * 64 * 2) throw new ClauseFailedException("an image of 64 × 64", CheckBench.Say($"{image.Length} bytes"));
            x.Console.Expect("FRAM:NEXT?", "0,0,0");
            CheckBench.Prepare(() => x.Console.Do("ABOR"));
            x.Console.ExpectError("FRAM:PREV? 1", 420, -221);
        }),
    ];

    /// <summary>Table way of 30 mm, started; gives the target.</summary>
    public static double Move(CheckBench x, out string operation)
    {
        x.Ready();
        string id = operation = x.NewId();
        return CheckBench.Prepare(() =>
        {
            double at = double.Parse(x.Console.Fields("TABL:LONG:ACT?")[0], CultureInfo.InvariantCulture), target = Math.Round(at > 500 ? at - 200 : at + 200, 1);
            x.Console.Do(CheckBench.Say($"TABL:LONG {target}"));
            string[] plan = x.Console.Fields("MOT:PLAN?");
            if (plan.Length != 3 || plan[0] != "OK") throw new ClauseFailedException("MOT:PLAN? → OK,duration,id", string.Join(',', plan));
            x.Console.Do($"MOT:STAR \"{id}\",{plan[2]}");
            return target;
        });
    }

    /// <summary>The record of the one static run that all frame clauses look at.</summary>
    public static RunRecord PlayStatic(CheckBench x) => RunRecord.Play(x, 20, "ACQ:MODE STAT;LIM:TIME 20 S;COUN INF");

    private static RunRecord Static(CheckBench x) => CheckBench.Prepare(() => x.Once("STAT", () => PlayStatic(x)));

    private static string Tomo(string mode, double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"ACQ:MODE TOMO;TOMO:STAR 0;ARC 180;VIEW 4;TIME {seconds} S;MODE {mode};ORB CIRC;DIR CW");

    /// <summary>A run of that feature from set-up to ledger; its frames must carry the mode.</summary>
    private static RunRecord Whole(CheckBench x, string feature, int mode)
    {
        RunRecord r = x.Once(feature, () => feature switch
        {
            "DYN" => RunRecord.Play(x, 14, "ACQ:MODE DYN;DYN:PHAS1 4,1 S;PHAS2 2,5 S"),
            "GATE" => RunRecord.Play(x, 60, "ACQ:MODE GAT;GATE:BINS 8;SOUR SIM;:ACQ:LIM:TIME 20 S"),
            "WB" => RunRecord.Play(x, 300, "ACQ:MODE WBOD;WBOD:RANG 400,800;SPE 10"),
            "TOMO.STEP" => RunRecord.Play(x, 300, Tomo("STEP", 5)),
            "TOMO.CONT" => RunRecord.Play(x, 400, Tomo("CONT", 30)),
            _ => PlayStatic(x),
        });
        if (r.Frames.Count != int.Parse(r.Check[1], CultureInfo.InvariantCulture)) throw new ClauseFailedException(r.Check[1] + " frames, as ACQ:CHEC? said", CheckBench.Say($"{r.Frames.Count}"));
        if (r.Frames.FirstOrDefault(f => f.Frame.Mode != mode) is { } other) throw new ClauseFailedException(CheckBench.Say($"mode {mode} in every header"), CheckBench.Say($"mode {other.Frame.Mode} in {other.Frame}"));
        if (feature != "STAT") CompareLedger(r);
        if (PlainLink.Split(r.StateAfter)[1] != "IDLE") throw new ClauseFailedException("IDLE", r.StateAfter);
        return r;
    }

    private static void Each(CheckBench x, Func<FrameRead, bool> holds, string expected)
    {
        RunRecord r = Static(x);
        if (r.Frames.Count == 0) throw new ClauseBlockedException("the static left no frame");
        foreach (FrameRead f in r.Frames)
            if (!holds(f)) throw new ClauseFailedException(expected, CheckBench.Say($"{f.Frame} (announced {f.Number}, {f.Bytes} bytes, CRC {f.Crc}; CRC here {f.Frame.Crc}, pixels {FrameBytes.Crc32Of(f.Frame.Pixels)}, header says {f.Frame.PixelCrc})"));
    }

    private static void CompareLedger(RunRecord r)
    {
        if (r.LedgerBefore != r.LedgerAfter) throw new ClauseFailedException("the same ledger before and after acknowledging", r.LedgerBefore + " and " + r.LedgerAfter);
        Ledger ledger = Ledger.Parse(r.LedgerAfter);
        if (!ledger.Uuid.Equals(r.Run, StringComparison.OrdinalIgnoreCase)) throw new ClauseFailedException("uuid " + r.Run, r.LedgerAfter);
        if (ledger.Frames != r.Frames.Count) throw new ClauseFailedException(CheckBench.Say($"{r.Frames.Count} frames"), r.LedgerAfter);
        int[] heads = [.. r.Frames.Select(f => f.Frame.Head).Distinct().Order()];
        for (int i = 0; i < heads.Length; i++)
        {
            FrameBytes[] of = [.. r.Frames.Select(f => f.Frame).Where(f => f.Head == heads[i])];
            ulong counts = of.Aggregate(0UL, (s, f) => s + f.PixelSum()), lost = of.Aggregate(0UL, (s, f) => s + f.Lost);
            double live = of.Where(f => f.Window == of.Min(w => w.Window)).Sum(f => f.LiveUs / 1e6);
            if (ledger.Counts[i] != counts) throw new ClauseFailedException(CheckBench.Say($"{counts} counts of head {heads[i]}"), r.LedgerAfter);
            if (ledger.Lost[i] != lost) throw new ClauseFailedException(CheckBench.Say($"{lost} lost of head {heads[i]}"), r.LedgerAfter);
            if (Math.Abs(ledger.LiveSeconds[i] - live) > 1e-3) throw new ClauseFailedException(CheckBench.Say($"{live} s live of head {heads[i]}"), r.LedgerAfter);
        }
        uint chain = RunRecord.Chain(r.Frames.Select(f => f.Frame.Crc));
        if (ledger.Crc != chain) throw new ClauseFailedException(CheckBench.Say($"CRC-32 {chain} over the CRC-32 of every frame"), r.LedgerAfter);
    }

    /// <summary>A finished static whose frames wait; the session of the console has it selected.</summary>
    private static string Waiting(CheckBench x)
    {
        string run = x.StartStatic(10);
        CheckBench.Prepare(() => x.WaitEnd(10));
        CheckBench.Prepare(() => x.Console.Do($"FRAM:SEL \"{run}\""));
        CheckBench.Prepare(() => x.Wait("the frames", () => x.Console.Fields("FRAM:RANG?") is [_, var done, var all] && done == all && done != "0", 10));
        return run;
    }

    private static void Ended(CheckBench x, string command, string reason)
    {
        string run = x.StartStatic(600);
        x.Elapse(10);
        x.Console.Do(command);
        CheckBench.Prepare(() => x.Console.Do($"FRAM:SEL \"{run}\""));
        x.Wait("frames of what was counted", () => x.Console.Fields("FRAM:NEXT?")[0] != "0", 10);
        string state = x.Console.Fields("ACQ:STAT?")[1];
        if (state != reason) throw new ClauseFailedException("reason " + reason, x.Console.Ask("ACQ:STAT?"));
        var frame = new FrameBytes(x.Console.AskBlock("FRAM:DATA? 1"));
        if ((frame.Flags & 1) == 0) throw new ClauseFailedException("flag 0, partial", frame.ToString());
        if (frame.LiveUs < 9.9e6) throw new ClauseFailedException("at least 10 s live", CheckBench.Say($"{frame.LiveUs / 1e6:0.0} s"));
        CheckBench.Prepare(() => x.Drain(run));
    }
}
