
namespace Acquire.Service.Storage;

/// <summary>The one folder everything of a console lives in; held by one instance at a time.</summary>
/// <remarks>
/// Layout (docs/data-folder.md): <c>acquire.lock</c>, <c>journal.db</c> (SQLite), <c>studies/KEY/frames/UUID/000001.gfr</c> and what is
/// derived from it. Only this room touches files of studies.
/// </remarks>
public sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream lockFile)
    {
        Path = path;
        _lock = lockFile;
        Journal = new Journal(System.IO.Path.Combine(path, "journal.db"));
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>The journal of all studies.</summary>
    public Journal Journal { get; }

    /// <summary>Opens the folder, creating it when missing, and holds it until disposed.</summary>
    /// <exception cref="AcquireException">It is in use by another instance, or cannot be written.</exception>
    public static DataFolder Open(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new AcquireException("--data needs the name of a folder", ExitCodes.BadInput);
        path = System.IO.Path.GetFullPath(path);
        FileStream lockFile;
        try
        {
            Directory.CreateDirectory(path);
            lockFile = new FileStream(System.IO.Path.Combine(path, "acquire.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsSharing(e))
        {
            throw new AcquireException($"another instance uses the data folder {path}; stop it, or give another folder with --data", ExitCodes.Storage, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Describe(path, e);
        }
        try
        {
            return new DataFolder(path, lockFile);
        }
        catch (Exception e)
        {
            lockFile.Dispose();
            if (e is IOException or UnauthorizedAccessException or Microsoft.Data.Sqlite.SqliteException) throw Describe(path, e);
            throw;
        }
    }

    /// <summary>Folder of a study.</summary>
    public string StudyFolder(string studyKey) => System.IO.Path.Combine(Path, "studies", studyKey);

    /// <summary>Frame store of a study.</summary>
    public FrameStore Frames(string studyKey) => new(System.IO.Path.Combine(StudyFolder(studyKey), "frames"));

    /// <summary>Bytes that can still be written.</summary>
    public long FreeBytes()
    {
        DriveInfo? best = null;
        foreach (DriveInfo drive in DriveInfo.GetDrives())
        {
            if (LiesIn(Path, drive.Name) && (best is null || drive.Name.Length > best.Name.Length)) best = drive;
        }
        return (best ?? new DriveInfo(System.IO.Path.GetPathRoot(Path)!)).AvailableFreeSpace;
    }

    private static bool LiesIn(string path, string mount) => path.Equals(mount, StringComparison.OrdinalIgnoreCase)
        || path.StartsWith(System.IO.Path.EndsInDirectorySeparator(mount) ? mount : mount + System.IO.Path.DirectorySeparatorChar, StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses when what is to come does not fit.</summary>
    /// <param name="neededBytes">Bytes to come.</param>
    /// <param name="forWhat">Named in the message.</param>
    /// <exception cref="AcquireException">Not enough room; says how much is missing.</exception>
    public void RequireSpace(long neededBytes, string forWhat)
    {
        const long Reserve = 16L << 20; // journal, log and report still have to be written
        long free = FreeBytes();
        if (free < neededBytes + Reserve)
        {
            throw new AcquireException(FormattableString.Invariant(
                $"the disk of {Path} has {free / 1048576.0:F0} MB free; {forWhat} needs {(neededBytes + Reserve) / 1048576.0:F0} MB. Nothing was started; free room or give another folder with --data"),
                ExitCodes.Storage);
        }
    }

    /// <summary>One clear line for what the disk did.</summary>
    public static AcquireException Describe(string path, Exception e)
    {
        const string GoOn = "what was acknowledged is safe, `acquire resume` goes on when that is put right";
        string what = e switch
        {
            UnauthorizedAccessException => "cannot be written (no permission, or read-only)",
            IOException io when (io.HResult & 0xFFFF) is 17 => "is a file, not a folder",
            IOException io when (io.HResult & 0xFFFF) is 28 or 112 => "is full",
            IOException io when (io.HResult & 0xFFFF) is 30 => "is read-only",
            Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: 13 } => "is full",
            Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: 8 } => "is read-only",
            Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: 11 or 26 } => "holds a journal.db that is damaged; the frames in studies/ are untouched (docs/data-folder.md says how to read them)",
            _ => $"cannot be used ({e.GetType().Name}, code {e.HResult & 0xFFFF})",
        };
        return new AcquireException($"the disk or folder {path} {what}; {GoOn}", ExitCodes.Storage, e);
    }

    private static bool IsSharing(IOException e) =>
        (e.HResult & 0xFFFF) is 32 or 33 or 11 or 13 || e.Message.Contains("being used by another process", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose()
    {
        Journal.Dispose();
        _lock.Dispose();
    }
}
