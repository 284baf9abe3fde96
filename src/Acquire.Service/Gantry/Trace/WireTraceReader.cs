using System.Globalization;

namespace Acquire.Service.Gantry;

/// <summary>Reads wire traces: a segment, or all segments of a folder.</summary>
public static class WireTraceReader
{
    /// <summary>Files a path means: itself, or the segments of a folder, oldest first.</summary>
    /// <exception cref="AcquireException">There are none.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (File.Exists(path)) return [path];
        if (Directory.Exists(path))
        {
            IReadOnlyList<string> segments = WireTrace.Segments(path);
            if (segments.Count == 0 && Directory.Exists(Path.Combine(path, "trace"))) segments = WireTrace.Segments(Path.Combine(path, "trace"));
            if (segments.Count > 0) return segments;
        }
        throw new AcquireException($"there is no wire trace at {path}; give a file wire-*.trace, the folder of them, or a data folder", ExitCodes.BadInput);
    }

    /// <summary>Records of a path.</summary>
    /// <param name="path">Segment or folder.</param>
    /// <param name="damaged">Told file, line number and what is wrong; the rest is read on.</param>
    public static IEnumerable<WireRecord> Read(string path, Action<string>? damaged = null) => Files(path).SelectMany(file => ReadFile(file, damaged));

    /// <summary>Records of the first run of the program in a path; a resumed study has more.</summary>
    public static IReadOnlyList<WireRecord> ReadFirstRun(string path, Action<string>? damaged = null)
    {
        var run = new List<WireRecord>();
        foreach (WireRecord record in Read(path, damaged).Where(r => r.Number > 0))
        {
            if (record.Number == 1 && run.Count > 0) break;
            run.Add(record);
        }
        return run;
    }

    private static IEnumerable<WireRecord> ReadFile(string file, Action<string>? damaged)
    {
        byte[] bytes;
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = new byte[stream.Length];
            bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"{file} cannot be read ({e.GetType().Name})", ExitCodes.BadInput, e);
        }
        int at = 0, number = 0;
        while (at < bytes.Length)
        {
            number++;
            int end = Array.IndexOf(bytes, (byte)'\n', at);
            int stop = end < 0 ? bytes.Length : end;
            WireRecord? record = WireTraceFormat.Read(bytes.AsSpan(at, stop - at));
            if (record is not null) yield return record;
            else damaged?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}:{number}: {(end < 0 ? "the last record was not written to its end" : "damaged, passed over")}"));
            at = stop + 1;
        }
    }
}
