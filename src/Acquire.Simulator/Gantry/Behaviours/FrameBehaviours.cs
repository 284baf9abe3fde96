using System.Globalization;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry.Behaviours;

/// <summary>Frames: kept until acknowledged, the same bytes every time they are read.</summary>
internal static class FrameBehaviours
{
    public static void AddTo(BehaviourSet set)
    {
        set.Set("FRAMe:SELect", c =>
        {
            Guid id = Guid.Parse(c.Text(0));
            if (c.Gantry.Store.Find(id) is null && id != c.Gantry.Acquisition.ConfiguredId && id != c.Gantry.Ct.ConfiguredId) throw new GciException(430);
            c.Session.Selected = id;
        });
        set.Query("FRAMe:SELect", c => GciText.Quote((c.Session.Selected ?? c.Gantry.CurrentRun?.Id)?.ToString("D") ?? ""));
        set.Query("FRAMe:RANGe", c => c.SelectedRun is { } run
            ? string.Join(',', Text(run.Acknowledged + 1), Text(run.LastComplete), Text(Expected(c.Gantry, run))) : "1,0,0");
        set.Query("FRAMe:NEXT", c =>
        {
            if (c.SelectedRun is not { } run || run.Unacknowledged == 0) return "0,0,0";
            FrameEntry e = run.Entries[(int)run.Acknowledged];
            return string.Join(',', Text(e.Number), Text(e.Bytes), Text(e.Crc));
        });
        set.SlowQuery("FRAMe:DATA", ReadAsync);
        set.SlowSet("FRAMe:ACKNowledge", async (c, _) =>
        {
            StoredRun run;
            lock (c.Gantry.Gate) run = c.DemandRun();
            await ReleaseAsync(c, run, r => c.Arguments[0].Integer > r.LastComplete ? throw new GciException(-222, "not complete") : (uint)c.Arguments[0].Integer);
        });
        set.SlowQuery("FRAMe:PREView", PreviewAsync);
        set.Query("FRAMe:STORe", c => string.Join(',', "NVOL", Text(c.Gantry.Store.CapacityBytes), Text(c.Gantry.Store.UsedBytes), Text(c.Gantry.Store.FreeBytes)));
        set.Query("FRAMe:LIST", c => string.Join(',', c.Gantry.Store.Runs.Where(r => r.Unacknowledged > 0).Select(r => GciText.Quote(r.Id.ToString("D"))).DefaultIfEmpty("\"\"")));
        set.SlowSet("FRAMe:DISCard", async (c, _) =>
        {
            StoredRun run;
            lock (c.Gantry.Gate) run = c.Gantry.Store.Find(Guid.Parse(c.Text(0))) ?? throw new GciException(430);
            await ReleaseAsync(c, run, r =>
            {
                if (!r.HasEnded || c.Arguments[1].Integer != r.Unacknowledged) throw new GciException(-222, "unacknowledged count");
                c.Gantry.Log.Write($"discarded {r.Unacknowledged} frames of {r.Id:D} by order of session {c.Session.Name}");
                r.List?.Clear();
                return r.LastComplete;
            });
        });
    }

    /// <summary>Lets frames go: their files are deleted without the gantry's lock, because that waits for the disk, and no stop may wait for a disk.</summary>
    private static async Task ReleaseAsync(CommandCall c, StoredRun run, Func<StoredRun, uint> upTo)
    {
        await run.Releasing.WaitAsync();
        try
        {
            uint from, to;
            lock (c.Gantry.Gate)
            {
                to = upTo(run);
                from = run.Acknowledged + 1;
            }
            if (to < from) return;
            FrameStore.DeleteFrames(run, from, to);
            lock (c.Gantry.Gate)
            {
                run.Release(to);
                c.Gantry.Acquisition.Drained();
                c.Gantry.Changed();
            }
        }
        finally
        {
            run.Releasing.Release();
        }
    }

    /// <summary>The running image of a head: a frame as FRAMe:DATA? gives it, marked partial, number 0, never stored.</summary>
    private static async Task PreviewAsync(CommandCall c, CancellationToken gone)
    {
        RunningFrames frames;
        Task done;
        lock (c.Gantry.Gate)
        {
            frames = c.Gantry.Acquisition.Frames ?? throw new GciException(420);
            c.Gantry.Acquisition.Look();
            done = c.Gantry.Pipeline.WhenDone();
        }
        await done.WaitAsync(gone);
        int head = (int)c.Arguments[0].Integer, window = c.Arguments.Count > 1 ? (int)c.Arguments[1].Integer : 1;
        c.ReplyBlock(frames.Preview(head, window) ?? throw new GciException(420));
    }

    private static async Task ReadAsync(CommandCall c, CancellationToken gone)
    {
        uint number = (uint)c.Arguments[0].Integer;
        string file;
        FrameEntry entry;
        lock (c.Gantry.Gate)
        {
            StoredRun run = c.DemandRun();
            if (number > run.LastComplete) throw new GciException(420);
            if (number <= run.Acknowledged) throw new GciException(421);
            file = run.FrameFile(number);
            entry = run.Entries[(int)number - 1];
        }
        byte[] frame;
        try
        {
            frame = await File.ReadAllBytesAsync(file, CancellationToken.None);
        }
        catch (FileNotFoundException)
        {
            throw new GciException(421);
        }
        if (Crc32.Of(frame) != entry.Crc) throw new GciException(422);
        // The fault damages what is sent, not what is stored: the next read is sound again.
        if (c.Gantry.Faults.Take("frame.damaged")) frame[FrameHeader.Length] ^= 1;
        long offset = c.Arguments.Count > 1 ? c.Arguments[1].Integer : 0;
        long length = c.Arguments.Count > 2 ? c.Arguments[2].Integer : frame.Length - offset;
        if (offset >= frame.Length || offset + length > frame.Length) throw new GciException(-222, "beyond the frame");
        c.ReplyBulk(frame.AsSpan((int)offset, (int)length));
    }

    private static long Expected(SimulatedGantry gantry, StoredRun run) =>
        run == gantry.Acquisition.Run ? gantry.Acquisition.Expected : run == gantry.Ct.Run ? gantry.Ct.Expected : run.Info.Expected;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
