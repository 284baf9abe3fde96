using System.Text;
using Acquire.Protocols.Clinical;

namespace Acquire.Service.Cli;

/// <summary>approvals.yaml beside the protocols: only ever appended to, and flushed to disk before anybody is told.</summary>
internal static class ApprovalFile
{
    private const string Name = "approvals.yaml";
    private const string Head = "# Approvals of protocols by the hash of their content (docs/protocol-language.md). Only ever appended to: `acquire protocols approve`.\n";

    /// <summary>Approvals of a folder; none when it has no such file.</summary>
    /// <exception cref="AcquireException">The file is wrong.</exception>
    public static IReadOnlyList<ProtocolApproval> Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            return File.Exists(path) ? ProtocolApprovals.Parse(File.ReadAllText(path), Name) : [];
        }
        catch (FormatException e)
        {
            throw new AcquireException(e.Message, ExitCodes.BadInput, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"{path} cannot be read: {e.Message}", ExitCodes.Storage, e);
        }
    }

    /// <summary>Appends one and gives the file's path.</summary>
    /// <exception cref="AcquireException">It cannot be written, or what is there is wrong.</exception>
    public static string Append(string folder, ProtocolApproval approval)
    {
        Read(folder);
        string path = Path.Combine(folder, Name);
        try
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
            file.Write(Encoding.UTF8.GetBytes((file.Position == 0 ? Head : "") + ProtocolApprovals.Entry(approval)));
            file.Flush(flushToDisk: true);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AcquireException($"{path} cannot be written: {e.Message}", ExitCodes.Storage, e);
        }
    }
}
