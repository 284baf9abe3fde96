using System.Buffers.Binary;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>Writes the words of a run into packets and the packets into its list store. Used by the frame pipeline's committer only.</summary>
/// <param name="store">Where packets are kept.</param>
/// <param name="startUs">Tick of the run's start: word times count from it.</param>
/// <param name="freeBytes">Bytes the store still has for packets.</param>
internal sealed class ListRecorder(ListStore store, long startUs, Func<long> freeBytes)
{
    private const int TagEveryUs = 100_000;
    private readonly byte[] _packet = new byte[ListPacket.MaxLength];
    private readonly long[] _lost = new long[3];
    private readonly double[] _liveUs = new double[3];
    private readonly int[] _eventsInPacket = new int[3];
    private int _words;
    private long _firstTickUs;
    private long _timeWordUs = -1;
    private long _lastSliceEndUs = -1;
    private long _free;
    private bool _isCounting;
    private bool _ended;

    /// <summary>Number of the last packet written.</summary>
    public ulong Written => store.Written;

    /// <summary>Adds a slice's events with the tags that belong to them.</summary>
    public void Take(SliceCounts counts)
    {
        EventBatch batch = counts.Events!;
        CountSlice slice = batch.Slice;
        _free = freeBytes();
        Resume(slice);
        int live = 0, beat = 0;
        long nextTag = slice.StartUs + TagEveryUs;
        bool sweeps = slice.Heads.Any(h => h.Windows[0].HeadAngleStartDeg != h.Windows[0].HeadAngleEndDeg);
        foreach (ulong e in batch.Events)
        {
            long tick = slice.StartUs + EventBatch.TimeUs(e);
            if (tick - _timeWordUs > ListWord.TimeWordUs || beat < slice.Beats.Length) Pass(slice, tick, ref beat, sweeps, ref nextTag);
            int head = EventBatch.Head(e);
            _eventsInPacket[head]++;
            Put(((ulong)(uint)head << 60) | ((ulong)(uint)EventBatch.Energy(e) << 44) | ((ulong)(uint)EventBatch.X(e) << 30) | ((ulong)(uint)EventBatch.Y(e) << 16) | (ulong)(tick - _timeWordUs));
        }
        Pass(slice, slice.EndUs, ref beat, sweeps, ref nextTag);
        Time(slice.EndUs);
        foreach (HeadSlice head in slice.Heads)
        {
            _liveUs[head.Head] += counts.LiveUs[live];
            live += head.Windows.Length * Math.Max(1, slice.Bins);
            Put(ListWord.Tag(ListTag.Live, head.Head, (ulong)Math.Round(_liveUs[head.Head])).Raw);
        }
        _lastSliceEndUs = slice.EndUs;
        batch.Return();
        Flush();
    }

    /// <summary>A frame is complete.</summary>
    public void FrameClosed(uint number) => Put(ListWord.Tag(ListTag.FrameClosed, number).Raw);

    /// <summary>Counting stands.</summary>
    public void Standing()
    {
        _isCounting = false;
        Put(ListWord.Tag(ListTag.State, (ulong)ListState.Standing).Raw);
    }

    /// <summary>Nothing follows. What is still lost is said even when the store is full: it is 16 bytes.</summary>
    public void End()
    {
        if (_ended) return;
        _ended = true;
        _free = long.MaxValue;
        Put(ListWord.Tag(ListTag.End, 0).Raw);
        Publish();
    }

    /// <summary>Everything so far is on the disk; nobody may read it yet.</summary>
    public void Flush()
    {
        Seal();
        store.Flush();
    }

    /// <summary>Makes what was written visible to whoever reads the stream.</summary>
    public void Publish()
    {
        Flush();
        store.Publish();
    }

    /// <summary>Ends the list of a run that lost its power: says so, names the frames that were closed from the checkpoint, and ends.</summary>
    public static void CloseAfterPowerCut(ListStore store, uint firstRunning, uint lastComplete)
    {
        var recorder = new ListRecorder(store, 0, () => long.MaxValue) { _free = long.MaxValue };
        recorder.Put(ListWord.Tag(ListTag.State, (ulong)ListState.PowerLost).Raw);
        for (uint n = firstRunning; n <= lastComplete; n++) recorder.FrameClosed(n);
        recorder.End();
    }

    private void Resume(CountSlice slice)
    {
        bool goesOn = _lastSliceEndUs == slice.StartUs;
        if (!_isCounting) Put(ListWord.Tag(ListTag.State, (ulong)ListState.Counting).Raw);
        _isCounting = true;
        Time(slice.StartUs);
        if (goesOn) return;
        Where(slice, slice.StartUs);
    }

    /// <summary>Time words, R waves and positions up to a tick.</summary>
    private void Pass(CountSlice slice, long tick, ref int beat, bool sweeps, ref long nextTag)
    {
        while (true)
        {
            long wave = beat < slice.Beats.Length ? slice.Beats[beat].StartUs : long.MaxValue, due = _timeWordUs + ListWord.TimeWordUs;
            if (wave <= tick && wave <= due)
            {
                Time(wave);
                Put(ListWord.Tag(ListTag.Gate, 0).Raw);
                beat++;
            }
            else if (due < tick) Time(due);
            else return;
            if (!sweeps || _timeWordUs < nextTag) continue;
            Where(slice, _timeWordUs);
            nextTag += TagEveryUs;
        }
    }

    private void Where(CountSlice slice, long tick)
    {
        double part = slice.EndUs == slice.StartUs ? 0 : (tick - slice.StartUs) / (double)(slice.EndUs - slice.StartUs);
        foreach (HeadSlice head in slice.Heads)
        {
            Physics.Exposure e = head.Windows[0];
            double angle = e.HeadAngleStartDeg + ((e.HeadAngleEndDeg - e.HeadAngleStartDeg) * part);
            long mdeg = (long)Math.Round((angle - (360 * Math.Floor(angle / 360))) * 1000) % 360_000;
            Put(ListWord.Tag(ListTag.Angle, head.Head, (ulong)mdeg).Raw);
            Put(ListWord.Tag(ListTag.Radius, head.Head, (ulong)Math.Round(e.RadiusMm * 1000)).Raw);
        }
        if (slice.Heads.Length > 0) Put(ListWord.Tag(ListTag.Table, (ulong)Math.Max(0, Math.Round(slice.Heads[0].Windows[0].TableMm * 1000))).Raw);
    }

    private void Time(long tick)
    {
        _timeWordUs = tick;
        Put(ListWord.Tag(ListTag.Time, (ulong)(tick - startUs)).Raw);
    }

    private void Put(ulong word)
    {
        if (_words == 0) Begin(word);
        Write(word);
        if (_words == ListPacket.MaxWords) Seal();
    }

    /// <summary>Every packet can be read by itself: it says what was lost before it and starts with its time.</summary>
    private void Begin(ulong first)
    {
        _firstTickUs = Math.Max(_timeWordUs, startUs);
        for (int h = 1; h < _lost.Length; h++)
            if (_lost[h] > 0) Write(ListWord.Tag(ListTag.Lost, h, (ulong)_lost[h]).Raw);
        if (_timeWordUs >= 0 && new ListWord(first).Type != ListTag.Time) Write(ListWord.Tag(ListTag.Time, (ulong)(_timeWordUs - startUs)).Raw);
    }

    private void Write(ulong word) => BinaryPrimitives.WriteUInt64LittleEndian(_packet.AsSpan(ListPacket.HeaderLength + (8 * _words++)), word);

    private void Seal()
    {
        if (_words == 0) return;
        int length = ListPacket.HeaderLength + (8 * _words);
        if (length > _free)
        {
            // A full store drops packets and says so; the image frames have their own place (docs: control-interface 14).
            store.Lost(_eventsInPacket);
            for (int h = 1; h < _lost.Length; h++) _lost[h] += _eventsInPacket[h];
        }
        else
        {
            ListPacket.Seal(_packet.AsSpan(0, length), store.Written + 1, (ulong)_firstTickUs);
            store.Append(_packet.AsSpan(0, length), _eventsInPacket);
            _free -= length;
            Array.Clear(_lost);
        }
        _words = 0;
        Array.Clear(_eventsInPacket);
    }
}
