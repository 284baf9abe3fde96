using Acquire.Protocols.Clinical;

namespace Acquire.Testing;

/// <summary>The protocols in protocols/, put together as the program does it.</summary>
public static class ShippedProtocols
{
    /// <summary>Folder of the protocols.</summary>
    public static string Folder { get; } = Path.Combine(SharedData.ProjectRoot, "protocols");

    /// <summary>All protocol files (parts, limits and approvals are none), relative to the folder, in order of name.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        .. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories)
            .Where(f => File.ReadLines(f).Any(line => line.StartsWith("id:", StringComparison.Ordinal)))
            .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>Reads one, by its path below the folder.</summary>
    public static ProtocolResult Read(string file) => Read(file, (_, text) => text);

    /// <summary>Reads one with the text of some of its files changed on the way.</summary>
    public static ProtocolResult Read(string file, Func<string, string, string> change)
    {
        return ProtocolReader.Read(change(file, File.ReadAllText(Path.Combine(Folder, file))), file, Load);

        ProtocolText Load(string path)
        {
            string full = Path.Combine(Folder, path);
            return File.Exists(full) ? new ProtocolText(change(path, File.ReadAllText(full))) : new ProtocolText(null, "cannot be read: there is no file of that name");
        }
    }
}
