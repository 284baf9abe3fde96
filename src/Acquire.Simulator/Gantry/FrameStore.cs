using System.Globalization;
using System.Text.Json;
using Acquire.Protocols.Gantry;

namespace Acquire.Simulator.Gantry;

/// <summary>The store cannot be used; the message is one line for people.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Frames in files, one each, flushed to disk before they are announced; the ledger of every run is kept for ever.</summary>
/// <remarks>Layout: <c>boots</c> (number of boots), <c>clock</c> (UTC µs reached), <c>patient</c> (what happened to the patient),
/// <c>runs/&lt;uuid&gt;/run.json</c>, <c>frames.idx</c> (a line per frame), <c>NNNNNNNN.gfr</c> (header and pixels as on the wire), <c>running.ckp</c>
/// (<see cref="Checkpoint"/>) and <c>list/</c> (<see cref="ListStore"/>).
/// A frame file may be missing below the first unacknowledged frame: it was released. Used under the gantry's lock, except
/// what only the frame pipeline calls and <see cref="DeleteFrames"/>.</remarks>
internal sealed class FrameStore : IDisposable
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };
    private readonly string _folder;
    private readonly string _runsFolder;
    private readonly long _capacity;
    private readonly FileStream _lock;
    private readonly Dictionary<Guid, StoredRun> _runs = [];
    private long _order;

    public FrameStore(string folder, long capacityBytes)
    {
        _folder = Path.GetFullPath(folder);
        _runsFolder = Path.Combine(_folder, "runs");
        _capacity = capacityBytes;
        try
        {
            Directory.CreateDirectory(_runsFolder);
            _lock = new FileStream(Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            Boots = 1 + (int)ReadNumber("boots", 0);
            WriteSmall("boots", Boots.ToString(CultureInfo.InvariantCulture), durable: true);
            foreach (string run in Directory.GetDirectories(_runsFolder)) Load(run);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or JsonException)
        {
            _lock?.Dispose();
            throw new StoreUnavailableException($"the frame store {folder} cannot be used: {e.Message}", e);
        }
    }

    public int Boots { get; }
    /// <summary>Bytes promised to armed and running runs.</summary>
    public long ReservedBytes { get; set; }
    public long CapacityBytes => _capacity;
    public long UsedBytes => _runs.Values.Sum(r => r.StoredBytes);
    public IEnumerable<StoredRun> Runs => _runs.Values.OrderBy(r => r.Info.Order);

    public long FreeBytes
    {
        get
        {
            long disk = long.MaxValue;
            try
            {
                disk = new DriveInfo(_folder).AvailableFreeSpace;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // A file system that does not tell: the configured capacity alone counts.
            }
            return Math.Max(0, Math.Min(_capacity - UsedBytes - ReservedBytes, disk - ReservedBytes));
        }
    }

    public StoredRun? Find(Guid id) => _runs.GetValueOrDefault(id);

    /// <summary>Begins a run. Nothing waits for the disk here: the caller sees to it that <see cref="Save(StoredRun)"/> runs before its first frame.</summary>
    public StoredRun Create(RunInfo info)
    {
        var run = new StoredRun(Path.Combine(_runsFolder, info.Id.ToString("D")), info with { Order = ++_order });
        Directory.CreateDirectory(run.Folder);
        if (info.IsList) run.List = ListStore.Open(run.Folder);
        _runs.Add(info.Id, run);
        return run;
    }

    public static void Save(StoredRun run) => Save(run, run.Info);

    public static void Save(StoredRun run, RunInfo info) => WriteDurably(Path.Combine(run.Folder, "run.json"), JsonSerializer.SerializeToUtf8Bytes(info, Json));

    /// <summary>Puts a frame on the disk, durably. The caller announces it afterwards.</summary>
    public static void WriteFrame(StoredRun run, uint number, ReadOnlySpan<byte> frame) => WriteDurably(run.FrameFile(number), frame);

    /// <summary>Notes a frame that is on the disk. Only the frame pipeline calls it.</summary>
    public static void AppendIndex(StoredRun run, FrameEntry entry) => File.AppendAllText(Path.Combine(run.Folder, "frames.idx"), entry.ToLine() + "\n");

    /// <summary>Deletes the files of acknowledged frames; the caller releases them afterwards. Without the gantry's lock, because it waits for the disk.</summary>
    public static void DeleteFrames(StoredRun run, uint from, uint to)
    {
        if (to < from) return;
        FlushIndex(run);
        for (uint n = from; n <= to; n++) File.Delete(run.FrameFile(n));
    }

    /// <summary>Keeps the running frames on the disk: at the next boot they are closed as they are here. Only the frame pipeline calls it.</summary>
    public static void WriteCheckpoint(StoredRun run, RunningFrames? frames, ulong listWritten) => WriteDurably(Path.Combine(run.Folder, "running.ckp"), Checkpoint.Of(frames, listWritten));

    /// <summary>The running frames are closed and stored.</summary>
    public static void DropCheckpoint(StoredRun run, ulong listWritten)
    {
        if (run.List is not null) WriteCheckpoint(run, null, listWritten);
        else File.Delete(Path.Combine(run.Folder, "running.ckp"));
    }

    public long ReadNumber(string name, long otherwise)
    {
        string path = Path.Combine(_folder, name);
        return File.Exists(path) && long.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out long value) ? value : otherwise;
    }

    public string ReadSmall(string name)
    {
        string path = Path.Combine(_folder, name);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    public void WriteSmall(string name, string text, bool durable = false)
    {
        string path = Path.Combine(_folder, name);
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        if (durable)
        {
            WriteDurably(path, bytes);
            return;
        }
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
    }

    public void Dispose()
    {
        foreach (StoredRun run in _runs.Values) run.List?.Dispose();
        _lock.Dispose();
    }

    private void Load(string folder)
    {
        string file = Path.Combine(folder, "run.json");
        if (!File.Exists(file) || JsonSerializer.Deserialize<RunInfo>(File.ReadAllBytes(file)) is not { } info) return;
        var run = new StoredRun(folder, info);
        foreach (string temporary in Directory.GetFiles(folder, "*.new")) File.Delete(temporary);
        string index = Path.Combine(folder, "frames.idx");
        bool rewrite = false;
        if (File.Exists(index))
        {
            string text = File.ReadAllText(index);
            rewrite = text.Length > 0 && !text.EndsWith('\n');
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (FrameEntry.FromLine(line) is not { } entry || entry.Number != run.LastComplete + 1)
                {
                    rewrite = true;
                    break;
                }
                run.Add(entry);
            }
        }
        // Frames that reached the disk before their line in the index did.
        while (File.Exists(run.FrameFile(run.LastComplete + 1)))
        {
            byte[] frame = File.ReadAllBytes(run.FrameFile(run.LastComplete + 1));
            if (FrameHeader.Check(frame, out FrameHeader? header) is not null) break;
            run.Add(FrameEntry.Of(frame, header!));
            rewrite = true;
        }
        if (rewrite) WriteDurably(index, System.Text.Encoding.ASCII.GetBytes(string.Concat(run.Entries.Select(e => e.ToLine() + "\n"))));
        uint acknowledged = run.LastComplete;
        while (acknowledged > 0 && File.Exists(run.FrameFile(acknowledged))) acknowledged--;
        run.Release(acknowledged);
        if (!run.HasEnded) CloseAfterPowerCut(run);
        else if (info.IsList) run.List = ListStore.Open(folder);
        _order = Math.Max(_order, info.Order);
        _runs[info.Id] = run;
    }

    /// <summary>A run that was open when the power went: its running frames are closed as they were at the last checkpoint, its list ends there too.</summary>
    private static void CloseAfterPowerCut(StoredRun run)
    {
        string path = Path.Combine(run.Folder, "running.ckp");
        Checkpoint? last = File.Exists(path) ? Checkpoint.Read(File.ReadAllBytes(path)) : null;
        foreach (byte[] frame in last?.Frames ?? [])
        {
            if (FrameHeader.Check(frame, out FrameHeader? header) is not null || header!.Number != run.LastComplete + 1) continue;
            WriteFrame(run, header.Number, frame);
            var entry = FrameEntry.Of(frame, header);
            AppendIndex(run, entry);
            run.Add(entry);
        }
        if (run.Info.IsList)
        {
            run.List = ListStore.Open(run.Folder, last?.ListWritten ?? 0);
            ListRecorder.CloseAfterPowerCut(run.List, last?.FirstNumber ?? 1, run.LastComplete);
        }
        run.Info = run.Info with
        {
            Reason = "POW", Expected = (int)run.LastComplete, LiveSeconds = run.Entries.Select(e => e.LiveUs / 1e6).DefaultIfEmpty(0).Max(),
            ListWords = run.List is { } list ? [.. run.Info.Heads.Select(list.KeptOf)] : [], ListLost = run.List is { } l ? [.. run.Info.Heads.Select(l.LostOf)] : [],
        };
        Save(run);
        File.Delete(path);
    }

    private static void FlushIndex(StoredRun run)
    {
        using var index = new FileStream(Path.Combine(run.Folder, "frames.idx"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        index.Flush(flushToDisk: true);
    }

    private static void WriteDurably(string path, ReadOnlySpan<byte> bytes)
    {
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".new", path, overwrite: true);
    }
}
