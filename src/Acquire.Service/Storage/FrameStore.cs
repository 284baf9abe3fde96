using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Acquire.Protocols.Gantry;

namespace Acquire.Service.Storage;

/// <summary>Frames on disk, one file each, exactly as the gantry sent them: 128-byte header and pixels (docs/data-folder.md).</summary>
public sealed class FrameStore(string folder)
{
    /// <summary>Stores a frame so that a power cut cannot take it away again: file and folder are flushed before this returns.</summary>
    /// <remarks>Storing the same frame twice is harmless; the bytes are the same.</remarks>
    /// <exception cref="IOException">The disk refused; nothing may be acknowledged.</exception>
    public void Store(FrameHeader header, ReadOnlySpan<byte> frame)
    {
        string target = PathOf(header.AcquisitionId, header.Number);
        string directory = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory);
            DurableFile.FlushFolder(folder);
        }
        DurableFile.Write(target, frame);
    }

    /// <summary>Path of a frame file.</summary>
    public string PathOf(Guid acquisition, uint number) =>
        Path.Combine(folder, acquisition.ToString("D"), number.ToString("D6", CultureInfo.InvariantCulture) + ".gfr");

    /// <summary>Numbers of the stored frames of an acquisition, ascending.</summary>
    public IReadOnlyList<uint> Numbers(Guid acquisition)
    {
        string directory = Path.Combine(folder, acquisition.ToString("D"));
        if (!Directory.Exists(directory)) return [];
        var numbers = new List<uint>();
        foreach (string file in Directory.EnumerateFiles(directory, "*.gfr"))
        {
            if (uint.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out uint n)) numbers.Add(n);
        }
        numbers.Sort();
        return numbers;
    }

    /// <summary>Reads and checks one frame.</summary>
    /// <exception cref="InvalidDataException">The file is damaged; the message says how.</exception>
    public StoredFrame Read(Guid acquisition, uint number)
    {
        byte[] bytes = File.ReadAllBytes(PathOf(acquisition, number));
        string? wrong = FrameHeader.Check(bytes, out FrameHeader? header);
        if (wrong is not null) throw new InvalidDataException($"frame {number} of acquisition {acquisition} on disk is damaged: {wrong}");
        if (header!.AcquisitionId != acquisition || header.Number != number)
            throw new InvalidDataException($"frame file {number} of acquisition {acquisition} holds frame {header.Number} of {header.AcquisitionId}");
        return new StoredFrame(header, bytes, Crc32.Of(bytes));
    }

    /// <summary>Reads the sound frames of an acquisition in order.</summary>
    /// <param name="acquisition">Acquisition.</param>
    /// <param name="onDamaged">Told number and fault of every frame that is damaged on disk.</param>
    public IEnumerable<StoredFrame> ReadAll(Guid acquisition, Action<uint, string> onDamaged)
    {
        foreach (uint number in Numbers(acquisition))
        {
            StoredFrame? frame = null;
            try
            {
                frame = Read(acquisition, number);
            }
            catch (InvalidDataException e)
            {
                onDamaged(number, e.Message);
            }
            if (frame is not null) yield return frame;
        }
    }
}

/// <summary>A frame as read back from disk.</summary>
/// <param name="Header">Header.</param>
/// <param name="Bytes">Whole file.</param>
/// <param name="Crc">CRC-32 of the whole frame, as the ledger chains it.</param>
public sealed record StoredFrame(FrameHeader Header, byte[] Bytes, uint Crc);

/// <summary>Writing that survives a power cut: temporary file, flush to disk, rename, flush of the folder.</summary>
public static partial class DurableFile
{
    /// <summary>Writes a file durably and atomically.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string temporary = path + ".part";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Flushes a folder's entries. Windows has no such call: NTFS journals the rename itself.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsLinux()) FlushFolderLinux(folder);
    }

    [SupportedOSPlatform("linux")]
    private static void FlushFolderLinux(string folder)
    {
        const int ReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY
        int fd = Open(folder, ReadOnlyDirectory);
        if (fd < 0) throw new IOException($"cannot open a folder to flush it (errno {Marshal.GetLastPInvokeError()})");
        try
        {
            if (Fsync(fd) != 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                throw new IOException($"flushing a folder failed (errno {errno})", errno);
            }
        }
        finally
        {
            _ = Close(fd);
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int fd);

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int fd);
}
